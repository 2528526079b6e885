//! The month's reconciliation report (月度对账表) as a value: figures by flow, and the checks that must hold (rules, section 13).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::projection::{AccountMonth, MaterialMonth, Stock};
use crate::domain::{
    CollectorCode, Group, HouseholdNo, Material, MaterialCode, Money, Month, Quantity, Unit, VillageCode,
};

/// What a report is made from, all read in one snapshot.
#[derive(Debug, Default)]
pub struct Figures {
    /// Balances now.
    pub balances: BTreeMap<AccountRef, Money>,
    /// What moved in the month and in later ones.
    pub account_months: BTreeMap<AccountMonth, Money>,
    /// What moved before the month, by account and subject, summed by the store.
    pub moved_before: BTreeMap<AccountRef, Money>,
    /// Stock now.
    pub stock: BTreeMap<MaterialCode, Stock>,
    /// What moved of each material in the month and in later ones.
    pub material_months: BTreeMap<MaterialMonth, Stock>,
    /// Pickups of the month by household and collector.
    pub pickups: BTreeMap<(HouseholdNo, CollectorCode), i64>,
    /// The sum of open charges now.
    pub open_charges: Money,
    /// How much charges are open beyond their net or below nothing.
    pub charges_out_of_bounds: Money,
}

/// Credit of the village over the month; figures that reduce it are negative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct CreditFigures {
    pub opening: Money,
    pub pickups: Money,
    pub voids: Money,
    pub corrections: Money,
    pub transfers: Money,
    pub prior_period: Money,
    pub offset: Money,
    pub payouts: Money,
    pub closing: Money,
}

/// Open fees of the village over the month; figures that reduce them are negative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct FeeFigures {
    pub opening: Money,
    pub charged: Money,
    pub waived: Money,
    pub credited_back: Money,
    pub offset: Money,
    pub cash: Money,
    pub advance_used: Money,
    pub written_off: Money,
    pub transfers: Money,
    pub prior_period: Money,
    pub closing: Money,
}

/// A material over the month; every figure is positive under its own name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct MaterialFigures {
    pub code: MaterialCode,
    pub name: String,
    pub name_en: String,
    pub unit: Unit,
    pub opening: Quantity,
    pub opening_value: Money,
    pub collected: Quantity,
    pub collected_value: Money,
    pub sold: Quantity,
    pub sold_cost: Money,
    pub sold_income: Money,
    pub lost: Quantity,
    pub lost_value: Money,
    pub gained: Quantity,
    pub gained_value: Money,
    pub closing: Quantity,
    pub closing_value: Money,
}

/// What a collector brought, net of voids and corrections; pieces are not weighed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct CollectorFigures {
    pub collector: CollectorCode,
    pub pickups: i64,
    pub amount: Money,
    pub weight_kg: Quantity,
}

/// A group of the village; every figure is positive under its own name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct GroupFigures {
    pub group: Group,
    pub credit: Money,
    pub charged: Money,
    pub waived: Money,
    pub offset: Money,
    pub cash: Money,
}

/// A household over the month; figures that reduce a balance are negative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of interface.md, section 3")]
pub struct HouseholdFigures {
    pub household_no: HouseholdNo,
    pub credit_opening: Money,
    pub earned: Money,
    pub offset: Money,
    pub payouts: Money,
    pub credit_closing: Money,
    pub fees_opening: Money,
    pub charged: Money,
    pub waived: Money,
    pub credited_back: Money,
    pub paid_cash: Money,
    pub advance_used: Money,
    pub fees_closing: Money,
}

/// A check (勾稽关系): an equation of section 13 with what its two sides differ by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// The id of the equation.
    pub id: &'static str,
    /// Whether both sides are equal.
    pub holds: bool,
    /// By how much they differ.
    pub difference: Money,
}

/// The report of a month as it stands in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of interface.md, section 3")]
pub struct MonthReport {
    pub village: VillageCode,
    pub name: String,
    pub township: String,
    pub month: Month,
    pub pickups: i64,
    pub households_participating: usize,
    pub credit: CreditFigures,
    pub fees: FeeFigures,
    pub cash_received: Money,
    pub advance_closing: Money,
    pub materials: Vec<MaterialFigures>,
    pub collectors: Vec<CollectorFigures>,
    pub groups: Vec<GroupFigures>,
    pub households: Vec<HouseholdFigures>,
    pub accounts: BTreeMap<&'static str, Money>,
    pub checks: Vec<Check>,
}

