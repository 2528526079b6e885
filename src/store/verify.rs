//! Comparing what the projections should hold with what they hold, table by table, from the tables' own descriptions.

use std::collections::BTreeMap;

use crate::domain::facts::Book;
use crate::domain::journal::Private;
use crate::store::bulk::{self, Bytes};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Table, find_other_village, read_table};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::{
    balance, charge, document, flush, household, journal, month, pickup, pickup_line, price_list,
    register, village,
};

/// The tables that can be rebuilt from the journal.
pub(crate) const PROJECTIONS: [&Table; 24] = [
    &village::VILLAGE,
    &village::VILLAGE_HEAD,
    &village::VILLAGE_SETTINGS,
    &village::MATERIAL,
    &village::FEE_POLICY,
    &price_list::PRICE,
    &household::HOUSEHOLD,
    &household::HOUSEHOLD_TERMS,
    &household::HOUSEHOLD_ENTRY,
    &household::HOUSEHOLD_PERSON,
    &document::DOCUMENT,
    &document::DOCUMENT_NUMBER,
    &charge::FEE_CHARGE,
    &balance::ACCOUNT_BALANCE,
    &balance::ACCOUNT_MONTH,
    &balance::STOCK_BALANCE,
    &balance::MATERIAL_MONTH,
    &balance::SALE_MONTH,
    &balance::PICKUP_MONTH,
    &pickup_line::PICKUP_LINE,
    &pickup::PICKUP_MATERIAL,
    &pickup::CHARGE_MONTH,
    &month::VILLAGE_MONTH,
    &register::REGISTER,
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
    // Details of people may be erased: a row that is gone and a value that is gone are no difference.
    let may_be_gone = table.is_erasable();
    for (key, expected) in expected {
        let Some(found) = found.get(key) else {
            if may_be_gone {
                continue;
            }
            return Some(missing(key, Some(expected), None));
        };
        let columns = table
            .columns
            .iter()
            .skip(table.key)
            .zip(expected.iter().zip(found.iter()));
        let different = columns.into_iter().find(|(_, (expected, found))| {
            expected != found && !(may_be_gone && **found == Cell::Null)
        });
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

const FIND_STRAY: &str = "
select *
from (
    select 'posting' as name, seq, line_no
    from posting
    where village_id = $1
        and (seq < 1 or seq > $2)
    union all
    select 'stock_movement' as name, seq, line_no
    from stock_movement
    where village_id = $1
        and (seq < 1 or seq > $2)
    union all
    select 'entry_private' as name, seq, 0 as line_no
    from entry_private
    where village_id = $1
        and (seq < 1 or seq > $2)
) as stray
order by seq, line_no
limit 1
";

/// A row of a village that belongs to none of its entries, the last of which is given: its table, entry and line.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_stray(
    tx: &mut Tx<'_>,
    village_id: i64,
    last: i64,
) -> Result<Option<(String, i64, i64)>, StoreError> {
    run!(tx, connection => sqlx::query_as(FIND_STRAY).bind(village_id).bind(last).fetch_optional(connection))
}

/// A row of a village that the database does not have: its table, and the key of the village.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_homeless(
    tx: &mut Tx<'_>,
) -> Result<Option<(&'static str, i64)>, StoreError> {
    let journal = [
        &journal::JOURNAL_ENTRY,
        &journal::POSTING,
        &journal::STOCK_MOVEMENT,
        &journal::ENTRY_PRIVATE,
    ];
    for table in journal.into_iter().chain(PROJECTIONS) {
        if let Some(village_id) = find_other_village(tx, table).await? {
            return Ok(Some((table.name, village_id)));
        }
    }
    Ok(None)
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
/// [`StoreError::Corrupt`] for a salt of another length, otherwise as the engine says.
pub(crate) async fn list_private(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: i64,
    rows_max: i64,
) -> Result<Vec<(i64, Private)>, StoreError> {
    let page = [village_id, after, rows_max].map(Cell::Int);
    let rows: Vec<(i64, Bytes, String)> =
        bulk::select(tx, LIST_PRIVATE, "seq, hex(salt), content", &page).await?;
    rows.into_iter()
        .map(|(seq, salt, content)| {
            let salt = Place("entry_private", "salt").salt(&salt.0)?;
            Ok((seq, Private { content, salt }))
        })
        .collect()
}

/// The journal's own tables, named for findings.
pub(crate) const JOURNAL: [&str; 3] = [
    journal::JOURNAL_ENTRY.name,
    journal::POSTING.name,
    journal::STOCK_MOVEMENT.name,
];
