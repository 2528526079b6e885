//! How many commands may wait for the writer: as many as it answers while a person waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::ledger::writer::{BATCH_MAX, QUEUE_MAX};

/// How long a command waits for its turn at most, as far as can be foreseen.
const WAIT_MOST: Duration = Duration::from_millis(100);
/// So many may wait however slow the writer is: as many as it takes at once.
const LEAST: usize = BATCH_MAX.get();

/// The room before the writer, as it last foresaw it.
#[derive(Debug)]
pub(crate) struct Room(AtomicUsize);

impl Default for Room {
    /// Nothing is known yet, and a rush after a start should not wait for that: the first full batches make more room.
    fn default() -> Room {
        Room(AtomicUsize::new(LEAST))
    }
}

impl Room {
    /// How many commands may wait.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Learns from a full batch how many commands are answered in time. A smaller one would tell little: most of what it costs is the commit. One
    /// that was slow by chance counts for a quarter.
    pub(crate) fn learn(&self, commands: usize, took: Duration) {
        let in_time = u128::try_from(commands).unwrap_or(u128::MAX);
        let in_time = in_time.saturating_mul(WAIT_MOST.as_micros()) / took.as_micros().max(1);
        let in_time = usize::try_from(in_time).map_or(QUEUE_MAX, |count| count.min(QUEUE_MAX));
        let room = (self.get() * 3 + in_time) / 4;
        self.0
            .store(room.clamp(LEAST, QUEUE_MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room after so many batches of 256 that each took so long.
    fn room_after(batches: usize, millis: u64) -> Room {
        let room = Room::default();
        for _ in 0..batches {
            room.learn(256, Duration::from_millis(millis));
        }
        room
    }

    #[test]
    fn as_many_wait_as_are_answered_in_time() {
        // 256 in 25 ms are 1,024 in a tenth of a second.
        assert!((1_014..=1_024).contains(&room_after(40, 25).get()));
        assert!(room_after(40, 5).get() > QUEUE_MAX - 10);
    }

    #[test]
    fn one_slow_batch_turns_few_away() {
        let room = room_after(40, 25);
        room.learn(256, Duration::from_mins(1));
        assert!(room.get() > 750);
    }

    #[test]
    fn a_batch_finds_room_before_the_slowest_writer() {
        assert_eq!(room_after(40, 60_000).get(), LEAST);
        assert_eq!(Room::default().get(), LEAST);
    }
}
