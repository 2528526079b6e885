//! A book that nobody can change unseen: the database refuses to change the journal, and what is changed all the same is found and named.

use jinfu::ledger::Ledger;
use jinfu::ledger::verify::Finding;

use crate::harness::raw::Raw;
use crate::harness::{Database, Engine, jinfu, on_both, repository, verify};

/// A database with the worked month in two villages.
async fn two_villages(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    let golden = repository("tests/golden/2025-09-core");
    let other = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&golden).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), other.path().join(file.file_name())).unwrap();
    }
    let pickups = "pickup_no,occurred_at,household_no,collector,material,gross,unit\n\
                   P1,2025-09-03T08:00:00+08:00,H001,C1,ZB,8.35,kg\nP1,2025-09-03T08:00:00+08:00,H001,C1,PET,3,kg\n\
                   P2,2025-09-04T08:00:00+08:00,H002,C1,ZB,40,kg\n";
    let cash = "received_at,household_no,amount\n2025-09-05T09:00:00+08:00,H001,10.00\n2025-09-06T09:00:00+08:00,H002,300.00\n";
    std::fs::write(other.path().join("pickups.csv"), pickups).unwrap();
    std::fs::write(other.path().join("cash.csv"), cash).unwrap();
    let village = other.path().join("village.toml");
    let text = std::fs::read_to_string(&village).unwrap();
    for code in ["430321900001", "430321900002"] {
        let code = text
            .lines()
            .map(|line| match line.split_once(" = ") {
                Some(("code", _)) => format!("code = \"{code}\"\n"),
                _ => format!("{line}\n"),
            })
            .collect::<String>();
        std::fs::write(&village, code).unwrap();
        let folder = other.path().display().to_string();
        let words = ["import", &folder, "--through", "2025-09"];
        let output = jinfu("en", &database.url, &words);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let words = [
        "pickup",
        "void",
        "--village",
        "430321900001",
        "--number",
        "P2",
        "--reason",
        "weighed twice",
    ];
    let output = jinfu("en", &database.url, &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for line in [
        "sale record --village 430321900001 --buyer K1 --sold ZB=10kg,ticket=9.8,price=1.20",
        "village settings --village 430321900001 --set dispute_days=12",
        "dispute open --village 430321900001 --household H001 --pickup P1 --text heavier",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let output = jinfu("en", &database.url, &words);
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
    }
    database
}

async fn reading(database: &Database) -> Ledger {
    let clock = jinfu::clock::Clock::System;
    Ledger::open_reading(&database.url, clock).await.unwrap()
}

async fn findings(ledger: &Ledger) -> Vec<Finding> {
    let verified = ledger.verify(None, |_, _| ()).await.unwrap();
    verified
        .into_iter()
        .filter_map(|village| village.finding)
        .collect()
}

const JOURNAL: [&str; 3] = ["journal_entry", "posting", "stock_movement"];

#[test]
fn the_database_itself_refuses_to_change_the_journal() {
    on_both(async |engine| {
        let database = two_villages(engine).await;
        let mut raw = Raw::open(&database).await;
        let mut tried = Vec::new();
        for table in JOURNAL {
            let columns = raw.columns(table).await;
            let key = raw.key(table).await.join(", ");
            for (column, _) in &columns {
                tried.push(format!("update {table} set {column} = {column}"));
            }
            tried.push(format!("delete from {table}"));
            tried.push(format!(
                "delete from {table} where seq = (select max(seq) from {table})"
            ));
            let first = format!("select * from {table} limit 1");
            match engine {
                Engine::Sqlite => {
                    tried.push(format!("insert or replace into {table} {first}"));
                    tried.push(format!("replace into {table} {first}"));
                }
                Engine::Postgres => {
                    tried.push(format!("truncate {table} cascade"));
                    tried.push(format!(
                        "set session_replication_role = replica; delete from {table}"
                    ));
                }
            }
            tried.push(format!(
                "insert into {table} {first} on conflict ({key}) do update set seq = excluded.seq"
            ));
        }
        tried.push("update entry_private set content = 'x'".to_owned());
        if engine == Engine::Sqlite {
            // A second index in the way: the row with the same command, or the same reversal, would be replaced.
            let columns: Vec<String> = raw
                .columns("journal_entry")
                .await
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            for fresh in [["command_id", "randomblob(16)"], ["reverses_seq", "null"]] {
                let list = columns.join(", ");
                let values = list
                    .replace(", seq,", ", seq + 1000,")
                    .replace(fresh[0], fresh[1]);
                tried.push(format!(
                    "insert or replace into journal_entry ({list}) select {values} from journal_entry where reverses_seq is not null"
                ));
            }
            tried.push("insert or replace into entry_private select village_id, seq, salt, 'x' from entry_private limit 1".to_owned());
        }
        for sql in tried {
            let refused = raw.run(&sql).await;
            assert!(refused.is_err(), "{engine:?} took: {sql}");
            if engine == Engine::Postgres {
                raw.must("set session_replication_role = origin").await;
            }
        }
        let ledger = reading(&database).await;
        verify(&ledger).await;
        // What may be erased can be.
        raw.must("delete from entry_private; delete from household_person")
            .await;
        verify(&ledger).await;
        database.close(ledger).await;
    });
}

#[test]
fn every_guard_that_is_gone_is_named() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        drop(database.open("2025-09-01T00:00:00Z", 1).await);
        let ledger = reading(&database).await;
        let mut raw = Raw::open(&database).await;
        let triggers = match engine {
            Engine::Sqlite => {
                "select name || '|' || tbl_name || '|' || sql from sqlite_schema where type = 'trigger'"
            }
            Engine::Postgres => {
                "select tgname || '|' || tgrelid::regclass || '|' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
            }
        };
        let triggers = raw.list(triggers).await;
        assert!(triggers.len() >= 10, "{triggers:?}");
        for trigger in triggers {
            let mut parts = trigger.splitn(3, '|');
            let mut part = || parts.next().unwrap();
            let (name, table, made) = (part(), part(), part());
            let (drop, make) = match engine {
                Engine::Sqlite => (format!("drop trigger {name}"), made.to_owned()),
                Engine::Postgres => (
                    format!("drop trigger {name} on {table}"),
                    format!("{made}; alter table {table} enable always trigger {name}"),
                ),
            };
            raw.must(&drop).await;
            let found = findings(&ledger).await;
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!(found[0].expected.as_deref(), Some(name));
            raw.must(&make).await;
        }
        if engine == Engine::Postgres {
            raw.must("alter table posting enable trigger posting_no_delete")
                .await;
            let found = findings(&ledger).await;
            assert_eq!(
                found.len(),
                1,
                "a guard that is off for replicas: {found:?}"
            );
            raw.must("alter table posting enable always trigger posting_no_delete")
                .await;
        }
        database.close(ledger).await;
    });
}

