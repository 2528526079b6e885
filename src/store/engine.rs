//! The two engines behind one transaction type. `run!` writes a query once and types it for each.

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

    /// Whether the connection still answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        match self {
            Connected::Sqlite(connection) => connection.ping().await.is_ok(),
            Connected::Postgres(connection) => connection.ping().await.is_ok(),
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
