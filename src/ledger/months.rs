//! Questions about months: where each stands, and what differs between two closes of one.

use serde::Serialize;

use crate::domain::closing::close_number;
use crate::domain::month_close::{MonthStanding, MonthState};
use crate::domain::report::versions::{Difference, differences};
use crate::domain::seal::{Hash, check_code};
use crate::domain::{DocumentKind, Event, Month, Refusal, VillageCode};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::{document, month as months};

/// Where a month stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MonthLine {
    /// The month.
    pub month: Month,
    /// Its state.
    pub state: MonthState,
    /// How often it was closed.
    pub version: i64,
    /// The seal of its last close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Hash>,
    /// The first 40 bits of the seal as they are printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_code: Option<String>,
    /// Who closed it, while it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Who reviewed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<String>,
    /// Who signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

impl MonthLine {
    fn of(month: Month, standing: MonthStanding) -> MonthLine {
        MonthLine {
            month,
            state: standing.state,
            version: standing.version,
            seal: standing.seal,
            check_code: standing.seal.as_ref().map(check_code),
            closed_by: standing.closed_by,
            reviewed_by: standing.reviewed_by,
            signed_by: standing.signed_by,
        }
    }
}

/// What differs between two closes of a month (R-PD-5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VersionDifferences {
    /// The month.
    pub month: Month,
    /// The earlier close.
    pub before: i64,
    /// The later close.
    pub after: i64,
    /// Every figure that differs.
    pub differences: Vec<Difference>,
}

impl Ledger {
    /// Where every month of a village stands, from its opening to now.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn months(&self, code: &VillageCode) -> Result<Vec<MonthLine>, Error> {
        let mut tx = self.store.read().await?;
        let (id, village) = find_village(&mut tx, code).await?;
        let mut standings = months::load(&mut tx, &[id]).await?;
        tx.rollback().await?;
        let lines = village
            .opening_month
            .through(Month::at(self.clock.now()))
            .map(|month| {
                let place = standings.iter().position(|(_, at, _)| *at == month);
                let standing = place.map(|place| standings.swap_remove(place).2);
                MonthLine::of(month, standing.unwrap_or_default())
            });
        Ok(lines.collect())
    }

    /// What differs between two closes of a month: the last two, or those that are named.
    ///
    /// # Errors
    /// [`Refusal::NoSuchVersion`], [`Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn differences(
        &self,
        code: &VillageCode,
        month: Month,
        versions: Option<(i64, i64)>,
    ) -> Result<VersionDifferences, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let (before, after) = if let Some(versions) = versions {
            versions
        } else {
            let standings = months::load(&mut tx, &[id]).await?;
            let last = standings.iter().find(|(_, at, _)| *at == month);
            let last = last.map_or(0, |(_, _, standing)| standing.version);
            let last = last.max(2);
            (last - 1, last)
        };
        let earlier = closed_report(&mut tx, id, month, before).await?;
        let later = closed_report(&mut tx, id, month, after).await?;
        tx.rollback().await?;
        Ok(VersionDifferences {
            month,
            before,
            after,
            differences: differences(&earlier, &later),
        })
    }
}

/// The report that a month was closed with.
async fn closed_report(
    tx: &mut Tx<'_>,
    id: i64,
    month: Month,
    version: i64,
) -> Result<serde_json::Value, Error> {
    let number = close_number(month, version)?;
    let found = document::load(tx, &[(id, DocumentKind::MonthClose, number)]).await?;
    match found.into_iter().next().map(|(_, _, _, found)| found.event) {
        Some(Event::MonthClosed(closed)) => Ok(closed.report),
        _ => Err(Refusal::NoSuchVersion { month, version }.into()),
    }
}
