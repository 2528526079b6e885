//! Voids of documents whose postings follow from their event alone (R-CO-7): one full reversal, linked to what it reverses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::facts::{Book, DocumentKind, Stop};
use crate::domain::journal::{Decision, Posting, StockMovement};
use crate::domain::{DocumentNo, Event, HouseholdNo, Money, Refusal};

/// Voids a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VoidDocument {
    /// What kind of document.
    pub kind: DocumentKind,
    /// Its number.
    pub number: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A document that was voided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DocumentVoided {
    /// What kind of document.
    pub kind: DocumentKind,
    /// Its number.
    pub number: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Whose it was, where it was a household's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_no: Option<HouseholdNo>,
    /// What it moved: the sum of its postings.
    pub amount: Money,
}

impl Posting {
    /// The posting that takes it back.
    #[must_use]
    pub fn reversed(self) -> Posting {
        Posting {
            debit: self.credit,
            credit: self.debit,
            ..self
        }
    }
}

impl StockMovement {
    /// The movement that takes it back.
    #[must_use]
    pub fn reversed(self) -> StockMovement {
        StockMovement {
            direction: self.direction.reversed(),
            ..self
        }
    }
}

impl VoidDocument {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Reverses the document whole; what it leaves in stock without quantity is settled at once (R-SA-2).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::NotVoidable`], [`Refusal::InTheFuture`],
    /// [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let document = book.live_document(self.kind, &self.number)?;
        let booked = document
            .event
            .reversible()
            .ok_or_else(|| Refusal::NotVoidable {
                number: self.number.to_string(),
                kind: self.kind.word(),
            })?;
        let (postings, movements) = booked;
        let mut reversed: Vec<Posting> = postings.into_iter().map(Posting::reversed).collect();
        if let Event::ChargeWrittenOff(written_off) = &document.event {
            reversed = written_off.taken_back(book)?;
        }
        if let Event::PayEarned(pay) = &document.event {
            // Its row of the register is changed, so it must be there.
            pay.earned.row(book)?;
        }
        let voided = DocumentVoided {
            kind: self.kind,
            number: self.number.clone(),
            voided_at: self.voided_at,
            household_no: document.event.household().cloned(),
            amount: reversed.iter().map(|posting| posting.amount).sum(),
        };
        let fact = document.event.occurred_at().unwrap_or(self.voided_at);
        let mut decision = Decision::on(self.voided_at, Event::DocumentVoided(voided));
        decision.reverses = Some(document.seq);
        decision.postings = reversed;
        decision.movements = movements.into_iter().map(StockMovement::reversed).collect();
        book.settle_residue(&mut decision)?;
        book.book_in_month_of(&mut decision, fact);
        Ok(decision)
    }
}
