//! Months at the command line, and in a book that moves to the other engine.

use jinfu::domain::Command;
use jinfu::domain::Role;
use jinfu::domain::month_close::MonthState;
use jinfu::domain::settlement::OffsetCredit;

use super::{act, close, code, done, pickup, reopen, september, standing, village};
use crate::harness::{Database, Engine, has_postgres, jinfu, on_both};

#[test]
fn a_book_with_months_that_were_opened_again_moves_to_the_other_engine() {
    on_both(async |engine| {
        let other = match engine {
            Engine::Postgres => Engine::Sqlite,
            Engine::Sqlite => Engine::Postgres,
        };
        if other == Engine::Postgres && !has_postgres() {
            return;
        }
        let (here, ledger) = village(engine).await;
        let clerk = Role::Clerk;
        for round in 0..3 {
            done(&ledger, clerk, "wang", close(september())).await;
            done(&ledger, clerk, "wang", reopen(september())).await;
            let number = format!("R{round}");
            done(
                &ledger,
                clerk,
                "wang",
                pickup(&number, "2025-09-20T08:00:00+08:00", 1_000),
            )
            .await;
            let offset = Command::OffsetCredit(OffsetCredit { month: september() });
            act(&ledger, clerk, "wang", offset).await.unwrap();
        }
        done(&ledger, clerk, "wang", close(september())).await;
        let sealed = ledger.report(&code(), september()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.jsonl").display().to_string();
        let output = jinfu("en", &here.url, &["export", &file]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let there = Database::new(other).await;
        let output = jinfu("en", &there.url, &["import-journal", &file]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let moved = there.open("2026-12-01T09:00:00+08:00", 8).await;
        assert_eq!(standing(&moved, september()).await, (MonthState::Closed, 4));
        assert_eq!(moved.report(&code(), september()).await.unwrap(), sealed);
        assert_eq!(
            moved.head(&code()).await.unwrap(),
            ledger.head(&code()).await.unwrap()
        );
        here.close(ledger).await;
        there.close(moved).await;
    });
}

#[test]
fn the_office_closes_and_signs_a_month_at_the_command_line() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        ledger.close().await.unwrap();
        let run = |words: &[&str]| {
            let output = jinfu("en", &database.url, words);
            assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        for words in [
            &["close", "2025-09", "--by", "wang"][..],
            &["review", "2025-09", "--by", "li"],
            &["sign", "2025-09", "--by", "zhao"],
            &["publish", "2025-09"],
            &[
                "reopen", "2025-09", "--role", "official", "--by", "zhao", "--reason", "wrong",
            ],
            &["close", "2025-09", "--by", "wang"],
            &["return", "2025-09", "--by", "li", "--reason", "wrong again"],
        ] {
            run(words);
        }
        let listed = run(&["month", "list", "--format", "json"]);
        let months: serde_json::Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(months[0]["state"], "open");
        assert_eq!(months[0]["version"], 2);
        assert!(run(&["month", "list"]).contains("Check code"));
        assert!(run(&["month", "differences", "2025-09"]).contains("0 figures differ"));
        let report = run(&["report", "2025-09"]);
        assert!(report.contains("Two views of time agree"), "{report}");
        let ledger = database.open("2026-12-01T09:00:00+08:00", 9).await;
        database.close(ledger).await;
    });
}

#[test]
fn states_roles_and_persons_of_a_month_are_told_in_the_language_of_the_reader() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        ledger.close().await.unwrap();
        let told = |language: &str, line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let output = jinfu(language, &database.url, &words);
            let text = [output.stdout, output.stderr].concat();
            String::from_utf8(text).unwrap()
        };
        for (language, line, expected) in [
            ("zh-CN", "payout list", "没有可列的"),
            ("en", "round list 2025-09", "Nothing to list"),
            ("en", "close 2025-09 --by wang", "2025-09/1, check code "),
            ("zh-CN", "close 2025-09", "可以这样做的状态：未结账。"),
            (
                "en",
                "return 2025-10 --reason x",
                "month that is: closed or reviewed.",
            ),
            (
                "zh-CN",
                "review 2025-09 --role clerk",
                "角色 村会计 不能做这一步，应由：村务监督委员。",
            ),
            (
                "en",
                "review 2025-09 --by wang",
                "clerk wang did an earlier step",
            ),
            ("en", "review 2025-09 --by li", "reviewed"),
            ("zh-CN", "month list", "村会计 wang ┆ 村务监督委员 li"),
        ] {
            let text = told(language, line);
            assert!(text.contains(expected), "{line}: {text}");
        }
        let ledger = database.open("2026-12-01T09:00:00+08:00", 9).await;
        database.close(ledger).await;
    });
}
