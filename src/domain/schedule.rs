//! The schedule (定时上门, R-PK-9): on which days and between which hours a group of the village is visited, and when the next visit is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Stop};
use crate::domain::journal::Decision;
use crate::domain::month::business_date;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{Event, Group, Month, Refusal};

/// Hours of a day, by the clock of the village. They end after they begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hours {
    /// When they begin.
    pub from: Time,
    /// When they end.
    pub to: Time,
}

impl Hours {
    /// Makes sure that they end after they begin.
    ///
    /// # Errors
    /// [`Refusal::HoursEndBeforeBegin`].
    pub fn check(&self) -> Result<(), Refusal> {
        if self.from < self.to {
            return Ok(());
        }
        Err(Refusal::HoursEndBeforeBegin {
            from: self.from.to_string(),
            to: self.to.to_string(),
        })
    }
}

/// The days on which a group is visited: those that are either such a weekday or such a day of the month; none means no visits.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VisitDays {
    /// Weekdays, 1 for Monday to 7 for Sunday.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub weekdays: BTreeSet<i8>,
    /// Days of the month, 1 to 31; in a month that is shorter the later ones fall on its last day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub month_days: BTreeSet<i8>,
}

impl VisitDays {
    /// Whether there are no visits.
    pub fn is_empty(&self) -> bool {
        self.weekdays.is_empty() && self.month_days.is_empty()
    }

    /// Whether a date is one of the days.
    pub fn falls_on(&self, date: Date) -> bool {
        let is_last = date.day() == date.days_in_month();
        let is_month_day = |day: &i8| *day == date.day() || is_last && *day > date.day();
        let weekday = date.weekday().to_monday_one_offset();
        self.weekdays.contains(&weekday) || self.month_days.iter().any(is_month_day)
    }

