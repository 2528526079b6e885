-- Ids of commands are ordered by time, whatever village they are of: in this order the index grows at its end, where it grew in every village.
drop index journal_entry_command;
create unique index journal_entry_command on journal_entry (command_id, village_id);

-- What a collector's phone was heard of last: when, what it calls itself, and up to which entry of the journal it had shown that it knows the books.
alter table credential add column heard_at bigint;
alter table credential add column device text collate "C";
alter table credential add column known_seq bigint;

create index credential_phone on credential (village_code) where kind = 'phone';