#[test]
fn the_program_works_without_the_right_to_change_the_journal() {
    on_both(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let database = two_villages(engine).await;
        let mut raw = Raw::connect(&database.url).await;
        for table in JOURNAL {
            for sql in [
                format!("update {table} set seq = seq"),
                format!("delete from {table}"),
                format!("truncate {table}"),
                format!("drop trigger {table}_no_update on {table}"),
                format!("alter table {table} disable trigger all"),
                format!("drop table {table}"),
            ] {
                let refused = raw.run(&sql).await.unwrap_err();
                let code = refused
                    .into_database_error()
                    .unwrap()
                    .code()
                    .unwrap()
                    .into_owned();
                assert_eq!(code, "42501", "{sql}");
            }
        }
        for sql in [
            "delete from account_balance",
            "delete from village_head",
            "insert into _sqlx_migrations select * from _sqlx_migrations",
            "create table mine (a int)",
            "set session_replication_role = replica",
        ] {
            assert!(raw.run(sql).await.is_err(), "{sql}");
        }
        let ledger = reading(&database).await;
        database.close(ledger).await;
    });
}

/// Sums may be nothing, and then a row more or less is no difference.
fn figure(table: &str) -> Option<&'static str> {
    match table {
        "account_balance" => Some("balance_fen"),
        "account_month" => Some("amount_fen"),
        "stock_balance" | "material_month" => Some("quantity"),
        "sale_month" => Some("own"),
        _ => None,
    }
}

/// No part of the books: the villages that wait for an upgrade, the voids that wait for their pickup, what people were refused, who may sign in and who did.
const BESIDE: [&str; 9] = [
    "stale_village",
    "awaited_void",
    "refused_command",
    "account",
    "credential",
    "one_time",
    "household_pin",
    "sign_in_failure",
    "audit_event",
];

