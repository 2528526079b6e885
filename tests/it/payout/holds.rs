//! What is on hold: never granted twice, left by the offset, cancelled by voids that take its cover away.

use jinfu::domain::decide::Outcome;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::opening::VoidOpening;
use jinfu::domain::pickup::CorrectPickup;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Command, Money};

use crate::harness::on_both;
use crate::payout::{
    Village, approve, at, cancel, carton, month, number, pay, pickup, request, void_pickup,
};

#[test]
fn the_last_fen_of_credit_is_never_spent_twice() {
    on_both(async |engine| {
        let village = Village::opened(engine, |command| {
            if let Command::OpenVillage(village) = command {
                village.credit.payout_min = Money::ZERO;
            }
            true
        })
        .await;
        // Sixteen ask at once for the same credit of 31.50.
        let granted = async |make: &dyn Fn(usize) -> Command| {
            let mut pending = Vec::new();
            for caller in 0..16 {
                let request = village.by(&format!("caller{caller}"), make(caller));
                pending.push(village.ledger.enqueue(request).await.unwrap());
            }
            let mut granted = 0;
            for answer in pending {
                granted += usize::from(answer.answer().await.is_ok());
            }
            granted
        };
        let day = "09-10T09:00";
        assert_eq!(granted(&|_| request("H003", "10.00", day)).await, 3);
        assert_eq!(granted(&|_| request("H003", "0.50", day)).await, 3);
        assert_eq!(granted(&|_| request("H003", "0.01", day)).await, 0);
        let held = village.held().await;
        assert_eq!(held.len(), 6);
        // Sixteen approve and pay each of them at once; each is paid once.
        for no in &held {
            assert_eq!(granted(&|_| approve(no, day)).await, 1);
            assert_eq!(granted(&|_| pay(no, day)).await, 1);
        }
        assert_eq!(village.credit("H003").await, "0.00");
        assert_eq!(village.report().await["credit"]["payouts"], "-31.50");
        village.close().await;
    });
}

#[test]
fn the_offset_leaves_what_is_on_hold() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.done(request("H003", "25.00", "09-10T09:00")).await;
        let month = month("2025-09");
        let offset = || Command::OffsetCredit(OffsetCredit { month });
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "25.00");
        let again = village.submit("wang", offset()).await.unwrap();
        assert_eq!(again, Outcome::NothingToDo);
        // Released, the hold is offset as well: 10.00 of fees are paid, 21.50 are left.
        village.done(cancel("2025-000001", "09-11T09:00")).await;
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "21.50");
        village.close().await;
    });
}

#[test]
fn a_void_or_correction_cancels_the_newest_payouts_that_lost_their_cover() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        // 31.50 of the opening, 40.00 and 20.00 of pickups; on hold 30.00, 20.00 and 21.00.
        let (wang, li) = ("wang", "li");
        village
            .done(pickup("A-1", "H003", "50.000", "09-20T09:00"))
            .await;
        village
            .done(pickup("A-2", "H003", "25.000", "09-20T10:00"))
            .await;
        village.done(request("H003", "30.00", "09-21T09:00")).await;
        village.done(request("H003", "20.00", "09-21T10:00")).await;
        village.done(request("H003", "21.00", "09-21T11:00")).await;
        village
            .done_by(li, approve("2025-000003", "09-21T12:00"))
            .await;
        // 71.50 cover 71.00.
        let event = village.done(void_pickup("A-2", "09-22T09:00")).await;
        assert_eq!(event.cancelled_payouts(), []);
        // 70.70 do not: the newest goes, approved or not, in the same entry.
        let event = village
            .done(Command::CorrectPickup(CorrectPickup {
                pickup_no: number("A-1"),
                new_no: number("A-1-1"),
                corrected_at: at("09-22T10:00"),
                lines: carton("49.000"),
                reason: "read wrongly".to_owned(),
            }))
            .await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000003")]);
        let late = "09-23T09:00";
        village
            .refused_in(wang, pay("2025-000003", late), "cancelled", "pay")
            .await;
        let event = village.done(void_pickup("A-1-1", "09-22T11:00")).await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000002")]);
        assert_eq!(village.held().await, ["2025-000001"]);
        // The opening credit that was never there takes the last one with it.
        let event = village
            .done(Command::VoidOpening(VoidOpening {
                number: number("credit/H003"),
                voided_at: at("09-24T09:00"),
                reason: "typed for another house".to_owned(),
            }))
            .await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000001")]);
        assert_eq!(village.held().await, [""; 0]);
        assert_eq!(village.credit("H003").await, "0.00");
        village.close().await;
    });
}

#[test]
fn one_void_cancels_as_many_payouts_as_it_takes() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "90.000", "09-20T09:00"))
            .await;
        for minute in ["09-21T09:00", "09-21T09:01", "09-21T09:02", "09-21T09:03"] {
            village.done(request("H003", "25.00", minute)).await;
        }
        let event = village.done(void_pickup("A-1", "09-22T09:00")).await;
        let cancelled = ["2025-000004", "2025-000003", "2025-000002"];
        assert_eq!(event.cancelled_payouts(), cancelled.map(number));
        assert_eq!(village.held().await, ["2025-000001"]);
        village.close().await;
    });
}

#[test]
fn credit_that_was_paid_out_does_not_block_a_void_and_falls_below_zero() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "50.000", "09-20T09:00"))
            .await;
        village.done(request("H003", "60.00", "09-21T09:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-21T09:00"))
            .await;
        village.done(pay("2025-000001", "09-21T09:00")).await;
        let event = village.done(void_pickup("A-1", "09-22T09:00")).await;
        assert_eq!(event.cancelled_payouts(), []);
        assert_eq!(village.credit("H003").await, "-28.50");
        let refusal = village
            .refused(request("H003", "20.00", "09-23T09:00"))
            .await;
        assert_eq!(refusal.code(), "payout-not-covered");
        village.close().await;
    });
}

#[test]
fn what_has_expired_no_longer_keeps_credit_from_the_offset() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let month = month("2025-09");
        village.done(request("H003", "31.50", "09-10T09:00")).await;
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        let offset = || Command::OffsetCredit(OffsetCredit { month });
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "31.50");
        village.ledger.clock().set(at("10-31T09:00"));
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "21.50");
        village.close().await;
    });
}
