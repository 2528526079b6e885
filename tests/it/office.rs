//! What the office does at the command line: opening lines taken back, policies, changes of households, receipts voided.

use std::process::Output;

use serde_json::Value;

use crate::harness::{Database, Engine, jinfu, on_both, repository};

struct Office {
    database: Database,
}

impl Office {
    /// An office with the worked month's village, before its first event.
    async fn new(engine: Engine) -> Office {
        let office = Office {
            database: Database::new(engine).await,
        };
        let folder = repository("tests/golden/2025-09-core")
            .display()
            .to_string();
        office.done(&["import", &folder]);
        office
    }

    fn run(&self, words: &[&str]) -> Output {
        jinfu("en", &self.database.url, words)
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The command is refused with a sentence that says so.
    #[track_caller]
    fn refused(&self, words: &[&str], sentence: &str) {
        let output = self.run(words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {told}");
        assert!(told.contains(sentence), "{words:?}: {told}");
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[words, &["--format", "json"]].concat())).unwrap()
    }

    #[track_caller]
    fn owes(&self, household: &str, credit: &str, advance: &str, owed: &str) {
        let statement = self.json(&["statement", "--household", household]);
        let found = ["credit_closing", "advance_closing", "owed_closing"]
            .map(|name| statement[name].as_str().unwrap());
        assert_eq!(found, [credit, advance, owed], "{household}");
    }

    async fn close(self) {
        self.done(&["verify"]);
        let ledger = self.database.open("2026-11-01T00:00:00+08:00", 1).await;
        self.database.close(ledger).await;
    }
}

#[test]
fn an_opening_line_is_taken_back_and_recorded_anew() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let at = ["--at", "2025-09-10T09:00:00+08:00"];
        office.owes("H003", "31.50", "0.00", "0.00");
        office.done(
            &[
                &[
                    "opening",
                    "void",
                    "--number",
                    "credit/H003",
                    "--reason",
                    "typing mistake",
                ][..],
                &at,
            ]
            .concat(),
        );
        office.owes("H003", "0.00", "0.00", "0.00");
        office.refused(
            &[
                "opening",
                "void",
                "--number",
                "credit/H003",
                "--reason",
                "again",
            ],
            "credit/H003",
        );
        let report = office.json(&["report", "2025-09"]);
        assert_eq!(report["credit"]["prior_period"], "-31.50");
        let is_off = |check: &&Value| check["holds"] == false;
        let off: Vec<_> = report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_off)
            .map(|check| &check["id"])
            .collect();
        assert_eq!(
            off,
            ["opening_is_previous_closing"],
            "3190 waits for the line that was taken back"
        );
        office.done(&[
            "opening",
            "record",
            "--kind",
            "credit",
            "--subject",
            "H003",
            "--amount",
            "31.50",
        ]);
        office.owes("H003", "31.50", "0.00", "0.00");
        office.close().await;
    });
}

#[test]
fn fee_advance_is_opened_as_what_the_village_owes_and_never_below_nothing() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let record = "opening record --kind 2203 --subject H005 --amount";
        let line =
            |amount: &'static str| -> Vec<&str> { record.split(' ').chain([amount]).collect() };
        office.refused(&line("3.00"), "it must be from -100000000.00 to -0.01");
        office.owes("H005", "0.00", "0.00", "0.00");
        office.done(&line("-3.00"));
        office.owes("H005", "0.00", "3.00", "0.00");
        office.close().await;
    });
}

#[test]
fn a_stock_line_written_in_jin_is_half_as_many_kilograms() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let void = "opening void --number stock/PET --reason jin --at 2025-09-10T09:00:00+08:00";
        office.done(&void.split(' ').collect::<Vec<_>>());
        let record = "opening record --kind stock --subject PET --amount 30.00 --quantity 24.5jin";
        office.done(&record.split(' ').collect::<Vec<_>>());
        let report = office.json(&["report", "2025-09"]);
        let rows = report["materials"].as_array().unwrap();
        let pet = rows.iter().find(|row| row["code"] == "PET").unwrap();
        assert_eq!(pet["closing"], "12.250");
        office.close().await;
    });
}

