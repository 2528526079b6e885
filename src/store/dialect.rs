//! Where the two engines' SQL differs: sending many rows in one statement. SQLite reads them with `jsonb_each`, PostgreSQL with `unnest`.
//!
//! SQL is made from pieces here, in `bulk.rs`, `guard.rs` and `migrate.rs` only, and the pieces are constants of the program.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres, Row, Sqlite};
use uuid::Uuid;

use crate::domain::seal::from_hex;
use crate::store::bulk;
pub(crate) use crate::store::cell::Cell;
use crate::store::cell::{as_bytes, as_int, as_text, as_uuid, write_json};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

/// The type of a column that is sent in bulk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A 64-bit integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID.
    Uuid,
}

/// What an insert does about a row that is there already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conflict {
    /// Journal rows: a second one is an error.
    Refuse,
    /// Sums: the named columns are added.
    Add(&'static [&'static str]),
    /// States: the named columns are replaced.
    Replace(&'static [&'static str]),
    /// Details: the named columns are replaced where the new row has a value.
    Fill(&'static [&'static str]),
}

/// A table as rows are written to it.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its columns, the key first.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub(crate) key: usize,
    /// What to do about a row with the same key.
    pub(crate) conflict: Conflict,
}

impl Table {
    /// Whether rows are sums that writing adds to.
    pub(crate) const fn is_sum(&self) -> bool {
        matches!(self.conflict, Conflict::Add(_))
    }

    /// Whether rows, or values of them, may be erased.
    pub(crate) const fn is_erasable(&self) -> bool {
        matches!(self.conflict, Conflict::Fill(_))
    }
}

/// Rows with the same columns, to be sent in one statement.
#[derive(Debug)]
pub(crate) struct Rows {
    kinds: Vec<Kind>,
    cells: Vec<Vec<Cell>>,
}

impl Rows {
    /// No rows yet, of columns of these kinds.
    pub(crate) fn of(kinds: impl IntoIterator<Item = Kind>) -> Rows {
        Rows {
            kinds: kinds.into_iter().collect(),
            cells: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push<const N: usize>(&mut self, row: [Cell; N]) {
        debug_assert_eq!(N, self.kinds.len(), "a row has a cell for each column");
        self.cells.push(row.into());
    }

    /// The rows as they were added.
    pub(crate) fn into_cells(self) -> Vec<Vec<Cell>> {
        self.cells
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows as SQLite reads them: one JSON text.
    fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.cells.len() * self.kinds.len() * 16);
        let mut rows = '[';
        for row in &self.cells {
            json.push(rows);
            rows = ',';
            let mut cells = '[';
            for cell in row {
                json.push(cells);
                cells = ',';
                write_json(cell, &mut json);
            }
            json.push(']');
        }
        json.push(']');
        json
    }

    /// The cells of a column as PostgreSQL reads them: one array.
    fn column<T>(&self, index: usize, read: impl Fn(&Cell) -> Option<T>) -> Vec<Option<T>> {
        self.cells
            .iter()
            .map(|row| row.get(index).and_then(&read))
            .collect()
    }

    /// A select that yields the rows with columns of these names.
    fn source(&self, tx: &Tx<'_>, names: &[&str]) -> String {
        let mut sql = String::from("(select ");
        match tx {
            Tx::Sqlite(_) => {
                for (index, (kind, name)) in self.kinds.iter().zip(names).enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    let written = match kind {
                        Kind::Int | Kind::Text => write!(sql, "{comma}value ->> {index} as {name}"),
                        Kind::Bytes | Kind::Uuid => {
                            write!(sql, "{comma}unhex(value ->> {index}) as {name}")
                        }
                    };
                    written.expect("a string takes any text");
                }
                sql.push_str(" from jsonb_each($1))");
            }
            Tx::Postgres(_) => {
                sql.push_str("* from unnest(");
                for (index, kind) in self.kinds.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    let array = match kind {
                        Kind::Int => "bigint[]",
                        Kind::Text => "text[]",
                        Kind::Bytes => "bytea[]",
                        Kind::Uuid => "uuid[]",
                    };
                    write!(sql, "{comma}${}::{array}", index + 1).expect("a string takes any text");
                }
                write!(sql, ") as sent ({}))", names.join(", ")).expect("a string takes any text");
            }
        }
        sql
    }

    fn bind_postgres<'q>(
        &self,
        mut query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        for (index, kind) in self.kinds.iter().enumerate() {
            query = match kind {
                Kind::Int => query.bind(self.column(index, as_int)),
                Kind::Text => query.bind(self.column(index, as_text)),
                Kind::Bytes => query.bind(self.column(index, as_bytes)),
                Kind::Uuid => query.bind(self.column(index, as_uuid)),
            };
        }
        query
    }
}