/// Every table that holds something of the books.
async fn derived_and_journal(raw: &mut Raw) -> Vec<String> {
    let mut tables = raw.tables().await;
    tables.retain(|table| !BESIDE.contains(&table.as_str()));
    tables
}

/// A condition that picks one row from the middle of a table.
async fn middle(raw: &mut Raw, table: &str) -> String {
    let key = raw.key(table).await.join(", ");
    let chosen = figure(table).map_or(String::new(), |figure| format!("where {figure} <> 0"));
    let rows = raw
        .list(&format!("select count(*) from {table} {chosen}"))
        .await;
    let half = rows[0].parse::<i64>().unwrap() / 2;
    assert!(rows[0] != "0", "{table} is empty");
    format!("({key}) in (select {key} from {table} {chosen} order by {key} limit 1 offset {half})")
}

fn changed(column: &str, kind: &str) -> String {
    match kind {
        "text" => format!("coalesce({column}, '') || 'x'"),
        "integer" | "bigint" if column.ends_with("_fen") => format!("{column} + 1"),
        // Far enough to be in no other row's way.
        "integer" | "bigint" => format!("coalesce({column}, 0) + 1000"),
        "uuid" => "gen_random_uuid()".to_owned(),
        "blob" => format!("randomblob(coalesce(length({column}), 32))"),
        "bytea" => {
            format!(
                "substr(sha256(coalesce({column}::text, 'x')::bytea), 1, coalesce(length({column}), 32))"
            )
        }
        other => panic!("{column} is {other}"),
    }
}

/// Runs a change on a disarmed copy of a table, looks, and puts the table back.
async fn look_after(raw: &mut Raw, ledger: &Ledger, table: &str, sql: &str) -> Vec<Finding> {
    raw.must(&format!("create table kept as select * from {table}"))
        .await;
    raw.must(sql).await;
    let mut found = findings(ledger).await;
    // The guards are missing in any case, but what is wrong with a row is told first.
    found.retain(|finding| finding.row != "trigger");
    raw.must(&format!(
        "delete from {table}; insert into {table} select * from kept; drop table kept"
    ))
    .await;
    found
}

#[test]
fn every_column_of_every_table_changed_behind_the_back_is_found_and_named() {
    on_both(async |engine| {
        let database = two_villages(engine).await;
        let ledger = reading(&database).await;
        let mut raw = Raw::open(&database).await;
        raw.disarm().await;
        let guards = findings(&ledger).await;
        assert_eq!(
            guards[0].row, "trigger",
            "a guard that is gone is named: {guards:?}"
        );
        for table in derived_and_journal(&mut raw).await {
            let key = raw.key(&table).await;
            for (column, kind) in raw.columns(&table).await {
                let row = middle(&mut raw, &table).await;
                let seq = if JOURNAL.contains(&table.as_str()) {
                    let select = format!("select seq from {table} where {row}");
                    raw.list(&select).await.remove(0)
                } else {
                    String::new()
                };
                let sql = format!(
                    "update {table} set {column} = {} where {row}",
                    changed(&column, &kind)
                );
                let found = look_after(&mut raw, &ledger, &table, &sql).await;
                let found = found
                    .first()
                    .unwrap_or_else(|| panic!("{engine:?} {table}.{column} was not found"));
                if key.contains(&column) || table == "entry_private" {
                    continue;
                }
                if JOURNAL.contains(&table.as_str()) {
                    let place = found.row.split(' ').next().unwrap();
                    assert_eq!(place, seq, "{table}.{column}: {found:?}");
                } else {
                    assert_eq!(found.table, table, "{column}: {found:?}");
                    assert_eq!(found.column.as_deref(), Some(column.as_str()), "{found:?}");
                }
            }
        }
        raw.must("drop table if exists kept").await;
        drop(raw);
        assert_eq!(
            findings(&ledger).await.len(),
            1,
            "only the guards are missing"
        );
        ledger.close().await.unwrap();
        database.discard().await;
    });
}

