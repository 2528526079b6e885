//! Residual waste: points, trips, voids, and the diversion rate.

use jinfu::domain::month::parse_time_of_day;
use jinfu::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::schedule::Hours;
use jinfu::domain::{DocumentKind, PointCode, Quantity, Refusal};
use serde_json::json;

use crate::harness::on_both;
use crate::rounds::{Asked, Book, asked, at, number, pickup, unknown};

pub(super) fn point(hours: &[(&str, &str)]) -> Asked {
    let time = |text| parse_time_of_day("from", text).unwrap();
    asked(RegisterCollectionPoint {
        code: PointCode::parse("code", "P1").unwrap(),
        name: "村口".to_owned(),
        hours: hours
            .iter()
            .map(|(from, to)| Hours {
                from: time(from),
                to: time(to),
            })
            .collect(),
    })
}

pub(super) fn trip(weight: Quantity, when: &str) -> Asked {
    asked(RecordTrip {
        point: PointCode::parse("point", "P1").unwrap(),
        at: at(when),
        weight,
    })
}

pub(super) fn void_document(kind: DocumentKind, no: &str, when: &str) -> Asked {
    asked(VoidDocument {
        kind,
        number: number(no),
        voided_at: at(when),
        reason: "written down twice".to_owned(),
    })
}

#[test]
fn residual_waste_gives_the_diversion_rate_and_a_voided_trip_does_not_count() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        assert_eq!(
            book.report("2025-09").await["refuse"],
            json!({"trips": 0, "residual_kg": "0.000", "recyclables_kg": "0.000", "diversion_rate": null})
        );
        let weight = Quantity::grams(24_000);
        let found = book.refused(trip(weight, "09-05T07:00")).await;
        let point_of = |point: &str| Refusal::CollectionPointUnknown {
            point: point.to_owned(),
        };
        assert_eq!(found, point_of("P1"));
        assert_eq!(
            book.refused(point(&[])).await,
            Refusal::Empty { field: "hours" }
        );
        let found = book.refused(point(&[("07:00", "07:00")])).await;
        assert!(matches!(found, Refusal::HoursEndBeforeBegin { .. }));
        book.done(point(&[("07:00", "08:00")])).await;
        book.done(point(&[("07:00", "08:00"), ("18:00", "19:30")]))
            .await;
        let trips = [
            Quantity::grams(0),
            Quantity::grams(50_000_001),
            Quantity::new(jinfu::domain::Unit::Piece, 5),
        ];
        for weight in trips {
            let found = book.refused(trip(weight, "09-05T07:00")).await;
            assert!(matches!(
                found,
                Refusal::OutOfRange {
                    field: "weight",
                    ..
                }
            ));
        }
        for when in ["09-05T07:00", "09-06T07:00"] {
            let recorded = book.done(trip(weight, when)).await;
            assert_eq!(recorded.event.document().unwrap().0, DocumentKind::Trip);
        }
        book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        let refuse = |trips: i64, residual: &str, rate: &str| json!({"trips": trips, "residual_kg": residual, "recyclables_kg": "8.000", "diversion_rate": rate});
        assert_eq!(
            book.report("2025-09").await["refuse"],
            refuse(2, "48.000", "14.3")
        );
        let void_trip = || void_document(DocumentKind::Trip, "2025-000002", "09-07T09:00");
        let voided = book.done(void_trip()).await;
        assert_eq!(voided.event.kind(), "document_voided");
        assert_eq!(
            book.report("2025-09").await["refuse"],
            refuse(1, "24.000", "25.0")
        );
        let again = Refusal::AlreadyReversed {
            number: "2025-000002".to_owned(),
        };
        assert_eq!(book.refused(void_trip()).await, again);
        let none = void_document(DocumentKind::Trip, "2025-000009", "09-07T09:00");
        assert_eq!(book.refused(none).await, unknown("2025-000009"));
        book.close().await;
    });
}
