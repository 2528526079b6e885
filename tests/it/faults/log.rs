//! The log of SQLite, copied back into its file while the books are written: it stays short, and neither a full disk nor a failing one loses what
//! was booked.

use std::path::Path;
use std::time::Duration;

use jinfu::clock::{Chance, Clock};
use jinfu::domain::month::parse_time;
use jinfu::ledger::{Error, Ledger, Limits, Trouble};

use crate::faults::child::{self, STOPPED};
use crate::faults::machine::{Disk, Programs};
use crate::faults::oracle::{Check, Witness};
use crate::faults::{NOW, cash, open_village, request};
use crate::harness::verify;

/// From how many pages on the log is copied back.
const LOG_PAGES: u32 = 64;
/// How many commands are booked, each in a commit of its own of some ten pages.
const COMMITS: u64 = 600;
/// The size of a page.
const PAGE: u64 = 4_096;

async fn open(path: &Path) -> Ledger {
    let clock = Clock::fixed(parse_time("at", NOW).unwrap());
    let limits = Limits {
        log_pages: LOG_PAGES,
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

#[test]
fn the_log_is_copied_back_while_the_books_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = open(&path).await;
        open_village(&ledger).await;
        for number in 0..COMMITS {
            drop(ledger.submit(request(number)).await);
        }
        // The file of the log keeps the length that it once had.
        let longest = pages(&folder.path().join("books.db-wal"));
        eprintln!("{COMMITS} commits, the longest log had {longest} pages");
        assert!(longest > u64::from(LOG_PAGES), "{longest}");
        assert!(longest < 1_000, "{longest}");
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
        let ledger = open(&disk.path().join("books.db")).await;
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
