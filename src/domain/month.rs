//! Time as the scheme sees it: instants, business dates in Asia/Shanghai, and months (账期).
#![expect(
    clippy::arithmetic_side_effects,
    reason = "months are counted from year 1 to 9999, which is far from any bound"
)]

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::Refusal;

/// China has kept one offset since 1991, so a fixed one needs no zone data.
const SHANGHAI: Offset = Offset::constant(8);

/// The business date of an instant: its date in Asia/Shanghai.
pub fn business_date(at: Timestamp) -> Date {
    SHANGHAI.to_datetime(at).date()
}

/// The first instant of a business date.
pub fn start_of_day(date: Date) -> Timestamp {
    SHANGHAI
        .to_timestamp(date.to_datetime(Time::midnight()))
        .unwrap_or(Timestamp::MIN)
}

/// The time of day of an instant, by the clock of the village.
pub fn time_of_day(at: Timestamp) -> Time {
    SHANGHAI.to_datetime(at).time()
}

/// Reads a time of day `HH:MM`.
///
/// # Errors
/// [`Refusal::NotATimeOfDay`].
pub fn parse_time_of_day(field: &'static str, text: &str) -> Result<Time, Refusal> {
    let trimmed = text.trim();
    let shaped = trimmed.len() == 5
        && trimmed
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':');
    Time::from_str(trimmed)
        .ok()
        .filter(|_| shaped)
        .ok_or_else(|| Refusal::NotATimeOfDay {
            field,
            value: trimmed.chars().take(40).collect(),
        })
}

/// The same time of day so many calendar months before.
pub fn months_before(at: Timestamp, months: i32) -> Timestamp {
    let before = SHANGHAI
        .to_datetime(at)
        .saturating_sub(jiff::Span::new().months(months));
    SHANGHAI.to_timestamp(before).unwrap_or(Timestamp::MIN)
}

/// An instant as people of the village write it: `2025-09-05 09:10`.
pub fn written_time(at: Timestamp) -> String {
    SHANGHAI
        .to_datetime(at)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// Reads an instant in RFC 3339 with an offset, kept to the microsecond.
///
/// # Errors
/// [`Refusal::NotATime`].
pub fn parse_time(field: &'static str, text: &str) -> Result<Timestamp, Refusal> {
    let refusal = || Refusal::NotATime {
        field,
        value: text.chars().take(40).collect(),
    };
    let at = Timestamp::from_str(text.trim()).map_err(|_| refusal())?;
    let years = business_date(at).year();
    if !(2000..=2999).contains(&years) {
        return Err(refusal());
    }
    Timestamp::from_microsecond(at.as_microsecond()).map_err(|_| refusal())
}

/// Reads a date `YYYY-MM-DD`.
///
/// # Errors
/// [`Refusal::NotADate`].
pub fn parse_date(field: &'static str, text: &str) -> Result<Date, Refusal> {
    let trimmed = text.trim();
    let shaped = trimmed.len() == 10
        && trimmed
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    Date::from_str(trimmed)
        .ok()
        .filter(|date| shaped && (1900..=2999).contains(&date.year()))
        .ok_or_else(|| Refusal::NotADate {
            field,
            value: trimmed.chars().take(40).collect(),
        })
}

/// A calendar month, `YYYY-MM`, from 2000 to 2999. Ordered in time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since year 0.
    index: i32,
}

impl Month {
    /// The month of a date.
    pub fn of(date: Date) -> Month {
        Month {
            index: i32::from(date.year()) * 12 + i32::from(date.month()) - 1,
        }
    }

    /// The month of an instant's business date.
    pub fn at(at: Timestamp) -> Month {
        Month::of(business_date(at))
    }

    /// Reads `YYYY-MM`.
    ///
    /// # Errors
    /// [`Refusal::NotAMonth`].
    pub fn parse(field: &'static str, text: &str) -> Result<Month, Refusal> {
        let trimmed = text.trim();
        Some(trimmed)
            .filter(|text| text.len() == 7)
            .and_then(|text| Date::from_str(&format!("{text}-01")).ok())
            .filter(|date| (2000..=2999).contains(&date.year()))
            .map(Month::of)
            .ok_or_else(|| Refusal::NotAMonth {
                field,
                value: trimmed.chars().take(40).collect(),
            })
    }

    /// So many months later, or earlier.
    #[must_use]
    pub fn plus(self, months: i32) -> Month {
        Month {
            index: self.index + months,
        }
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Month {
        self.plus(1)
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Month {
        self.plus(-1)
    }

    /// Months since year 0, for calendar periods: 2025-01 is a multiple of 12.
    pub fn index(self) -> i32 {
        self.index
    }

    /// The day of this month with that number, 1 to 28.
    fn day(self, day: i8) -> Date {
        let year = i16::try_from(self.index.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(self.index.rem_euclid(12)).unwrap_or(0) + 1;
        Date::new(year, month, day).unwrap_or(Date::MAX)
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        self.day(1)
    }

    /// The 15th, which decides whether a month is liable (R-FE-3).
    pub fn fifteenth(self) -> Date {
        self.day(15)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// Its last instant, to the microsecond.
    pub fn last_instant(self) -> Timestamp {
        let micros = start_of_day(self.next().first_day()).as_microsecond() - 1;
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// Every month from this one to the other, both included; none if the other is earlier.
    pub fn through(self, last: Month) -> impl Iterator<Item = Month> {
        (self.index..=last.index).map(|index| Month { index })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{:04}-{:02}",
            self.index.div_euclid(12),
            self.index.rem_euclid(12) + 1
        ))
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        Month::parse("month", &String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Whether somebody has been away for six calendar months or more on a day (R-FE-4).
pub fn is_long_vacant(vacant_since: Date, on: Date) -> bool {
    vacant_since.saturating_add(jiff::Span::new().months(6)) <= on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_date_turns_at_midnight_in_shanghai() {
        let at = |text| parse_time("at", text).expect("an instant");
        assert_eq!(
            Month::at(at("2025-09-30T23:59:59+08:00")).to_string(),
            "2025-09"
        );
        assert_eq!(Month::at(at("2025-09-30T16:00:00Z")).to_string(), "2025-10");
        let september = Month::parse("month", "2025-09").expect("a month");
        assert_eq!(Month::at(september.last_instant()), september);
        assert_eq!(september.last_day().to_string(), "2025-09-30");
    }

    #[test]
    fn six_months_of_absence_end_on_the_same_day_of_the_month() {
        let date = |text| parse_date("date", text).expect("a date");
        assert!(is_long_vacant(date("2025-03-01"), date("2025-09-01")));
        assert!(!is_long_vacant(date("2025-03-02"), date("2025-09-01")));
        assert!(is_long_vacant(date("2025-08-31"), date("2026-02-28")));
    }

    #[test]
    fn what_is_no_month_no_date_and_no_time_is_refused() {
        for bad in ["2025-13", "2025-9", "202509", "1999-12", "", "2025-09-01"] {
            assert!(Month::parse("month", bad).is_err(), "{bad}");
        }
        for bad in ["2025-02-30", "2025-9-1", "", "20250901"] {
            assert!(parse_date("date", bad).is_err(), "{bad}");
        }
        for bad in [
            "2025-09-05 09:10",
            "2025-09-05T09:10:00",
            "1925-09-05T09:10:00Z",
        ] {
            assert!(parse_time("at", bad).is_err(), "{bad}");
        }
    }
}
