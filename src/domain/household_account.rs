//! What a household has and owes: credit, fee advance, and its charges.

use std::collections::BTreeMap;

use crate::domain::fee::ChargeBasis;
use crate::domain::{Money, Month};

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
    /// Charges by the first month of their period; of a whole village only those that a run asks for.
    pub charges: BTreeMap<Month, Charge>,
    /// How credit moved by month; complete only from the month that a whole village was loaded from.
    pub credit_moved: BTreeMap<Month, Money>,
}

impl HouseholdAccount {
    /// Open charges, oldest first.
    pub fn open_charges(&self) -> impl Iterator<Item = (Month, Money)> {
        let open = |(period, charge): (&Month, &Charge)| (*period, charge.open);
        self.charges
            .iter()
            .map(open)
            .filter(|(_, open)| open.is_positive())
    }

    /// Open charges that stood in the books by the end of a month, oldest first.
    pub fn open_charges_issued_by(&self, month: Month) -> impl Iterator<Item = (Month, Money)> {
        self.open_charges().filter(move |(period, _)| {
            self.charges
                .get(period)
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
}
