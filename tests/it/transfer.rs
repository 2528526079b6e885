//! A village's whole book moves between databases and engines with its chain, and a file that is not what it was is refused whole.

use std::path::Path;
use std::process::Output;

use jinfu::ledger::Ledger;
use tempfile::TempDir;

use crate::harness::{Database, Engine, jinfu, on_both, repository};

fn done(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    told
}

fn refused(output: &Output, sentence: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(sentence), "{told}");
}

fn import(database: &Database, folder: &str) -> Output {
    let folder = repository(folder).display().to_string();
    jinfu("en", &database.url, &["import", &folder])
}

fn export(database: &Database, file: &Path) -> Output {
    jinfu(
        "en",
        &database.url,
        &["export", &file.display().to_string()],
    )
}

fn take_in(database: &Database, file: &Path) -> Output {
    jinfu(
        "en",
        &database.url,
        &["import-journal", &file.display().to_string()],
    )
}

async fn close(database: Database) {
    let clock = jinfu::clock::Clock::System;
    let ledger = Ledger::open_reading(&database.url, clock).await.unwrap();
    database.close(ledger).await;
}

#[test]
fn a_book_moves_to_the_other_engine_and_back_with_its_chain_and_goes_on() {
    on_both(async |engine| {
        let other = match engine {
            Engine::Postgres => Engine::Sqlite,
            Engine::Sqlite => Engine::Postgres,
        };
        if other == Engine::Postgres && !crate::harness::has_postgres() {
            return;
        }
        let (here, there) = (Database::new(engine).await, Database::new(other).await);
        let folder = tempfile::tempdir().unwrap();
        done(&import(&here, "examples/data/jinfu"));
        let first = folder.path().join("first.jsonl");
        let told = done(&export(&here, &first));
        assert!(told.contains("entries written"), "{told}");
        done(&take_in(&there, &first));
        let report = |database: &Database| {
            let output = jinfu(
                "en",
                &database.url,
                &["report", "2025-09", "--format", "json"],
            );
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(report(&here), report(&there));
        let statement = ["statement", "--household", "01-003"];
        let (one, two) = (
            jinfu("en", &here.url, &statement),
            jinfu("en", &there.url, &statement),
        );
        assert_eq!(one.stdout, two.stdout, "names come along");
        // The command ids come along: the folder again changes nothing there.
        let again = done(&import(&there, "examples/data/jinfu"));
        assert!(again.contains(": 0 recorded"), "{again}");
        let second = folder.path().join("second.jsonl");
        done(&export(&there, &second));
        assert_eq!(
            std::fs::read(&first).unwrap(),
            std::fs::read(&second).unwrap()
        );
        let cash = [
            "cash",
            "receive",
            "--household",
            "01-003",
            "--amount",
            "5.00",
        ];
        done(&jinfu("en", &there.url, &cash));
        refused(&take_in(&here, &first), "already");
        close(here).await;
        close(there).await;
    });
}

/// The worked month, exported.
async fn dump() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::new(Engine::Sqlite).await;
    done(&import(&database, "tests/golden/2025-09-core"));
    let file = folder.path().join("book.jsonl");
    done(&export(&database, &file));
    close(database).await;
    let text = std::fs::read_to_string(&file).unwrap();
    (folder, text)
}

#[test]
fn a_file_that_was_changed_cut_or_is_none_is_refused_whole() {
    on_both(async |engine| {
        let (folder, text) = dump().await;
        let database = Database::new(engine).await;
        let file = folder.path().join("spoiled.jsonl");
        let lines: Vec<&str> = text.lines().collect();
        let half = lines[..lines.len() / 2].join("\n") + "\n";
        let amount = lines
            .iter()
            .position(|line| line.contains("\"amount\":\""))
            .unwrap();
        let dearer = text.replacen("\"amount\":\"", "\"amount\":\"1", 1);
        let mut swapped = lines.clone();
        swapped.swap(5, 6);
        let mut without = lines.clone();
        without.remove(7);
        let newer = text.replacen("\"jinfu_journal\":1", "\"jinfu_journal\":2", 1);
        let longer = format!("{text}{}\n", lines[3]);
        for (spoiled, sentence) in [
            (half, "a part is missing".to_owned()),
            (
                text[..text.len() - 30].to_owned(),
                "a part is missing".to_owned(),
            ),
            (dearer, format!("Line {}", amount + 1)),
            (
                swapped.join("\n"),
                "Line 6 was changed or does not belong there".to_owned(),
            ),
            (
                without.join("\n"),
                "Line 8 was changed or does not belong there".to_owned(),
            ),
            (newer, "version 2".to_owned()),
            (longer, format!("Line {}", lines.len() + 1)),
            (String::new(), "is not a book".to_owned()),
            (
                "{\"jinfu_journal\":1}\n".to_owned(),
                "is not a book".to_owned(),
            ),
            (
                "household_no,amount\n1,2\n".to_owned(),
                "is not a book".to_owned(),
            ),
            (
                lines[0].replace("\"entries\":", "\"entries\":1"),
                "a part is missing".to_owned(),
            ),
        ] {
            std::fs::write(&file, spoiled).unwrap();
            refused(&take_in(&database, &file), &sentence);
        }
        refused(
            &take_in(&database, Path::new("/nowhere/book.jsonl")),
            "cannot be read",
        );
        std::fs::write(&file, [0xff, 0xfe, 0x00, 0x12]).unwrap();
        refused(&take_in(&database, &file), "cannot be read");
        let empty = jinfu("en", &database.url, &["export", "x.jsonl"]);
        refused(&empty, "no village");
        close(database).await;
    });
}

#[test]
fn no_byte_of_a_file_can_be_changed_unseen() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (_folder, text) = dump().await;
        let bytes = text.as_bytes();
        // Every 61st byte: all parts of all kinds of lines, in a few seconds.
        for (round, at) in (0..bytes.len()).step_by(61).enumerate() {
            let mut spoiled = bytes.to_vec();
            spoiled[at] ^= 1 << (round % 7);
            let place = String::from_utf8_lossy(&bytes[at.saturating_sub(20)..=at]);
            assert!(!take_in_memory(&spoiled).await, "byte {at} of {place:?}");
        }
        // A value written otherwise is a change as well.
        for (written, otherwise) in [
            (".50\"", ".5 \""),
            ("Z\"", "z\""),
            ("\"seq\":2,", "\"seq\": 2,"),
            ("\"jinfu_journal\":1", "\"jinfu_journal\":0"),
        ] {
            assert!(text.contains(written), "{written}");
            let spoiled = text.replacen(written, otherwise, 1);
            assert!(!take_in_memory(spoiled.as_bytes()).await, "{otherwise}");
        }
        assert!(take_in_memory(bytes).await);
    });
}

/// Whether a new book takes the bytes in.
async fn take_in_memory(bytes: &[u8]) -> bool {
    use jinfu::files::journal::{DumpProblem, Header, read_entry};
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut lines = text.split_inclusive('\n');
    let Ok(header) = Header::read("spoiled", lines.next().unwrap_or_default()) else {
        return false;
    };
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let promised = jinfu::domain::facts::Head {
        next_seq: header.entries.saturating_add(1),
        hash: header.head,
    };
    let entries = (2..).zip(lines).map(|(line, text)| read_entry(line, text));
    let taken = Ledger::take_in::<DumpProblem>(&url, &header.village, promised, entries).await;
    taken.is_ok()
}
