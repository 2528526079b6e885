//! The steps of a payout: the conditions of a request, four eyes, every wrong state, the days, and the worked month.

use jinfu::domain::cash_custody::PaidFrom;
use jinfu::domain::decide::Outcome;
use jinfu::domain::fee::{Basis, ChargeFees};
use jinfu::domain::payout::PayPayout;
use jinfu::domain::pickup::{RecordPickup, WeighedLine};
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Command, Event, MaterialCode, Quantity, Refusal, WrittenUnit};
use serde_json::Value;

use crate::harness::{json_file, on_both};
use crate::payout::{
    Village, approve, at, cancel, carton, expire, month, number, pay, pickup, request, void,
};

#[test]
fn the_payout_of_the_worked_month_comes_out_to_the_fen() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let iron = WeighedLine {
            material: MaterialCode::parse("material", "FE1").unwrap(),
            gross: Quantity::parse("gross", "6.800", WrittenUnit::Kg).unwrap(),
            ..carton("1")[0].clone()
        };
        let wet = WeighedLine {
            deduction: 50,
            deduction_reason: "wet".to_owned(),
            ..carton("30.000")[0].clone()
        };
        let Command::RecordPickup(recorded) = pickup("A-0003", "H003", "1", "09-19T08:30") else {
            unreachable!()
        };
        let lines = vec![wet, iron];
        village
            .done(Command::RecordPickup(RecordPickup { lines, ..recorded }))
            .await;
        village.done(request("H003", "30.00", "09-27T10:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-27T10:00"))
            .await;
        village.done(pay("2025-000001", "09-27T10:00")).await;
        let month = month("2025-09");
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        village
            .done(Command::OffsetCredit(OffsetCredit { month }))
            .await;
        let report = village.report().await;
        let row = |report: &Value| {
            let rows = report["households"].as_array().unwrap().clone();
            rows.into_iter()
                .find(|row| row["household_no"] == "H003")
                .unwrap()
        };
        let expected = json_file("tests/golden/2025-09/expected.json");
        for (figure, value) in row(&expected).as_object().unwrap() {
            assert_eq!(*value, row(&report)[figure], "{figure}");
        }
        assert_eq!(report["credit"]["payouts"], expected["credit"]["payouts"]);
        // 800.00 of the opening less the payout.
        assert_eq!(report["accounts"]["1001"], "770.00");
        village.close().await;
    });
}

#[test]
fn a_request_is_refused_by_what_stands_in_its_way() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let refused = async |household: &str, amount: &str, time: &str| {
            let refusal = village.refused(request(household, amount, time)).await;
            refusal.code()
        };
        let day = "09-10T09:00";
        assert_eq!(refused("H003", "19.99", day).await, "payout-too-small");
        assert_eq!(refused("H003", "-20.00", day).await, "payout-too-small");
        assert_eq!(refused("H003", "31.51", day).await, "payout-not-covered");
        assert_eq!(refused("H001", "20.00", day).await, "payout-not-covered");
        assert_eq!(refused("H002", "20.00", day).await, "payout-while-owing");
        assert_eq!(refused("H099", "20.00", day).await, "household-unknown");
        assert_eq!(
            refused("H003", "20.00", "10-10T09:00").await,
            "in-the-future"
        );
        assert_eq!(
            refused("H003", "20.00", "08-10T09:00").await,
            "before-opening"
        );
        let settings = Settings {
            payout_months: vec![1, 12],
            ..Settings::default()
        };
        let change = |settings| {
            Command::ChangeSettings(ChangeSettings {
                settings,
                expected: None,
            })
        };
        village.done(change(settings)).await;
        let refusal = village.refused(request("H003", "20.00", day)).await;
        assert!(
            matches!(&refusal, Refusal::PayoutOutsideWindow { months, .. } if months == "1, 12"),
            "{refusal}"
        );
        village.done(change(Settings::default())).await;
        village.done(request("H003", "20.00", day)).await;
        let refusal = village.refused(request("H003", "20.00", day)).await;
        let Refusal::PayoutNotCovered {
            credit, on_hold, ..
        } = refusal
        else {
            panic!("{refusal}");
        };
        assert_eq!(
            [credit, on_hold].map(|sum| sum.to_string()),
            ["31.50", "20.00"]
        );
        village.close().await;
    });
}

