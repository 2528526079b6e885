//! The database without the program: raw SQL as whoever owns the tables.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::harness::Database;

/// A connection that the program knows nothing of.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    /// Connects as the owner of the tables; on SQLite with the settings of any other tool.
    pub(crate) async fn open(database: &Database) -> Raw {
        Raw::connect(&database.owner).await
    }

    /// Connects to an address.
    pub(crate) async fn connect(url: &str) -> Raw {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .foreign_keys(false);
                Raw::Sqlite(options.connect().await.unwrap())
            }
            None => Raw::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// Runs statements.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let text = AssertSqlSafe(sql.to_owned());
        match self {
            Raw::Sqlite(connection) => {
                sqlx::raw_sql(text).execute(connection).await?;
            }
            Raw::Postgres(connection) => {
                sqlx::raw_sql(text).execute(connection).await?;
            }
        }
        Ok(())
    }

    /// Runs statements that must succeed.
    pub(crate) async fn must(&mut self, sql: &str) {
        if let Err(error) = self.run(sql).await {
            panic!("{sql}: {error}");
        }
    }

    /// The first column of a select, as text.
    pub(crate) async fn list(&mut self, sql: &str) -> Vec<String> {
        let text = AssertSqlSafe(format!(
            "select cast(one as text) from ({sql}) as listed(one)"
        ));
        let sqlite = AssertSqlSafe(format!(
            "with listed(one) as ({sql}) select cast(one as text) from listed"
        ));
        let rows: Vec<(String,)> = match self {
            Raw::Sqlite(connection) => sqlx::query_as(sqlite).fetch_all(connection).await.unwrap(),
            Raw::Postgres(connection) => sqlx::query_as(text).fetch_all(connection).await.unwrap(),
        };
        rows.into_iter().map(|(one,)| one).collect()
    }

    /// Every table of the books.
    pub(crate) async fn tables(&mut self) -> Vec<String> {
        let sql = match self {
            Raw::Sqlite(_) => {
                "select name from sqlite_schema where type = 'table' and substr(name, 1, 1) <> '_' order by name"
            }
            Raw::Postgres(_) => {
                "select tablename from pg_tables where schemaname = 'public' and left(tablename, 1) <> '_' order by tablename"
            }
        };
        self.list(sql).await
    }

    /// The columns of a table, each with its type in lower case.
    pub(crate) async fn columns(&mut self, table: &str) -> Vec<(String, String)> {
        let sql = match self {
            Raw::Sqlite(_) => {
                format!("select name || ':' || lower(type) from pragma_table_info('{table}')")
            }
            Raw::Postgres(_) => format!(
                "select column_name || ':' || data_type from information_schema.columns where table_name = '{table}' order by ordinal_position"
            ),
        };
        let named = self.list(&sql).await.into_iter();
        let split = |named: String| {
            named
                .split_once(':')
                .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        };
        named.filter_map(split).collect()
    }

    /// The columns of a table's primary key, in order.
    pub(crate) async fn key(&mut self, table: &str) -> Vec<String> {
        let sql = match self {
            Raw::Sqlite(_) => {
                format!("select name from pragma_table_info('{table}') where pk > 0 order by pk")
            }
            Raw::Postgres(_) => format!(
                "select a.attname from pg_index as i cross join unnest(i.indkey) with ordinality as k(attnum, place) \
                 join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum \
                 where i.indisprimary and i.indrelid = '{table}'::regclass order by k.place"
            ),
        };
        self.list(&sql).await
    }

    /// Takes away everything in the database that stands against a change: triggers, checks, references.
    pub(crate) async fn disarm(&mut self) {
        match self {
            Raw::Sqlite(_) => {
                for trigger in self
                    .list("select name from sqlite_schema where type = 'trigger'")
                    .await
                {
                    self.must(&format!("drop trigger {trigger}")).await;
                }
                self.must("pragma ignore_check_constraints = on").await;
            }
            Raw::Postgres(_) => {
                let drops = self
                    .list(
                        "select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) \
                         from pg_constraint where contype in ('c', 'f') and connamespace = 'public'::regnamespace",
                    )
                    .await;
                for drop in drops {
                    self.must(&drop).await;
                }
                let drops = self
                    .list(
                        "select format('drop trigger %I on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal",
                    )
                    .await;
                for drop in drops {
                    self.must(&drop).await;
                }
            }
        }
    }
}
