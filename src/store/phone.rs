//! What a collector's phone is told: what became of pickups, which numbers arrived, and what changed since it was told last.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::domain::{DocumentKind, DocumentNo, Event, Month};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Kind, Rows, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

/// A pickup as the books have it now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// What made it, or decided about it.
    pub(crate) event: Event,
    /// The month that is booked in.
    pub(crate) month: Month,
    /// The kind of entry that reversed it and the month of that, if one did.
    pub(crate) reversal: Option<(String, Month)>,
}

#[derive(FromRow)]
struct StandingRow {
    number: String,
    month: String,
    content: String,
    reversal: Option<String>,
    reversal_month: Option<String>,
}

const LOAD_STANDINGS: &str = "
select
    d.number,
    e.month,
    e.content,
    r.kind as reversal,
    r.month as reversal_month
from {keys} as k
cross join document as d
cross join journal_entry as e
left join journal_entry as r
    on r.village_id = d.village_id
    and r.seq = d.reversed_by
where d.village_id = k.k0
    and d.kind = k.k1
    and d.number = k.k2
    and e.village_id = d.village_id
    and e.seq = d.seq
";

/// The pickups of the given numbers that are there.
///
/// # Errors
/// As the engine says.
pub(crate) async fn standings(
    tx: &mut Tx<'_>,
    village_id: i64,
    numbers: impl Iterator<Item = &DocumentNo>,
) -> Result<BTreeMap<DocumentNo, Standing>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for number in numbers {
        keys.push([
            Cell::Int(village_id),
            Cell::from(DocumentKind::Pickup.word()),
            Cell::from(number.as_str()),
        ]);
    }
    let rows: Vec<StandingRow> = select_keyed(tx, LOAD_STANDINGS, &keys).await?;
    rows.into_iter()
        .map(|row| {
            let month = |month: &str| Place("journal_entry", "month").month(month);
            let reversal = row.reversal.zip(row.reversal_month.as_deref());
            let standing = Standing {
                event: Place("journal_entry", "content").json(&row.content)?,
                month: month(&row.month)?,
                reversal: reversal
                    .map(|(kind, at)| Ok::<_, StoreError>((kind, month(at)?)))
                    .transpose()?,
            };
            Ok((Place("document", "number").document(&row.number)?, standing))
        })
        .collect()
}

const LIST_NUMBERS: &str = "
select number
from document
where village_id = $1
    and kind = 'pickup'
    and number >= $2
    and number < $3
";

/// The numbers of pickups that begin so; a hyphen follows, and behind it come digits.
///
/// # Errors
/// As the engine says.
pub(crate) async fn numbers_of(
    tx: &mut Tx<'_>,
    village_id: i64,
    prefix: &str,
) -> Result<Vec<DocumentNo>, StoreError> {
    // The character behind the hyphen ends them.
    let (first, end) = (format!("{prefix}-"), format!("{prefix}."));
    let rows: Vec<(String,)> = run!(tx, connection => sqlx::query_as(LIST_NUMBERS).bind(village_id).bind(first).bind(end).fetch_all(connection))?;
    rows.into_iter()
        .map(|(number,)| Place("document", "number").document(&number))
        .collect()
}

const LIST_HOUSEHOLD_EVENTS: &str = "
select content
from journal_entry
where village_id = $1
    and seq > $2
    and kind in (
        'household_registered', 'household_changed', 'household_moved_out', 'households_merged', 'household_split', 'household_departed',
        'household_arrived', 'document_voided'
    )
order by seq
limit $3
";

/// What happened to households after an entry, at most so much.
///
/// # Errors
/// As the engine says.
pub(crate) async fn household_events(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: i64,
    rows_max: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(String,)> = run!(tx, connection => sqlx::query_as(LIST_HOUSEHOLD_EVENTS).bind(village_id).bind(after).bind(rows_max).fetch_all(connection))?;
    events(rows)
}

const LIST_PICKUP_EVENTS: &str = "
select content
from journal_entry
where village_id = $1
    and seq > $2
    and kind in ('pickup_recorded', 'held_resolved', 'pickup_corrected', 'pickup_voided')
order by seq
";

/// What happened to pickups after an entry.
///
/// # Errors
/// As the engine says.
pub(crate) async fn pickup_events(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(String,)> = run!(tx, connection => sqlx::query_as(LIST_PICKUP_EVENTS).bind(village_id).bind(after).fetch_all(connection))?;
    events(rows)
}

fn events(rows: Vec<(String,)>) -> Result<Vec<Event>, StoreError> {
    rows.into_iter()
        .map(|(content,)| Place("journal_entry", "content").json(&content))
        .collect()
}