#[test]
fn an_opening_line_that_is_put_right_months_later_leaves_every_month_balanced() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let void =
            "opening void --number credit/H003 --reason mistyped --at 2025-11-10T09:00:00+08:00";
        office.done(&void.split(' ').collect::<Vec<_>>());
        let record = "opening record --kind credit --subject H003 --amount 31.50";
        office.done(&record.split(' ').collect::<Vec<_>>());
        for month in ["2025-09", "2025-10", "2025-11"] {
            let report = office.json(&["report", month]);
            let checks = report["checks"].as_array().unwrap();
            let off = checks.iter().filter(|check| check["holds"] == false);
            assert_eq!(off.count(), 0, "{month}: {checks:?}");
        }
        office.close().await;
    });
}

#[test]
fn what_was_paid_on_an_opening_charge_that_is_taken_back_becomes_advance() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let at = ["--at", "2025-09-10T09:00:00+08:00"];
        office.done(
            &[
                &[
                    "cash",
                    "receive",
                    "--household",
                    "H004",
                    "--amount",
                    "15.00",
                ][..],
                &at,
            ]
            .concat(),
        );
        office.owes("H004", "0.00", "0.00", "5.00");
        // 10.00 was paid on July; taken back, it pays what is open of August, and the rest stays as advance.
        let july = [
            "opening",
            "void",
            "--number",
            "charge/H004/2025-07",
            "--reason",
            "paid long ago",
        ];
        office.done(&[&july[..], &at].concat());
        office.owes("H004", "0.00", "5.00", "0.00");
        office.done(
            &[
                &[
                    "cash",
                    "void",
                    "--receipt",
                    "2025-000001",
                    "--reason",
                    "not paid",
                ][..],
                &at,
            ]
            .concat(),
        );
        office.owes("H004", "0.00", "0.00", "10.00");
        office.close().await;
    });
}

#[test]
fn a_new_policy_and_a_change_of_a_household_hold_from_the_next_period_on() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let change = [
            "household",
            "change",
            "--household",
            "H001",
            "--from",
            "2025-10-01",
            "--waiver",
            "low_income",
        ];
        office.done(&change);
        let adopt = [
            "policy", "adopt", "--basis", "head", "--amount", "3.00", "--period", "month", "--from",
        ];
        office.refused(&[&adopt[..], &["2025-08"]].concat(), "2025-08");
        office.done(&[&adopt[..], &["2025-10"]].concat());
        office.refused(&["run", "charges", "2025-10"], "2025-09");
        office.done(&["run", "charges", "2025-09"]);
        office.done(&["run", "charges", "2025-10"]);
        assert!(
            office
                .done(&["run", "charges", "2025-10"])
                .contains("nothing"),
            "running again finds nothing to do"
        );
        let report = office.json(&["report", "2025-10"]);
        let charged = |report: &Value, no: &str| {
            let rows = report["households"].as_array().unwrap();
            let row = rows
                .iter()
                .find(|row| row["household_no"] == no)
                .unwrap()
                .clone();
            [
                row["charged"].as_str().unwrap().to_owned(),
                row["waived"].as_str().unwrap().to_owned(),
            ]
        };
        // Four heads at 3.00, half waived since October; three heads without a waiver.
        assert_eq!(charged(&report, "H001"), ["12.00", "-6.00"]);
        assert_eq!(charged(&report, "H002"), ["9.00", "0.00"]);
        assert_eq!(
            charged(&office.json(&["report", "2025-09"]), "H001"),
            ["10.00", "0.00"]
        );
        office.refused(&[&adopt[..], &["2025-10"]].concat(), "2025-10");
        office.close().await;
    });
}

#[test]
fn the_same_id_is_answered_again_and_another_content_is_refused_by_name() {
    on_both(async |engine| {
        let office = Office::new(engine).await;
        let id = "01920000-0000-7000-8000-000000000001";
        let pay = |amount| {
            let at = "2025-09-10T09:00:00+08:00";
            [
                "cash",
                "receive",
                "--household",
                "H001",
                "--amount",
                amount,
                "--at",
                at,
                "--id",
                id,
            ]
        };
        assert!(office.done(&pay("5.00")).starts_with("Recorded:"));
        assert!(office.done(&pay("5.00")).starts_with("Recorded before"));
        office.refused(&pay("6.00"), "amount");
        office.owes("H001", "6.20", "5.00", "0.00");
        office.close().await;
    });
}
