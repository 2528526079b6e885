//! Chance of the demo's history: the same seed throws the same.

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Chance;

/// Throws from a seed.
pub(super) struct Dice(Chance);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Dice {
        Dice(Chance::seeded(seed))
    }

    /// A number from the least to the most, both among them.
    pub(super) fn between(&self, least: i64, most: i64) -> i64 {
        let thrown = self.0.salt().into_iter().take(6);
        let thrown = thrown.fold(0_i64, |sum, byte| (sum << 8) | i64::from(byte));
        let sides = most.saturating_sub(least).saturating_add(1).max(1);
        least.saturating_add(thrown.rem_euclid(sides))
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) fn happens(&self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several, of which there is at least one.
    pub(super) fn one_of<T: Copy + Default>(&self, all: &[T]) -> T {
        let last = i64::try_from(all.len()).unwrap_or(1).saturating_sub(1);
        let place = usize::try_from(self.between(0, last)).unwrap_or(0);
        all.get(place).copied().unwrap_or_default()
    }

    /// An id for a command.
    pub(super) fn id(&self, at: Timestamp) -> Uuid {
        self.0.command_id(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_stay_within_their_bounds_and_reach_them() {
        let dice = Dice::seeded(1);
        let thrown: std::collections::BTreeSet<i64> =
            (0..200).map(|_| dice.between(-1, 2)).collect();
        assert_eq!(thrown.into_iter().collect::<Vec<_>>(), [-1, 0, 1, 2]);
        assert_eq!(dice.one_of(&["one"]), "one");
        let again = Dice::seeded(1);
        assert_eq!(
            Dice::seeded(1).between(0, 1_000_000),
            again.between(0, 1_000_000)
        );
    }
}
