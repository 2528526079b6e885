-- "jinf" and the number of this schema, so that another file or a newer book is recognised before it is touched.
pragma application_id = 1785294438;
pragma user_version = 1;

-- The books of the villages. The primary key of every table starts with the village: no entry spans two of them.
-- Money is whole fen, weights whole grams, prices whole li, instants microseconds since 1970 in UTC; dates and months are text.

create table village (
    village_id integer not null primary key,
    code text not null unique check (length(code) = 12),
    name text not null,
    township text not null,
    opening_month text not null,
    -- The terms the book was opened with, as JSON: waiver percents and credit terms.
    terms text not null
) strict;

-- Where the next entry of a village goes. Updating this row is the village's lock.
create table village_head (
    village_id integer not null primary key references village (village_id),
    next_seq integer not null check (next_seq > 0),
    head_hash blob not null check (length(head_hash) = 32)
) strict;

-- One row per accepted command: the journal. Never updated, never deleted.
create table journal_entry (
    village_id integer not null references village (village_id),
    seq integer not null check (seq > 0),
    command_id blob not null,
    kind text not null,
    month text not null,
    origin_month text,
    booked_on text not null,
    occurred_at integer not null,
    recorded_at integer not null,
    actor text not null,
    reverses_seq integer,
    content text not null,
    fingerprint blob not null check (length(fingerprint) = 32),
    private_digest blob check (length(private_digest) = 32),
    hash_version integer not null,
    hash blob not null check (length(hash) = 32),
    primary key (village_id, seq),
    check (reverses_seq < seq)
) strict, without rowid;

create unique index journal_entry_command on journal_entry (village_id, command_id);
-- A document is reversed at most once.
create unique index journal_entry_reverses on journal_entry (village_id, reverses_seq) where reverses_seq is not null;

-- One debit account, one credit account, one positive amount: an entry cannot be unbalanced.
create table posting (
    village_id integer not null,
    seq integer not null,
    line_no integer not null,
    debit_account text not null,
    debit_subject text not null,
    credit_account text not null,
    credit_subject text not null,
    amount_fen integer not null check (amount_fen between 1 and 1000000000000),
    flow text not null,
    -- The first month of the charge's period, where the posting moves a charge.
    period text,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references journal_entry (village_id, seq),
    check (debit_account <> credit_account or debit_subject <> credit_subject)
) strict, without rowid;

-- Material in or out, with a value of nothing or more.
create table stock_movement (
    village_id integer not null,
    seq integer not null,
    line_no integer not null,
    account text not null,
    material text not null,
    collector text not null,
    direction text not null check (direction in ('in', 'out')),
    unit text not null check (unit in ('kg', 'piece')),
    -- Grams or pieces.
    quantity integer not null check (quantity between 1 and 1000000000000),
    value_fen integer not null check (value_fen between 0 and 1000000000000),
    flow text not null,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references journal_entry (village_id, seq)
) strict, without rowid;

-- Personal details of a command as they were given; the journal knows their salted digest. Rows may be erased.
create table entry_private (
    village_id integer not null,
    seq integer not null,
    salt blob not null check (length(salt) = 16),
    content text not null,
    primary key (village_id, seq)
) strict, without rowid;

-- Personal details of households as they are now. Rows may be erased.
create table household_person (
    village_id integer not null,
    household_no text not null,
    head text,
    waivers text,
    primary key (village_id, household_no)
) strict, without rowid;

-- Everything below is derived from the journal and can be rebuilt from it.

create table material (
    village_id integer not null,
    code text not null,
    name text not null,
    name_en text not null,
    unit text not null check (unit in ('kg', 'piece')),
    hazardous integer not null check (hazardous in (0, 1)),
    needs_identity integer not null check (needs_identity in (0, 1)),
    primary key (village_id, code)
) strict, without rowid;

-- Rows with one effective_from are one list.
create table price (
    village_id integer not null,
    effective_from integer not null,
    material text not null,
    price_li integer not null check (price_li between 0 and 10000000),
    per integer not null check (per between 1 and 1000),
    primary key (village_id, effective_from, material)
) strict, without rowid;

create table fee_policy (
    village_id integer not null,
    version integer not null,
    effective_from text not null,
    -- The policy as JSON.
    terms text not null,
    primary key (village_id, version)
) strict, without rowid;

create table household (
    village_id integer not null,
    household_no text not null,
    group_name text not null,
    moved_in text,
    moved_out text,
    primary key (village_id, household_no)
) strict, without rowid;

-- The attributes of a household from a day on.
create table household_terms (
    village_id integer not null,
    household_no text not null,
    effective_from text not null,
    headcount integer not null check (headcount between 1 and 99),
    kind text not null check (kind in ('resident', 'non_registered')),
    waived_percent integer not null check (waived_percent between 0 and 100),
    vacant_since text,
    save_up integer not null check (save_up in (0, 1)),
    primary key (village_id, household_no, effective_from)
) strict, without rowid;

-- Which entries concern a household: the index of its statement.
create table household_entry (
    village_id integer not null,
    household_no text not null,
    seq integer not null,
    primary key (village_id, household_no, seq)
) strict, without rowid;

create table document (
    village_id integer not null,
    kind text not null check (kind in ('opening', 'pickup', 'cash_receipt')),
    number text not null,
    seq integer not null,
    reversed_by integer,
    primary key (village_id, kind, number)
) strict, without rowid;

create table document_number (
    village_id integer not null,
    kind text not null,
    year integer not null,
    last_no integer not null check (last_no > 0),
    primary key (village_id, kind, year)
) strict, without rowid;

-- One charge per household and period; oldest first by primary key.
create table fee_charge (
    village_id integer not null,
    household_no text not null,
    period text not null,
    issued_in text not null,
    policy_version integer not null,
    unit_fen integer not null,
    units integer not null,
    vacancy_percent integer not null,
    waived_percent integer not null,
    period_months integer not null,
    liable_months integer not null,
    gross_fen integer not null check (gross_fen >= 0),
    waived_fen integer not null check (waived_fen between 0 and gross_fen),
    open_fen integer not null check (open_fen between 0 and gross_fen - waived_fen),
    from_advance_fen integer not null check (from_advance_fen >= 0),
    primary key (village_id, household_no, period)
) strict, without rowid;

-- Debit positive, by account and subject.
create table account_balance (
    village_id integer not null,
    account text not null,
    subject text not null,
    balance_fen integer not null,
    primary key (village_id, account, subject)
) strict, without rowid;

-- The same by month of the books, reason and group of the household: what every past month is reported from.
create table account_month (
    village_id integer not null,
    month text not null,
    account text not null,
    subject text not null,
    flow text not null,
    group_name text not null,
    amount_fen integer not null,
    primary key (village_id, month, account, subject, flow, group_name)
) strict, without rowid;

create table stock_balance (
    village_id integer not null,
    material text not null,
    quantity integer not null,
    value_fen integer not null,
    primary key (village_id, material)
) strict, without rowid;

create table material_month (
    village_id integer not null,
    month text not null,
    material text not null,
    collector text not null,
    flow text not null,
    quantity integer not null,
    value_fen integer not null,
    primary key (village_id, month, material, collector, flow)
) strict, without rowid;

create table pickup_month (
    village_id integer not null,
    month text not null,
    household_no text not null,
    collector text not null,
    pickups integer not null check (pickups > 0),
    primary key (village_id, month, household_no, collector)
) strict, without rowid;
