//! A disk that is full at every page of a commit: nothing is booked, nothing is half-written, and the service goes on when there is room.

use jinfu::clock::{Chance, Clock};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::ledger::{Answer, Error, Ledger, Trouble};

use crate::faults::machine::Disk;
use crate::faults::{NOW, cash, code, open_village, pickup};
use crate::harness::verify;

/// How many commands the batch has.
const COMMANDS: u64 = 20;

async fn submit_batch(ledger: &Ledger, first: u64) -> Vec<Answer> {
    let mut pending = Vec::new();
    for number in first..first + COMMANDS {
        let request = if number % 2 == 0 {
            pickup(number)
        } else {
            cash(number)
        };
        pending.push(ledger.enqueue(request).await.unwrap());
    }
    let mut answers = Vec::new();
    for pending in pending {
        answers.push(pending.answer().await);
    }
    answers
}

fn is_full(answer: &Answer) -> bool {
    matches!(answer, Err(Error::Unavailable(Trouble::DiskFull { .. })))
}

fn is_recorded(answer: &Answer) -> bool {
    matches!(answer, Ok(Outcome::Recorded(recorded)) if !recorded.replayed)
}

/// A full disk to book on, unless the machine has no root, which is told.
fn disk() -> Option<Disk> {
    match Disk::in_memory(16_384) {
        Ok(disk) => Some(disk),
        Err(why) => {
            eprintln!("SKIPPED full disks: {why}");
            None
        }
    }
}

#[test]
fn a_book_that_finds_no_room_to_begin_begins_when_there_is_some() {
    let Some(disk) = disk() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite:{}", disk.path().join("books.db").display());
        let open = || {
            let clock = Clock::fixed(parse_time("at", NOW).unwrap());
            Ledger::open(&url, clock, Chance::seeded(1))
        };
        disk.leave_room(0);
        let mut tries = 0;
        let ledger = loop {
            match open().await {
                Ok(ledger) => break ledger,
                Err(Error::Unavailable(
                    Trouble::DiskFull { .. } | Trouble::Unreachable { .. } | Trouble::Failed { .. },
                )) => {}
                other => panic!("{tries}: {other:?}"),
            }
            tries += 1;
            disk.leave_room(5);
        };
        assert!(tries > 5, "only {tries} tries failed");
        disk.leave_room(1_000);
        open_village(&ledger).await;
        verify(&ledger).await;
        ledger.close().await.unwrap();
    });
}

#[test]
fn a_disk_that_is_full_at_any_page_of_a_commit_books_nothing_and_recovers() {
    let Some(disk) = disk() else { return };
    // On one thread, so that what is given to the writer is one batch.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let url = format!("sqlite:{}", disk.path().join("books.db").display());
        let clock = Clock::fixed(parse_time("at", NOW).unwrap());
        let ledger = Ledger::open(&url, clock, Chance::seeded(1)).await.unwrap();
        open_village(&ledger).await;
        let mut full = 0;
        for round in 0..3 {
            let first = round * 1_000;
            let before = ledger.head(&code()).await.unwrap();
            // Each time one page more finds room; what an attempt wrote in vain stays in the log and is written over.
            disk.leave_room(0);
            loop {
                let answers = submit_batch(&ledger, first).await;
                if answers.iter().all(is_recorded) {
                    break;
                }
                assert!(answers.iter().all(is_full), "{full}: {answers:?}");
                assert_eq!(ledger.head(&code()).await.unwrap(), before, "{full}");
                full += 1;
                disk.leave_room(1);
            }
            let after = ledger.head(&code()).await.unwrap();
            assert_eq!(after.next_seq - before.next_seq, 20);
            for (number, answer) in (first..).zip(submit_batch(&ledger, first).await) {
                let is_replayed = matches!(&answer, Ok(Outcome::Recorded(again)) if again.replayed);
                assert!(is_replayed, "{number}: {answer:?}");
            }
            verify(&ledger).await;
        }
        eprintln!("the disk was full at {full} places of a commit");
        assert!(full > 30, "only at {full} places");
        disk.leave_room(16_384);
        ledger.close().await.unwrap();
    });
}
