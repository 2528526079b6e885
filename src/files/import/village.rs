//! village.toml: the village and the terms of its scheme.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::domain::fee::{Basis, FeeTerms, PeriodLength};
use crate::domain::settings::Settings;
use crate::domain::village::{CreditTerms, OpenVillage, usual_waivers};
use crate::domain::{Money, Month, Refusal, VillageCode, plain_text};
use crate::files::import::FolderProblem;
use crate::files::import::folder::read_text;

/// The file.
pub(super) const FILE: &str = "village.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VillageFile {
    code: String,
    name: String,
    township: String,
    opening_month: String,
    fee: FeeTable,
    waivers: Option<BTreeMap<String, i64>>,
    #[serde(default)]
    credit: CreditTable,
    #[serde(default)]
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeTable {
    basis: Basis,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default = "monthly")]
    period: PeriodLength,
    #[serde(default = "everything")]
    vacant_percent: i64,
    non_registered_amount: Option<String>,
    #[serde(default)]
    resolution: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CreditTable {
    payout_min: Option<String>,
    told_price_days: Option<i64>,
    #[serde(default)]
    save_up_allowed: bool,
}

const fn monthly() -> PeriodLength {
    PeriodLength::Month
}

const fn everything() -> i64 {
    100
}

/// Reads the village of a folder.
pub(super) fn read(folder: &Path) -> Result<(VillageCode, OpenVillage), FolderProblem> {
    let text = read_text(folder, FILE)?;
    let file: VillageFile =
        toml::from_str(&text).map_err(|error| FolderProblem::VillageInvalid {
            reason: error.to_string(),
        })?;
    understand(file).map_err(|refusal| FolderProblem::VillageRefused {
        field: refusal.field().unwrap_or_default(),
        refusal: Box::new(refusal),
    })
}

fn understand(file: VillageFile) -> Result<(VillageCode, OpenVillage), Refusal> {
    let amount = file
        .fee
        .amount
        .as_deref()
        .map(|text| Money::parse("amount", text))
        .transpose()?;
    let fee = FeeTerms {
        basis: file.fee.basis,
        amount: amount.unwrap_or_default(),
        period: file.fee.period,
        vacant_percent: file.fee.vacant_percent,
        non_registered_amount: file
            .fee
            .non_registered_amount
            .as_deref()
            .map(|text| Money::parse("non_registered_amount", text))
            .transpose()?,
        resolution: file.fee.resolution,
    };
    fee.check()?;
    let waivers = file.waivers.unwrap_or_else(usual_waivers);
    if let Some((_, percent)) = waivers
        .iter()
        .find(|(_, percent)| !(0..=100).contains(*percent))
    {
        let (least, most) = ("0".to_owned(), "100".to_owned());
        return Err(Refusal::OutOfRange {
            field: "waivers",
            value: percent.to_string(),
            least,
            most,
        });
    }
    let usual = CreditTerms::default();
    let payout_min = file.credit.payout_min.as_deref();
    let payout_min = payout_min.map(|text| Money::parse("payout_min", text));
    let credit = CreditTerms {
        payout_min: payout_min.transpose()?.unwrap_or(usual.payout_min),
        told_price_days: file.credit.told_price_days.unwrap_or(usual.told_price_days),
        save_up_allowed: file.credit.save_up_allowed,
    };
    let village = OpenVillage {
        name: plain_text("name", &file.name, 64)?,
        township: plain_text("township", &file.township, 64)?,
        opening_month: Month::parse("opening_month", &file.opening_month)?,
        fee,
        waivers,
        credit,
        settings: file.settings,
    };
    village.settings.check()?;
    Ok((VillageCode::parse("code", &file.code)?, village))
}
