//! Owns the plain data description of a village folder for the fee tests: civil dates, policy, households, price lists, pickups, cash, opening.

use std::collections::BTreeMap;
use std::fmt;

/// A calendar month, counted from January of the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(i64);

impl Month {
    pub(crate) fn new(year: i64, month: i64) -> Self {
        Self(year * 12 + month - 1)
    }

    pub(crate) fn plus(self, months: i64) -> Self {
        Self(self.0 + months)
    }

    /// Months from `earlier` to this one.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    pub(crate) fn day(self, day: i64) -> Date {
        Date {
            year: self.0.div_euclid(12),
            month: self.0.rem_euclid(12) + 1,
            day,
        }
    }

    pub(crate) fn last_day(self) -> Date {
        let first = self.day(1);
        let leap = (first.year % 4 == 0 && first.year % 100 != 0) || first.year % 400 == 0;
        self.day(match first.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        })
    }

    /// The first month of the calendar-aligned period this month lies in (R-FE-1).
    pub(crate) fn period_start(self, period_months: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(period_months))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.day(1);
        write!(out, "{:04}-{:02}", first.year, first.month)
    }
}

/// A civil date in Asia/Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

impl Date {
    pub(crate) fn in_month(self) -> Month {
        Month::new(self.year, self.month)
    }

    /// The same day some months later, or that month's last day where it has no such day.
    pub(crate) fn plus_months(self, months: i64) -> Self {
        let month = self.in_month().plus(months);
        month.day(self.day.min(month.last_day().day))
    }

    pub(crate) fn at(self, second: i64) -> Stamp {
        Stamp { date: self, second }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time in Asia/Shanghai: its date and the second of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) date: Date,
    pub(crate) second: i64,
}

impl fmt::Display for Stamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = (self.second / 3600, self.second / 60 % 60);
        let second = self.second % 60;
        write!(out, "{}T{hour:02}:{minute:02}:{second:02}+08:00", self.date)
    }
}

/// Fee policy of a village (R-FE-1); money in fen.
#[derive(Clone, Debug)]
pub(crate) struct FeePolicy {
    pub(crate) per_head: bool,
    pub(crate) amount: i64,
    /// 1, 3, 6 or 12.
    pub(crate) period_months: i64,
    pub(crate) vacant_percent: i64,
    /// Per household, never times the headcount.
    pub(crate) non_registered_amount: Option<i64>,
}

/// Waiver categories (R-FE-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiver {
    Destitute,
    LowIncome,
    Disabled,
}

/// Waived percent of each category.
#[derive(Clone, Debug)]
pub(crate) struct WaiverPercents {
    pub(crate) destitute: i64,
    pub(crate) low_income: i64,
    pub(crate) disabled: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Household {
    pub(crate) number: String,
    pub(crate) group: String,
    pub(crate) head: String,
    pub(crate) headcount: i64,
    pub(crate) non_registered: bool,
    pub(crate) waiver: Option<Waiver>,
    pub(crate) moved_in: Option<Date>,
    pub(crate) moved_out: Option<Date>,
    pub(crate) vacant_since: Option<Date>,
}

#[derive(Clone, Debug)]
pub(crate) struct Material {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) pieces: bool,
    pub(crate) hazardous: bool,
}

/// Price in li per kg, or per `per` pieces.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    pub(crate) li: i64,
    pub(crate) per: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct PriceList {
    pub(crate) effective_from: Stamp,
    pub(crate) prices: BTreeMap<String, Price>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Kg,
    Jin,
    Piece,
}

/// Gross and tare are grams (whatever the unit they are written in), or pieces.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) material: String,
    pub(crate) gross: i64,
    pub(crate) tare: i64,
    pub(crate) unit: Unit,
    pub(crate) deduction: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Pickup {
    pub(crate) number: String,
    pub(crate) occurred_at: Stamp,
    pub(crate) household: String,
    pub(crate) collector: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(crate) struct Cash {
    pub(crate) received_at: Stamp,
    pub(crate) household: String,
    pub(crate) amount: i64,
}

/// A line of the opening state; an account's amount is debit-positive.
#[derive(Clone, Debug)]
pub(crate) enum OpeningLine {
    Credit {
        household: String,
        amount: i64,
    },
    Charge {
        household: String,
        period: Month,
        amount: i64,
    },
    Stock {
        material: String,
        amount: i64,
        quantity: i64,
    },
    Account {
        code: String,
        amount: i64,
    },
}

/// A village folder as plain data.
#[derive(Clone, Debug)]
pub(crate) struct Village {
    pub(crate) code: String,
    pub(crate) opening_month: Month,
    /// The last month with events, apart from moves announced for later.
    pub(crate) last_month: Month,
    pub(crate) fee: FeePolicy,
    pub(crate) waivers: WaiverPercents,
    pub(crate) households: Vec<Household>,
    pub(crate) materials: Vec<Material>,
    pub(crate) price_lists: Vec<PriceList>,
    pub(crate) pickups: Vec<Pickup>,
    pub(crate) cash: Vec<Cash>,
    pub(crate) opening: Vec<OpeningLine>,
}
