//! What can go wrong between the books and their database, by what the caller can do about it.

use thiserror::Error;

/// An error of the store.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// A uniqueness rule or check of the database refused a row; the meaning is the caller's to know.
    #[error("the database refused a row: {0}")]
    Conflict(String),
    /// Somebody else was in the way; trying again may help.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// There is no room left.
    #[error("the disk is full: {0}")]
    Full(String),
    /// A stored value cannot be what the program wrote.
    #[error("table {table}, column {column} holds {value:?}, which the program never writes")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What was found.
        value: String,
    },
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The database belongs to another application, or to a newer program.
    #[error("{0}")]
    Incompatible(Incompatible),
    /// Another process writes to the same SQLite file.
    #[error("another process writes to {0}")]
    WriterExists(String),
    /// Anything else the engine says.
    #[error("the database failed: {0}")]
    Engine(String),
}

/// Why a database is not opened.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Incompatible {
    /// The address is neither `sqlite:PATH` nor `postgres://…`.
    #[error("{0} is no address of a database")]
    Address(String),
    /// There is no database file.
    #[error("there is no database {0}")]
    Absent(String),
    /// The file is no SQLite database, or one of another application.
    #[error("{0} is not a jinfu database")]
    Foreign(String),
    /// The schema is newer than the program.
    #[error("the database has schema {found}, this program knows {known}")]
    Newer {
        /// The schema of the database.
        found: i64,
        /// The schema of the program.
        known: i64,
    },
    /// The schema is older, or there is none yet.
    #[error("the database has schema {found}, this program needs {known}")]
    Older {
        /// The schema of the database.
        found: i64,
        /// The schema of the program.
        known: i64,
    },
    /// The SQLite library is older than the first one without the WAL-reset bug.
    #[error("SQLite {0} is older than 3.51.3")]
    OldSqlite(String),
}

impl From<Incompatible> for StoreError {
    fn from(incompatible: Incompatible) -> StoreError {
        StoreError::Incompatible(incompatible)
    }
}

/// PostgreSQL's codes for a serialization failure, a deadlock and a lock that was not to be had.
const RETRY_CODES: [&str; 3] = ["40001", "40P01", "55P03"];
/// PostgreSQL's code for a full disk.
const POSTGRES_DISK_FULL: &str = "53100";
/// SQLite's codes (primary results) for a busy or locked database and a full disk.
const SQLITE_BUSY: i64 = 5;
const SQLITE_LOCKED: i64 = 6;
const SQLITE_FULL: i64 = 13;

impl From<sqlx::Error> for StoreError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    fn from(error: sqlx::Error) -> StoreError {
        let said = error.to_string();
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                // Extended results carry the primary one in their low byte.
                let sqlite = code
                    .parse::<i64>()
                    .ok()
                    .filter(|_| code.len() < 5)
                    .map(|code| code & 0xff);
                if database.is_unique_violation()
                    || database.is_check_violation()
                    || database.is_foreign_key_violation()
                {
                    StoreError::Conflict(said)
                } else if RETRY_CODES.contains(&code.as_ref())
                    || matches!(sqlite, Some(SQLITE_BUSY | SQLITE_LOCKED))
                {
                    StoreError::Busy(said)
                } else if code == POSTGRES_DISK_FULL || sqlite == Some(SQLITE_FULL) {
                    StoreError::Full(said)
                } else {
                    StoreError::Engine(said)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed => StoreError::Unreachable(said),
            _ => StoreError::Engine(said),
        }
    }
}
