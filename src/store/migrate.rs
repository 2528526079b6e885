//! Opening databases: whose they are, which schema they have, and bringing that to the program's.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};

use crate::store::engine::{Connected, Readers};
use crate::store::error::{Incompatible, StoreError};
use crate::store::guard;

/// Every migration: number, name, text for SQLite, text for PostgreSQL. Forward only, never edited after a release.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "books",
        include_str!("../../migrations/sqlite/0001_books.sql"),
        include_str!("../../migrations/postgres/0001_books.sql"),
    ),
    (
        2,
        "journal",
        include_str!("../../migrations/sqlite/0002_journal.sql"),
        include_str!("../../migrations/postgres/0002_journal.sql"),
    ),
    (
        3,
        "scheme",
        include_str!("../../migrations/sqlite/0003_scheme.sql"),
        include_str!("../../migrations/postgres/0003_scheme.sql"),
    ),
    (
        4,
        "access",
        include_str!("../../migrations/sqlite/0004_access.sql"),
        include_str!("../../migrations/postgres/0004_access.sql"),
    ),
    (
        5,
        "phones",
        include_str!("../../migrations/sqlite/0005_phones.sql"),
        include_str!("../../migrations/postgres/0005_phones.sql"),
    ),
    (
        6,
        "contacts",
        include_str!("../../migrations/sqlite/0006_contacts.sql"),
        include_str!("../../migrations/postgres/0006_contacts.sql"),
    ),
    (
        7,
        "publications",
        include_str!("../../migrations/sqlite/0007_publications.sql"),
        include_str!("../../migrations/postgres/0007_publications.sql"),
    ),
];

/// The schema this program knows.
pub(crate) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// `PRAGMA application_id` of a jinfu database: "jinf".
const APPLICATION_ID: i64 = 1_785_294_438;

/// The first SQLite without the WAL-reset bug.
const SQLITE_LEAST: (u32, u32, u32) = (3, 51, 3);

/// Where a database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(String),
}

impl FromStr for Address {
    type Err = Incompatible;

    fn from_str(text: &str) -> Result<Address, Incompatible> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Address::Postgres(text.to_owned()));
        }
        match text
            .strip_prefix("sqlite:")
            .map(|path| path.trim_start_matches("//"))
        {
            Some(path) if !path.is_empty() && !path.starts_with(':') => {
                Ok(Address::Sqlite(PathBuf::from(path)))
            }
            // The address of a server holds its password, so it is never repeated whole.
            Some(_) | None => Err(Incompatible::Address(
                text.split('@').next_back().unwrap_or_default().to_owned(),
            )),
        }
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL syncs the log at every commit; NORMAL loses acknowledged commits in a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        // Without it, INSERT OR REPLACE deletes rows behind the back of delete triggers.
        .pragma("recursive_triggers", "on")
        .pragma("trusted_schema", "off")
        .pragma("cell_size_check", "on")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        // The system keeps the rest of the file; with a million pickups a larger one costs more memory than the service may have.
        .pragma("cache_size", "-32768")
        // Longer than the log usually gets, since cutting it holds up the writer.
        .pragma("journal_size_limit", "268435456")
        // Whoever writes the books copies the log back before that, see `checkpoint.rs`. From here on each commit tries to as well.
        .pragma("wal_autocheckpoint", "64000")
}