#[test]
fn the_figure_of_a_pickup_or_receipt_is_named_to_the_column() {
    on_both(async |engine| {
        let database = two_villages(engine).await;
        let ledger = reading(&database).await;
        let mut raw = Raw::open(&database).await;
        raw.disarm().await;
        for (table, column, kind) in [
            ("posting", "amount_fen", "pickup_recorded"),
            ("posting", "credit_subject", "pickup_recorded"),
            ("posting", "amount_fen", "cash_received"),
            ("stock_movement", "quantity", "pickup_recorded"),
            ("stock_movement", "value_fen", "pickup_recorded"),
        ] {
            let one = format!(
                "village_id = 2 and line_no = 1 and seq = (select max(seq) from journal_entry where village_id = 2 and kind = '{kind}')"
            );
            let seq = raw
                .list(&format!("select seq from {table} where {one}"))
                .await
                .remove(0);
            let kind = if column == "credit_subject" {
                "text"
            } else {
                "bigint"
            };
            let sql = format!(
                "update {table} set {column} = {} where {one}",
                changed(column, kind)
            );
            let found = look_after(&mut raw, &ledger, table, &sql).await;
            assert_eq!(found[0].table, table);
            assert_eq!(found[0].column.as_deref(), Some(column));
            assert_eq!(found[0].row, format!("{seq} 1"));
        }
        ledger.close().await.unwrap();
        database.discard().await;
    });
}

#[test]
fn rows_deleted_cut_swapped_or_moved_are_found() {
    on_both(async |engine| {
        let database = two_villages(engine).await;
        let ledger = reading(&database).await;
        let mut raw = Raw::open(&database).await;
        raw.disarm().await;
        for table in derived_and_journal(&mut raw).await {
            let row = middle(&mut raw, &table).await;
            let sql = format!("delete from {table} where {row}");
            let found = look_after(&mut raw, &ledger, &table, &sql).await;
            let is_erasable = ["entry_private", "household_person"].contains(&table.as_str());
            // The guards are missing in any case.
            let is_found = found
                .first()
                .is_some_and(|finding| finding.row != "trigger");
            assert!(is_found != is_erasable, "{engine:?} {table}: {found:?}");
        }
        let last = "seq = (select max(seq) from journal_entry where village_id = 1)";
        let (a, b) = (
            "(village_id = 1 and seq = 20)",
            "(village_id = 1 and seq = 21)",
        );
        for (what, table, sql) in [
            ("tail", "journal_entry", format!("delete from journal_entry where village_id = 1 and {last}")),
            ("swap", "journal_entry", format!(
                "update journal_entry set seq = 9999 where {a}; update journal_entry set seq = 20 where {b}; update journal_entry set seq = 21 where seq = 9999"
            )),
            ("entry moved", "journal_entry", "update journal_entry set village_id = 2, seq = seq + 1 where village_id = 1 and seq = (select max(seq) from journal_entry where village_id = 2)".to_owned()),
            ("entry beyond the head", "journal_entry", format!("update journal_entry set village_id = 2 where village_id = 1 and {last}")),
            ("posting moved", "posting", "update posting set village_id = 2, seq = 9999 where village_id = 1 and line_no = 1 and seq = (select max(seq) from posting where village_id = 1)".to_owned()),
            ("posting of no entry", "posting", "insert into posting select village_id, 9999, line_no, debit_account, debit_subject, credit_account, credit_subject, amount_fen, flow, period from posting where village_id = 1 and line_no = 1 and seq = (select max(seq) from posting where village_id = 1)".to_owned()),
            ("posting of no village", "posting", "insert into posting select 77, seq, line_no, debit_account, debit_subject, credit_account, credit_subject, amount_fen, flow, period from posting where village_id = 1".to_owned()),
        ] {
            let found = look_after(&mut raw, &ledger, table, &sql).await;
            assert!(!found.is_empty(), "{engine:?} {what}");
        }
        for table in [
            "entry_private",
            "posting",
            "stock_movement",
            "journal_entry",
        ] {
            let last = "(select next_seq - 1 from village_head where village_id = 1)";
            raw.must(&format!(
                "delete from {table} where village_id = 1 and seq = {last}"
            ))
            .await;
        }
        let found = findings(&ledger).await;
        assert_eq!(
            found[0].table, "village_head",
            "a tail that is cut clean: {found:?}"
        );
        ledger.close().await.unwrap();
        database.discard().await;
    });
}
