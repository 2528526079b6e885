//! Questions about the station: what is in transit.

use crate::domain::VillageCode;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::transit::Transit;
use crate::ledger::{Error, Ledger, find_village};
use crate::store::column::Place;
use crate::store::register;

impl Ledger {
    /// What is in transit and not taken in yet, by round, in the order of the rounds' numbers.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn in_transit(&self, code: &VillageCode) -> Result<Vec<(String, Transit)>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let open = register::load_open(&mut tx, &[(id, RegisterKind::Transit)]).await?;
        tx.rollback().await?;
        let mut rounds = Vec::new();
        for (_, _, number, row) in open {
            let transit: Transit = Place("register", "content").json(&row.content)?;
            debug_assert!(transit.is_open(), "an open row has something in it");
            rounds.push((number, transit));
        }
        rounds.sort_by(|(left, _), (right, _)| crate::domain::natural_order(left, right));
        Ok(rounds)
    }
}
