//! Commands of the round: pickups, what is held of them, rounds, disputes, residual waste, and what a village is made of.

use jiff::{SignedDuration, Timestamp};
use jinfu::domain::collector::RegisterCollector;
use jinfu::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use jinfu::domain::held::{HeldDecision, ResolveHeld};
use jinfu::domain::month::parse_time_of_day;
use jinfu::domain::phone::PhoneNote;
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use jinfu::domain::round::{CloseRound, OpenRound, RecordStop, StopOutcome};
use jinfu::domain::schedule::{Hours, SetSchedule, VisitDays};
use jinfu::domain::transit::{RecordIntake, ReweighedLine};
use jinfu::domain::{CollectorCode, Command, DocumentKind, Money, PointCode, Quantity};

use super::village::{COLLECTORS, GROUPS, MATERIALS, collector, group, material, opening, prices};
use super::walk::Walk;
use crate::model::random::Random;

const REASON: &str = "typing mistake";

pub(super) fn a_collector(walk: &mut Walk) -> CollectorCode {
    collector(walk.random.pick(&COLLECTORS))
}

fn lines(walk: &mut Walk) -> Vec<WeighedLine> {
    let first = walk.random.below(4) as usize;
    let count = 1 + walk.random.below(3) as usize;
    let line = |place: usize| {
        let place = (first + place) % MATERIALS.len();
        let most = walk.random.either(2, 1_500, 120);
        let gross = walk.quantity(place, most);
        let deduction = walk.random.either(10, 50, 0);
        WeighedLine {
            material: material(MATERIALS[place].0),
            gross,
            tare: Quantity::new(gross.unit(), 0),
            deduction,
            deduction_reason: if deduction > 0 {
                "wet".to_owned()
            } else {
                String::new()
            },
        }
    };
    (0..count).map(line).collect()
}

pub(super) fn record(walk: &mut Walk) -> Command {
    let is_from_device = walk.random.chance(30);
    let pickup_no = if walk.random.chance(1) {
        walk.accepted(DocumentKind::Pickup)
    } else {
        walk.fresh(if is_from_device { "A" } else { "P" })
    };
    let told_list = walk.random.chance(10).then(|| {
        let lists = walk.lists.clone();
        walk.random.pick(&lists)
    });
    let occurred_at = walk.then();
    let phone = is_from_device.then(|| note(occurred_at));
    Command::RecordPickup(RecordPickup {
        phone,
        pickup_no,
        occurred_at,
        household_no: walk.a_household(),
        collector: a_collector(walk),
        confirmation: walk
            .random
            .pick(&[Confirmation::Card, Confirmation::Witness]),
        lines: lines(walk),
        round: walk.random.chance(8).then(|| walk.a_round().0),
        device: is_from_device.then(|| "phone-1".to_owned()),
        told_list,
        is_paper: walk.random.chance(20),
    })
}

/// What a phone whose clock is wrong says of what it made. It draws nothing from the walk, which goes on as without phones.
fn note(at: Timestamp) -> PhoneNote {
    let mut random = Random(at.as_microsecond().unsigned_abs());
    let wrong = SignedDuration::from_mins(random.between(-90, 90));
    PhoneNote {
        shown_at: at.checked_add(wrong).unwrap(),
        is_clock_unknown: random.chance(5),
        told_amount: random.chance(5).then_some(Money::from_fen(100)),
        stopped_at: random.chance(5).then_some(at),
        is_device_assumed: false,
    }
}

pub(super) fn resolve(walk: &mut Walk) -> Command {
    let held = walk.held.clone();
    let decision = match walk.random.below(6) {
        0 => HeldDecision::Reject,
        1 => HeldDecision::AtNewPrice,
        2 => HeldDecision::ToHousehold(walk.a_household()),
        _ => HeldDecision::AsItIs,
    };
    Command::ResolveHeld(ResolveHeld {
        pickup_no: walk
            .random
            .pick(&[held.first(), held.last()])
            .map_or_else(|| walk.accepted(DocumentKind::Pickup), Clone::clone),
        decision,
        decided_at: walk.now,
        reason: REASON.to_owned(),
    })
}

pub(super) fn register_collector(walk: &mut Walk) -> Command {
    Command::RegisterCollector(RegisterCollector {
        collector: a_collector(walk),
        households: vec![walk.a_household()],
    })
}

pub(super) fn void(walk: &mut Walk) -> Command {
    Command::VoidPickup(VoidPickup {
        phone: Some(note(walk.now)),
        pickup_no: walk.accepted(DocumentKind::Pickup),
        voided_at: walk.now,
        reason: REASON.to_owned(),
    })
}

