//! Giving up a charge by a resolution (核销, R-ST-6), and taking that back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::fund::REFERENCE_LONGEST;
use crate::domain::household_account::Charge;
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::business_date;
use crate::domain::move_out::advance_to_open_charges;
use crate::domain::{
    Account, ChargeKey, DocumentNo, Event, HouseholdNo, Money, Month, Refusal, plain_text,
};

/// Gives up what is open of a charge (R-ST-6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WriteOff {
    /// Whose charge.
    pub household_no: HouseholdNo,
    /// The charge, as its holder names it.
    pub charge: ChargeKey,
    /// The resolution it rests on.
    pub resolution: String,
    /// When.
    pub written_off_at: Timestamp,
}

/// A charge that was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WrittenOff {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// Which charge, and why.
    #[serde(flatten)]
    pub given_up: WriteOff,
    /// What was open of it.
    pub amount: Money,
}

impl WriteOff {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.written_off_at).year();
        vec![
            Need::Household(self.household_no.clone()),
            Need::Account(self.household_no.clone()),
            Need::LastNumber(DocumentKind::WriteOff, year),
        ]
    }

    /// Writes off all that is open of the charge, which must have been issued by then.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::ChargeUnknown`], [`Refusal::ChargeSettled`], [`Refusal::ChargeIssuedLater`],
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], and those of [`plain_text`] for the resolution.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("written_off_at", self.written_off_at)?;
        plain_text("resolution", &self.resolution, REFERENCE_LONGEST)?;
        let holder = book.resolve(&self.household_no)?;
        let key = self.charge.stated(&self.household_no).held_by(&holder);
        let account = book.account(&holder)?;
        let (household_no, charge_name) = (holder.to_string(), key.to_string());
        let Some(charge) = account.charges.get(&key) else {
            return Err(Refusal::ChargeUnknown {
                household_no,
                charge: charge_name,
            }
            .into());
        };
        if !charge.open.is_positive() {
            return Err(Refusal::ChargeSettled {
                household_no,
                charge: charge_name,
            }
            .into());
        }
        if charge.issued_in > Month::at(self.written_off_at) {
            return Err(Refusal::ChargeIssuedLater {
                household_no,
                charge: charge_name,
                issued_in: charge.issued_in,
            }
            .into());
        }
        let written_off = WrittenOff {
            number: book.next_number(DocumentKind::WriteOff, self.written_off_at)?,
            given_up: WriteOff {
                household_no: holder,
                charge: key,
                ..self.clone()
            },
            amount: charge.open,
        };
        let postings = written_off.postings();
        let mut decision = Decision::on(self.written_off_at, Event::ChargeWrittenOff(written_off));
        decision.postings = postings;
        Ok(decision)
    }
}

impl WrittenOff {
    /// Dr 5406, Cr 1122 of the household.
    pub fn postings(&self) -> Vec<Posting> {
        let fees = Account::FeeReceivable.of(self.given_up.household_no.as_str());
        let expense = Account::FeeWriteOff.alone();
        let posting = Posting::new(expense, fees, self.amount, Flow::WriteOff);
        vec![posting.on_charge(self.given_up.charge.clone())]
    }

    /// What voiding it books: the charge is open again by what is still written off of it, and fee advance that came since pays it (R-CO-7,
    /// R-ST-2). A charge that was lowered since has taken its part of the write-off back already.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn taken_back(&self, book: &Book) -> Result<Vec<Posting>, Stop> {
        let household = &self.given_up.household_no;
        let holder = book.resolve(household)?;
        let key = self.given_up.charge.stated(household).held_by(&holder);
        let mut account = book.account(&holder)?.clone();
        let charge = account.charges.get_mut(&key);
        let restored =
            charge.and_then(|charge| take_back_write_off(&holder, &key, charge, self.amount));
        let used = advance_to_open_charges(&holder, &mut account);
        Ok(restored.into_iter().chain(used).collect())
    }
}

/// Opens a charge again by an amount, at most by what was written off of it: Dr 1122, Cr 5406.
pub(crate) fn take_back_write_off(
    household: &HouseholdNo,
    key: &ChargeKey,
    charge: &mut Charge,
    amount: Money,
) -> Option<Posting> {
    let restored = amount.min(charge.written_off);
    if !restored.is_positive() {
        return None;
    }
    charge.open += restored;
    charge.written_off -= restored;
    let fees = Account::FeeReceivable.of(household.as_str());
    let expense = Account::FeeWriteOff.alone();
    Some(Posting::new(fees, expense, restored, Flow::WriteOff).on_charge(key.clone()))
}
