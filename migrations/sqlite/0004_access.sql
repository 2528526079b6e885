pragma user_version = 4;

-- Commands that were refused and that a person saw refused: kept for 30 days, so that a late duplicate cannot succeed after the "no". They are no
-- part of the books.
create table refused_command (
    village_id integer not null,
    command_id blob not null check (length(command_id) = 16),
    fingerprint blob not null check (length(fingerprint) = 32),
    -- The code and the facts of the refusal, as JSON.
    facts text not null,
    refused_at integer not null,
    primary key (village_id, command_id)
) strict, without rowid;

create index refused_command_at on refused_command (refused_at);

-- People who sign in: under a name and password, as long as they are not disabled.
create table account (
    name text not null primary key,
    role text not null check (role in ('collector', 'clerk', 'supervisor', 'official', 'administrator')),
    -- How far it reaches: every village, or those whose code starts so.
    scope text not null,
    -- Which collector it is, where it is one.
    collector text,
    -- As a PHC string; none: it cannot sign in, but may have tokens.
    password_hash text,
    is_disabled integer not null check (is_disabled in (0, 1)),
    created_at integer not null
) strict, without rowid;

-- Secrets that were given out, by their digests: a session of an account or household, a token, a phone of a collector, a phone that a household's
-- card was bound to.
create table credential (
    digest blob not null primary key check (length(digest) = 32),
    kind text not null check (kind in ('session', 'token', 'phone', 'device', 'household')),
    -- By which it is listed and taken back.
    public_id blob not null check (length(public_id) = 16),
    account text,
    village_code text,
    household_no text,
    collector text,
    -- How far a token reaches, where that is not as far as its account.
    scope text,
    label text not null,
    may_write integer not null check (may_write in (0, 1)),
    created_at integer not null,
    expires_at integer not null,
    seen_at integer not null,
    -- Wrong PINs in a row, and until when no more are tried.
    failures integer not null check (failures >= 0),
    blocked_until integer not null
) strict, without rowid;

create unique index credential_public on credential (public_id);
create index credential_account on credential (account) where account is not null;
create index credential_household on credential (village_code, household_no) where household_no is not null;
create index credential_expiry on credential (expires_at);

-- What is used once: the card of a household, the code with which a collector's phone is enrolled.
create table one_time (
    digest blob not null primary key check (length(digest) = 32),
    kind text not null check (kind in ('card', 'enrolment')),
    village_code text not null,
    household_no text,
    collector text,
    expires_at integer not null
) strict, without rowid;

create index one_time_household on one_time (village_code, household_no) where household_no is not null;

-- The PIN of a household, hashed with a pepper that is not in the database.
create table household_pin (
    village_code text not null,
    household_no text not null,
    pin_hash text not null,
    primary key (village_code, household_no)
) strict, without rowid;

-- Sign-ins that failed in a row, by name and address.
create table sign_in_failure (
    name text not null,
    address text not null,
    failures integer not null check (failures >= 0),
    blocked_until integer not null,
    primary key (name, address)
) strict, without rowid;

-- Who signed in, who was refused, who read personal details: written once.
create table audit_event (
    id blob not null primary key check (length(id) = 16),
    at integer not null,
    actor text not null,
    action text not null,
    village_code text,
    subject text,
    is_allowed integer not null check (is_allowed in (0, 1)),
    trace_id text not null
) strict;

create trigger audit_event_keep before insert on audit_event
when exists (select 1 from audit_event where id = new.id)
begin
    select raise(abort, 'audit_event: a row is there already, and the record is never changed');
end;

create trigger audit_event_no_update before update on audit_event
begin
    select raise(abort, 'audit_event: the record is never changed');
end;

create trigger audit_event_no_delete before delete on audit_event
begin
    select raise(abort, 'audit_event: the record is never changed');
end;
