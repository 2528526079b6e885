//! Disputes: about what, answered how, and as they stood at the end of a month.

use jinfu::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use jinfu::domain::month::{parse_date, parse_time};
use jinfu::domain::{DocumentKind, Refusal};
use serde_json::json;

use crate::harness::on_both;
use crate::rounds::refuse::void_document;
use crate::rounds::{Asked, Book, asked, at, correct, household, number, pickup, unknown, void};

pub(super) fn dispute(house: &str, about: About, when: &str) -> Asked {
    asked(OpenDispute {
        household_no: household(house),
        about,
        opened_at: at(when),
        text: "It was more than that.".to_owned(),
    })
}

pub(super) fn answer(no: &str, decision: DisputeDecision, by: Option<About>, when: &str) -> Asked {
    asked(AnswerDispute {
        number: number(no),
        decision,
        corrected_by: by,
        answered_at: at(when),
        text: "We weighed it again.".to_owned(),
    })
}

pub(super) fn of(no: &str) -> About {
    About::Pickup(number(no))
}

#[test]
fn a_dispute_is_upheld_only_by_what_puts_it_right() {
    on_both(async |engine| {
        use DisputeDecision::{Rejected, Upheld};
        let book = Book::new(engine).await;
        for (no, house) in [("A-1", "H001"), ("A-2", "H001"), ("A-3", "H002")] {
            book.done(pickup(no, house, "09-05T08:00", None)).await;
        }
        let opened = book.done(dispute("H001", of("A-1"), "09-06T08:00")).await;
        assert_eq!(opened.event.document().unwrap().1.as_str(), "2025-000001");
        book.done(dispute("H001", of("A-2"), "09-06T09:00")).await;
        let (first, second) = ("2025-000001", "2025-000002");
        let missing = Refusal::CorrectionMissing {
            number: first.to_owned(),
        };
        let upheld = |by| answer(first, Upheld, by, "09-07T08:00");
        assert_eq!(book.refused(upheld(None)).await, missing);
        let not_its = |number: &str, by: &str| Refusal::NotItsCorrection {
            number: number.to_owned(),
            corrected_by: by.to_owned(),
        };
        assert_eq!(
            book.refused(upheld(Some(of("A-1")))).await,
            not_its("A-1", "A-1"),
            "it was not voided"
        );
        assert_eq!(book.refused(upheld(Some(of("A-9")))).await, unknown("A-9"));
        let found = book.refused(upheld(Some(of("A-3")))).await;
        assert!(matches!(found, Refusal::NotOfHousehold { .. }), "{found}");
        book.done(correct("A-1", "A-1-1", "09-06T10:00")).await;
        let voided = book.done(void("A-2", "09-06T11:00")).await;
        assert_eq!(
            book.refused(upheld(Some(of("A-2")))).await,
            not_its("A-1", "A-2")
        );
        let early = Refusal::AnsweredBeforeOpened {
            number: first.to_owned(),
            opened_on: parse_date("day", "2025-09-06").unwrap(),
        };
        let by_replacement = Some(of("A-1-1"));
        assert_eq!(
            book.refused(answer(first, Upheld, by_replacement.clone(), "09-05T23:59"))
                .await,
            early
        );
        assert_eq!(
            book.refused(answer(
                first,
                Rejected,
                by_replacement.clone(),
                "09-07T08:00"
            ))
            .await,
            not_its("A-1", "A-1-1")
        );
        book.done(upheld(by_replacement)).await;
        let answered = Refusal::DisputeAnsweredAlready {
            number: first.to_owned(),
        };
        let again = answer(first, Rejected, None, "09-08T08:00");
        assert_eq!(book.refused(again).await, answered);
        let by_entry = Some(About::Entry(voided.seq));
        book.done(answer(second, Upheld, by_entry, "09-07T08:00"))
            .await;
        let nobodys = answer("2025-000009", Rejected, None, "09-08T08:00");
        assert_eq!(book.refused(nobodys).await, unknown("2025-000009"));
        assert_eq!(
            book.report("2025-09").await["disputes"],
            json!({"open": 0, "overdue": 0, "opened": 2, "upheld": 2, "rejected": 0})
        );
        let void_it = void_document(DocumentKind::Dispute, first, "09-08T08:00");
        let found = book.refused(void_it).await;
        assert!(matches!(found, Refusal::NotVoidable { .. }));
        book.close().await;
    });
}

#[test]
fn a_dispute_is_about_something_of_its_own_household() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let recorded = book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        let not_of = |number: &str, house: &str| Refusal::NotOfHousehold {
            number: number.to_owned(),
            household_no: house.to_owned(),
        };
        let when = "09-06T08:00";
        let found = book.refused(dispute("H002", of("A-1"), when)).await;
        assert_eq!(found, not_of("A-1", "H002"));
        let line = About::Entry(recorded.seq);
        let found = book.refused(dispute("H002", line.clone(), when)).await;
        assert_eq!(found, not_of(&recorded.seq.to_string(), "H002"));
        for seq in [-1, 0, 1, 99_999] {
            let found = book.refused(dispute("H001", About::Entry(seq), when)).await;
            assert_eq!(found, not_of(&seq.to_string(), "H001"));
        }
        let found = book.refused(dispute("H001", of("A-9"), when)).await;
        assert_eq!(found, unknown("A-9"));
        let found = book.refused(dispute("H099", of("A-1"), when)).await;
        assert!(matches!(found, Refusal::HouseholdUnknown { .. }));
        let found = book
            .refused(dispute("H001", of("A-1"), "10-01T08:00"))
            .await;
        assert!(matches!(found, Refusal::InTheFuture { .. }));
        book.done(dispute("H001", line, when)).await;
        // A line is put right by a later entry of the same household, not by the line itself.
        let by = |seq| {
            let remedy = Some(About::Entry(seq));
            answer("2025-000001", DisputeDecision::Upheld, remedy, when)
        };
        let found = book.refused(by(recorded.seq)).await;
        assert!(matches!(found, Refusal::NotItsCorrection { .. }));
        let voided = book.done(void("A-1", when)).await;
        book.done(by(voided.seq)).await;
        book.close().await;
    });
}

#[test]
fn disputes_of_a_past_month_stand_as_they_stood_at_its_end() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        for when in ["09-06T08:00", "09-20T08:00", "09-25T08:00"] {
            book.done(dispute("H001", of("A-1"), when)).await;
        }
        // Due on the 16th, on the 30th, and on 5 October.
        let september = json!({"open": 3, "overdue": 1, "opened": 3, "upheld": 0, "rejected": 0});
        assert_eq!(book.report("2025-09").await["disputes"], september);
        book.ledger
            .clock()
            .set(parse_time("at", "2025-10-02T08:00:00+08:00").unwrap());
        let rejected = |no| answer(no, DisputeDecision::Rejected, None, "10-01T08:00");
        book.done(rejected("2025-000001")).await;
        assert_eq!(book.report("2025-09").await["disputes"], september);
        assert_eq!(
            book.report("2025-10").await["disputes"],
            json!({"open": 2, "overdue": 2, "opened": 0, "upheld": 0, "rejected": 1})
        );
        let open = book.ledger.disputes(&book.village, None).await.unwrap();
        let shown: Vec<_> = open
            .iter()
            .map(|row| (row.number.as_str(), row.is_overdue, row.text.as_deref()))
            .collect();
        let said = Some("It was more than that.");
        assert_eq!(
            shown,
            [("2025-000002", true, said), ("2025-000003", false, said)]
        );
        book.close().await;
    });
}
