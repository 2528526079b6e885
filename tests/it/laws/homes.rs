//! Commands about households: who comes, changes, goes, joins and parts, and what they bring along.

use jinfu::domain::clearing::{ArriveHousehold, DepartHousehold};
use jinfu::domain::fee::AdoptFeePolicy;
use jinfu::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use jinfu::domain::merge::MergeHouseholds;
use jinfu::domain::move_out::{MoveOut, RefundAdvance};
use jinfu::domain::opening::{OpeningLine, RecordOpening, VoidOpening};
use jinfu::domain::split::{SplitHousehold, SplitPart};
use jinfu::domain::write_off::WriteOff;
use jinfu::domain::{ChargeKey, Command, DocumentKind, Money, VillageCode};

use super::office::a_custodian;
use super::village::{GROUPS, MATERIALS, fee, first_month, group, material, registration};
use super::walk::Walk;

fn newcomer(walk: &mut Walk) -> RegisterHousehold {
    let index = walk.fresh_index();
    RegisterHousehold {
        moved_in: Some(walk.day()),
        ..registration(index)
    }
}

pub(super) fn register(walk: &mut Walk) -> Command {
    if walk.random.chance(70) {
        let household_no = walk.a_household();
        return Command::RegisterHousehold(RegisterHousehold {
            household_no,
            ..registration(0)
        });
    }
    Command::RegisterHousehold(newcomer(walk))
}

pub(super) fn change(walk: &mut Walk) -> Command {
    let (day, first) = (walk.day(), first_month().first_day());
    let effective_from = walk.random.either(10, first, day);
    Command::ChangeHousehold(ChangeHousehold {
        household_no: walk.a_household(),
        effective_from,
        group: walk
            .random
            .chance(30)
            .then(|| group(walk.random.pick(&GROUPS))),
        headcount: walk.random.chance(30).then(|| walk.random.between(0, 7)),
        kind: None,
        vacancy: walk.random.pick(&[
            VacancyChange::Unchanged,
            VacancyChange::AwaySince(effective_from),
            VacancyChange::Back,
        ]),
        save_up: walk.random.chance(20).then(|| walk.random.chance(50)),
        head: None,
        waivers: walk.random.chance(20).then(Vec::new),
        expected: None,
    })
}

pub(super) fn move_out(walk: &mut Walk) -> Command {
    let (day, first) = (walk.day(), first_month().first_day());
    Command::MoveOut(MoveOut {
        household_no: walk.a_household(),
        moved_out: walk.random.either(20, first, day),
    })
}

pub(super) fn merge(walk: &mut Walk) -> Command {
    Command::MergeHouseholds(MergeHouseholds {
        from: walk.a_household(),
        into: walk.a_household(),
        on: walk.day(),
        reason: "the brothers live together again".to_owned(),
    })
}

pub(super) fn split(walk: &mut Walk) -> Command {
    let first = walk.random.between(0, 100);
    let shares = [first, walk.random.either(5, 100, 100 - first)];
    let (takes_charge, takes_advance) = (walk.random.chance(30), walk.random.chance(20));
    let charge = ChargeKey::own(walk.open_month.plus(-1));
    let parts = shares.map(|share| SplitPart {
        household_no: registration(walk.fresh_index()).household_no,
        group: None,
        headcount: 1,
        kind: None,
        share,
        advance: Money::from_fen(if takes_advance { 50 } else { 0 }),
        charges: if takes_charge && share == first {
            vec![charge.clone()]
        } else {
            Vec::new()
        },
    });
    let count = if walk.random.chance(30) { 1 } else { 2 };
    Command::SplitHousehold(SplitHousehold {
        household_no: walk.a_household(),
        on: walk.day(),
        parts: parts.into_iter().take(count).collect(),
        reason: "the son has his own stove".to_owned(),
    })
}

/// The village that households move to and come from.
pub(super) fn neighbour() -> VillageCode {
    VillageCode::parse("village", "430321900888").unwrap()
}

pub(super) fn depart(walk: &mut Walk) -> Command {
    Command::DepartHousehold(DepartHousehold {
        household_no: walk.a_household(),
        to_village: neighbour(),
        new_number: None,
        on: walk.day(),
        reference: walk.random.chance(80).then(|| walk.fresh("OUT")),
    })
}

pub(super) fn arrive(walk: &mut Walk) -> Command {
    let register = newcomer(walk);
    Command::ArriveHousehold(ArriveHousehold {
        household_no: register.household_no.clone(),
        register: walk.random.chance(90).then_some(register),
        from_village: neighbour(),
        reference: walk.fresh("IN"),
        amount: walk.fen(5_000),
        advance: walk.fen(900),
        arrived_at: walk.then(),
    })
}

pub(super) fn refund(walk: &mut Walk) -> Command {
    let from_bank = walk.random.chance(50);
    Command::RefundAdvance(RefundAdvance {
        household_no: walk.a_household(),
        amount: walk.fen(400),
        paid_at: walk.then(),
        from_bank,
        custodian: (!from_bank).then(|| a_custodian(walk)),
    })
}

pub(super) fn open_line(walk: &mut Walk) -> Command {
    let household_no = walk.a_household();
    let amount = walk.fen(3_000);
    let line = match walk.random.below(4) {
        0 => OpeningLine::Credit {
            household_no,
            amount,
        },
        1 => OpeningLine::Charge {
            household_no,
            period: first_month().plus(-(walk.random.between(1, 3) as i32)),
            amount,
        },
        2 => OpeningLine::Stock {
            material: material(MATERIALS[0].0),
            amount,
            quantity: walk.quantity(0, 900),
        },
        _ => OpeningLine::Account {
            account: jinfu::domain::Account::FeeAdvance,
            subject: household_no.to_string(),
            amount: -amount,
        },
    };
    Command::RecordOpening(RecordOpening { line })
}

pub(super) fn void_opening(walk: &mut Walk) -> Command {
    Command::VoidOpening(VoidOpening {
        number: walk.accepted(DocumentKind::Opening),
        voided_at: walk.now,
        reason: "not theirs".to_owned(),
    })
}

pub(super) fn write_off(walk: &mut Walk) -> Command {
    let back = walk.random.between(0, 4) as i32;
    Command::WriteOff(WriteOff {
        household_no: walk.a_household(),
        charge: ChargeKey::own(walk.open_month.plus(-back)),
        resolution: "assembly 7".to_owned(),
        written_off_at: walk.then(),
    })
}

pub(super) fn adopt_policy(walk: &mut Walk) -> Command {
    let ahead = walk.random.between(-1, 3) as i32;
    Command::AdoptFeePolicy(AdoptFeePolicy {
        effective_from: walk.open_month.plus(ahead),
        terms: fee(walk.random.between(300, 900)),
    })
}
