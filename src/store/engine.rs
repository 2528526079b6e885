//! The two engines behind one transaction type. `run!` writes a query once and types it for each.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, Postgres, Sqlite, Transaction};

use crate::store::error::StoreError;

/// An open transaction on either engine.
#[derive(Debug)]
pub(crate) enum Tx<'c> {
    /// On the embedded engine.
    Sqlite(Transaction<'c, Sqlite>),
    /// On the server.
    Postgres(Transaction<'c, Postgres>),
}

/// Runs one sqlx expression on whichever engine the transaction is; the expression is typed once for each.
macro_rules! run {
    ($tx:expr, $connection:ident => $query:expr) => {
        match $tx {
            $crate::store::engine::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $query.await.map_err($crate::store::error::StoreError::from)
            }
            $crate::store::engine::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $query.await.map_err($crate::store::error::StoreError::from)
            }
        }
    };
}
pub(crate) use run;

impl Tx<'_> {
    /// Commits. Never called after an error.
    ///
    /// # Errors
    /// As the engine says; the outcome is then unknown.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await.map_err(StoreError::from),
            Tx::Postgres(tx) => tx.commit().await.map_err(StoreError::from),
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.rollback().await.map_err(StoreError::from),
            Tx::Postgres(tx) => tx.rollback().await.map_err(StoreError::from),
        }
    }
}

/// The one connection that writes.
#[derive(Debug)]
pub(crate) enum Connected {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the server.
    Postgres(PgConnection),
}

impl Connected {
    /// Begins a writing transaction. On SQLite it takes the write lock at once: a reader that upgrades fails instead of waiting.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        match self {
            Connected::Sqlite(connection) => {
                Ok(Tx::Sqlite(connection.begin_with("BEGIN IMMEDIATE").await?))
            }
            Connected::Postgres(connection) => Ok(Tx::Postgres(connection.begin().await?)),
        }
    }

    /// Closes the connection in good order; on SQLite that folds the log back into the file.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        match self {
            Connected::Sqlite(connection) => connection.close().await.map_err(StoreError::from),
            Connected::Postgres(connection) => connection.close().await.map_err(StoreError::from),
        }
    }
}

/// Waits for a conversation with a server for as long as it goes on, and gives it up after that long without a sign of life; the connection
/// must then be dropped. A conversation with SQLite has no such bound: its calls run to their end whether or not somebody waits.
///
/// # Errors
/// [`StoreError::Unreachable`] after the silence, else as the conversation ends.
pub(crate) async fn unless_silent<T>(
    patience: Option<Duration>,
    talk: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let Some(patience) = patience else {
        return talk.await;
    };
    let mut talk = pin!(talk);
    let mut silence = tokio::time::interval_at(tokio::time::Instant::now() + patience, patience);
    poll_fn(|context| {
        if let Poll::Ready(end) = talk.as_mut().poll(context) {
            return Poll::Ready(end);
        }
        if silence.poll_tick(context).is_ready() {
            let reason = format!("the server said nothing for {patience:?}");
            return Poll::Ready(Err(StoreError::Unreachable(reason)));
        }
        // Whatever woke the conversation was a sign of life.
        silence.reset();
        if silence.poll_tick(context).is_ready() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}

/// The connections that read.
#[derive(Clone, Debug)]
pub(crate) enum Readers {
    /// Of the file.
    Sqlite(SqlitePool),
    /// Of the server.
    Postgres(PgPool),
}

impl Readers {
    /// Begins a reading transaction: one snapshot, so that a report cannot disagree with itself.
    ///
    /// # Errors
    /// As the engine says.
    pub(crate) async fn begin(&self) -> Result<Tx<'static>, StoreError> {
        match self {
            Readers::Sqlite(pool) => Ok(Tx::Sqlite(pool.begin().await?)),
            Readers::Postgres(pool) => Ok(Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            )),
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
    }
}
