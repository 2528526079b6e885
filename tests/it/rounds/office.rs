//! Schedules, rounds, refuse and disputes at the command line.

use serde_json::{Value, json};

use crate::harness::{Database, Engine, jinfu, on_both, repository, verify};

#[track_caller]
fn told(database: &Database, words: &[&str], code: i32) -> String {
    let output = jinfu("en", &database.url, words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
    match code {
        0 => String::from_utf8(output.stdout).unwrap(),
        _ => told.into_owned(),
    }
}

#[test]
fn the_office_keeps_rounds_refuse_and_disputes_at_the_command_line() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let folder = repository("tests/golden/2025-09-core")
            .display()
            .to_string();
        let run = |line: &str| told(&database, &line.split(' ').collect::<Vec<_>>(), 0);
        let refused = |line: &str| told(&database, &line.split(' ').collect::<Vec<_>>(), 1);
        run(&format!("import {folder}"));
        run("schedule set --group 1 --weekday 1,4 --day 15 --from 08:00 --to 10:30");
        let listed: Value = serde_json::from_str(&run("schedule list --format json")).unwrap();
        assert_eq!(
            listed[0]["days"],
            json!({"weekdays": [1, 4], "month_days": [15]})
        );
        assert!(listed[0]["next_visit"].is_string());
        assert!(run("schedule list").contains("Mon Thu the 15."));
        assert!(
            refused("schedule set --group 1 --weekday 1 --from 8:00 --to 10:30").contains("08:30")
        );
        run("round open --number B-1 --group 1 --collector C1 --on 2025-09-05 --by wang");
        let at = "--at 2025-09-05T09:00:00+08:00";
        run(&format!(
            "round stop --number B-1 --household H001 --outcome nobody_home --collector C1 {at}"
        ));
        run(&format!(
            "pickup record --number A-1 --household H002 --collector C1 --round B-1 --line ZB=8kg {at}"
        ));
        run("round close --number B-1");
        assert!(refused("round close --number B-1").contains("B-1 is closed"));
        let rounds: Value = serde_json::from_str(&run("round list 2025-09 --format json")).unwrap();
        assert_eq!(
            (&rounds[0]["visited"], &rounds[0]["planned"]),
            (&json!(2), &json!(3))
        );
        run("refuse point --code P1 --name gate --hours 07:00-08:00 --hours 18:00-19:00");
        run(&format!("refuse trip --point P1 --weight 24.0 {at}"));
        run(&format!("refuse trip --point P1 --weight 2600kg {at}"));
        run(&format!(
            "refuse void --number 2025-000002 --reason twice {at}"
        ));
        run(&format!(
            "dispute open --household H002 --pickup A-1 --text more {at}"
        ));
        run(&format!(
            "dispute answer --number 2025-000001 --decision rejected --text no {at}"
        ));
        assert!(run("dispute list 2025-09").contains("rejected"));
        assert_eq!(run("dispute list --format json").trim(), "[]");
        let report: Value = serde_json::from_str(&run("report 2025-09 --format json")).unwrap();
        assert_eq!(report["rounds"]["coverage"], "66.7");
        assert_eq!(report["refuse"]["diversion_rate"], "25.0");
        assert_eq!(report["disputes"]["rejected"], 1);
        assert!(run("report 2025-09").contains("25.0%"));
        let statement: Value =
            serde_json::from_str(&run("statement --household H002 --format json")).unwrap();
        assert!(statement["lines"][0]["entry"].is_i64());
        moved_whole(&database, engine).await;
        let ledger = database.open("2026-11-01T00:00:00+08:00", 1).await;
        database.close(ledger).await;
    });
}

/// The book goes into another database by way of a file, to the last hash.
async fn moved_whole(database: &Database, engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.jsonl").display().to_string();
    told(database, &["export", &file], 0);
    let other = Database::new(engine).await;
    told(&other, &["import-journal", &file], 0);
    let ledger = other.open("2026-11-01T00:00:00+08:00", 1).await;
    verify(&ledger).await;
    other.close(ledger).await;
}
