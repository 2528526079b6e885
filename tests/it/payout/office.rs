//! `jinfu payout`: the whole way of a payout at the command line, and the book that moves on with it.

use serde_json::Value;

use crate::harness::{Database, Engine, jinfu, on_both, repository};

/// Runs the program and gives its exit code with what it said on stdout and stderr.
fn told(database: &Database, words: &[&str]) -> (i32, String, String) {
    let output = jinfu("en", &database.url, words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn the_office_pays_out_at_the_command_line_and_the_book_moves_on_with_it() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let folder = repository("tests/golden/2025-09-core")
            .display()
            .to_string();
        let done = |words: &[&str]| {
            let (code, out, err) = told(&database, words);
            assert_eq!(code, 0, "{words:?}: {err}");
            out
        };
        let refused = |words: &[&str], sentence: &str| {
            let (code, _, err) = told(&database, words);
            assert_eq!(code, 1, "{words:?}: {err}");
            assert!(err.contains(sentence), "{words:?}: {err}");
        };
        done(&["import", &folder]);
        let ask = [
            "payout",
            "request",
            "--household",
            "H003",
            "--amount",
            "20.00",
        ];
        let number = [
            "--number",
            "2025-000001",
            "--at",
            "2025-09-11T09:00:00+08:00",
        ];
        done(
            &[
                &ask[..],
                &["--by", "wang", "--at", "2025-09-10T09:00:00+08:00"],
            ]
            .concat(),
        );
        let step = |verb: &'static str, more: &[&'static str]| {
            [&["payout", verb][..], &number, more].concat()
        };
        refused(&step("approve", &["--by", "wang"]), "another person");
        refused(&step("pay", &[]), "requested and not approved yet");
        let listed = done(&["payout", "list"]);
        assert!(
            listed.contains("clerk wang") && listed.contains("20.00"),
            "{listed}"
        );
        done(&step("approve", &["--by", "li"]));
        let listed = done(&["payout", "list", "--format", "json"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed[0]["number"], "2025-000001");
        assert_eq!(listed[0]["state"], "approved");
        assert_eq!(listed[0]["approved_by"], "supervisor:li");
        assert_eq!(listed[0]["amount"], "20.00");
        done(&step("pay", &["--custodian", "zhao"]));
        refused(&step("cancel", &["--reason", "late"]), "paid already");
        let statement = done(&["statement", "--household", "H003"]);
        assert!(statement.contains("Paid out"), "{statement}");
        done(&step("void", &["--reason", "wrong house"]));
        assert!(done(&["payout", "expire"]).contains("nothing"));
        done(&[&ask[..], &["--at", "2025-09-12T09:00:00+08:00"]].concat());
        refused(
            &[&ask[..], &["--at", "2025-09-12T09:00:00+08:00"]].concat(),
            "on hold",
        );
        done(&[
            "payout",
            "cancel",
            "--number",
            "2025-000002",
            "--reason",
            "asked twice",
        ]);
        done(&["verify"]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.jsonl").display().to_string();
        done(&["export", &file]);
        let other = Database::new(Engine::Sqlite).await;
        for words in [
            &["import-journal", &file][..],
            &["verify"],
            &["payout", "list"],
        ] {
            let (code, _, err) = told(&other, words);
            assert_eq!(code, 0, "{words:?}: {err}");
        }
        other.discard().await;
        database.discard().await;
    });
}
