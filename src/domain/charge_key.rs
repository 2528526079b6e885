//! Which charge is meant: by its period, and by the household it was issued to where another one holds it now (R-HH-1).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::{HouseholdNo, Month, Refusal};

/// A charge as its holder names it, ordered by period and then by number. Written `2025-09`, or `2025-09/03-017` where it was issued to another
/// household than the one that holds it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct ChargeKey {
    /// The first month of its period.
    pub period: Month,
    /// The household that it was issued to; none: the one that holds it.
    pub issued_to: Option<HouseholdNo>,
}

impl ChargeKey {
    /// The holder's own charge of a period.
    pub const fn own(period: Month) -> ChargeKey {
        ChargeKey {
            period,
            issued_to: None,
        }
    }

    /// Reads `2025-09` or `2025-09/03-017`.
    ///
    /// # Errors
    /// [`Refusal::NotAMonth`], and as [`HouseholdNo::parse`].
    pub fn parse(field: &'static str, text: &str) -> Result<ChargeKey, Refusal> {
        let (period, issued_to) = match text.split_once('/') {
            Some((period, number)) => (period, Some(HouseholdNo::parse(field, number)?)),
            None => (text, None),
        };
        let period = Month::parse(field, period)?;
        Ok(ChargeKey { period, issued_to })
    }

    /// The same charge with the household it was issued to always named, as it stands on a posting between two households.
    #[must_use]
    pub fn stated(&self, holder: &HouseholdNo) -> ChargeKey {
        let issued_to = self.issued_to.clone().unwrap_or_else(|| holder.clone());
        ChargeKey {
            period: self.period,
            issued_to: Some(issued_to),
        }
    }

    /// The same charge as a holder names it: his own without a number.
    #[must_use]
    pub fn held_by(&self, holder: &HouseholdNo) -> ChargeKey {
        let issued_to = self.issued_to.clone().filter(|number| number != holder);
        ChargeKey {
            period: self.period,
            issued_to,
        }
    }
}

impl From<Month> for ChargeKey {
    fn from(period: Month) -> ChargeKey {
        ChargeKey::own(period)
    }
}

impl fmt::Display for ChargeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issued_to {
            Some(number) => f.pad(&format!("{}/{number}", self.period)),
            None => fmt::Display::fmt(&self.period, f),
        }
    }
}

impl Serialize for ChargeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChargeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ChargeKey, D::Error> {
        ChargeKey::parse("charge", &String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_is_read_as_it_is_written_and_named_by_whoever_holds_it() {
        let key = |text| ChargeKey::parse("charge", text).expect("a charge");
        let number = |text| HouseholdNo::parse("household_no", text).expect("a number");
        for text in ["2025-09", "2025-09/03-017", "2025-09/A/1"] {
            assert_eq!(key(text).to_string(), text);
        }
        let stated = key("2025-09").stated(&number("A"));
        assert_eq!(stated.to_string(), "2025-09/A");
        assert_eq!(stated.held_by(&number("A")), key("2025-09"));
        assert_eq!(stated.held_by(&number("B")), stated);
        assert!(key("2025-09/B") < key("2025-10") && key("2025-10") < key("2025-10/A"));
        assert!(ChargeKey::parse("charge", "2025-9").is_err());
        assert!(ChargeKey::parse("charge", "2025-09/").is_err());
    }
}
