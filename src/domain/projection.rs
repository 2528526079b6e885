//! What an entry changes in the projections: the one derivation that recording, rehearsing and verifying all use.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::account::{Account, AccountRef};
use crate::domain::facts::{Accepted, Book, Document, Head};
use crate::domain::fee::{ChargeBasis, FeePolicy, IssuedCharge};
use crate::domain::household::{BEGINNING, Household, RegisteredHousehold};
use crate::domain::household_account::{Charge, HouseholdAccount};
use crate::domain::journal::{Entry, Flow, Posting, Private};
use crate::domain::month::Month;
use crate::domain::move_out::MovedOut;
use crate::domain::opening::OpeningLine;
use crate::domain::pickup_material::{PickupMaterial, PickupSum};
use crate::domain::price_list::PriceList;
use crate::domain::{CollectorCode, DocumentKind, Event, Group, HouseholdNo, MaterialCode, Money};

/// The key of a month's figure of an account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AccountMonth {
    /// The month of the books.
    pub month: Month,
    /// The account and its subject.
    pub side: AccountRef,
    /// Why money moved.
    pub flow: Flow,
    /// The group of the household, where the subject is one.
    pub group: Option<Group>,
}

/// The key of a month's figure of a material.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MaterialMonth {
    /// The month of the books.
    pub month: Month,
    /// The material.
    pub material: MaterialCode,
    /// Who brought it, where a collector did.
    pub collector: Option<CollectorCode>,
    /// Why it moved.
    pub flow: Flow,
}

/// A quantity in grams or pieces with its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stock {
    /// Grams or pieces.
    pub count: i64,
    /// What it cost.
    pub value: Money,
}

impl Stock {
    /// Adds a change.
    pub fn add(&mut self, (count, value): (i64, Money)) {
        self.count = self.count.saturating_add(count);
        self.value += value;
    }
}

/// What is kept of a household apart from the journal; what is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The head of the household.
    pub head: Option<String>,
    /// Its welfare categories, joined by `;`.
    pub waivers: Option<String>,
}

/// Changes of the projections that are not written yet. Built from a village's whole journal, they are its projections.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projections {
    /// Balances by account and subject, debit positive; of fee income and waivers for the village as a whole.
    pub balances: BTreeMap<AccountRef, Money>,
    /// The same by month, flow and group.
    pub account_months: BTreeMap<AccountMonth, Money>,
    /// Stock and goods in transit by material.
    pub stock: BTreeMap<(Account, MaterialCode), Stock>,
    /// What moved of each material by month, collector and flow.
    pub material_months: BTreeMap<MaterialMonth, Stock>,
    /// Pickups by month, household and collector; a replacement is not counted again, a voided one still counts.
    pub pickup_months: BTreeMap<(Month, HouseholdNo, CollectorCode), i64>,
    /// The entries that concern a household.
    pub household_entries: Vec<(HouseholdNo, i64)>,
    /// Personal details.
    pub people: BTreeMap<HouseholdNo, Person>,
    /// What was picked up, by the pickups themselves.
    pub pickup_materials: BTreeMap<PickupMaterial, PickupSum>,
    /// What moved on charges by month and flow, as their postings say; what is owed is positive.
    pub charge_months: BTreeMap<(Month, Flow), Money>,
    /// Whether they are those of the whole journal, because nothing was ever written out.
    pub are_whole: bool,
    /// Charges that changed.
    pub charges: HashSet<(HouseholdNo, Month)>,
    /// Whether the village was opened.
    pub opened: bool,
    /// Whether its settings changed since.
    pub has_new_settings: bool,
    /// Materials that were registered.
    pub materials: Vec<MaterialCode>,
    /// Months whose standing changed.
    pub months: BTreeSet<Month>,
    /// Versions of policies that were adopted.
    pub policies: Vec<i64>,
    /// Price lists that were published.
    pub price_lists: Vec<Timestamp>,
}

