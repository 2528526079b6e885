//! Moves between villages that are half done (R-HH-3): departures and arrivals of all books of the database, paired by reference.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::clearing::{Clearing, Way};
use crate::domain::register::Registered;
use crate::domain::{DocumentNo, HouseholdNo, Money, VillageCode};
use crate::ledger::{Error, Ledger};
use crate::store::{register, village};

/// What is wrong with a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HalfDone {
    /// It departed and has not arrived.
    NotArrived,
    /// It arrived and never departed.
    NotDeparted,
    /// It arrived with another credit or advance than it departed with.
    AmountsDiffer,
}

impl HalfDone {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            HalfDone::NotArrived => "not-arrived",
            HalfDone::NotDeparted => "not-departed",
            HalfDone::AmountsDiffer => "amounts-differ",
        }
    }
}

/// One half of a move, as the book of its village has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Half {
    /// The number of the document in that book.
    pub document: DocumentNo,
    /// The household in that book.
    pub household_no: HouseholdNo,
    /// The day.
    pub on: Date,
    /// Credit that moved.
    pub credit: Money,
    /// Fee advance that moved.
    pub advance: Money,
}

/// A move between two villages of which one half is missing, or the halves differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HalfDoneMove {
    /// The village that the household left.
    pub from: VillageCode,
    /// The village that it went to.
    pub to: VillageCode,
    /// What the two books are paired by.
    pub reference: DocumentNo,
    /// What is wrong.
    pub problem: HalfDone,
    /// The departure, if there is one.
    pub departed: Option<Half>,
    /// The arrival, if there is one.
    pub arrived: Option<Half>,
}

impl Ledger {
    /// The moves that are half done and that leave or reach a village whose code begins so; an empty prefix means all. Ordered by village and
    /// reference.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn clearing(&self, prefix: &str) -> Result<Vec<HalfDoneMove>, Error> {
        let mut tx = self.store.read().await?;
        let codes: BTreeMap<i64, VillageCode> = village::list_codes(&mut tx)
            .await?
            .into_iter()
            .map(|(code, id)| (id, code))
            .collect();
        let wanted: Vec<_> = codes.keys().map(|id| (*id, Clearing::KIND)).collect();
        let rows = register::load_all(&mut tx, &wanted).await?;
        tx.rollback().await?;
        let mut moves: BTreeMap<_, (Option<Half>, Option<Half>)> = BTreeMap::new();
        for (id, _, number, row) in rows {
            let (Some(own), row) = (codes.get(&id), row.read::<Clearing>(&number)?) else {
                continue;
            };
            if row.is_voided {
                continue;
            }
            let (from, to) = match row.way {
                Way::Departed => (own.clone(), row.village.clone()),
                Way::Arrived => (row.village.clone(), own.clone()),
            };
            let halves = moves.entry((from, to, row.reference.clone())).or_default();
            let half = match row.way {
                Way::Departed => &mut halves.0,
                Way::Arrived => &mut halves.1,
            };
            *half = Some(Half {
                document: row.document,
                household_no: row.household_no,
                on: row.on,
                credit: row.credit,
                advance: row.advance,
            });
        }
        let is_near = |code: &VillageCode| code.as_str().starts_with(prefix);
        let half_done = moves
            .into_iter()
            .filter(|((from, to, _), _)| is_near(from) || is_near(to))
            .filter_map(|((from, to, reference), (departed, arrived))| {
                let problem = problem(departed.as_ref(), arrived.as_ref())?;
                Some(HalfDoneMove {
                    from,
                    to,
                    reference,
                    problem,
                    departed,
                    arrived,
                })
            });
        Ok(half_done.collect())
    }
}

fn problem(departed: Option<&Half>, arrived: Option<&Half>) -> Option<HalfDone> {
    match (departed, arrived) {
        (Some(_), None) => Some(HalfDone::NotArrived),
        (None, Some(_)) => Some(HalfDone::NotDeparted),
        (Some(out), Some(into)) => {
            let is_same = out.credit == into.credit && out.advance == into.advance;
            (!is_same).then_some(HalfDone::AmountsDiffer)
        }
        (None, None) => None,
    }
}
