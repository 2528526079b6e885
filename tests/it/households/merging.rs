//! Households made one (R-HH-1): what moves, and what is booked on the old number later.

use crate::harness::on_both;
use jinfu::domain::household::{ChangeHousehold, VacancyChange};
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::opening::VoidOpening;
use jinfu::domain::pickup::CorrectPickup;
use jinfu::domain::{Command, DocumentKind, Refusal};
use jinfu::ledger::statement::LineKind;

use super::{
    Books, OTHER, cash, checks_hold, day, depart, household, merge, noon, number, part, pickup,
    registration, split, void, void_cash, void_pickup, weighed, yuan,
};

#[test]
fn a_merge_moves_credit_advance_and_charges_which_keep_their_number() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(cash("H003", "5.00")).await;
        books.stands("H003", ["31.50", "5.00", "0"]).await;
        books.done(merge("H003", "H004")).await;
        // The advance of the one pays the oldest charge of the other at once.
        books.stands("H003", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "15.00"]).await;
        books.done(merge("H002", "H004")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "25.00"]).await;
        let lines = books.lines("H004").await;
        let moved: Vec<_> = lines
            .iter()
            .filter(|line| line.kind == LineKind::Transfer && line.period.is_some())
            .map(|line| {
                let document = line.document.clone().unwrap();
                (line.period.as_ref().unwrap().to_string(), document)
            })
            .collect();
        assert_eq!(
            moved,
            [("2025-08/H002".to_owned(), "2025-000002".to_owned())]
        );
        // What is paid for the old number is paid by the household that it stands for, oldest first.
        books.done(cash("H002", "16.00")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "9.00"]).await;
        books.done(pickup("P1", "H003", "10")).await;
        books.stands("H003", ["0", "0", "0"]).await;
        books.stands("H004", ["40.50", "0", "9.00"]).await;
        // One charge for the household that they are now; the one with the other's number comes first.
        books.runs().await;
        books.stands("H004", ["21.50", "0", "0"]).await;
        let report = books.report().await;
        let rows = report["households"].as_array().unwrap();
        let charged = |no: &str| {
            let row = rows.iter().find(|row| row["household_no"] == no).unwrap();
            row["charged"].as_str().unwrap().to_owned()
        };
        assert_eq!(charged("H004"), "10.00");
        assert_eq!([charged("H002"), charged("H003")], ["0.00", "0.00"]);
        assert_eq!(report["credit"]["transfers"], "0.00");
        assert_eq!(report["fees"]["transfers"], "0.00");
        let row = rows
            .iter()
            .find(|row| row["household_no"] == "H003")
            .unwrap();
        assert_eq!(row["credit_transfers"], "-31.50");
        checks_hold(&report);
        books.close().await;
    });
}

