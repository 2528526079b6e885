//! Time and chance come from here and nowhere else, so that tests can hold them still.

use std::sync::Mutex;

use jiff::Timestamp;
use uuid::Uuid;

/// Where the time comes from.
#[derive(Debug, Default)]
pub enum Clock {
    /// The machine.
    #[default]
    System,
    /// A test: the instant that was set last.
    Fixed(Mutex<Timestamp>),
}

impl Clock {
    /// A clock that stands still until it is set.
    pub fn fixed(at: Timestamp) -> Clock {
        Clock::Fixed(Mutex::new(at))
    }

    /// The time now, to the microsecond, which is what is stored.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> Timestamp {
        let now = match self {
            Clock::System => Timestamp::now(),
            Clock::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Sets a fixed clock; the machine's cannot be set.
    pub fn set(&self, to: Timestamp) {
        if let Clock::Fixed(at) = self {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = to;
        }
    }
}

/// Where ids and salts come from.
#[derive(Debug, Default)]
pub enum Chance {
    /// The machine.
    #[default]
    System,
    /// A test: a sequence that is the same for the same seed.
    Seeded(Mutex<u64>),
}

impl Chance {
    /// A sequence that is the same for the same seed.
    pub fn seeded(seed: u64) -> Chance {
        Chance::Seeded(Mutex::new(seed))
    }

    /// 16 bytes that nobody can guess.
    pub fn salt(&self) -> [u8; 16] {
        match self {
            Chance::System => Uuid::new_v4().into_bytes(),
            Chance::Seeded(state) => {
                let mut state = state
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let halves = [
                    splitmix(&mut state).to_be_bytes(),
                    splitmix(&mut state).to_be_bytes(),
                ];
                let mut salt = [0; 16];
                salt.iter_mut()
                    .zip(halves.concat())
                    .for_each(|(to, from)| *to = from);
                salt
            }
        }
    }

    /// A new id for a command, ordered by time.
    pub fn command_id(&self, now: Timestamp) -> Uuid {
        let salt = self.salt();
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut random = [0; 10];
        random
            .iter_mut()
            .zip(salt)
            .for_each(|(to, from)| *to = from);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The step of the splitmix64 generator.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
