-- Of fee income and waivers the village has one balance each; what each household was charged stands in its months.
insert into account_balance (village_id, account, subject, balance_fen)
select village_id, account, '', cast(sum(balance_fen) as bigint)
from account_balance
where account in ('5001', '5002')
group by village_id, account;

delete from account_balance
where account in ('5001', '5002') and subject <> '';

-- The figures that a village set anew after its opening, as JSON.
create table village_settings (
    village_id bigint not null primary key,
    content text not null
);

-- Where a month of the books stands. A month that is not open takes no entry: the database itself refuses it.
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
        select 1 from village_month where village_id = new.village_id and month = new.month and state <> 'open'
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
        'payout', 'held_pickup', 'dispute', 'schedule', 'round', 'collection_point', 'trip', 'collector', 'transit', 'clearing', 'device'
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
alter table stock_balance add column account text not null default '1405';
alter table stock_balance alter column account drop default;
alter table stock_balance drop constraint stock_balance_pkey;
alter table stock_balance add primary key (village_id, account, material);

-- Value may move without quantity, and quantity without value (R-SA-1, R-SA-2).
alter table stock_movement drop constraint stock_movement_quantity_check;
alter table stock_movement add constraint stock_movement_quantity_check check (quantity between 0 and 1000000000000);

-- Months of books that are older than this table: all are open.
insert into village_month (village_id, month, state, version, last_hash)
select e.village_id, e.month, 'open', 0, e.hash
from journal_entry as e
where e.seq = (
    select max(l.seq) from journal_entry as l where l.village_id = e.village_id and l.month = e.month
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

insert into pickup_material (village_id, month, origin_month, occurred_month, material, lines, quantity, value_fen, told_fen)
select
    m.village_id,
    e.month,
    '',
    e.month,
    m.material,
    cast(sum(case when m.direction = 'in' then 1 else -1 end) as bigint),
    cast(sum(case when m.direction = 'in' then m.quantity else -m.quantity end) as bigint),
    cast(sum(case when m.direction = 'in' then m.value_fen else -m.value_fen end) as bigint),
    0
from stock_movement as m
join journal_entry as e
    on e.village_id = m.village_id
    and e.seq = m.seq
where m.flow in ('pickup', 'void', 'correction')
group by m.village_id, e.month, m.material;

-- What moved on charges by month, written from what each posting says of its charge.
create table charge_month (
    village_id bigint not null,
    month text not null,
    flow text not null,
    amount_fen bigint not null,
    primary key (village_id, month, flow)
);

insert into charge_month (village_id, month, flow, amount_fen)
select village_id, month, flow, cast(sum(amount_fen) as bigint)
from account_month
where account = '1122'
group by village_id, month, flow;
