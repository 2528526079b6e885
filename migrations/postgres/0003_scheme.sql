-- Of fee income and waivers the village has one balance each; what each household was charged stands in its months.
insert into account_balance (village_id, account, subject, balance_fen)
select village_id, account, '', cast(sum(balance_fen) as bigint)
from account_balance
where account in ('5001', '5002')
group by village_id, account;

delete from account_balance
where account in ('5001', '5002') and subject <> '';
