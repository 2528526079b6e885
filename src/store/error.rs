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
    /// The machine, or the server, has no memory left.
    #[error("there is no memory left: {0}")]
    NoMemory(String),
    /// The disk failed or the file is damaged: what was written may not be what will be read.
    #[error("the disk or the database file failed: {0}")]
    Broken(String),
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
    /// The server follows another one and takes no writes.
    #[error("the database server is a standby")]
    Standby,
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
    /// Projections of so many villages are of an older program.
    #[error("the projections of {0} villages are not rebuilt yet")]
    Stale(i64),
    /// The SQLite library is older than the first one without the WAL-reset bug.
    #[error("SQLite {0} is older than 3.51.3")]
    OldSqlite(String),
}

impl From<Incompatible> for StoreError {
    fn from(incompatible: Incompatible) -> StoreError {
        StoreError::Incompatible(incompatible)
    }
}

impl StoreError {
    /// Whether the error says something about one statement and its rows, and nothing about the connection or the machine: the transaction
    /// can be rolled back, and a batch without the guilty command may succeed.
    pub(crate) const fn is_of_a_statement(&self) -> bool {
        matches!(
            self,
            StoreError::Conflict(_) | StoreError::Corrupt { .. } | StoreError::Engine(_)
        )
    }

    /// What a PostgreSQL server says, by its five-character code.
    fn of_postgres(code: &str, said: String) -> StoreError {
        match code {
            // A serialization failure, a deadlock, a lock that was not to be had, a statement that somebody cancelled.
            "40001" | "40P01" | "55P03" | "57014" => StoreError::Busy(said),
            "53100" => StoreError::Full(said),
            "53200" => StoreError::NoMemory(said),
            // Input or output failed; data or an index is corrupted.
            "58030" | "XX001" | "XX002" => StoreError::Broken(said),
            // The server ends the session, takes no more, or has become a standby under our feet.
            "25006" | "25P03" | "25P04" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" => {
                StoreError::Unreachable(said)
            }
            // Integrity constraints, and what functions and triggers raise.
            code if code.starts_with("23") || code.starts_with("P0") => StoreError::Conflict(said),
            code if code.starts_with("08") => StoreError::Unreachable(said),
            _ => StoreError::Engine(said),
        }
    }

    /// What SQLite says, by its extended result code, which carries the primary one in its low byte.
    fn of_sqlite(code: i64, said: String) -> StoreError {
        const IOERR_NOMEM: i64 = 3_082;
        const IOERR_SHMSIZE: i64 = 4_874;
        match (code, code & 0xff) {
            (IOERR_NOMEM, _) | (_, 7) => StoreError::NoMemory(said),
            // The index of the log could not grow; it holds nothing that has to last.
            (IOERR_SHMSIZE, _) | (_, 13) => StoreError::Full(said),
            // BUSY and LOCKED.
            (_, 5 | 6) => StoreError::Busy(said),
            // IOERR, CORRUPT and NOTADB.
            (_, 10 | 11 | 26) => StoreError::Broken(said),
            // CANTOPEN.
            (_, 14) => StoreError::Unreachable(said),
            // CONSTRAINT, whether of a table or raised by a trigger.
            (_, 19) => StoreError::Conflict(said),
            _ => StoreError::Engine(said),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        let is_full = matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        );
        if is_full {
            StoreError::Full(error.to_string())
        } else {
            StoreError::Unreachable(error.to_string())
        }
    }
}

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
                // A code of PostgreSQL has five characters, one of SQLite is a number below 10,000.
                match code.parse() {
                    Ok(number) if code.len() < 5 => StoreError::of_sqlite(number, said),
                    Ok(_) | Err(_) => StoreError::of_postgres(&code, said),
                }
            }
            // A conversation that makes no sense is as good as none.
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed => StoreError::Unreachable(said),
            _ => StoreError::Engine(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_sqlite_has_its_kind() {
        let kind = |code| match StoreError::of_sqlite(code, String::new()) {
            StoreError::Conflict(_) => "conflict",
            StoreError::Busy(_) => "busy",
            StoreError::Full(_) => "full",
            StoreError::NoMemory(_) => "no memory",
            StoreError::Broken(_) => "broken",
            StoreError::Unreachable(_) => "unreachable",
            StoreError::Engine(_) => "engine",
            StoreError::Corrupt { .. }
            | StoreError::Standby
            | StoreError::Incompatible(_)
            | StoreError::WriterExists(_) => "no code",
        };
        let kinds = [
            (&[19, 275, 787, 1_299, 1_555, 1_811, 2_067][..], "conflict"),
            // BUSY_RECOVERY, BUSY_SNAPSHOT, LOCKED_SHAREDCACHE among them.
            (&[5, 6, 261, 517, 262], "busy"),
            (&[13, 4_874], "full"),
            (&[7, 3_082], "no memory"),
            // IOERR with READ, SHORT_READ, WRITE and FSYNC, CORRUPT, CORRUPT_INDEX, NOTADB.
            (&[10, 266, 522, 778, 1_034, 11, 779, 26], "broken"),
            (&[14, 526], "unreachable"),
            (&[1, 8, 18, 20, 23], "engine"),
        ];
        for (codes, expected) in kinds {
            for code in codes {
                assert_eq!(kind(*code), expected, "{code}");
            }
        }
    }
}