impl Book {
    /// Advances the facts by an entry and notes what it changes.
    pub(crate) fn apply(&mut self, entry: &Entry, private: Option<&Private>) {
        self.head = Head {
            next_seq: entry.seq.saturating_add(1),
            hash: entry.hash,
        };
        self.apply_event(entry, private);
        let month = entry.month();
        for posting in &entry.decision.postings {
            self.apply_posting(month, posting);
        }
        for movement in &entry.decision.movements {
            let change = movement.change();
            let place = (movement.account, movement.material.clone());
            if let Some(stock) = &mut self.stock {
                stock.entry(place.clone()).or_default().add(change);
            }
            self.projections.stock.entry(place).or_default().add(change);
            let key = MaterialMonth {
                month,
                material: movement.material.clone(),
                collector: movement.collector.clone(),
                flow: movement.flow,
            };
            self.projections
                .material_months
                .entry(key)
                .or_default()
                .add(change);
        }
        for household in entry.households() {
            self.projections
                .household_entries
                .push((household, entry.seq));
        }
        self.apply_pickup_material(entry);
        self.apply_documents(entry);
        self.change_month(month, |standing| standing.last_hash = Some(entry.hash));
        let accepted = Accepted {
            seq: entry.seq,
            hash: entry.hash,
            fingerprint: entry.fingerprint,
            event: entry.decision.event.clone(),
            private: entry
                .private_digest
                .zip(private.map(|private| private.salt.to_vec())),
            had_private: entry.private_digest.is_some(),
        };
        self.commands.put(entry.command_id, accepted);
    }

    fn apply_event(&mut self, entry: &Entry, private: Option<&Private>) {
        match &entry.decision.event {
            Event::VillageOpened(village) => {
                self.village = Some(village.clone());
                self.settings = village.settings.clone();
                self.projections.opened = true;
                self.adopt(village.opening_month, village.fee.clone());
            }
            Event::SettingsChanged(event) => {
                self.settings = event.settings.clone();
                self.projections.has_new_settings = true;
            }
            Event::FeePolicyAdopted(policy) => {
                self.adopt(policy.effective_from, policy.terms.clone());
            }
            Event::MaterialRegistered(material) => {
                self.materials
                    .insert(material.code.clone(), material.clone());
                self.projections.materials.push(material.code.clone());
            }
            Event::PriceListPublished(published) => {
                let list = PriceList::from(&published.list);
                self.projections.price_lists.push(list.effective_from);
                self.price_lists
                    .get_or_insert_default()
                    .insert(list.effective_from, list);
            }
            Event::HouseholdRegistered(event) => {
                self.apply_registration(event);
                self.apply_person(&event.household_no, private);
            }
            Event::HouseholdChanged(event) => {
                if let Some(household) = self.households.change(&event.household_no) {
                    household.group = event.group.clone();
                    household
                        .terms
                        .insert(event.effective_from, event.terms.clone());
                }
                self.apply_person(&event.household_no, private);
            }
            Event::HouseholdMovedOut(event) => self.apply_move_out(event),
            Event::OpeningRecorded(event) => self.apply_opening(&event.line, entry.month()),
            Event::OpeningVoided(event) => self.apply_opening_void(&event.line),
            Event::FeesCharged(event) => {
                for charge in &event.charges {
                    self.apply_charge(charge, event.month);
                }
            }
            Event::PickupRecorded(pickup) => {
                let key = (
                    entry.month(),
                    pickup.household_no.clone(),
                    pickup.collector.clone(),
                );
                let count = self.projections.pickup_months.entry(key).or_default();
                *count = count.saturating_add(1);
            }
            Event::MonthClosed(event) => self.apply_close(entry, event),
            Event::MonthReviewed(_)
            | Event::MonthSigned(_)
            | Event::MonthPublished(_)
            | Event::MonthReturned(_)
            | Event::MonthReopened(_) => self.apply_sign_off(entry),
            Event::CashReceived(_)
            | Event::DocumentVoided(_)
            | Event::AdvanceRefunded(_)
            | Event::PickupVoided(_)
            | Event::PickupCorrected(_)
            | Event::CashVoided(_)
            | Event::CreditOffset(_) => {}
        }
    }

