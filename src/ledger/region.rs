//! The report of a region: every village whose code begins with the same digits, and their sum, from projections only.

use std::collections::BTreeMap;

use crate::domain::report::region::{
    LaterVillage, RegionPrefix, RegionReport, VillageMonth, region_report,
};
use crate::domain::{Material, MaterialCode, Month, Refusal, Village};
use crate::ledger::{Error, Ledger};
use crate::store::{region, village};

impl Ledger {
    /// The month of a region as it stands in the books, all of it read in one snapshot: its villages side by side and their sum. The time it takes
    /// grows with the villages and their households, not with their pickups.
    ///
    /// # Errors
    /// [`Refusal::RegionUnknown`] if no village is in it, [`Refusal::BeforeOpening`] if the book of each begins later, [`Refusal::MonthNotBegun`].
    pub async fn region_report(
        &self,
        prefix: &RegionPrefix,
        month: Month,
    ) -> Result<RegionReport, Error> {
        if month > Month::at(self.clock.now()) {
            return Err(Refusal::MonthNotBegun { month }.into());
        }
        let mut tx = self.store.read().await?;
        let found = region::villages(&mut tx, prefix).await?;
        let all: Vec<i64> = found.iter().map(|(_, id)| *id).collect();
        let villages = village::load(&mut tx, &all).await?;
        let mut villages: BTreeMap<i64, Village> = villages.into_iter().collect();
        let has_begun = |id: &i64| {
            let village = villages.get(id);
            village.is_some_and(|village| village.opening_month <= month)
        };
        let ids: Vec<i64> = all.iter().copied().filter(has_begun).collect();
        let mut sums = region::load(&mut tx, &ids, month).await?;
        let mut materials: BTreeMap<i64, BTreeMap<MaterialCode, Material>> = BTreeMap::new();
        for (id, code, material) in village::load_materials(&mut tx, &ids).await? {
            materials.entry(id).or_default().insert(code, material);
        }
        tx.rollback().await?;
        let (mut known, mut later) = (Vec::new(), Vec::new());
        for (code, id) in found {
            let Some(terms) = villages.remove(&id) else {
                continue;
            };
            let Some(sums) = sums.remove(&id) else {
                later.push(LaterVillage {
                    village: code,
                    name: terms.name,
                    opening_month: terms.opening_month,
                });
                continue;
            };
            known.push(VillageMonth {
                village: code,
                name: terms.name,
                township: terms.township,
                materials: materials.remove(&id).unwrap_or_default(),
                state: sums.standing.state,
                version: sums.standing.version,
                figures: sums.figures,
                pickups: sums.pickups,
                households: sums.households,
                held: sums.held,
                disputes: sums.disputes,
            });
        }
        let first_opening = later.iter().map(|later| later.opening_month).min();
        let report = region_report(prefix.clone(), month, &known, later);
        report.ok_or_else(|| match first_opening {
            Some(opening_month) => Refusal::BeforeOpening {
                at: month.to_string(),
                opening_month,
            }
            .into(),
            None => Refusal::RegionUnknown {
                region: prefix.to_string(),
            }
            .into(),
        })
    }
}
