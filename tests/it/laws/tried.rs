//! A book in memory beside a plain sum of all its postings, and the laws that hold after every command, accepted or refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jinfu::clock::Chance;
use jinfu::domain::decide::{Verdict, decide};
use jinfu::domain::facts::Stop;
use jinfu::domain::journal::Entry;
use jinfu::domain::report::MonthReport;
use jinfu::domain::{
    Account, AccountRef, Book, Command, Event, HouseholdNo, Money, Month, Request,
};
use serde_json::Value;

use super::homes::neighbour;
use super::village::{MATERIALS, code, first_month, material};

/// How often each kind of event, and each refusal, came.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) accepted: BTreeMap<String, u64>,
    pub(super) refused: BTreeMap<String, u64>,
    /// Which command met which refusal.
    pub(super) met: BTreeSet<(String, String)>,
    pub(super) replayed: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Counts) {
        for (kind, count) in other.accepted {
            *self.accepted.entry(kind).or_default() += count;
        }
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.met.extend(other.met);
        self.replayed += other.replayed;
    }
}

/// The name of a command.
fn name_of(command: &Command) -> String {
    let written = format!("{command:?}");
    let letters = written.chars().take_while(char::is_ascii_alphanumeric);
    letters.collect()
}

/// The sum of all postings by account and subject.
#[derive(Default)]
struct Posted {
    places: HashMap<AccountRef, usize>,
    sums: Vec<(AccountRef, Money)>,
}

impl Posted {
    fn add(&mut self, side: &AccountRef, amount: Money) {
        let place = *self.places.entry(side.clone()).or_insert(self.sums.len());
        if place == self.sums.len() {
            self.sums.push((side.clone(), Money::ZERO));
        }
        self.sums[place].1 += amount;
    }

    fn of(&self, side: &AccountRef) -> Money {
        let place = self.places.get(side);
        place.map_or(Money::ZERO, |place| self.sums[*place].1)
    }
}

/// The book with what the laws remember of it.
pub(super) struct Tried {
    book: Book,
    chance: Chance,
    posted: Posted,
    households: Vec<HouseholdNo>,
    /// What each month was closed with last.
    closed: BTreeMap<Month, Value>,
    pub(super) counts: Counts,
}

