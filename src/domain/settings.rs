//! Figures that a village may set for itself; where it sets none, those of the rules.

use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Stop};
use crate::domain::journal::Decision;
use crate::domain::{Event, Money, Refusal, seal};

/// The figures. Weights are grams, shares percent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A heavier line holds its pickup (R-PK-3).
    pub line_most_g: i64,
    /// So many times a household's usual line of a material holds the pickup (R-PK-3).
    pub usual_multiple: i64,
    /// From so many earlier lines on something is usual (R-PK-3).
    pub usual_lines_least: i64,
    /// A pickup worth more is held (R-PK-3).
    pub pickup_most: Money,
    /// Lines that differ no more may be one line entered twice (R-PK-4).
    pub duplicate_g: i64,
    /// The same as a share of the earlier line (R-PK-4).
    pub duplicate_percent: i64,
    /// Pickups further apart in time are no duplicates (R-PK-4).
    pub duplicate_minutes: i64,
    /// A collector corrects his own pickups of the day below this amount (R-CO-2).
    pub own_correction_below: Money,
    /// A payout that is not paid by then expires (R-ST-5).
    pub payout_days: i64,
    /// The months of the year in which payouts are made; none: all (R-ST-5).
    pub payout_months: Vec<i8>,
    /// A collector holds no more cash than this (R-ST-7).
    pub collector_cash_most: Money,
    /// A collector hands cash in within so many days (R-ST-7).
    pub collector_cash_days: i64,
    /// A dispute is answered within so many days.
    pub dispute_days: i64,
    /// Whether material is weighed again at the station, and is in transit until then (R-SA-1).
    pub reweighs: bool,
    /// Whether the special fund may be spent before it is paid in (R-SA-5).
    pub fund_may_be_overspent: bool,
    /// Whether the author of a price list is another than who publishes it (R-PR-4).
    pub two_officers: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            line_most_g: 100_000,
            usual_multiple: 5,
            usual_lines_least: 10,
            pickup_most: Money::from_fen(20_000),
            duplicate_g: 100,
            duplicate_percent: 2,
            duplicate_minutes: 90,
            own_correction_below: Money::from_fen(2_000),
            payout_days: 30,
            payout_months: Vec::new(),
            collector_cash_most: Money::from_fen(30_000),
            collector_cash_days: 3,
            dispute_days: 10,
            reweighs: false,
            fund_may_be_overspent: false,
            two_officers: false,
        }
    }
}

impl Settings {
    /// Whether they are those of the rules.
    pub fn are_usual(&self) -> bool {
        *self == Settings::default()
    }

    /// The revision of the figures: another one as soon as one of them is another.
    pub fn revision(&self) -> String {
        seal::revision(&serde_json::to_string(self).unwrap_or_default())
    }

    /// Checks the bounds of the figures.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`].
    pub fn check(&self) -> Result<(), Refusal> {
        let figures = [
            ("line_most_g", self.line_most_g, 2_000_000),
            ("usual_multiple", self.usual_multiple, 1_000),
            ("usual_lines_least", self.usual_lines_least, 1_000),
            ("pickup_most", self.pickup_most.fen(), 100_000_000),
            ("duplicate_g", self.duplicate_g, 2_000_000),
            ("duplicate_percent", self.duplicate_percent, 100),
            ("duplicate_minutes", self.duplicate_minutes, 1_440),
            (
                "own_correction_below",
                self.own_correction_below.fen(),
                100_000_000,
            ),
            ("payout_days", self.payout_days, 3_650),
            (
                "collector_cash_most",
                self.collector_cash_most.fen(),
                100_000_000,
            ),
            ("collector_cash_days", self.collector_cash_days, 3_650),
            ("dispute_days", self.dispute_days, 3_650),
        ];
        let months = self.payout_months.iter();
        // The first month is none from the first.
        let months = months.map(|month| ("payout_months", i64::from(month.saturating_sub(1)), 11));
        match figures
            .into_iter()
            .chain(months)
            .find(|(_, value, most)| !(0..=*most).contains(value))
        {
            Some((field, value, most)) => Err(Refusal::OutOfRange {
                field,
                value: value.to_string(),
                least: "0".to_owned(),
                most: most.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Sets the figures of a village anew, all of them, from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangeSettings {
    /// The figures.
    pub settings: Settings,
    /// The [revision](Settings::revision) that whoever asks has seen; none: whatever it is. No part of what is asked for.
    #[serde(skip)]
    pub expected: Option<String>,
}

impl ChangeSettings {
    /// Sets the figures; what was decided by the earlier ones stays.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`], [`Refusal::SettingsChangedMeanwhile`], [`Refusal::VillageUnknown`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let name = &book.village()?.name;
        self.settings.check()?;
        let expected = self.expected.as_ref();
        if expected.is_some_and(|expected| *expected != book.settings().revision()) {
            let village = name.clone();
            return Err(Refusal::SettingsChangedMeanwhile { village }.into());
        }
        let changed = ChangeSettings {
            settings: self.settings.clone(),
            expected: None,
        };
        Ok(Decision::on(book.now(), Event::SettingsChanged(changed)))
    }
}

impl Book {
    /// The figures of the village.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
