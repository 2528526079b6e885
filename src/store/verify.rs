//! Comparing what the projections should hold with what they hold, table by table, from the tables' own descriptions.

use std::collections::BTreeMap;

use crate::domain::facts::Book;
use crate::store::dialect::{Cell, Table, read_table};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::flush;
use crate::store::{balance, charge, document, household, journal, price_list, village};

/// The tables that can be rebuilt from the journal.
const PROJECTIONS: [&Table; 16] = [
    &village::VILLAGE,
    &village::VILLAGE_HEAD,
    &village::MATERIAL,
    &village::FEE_POLICY,
    &price_list::PRICE,
    &household::HOUSEHOLD,
    &household::HOUSEHOLD_TERMS,
    &household::HOUSEHOLD_ENTRY,
    &document::DOCUMENT,
    &document::DOCUMENT_NUMBER,
    &charge::FEE_CHARGE,
    &balance::ACCOUNT_BALANCE,
    &balance::ACCOUNT_MONTH,
    &balance::STOCK_BALANCE,
    &balance::MATERIAL_MONTH,
    &balance::PICKUP_MONTH,
];

/// The first row of a table that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Difference {
    /// The table.
    pub(crate) table: &'static str,
    /// The row's key, without the village.
    pub(crate) key: String,
    /// The column, or none where the whole row is missing or should not be there.
    pub(crate) column: Option<&'static str>,
    /// What it should hold.
    pub(crate) expected: Option<String>,
    /// What it holds.
    pub(crate) found: Option<String>,
}

/// Compares every projection of a village with the one rebuilt from its journal.
///
/// # Errors
/// As the engine says.
pub(crate) async fn first_difference(
    tx: &mut Tx<'_>,
    village_id: i64,
    book: &mut Book,
) -> Result<Option<Difference>, StoreError> {
    let rebuilt = flush::rebuilt_rows(village_id, book);
    for table in PROJECTIONS {
        let expected = by_key(table, rebuilt.get(table.name).map_or(&[], Vec::as_slice));
        let found = read_table(tx, table, village_id).await?;
        if let Some(difference) = compare(table, &expected, &by_key(table, &found)) {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

type ByKey<'r> = BTreeMap<Vec<Cell>, &'r [Cell]>;

/// Rows by key. Sums that came back to nothing may or may not have a row, so they count as none.
fn by_key<'r>(table: &Table, rows: &'r [Vec<Cell>]) -> ByKey<'r> {
    let is_nothing = |values: &[Cell]| values.iter().all(|value| *value == Cell::Int(0));
    rows.iter()
        .map(|row| row.split_at(table.key))
        .filter(|(_, values)| !(table.is_sum() && is_nothing(values)))
        .map(|(key, values)| (key.to_vec(), values))
        .collect()
}

fn compare(table: &Table, expected: &ByKey<'_>, found: &ByKey<'_>) -> Option<Difference> {
    let shown = |key: &[Cell]| {
        key.iter()
            .skip(1)
            .map(Cell::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let whole = |values: &[Cell]| {
        values
            .iter()
            .map(Cell::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let missing = |key: &[Cell], expected: Option<&[Cell]>, found: Option<&[Cell]>| Difference {
        table: table.name,
        key: shown(key),
        column: None,
        expected: expected.map(whole),
        found: found.map(whole),
    };
    for (key, expected) in expected {
        let Some(found) = found.get(key) else {
            return Some(missing(key, Some(expected), None));
        };
        let columns = table
            .columns
            .iter()
            .skip(table.key)
            .zip(expected.iter().zip(found.iter()));
        let different = columns
            .into_iter()
            .find(|(_, (expected, found))| expected != found);
        if let Some(((column, _), (expected, found))) = different {
            return Some(Difference {
                table: table.name,
                key: shown(key),
                column: Some(column),
                expected: Some(expected.to_string()),
                found: Some(found.to_string()),
            });
        }
    }
    let surplus = found.iter().find(|(key, _)| !expected.contains_key(*key));
    surplus.map(|(key, values)| missing(key, None, Some(values)))
}

const COUNT_LINES: &str = "
select
    (select count(*) from posting where village_id = $1),
    (select count(*) from stock_movement where village_id = $1)
";

/// How many postings and movements a village has, to find those that belong to no entry.
///
/// # Errors
/// As the engine says.
pub(crate) async fn count_lines(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<(i64, i64), StoreError> {
    run!(tx, connection => sqlx::query_as(COUNT_LINES).bind(village_id).fetch_one(connection))
}

const LIST_PRIVATE: &str = "
select
    seq,
    salt,
    content
from entry_private
where village_id = $1
    and seq > $2
order by seq
limit $3
";

/// The personal details that were not erased, after an entry, in order.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_private(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: i64,
    rows_max: i64,
) -> Result<Vec<(i64, Vec<u8>, String)>, StoreError> {
    run!(tx, connection => sqlx::query_as(LIST_PRIVATE).bind(village_id).bind(after).bind(rows_max).fetch_all(connection))
}

/// The journal's own tables, named for findings.
pub(crate) const JOURNAL: [&str; 3] = [
    journal::JOURNAL_ENTRY.name,
    journal::POSTING.name,
    journal::STOCK_MOVEMENT.name,
];
