//! What payouts hold of credit (R-ST-3, R-ST-5), which of them a void cancels (R-CO-4), and their rows in the register.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::account::Account;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::{Decision, Posting};
use crate::domain::payout::{Payout, PayoutState};
use crate::domain::{DocumentNo, Event, HouseholdNo, Money, Refusal};

impl Book {
    /// What payouts hold of each household's credit now (R-ST-3, R-ST-5).
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn payout_holds(&self) -> Result<BTreeMap<HouseholdNo, Money>, Stop> {
        let mut holds: BTreeMap<HouseholdNo, Money> = BTreeMap::new();
        for (_, row) in self.open_rows::<Payout>()? {
            if row.holds(self.now()) {
                *holds.entry(row.household_no).or_default() += row.amount;
            }
        }
        Ok(holds)
    }

    /// Refuses an amount that the household's credit does not cover beside what other payouts hold.
    pub(crate) fn check_cover(
        &self,
        household: &HouseholdNo,
        asked: Money,
        own: Option<&DocumentNo>,
    ) -> Result<(), Stop> {
        let is_own = |number: &str| own.is_some_and(|own| own.as_str() == number);
        let on_hold: Money = self
            .open_rows::<Payout>()?
            .into_iter()
            .filter(|(number, row)| row.household_no == *household && !is_own(number))
            .filter(|(_, row)| row.holds(self.now()))
            .map(|(_, row)| row.amount)
            .sum();
        let credit = self.account(household)?.credit;
        if asked > credit - on_hold {
            return Err(Refusal::PayoutNotCovered {
                household_no: household.to_string(),
                asked,
                credit,
                on_hold,
            }
            .into());
        }
        Ok(())
    }

    /// Refuses to void a payout that was not paid: it has no postings, and is cancelled (R-CO-7).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::PayoutInOtherState`].
    pub(crate) fn check_payout_voidable(&self, number: &DocumentNo) -> Result<(), Stop> {
        let row: Payout = self.known_row(number.as_str())?;
        if matches!(row.state, PayoutState::Paid | PayoutState::Voided) {
            return Ok(());
        }
        Err(Refusal::PayoutInOtherState {
            number: number.to_string(),
            state: row.state.word(),
            step: "void",
        }
        .into())
    }

    /// Cancels, in the entry that takes credit away, the payouts on hold that credit no longer covers, newest first (R-CO-4); for the events
    /// that can tell which.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn cancel_uncovered(&self, decision: &mut Decision) -> Result<(), Stop> {
        if decision.event.cancelled_payouts_mut().is_none() {
            return Ok(());
        }
        let uncovered = self.uncovered_payouts(&decision.postings)?;
        if let Some(cancelled) = decision.event.cancelled_payouts_mut() {
            *cancelled = uncovered;
        }
        Ok(())
    }

    /// The payouts on hold that credit does not cover once these postings are made: of each household whose credit they lower, the newest
    /// until the rest is covered.
    fn uncovered_payouts(&self, postings: &[Posting]) -> Result<Vec<DocumentNo>, Stop> {
        let mut held: BTreeMap<HouseholdNo, Vec<(Timestamp, String, Money)>> = BTreeMap::new();
        for (number, row) in self.open_rows::<Payout>()? {
            if row.holds(self.now()) {
                let payout = (row.requested_at, number, row.amount);
                held.entry(row.household_no).or_default().push(payout);
            }
        }
        let mut uncovered = Vec::new();
        for (household, mut payouts) in held {
            let credit = Account::HouseholdCredit.of(household.as_str());
            let sides = postings.iter().flat_map(Posting::sides);
            let taken: Money = sides
                .filter(|(side, _)| **side == credit)
                .map(|(_, amount)| amount)
                .sum();
            if !taken.is_positive() {
                continue;
            }
            let left = self.account(&household)?.credit - taken;
            let mut on_hold: Money = payouts.iter().map(|(_, _, amount)| *amount).sum();
            payouts.sort();
            while on_hold > left
                && let Some((_, number, amount)) = payouts.pop()
            {
                on_hold -= amount;
                uncovered.push(DocumentNo::parse("number", &number)?);
            }
        }
        Ok(uncovered)
    }

    /// What an event does to the register of payouts.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds concern no payout"
    )]
    pub(crate) fn apply_payouts(&mut self, decision: &Decision) {
        let event = &decision.event;
        let cancelled = event.cancelled_payouts();
        self.set_payouts(cancelled, PayoutState::Cancelled, decision.occurred_at);
        match event {
            Event::PayoutRequested(event) => {
                let row = Payout {
                    household_no: event.requested.household_no.clone(),
                    amount: event.requested.amount,
                    requested_at: event.requested.requested_at,
                    requested_by: event.requested_by.clone(),
                    approved_by: None,
                    state: PayoutState::Requested,
                    since: event.requested.requested_at,
                    last_day: event.last_day,
                };
                self.register(event.number.as_str(), &row);
            }
            Event::PayoutApproved(event) => {
                self.change_row(event.number.as_str(), |row: &mut Payout| {
                    row.approved_by = Some(event.approved_by.clone());
                    (row.state, row.since) = (PayoutState::Approved, event.approved_at);
                });
            }
            Event::PayoutPaid(event) => {
                self.set_payout(&event.number, PayoutState::Paid, event.paid_at);
            }
            Event::PayoutCancelled(event) => {
                self.set_payout(&event.number, PayoutState::Cancelled, event.cancelled_at);
            }
            Event::PayoutsExpired(event) => {
                self.set_payouts(&event.numbers, PayoutState::Expired, event.expired_at);
            }
            Event::DocumentVoided(event) if event.kind == DocumentKind::Payout => {
                self.set_payout(&event.number, PayoutState::Voided, event.voided_at);
            }
            _ => {}
        }
    }

    fn set_payouts(&mut self, numbers: &[DocumentNo], state: PayoutState, since: Timestamp) {
        for number in numbers {
            self.set_payout(number, state, since);
        }
    }

    fn set_payout(&mut self, number: &DocumentNo, state: PayoutState, since: Timestamp) {
        self.change_row(number.as_str(), |row: &mut Payout| {
            (row.state, row.since) = (state, since);
        });
    }
}
