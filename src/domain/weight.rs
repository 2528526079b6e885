//! Quantities: weights in whole grams and counts in whole pieces, and what they are worth at a unit price.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::number::{self, Scale, half_up};
use crate::domain::{Money, Refusal};

/// The heaviest line that is not absurd (R-PK-3), in grams.
pub const GRAMS_MOST: i64 = 2_000_000;
/// The largest count of one line; more is a typing mistake.
pub const PIECES_MOST: i64 = 100_000;
/// The largest quantity of a stock line, in grams or pieces.
pub const STOCK_MOST: i64 = 100_000_000_000;
/// The highest unit price, in li: 10,000 yuan.
pub const LI_MOST: i64 = 10_000_000;
/// The largest number of pieces that a price may be for.
pub const PER_MOST: i64 = 1_000;

/// What a material is measured in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// By weight: stored in grams, shown in kilograms (公斤).
    Kg,
    /// By count (个).
    Piece,
}

impl Unit {
    /// The word used in files and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Unit::Kg => "kg",
            Unit::Piece => "piece",
        }
    }
}

/// The unit in which somebody wrote a quantity down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WrittenUnit {
    /// Kilograms (公斤), at most three places.
    Kg,
    /// 斤, exactly 500 g, at most two places.
    Jin,
    /// Pieces (个), whole.
    Piece,
}

impl WrittenUnit {
    /// What a material written down in it is measured in.
    pub const fn unit(self) -> Unit {
        match self {
            WrittenUnit::Kg | WrittenUnit::Jin => Unit::Kg,
            WrittenUnit::Piece => Unit::Piece,
        }
    }

    /// Reads `kg`, `jin` or `piece`.
    ///
    /// # Errors
    /// [`Refusal::UnknownWord`].
    pub fn parse(field: &'static str, text: &str) -> Result<WrittenUnit, Refusal> {
        match text.trim() {
            "kg" => Ok(WrittenUnit::Kg),
            "jin" => Ok(WrittenUnit::Jin),
            "piece" => Ok(WrittenUnit::Piece),
            other => Err(Refusal::UnknownWord {
                field,
                value: other.to_owned(),
                allowed: "kg, jin, piece",
            }),
        }
    }
}

impl From<Unit> for WrittenUnit {
    fn from(unit: Unit) -> WrittenUnit {
        match unit {
            Unit::Kg => WrittenUnit::Kg,
            Unit::Piece => WrittenUnit::Piece,
        }
    }
}

/// A quantity of a material: grams or pieces. Signed, since a stock figure may be a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Quantity {
    unit: Unit,
    count: i64,
}

impl Quantity {
    /// So many grams or pieces.
    pub const fn new(unit: Unit, count: i64) -> Quantity {
        Quantity { unit, count }
    }

    /// A weight in grams.
    pub const fn grams(grams: i64) -> Quantity {
        Quantity {
            unit: Unit::Kg,
            count: grams,
        }
    }

    /// What it is measured in.
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// Grams or pieces.
    pub const fn count(self) -> i64 {
        self.count
    }

    /// Reads a line's quantity, from nothing up to what is absurd (R-PK-3).
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse(field: &'static str, text: &str, unit: WrittenUnit) -> Result<Quantity, Refusal> {
        Quantity::parse_up_to(field, text, unit, GRAMS_MOST, PIECES_MOST)
    }

    /// Reads the quantity of a stock line as it was written down.
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse_stock(
        field: &'static str,
        text: &str,
        unit: WrittenUnit,
    ) -> Result<Quantity, Refusal> {
        Quantity::parse_up_to(field, text, unit, STOCK_MOST, STOCK_MOST)
    }

    fn parse_up_to(
        field: &'static str,
        text: &str,
        unit: WrittenUnit,
        grams_most: i64,
        pieces_most: i64,
    ) -> Result<Quantity, Refusal> {
        let (unit, scale) = match unit {
            WrittenUnit::Kg => (
                Unit::Kg,
                Scale {
                    units: 1_000,
                    places: 3,
                    least: 0,
                    most: grams_most,
                },
            ),
            WrittenUnit::Jin => (
                Unit::Kg,
                Scale {
                    units: 500,
                    places: 2,
                    least: 0,
                    most: grams_most,
                },
            ),
            WrittenUnit::Piece => (
                Unit::Piece,
                Scale {
                    units: 1,
                    places: 0,
                    least: 0,
                    most: pieces_most,
                },
            ),
        };
        number::parse(field, text, scale).map(|count| Quantity { unit, count })
    }
}

impl fmt::Display for Quantity {
    /// Kilograms with three places, or whole pieces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Piece => f.pad(&self.count.to_string()),
            Unit::Kg => {
                let sign = if self.count < 0 { "-" } else { "" };
                let grams = self.count.unsigned_abs();
                let (kilograms, rest) = (grams.div_euclid(1_000), grams.rem_euclid(1_000));
                f.pad(&format!("{sign}{kilograms}.{rest:03}"))
            }
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// The point tells a weight from a count: weights are always shown with three places.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (unit, units) = if text.contains('.') {
            (Unit::Kg, 1_000)
        } else {
            (Unit::Piece, 1)
        };
        number::parse(
            "quantity",
            &text,
            Scale {
                units,
                places: 3,
                least: i64::MIN,
                most: i64::MAX,
            },
        )
        .map(|count| Quantity { unit, count })
        .map_err(de::Error::custom)
    }
}

