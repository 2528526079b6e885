//! The rows of the report: materials, collectors, groups, households, accounts.

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::projection::Stock;
use crate::domain::report::{
    CollectorFigures, Figures, GroupFigures, HouseholdFigures, MaterialFigures, Sums,
};
use crate::domain::{
    CollectorCode, Group, HouseholdNo, Material, MaterialCode, Money, Month, Quantity, Unit,
};

pub(super) fn material_rows(
    materials: &BTreeMap<MaterialCode, Material>,
    month: Month,
    figures: &Figures,
) -> Vec<MaterialFigures> {
    let mut rows = Vec::new();
    for (code, material) in materials {
        let mut closing = Stock::default();
        for account in [Account::GoodsInTransit, Account::RecyclablesStock] {
            let there = figures.stock.get(&(account, code.clone()));
            let there = there.copied().unwrap_or_default();
            closing.add((there.count, there.value));
        }
        let mut opening_change = Stock::default();
        let mut collected = Stock::default();
        let mut has_moved = false;
        for (key, moved) in figures
            .material_months
            .iter()
            .filter(|(key, _)| key.material == *code)
        {
            if key.month > month {
                closing.add((moved.count.saturating_neg(), -moved.value));
                continue;
            }
            has_moved = true;
            opening_change.add((moved.count, moved.value));
            if matches!(key.flow, Flow::Pickup | Flow::Void | Flow::Correction) {
                collected.add((moved.count, moved.value));
            }
        }
        let mut opening = closing;
        opening.add((opening_change.count.saturating_neg(), -opening_change.value));
        if !has_moved && opening == Stock::default() && closing == Stock::default() {
            continue;
        }
        let quantity = |count| Quantity::new(material.unit, count);
        rows.push(MaterialFigures {
            code: code.clone(),
            name: material.name.clone(),
            name_en: material.name_en.clone(),
            unit: material.unit,
            opening: quantity(opening.count),
            opening_value: opening.value,
            collected: quantity(collected.count),
            collected_value: collected.value,
            sold: quantity(0),
            sold_cost: Money::ZERO,
            sold_income: Money::ZERO,
            lost: quantity(0),
            lost_value: Money::ZERO,
            gained: quantity(0),
            gained_value: Money::ZERO,
            closing: quantity(closing.count),
            closing_value: closing.value,
        });
    }
    rows
}

pub(super) fn collector_rows(
    materials: &BTreeMap<MaterialCode, Material>,
    month: Month,
    figures: &Figures,
) -> Vec<CollectorFigures> {
    let mut rows: BTreeMap<&CollectorCode, CollectorFigures> = BTreeMap::new();
    let empty = |collector: &CollectorCode| CollectorFigures {
        collector: collector.clone(),
        pickups: 0,
        amount: Money::ZERO,
        weight_kg: Quantity::grams(0),
    };
    for ((_, collector), pickups) in &figures.pickups {
        let row = rows.entry(collector).or_insert_with(|| empty(collector));
        row.pickups = row.pickups.saturating_add(*pickups);
    }
    for (key, moved) in figures
        .material_months
        .iter()
        .filter(|(key, _)| key.month == month)
    {
        let Some(collector) = &key.collector else {
            continue;
        };
        let row = rows.entry(collector).or_insert_with(|| empty(collector));
        row.amount += moved.value;
        if materials
            .get(&key.material)
            .is_some_and(|material| material.unit == Unit::Kg)
        {
            row.weight_kg = Quantity::grams(row.weight_kg.count().saturating_add(moved.count));
        }
    }
    rows.into_values().collect()
}

