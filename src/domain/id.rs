//! Names of things that come from outside: villages, households, materials, collectors, documents. Checked once, at the edge.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::domain::Refusal;

/// Reads a text of 1 to `longest` characters without control characters (R-NU-6); spaces around it do not count.
///
/// # Errors
/// [`Refusal::Empty`], [`Refusal::ControlCharacter`], [`Refusal::TooLong`].
pub fn plain_text(field: &'static str, text: &str, longest: usize) -> Result<String, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Refusal::Empty { field });
    }
    if trimmed.chars().any(char::is_control) {
        return Err(Refusal::ControlCharacter { field });
    }
    if trimmed.chars().count() > longest {
        return Err(Refusal::TooLong { field, longest });
    }
    Ok(trimmed.to_owned())
}

/// Orders texts as people order them: digits by the number they write, so 2 comes before 10.
pub fn natural_order(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (mut left_rest, mut right_rest) = after_equal_runs(left, right);
    loop {
        let (left_part, left_next) = split_run(left_rest);
        let (right_part, right_next) = split_run(right_rest);
        let digits = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
        let order = if digits(left_part) && digits(right_part) {
            let (left_number, right_number) = (
                left_part.trim_start_matches('0'),
                right_part.trim_start_matches('0'),
            );
            left_number
                .len()
                .cmp(&right_number.len())
                .then_with(|| left_number.cmp(right_number))
        } else {
            left_part.cmp(right_part)
        };
        if order.is_ne() || left_part.is_empty() {
            // Numbers that differ in leading zeros only are still two texts.
            return order.then_with(|| left.cmp(right));
        }
        (left_rest, right_rest) = (left_next, right_next);
    }
}

/// Two texts from the first run on in which they differ: names in one village mostly begin alike.
fn after_equal_runs<'t>(left: &'t str, right: &'t str) -> (&'t str, &'t str) {
    let pairs = left.bytes().zip(right.bytes());
    let equal = pairs.take_while(|(left, right)| left == right).count();
    let before = left.as_bytes().get(..equal).unwrap_or_default();
    let is_digit = before.last().is_some_and(u8::is_ascii_digit);
    let run = before
        .iter()
        .rposition(|byte| byte.is_ascii_digit() != is_digit)
        .map_or(0, |last| last.saturating_add(1));
    (
        left.get(run..).unwrap_or(left),
        right.get(run..).unwrap_or(right),
    )
}

/// The first run of digits, or of anything else, and what follows it.
fn split_run(text: &str) -> (&str, &str) {
    let is_digit = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let end = text
        .bytes()
        .position(|byte| byte.is_ascii_digit() != is_digit)
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Defines a name that is a short text, in natural order.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $longest:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads the name.
            ///
            /// # Errors
            /// As [`plain_text`].
            pub fn parse(field: &'static str, text: &str) -> Result<$name, Refusal> {
                plain_text(field, text, $longest).map($name)
            }

            /// The text of the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &$name) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &$name) -> Ordering {
                natural_order(&self.0, &other.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                $name::parse("name", &String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

name!(
    /// A household's number (户号), e.g. `03-017`: stable, never reused.
    HouseholdNo,
    32
);
name!(
    /// A material's stable code (品类), e.g. `PET`.
    MaterialCode,
    16
);
name!(
    /// A collector's code (回收员), e.g. `C1`.
    CollectorCode,
    32
);
name!(
    /// A buyer's code or name (收购商), e.g. `K1`.
    BuyerCode,
    32
);
name!(
    /// A group of the village (组), e.g. `3`.
    Group,
    32
);
name!(
    /// A collection point's code (投放点), e.g. `P1`.
    PointCode,
    16
);
name!(
    /// The number of a document (单号), e.g. `A-0457`, unique per village and kind.
    DocumentNo,
    64
);

/// A village's administrative division code of 12 digits; the first 9 are its township, 6 its county, 4 its city, 2 its province.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize)]
#[serde(transparent)]
pub struct VillageCode(String);

impl VillageCode {
    /// Reads a code of exactly 12 digits.
    ///
    /// # Errors
    /// [`Refusal::NotAVillageCode`].
    pub fn parse(field: &'static str, text: &str) -> Result<VillageCode, Refusal> {
        let trimmed = text.trim();
        if trimmed.len() == 12 && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(VillageCode(trimmed.to_owned()))
        } else {
            Err(Refusal::NotAVillageCode {
                field,
                value: trimmed.chars().take(40).collect(),
            })
        }
    }

    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VillageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for VillageCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<VillageCode, D::Error> {
        VillageCode::parse("village", &String::deserialize(deserializer)?)
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_as_numbers() {
        let mut names = vec!["10-2", "2-10", "2-9", "H10", "H9", "02-9", ""];
        names.sort_by(|left, right| natural_order(left, right));
        assert_eq!(names, ["", "02-9", "2-9", "2-10", "10-2", "H9", "H10"]);
    }

    proptest! {
        #[test]
        fn the_order_is_total(texts in proptest::collection::vec("[0-3a-b-]{0,6}", 3)) {
            let [a, b, c] = [&texts[0], &texts[1], &texts[2]];
            prop_assert_eq!(natural_order(a, b), natural_order(b, a).reverse());
            prop_assert_eq!(natural_order(a, b).is_eq(), a == b);
            if natural_order(a, b).is_le() && natural_order(b, c).is_le() {
                prop_assert!(natural_order(a, c).is_le());
            }
        }
    }

    #[test]
    fn control_characters_and_wrong_codes_are_refused() {
        assert_eq!(
            HouseholdNo::parse("household_no", "a\tb"),
            Err(Refusal::ControlCharacter {
                field: "household_no"
            })
        );
        assert_eq!(
            HouseholdNo::parse("household_no", "  "),
            Err(Refusal::Empty {
                field: "household_no"
            })
        );
        for bad in [
            "43032190000",
            "4303219000012",
            "43032190000a",
            "４３０３２１９００００１",
        ] {
            assert!(VillageCode::parse("code", bad).is_err(), "{bad}");
        }
    }
}
