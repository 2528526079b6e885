//! Material: what was picked up, what is in stock, and the month in which it happened.

use std::collections::BTreeMap;

use crate::domain::account::Account;
use crate::domain::journal::Flow;
use crate::domain::pickup_material::PickupSum;
use crate::domain::projection::Stock;
use crate::domain::report::MaterialFigures;
use crate::domain::report::checks::{Comparison, Sources};
use crate::domain::{MaterialCode, Money};

/// The flows of pickups that are booked in their own month.
const EARNED: [Flow; 3] = [Flow::Pickup, Flow::Void, Flow::Correction];

/// The flows that may move material.
const MOVES: [Flow; 9] = [
    Flow::Opening,
    Flow::PriorPeriod,
    Flow::Pickup,
    Flow::Void,
    Flow::Correction,
    Flow::Sale,
    Flow::Intake,
    Flow::Loss,
    Flow::Gain,
];

/// The lines of the pickups are worth what credit received, what stock and transit received, and what the movements say.
pub(super) fn pickups_equal_credit(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("pickups_equal_credit");
    let month = sources.sums.month;
    let picked_up = sources.sums.figures.pickup_materials.iter();
    let picked_up = picked_up.filter(|(key, _)| key.month == month && key.origin.is_none());
    let lines: Money = picked_up.map(|(_, sum)| sum.value).sum();
    let stocked: Money = EARNED
        .iter()
        .flat_map(|flow| {
            let into = |account| sources.moved(account, *flow);
            [Account::RecyclablesStock, Account::GoodsInTransit].map(into)
        })
        .sum();
    let materials = sources.report.materials.iter();
    let moved: Money = materials.map(|row| row.collected_value).sum();
    let earned = sources.report.credit.earned();
    check.money(Account::HouseholdCredit.code(), lines, earned);
    check.money("1404, 1405", earned, stocked);
    check.money("movements", earned, moved);
    check
}

/// What moved of a material by the flows that may move it, before the end of the month.
fn rolled(sources: &Sources<'_>, material: &MaterialCode) -> Stock {
    let figures = sources.sums.figures;
    let before = figures.material_before.iter();
    let before = before
        .filter(|((code, _, _), _)| code == material)
        .map(|(_, moved)| moved);
    let month = figures.material_months.iter().filter(|(key, _)| {
        key.month == sources.sums.month && key.material == *material && MOVES.contains(&key.flow)
    });
    let mut rolled = Stock::default();
    for moved in before.chain(month.map(|(_, moved)| moved)) {
        rolled.add((moved.count, moved.value));
    }
    rolled
}

/// What the stock account and the transit account hold of a material at the end of the month.
fn booked(sources: &Sources<'_>, row: &MaterialFigures) -> Money {
    [Account::GoodsInTransit, Account::RecyclablesStock]
        .map(|account| sources.closings.get(&account.of(row.code.as_str())))
        .into_iter()
        .flatten()
        .copied()
        .sum()
}

/// Stock rolls forward by quantity and value, and its value is what the accounts hold.
pub(super) fn stock_rolls_forward(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("stock_rolls_forward");
    for row in &sources.report.materials {
        let rolled = rolled(sources, &row.code);
        check.quantity(
            row.code.as_str(),
            row.unit,
            rolled.count,
            row.closing.count(),
        );
        check.money(row.code.as_str(), rolled.value, row.closing_value);
        let accounts = format!("1404, 1405 {}", row.code);
        check.money(accounts, booked(sources, row), row.closing_value);
    }
    check
}

/// Since the start, what the pickups say that households brought, and what came and went otherwise, is what is there.
pub(super) fn mass_balance(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("mass_balance");
    let (month, figures) = (sources.sums.month, sources.sums.figures);
    // What is left of the movements: openings, sales, losses, gains. A pickup of an earlier month has its collector.
    let is_other = |flow: Flow, is_brought: bool| {
        !(EARNED.contains(&flow) || (flow == Flow::PriorPeriod && is_brought))
    };
    let mut mass: BTreeMap<&MaterialCode, i64> = BTreeMap::new();
    let mut add = |code, count: i64| {
        let sum = mass.entry(code).or_default();
        *sum = sum.saturating_add(count);
    };
    for (code, count) in &figures.picked_up_before {
        add(code, *count);
    }
    for (key, sum) in &figures.pickup_materials {
        if key.month == month {
            add(&key.material, sum.count);
        }
    }
    for ((code, flow, is_brought), moved) in &figures.material_before {
        if is_other(*flow, *is_brought) {
            add(code, moved.count);
        }
    }
    for (key, moved) in &figures.material_months {
        if key.month == month && is_other(key.flow, key.collector.is_some()) {
            add(&key.material, moved.count);
        }
    }
    for row in &sources.report.materials {
        let expected = mass.get(&row.code).copied().unwrap_or_default();
        check.quantity(row.code.as_str(), row.unit, expected, row.closing.count());
    }
    check
}

/// Pickups by the month in which they happened are those booked in it, and those booked later as its adjustments.
pub(super) fn two_views_of_time(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("two_views_of_time");
    let month = sources.sums.month;
    let mut views: BTreeMap<&MaterialCode, (PickupSum, PickupSum)> = BTreeMap::new();
    for (key, sum) in &sources.sums.figures.pickup_materials {
        let view = views.entry(&key.material).or_default();
        let is_booked = match key.origin {
            None => key.month == month,
            Some(origin) => origin == month,
        };
        if key.occurred == month {
            view.0.add(*sum);
        }
        if is_booked {
            view.1.add(*sum);
        }
    }
    let unit = |code: &MaterialCode| {
        let rows = &sources.report.materials;
        let row = rows.iter().find(|row| row.code == *code);
        row.map_or(crate::domain::Unit::Kg, |row| row.unit)
    };
    for (code, (occurred, booked)) in views {
        check.money(code.as_str(), occurred.value, booked.value);
        check.quantity(code.as_str(), unit(code), occurred.count, booked.count);
    }
    check
}
