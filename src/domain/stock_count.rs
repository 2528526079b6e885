//! Stock counts (盘点): what is really there against what the book says; the difference is a loss or a gain (R-SA-4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Direction, Flow, Posting, StockMovement};
use crate::domain::number::half_up;
use crate::domain::projection::Stock;
use crate::domain::sale::check_amount;
use crate::domain::stock::check_quantity;
use crate::domain::weight::value_of;
use crate::domain::{DocumentNo, Event, MaterialCode, Money, Quantity, Refusal};

/// Counts what is in stock of a material. It is compared with the book as it stands when the count is recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CountStock {
    /// The material.
    pub material: MaterialCode,
    /// What is really there; may be nothing.
    pub counted: Quantity,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// Why it differs. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A stock count with what it found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StockCount {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub count_no: DocumentNo,
    /// The material.
    pub material: MaterialCode,
    /// What is really there.
    pub counted: Quantity,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// What the book said; less than nothing only after a reversal.
    pub in_book: Quantity,
    /// What is lost.
    pub lost_value: Money,
    /// What is gained.
    pub gained_value: Money,
}

impl StockCount {
    /// Its postings and movements: Dr 5403, Cr 1405 for what is lost; Dr 1405, Cr 5099 for what is gained; none where nothing differs.
    pub fn booked(&self) -> (Vec<Posting>, Vec<StockMovement>) {
        let difference = self.counted.count().saturating_sub(self.in_book.count());
        let stock = || Account::RecyclablesStock.of(self.material.as_str());
        let loss = Account::StockLoss.of(self.material.as_str());
        let gain = Account::OtherIncome.alone();
        let sides = [
            (
                Direction::In,
                difference,
                self.gained_value,
                Flow::Gain,
                (stock(), gain),
            ),
            (
                Direction::Out,
                difference.saturating_neg(),
                self.lost_value,
                Flow::Loss,
                (loss, stock()),
            ),
        ];
        let (mut postings, mut movements) = (Vec::new(), Vec::new());
        for (direction, count, value, flow, (debit, credit)) in sides {
            if count <= 0 && value.is_zero() {
                continue;
            }
            if value.is_positive() {
                postings.push(Posting::new(debit, credit, value, flow));
            }
            movements.push(StockMovement {
                account: Account::RecyclablesStock,
                material: self.material.clone(),
                collector: None,
                direction,
                quantity: Quantity::new(self.counted.unit(), count.max(0)),
                value,
                flow,
            });
        }
        (postings, movements)
    }
}

impl CountStock {
    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let number = Need::last_number(DocumentKind::StockCount, self.counted_at);
        vec![Need::Stock, number]
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Books the difference at average cost, a gain where nothing was in stock at the price in force (R-SA-4). A count that finds what the
    /// book says is a document without postings.
    ///
    /// # Errors
    /// [`Refusal::MaterialUnknown`], [`Refusal::WrongUnit`], [`Refusal::OutOfRange`], [`Refusal::Empty`] without a reason,
    /// [`Refusal::NoPriceListThen`], [`Refusal::MaterialNotPriced`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("counted_at", self.counted_at)?;
        check_quantity(book, &self.material, "counted", self.counted, 0)?;
        if self.reason.trim().is_empty() {
            return Err(Refusal::Empty { field: "reason" }.into());
        }
        let there = book.stock(Account::RecyclablesStock, &self.material)?;
        let (lost_value, gained_value) = self.difference(book, there)?;
        let count = StockCount {
            count_no: book.next_number(DocumentKind::StockCount, self.counted_at)?,
            material: self.material.clone(),
            counted: self.counted,
            counted_at: self.counted_at,
            in_book: Quantity::new(self.counted.unit(), there.count),
            lost_value,
            gained_value,
        };
        let (postings, movements) = count.booked();
        let mut decision = Decision::on(self.counted_at, Event::StockCounted(count));
        decision.postings = postings;
        decision.movements = movements;
        Ok(decision)
    }

    /// What is lost and what is gained.
    fn difference(&self, book: &Book, there: Stock) -> Result<(Money, Money), Stop> {
        let counted = self.counted.count();
        if counted == there.count {
            return Ok((Money::ZERO, Money::ZERO));
        }
        if there.count <= 0 {
            // What is missing from the book has no cost: what is left of its value is lost, and what was counted is valued anew.
            if counted == 0 {
                return Ok((there.value, Money::ZERO));
            }
            let list = book.price_list_at(self.counted_at)?;
            let gained = value_of(self.counted, list.price_of(&self.material)?)?;
            check_amount("counted", gained)?;
            return Ok((there.value, gained));
        }
        if counted < there.count {
            let missing = there.count.saturating_sub(counted);
            let missing = Quantity::new(self.counted.unit(), missing);
            return Ok((there.cost_of(&self.material, missing)?, Money::ZERO));
        }
        let found = counted.saturating_sub(there.count);
        let gained = Money::from_fen(half_up(&[there.value.fen(), found], there.count)?);
        check_amount("counted", gained)?;
        Ok((Money::ZERO, gained))
    }
}
