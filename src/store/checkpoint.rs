//! Copying the log of SQLite back into its file beside the writer, so that no answer waits for it.
//!
//! Another connection copies what was committed and syncs the file, which takes longest, while the writer goes on. What came meanwhile is little: the
//! writer copies that itself between two batches, and its next transaction begins the log anew. Nothing that is in the log only is lost with the
//! process or its power at any of these steps, as the log is not begun anew before the file is synced.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, FromRow};
use tokio::task::JoinHandle;

use crate::store::error::StoreError;
use crate::store::migrate::connect_checkpointer;

/// How many pages the log holds before it is copied back, unless it is opened otherwise: more of them make fewer copies of the same page, and a longer
/// start after a crash.
pub(crate) const LOG_PAGES: u32 = 24_000;
/// From which part of such a log on the rest is too long for the writer, where a reader keeps it from ending.
const REST_MOST: i64 = 4;
/// How long after a look at the log the next one is due: a look costs a tenth of a small commit.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long after one that failed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Down to which part of such a log the other connection repeats its copying for what came in the meantime.
const REST_AIM: i64 = 96;
/// How often it does at most.
const ROUNDS_MAX: usize = 6;

/// How far the copying of a file's log has come.
#[derive(Debug)]
pub(crate) struct Checkpointing {
    path: PathBuf,
    log_pages: i64,
    state: State,
    /// When the log is to be looked at next.
    next_look: Option<Instant>,
}

#[derive(Debug)]
enum State {
    /// Nothing is being done; there is a connection if it was needed before.
    Idle(Option<Copier>),
    /// The other connection looks at the log, and copies it if it is long.
    Copying(JoinHandle<Result<Copied, StoreError>>),
    /// The writer copies the short rest, after each batch until a reader is no longer in the way.
    Ending(Copier),
}

/// What the other connection is given back with.
#[derive(Debug)]
struct Copied {
    copier: Copier,
    /// Whether the log is long, and the file lacks only a short rest of it.
    is_nearly_done: Result<bool, StoreError>,
}

impl Checkpointing {
    /// Of the log of a file, from so many pages on.
    pub(crate) fn new(path: &Path, log_pages: u32) -> Checkpointing {
        Checkpointing {
            path: path.to_owned(),
            log_pages: log_pages.into(),
            state: State::Idle(None),
            next_look: None,
        }
    }

    /// Goes on after a commit, without waiting for the other connection; `writer` is in no transaction. What the other connection met is told after
    /// the next commit, so an idle service does not hear of it; what was answered is in the log.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if the file could not be written or synced: what it holds is unknown then, and only a new process may go on. Otherwise as
    /// the engine says; the log stays as it is, and is looked at again.
    pub(crate) async fn proceed(
        &mut self,
        writer: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        let proceeded = self.step(writer).await;
        if proceeded.is_err() {
            self.next_look = Instant::now().checked_add(LOOK_AGAIN);
        }
        proceeded
    }

    async fn step(&mut self, writer: &mut SqliteConnection) -> Result<(), StoreError> {
        let is_early = self.next_look.is_some_and(|next| Instant::now() < next);
        match std::mem::replace(&mut self.state, State::Idle(None)) {
            State::Copying(copying) if copying.is_finished() => {
                let copied = ended(copying).await?;
                match copied.is_nearly_done {
                    Ok(true) => self.end(copied.copier, writer).await,
                    Ok(false) => {
                        self.state = State::Idle(Some(copied.copier));
                        Ok(())
                    }
                    Err(error) => {
                        self.state = State::Idle(Some(copied.copier));
                        Err(error)
                    }
                }
            }
            State::Ending(copier) => self.end(copier, writer).await,
            State::Idle(copier) if !is_early => {
                self.next_look = Instant::now().checked_add(LOOK_EVERY);
                let copying = copy(copier, self.path.clone(), self.log_pages);
                self.state = State::Copying(tokio::spawn(copying));
                Ok(())
            }
            waiting @ (State::Idle(_) | State::Copying(_)) => {
                self.state = waiting;
                Ok(())
            }
        }
    }

    /// Copies the rest by the writer, so that nothing is added to it meanwhile. Once nothing is left and nobody reads in the log, the next transaction
    /// begins it anew.
    async fn end(
        &mut self,
        copier: Copier,
        writer: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        let log = checkpoint(writer).await;
        let is_to_go_on = log
            .as_ref()
            .is_ok_and(|log| log.rest() > 0 && log.rest() <= self.log_pages / REST_MOST);
        self.state = if is_to_go_on {
            State::Ending(copier)
        } else {
            State::Idle(Some(copier))
        };
        log.map(drop)
    }

    /// Waits for the other connection and closes it. The writer is closed after it, and copies the rest if nobody else has the file open.
    ///
    /// # Errors
    /// As [`Checkpointing::proceed`].
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        let copier = match self.state {
            State::Idle(copier) => copier,
            State::Ending(copier) => Some(copier),
            State::Copying(copying) => {
                let copied = ended(copying).await?;
                copied.is_nearly_done?;
                Some(copied.copier)
            }
        };
        match copier {
            Some(copier) => Ok(copier.connection.close().await?),
            None => Ok(()),
        }
    }

    /// Lets the other connection begin nothing more.
    pub(crate) fn abandon(self) {
        if let State::Copying(copying) = &self.state {
            copying.abort();
        }
        std::mem::forget(self);
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

    /// Copies the log if it is long, and again what came meanwhile, until the rest is short; tells whether the writer may end it.
    async fn copy(&mut self, path: &Path, log_pages: i64) -> Result<bool, StoreError> {
        let mut log = look(&mut self.connection).await?;
        if log.pages < log_pages {
            return Ok(false);
        }
        for _ in 0..ROUNDS_MAX {
            if log.rest() <= log_pages / REST_AIM {
                break;
            }
            let copied = checkpoint(&mut self.connection).await?;
            if copied.pages < log.pages || copied.rest() > 0 {
                // Somebody else copies, or a reader is in the way: for the writer it would be no short rest.
                return Ok(false);
            }
            self.sync(path).await?;
            log = look(&mut self.connection).await?;
        }
        // Also where nothing is left: a transaction that began before goes on in the same log.
        Ok(true)
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

async fn copy(copier: Option<Copier>, path: PathBuf, log_pages: i64) -> Result<Copied, StoreError> {
    let mut copier = match copier {
        Some(copier) => copier,
        None => Copier::open(&path).await?,
    };
    let is_nearly_done = copier.copy(&path, log_pages).await;
    Ok(Copied {
        copier,
        is_nearly_done,
    })
}

/// The log of a file. Where somebody else was at it, nothing is known of it, and it looks empty.
#[derive(Clone, Copy, FromRow)]
struct Log {
    #[sqlx(rename = "log")]
    pages: i64,
    #[sqlx(rename = "checkpointed")]
    copied: i64,
}

impl Log {
    const fn rest(self) -> i64 {
        self.pages.saturating_sub(self.copied)
    }
}

async fn look(connection: &mut SqliteConnection) -> Result<Log, StoreError> {
    let asked = sqlx::query_as("pragma wal_checkpoint(noop)");
    Ok(asked.fetch_one(connection).await?)
}

/// Copies as far as no reader is in the way; waits for nobody. It syncs the file only if it reached the end of the log.
async fn checkpoint(connection: &mut SqliteConnection) -> Result<Log, StoreError> {
    let done = sqlx::query_as("pragma wal_checkpoint(passive)");
    Ok(done.fetch_one(connection).await?)
}
