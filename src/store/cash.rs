//! Cash by receipt and holder, and what collectors brought: what the office asks beyond the month's report.

use std::collections::BTreeMap;

use crate::domain::cash_custody::CashTaken;
use crate::domain::month::{business_date, start_of_day};
use crate::domain::{CollectorCode, Event, Money, Month};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Kind, Rows, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

// The flows are those of `BROUGHT`.
const LOAD_WEIGHTS: &str = "
select
    m.village_id,
    m.collector,
    m.month,
    cast(sum(m.quantity) as bigint)
from {keys} as k
cross join material_month as m
cross join material as t
where m.village_id = k.k0
    and m.month = k.k1
    and m.collector = k.k2
    and m.flow in ('pickup', 'void', 'correction', 'prior_period')
    and t.village_id = m.village_id
    and t.code = m.material
    and t.unit = 'kg'
group by m.village_id, m.collector, m.month
";

/// Loads what collectors brought in a month by weight, in grams; one who brought nothing is not there.
pub(crate) async fn load_weights(
    tx: &mut Tx<'_>,
    wanted: &[(i64, CollectorCode, Month)],
) -> Result<BTreeMap<(i64, CollectorCode, Month), i64>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, collector, month) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(month.to_string()),
            Cell::from(collector.as_str()),
        ]);
    }
    let rows: Vec<(i64, String, String, i64)> = select_keyed(tx, LOAD_WEIGHTS, &keys).await?;
    rows.into_iter()
        .map(|(village_id, collector, month, grams)| {
            let collector = Place("material_month", "collector").collector(&collector)?;
            let month = Place("material_month", "month").month(&month)?;
            Ok(((village_id, collector, month), grams))
        })
        .collect()
}

const LIST_HELD: &str = "
select
    subject,
    balance_fen
from account_balance
where village_id = $1
    and account = '1003'
";

/// Lists the cash in transit by collector; an opening line may have named none, or somebody else.
pub(crate) async fn list_held(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<BTreeMap<String, Money>, StoreError> {
    let rows: Vec<(String, i64)> =
        run!(tx, connection => sqlx::query_as(LIST_HELD).bind(village_id).fetch_all(connection))?;
    let held = rows.into_iter();
    Ok(held
        .map(|(subject, fen)| (subject, Money::from_fen(fen)))
        .collect())
}

const LIST_TAKEN: &str = "
select
    p.debit_subject,
    e.occurred_at,
    p.amount_fen
from document as d
join journal_entry as e
    on e.village_id = d.village_id
    and e.seq = d.seq
join posting as p
    on p.village_id = d.village_id
    and p.seq = d.seq
where d.village_id = $1
    and d.kind in ('cash_receipt', 'opening')
    and d.reversed_by is null
    and p.debit_account = '1003'
order by e.occurred_at desc, e.seq desc, p.line_no desc
";

/// Lists the cash that collectors took and that was not voided, newest first; what they held at the opening is the oldest.
pub(crate) async fn list_taken(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<Vec<CashTaken>, StoreError> {
    let rows: Vec<(String, i64, i64)> =
        run!(tx, connection => sqlx::query_as(LIST_TAKEN).bind(village_id).fetch_all(connection))?;
    rows.into_iter()
        .map(|(subject, at, fen)| {
            let at = Place("journal_entry", "occurred_at").instant(at)?;
            Ok(CashTaken {
                collector: subject,
                on: business_date(at),
                amount: Money::from_fen(fen),
            })
        })
        .collect()
}

const LIST_RECEIPTS: &str = "
select
    e.content,
    r.booked_on
from document as d
join journal_entry as e
    on e.village_id = d.village_id
    and e.seq = d.seq
left join journal_entry as r
    on r.village_id = d.village_id
    and r.seq = d.reversed_by
where d.village_id = $1
    and d.kind = 'cash_receipt'
    and e.occurred_at >= $2
    and e.occurred_at < $3
order by d.number
";

/// Lists the receipts of cash received in a month, voided ones among them, with the date on which they were voided.
pub(crate) async fn list_receipts(
    tx: &mut Tx<'_>,
    village_id: i64,
    month: Month,
) -> Result<Vec<(Event, Option<jiff::civil::Date>)>, StoreError> {
    let from = start_of_day(month.first_day()).as_microsecond();
    let to = start_of_day(month.next().first_day()).as_microsecond();
    let rows: Vec<(String, Option<String>)> = run!(tx, connection => sqlx::query_as(LIST_RECEIPTS).bind(village_id).bind(from).bind(to).fetch_all(connection))?;
    rows.into_iter()
        .map(|(content, voided_on)| {
            let event = Place("journal_entry", "content").json(&content)?;
            let voided_on = Place("journal_entry", "booked_on").optional_date(voided_on.as_deref());
            Ok((event, voided_on?))
        })
        .collect()
}