/// Names of the key columns of a keyed select.
const KEYS: [&str; 4] = ["k0", "k1", "k2", "k3"];

/// Selects rows for many keys at once. The text names the keys as `{keys}`, a table with columns `k0`, `k1` …; joined with
/// `cross join`, so that SQLite looks each key up instead of reading the table.
///
/// # Errors
/// As the engine says.
pub(crate) async fn select_keyed<T>(
    tx: &mut Tx<'_>,
    sql: &'static str,
    keys: &Rows,
) -> Result<Vec<T>, StoreError>
where
    T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
{
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = KEYS.iter().copied().take(keys.kinds.len()).collect();
    let text = AssertSqlSafe(sql.replace("{keys}", &keys.source(tx, &names)));
    match tx {
        Tx::Sqlite(tx) => {
            let query: QueryAs<'_, Sqlite, T, SqliteArguments> = sqlx::query_as(text);
            Ok(query.bind(keys.to_json()).fetch_all(&mut **tx).await?)
        }
        Tx::Postgres(tx) => {
            let query = keys.bind_postgres(sqlx::query(text));
            let rows = query.fetch_all(&mut **tx).await?;
            Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
        }
    }
}

/// As [`select_keyed`], for many rows: on SQLite they come as one JSON text. `packed` names the columns of a row in the order of its fields.
///
/// # Errors
/// As the engine says.
pub(crate) async fn select_packed<T>(
    tx: &mut Tx<'_>,
    sql: &'static str,
    packed: &'static str,
    keys: &Rows,
) -> Result<Vec<T>, StoreError>
where
    T: DeserializeOwned + Send + Unpin + for<'r> FromRow<'r, PgRow>,
{
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = KEYS.iter().copied().take(keys.kinds.len()).collect();
    let sql = sql.replace("{keys}", &keys.source(tx, &names));
    match tx {
        Tx::Sqlite(tx) => {
            let sql = format!("select json_group_array(json_array({packed})) from ({sql})");
            let query = sqlx::query_as(AssertSqlSafe(sql)).bind(keys.to_json());
            let (rows,): (String,) = query.fetch_one(&mut **tx).await?;
            bulk::unpack(&rows)
        }
        Tx::Postgres(tx) => {
            let query = keys.bind_postgres(sqlx::query(AssertSqlSafe(sql)));
            let rows = query.fetch_all(&mut **tx).await?;
            Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
        }
    }
}

/// Writes rows to their tables in order, one statement a table.
///
/// # Errors
/// [`StoreError::Conflict`] for a journal row that is there already, otherwise as the engine says.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    tables: &[(&'static Table, Rows)],
) -> Result<(), StoreError> {
    let needs_json = matches!(tx, Tx::Sqlite(_));
    let json_of = async |index: usize| {
        let rows = tables.get(index).filter(|_| needs_json);
        rows.map(|(_, rows)| rows.to_json()).unwrap_or_default()
    };
    let mut json = json_of(0).await;
    for (index, (table, rows)) in tables.iter().enumerate() {
        // In this order: while the thread of SQLite works on one statement, the rows of the next are written out here.
        let (inserted, next) = tokio::join!(
            biased;
            insert_into(tx, table, rows, json),
            json_of(index.saturating_add(1)),
        );
        inserted?;
        json = next;
    }
    Ok(())
}

