//! Numbers as people write them, and the one rounding rule of the scheme. Nothing is rounded anywhere else.
//!
//! The rule has a name, [`ROUNDING`], that is kept with every price list (R-NU-3): a later rule never re-values old lines.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::Refusal;

/// The name of the rounding rule: half up, to the fen (四舍五入).
pub const ROUNDING: &str = "HALF_UP_FEN_V1";

/// Multiplies the factors, divides once, and rounds once, half away from zero.
///
/// # Errors
/// [`Refusal::OutOfRange`] if the result is not a 64-bit number: no bounded input of the scheme gets there.
pub fn half_up(factors: &[i64], divisor: i64) -> Result<i64, Refusal> {
    let out_of_range = || Refusal::OutOfRange {
        field: "amount",
        value: factors
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(" x "),
        least: i64::MIN.to_string(),
        most: i64::MAX.to_string(),
    };
    let mut product = Decimal::ONE;
    for factor in factors {
        product = product
            .checked_mul(Decimal::from(*factor))
            .ok_or_else(out_of_range)?;
    }
    product
        .checked_div(Decimal::from(divisor))
        .map(|quotient| quotient.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
        .and_then(|rounded| i64::try_from(rounded).ok())
        .ok_or_else(out_of_range)
}

/// What a figure may be: how many of its smallest units make one, how many decimal places it has, and its bounds in smallest units.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Smallest units in one written unit: 100 fen in a yuan, 500 grams in a 斤.
    pub units: i64,
    /// Decimal places that a written figure may have; trailing zeros are not places (R-NU-4).
    pub places: u32,
    /// Least value, in smallest units.
    pub least: i64,
    /// Greatest value, in smallest units.
    pub most: i64,
}

/// Reads a written figure exactly; it is never rounded to fit (R-NU-4).
///
/// # Errors
/// [`Refusal::NotANumber`], [`Refusal::TooManyPlaces`], [`Refusal::OutOfRange`].
pub fn parse(field: &'static str, text: &str, scale: Scale) -> Result<i64, Refusal> {
    let trimmed = text.trim();
    let value = || trimmed.chars().take(40).collect::<String>();
    let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
    let looks_plain = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.ends_with(|last: char| last.is_ascii_digit())
        && digits
            .chars()
            .all(|char| char.is_ascii_digit() || char == '.');
    if !looks_plain {
        return Err(Refusal::NotANumber {
            field,
            value: value(),
        });
    }
    let out_of_range = || Refusal::OutOfRange {
        field,
        value: value(),
        least: written(scale.least, scale),
        most: written(scale.most, scale),
    };
    let number = match Decimal::from_str_exact(trimmed) {
        Ok(number) => number.normalize(),
        Err(
            rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_),
        ) => {
            return Err(Refusal::TooManyPlaces {
                field,
                value: value(),
                places: scale.places,
            });
        }
        // The text is digits and at most a few points, so what is left is a figure that is too long, or one with two points.
        Err(_) if digits.matches('.').count() > 1 => {
            return Err(Refusal::NotANumber {
                field,
                value: value(),
            });
        }
        Err(_) => return Err(out_of_range()),
    };
    if number.scale() > scale.places {
        return Err(Refusal::TooManyPlaces {
            field,
            value: value(),
            places: scale.places,
        });
    }
    number
        .checked_mul(Decimal::from(scale.units))
        .and_then(|units| i64::try_from(units).ok())
        .filter(|units| (scale.least..=scale.most).contains(units))
        .ok_or_else(out_of_range)
}

/// A bound of the scale as a person would write it.
fn written(smallest_units: i64, scale: Scale) -> String {
    Decimal::from(smallest_units)
        .checked_div(Decimal::from(scale.units))
        .map_or_else(String::new, |bound| bound.normalize().to_string())
}

/// Reads a whole number within bounds.
///
/// # Errors
/// As [`parse`].
pub fn parse_whole(field: &'static str, text: &str, least: i64, most: i64) -> Result<i64, Refusal> {
    parse(
        field,
        text,
        Scale {
            units: 1,
            places: 0,
            least,
            most,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_rounded_away_from_zero_and_only_once() {
        assert_eq!(half_up(&[8_350, 900], 10_000), Ok(752));
        assert_eq!(half_up(&[5], 10), Ok(1));
        assert_eq!(half_up(&[-5], 10), Ok(-1));
        assert_eq!(half_up(&[4], 10), Ok(0));
    }

    #[test]
    fn trailing_zeros_are_not_places_and_more_places_are_refused() {
        let yuan = Scale {
            units: 100,
            places: 2,
            least: 0,
            most: 1_000_000,
        };
        assert_eq!(parse("amount", "12.3000", yuan), Ok(1_230));
        assert!(matches!(
            parse("amount", "12.305", yuan),
            Err(Refusal::TooManyPlaces { places: 2, .. })
        ));
        for bad in ["", "1e3", "+1", "1,000", ".5", "5.", "１２", "1.2.3", "NaN"] {
            assert!(
                matches!(parse("amount", bad, yuan), Err(Refusal::NotANumber { .. })),
                "{bad}"
            );
        }
        for bad in [
            "-0.01",
            "10000.01",
            "99999999999999999999999999999999999999",
        ] {
            assert!(
                matches!(parse("amount", bad, yuan), Err(Refusal::OutOfRange { .. })),
                "{bad}"
            );
        }
    }
}