fn migrator(
    text: impl Fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str,
) -> Migrator {
    let migration = |row: &(i64, &'static str, &'static str, &'static str)| {
        Migration::new(
            row.0,
            row.1.into(),
            MigrationType::Simple,
            AssertSqlSafe(text(row)).into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Opens the connection that writes to a file. The caller holds the file's writer lock.
pub(crate) async fn open_sqlite_writer(path: &Path) -> Result<Connected, StoreError> {
    let is_new = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    let found = if is_new {
        0
    } else {
        sqlite_schema(path).await?
    };
    if found > SCHEMA {
        return Err(Incompatible::Newer {
            found,
            known: SCHEMA,
        }
        .into());
    }
    if !path.exists() {
        create_for_owner(path);
    }
    let options = sqlite_options(path).create_if_missing(true);
    let opened = SqliteConnection::connect_with(&options).await;
    let mut connection = opened.map_err(|error| refine_open_error(error, path))?;
    check_library(&mut connection).await?;
    if found < SCHEMA {
        if found > 0 {
            back_up_before_migration(&mut connection, path).await?;
        }
        let migrated = migrator(|row| row.2)
            .run_direct(None, &mut connection, false)
            .await;
        migrated.map_err(|error| StoreError::Engine(error.to_string()))?;
        tracing::info!(schema = SCHEMA, "the database has this program's schema");
    }
    Ok(Connected::Sqlite(connection))
}

/// Opens a connection that copies the log of a file whose schema is known.
pub(crate) async fn connect_checkpointer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let opened = SqliteConnection::connect_with(&sqlite_options(path)).await;
    opened.map_err(|error| refine_open_error(error, path))
}

/// Makes an empty file that only its owner reads, since hashes of passwords will be in it; SQLite gives the files beside it the same rights. Where it
/// cannot be made, opening it tells why.
fn create_for_owner(path: &Path) {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return,
    };
    // Such files are for their owner only.
    let unnamed = tempfile::NamedTempFile::new_in(folder);
    let named = unnamed.and_then(|unnamed| Ok(unnamed.persist_noclobber(path)?));
    if let Err(error) = named {
        tracing::debug!(%error, "the file was not made beforehand");
    }
}

/// A copy beside the file, so that an upgrade can always be taken back. It gets its name when it is whole: what was left of an attempt that was
/// cut off would be in the way of the next.
async fn back_up_before_migration(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let counted = sqlx::query_as("select count(*) from village");
    let (villages,): (i64,) = counted.fetch_one(&mut *connection).await?;
    if villages == 0 {
        return Ok(());
    }
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".before-schema-{SCHEMA}"));
    let beside = path.parent().filter(|folder| folder.is_dir());
    let unnamed = tempfile::NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))?;
    sqlx::query("vacuum into $1")
        .bind(unnamed.path().to_string_lossy().into_owned())
        .execute(connection)
        .await?;
    unnamed.as_file().sync_all()?;
    unnamed.persist(copy).map_err(|error| error.error)?;
    Ok(())
}

/// Opens connections that read a file beside whoever writes to it.
pub(crate) async fn open_sqlite_readers(path: &Path) -> Result<Readers, StoreError> {
    if !path.exists() {
        return Err(Incompatible::Absent(path.display().to_string()).into());
    }
    check_schema(sqlite_schema(path).await?)?;
    let options = sqlite_options(path)
        .read_only(true)
        .pragma("query_only", "on")
        // There are several, and the system keeps pages as well.
        .pragma("cache_size", "-16384");
    let opened = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await;
    let pool = opened.map_err(|error| refine_open_error(error, path))?;
    let mut connection = pool.acquire().await?;
    check_library(&mut connection).await?;
    drop(connection);
    Ok(Readers::Sqlite(pool))
}

fn check_schema(found: i64) -> Result<(), Incompatible> {
    match found.cmp(&SCHEMA) {
        std::cmp::Ordering::Less => Err(Incompatible::Older {
            found,
            known: SCHEMA,
        }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Incompatible::Newer {
            found,
            known: SCHEMA,
        }),
    }
}

/// SQLite's code for a file that is no database.
const SQLITE_NOT_A_DATABASE: &str = "26";

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
fn refine_open_error(error: sqlx::Error, path: &Path) -> StoreError {
    let shown = path.display().to_string();
    match &error {
        sqlx::Error::Database(database)
            if database.code().as_deref() == Some(SQLITE_NOT_A_DATABASE) =>
        {
            Incompatible::Foreign(shown).into()
        }
        sqlx::Error::Database(database) if database.code().as_deref() == Some("14") => {
            StoreError::Unreachable(shown)
        }
        _ => error.into(),
    }
}

async fn check_library(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let (version,): (String,) = sqlx::query_as("select sqlite_version()")
        .fetch_one(connection)
        .await?;
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < SQLITE_LEAST {
        return Err(Incompatible::OldSqlite(version).into());
    }
    Ok(())
}

/// The schema of a file; refuses a file that is not ours. It is asked before the file is opened with our settings, since turning on the log
/// would change a file of another application.
async fn sqlite_schema(path: &Path) -> Result<i64, StoreError> {
    let foreign = || StoreError::from(Incompatible::Foreign(path.display().to_string()));
    let looked = match look_at(path, true).await {
        // Somebody was cut off while the file was new: what was half-written must be rolled back before anybody can read it.
        Err(error) if is_to_be_rolled_back(&error) => look_at(path, false).await,
        looked => looked,
    };
    let (application, schema, tables) = looked.map_err(|error| refine_open_error(error, path))?;
    match (application, tables) {
        (APPLICATION_ID, _) => Ok(schema),
        // Somebody began a book and was cut off before the first migration was whole.
        (0, 0) => Ok(0),
        _ => Err(foreign()),
    }
}

