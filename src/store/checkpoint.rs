//! Copying the log of SQLite back into its file beside the writer, so that no answer waits for it.
//!
//! Another connection copies what was committed and syncs the file, which takes longest, while the writer goes on. What came meanwhile is little: the
//! writer copies that itself between two batches, and its next transaction begins the log anew. Nothing that is in the log only is lost with the
//! process or its power at any of these steps, as the log is not begun anew before the file is synced.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::task::JoinHandle;

use crate::store::error::StoreError;
use crate::store::migrate::connect_checkpointer;

/// How many pages the log holds before it is copied back, unless it is opened otherwise: more of them make fewer copies of the same page, and a longer
/// start after a crash.
pub(crate) const LOG_PAGES: u32 = 24_000;
/// How long after a look at the log the next one is due: a look costs a tenth of a small commit.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Which part of such a log the writer copies itself.
const SHORT: i64 = 24;
/// How often the copying is repeated at most for what came in the meantime.
const ROUNDS_MAX: usize = 3;

/// How far the copying of a file's log has come.
#[derive(Debug)]
pub(crate) struct Checkpointing {
    path: PathBuf,
    log_pages: i64,
    state: State,
    /// When the log was last looked at.
    looked_at: Option<Instant>,
}

#[derive(Debug)]
enum State {
    /// Nothing is being done; there is a connection if it was needed before.
    Idle(Option<Copier>),
    /// The other connection looks at the log, and copies it if it is long.
    Copying(JoinHandle<Result<Copied, StoreError>>),
}

/// What the other connection is given back with.
#[derive(Debug)]
struct Copied {
    copier: Copier,
    /// Whether the log was long, and the file now has nearly all of it.
    is_due: Result<bool, StoreError>,
}

impl Checkpointing {
    /// Of the log of a file, from so many pages on.
    pub(crate) fn new(path: &Path, log_pages: u32) -> Checkpointing {
        Checkpointing {
            path: path.to_owned(),
            log_pages: log_pages.into(),
            state: State::Idle(None),
            looked_at: None,
        }
    }

    /// Goes on after a commit, without waiting for the other connection; `writer` is in no transaction.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if the file could not be written or synced: what it holds is unknown then, and only a new process may go on. Otherwise as
    /// the engine says; the log stays as it is, and is looked at again.
    pub(crate) async fn proceed(
        &mut self,
        writer: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        let is_recent = |at: Instant| at.elapsed() < LOOK_EVERY;
        match std::mem::replace(&mut self.state, State::Idle(None)) {
            State::Copying(copying) if copying.is_finished() => {
                let Copied { copier, is_due } = ended(copying).await?;
                self.state = State::Idle(Some(copier));
                if is_due? {
                    checkpoint(writer).await?;
                }
            }
            State::Idle(copier) if !self.looked_at.is_some_and(is_recent) => {
                self.looked_at = Some(Instant::now());
                let copying = copy_if_due(copier, self.path.clone(), self.log_pages);
                self.state = State::Copying(tokio::spawn(copying));
            }
            waiting @ (State::Idle(_) | State::Copying(_)) => self.state = waiting,
        }
        Ok(())
    }

    /// Waits for the other connection and closes it. The writer is closed after it, and copies the rest.
    ///
    /// # Errors
    /// As [`Checkpointing::proceed`].
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        let copier = match self.state {
            State::Idle(copier) => copier,
            State::Copying(copying) => {
                let Copied { copier, is_due } = ended(copying).await?;
                is_due?;
                Some(copier)
            }
        };
        match copier {
            Some(copier) => Ok(copier.connection.close().await?),
            None => Ok(()),
        }
    }
}

async fn ended(copying: JoinHandle<Result<Copied, StoreError>>) -> Result<Copied, StoreError> {
    let ended = copying.await;
    ended.map_err(|error| StoreError::Engine(error.to_string()))?
}

/// The connection that copies.
#[derive(Debug)]
struct Copier {
    connection: SqliteConnection,
    /// To sync the file while the log is written on; opened when it is needed first. It is never closed: that would drop the locks that SQLite holds
    /// on the file for this whole process.
    file: Option<&'static File>,
}

impl Copier {
    async fn open(path: &Path) -> Result<Copier, StoreError> {
        Ok(Copier {
            connection: connect_checkpointer(path).await?,
            file: None,
        })
    }

    /// Copies the log if it is long, and again what came meanwhile, until the rest is short.
    async fn copy_if_due(&mut self, path: &Path, log_pages: i64) -> Result<bool, StoreError> {
        let short = log_pages / SHORT;
        let mut log = look(&mut self.connection).await?;
        let is_due = log.pages >= log_pages && log.rest() > short;
        for _ in 0..ROUNDS_MAX {
            if !is_due || log.rest() <= short {
                break;
            }
            checkpoint(&mut self.connection).await?;
            self.sync(path).await?;
            log = look(&mut self.connection).await?;
        }
        Ok(is_due)
    }

    async fn sync(&mut self, path: &Path) -> Result<(), StoreError> {
        let file: &'static File = match self.file {
            Some(file) => file,
            None => Box::leak(Box::new(File::options().write(true).open(path)?)),
        };
        self.file = Some(file);
        let synced = tokio::task::spawn_blocking(|| file.sync_data()).await;
        let synced = synced.map_err(|error| StoreError::Engine(error.to_string()))?;
        synced.map_err(|error| StoreError::Broken(error.to_string()))
    }
}

async fn copy_if_due(
    copier: Option<Copier>,
    path: PathBuf,
    log_pages: i64,
) -> Result<Copied, StoreError> {
    let mut copier = match copier {
        Some(copier) => copier,
        None => Copier::open(&path).await?,
    };
    let is_due = copier.copy_if_due(&path, log_pages).await;
    Ok(Copied { copier, is_due })
}

/// The log of a file.
#[derive(Clone, Copy)]
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    const fn rest(self) -> i64 {
        self.pages.saturating_sub(self.copied)
    }
}

async fn look(connection: &mut SqliteConnection) -> Result<Log, StoreError> {
    let asked = sqlx::query_as("pragma wal_checkpoint(noop)");
    let (_, pages, copied): (i64, i64, i64) = asked.fetch_one(connection).await?;
    Ok(Log { pages, copied })
}

/// Copies as far as no reader is in the way; waits for nobody. It syncs the file only if it reached the end of the log.
async fn checkpoint(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("pragma wal_checkpoint(passive)")
        .execute(connection)
        .await?;
    Ok(())
}
