//! Bad input at the command line: a clear sentence, the documented exit code, nothing lost and nothing half-written.

use std::path::Path;
use std::process::Output;

use jinfu::domain::settlement::{CashTaker, ReceiveCash};
use jinfu::domain::{Command, HouseholdNo, Money, Refusal, VillageCode};
use jinfu::files::import;
use jinfu::ledger::{Error, Trouble};
use tempfile::TempDir;

use crate::harness::{Database, Engine, jinfu, on_both, program, refusal, repository, submit};

/// A copy of the worked month's folder, to be spoiled.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "village.toml",
        "materials.csv",
        "households.csv",
        "prices.csv",
        "opening.csv",
    ] {
        std::fs::copy(
            repository("tests/golden/2025-09-core").join(file),
            folder.path().join(file),
        )
        .unwrap();
    }
    folder
}

fn write(folder: &TempDir, file: &str, content: impl AsRef<[u8]>) {
    std::fs::write(folder.path().join(file), content).unwrap();
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn import_of(folder: &Path, database: &str) -> Output {
    jinfu(
        "en",
        database,
        &[
            "import",
            &folder.display().to_string(),
            "--through",
            "2025-09",
        ],
    )
}

const PICKUPS: &str =
    "pickup_no,occurred_at,household_no,collector,material,gross,tare,unit,deduction\n";

#[test]
fn every_bad_row_is_named_and_spoils_only_its_own_pickup() {
    on_both(async |engine| {
        let rows = [
            ("A-1,2025-09-05T09:00:00+08:00,H001,C1,ZB,10.000,,kg,", ""),
            (
                "A-2,2025-09-05T09:01:00+08:00,H999,C1,ZB,10.000,,kg,",
                "household_no",
            ),
            (
                "A-3,2025-09-05T09:02:00+08:00,H001,C1,XX,10.000,,kg,",
                "material",
            ),
            ("A-4,2025-09-05T09:03:00+08:00,H001,C1,ZB,0,,kg,", ""),
            ("A-5,2025-09-05T09:04:00+08:00,H001,C1,ZB,-1,,kg,", "gross"),
            (
                "A-6,2025-09-05T09:05:00+08:00,H001,C1,ZB,1.000,2.000,kg,",
                "",
            ),
            (
                "A-7,2025-09-05T09:06:00+08:00,H001,C1,ZB,1.0005,,kg,",
                "gross",
            ),
            (
                "A-8,2025-09-05T09:07:00+08:00,H001,C1,ZB,2000.001,,kg,",
                "gross",
            ),
            (
                "A-9,2025-09-05T09:08:00+08:00,H001,C1,ZB,1.000,,pound,",
                "unit",
            ),
            (
                "A-10,2025-02-30T09:09:00+08:00,H001,C1,ZB,1.000,,kg,",
                "occurred_at",
            ),
            (
                "A-11,2099-09-05T09:10:00+08:00,H001,C1,ZB,1.000,,kg,",
                "occurred_at",
            ),
            (
                "A-12,2025-09-05T09:11:00+08:00,H001,C1,ZB,1.000,,kg,501",
                "deduction",
            ),
            (
                "A-13,2025-09-05T09:12:00+08:00,H\u{7}1,C1,ZB,1.000,,kg,",
                "household_no",
            ),
            ("A-14,2025-09-05T09:13:00+08:00,H001,C1,ZB,1.000,,kg,", ""),
            (
                "A-14,2025-09-05T09:14:00+08:00,H002,C1,ZB,1.000,,kg,",
                "pickup_no",
            ),
            ("A-15,2025-08-05T09:14:00+08:00,H002,C1,ZB,1.000,,kg,", ""),
            (
                "A-16,2025-09-05T09:15:00+08:00,H002,C1,PJ,1.5,,piece,",
                "gross",
            ),
        ];
        let folder = folder();
        let lines: Vec<&str> = rows.iter().map(|(row, _)| *row).collect();
        write(
            &folder,
            "pickups.csv",
            format!("{PICKUPS}{}\n", lines.join("\n")),
        );
        let database = Database::new(engine).await;
        let table = folder.path().join("refused.csv");
        let words = [
            "import",
            &folder.path().display().to_string(),
            "--refused",
            &table.display().to_string(),
        ];
        let output = jinfu("en", &database.url, &words);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let refused = std::fs::read_to_string(table).unwrap();
        let refused: Vec<&str> = refused.lines().skip(1).collect();
        for (index, (row, column)) in rows.iter().enumerate() {
            let place = format!("pickups.csv,{},", index + 2);
            let told = refused.iter().find(|line| line.starts_with(&place));
            // A-1 is good; the first row of A-14 is spoiled by its second, which is the one that is named.
            let is_named = index != 0 && index != 13;
            assert_eq!(told.is_some(), is_named, "{row}: {told:?}");
            if let (Some(told), false) = (told, column.is_empty()) {
                assert!(
                    told.starts_with(&format!("{place}{column},")),
                    "{row}: {told}"
                );
            }
        }
        let ledger = database.open("2026-01-01T00:00:00+08:00", 1).await;
        let village = VillageCode::parse("village", "430321900001").unwrap();
        let month = jinfu::domain::Month::parse("month", "2025-09").unwrap();
        assert_eq!(ledger.report(&village, month).await.unwrap().pickups, 1);
        database.close(ledger).await;
    });
}

#[test]
fn a_repaired_row_is_imported_again_and_nothing_else() {
    on_both(async |engine| {
        let folder = folder();
        let good = "A-1,2025-09-05T09:00:00+08:00,H001,C1,ZB,10.000,,kg,\n";
        write(
            &folder,
            "pickups.csv",
            format!("{PICKUPS}{good}A-2,2025-09-05T09:01:00+08:00,H002,C1,ZB,ten,,kg,\n"),
        );
        let database = Database::new(engine).await;
        assert_eq!(
            import_of(folder.path(), &database.url).status.code(),
            Some(1)
        );
        write(
            &folder,
            "pickups.csv",
            format!("{PICKUPS}{good}A-2,2025-09-05T09:01:00+08:00,H002,C1,ZB,10,,kg,\n"),
        );
        let words = [
            "import",
            &folder.path().display().to_string(),
            "--dry-run",
            "--through",
            "2025-09",
        ];
        let rehearsed = stderr(&jinfu("en", &database.url, &words));
        // The pickup, and the offset of its credit.
        assert!(rehearsed.contains("2 would be recorded"), "{rehearsed}");
        let repaired = import_of(folder.path(), &database.url);
        assert_eq!(repaired.status.code(), Some(0), "{}", stderr(&repaired));
        assert!(
            stderr(&repaired).contains(": 2 recorded"),
            "{}",
            stderr(&repaired)
        );
        let again = import_of(folder.path(), &database.url);
        assert!(
            stderr(&again).contains(": 0 recorded"),
            "{}",
            stderr(&again)
        );
        let ledger = database.open("2026-01-01T00:00:00+08:00", 1).await;
        database.close(ledger).await;
    });
}

#[test]
fn a_folder_that_is_none_is_told_in_a_sentence_and_leaves_no_book() {
    let cases: [(&str, Option<&[u8]>, &str); 7] = [
        ("materials.csv", None, "no materials.csv"),
        ("materials.csv", Some(b""), "materials.csv is empty"),
        ("materials.csv", Some(b"code,name,unit\n\xff\xfe,x,kg\n"), "Line 2 of materials.csv is not UTF-8"),
        ("materials.csv", Some(b"code,name\nZB,x\n"), "lacks the column \"unit\""),
        ("village.toml", Some(b"code = 5"), "village.toml cannot be understood"),
        ("prices.csv", Some(b"effective_from,material,price,price\n"), "the column \"price\" twice"),
        (
            "village.toml",
            Some(b"code = \"43\"\nname = \"x\"\ntownship = \"y\"\nopening_month = \"2025-09\"\n[fee]\nbasis = \"none\"\n"),
            "12",
        ),
    ];
    for (file, content, sentence) in cases {
        let folder = folder();
        match content {
            Some(content) => write(&folder, file, content),
            None => std::fs::remove_file(folder.path().join(file)).unwrap(),
        }
        let book = folder.path().join("books.db");
        let output = import_of(folder.path(), &format!("sqlite:{}", book.display()));
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(
            stderr(&output).contains(sentence),
            "{file}: {}",
            stderr(&output)
        );
        assert!(!book.exists(), "{file}");
    }
}

#[test]
fn a_file_over_64_mib_is_refused_before_it_is_read() {
    let folder = folder();
    let file = std::fs::File::create(folder.path().join("cash.csv")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    let book = format!("sqlite:{}", folder.path().join("books.db").display());
    let output = import_of(folder.path(), &book);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("64 MiB"), "{}", stderr(&output));
}

#[test]
fn a_bad_price_list_is_refused_whole_and_only_it() {
    let folder = folder();
    let good = "2025-01-01T00:00:00+08:00,ZB,0.90,1\n";
    let twice = "2025-02-01T00:00:00+08:00,ZB,0.90,1\n2025-02-01T00:00:00+08:00,ZB,0.80,1\n";
    write(
        &folder,
        "prices.csv",
        format!("effective_from,material,price,per\n{good}{twice}"),
    );
    let plan = import::read(folder.path(), program()).unwrap();
    let refused: Vec<_> = plan
        .refused
        .iter()
        .map(|row| (row.source.line, row.refusal.code()))
        .collect();
    assert_eq!(refused, [(4, "material-twice".to_owned())]);
    let lists = plan
        .steps
        .iter()
        .filter(|step| matches!(step.request.command, Command::PublishPriceList(_)));
    assert_eq!(lists.count(), 1);
}

#[test]
fn databases_that_are_not_ours_are_told_with_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    std::fs::write(
        folder.path().join("text.db"),
        "this is no database, however long it may be".repeat(100),
    )
    .unwrap();
    let cases = [
        (at("absent.db"), "absent.db"),
        (at("text.db"), "text.db"),
        ("postgres://nobody@127.0.0.1:1/none".to_owned(), ""),
        ("mysql://x".to_owned(), "mysql"),
    ];
    for (database, sentence) in cases {
        for language in ["en", "zh-CN"] {
            let output = jinfu(language, &database, &["report", "2025-09"]);
            assert_eq!(
                output.status.code(),
                Some(3),
                "{database}: {}",
                stderr(&output)
            );
            assert!(
                stderr(&output).contains(sentence),
                "{database}: {}",
                stderr(&output)
            );
            assert!(
                !stderr(&output).contains("trouble-"),
                "{database}: {}",
                stderr(&output)
            );
        }
    }
    for words in [
        vec!["report"],
        vec!["nothing"],
        vec!["report", "2025-09", "--format", "pdf"],
    ] {
        assert_eq!(
            jinfu("en", &at("x.db"), &words).status.code(),
            Some(2),
            "{words:?}"
        );
    }
    assert_eq!(
        jinfu("en", &at("x.db"), &["report", "2025-9"])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn a_newer_database_and_a_second_writer_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = Database::new(Engine::Sqlite).await;
        let ledger = database.open("2026-01-01T00:00:00+08:00", 1).await;
        let second = jinfu(
            "en",
            &database.url,
            &[
                "import",
                &repository("examples/data/jinfu").display().to_string(),
            ],
        );
        assert_eq!(second.status.code(), Some(3), "{}", stderr(&second));
        ledger.close().await.unwrap();
        let path = database.url.strip_prefix("sqlite:").unwrap().to_owned();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut raw = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query("pragma user_version = 99")
            .execute(&mut raw)
            .await
            .unwrap();
        sqlx::Connection::close(raw).await.unwrap();
        let newer = jinfu("en", &database.url, &["verify"]);
        assert_eq!(newer.status.code(), Some(3), "{}", stderr(&newer));
        assert!(stderr(&newer).contains("99"), "{}", stderr(&newer));
    });
}

