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
