//! Merging households (R-HH-1): credit, advance and charges move, the old number becomes an alias, and what is booked on it later is carried over.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::household::Household;
use crate::domain::household_account::{Charge, HouseholdAccount};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::{self, Month};
use crate::domain::move_out::advance_to_open_charges;
use crate::domain::register::RegisterKind;
use crate::domain::settlement::{advance_used, use_of_advance};
use crate::domain::{ChargeKey, DocumentNo, Event, HouseholdNo, Money, Refusal};

/// Makes two households one (R-HH-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MergeHouseholds {
    /// The household whose number becomes an alias.
    pub from: HouseholdNo,
    /// The household that goes on.
    pub into: HouseholdNo,
    /// The day.
    pub on: Date,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// Two households that became one, with what moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HouseholdsMerged {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// The household whose number is an alias now.
    pub from: HouseholdNo,
    /// The household that goes on.
    pub into: HouseholdNo,
    /// The day.
    pub on: Date,
    /// Credit that moved; negative where it was to be made good.
    pub credit: Money,
    /// Fee advance that moved.
    pub advance: Money,
    /// Open charges that moved, with whom they were issued to, and what was open of each.
    pub charges: Vec<(ChargeKey, Money)>,
    /// The charges that advance paid at once, now that both are in one hand.
    pub used: Vec<(ChargeKey, Money)>,
}

/// Moves the balance of an account, debit positive, from one household to another. None for nothing.
pub(crate) fn pass_on(
    account: Account,
    (from, to): (&HouseholdNo, &HouseholdNo),
    balance: Money,
) -> Option<Posting> {
    let (from, to) = (account.of(from.as_str()), account.of(to.as_str()));
    if balance.is_positive() {
        Some(Posting::new(to, from, balance, Flow::Transfer))
    } else if balance.is_negative() {
        Some(Posting::new(from, to, -balance, Flow::Transfer))
    } else {
        None
    }
}

/// Moves what one household has to another: credit, advance, and open charges, which are stated with whom they were issued to.
pub(crate) fn pass_all(
    between: (&HouseholdNo, &HouseholdNo),
    credit: Money,
    advance: Money,
    charges: &[(ChargeKey, Money)],
) -> Vec<Posting> {
    let charge = |(key, open): &(ChargeKey, Money)| {
        pass_on(Account::FeeReceivable, between, *open)
            .map(|posting| posting.on_charge(key.clone()))
    };
    pass_on(Account::HouseholdCredit, between, -credit)
        .into_iter()
        .chain(charges.iter().filter_map(charge))
        .chain(pass_on(Account::FeeAdvance, between, -advance))
        .collect()
}

impl HouseholdsMerged {
    /// Its postings: what moved, and advance that paid charges at once.
    pub fn postings(&self) -> Vec<Posting> {
        let between = (&self.from, &self.into);
        let mut postings = pass_all(between, self.credit, self.advance, &self.charges);
        postings.extend(advance_used(&self.into, &self.used));
        postings
    }
}

impl MergeHouseholds {
    /// The facts that it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        vec![
            Need::Household(self.from.clone()),
            Need::Household(self.into.clone()),
            Need::Account(self.from.clone()),
            Need::Account(self.into.clone()),
            Need::OpenRegister(RegisterKind::Payout),
            Need::LastNumber(DocumentKind::Merge, self.on.year()),
        ]
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Moves credit, advance and open charges, which keep the number they were issued to; nothing new is issued to the old number (R-HH-1).
    ///
    /// # Errors
    /// [`Refusal::MergedWithItself`], [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::MovedOutAlready`],
    /// [`Refusal::MovedOutBeforeMovedIn`], [`Refusal::PayoutPending`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let occurred_at = month::start_of_day(self.on);
        book.check_time("on", occurred_at)?;
        if self.from == self.into {
            let household_no = self.from.to_string();
            return Err(Refusal::MergedWithItself { household_no }.into());
        }
        book.unmerged_household(&self.from)?
            .check_was_there(&self.from, self.on)?;
        let into = book.unmerged_household(&self.into)?;
        into.check_is_there(&self.into)?;
        into.check_was_there(&self.into, self.on)?;
        book.check_no_payout(&self.from)?;
        let account = book.account(&self.from)?;
        let mut joint = book.account(&self.into)?.clone();
        joint.take_over(account, (&self.from, &self.into));
        let merged = HouseholdsMerged {
            number: book.next_number(DocumentKind::Merge, occurred_at)?,
            from: self.from.clone(),
            into: self.into.clone(),
            on: self.on,
            credit: account.credit,
            advance: account.advance,
            charges: account
                .open_charges()
                .map(|(key, open)| (key.stated(&self.from), open))
                .collect(),
            used: use_of_advance(&joint),
        };
        let postings = merged.postings();
        let mut decision = Decision::on(occurred_at, Event::HouseholdsMerged(merged));
        decision.postings = postings;
        Ok(decision)
    }
}

