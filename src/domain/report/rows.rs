//! The rows of the report: materials, collectors, groups, households, accounts.

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::projection::{AccountMonth, Stock};
use crate::domain::report::{
    CollectorFigures, Figures, GroupFigures, HouseholdFigures, MaterialFigures, Sums,
};
use crate::domain::{
    CollectorCode, Group, HouseholdNo, Material, MaterialCode, Money, Month, Quantity, Unit,
};

/// What moved of a material in the month; what went out is negative.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Moved {
    all: Stock,
    collected: Stock,
    sold: Stock,
    lost: Stock,
    gained: Stock,
    prior: Stock,
}

impl Moved {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds have no column"
    )]
    fn add(&mut self, flow: Flow, moved: Stock) {
        let change = (moved.count, moved.value);
        self.all.add(change);
        match flow {
            Flow::Pickup | Flow::Void | Flow::Correction => self.collected.add(change),
            Flow::Sale => self.sold.add(change),
            Flow::Loss => self.lost.add(change),
            Flow::Gain => self.gained.add(change),
            Flow::PriorPeriod => self.prior.add(change),
            _ => {}
        }
    }
}

/// What there is of a material now, in stock and in transit.
fn stock_now(figures: &Figures, code: &MaterialCode) -> Stock {
    let mut now = Stock::default();
    for account in [Account::GoodsInTransit, Account::RecyclablesStock] {
        let there = figures.stock.get(&(account, code.clone()));
        let there = there.copied().unwrap_or_default();
        now.add((there.count, there.value));
    }
    now
}

pub(super) fn material_rows(
    materials: &BTreeMap<MaterialCode, Material>,
    sums: &Sums<'_>,
) -> Vec<MaterialFigures> {
    let figures = sums.figures;
    let mut rows = Vec::new();
    for (code, material) in materials {
        let mut closing = stock_now(figures, code);
        let mut in_month = Moved::default();
        let mut has_moved = false;
        for (key, moved) in figures
            .material_months
            .iter()
            .filter(|(key, _)| key.material == *code)
        {
            if key.month > sums.month {
                closing.add((moved.count.saturating_neg(), -moved.value));
                continue;
            }
            has_moved = true;
            in_month.add(key.flow, *moved);
        }
        let mut opening = closing;
        opening.add((in_month.all.count.saturating_neg(), -in_month.all.value));
        if has_moved || opening != Stock::default() || closing != Stock::default() {
            rows.push(material_row(material, sums, opening, &in_month, closing));
        }
    }
    rows
}

fn material_row(
    material: &Material,
    sums: &Sums<'_>,
    opening: Stock,
    moved: &Moved,
    closing: Stock,
) -> MaterialFigures {
    let quantity = |count| Quantity::new(material.unit, count);
    let out = |count: i64| quantity(count.saturating_neg());
    let sales = sums.figures.sales.get(&material.code);
    let ticket = sales.copied().unwrap_or_default().ticket;
    let own = moved.sold.count.saturating_neg();
    let is_income = |key: &AccountMonth| {
        key.side.account == Account::ScrapSales
            && key.side.subject == material.code.as_str()
            && key.flow == Flow::Sale
    };
    let income: Money = sums
        .in_month()
        .filter(|(key, _)| is_income(key))
        .map(|(_, sum)| -sum)
        .sum();
    MaterialFigures {
        code: material.code.clone(),
        name: material.name.clone(),
        name_en: material.name_en.clone(),
        unit: material.unit,
        opening: quantity(opening.count),
        opening_value: opening.value,
        collected: quantity(moved.collected.count),
        collected_value: moved.collected.value,
        sold: quantity(own),
        sold_cost: -moved.sold.value,
        sold_income: income,
        sold_ticket: quantity(ticket),
        ticket_difference: quantity(own.saturating_sub(ticket)),
        lost: out(moved.lost.count),
        lost_value: -moved.lost.value,
        gained: quantity(moved.gained.count),
        gained_value: moved.gained.value,
        prior_period: quantity(moved.prior.count),
        prior_period_value: moved.prior.value,
        closing: quantity(closing.count),
        closing_value: closing.value,
    }
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
        credit_transfers: Money::ZERO,
        credit_closing: Money::ZERO,
        fees_opening: Money::ZERO,
        charged: Money::ZERO,
        waived: Money::ZERO,
        credited_back: Money::ZERO,
        paid_cash: Money::ZERO,
        advance_used: Money::ZERO,
        fees_transfers: Money::ZERO,
        written_off: Money::ZERO,
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
                (Account::HouseholdCredit, Flow::Transfer) => row.credit_transfers -= sum,
                (Account::FeeReceivable, Flow::Transfer) => row.fees_transfers += sum,
                (Account::HouseholdCredit, Flow::Payout) => row.payouts -= sum,
                (Account::FeeIncome, Flow::Charge) => row.charged -= sum,
                (Account::FeeWaiver, Flow::Charge) => row.waived -= sum,
                (Account::FeeReceivable, Flow::CreditedBack) => row.credited_back += sum,
                (Account::FeeReceivable, Flow::Cash) => row.paid_cash += sum,
                (Account::FeeReceivable, Flow::AdvanceUsed) => row.advance_used += sum,
                (Account::FeeReceivable, Flow::WriteOff) => row.written_off += sum,
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
