//! Why a command is refused: one enum whose variants are sentences in the scheme's words, with the facts inside.
//!
//! The sentences people read are in `text/*.ftl` under `refusal-<code>`; the fields here are what those sentences may name.
#![expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]

use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::closing::Obstacle;
use crate::domain::month::Month;
use crate::domain::{Money, VillageCode};

/// A refusal: nothing was booked, and this is why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Refusal {
    // What was written cannot be read.
    /// The text is no plain decimal figure.
    NotANumber { field: &'static str, value: String },
    /// The figure has more decimal places than the quantity has (R-NU-4).
    TooManyPlaces {
        field: &'static str,
        value: String,
        places: u32,
    },
    /// The figure is below or above what is possible.
    OutOfRange {
        field: &'static str,
        value: String,
        least: String,
        most: String,
    },
    /// The text is no date `YYYY-MM-DD`.
    NotADate { field: &'static str, value: String },
    /// The text is no instant with an offset.
    NotATime { field: &'static str, value: String },
    /// The text is no month `YYYY-MM`.
    NotAMonth { field: &'static str, value: String },
    /// The village code is not 12 digits.
    NotAVillageCode { field: &'static str, value: String },
    /// A text that is needed is missing.
    Empty { field: &'static str },
    /// A text holds a control character (R-NU-6).
    ControlCharacter { field: &'static str },
    /// A text is too long.
    TooLong { field: &'static str, longest: usize },
    /// A row has more cells than its file has columns.
    TooManyCells { cells: usize, columns: usize },
    /// A cell holds an error of a spreadsheet, such as `#N/A`.
    CellIsError { field: &'static str, value: String },
    /// A cell holds a formula whose result is not in the file.
    CellHasNoResult { field: &'static str },
    /// A cell holds a date where none belongs: spreadsheets make dates of codes such as 3-17.
    CellIsDate { field: &'static str, value: String },
    /// The word is none of those that are allowed here.
    UnknownWord {
        field: &'static str,
        value: String,
        allowed: &'static str,
    },

    // What it speaks of is not there, or is there already.
    /// The book has no such village.
    VillageUnknown { village: VillageCode },
    /// The database has several villages, and none was named.
    WhichVillage,
    /// The database has no village yet.
    NoVillageYet,
    /// The village's book is open already, with other settings.
    VillageOpenAlready { village: VillageCode },
    /// The village has no such household.
    HouseholdUnknown { household_no: String },
    /// Household numbers are never reused (rules, section 3).
    HouseholdNoTaken { household_no: String },
    /// The village has no such material.
    MaterialUnknown { material: String },
    /// The material is registered already.
    MaterialTaken { material: String },
    /// The account has no opening line of its own kind.
    AccountUnknown { account: String },
    /// No document has that number.
    DocumentUnknown { number: String },
    /// Another document has that number already.
    DocumentNoTaken { number: String },
    /// A document is reversed at most once (R-CO-3).
    AlreadyReversed { number: String },
    /// The command id was used for another content (R-PK-6).
    IdUsedForOtherContent { differing: String },

    // Weighing and valuing.
    /// The tare is more than the gross weight (R-NU-1).
    TareOverGross { tare: String, gross: String },
    /// Nothing is left to pay for, or nothing was weighed (R-NU-1).
    NothingLeft { gross: String },
    /// A count has no tare and no deduction (rules, section 2).
    PiecesHaveNoTare { material: String },
    /// The unit is not the material's.
    WrongUnit {
        material: String,
        unit: &'static str,
    },
    /// A deduction needs a reason (rules, section 2).
    DeductionNeedsReason { material: String },
    /// No price list was in force then (R-PR-1).
    NoPriceListThen { at: String },
    /// The list in force does not price the material (R-PR-2).
    MaterialNotPriced {
        material: String,
        effective_from: String,
    },
    /// A price list names a material twice.
    MaterialTwice { material: String },
    /// A weight is priced by the kilogram; only pieces are priced by the several (rules, section 2).
    PerIsForPieces { material: String },
    /// A hazardous material has a price of zero (rules, section 3).
    HazardousHasNoPrice { material: String },
    /// Another price list takes effect at the same instant; lists are never edited (R-PR-2).
    PriceListTaken { effective_from: String },
    /// A document without lines.
    NoLines,

    // Time.
    /// It is dated more than ten minutes in the future (R-PK-3).
    InTheFuture { field: &'static str, at: String },
    /// It is dated before the village's opening month (R-PK-3).
    BeforeOpening { at: String, opening_month: Month },
    /// Runs are made in the order of months (R-ST-3).
    EarlierRunMissing { month: Month },
    /// The offset of a month comes after its charges (R-ST-3).
    ChargesMissing { month: Month },
    /// A run of a month that has not begun.
    MonthNotBegun { month: Month },
    /// A month that is closed takes no entry (R-PD-3).
    MonthClosed { month: Month },

    // The close, and who signs it off.
    /// Only a month that is over is closed.
    MonthNotOver { month: Month },
    /// Months close in order (R-PD-5).
    EarlierMonthOpen { month: Month, earlier: Month },
    /// Only the latest closed month is opened again (R-PD-5).
    LaterMonthClosed { month: Month, latest: Month },
    /// The month is not in the state that this starts from (R-PD-1).
    MonthStands {
        month: Month,
        state: &'static str,
        needed: String,
    },
    /// What stands in the way of closing a month, all of it (R-PD-2).
    CannotClose {
        month: Month,
        obstacles: Vec<Obstacle>,
    },
    /// The month was not closed so often.
    NoSuchVersion { month: Month, version: i64 },
    /// It is not for this role.
    RoleMayNot { role: &'static str, allowed: String },
    /// It takes another person than the one who did the step before.
    SamePerson { person: String },

    // Station and documents.
    /// More is asked for than is in stock (R-SA-2).
    StockTooSmall {
        material: String,
        available: String,
        asked: String,
    },
    /// Such a document is not voided this way.
    NotVoidable { number: String, kind: &'static str },

    // Households and fees.
    /// The household has moved out already.
    MovedOutAlready {
        household_no: String,
        moved_out: Date,
    },
    /// It would have moved out before it moved in.
    MovedOutBeforeMovedIn {
        household_no: String,
        moved_in: Date,
    },
    /// The household has less fee advance than is asked for.
    AdvanceTooSmall {
        household_no: String,
        available: Money,
        asked: Money,
    },
    /// What the receipt left as advance was refunded since; the refund must come back first.
    AdvanceRefundedSince { number: String, missing: Money },
    /// An opening charge belongs to a period before the opening month.
    OpeningChargeNotBefore { period: Month, opening_month: Month },
    /// A policy takes effect only from the start of a period that is not charged yet (R-FE-1).
    PolicyNotFromNextPeriod { effective_from: Month },
    /// A change would take effect before the household's latest one.
    ChangeBeforeLatest { household_no: String, latest: Date },
}

impl Refusal {
    /// The stable code of the refusal, as `kebab-case`.
    pub fn code(&self) -> String {
        self.facts()
            .get("code")
            .and_then(|code| code.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The facts of the refusal by name, its code among them.
    pub fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(facts)) => facts,
            Ok(_) | Err(_) => serde_json::Map::new(),
        }
    }

    /// The field of the command, or column of the file, that is at fault, where one is.
    pub fn field(&self) -> Option<String> {
        let facts = self.facts();
        if let Some(field) = facts.get("field") {
            return field.as_str().map(str::to_owned);
        }
        let named = [
            "household_no",
            "material",
            "number",
            "account",
            "period",
            "effective_from",
        ];
        named
            .into_iter()
            .find(|name| facts.contains_key(*name))
            .map(|name| match name {
                "number" => "pickup_no".to_owned(),
                other => other.to_owned(),
            })
    }
}

impl fmt::Display for Refusal {
    /// The code and the facts, for logs and machines; people read the sentence in `text`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", serde_json::Value::Object(self.facts()))
    }
}

impl std::error::Error for Refusal {}
