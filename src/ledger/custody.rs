//! What the office asks about cash and settings: receipts of a month, who holds how much since when, the figures of the village.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::cash_custody::{CollectorCash, collectors_cash};
use crate::domain::month::business_date;
use crate::domain::settings::Settings;
use crate::domain::settlement::CashTaker;
use crate::domain::{Event, HouseholdNo, Money, Month, VillageCode};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::{cash, village};

/// A cash receipt as it stands now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ListedReceipt {
    /// Its number; without gaps in each year, since voided ones stay.
    pub number: String,
    /// The business date.
    pub received_on: Date,
    /// Who paid.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// Who took it.
    #[serde(flatten)]
    pub taken_by: CashTaker,
    /// The date its void is booked on; none if it counts.
    pub voided_on: Option<Date>,
}

/// The cash of collectors against the limits of the village (R-ST-7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Custody {
    /// The village.
    pub village: VillageCode,
    /// The most that a collector may hold.
    pub limit: Money,
    /// Within how many days he hands it in.
    pub days: i64,
    /// The collectors who hold any.
    pub collectors: Vec<CollectorCash>,
}

impl Ledger {
    /// The figures that a village has set for itself.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`].
    pub async fn settings(&self, code: &VillageCode) -> Result<Settings, Error> {
        let mut tx = self.store.read().await?;
        let (_, settings) = settings_of(&mut tx, code).await?;
        tx.rollback().await?;
        Ok(settings)
    }

    /// The receipts of cash received in a month, in the order of their numbers, voided ones among them.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`].
    pub async fn cash_receipts(
        &self,
        code: &VillageCode,
        month: Month,
    ) -> Result<Vec<ListedReceipt>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = cash::list_receipts(&mut tx, id, month).await?;
        tx.rollback().await?;
        let listed = found.into_iter().filter_map(|(event, voided_on)| {
            let Event::CashReceived(receipt) = event else {
                return None;
            };
            Some(ListedReceipt {
                number: receipt.receipt_no.to_string(),
                received_on: business_date(receipt.received.received_at),
                household_no: receipt.received.household_no,
                amount: receipt.received.amount,
                taken_by: receipt.received.taken_by,
                voided_on,
            })
        });
        Ok(listed.collect())
    }

    /// The cash that each collector holds, since when, and whether that is too much or too long (R-ST-7).
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`].
    pub async fn custody(&self, code: &VillageCode) -> Result<Custody, Error> {
        let mut tx = self.store.read().await?;
        let (id, settings) = settings_of(&mut tx, code).await?;
        let held = cash::list_held(&mut tx, id).await?;
        let taken = cash::list_taken(&mut tx, id).await?;
        tx.rollback().await?;
        let today = business_date(self.clock.now());
        Ok(Custody {
            village: code.clone(),
            limit: settings.collector_cash_most,
            days: settings.collector_cash_days,
            collectors: collectors_cash(&settings, today, &held, &taken),
        })
    }
}

async fn settings_of(tx: &mut Tx<'_>, code: &VillageCode) -> Result<(i64, Settings), Error> {
    let (id, opened) = find_village(tx, code).await?;
    let changed = village::load_settings(tx, &[id]).await?.pop();
    Ok((
        id,
        changed.map_or(opened.settings, |(_, settings)| settings),
    ))
}