pub(super) fn correct(walk: &mut Walk) -> Command {
    Command::CorrectPickup(CorrectPickup {
        pickup_no: walk.accepted(DocumentKind::Pickup),
        new_no: walk.fresh("R"),
        corrected_at: walk.now,
        lines: lines(walk),
        reason: REASON.to_owned(),
    })
}

/// Weighs again what a round, or a day's pickups without one, brought.
pub(super) fn intake(walk: &mut Walk) -> Command {
    let place = walk.random.below(4) as usize;
    let weighed = walk.quantity(place, 200);
    Command::RecordIntake(RecordIntake {
        round: walk.a_round().0,
        lines: vec![ReweighedLine {
            material: material(MATERIALS[place].0),
            weighed,
        }],
        taken_in_at: walk.now,
    })
}

pub(super) fn open_round(walk: &mut Walk) -> Command {
    Command::OpenRound(OpenRound {
        round_no: walk.fresh("T"),
        group: group(walk.random.pick(&GROUPS)),
        collector: a_collector(walk),
        held_on: walk.day(),
    })
}

pub(super) fn stop(walk: &mut Walk) -> Command {
    let (round_no, day) = walk.a_round();
    let noon = jinfu::domain::month::start_of_day(day) + SignedDuration::from_hours(12);
    let then = walk.then();
    Command::RecordStop(RecordStop {
        round_no,
        household_no: walk.a_household(),
        outcome: walk
            .random
            .pick(&[StopOutcome::NobodyHome, StopOutcome::NothingToCollect]),
        at: walk.random.either(80, noon, then),
        collector: a_collector(walk),
    })
}

pub(super) fn close_round(walk: &mut Walk) -> Command {
    Command::CloseRound(CloseRound {
        round_no: walk.a_round().0,
    })
}

pub(super) fn schedule(walk: &mut Walk) -> Command {
    let day = walk.random.between(0, 8) as i8;
    Command::SetSchedule(SetSchedule {
        group: group(walk.random.pick(&GROUPS)),
        days: VisitDays {
            weekdays: [day].into(),
            month_days: [15].into(),
        },
        hours: walk.random.chance(80).then_some(hours()),
    })
}

fn hours() -> Hours {
    let time = |text| parse_time_of_day("time", text).unwrap();
    Hours {
        from: time("07:00"),
        to: time("09:00"),
    }
}

fn a_point(walk: &mut Walk) -> PointCode {
    PointCode::parse("point", walk.random.pick(&["D1", "D2"])).unwrap()
}

pub(super) fn point(walk: &mut Walk) -> Command {
    Command::RegisterCollectionPoint(RegisterCollectionPoint {
        code: a_point(walk),
        name: "村口".to_owned(),
        hours: vec![hours()],
    })
}

pub(super) fn trip(walk: &mut Walk) -> Command {
    Command::RecordTrip(RecordTrip {
        point: a_point(walk),
        at: walk.then(),
        weight: Quantity::grams(walk.random.between(1_000, 900_000)),
    })
}

pub(super) fn dispute(walk: &mut Walk) -> Command {
    let pickups = walk.pickups.clone();
    let (pickup, household) = match pickups.as_slice() {
        [] => (walk.fresh("P"), walk.a_household()),
        pickups => walk.random.pick(pickups),
    };
    let other = walk.a_household();
    let about = About::Entry(walk.random.between(1, 3_000));
    Command::OpenDispute(OpenDispute {
        household_no: walk.random.either(90, household, other),
        about: walk.random.either(80, About::Pickup(pickup), about),
        opened_at: walk.now,
        text: "it was more".to_owned(),
    })
}

pub(super) fn answer(walk: &mut Walk) -> Command {
    let remedy = About::Pickup(walk.accepted(DocumentKind::Pickup));
    let decision = walk
        .random
        .pick(&[DisputeDecision::Upheld, DisputeDecision::Rejected]);
    let has_remedy = walk.random.chance(20);
    Command::AnswerDispute(AnswerDispute {
        number: walk.accepted(DocumentKind::Dispute),
        decision,
        corrected_by: has_remedy.then_some(remedy),
        answered_at: walk.then(),
        text: "looked at".to_owned(),
    })
}

pub(super) fn publish_prices(walk: &mut Walk) -> Command {
    let percent = walk.random.between(80, 120);
    let at = if walk.random.chance(90) {
        walk.now + SignedDuration::from_hours(walk.random.between(1, 48))
    } else {
        walk.then()
    };
    let mut command = prices(at, percent);
    if let Command::PublishPriceList(list) = &mut command {
        list.drafted_by = walk
            .random
            .pick(&[None, Some("li".to_owned()), Some("wang".to_owned())]);
    }
    command
}

pub(super) fn open_village(_: &mut Walk) -> Command {
    opening(true).swap_remove(0)
}
