//! What a phone says about a command that it made without a network, and the time at which that was, whatever its clock showed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Command, Money};

/// Two measures of how wrong a clock is that differ by less are of the same clock: the rest is the way through the network.
const SAME_CLOCK: SignedDuration = SignedDuration::from_mins(2);

/// What a phone says about a command. What stands beside it in the command is the corrected time; with the time of recording all three are kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PhoneNote {
    /// What its clock showed.
    pub shown_at: Timestamp,
    /// Whether its clock was set in between, so that the corrected time is only the likeliest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_clock_unknown: bool,
    /// What it told the household that the pickup is worth. It is never believed, only compared (R-PR-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_amount: Option<Money>,
    /// When it was stopped, if it was: a clerk looks at whatever it still brings. No part of the content, which was made before.
    #[serde(skip)]
    pub stopped_at: Option<Timestamp>,
    /// Whether the pickup names no device, so that it is taken for one of the device that brings it. That may be called otherwise by the next attempt,
    /// so it is no part of the content either.
    #[serde(skip)]
    pub is_device_assumed: bool,
}

/// How far a phone's clock was behind the service's, at their last contact before a command was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockReading {
    /// What had to be added to the phone's time.
    pub offset: SignedDuration,
    /// When that was.
    pub at: Timestamp,
}

/// A contact of a phone with the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contact {
    /// What the phone's clock showed when it sent.
    pub sent_at: Timestamp,
    /// When that arrived.
    pub received_at: Timestamp,
}

impl Contact {
    /// What is to be added to the phone's time now.
    pub fn offset(&self) -> SignedDuration {
        self.received_at.duration_since(self.sent_at)
    }

    /// When something happened at which the phone's clock showed a time, and whether that is only the likeliest. While the clock runs on as it
    /// did at the last contact, today's offset holds; where it was set in between, the earlier one, if it leads between that contact and now; else
    /// today's, if that does.
    pub fn correct(&self, shown_at: Timestamp, known: Option<ClockReading>) -> (Timestamp, bool) {
        let at = |offset| shown_at.saturating_add(offset).unwrap_or(self.received_at);
        let is_same = |known: ClockReading| {
            let apart = self.offset().checked_sub(known.offset);
            apart.is_some_and(|apart| apart.abs() < SAME_CLOCK)
        };
        let now = at(self.offset());
        let Some(known) = known else {
            return (now.min(self.received_at), now > self.received_at);
        };
        if is_same(known) && now <= self.received_at {
            return (now, false);
        }
        let before = at(known.offset);
        let first = known.at.min(self.received_at);
        if (first..=self.received_at).contains(&before) {
            return (before, false);
        }
        if (first..=self.received_at).contains(&now) {
            return (now, true);
        }
        (before.clamp(first, self.received_at), true)
    }
}

/// The content of a command as its phone made it: a correction is another at each attempt, and the command the same (R-PK-6).
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a phone makes no other command"
)]
pub(crate) fn as_made(command: &Command, written: &mut Value) {
    let (time, note) = match command {
        Command::RecordPickup(command) => ("occurred_at", &command.phone),
        Command::VoidPickup(command) => ("voided_at", &command.phone),
        _ => return,
    };
    if let (Some(note), Value::Object(fields)) = (note, written) {
        fields.shift_remove(time);
        if note.is_device_assumed {
            fields.shift_remove("device");
        }
        if let Some(Value::Object(note)) = fields.get_mut("phone") {
            note.shift_remove("is_clock_unknown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        let second = minute.saturating_mul(60);
        Timestamp::from_second(second).expect("an instant")
    }

    fn minutes(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    #[track_caller]
    fn check(sent: i64, shown: i64, known: Option<(i64, i64)>, expected: (i64, bool)) {
        // It is received in minute 1,000.
        let contact = Contact {
            sent_at: at(sent),
            received_at: at(1_000),
        };
        let known = known.map(|(offset, since)| ClockReading {
            offset: minutes(offset),
            at: at(since),
        });
        let (found, is_unknown) = contact.correct(at(shown), known);
        assert_eq!((found, is_unknown), (at(expected.0), expected.1));
    }

    #[test]
    fn a_clock_that_runs_wrong_is_corrected() {
        check(1_000, 900, None, (900, false));
        check(1_037, 937, None, (900, false));
        check(1_037, 937, Some((-37, 500)), (900, false));
        // A minute more is the way through the network.
        check(1_036, 937, Some((-37, 500)), (901, false));
    }

    #[test]
    fn a_clock_that_was_set_since_is_corrected_by_what_was_known_then() {
        check(1_000, 937, Some((-37, 500)), (900, false));
    }

    #[test]
    fn a_clock_that_began_anew_is_corrected_by_what_is_known_now() {
        // It ran right until minute 500 and begins at nothing in minute 980, ten minutes before the pickup.
        check(20, 10, Some((0, 500)), (990, true));
    }

    #[test]
    fn a_clock_of_which_nothing_is_sure_is_held_between_the_contacts() {
        check(1_000, 5_000, Some((-37, 500)), (1_000, true));
        check(1_000, 100, Some((-37, 500)), (500, true));
        check(1_000, 5_000, None, (1_000, true));
    }
}
