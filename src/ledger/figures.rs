//! What the writer counts of itself, for whoever watches the service: a few atomic additions a batch, read without stopping it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::ledger::room::Room;

/// How many steps a spread has below its last one.
const STEPS: usize = 9;
/// Steps of the commands of a batch.
const COMMANDS: [u64; STEPS] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/// Steps of the time of a commit, in microseconds.
const MICROS: [u64; STEPS] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000,
];

/// How figures are spread: how many were at most so large, and their sum.
#[derive(Debug)]
pub struct Spread {
    most: [u64; STEPS],
    counts: [AtomicU64; STEPS],
    above: AtomicU64,
    sum: AtomicU64,
}

/// A spread as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadSpread {
    /// The steps in rising order: the largest figure that belongs to each, and how many do and to no lower one.
    pub steps: Vec<(u64, u64)>,
    /// How many are above every step.
    pub above: u64,
    /// The sum of all figures.
    pub sum: u64,
}

impl ReadSpread {
    /// How many figures there are.
    pub fn count(&self) -> u64 {
        let within: u64 = self.steps.iter().map(|(_, count)| count).sum();
        within.saturating_add(self.above)
    }
}

impl Spread {
    fn of(most: [u64; STEPS]) -> Spread {
        Spread {
            most,
            counts: Default::default(),
            above: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, figure: u64) {
        let step = self.most.partition_point(|most| *most < figure);
        let count = self.counts.get(step).unwrap_or(&self.above);
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(figure, Ordering::Relaxed);
    }

    /// The figures so far. What is added meanwhile may be in a step and not in the sum yet.
    pub fn read(&self) -> ReadSpread {
        let counts = self.counts.iter();
        let counts = counts.map(|count| count.load(Ordering::Relaxed));
        ReadSpread {
            steps: self.most.iter().copied().zip(counts).collect(),
            above: self.above.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What the writer did since the books were opened. Only batches that were committed count: one that wrote nothing, or failed, does not.
#[derive(Debug)]
pub struct WriterFigures {
    /// How many commands each committed batch had, refused ones and those that were answered again among them.
    pub commands: Spread,
    /// How long each commit took from its begin until it was on disk, in microseconds.
    pub commit_micros: Spread,
    /// How often a batch was tried again, because the database was busy or lost.
    pub retries: AtomicU64,
    /// How many commands may wait.
    pub(crate) room: Room,
}

impl Default for WriterFigures {
    fn default() -> WriterFigures {
        WriterFigures {
            commands: Spread::of(COMMANDS),
            commit_micros: Spread::of(MICROS),
            retries: AtomicU64::new(0),
            room: Room::default(),
        }
    }
}

impl WriterFigures {
    /// How many batches were committed.
    pub fn batches(&self) -> u64 {
        self.commands.read().count()
    }

    pub(crate) fn committed(&self, commands: usize, took: Duration) {
        self.commands
            .add(u64::try_from(commands).unwrap_or(u64::MAX));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.add(micros);
    }

    pub(crate) fn tried_again(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_counts_in_the_first_step_that_holds_it() {
        let spread = Spread::of(COMMANDS);
        for figure in [1, 2, 3, 4, 256, 257] {
            spread.add(figure);
        }
        let read = spread.read();
        let steps: Vec<u64> = read.steps.iter().map(|(_, count)| *count).collect();
        assert_eq!(steps, [1, 1, 2, 0, 0, 0, 0, 0, 1]);
        assert_eq!((read.above, read.sum, read.count()), (1, 523, 6));
    }
}