    fn apply_registration(&mut self, event: &RegisteredHousehold) {
        let from = event.moved_in.unwrap_or(BEGINNING);
        let household = Household {
            group: event.group.clone(),
            moved_in: event.moved_in,
            moved_out: None,
            terms: BTreeMap::from([(from, event.terms.clone())]),
        };
        self.households.put(event.household_no.clone(), household);
    }

    fn adopt(&mut self, effective_from: Month, terms: crate::domain::fee::FeeTerms) {
        let version = self
            .policies
            .last()
            .map_or(1, |policy| policy.version.saturating_add(1));
        self.policies.push(FeePolicy {
            version,
            effective_from,
            terms,
        });
        self.projections.policies.push(version);
    }

    fn apply_person(&mut self, household: &HouseholdNo, private: Option<&Private>) {
        let details =
            private.and_then(|private| serde_json::from_str::<Person>(&private.content).ok());
        let Some(details) = details else { return };
        let person = self
            .projections
            .people
            .entry(household.clone())
            .or_default();
        person.head = details.head.or(person.head.take());
        person.waivers = details.waivers.or(person.waivers.take());
    }

    fn apply_move_out(&mut self, event: &MovedOut) {
        let household_no = &event.moved.household_no;
        if let Some(household) = self.households.change(household_no) {
            household.moved_out = Some(event.moved.moved_out);
        }
        for lower in &event.repriced {
            self.change_charge(household_no, lower.period, |charge| {
                charge.gross = lower.gross;
                charge.waived = lower.waived;
                charge.basis.liable_months = lower.liable_months;
            });
        }
    }

    fn apply_charge(&mut self, charge: &IssuedCharge, issued_in: Month) {
        let row = Charge {
            issued_in,
            gross: charge.gross,
            waived: charge.waived,
            open: charge.gross - charge.waived,
            from_advance: Money::ZERO,
            basis: charge.basis,
        };
        self.insert_charge(&charge.household_no, charge.period, row);
    }

    fn apply_opening(&mut self, line: &OpeningLine, issued_in: Month) {
        let OpeningLine::Charge {
            household_no,
            period,
            amount,
        } = line
        else {
            return;
        };
        let basis = ChargeBasis {
            unit_amount: *amount,
            units: 1,
            vacancy_percent: 100,
            waived_percent: 0,
            period_months: 1,
            liable_months: 1,
            policy_version: 0,
        };
        let row = Charge {
            issued_in,
            gross: *amount,
            waived: Money::ZERO,
            open: *amount,
            from_advance: Money::ZERO,
            basis,
        };
        self.insert_charge(household_no, *period, row);
    }

    fn apply_opening_void(&mut self, line: &OpeningLine) {
        let OpeningLine::Charge {
            household_no,
            period,
            ..
        } = line
        else {
            return;
        };
        self.change_charge(household_no, *period, |charge| charge.gross = Money::ZERO);
    }

    fn insert_charge(&mut self, household: &HouseholdNo, period: Month, row: Charge) {
        self.accounts
            .known_or_default(household)
            .charges
            .insert(period, row);
        self.projections.charges.insert((household.clone(), period));
    }

    fn change_charge(
        &mut self,
        household: &HouseholdNo,
        period: Month,
        change: impl FnOnce(&mut Charge),
    ) {
        if let Some(charge) = self
            .accounts
            .known_or_default(household)
            .charges
            .get_mut(&period)
        {
            change(charge);
            self.projections.charges.insert((household.clone(), period));
        }
    }

