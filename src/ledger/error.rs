//! Why the ledger did not do what was asked: the scheme refused it, or the database could not.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::Refusal;
use crate::store::error::{Incompatible, StoreError};

/// An error of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// The rules refuse it; nothing was booked.
    Refused(Box<Refusal>),
    /// It was refused before under the same id, by the facts of this refusal; nothing was booked, and nothing is decided anew.
    RefusedBefore(Box<Map<String, Value>>),
    /// A void that a phone brought waits for what this refusal names; nothing was booked yet.
    Waits(Box<Refusal>),
    /// The database could not do it.
    Unavailable(Trouble),
}

/// What is the matter with the database. The sentences are in `text/*.ftl` under `trouble-<code>`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]
pub enum Trouble {
    /// The address is of no database.
    AddressUnknown { address: String },
    /// There is no such database file.
    DatabaseAbsent { path: String },
    /// The file belongs to something else.
    NotOurs { path: String },
    /// The schema is newer than the program.
    SchemaNewer { found: i64, known: i64 },
    /// The schema is older than the program, or there is none.
    SchemaOlder { found: i64, known: i64 },
    /// The projections of villages are of an older program and not rebuilt yet.
    NotRebuilt { villages: i64 },
    /// The journal of a village is not as it was written, so its projections are not rebuilt from it.
    RebuildRefused {
        village: Box<str>,
        table: Box<str>,
        row: Box<str>,
        column: Box<str>,
        expected: Box<str>,
        found: Box<str>,
    },
    /// The SQLite library is too old to be trusted.
    SqliteTooOld { version: String },
    /// Another process writes to the file.
    WriterExists { path: String },
    /// The database cannot be reached.
    Unreachable { reason: String },
    /// The server is a standby, which takes no writes.
    Standby,
    /// The database stayed busy; nothing was booked.
    Busy { reason: String },
    /// More commands wait than are answered soon; nothing was booked.
    QueueFull,
    /// The disk is full; nothing was booked.
    DiskFull { reason: String },
    /// The database holds what the program never writes.
    Corrupt {
        table: String,
        column: String,
        value: String,
    },
    /// The disk failed, or the file is damaged.
    DiskFailed { reason: String },
    /// It is not known whether it was booked: ask again with the same id.
    OutcomeUnknown { reason: String },
    /// The writer met a failure of the disk and takes nothing more until the program is started again.
    WriterStopped { reason: String },
    /// Something else; nothing was booked.
    Failed { reason: String },
}

impl Trouble {
    /// The trouble by name: its code and its facts.
    pub fn facts(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(facts)) => facts,
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

impl Error {
    /// What it was refused by, with its code, whether now or before, or what it waits for.
    pub fn refused_by(&self) -> Option<Map<String, Value>> {
        match self {
            Error::Refused(refusal) | Error::Waits(refusal) => Some(refusal.facts()),
            Error::RefusedBefore(facts) => Some(facts.as_ref().clone()),
            Error::Unavailable(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) | Error::Waits(refusal) => refusal.fmt(f),
            Error::RefusedBefore(facts) => write!(f, "{}", Value::Object(facts.as_ref().clone())),
            Error::Unavailable(trouble) => write!(f, "{}", Value::Object(trouble.facts())),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(Box::new(refusal))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::Unavailable(match error {
            StoreError::Conflict(reason)
            | StoreError::Engine(reason)
            | StoreError::NoMemory(reason) => Trouble::Failed { reason },
            StoreError::Busy(reason) => Trouble::Busy { reason },
            StoreError::Full(reason) => Trouble::DiskFull { reason },
            StoreError::Broken(reason) => Trouble::DiskFailed { reason },
            StoreError::Standby => Trouble::Standby,
            StoreError::Corrupt {
                table,
                column,
                value,
            } => Trouble::Corrupt {
                table: table.to_owned(),
                column: column.to_owned(),
                value,
            },
            StoreError::Unreachable(reason) => Trouble::Unreachable { reason },
            StoreError::WriterExists(path) => Trouble::WriterExists { path },
            StoreError::Incompatible(incompatible) => match incompatible {
                Incompatible::Address(address) => Trouble::AddressUnknown { address },
                Incompatible::Absent(path) => Trouble::DatabaseAbsent { path },
                Incompatible::Foreign(path) => Trouble::NotOurs { path },
                Incompatible::Newer { found, known } => Trouble::SchemaNewer { found, known },
                Incompatible::Older { found, known } => Trouble::SchemaOlder { found, known },
                Incompatible::Stale(villages) => Trouble::NotRebuilt { villages },
                Incompatible::OldSqlite(version) => Trouble::SqliteTooOld { version },
            },
        })
    }
}
