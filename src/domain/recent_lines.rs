//! Earlier lines of a household and material: what is usual there, and what may be one weighing entered twice (R-PK-3, R-PK-4).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::Entry;
use crate::domain::pickup::Pickup;
use crate::domain::{DocumentNo, HouseholdNo, MaterialCode, Month};

/// What is usual is asked of so many months (R-PK-3).
pub const USUAL_MONTHS: i32 = 12;

/// A household and a material.
pub type Pair = (HouseholdNo, MaterialCode);

/// A line's place: when it was weighed, the entry that recorded it, and its number there.
pub type LineKey = (Timestamp, i64, i64);

/// A line of a pickup as later ones are compared with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EarlierLine {
    /// The pickup.
    pub pickup_no: DocumentNo,
    /// Net grams, or pieces.
    pub quantity: i64,
    /// The device that sent it; where none is known, the collector.
    pub source: String,
    /// Whether it still counts: a pickup that was voided or replaced does not.
    pub is_live: bool,
}

/// Lines by their place.
pub type Lines = BTreeMap<LineKey, EarlierLine>;

/// The lines of a pair from the beginning of a month on, as the store knows them.
#[derive(Clone, Debug)]
struct Loaded {
    from: Month,
    lines: Lines,
}

/// Earlier lines that were loaded; what is decided and not yet written stands in the projections.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecentLines {
    loaded: HashMap<Pair, Loaded>,
    /// Whether what is not here does not exist.
    complete: bool,
}

impl RecentLines {
    /// Notes that nothing is left to load.
    pub(crate) fn set_complete(&mut self) {
        self.complete = true;
    }

    /// Whether the lines of a pair are known from the beginning of a month on.
    pub(crate) fn knows(&self, pair: &Pair, from: Month) -> bool {
        let loaded = self.loaded.get(pair);
        self.complete || loaded.is_some_and(|loaded| loaded.from <= from)
    }

    /// Notes the lines of a pair from the beginning of a month on.
    pub(crate) fn load(&mut self, pair: Pair, from: Month, lines: Lines) {
        if !self.knows(&pair, from) {
            self.loaded.insert(pair, Loaded { from, lines });
        }
    }
}

impl Pickup {
    /// Who sent it: its device; where none is named, its collector stands for it (R-PK-4).
    pub fn source(&self) -> &str {
        self.device
            .as_deref()
            .unwrap_or_else(|| self.collector.as_str())
    }
}

impl Book {
    /// The lines of a household and material that still count, from one instant up to the other, both included.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn earlier_lines(
        &self,
        pair: &Pair,
        (since, until): (Timestamp, Timestamp),
    ) -> Result<Vec<(LineKey, &EarlierLine)>, Stop> {
        let from = Month::at(since);
        if !self.recent_lines.knows(pair, from) {
            let (household, material) = pair.clone();
            return Err(Stop::Missing(Need::RecentLines(household, material, from)));
        }
        let within = (since, i64::MIN, i64::MIN)..=(until, i64::MAX, i64::MAX);
        let pending = self.projections.pickup_lines.get(pair);
        let loaded = self.recent_lines.loaded.get(pair);
        let is_newer = |key: &LineKey| pending.is_some_and(|lines| lines.contains_key(key));
        let stored = loaded
            .into_iter()
            .flat_map(|loaded| loaded.lines.range(within.clone()))
            .filter(|(key, _)| !is_newer(key));
        let decided = pending
            .into_iter()
            .flat_map(|lines| lines.range(within.clone()));
        let lines = stored.chain(decided).filter(|(_, line)| line.is_live);
        Ok(lines.map(|(key, line)| (*key, line)).collect())
    }

    /// Notes the lines of a pickup that an entry made, and that those of one it reversed count no more.
    pub(crate) fn apply_lines(&mut self, entry: &Entry) {
        let event = &entry.decision.event;
        if let Some((kind, number)) = event.reversed_document() {
            let reversed = self.document(kind, number).ok().flatten();
            let reversed = reversed.and_then(|document| {
                let pickup = document.event.pickup()?;
                Some((document.seq, pickup.clone()))
            });
            if let Some((seq, pickup)) = reversed {
                self.note_lines(seq, &pickup, false);
            }
        }
        if let Some(pickup) = event.pickup() {
            self.note_lines(entry.seq, pickup, true);
        }
    }

    fn note_lines(&mut self, seq: i64, pickup: &Pickup, is_live: bool) {
        for (number, line) in (1..).zip(&pickup.lines) {
            let pair = (pickup.household_no.clone(), line.material.clone());
            let earlier = EarlierLine {
                pickup_no: pickup.pickup_no.clone(),
                quantity: line.net.count(),
                source: pickup.source().to_owned(),
                is_live,
            };
            let lines = self.projections.pickup_lines.entry(pair).or_default();
            lines.insert((pickup.occurred_at, seq, number), earlier);
        }
    }
}

/// The 99th percentile by nearest rank: the least of the quantities that 99 of 100 do not exceed.
pub(crate) fn nearest_rank_99(mut quantities: Vec<i64>) -> Option<i64> {
    quantities.sort_unstable();
    let rank = quantities.len().saturating_mul(99).div_ceil(100);
    quantities.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_leaves_out_the_highest_only_from_a_hundred_on() {
        assert_eq!(nearest_rank_99(Vec::new()), None);
        assert_eq!(nearest_rank_99(vec![7]), Some(7));
        assert_eq!(nearest_rank_99((1..=99).rev().collect()), Some(99));
        assert_eq!(nearest_rank_99((1..=100).collect()), Some(99));
        assert_eq!(nearest_rank_99((1..=200).collect()), Some(198));
        assert_eq!(nearest_rank_99((1..=201).collect()), Some(199));
    }
}
