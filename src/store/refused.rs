//! Commands that were refused and that a person saw refused: no part of the books, so that neither `verify` nor an export knows them.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::seal::Hash;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, insert, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const REFUSED_COMMAND: Table = Table {
    name: "refused_command",
    columns: &[
        ("village_id", Kind::Int),
        ("command_id", Kind::Uuid),
        ("fingerprint", Kind::Bytes),
        ("facts", Kind::Text),
        ("refused_at", Kind::Int),
    ],
    key: 2,
    conflict: Conflict::Replace(&["fingerprint", "facts", "refused_at"]),
};

/// A command that was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// Digest of its non-personal content.
    pub(crate) fingerprint: Hash,
    /// The facts of the refusal, its code among them.
    pub(crate) facts: Map<String, Value>,
    /// When it was refused.
    pub(crate) at: Timestamp,
}

const FIND_REFUSED: &str = "
select
    r.village_id,
    r.command_id,
    r.fingerprint,
    r.facts,
    r.refused_at
from {keys} as k
cross join refused_command as r
where r.village_id = k.k0
    and r.command_id = k.k1
";

/// The commands of the given ids that were refused before.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    ids: &[(i64, Uuid)],
) -> Result<Vec<(i64, Uuid, Refused)>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Uuid]);
    for (village_id, id) in ids {
        keys.push([Cell::Int(*village_id), Cell::Uuid(*id)]);
    }
    let rows: Vec<(i64, Uuid, Vec<u8>, String, i64)> =
        select_keyed(tx, FIND_REFUSED, &keys).await?;
    rows.into_iter()
        .map(|(village_id, id, fingerprint, facts, at)| {
            let refused = Refused {
                fingerprint: Place("refused_command", "fingerprint").hash(&fingerprint)?,
                facts: Place("refused_command", "facts").json(&facts)?,
                at: Place("refused_command", "refused_at").instant(at)?,
            };
            Ok((village_id, id, refused))
        })
        .collect()
}

/// Keeps refusals, each in place of what was kept under its id.
///
/// # Errors
/// As the engine says.
pub(crate) async fn keep<'r>(
    tx: &mut Tx<'_>,
    refused: impl Iterator<Item = (i64, Uuid, &'r Refused)>,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(REFUSED_COMMAND.columns.iter().map(|(_, kind)| *kind));
    for (village_id, id, refused) in refused {
        rows.push([
            Cell::Int(village_id),
            Cell::Uuid(id),
            Cell::from(refused.fingerprint.0.as_slice()),
            Cell::from(serde_json::to_string(&refused.facts).unwrap_or_default()),
            Cell::Int(refused.at.as_microsecond()),
        ]);
    }
    insert(tx, &[(&REFUSED_COMMAND, rows)]).await
}

const FORGET: &str = "
delete from refused_command
where (village_id, command_id) in (
    select village_id, command_id
    from refused_command
    where refused_at < $1
    order by refused_at
    limit $2
)
returning village_id
";

/// Forgets what was refused before an instant, the oldest first, at most so many.
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
