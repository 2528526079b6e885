//! What a household has and owes: credit, fee advance, and its charges.

use std::collections::BTreeMap;

use crate::domain::account::Account;
use crate::domain::fee::ChargeBasis;
use crate::domain::journal::{Flow, Posting};
use crate::domain::{ChargeKey, HouseholdNo, Money, Month};

/// A fee charge as it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charge {
    /// The month in whose books it was issued.
    pub issued_in: Month,
    /// Before the waiver; nothing once the charge was taken back.
    pub gross: Money,
    /// The part that is waived.
    pub waived: Money,
    /// What is still owed.
    pub open: Money,
    /// What was paid out of fee advance.
    pub from_advance: Money,
    /// What was given up by a resolution (R-ST-6).
    pub written_off: Money,
    /// How it was priced.
    pub basis: ChargeBasis,
}

impl Charge {
    /// What is settled: net less open.
    pub fn settled(&self) -> Money {
        self.gross - self.waived - self.open
    }
}

/// What a household has and owes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HouseholdAccount {
    /// Credit (抵扣款); below zero only by a void or correction (R-CO-4).
    pub credit: Money,
    /// Fee advance (预收).
    pub advance: Money,
    /// Charges, its own and those that came to it, by period and number; of a whole village only those that a run asks for.
    pub charges: BTreeMap<ChargeKey, Charge>,
    /// How credit moved by month; complete only from the month that a whole village was loaded from.
    pub credit_moved: BTreeMap<Month, Money>,
}

impl HouseholdAccount {
    /// Open charges, oldest first.
    pub fn open_charges(&self) -> impl Iterator<Item = (ChargeKey, Money)> {
        let open = |(key, charge): (&ChargeKey, &Charge)| (key.clone(), charge.open);
        self.charges
            .iter()
            .map(open)
            .filter(|(_, open)| open.is_positive())
    }

    /// Open charges that stood in the books by the end of a month, oldest first.
    pub fn open_charges_issued_by(&self, month: Month) -> impl Iterator<Item = (ChargeKey, Money)> {
        self.open_charges().filter(move |(key, _)| {
            self.charges
                .get(key)
                .is_some_and(|charge| charge.issued_in <= month)
        })
    }

    /// The credit as it stood at the end of a month.
    pub fn credit_at_end_of(&self, month: Month) -> Money {
        self.credit
            - self
                .credit_moved
                .range(month.next()..)
                .map(|(_, moved)| *moved)
                .sum()
    }

    /// Moves the figures by a posting booked in a month, as far as it names their holder.
    pub(crate) fn advance_by(&mut self, holder: &HouseholdNo, month: Month, posting: &Posting) {
        for (side, amount) in posting.sides() {
            if side.subject == holder.as_str() {
                self.advance_side(holder, side.account, month, posting, amount);
            }
        }
    }

    /// Moves the figures by one side of a posting; the side's amount is debit positive.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub(crate) fn advance_side(
        &mut self,
        holder: &HouseholdNo,
        side: Account,
        month: Month,
        posting: &Posting,
        amount: Money,
    ) {
        match side {
            Account::HouseholdCredit => {
                self.credit -= amount;
                *self.credit_moved.entry(month).or_default() -= amount;
            }
            Account::FeeAdvance => self.advance -= amount,
            Account::FeeReceivable => {
                // What a charge opens with came with its event.
                let moves_open = !matches!(posting.flow, Flow::Charge | Flow::Opening);
                let key = posting.charge.as_ref().filter(|_| moves_open);
                let key = key.map(|key| key.held_by(holder));
                let charge = key.and_then(|key| self.charges.get_mut(&key));
                if let Some(charge) = charge {
                    charge.open += amount;
                    if posting.flow == Flow::AdvanceUsed {
                        charge.from_advance -= amount;
                    }
                    if posting.moves(Account::FeeWriteOff) {
                        charge.written_off -= amount;
                    }
                }
            }
            _ => {}
        }
    }
}