impl Tried {
    pub(super) fn new(seed: u64) -> Tried {
        let mut book = Book::unopened(code());
        book.load_village(neighbour(), true);
        Tried {
            book,
            chance: Chance::seeded(seed),
            posted: Posted::default(),
            households: Vec::new(),
            closed: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Decides a request at an instant and looks at every law; the event, if there is a new entry.
    pub(super) fn submit(
        &mut self,
        at: &str,
        now: jiff::Timestamp,
        request: &Request,
    ) -> Option<Event> {
        self.book.set_now(now);
        let (head, last_closed) = (self.book.head(), self.book.last_closed());
        let event = match decide(&mut self.book, request, self.chance.salt()) {
            Ok(Verdict::Record(entry, _)) => {
                self.remember(at, &entry, last_closed);
                Some(entry.decision.event)
            }
            Ok(Verdict::Answer(_)) => {
                self.counts.replayed += 1;
                None
            }
            Err(Stop::Refused(refusal)) => {
                let (command, code) = (name_of(&request.command), refusal.code());
                *self.counts.refused.entry(code.clone()).or_default() += 1;
                self.counts.met.insert((command, code));
                None
            }
            Err(Stop::Missing(need)) => {
                panic!("{at}: a book that is known whole lacks {need:?}")
            }
        };
        if event.is_none() {
            assert_eq!(
                head,
                self.book.head(),
                "{at}: without an entry nothing moves"
            );
        }
        // The sums stand still where nothing was accepted, so this is the law of refusals as well.
        self.check_balances(at);
        self.check_households(at);
        self.check_stock(at);
        event
    }

    fn remember(&mut self, at: &str, entry: &Entry, last_closed: Option<Month>) {
        let decision = &entry.decision;
        let kind = decision.event.kind().to_owned();
        *self.counts.accepted.entry(kind).or_default() += 1;
        let moves = !decision.postings.is_empty() || !decision.movements.is_empty();
        let month = Month::of(decision.booked_on);
        assert!(
            !moves || last_closed.is_none_or(|closed| month > closed),
            "{at}: {month} is closed: {decision:?}"
        );
        let households = decision.households();
        let credits = |posted: &Posted| -> Vec<Money> {
            let credit = |one: &HouseholdNo| -posted.of(&Account::HouseholdCredit.of(one.as_str()));
            households.iter().map(credit).collect()
        };
        let before = credits(&self.posted);
        for posting in &decision.postings {
            assert!(posting.amount.is_positive(), "{at}: {posting:?}");
            for (side, amount) in posting.sides() {
                self.posted.add(&whole(side), amount);
            }
        }
        let after = credits(&self.posted);
        check_credits(at, &decision.event, &before, &after);
        for household in households {
            if !self.households.contains(&household) {
                self.households.push(household);
            }
        }
        match &decision.event {
            Event::MonthClosed(event) => {
                self.closed.insert(event.month, event.report.clone());
            }
            Event::MonthReopened(event) | Event::MonthReturned(event) => {
                self.closed.remove(&event.month);
            }
            _ => {}
        }
    }

    /// Every balance is what its postings come to, and all of them come to nothing.
    fn check_balances(&self, at: &str) {
        let mut trial = Money::ZERO;
        for (side, posted) in &self.posted.sums {
            let balance = self.book.balance(side).unwrap();
            assert_eq!(balance, *posted, "{at}: {side:?}");
            trial += balance;
        }
        assert_eq!(trial, Money::ZERO, "{at}: trial balance");
    }

    /// What a household has and owes is what the ledger says, and no charge is open beyond its net or below nothing.
    fn check_households(&self, at: &str) {
        for number in &self.households {
            let account = self.book.account(number).unwrap();
            let posted = |account: Account| self.posted.of(&account.of(number.as_str()));
            let credit = -posted(Account::HouseholdCredit);
            assert_eq!(account.credit, credit, "{at}: credit of {number}");
            let advance = -posted(Account::FeeAdvance);
            assert_eq!(account.advance, advance, "{at}: advance of {number}");
            assert!(!advance.is_negative(), "{at}: advance of {number}");
            let mut open = Money::ZERO;
            for (key, charge) in &account.charges {
                let net = charge.gross - charge.waived;
                assert!(
                    !charge.open.is_negative() && charge.open <= net,
                    "{at}: charge {key} of {number} {charge:?}"
                );
                open += charge.open;
            }
            let receivable = posted(Account::FeeReceivable);
            assert_eq!(open, receivable, "{at}: charges of {number}");
        }
    }

    /// No quantity, no value; and the value is the balance.
    fn check_stock(&self, at: &str) {
        for account in [Account::RecyclablesStock, Account::GoodsInTransit] {
            for (code, _, _) in MATERIALS {
                let stock = self.book.stock(account, &material(code)).unwrap();
                assert!(
                    stock.count != 0 || stock.value.is_zero(),
                    "{at}: {account:?} {code} {stock:?}"
                );
                let posted = self.posted.of(&account.of(code));
                assert_eq!(stock.value, posted, "{at}: {account:?} {code}");
            }
        }
    }

    /// The nineteen equations hold this month, in the month closed last and in the one before; and closed months say what they said.
    pub(super) fn check_reports(&self, at: &str) {
        let closed = self.book.last_closed();
        let before = closed.map(Month::previous);
        let now = Month::at(self.book.now());
        for month in [Some(now), closed, before].into_iter().flatten() {
            self.check_report(at, month);
        }
    }

    /// The same of every month so far.
    pub(super) fn check_all_reports(&self, at: &str) {
        let mut month = first_month();
        while month <= Month::at(self.book.now()) {
            self.check_report(at, month);
            month = month.next();
        }
    }

    fn check_report(&self, at: &str, month: Month) {
        if month < first_month() {
            return;
        }
        let report = self.book.month_report(month).unwrap();
        assert_eq!(report.checks.len(), 19, "{at}");
        let failing = report.checks.iter().filter(|check| !check.holds);
        let failing: Vec<_> = failing.collect();
        assert!(failing.is_empty(), "{at}: {month} {failing:?}");
        if let Some(sealed) = self.closed.get(&month) {
            check_unchanged(at, &report, sealed);
        }
    }
}

/// Credit goes below zero, or further below, only where something is taken back (R-CO-4); households that join or part keep their sum.
fn check_credits(at: &str, event: &Event, before: &[Money], after: &[Money]) {
    match event {
        Event::OpeningVoided(_)
        | Event::PickupVoided(_)
        | Event::PickupCorrected(_)
        | Event::DocumentVoided(_) => {}
        Event::HouseholdsMerged(_) | Event::HouseholdSplit(_) => {
            let sum = |credits: &[Money]| credits.iter().copied().sum::<Money>();
            assert_eq!(sum(before), sum(after), "{at}: {event:?}");
        }
        _ => {
            for (before, after) in before.iter().zip(after) {
                let is_sound = !after.is_negative() || after >= before;
                assert!(is_sound, "{at}: credit from {before} to {after}: {event:?}");
            }
        }
    }
}

/// The figures of a closed month are those it was closed with.
fn check_unchanged(at: &str, report: &MonthReport, sealed: &Value) {
    let found = serde_json::to_value(report).unwrap();
    for figures in [
        "pickups",
        "credit",
        "fees",
        "cash_received",
        "advance_closing",
        "materials",
        "collectors",
        "groups",
        "households",
        "accounts",
    ] {
        let month = report.month;
        assert!(!found[figures].is_null(), "{at}: {figures}");
        assert_eq!(
            found[figures], sealed[figures],
            "{at}: {figures} of {month}"
        );
    }
}

/// Fee income and waivers have one balance for the village as a whole.
fn whole(side: &AccountRef) -> AccountRef {
    match side.account {
        Account::FeeIncome | Account::FeeWaiver => side.account.alone(),
        _ => side.clone(),
    }
}
