//! A book of an older schema is brought to this program's, after a copy beside it, and nothing in it changes.

use std::path::{Path, PathBuf};

use crate::harness::raw::Raw;
use crate::harness::{Database, Engine, jinfu, repository, verify};

/// A book with the worked month as the first release of the schema left it.
async fn old_book(folder: &Path) -> (Database, PathBuf) {
    let database = Database::new(Engine::Sqlite).await;
    let golden = repository("tests/golden/2025-09-core")
        .display()
        .to_string();
    let output = jinfu("en", &database.url, &["import", &golden]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let path = folder.join("old.db");
    let mut raw = Raw::open(&database).await;
    std::fs::write(&path, "").unwrap();
    let first = std::fs::read_to_string(repository("migrations/sqlite/0001_books.sql")).unwrap();
    let tables = raw.tables().await;
    raw.must(&format!("attach '{}' as old", path.display()))
        .await;
    // The first schema, with the rows of today's.
    let first = first
        .replace("create table ", "create table old.")
        .replace("create unique index ", "create unique index old.")
        .replace("pragma application_id", "pragma old.application_id")
        .replace("pragma user_version", "pragma old.user_version");
    raw.must(&first).await;
    for table in tables {
        let Some(columns) = columns_of(&first, &table) else {
            continue;
        };
        raw.must(&format!(
            "insert into old.{table} ({columns}) select {columns} from main.{table}"
        ))
        .await;
    }
    raw.must("create table old._sqlx_migrations as select * from main._sqlx_migrations where version = 1")
        .await;
    drop(raw);
    (database, path)
}

/// The columns that a schema gives a table, if it has the table.
fn columns_of(schema: &str, table: &str) -> Option<String> {
    let (_, below) = schema.split_once(&format!("create table old.{table} ("))?;
    let (body, _) = below.split_once("\n)")?;
    let names = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split(' ').next()?;
        let is_column = !name.is_empty()
            && !["primary", "foreign", "unique", "check", "--", ")"].contains(&name)
            && !name.starts_with(['\'', ')']);
        is_column.then_some(name)
    });
    Some(names.collect::<Vec<_>>().join(", "))
}

#[test]
fn a_book_of_the_first_schema_is_upgraded_after_a_copy() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (newer, path) = old_book(folder.path()).await;
        let url = format!("sqlite:{}", path.display());
        let reading = jinfu("en", &url, &["verify"]);
        assert_eq!(reading.status.code(), Some(3), "reading upgrades nothing");
        let migrated = jinfu("en", &url, &["migrate"]);
        assert_eq!(migrated.status.code(), Some(0), "{migrated:?}");
        let heads = |url: &str| String::from_utf8(jinfu("en", url, &["verify"]).stdout).unwrap();
        assert!(
            heads(&url).contains("everything is right"),
            "{}",
            heads(&url)
        );
        assert_eq!(heads(&url), heads(&newer.url));
        let names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let copies: Vec<&String> = names
            .iter()
            .filter(|name| name.contains("before-schema"))
            .collect();
        assert_eq!(copies, ["old.db.before-schema-3"], "{names:?}");
        let mut copy = Raw::connect(&format!("sqlite:{}.before-schema-3", path.display())).await;
        let version = copy
            .list("select user_version from pragma_user_version")
            .await;
        assert_eq!(version, ["1"]);
        let ledger = newer.open("2026-01-01T00:00:00Z", 1).await;
        verify(&ledger).await;
        newer.close(ledger).await;
    });
}
