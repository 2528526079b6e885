//! Voids that wait for their pickup: no part of the books, so that neither `verify` nor an export knows them.

use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::phone::PhoneNote;
use crate::domain::seal::Hash;
use crate::domain::{Actor, DocumentNo};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, insert, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const AWAITED_VOID: Table = Table {
    name: "awaited_void",
    columns: &[
        ("village_id", Kind::Int),
        ("command_id", Kind::Uuid),
        ("fingerprint", Kind::Bytes),
        ("pickup_no", Kind::Text),
        ("actor", Kind::Text),
        ("voided_at", Kind::Int),
        ("phone", Kind::Text),
        ("reason", Kind::Text),
        ("kept_at", Kind::Int),
    ],
    key: 2,
    conflict: Conflict::Replace(&["kept_at"]),
};

/// A void that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AwaitedVoid {
    pub(crate) village_id: i64,
    pub(crate) command_id: Uuid,
    /// Digest of its non-personal content.
    pub(crate) fingerprint: Hash,
    pub(crate) pickup_no: DocumentNo,
    pub(crate) actor: Actor,
    pub(crate) voided_at: Timestamp,
    pub(crate) phone: Option<PhoneNote>,
    pub(crate) reason: String,
    /// Since when it waits.
    pub(crate) kept_at: Timestamp,
}

#[derive(FromRow)]
struct AwaitedRow {
    village_id: i64,
    command_id: Uuid,
    fingerprint: Vec<u8>,
    pickup_no: String,
    actor: String,
    voided_at: i64,
    phone: Option<String>,
    reason: String,
    kept_at: i64,
}

const FIND: &str = "
select
    a.village_id,
    a.command_id,
    a.fingerprint,
    a.pickup_no,
    a.actor,
    a.voided_at,
    a.phone,
    a.reason,
    a.kept_at
from {keys} as k
cross join awaited_void as a
where a.village_id = k.k0
    and (a.pickup_no = k.k1 or a.command_id = k.k2)
";

/// The voids that wait for pickups of the given numbers, or under the given ids.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    pickups: &[(i64, DocumentNo)],
    ids: &[(i64, Uuid)],
) -> Result<Vec<AwaitedVoid>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Uuid]);
    for (village_id, number) in pickups {
        let number = Cell::from(number.as_str());
        keys.push([Cell::Int(*village_id), number, Cell::Null]);
    }
    for (village_id, id) in ids {
        keys.push([Cell::Int(*village_id), Cell::Null, Cell::Uuid(*id)]);
    }
    read(select_keyed(tx, FIND, &keys).await?)
}

fn read(rows: Vec<AwaitedRow>) -> Result<Vec<AwaitedVoid>, StoreError> {
    let place = |column| Place("awaited_void", column);
    rows.into_iter()
        .map(|row| {
            let phone = row.phone.as_deref();
            Ok(AwaitedVoid {
                village_id: row.village_id,
                command_id: row.command_id,
                fingerprint: place("fingerprint").hash(&row.fingerprint)?,
                pickup_no: place("pickup_no").document(&row.pickup_no)?,
                actor: place("actor").actor(&row.actor)?,
                voided_at: place("voided_at").instant(row.voided_at)?,
                phone: phone.map(|note| place("phone").json(note)).transpose()?,
                reason: row.reason,
                kept_at: place("kept_at").instant(row.kept_at)?,
            })
        })
        .collect()
}

/// Keeps voids until their pickups come; one that waits already goes on waiting as it is.
///
/// # Errors
/// As the engine says.
pub(crate) async fn keep<'v>(
    tx: &mut Tx<'_>,
    voids: impl Iterator<Item = &'v AwaitedVoid>,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(AWAITED_VOID.columns.iter().map(|(_, kind)| *kind));
    for void in voids {
        let phone = void.phone.as_ref();
        let phone = phone.map(|note| serde_json::to_string(note).unwrap_or_default());
        rows.push([
            Cell::Int(void.village_id),
            Cell::Uuid(void.command_id),
            Cell::from(void.fingerprint.0.as_slice()),
            Cell::from(void.pickup_no.as_str()),
            Cell::from(void.actor.to_string()),
            Cell::Int(void.voided_at.as_microsecond()),
            Cell::from(phone),
            Cell::from(void.reason.as_str()),
            Cell::Int(void.kept_at.as_microsecond()),
        ]);
    }
    insert(tx, &[(&AWAITED_VOID, rows)]).await
}

const FORGET: &str = "
delete from awaited_void
where (village_id, command_id) in (
    select village_id, command_id
    from awaited_void
    where kept_at < $1
    order by kept_at
    limit $2
)
returning village_id
";

/// Forgets what waits since before an instant, the oldest first, at most so many.
///
/// # Errors
/// As the engine says.
pub(crate) async fn forget(
    tx: &mut Tx<'_>,
    before: Timestamp,
    rows_max: i64,
) -> Result<(), StoreError> {
    let before = before.as_microsecond();
    let _gone: Vec<(i64,)> = run!(tx, connection => sqlx::query_as(FORGET).bind(before).bind(rows_max).fetch_all(connection))?;
    Ok(())
}

const TAKE_AWAY: &str = "
delete from awaited_void
where village_id = $1
    and command_id = $2
";

/// Takes a void away that waits no more.
///
/// # Errors
/// As the engine says.
pub(crate) async fn take_away(
    tx: &mut Tx<'_>,
    (village_id, command_id): (i64, Uuid),
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        sqlx::query(TAKE_AWAY).bind(village_id).bind(command_id).execute(connection).await.map(drop)
    })
}
