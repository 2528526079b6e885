//! The queue of the writer: who waits for room and who is told at once, and what the writer counts.

use jiff::SignedDuration;
use jinfu::domain::Command;
use jinfu::domain::fee::ChargeFees;
use jinfu::ledger::{Error, Keeping, Trouble};

use crate::harness::{on_both_in_turn, refusal};
use crate::payout::{Village, month, pickup, void_pickup};

/// How many commands may wait.
const QUEUE_MAX: usize = 4_096;
/// How many may wait before it is known how fast the writer is.
const AT_FIRST: usize = 256;

#[test]
fn a_full_queue_is_told_at_once_and_takes_more_when_there_is_room() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        let ledger = &village.ledger;
        let unknown = || village.by("wang", void_pickup("A-1", "09-21T08:00"));
        let head = ledger.head(&village.code).await.unwrap();
        let mut pending = Vec::new();
        for depth in 0..AT_FIRST {
            assert_eq!(ledger.queue_depth(), depth);
            pending.push(ledger.try_enqueue(unknown(), Keeping::Nothing).unwrap());
        }
        let good = village.by("wang", pickup("A-2", "H001", "10.000", "09-20T08:00"));
        let full = Error::Unavailable(Trouble::QueueFull);
        assert_eq!(
            ledger.try_submit(good.clone(), Keeping::Nothing).await,
            Err(full.clone())
        );
        // What one phone brings comes in together, if there was room for the first.
        assert_eq!(ledger.check_room(), Err(Trouble::QueueFull));
        pending.push(ledger.try_enqueue(unknown(), Keeping::Nothing).unwrap());
        // Whoever brings a file in waits for room instead, and comes after those who were there.
        for depth in AT_FIRST + 1..QUEUE_MAX {
            assert_eq!(ledger.queue_depth(), depth);
            let enqueued = tokio::task::unconstrained(ledger.enqueue(unknown()));
            pending.push(enqueued.await.unwrap());
        }
        assert_eq!(
            ledger.try_enqueue(good.clone(), Keeping::Nothing).err(),
            Some(full)
        );
        let waited = ledger.submit(good.clone()).await;
        assert!(waited.is_ok(), "{waited:?}");
        for pending in pending {
            assert_eq!(refusal(pending.answer().await).code(), "document-unknown");
        }
        assert_eq!(ledger.queue_depth(), 0);
        let after = ledger.head(&village.code).await.unwrap();
        assert_eq!(after.next_seq, head.next_seq + 1);
        ledger.try_submit(good, Keeping::Nothing).await.unwrap();
        village.close().await;
    });
}

#[test]
fn what_waited_too_long_for_its_turn_is_told_that_nothing_was_booked() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        let ledger = &village.ledger;
        let given = |no: &str| village.by("wang", pickup(no, "H001", "10.000", "09-20T08:00"));
        let (late, patient) = (given("A-1"), given("A-2"));
        let late = ledger.try_enqueue(late, Keeping::Refusals).unwrap();
        let patient = tokio::task::unconstrained(ledger.enqueue(patient)).await;
        let clock = ledger.clock();
        clock.set(clock.now() + SignedDuration::from_millis(5_001));
        let in_time = given("A-3");
        let in_time = ledger.try_enqueue(in_time, Keeping::Refusals).unwrap();
        let full = Error::Unavailable(Trouble::QueueFull);
        assert_eq!(late.answer().await, Err(full));
        // A file that is brought in has all the time.
        patient.unwrap().answer().await.unwrap();
        in_time.answer().await.unwrap();
        let again = given("A-1");
        ledger.try_submit(again, Keeping::Refusals).await.unwrap();
        village.close().await;
    });
}

#[test]
fn the_writer_counts_the_batches_that_it_commits() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        let ledger = &village.ledger;
        let figures = ledger.figures();
        let before = (figures.batches(), figures.commands.read().sum);
        assert!(before.0 > 0);
        let mut pending = Vec::new();
        for no in ["A-1", "A-2", "A-3"] {
            let command = pickup(no, "H001", "10.000", "09-20T08:00");
            let request = village.by("wang", command);
            pending.push(ledger.try_enqueue(request, Keeping::Nothing).unwrap());
        }
        for pending in pending {
            pending.answer().await.unwrap();
        }
        let after = (figures.batches(), figures.commands.read().sum);
        assert_eq!(after, (before.0 + 1, before.1 + 3));
        // What writes nothing is not committed.
        village.refused(void_pickup("B-1", "09-21T08:00")).await;
        assert_eq!(figures.batches(), before.0 + 1);
        let month = month("2025-09");
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        let commits = figures.commit_micros.read();
        assert_eq!(commits.count(), before.0 + 2);
        assert!(commits.sum > 0, "no commit takes no time");
        village.close().await;
    });
}
