//! The log of SQLite, copied back into its file while the books are written: it stays short, and neither a full disk nor a failing one loses what
//! was booked.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::month::parse_time;
use jinfu::ledger::{Error, Ledger, Limits, Trouble};
use sqlx::{Connection, SqliteConnection};

use crate::faults::child::{self, STOPPED};
use crate::faults::machine::{Disk, Programs};
use crate::faults::oracle::{Check, Witness};
use crate::faults::{LOG_PAGES, NOW, cash, open_village, request};
use crate::harness::verify;

/// How many commands are booked, each in a commit of its own of some ten pages.
const COMMITS: u64 = 600;
/// The size of a page.
const PAGE: u64 = 4_096;

async fn open(path: &Path, log_pages: u32) -> Ledger {
    let clock = Clock::fixed(parse_time("at", NOW).unwrap());
    let limits = Limits {
        log_pages,
        ..Limits::default()
    };
    let url = format!("sqlite:{}", path.display());
    let ledger = Ledger::open_within(&url, clock, Chance::seeded(1), limits);
    ledger.await.unwrap()
}

/// How many pages a file has.
fn pages(path: &Path) -> u64 {
    path.metadata().unwrap().len() / PAGE
}

/// The log of a book.
fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// How often the log was begun anew, as its header counts it.
fn times_begun(path: &Path) -> u32 {
    let header = std::fs::read(log_of(path)).unwrap();
    u32::from_be_bytes(header[12..16].try_into().unwrap())
}

/// Books from a number on until the log is begun anew.
async fn book_until_begun_anew(ledger: &Ledger, path: &Path, first: u64) {
    let (before, begun) = (times_begun(path), Instant::now());
    for number in first.. {
        if number % 20 == 0 && times_begun(path) != before {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{number}");
        drop(ledger.submit(request(number)).await);
    }
}

/// Books in a new file, and tells how long its log became.
async fn longest_log(log_pages: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let ledger = open(&path, log_pages).await;
    open_village(&ledger).await;
    for number in 0..COMMITS {
        drop(ledger.submit(request(number)).await);
    }
    // The file of the log keeps the length that it once had.
    let longest = pages(&log_of(&path));
    verify(&ledger).await;
    ledger.close().await.unwrap();
    longest
}

#[test]
fn the_log_is_copied_back_while_the_books_are_written() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let never = runtime.block_on(longest_log(u32::MAX));
    let longest = runtime.block_on(longest_log(LOG_PAGES));
    eprintln!(
        "{COMMITS} commits, the longest log had {longest} pages, and {never} where it is not copied back"
    );
    assert!(longest > u64::from(LOG_PAGES), "{longest}");
    assert!(longest < never / 2, "{longest} of {never}");
}

#[test]
fn a_log_that_a_reader_held_is_begun_anew_when_the_reader_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = open(&path, LOG_PAGES).await;
        open_village(&ledger).await;
        for number in 0..100 {
            drop(ledger.submit(request(number)).await);
        }
        let mut reader = SqliteConnection::connect(&format!("sqlite:{}", path.display()))
            .await
            .unwrap();
        let mut reading = reader.begin().await.unwrap();
        sqlx::query("select count(*) from journal_entry")
            .execute(&mut *reading)
            .await
            .unwrap();
        drop(ledger.submit(request(100)).await);
        let held = times_begun(&path);
        for number in 101..300 {
            drop(ledger.submit(request(number)).await);
        }
        assert_eq!(
            times_begun(&path),
            held,
            "it is not begun anew while it is read"
        );
        reading.rollback().await.unwrap();
        reader.close().await.unwrap();
        book_until_begun_anew(&ledger, &path, 300).await;
        verify(&ledger).await;
        ledger.close().await.unwrap();
    });
}

#[test]
fn a_log_that_finds_no_room_to_be_copied_stays_and_the_books_go_on_when_there_is_some() {
    let disk = match Disk::in_memory(16_384) {
        Ok(disk) => disk,
        Err(why) => return eprintln!("SKIPPED full disks: {why}"),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let path = disk.path().join("books.db");
        let ledger = open(&path, LOG_PAGES).await;
        open_village(&ledger).await;
        let mut number = 0;
        for _ in 0..5 {
            let settled = number + 100;
            while number < settled {
                drop(ledger.submit(request(number)).await);
                number += 1;
            }
            // The log has room in its own file for a while; the file of the books has none.
            disk.leave_room(0);
            let full = loop {
                let answer = ledger.submit(request(number)).await;
                number += 1;
                if let Err(Error::Unavailable(trouble)) = answer {
                    break trouble;
                }
            };
            assert!(matches!(full, Trouble::DiskFull { .. }), "{full:?}");
            verify(&ledger).await;
            disk.leave_room(4_096);
            let answer = ledger.submit(cash(number)).await;
            number += 1;
            assert!(answer.is_ok(), "{answer:?}");
        }
        book_until_begun_anew(&ledger, &path, number).await;
        verify(&ledger).await;
        ledger.close().await.unwrap();
    });
}

#[test]
fn a_file_that_cannot_be_synced_while_the_log_is_copied_stops_the_writer_and_loses_nothing() {
    let programs = match Programs::compile() {
        Ok(programs) => programs,
        Err(why) => return eprintln!("SKIPPED failing syncs: {why}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut witness = runtime.block_on(Witness::new(&folder.path().join("books.db")));
    let mut said = Vec::new();
    let library = programs.failing_sync();
    let mut running = child::start(&witness.url, 0, Some(&library));
    running.wait_for_work(&mut said);
    let ended = running.wait(Duration::from_secs(20));
    running.kill(&mut said);
    let code = ended.and_then(|status| status.code());
    assert_eq!(code, Some(STOPPED), "{said:?}");
    let tells = said.iter().any(|line| line.starts_with("@ stopped "));
    assert!(tells, "{said:?}");
    witness.hear(&said);
    assert!(witness.heard().0 > 0);
    assert_eq!(runtime.block_on(witness.check(Check::Whole)), Ok(()));
}
