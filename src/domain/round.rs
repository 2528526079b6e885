//! Rounds (班次, R-PK-9): one visit of a collector to a group, with its stops; a door counts once, whether something was weighed there, nobody was
//! home, or there was nothing to collect (R-PK-8).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::Decision;
use crate::domain::month::{business_date, start_of_day};
use crate::domain::pickup::Pickup;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{
    CollectorCode, DocumentNo, Event, Group, HouseholdNo, Month, Refusal, Role,
    household::Household,
};

/// A round, as it stands in the register under its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Round {
    /// The month of the books it stands in.
    pub month: Month,
    /// The group that is visited.
    pub group: Group,
    /// Who goes round.
    pub collector: CollectorCode,
    /// The day.
    pub held_on: Date,
    /// How many households of the group lived there on that day.
    pub planned: i64,
    /// The doors with a record, each once.
    pub visited: BTreeSet<HouseholdNo>,
    /// Whether it was closed.
    pub is_closed: bool,
}

impl Registered for Round {
    const KIND: RegisterKind = RegisterKind::Round;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        !self.is_closed
    }
}

impl Round {
    /// How many of the planned doors have a record. A door that came into the group after the round was opened was not planned, so there are never
    /// more than were planned.
    pub fn doors_visited(&self) -> i64 {
        let visited = i64::try_from(self.visited.len()).unwrap_or(i64::MAX);
        visited.min(self.planned)
    }

    /// Whether a household is one of the doors of the round: of its group, and living there on its day.
    fn has_door(&self, household: &Household) -> bool {
        household.group == self.group && household.lives_on(self.held_on)
    }
}

/// Opens a round on its day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenRound {
    /// Its number, made by the client.
    pub round_no: DocumentNo,
    /// The group that is visited.
    pub group: Group,
    /// Who goes round.
    pub collector: CollectorCode,
    /// The day; not one to come.
    pub held_on: Date,
}

/// A round that was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoundOpened {
    /// Its number.
    pub round_no: DocumentNo,
    /// The group that is visited.
    pub group: Group,
    /// Who goes round.
    pub collector: CollectorCode,
    /// The day.
    pub held_on: Date,
    /// How many households of the group lived there on that day.
    pub planned: i64,
}

impl OpenRound {
    /// Opens the round and counts the doors that are planned.
    ///
    /// # Errors
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::DocumentNoTaken`], [`Refusal::GroupUnknown`] if no household of such a
    /// group lived there on that day.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let opened_at = start_of_day(self.held_on);
        book.check_time("held_on", opened_at)?;
        if book.registered::<Round>(self.round_no.as_str())?.is_some() {
            return Err(Refusal::DocumentNoTaken {
                number: self.round_no.to_string(),
            }
            .into());
        }
        book.whole_village(Month::of(self.held_on))?;
        let is_door = |household: &Household| {
            household.group == self.group && household.lives_on(self.held_on)
        };
        let doors = book
            .households()
            .filter(|(_, household)| is_door(household));
        let planned = i64::try_from(doors.count()).unwrap_or(i64::MAX);
        if planned == 0 {
            return Err(Refusal::GroupUnknown {
                group: self.group.to_string(),
                day: self.held_on,
            }
            .into());
        }
        let opened = RoundOpened {
            round_no: self.round_no.clone(),
            group: self.group.clone(),
            collector: self.collector.clone(),
            held_on: self.held_on,
            planned,
        };
        Ok(Decision::on(opened_at, Event::RoundOpened(opened)))
    }
}

/// Why nothing was weighed at a door (R-PK-8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopOutcome {
    /// 没人在家.
    NobodyHome,
    /// 没有废品.
    NothingToCollect,
}

/// Records that a round came to a door where nothing was weighed: a record without money (R-PK-8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordStop {
    /// The round.
    pub round_no: DocumentNo,
    /// The door.
    pub household_no: HouseholdNo,
    /// Why nothing was weighed.
    pub outcome: StopOutcome,
    /// When.
    pub at: Timestamp,
    /// Who was there.
    pub collector: CollectorCode,
}

impl RecordStop {
    /// Records the stop; the door counts if it is one of the round's.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::DocumentUnknown`], [`Refusal::RoundClosed`], [`Refusal::NotOnRoundDay`],
    /// [`Refusal::MonthClosed`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("at", self.at)?;
        book.known_household(&self.household_no)?;
        let round: Round = book.known_row(self.round_no.as_str())?;
        if round.is_closed {
            return Err(round_closed(&self.round_no));
        }
        if business_date(self.at) != round.held_on {
            return Err(Refusal::NotOnRoundDay {
                number: self.round_no.to_string(),
                day: round.held_on,
            }
            .into());
        }
        // The coverage of a month that is closed stays as it was reported.
        if book.is_closed(round.month) {
            return Err(Refusal::MonthClosed { month: round.month }.into());
        }
        Ok(Decision::on(self.at, Event::StopRecorded(self.clone())))
    }
}

