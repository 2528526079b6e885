//! The ledger: commands in, answers out, and the questions that can be asked of the books. Every door goes through here.

pub mod access;
mod awaited;
mod batch;
pub mod clearing;
pub mod custody;
pub mod directory;
mod error;
mod facts;
pub mod figures;
mod gather;
mod held;
pub mod months;
pub mod payout;
pub mod phone;
mod queue;
mod rebuild;
mod refused;
mod region;
mod room;
pub mod service;
pub mod statement;
mod station;
mod thread;
mod transfer;
pub mod verify;
mod writer;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::{Chance, Clock};
use crate::domain::report::{MonthReport, Sealed, Subject, month_report};
use crate::domain::{Month, Refusal, Request, Village, VillageCode};
pub use crate::ledger::error::{Error, Trouble};
use crate::ledger::figures::WriterFigures;
pub use crate::ledger::queue::Pending;
pub use crate::ledger::refused::Keeping;
pub use crate::ledger::transfer::Rejected;
pub use crate::ledger::writer::Answer;
use crate::ledger::writer::{BATCH_MAX, QUEUE_MAX, Waiting, WriterTask};
use crate::store::checkpoint::LOG_PAGES;
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::migrate::{self, Address};
use crate::store::{PATIENCE, Store, Writer, month as standings, report, village as villages};

/// The books of a database, opened for reading, or for writing as well.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    clock: Arc<Clock>,
    chance: Arc<Chance>,
    queue: Option<mpsc::Sender<Waiting>>,
    writing: Option<thread::Ending>,
    /// Why the writer stopped for good, once it has.
    stopped: watch::Receiver<Option<String>>,
    figures: Arc<WriterFigures>,
}

/// The limits that the writer works within.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many commands one transaction takes at most.
    pub batch_max: NonZeroUsize,
    /// How long a database server may say nothing before its connection is given up.
    pub patience: Duration,
    /// How many pages of 4 KiB the log of an SQLite file holds before it is copied back into the file.
    pub log_pages: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            batch_max: BATCH_MAX,
            patience: PATIENCE,
            log_pages: LOG_PAGES,
        }
    }
}

impl Ledger {
    /// Opens the books for reading, beside whoever writes to them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is no database of this program's schema.
    pub async fn open_reading(database: &str, clock: Clock) -> Result<Ledger, Error> {
        let address: Address = database.parse().map_err(StoreError::from)?;
        let store = Store::open(&address).await?;
        Ok(Ledger {
            store,
            clock: Arc::new(clock),
            chance: Arc::default(),
            queue: None,
            writing: None,
            stopped: watch::channel(None).1,
            figures: Arc::default(),
        })
    }

