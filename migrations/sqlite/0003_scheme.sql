pragma user_version = 3;

-- The figures that a village set anew after its opening, as JSON.
create table village_settings (
    village_id integer not null primary key,
    content text not null
) strict;

-- Where a month of the books stands. A month that is not open takes no entry, nor does any before it: the database itself refuses it.
create table village_month (
    village_id integer not null,
    month text not null,
    state text not null check (state in ('open', 'closed', 'reviewed', 'signed', 'published')),
    -- How often it was closed.
    version integer not null check (version >= 0),
    -- The last entry booked in it.
    last_hash blob check (length(last_hash) = 32),
    -- The seal of its last close.
    seal blob check (length(seal) = 32),
    -- Who closed, reviewed and signed it.
    closed_by text,
    reviewed_by text,
    signed_by text,
    primary key (village_id, month)
) strict, without rowid;

create trigger journal_entry_open_month before insert on journal_entry
when exists (
    select 1 from village_month where village_id = new.village_id and month >= new.month and state <> 'open'
)
begin
    select raise(abort, 'journal_entry: the month is closed');
end;

-- Registers: what the book knows now of things that have a state. What happened to them stands in the journal.
create table register (
    village_id integer not null,
    kind text not null check (kind in (
        'payout', 'held_pickup', 'dispute', 'schedule', 'round', 'collection_point', 'trip', 'collector', 'transit', 'clearing', 'device',
        'collector_pay'
    )),
    number text not null,
    household_no text,
    month text not null,
    is_open integer not null check (is_open in (0, 1)),
    content text not null,
    primary key (village_id, kind, number)
) strict, without rowid;

create index register_open on register (village_id, kind) where is_open = 1;
create index register_month on register (village_id, kind, month);

-- More kinds of documents.
create table new_document (
    village_id integer not null,
    kind text not null check (kind in (
        'opening', 'pickup', 'cash_receipt', 'sale', 'buyer_payment', 'stock_count', 'intake', 'fund_receipt', 'fund_expense', 'collector_pay',
        'collector_payment', 'payout', 'hand_in', 'deposit', 'write_off', 'dispute', 'trip', 'merge', 'split', 'departure', 'arrival', 'month_close'
    )),
    number text not null,
    seq integer not null,
    reversed_by integer,
    primary key (village_id, kind, number)
) strict, without rowid;

insert into new_document select * from document;
drop table document;
alter table new_document rename to document;

-- Goods in transit are not stock yet.
drop table stock_balance;
create table stock_balance (
    village_id integer not null,
    account text not null,
    material text not null,
    quantity integer not null,
    value_fen integer not null,
    primary key (village_id, account, material)
) strict, without rowid;

-- Value may move without quantity, and quantity without value (R-SA-1, R-SA-2).
create table new_stock_movement (
    village_id integer not null,
    seq integer not null,
    line_no integer not null,
    account text not null,
    material text not null,
    collector text not null,
    direction text not null check (direction in ('in', 'out')),
    unit text not null check (unit in ('kg', 'piece')),
    quantity integer not null check (quantity between 0 and 1000000000000),
    value_fen integer not null check (value_fen between 0 and 1000000000000),
    flow text not null,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references journal_entry (village_id, seq)
) strict;

insert into new_stock_movement select * from stock_movement order by village_id, seq;
drop table stock_movement;
alter table new_stock_movement rename to stock_movement;

create trigger stock_movement_keep before insert on stock_movement
when exists (select 1 from stock_movement where village_id = new.village_id and seq = new.seq and line_no = new.line_no)
begin
    select raise(abort, 'stock_movement: a row is there already, and the journal is never changed');
end;

create trigger stock_movement_no_update before update on stock_movement
begin
    select raise(abort, 'stock_movement: the journal is never changed');
end;

create trigger stock_movement_no_delete before delete on stock_movement
begin
    select raise(abort, 'stock_movement: the journal is never changed');
end;

-- The household that this one was merged into: its number is an alias.
alter table household add column merged_into text;
-- Villages whose projections were written by an older program. Each is rebuilt from its journal before anybody reads or writes the books, and its
-- row then goes; a migration that changes what projections hold names every village again.
create table stale_village (
    village_id integer not null primary key
) strict;

insert into stale_village (village_id)
select village_id
from village_head
where next_seq > 1;
-- What was sold of each material in a month: by the village's own weight, by the buyers' tickets, and for how much.
create table sale_month (
    village_id integer not null,
    month text not null,
    material text not null,
    own integer not null,
    ticket integer not null,
    income_fen integer not null,
    primary key (village_id, month, material)
) strict, without rowid;

-- What was given up of a charge by a resolution (R-ST-6).
alter table fee_charge add column written_off_fen integer not null default 0 check (written_off_fen >= 0);

-- Lines of pickups by household and material: what is usual there, and what may be one weighing entered twice.
create table pickup_line (
    village_id integer not null,
    household_no text not null,
    material text not null,
    occurred_at integer not null,
    -- The entry that recorded the pickup, and the line in it.
    seq integer not null,
    line_no integer not null,
    pickup_no text not null,
    -- Grams or pieces.
    quantity integer not null,
    -- The device that sent it, else the collector.
    source text not null,
    -- Whether it still counts: a pickup that was voided or replaced does not.
    live integer not null check (live in (0, 1)),
    primary key (village_id, household_no, material, occurred_at, seq, line_no)
) strict, without rowid;

-- What was picked up by the month it is booked in, the month it is adjusted for where that is another, and the month it happened in: written from
-- the pickups themselves, so that stock and credit can be compared with it.
create table pickup_material (
    village_id integer not null,
    month text not null,
    origin_month text not null,
    occurred_month text not null,
    material text not null,
    lines integer not null,
    quantity integer not null,
    value_fen integer not null,
    -- What told prices differ from those in force (R-PR-3).
    told_fen integer not null,
    primary key (village_id, month, origin_month, occurred_month, material)
) strict, without rowid;

-- What moved on charges by month, written from what each posting says of its charge.
create table charge_month (
    village_id integer not null,
    month text not null,
    flow text not null,
    amount_fen integer not null,
    primary key (village_id, month, flow)
) strict, without rowid;
