-- The figures that a village set anew after its opening, as JSON.
create table village_settings (
    village_id bigint not null primary key,
    content text not null
);

-- Where a month of the books stands. A month that is not open takes no entry, nor does any before it: the database itself refuses it.
create table village_month (
    village_id bigint not null,
    month text not null,
    state text not null check (state in ('open', 'closed', 'reviewed', 'signed', 'published')),
    -- How often it was closed.
    version bigint not null check (version >= 0),
    -- The last entry booked in it.
    last_hash bytea check (length(last_hash) = 32),
    -- The seal of its last close.
    seal bytea check (length(seal) = 32),
    -- Who closed, reviewed and signed it.
    closed_by text,
    reviewed_by text,
    signed_by text,
    primary key (village_id, month)
);

create function refuse_closed_month() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from village_month where village_id = new.village_id and month >= new.month and state <> 'open'
    ) then
        raise exception 'journal_entry: the month is closed' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;

create trigger journal_entry_open_month before insert on journal_entry for each row execute function refuse_closed_month();
alter table journal_entry enable always trigger journal_entry_open_month;

-- Registers: what the book knows now of things that have a state. What happened to them stands in the journal.
create table register (
    village_id bigint not null,
    kind text not null check (kind in (
        'payout', 'held_pickup', 'dispute', 'schedule', 'round', 'collection_point', 'trip', 'collector', 'transit', 'clearing', 'device',
        'collector_pay'
    )),
    number text not null,
    household_no text,
    month text not null,
    is_open bigint not null check (is_open in (0, 1)),
    content text not null,
    primary key (village_id, kind, number)
);

create index register_open on register (village_id, kind) where is_open = 1;
create index register_month on register (village_id, kind, month);

-- More kinds of documents.
alter table document drop constraint document_kind_check;
alter table document add constraint document_kind_check check (kind in (
        'opening', 'pickup', 'cash_receipt', 'sale', 'buyer_payment', 'stock_count', 'intake', 'fund_receipt', 'fund_expense', 'collector_pay',
        'collector_payment', 'payout', 'hand_in', 'deposit', 'write_off', 'dispute', 'trip', 'merge', 'split', 'departure', 'arrival', 'month_close'
    ));

-- Goods in transit are not stock yet.
drop table stock_balance;
create table stock_balance (
    village_id bigint not null,
    account text collate "C" not null,
    material text collate "C" not null,
    quantity bigint not null,
    value_fen bigint not null,
    primary key (village_id, account, material)
);

-- Value may move without quantity, and quantity without value (R-SA-1, R-SA-2).
alter table stock_movement drop constraint stock_movement_quantity_check;
alter table stock_movement add constraint stock_movement_quantity_check check (quantity between 0 and 1000000000000);

-- The household that this one was merged into: its number is an alias.
alter table household add column merged_into text collate "C";
-- Villages whose projections were written by an older program. Each is rebuilt from its journal before anybody reads or writes the books, and its
-- row then goes; a migration that changes what projections hold names every village again.
create table stale_village (
    village_id bigint not null primary key
);

insert into stale_village (village_id)
select village_id
from village_head
where next_seq > 1;
-- What was sold of each material in a month: by the village's own weight, by the buyers' tickets, and for how much.
create table sale_month (
    village_id bigint not null,
    month text not null,
    material text not null,
    own bigint not null,
    ticket bigint not null,
    income_fen bigint not null,
    primary key (village_id, month, material)
);

-- What was given up of a charge by a resolution (R-ST-6).
alter table fee_charge add column written_off_fen bigint not null default 0 check (written_off_fen >= 0);

-- Lines of pickups by household and material: what is usual there, and what may be one weighing entered twice.
create table pickup_line (
    village_id bigint not null,
    household_no text not null,
    material text not null,
    occurred_at bigint not null,
    -- The entry that recorded the pickup, and the line in it.
    seq bigint not null,
    line_no bigint not null,
    pickup_no text not null,
    -- Grams or pieces.
    quantity bigint not null,
    -- The device that sent it, else the collector.
    source text not null,
    -- Whether it still counts: a pickup that was voided or replaced does not.
    live bigint not null check (live in (0, 1)),
    primary key (village_id, household_no, material, occurred_at, seq, line_no)
);

-- What was picked up by the month it is booked in, the month it is adjusted for where that is another, and the month it happened in: written from
-- the pickups themselves, so that stock and credit can be compared with it.
create table pickup_material (
    village_id bigint not null,
    month text not null,
    origin_month text not null,
    occurred_month text not null,
    material text not null,
    lines bigint not null,
    quantity bigint not null,
    value_fen bigint not null,
    -- What told prices differ from those in force (R-PR-3).
    told_fen bigint not null,
    primary key (village_id, month, origin_month, occurred_month, material)
);

-- What moved on charges by month, written from what each posting says of its charge.
create table charge_month (
    village_id bigint not null,
    month text not null,
    flow text not null,
    amount_fen bigint not null,
    primary key (village_id, month, flow)
);
