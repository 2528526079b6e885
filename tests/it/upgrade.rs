//! Books of an older schema are brought to this program's: the journal stays, and what is derived from it is rebuilt village by village.

use std::path::Path;
use std::process::Output;

use crate::harness::raw::Raw;
use crate::harness::{Database, Engine, has_postgres, jinfu, repository, verify};

const VILLAGES: [&str; 2] = ["430321900001", "430321900002"];

/// A book with the worked month in two villages, as this program writes it.
async fn new_book(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    let golden = repository("tests/golden/2025-09-core");
    for code in VILLAGES {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(&golden).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let village = folder.path().join("village.toml");
        let text = std::fs::read_to_string(&village).unwrap();
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some(("code", _)) => format!("code = \"{code}\"\n"),
            _ => format!("{line}\n"),
        });
        std::fs::write(&village, lines.collect::<String>()).unwrap();
        let pickups = "pickup_no,occurred_at,household_no,collector,material,gross,unit\n\
                       P1,2025-09-03T08:00:00+08:00,H001,C1,ZB,8.35,kg\nP1,2025-09-03T08:00:00+08:00,H001,C1,PET,3,kg\n";
        std::fs::write(folder.path().join("pickups.csv"), pickups).unwrap();
        let cash = "received_at,household_no,amount\n2025-09-05T09:00:00+08:00,H001,10.00\n";
        std::fs::write(folder.path().join("cash.csv"), cash).unwrap();
        let path = folder.path().display().to_string();
        let words = ["import", &path, "--through", "2025-09"];
        done(&jinfu("en", &database.url, &words));
    }
    database
}

fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[track_caller]
fn unavailable(output: &Output, sentence: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains(sentence), "{told}");
}

fn verified(url: &str) -> String {
    let output = jinfu("en", url, &["verify"]);
    done(&output);
    String::from_utf8(output.stdout).unwrap()
}

fn migration(engine: &str, name: &str) -> String {
    std::fs::read_to_string(repository(&format!("migrations/{engine}/{name}.sql"))).unwrap()
}

/// How the rows of an old table are taken from today's: the columns that it had, stock without the account, of old kinds of documents only.
fn old_rows(table: &str, columns: &[String], from: &str) -> String {
    let list = columns.join(", ");
    if table == "stock_balance" {
        return format!(
            "insert into old.stock_balance (village_id, material, quantity, value_fen) \
             select village_id, material, sum(quantity), sum(value_fen) from {from}.stock_balance group by village_id, material"
        );
    }
    // The rows of the journal refer to one another, so they are written in order.
    let order = if columns.iter().any(|column| column == "seq") {
        " order by village_id, seq"
    } else {
        ""
    };
    format!("insert into old.{table} ({list}) select {list} from {from}.{table}{order}")
}

/// Tables that others refer to come first.
fn in_order(mut tables: Vec<String>) -> Vec<String> {
    tables.sort_by_key(|table| match table.as_str() {
        "village" => 0,
        "village_head" => 1,
        "journal_entry" => 2,
        _ => 3,
    });
    tables
}

/// The book as the first release of the schema left it, in a file.
async fn first_schema(newer: &Database, path: &Path) {
    std::fs::write(path, "").unwrap();
    let mut raw = Raw::open(newer).await;
    raw.must(&format!("attach '{}' as old", path.display()))
        .await;
    let first = migration("sqlite", "0001_books")
        .replace("create table ", "create table old.")
        .replace("create unique index ", "create unique index old.")
        .replace("pragma application_id", "pragma old.application_id")
        .replace("pragma user_version", "pragma old.user_version");
    raw.must(&first).await;
    let tables = raw
        .list("select name from old.sqlite_schema where type = 'table'")
        .await;
    for table in in_order(tables) {
        let columns = raw
            .list(&format!(
                "select name from pragma_table_info('{table}', 'old')"
            ))
            .await;
        raw.must(&old_rows(&table, &columns, "main")).await;
    }
    raw.must("create table old._sqlx_migrations as select * from main._sqlx_migrations where version = 1")
        .await;
}

/// Puts the book of a server back to the second schema, in place.
async fn second_schema(newer: &Database) {
    let mut raw = Raw::open(newer).await;
    raw.must("create schema old; set search_path = old").await;
    raw.must(&migration("postgres", "0001_books")).await;
    raw.must(&migration("postgres", "0002_journal")).await;
    let tables = raw
        .list("select tablename::text from pg_tables where schemaname = 'old'")
        .await;
    for table in in_order(tables) {
        let columns = raw
            .list(&format!(
                "select column_name::text from information_schema.columns where table_schema = 'old' and table_name = '{table}'"
            ))
            .await;
        raw.must(&old_rows(&table, &columns, "public")).await;
    }
    raw.must(
        "create table old._sqlx_migrations as select * from public._sqlx_migrations where version < 3; \
         alter table old._sqlx_migrations add primary key (version); \
         drop schema public cascade; alter schema old rename to public",
    )
    .await;
}

fn on(test: impl AsyncFn()) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(test());
}

