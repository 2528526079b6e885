//! The database: SQL only. Nothing above this layer writes SQL, and nothing in here decides anything.
//!
//! One text serves both engines; what differs is in `engine.rs`, `dialect.rs` and `bulk.rs`, and in how databases are opened and guarded.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod awaited;
pub(crate) mod balance;
pub(crate) mod bulk;
pub(crate) mod cash;
pub(crate) mod cell;
pub(crate) mod charge;
pub(crate) mod checkpoint;
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
pub(crate) mod month;
pub(crate) mod one_time;
pub(crate) mod phone;
pub(crate) mod pickup;
pub(crate) mod pickup_line;
pub(crate) mod price_list;
pub(crate) mod refused;
pub(crate) mod region;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod stale;
pub(crate) mod statement;
pub(crate) mod verify;
pub(crate) mod village;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::store::checkpoint::Checkpointing;
use crate::store::engine::{Connected, Readers, Tx};
use crate::store::error::{Incompatible, StoreError};
use crate::store::migrate::Address;

/// An opened database: connections that read, and perhaps the one that writes.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    readers: Readers,
}

/// How long a server may say nothing before it is taken for lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The connection that writes, with the lock that keeps a second writer of the same file out.
#[derive(Debug)]
pub(crate) struct Writer {
    address: Address,
    connection: Option<Connected>,
    /// Whether the connection met an error after which nobody knows in which state it is.
    is_distrusted: bool,
    patience: Duration,
    lock: Option<File>,
    /// Of the log of a file.
    checkpointing: Option<Checkpointing>,
}

impl Store {
    /// Opens a database for reading.
    ///
    /// # Errors
    /// [`StoreError::Incompatible`], also where projections are not rebuilt yet, [`StoreError::Unreachable`].
    pub(crate) async fn open(address: &Address) -> Result<Store, StoreError> {
        let readers = match address {
            Address::Sqlite(path) => migrate::open_sqlite_readers(path).await?,
            Address::Postgres(url) => migrate::open_postgres_readers(url).await?,
        };
        let store = Store { readers };
        let mut tx = store.read().await?;
        refuse_stale(&mut tx).await?;
        tx.rollback().await?;
        Ok(store)
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
    /// Opens a database for writing. The log of a file is copied back when it holds `log_pages`.
    ///
    /// # Errors
    /// [`StoreError::WriterExists`], [`StoreError::Incompatible`], [`StoreError::Unreachable`], [`StoreError::Standby`].
    pub(crate) async fn open(
        address: Address,
        patience: Duration,
        log_pages: u32,
    ) -> Result<Writer, StoreError> {
        let (lock, checkpointing) = match &address {
            Address::Sqlite(path) => {
                let lock = lock_writer(path)?;
                (Some(lock), Some(Checkpointing::new(path, log_pages)))
            }
            Address::Postgres(_) => (None, None),
        };
        let mut writer = Writer {
            address,
            connection: None,
            is_distrusted: false,
            patience,
            lock,
            checkpointing,
        };
        writer.connection = Some(writer.connect().await?);
        Ok(writer)
    }

    async fn connect(&self) -> Result<Connected, StoreError> {
        match &self.address {
            Address::Sqlite(path) => migrate::open_sqlite_writer(path).await,
            Address::Postgres(url) => {
                let connect = migrate::open_postgres_writer(url, self.patience);
                engine::unless_silent(Some(self.patience), connect).await
            }
        }
    }

    /// How long a conversation over this connection may be silent; none on SQLite, whose calls end by themselves.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self.address {
            Address::Sqlite(_) => None,
            Address::Postgres(_) => Some(self.patience),
        }
    }

    /// Makes sure that there is a connection to write on: one that met an error is replaced.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub(crate) async fn reconnect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_some() && !self.is_distrusted {
            return Ok(());
        }
        let fresh = self.connect().await?;
        let old = self.connection.replace(fresh);
        self.is_distrusted = false;
        // On SQLite the old connection is closed after the new one is open: the last one to close would take the index of the log with it,
        // and there may be no room to make another.
        if let Some(old) = old {
            drop(old.close().await);
        }
        Ok(())
    }

    /// Refuses a server whose villages are not all rebuilt; whoever owns its tables does that by migrating.
    ///
    /// # Errors
    /// [`Incompatible::Stale`], otherwise as the engine says.
    pub(crate) async fn refuse_stale(&mut self) -> Result<(), StoreError> {
        let patience = self.patience();
        let mut tx = self.begin().await?;
        engine::unless_silent(patience, refuse_stale(&mut tx)).await?;
        engine::unless_silent(patience, tx.rollback()).await
    }

    /// Whether the database is a file, which whoever opens it brings to this program's schema.
    pub(crate) const fn is_file(&self) -> bool {
        matches!(self.address, Address::Sqlite(_))
    }

    /// Begins a writing transaction.
    ///
    /// # Errors
    /// As the engine says; the connection is then to be distrusted.
    pub(crate) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        let patience = self.patience();
        match &mut self.connection {
            Some(connection) => engine::unless_silent(patience, connection.begin()).await,
            None => Err(StoreError::Unreachable("there is no connection".to_owned())),
        }
    }

    /// Lets the log of a file be copied back, if it is long; called between transactions, after the answers.
    ///
    /// # Errors
    /// As [`Checkpointing::proceed`].
    pub(crate) async fn checkpoint(&mut self) -> Result<(), StoreError> {
        match (&mut self.checkpointing, &mut self.connection) {
            (Some(checkpointing), Some(Connected::Sqlite(connection))) if !self.is_distrusted => {
                checkpointing.proceed(connection).await
            }
            _ => Ok(()),
        }
    }

    /// Never writes on the present connection again. SQLite may have rolled back by itself, so that the next statement would be committed
    /// alone; a server may still be at work on what it was told, and a connection that is dropped ends that.
    pub(crate) fn distrust(&mut self) {
        match self.address {
            Address::Sqlite(_) => self.is_distrusted = true,
            Address::Postgres(_) => self.connection = None,
        }
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn close(mut self) -> Result<(), StoreError> {
        let patience = self.patience();
        if let Some(checkpointing) = self.checkpointing.take()
            && let Err(error) = checkpointing.close().await
        {
            tracing::error!(%error, "the log was not copied back");
            if matches!(error, StoreError::Broken(_)) {
                self.abandon();
                return Err(error);
            }
        }
        match self.connection {
            Some(connection) => engine::unless_silent(patience, connection.close()).await,
            None => Ok(()),
        }
    }

    /// Leaves everything as it is until the process ends: after a failed sync, closing would fold the log into the file by syncs that may
    /// claim success for pages that were lost. The lock stays too, so only a new process, which reads what the disk has, writes again.
    pub(crate) fn abandon(self) {
        std::mem::forget(self.connection);
        if let Some(checkpointing) = self.checkpointing {
            checkpointing.abandon();
        }
        std::mem::forget(self.lock);
    }
}

/// Books whose projections are of an older program are not whole yet.
async fn refuse_stale(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    match stale::count(tx).await? {
        0 => Ok(()),
        villages => Err(Incompatible::Stale(villages).into()),
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
