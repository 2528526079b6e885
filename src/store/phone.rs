//! What a collector's phone is told: what became of pickups, which numbers arrived, and what changed since it was told last.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::FromRow;

use crate::domain::collector::{DIGITS_MOST, Series};
use crate::domain::seal::Hash;
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

/// The keys of pickups with the given numbers.
fn pickup_keys<'n>(village_id: i64, numbers: impl Iterator<Item = &'n str>) -> Rows {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for number in numbers {
        keys.push([
            Cell::Int(village_id),
            Cell::from(DocumentKind::Pickup.word()),
            Cell::from(number),
        ]);
    }
    keys
}

/// The pickups of the given numbers that are there.
///
/// # Errors
/// As the engine says.
pub(crate) async fn standings(
    tx: &mut Tx<'_>,
    village_id: i64,
    numbers: impl Iterator<Item = &DocumentNo>,
) -> Result<BTreeMap<DocumentNo, Standing>, StoreError> {
    let keys = pickup_keys(village_id, numbers.map(DocumentNo::as_str));
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

const FIND_NUMBERS: &str = "
select d.number
from {keys} as k
cross join document as d
where d.village_id = k.k0
    and d.kind = k.k1
    and d.number = k.k2
";

/// Those of the given numbers that pickups have.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_numbers(
    tx: &mut Tx<'_>,
    village_id: i64,
    numbers: impl Iterator<Item = &String>,
) -> Result<BTreeSet<String>, StoreError> {
    let keys = pickup_keys(village_id, numbers.map(String::as_str));
    let rows: Vec<(String,)> = select_keyed(tx, FIND_NUMBERS, &keys).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

const LIST_GAPS: &str = "
select pair.before, pair.behind
from (
    select number.running as before, lead(number.running) over (order by number.running) as behind
    from (
        select distinct
            case
                when ltrim(substr(number, cast($4 as integer)), '0123456789') = ''
                    and length(number) between cast($4 as integer) and cast($5 as integer)
                then cast(substr(number, cast($4 as integer)) as bigint)
            end as running
        from document
        where village_id = $1
            and kind = 'pickup'
            and number >= $2
            and number < $3
    ) as number
    where number.running between $6 and $7
) as pair
where pair.behind > pair.before + 1
order by pair.before
limit $8
";

/// The first gaps between running numbers of pickups that begin so: the number before each and the one behind it.
///
/// # Errors
/// As the engine says.
pub(crate) async fn gaps(
    tx: &mut Tx<'_>,
    village_id: i64,
    (prefix, series): (&str, Series),
    rows_max: usize,
) -> Result<Vec<(i64, i64)>, StoreError> {
    // A hyphen follows, the character behind which ends them, and then digits.
    let (first, end) = (format!("{prefix}-"), format!("{prefix}."));
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let digits_at = prefix.chars().count().saturating_add(2);
    let longest = digits_at.saturating_add(DIGITS_MOST).saturating_sub(1);
    run!(tx, connection => sqlx::query_as(LIST_GAPS)
        .bind(village_id)
        .bind(first)
        .bind(end)
        .bind(whole(digits_at))
        .bind(whole(longest))
        .bind(series.first)
        .bind(series.last)
        .bind(whole(rows_max))
        .fetch_all(connection))
}

const FIND_HASH: &str = "select hash from journal_entry where village_id = $1 and seq = $2";

/// The hash of an entry, if it is there.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_hash(
    tx: &mut Tx<'_>,
    village_id: i64,
    seq: i64,
) -> Result<Option<Hash>, StoreError> {
    let row: Option<(Vec<u8>,)> = run!(tx, connection => sqlx::query_as(FIND_HASH).bind(village_id).bind(seq).fetch_optional(connection))?;
    row.map(|(hash,)| Place("journal_entry", "hash").hash(&hash))
        .transpose()
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

const LAST_PRICE_LIST: &str = "
select seq
from journal_entry
where village_id = $1
    and kind = 'price_list_published'
order by seq desc
limit 1
";

/// The entry that published the last price list of a village.
///
/// # Errors
/// As the engine says.
pub(crate) async fn last_price_list(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<Option<i64>, StoreError> {
    let found: Option<(i64,)> = run!(tx, connection => {
        sqlx::query_as(LAST_PRICE_LIST).bind(village_id).fetch_optional(connection)
    })?;
    Ok(found.map(|(seq,)| seq))
}
