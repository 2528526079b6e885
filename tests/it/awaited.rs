//! A void that came before its pickup is kept as long as it takes, also over a restart, and decided as if it had come after it.

use jinfu::domain::held::{HeldDecision, ResolveHeld};
use jinfu::domain::phone::PhoneNote;
use jinfu::domain::{Command, Refusal, Request};
use jinfu::ledger::{Answer, Error, Keeping};

use crate::harness::raw::Raw;
use crate::harness::{on_both, refusal, verify};
use crate::payout::{Village, at, number, pickup, void_pickup};

/// A void as a phone makes it.
fn void() -> Command {
    let mut command = void_pickup("A-1", "09-20T20:00");
    if let Command::VoidPickup(void) = &mut command {
        void.phone = Some(PhoneNote {
            shown_at: at("09-20T20:05"),
            is_clock_unknown: false,
            told_amount: None,
            stopped_at: None,
            is_device_assumed: false,
        });
    }
    command
}

async fn bring(village: &Village, request: &Request) -> Answer {
    let asked = village
        .ledger
        .try_submit(request.clone(), Keeping::VoidsToo);
    asked.await
}

/// Makes sure that a void waits.
#[track_caller]
fn waits(answer: &Answer) {
    assert!(matches!(answer, Err(Error::Waits(_))), "{answer:?}");
}

/// The pickup that it is of.
fn weighed(kilograms: &str) -> Command {
    let mut command = pickup("A-1", "H001", kilograms, "09-20T08:00");
    if let Command::RecordPickup(pickup) = &mut command {
        pickup.device = Some("A".to_owned());
    }
    command
}

async fn waiting(village: &Village) -> String {
    let mut raw = Raw::open(&village.database).await;
    raw.list("select count(*) from awaited_void")
        .await
        .remove(0)
}

#[test]
fn a_void_that_waits_outlives_the_program() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        waits(&bring(&village, &early).await);
        let head = village.ledger.head(&village.code).await.unwrap();
        village.ledger.close().await.unwrap();
        let ledger = village.database.open("2025-10-01T00:00:00+08:00", 2).await;
        let village = Village { ledger, ..village };
        assert_eq!(village.ledger.head(&village.code).await.unwrap(), head);
        assert_eq!(waiting(&village).await, "1");
        let weighed = pickup("A-1", "H001", "10.000", "09-20T08:00");
        let recorded = bring(&village, &village.by("wang", weighed)).await;
        assert!(recorded.is_ok(), "{recorded:?}");
        assert_eq!(waiting(&village).await, "0");
        // The pickup and its void, one after the other.
        let after = village.ledger.head(&village.code).await.unwrap();
        assert_eq!(after.next_seq, head.next_seq + 2);
        // Its content is the same, whatever time it is corrected to by then.
        let mut later = early.clone();
        if let Command::VoidPickup(void) = &mut later.command {
            void.voided_at = at("09-20T20:01");
        }
        let again = bring(&village, &later).await;
        assert!(again.is_ok(), "{again:?}");
        assert_eq!(village.ledger.head(&village.code).await.unwrap(), after);
        verify(&village.ledger).await;
        village.close().await;
    });
}

#[test]
fn a_void_of_a_person_at_a_screen_does_not_wait() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        let asked = village.ledger.try_submit(early.clone(), Keeping::Refusals);
        assert!(matches!(asked.await, Err(Error::Refused(_))));
        assert_eq!(waiting(&village).await, "0");
        village.close().await;
    });
}

#[test]
fn a_pickup_that_a_clerk_books_at_a_terminal_meets_its_void() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        waits(&bring(&village, &village.by("wang", void())).await);
        let head = village.ledger.head(&village.code).await.unwrap();
        village.done(weighed("10.000")).await;
        assert_eq!(waiting(&village).await, "0");
        let after = village.ledger.head(&village.code).await.unwrap();
        assert_eq!(after.next_seq, head.next_seq + 2);
        village.close().await;
    });
}

#[test]
fn a_pickup_that_a_clerk_releases_at_a_terminal_meets_its_void() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.done(weighed("120.000")).await;
        waits(&bring(&village, &village.by("wang", void())).await);
        let head = village.ledger.head(&village.code).await.unwrap();
        let release = Command::ResolveHeld(ResolveHeld {
            pickup_no: number("A-1"),
            decision: HeldDecision::AsItIs,
            decided_at: at("09-30T22:00"),
            reason: String::new(),
        });
        village.done(release).await;
        assert_eq!(waiting(&village).await, "0");
        let after = village.ledger.head(&village.code).await.unwrap();
        assert_eq!(after.next_seq, head.next_seq + 2);
        village.close().await;
    });
}

#[test]
fn one_void_of_each_person_waits_for_a_pickup() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let first = village.by("wang", void());
        waits(&bring(&village, &first).await);
        let second = village.by("wang", void());
        let unknown = Refusal::DocumentUnknown {
            number: "A-1".to_owned(),
        };
        assert_eq!(refusal(bring(&village, &second).await), unknown);
        waits(&bring(&village, &first).await);
        waits(&bring(&village, &village.by("li", void())).await);
        assert_eq!(waiting(&village).await, "2");
        // Both come at once.
        let mut elsewhere = void();
        if let Command::VoidPickup(void) = &mut elsewhere {
            void.pickup_no = number("A-2");
        }
        let (one, other) = (
            village.by("wang", elsewhere.clone()),
            village.by("wang", elsewhere),
        );
        let (one, other) = tokio::join!(bring(&village, &one), bring(&village, &other));
        waits(&one);
        refusal(other);
        assert_eq!(waiting(&village).await, "3");
        village.close().await;
    });
}

#[test]
fn a_void_whose_pickup_never_comes_is_forgotten_after_four_hundred_days() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        waits(&bring(&village, &village.by("wang", void())).await);
        let clock = village.ledger.clock();
        clock.set("2026-11-04T22:00:00+08:00".parse().unwrap());
        village
            .done(pickup("B-1", "H001", "1.000", "09-20T09:00"))
            .await;
        assert_eq!(waiting(&village).await, "1");
        clock.set("2026-11-04T23:01:00+08:00".parse().unwrap());
        village
            .done(pickup("B-2", "H001", "3.000", "09-20T10:00"))
            .await;
        assert_eq!(waiting(&village).await, "0");
        village.close().await;
    });
}
