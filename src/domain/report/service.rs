//! The service of a month beside its money: rounds and their coverage, residual waste and diversion, participation, disputes.

use serde::Serialize;

use crate::domain::dispute::{Dispute, DisputeDecision};
use crate::domain::number::half_up;
use crate::domain::refuse::{Trip, TripStanding};
use crate::domain::report::MaterialFigures;
use crate::domain::round::Round;
use crate::domain::{Month, Quantity, Unit};

/// What the registers hold about a month.
#[derive(Clone, Debug, Default)]
pub struct ServiceRows {
    /// The rounds of the month.
    pub rounds: Vec<Round>,
    /// The trips of the month.
    pub trips: Vec<Trip>,
    /// The disputes that were opened in the month or before it.
    pub disputes: Vec<Dispute>,
    /// How many households lived there on any day of the month.
    pub active_households: i64,
}

/// The service of a month; its fields stand beside the other fields of the report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ServiceFigures {
    /// Rounds and their coverage.
    pub rounds: RoundFigures,
    /// Residual waste and the diversion rate.
    pub refuse: RefuseFigures,
    /// Participating of active households in percent with one place; none if nobody lived there (R-PK-10).
    pub participation_rate: Option<String>,
    /// Disputes.
    pub disputes: DisputeFigures,
}

/// Rounds of the month (R-PK-9).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RoundFigures {
    /// How many were opened.
    pub held: i64,
    /// The doors they planned.
    pub planned: i64,
    /// The planned doors with a record.
    pub visited: i64,
    /// Visited of planned in percent with one place; none if nothing was planned.
    pub coverage: Option<String>,
}

/// Residual waste of the month, beside what was collected (R-PK-10).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RefuseFigures {
    /// Trips, less those taken back.
    pub trips: i64,
    /// Residual waste.
    pub residual_kg: Quantity,
    /// What was collected by weight, net of voids and corrections: the sum of `materials[].collected` in kg.
    pub recyclables_kg: Quantity,
    /// Recyclables of both in percent with one place; none if there is neither.
    pub diversion_rate: Option<String>,
}

/// Disputes as they stood at the end of the month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DisputeFigures {
    /// Without an answer.
    pub open: i64,
    /// Without an answer on the last day of the month, although it was due before.
    pub overdue: i64,
    /// Opened in the month.
    pub opened: i64,
    /// Upheld in the month.
    pub upheld: i64,
    /// Rejected in the month.
    pub rejected: i64,
}

/// A part of a whole in percent with one place, rounded half up; none of nothing.
fn percent(part: i64, whole: i64) -> Option<String> {
    if whole <= 0 {
        return None;
    }
    let per_mille = half_up(&[part, 1_000], whole).ok()?;
    let sign = if per_mille < 0 { "-" } else { "" };
    let digits = per_mille.unsigned_abs();
    Some(format!(
        "{sign}{}.{}",
        digits.div_euclid(10),
        digits.rem_euclid(10)
    ))
}

fn count<T>(items: &[T], is_counted: impl Fn(&T) -> bool) -> i64 {
    let counted = items.iter().filter(|item| is_counted(item)).count();
    i64::try_from(counted).unwrap_or(i64::MAX)
}

/// The service of a month in which so many households took part.
pub(super) fn figures(
    rows: &ServiceRows,
    month: Month,
    participating: usize,
    materials: &[MaterialFigures],
) -> ServiceFigures {
    let participating = i64::try_from(participating).unwrap_or(i64::MAX);
    ServiceFigures {
        rounds: round_figures(&rows.rounds),
        refuse: refuse_figures(&rows.trips, materials),
        participation_rate: percent(participating, rows.active_households),
        disputes: dispute_figures(&rows.disputes, month),
    }
}

fn round_figures(rounds: &[Round]) -> RoundFigures {
    let planned = rounds.iter().map(|round| round.planned).sum();
    let visited = rounds.iter().map(Round::doors_visited).sum();
    RoundFigures {
        held: count(rounds, |_| true),
        planned,
        visited,
        coverage: percent(visited, planned),
    }
}

fn refuse_figures(trips: &[Trip], materials: &[MaterialFigures]) -> RefuseFigures {
    let (mut number, mut residual) = (0_i64, 0_i64);
    for trip in trips {
        let sign = match trip.standing {
            TripStanding::Counted => 1,
            TripStanding::Voided => 0,
            TripStanding::TakenBack => -1,
        };
        number = number.saturating_add(sign);
        residual = residual.saturating_add(trip.grams.saturating_mul(sign));
    }
    let weighed = materials.iter().filter(|row| row.unit == Unit::Kg);
    let recyclables: i64 = weighed.map(|row| row.collected.count()).sum();
    RefuseFigures {
        trips: number,
        residual_kg: Quantity::grams(residual),
        recyclables_kg: Quantity::grams(recyclables),
        diversion_rate: percent(recyclables, recyclables.saturating_add(residual)),
    }
}

fn dispute_figures(disputes: &[Dispute], month: Month) -> DisputeFigures {
    let is_open = |dispute: &Dispute| dispute.is_open_after(month);
    let answered = |decision| {
        let is_so = |dispute: &Dispute| {
            let answer = dispute.answer.as_ref();
            answer.is_some_and(|answer| answer.month == month && answer.decision == decision)
        };
        count(disputes, is_so)
    };
    DisputeFigures {
        open: count(disputes, is_open),
        overdue: count(disputes, |dispute| {
            is_open(dispute) && dispute.is_overdue_on(month.last_day())
        }),
        opened: count(disputes, |dispute| dispute.month == month),
        upheld: answered(DisputeDecision::Upheld),
        rejected: answered(DisputeDecision::Rejected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_one_place_and_is_rounded_half_up() {
        assert_eq!(percent(1, 3), Some("33.3".to_owned()));
        assert_eq!(percent(1, 2_000), Some("0.1".to_owned()));
        assert_eq!(percent(7, 7), Some("100.0".to_owned()));
        assert_eq!(percent(0, 7), Some("0.0".to_owned()));
        assert_eq!(percent(0, 0), None);
    }
}