impl MonthReport {
    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }
}

/// The village that a report is about.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Its code.
    pub village: &'a VillageCode,
    /// Its name.
    pub name: &'a str,
    /// Its township.
    pub township: &'a str,
    /// Its materials in the order of their codes.
    pub materials: &'a BTreeMap<MaterialCode, Material>,
}

/// Figures of one month, looked up by account and flow.
struct Sums<'a> {
    month: Month,
    figures: &'a Figures,
}

impl Sums<'_> {
    /// What moved in the month by flow and subject, debit positive.
    fn moved(&self, account: Account, flow: Flow) -> Money {
        self.in_month().filter(|(key, _)| key.side.account == account && key.flow == flow).map(|(_, sum)| sum).sum()
    }

    fn in_month(&self) -> impl Iterator<Item = (&AccountMonth, Money)> {
        let is_here = |(key, _): &(&AccountMonth, &Money)| key.month == self.month;
        self.figures.account_months.iter().filter(is_here).map(|(key, sum)| (key, *sum))
    }

    /// Balances at the end of the month: what they are now less what moved later.
    fn closings(&self) -> BTreeMap<AccountRef, Money> {
        let mut closings = self.figures.balances.clone();
        for (key, sum) in self.figures.account_months.iter().filter(|(key, _)| key.month > self.month) {
            *closings.entry(key.side.clone()).or_default() -= *sum;
        }
        closings
    }
}

/// Makes the report of a month from its figures.
pub fn month_report(subject: &Subject<'_>, month: Month, figures: &Figures) -> MonthReport {
    let sums = Sums { month, figures };
    let closings = sums.closings();
    let closing_of =
        |account| closings.iter().filter(|(side, _)| side.account == account).map(|(_, sum)| *sum).sum::<Money>();
    let moved_of = |account| sums.in_month().filter(|(key, _)| key.side.account == account).map(|(_, sum)| sum).sum();
    let moved = |account, flow| sums.moved(account, flow);
    let credit_closing = -closing_of(Account::HouseholdCredit);
    let credit_moved: Money = moved_of(Account::HouseholdCredit);
    let credit = CreditFigures {
        opening: credit_closing + credit_moved,
        pickups: -moved(Account::HouseholdCredit, Flow::Pickup),
        voids: -moved(Account::HouseholdCredit, Flow::Void),
        corrections: -moved(Account::HouseholdCredit, Flow::Correction),
        transfers: Money::ZERO,
        prior_period: -moved(Account::HouseholdCredit, Flow::PriorPeriod),
        offset: -moved(Account::HouseholdCredit, Flow::Offset),
        payouts: Money::ZERO,
        closing: credit_closing,
    };
    let fees_closing = closing_of(Account::FeeReceivable);
    let fees_moved: Money = moved_of(Account::FeeReceivable);
    let fees = FeeFigures {
        opening: fees_closing - fees_moved,
        charged: -moved(Account::FeeIncome, Flow::Charge),
        waived: -moved(Account::FeeWaiver, Flow::Charge),
        credited_back: moved(Account::FeeReceivable, Flow::CreditedBack),
        offset: moved(Account::FeeReceivable, Flow::Offset),
        cash: moved(Account::FeeReceivable, Flow::Cash),
        advance_used: moved(Account::FeeReceivable, Flow::AdvanceUsed),
        written_off: Money::ZERO,
        transfers: Money::ZERO,
        prior_period: moved(Account::FeeReceivable, Flow::PriorPeriod),
        closing: fees_closing,
    };
    let households: BTreeSet<_> = figures.pickups.keys().map(|(household, _)| household).collect();
    let mut report = MonthReport {
        village: subject.village.clone(),
        name: subject.name.to_owned(),
        township: subject.township.to_owned(),
        month,
        pickups: figures.pickups.values().sum(),
        households_participating: households.len(),
        credit,
        fees,
        cash_received: moved(Account::CashOnHand, Flow::Cash) + moved(Account::CashInTransit, Flow::Cash),
        advance_closing: -closing_of(Account::FeeAdvance),
        materials: material_rows(subject.materials, month, figures),
        collectors: collector_rows(subject.materials, month, figures),
        groups: group_rows(&sums),
        households: household_rows(&sums, &closings),
        accounts: account_rows(&closings),
        checks: Vec::new(),
    };
    report.checks = checks(&report, &sums, &closings);
    report
}

