//! Moving out (R-FE-6): charges priced again, what was paid too much kept as fee advance, and the advance paid back.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::cash_custody::Custodian;
use crate::domain::facts::{Book, Stop};
use crate::domain::fee::{ChargeBasis, liable_months};
use crate::domain::household::Household;
use crate::domain::household_account::{Charge, HouseholdAccount};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::{self, Month};
use crate::domain::settlement::{advance_used, use_of_advance};
use crate::domain::write_off::take_back_write_off;
use crate::domain::{ChargeKey, Event, HouseholdNo, Money, Refusal};

/// A household moves out (R-FE-6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MoveOut {
    /// Which household.
    pub household_no: HouseholdNo,
    /// The day.
    pub moved_out: Date,
}

/// A charge priced again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RepricedCharge {
    /// The charge.
    pub period: ChargeKey,
    /// Months that are charged now.
    pub liable_months: i64,
    /// Gross amount now.
    pub gross: Money,
    /// Waived amount now.
    pub waived: Money,
}

/// A household that moved out, and what became of its charges.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MovedOut {
    /// The move.
    #[serde(flatten)]
    pub moved: MoveOut,
    /// The charges that are lower now.
    pub repriced: Vec<RepricedCharge>,
}

/// Charges priced again, the postings, and the account after them.
pub(crate) type Settled = (Vec<RepricedCharge>, Vec<Posting>, HouseholdAccount);

impl MoveOut {
    /// Prices again each charge whose period has not ended before the month of the move; what was paid too much becomes fee advance and
    /// is applied at once to other open charges (R-FE-6).
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::MovedOutAlready`], [`Refusal::MovedOutBeforeMovedIn`],
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let occurred_at = month::start_of_day(self.moved_out);
        book.check_time("moved_out", occurred_at)?;
        let (repriced, postings, _) = self.settle(book)?;
        let event = Event::HouseholdMovedOut(MovedOut {
            moved: self.clone(),
            repriced,
        });
        let mut decision = Decision::on(occurred_at, event);
        decision.postings = postings;
        Ok(decision)
    }

    /// What a move-out does to charges, with its postings and the account after them.
    ///
    /// # Errors
    /// As [`MoveOut::decide`].
    pub(crate) fn settle(&self, book: &Book) -> Result<Settled, Stop> {
        let household = book.unmerged_household(&self.household_no)?;
        household.check_is_there(&self.household_no)?;
        household.check_was_there(&self.household_no, self.moved_out)?;
        let mut account = book.account(&self.household_no)?.clone();
        let mut repriced = Vec::new();
        let mut postings = Vec::new();
        for (key, charge) in &mut account.charges {
            // A charge that came with a merge is priced by its own household's time here; one that came by a split concerns another.
            let issued_to = key.issued_to.as_ref().unwrap_or(&self.household_no);
            if book.resolve(issued_to)? != self.household_no {
                continue;
            }
            let household = book.known_household(issued_to)?;
            if let Some(lower) = self.reprice(household, key, charge)? {
                postings.extend(self.credit_back(key, charge, &lower, &mut account.advance));
                repriced.push(lower);
            }
        }
        postings.extend(advance_to_open_charges(&self.household_no, &mut account));
        Ok((repriced, postings, account))
    }

    /// The charge with the move known, if that makes it lower. Charges from before the opening were never priced here.
    fn reprice(
        &self,
        household: &Household,
        key: &ChargeKey,
        charge: &Charge,
    ) -> Result<Option<RepricedCharge>, Refusal> {
        let months = i32::try_from(charge.basis.period_months).unwrap_or(1);
        let period = key.period;
        let last = period.plus(months.saturating_sub(1));
        if charge.basis.policy_version == 0 || last < Month::of(self.moved_out) {
            return Ok(None);
        }
        let liable_months = liable_months(period, months, household.moved_in, Some(self.moved_out));
        let (gross, waived) = ChargeBasis {
            liable_months,
            ..charge.basis
        }
        .price()?;
        // What a split took of the charge is no longer part of it.
        let (full, _) = charge.basis.price()?;
        let gross = (gross - (full - charge.gross)).max(waived);
        let is_lower = gross < charge.gross;
        Ok(is_lower.then_some(RepricedCharge {
            period: key.clone(),
            liable_months,
            gross,
            waived,
        }))
    }

    /// Dr 5001 gross difference; Cr 5002 waived difference, Cr 1122 what is open, Cr 2203 the rest.
    fn credit_back(
        &self,
        key: &ChargeKey,
        charge: &mut Charge,
        lower: &RepricedCharge,
        advance: &mut Money,
    ) -> Vec<Posting> {
        let side = |account: Account| account.of(self.household_no.as_str());
        let waived = charge.waived - lower.waived;
        let net = charge.gross - lower.gross - waived;
        // What was written off was never paid: it is taken back first, so that it does not become advance.
        let restored = take_back_write_off(&self.household_no, key, charge, net - charge.open);
        let from_open = net.min(charge.open);
        let to_advance = net - from_open;
        charge.open -= from_open;
        (charge.gross, charge.waived) = (lower.gross, lower.waived);
        *advance += to_advance;
        [
            (Account::FeeWaiver, waived),
            (Account::FeeReceivable, from_open),
            (Account::FeeAdvance, to_advance),
        ]
        .into_iter()
        .filter(|(_, amount)| amount.is_positive())
        .map(|(account, amount)| {
            Posting::new(
                side(Account::FeeIncome),
                side(account),
                amount,
                Flow::CreditedBack,
            )
            .on_charge(key.clone())
        })
        .chain(restored)
        .collect()
    }
}

/// Applies a household's fee advance to its open charges, oldest first, on the account as well: whoever goes on with it asks for no charge twice.
pub(crate) fn advance_to_open_charges(
    household: &HouseholdNo,
    account: &mut HouseholdAccount,
) -> Vec<Posting> {
    let used = use_of_advance(account);
    for (key, amount) in &used {
        account.advance -= *amount;
        if let Some(charge) = account.charges.get_mut(key) {
            charge.open -= *amount;
            charge.from_advance += *amount;
        }
    }
    advance_used(household, &used)
}

/// Pays fee advance back to a household (R-FE-6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundAdvance {
    /// Which household.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub paid_at: jiff::Timestamp,
    /// From the bank account instead of the cash box.
    pub from_bank: bool,
    /// Out of whose cash box; none for the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custodian: Option<Custodian>,
}

impl RefundAdvance {
    /// Pays back no more than the household's advance.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::AdvanceTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("paid_at", self.paid_at)?;
        let household = book.resolve(&self.household_no)?;
        let available = book.account(&household)?.advance;
        if self.amount > available || !self.amount.is_positive() {
            let household_no = household.to_string();
            return Err(Refusal::AdvanceTooSmall {
                household_no,
                available,
                asked: self.amount,
            }
            .into());
        }
        let paid_from = match &self.custodian {
            _ if self.from_bank => Account::Bank.alone(),
            Some(custodian) => custodian.cash(),
            None => Account::CashOnHand.alone(),
        };
        let advance = Account::FeeAdvance.of(household.as_str());
        let refunded = RefundAdvance {
            household_no: household,
            ..self.clone()
        };
        let mut decision = Decision::on(self.paid_at, Event::AdvanceRefunded(refunded));
        decision.postings = vec![Posting::new(advance, paid_from, self.amount, Flow::Refund)];
        Ok(decision)
    }
}
