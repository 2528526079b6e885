//! Rounds: planned doors, doors with a record, and rounds in a wrong state.

use jinfu::domain::decide::Outcome;
use jinfu::domain::month::{parse_date, parse_time};
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::round::StopOutcome;
use jinfu::domain::{Actor, Month, Refusal, Request, Role};
use serde_json::json;

use crate::harness::{on_both, refusal};
use crate::rounds::{Book, asked, close, correct, household, open, pickup, stop, unknown, void};

#[test]
fn a_door_counts_once_and_only_on_a_round_of_its_group() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "1", "2025-09-05")).await;
        let (home, nothing) = (StopOutcome::NobodyHome, StopOutcome::NothingToCollect);
        book.done(stop("B-1", "H001", home, "09-05T08:00")).await;
        book.done(stop("B-1", "H001", nothing, "09-05T11:00")).await;
        book.done(pickup("A-1", "H001", "09-05T11:30", Some("B-1")))
            .await;
        book.done(pickup("A-2", "H002", "09-05T08:10", Some("B-1")))
            .await;
        // Of another group, of another day, and of a round that nobody opened: booked, and not counted.
        book.done(pickup("A-3", "H004", "09-05T08:20", Some("B-1")))
            .await;
        book.done(stop("B-1", "H005", home, "09-05T08:30")).await;
        book.done(pickup("A-4", "H003", "09-06T08:10", Some("B-1")))
            .await;
        book.done(pickup("A-5", "H003", "09-05T08:40", Some("B-9")))
            .await;
        let report = book.report("2025-09").await;
        let rounds = json!({"held": 1, "planned": 3, "visited": 2, "coverage": "66.7"});
        assert_eq!(report["rounds"], rounds);
        assert_eq!(report["pickups"], 5);
        // Four of seven households took part.
        assert_eq!(report["participation_rate"], "57.1");
        // A pickup that is voided or replaced proves the round all the same, and one that comes in after the close of the round as well.
        book.done(void("A-2", "09-05T12:00")).await;
        book.done(correct("A-1", "A-1-1", "09-05T12:05")).await;
        book.done(close("B-1")).await;
        book.done(pickup("A-6", "H003", "09-05T08:50", Some("B-1")))
            .await;
        let rounds = json!({"held": 1, "planned": 3, "visited": 3, "coverage": "100.0"});
        assert_eq!(book.report("2025-09").await["rounds"], rounds);
        let listed = book
            .ledger
            .rounds(&book.village, Month::parse("month", "2025-09").unwrap());
        let listed = listed.await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].visited, listed[0].is_closed), (3, true));
        book.close().await;
    });
}

#[test]
fn doors_are_planned_for_who_lives_there_on_the_day() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "2", "2025-09-17")).await;
        book.done(open("B-2", "2", "2025-09-18")).await;
        book.done(asked(MoveOut {
            household_no: household("H004"),
            moved_out: parse_date("moved_out", "2025-09-20").unwrap(),
        }))
        .await;
        book.done(open("B-3", "2", "2025-09-19")).await;
        book.done(open("B-4", "2", "2025-09-20")).await;
        let home = StopOutcome::NobodyHome;
        // Gone since that day, so it is no door of the round.
        book.done(stop("B-4", "H004", home, "09-20T08:00")).await;
        let month = Month::parse("month", "2025-09").unwrap();
        let rounds = book.ledger.rounds(&book.village, month).await.unwrap();
        let planned: Vec<_> = rounds
            .iter()
            .map(|row| (row.round_no.as_str(), row.planned, row.visited))
            .collect();
        assert_eq!(
            planned,
            [("B-1", 3, 0), ("B-2", 4, 0), ("B-3", 4, 0), ("B-4", 3, 0)]
        );
        // It lived there in September, and not in October.
        assert_eq!(book.report("2025-09").await["participation_rate"], "0.0");
        book.ledger
            .clock()
            .set(parse_time("at", "2025-10-02T08:00:00+08:00").unwrap());
        book.done(pickup("A-1", "H001", "10-01T08:00", None)).await;
        assert_eq!(book.report("2025-10").await["participation_rate"], "16.7");
        let none = json!({"held": 0, "planned": 0, "visited": 0, "coverage": null});
        assert_eq!(book.report("2025-10").await["rounds"], none);
        book.close().await;
    });
}

#[test]
fn a_round_in_a_wrong_state_is_refused_by_name() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let home = StopOutcome::NobodyHome;
        let stop_at = |when| stop("B-1", "H001", home, when);
        assert_eq!(book.refused(stop_at("09-05T08:00")).await, unknown("B-1"));
        assert_eq!(book.refused(close("B-1")).await, unknown("B-1"));
        let group = |group: &str, day: &str| Refusal::GroupUnknown {
            group: group.to_owned(),
            day: parse_date("day", day).unwrap(),
        };
        let found = book.refused(open("B-1", "9", "2025-09-05")).await;
        assert_eq!(found, group("9", "2025-09-05"));
        let found = book.refused(open("B-1", "1", "2025-10-01")).await;
        assert!(matches!(
            found,
            Refusal::InTheFuture {
                field: "held_on",
                ..
            }
        ));
        let found = book.refused(open("B-1", "1", "2025-08-31")).await;
        assert!(matches!(found, Refusal::BeforeOpening { .. }));
        book.done(open("B-1", "1", "2025-09-05")).await;
        let taken = Refusal::DocumentNoTaken {
            number: "B-1".to_owned(),
        };
        assert_eq!(book.refused(open("B-1", "2", "2025-09-06")).await, taken);
        let other_day = Refusal::NotOnRoundDay {
            number: "B-1".to_owned(),
            day: parse_date("day", "2025-09-05").unwrap(),
        };
        assert_eq!(book.refused(stop_at("09-06T00:00")).await, other_day);
        let found = book.refused(stop("B-1", "H099", home, "09-05T08:00")).await;
        assert!(matches!(found, Refusal::HouseholdUnknown { .. }));
        book.done(close("B-1")).await;
        let closed = Refusal::RoundClosed {
            number: "B-1".to_owned(),
        };
        assert_eq!(book.refused(stop_at("09-05T08:00")).await, closed);
        assert_eq!(book.refused(close("B-1")).await, closed);
        book.close().await;
    });
}

#[test]
fn the_same_round_under_the_same_id_is_answered_again() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let id = book.ledger.chance().command_id(book.ledger.clock().now());
        let asked = |group| Request {
            village: book.village.clone(),
            id,
            actor: Actor::new(Role::Collector, "wang"),
            command: open("B-1", group, "2025-09-05").0,
        };
        let first = book.ledger.submit(asked("1")).await.unwrap();
        let again = book.ledger.submit(asked("1")).await.unwrap();
        let (Outcome::Recorded(first), Outcome::Recorded(again)) = (first, again) else {
            panic!("both are answered with the entry");
        };
        assert_eq!(
            (first.seq, false, true),
            (again.seq, first.replayed, again.replayed)
        );
        let other = refusal(book.ledger.submit(asked("2")).await);
        let differing = "group".to_owned();
        assert_eq!(other, Refusal::IdUsedForOtherContent { differing });
        book.close().await;
    });
}