fn material_rows(
    materials: &BTreeMap<MaterialCode, Material>,
    month: Month,
    figures: &Figures,
) -> Vec<MaterialFigures> {
    let mut rows = Vec::new();
    for (code, material) in materials {
        let mut closing = figures.stock.get(code).copied().unwrap_or_default();
        let mut opening_change = Stock::default();
        let mut collected = Stock::default();
        let mut has_moved = false;
        for (key, moved) in figures.material_months.iter().filter(|(key, _)| key.material == *code) {
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

fn collector_rows(
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
    for (key, moved) in figures.material_months.iter().filter(|(key, _)| key.month == month) {
        let Some(collector) = &key.collector else { continue };
        let row = rows.entry(collector).or_insert_with(|| empty(collector));
        row.amount += moved.value;
        if materials.get(&key.material).is_some_and(|material| material.unit == Unit::Kg) {
            row.weight_kg = Quantity::grams(row.weight_kg.count().saturating_add(moved.count));
        }
    }
    rows.into_values().collect()
}

fn group_rows(sums: &Sums<'_>) -> Vec<GroupFigures> {
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
            (Account::HouseholdCredit, Flow::Pickup | Flow::Void | Flow::Correction) => row.credit -= sum,
            (Account::FeeIncome, Flow::Charge) => row.charged -= sum,
            (Account::FeeWaiver, Flow::Charge) => row.waived += sum,
            (Account::FeeReceivable, Flow::Offset) => row.offset -= sum,
            (Account::FeeReceivable, Flow::Cash) => row.cash -= sum,
            _ => {}
        }
    }
    let has_figure = |row: &GroupFigures| {
        [row.credit, row.charged, row.waived, row.offset, row.cash].iter().any(|figure| !figure.is_zero())
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

fn household_rows(sums: &Sums<'_>, closings: &BTreeMap<AccountRef, Money>) -> Vec<HouseholdFigures> {
    let mut rows: BTreeMap<HouseholdNo, HouseholdFigures> = BTreeMap::new();
    let mut with_row = |side: &AccountRef, change: &mut dyn FnMut(&mut HouseholdFigures)| {
        if !side.account.is_by_household() {
            return;
        }
        if let Ok(number) = HouseholdNo::parse("household_no", &side.subject) {
            change(rows.entry(number.clone()).or_insert_with(|| empty_household(number)));
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
                (Account::HouseholdCredit, Flow::Pickup | Flow::Void | Flow::Correction) => row.earned -= sum,
                (Account::HouseholdCredit, Flow::Offset) => row.offset -= sum,
                (Account::FeeIncome, Flow::Charge) => row.charged -= sum,
                (Account::FeeWaiver, Flow::Charge) => row.waived -= sum,
                (Account::FeeReceivable, Flow::CreditedBack) => row.credited_back += sum,
                (Account::FeeReceivable, Flow::Cash) => row.paid_cash += sum,
                (Account::FeeReceivable, Flow::AdvanceUsed) => row.advance_used += sum,
                _ => {}
            }
        });
    }
    rows.into_values().filter(|row| *row != empty_household(row.household_no.clone())).collect()
}

fn account_rows(closings: &BTreeMap<AccountRef, Money>) -> BTreeMap<&'static str, Money> {
    let mut accounts: BTreeMap<&'static str, Money> = BTreeMap::new();
    for (side, closing) in closings {
        *accounts.entry(side.account.code()).or_default() += *closing;
    }
    accounts.retain(|_, closing| !closing.is_zero());
    accounts
}

/// The absolute value of a difference, so that two differences cannot cancel.
fn apart(left: Money, right: Money) -> Money {
    let difference = left - right;
    if difference.is_negative() { -difference } else { difference }
}

