//! `jinfu user`, as it is typed.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use jinfu::ledger::access::AccessError;
use serde_json::Value;

use crate::access::{Door, NAME, PASSWORD, PEPPER, TRACE, no, open};
use crate::harness::{Database, Engine, on_both, program};

/// Runs `jinfu user` with something on its standard input.
fn user(language: &str, url: &str, words: &[&str], input: &str) -> Output {
    let mut process = Command::new(program());
    process.args(["--database", url, "--language", language, "user"]);
    process.args(words).stdin(Stdio::piped());
    process.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().unwrap();
    // Where nothing is read, the pipe may be gone already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn refused(output: &Output, code: i32, sentence: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(sentence), "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_first_administrator_is_added_before_anything_else() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let url = &database.url;
        if engine == Engine::Sqlite {
            refused(&user("en", url, &["list"], ""), 3, "no database file");
        }
        let add = ["add", "first", "--role", "administrator"];
        refused(&user("en", url, &add, "short\n"), 1, "12 to 128 characters");
        refused(
            &user("zh-CN", url, &add, "short\n"),
            1,
            "密码要有 12 到 128 个字",
        );
        let output = user("zh-CN", url, &add, &format!("{PASSWORD}\r\nand more\n"));
        assert_eq!(done(&output), "");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "已加账号 first。\n"
        );
        refused(
            &user("en", url, &add, PASSWORD),
            1,
            "an account first already",
        );
        let access = open(url, &PEPPER).await;
        let here = crate::access::HERE;
        let signed_in = access
            .sign_in(("first", PASSWORD), here, TRACE)
            .await
            .unwrap();
        assert!(signed_in.identity.scope == jinfu::domain::authority::Scope::Everywhere);
        let record = access.audit(None, 10).await.unwrap();
        assert!(record.iter().any(|record| record.actor == "system:cli"
            && record.action == "add_account"
            && record.subject.as_deref() == Some("first")));
        access.close().await.unwrap();
        database.discard().await;
    });
}

#[test]
fn accounts_are_kept_while_another_process_writes_the_books() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let url = &door.village.database.url;
        let run = |words: &[&str]| user("en", url, words, "");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "seven ducks by the pond\n").unwrap();
        let file = file.to_str().unwrap();
        // The one village there is.
        done(&run(&[
            "add",
            "zhou",
            "--role",
            "supervisor",
            "--password-file",
            file,
        ]));
        let code = door.village.code.as_str();
        let collector = [
            "--role",
            "collector",
            "--village",
            code,
            "--collector",
            "C1",
        ];
        let words = [&["add", "coll"][..], &collector, &["--password-file", file]];
        done(&run(&words.concat()));
        let listed: Value =
            serde_json::from_str(&done(&run(&["list", "--format", "json"]))).unwrap();
        let names: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["coll", NAME, "zhou"]);
        assert_eq!(listed[0]["collector"], "C1");
        assert_eq!(listed[2]["scope"], code);
        done(&run(&["disable", "zhou"]));
        let table = done(&run(&["list"]));
        assert!(
            table
                .lines()
                .any(|line| line.contains("zhou") && line.contains("disabled")),
            "{table}"
        );
        let denied = no(door.sign_in("zhou", "seven ducks by the pond").await);
        assert_eq!(denied, AccessError::WrongSignIn);
        done(&run(&["enable", "zhou"]));
        door.sign_in("zhou", "seven ducks by the pond")
            .await
            .unwrap();
        done(&run(&["password", NAME, "--password-file", file]));
        door.sign_in(NAME, "seven ducks by the pond").await.unwrap();
        refused(&run(&["disable", "nobody"]), 1, "no account nobody");
        refused(
            &run(&["password", NAME, "--password-file", "/nowhere"]),
            3,
            "cannot be read",
        );
        refused(
            &run(&["add", "x", "--role", "king", "--password-file", file]),
            1,
            "king",
        );
        let wide = ["--role", "clerk", "--region", &code[..6]];
        let words = [&["add", "wide"][..], &wide, &["--password-file", file]];
        refused(&run(&words.concat()), 1, "too wide");
        door.close().await;
    });
}

#[test]
fn tokens_cards_and_codes_are_printed_once_and_work() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let url = &door.village.database.url;
        let run = |words: &[&str]| user("en", url, words, "");
        let clock = door.access.clock();
        let token = done(&run(&["token", NAME, "--days", "9"]));
        // The program's own clock goes on while the tests' stands still.
        clock.set(jinfu::clock::Clock::System.now());
        let known = door
            .access
            .identify(token.trim_end())
            .await
            .unwrap()
            .unwrap();
        assert!(!known.identity.may_write);
        let token = done(&run(&[
            "token", NAME, "--days", "9", "--write", "--label", "scales",
        ]));
        let known = door
            .access
            .identify(token.trim_end())
            .await
            .unwrap()
            .unwrap();
        assert!(known.identity.may_write);
        refused(&run(&["token", NAME, "--days", "400"]), 1, "1 to 366 days");
        let folder = tempfile::tempdir().unwrap();
        let pepper = folder.path().join("pepper");
        std::fs::write(&pepper, PEPPER).unwrap();
        let pepper = ["--pepper-file", pepper.to_str().unwrap()];
        let words = [&["card", "--household", "H003"][..], &pepper].concat();
        let card = done(&run(&words));
        let mut lines = card.lines();
        let secret = lines.next().unwrap().strip_prefix("Card: ").unwrap();
        let pin = lines.next().unwrap().strip_prefix("PIN: ").unwrap();
        let phone = door.access.bind_card(secret, TRACE).await.unwrap();
        door.unlock(&phone, pin).await.unwrap();
        let words = [&["card", "--household", "H999"][..], &pepper].concat();
        refused(&run(&words), 1, "H999");
        if engine == Engine::Postgres {
            refused(&run(&["card", "--household", "H003"]), 1, "no key file");
        }
        let code = done(&run(&["enrol", "--collector", "C1"]));
        let enrolled = door
            .access
            .enrol(code.trim_end(), "phone", TRACE)
            .await
            .unwrap();
        assert_eq!(enrolled.identity.actor().to_string(), "collector:C1");
        door.close().await;
    });
}
