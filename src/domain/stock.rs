//! Stock at moving average (R-SA-2): what an issue costs, and what a reversal may leave behind.

use std::collections::BTreeMap;

use crate::domain::account::Account;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Direction, Flow, Posting, StockMovement};
use crate::domain::number::half_up;
use crate::domain::projection::Stock;
use crate::domain::weight::STOCK_MOST;
use crate::domain::{MaterialCode, Money, Quantity, Refusal, Unit};

impl Stock {
    /// What issuing so much costs: `half_up(V × q / Q)`, and all of it exactly V.
    ///
    /// # Errors
    /// [`Refusal::StockTooSmall`] for more than there is.
    pub fn cost_of(&self, material: &MaterialCode, issued: Quantity) -> Result<Money, Refusal> {
        let there = Quantity::new(issued.unit(), self.count);
        if issued.count() > self.count {
            return Err(Refusal::StockTooSmall {
                material: material.to_string(),
                available: there.to_string(),
                asked: issued.to_string(),
            });
        }
        if issued.count() == self.count {
            return Ok(self.value);
        }
        Ok(Money::from_fen(half_up(
            &[self.value.fen(), issued.count()],
            self.count,
        )?))
    }
}

/// Refuses a quantity of stock that is in another unit than its material, less than `least` or more than any stock; gives the unit.
///
/// # Errors
/// [`Refusal::MaterialUnknown`], [`Refusal::WrongUnit`], [`Refusal::OutOfRange`].
pub(crate) fn check_quantity(
    book: &Book,
    material: &MaterialCode,
    field: &'static str,
    quantity: Quantity,
    least: i64,
) -> Result<Unit, Refusal> {
    let Some(known) = book.material(material) else {
        return Err(Refusal::MaterialUnknown {
            material: material.to_string(),
        });
    };
    if quantity.unit() != known.unit {
        return Err(Refusal::WrongUnit {
            material: material.to_string(),
            unit: known.unit.word(),
        });
    }
    if !(least..=STOCK_MOST).contains(&quantity.count()) {
        let bound = |count| Quantity::new(known.unit, count).to_string();
        return Err(Refusal::OutOfRange {
            field,
            value: quantity.to_string(),
            least: bound(least),
            most: bound(STOCK_MOST),
        });
    }
    Ok(known.unit)
}

impl Book {
    /// What is in stock (1405) or in transit (1404) of a material.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn stock(&self, account: Account, material: &MaterialCode) -> Result<Stock, Stop> {
        let stock = self.stock.as_ref().ok_or(Stop::Missing(Need::Stock))?;
        Ok(stock
            .get(&(account, material.clone()))
            .copied()
            .unwrap_or_default())
    }

    /// Books what a reversal leaves behind: value without material is a loss, value below nothing a gain (R-SA-2), so that no quantity means
    /// no value.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn settle_residue(&self, decision: &mut Decision) -> Result<(), Stop> {
        let mut left: BTreeMap<(Account, MaterialCode), Stock> = BTreeMap::new();
        let mut units = BTreeMap::new();
        for movement in &decision.movements {
            let key = (movement.account, movement.material.clone());
            let before = self.stock(key.0, &key.1)?;
            left.entry(key).or_insert(before).add(movement.change());
            units.insert(movement.material.clone(), movement.quantity.unit());
        }
        for ((account, material), stock) in left {
            let is_residue = stock.count == 0 && stock.value.is_positive();
            if !is_residue && !stock.value.is_negative() {
                continue;
            }
            let side = account.of(material.as_str());
            let (debit, credit, direction, flow, value) = if stock.value.is_negative() {
                let income = Account::OtherIncome.alone();
                (side, income, Direction::In, Flow::Gain, -stock.value)
            } else {
                let loss = Account::StockLoss.of(material.as_str());
                (loss, side, Direction::Out, Flow::Loss, stock.value)
            };
            let Some(unit) = units.get(&material).copied() else {
                continue;
            };
            decision
                .postings
                .push(Posting::new(debit, credit, value, flow));
            decision.movements.push(StockMovement {
                account,
                material,
                collector: None,
                direction,
                quantity: Quantity::new(unit, 0),
                value,
                flow,
            });
        }
        Ok(())
    }
}