#[test]
fn every_step_in_a_wrong_state_is_refused_with_the_state_and_the_reason() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (first, second, third) = ("2025-000001", "2025-000002", "2025-000003");
        let day = "09-10T09:00";
        for command in [
            approve(first, day),
            pay(first, day),
            cancel(first, day),
            void(first, day),
        ] {
            assert_eq!(village.refused(command).await.code(), "document-unknown");
        }
        village.done(request("H003", "20.00", day)).await;
        village
            .refused_in("wang", pay(first, day), "requested", "pay")
            .await;
        village
            .refused_in("wang", void(first, day), "requested", "void")
            .await;
        let own = village.refused(approve(first, day)).await;
        assert!(
            matches!(&own, Refusal::PayoutOwnApproval { requested_by, .. } if requested_by == "clerk:wang"),
            "{own}"
        );
        let early = village
            .refused_by("li", approve(first, "09-10T08:59"))
            .await;
        assert_eq!(early.code(), "payout-step-too-early");
        village.done_by("li", approve(first, day)).await;
        village
            .refused_in("li", approve(first, day), "approved", "approve")
            .await;
        village
            .refused_in("wang", void(first, day), "approved", "void")
            .await;
        village.done(pay(first, "09-11T09:00")).await;
        village
            .refused_in("li", approve(first, "09-11T09:00"), "paid", "approve")
            .await;
        village
            .refused_in("wang", pay(first, "09-11T09:00"), "paid", "pay")
            .await;
        village
            .refused_in("wang", cancel(first, "09-11T09:00"), "paid", "cancel")
            .await;
        assert_eq!(village.credit("H003").await, "11.50");
        village.done(void(first, "09-12T09:00")).await;
        assert_eq!(village.credit("H003").await, "31.50");
        assert_eq!(village.report().await["credit"]["payouts"], "0.00");
        let twice = village.refused(void(first, "09-12T09:00")).await;
        assert_eq!(twice.code(), "already-reversed");
        let late = "09-12T09:00";
        village
            .refused_in("li", approve(first, late), "voided", "approve")
            .await;
        village
            .refused_in("wang", pay(first, late), "voided", "pay")
            .await;
        village
            .refused_in("wang", cancel(first, late), "voided", "cancel")
            .await;
        village.done(request("H003", "20.00", day)).await;
        village.done(cancel(second, late)).await;
        village
            .refused_in("li", approve(second, late), "cancelled", "approve")
            .await;
        village
            .refused_in("wang", pay(second, late), "cancelled", "pay")
            .await;
        village
            .refused_in("wang", cancel(second, late), "cancelled", "cancel")
            .await;
        village
            .refused_in("wang", void(second, late), "cancelled", "void")
            .await;
        village.done(request("H003", "20.00", day)).await;
        assert_eq!(village.held().await, [third]);
        village.close().await;
    });
}

#[test]
fn paying_an_older_payout_gives_no_number_twice() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "90.000", "09-20T09:00"))
            .await;
        let day = "09-21T09:00";
        village.done(request("H003", "20.00", day)).await;
        village.done(request("H003", "20.00", day)).await;
        village.done_by("li", approve("2025-000001", day)).await;
        village.done(pay("2025-000001", day)).await;
        village.done(request("H003", "20.00", day)).await;
        assert_eq!(village.held().await, ["2025-000002", "2025-000003"]);
        village.close().await;
    });
}

#[test]
fn a_payout_whose_days_are_over_holds_nothing_and_goes_no_further() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (first, second, third) = ("2025-000001", "2025-000002", "2025-000003");
        let nothing = village.submit("wang", expire()).await.unwrap();
        assert_eq!(nothing, Outcome::NothingToDo);
        village
            .done(pickup("A-1", "H003", "25.000", "09-20T09:00"))
            .await;
        village.done(request("H003", "25.00", "09-30T09:00")).await;
        village.done(request("H003", "25.00", "09-30T09:00")).await;
        village.done_by("li", approve(second, "09-30T09:00")).await;
        // Recorded on 30 September, they last through 30 October.
        let clock = village.ledger.clock();
        clock.set(at("10-30T23:59"));
        let refusal = village
            .refused(request("H003", "25.00", "10-30T09:00"))
            .await;
        assert_eq!(refusal.code(), "payout-not-covered");
        clock.set(at("10-31T00:00"));
        assert_eq!(village.held().await, [""; 0]);
        let day = "10-31T00:00";
        for (name, command) in [("li", approve(first, day)), ("wang", pay(second, day))] {
            let refusal = village.refused_by(name, command).await;
            let Refusal::PayoutExpired { last_day, .. } = refusal else {
                panic!("{refusal}");
            };
            assert_eq!(last_day.to_string(), "2025-10-30");
        }
        village.done(request("H003", "50.00", day)).await;
        let event = village.done(expire()).await;
        let Event::PayoutsExpired(expired) = event else {
            panic!("{event:?}");
        };
        assert_eq!(expired.numbers, [number(first), number(second)]);
        let nothing = village.submit("wang", expire()).await.unwrap();
        assert_eq!(nothing, Outcome::NothingToDo);
        let refusal = village.refused(pay(second, day)).await;
        assert_eq!(refusal.code(), "payout-expired");
        village
            .refused_in("wang", cancel(first, day), "expired", "cancel")
            .await;
        village
            .refused_in("wang", void(second, day), "expired", "void")
            .await;
        assert_eq!(village.held().await, [third]);
        village.close().await;
    });
}

#[test]
fn a_village_without_a_fee_pays_credit_out() {
    on_both(async |engine| {
        let village = Village::opened(engine, |command| {
            if let Command::OpenVillage(village) = command {
                village.fee.basis = Basis::None;
            }
            !matches!(command, Command::RecordOpening(opening) if opening.line.number().unwrap().as_str().starts_with("charge/"))
        })
        .await;
        let month = month("2025-09");
        for run in [
            Command::ChargeFees(ChargeFees { month }),
            Command::OffsetCredit(OffsetCredit { month }),
        ] {
            let nothing = village.submit("wang", run).await.unwrap();
            assert_eq!(nothing, Outcome::NothingToDo);
        }
        village.done(request("H003", "31.50", "09-10T09:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-10T09:00"))
            .await;
        village
            .done(Command::PayPayout(PayPayout {
                number: number("2025-000001"),
                paid_at: at("09-11T09:00"),
                paid_from: PaidFrom::Bank,
            }))
            .await;
        assert_eq!(village.credit("H003").await, "0.00");
        village.close().await;
    });
}
