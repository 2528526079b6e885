pragma user_version = 5;

-- Voids that a phone sent and that wait for their pickup: it did not come yet, or a clerk has not decided about it. They are no part of the books
-- until they are decided there.
create table awaited_void (
    village_id integer not null,
    command_id blob not null check (length(command_id) = 16),
    fingerprint blob not null check (length(fingerprint) = 32),
    pickup_no text not null,
    -- Who gave the command, as role and name.
    actor text not null,
    voided_at integer not null,
    -- What the phone said of it, as JSON.
    phone text,
    reason text not null,
    kept_at integer not null,
    primary key (village_id, command_id)
) strict, without rowid;

create index awaited_void_pickup on awaited_void (village_id, pickup_no);

-- When a phone was stopped, if it was: it is recognised by nothing but what it still brings.
alter table credential add column stopped_at integer;

-- By what a phone recognises a card that it is shown, and since when: the first digits of the digest of its code, from which the code cannot be told.
-- None of a card that was made before.
alter table household_pin add column card_mark text check (length(card_mark) = 12);
alter table household_pin add column issued_at integer;
