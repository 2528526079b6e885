-- Commands that were refused and that a person saw refused: kept for 30 days, so that a late duplicate cannot succeed after the "no". They are no
-- part of the books.
create table refused_command (
    village_id bigint not null,
    command_id uuid not null,
    fingerprint bytea not null check (length(fingerprint) = 32),
    -- The code and the facts of the refusal, as JSON.
    facts text collate "C" not null,
    refused_at bigint not null,
    primary key (village_id, command_id)
);

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
    is_disabled bigint not null check (is_disabled in (0, 1)),
    created_at bigint not null
);

-- Secrets that were given out, by their digests: a session of an account or household, a token, a phone of a collector, a phone that a household's
-- card was bound to.
create table credential (
    digest bytea not null primary key check (length(digest) = 32),
    kind text not null check (kind in ('session', 'token', 'phone', 'device', 'household')),
    -- By which it is listed and taken back.
    public_id uuid not null,
    account text,
    village_code text,
    household_no text,
    collector text,
    -- How far a token reaches, where that is not as far as its account.
    scope text,
    label text not null,
    may_write bigint not null check (may_write in (0, 1)),
    created_at bigint not null,
    expires_at bigint not null,
    seen_at bigint not null,
    -- Wrong PINs in a row, and until when no more are tried.
    failures bigint not null check (failures >= 0),
    blocked_until bigint not null
);

create unique index credential_public on credential (public_id);
create index credential_account on credential (account) where account is not null;
create index credential_household on credential (village_code, household_no) where household_no is not null;
create index credential_expiry on credential (expires_at);

-- What is used once: the card of a household, the code with which a collector's phone is enrolled.
create table one_time (
    digest bytea not null primary key check (length(digest) = 32),
    kind text not null check (kind in ('card', 'enrolment')),
    village_code text not null,
    household_no text,
    collector text,
    expires_at bigint not null
);

create index one_time_household on one_time (village_code, household_no) where household_no is not null;

-- The PIN of a household, hashed with a pepper that is not in the database.
create table household_pin (
    village_code text not null,
    household_no text not null,
    pin_hash text not null,
    primary key (village_code, household_no)
);

-- Sign-ins that failed in a row, by name and address.
create table sign_in_failure (
    name text not null,
    address text not null,
    failures bigint not null check (failures >= 0),
    blocked_until bigint not null,
    primary key (name, address)
);

-- Who signed in, who was refused, who read personal details: written once.
create table audit_event (
    id uuid not null primary key,
    at bigint not null,
    actor text not null,
    action text not null,
    village_code text,
    subject text,
    is_allowed bigint not null check (is_allowed in (0, 1)),
    trace_id text not null
);

create trigger audit_event_no_update before update on audit_event for each row execute function refuse_change();
create trigger audit_event_no_delete before delete on audit_event for each row execute function refuse_change();
create trigger audit_event_no_truncate before truncate on audit_event for each statement execute function refuse_change();
alter table audit_event enable always trigger audit_event_no_update;
alter table audit_event enable always trigger audit_event_no_delete;
alter table audit_event enable always trigger audit_event_no_truncate;
