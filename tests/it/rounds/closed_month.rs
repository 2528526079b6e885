//! What comes late for a month that is closed.

use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::month::parse_date;
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::round::StopOutcome;
use jinfu::domain::{Command, DocumentKind, Group, HouseholdKind, Month, Quantity, Refusal};

use crate::harness::{on_both, refusal, submit};
use crate::rounds::disputes::{dispute, of};
use crate::rounds::refuse::{point, trip, void_document};
use crate::rounds::{Asked, Book, household, open, pickup, stop};

#[test]
fn the_service_figures_of_a_closed_month_stay_as_they_were() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "1", "2025-09-05")).await;
        book.done(point(&[("07:00", "08:00")])).await;
        book.done(trip(Quantity::grams(24_000), "09-05T07:00"))
            .await;
        book.done(pickup("A-1", "H001", "09-05T08:00", Some("B-1")))
            .await;
        let before = book.report("2025-09").await;
        let close_month = "update village_month set state = 'closed' where month = '2025-09'";
        let book = book
            .reopened(close_month, "2025-10-02T08:00:00+08:00")
            .await;
        let home = StopOutcome::NobodyHome;
        let late = refusal(
            submit(
                &book.ledger,
                &book.village,
                stop("B-1", "H002", home, "09-05T08:00").into(),
            )
            .await,
        );
        let month = Month::parse("month", "2025-09").unwrap();
        assert_eq!(late, Refusal::MonthClosed { month });
        book.done(pickup("A-2", "H002", "09-05T08:10", Some("B-1")))
            .await;
        book.done(trip(Quantity::grams(2_000), "09-06T07:00")).await;
        book.done(void_document(
            DocumentKind::Trip,
            "2025-000001",
            "10-01T09:00",
        ))
        .await;
        book.done(open("B-2", "1", "2025-09-08")).await;
        book.done(dispute("H001", of("A-1"), "09-06T08:00")).await;
        book.done(Asked(Command::MoveOut(MoveOut {
            household_no: household("H004"),
            moved_out: parse_date("moved_out", "2025-09-01").unwrap(),
        })))
        .await;
        book.done(Asked(Command::RegisterHousehold(RegisterHousehold {
            household_no: household("H008"),
            group: Group::parse("group", "2").unwrap(),
            headcount: 2,
            kind: HouseholdKind::Resident,
            moved_in: None,
            vacant_since: None,
            save_up: false,
            head: String::new(),
            waivers: Vec::new(),
        })))
        .await;
        let after = book.report("2025-09").await;
        for figures in ["rounds", "refuse", "disputes", "participation_rate"] {
            assert_eq!(before[figures], after[figures], "{figures}");
        }
        // What came late stands in the month that is open: a new trip, less one taken back.
        let october = book.report("2025-10").await;
        assert_eq!(october["refuse"]["trips"], 0);
        assert_eq!(october["refuse"]["residual_kg"], "-22.000");
        assert_eq!(october["rounds"]["planned"], 3);
        assert_eq!(october["disputes"]["opened"], 1);
        book.ledger.close().await.unwrap();
        book.database.discard().await;
    });
}