/// The price of one kilogram, or of `per` pieces, in li (厘, a thousandth of a yuan). "1角3个" is 100 li per 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnitPrice {
    li: i64,
    per: i64,
}

impl UnitPrice {
    /// A price in li for a kilogram or for `per` pieces.
    pub const fn new(li: i64, per: i64) -> UnitPrice {
        UnitPrice { li, per }
    }

    /// The price in li.
    pub const fn li(self) -> i64 {
        self.li
    }

    /// How many pieces the price is for; 1 for a weight.
    pub const fn per(self) -> i64 {
        self.per
    }

    /// Reads a price in yuan of at most three places.
    ///
    /// # Errors
    /// As [`number::parse`].
    pub fn parse(field: &'static str, text: &str, per: i64) -> Result<UnitPrice, Refusal> {
        let scale = Scale {
            units: 1_000,
            places: 3,
            least: 0,
            most: LI_MOST,
        };
        number::parse(field, text, scale).map(|li| UnitPrice { li, per })
    }

    /// Makes sure that it is no less than nothing, no more than can be entered, and for a number of pieces that can be.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`].
    pub fn check(self) -> Result<(), Refusal> {
        let yuan = |li| Decimal::new(li, 3).normalize().to_string();
        let (field, value, least, most) = if !(1..=PER_MOST).contains(&self.per) {
            let most = PER_MOST.to_string();
            ("per", self.per.to_string(), "1".to_owned(), most)
        } else if !(0..=LI_MOST).contains(&self.li) {
            ("price", yuan(self.li), yuan(0), yuan(LI_MOST))
        } else {
            return Ok(());
        };
        Err(Refusal::OutOfRange {
            field,
            value,
            least,
            most,
        })
    }
}

impl fmt::Display for UnitPrice {
    /// Yuan with at least two and at most three places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (yuan, li) = (self.li.div_euclid(1_000), self.li.rem_euclid(1_000));
        let places = if li.rem_euclid(10) == 0 {
            format!("{:02}", li.div_euclid(10))
        } else {
            format!("{li:03}")
        };
        f.pad(&format!("{yuan}.{places}"))
    }
}

/// The weight that is paid for: less the tare, less the deduction for water and dirt (R-NU-1), rounded once.
///
/// # Errors
/// [`Refusal::TareOverGross`], [`Refusal::NothingLeft`].
pub fn net_of(
    gross: Quantity,
    tare: Quantity,
    deduction_per_mille: i64,
) -> Result<Quantity, Refusal> {
    let Some(without_tare) = gross
        .count
        .checked_sub(tare.count)
        .filter(|rest| *rest >= 0)
    else {
        return Err(Refusal::TareOverGross {
            tare: tare.to_string(),
            gross: gross.to_string(),
        });
    };
    let count = half_up(
        &[without_tare, 1_000_i64.saturating_sub(deduction_per_mille)],
        1_000,
    )?;
    if count <= 0 {
        return Err(Refusal::NothingLeft {
            gross: gross.to_string(),
        });
    }
    Ok(Quantity {
        unit: gross.unit,
        count,
    })
}

/// What a quantity is worth, rounded once, half up, to the fen (R-NU-2).
///
/// # Errors
/// As [`half_up`].
pub fn value_of(quantity: Quantity, price: UnitPrice) -> Result<Money, Refusal> {
    let divisor = match quantity.unit {
        Unit::Kg => 10_000,
        Unit::Piece => price.per.saturating_mul(10),
    };
    half_up(&[quantity.count, price.li], divisor).map(Money::from_fen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_lines_of_the_rules_come_out_to_the_fen() {
        let carton = UnitPrice::new(900, 1);
        assert_eq!(
            value_of(Quantity::grams(8_350), carton),
            Ok(Money::from_fen(752))
        );
        assert_eq!(
            value_of(Quantity::grams(8_530), carton),
            Ok(Money::from_fen(768))
        );
        assert_eq!(
            value_of(Quantity::new(Unit::Piece, 10), UnitPrice::new(100, 3)),
            Ok(Money::from_fen(33))
        );
        let wet = net_of(Quantity::grams(30_000), Quantity::grams(0), 50);
        assert_eq!(wet, Ok(Quantity::grams(28_500)));
    }

    #[test]
    fn a_jin_is_half_a_kilogram_with_two_places() {
        let read = |text| Quantity::parse("gross", text, WrittenUnit::Jin);
        assert_eq!(read("7.65"), Ok(Quantity::grams(3_825)));
        assert!(matches!(
            read("7.655"),
            Err(Refusal::TooManyPlaces { places: 2, .. })
        ));
    }

    proptest! {
        #[test]
        fn printing_then_reading_is_the_same_quantity(count in -GRAMS_MOST..=GRAMS_MOST, piece: bool) {
            let quantity = Quantity::new(if piece { Unit::Piece } else { Unit::Kg }, count);
            let text = serde_json::to_string(&quantity).expect("a quantity is text");
            prop_assert_eq!(serde_json::from_str::<Quantity>(&text).expect("its own text"), quantity);
        }

        #[test]
        fn a_value_is_never_more_than_half_a_fen_off(grams in 1..GRAMS_MOST, li in 0..LI_MOST) {
            let fen = value_of(Quantity::grams(grams), UnitPrice::new(li, 1)).expect("in range").fen();
            let off = i128::from(fen).strict_mul(10_000).strict_sub(i128::from(grams).strict_mul(i128::from(li)));
            prop_assert!((-4_999..=5_000).contains(&off));
        }
    }
}
