pragma user_version = 2;

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