#[test]
fn a_book_of_the_first_schema_is_upgraded_after_a_copy() {
    on(async || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let newer = new_book(Engine::Sqlite).await;
        first_schema(&newer, &path).await;
        let url = format!("sqlite:{}", path.display());
        unavailable(&jinfu("en", &url, &["verify"]), "has schema 1");
        done(&jinfu("en", &url, &["migrate"]));
        assert!(verified(&url).contains("everything is right"));
        assert_eq!(verified(&url), verified(&newer.url));
        let names = std::fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let copies: Vec<String> = names
            .filter(|name| name.contains("before-schema"))
            .collect();
        assert_eq!(copies, ["old.db.before-schema-7"]);
        let mut copy = Raw::connect(&format!("sqlite:{}.before-schema-7", path.display())).await;
        let version = copy
            .list("select user_version from pragma_user_version")
            .await;
        assert_eq!(version, ["1"]);
        let ledger = newer.open("2026-01-01T00:00:00Z", 1).await;
        verify(&ledger).await;
        newer.close(ledger).await;
    });
}

#[test]
fn a_rebuilding_that_stops_after_the_first_village_goes_on_with_the_second() {
    on(async || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let newer = new_book(Engine::Sqlite).await;
        first_schema(&newer, &path).await;
        let url = format!("sqlite:{}", path.display());
        let mut raw = Raw::connect(&url).await;
        raw.must("create table kept as select * from entry_private; update entry_private set content = 'x' where village_id = 2")
            .await;
        // Whatever writes to a file goes on first.
        let charges = ["run", "charges", "2025-10", "--village", VILLAGES[0]];
        stops_and_goes_on(&url, &mut raw, &charges).await;
        let ledger = newer.open("2026-01-01T00:00:00Z", 1).await;
        newer.close(ledger).await;
    });
}

/// The second village's journal is damaged: the first is rebuilt and stays so, nobody reads or writes, and once the damage is gone the second
/// follows. Details that were erased before stay erased.
async fn stops_and_goes_on(url: &str, raw: &mut Raw, go_on: &[&str]) {
    raw.must(
        "update household_person set head = null where village_id = 1 and household_no = 'H001'",
    )
    .await;
    let stopped = jinfu("en", url, &["migrate"]);
    unavailable(&stopped, VILLAGES[1]);
    unavailable(&stopped, "entry_private");
    let stale = raw.list("select village_id from stale_village").await;
    assert_eq!(stale, ["2"]);
    let half = raw
        .list("select count(*) from stock_balance where village_id = 2")
        .await;
    assert_eq!(half, ["0"], "nothing of the second village was changed");
    unavailable(&jinfu("en", url, &["verify"]), "jinfu migrate");
    let words = ["run", "charges", "2025-10", "--village", VILLAGES[0]];
    assert_eq!(jinfu("en", url, &words).status.code(), Some(3));
    raw.must("delete from entry_private where village_id = 2")
        .await;
    raw.must("insert into entry_private select * from kept where village_id = 2; drop table kept")
        .await;
    done(&jinfu("en", url, go_on));
    assert!(
        raw.list("select village_id from stale_village")
            .await
            .is_empty()
    );
    let erased = raw
        .list("select coalesce(head, 'erased') from household_person where village_id = 1 and household_no = 'H001'")
        .await;
    assert_eq!(erased, ["erased"]);
    assert!(verified(url).contains("everything is right"));
}

#[test]
fn a_server_of_the_second_schema_is_upgraded_village_by_village() {
    if !has_postgres() {
        return;
    }
    on(async || {
        let database = new_book(Engine::Postgres).await;
        let before = verified(&database.url);
        second_schema(&database).await;
        let mut raw = Raw::open(&database).await;
        unavailable(&jinfu("en", &database.owner, &["verify"]), "has schema 2");
        raw.must("create table kept as select * from entry_private; delete from entry_private where village_id = 2; \
                  insert into entry_private select village_id, seq, salt, 'x' from kept where village_id = 2")
            .await;
        stops_and_goes_on(&database.owner, &mut raw, &["migrate"]).await;
        assert_eq!(verified(&database.owner), before);
        drop(raw);
        database.discard().await;
    });
}

#[test]
fn a_file_that_was_cut_off_while_it_was_new_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, cut) = (folder.path().join("first.db"), folder.path().join("cut.db"));
    let maker = rusqlite::Connection::open(&first).unwrap();
    // Few pages fit into memory, so that half of what is not committed is in the file, and what was there before in its journal.
    maker
        .execute_batch(
            "pragma cache_size = 2; begin; create table half (content text);
             with recursive rows (n) as (select 1 union all select n + 1 from rows where n < 2000)
             insert into half select hex(randomblob(200)) from rows;",
        )
        .unwrap();
    std::fs::copy(&first, &cut).unwrap();
    let journal = folder.path().join("first.db-journal");
    std::fs::copy(journal, folder.path().join("cut.db-journal")).unwrap();
    drop(maker);
    let url = format!("sqlite:{}", cut.display());
    let examples = repository("examples/data/jinfu").display().to_string();
    let imported = jinfu("en", &url, &["import", &examples]);
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
    assert_eq!(jinfu("en", &url, &["verify"]).status.code(), Some(0));
}
