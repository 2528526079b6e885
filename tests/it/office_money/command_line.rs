//! All of it at the command line, and the book moved to another database.

use serde_json::{Value, json};

use super::FOLDER;
use crate::harness::{Database, Engine, jinfu, on_both, repository};

const ON: &str = "--at 2025-09-10T09:00:00+08:00";

struct Desk {
    database: Database,
}

impl Desk {
    async fn new(engine: Engine) -> Desk {
        let desk = Desk {
            database: Database::new(engine).await,
        };
        desk.done(&format!("import {}", repository(FOLDER).display()));
        desk
    }

    fn run(&self, words: &str) -> (Option<i32>, String, String) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let output = jinfu("en", &self.database.url, &words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let printed = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), printed, told)
    }

    #[track_caller]
    fn done(&self, words: &str) -> String {
        let (code, printed, told) = self.run(words);
        assert_eq!(code, Some(0), "{words}: {told}");
        printed
    }

    #[track_caller]
    fn refused(&self, words: &str, sentence: &str) {
        let (code, _, told) = self.run(words);
        assert_eq!(code, Some(1), "{words}: {told}");
        assert!(told.contains(sentence), "{words}: {told}");
    }

    fn settings(&self) -> Value {
        serde_json::from_str(&self.done("village settings --format json")).unwrap()
    }

    async fn close(self) {
        let ledger = self.database.open("2026-11-01T00:00:00+08:00", 1).await;
        self.database.close(ledger).await;
    }
}

#[test]
fn the_office_keeps_fund_pay_cash_and_write_offs_and_the_book_moves_whole() {
    on_both(async |engine| {
        let desk = Desk::new(engine).await;
        let done = |words: &str| desk.done(&format!("{words} {ON}"));
        done("fund receive --amount 5000 --voucher grant-3");
        done("fund spend --purpose collector_pay --collector C1 --amount 10 --voucher v-1");
        let mixed = "fund spend --purpose operating --collector C1 --amount 1 --voucher v";
        desk.refused(mixed, "C1");
        let much = "fund spend --purpose operating --amount 20000 --voucher v";
        desk.refused(much, "19990.00");
        done("fund void --expense 2025-000001 --reason wrong");
        assert_eq!(desk.run("fund void --reason wrong").0, Some(2));

        desk.done("pay earn 2025-09 --collector C1 --wage 100 --per-kg 0.05");
        let twice = "pay earn 2025-09 --collector C1 --wage 100";
        desk.refused(twice, "2025-000001");
        done("pay pay --collector C1 --amount 60 --bank");
        done("pay void --payment 2025-000001 --reason wrong");
        done("pay void --earned 2025-000001 --reason wrong");

        done("cash receive --household H004 --amount 15 --collector C1");
        done("cash receive --household H004 --amount 2 --custodian Li");
        assert!(desk.done("cash custody").contains("overdue"));
        done("cash hand-in --collector C1 --amount 15 --custodian Li");
        done("cash deposit --custodian Li --amount 17");
        done("cash void --deposit 2025-000001 --reason wrong");
        done("cash void --hand-in 2025-000001 --reason wrong");
        done("cash void --receipt 2025-000002 --reason wrong");
        let list = desk.done("cash list 2025-09");
        assert!(list.contains("2025-000001"), "{list}");
        assert!(list.contains("voided 2025-09-10"), "{list}");
        let list = desk.done("cash list 2025-09 --format csv");
        assert!(list.contains("office Li"), "{list}");

        let off = "charge write-off --household H002 --period 2025-08 --resolution meeting-4";
        done(off);
        desk.refused(off, "H002");
        done("charge void --number 2025-000001 --reason wrong");
        let statement = desk.done("statement --household H002");
        assert!(statement.contains("Written off"), "{statement}");
        assert!(statement.contains("Void"), "{statement}");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.jsonl").display().to_string();
        desk.done(&format!("export {file}"));
        let other = Desk {
            database: Database::new(engine).await,
        };
        other.done(&format!("import-journal {file}"));
        other.close().await;
        desk.close().await;
    });
}

#[test]
fn the_figures_of_a_village_are_shown_and_changed_one_by_one() {
    on_both(async |engine| {
        let desk = Desk::new(engine).await;
        assert_eq!(desk.settings()["collector_cash_most"], "300.00");
        desk.done("village settings --set collector_cash_most=12.50 --set payout_months=6,12");
        desk.done("village settings --set reweighs=true --set collector_cash_days=5");
        let now = desk.settings();
        assert_eq!(now["collector_cash_most"], "12.50");
        assert_eq!(now["payout_months"], json!([6, 12]));
        assert_eq!(now["reweighs"], true);
        assert_eq!(now["collector_cash_days"], 5);
        assert_eq!(now["payout_days"], 30, "what is not named stays");
        assert!(desk.done("village settings").contains("6,12"));
        desk.refused("village settings --set cash=1", "collector_cash_most");
        desk.refused("village settings --set collector_cash_most=much", "much");
        desk.refused("village settings --set reweighs=maybe", "true, false");
        desk.refused("village settings --set payout_months=13", "payout_months");
        assert_eq!(desk.settings(), now);
        desk.close().await;
    });
}