    /// Opens the books for writing; an SQLite file is created or brought to this program's schema, after a backup, a PostgreSQL database
    /// must have it already.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn open(database: &str, clock: Clock, chance: Chance) -> Result<Ledger, Error> {
        Ledger::open_within(database, clock, chance, Limits::default()).await
    }

    /// Opens the books for writing within limits of the caller's choice: what group commit is worth is measured against a bound of one command.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn open_within(
        database: &str,
        clock: Clock,
        chance: Chance,
        limits: Limits,
    ) -> Result<Ledger, Error> {
        let address: Address = database.parse().map_err(StoreError::from)?;
        let (clock, chance) = (Arc::new(clock), Arc::new(chance));
        let (stop, stopped) = watch::channel(None);
        let figures = Arc::<WriterFigures>::default();
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let own = (
            Arc::clone(&clock),
            Arc::clone(&chance),
            Arc::clone(&figures),
        );
        let task = move |writer| {
            let (clock, chance, figures) = own;
            WriterTask::new(writer, clock, chance, limits.batch_max, stop, figures)
        };
        let writing = thread::start(address.clone(), limits, task, waiting).await?;
        let store = Store::open(&address).await?;
        Ok(Ledger {
            store,
            clock,
            chance,
            queue: Some(queue),
            writing: Some(writing),
            stopped,
            figures,
        })
    }

    /// Brings a database to this program's schema and rebuilds the projections that an older program wrote, each village in a transaction of
    /// its own; what was done stays done if it is cut off. On PostgreSQL it is given as the owner of the tables sees it, and the role that the
    /// application works as may be named: it gets the rights to add to the journal, and none to change it. SQLite has no roles.
    ///
    /// # Errors
    /// [`Error::Unavailable`], with [`Trouble::RebuildRefused`] for a journal that is not as it was written.
    pub async fn migrate(database: &str, application_role: Option<&str>) -> Result<(), Error> {
        let address: Address = database.parse().map_err(StoreError::from)?;
        if let Address::Postgres(url) = &address {
            migrate::migrate_postgres(url, application_role).await?;
        }
        let mut writer = Writer::open(address, PATIENCE, LOG_PAGES).await?;
        rebuild::rebuild_stale(&mut writer).await?;
        writer.close().await?;
        Ok(())
    }

    /// Answers what was accepted, then closes the books.
    ///
    /// # Errors
    /// [`Trouble::WriterStopped`] if the writer had stopped before; [`Error::Unavailable`] if the database could not be closed in good order;
    /// what was answered is committed all the same.
    pub async fn close(mut self) -> Result<(), Error> {
        self.store.close().await;
        self.queue = None;
        let Some(writing) = self.writing.take() else {
            return Ok(());
        };
        let closed = writing.await;
        if self.stopped.borrow().is_some() {
            return Err(self.stop());
        }
        match closed {
            Ok(closed) => Ok(closed?),
            Err(_) => Err(thread::gone()),
        }
    }

    /// Ends when the writer has stopped for good, because the disk failed, and gives the reason. The process should then end, so that what
    /// is started in its place reads what the disk really has.
    pub async fn stopped(&self) -> Error {
        let mut stopped = self.stopped.clone();
        if self.queue.is_none() {
            std::future::pending::<()>().await;
        }
        // A writer that went without a word has stopped as well.
        drop(stopped.wait_for(Option::is_some).await);
        self.stop()
    }

    /// Whether the writer has stopped for good.
    pub fn has_stopped(&self) -> bool {
        self.stopped.borrow().is_some()
    }

    /// The answer of a writer that has stopped.
    fn stop(&self) -> Error {
        let reason = self.stopped.borrow().clone();
        Error::Unavailable(Trouble::WriterStopped {
            reason: reason.unwrap_or_else(|| "the writer has stopped".to_owned()),
        })
    }

    /// The clock of the ledger.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the ledger's ids come from.
    pub fn chance(&self) -> &Chance {
        &self.chance
    }

    /// Decides commands one after the other as [`Ledger::submit`] would, and writes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rehearse(&self, requests: &[Request]) -> Result<Vec<Answer>, Error> {
        writer::rehearse(&self.store, &self.clock, &self.chance, requests).await
    }

    /// The report of a month as it stands in the books.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::BeforeOpening`], [`Refusal::MonthNotBegun`].
    pub async fn report(&self, code: &VillageCode, month: Month) -> Result<MonthReport, Error> {
        let mut tx = self.store.read().await?;
        let (id, village) = find_village(&mut tx, code).await?;
        if month < village.opening_month {
            let opening_month = village.opening_month;
            return Err(Refusal::BeforeOpening {
                at: month.to_string(),
                opening_month,
            }
            .into());
        }
        if month > Month::at(self.clock.now()) {
            return Err(Refusal::MonthNotBegun { month }.into());
        }
        let figures = report::load(&mut tx, id, month).await?;
        let materials = villages::load_materials(&mut tx, &[id]).await?;
        let materials = materials
            .into_iter()
            .map(|(_, code, material)| (code, material))
            .collect();
        let standing = standings::load(&mut tx, &[id]).await?;
        let standing = standing.into_iter().find(|(_, at, _)| *at == month);
        tx.rollback().await?;
        let subject = Subject {
            village: code,
            name: &village.name,
            township: &village.township,
            materials: &materials,
        };
        let mut report = month_report(&subject, month, &figures);
        report.sealed = standing.and_then(|(_, _, standing)| Sealed::of(&standing));
        Ok(report)
    }

    /// The village of a code, or the only village of the database.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::WhichVillage`] if no code is given and there are several.
    pub async fn village(
        &self,
        code: Option<&VillageCode>,
    ) -> Result<(VillageCode, Village), Error> {
        let mut tx = self.store.read().await?;
        let code = if let Some(code) = code {
            code.clone()
        } else {
            let mut codes = villages::list_codes(&mut tx)
                .await?
                .into_iter()
                .map(|(code, _)| code);
            match (codes.next(), codes.next()) {
                (Some(only), None) => only,
                (None, _) => return Err(Refusal::NoVillageYet.into()),
                (Some(_), Some(_)) => return Err(Refusal::WhichVillage.into()),
            }
        };
        let (_, village) = find_village(&mut tx, &code).await?;
        tx.rollback().await?;
        Ok((code, village))
    }

    /// The hash of the last entry of a village.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn head(&self, code: &VillageCode) -> Result<crate::domain::facts::Head, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let head = villages::read_heads(&mut tx, &[id]).await?.remove(&id);
        tx.rollback().await?;
        head.ok_or_else(|| {
            Refusal::VillageUnknown {
                village: code.clone(),
            }
            .into()
        })
    }
}

/// A village of the database with its surrogate key.
async fn find_village(tx: &mut Tx<'_>, code: &VillageCode) -> Result<(i64, Village), Error> {
    let unknown = || {
        Error::from(Refusal::VillageUnknown {
            village: code.clone(),
        })
    };
    let found = villages::find_ids(tx, std::slice::from_ref(code)).await?;
    let id = found.first().map(|(_, id)| *id).ok_or_else(unknown)?;
    let village = villages::load(tx, &[id])
        .await?
        .pop()
        .map(|(_, village)| village);
    village.map(|village| (id, village)).ok_or_else(unknown)
}
