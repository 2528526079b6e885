-- The journal is written once. What is there is neither changed nor taken away, by whatever statement, in whatever replication role.

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%: the journal is never changed', tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;

create trigger journal_entry_no_update before update on journal_entry for each row execute function refuse_change();
create trigger journal_entry_no_delete before delete on journal_entry for each row execute function refuse_change();
create trigger journal_entry_no_truncate before truncate on journal_entry for each statement execute function refuse_change();
create trigger posting_no_update before update on posting for each row execute function refuse_change();
create trigger posting_no_delete before delete on posting for each row execute function refuse_change();
create trigger posting_no_truncate before truncate on posting for each statement execute function refuse_change();
create trigger stock_movement_no_update before update on stock_movement for each row execute function refuse_change();
create trigger stock_movement_no_delete before delete on stock_movement for each row execute function refuse_change();
create trigger stock_movement_no_truncate before truncate on stock_movement for each statement execute function refuse_change();
-- Personal details may be erased, not rewritten.
create trigger entry_private_no_update before update on entry_private for each row execute function refuse_change();

alter table journal_entry enable always trigger journal_entry_no_update;
alter table journal_entry enable always trigger journal_entry_no_delete;
alter table journal_entry enable always trigger journal_entry_no_truncate;
alter table posting enable always trigger posting_no_update;
alter table posting enable always trigger posting_no_delete;
alter table posting enable always trigger posting_no_truncate;
alter table stock_movement enable always trigger stock_movement_no_update;
alter table stock_movement enable always trigger stock_movement_no_delete;
alter table stock_movement enable always trigger stock_movement_no_truncate;
alter table entry_private enable always trigger entry_private_no_update;