#[test]
fn what_is_taken_back_of_an_old_number_lands_on_the_household_it_stands_for() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H003", "10")).await;
        books.done(pickup("P2", "H003", "20")).await;
        books.done(cash("H002", "15.00")).await;
        books.stands("H002", ["0", "5.00", "0"]).await;
        books.done(merge("H003", "H001")).await;
        books.stands("H001", ["64.70", "0", "0"]).await;
        books.done(void_pickup("P1")).await;
        books.stands("H001", ["55.70", "0", "0"]).await;
        let correction = CorrectPickup {
            pickup_no: number("P2"),
            new_no: number("P2-1"),
            corrected_at: noon(26),
            lines: weighed("10"),
            reason: "read wrong".to_owned(),
        };
        books.done(Command::CorrectPickup(correction)).await;
        books.stands("H001", ["46.70", "0", "0"]).await;
        books.stands("H003", ["0", "0", "0"]).await;
        let carried = books.lines("H001").await.pop().unwrap();
        assert_eq!(carried.kind, LineKind::Transfer);
        assert_eq!(carried.document.as_deref(), Some("P2-1"));
        assert_eq!(carried.amount, yuan("-9.00"));
        assert_eq!(carried.reason.as_deref(), Some("read wrong"));
        // The charge was settled when the households were merged; the advance paid the other's charge since.
        books.done(merge("H002", "H004")).await;
        books.stands("H004", ["0", "0", "15.00"]).await;
        books.done(void_cash("2025-000001")).await;
        books.stands("H004", ["0", "0", "30.00"]).await;
        books.stands("H002", ["0", "0", "0"]).await;
        checks_hold(&books.report().await);
        // Through a second merge as well.
        books.done(merge("H004", "H001")).await;
        books.stands("H001", ["46.70", "0", "30.00"]).await;
        books.stands("H004", ["0", "0", "0"]).await;
        books.done(cash("H002", "30.00")).await;
        for opening in ["charge/H002/2025-08", "credit/H003"] {
            let voided = VoidOpening {
                number: number(opening),
                voided_at: noon(27),
                reason: "paid long ago".to_owned(),
            };
            books.done(Command::VoidOpening(voided)).await;
        }
        books.stands("H001", ["15.20", "10.00", "0"]).await;
        for no in ["H002", "H003", "H004"] {
            books.stands(no, ["0", "0", "0"]).await;
        }
        books.close().await;
    });
}

#[test]
fn credit_below_zero_moves_with_a_merge_as_well() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H002", "10")).await;
        books.runs().await;
        books.done(void_pickup("P1")).await;
        books.stands("H002", ["-9.00", "0", "11.00"]).await;
        books.done(merge("H002", "H003")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H003", ["12.50", "0", "11.00"]).await;
        checks_hold(&books.report().await);
        books.close().await;
    });
}

#[test]
fn a_household_is_not_merged_against_the_rules() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        let household_no = || "H003".to_owned();
        books
            .refused(
                merge("H003", "H003"),
                Refusal::MergedWithItself {
                    household_no: household_no(),
                },
            )
            .await;
        for (from, into) in [("H003", "H999"), ("H999", "H003")] {
            let household_no = "H999".to_owned();
            let unknown = Refusal::HouseholdUnknown { household_no };
            books.refused(merge(from, into), unknown).await;
        }
        books.done(merge("H003", "H001")).await;
        let merged = || Refusal::HouseholdMerged {
            household_no: household_no(),
            into: "H001".to_owned(),
        };
        let moved_out = MoveOut {
            household_no: household("H003"),
            moved_out: day(20),
        };
        let change = ChangeHousehold {
            household_no: household("H003"),
            effective_from: day(20),
            group: None,
            headcount: Some(3),
            kind: None,
            vacancy: VacancyChange::Unchanged,
            save_up: None,
            head: None,
            waivers: None,
            expected: None,
        };
        for again in [
            merge("H003", "H002"),
            merge("H002", "H003"),
            split("H003", vec![part("H031", 50)]),
            depart("H003", OTHER, None),
            Command::MoveOut(moved_out.clone()),
            Command::ChangeHousehold(change),
        ] {
            books.refused(again, merged()).await;
        }
        let taken = Refusal::HouseholdNoTaken {
            household_no: household_no(),
        };
        books
            .refused(Command::RegisterHousehold(registration("H003")), taken)
            .await;
        books
            .done(Command::MoveOut(MoveOut {
                household_no: household("H001"),
                ..moved_out
            }))
            .await;
        let gone = Refusal::MovedOutAlready {
            household_no: "H001".to_owned(),
            moved_out: day(20),
        };
        books.refused(merge("H002", "H001"), gone).await;
        let early = Refusal::MovedOutBeforeMovedIn {
            household_no: "H007".to_owned(),
            moved_in: day(18),
        };
        books.refused(merge("H007", "H002"), early).await;
        let no_void = Refusal::NotVoidable {
            number: "2025-000001".to_owned(),
            kind: "merge",
        };
        books
            .refused(void(DocumentKind::Merge, "2025-000001"), no_void)
            .await;
        books.close().await;
    });
}
