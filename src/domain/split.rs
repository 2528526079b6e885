//! Splitting a household (R-HH-2): new households with agreed shares of the credit; the remainder, advance and charges stay unless stated.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::household::{Household, HouseholdTerms, RegisteredHousehold, check_headcount};
use crate::domain::household_account::{Charge, HouseholdAccount};
use crate::domain::journal::{Decision, Posting};
use crate::domain::merge::pass_all;
use crate::domain::register::RegisterKind;
use crate::domain::settlement::{advance_used, apply_in_order};
use crate::domain::{
    ChargeKey, DocumentNo, Event, Group, HouseholdKind, HouseholdNo, Money, Refusal, month,
};

/// A new household that a split makes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SplitPart {
    /// Its number, never used before.
    pub household_no: HouseholdNo,
    /// Its group; none: as before.
    pub group: Option<Group>,
    /// People in it.
    pub headcount: i64,
    /// How it belongs to the village; none: as before.
    pub kind: Option<HouseholdKind>,
    /// Its share of the credit, in percent.
    pub share: i64,
    /// The fee advance that it takes.
    pub advance: Money,
    /// The open charges that it takes.
    pub charges: Vec<ChargeKey>,
}

/// Splits a household (R-HH-2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SplitHousehold {
    /// The household that goes on with the remainder.
    pub household_no: HouseholdNo,
    /// The day.
    pub on: Date,
    /// The new households, at least one.
    pub parts: Vec<SplitPart>,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A new household with what it took.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartMade {
    /// The household.
    pub household: RegisteredHousehold,
    /// Its share of the credit in percent.
    pub share: i64,
    /// Credit that it took.
    pub credit: Money,
    /// Fee advance that it took.
    pub advance: Money,
    /// Open charges that it took, with whom they were issued to, and what was open of each.
    pub charges: Vec<(ChargeKey, Money)>,
    /// The charges that advance paid at once.
    pub used: Vec<(ChargeKey, Money)>,
}

/// A household that was split.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WasSplit {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// The household that goes on.
    pub household_no: HouseholdNo,
    /// The day.
    pub on: Date,
    /// The new households.
    pub parts: Vec<PartMade>,
}

impl WasSplit {
    /// Its postings: what moved to each part, and advance that paid charges there at once.
    pub fn postings(&self) -> Vec<Posting> {
        let mut postings = Vec::new();
        for part in &self.parts {
            let number = &part.household.household_no;
            let between = (&self.household_no, number);
            postings.extend(pass_all(between, part.credit, part.advance, &part.charges));
            postings.extend(advance_used(number, &part.used));
        }
        postings
    }
}

