//! Steps of a walk through a book: every command as plain data, the calendar they share, and villages to walk in.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, date};

use super::book::{Basis, Setup};

/// A calendar month, counted from year 0: `year * 12 + month - 1`.
pub(crate) type Month = i32;

/// The month a business date lies in (rules section 2, "Times").
pub(crate) fn month_of(day: Date) -> Month {
    i32::from(day.year()) * 12 + i32::from(day.month()) - 1
}

/// `YYYY-MM`.
pub(crate) fn month_name(month: Month) -> String {
    format!(
        "{:04}-{:02}",
        month.div_euclid(12),
        month.rem_euclid(12) + 1
    )
}

/// One day (1 to 28) of a month.
pub(crate) fn day_in(month: Month, day: i8) -> Date {
    let year = i16::try_from(month.div_euclid(12)).expect("a year of four digits");
    let month = i8::try_from(month.rem_euclid(12) + 1).expect("a month of the year");
    date(year, month, day)
}

/// Microseconds since 1970 UTC of a wall clock time in Asia/Shanghai (+08:00 all year).
pub(crate) fn micros(at: DateTime) -> i64 {
    let since_epoch = at.duration_since(date(1970, 1, 1).at(8, 0, 0, 0));
    i64::try_from(since_epoch.as_micros()).expect("a time within this era")
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Resident,
    NonRegistered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiver {
    Destitute,
    LowIncome,
    Disabled,
}

/// What is known of a household when it is registered; it holds from its start.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewHousehold {
    pub(crate) no: String,
    pub(crate) group: String,
    pub(crate) headcount: i64,
    pub(crate) kind: Kind,
    pub(crate) waived: Option<Waiver>,
    pub(crate) moved_in: Option<Date>,
    pub(crate) vacant_since: Option<Date>,
    pub(crate) save_up: bool,
}

/// One weighed or counted line: grams, or pieces for a material counted in pieces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) material: String,
    pub(crate) gross: i64,
    pub(crate) tare: i64,
    /// Per mille; one above 0 is sent with a reason.
    pub(crate) deduction: i64,
}

/// One price: li per kg, or li per `per` pieces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Price {
    pub(crate) material: String,
    pub(crate) li: i64,
    pub(crate) per: i64,
}

/// One command to the book. Times are wall clock times in Asia/Shanghai.
///
/// The command id of a step is its index in the walk. `Repeat` sends an earlier step again under that step's id,
/// `RepeatChanged` sends other content under the id of an accepted step (R-PK-6).
#[derive(Clone, Debug, PartialEq)]
#[rustfmt::skip]
pub(crate) enum Step {
    RegisterHousehold(NewHousehold),
    MoveOut { no: String, on: Date },
    RefundAdvance { no: String, fen: i64, on: Date },
    PublishPrices { effective_from: DateTime, lines: Vec<Price> },
    Pickup { number: String, at: DateTime, household: String, collector: String, lines: Vec<Line> },
    VoidPickup { number: String, at: DateTime },
    CorrectPickup { number: String, new_number: String, at: DateTime, lines: Vec<Line> },
    Cash { household: String, fen: i64, at: DateTime },
    VoidCash { receipt: String, at: DateTime },
    ChargeFees { month: Month },
    OffsetCredit { month: Month },
    Repeat { index: usize },
    RepeatChanged { index: usize },
    Restart,
}

/// A village for a seed: seeds in a row go through every fee period, both bases and every choice of the policy.
pub(crate) fn setup_for(seed: u64) -> Setup {
    let piece = ["BOTTLE", "TV"];
    let materials = ["CARTON", "PET", "IRON", "BOTTLE", "TV", "BATTERY"];
    Setup {
        opening_month: month_of(date(2025, 9, 1)) + i32::from(seed % 3 == 2),
        basis: if seed.is_multiple_of(2) {
            Basis::Household
        } else {
            Basis::Head
        },
        amount_fen: if seed.is_multiple_of(2) { 1_000 } else { 333 },
        period_months: [1, 3, 1, 6, 1, 12, 3][(seed % 7) as usize],
        vacant_percent: [0, 50, 35][(seed % 3) as usize],
        non_registered_fen: (seed % 4 < 2).then_some(1_505),
        waiver_percent: BTreeMap::from([
            (Waiver::Destitute, 100),
            (Waiver::LowIncome, 50),
            (Waiver::Disabled, 33),
        ]),
        save_up_allowed: seed % 5 < 3,
        materials: materials
            .map(|code| (code.to_owned(), piece.contains(&code)))
            .to_vec(),
    }
}
