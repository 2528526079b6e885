//! Money: whole fen (分), with the decimal string of a yuan amount as its one text form.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "every input is bounded to MOST, so 90 million of them fit; the release build checks overflow all the same"
)]

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::Refusal;
use crate::domain::number::{self, Scale};

/// The largest amount that can be entered: 100 million yuan.
pub const MOST: i64 = 10_000_000_000;

/// An amount in whole fen; negative where a balance or a difference is. Never a float.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct Money {
    fen: i64,
}

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money { fen: 0 };

    /// An amount of so many fen.
    pub const fn from_fen(fen: i64) -> Money {
        Money { fen }
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.fen
    }

    /// Reads an amount in yuan of at most two places, zero or more.
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse(field: &'static str, text: &str) -> Result<Money, Refusal> {
        Money::parse_within(field, text, 0)
    }

    /// Reads an amount in yuan of at most two places that must be more than zero.
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse_positive(field: &'static str, text: &str) -> Result<Money, Refusal> {
        Money::parse_within(field, text, 1)
    }

    /// Makes sure that an amount is more than nothing and one that can be entered.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`].
    pub fn check_positive(self, field: &'static str) -> Result<(), Refusal> {
        if (1..=MOST).contains(&self.fen) {
            return Ok(());
        }
        Err(Refusal::OutOfRange {
            field,
            value: self.to_string(),
            least: Money::from_fen(1).to_string(),
            most: Money::from_fen(MOST).to_string(),
        })
    }

    /// Reads an amount in yuan of at most two places that may be negative.
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse_signed(field: &'static str, text: &str) -> Result<Money, Refusal> {
        Money::parse_within(field, text, -MOST)
    }

    fn parse_within(field: &'static str, text: &str, least: i64) -> Result<Money, Refusal> {
        number::parse(
            field,
            text,
            Scale {
                units: 100,
                places: 2,
                least,
                most: MOST,
            },
        )
        .map(Money::from_fen)
    }

    /// A share of the amount, rounded half up (R-NU-5).
    ///
    /// # Errors
    /// As [`number::half_up`].
    pub fn percent(self, percent: i64) -> Result<Money, Refusal> {
        number::half_up(&[self.fen, percent], 100).map(Money::from_fen)
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.fen > 0
    }

    /// Less than nothing.
    pub const fn is_negative(self) -> bool {
        self.fen < 0
    }

    /// Nothing at all.
    pub const fn is_zero(self) -> bool {
        self.fen == 0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.fen < 0 { "-" } else { "" };
        let fen = self.fen.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money {
            fen: self.fen + other.fen,
        }
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money {
            fen: self.fen - other.fen,
        }
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money { fen: -self.fen }
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        let text = String::deserialize(deserializer)?;
        number::parse(
            "amount",
            &text,
            Scale {
                units: 100,
                places: 2,
                least: i64::MIN,
                most: i64::MAX,
            },
        )
        .map(Money::from_fen)
        .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn printing_then_reading_is_the_same_amount(fen in -MOST..=MOST) {
            let money = Money::from_fen(fen);
            prop_assert_eq!(Money::parse_signed("amount", &money.to_string()), Ok(money));
        }
    }

    #[test]
    fn an_amount_always_shows_two_places() {
        assert_eq!(Money::from_fen(-5).to_string(), "-0.05");
        assert_eq!(Money::from_fen(1_230).to_string(), "12.30");
    }
}
