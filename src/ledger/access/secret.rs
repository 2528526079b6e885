//! Secrets that are given out: nobody can guess them, and only their digests are kept.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::clock::Chance;
use crate::domain::seal::Hash;

/// A secret as it is given to whoever it is for, once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret of 256 bits.
    pub(super) fn long(chance: &Chance) -> Secret {
        Secret(Hash(random(chance)).to_string())
    }

    /// A secret of 128 bits, short enough for a printed code.
    pub(super) fn short(chance: &Chance) -> Secret {
        let long = Hash(random(chance)).to_string();
        Secret(long.chars().take(32).collect())
    }

    /// A text that is told once, such as a PIN.
    pub(super) const fn told(text: String) -> Secret {
        Secret(text)
    }

    /// The secret as a text: hexadecimal digits, or those of a PIN.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// 256 bits that nobody can guess.
fn random(chance: &Chance) -> [u8; 32] {
    let mut digest = Sha256::new();
    // A part of each salt is the version of its form, so that two have less than 256 bits, and three have more.
    for _ in 0..3 {
        digest.update(chance.salt());
    }
    digest.finalize().into()
}

/// What is kept of a secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// By what a phone recognises a card that it is shown: 48 bits of the digest of its code, which has 128.
pub(super) fn card_mark(code: &str) -> String {
    let digest = digest(code);
    let marks = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
    marks.collect()
}

/// PINs that people guess first, and that are never drawn: runs, repetitions, pairs and years.
pub(super) fn is_guessed_first(pin: &str) -> bool {
    let digits: Vec<i32> = pin.bytes().map(i32::from).collect();
    let step = |by: i32| {
        let pairs = digits.windows(2);
        pairs
            .clone()
            .all(|pair| matches!(pair, [one, next] if next - one == by))
    };
    let (first, last) = pin.split_at(pin.len() / 2);
    let (start, end) = (pin.get(..2), pin.get(4..));
    let repeats = pin.get(..2) == pin.get(2..4) && pin.get(2..4) == pin.get(4..);
    let is_year = [start, end]
        .iter()
        .any(|part| matches!(part, Some("19" | "20")));
    step(0) || step(1) || step(-1) || first == last || repeats || is_year
}

/// A PIN of six digits that is not among the first that people guess.
pub(super) fn draw_pin(chance: &Chance) -> String {
    loop {
        let drawn = random(chance);
        let number = drawn
            .iter()
            .take(7)
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let pin = format!("{:06}", number % 1_000_000);
        if !is_guessed_first(&pin) {
            return pin;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_guesses_is_never_drawn() {
        for pin in [
            "000000", "123456", "987654", "121212", "135135", "198604", "860420",
        ] {
            assert!(is_guessed_first(pin), "{pin}");
        }
        assert!(!is_guessed_first("482917"));
        let chance = Chance::seeded(7);
        assert!((0..1_000).all(|_| !is_guessed_first(&draw_pin(&chance))));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::long(&Chance::System);
        assert_eq!(secret.reveal().len(), 64);
        assert!(!format!("{secret:?}").contains(secret.reveal()));
    }
}