impl HouseholdAccount {
    /// Takes over what another household has and owes.
    fn take_over(&mut self, other: &HouseholdAccount, (from, into): (&HouseholdNo, &HouseholdNo)) {
        self.credit += other.credit;
        self.advance += other.advance;
        for (key, charge) in &other.charges {
            let key = key.stated(from).held_by(into);
            self.charges
                .entry(key)
                .and_modify(|held| held.open += charge.open)
                .or_insert_with(|| charge.clone());
        }
    }
}

impl Household {
    /// A household that something is booked for from a day on must not have moved out.
    ///
    /// # Errors
    /// [`Refusal::MovedOutAlready`].
    pub(crate) fn check_is_there(&self, number: &HouseholdNo) -> Result<(), Refusal> {
        match self.moved_out {
            Some(moved_out) => Err(Refusal::MovedOutAlready {
                household_no: number.to_string(),
                moved_out,
            }),
            None => Ok(()),
        }
    }

    /// A household cannot leave its number before it moved in.
    ///
    /// # Errors
    /// [`Refusal::MovedOutBeforeMovedIn`].
    pub(crate) fn check_was_there(&self, number: &HouseholdNo, on: Date) -> Result<(), Refusal> {
        match self.moved_in.filter(|moved_in| on < *moved_in) {
            Some(moved_in) => Err(Refusal::MovedOutBeforeMovedIn {
                household_no: number.to_string(),
                moved_in,
            }),
            None => Ok(()),
        }
    }
}

