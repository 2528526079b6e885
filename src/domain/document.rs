//! Numbered documents: their kinds, the entry that made each, and the numbers the service gives itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::month::business_date;
use crate::domain::{DocumentNo, Event, Refusal};

/// A kind of numbered document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// An opening line.
    Opening,
    /// A pickup.
    Pickup,
    /// A cash receipt.
    CashReceipt,
    /// A sale of material.
    Sale,
    /// A payment of a buyer.
    BuyerPayment,
    /// A stock count.
    StockCount,
    /// A weighing at the station.
    Intake,
    /// A receipt of the special fund.
    FundReceipt,
    /// An expense from the special fund.
    FundExpense,
    /// What a collector earned in a month.
    CollectorPay,
    /// What a collector was paid.
    CollectorPayment,
    /// A payout of credit.
    Payout,
    /// Cash handed in by a collector.
    HandIn,
    /// Cash brought to the bank.
    Deposit,
    /// A charge given up.
    WriteOff,
    /// A dispute.
    Dispute,
    /// A trip with residual waste.
    Trip,
    /// Households made one.
    Merge,
    /// A household divided.
    Split,
    /// A household gone to another village.
    Departure,
    /// A household come from another village.
    Arrival,
    /// A close of a month, by month and version.
    MonthClose,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: &'static [DocumentKind] = &[
        DocumentKind::Opening,
        DocumentKind::Pickup,
        DocumentKind::CashReceipt,
        DocumentKind::Sale,
        DocumentKind::BuyerPayment,
        DocumentKind::StockCount,
        DocumentKind::Intake,
        DocumentKind::FundReceipt,
        DocumentKind::FundExpense,
        DocumentKind::CollectorPay,
        DocumentKind::CollectorPayment,
        DocumentKind::Payout,
        DocumentKind::HandIn,
        DocumentKind::Deposit,
        DocumentKind::WriteOff,
        DocumentKind::Dispute,
        DocumentKind::Trip,
        DocumentKind::Merge,
        DocumentKind::Split,
        DocumentKind::Departure,
        DocumentKind::Arrival,
        DocumentKind::MonthClose,
    ];

    /// The word used in the database.
    pub const fn word(self) -> &'static str {
        match self {
            DocumentKind::Opening => "opening",
            DocumentKind::Pickup => "pickup",
            DocumentKind::CashReceipt => "cash_receipt",
            DocumentKind::Sale => "sale",
            DocumentKind::BuyerPayment => "buyer_payment",
            DocumentKind::StockCount => "stock_count",
            DocumentKind::Intake => "intake",
            DocumentKind::FundReceipt => "fund_receipt",
            DocumentKind::FundExpense => "fund_expense",
            DocumentKind::CollectorPay => "collector_pay",
            DocumentKind::CollectorPayment => "collector_payment",
            DocumentKind::Payout => "payout",
            DocumentKind::HandIn => "hand_in",
            DocumentKind::Deposit => "deposit",
            DocumentKind::WriteOff => "write_off",
            DocumentKind::Dispute => "dispute",
            DocumentKind::Trip => "trip",
            DocumentKind::Merge => "merge",
            DocumentKind::Split => "split",
            DocumentKind::Departure => "departure",
            DocumentKind::Arrival => "arrival",
            DocumentKind::MonthClose => "month_close",
        }
    }

    /// Whether the service numbers it itself, `YYYY-NNNNNN`, gapless by village, kind and year.
    pub const fn is_numbered_here(self) -> bool {
        !matches!(
            self,
            DocumentKind::Opening | DocumentKind::Pickup | DocumentKind::MonthClose
        )
    }

    /// The kind with that word.
    pub fn from_word(word: &str) -> Option<DocumentKind> {
        DocumentKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.word() == word)
    }
}

/// A document with the event that made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The entry that made it.
    pub seq: i64,
    /// The entry that reversed it.
    pub reversed_by: Option<i64>,
    /// What was recorded.
    pub event: Event,
}

impl Book {
    /// A document, if the number is in use.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn document(
        &self,
        kind: DocumentKind,
        number: &DocumentNo,
    ) -> Result<Option<&Document>, Stop> {
        self.documents.get(&(kind, number.clone()), || {
            Need::Document(kind, number.clone())
        })
    }

    /// A document that exists and was not reversed.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`].
    pub fn live_document(
        &self,
        kind: DocumentKind,
        number: &DocumentNo,
    ) -> Result<&Document, Stop> {
        match self.document(kind, number)? {
            None => Err(Refusal::DocumentUnknown {
                number: number.to_string(),
            }
            .into()),
            Some(document) if document.reversed_by.is_some() => Err(Refusal::AlreadyReversed {
                number: number.to_string(),
            }
            .into()),
            Some(document) => Ok(document),
        }
    }

    /// Makes sure that a number was never used; not even a voided document frees its number.
    ///
    /// # Errors
    /// [`Refusal::DocumentNoTaken`].
    pub fn check_new_document(&self, kind: DocumentKind, number: &DocumentNo) -> Result<(), Stop> {
        match self.document(kind, number)? {
            Some(_) => Err(Refusal::DocumentNoTaken {
                number: number.to_string(),
            }
            .into()),
            None => Ok(()),
        }
    }

    /// The last number given to a kind of document in a year; 0 if none was.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn last_number(&self, kind: DocumentKind, year: i16) -> Result<i64, Stop> {
        let last = self
            .last_numbers
            .get(&(kind, year), || Need::LastNumber(kind, year))?;
        Ok(last.copied().unwrap_or(0))
    }

    /// The next number of a kind of document that is numbered here, in the year of an instant.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn next_number(&self, kind: DocumentKind, at: Timestamp) -> Result<DocumentNo, Stop> {
        let year = business_date(at).year();
        let number = self.last_number(kind, year)?.saturating_add(1);
        Ok(DocumentNo::parse(
            "number",
            &format!("{year:04}-{number:06}"),
        )?)
    }
}
