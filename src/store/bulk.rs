//! Reading many rows at once. On SQLite they come as one JSON text: handing over a row cell by cell, between threads, costs several times what it
//! costs to find it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow};

use crate::domain::seal::from_hex;
use crate::store::dialect::Cell;
use crate::store::engine::Tx;
use crate::store::error::StoreError;

/// Bytes of a column, which come as hexadecimal digits where rows come as JSON.
#[derive(Clone, Debug, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text)
            .map(Bytes)
            .ok_or_else(|| de::Error::custom("not hexadecimal"))
    }
}

/// Selects rows in the order of the text. `packed` names the columns of a row in the order of its fields, bytes as `hex(…)`; what is bound is
/// numbers and texts.
///
/// # Errors
/// As the engine says.
pub(crate) async fn select<T>(
    tx: &mut Tx<'_>,
    sql: &str,
    packed: &str,
    binds: &[Cell],
) -> Result<Vec<T>, StoreError>
where
    T: DeserializeOwned + Send + Unpin + for<'r> FromRow<'r, PgRow>,
{
    match tx {
        Tx::Sqlite(tx) => {
            let sql = format!("select json_group_array(json_array({packed})) from ({sql})");
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for bind in binds {
                query = if let Cell::Int(number) = bind {
                    query.bind(*number)
                } else {
                    query.bind(bind.to_string())
                };
            }
            let (rows,): (String,) = query.fetch_one(&mut **tx).await?;
            unpack(&rows)
        }
        Tx::Postgres(tx) => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql.to_owned()));
            for bind in binds {
                query = if let Cell::Int(number) = bind {
                    query.bind(*number)
                } else {
                    query.bind(bind.to_string())
                };
            }
            Ok(query.fetch_all(&mut **tx).await?)
        }
    }
}

/// Reads rows that came as one JSON text.
pub(crate) fn unpack<T: DeserializeOwned>(rows: &str) -> Result<Vec<T>, StoreError> {
    serde_json::from_str(rows).map_err(|error| StoreError::Engine(error.to_string()))
}
