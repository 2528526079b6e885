//! Voids of documents whose postings follow from their event alone (R-CO-7): one full reversal, linked to what it reverses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::{Decision, Flow, Posting, StockMovement};
use crate::domain::refuse::Trip;
use crate::domain::{DocumentNo, Event, HouseholdNo, Money, Month, Refusal};

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
    /// Payouts on hold whose cover it took away, newest first (R-CO-4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_payouts: Vec<DocumentNo>,
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

impl Decision {
    /// A loss or gain of an earlier month that is taken back is none of this month (R-CO-5); what the reversal itself leaves behind is.
    fn take_back_loss_and_gain(&mut self) {
        let postings = self.postings.iter_mut().map(|posting| &mut posting.flow);
        let movements = self.movements.iter_mut().map(|movement| &mut movement.flow);
        for flow in postings.chain(movements) {
            if matches!(flow, Flow::Loss | Flow::Gain) {
                *flow = Flow::PriorPeriod;
            }
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
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::NotVoidable`], [`Refusal::AdvanceTooSmall`], [`Refusal::PayoutInOtherState`],
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let document = book.live_document(self.kind, &self.number)?;
        if self.kind == DocumentKind::Trip {
            book.known_row::<Trip>(self.number.as_str())?;
        }
        if self.kind == DocumentKind::Payout {
            book.check_payout_voidable(&self.number)?;
        }
        let booked = document
            .event
            .reversible()
            .ok_or_else(|| Refusal::NotVoidable {
                number: self.number.to_string(),
                kind: self.kind.word(),
            })?;
        book.check_clearing_void(&document.event)?;
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
            cancelled_payouts: Vec::new(),
        };
        let fact = document.event.occurred_at().unwrap_or(self.voided_at);
        let mut decision = Decision::on(self.voided_at, Event::DocumentVoided(voided));
        decision.reverses = Some(document.seq);
        decision.postings = reversed;
        decision.movements = movements.into_iter().map(StockMovement::reversed).collect();
        if book.is_closed(Month::at(fact)) {
            decision.take_back_loss_and_gain();
        }
        book.settle_residue(&mut decision)?;
        book.book_in_month_of(&mut decision, fact);
        Ok(decision)
    }
}