    fn check(&self) -> Result<(), Refusal> {
        let weekdays = self.weekdays.iter().map(|day| ("weekday", *day, 7));
        let month_days = self.month_days.iter().map(|day| ("day", *day, 31));
        let is_no_day = |(_, day, most): &(&str, i8, i8)| !(1..=*most).contains(day);
        match weekdays.chain(month_days).find(is_no_day) {
            Some((field, value, most)) => Err(Refusal::OutOfRange {
                field,
                value: value.to_string(),
                least: "1".to_owned(),
                most: most.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Sets when a group is visited from now on; what was set for it before is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetSchedule {
    /// The group.
    pub group: Group,
    /// The days; none means that it is not visited any more.
    pub days: VisitDays,
    /// The hours, the same on every day; none only where there are no days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// When a group is visited, as it stands in the register under the group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The month in which it was set.
    pub month: Month,
    /// What was set.
    #[serde(flatten)]
    pub set: SetSchedule,
}

impl Registered for Schedule {
    const KIND: RegisterKind = RegisterKind::Schedule;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        !self.set.days.is_empty()
    }
}

/// Of any such days one falls into this many days: two months of 31 days.
const LONGEST_WAIT_DAYS: i64 = 62;

/// The first visit after a date; none if there are no visits.
pub fn next_visit(days: &VisitDays, after: Date) -> Option<Date> {
    if days.is_empty() {
        return None;
    }
    (1..=LONGEST_WAIT_DAYS)
        .map(|later| after.saturating_add(jiff::Span::new().days(later)))
        .find(|date| days.falls_on(*date))
}

impl SetSchedule {
    /// The visit that is under way at an instant, or else the next one.
    pub fn visit_from(&self, at: Timestamp) -> Option<Date> {
        let (today, now) = (business_date(at), crate::domain::month::time_of_day(at));
        let is_over = self.hours.is_some_and(|hours| hours.to <= now);
        if self.days.falls_on(today) && !is_over {
            return Some(today);
        }
        next_visit(&self.days, today)
    }

    /// Sets the schedule.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for a day that no week or month has, [`Refusal::Empty`] for days without hours,
    /// [`Refusal::HoursEndBeforeBegin`], [`Refusal::VillageUnknown`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        self.days.check()?;
        match self.hours {
            Some(hours) => hours.check()?,
            None if self.days.is_empty() => {}
            None => return Err(Refusal::Empty { field: "from" }.into()),
        }
        Ok(Decision::on(book.now(), Event::ScheduleSet(self.clone())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::month::parse_date;

    fn date(text: &str) -> Date {
        parse_date("date", text).expect("a date")
    }

    fn month_days(days: &[i8]) -> VisitDays {
        VisitDays {
            weekdays: BTreeSet::new(),
            month_days: days.iter().copied().collect(),
        }
    }

    #[test]
    fn a_day_that_a_month_lacks_falls_on_its_last_day() {
        let last = month_days(&[31]);
        for (after, visit) in [
            ("2026-01-31", "2026-02-28"),
            ("2028-02-01", "2028-02-29"),
            ("2028-02-29", "2028-03-31"),
            ("2100-02-27", "2100-02-28"),
            ("2026-04-29", "2026-04-30"),
            ("2026-04-30", "2026-05-31"),
            ("2026-12-31", "2027-01-31"),
        ] {
            assert_eq!(next_visit(&last, date(after)), Some(date(visit)), "{after}");
        }
        // Both fall on the last day of February, and on two days of March.
        let both = month_days(&[29, 30]);
        assert_eq!(
            next_visit(&both, date("2026-02-01")),
            Some(date("2026-02-28"))
        );
        assert_eq!(
            next_visit(&both, date("2026-02-28")),
            Some(date("2026-03-29"))
        );
        assert_eq!(
            next_visit(&both, date("2028-02-28")),
            Some(date("2028-02-29"))
        );
    }

    #[test]
    fn weekdays_come_round_and_no_days_never_do() {
        let days = VisitDays {
            weekdays: BTreeSet::from([1, 4]),
            month_days: BTreeSet::new(),
        };
        // 2026-11-24 is a Tuesday.
        assert_eq!(
            next_visit(&days, date("2026-11-24")),
            Some(date("2026-11-26"))
        );
        assert_eq!(
            next_visit(&days, date("2026-11-26")),
            Some(date("2026-11-30"))
        );
        assert_eq!(next_visit(&VisitDays::default(), date("2026-11-24")), None);
    }

    #[test]
    fn the_visit_of_today_counts_until_its_hours_are_over() {
        let schedule = SetSchedule {
            group: Group::parse("group", "1").expect("a group"),
            days: month_days(&[24]),
            hours: Some(Hours {
                from: Time::constant(8, 0, 0, 0),
                to: Time::constant(10, 0, 0, 0),
            }),
        };
        let at = |text| crate::domain::month::parse_time("at", text).expect("an instant");
        let visit = |text| schedule.visit_from(at(text));
        assert_eq!(visit("2026-11-24T09:59:00+08:00"), Some(date("2026-11-24")));
        assert_eq!(visit("2026-11-24T10:00:00+08:00"), Some(date("2026-12-24")));
    }

    /// A date, counted in days from one before two leap years and a century without one.
    fn any_date() -> impl Strategy<Value = Date> {
        (0..60_000_i64).prop_map(|days| {
            Date::constant(2000, 1, 1).saturating_add(jiff::Span::new().days(days))
        })
    }

    proptest! {
        #[test]
        fn the_next_visit_is_the_first_day_that_fits(
            after in any_date(),
            weekdays in proptest::collection::btree_set(1..=7_i8, 0..4),
            days in proptest::collection::btree_set(1..=31_i8, 0..4),
        ) {
            let visits = VisitDays { weekdays: weekdays.clone(), month_days: days.clone() };
            let found = next_visit(&visits, after);
            prop_assert_eq!(found.is_some(), !visits.is_empty());
            let Some(found) = found else { return Ok(()) };
            prop_assert!(found > after);
            // By another way: each weekday by counting on, each day of the month by cutting it to the length of its month.
            let mut candidates: Vec<Date> = (1..=7_i64)
                .map(|later| after.saturating_add(jiff::Span::new().days(later)))
                .filter(|date| weekdays.contains(&date.weekday().to_monday_one_offset()))
                .collect();
            for month in Month::of(after).through(Month::of(after).plus(2)) {
                let last = month.last_day();
                for day in &days {
                    candidates.push(Date::new(last.year(), last.month(), (*day).min(last.day())).expect("cut to the month"));
                }
            }
            let first = candidates.into_iter().filter(|date| *date > after).min();
            prop_assert_eq!(Some(found), first);
        }
    }
}
