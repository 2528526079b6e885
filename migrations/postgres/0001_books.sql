-- The books of the villages. The primary key of every table starts with the village: no entry spans two of them.
-- Money is whole fen, weights whole grams, prices whole li, instants microseconds since 1970 in UTC; dates and months are text.

create table village (
    village_id bigint not null primary key,
    code text collate "C" not null unique check (length(code) = 12),
    name text collate "C" not null,
    township text collate "C" not null,
    opening_month text collate "C" not null,
    -- The terms the book was opened with, as JSON: waiver percents and credit terms.
    terms text collate "C" not null
);

-- Where the next entry of a village goes. Updating this row is the village's lock.
create table village_head (
    village_id bigint not null primary key references village (village_id),
    next_seq bigint not null check (next_seq > 0),
    head_hash bytea not null check (octet_length(head_hash) = 32)
);

-- One row per accepted command: the journal. Never updated, never deleted.
create table journal_entry (
    village_id bigint not null references village (village_id),
    seq bigint not null check (seq > 0),
    command_id uuid not null,
    kind text collate "C" not null,
    month text collate "C" not null,
    origin_month text collate "C",
    booked_on text collate "C" not null,
    occurred_at bigint not null,
    recorded_at bigint not null,
    actor text collate "C" not null,
    reverses_seq bigint,
    content text collate "C" not null,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    private_digest bytea check (octet_length(private_digest) = 32),
    hash_version bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    primary key (village_id, seq),
    check (reverses_seq < seq)
);

create unique index journal_entry_command on journal_entry (village_id, command_id);
-- A document is reversed at most once.
create unique index journal_entry_reverses on journal_entry (village_id, reverses_seq) where reverses_seq is not null;

-- One debit account, one credit account, one positive amount: an entry cannot be unbalanced.
create table posting (
    village_id bigint not null,
    seq bigint not null,
    line_no bigint not null,
    debit_account text collate "C" not null,
    debit_subject text collate "C" not null,
    credit_account text collate "C" not null,
    credit_subject text collate "C" not null,
    amount_fen bigint not null check (amount_fen between 1 and 1000000000000),
    flow text collate "C" not null,
    -- The first month of the charge's period, where the posting moves a charge.
    period text collate "C",
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references journal_entry (village_id, seq),
    check (debit_account <> credit_account or debit_subject <> credit_subject)
);

-- Material in or out, with a value of nothing or more.
create table stock_movement (
    village_id bigint not null,
    seq bigint not null,
    line_no bigint not null,
    account text collate "C" not null,
    material text collate "C" not null,
    collector text collate "C" not null,
    direction text collate "C" not null check (direction in ('in', 'out')),
    unit text collate "C" not null check (unit in ('kg', 'piece')),
    -- Grams or pieces.
    quantity bigint not null check (quantity between 1 and 1000000000000),
    value_fen bigint not null check (value_fen between 0 and 1000000000000),
    flow text collate "C" not null,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references journal_entry (village_id, seq)
);

-- Personal details of a command as they were given; the journal knows their salted digest. Rows may be erased.
create table entry_private (
    village_id bigint not null,
    seq bigint not null,
    salt bytea not null check (octet_length(salt) = 16),
    content text collate "C" not null,
    primary key (village_id, seq)
);

-- Personal details of households as they are now. Rows may be erased.
create table household_person (
    village_id bigint not null,
    household_no text collate "C" not null,
    head text collate "C",
    waivers text collate "C",
    primary key (village_id, household_no)
);

-- Everything below is derived from the journal and can be rebuilt from it.

create table material (
    village_id bigint not null,
    code text collate "C" not null,
    name text collate "C" not null,
    name_en text collate "C" not null,
    unit text collate "C" not null check (unit in ('kg', 'piece')),
    hazardous bigint not null check (hazardous in (0, 1)),
    needs_identity bigint not null check (needs_identity in (0, 1)),
    primary key (village_id, code)
);

