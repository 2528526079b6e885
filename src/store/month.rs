//! Where the months of villages stand.

use sqlx::FromRow;

use crate::domain::Month;
use crate::domain::month_close::MonthStanding;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const VILLAGE_MONTH: Table = Table {
    name: "village_month",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("state", Kind::Text),
        ("version", Kind::Int),
        ("last_hash", Kind::Bytes),
        ("seal", Kind::Bytes),
        ("closed_by", Kind::Text),
        ("reviewed_by", Kind::Text),
        ("signed_by", Kind::Text),
    ],
    key: 2,
    conflict: Conflict::Replace(&[
        "state",
        "version",
        "last_hash",
        "seal",
        "closed_by",
        "reviewed_by",
        "signed_by",
    ]),
};

#[derive(FromRow)]
struct MonthRow {
    village_id: i64,
    month: String,
    state: String,
    version: i64,
    last_hash: Option<Vec<u8>>,
    seal: Option<Vec<u8>>,
    closed_by: Option<String>,
    reviewed_by: Option<String>,
    signed_by: Option<String>,
}

const LOAD_MONTHS: &str = "
select
    m.village_id,
    m.month,
    m.state,
    m.version,
    m.last_hash,
    m.seal,
    m.closed_by,
    m.reviewed_by,
    m.signed_by
from {keys} as k
cross join village_month as m
where m.village_id = k.k0
";

/// Loads the months of villages.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<Vec<(i64, Month, MonthStanding)>, StoreError> {
    let mut keys = Rows::of([Kind::Int]);
    for id in ids {
        keys.push([Cell::Int(*id)]);
    }
    let rows: Vec<MonthRow> = select_keyed(tx, LOAD_MONTHS, &keys).await?;
    rows.into_iter()
        .map(|row| {
            let hash = |column, value: Option<Vec<u8>>| {
                let place = Place("village_month", column);
                value.map(|bytes| place.hash(&bytes)).transpose()
            };
            let standing = MonthStanding {
                state: Place("village_month", "state").month_state(&row.state)?,
                version: row.version,
                last_hash: hash("last_hash", row.last_hash)?,
                seal: hash("seal", row.seal)?,
                closed_by: row.closed_by,
                reviewed_by: row.reviewed_by,
                signed_by: row.signed_by,
            };
            let month = Place("village_month", "month").month(&row.month)?;
            Ok((row.village_id, month, standing))
        })
        .collect()
}
