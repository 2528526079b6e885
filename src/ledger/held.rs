//! What pickups are compared with, loaded for a batch; and what the office asks about held pickups, collectors and devices.

use crate::domain::collector::{Collector, Device};
use crate::domain::held::HeldPickup;
use crate::domain::register::Registered;
use crate::domain::{HouseholdNo, MaterialCode, Month, VillageCode};
use crate::ledger::facts::Facts;
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::{pickup_line, register};

impl Facts {
    /// Loads what pickups are compared with; of the needs of one household and material the one that reaches back furthest.
    pub(super) async fn load_recent_lines(
        &mut self,
        tx: &mut Tx<'_>,
        mut wanted: Vec<(i64, HouseholdNo, MaterialCode, Month)>,
    ) -> Result<(), StoreError> {
        wanted.dedup_by(|later, first| {
            (later.0, &later.1, &later.2) == (first.0, &first.1, &first.2)
        });
        let mut found = pickup_line::load(tx, &wanted).await?;
        for (id, household, material, from) in wanted {
            let pair = (household, material);
            let lines = found.remove(&(id, pair.clone())).unwrap_or_default();
            if let Some(book) = self.by_id(id) {
                book.recent_lines.load(pair, from, lines);
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// The pickups that wait for a clerk, by number (R-PK-7).
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn held_pickups(
        &self,
        code: &VillageCode,
    ) -> Result<Vec<(String, HeldPickup)>, Error> {
        self.open_rows_of(code).await
    }

    /// The collectors with their own and close kin's households, by code (R-PK-5).
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn collectors(&self, code: &VillageCode) -> Result<Vec<(String, Collector)>, Error> {
        self.open_rows_of(code).await
    }

    /// The devices that sent pickups, by name, with the numbers that arrived (R-PD-2).
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn devices(&self, code: &VillageCode) -> Result<Vec<(String, Device)>, Error> {
        self.open_rows_of(code).await
    }

    pub(super) async fn open_rows_of<T: Registered>(
        &self,
        code: &VillageCode,
    ) -> Result<Vec<(String, T)>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = register::load_open(&mut tx, &[(id, T::KIND)]).await?;
        tx.rollback().await?;
        let mut rows = Vec::with_capacity(found.len());
        for (_, _, number, row) in found {
            let row = row.read(&number)?;
            rows.push((number, row));
        }
        rows.sort_by(|(left, _), (right, _)| crate::domain::natural_order(left, right));
        Ok(rows)
    }
}