/// What a file says of itself: whose it is, its schema, and how many tables it has.
async fn look_at(path: &Path, read_only: bool) -> Result<(i64, i64, i64), sqlx::Error> {
    let plain = SqliteConnectOptions::new()
        .filename(path)
        .read_only(read_only);
    let mut connection = SqliteConnection::connect_with(&plain).await?;
    let read = sqlx::query_as(
        "select application_id, user_version from pragma_application_id, pragma_user_version",
    );
    let (application, schema): (i64, i64) = read.fetch_one(&mut connection).await?;
    let counted =
        sqlx::query_as("select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'");
    let (tables,): (i64,) = counted.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok((application, schema, tables))
}

/// SQLite's code for a file with a journal that has to be rolled back, and that was opened for reading only.
const SQLITE_READONLY_ROLLBACK: &str = "776";

fn is_to_be_rolled_back(error: &sqlx::Error) -> bool {
    let database = error.as_database_error();
    let code = database.and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some(SQLITE_READONLY_ROLLBACK)
}

// Tables are counted while they are empty, and the planner then reads them whole for years. A plan that it is told to avoid looks so
// expensive to it that it would compile it first.
//
// A session that lost its client must not keep the lock of a village: it ends when nothing comes, and a peer that answers no probe is gone.
// Nothing ends it by force from outside, since that would also end its waiting for a standby, and pass a commit off for safe.
const SESSION: &str = "
select set_config('enable_seqscan', 'off', false),
    set_config('jit', 'off', false),
    set_config('idle_in_transaction_session_timeout', $1, false),
    set_config('lock_timeout', $2, false),
    set_config('tcp_user_timeout', $1, false),
    set_config('tcp_keepalives_idle', $3, false),
    set_config('tcp_keepalives_interval', $3, false),
    set_config('tcp_keepalives_count', '3', false)
";

/// Opens the connection that writes to a server.
pub(crate) async fn open_postgres_writer(
    url: &str,
    patience: Duration,
) -> Result<Connected, StoreError> {
    let mut connection = connect_to_primary(url).await?;
    check_schema(postgres_schema(&mut connection).await?)?;
    let milliseconds = |length: Duration| length.as_millis().to_string();
    sqlx::query(SESSION)
        .bind(milliseconds(patience))
        .bind(milliseconds(patience / 2))
        .bind(patience.as_secs().max(1).to_string())
        .execute(&mut connection)
        .await?;
    Ok(Connected::Postgres(connection))
}

async fn connect_to_primary(url: &str) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::connect_with(&postgres_options(url)?)
        .await
        .map_err(|error| unreachable(&error))?;
    let asked = sqlx::query_as("select pg_is_in_recovery()");
    let (is_standby,): (bool,) = asked.fetch_one(&mut connection).await?;
    if is_standby {
        return Err(StoreError::Standby);
    }
    Ok(connection)
}

/// Brings a server's database to this program's schema, as the owner of its tables, and gives a role what the application needs.
pub(crate) async fn migrate_postgres(
    url: &str,
    application_role: Option<&str>,
) -> Result<(), StoreError> {
    let mut connection = connect_to_primary(url).await?;
    let found = postgres_schema(&mut connection).await?;
    if found < SCHEMA {
        let migrated = migrator(|row| row.3)
            .run_direct(None, &mut connection, false)
            .await;
        migrated.map_err(|error| StoreError::Engine(error.to_string()))?;
    } else {
        check_schema(found)?;
    }
    if let Some(role) = application_role {
        guard::grant(&mut connection, role).await?;
    }
    connection.close().await?;
    Ok(())
}

/// Opens connections that read from a server.
pub(crate) async fn open_postgres_readers(url: &str) -> Result<Readers, StoreError> {
    let options = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(2));
    let mut connection = PgConnection::connect_with(&postgres_options(url)?)
        .await
        .map_err(|error| unreachable(&error))?;
    check_schema(postgres_schema(&mut connection).await?)?;
    connection.close().await?;
    Ok(Readers::Postgres(
        options.connect_lazy_with(postgres_options(url)?),
    ))
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let parsed = PgConnectOptions::from_str(url);
    let options = parsed
        .map_err(|error| StoreError::Incompatible(Incompatible::Address(error.to_string())))?;
    Ok(options.application_name("jinfu"))
}

fn unreachable(error: &sqlx::Error) -> StoreError {
    StoreError::Unreachable(error.to_string())
}

async fn postgres_schema(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let looked_up = sqlx::query_as(
        "select count(*) from pg_tables where tablename = '_sqlx_migrations' and schemaname = current_schema()",
    );
    let (tables,): (i64,) = looked_up.fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(0);
    }
    let read =
        sqlx::query_as("select coalesce(max(version), 0) from _sqlx_migrations where success");
    let (version,): (i64,) = read.fetch_one(connection).await?;
    Ok(version)
}
