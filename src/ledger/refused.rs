//! Refusals that a person saw (R-PK-6): kept for 30 days with the books, so that a late duplicate of a command cannot succeed after the "no".

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::{Refusal, Request, VillageCode, seal};
use crate::ledger::Error;
use crate::ledger::batch::key;
use crate::ledger::facts::Facts;
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::refused::{self, Refused};

/// For how long a refusal is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often the writer looks for refusals to forget.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How many it forgets at once; the next time takes the rest.
pub(crate) const SWEEP_ROWS: i64 = 10_000;

/// What is kept of a command that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// Nothing: it comes from a file, which may be repaired and brought in again.
    Nothing,
    /// The refusal, if it is one of the books as they stood: a person is told "no", and a duplicate that is still on its way must hear the same.
    Refusals,
    /// As refusals, but a void that has nothing to void yet is not refused for good: it waits for its pickup.
    VoidsToo,
}

/// A request as it was given to the writer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) keeping: Keeping,
}

/// The refusals that the commands of a batch met before, and those that they meet in it.
#[derive(Default)]
pub(crate) struct Refusals {
    known: BTreeMap<(VillageCode, Uuid), Refused>,
    fresh: Vec<(i64, VillageCode, Uuid)>,
}

impl Refusals {
    /// Loads what was refused before, by one statement for all that ask for it; without such there is none.
    pub(crate) async fn load(
        tx: &mut Tx<'_>,
        facts: &Facts,
        batch: &[&Asked],
        now: Timestamp,
    ) -> Result<Refusals, StoreError> {
        let asking = batch
            .iter()
            .filter(|asked| asked.keeping != Keeping::Nothing);
        let ids: Vec<(i64, Uuid)> = asking
            .filter_map(|asked| Some((facts.known_id(&asked.request.village)?, asked.request.id)))
            .collect();
        let mut refusals = Refusals::default();
        for (village_id, id, refused) in refused::find(tx, &ids).await? {
            let village = facts.code_of(village_id).cloned();
            if let Some(village) = village.filter(|_| is_kept(&refused, now)) {
                refusals.known.insert((village, id), refused);
            }
        }
        Ok(refusals)
    }

    /// The answer to a command that was refused before: the same again, or that its id was used for other content. What was accepted under the id
    /// since, from a file, is answered from the journal.
    pub(crate) fn answer(&self, facts: &Facts, asked: &Asked) -> Option<Error> {
        if asked.keeping == Keeping::Nothing || self.known.is_empty() {
            return None;
        }
        let refused = self.known.get(&key(&asked.request))?;
        if facts.has_accepted(&asked.request) {
            return None;
        }
        if refused.fingerprint == fingerprint(&asked.request) {
            return Some(Error::RefusedBefore(Box::new(refused.facts.clone())));
        }
        let differing = "content".to_owned();
        Some(Refusal::IdUsedForOtherContent { differing }.into())
    }

    /// Notes a refusal that is to be kept.
    pub(crate) fn note(&mut self, facts: &Facts, asked: &Asked, refusal: &Refusal, at: Timestamp) {
        if asked.keeping == Keeping::Nothing || !refusal.is_kept() {
            return;
        }
        let Some(village_id) = facts.known_id(&asked.request.village) else {
            return;
        };
        let (village, id) = key(&asked.request);
        self.fresh.push((village_id, village.clone(), id));
        let refused = Refused {
            fingerprint: fingerprint(&asked.request),
            facts: refusal.facts(),
            at,
        };
        self.known.insert((village, id), refused);
    }

    /// Whether there is something to write.
    pub(crate) const fn are_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Writes what was noted.
    pub(crate) async fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let rows = self.fresh.iter().filter_map(|(village_id, village, id)| {
            let refused = self.known.get(&(village.clone(), *id))?;
            Some((*village_id, *id, refused))
        });
        refused::keep(tx, rows).await
    }
}

/// Whether it is time to look for refusals to forget.
pub(crate) fn is_sweep_due(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last) >= SWEEP_EVERY)
}

/// Forgets the refusals that are kept no longer.
pub(crate) async fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    refused::forget(tx, before, SWEEP_ROWS).await
}

fn is_kept(refused: &Refused, now: Timestamp) -> bool {
    now.duration_since(refused.at) <= KEPT
}

fn fingerprint(request: &Request) -> seal::Hash {
    seal::fingerprint(&request.command.to_json())
}
