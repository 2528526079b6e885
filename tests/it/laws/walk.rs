//! A seeded walk: a clock that moves on, what was accepted so far, and the next command, now sensible, now not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::{
    Account, Command, DocumentKind, DocumentNo, Event, HouseholdNo, Money, Month, Quantity,
    Request, Role,
};

use super::village::{self, beginning, first_month, household, number, request};
use super::{homes, office, pickups, wrong};
use crate::model::random::Random;

/// Builds a command of one kind.
type Make = fn(&mut Walk) -> Command;

/// Every kind of command, and how often of all it comes.
const KINDS: &[(u64, Make)] = &[
    (230, pickups::record),
    (70, pickups::resolve),
    (2, pickups::register_collector),
    (14, pickups::void),
    (14, pickups::correct),
    (12, pickups::intake),
    (6, pickups::open_round),
    (10, pickups::stop),
    (6, pickups::close_round),
    (2, pickups::schedule),
    (2, pickups::point),
    (4, pickups::trip),
    (8, pickups::dispute),
    (8, pickups::answer),
    (3, pickups::publish_prices),
    (1, pickups::open_village),
    (1, wrong::register_material),
    (14, wrong::pickup),
    (6, wrong::prices),
    (8, wrong::register),
    (6, wrong::amount),
    (3, homes::register),
    (8, homes::change),
    (2, homes::move_out),
    (2, homes::merge),
    (2, homes::split),
    (4, homes::depart),
    (2, homes::arrive),
    (6, homes::refund),
    (3, homes::open_line),
    (2, homes::void_opening),
    (6, homes::write_off),
    (1, homes::adopt_policy),
    (60, office::receive_cash),
    (6, office::void_cash),
    (25, office::sell),
    (20, office::buyer_pays),
    (8, office::count),
    (6, office::receive_fund),
    (6, office::spend_fund),
    (8, office::earn),
    (8, office::pay_collector),
    (14, office::hand_in),
    (8, office::deposit),
    (16, office::void_document),
    (2, office::settings),
    (40, office::request_payout),
    (40, office::approve_payout),
    (40, office::pay_payout),
    (6, office::cancel_payout),
    (4, office::expire),
    (40, office::charge),
    (40, office::offset),
    (40, office::close),
    (14, office::review),
    (10, office::sign),
    (8, office::publish),
    (3, office::give_back),
    (3, office::reopen),
];

/// How many of the last requests may come again.
const REMEMBERED: usize = 40;

/// The walk.
pub(super) struct Walk {
    pub(super) random: Random,
    pub(super) now: Timestamp,
    /// Minutes that a step takes on average.
    pace: i64,
    pub(super) households: Vec<HouseholdNo>,
    pub(super) documents: BTreeMap<DocumentKind, Vec<DocumentNo>>,
    pub(super) held: Vec<DocumentNo>,
    pub(super) rounds: Vec<(DocumentNo, Date)>,
    /// Whose each pickup is.
    pub(super) pickups: Vec<(DocumentNo, HouseholdNo)>,
    pub(super) lists: Vec<Timestamp>,
    /// The month that closes next.
    pub(super) open_month: Month,
    /// What opening lines left on 3190 (期初过渡), by their numbers: the next command brings it back to nothing.
    openings: BTreeMap<DocumentNo, Money>,
    /// What was asked for lately.
    given: Vec<Request>,
    last_id: usize,
    last_number: i64,
    last_household: usize,
}

impl Walk {
    /// A walk of so many steps over so many months.
    pub(super) fn new(seed: u64, steps: u64, months: u64) -> Walk {
        Walk {
            random: Random(seed),
            now: beginning(),
            pace: (months * 30 * 24 * 60 / steps.max(1)) as i64,
            households: (0..village::HOUSEHOLDS)
                .map(|index| household(&format!("H{index:03}")))
                .collect(),
            documents: BTreeMap::new(),
            held: Vec::new(),
            rounds: Vec::new(),
            pickups: Vec::new(),
            lists: vec![beginning()],
            open_month: first_month(),
            openings: BTreeMap::new(),
            given: Vec::new(),
            last_id: 0,
            last_number: 0,
            last_household: village::HOUSEHOLDS,
        }
    }

