pragma user_version = 7;

-- The last publication is asked for whenever a phone is heard.
create index journal_entry_price_list on journal_entry (village_id, seq) where kind = 'price_list_published';
