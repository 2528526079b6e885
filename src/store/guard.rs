//! Who may change what: the triggers that keep the journal as it was written, and the rights that the application needs on a server.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::verify::{JOURNAL, PROJECTIONS};
use crate::store::{access, audit, awaited, household, journal, refused};

const SQLITE_TRIGGERS: &str = "
select name
from sqlite_schema
where type = 'trigger'
";

// A trigger that is not 'always' on is off for whoever takes the part of a replica.
const POSTGRES_TRIGGERS: &str = "
select t.tgname::text
from pg_trigger as t
join pg_class as c
    on c.oid = t.tgrelid
where not t.tgisinternal
    and t.tgenabled = 'A'
    and c.relnamespace = current_schema()::regnamespace
";

/// The triggers that a migration made and that are no longer there, by table.
///
/// # Errors
/// As the engine says.
pub(crate) async fn missing(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, String)>, StoreError> {
    let journal = |against_more| ["no_update", "no_delete", against_more];
    let (sql, journal, private): (_, _, &[&str]) = match tx {
        Tx::Sqlite(_) => (SQLITE_TRIGGERS, journal("keep"), &["no_update", "keep"]),
        Tx::Postgres(_) => (POSTGRES_TRIGGERS, journal("no_truncate"), &["no_update"]),
    };
    let there: Vec<(String,)> = run!(tx, connection => sqlx::query_as(sql).fetch_all(connection))?;
    let there: BTreeSet<String> = there.into_iter().map(|(name,)| name).collect();
    let guards = JOURNAL
        .iter()
        .flat_map(|table| journal.map(|guard| (*table, guard)))
        .chain(
            private
                .iter()
                .map(|guard| (journal::ENTRY_PRIVATE.name, *guard)),
        )
        .chain([(journal::JOURNAL_ENTRY.name, "open_month")])
        .chain(journal.map(|guard| (audit::TABLE, guard)))
        .map(|(table, guard)| (table, format!("{table}_{guard}")));
    Ok(guards.filter(|(_, name)| !there.contains(name)).collect())
}

/// Gives the application's role what it needs and nothing else: the journal is read and added to, projections are written, personal details
/// may be erased as well, refusals forgotten, voids that wait taken away.
///
/// # Errors
/// As the engine says; nothing is granted then.
pub(crate) async fn grant(connection: &mut PgConnection, role: &str) -> Result<(), StoreError> {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let journal = JOURNAL.join(", ");
    let projections: Vec<&str> = PROJECTIONS.iter().map(|table| table.name).collect();
    let projections = projections.join(", ");
    let (private, person, refused, awaited) = (
        journal::ENTRY_PRIVATE.name,
        household::HOUSEHOLD_PERSON.name,
        refused::REFUSED_COMMAND.name,
        awaited::AWAITED_VOID.name,
    );
    let access = access::TABLES.join(", ");
    let schema = "select quote_ident(current_schema())";
    let (schema,): (String,) = sqlx::query_as(schema).fetch_one(&mut *connection).await?;
    let mut tx = connection.begin().await?;
    for statement in [
        format!("revoke all on all tables in schema {schema} from {role}"),
        format!("grant usage on schema {schema} to {role}"),
        format!("grant select on all tables in schema {schema} to {role}"),
        format!("grant insert on {journal} to {role}"),
        format!("grant insert, update on {projections} to {role}"),
        format!("grant insert, delete on {private} to {role}"),
        format!("grant insert, update, delete on {person}, {refused}, {awaited} to {role}"),
        format!("grant insert, update, delete on {access} to {role}"),
        format!("grant insert on {} to {role}", audit::TABLE),
    ] {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}
