//! The record of who signed in, who was refused and who read personal details: written once, never changed.

use sqlx::FromRow;
use uuid::Uuid;

use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

/// The table: what is written there stays.
pub(crate) const TABLE: &str = "audit_event";

/// One thing that somebody did. The instant is microseconds; the id is in the order of time.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct AuditRow {
    pub(crate) id: Uuid,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) village_code: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) is_allowed: i64,
    pub(crate) trace_id: String,
}

const INSERT: &str = "
insert into audit_event (id, at, actor, action, village_code, subject, is_allowed, trace_id)
values ($1, $2, $3, $4, $5, $6, $7, $8)
";

/// Writes it down.
///
/// # Errors
/// As the engine says.
pub(crate) async fn insert(tx: &mut Tx<'_>, row: &AuditRow) -> Result<(), StoreError> {
    run!(tx, connection => async {
        let query = sqlx::query(INSERT)
            .bind(row.id)
            .bind(row.at)
            .bind(&row.actor)
            .bind(&row.action)
            .bind(&row.village_code)
            .bind(&row.subject)
            .bind(row.is_allowed)
            .bind(&row.trace_id);
        query.execute(connection).await.map(drop)
    })
}

const LIST: &str = "
select id, at, actor, action, village_code, subject, is_allowed, trace_id
from audit_event
where id > $1
order by id
limit $2
";

/// What was written behind an id, in order.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    run!(tx, connection => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(connection))
}
