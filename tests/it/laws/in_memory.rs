//! The walk in memory, with the laws after every step.

use std::collections::{BTreeMap, BTreeSet};

use jinfu::clock::Chance;
use jinfu::domain::decide::{Verdict, decide};
use jinfu::domain::facts::{Head, Stop};
use jinfu::domain::journal::Entry;
use jinfu::domain::{Account, AccountRef, Book, Event, HouseholdNo, Money, Request};

use super::chosen;
use super::village::{MATERIALS, code, material, opening, request};
use super::walk::Walk;

/// What no refused command may change.
#[derive(PartialEq, Eq, Debug)]
struct Standing {
    head: Head,
    balances: Vec<Money>,
    households: Vec<(HouseholdNo, Money, Money, Money)>,
}

/// The book with what the laws remember of it.
struct Tried {
    book: Book,
    chance: Chance,
    /// Every account and subject that was ever moved.
    sides: BTreeSet<AccountRef>,
    /// Households whose credit may be below zero, because something of it was taken back.
    excused: BTreeSet<HouseholdNo>,
    accepted: BTreeMap<&'static str, u64>,
    refused: u64,
}

impl Tried {
    fn new(seed: u64) -> Tried {
        Tried {
            book: Book::unopened(code()),
            chance: Chance::seeded(seed),
            sides: BTreeSet::new(),
            excused: BTreeSet::new(),
            accepted: BTreeMap::new(),
            refused: 0,
        }
    }

    /// Decides a request; the event, if there is an entry.
    fn submit(&mut self, request: &Request) -> Option<Event> {
        match decide(&mut self.book, request, self.chance.salt()) {
            Ok(Verdict::Record(entry, _)) => {
                self.remember(&entry);
                Some(entry.decision.event)
            }
            Ok(Verdict::Answer(_)) => None,
            Err(Stop::Refused(_)) => {
                self.refused += 1;
                None
            }
            Err(Stop::Missing(need)) => panic!("a book that is known whole lacks {need:?}"),
        }
    }

    fn remember(&mut self, entry: &Entry) {
        let decision = &entry.decision;
        *self.accepted.entry(decision.event.kind()).or_default() += 1;
        for posting in &decision.postings {
            assert!(posting.amount.is_positive(), "{posting:?} of {decision:?}");
            self.sides
                .extend(posting.sides().map(|(side, _)| whole(side)));
        }
        let takes_back = matches!(
            decision.event,
            Event::OpeningVoided(_)
                | Event::PickupVoided(_)
                | Event::PickupCorrected(_)
                | Event::CashVoided(_)
                | Event::DocumentVoided(_)
        );
        // A household carries what it owes along when it becomes another one.
        let carries = matches!(
            decision.event,
            Event::HouseholdsMerged(_) | Event::HouseholdSplit(_)
        );
        let households = decision.households();
        let is_excused = households.iter().any(|one| self.excused.contains(one));
        if takes_back || (carries && is_excused) {
            self.excused.extend(households);
        }
    }

    fn standing(&self) -> Standing {
        let balances = self
            .sides
            .iter()
            .map(|side| self.book.balance(side).unwrap());
        let households = self.book.accounts().map(|(number, account)| {
            let open = account.charges.values().map(|charge| charge.open).sum();
            (number.clone(), account.credit, account.advance, open)
        });
        Standing {
            head: self.book.head(),
            balances: balances.collect(),
            households: households.collect(),
        }
    }

    fn check_laws(&self, at: &str, standing: &Standing) {
        let sum: Money = standing.balances.iter().copied().sum();
        assert_eq!(sum, Money::ZERO, "{at}: the sum of all balances");
        for (number, account) in self.book.accounts() {
            let is_excused = self.excused.contains(number);
            assert!(
                is_excused || !account.credit.is_negative(),
                "{at}: credit of {number} {}",
                account.credit
            );
            assert!(
                !account.advance.is_negative(),
                "{at}: advance of {number} {}",
                account.advance
            );
            for (key, charge) in &account.charges {
                let net = charge.gross - charge.waived;
                assert!(
                    !charge.open.is_negative() && charge.open <= net,
                    "{at}: charge {key} of {number} {charge:?}"
                );
            }
        }
        for account in [Account::RecyclablesStock, Account::GoodsInTransit] {
            for (code, _, _) in MATERIALS {
                let stock = self.book.stock(account, &material(code)).unwrap();
                assert!(
                    stock.count != 0 || stock.value.is_zero(),
                    "{at}: {account:?} {code} {stock:?}"
                );
            }
        }
    }

    /// The reports of this month, of the month closed last and of the one before hold.
    fn check_reports(&self, at: &str) {
        let now = jinfu::domain::Month::at(self.book.now());
        let closed = self.book.last_closed();
        let before = closed.map(jinfu::domain::Month::previous);
        for month in [Some(now), closed, before].into_iter().flatten() {
            if month < super::village::first_month() {
                continue;
            }
            let report = self.book.month_report(month).unwrap();
            assert_eq!(report.checks.len(), 19, "{at}");
            let failing = report.checks.iter().filter(|check| !check.holds);
            let failing: Vec<_> = failing.collect();
            assert!(failing.is_empty(), "{at}: {month} {failing:?}");
        }
    }
}

/// Fee income and waivers have one balance for the village as a whole.
fn whole(side: &AccountRef) -> AccountRef {
    match side.account {
        Account::FeeIncome | Account::FeeWaiver => side.account.alone(),
        _ => side.clone(),
    }
}

#[test]
fn every_kind_of_command_keeps_the_laws() {
    let (seed, steps) = (chosen("SEED", 1), chosen("STEPS", 6_000));
    let mut walk = Walk::new(seed, steps, (steps / 150 + 3).min(30));
    let mut tried = Tried::new(seed);
    tried.book.set_now(walk.now);
    let clerk = (jinfu::domain::Role::Clerk, "wang");
    for (index, command) in opening(true).into_iter().enumerate() {
        let event = tried.submit(&request(10_000_000 + index, clerk, command));
        assert!(event.is_some(), "the opening is accepted");
    }
    let mut standing = tried.standing();
    for index in 0..steps {
        let (actor, command) = walk.next();
        tried.book.set_now(walk.now);
        let request = request(index as usize, actor, command);
        let event = tried.submit(&request);
        let now = tried.standing();
        let at = format!("SEED={seed} step {index} {request:?}");
        if let Some(event) = &event {
            walk.learn(event);
        } else {
            assert_eq!(standing, now, "{at}: a refused command changes nothing");
        }
        tried.check_laws(&at, &now);
        standing = now;
        if index % 200 >= 199 && walk.is_opening_complete() {
            tried.check_reports(&at);
        }
    }
    if walk.is_opening_complete() {
        tried.check_reports("the end");
    }
    eprintln!("{:?}, refused {}", tried.accepted, tried.refused);
}
