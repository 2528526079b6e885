//! The database: SQL only. Nothing above this layer writes SQL, and nothing in here decides anything.
//!
//! One text serves both engines; what differs is in `engine.rs` and `dialect.rs`.

pub(crate) mod balance;
pub(crate) mod charge;
pub(crate) mod column;
pub(crate) mod dialect;
pub(crate) mod document;
pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod flush;
pub(crate) mod guard;
pub(crate) mod household;
pub(crate) mod journal;
pub(crate) mod migrate;
pub(crate) mod price_list;
pub(crate) mod report;
pub(crate) mod statement;
pub(crate) mod verify;
pub(crate) mod village;

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::store::engine::{Connected, Readers, Tx};
use crate::store::error::StoreError;
use crate::store::migrate::Address;

/// An opened database: connections that read, and perhaps the one that writes.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    readers: Readers,
}

/// The connection that writes, with the lock that keeps a second writer of the same file out.
#[derive(Debug)]
pub(crate) struct Writer {
    address: Address,
    connection: Connected,
    _lock: Option<File>,
}

impl Store {
    /// Opens a database for reading.
    ///
    /// # Errors
    /// [`StoreError::Incompatible`], [`StoreError::Unreachable`].
    pub(crate) async fn open(address: &Address) -> Result<Store, StoreError> {
        let readers = match address {
            Address::Sqlite(path) => migrate::open_sqlite_readers(path).await?,
            Address::Postgres(url) => migrate::open_postgres_readers(url).await?,
        };
        Ok(Store { readers })
    }

    /// Begins a reading transaction, which sees one state of the books.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn read(&self) -> Result<Tx<'static>, StoreError> {
        self.readers.begin().await
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
    }
}

impl Writer {
    /// Opens a database for writing.
    ///
    /// # Errors
    /// [`StoreError::WriterExists`], [`StoreError::Incompatible`], [`StoreError::Unreachable`].
    pub(crate) async fn open(address: Address) -> Result<Writer, StoreError> {
        let (connection, lock) = match &address {
            Address::Sqlite(path) => {
                let lock = lock_writer(path)?;
                (migrate::open_sqlite_writer(path).await?, Some(lock))
            }
            Address::Postgres(url) => (migrate::open_postgres_writer(url).await?, None),
        };
        Ok(Writer {
            address,
            connection,
            _lock: lock,
        })
    }

    /// Begins a writing transaction; a connection that was lost is opened again first.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        if let Address::Postgres(url) = &self.address
            && !self.connection.is_alive().await
        {
            self.connection = migrate::open_postgres_writer(url).await?;
        }
        self.connection.begin().await
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await
    }
}

/// Takes the lock that the one writing process of a file holds. It is on a file beside the database: closing any handle of the database
/// itself would drop SQLite's own locks.
fn lock_writer(path: &Path) -> Result<File, StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let opened = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside);
    let file =
        opened.map_err(|error| StoreError::Unreachable(format!("{}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::WriterExists(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::Unreachable(format!(
            "{}: {error}",
            path.display()
        ))),
    }
}
