//! The diary of the demo: commands with the instant at which each reaches the books, given to them in that order.

use jiff::{SignedDuration, Timestamp};

use crate::cli::Failure;
use crate::cli::demo::dice::Dice;
use crate::domain::authority::roles_for;
use crate::domain::month::start_of_day;
use crate::domain::{Actor, Command, Month, Request, VillageCode};
use crate::ledger::Ledger;

/// An instant of a month: day, hour and minute as the village's clock shows them.
pub(super) fn at(month: Month, day: i64, hour: i64, minute: i64) -> Timestamp {
    let day = day.min(i64::from(month.last_day().day()));
    let minutes = ((day - 1) * 24 + hour) * 60 + minute;
    later(start_of_day(month.first_day()), minutes)
}

/// So many minutes later.
pub(super) fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_mins(minutes))
        .unwrap_or(at)
}

/// What is still to be given to the books.
pub(super) struct Diary {
    pub(super) dice: Dice,
    /// When the history ends.
    end: Timestamp,
    steps: Vec<(Timestamp, Request)>,
}

impl Diary {
    pub(super) fn new(seed: u64, end: Timestamp) -> Diary {
        Diary {
            dice: Dice::seeded(seed),
            end,
            steps: Vec::new(),
        }
    }

    /// Whether the history reaches that far.
    pub(super) fn reaches(&self, at: Timestamp) -> bool {
        at <= self.end
    }

    /// The instant, or the end of the history where that is earlier: what no demo may lack happens by then.
    pub(super) fn by_the_end(&self, at: Timestamp) -> Timestamp {
        at.min(self.end)
    }

    /// So many days before the history ends, at an hour, but not before a month begins.
    pub(super) fn lately(&self, month: Month, days: i64, hour: i64) -> Timestamp {
        later(self.end, (hour - 24 * days) * 60).max(at(month, 1, 0, 0))
    }

    /// Notes a command that reaches the books at an instant, if the history goes on until then.
    pub(super) fn note(
        &mut self,
        at: Timestamp,
        village: &VillageCode,
        actor: &Actor,
        command: Command,
    ) {
        debug_assert!(
            roles_for(&command).contains(&actor.role),
            "{actor} may not {command:?}"
        );
        if !self.reaches(at) {
            return;
        }
        let request = Request {
            village: village.clone(),
            id: self.dice.id(at),
            actor: actor.clone(),
            command,
        };
        self.steps.push((at, request));
    }

    /// Gives what is noted to the books in the order of time, the clock going with it.
    pub(super) async fn play(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        self.steps.sort_by_key(|(at, _)| *at);
        for steps in self.steps.chunk_by(|(left, _), (right, _)| left == right) {
            let mut waiting = Vec::with_capacity(steps.len());
            for (at, request) in steps {
                ledger.clock().set(*at);
                waiting.push(ledger.enqueue(request.clone()).await?);
            }
            for pending in waiting {
                pending.answer().await?;
            }
        }
        self.steps.clear();
        Ok(())
    }
}
