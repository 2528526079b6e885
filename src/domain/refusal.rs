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
    /// The text is no time of day `HH:MM`.
    NotATimeOfDay { field: &'static str, value: String },
    /// The text is no month `YYYY-MM`.
    NotAMonth { field: &'static str, value: String },
    /// The village code is not 12 digits.
    NotAVillageCode { field: &'static str, value: String },
    /// A region is named by 2 to 12 digits.
    NotARegion { field: &'static str, value: String },
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
    /// No village's code begins so.
    RegionUnknown { region: String },
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

    /// Where the village has two officers, a price list names who drafted it (R-PR-4).
    PriceListNeedsAuthor,
    /// Who drafted a price list does not publish it (R-PR-4).
    AuthorPublishes { author: String },

    // Held pickups, and who may correct.
    /// A held pickup is neither voided nor corrected: the clerk decides about it first (R-PK-7).
    PickupHeld { number: String },
    /// A held pickup that was rejected was never recorded.
    PickupRejected { number: String },
    /// The pickup was recorded at once and never held.
    NotHeld { number: String },
    /// A held pickup is decided about once.
    HeldResolvedAlready { number: String },
    /// Only a clerk decides about a held pickup (R-PK-3).
    OnlyClerkResolves { number: String },
    /// A collector corrects only his own pickups, on the same day and below an amount (R-CO-2).
    OnlyClerkCorrects { number: String, below: Money },

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
    /// A buyer pays no more than he owes.
    BuyerOwesLess {
        buyer: String,
        owed: Money,
        asked: Money,
    },
    /// Nothing of the material is in transit of that round, or it was taken in already (R-SA-1).
    NotInTransit { round: String, material: String },
    /// Such a document is not voided this way.
    NotVoidable { number: String, kind: &'static str },

    // Rounds, refuse and disputes.
    /// Hours end after they begin.
    HoursEndBeforeBegin { from: String, to: String },
    /// No household of such a group lived there on that day.
    GroupUnknown { group: String, day: Date },
    /// The round is closed.
    RoundClosed { number: String },
    /// A collector closes only his own rounds.
    RoundOfAnother { number: String, collector: String },
    /// A stop is made on the day of its round.
    NotOnRoundDay { number: String, day: Date },
    /// The village has no such collection point.
    CollectionPointUnknown { point: String },
    /// It is not this household's.
    NotOfHousehold {
        number: String,
        household_no: String,
    },
    /// A dispute is answered once.
    DisputeAnsweredAlready { number: String },
    /// A dispute is not answered before the day on which it was opened.
    AnsweredBeforeOpened { number: String, opened_on: Date },
    /// A dispute is upheld by what puts it right.
    CorrectionMissing { number: String },
    /// What is named does not put right what is disputed.
    NotItsCorrection {
        number: String,
        corrected_by: String,
    },

    // Payouts.
    /// Less than the village pays out (R-ST-5).
    PayoutTooSmall { amount: Money, least: Money },
    /// The village pays out in other months (R-ST-5).
    PayoutOutsideWindow { at: String, months: String },
    /// A household with an open charge is paid nothing out (R-ST-5).
    PayoutWhileOwing { household_no: String, owed: Money },
    /// The household's credit, less what is on hold, does not cover it (R-ST-5).
    PayoutNotCovered {
        household_no: String,
        asked: Money,
        credit: Money,
        on_hold: Money,
    },
    /// A payout is approved by another person than who requested it (R-ST-5).
    PayoutOwnApproval {
        number: String,
        requested_by: String,
    },
    /// The days of the payout are over (R-ST-5).
    PayoutExpired { number: String, last_day: Date },
    /// In its state that cannot be done about the payout (R-ST-5, R-CO-7).
    PayoutInOtherState {
        number: String,
        state: &'static str,
        step: &'static str,
    },
    /// A step of a payout is not dated before the step that it follows.
    PayoutStepTooEarly {
        number: String,
        at: String,
        earliest: String,
    },

    // Fund, pay and cash.
    /// More of the special fund would be spent than is left of it (R-SA-5).
    FundTooSmall { available: Money, asked: Money },
    /// The collector's pay of the month is recorded already.
    PayEarnedAlready {
        collector: String,
        month: Month,
        number: String,
    },
    /// Wage and weight come to nothing.
    NothingEarned { collector: String, month: Month },
    /// A collector would be paid more than he is owed.
    PayableTooSmall {
        collector: String,
        available: Money,
        asked: Money,
    },
    /// A collector would hand in more than he holds (R-ST-7).
    CashInTransitTooSmall {
        collector: String,
        available: Money,
        asked: Money,
    },
    /// More would be taken out of a cash box than it holds.
    CashTooSmall {
        account: String,
        available: Money,
        asked: Money,
    },

    // Households and fees.
    /// The household has no charge of that period.
    ChargeUnknown {
        household_no: String,
        charge: String,
    },
    /// Nothing of the charge is open.
    ChargeSettled {
        household_no: String,
        charge: String,
    },
    /// The charge stands in the books only from a later month on.
    ChargeIssuedLater {
        household_no: String,
        charge: String,
        issued_in: Month,
    },
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
    /// A household is not merged with itself.
    MergedWithItself { household_no: String },
    /// The number is an alias: the household was merged into another (R-HH-1).
    HouseholdMerged { household_no: String, into: String },
    /// A payout of the household waits to be paid or cancelled, and holds its credit.
    PayoutPending {
        household_no: String,
        number: String,
    },
    /// The household has no such charge, or nothing is open of it.
    ChargeNotOpen {
        household_no: String,
        charge: String,
    },
    /// A part of the charge went to another household by a split.
    ChargeElsewhere {
        household_no: String,
        charge: String,
    },
    /// Charges are still open that the credit does not cover (R-HH-3).
    StillOwes { household_no: String, amount: Money },
    /// Credit below zero is made good first (R-HH-3).
    CreditBelowZero { household_no: String, amount: Money },
    /// The other village is this one.
    SameVillage { village: VillageCode },
    /// A change would take effect before the household's latest one.
    ChangeBeforeLatest { household_no: String, latest: Date },
    /// Somebody changed the household after whoever asks had looked at it.
    ChangedMeanwhile { household_no: String },
    /// Somebody changed the settings of the village after whoever asks had looked at them.
    SettingsChangedMeanwhile { village: String },
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

    /// Whether a void that meets it may pass once its pickup is booked: it has not come, or a clerk has not decided about it.
    pub const fn lets_a_void_wait(&self) -> bool {
        matches!(
            self,
            Refusal::DocumentUnknown { .. } | Refusal::PickupHeld { .. }
        )
    }

    /// Whether the refusal is kept once a person saw it: it was decided by the books as they stood, or by the time, so that the same command might
    /// pass later. Not kept is what is refused whenever it comes, what speaks of another village or of an earlier use of the id, and a change made
    /// on an older revision: that is refused for as long as the revision is another.
    pub const fn is_kept(&self) -> bool {
        !matches!(
            self,
            Refusal::NotANumber { .. }
                | Refusal::TooManyPlaces { .. }
                | Refusal::OutOfRange { .. }
                | Refusal::NotADate { .. }
                | Refusal::NotATime { .. }
                | Refusal::NotATimeOfDay { .. }
                | Refusal::NotAMonth { .. }
                | Refusal::NotAVillageCode { .. }
                | Refusal::NotARegion { .. }
                | Refusal::Empty { .. }
                | Refusal::ControlCharacter { .. }
                | Refusal::TooLong { .. }
                | Refusal::TooManyCells { .. }
                | Refusal::CellIsError { .. }
                | Refusal::CellHasNoResult { .. }
                | Refusal::CellIsDate { .. }
                | Refusal::UnknownWord { .. }
                | Refusal::VillageUnknown { .. }
                | Refusal::WhichVillage
                | Refusal::NoVillageYet
                | Refusal::RegionUnknown { .. }
                | Refusal::IdUsedForOtherContent { .. }
                | Refusal::TareOverGross { .. }
                | Refusal::NothingLeft { .. }
                | Refusal::DeductionNeedsReason { .. }
                | Refusal::MaterialTwice { .. }
                | Refusal::NoLines
                | Refusal::HoursEndBeforeBegin { .. }
                | Refusal::MergedWithItself { .. }
                | Refusal::SameVillage { .. }
                | Refusal::ChangedMeanwhile { .. }
                | Refusal::SettingsChangedMeanwhile { .. }
        )
    }

    /// The field of the command, or column of the file, that is at fault, where one is.
    pub fn field(&self) -> Option<String> {
        Refusal::field_of(&self.facts())
    }

    /// The field that is at fault by the facts of a refusal.
    pub fn field_of(facts: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
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
