//! Databases that are measured: copies of a file or of a database of the own server, gone when dropped.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;

use jinfu::clock::{Chance, Clock};
use jinfu::ledger::{Ledger, Limits};
use tempfile::TempDir;

use crate::villages::{NOW, instant};

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/it/harness/postgres.rs"]
mod postgres;

/// Every commit is on disk before it is answered, as on a real server.
const POSTGRES_SETTINGS: &[&str] = &[
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
    "max_connections=50",
];

/// A database of its own.
pub(crate) struct Database {
    pub(crate) url: String,
    name: Option<String>,
    folder: Option<TempDir>,
}

impl Database {
    /// An SQLite file that is not there yet.
    pub(crate) fn file() -> Database {
        let folder = tempfile::tempdir().unwrap();
        Database {
            url: format!("sqlite:{}", folder.path().join("books.db").display()),
            name: None,
            folder: Some(folder),
        }
    }

    /// A copy of an SQLite file, on disk before anything is measured.
    pub(crate) fn file_like(template: &Database) -> Database {
        let database = Database::file();
        std::fs::copy(template.path(), database.path()).unwrap();
        File::open(database.path()).unwrap().sync_all().unwrap();
        database
    }

    /// An empty database of the server, if there are server binaries on this machine.
    pub(crate) async fn server() -> Option<Database> {
        if !postgres::is_there() {
            return None;
        }
        let name = postgres::create_database("template1").await;
        let owner = postgres::url(postgres::OWNER, &name);
        let role = Some(postgres::APPLICATION);
        Ledger::migrate(&owner, role).await.unwrap();
        Some(Database::named(name))
    }

    /// A copy of a database of the server.
    pub(crate) async fn server_like(template: &Database) -> Database {
        let template = template.name.as_deref().unwrap();
        Database::named(postgres::create_database(template).await)
    }

    fn named(name: String) -> Database {
        Database {
            url: postgres::url(postgres::APPLICATION, &name),
            name: Some(name),
            folder: None,
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix("sqlite:").unwrap())
    }

    /// Opens the books as the program does.
    pub(crate) async fn open(&self) -> Ledger {
        let clock = Clock::fixed(instant(NOW));
        Ledger::open(&self.url, clock, Chance::seeded(1))
            .await
            .unwrap()
    }

    /// Opens the books with a transaction for each command.
    pub(crate) async fn open_one_by_one(&self) -> Ledger {
        let clock = Clock::fixed(instant(NOW));
        let limits = Limits {
            batch_max: NonZeroUsize::MIN,
            ..Limits::default()
        };
        Ledger::open_within(&self.url, clock, Chance::seeded(1), limits)
            .await
            .unwrap()
    }

    /// Gives the database back.
    pub(crate) async fn drop(self) {
        if let Some(name) = &self.name {
            postgres::drop_database(name).await;
        }
        drop(self.folder);
    }
}
