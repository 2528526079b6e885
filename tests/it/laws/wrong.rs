//! Commands that are wrong whatever the books say, or nearly so: what a careless hand or a broken device sends.

use jiff::SignedDuration;
use jinfu::domain::fee::AdoptFeePolicy;
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::month::parse_time_of_day;
use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::pickup::WeighedLine;
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::round::OpenRound;
use jinfu::domain::schedule::{Hours, SetSchedule, VisitDays};
use jinfu::domain::{Account, Command, Money, Quantity, Unit};

use super::village::{beginning, collector, fee, first_month, group, material, registration};
use super::walk::Walk;
use super::{homes, office, pickups};

fn line(code: &str, gross: Quantity, tare: i64, deduction: i64) -> WeighedLine {
    WeighedLine {
        material: material(code),
        gross,
        tare: Quantity::new(gross.unit(), tare),
        deduction,
        deduction_reason: String::new(),
    }
}

/// A pickup whose lines cannot be valued.
pub(super) fn pickup(walk: &mut Walk) -> Command {
    let kg = Quantity::grams(1_000);
    let wrong = [
        Vec::new(),
        vec![line("NIL", kg, 0, 0)],
        vec![line("ZB", kg, 1_200, 0)],
        vec![line("ZB", kg, 1_000, 0)],
        vec![line("ZB", kg, 0, 50)],
        vec![line("ZB", kg, 0, 1_001)],
        vec![line("ZB", Quantity::grams(-5), 0, 0)],
        vec![line("BAT", kg, 0, 0)],
        vec![line("PJ", Quantity::new(Unit::Piece, 3), 1, 0)],
    ];
    let mut command = pickups::record(walk);
    if let Command::RecordPickup(pickup) = &mut command {
        if walk.random.chance(20) {
            // Before the first price list, on the first day.
            pickup.occurred_at = beginning() - SignedDuration::from_mins(30);
        } else {
            pickup.lines = walk.random.pick(&wrong);
        }
    }
    command
}

/// A price list that cannot hold.
pub(super) fn prices(walk: &mut Walk) -> Command {
    let price = |code: &str, price_li: i64, per: i64| PriceLine {
        material: material(code),
        price_li,
        per,
    };
    let wrong = [
        Vec::new(),
        vec![price("ZB", 800, 1), price("ZB", 900, 1)],
        vec![price("ZB", 800, 5)],
        vec![price("NIL", 800, 1)],
        vec![price("BAT", 100, 1)],
        vec![price("ZB", -1, 1)],
    ];
    let lists = walk.lists.clone();
    let later = walk.now + SignedDuration::from_hours(1);
    let is_taken = walk.random.chance(20);
    let effective_from = if is_taken {
        walk.random.pick(&lists)
    } else {
        later
    };
    Command::PublishPriceList(PublishPriceList {
        effective_from,
        lines: if is_taken {
            vec![price("ZB", 800, 1)]
        } else {
            walk.random.pick(&wrong)
        },
        drafted_by: Some("li".to_owned()),
    })
}

/// A material that is hazardous, or one that is there already.
pub(super) fn register_material(walk: &mut Walk) -> Command {
    Command::RegisterMaterial(RegisterMaterial {
        code: material(walk.random.pick(&["BAT", "ZB"])),
        name: "电池".to_owned(),
        name_en: "battery".to_owned(),
        unit: Unit::Kg,
        hazardous: true,
        needs_identity: false,
    })
}

/// A household, opening line, policy, schedule or round that cannot be.
pub(super) fn register(walk: &mut Walk) -> Command {
    let opening = |line| Command::RecordOpening(RecordOpening { line });
    let household_no = walk.a_household();
    let time = |text| parse_time_of_day("time", text).unwrap();
    match walk.random.below(9) {
        0 => opening(OpeningLine::Charge {
            household_no,
            period: first_month().plus(1),
            amount: Money::from_fen(100),
        }),
        1 => opening(OpeningLine::Account {
            account: Account::RecyclablesStock,
            subject: "ZB".to_owned(),
            amount: Money::from_fen(100),
        }),
        2 => Command::RegisterHousehold(RegisterHousehold {
            headcount: -1,
            ..registration(walk.fresh_index())
        }),
        3 => Command::RegisterHousehold(RegisterHousehold {
            waivers: vec!["rich".to_owned()],
            ..registration(walk.fresh_index())
        }),
        4 => Command::AdoptFeePolicy(AdoptFeePolicy {
            effective_from: walk.open_month.plus(2),
            terms: fee(-1),
        }),
        5 => Command::SetSchedule(SetSchedule {
            group: group("1"),
            days: VisitDays {
                weekdays: [2].into(),
                month_days: [].into(),
            },
            hours: Some(Hours {
                from: time("10:00"),
                to: time("09:00"),
            }),
        }),
        6 => Command::OpenRound(OpenRound {
            round_no: walk.fresh("T"),
            group: group("99"),
            collector: collector("C1"),
            held_on: walk.day(),
        }),
        7 => {
            let mut command = homes::merge(walk);
            if let Command::MergeHouseholds(merge) = &mut command {
                merge.into = merge.from.clone();
            }
            command
        }
        _ => {
            let mut command = homes::depart(walk);
            if let Command::DepartHousehold(depart) = &mut command {
                let other = walk.random.pick(&[super::village::code(), far_away()]);
                depart.to_village = other;
            }
            command
        }
    }
}

/// A village without a book here.
fn far_away() -> jinfu::domain::VillageCode {
    jinfu::domain::VillageCode::parse("village", "110000000001").unwrap()
}

/// An amount that no document of the office has.
pub(super) fn amount(walk: &mut Walk) -> Command {
    let mut command = match walk.random.below(5) {
        0 => office::request_payout(walk),
        1 => office::earn(walk),
        2 => office::receive_cash(walk),
        3 => office::sell(walk),
        _ => office::count(walk),
    };
    match &mut command {
        Command::RequestPayout(payout) => payout.amount = Money::from_fen(1),
        Command::EarnPay(earn) => {
            earn.wage = Money::ZERO;
            earn.per_kg_li = 0;
        }
        Command::ReceiveCash(cash) => cash.amount = Money::ZERO,
        Command::RecordSale(sale) => sale.lines.clear(),
        Command::CountStock(count) => {
            count.counted = Quantity::new(count.counted.unit(), -count.counted.count());
        }
        _ => {}
    }
    command
}
