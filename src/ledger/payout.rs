//! Which payouts (兑付) wait for an approval or for their payment.

use serde::Serialize;

use crate::domain::VillageCode;
use crate::domain::payout::Payout;
use crate::domain::register::RegisterKind;
use crate::ledger::{Error, Ledger, find_village};
use crate::store::register;

/// A payout that is requested or approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenPayout {
    /// Its number.
    pub number: String,
    /// What stands in the register.
    #[serde(flatten)]
    pub payout: Payout,
    /// Whether its days are over: it holds nothing any more, and can be neither approved nor paid.
    pub is_overdue: bool,
}

impl Ledger {
    /// The payouts of a village that are requested or approved, in the order of their numbers.
    ///
    /// # Errors
    /// [`VillageUnknown`](crate::domain::Refusal::VillageUnknown).
    pub async fn open_payouts(&self, code: &VillageCode) -> Result<Vec<OpenPayout>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let rows = register::load_open(&mut tx, &[(id, RegisterKind::Payout)]).await?;
        tx.rollback().await?;
        let now = self.clock.now();
        let open = |(_, _, number, row): register::Found| {
            let payout: Payout = row.read(&number)?;
            let is_overdue = payout.is_overdue(now);
            Ok(OpenPayout {
                number,
                payout,
                is_overdue,
            })
        };
        let mut payouts: Vec<OpenPayout> =
            rows.into_iter().map(open).collect::<Result<_, Error>>()?;
        payouts.sort_by(|one, other| one.number.cmp(&other.number));
        Ok(payouts)
    }
}
