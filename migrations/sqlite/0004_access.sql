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