-- Rows with one effective_from are one list.
create table price (
    village_id bigint not null,
    effective_from bigint not null,
    material text collate "C" not null,
    price_li bigint not null check (price_li between 0 and 10000000),
    per bigint not null check (per between 1 and 1000),
    primary key (village_id, effective_from, material)
);

create table fee_policy (
    village_id bigint not null,
    version bigint not null,
    effective_from text collate "C" not null,
    -- The policy as JSON.
    terms text collate "C" not null,
    primary key (village_id, version)
);

create table household (
    village_id bigint not null,
    household_no text collate "C" not null,
    group_name text collate "C" not null,
    moved_in text collate "C",
    moved_out text collate "C",
    primary key (village_id, household_no)
);

-- The attributes of a household from a day on.
create table household_terms (
    village_id bigint not null,
    household_no text collate "C" not null,
    effective_from text collate "C" not null,
    headcount bigint not null check (headcount between 1 and 99),
    kind text collate "C" not null check (kind in ('resident', 'non_registered')),
    waived_percent bigint not null check (waived_percent between 0 and 100),
    vacant_since text collate "C",
    save_up bigint not null check (save_up in (0, 1)),
    primary key (village_id, household_no, effective_from)
);

-- Which entries concern a household: the index of its statement.
create table household_entry (
    village_id bigint not null,
    household_no text collate "C" not null,
    seq bigint not null,
    primary key (village_id, household_no, seq)
);

create table document (
    village_id bigint not null,
    kind text collate "C" not null check (kind in ('opening', 'pickup', 'cash_receipt')),
    number text collate "C" not null,
    seq bigint not null,
    reversed_by bigint,
    primary key (village_id, kind, number)
);

create table document_number (
    village_id bigint not null,
    kind text collate "C" not null,
    year bigint not null,
    last_no bigint not null check (last_no > 0),
    primary key (village_id, kind, year)
);

-- One charge per household and period; oldest first by primary key.
create table fee_charge (
    village_id bigint not null,
    household_no text collate "C" not null,
    period text collate "C" not null,
    issued_in text collate "C" not null,
    policy_version bigint not null,
    unit_fen bigint not null,
    units bigint not null,
    vacancy_percent bigint not null,
    waived_percent bigint not null,
    period_months bigint not null,
    liable_months bigint not null,
    gross_fen bigint not null check (gross_fen >= 0),
    waived_fen bigint not null check (waived_fen between 0 and gross_fen),
    open_fen bigint not null check (open_fen between 0 and gross_fen - waived_fen),
    from_advance_fen bigint not null check (from_advance_fen >= 0),
    primary key (village_id, household_no, period)
);

-- Debit positive, by account and subject.
create table account_balance (
    village_id bigint not null,
    account text collate "C" not null,
    subject text collate "C" not null,
    balance_fen bigint not null,
    primary key (village_id, account, subject)
);

-- The same by month of the books, reason and group of the household: what every past month is reported from.
create table account_month (
    village_id bigint not null,
    month text collate "C" not null,
    account text collate "C" not null,
    subject text collate "C" not null,
    flow text collate "C" not null,
    group_name text collate "C" not null,
    amount_fen bigint not null,
    primary key (village_id, month, account, subject, flow, group_name)
);

create table stock_balance (
    village_id bigint not null,
    material text collate "C" not null,
    quantity bigint not null,
    value_fen bigint not null,
    primary key (village_id, material)
);

create table material_month (
    village_id bigint not null,
    month text collate "C" not null,
    material text collate "C" not null,
    collector text collate "C" not null,
    flow text collate "C" not null,
    quantity bigint not null,
    value_fen bigint not null,
    primary key (village_id, month, material, collector, flow)
);

create table pickup_month (
    village_id bigint not null,
    month text collate "C" not null,
    household_no text collate "C" not null,
    collector text collate "C" not null,
    pickups bigint not null check (pickups > 0),
    primary key (village_id, month, household_no, collector)
);