#[test]
fn a_village_that_is_not_there_and_a_ledger_for_reading_book_nothing() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open("2026-01-01T00:00:00+08:00", 1).await;
        let village = VillageCode::parse("village", "999999999999").unwrap();
        let command = || {
            Command::ReceiveCash(ReceiveCash {
                household_no: HouseholdNo::parse("household_no", "H001").unwrap(),
                amount: Money::from_fen(100),
                received_at: "2025-09-05T09:00:00+08:00".parse().unwrap(),
                taken_by: CashTaker::Office(String::new()),
            })
        };
        // Twice: what the first left behind must not change the second.
        for _ in 0..2 {
            let told = refusal(submit(&ledger, &village, command()).await);
            assert_eq!(
                told,
                Refusal::VillageUnknown {
                    village: village.clone()
                }
            );
        }
        let reading =
            jinfu::ledger::Ledger::open_reading(&database.url, jinfu::clock::Clock::System)
                .await
                .unwrap();
        let answer = submit(&reading, &village, command()).await;
        assert!(
            matches!(answer, Err(Error::Unavailable(Trouble::Failed { .. }))),
            "{answer:?}"
        );
        reading.close().await.unwrap();
        database.close(ledger).await;
    });
}

#[test]
fn a_database_of_another_application_is_left_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query("create table address (name text)")
            .execute(&mut other)
            .await
            .unwrap();
        sqlx::Connection::close(other).await.unwrap();
        let before = std::fs::read(&path).unwrap();
        let database = format!("sqlite:{}", path.display());
        let folder = repository("examples/data/jinfu").display().to_string();
        for words in [vec!["import", folder.as_str()], vec!["verify"]] {
            let output = jinfu("en", &database, &words);
            assert_eq!(
                output.status.code(),
                Some(3),
                "{words:?}: {}",
                stderr(&output)
            );
            assert!(stderr(&output).contains("other.db"), "{}", stderr(&output));
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    });
}

#[test]
fn the_sqlite_inside_is_without_the_wal_reset_bug() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true);
        let mut memory = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let (version,): (String,) = sqlx::query_as("select sqlite_version()")
            .fetch_one(&mut memory)
            .await
            .unwrap();
        let parts: Vec<u32> = version
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        assert!(parts >= vec![3, 51, 3], "{version}");
    });
}
