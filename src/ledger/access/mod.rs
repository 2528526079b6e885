//! Who may use the books: accounts and their sessions, tokens, the cards of households, the phones of collectors, and the record of what they did.
//!
//! None of it is part of the books. Secrets are kept as digests only. What is written here goes over a connection of its own, so that an account can
//! be added while the service runs.

mod accounts;
mod audit;
mod error;
mod hasher;
mod households;
mod phones;
mod secret;
mod sessions;
mod throttle;
mod tokens;

use std::sync::Mutex as Held;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::clock::{Chance, Clock};
pub use crate::ledger::access::accounts::{AccountRecord, NewAccount};
pub use crate::ledger::access::audit::{AuditRecord, Deed};
pub use crate::ledger::access::error::AccessError;
use crate::ledger::access::hasher::Hasher;
pub use crate::ledger::access::households::{Card, StoppedPhone};
pub use crate::ledger::access::phones::{Heard, PhoneRecord};
pub use crate::ledger::access::secret::Secret;
use crate::ledger::access::sessions::Lately;
pub use crate::ledger::access::sessions::{Recognised, SignedIn};
use crate::ledger::access::throttle::Throttle;
pub use crate::ledger::access::tokens::{NewToken, TokenRecord};
use crate::ledger::{Error, Trouble};
use crate::store::Store;
use crate::store::engine::{Connected, Tx};
use crate::store::error::StoreError;
use crate::store::migrate::{self, Address};

/// Accounts and sessions of a database.
#[derive(Debug)]
pub struct Access {
    store: Store,
    address: Address,
    writing: Mutex<Writing>,
    clock: Clock,
    chance: Chance,
    hasher: Hasher,
    /// Who was recognised within the last seconds.
    seen: Held<Lately>,
    /// Sign-ins of this hour.
    throttle: Throttle,
    /// When what had expired was last removed.
    swept: Held<Option<Timestamp>>,
}

/// The connection that accounts are written over.
#[derive(Debug)]
enum Writing {
    /// It is opened when it is needed.
    Closed,
    Open(Connected),
    /// The disk failed: nothing more is written until the program is started again.
    Broken(String),
}

impl Access {
    /// Opens the accounts of a database that has this program's schema.
    ///
    /// `pepper` is mixed into the PINs of households; without it no household signs in.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn open(
        database: &str,
        clock: Clock,
        chance: Chance,
        pepper: Option<Vec<u8>>,
    ) -> Result<Access, Error> {
        let address: Address = database.parse().map_err(StoreError::from)?;
        let store = Store::open(&address).await?;
        Ok(Access {
            store,
            address,
            writing: Mutex::new(Writing::Closed),
            clock,
            chance,
            hasher: Hasher::new(pepper),
            seen: Held::default(),
            throttle: Throttle::default(),
            swept: Held::default(),
        })
    }

    /// Closes the connections.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; what was answered is committed all the same.
    pub async fn close(&self) -> Result<(), Error> {
        self.store.close().await;
        let mut writing = self.writing.lock().await;
        match std::mem::replace(&mut *writing, Writing::Closed) {
            Writing::Open(connection) => Ok(connection.close().await?),
            broken @ Writing::Broken(_) => {
                *writing = broken;
                Ok(())
            }
            Writing::Closed => Ok(()),
        }
    }

    /// How many passwords and PINs were hashed: work is counted, not timed.
    pub fn hashes(&self) -> u64 {
        self.hasher.count()
    }

    /// The clock that sessions end by.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn read(&self) -> Result<Tx<'static>, AccessError> {
        Ok(self.store.read().await?)
    }

    /// One transaction that writes. What `work` refuses is rolled back, as is what the database cannot do; a connection that met an error is not
    /// used again.
    async fn write<T>(
        &self,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let mut writing = self.writing.lock().await;
        let mut connection = match std::mem::replace(&mut *writing, Writing::Closed) {
            Writing::Open(connection) => connection,
            Writing::Closed => self.connect().await?,
            Writing::Broken(reason) => {
                *writing = Writing::Broken(reason.clone());
                return Err(Trouble::WriterStopped { reason }.into());
            }
        };
        let (ended, is_sound) = transact(&mut connection, work).await;
        *writing = match &ended {
            Err(AccessError::Unavailable(Trouble::DiskFailed { reason })) => {
                // Closing would fold the log into the file by syncs that may claim success for pages that were lost.
                std::mem::forget(connection);
                Writing::Broken(reason.clone())
            }
            _ if is_sound => Writing::Open(connection),
            _ => Writing::Closed,
        };
        ended
    }

    async fn connect(&self) -> Result<Connected, StoreError> {
        match &self.address {
            Address::Sqlite(path) => migrate::open_sqlite_writer(path).await,
            Address::Postgres(url) => {
                migrate::open_postgres_writer(url, crate::store::PATIENCE).await
            }
        }
    }
}

/// Does some work in a transaction, and tells whether the connection can be used again.
async fn transact<T>(
    connection: &mut Connected,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, AccessError>,
) -> (Result<T, AccessError>, bool) {
    let mut tx = match connection.begin().await {
        Ok(tx) => tx,
        Err(error) => return (Err(error.into()), false),
    };
    match work(&mut tx).await {
        Ok(done) => match tx.commit().await {
            Ok(()) => (Ok(done), true),
            Err(error) => (Err(error.into()), false),
        },
        Err(refused) => {
            let is_undone = tx.rollback().await.is_ok();
            let is_sound = is_undone && !matches!(refused, AccessError::Unavailable(_));
            (Err(refused), is_sound)
        }
    }
}
