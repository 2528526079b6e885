//! How often somebody may try and be wrong: in a row, from one address, and everybody together, in a village and everywhere. Whoever tries one PIN on
//! many households fails seldom on each, and often on all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::VillageCode;
use crate::ledger::access::{Access, AccessError, Deed};

/// From so many failures in a row on nobody is let try for a while, which doubles with each.
const FAILURES: i64 = 5;
/// The same while too many fail: whoever is right at once does not notice.
const FAILURES_IN_ALARM: i64 = 1;
/// The longest while.
pub(super) const PAUSE_MOST: i64 = 3_600;
/// So many failures of a village within the hour are the mistakes of its people.
const VILLAGE_MOST: u32 = 60;
/// The same of all villages and offices together.
const EVERYWHERE_MOST: u32 = 600;
/// Sign-ins that one address may try within the hour; a whole village may sit behind one.
const ADDRESS_MOST: u32 = 600;
/// How many addresses are remembered at once.
const ADDRESSES_MOST: usize = 10_000;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What was counted since an hour began.
#[derive(Clone, Copy, Debug)]
struct Hour {
    since: Timestamp,
    count: u32,
}

impl Hour {
    const fn beginning(since: Timestamp) -> Hour {
        Hour { since, count: 0 }
    }

    /// Begins anew where it is over.
    fn go_on(&mut self, now: Timestamp) {
        if now.duration_since(self.since) >= HOUR {
            *self = Hour::beginning(now);
        }
    }
}

/// The sign-ins of an hour. A server counts for itself.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Those that failed, by village; without one those of everybody.
    failures: Mutex<HashMap<Option<VillageCode>, Hour>>,
    /// Those that were tried, by address.
    attempts: Mutex<HashMap<String, Hour>>,
}

impl Throttle {
    /// Counts a failure. The budgets that it used up, which happens once within an hour.
    fn fail(&self, village: Option<&VillageCode>, now: Timestamp) -> Vec<Option<VillageCode>> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used_up = Vec::new();
        for of in places(village) {
            let most = most(of.as_ref());
            let hour = failures.entry(of.clone()).or_insert(Hour::beginning(now));
            hour.go_on(now);
            hour.count = hour.count.saturating_add(1);
            if hour.count == most {
                used_up.push(of);
            }
        }
        used_up
    }

    /// Whether more fail than mistakes explain.
    fn is_alarmed(&self, village: Option<&VillageCode>, now: Timestamp) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        places(village).any(|of| {
            let hour = failures.get(&of).copied();
            hour.is_some_and(|mut hour| {
                hour.go_on(now);
                hour.count >= most(of.as_ref())
            })
        })
    }

    /// Counts an attempt of an address: whoever tries names that there are not writes much otherwise.
    fn attempt(&self, address: &str, now: Timestamp) -> Result<(), AccessError> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= ADDRESSES_MOST {
            attempts.clear();
        }
        let hour = attempts.entry(address.to_owned());
        let hour = hour.or_insert(Hour::beginning(now));
        hour.go_on(now);
        if hour.count >= ADDRESS_MOST {
            let ends = hour.since.checked_add(HOUR).unwrap_or(now);
            let seconds = ends.duration_since(now).as_secs().saturating_add(1);
            return Err(AccessError::TriedTooOften { seconds });
        }
        hour.count = hour.count.saturating_add(1);
        Ok(())
    }
}

/// What a failure counts for: everybody, and its village.
fn places(village: Option<&VillageCode>) -> impl Iterator<Item = Option<VillageCode>> {
    std::iter::once(None).chain(village.cloned().map(Some))
}

const fn most(village: Option<&VillageCode>) -> u32 {
    match village {
        Some(_) => VILLAGE_MOST,
        None => EVERYWHERE_MOST,
    }
}

impl Access {
    /// Counts an attempt of an address.
    ///
    /// # Errors
    /// [`AccessError::TriedTooOften`] after too many within the hour.
    pub(super) fn count_address(&self, address: &str) -> Result<(), AccessError> {
        self.throttle.attempt(address, self.now())
    }

    /// The failures in a row after one more, and until when no more are tried.
    ///
    /// # Errors
    /// [`AccessError::TriedTooOften`] before that.
    pub(super) fn next_failure(
        &self,
        village: Option<&VillageCode>,
        (failures, blocked_until): (i64, i64),
    ) -> Result<(i64, i64), AccessError> {
        let now = self.now();
        let micros = now.as_microsecond();
        if blocked_until > micros {
            let seconds = blocked_until.saturating_sub(micros).saturating_add(999_999) / 1_000_000;
            return Err(AccessError::TriedTooOften { seconds });
        }
        let free = if self.throttle.is_alarmed(village, now) {
            FAILURES_IN_ALARM
        } else {
            FAILURES
        };
        let failures = failures.saturating_add(1);
        let over = u32::try_from(failures.saturating_sub(free)).ok();
        let pause = over.map_or(0, |over| {
            60_i64
                .saturating_mul(2_i64.saturating_pow(over))
                .min(PAUSE_MOST)
        });
        let blocked_until = match pause {
            0 => 0,
            pause => micros.saturating_add(pause.saturating_mul(1_000_000)),
        };
        Ok((failures, blocked_until))
    }

    /// Writes down a sign-in that failed, and raises the alarm if that was one too many: in the log and in the record.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub(super) async fn note_failure(&self, deed: Deed<'_>) -> Result<(), AccessError> {
        self.note(deed).await?;
        for village in self.throttle.fail(deed.village, self.now()) {
            let code = village.as_ref().map(VillageCode::as_str);
            tracing::warn!(village = code, "more sign-ins fail than mistakes explain");
            let alarm = Deed {
                actor: "system:access",
                action: "alarm",
                village: village.as_ref(),
                subject: None,
                ..deed
            };
            self.note(alarm).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_once_and_holds_for_an_hour() {
        let throttle = Throttle::default();
        let village = VillageCode::parse("village", "430302106200").ok();
        let start = Timestamp::UNIX_EPOCH;
        let fail = |village: Option<&VillageCode>, times: u32| -> Vec<Option<VillageCode>> {
            let failures = (0..times).flat_map(|_| throttle.fail(village, start));
            failures.collect()
        };
        assert_eq!(fail(village.as_ref(), VILLAGE_MOST - 1), []);
        assert!(!throttle.is_alarmed(village.as_ref(), start));
        let used_up = fail(village.as_ref(), 100);
        assert_eq!(used_up, std::slice::from_ref(&village));
        assert!(throttle.is_alarmed(village.as_ref(), start));
        assert!(!throttle.is_alarmed(None, start), "elsewhere");
        assert_eq!(fail(None, EVERYWHERE_MOST), [None]);
        assert!(throttle.is_alarmed(None, start));
        let after = start.checked_add(HOUR).unwrap_or_default();
        assert!(!throttle.is_alarmed(village.as_ref(), after));
    }
}
