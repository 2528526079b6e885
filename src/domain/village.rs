//! A village and the terms of its scheme. One village is one book.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::facts::Stop;
use crate::domain::fee::FeeTerms;
use crate::domain::journal::Decision;
use crate::domain::settings::Settings;
use crate::domain::{Event, Money, Month, Refusal, month};

/// The terms of credit and payout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CreditTerms {
    /// The least amount that is paid out (R-ST-5).
    pub payout_min: Money,
    /// For how many days a superseded price that a household was told still holds (R-PR-3).
    pub told_price_days: i64,
    /// Whether a household may save up until December (R-ST-4).
    pub save_up_allowed: bool,
}

impl Default for CreditTerms {
    /// Those of the rules.
    fn default() -> CreditTerms {
        CreditTerms {
            payout_min: Money::from_fen(2_000),
            told_price_days: 7,
            save_up_allowed: false,
        }
    }
}

/// Opens a village's book.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenVillage {
    /// The village's name (村).
    pub name: String,
    /// The township's name (乡镇).
    pub township: String,
    /// The first month of the book.
    pub opening_month: Month,
    /// The fee policy in force at the opening.
    pub fee: FeeTerms,
    /// The waived percent of each welfare category (R-FE-5).
    pub waivers: BTreeMap<String, i64>,
    /// The terms of credit and payout.
    pub credit: CreditTerms,
    /// The figures that it sets for itself.
    #[serde(default, skip_serializing_if = "Settings::are_usual")]
    pub settings: Settings,
}

/// A village as it was opened.
pub type Village = OpenVillage;

impl OpenVillage {
    /// Opens the book of a village that has none.
    ///
    /// # Errors
    /// The refusals of [`FeeTerms::check`] and [`Settings::check`].
    pub fn decide(&self) -> Result<Decision, Stop> {
        self.fee.check()?;
        self.settings.check()?;
        let opened_at = month::start_of_day(self.opening_month.first_day());
        Ok(Decision::on(opened_at, Event::VillageOpened(self.clone())))
    }

    /// The percent waived for a household of these categories: the single highest counts (R-FE-5).
    ///
    /// # Errors
    /// [`Refusal::UnknownWord`] for a category that the village does not know.
    pub fn waived_percent(&self, categories: &[String]) -> Result<i64, Refusal> {
        let mut highest = 0;
        for category in categories {
            let Some(percent) = self.waivers.get(category) else {
                let allowed = "the categories of the village's [waivers]";
                return Err(Refusal::UnknownWord {
                    field: "waiver",
                    value: category.clone(),
                    allowed,
                });
            };
            highest = highest.max(*percent);
        }
        Ok(highest)
    }
}

/// The percents of the rules, for a village that names none: 特困 100, 低保 50, 重残 50 (R-FE-5).
pub fn usual_waivers() -> BTreeMap<String, i64> {
    [("destitute", 100), ("low_income", 50), ("disabled", 50)]
        .map(|(name, percent)| (name.to_owned(), percent))
        .into()
}