async fn insert_into(
    tx: &mut Tx<'_>,
    table: &Table,
    rows: &Rows,
    json: String,
) -> Result<(), StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let list = names.join(", ");
    let mut sql = format!(
        "insert into {} ({list}) select {list} from {} as sent",
        table.name,
        rows.source(tx, &names)
    );
    let key = names
        .iter()
        .copied()
        .take(table.key)
        .collect::<Vec<_>>()
        .join(", ");
    let assign = |columns: &[&str], value: &dyn Fn(&str) -> String| {
        columns
            .iter()
            .map(|column| format!("{column} = {}", value(column)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let own = |column: &str| format!("{}.{column}", table.name);
    let update = match table.conflict {
        Conflict::Refuse => None,
        Conflict::Add(columns) => Some(assign(columns, &|column| {
            format!("{} + excluded.{column}", own(column))
        })),
        Conflict::Replace(columns) => Some(assign(columns, &|column| format!("excluded.{column}"))),
        Conflict::Fill(columns) => Some(assign(columns, &|column| {
            format!("coalesce(excluded.{column}, {})", own(column))
        })),
    };
    if let Some(update) = update {
        // The parser of SQLite takes the `on` of a join for that of the conflict unless a `where` stands between.
        write!(
            sql,
            " where true on conflict ({key}) do update set {update}"
        )
        .expect("a string takes any text");
    }
    let text = AssertSqlSafe(sql);
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(text).bind(json).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            rows.bind_postgres(sqlx::query(text))
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Reads every row of a village from a table, as it is described.
///
/// # Errors
/// As the engine says.
pub(crate) async fn read_table(
    tx: &mut Tx<'_>,
    table: &Table,
    village_id: i64,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "select {} from {} where village_id = $1",
        names.join(", "),
        table.name
    );
    match tx {
        Tx::Sqlite(tx) => {
            let packed: Vec<String> = table.columns.iter().map(packed).collect();
            let sql = format!(
                "select json_group_array(json_array({})) from ({sql})",
                packed.join(", ")
            );
            let query = sqlx::query_as(AssertSqlSafe(sql)).bind(village_id);
            let (rows,): (String,) = query.fetch_one(&mut **tx).await?;
            let rows: Vec<Vec<Value>> = bulk::unpack(&rows)?;
            Ok(rows.into_iter().map(|row| unpack_row(table, row)).collect())
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(AssertSqlSafe(sql)).bind(village_id);
            let rows = query.fetch_all(&mut **tx).await?;
            rows.iter().map(|row| read_row(table, row)).collect()
        }
    }
}

/// Deletes every row of a village from a table.
///
/// # Errors
/// As the engine says.
pub(crate) async fn clear_table(
    tx: &mut Tx<'_>,
    table: &Table,
    village_id: i64,
) -> Result<(), StoreError> {
    let sql = AssertSqlSafe(format!("delete from {} where village_id = $1", table.name));
    match tx {
        Tx::Sqlite(tx) => {
            let query = sqlx::query(sql).bind(village_id);
            query.execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(sql).bind(village_id);
            query.execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// A column as it is packed: JSON has no bytes.
fn packed((name, kind): &(&str, Kind)) -> String {
    match kind {
        Kind::Int | Kind::Text => (*name).to_owned(),
        Kind::Bytes | Kind::Uuid => format!("case when {name} is not null then hex({name}) end"),
    }
}

fn unpack_row(table: &Table, row: Vec<Value>) -> Vec<Cell> {
    let cell = |((_, kind), value): (&(&str, Kind), Value)| match (kind, value) {
        (Kind::Int, Value::Number(number)) => Cell::from(number.as_i64()),
        (Kind::Text, Value::String(text)) => Cell::Text(text),
        (Kind::Bytes, Value::String(text)) => from_hex(&text).map_or(Cell::Null, Cell::Bytes),
        (Kind::Uuid, Value::String(text)) => Cell::from(Uuid::parse_str(&text).ok()),
        _ => Cell::Null,
    };
    table.columns.iter().zip(row).map(cell).collect()
}

/// The key of a village that a table has rows of and the database does not know.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_other_village(
    tx: &mut Tx<'_>,
    table: &Table,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "select village_id from {} where village_id not in (select village_id from village) limit 1",
        table.name
    );
    let row: Option<(i64,)> = match tx {
        Tx::Sqlite(tx) => {
            sqlx::query_as(AssertSqlSafe(sql))
                .fetch_optional(&mut **tx)
                .await?
        }
        Tx::Postgres(tx) => {
            sqlx::query_as(AssertSqlSafe(sql))
                .fetch_optional(&mut **tx)
                .await?
        }
    };
    Ok(row.map(|(village_id,)| village_id))
}

fn read_row(table: &Table, row: &PgRow) -> Result<Vec<Cell>, StoreError> {
    let cell = |(index, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match kind {
            Kind::Int => Cell::from(row.try_get::<Option<i64>, _>(index)?),
            Kind::Text => Cell::from(row.try_get::<Option<String>, _>(index)?),
            Kind::Bytes => Cell::from(row.try_get::<Option<Vec<u8>>, _>(index)?.as_deref()),
            Kind::Uuid => Cell::from(row.try_get::<Option<Uuid>, _>(index)?),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}