fn round_closed(number: &DocumentNo) -> Stop {
    Refusal::RoundClosed {
        number: number.to_string(),
    }
    .into()
}

/// Closes a round: no stop is recorded any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CloseRound {
    /// The round.
    pub round_no: DocumentNo,
}

impl CloseRound {
    /// Closes the round. A pickup that names it and comes in later is booked all the same, and its door still counts: phones send late.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::RoundOfAnother`], [`Refusal::RoundClosed`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        let round: Round = book.known_row(self.round_no.as_str())?;
        let actor = book.actor();
        if actor.role == Role::Collector && actor.name != round.collector.as_str() {
            return Err(Refusal::RoundOfAnother {
                number: self.round_no.to_string(),
                collector: round.collector.to_string(),
            }
            .into());
        }
        if round.is_closed {
            return Err(round_closed(&self.round_no));
        }
        Ok(Decision::on(book.now(), Event::RoundClosed(self.clone())))
    }
}

/// What has to be known of the round that a pickup names.
pub fn round_need(round: &DocumentNo) -> Need {
    Need::Register(RegisterKind::Round, round.to_string())
}

impl Book {
    /// Makes sure that it is known whether there is the round that a pickup names: a pickup of an unknown round is booked and not counted.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn look_for_round(&self, round: Option<&DocumentNo>) -> Result<(), Stop> {
        match round {
            Some(round) => self.registered::<Round>(round.as_str()).map(drop),
            None => Ok(()),
        }
    }

    pub(crate) fn apply_round(&mut self, opened: &RoundOpened, month: Month) {
        let row = Round {
            month,
            group: opened.group.clone(),
            collector: opened.collector.clone(),
            held_on: opened.held_on,
            planned: opened.planned,
            visited: BTreeSet::new(),
            is_closed: false,
        };
        self.register(opened.round_no.as_str(), &row);
    }

    pub(crate) fn apply_round_close(&mut self, round: &DocumentNo) {
        self.change_row(round.as_str(), |row: &mut Round| row.is_closed = true);
    }

    /// A pickup counts as a door of the round that it names.
    pub(crate) fn apply_pickup_door(&mut self, pickup: &Pickup) {
        if let Some(round) = pickup.round.clone() {
            self.apply_door(&round, &pickup.household_no, pickup.occurred_at);
        }
    }

    /// Counts a door with a record, if it is one of the round's, the record is of the round's day, and the round's month is not closed.
    pub(crate) fn apply_door(&mut self, round: &DocumentNo, number: &HouseholdNo, at: Timestamp) {
        let Ok(Some(mut row)) = self.registered::<Round>(round.as_str()) else {
            return;
        };
        let household = self.household(number).ok().flatten();
        let is_door = household.is_some_and(|household| row.has_door(household));
        let counts = is_door && business_date(at) == row.held_on && !self.is_closed(row.month);
        if counts && row.visited.insert(number.clone()) {
            self.register(round.as_str(), &row);
        }
    }
}
