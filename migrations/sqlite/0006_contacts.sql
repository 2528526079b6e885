pragma user_version = 6;

-- Ids of commands are ordered by time, whatever village they are of: in this order the index grows at its end, where it grew in every village.
drop index journal_entry_command;
create unique index journal_entry_command on journal_entry (command_id, village_id);

-- What a device was heard of last: when, and up to which entry of the journal it had shown that it knew the books.
create table device_contact (
    village_id integer not null,
    device text not null,
    contact_at integer not null,
    known_seq integer not null,
    primary key (village_id, device)
) strict, without rowid;
