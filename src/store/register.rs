//! Registers: rows by kind and number with what the book knows of them now.

use sqlx::FromRow;

use crate::domain::register::{RegisterKind, RegisterRow, Registered};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const REGISTER: Table = Table {
    name: "register",
    columns: &[
        ("village_id", Kind::Int),
        ("kind", Kind::Text),
        ("number", Kind::Text),
        ("household_no", Kind::Text),
        ("month", Kind::Text),
        ("is_open", Kind::Int),
        ("content", Kind::Text),
    ],
    key: 3,
    conflict: Conflict::Replace(&["household_no", "month", "is_open", "content"]),
};

#[derive(FromRow)]
struct RegisteredRow {
    village_id: i64,
    kind: String,
    number: String,
    household_no: Option<String>,
    month: String,
    is_open: i64,
    content: String,
}

/// A row with its village, register and number.
pub(crate) type Found = (i64, RegisterKind, String, RegisterRow);

const LOAD_ROWS: &str = "
select
    r.village_id,
    r.kind,
    r.number,
    r.household_no,
    r.month,
    r.is_open,
    r.content
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.kind = k.k1
    and r.number = k.k2
";

/// Loads the rows of the keys that exist.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    wanted: &[(i64, RegisterKind, String)],
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, kind, number) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(kind.word()),
            Cell::from(number.as_str()),
        ]);
    }
    found(select_keyed(tx, LOAD_ROWS, &keys).await?)
}

const LOAD_OPEN: &str = "
select
    r.village_id,
    r.kind,
    r.number,
    r.household_no,
    r.month,
    r.is_open,
    r.content
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.kind = k.k1
    and r.is_open = 1
";

/// Loads the open rows of registers.
pub(crate) async fn load_open(
    tx: &mut Tx<'_>,
    wanted: &[(i64, RegisterKind)],
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text]);
    for (village_id, kind) in wanted {
        keys.push([Cell::Int(*village_id), Cell::from(kind.word())]);
    }
    found(select_keyed(tx, LOAD_OPEN, &keys).await?)
}

const LOAD_ALL: &str = "
select
    r.village_id,
    r.kind,
    r.number,
    r.household_no,
    r.month,
    r.is_open,
    r.content
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.kind = k.k1
";

/// Loads every row of registers.
pub(crate) async fn load_all(
    tx: &mut Tx<'_>,
    wanted: &[(i64, RegisterKind)],
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text]);
    for (village_id, kind) in wanted {
        keys.push([Cell::Int(*village_id), Cell::from(kind.word())]);
    }
    found(select_keyed(tx, LOAD_ALL, &keys).await?)
}

const LOAD_MONTH: &str = "
select
    r.village_id,
    r.kind,
    r.number,
    r.household_no,
    r.month,
    r.is_open,
    r.content
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.kind = k.k1
    and r.month = k.k2
";

/// Loads the rows of registers that belong to a month, whether open or not.
pub(crate) async fn load_month(
    tx: &mut Tx<'_>,
    wanted: &[(i64, RegisterKind)],
    month: &str,
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, kind) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(kind.word()),
            Cell::from(month),
        ]);
    }
    found(select_keyed(tx, LOAD_MONTH, &keys).await?)
}

const LOAD_THROUGH: &str = "
select
    r.village_id,
    r.kind,
    r.number,
    r.household_no,
    r.month,
    r.is_open,
    r.content
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.kind = k.k1
    and r.month <= k.k2
";

/// Loads the rows of a register that belong to a month or to one before it, whether open or not.
pub(crate) async fn load_through(
    tx: &mut Tx<'_>,
    village_id: i64,
    kind: RegisterKind,
    month: &str,
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    keys.push([
        Cell::Int(village_id),
        Cell::from(kind.word()),
        Cell::from(month),
    ]);
    found(select_keyed(tx, LOAD_THROUGH, &keys).await?)
}

/// What the rows hold, with their numbers.
pub(crate) fn read<T: Registered>(rows: Vec<Found>) -> Result<Vec<(String, T)>, StoreError> {
    rows.into_iter()
        .map(|(_, _, number, row)| {
            let content = Place("register", "content").json(&row.content)?;
            Ok((number, content))
        })
        .collect()
}

fn found(rows: Vec<RegisteredRow>) -> Result<Vec<Found>, StoreError> {
    rows.into_iter()
        .map(|row| {
            let household = row.household_no.as_deref();
            let stored = RegisterRow {
                household_no: household
                    .map(|number| Place("register", "household_no").household(number))
                    .transpose()?,
                month: Place("register", "month").month(&row.month)?,
                is_open: row.is_open != 0,
                content: row.content,
            };
            let kind = Place("register", "kind").register_kind(&row.kind)?;
            Ok((row.village_id, kind, row.number, stored))
        })
        .collect()
}