/// The equations of section 13 that concern entries, credit, fees, charges, pickups, stock inflow, groups and openings. Each compares two
/// projections that are written independently of each other; `verify` compares every projection with the journal.
fn checks(report: &MonthReport, sums: &Sums<'_>, closings: &BTreeMap<AccountRef, Money>) -> Vec<Check> {
    let figures = sums.figures;
    let moved = |account, flow| sums.moved(account, flow);
    let balance_now = |account: Account| {
        figures.balances.iter().filter(|(side, _)| side.account == account).map(|(_, sum)| *sum).sum::<Money>()
    };
    let credit = &report.credit;
    let credit_rolled = credit.opening + credit.pickups + credit.voids + credit.corrections + credit.transfers
        + credit.prior_period + credit.offset + credit.payouts;
    let fees = &report.fees;
    let fees_rolled = fees.opening + fees.charged + fees.waived + fees.credited_back + fees.offset + fees.cash
        + fees.advance_used + fees.written_off + fees.transfers + fees.prior_period;
    let collected: Money = report.materials.iter().map(|row| row.collected_value).sum();
    let earned = credit.pickups + credit.voids + credit.corrections;
    let stocked: Money = [Flow::Pickup, Flow::Void, Flow::Correction]
        .map(|flow| moved(Account::RecyclablesStock, flow) + moved(Account::GoodsInTransit, flow))
        .into_iter()
        .sum();
    let by_household: Money = report.households.iter().map(|row| row.credit_closing).sum();
    let stock_apart: Money = report.materials.iter().map(|row| {
        let booked = closings.get(&Account::RecyclablesStock.of(row.code.as_str())).copied().unwrap_or_default();
        apart(row.closing_value, booked) + apart(row.opening_value + row.collected_value + prior_stock(sums, row), row.closing_value)
    }).sum();
    let groups = |figure: fn(&GroupFigures) -> Money| report.groups.iter().map(figure).sum::<Money>();
    let groups_apart = apart(groups(|row| row.credit), earned)
        + apart(groups(|row| row.charged), fees.charged)
        + apart(groups(|row| row.waived), -fees.waived)
        + apart(groups(|row| row.offset), -fees.offset)
        + apart(groups(|row| row.cash), -fees.cash);
    let check = |id, difference: Money| Check { id, holds: difference.is_zero(), difference };
    vec![
        check("entries_balance", closings.values().copied().sum()),
        check("credit_rolls_forward", credit.closing - credit_rolled),
        check("credit_by_household", by_household - credit.closing),
        check("fees_roll_forward", fees.closing - fees_rolled),
        check("fees_by_charge", figures.open_charges - balance_now(Account::FeeReceivable)),
        check("offset_both_sides", moved(Account::HouseholdCredit, Flow::Offset) + moved(Account::FeeReceivable, Flow::Offset)),
        check("charges_in_bounds", figures.charges_out_of_bounds),
        check("pickups_equal_credit", apart(collected, earned) + apart(stocked, earned)),
        check("stock_rolls_forward", stock_apart),
        check("opening_is_previous_closing", openings_apart(sums, closings)),
        check("groups_sum_to_village", groups_apart),
    ]
}

/// Stock that moved in the month as an opening, or as an adjustment of one.
fn prior_stock(sums: &Sums<'_>, row: &MaterialFigures) -> Money {
    let is_prior = |key: &&MaterialMonth| {
        key.month == sums.month && key.material == row.code && matches!(key.flow, Flow::Opening | Flow::PriorPeriod)
    };
    sums.figures.material_months.iter().filter(|(key, _)| is_prior(key)).map(|(_, moved)| moved.value).sum()
}

/// What the openings of the month differ from the sums of all months before; and what 3190 holds, which must be nothing.
fn openings_apart(sums: &Sums<'_>, closings: &BTreeMap<AccountRef, Money>) -> Money {
    let mut openings = closings.clone();
    for (key, sum) in sums.in_month() {
        *openings.entry(key.side.clone()).or_default() -= sum;
    }
    for (side, sum) in &sums.figures.moved_before {
        *openings.entry(side.clone()).or_default() -= *sum;
    }
    let clearing = closings.get(&Account::OpeningClearing.alone()).copied().unwrap_or_default();
    apart(clearing, Money::ZERO) + openings.values().map(|left| apart(*left, Money::ZERO)).sum()
}