pub(super) fn group_rows(sums: &Sums<'_>) -> Vec<GroupFigures> {
    let mut rows: BTreeMap<&Group, GroupFigures> = BTreeMap::new();
    for (key, sum) in sums.in_month() {
        let Some(group) = &key.group else { continue };
        let row = rows.entry(group).or_insert_with(|| GroupFigures {
            group: group.clone(),
            credit: Money::ZERO,
            charged: Money::ZERO,
            waived: Money::ZERO,
            offset: Money::ZERO,
            cash: Money::ZERO,
        });
        match (key.side.account, key.flow) {
            (Account::HouseholdCredit, Flow::Pickup | Flow::Void | Flow::Correction) => {
                row.credit -= sum;
            }
            (Account::FeeIncome, Flow::Charge) => row.charged -= sum,
            (Account::FeeWaiver, Flow::Charge) => row.waived += sum,
            (Account::FeeReceivable, Flow::Offset) => row.offset -= sum,
            (Account::FeeReceivable, Flow::Cash) => row.cash -= sum,
            _ => {}
        }
    }
    let has_figure = |row: &GroupFigures| {
        [row.credit, row.charged, row.waived, row.offset, row.cash]
            .iter()
            .any(|figure| !figure.is_zero())
    };
    rows.into_values().filter(has_figure).collect()
}

/// A household without any figure.
fn empty_household(household_no: HouseholdNo) -> HouseholdFigures {
    HouseholdFigures {
        household_no,
        credit_opening: Money::ZERO,
        earned: Money::ZERO,
        offset: Money::ZERO,
        payouts: Money::ZERO,
        credit_closing: Money::ZERO,
        fees_opening: Money::ZERO,
        charged: Money::ZERO,
        waived: Money::ZERO,
        credited_back: Money::ZERO,
        paid_cash: Money::ZERO,
        advance_used: Money::ZERO,
        fees_closing: Money::ZERO,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
pub(super) fn household_rows(
    sums: &Sums<'_>,
    closings: &BTreeMap<AccountRef, Money>,
) -> Vec<HouseholdFigures> {
    let mut rows: BTreeMap<HouseholdNo, HouseholdFigures> = BTreeMap::new();
    let mut with_row = |side: &AccountRef, change: &mut dyn FnMut(&mut HouseholdFigures)| {
        if !side.account.is_by_household() {
            return;
        }
        if let Ok(number) = HouseholdNo::parse("household_no", &side.subject) {
            change(
                rows.entry(number.clone())
                    .or_insert_with(|| empty_household(number)),
            );
        }
    };
    for (side, closing) in closings {
        with_row(side, &mut |row| match side.account {
            Account::HouseholdCredit => {
                row.credit_closing -= *closing;
                row.credit_opening -= *closing;
            }
            Account::FeeReceivable => {
                row.fees_closing += *closing;
                row.fees_opening += *closing;
            }
            _ => {}
        });
    }
    for (key, sum) in sums.in_month() {
        with_row(&key.side, &mut |row| {
            match key.side.account {
                Account::HouseholdCredit => row.credit_opening += sum,
                Account::FeeReceivable => row.fees_opening -= sum,
                _ => {}
            }
            match (key.side.account, key.flow) {
                (Account::HouseholdCredit, Flow::Pickup | Flow::Void | Flow::Correction) => {
                    row.earned -= sum;
                }
                (Account::HouseholdCredit, Flow::Offset) => row.offset -= sum,
                (Account::HouseholdCredit, Flow::Payout) => row.payouts -= sum,
                (Account::FeeIncome, Flow::Charge) => row.charged -= sum,
                (Account::FeeWaiver, Flow::Charge) => row.waived -= sum,
                (Account::FeeReceivable, Flow::CreditedBack) => row.credited_back += sum,
                (Account::FeeReceivable, Flow::Cash) => row.paid_cash += sum,
                (Account::FeeReceivable, Flow::AdvanceUsed) => row.advance_used += sum,
                _ => {}
            }
        });
    }
    rows.into_values()
        .filter(|row| *row != empty_household(row.household_no.clone()))
        .collect()
}

pub(super) fn account_rows(
    closings: &BTreeMap<AccountRef, Money>,
) -> BTreeMap<&'static str, Money> {
    let mut accounts: BTreeMap<&'static str, Money> = BTreeMap::new();
    for (side, closing) in closings {
        *accounts.entry(side.account.code()).or_default() += *closing;
    }
    accounts.retain(|_, closing| !closing.is_zero());
    accounts
}
