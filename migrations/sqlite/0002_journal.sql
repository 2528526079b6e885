pragma user_version = 2;

-- The rows of the journal stand in the order in which they were written, whatever village they are of: a batch of many villages then fills a few
-- pages, where a table in the order of its key would touch a page for each village and table. The keys are indexes.

create table new_journal_entry (
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
) strict;

insert into new_journal_entry select * from journal_entry order by village_id, seq;

create table new_posting (
    village_id integer not null,
    seq integer not null,
    line_no integer not null,
    debit_account text not null,
    debit_subject text not null,
    credit_account text not null,
    credit_subject text not null,
    amount_fen integer not null check (amount_fen between 1 and 1000000000000),
    flow text not null,
    period text,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references new_journal_entry (village_id, seq),
    check (debit_account <> credit_account or debit_subject <> credit_subject)
) strict;

insert into new_posting select * from posting order by village_id, seq;

create table new_stock_movement (
    village_id integer not null,
    seq integer not null,
    line_no integer not null,
    account text not null,
    material text not null,
    collector text not null,
    direction text not null check (direction in ('in', 'out')),
    unit text not null check (unit in ('kg', 'piece')),
    quantity integer not null check (quantity between 1 and 1000000000000),
    value_fen integer not null check (value_fen between 0 and 1000000000000),
    flow text not null,
    primary key (village_id, seq, line_no),
    foreign key (village_id, seq) references new_journal_entry (village_id, seq)
) strict;

insert into new_stock_movement select * from stock_movement order by village_id, seq;

drop table posting;
drop table stock_movement;
drop table journal_entry;
alter table new_journal_entry rename to journal_entry;
alter table new_posting rename to posting;
alter table new_stock_movement rename to stock_movement;

create unique index journal_entry_command on journal_entry (village_id, command_id);
create unique index journal_entry_reverses on journal_entry (village_id, reverses_seq) where reverses_seq is not null;

-- The journal is written once. What is there is neither changed nor taken away, by whatever statement: REPLACE deletes behind the back of
-- delete triggers unless the connection asks for recursive ones, so that a row in the way of an insert is refused as well.

create trigger journal_entry_keep before insert on journal_entry
when exists (select 1 from journal_entry where village_id = new.village_id and seq = new.seq)
    or exists (select 1 from journal_entry where village_id = new.village_id and command_id = new.command_id)
    or (new.reverses_seq is not null and exists (
        select 1 from journal_entry where village_id = new.village_id and reverses_seq = new.reverses_seq
    ))
begin
    select raise(abort, 'journal_entry: a row is there already, and the journal is never changed');
end;

create trigger journal_entry_no_update before update on journal_entry
begin
    select raise(abort, 'journal_entry: the journal is never changed');
end;

create trigger journal_entry_no_delete before delete on journal_entry
begin
    select raise(abort, 'journal_entry: the journal is never changed');
end;

create trigger posting_keep before insert on posting
when exists (select 1 from posting where village_id = new.village_id and seq = new.seq and line_no = new.line_no)
begin
    select raise(abort, 'posting: a row is there already, and the journal is never changed');
end;

create trigger posting_no_update before update on posting
begin
    select raise(abort, 'posting: the journal is never changed');
end;

create trigger posting_no_delete before delete on posting
begin
    select raise(abort, 'posting: the journal is never changed');
end;

create trigger stock_movement_keep before insert on stock_movement
when exists (select 1 from stock_movement where village_id = new.village_id and seq = new.seq and line_no = new.line_no)
begin
    select raise(abort, 'stock_movement: a row is there already, and the journal is never changed');
end;

create trigger stock_movement_no_update before update on stock_movement
begin
    select raise(abort, 'stock_movement: the journal is never changed');
end;

create trigger stock_movement_no_delete before delete on stock_movement
begin
    select raise(abort, 'stock_movement: the journal is never changed');
end;

-- Personal details may be erased, not rewritten.
create trigger entry_private_keep before insert on entry_private
when exists (select 1 from entry_private where village_id = new.village_id and seq = new.seq)
begin
    select raise(abort, 'entry_private: a row is there already; it may be erased, not rewritten');
end;

create trigger entry_private_no_update before update on entry_private
begin
    select raise(abort, 'entry_private: a row may be erased, not rewritten');
end;