    /// The next request: mostly a new one, at times an earlier one again, or other content under its id (R-PK-6).
    pub(super) fn next(&mut self) -> Request {
        let minutes = self.random.between(0, 2 * self.pace);
        self.now += SignedDuration::from_mins(minutes);
        let is_repeated = !self.given.is_empty() && self.random.chance(2);
        if is_repeated && self.is_opening_complete() {
            let given = self.given.clone();
            let earlier = self.random.pick(&given);
            if self.random.chance(60) {
                return earlier;
            }
            let (actor, command) = self.command();
            return Request {
                id: earlier.id,
                ..request(0, actor, command)
            };
        }
        let (actor, command) = if self.is_opening_complete() {
            self.command()
        } else {
            ((Role::Clerk, "wang"), self.balance_opening())
        };
        self.last_id += 1;
        let request = request(self.last_id, actor, command);
        if self.given.len() >= REMEMBERED {
            self.given.remove(0);
        }
        self.given.push(request.clone());
        request
    }

    /// A command with who gives it.
    fn command(&mut self) -> ((Role, &'static str), Command) {
        let all: u64 = KINDS.iter().map(|(often, _)| often).sum();
        let mut place = self.random.below(all);
        let make = KINDS.iter().find(|(often, _)| {
            let is_here = place < *often;
            place = place.wrapping_sub(*often);
            is_here
        });
        let command = make.unwrap().1(self);
        let role = if self.random.chance(3) {
            self.random
                .pick(&[Role::Collector, Role::Supervisor, Role::Clerk])
        } else {
            command.usual_role()
        };
        let name = match (role, self.random.chance(3)) {
            (Role::Supervisor, false) => "li",
            (Role::Official, false) => "zhao",
            (Role::Collector, false) => "C1",
            _ => "wang",
        };
        ((role, name), command)
    }

    /// Remembers what was accepted.
    pub(super) fn learn(&mut self, event: &Event) {
        if let Some((kind, number)) = event.document() {
            self.documents.entry(kind).or_default().push(number.clone());
        }
        match event {
            Event::HouseholdRegistered(event) => self.households.push(event.household_no.clone()),
            Event::HouseholdSplit(event) => {
                let parts = event
                    .parts
                    .iter()
                    .map(|part| part.household.household_no.clone());
                self.households.extend(parts);
            }
            Event::OpeningRecorded(event) => {
                self.openings
                    .insert(event.number.clone(), opened_with(&event.line));
            }
            Event::OpeningVoided(event) => {
                self.openings.remove(&event.number);
            }
            Event::PickupHeld(event) => self.held.push(event.pickup.pickup_no.clone()),
            Event::HeldResolved(event) => self.held.retain(|held| *held != event.pickup_no),
            Event::PickupRecorded(event) => {
                let pickup = (event.pickup_no.clone(), event.household_no.clone());
                self.pickups.push(pickup);
            }
            Event::RoundOpened(event) => {
                self.rounds.push((event.round_no.clone(), event.held_on));
            }
            Event::PriceListPublished(event) => self.lists.push(event.list.effective_from),
            Event::MonthClosed(event) => self.open_month = event.month.next(),
            Event::MonthReopened(event) | Event::MonthReturned(event) => {
                self.open_month = self.open_month.min(event.month);
            }
            _ => {}
        }
    }

    /// Whether nothing is left on 3190.
    pub(super) fn is_opening_complete(&self) -> bool {
        self.openings.values().copied().sum::<Money>().is_zero()
    }

    /// The rest of the opening against the accumulated fund.
    fn balance_opening(&mut self) -> Command {
        let amount = -self.openings.values().copied().sum::<Money>();
        let line = OpeningLine::Account {
            account: Account::AccumulatedFund,
            subject: self.fresh("rest").to_string(),
            amount,
        };
        Command::RecordOpening(RecordOpening { line })
    }

    /// A time at which something happened: mostly of these days, at times weeks ago, rarely in the future.
    pub(super) fn then(&mut self) -> Timestamp {
        let minutes = match self.random.below(200) {
            0 => -600,
            1..10 => self.random.between(0, 60 * 24 * 45),
            10..60 => self.random.between(0, 60 * 24 * 3),
            _ => self.random.between(0, 60 * 5),
        };
        self.now - SignedDuration::from_mins(minutes)
    }

    pub(super) fn day(&mut self) -> Date {
        let at = self.then();
        jinfu::domain::month::business_date(at)
    }

    pub(super) fn a_household(&mut self) -> HouseholdNo {
        if self.random.chance(1) {
            return household("H999");
        }
        let households = self.households.clone();
        self.random.pick(&households)
    }

    /// A number that was not used yet.
    pub(super) fn fresh(&mut self, prefix: &str) -> DocumentNo {
        self.last_number += 1;
        number(&format!("{prefix}-{:06}", self.last_number))
    }

    pub(super) fn fresh_index(&mut self) -> usize {
        self.last_household += 1;
        self.last_household
    }

    /// A number that was accepted, mostly a late one.
    pub(super) fn accepted(&mut self, kind: DocumentKind) -> DocumentNo {
        let numbers = self.documents.get(&kind).cloned().unwrap_or_default();
        self.one_of(&numbers)
    }

    /// A round that was opened, mostly a late one, with its day.
    pub(super) fn a_round(&mut self) -> (DocumentNo, Date) {
        let rounds = self.rounds.clone();
        match rounds.get(rounds.len().saturating_sub(4)..) {
            Some(late) if !late.is_empty() && !self.random.chance(5) => self.random.pick(late),
            _ => (number("nothing"), self.day()),
        }
    }

    fn one_of(&mut self, numbers: &[DocumentNo]) -> DocumentNo {
        let from = if self.random.chance(80) {
            numbers.len().saturating_sub(8)
        } else {
            0
        };
        match numbers.get(from..) {
            Some(late) if !late.is_empty() && !self.random.chance(1) => self.random.pick(late),
            _ => number("nothing"),
        }
    }

    pub(super) fn fen(&mut self, most: i64) -> Money {
        if self.random.chance(1) {
            return Money::from_fen(self.random.between(-500, 0));
        }
        Money::from_fen(self.random.between(1, most))
    }

    /// One of the four materials and so much of it, in tenths of a kilogram.
    pub(super) fn quantity(&mut self, place: usize, most: i64) -> Quantity {
        let (_, unit, _) = village::MATERIALS[place % village::MATERIALS.len()];
        let count = self.random.between(1, most);
        let is_wrong = self.random.chance(1);
        let is_weighed = matches!(unit, jinfu::domain::Unit::Kg);
        let wanted = if is_weighed == is_wrong {
            (jinfu::domain::Unit::Piece, count)
        } else {
            (jinfu::domain::Unit::Kg, count * 100)
        };
        Quantity::new(wanted.0, wanted.1)
    }

    /// The month that closes next, the one before, or the current one.
    pub(super) fn month(&mut self) -> Month {
        match self.random.below(20) {
            0 => Month::at(self.now),
            1 => self.open_month.previous(),
            2 => self.open_month.next(),
            _ => self.open_month,
        }
    }
}

/// What a line opens with, debit positive.
fn opened_with(line: &OpeningLine) -> Money {
    match line {
        OpeningLine::Credit { amount, .. } => -*amount,
        OpeningLine::Charge { amount, .. }
        | OpeningLine::Stock { amount, .. }
        | OpeningLine::Account { amount, .. } => *amount,
    }
}
