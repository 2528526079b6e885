//! Schedules: replaced, emptied, and the next visit.

use std::collections::BTreeSet;

use jinfu::domain::month::parse_time_of_day;
use jinfu::domain::schedule::{Hours, SetSchedule, VisitDays};
use jinfu::domain::{Group, Refusal};

use crate::harness::on_both;
use crate::rounds::{Asked, Book, asked};

fn schedule(group: &str, weekdays: &[i8], days: &[i8], hours: Option<(&str, &str)>) -> Asked {
    let time = |text| parse_time_of_day("from", text).unwrap();
    asked(SetSchedule {
        group: Group::parse("group", group).unwrap(),
        days: VisitDays {
            weekdays: weekdays.iter().copied().collect::<BTreeSet<_>>(),
            month_days: days.iter().copied().collect(),
        },
        hours: hours.map(|(from, to)| Hours {
            from: time(from),
            to: time(to),
        }),
    })
}

#[test]
fn a_schedule_replaces_the_one_before_and_names_the_next_visit() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let morning = Some(("08:00", "10:00"));
        let listed = async || {
            let rows = book.ledger.schedules(&book.village).await.unwrap();
            let shown = rows.into_iter().map(|row| {
                let day = row.next_visit.map(|day| day.to_string());
                (row.set.group.to_string(), day.unwrap_or_default())
            });
            shown.collect::<Vec<_>>()
        };
        // It is Tuesday, 30 September, 20:00.
        book.done(schedule("10", &[2, 5], &[], morning)).await;
        book.done(schedule("2", &[], &[15, 31], morning)).await;
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = |(group, day): &(&str, &str)| ((*group).to_owned(), (*day).to_owned());
            pairs.iter().map(owned).collect::<Vec<_>>()
        };
        assert_eq!(
            listed().await,
            pairs(&[("2", "2025-10-15"), ("10", "2025-10-03")])
        );
        book.done(schedule("2", &[], &[30], Some(("19:00", "21:00"))))
            .await;
        book.done(schedule("10", &[], &[], None)).await;
        assert_eq!(listed().await, pairs(&[("2", "2025-09-30")]));
        for (weekdays, days) in [([8].as_slice(), [].as_slice()), (&[0], &[]), (&[], &[32])] {
            let found = book.refused(schedule("1", weekdays, days, morning)).await;
            assert!(matches!(found, Refusal::OutOfRange { .. }), "{found}");
        }
        let found = book.refused(schedule("1", &[1], &[], None)).await;
        assert_eq!(found, Refusal::Empty { field: "from" });
        let swapped = Some(("10:00", "08:00"));
        let found = book.refused(schedule("1", &[1], &[], swapped)).await;
        assert!(matches!(found, Refusal::HoursEndBeforeBegin { .. }));
        book.close().await;
    });
}