impl Book {
    /// The household that a number stands for: itself, or the one that it was merged into (R-HH-1).
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`].
    pub fn resolve(&self, number: &HouseholdNo) -> Result<HouseholdNo, Stop> {
        let mut current = number.clone();
        // Nothing is ever merged into a number that is an alias, so this comes to an end.
        while let Some(into) = &self.known_household(&current)?.merged_into {
            current = into.clone();
        }
        Ok(current)
    }

    /// A household whose number is no alias.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`].
    pub fn unmerged_household(&self, number: &HouseholdNo) -> Result<&Household, Stop> {
        let household = self.known_household(number)?;
        match &household.merged_into {
            Some(_) => Err(Refusal::HouseholdMerged {
                household_no: number.to_string(),
                into: self.resolve(number)?.to_string(),
            }
            .into()),
            None => Ok(household),
        }
    }

    /// Credit that a payout holds cannot go to another household or village.
    ///
    /// # Errors
    /// [`Refusal::PayoutPending`].
    pub(crate) fn check_no_payout(&self, household: &HouseholdNo) -> Result<(), Stop> {
        let open = self
            .open_registers
            .get(&RegisterKind::Payout)
            .ok_or(Stop::Missing(Need::OpenRegister(RegisterKind::Payout)))?;
        for number in open {
            let key = (RegisterKind::Payout, number.clone());
            let row = self.registers.get(&key, || {
                Need::Register(RegisterKind::Payout, number.clone())
            })?;
            if row.is_some_and(|row| row.household_no.as_ref() == Some(household)) {
                return Err(Refusal::PayoutPending {
                    household_no: household.to_string(),
                    number: number.clone(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// Makes sure that everything is loaded that an entry changes, and that nothing is left on a number that is an alias.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn settle_households(&self, decision: &mut Decision) -> Result<(), Stop> {
        let mut merged = Vec::new();
        // The projections are kept by the group of the household.
        for number in decision.households() {
            let household = self.household(&number)?;
            if household.is_some_and(|household| household.merged_into.is_some()) {
                merged.push(number);
            }
        }
        for number in &merged {
            self.carry_over(decision, number)?;
        }
        // A reversal names charges that its command did not ask for.
        let reversed = decision
            .postings
            .iter()
            .filter(|_| decision.reverses.is_some());
        for posting in reversed.filter(|posting| posting.charge.is_some()) {
            for (side, _) in posting.sides() {
                if side.account == Account::FeeReceivable {
                    self.account(&HouseholdNo::parse("household_no", &side.subject)?)?;
                }
            }
        }
        Ok(())
    }

    /// Carries what an entry moves on the accounts of a merged household over to the household that it is now, in the same entry.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn carry_over(
        &self,
        decision: &mut Decision,
        from: &HouseholdNo,
    ) -> Result<(), Stop> {
        let into = self.resolve(from)?;
        let between = (from, &into);
        self.account(from)?;
        let mut moved: BTreeMap<(Account, Option<ChargeKey>), Money> = BTreeMap::new();
        for posting in &decision.postings {
            for (side, amount) in posting.sides() {
                let is_carried = matches!(
                    side.account,
                    Account::HouseholdCredit | Account::FeeReceivable | Account::FeeAdvance
                );
                if is_carried && side.subject == from.as_str() {
                    let is_charge = side.account == Account::FeeReceivable;
                    let charge = posting.charge.as_ref().filter(|_| is_charge);
                    let charge = charge.map(|charge| charge.stated(from));
                    *moved.entry((side.account, charge)).or_default() += amount;
                }
            }
        }
        let carried = moved.into_iter().filter_map(|((account, charge), sum)| {
            let posting = pass_on(account, between, sum)?;
            Some(Posting { charge, ..posting })
        });
        decision.postings.extend(carried);
        let mut account = self.account(&into)?.clone();
        let month = Month::of(decision.booked_on);
        for posting in &decision.postings {
            account.advance_by(&into, month, posting);
        }
        decision
            .postings
            .extend(advance_to_open_charges(&into, &mut account));
        Ok(())
    }
}

impl Book {
    /// Makes the old number an alias, and moves its charges, settled ones as well: what reopens them later finds them where they are. What is
    /// open of them moves by the postings.
    pub(crate) fn apply_merge(&mut self, event: &HouseholdsMerged) {
        if let Some(household) = self.households.change(&event.from) {
            household.merged_into = Some(event.into.clone());
            household.moved_out.get_or_insert(event.on);
        }
        let charges = self.accounts.known_or_default(&event.from).charges.clone();
        for (key, charge) in charges {
            let moved = key.stated(&event.from).held_by(&event.into);
            self.change_charge(&event.from, &key, |left| {
                left.gross = Money::ZERO;
                left.waived = Money::ZERO;
                left.from_advance = Money::ZERO;
                left.written_off = Money::ZERO;
            });
            self.join_charge(&event.into, moved, &charge);
        }
    }

    /// Adds a charge without what is open of it to those that a household holds.
    pub(crate) fn join_charge(&mut self, holder: &HouseholdNo, key: ChargeKey, charge: &Charge) {
        let held = self.accounts.known_or_default(holder).charges.get(&key);
        let mut joined = Charge {
            open: Money::ZERO,
            ..charge.clone()
        };
        if let Some(held) = held {
            joined.gross += held.gross;
            joined.waived += held.waived;
            joined.from_advance += held.from_advance;
            joined.written_off += held.written_off;
            joined.open = held.open;
        }
        self.insert_charge(holder, key, joined);
    }
}
