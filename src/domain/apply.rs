//! What an entry changes in the facts and projections: the one derivation that recording, rehearsing and verifying all use.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::account::{Account, AccountRef};
use crate::domain::document::Document;
use crate::domain::facts::{Accepted, Book, Head};
use crate::domain::fee::{ChargeBasis, FeePolicy, IssuedCharge};
use crate::domain::household::{BEGINNING, Household, RegisteredHousehold};
use crate::domain::household_account::{Charge, HouseholdAccount};
use crate::domain::journal::{Entry, Posting, Private};
use crate::domain::month::Month;
use crate::domain::move_out::RepricedCharge;
use crate::domain::opening::OpeningLine;
use crate::domain::price_list::PriceList;
use crate::domain::projection::{AccountMonth, MaterialMonth, Person, Stock};
use crate::domain::{ChargeKey, DocumentKind, Event, HouseholdNo, MaterialCode, Money};

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
            self.weigh(month, movement);
        }
        self.apply_transit(entry);
        for household in entry.households() {
            self.projections
                .household_entries
                .push((household, entry.seq));
        }
        self.apply_lines(entry);
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

    #[expect(clippy::too_many_lines, reason = "one arm per kind of event")]
    fn apply_event(&mut self, entry: &Entry, private: Option<&Private>) {
        self.apply_payouts(&entry.decision);
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
            Event::HouseholdMovedOut(event) => {
                let moved = &event.moved;
                self.apply_move_out(&moved.household_no, moved.moved_out, &event.repriced);
            }
            Event::HouseholdsMerged(event) => self.apply_merge(event),
            Event::HouseholdSplit(event) => self.apply_split(event),
            Event::HouseholdDeparted(event) => {
                self.apply_move_out(&event.household_no, event.on, &event.repriced);
                self.apply_clearing(&entry.decision.event);
            }
            Event::HouseholdArrived(event) => {
                if let Some(registered) = &event.registered {
                    self.apply_registration(registered);
                    self.apply_person(&event.household_no, private);
                }
                self.apply_clearing(&entry.decision.event);
            }
            Event::OpeningRecorded(event) => self.apply_opening(&event.line, entry.month()),
            Event::OpeningVoided(event) => self.apply_opening_void(&event.line),
            Event::FeesCharged(event) => {
                for charge in &event.charges {
                    self.apply_charge(charge, event.month);
                }
            }
            Event::PickupRecorded(pickup) => self.apply_pickup(pickup, entry.month()),
            Event::DocumentVoided(event) => {
                self.apply_sale_void(entry, event);
                self.apply_clearing_void(event.kind, &event.number);
                self.apply_pay_void(event);
                self.apply_service(entry);
            }
            Event::ScheduleSet(_)
            | Event::RoundOpened(_)
            | Event::StopRecorded(_)
            | Event::RoundClosed(_)
            | Event::CollectionPointRegistered(_)
            | Event::TripRecorded(_)
            | Event::DisputeOpened(_)
            | Event::DisputeAnswered(_) => self.apply_service(entry),
            Event::PayEarned(pay) => self.apply_pay(pay),
            Event::SaleRecorded(sale) => self.apply_sale(entry.month(), sale, false),
            Event::PickupHeld(event) => self.apply_held(event, entry.month()),
            Event::HeldResolved(event) => self.apply_resolved(event, entry.month()),
            Event::CollectorRegistered(event) => self.apply_collector(event, entry.month()),
            Event::MonthClosed(event) => self.apply_close(entry, event),
            Event::MonthReviewed(_)
            | Event::MonthSigned(_)
            | Event::MonthPublished(_)
            | Event::MonthReturned(_)
            | Event::MonthReopened(_) => self.apply_sign_off(entry),
            Event::CashReceived(_)
            | Event::BuyerPaid(_)
            | Event::StockCounted(_)
            | Event::IntakeRecorded(_)
            | Event::FundReceived(_)
            | Event::FundSpent(_)
            | Event::CollectorPaid(_)
            | Event::CashHandedIn(_)
            | Event::CashDeposited(_)
            | Event::ChargeWrittenOff(_)
            | Event::AdvanceRefunded(_)
            | Event::PickupVoided(_)
            | Event::PickupCorrected(_)
            | Event::CashVoided(_)
            | Event::CreditOffset(_)
            | Event::PayoutRequested(_)
            | Event::PayoutApproved(_)
            | Event::PayoutPaid(_)
            | Event::PayoutCancelled(_)
            | Event::PayoutsExpired(_) => {}
        }
    }

    pub(crate) fn apply_registration(&mut self, event: &RegisteredHousehold) {
        let from = event.moved_in.unwrap_or(BEGINNING);
        let household = Household {
            group: event.group.clone(),
            moved_in: event.moved_in,
            moved_out: None,
            merged_into: None,
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

    fn apply_move_out(&mut self, number: &HouseholdNo, on: Date, repriced: &[RepricedCharge]) {
        if let Some(household) = self.households.change(number) {
            household.moved_out.get_or_insert(on);
        }
        for lower in repriced {
            self.change_charge(number, &lower.period, |charge| {
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
            written_off: Money::ZERO,
            basis: charge.basis,
        };
        self.insert_charge(&charge.household_no, charge.period.into(), row);
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
            written_off: Money::ZERO,
            basis,
        };
        self.insert_charge(household_no, ChargeKey::own(*period), row);
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
        let Ok(holder) = self.resolve(household_no) else {
            return;
        };
        let key = ChargeKey::own(*period)
            .stated(household_no)
            .held_by(&holder);
        self.change_charge(&holder, &key, |charge| charge.gross = Money::ZERO);
    }

    pub(crate) fn insert_charge(&mut self, household: &HouseholdNo, key: ChargeKey, row: Charge) {
        self.accounts
            .known_or_default(household)
            .charges
            .insert(key.clone(), row);
        self.projections.charges.insert((household.clone(), key));
    }

    pub(crate) fn change_charge(
        &mut self,
        household: &HouseholdNo,
        key: &ChargeKey,
        change: impl FnOnce(&mut Charge),
    ) {
        if let Some(charge) = self
            .accounts
            .known_or_default(household)
            .charges
            .get_mut(key)
        {
            change(charge);
            self.projections
                .charges
                .insert((household.clone(), key.clone()));
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
            if let Some(balance) = self.balances.get_known(&side.balanced()) {
                *balance += amount;
            }
            let key = AccountMonth {
                month,
                side: side.clone(),
                flow: posting.flow,
                group,
            };
            *self.projections.account_months.entry(key).or_default() += amount;
            if side.account == Account::FeeReceivable && posting.charge.is_some() {
                let key = (month, posting.flow);
                *self.projections.charge_months.entry(key).or_default() += amount;
            }
            let Some(number) = household else { continue };
            if let Some(account) = self.accounts.get_known(&number) {
                account.advance_side(&number, side.account, month, posting, amount);
                let is_charge = side.account == Account::FeeReceivable;
                if let Some(key) = posting.charge.as_ref().filter(|_| is_charge) {
                    let key = key.held_by(&number);
                    self.projections.charges.insert((number, key));
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
            // A payout has its number from the request on; paying an older one does not make its number the last.
            if !matches!(event, Event::PayoutPaid(_)) {
                self.apply_number(kind, number.as_str());
            }
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

    /// Notes a balance as the store knows it, with what is decided and not yet written on top.
    pub(crate) fn load_balance(&mut self, side: AccountRef, balance: Money) {
        let pending = self.projections.balances.get(&side).copied();
        self.balances
            .load(side, Some(balance + pending.unwrap_or_default()));
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
