//! Villages whose projections an older program wrote: which they are, and replacing a village's projections by those that its journal makes.

use crate::domain::facts::Book;
use crate::store::dialect::{clear_table, insert};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::verify::PROJECTIONS;
use crate::store::{flush, household, village};

const COUNT_STALE: &str = "
select count(*)
from stale_village
";

/// How many villages wait for their projections to be rebuilt.
///
/// # Errors
/// As the engine says.
pub(crate) async fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (count,): (i64,) =
        run!(tx, connection => sqlx::query_as(COUNT_STALE).fetch_one(connection))?;
    Ok(count)
}

const FIRST_STALE: &str = "
select s.village_id, v.code
from stale_village as s
join village as v
    on v.village_id = s.village_id
order by s.village_id
limit 1
";

/// The next village to rebuild: its key and its code as it stands.
///
/// # Errors
/// As the engine says.
pub(crate) async fn first(tx: &mut Tx<'_>) -> Result<Option<(i64, String)>, StoreError> {
    run!(tx, connection => sqlx::query_as(FIRST_STALE).fetch_optional(connection))
}

/// Takes away what a village's journal does not need to be read: every projection but the village and its head, which rows of the journal refer
/// to, and the details of people, which may have been erased and must not come back.
///
/// # Errors
/// As the engine says.
pub(crate) async fn clear(tx: &mut Tx<'_>, village_id: i64) -> Result<(), StoreError> {
    let kept = [
        village::VILLAGE.name,
        village::VILLAGE_HEAD.name,
        household::HOUSEHOLD_PERSON.name,
    ];
    for table in PROJECTIONS {
        if !kept.contains(&table.name) {
            clear_table(tx, table, village_id).await?;
        }
    }
    Ok(())
}

/// Writes what a part of the journal makes of a village that was cleared.
///
/// # Errors
/// As the engine says.
pub(crate) async fn write(
    tx: &mut Tx<'_>,
    village_id: i64,
    book: &mut Book,
) -> Result<(), StoreError> {
    insert(tx, &flush::rows_of_rebuilt(village_id, book)).await
}

const FRESH: &str = "
delete from stale_village
where village_id = $1
returning village_id
";

/// A village is as this program writes it.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_fresh(tx: &mut Tx<'_>, village_id: i64) -> Result<(), StoreError> {
    let _gone: Vec<(i64,)> =
        run!(tx, connection => sqlx::query_as(FRESH).bind(village_id).fetch_all(connection))?;
    Ok(())
}