    fn apply_posting(&mut self, month: Month, posting: &Posting) {
        for (side, amount) in posting.sides() {
            let household = side
                .account
                .is_by_household()
                .then(|| HouseholdNo::parse("household_no", &side.subject).ok());
            let household = household.flatten();
            let group = household
                .as_ref()
                .and_then(|number| self.household(number).ok().flatten());
            let group = group.map(|household| household.group.clone());
            *self
                .projections
                .balances
                .entry(side.balanced())
                .or_default() += amount;
            let key = AccountMonth {
                month,
                side: side.clone(),
                flow: posting.flow,
                group,
            };
            *self.projections.account_months.entry(key).or_default() += amount;
            if side.account == Account::FeeReceivable && posting.period.is_some() {
                let key = (month, posting.flow);
                *self.projections.charge_months.entry(key).or_default() += amount;
            }
            if let Some(account) = household
                .as_ref()
                .and_then(|number| self.accounts.get_known(number))
            {
                advance_account(account, side.account, month, posting, amount);
                if let (Account::FeeReceivable, Some(period), Some(number)) =
                    (side.account, posting.period, household)
                {
                    self.projections.charges.insert((number, period));
                }
            }
        }
    }

    fn apply_documents(&mut self, entry: &Entry) {
        let event = &entry.decision.event;
        if let Some((kind, number)) = event.reversed_document()
            && let Some(document) = self.documents.change(&(kind, number.clone()))
        {
            document.reversed_by = Some(entry.seq);
        }
        if let Some((kind, number)) = event.document() {
            let document = Document {
                seq: entry.seq,
                reversed_by: None,
                event: event.clone(),
            };
            self.documents.put((kind, number.clone()), document);
            self.apply_number(kind, number.as_str());
        }
    }

    /// A number that was given is the last of its year.
    fn apply_number(&mut self, kind: DocumentKind, number: &str) {
        let parts = number.split_once('-').filter(|_| kind.is_numbered_here());
        let parsed = parts.and_then(|(year, last)| Some((year.parse().ok()?, last.parse().ok()?)));
        if let Some((year, last)) = parsed {
            self.last_numbers.put((kind, year), last);
        }
    }

    /// Notes what is in stock as the store knows it, with what is decided and not yet written on top.
    pub(crate) fn load_stock(&mut self, mut stock: BTreeMap<(Account, MaterialCode), Stock>) {
        for (place, change) in &self.projections.stock {
            stock
                .entry(place.clone())
                .or_default()
                .add((change.count, change.value));
        }
        self.stock.get_or_insert(stock);
    }

    /// Notes what a household has and owes as the store knows it, with what is decided and not yet written on top.
    pub(crate) fn load_account(&mut self, household: HouseholdNo, mut account: HouseholdAccount) {
        if self.accounts.get_known(&household).is_some() {
            return;
        }
        let pending = |account: Account| {
            self.projections
                .balances
                .get(&account.of(household.as_str()))
                .copied()
        };
        account.credit -= pending(Account::HouseholdCredit).unwrap_or_default();
        account.advance -= pending(Account::FeeAdvance).unwrap_or_default();
        let credit = Account::HouseholdCredit.of(household.as_str());
        for (key, amount) in self
            .projections
            .account_months
            .iter()
            .filter(|(key, _)| key.side == credit)
        {
            *account.credit_moved.entry(key.month).or_default() -= *amount;
        }
        self.accounts.load(household, Some(account));
    }
}

/// Moves a household's own figures by one side of a posting; the side's amount is debit positive.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
fn advance_account(
    account: &mut HouseholdAccount,
    side: Account,
    month: Month,
    posting: &Posting,
    amount: Money,
) {
    match side {
        Account::HouseholdCredit => {
            account.credit -= amount;
            *account.credit_moved.entry(month).or_default() -= amount;
        }
        Account::FeeAdvance => account.advance -= amount,
        Account::FeeReceivable => {
            // What a charge opens with came with its event.
            let moves_open = !matches!(posting.flow, Flow::Charge | Flow::Opening);
            let charge = posting
                .period
                .and_then(|period| account.charges.get_mut(&period));
            if let Some(charge) = charge.filter(|_| moves_open) {
                charge.open += amount;
                if posting.flow == Flow::AdvanceUsed {
                    charge.from_advance -= amount;
                }
            }
        }
        _ => {}
    }
}
