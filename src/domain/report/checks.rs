//! The checks of the report (rules, section 13): equations between projections that are written independently of each other.

use std::collections::BTreeMap;

use crate::domain::Money;
use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::projection::{MaterialMonth, Stock};
use crate::domain::report::{Check, GroupFigures, MaterialFigures, MonthReport, Sums};

/// The absolute value of a difference, so that two differences cannot cancel.
fn apart(left: Money, right: Money) -> Money {
    let difference = left - right;
    if difference.is_negative() {
        -difference
    } else {
        difference
    }
}

/// The equations of section 13 that concern entries, credit, fees, charges, pickups, stock inflow, groups and openings. Each compares two
/// projections that are written independently of each other; `verify` compares every projection with the journal.
pub(super) fn checks(
    report: &MonthReport,
    sums: &Sums<'_>,
    closings: &BTreeMap<AccountRef, Money>,
) -> Vec<Check> {
    let figures = sums.figures;
    let moved = |account, flow| sums.moved(account, flow);
    let balance_now = |account: Account| {
        figures
            .balances
            .iter()
            .filter(|(side, _)| side.account == account)
            .map(|(_, sum)| *sum)
            .sum::<Money>()
    };
    let (credit, fees) = (&report.credit, &report.fees);
    let earned = credit.earned();
    let collected: Money = report.materials.iter().map(|row| row.collected_value).sum();
    let stocked: Money = [Flow::Pickup, Flow::Void, Flow::Correction]
        .map(|flow| moved(Account::RecyclablesStock, flow) + moved(Account::GoodsInTransit, flow))
        .into_iter()
        .sum();
    let by_household: Money = report.households.iter().map(|row| row.credit_closing).sum();
    let check = |id, difference: Money| Check {
        id,
        holds: difference.is_zero(),
        difference,
    };
    vec![
        check("entries_balance", closings.values().copied().sum()),
        check(
            "credit_rolls_forward",
            credit.closing - credit.rolled_forward(),
        ),
        check("credit_by_household", by_household - credit.closing),
        check("fees_roll_forward", fees.closing - fees.rolled_forward()),
        check(
            "fees_by_charge",
            figures.open_charges - balance_now(Account::FeeReceivable),
        ),
        check(
            "offset_both_sides",
            moved(Account::HouseholdCredit, Flow::Offset)
                + moved(Account::FeeReceivable, Flow::Offset),
        ),
        check("charges_in_bounds", figures.charges_out_of_bounds),
        check(
            "pickups_equal_credit",
            apart(collected, earned) + apart(stocked, earned),
        ),
        check("stock_rolls_forward", stock_apart(report, sums, closings)),
        check(
            "opening_is_previous_closing",
            openings_apart(sums, closings),
        ),
        check("groups_sum_to_village", groups_apart(report)),
    ]
}

/// What stock and goods in transit differ from their accounts, and their closing from their opening and what moved; a gram or piece that is
/// off counts as a fen.
fn stock_apart(
    report: &MonthReport,
    sums: &Sums<'_>,
    closings: &BTreeMap<AccountRef, Money>,
) -> Money {
    report
        .materials
        .iter()
        .map(|row| {
            let booked: Money = [Account::RecyclablesStock, Account::GoodsInTransit]
                .into_iter()
                .filter_map(|account| closings.get(&account.of(row.code.as_str())).copied())
                .sum();
            let rolled = rolled_forward(row, opened(sums, row));
            let closing = Money::from_fen(row.closing.count());
            apart(row.closing_value, booked)
                + apart(rolled.value, row.closing_value)
                + apart(Money::from_fen(rolled.count), closing)
        })
        .sum()
}

/// What the opening of a material and everything that moved come to; it must be the closing.
fn rolled_forward(row: &MaterialFigures, opened: Stock) -> Stock {
    let mut stock = opened;
    let incoming = [
        (row.opening, row.opening_value),
        (row.collected, row.collected_value),
        (row.gained, row.gained_value),
        (row.prior_period, row.prior_period_value),
    ];
    for (quantity, value) in incoming {
        stock.add((quantity.count(), value));
    }
    for (quantity, value) in [(row.sold, row.sold_cost), (row.lost, row.lost_value)] {
        stock.add((quantity.count().saturating_neg(), -value));
    }
    stock
}

/// What the groups of the report differ from the village.
fn groups_apart(report: &MonthReport) -> Money {
    let (earned, fees) = (report.credit.earned(), &report.fees);
    let groups =
        |figure: fn(&GroupFigures) -> Money| report.groups.iter().map(figure).sum::<Money>();
    apart(groups(|row| row.credit), earned)
        + apart(groups(|row| row.charged), fees.charged)
        + apart(groups(|row| row.waived), -fees.waived)
        + apart(groups(|row| row.offset), -fees.offset)
        + apart(groups(|row| row.cash), -fees.cash)
}

/// Stock that was opened in the month.
fn opened(sums: &Sums<'_>, row: &MaterialFigures) -> Stock {
    let mut stock = Stock::default();
    let is_opening = |key: &MaterialMonth| {
        key.month == sums.month && key.material == row.code && key.flow == Flow::Opening
    };
    for (key, moved) in &sums.figures.material_months {
        if is_opening(key) {
            stock.add((moved.count, moved.value));
        }
    }
    stock
}

/// What the openings of the month differ from the sums of all months before; and what 3190 holds, which must be nothing.
fn openings_apart(sums: &Sums<'_>, closings: &BTreeMap<AccountRef, Money>) -> Money {
    let mut openings = closings.clone();
    for (key, sum) in sums.in_month() {
        *openings.entry(key.side.balanced()).or_default() -= sum;
    }
    for (side, sum) in &sums.figures.moved_before {
        *openings.entry(side.balanced()).or_default() -= *sum;
    }
    let clearing = closings
        .get(&Account::OpeningClearing.alone())
        .copied()
        .unwrap_or_default();
    apart(clearing, Money::ZERO)
        + openings
            .values()
            .map(|left| apart(*left, Money::ZERO))
            .sum()
}
