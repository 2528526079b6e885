//! Price lists (收购价格表): the village's buyback prices, whole lists that supersede each other (R-PR-1, R-PR-2).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Stop};
use crate::domain::journal::Decision;
use crate::domain::month::written_time;
use crate::domain::number::ROUNDING;
use crate::domain::{Event, MaterialCode, Month, Refusal, Role, Unit, UnitPrice};

/// One material's price on a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceLine {
    /// The material.
    pub material: MaterialCode,
    /// Li per kilogram, or for `per` pieces.
    pub price_li: i64,
    /// How many pieces the price is for; 1 for a weight.
    pub per: i64,
}

/// Publishes a price list that replaces the earlier one whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublishPriceList {
    /// The instant from which it holds.
    pub effective_from: Timestamp,
    /// A price for each material that is bought.
    pub lines: Vec<PriceLine>,
    /// The account name of who drafted it, where that is another than who publishes it (R-PR-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafted_by: Option<String>,
}

/// A list that was published: the command and the name of the rounding rule that holds for it (R-NU-3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublishedPriceList {
    /// The list as it was sent.
    #[serde(flatten)]
    pub list: PublishPriceList,
    /// The rounding rule, [`ROUNDING`].
    pub rounding: String,
}

/// A price list as the book knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PriceList {
    /// The instant from which it holds.
    pub effective_from: Timestamp,
    /// The price of each material on it.
    pub prices: BTreeMap<MaterialCode, UnitPrice>,
}

impl PriceList {
    /// The price of a material.
    ///
    /// # Errors
    /// [`Refusal::MaterialNotPriced`] (R-PR-2).
    pub fn price_of(&self, material: &MaterialCode) -> Result<UnitPrice, Refusal> {
        self.prices
            .get(material)
            .copied()
            .ok_or_else(|| Refusal::MaterialNotPriced {
                material: material.to_string(),
                effective_from: written_time(self.effective_from),
            })
    }
}

impl From<&PublishPriceList> for PriceList {
    fn from(list: &PublishPriceList) -> PriceList {
        let price = |line: &PriceLine| {
            (
                line.material.clone(),
                UnitPrice::new(line.price_li, line.per),
            )
        };
        PriceList {
            effective_from: list.effective_from,
            prices: list.lines.iter().map(price).collect(),
        }
    }
}

impl PublishPriceList {
    /// Where the village has two officers, one drafts the list and the other publishes it (R-PR-4); an imported paper ledger is past that.
    fn check_author(&self, book: &Book) -> Result<(), Refusal> {
        let actor = book.actor();
        if !book.settings().two_officers || actor.role == Role::System {
            return Ok(());
        }
        let author = self.drafted_by.as_deref().unwrap_or_default().trim();
        if author.is_empty() {
            return Err(Refusal::PriceListNeedsAuthor);
        }
        // Somebody without a name may be the author.
        if actor.name.is_empty() || actor.name == author {
            let author = author.to_owned();
            return Err(Refusal::AuthorPublishes { author });
        }
        Ok(())
    }

    /// Publishes the list; the lists before it stay as they are (R-PR-2).
    ///
    /// # Errors
    /// [`Refusal::PriceListTaken`], [`Refusal::MaterialUnknown`], [`Refusal::MaterialTwice`], [`Refusal::HazardousHasNoPrice`], [`Refusal::PerIsForPieces`],
    /// [`Refusal::OutOfRange`], [`Refusal::NoLines`], [`Refusal::MonthClosed`], [`Refusal::PriceListNeedsAuthor`], [`Refusal::AuthorPublishes`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        self.check_author(book)?;
        let month = Month::at(self.effective_from);
        if book.last_closed().is_some_and(|closed| month <= closed) {
            return Err(Refusal::MonthClosed { month }.into());
        }
        if self.lines.is_empty() {
            return Err(Refusal::NoLines.into());
        }
        if book.price_lists()?.contains_key(&self.effective_from) {
            return Err(Refusal::PriceListTaken {
                effective_from: written_time(self.effective_from),
            }
            .into());
        }
        let mut seen = BTreeSet::new();
        for line in &self.lines {
            let Some(material) = book.material(&line.material) else {
                return Err(Refusal::MaterialUnknown {
                    material: line.material.to_string(),
                }
                .into());
            };
            if !seen.insert(&line.material) {
                return Err(Refusal::MaterialTwice {
                    material: line.material.to_string(),
                }
                .into());
            }
            if material.unit == Unit::Kg && line.per != 1 {
                return Err(Refusal::PerIsForPieces {
                    material: line.material.to_string(),
                }
                .into());
            }
            UnitPrice::new(line.price_li, line.per).check()?;
            if material.hazardous && line.price_li != 0 {
                return Err(Refusal::HazardousHasNoPrice {
                    material: line.material.to_string(),
                }
                .into());
            }
        }
        let published = PublishedPriceList {
            list: self.clone(),
            rounding: ROUNDING.to_owned(),
        };
        Ok(Decision::on(
            book.within_books(self.effective_from)?,
            Event::PriceListPublished(published),
        ))
    }
}