impl SplitHousehold {
    /// The facts that it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let parts = self.parts.iter();
        let mut needs: Vec<Need> = parts
            .map(|part| Need::Household(part.household_no.clone()))
            .collect();
        needs.extend([
            Need::Household(self.household_no.clone()),
            Need::Account(self.household_no.clone()),
            Need::OpenRegister(RegisterKind::Payout),
            Need::LastNumber(DocumentKind::Split, self.on.year()),
        ]);
        needs
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Registers the parts from the day on and moves their shares of the credit, each rounded half up; the remainder stays (R-HH-2, R-NU-5).
    /// Credit below zero stays where it is.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::MovedOutAlready`], [`Refusal::HouseholdNoTaken`],
    /// [`Refusal::OutOfRange`] for shares over 100, [`Refusal::ChargeNotOpen`], [`Refusal::AdvanceTooSmall`], [`Refusal::PayoutPending`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let occurred_at = month::start_of_day(self.on);
        book.check_time("on", occurred_at)?;
        let household = book.unmerged_household(&self.household_no)?;
        household.check_is_there(&self.household_no)?;
        household.check_was_there(&self.household_no, self.on)?;
        self.check_parts(book)?;
        book.check_no_payout(&self.household_no)?;
        let mut left = book.account(&self.household_no)?.clone();
        let credit = left.credit;
        let parts = self
            .parts
            .iter()
            .map(|part| self.part(household, part, credit, &mut left))
            .collect::<Result<_, Refusal>>()?;
        let split = WasSplit {
            number: book.next_number(DocumentKind::Split, occurred_at)?,
            household_no: self.household_no.clone(),
            on: self.on,
            parts,
        };
        let postings = split.postings();
        let mut decision = Decision::on(occurred_at, Event::HouseholdSplit(split));
        decision.postings = postings;
        Ok(decision)
    }

    fn check_parts(&self, book: &Book) -> Result<(), Stop> {
        if self.parts.is_empty() {
            return Err(Refusal::Empty { field: "part" }.into());
        }
        let mut numbers = BTreeSet::new();
        for part in &self.parts {
            let is_taken = book.household(&part.household_no)?.is_some();
            if is_taken || !numbers.insert(&part.household_no) {
                let household_no = part.household_no.to_string();
                return Err(Refusal::HouseholdNoTaken { household_no }.into());
            }
            check_headcount(part.headcount)?;
            check_percent(part.share)?;
        }
        let total = self.parts.iter().map(|part| part.share);
        Ok(check_percent(total.fold(0, i64::saturating_add))?)
    }

    /// A part with what it takes of what is left.
    fn part(
        &self,
        household: &Household,
        part: &SplitPart,
        credit: Money,
        left: &mut HouseholdAccount,
    ) -> Result<PartMade, Refusal> {
        // Two halves of a fen, each rounded half up, are no two fen.
        let share = credit.percent(part.share)?.min(left.credit);
        let share = share.max(Money::ZERO);
        left.credit -= share;
        if part.advance > left.advance || part.advance.is_negative() {
            return Err(Refusal::AdvanceTooSmall {
                household_no: self.household_no.to_string(),
                available: left.advance,
                asked: part.advance,
            });
        }
        left.advance -= part.advance;
        let mut charges = Vec::new();
        for key in &part.charges {
            let key = key.held_by(&self.household_no);
            let charge = left.charges.get_mut(&key);
            let charge = charge.filter(|charge| charge.open.is_positive());
            let charge = charge.ok_or_else(|| Refusal::ChargeNotOpen {
                household_no: self.household_no.to_string(),
                charge: key.to_string(),
            })?;
            charges.push((key.stated(&self.household_no), charge.open));
            charge.open = Money::ZERO;
        }
        charges.sort();
        let number = &part.household_no;
        let own = charges
            .iter()
            .map(|(key, open)| (key.held_by(number), *open));
        let used = apply_in_order(&mut part.advance.clone(), own).collect();
        Ok(PartMade {
            household: self.registered(household, part),
            share: part.share,
            credit: share,
            advance: part.advance,
            charges,
            used,
        })
    }

    /// A part as it is registered: waivers belong to people and are asked for anew.
    fn registered(&self, household: &Household, part: &SplitPart) -> RegisteredHousehold {
        let kind = household.terms_on(self.on).map(|terms| terms.kind);
        RegisteredHousehold {
            household_no: part.household_no.clone(),
            group: part
                .group
                .clone()
                .unwrap_or_else(|| household.group.clone()),
            moved_in: Some(self.on),
            terms: HouseholdTerms {
                headcount: part.headcount,
                kind: part.kind.or(kind).unwrap_or(HouseholdKind::Resident),
                waived_percent: 0,
                vacant_since: None,
                save_up: false,
            },
        }
    }
}

fn check_percent(share: i64) -> Result<(), Refusal> {
    if (0..=100).contains(&share) {
        return Ok(());
    }
    Err(Refusal::OutOfRange {
        field: "share",
        value: share.to_string(),
        least: "0".to_owned(),
        most: "100".to_owned(),
    })
}

impl Book {
    /// Divides each charge that a part took: what is open goes, what is settled stays. What is open moves by the postings.
    pub(crate) fn apply_split(&mut self, event: &WasSplit) {
        let household = &event.household_no;
        for part in &event.parts {
            self.apply_registration(&part.household);
            let number = &part.household.household_no;
            for (key, open) in &part.charges {
                let own = key.held_by(household);
                let account = self.accounts.known_or_default(household);
                let Some(charge) = account.charges.get(&own).cloned() else {
                    continue;
                };
                self.change_charge(household, &own, |charge| charge.gross -= *open);
                let taken = Charge {
                    gross: *open,
                    waived: Money::ZERO,
                    from_advance: Money::ZERO,
                    written_off: Money::ZERO,
                    ..charge
                };
                self.join_charge(number, key.held_by(number), &taken);
            }
        }
    }
}
