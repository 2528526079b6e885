//! Charges given up by a resolution.

use jinfu::domain::fee::ChargeFees;
use jinfu::domain::month::parse_date;
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::opening::{OpeningLine, RecordOpening, VoidOpening};
use jinfu::domain::write_off::WriteOff;
use jinfu::domain::{Command, DocumentKind};
use serde_json::json;

use super::{Village, at, by, cash, household, month, number, void_cash, yuan};
use crate::harness::on_both;

fn write_off(household_no: &str, period: &str, resolution: &str, time: &str) -> Command {
    Command::WriteOff(WriteOff {
        household_no: household(household_no),
        charge: month(period).into(),
        resolution: resolution.to_owned(),
        written_off_at: at(time),
    })
}

#[test]
fn a_charge_is_written_off_by_a_resolution_and_open_again_when_that_is_voided() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let time = "2025-09-20T09:00:00";
        let off = |household_no, period| write_off(household_no, period, "村民会议 2025-3", time);
        let empty = json!({"code": "empty", "field": "resolution"});
        village
            .refused(write_off("H004", "2025-07", " ", time), empty)
            .await;
        let unknown =
            json!({"code": "charge-unknown", "household_no": "H004", "charge": "2025-06"});
        village.refused(off("H004", "2025-06"), unknown).await;
        let nobody = json!({"code": "household-unknown"});
        village.refused(off("H999", "2025-07"), nobody).await;
        let paid = |amount, time| cash("H004", amount, time, by("C1"));
        village.done(paid("4.00", "2025-09-10T09:00:00")).await;
        assert_eq!(village.done(off("H004", "2025-07")).await, "2025-000001");
        assert_eq!(village.owed("H004").await, ["0.00", "10.00"]);
        let report = village.report().await;
        assert_eq!(report["fees"]["written_off"], "-6.00");
        let rows = report["households"].as_array().unwrap();
        let row = rows.iter().find(|row| row["household_no"] == "H004");
        assert_eq!(row.unwrap()["written_off"], "-6.00");
        assert_eq!(village.balance("5406").await, "6.00");
        let settled =
            json!({"code": "charge-settled", "household_no": "H004", "charge": "2025-07"});
        village
            .refused(off("H004", "2025-07"), settled.clone())
            .await;

        // What the receipt paid is open again, and what was written off is not.
        village.done(void_cash("2025-000001")).await;
        assert_eq!(village.owed("H004").await, ["0.00", "14.00"]);
        village.done(paid("17.00", "2025-09-22T09:00:00")).await;
        assert_eq!(village.owed("H004").await, ["3.00", "0.00"]);
        village.refused(off("H004", "2025-07"), settled).await;
        // Advance that came since pays what is open again.
        village.void(DocumentKind::WriteOff, "2025-000001").await;
        assert_eq!(village.owed("H004").await, ["0.00", "3.00"]);
        assert_eq!(village.balance("5406").await, "0.00");
        assert_eq!(village.report().await["fees"]["written_off"], "0.00");
        assert_eq!(village.done(off("H004", "2025-07")).await, "2025-000002");
        assert_eq!(village.owed("H004").await, ["0.00", "0.00"]);
        village.close().await;
    });
}

#[test]
fn what_was_written_off_never_becomes_advance() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let september = month("2025-09");
        let charges = ChargeFees { month: september };
        village.done(Command::ChargeFees(charges)).await;
        let given_up = write_off("H002", "2025-09", "decided", "2025-09-01T09:00:00");
        village.done(given_up).await;
        let leave = MoveOut {
            household_no: household("H002"),
            moved_out: parse_date("moved_out", "2025-09-10").unwrap(),
        };
        village.done(Command::MoveOut(leave)).await;
        assert_eq!(village.owed("H002").await, ["0.00", "10.00"]);
        assert_eq!(village.balance("5406").await, "0.00");
        // Its charge is gone, so there is nothing to open again.
        village.void(DocumentKind::WriteOff, "2025-000001").await;
        assert_eq!(village.owed("H002").await, ["0.00", "10.00"]);

        let paid = cash("H004", "4.00", "2025-09-10T09:00:00", by("C1"));
        village.done(paid).await;
        let given_up = write_off("H004", "2025-07", "decided", "2025-09-20T09:00:00");
        village.done(given_up).await;
        assert_eq!(village.balance("5406").await, "6.00");
        let wrong = VoidOpening {
            number: number("charge/H004/2025-07"),
            voided_at: at("2025-09-25T09:00:00"),
            reason: "paid long ago".to_owned(),
        };
        village.done(Command::VoidOpening(wrong)).await;
        // The 4.00 that were paid go to August; of the 6.00 that were not paid nothing is left.
        assert_eq!(village.owed("H004").await, ["0.00", "16.00"]);
        let line = OpeningLine::Charge {
            household_no: household("H004"),
            period: month("2025-07"),
            amount: yuan("10.00"),
        };
        village
            .done(Command::RecordOpening(RecordOpening { line }))
            .await;
        assert_eq!(village.owed("H004").await, ["0.00", "26.00"]);
        assert_eq!(village.balance("5406").await, "0.00");
        village.close().await;
    });
}

#[test]
fn a_charge_is_not_written_off_before_the_month_it_was_issued_in() {
    on_both(async |engine| {
        let village = Village::on(engine, "2025-11-01T00:00:00+08:00").await;
        for issued in ["2025-09", "2025-10"] {
            let charges = ChargeFees {
                month: month(issued),
            };
            village.done(Command::ChargeFees(charges)).await;
        }
        let off = |time| write_off("H002", "2025-10", "decided", time);
        let later =
            json!({"code": "charge-issued-later", "charge": "2025-10", "issued_in": "2025-10"});
        village.refused(off("2025-09-30T23:00:00"), later).await;
        village.done(off("2025-10-01T00:00:00")).await;
        village.close().await;
    });
}
