//! A void that came before its pickup is kept as long as it takes, also over a restart, and decided as if it had come after it.

use jinfu::domain::phone::PhoneNote;
use jinfu::domain::{Command, Refusal, Request};
use jinfu::ledger::{Answer, Error, Keeping};

use crate::harness::raw::Raw;
use crate::harness::{on_both, refusal, verify};
use crate::payout::{Village, at, pickup, void_pickup};

/// A void as a phone makes it.
fn void() -> Command {
    let mut command = void_pickup("A-1", "09-20T20:00");
    if let Command::VoidPickup(void) = &mut command {
        void.phone = Some(PhoneNote {
            shown_at: at("09-20T20:05"),
            is_clock_unknown: false,
            told_amount: None,
            stopped_at: None,
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
        let unknown = Refusal::DocumentUnknown {
            number: "A-1".to_owned(),
        };
        assert_eq!(refusal(bring(&village, &early).await), unknown);
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
