//! What households earned and owe: credit, fees, charges, groups.

use crate::domain::account::Account;
use crate::domain::journal::Flow;
use crate::domain::report::GroupFigures;
use crate::domain::report::checks::{Comparison, Sources};
use crate::domain::{HouseholdNo, Money};

/// The closing is the balance, and what it rolls forward from is what moved, each figure under its own name.
pub(super) fn credit_rolls_forward(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("credit_rolls_forward");
    let credit = &sources.report.credit;
    check.money(
        Account::HouseholdCredit.code(),
        credit.rolled_forward(),
        credit.closing,
    );
    check
}

/// The credit of the households that are registered is the balance of 2202: none stands under a number that no household has.
pub(super) fn credit_by_household(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("credit_by_household");
    let known = &sources.sums.figures.households;
    for (side, closing) in sources.closings {
        let number = HouseholdNo::parse("household_no", &side.subject).ok();
        let is_known = number.is_some_and(|number| known.contains(&number));
        if side.account == Account::HouseholdCredit && !is_known {
            check.money(side.subject.as_str(), Money::ZERO, -*closing);
        }
    }
    check
}

/// As credit: charged and waived come from income, the rest from the receivable.
pub(super) fn fees_roll_forward(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("fees_roll_forward");
    let fees = &sources.report.fees;
    check.money(
        Account::FeeReceivable.code(),
        fees.rolled_forward(),
        fees.closing,
    );
    check
}

/// What is open on the charges is the balance of 1122, as both are now.
pub(super) fn fees_by_charge(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("fees_by_charge");
    let figures = sources.sums.figures;
    let receivable = figures.balances.iter();
    let receivable = receivable
        .filter(|(side, _)| side.account == Account::FeeReceivable)
        .map(|(_, sum)| *sum)
        .sum();
    check.money(
        Account::FeeReceivable.code(),
        figures.open_charges,
        receivable,
    );
    check
}

/// What the offset took from credit is what it took from the receivable, and what it took from the charges.
pub(super) fn offset_both_sides(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("offset_both_sides");
    let out = sources.moved(Account::HouseholdCredit, Flow::Offset);
    let into = -sources.moved(Account::FeeReceivable, Flow::Offset);
    let applied = sources.sums.figures.charge_flows.get(&Flow::Offset);
    let applied = -applied.copied().unwrap_or_default();
    check.money(Account::FeeReceivable.code(), out, into);
    check.money("charges", out, applied);
    check
}

/// No charge is open beyond its net, or below nothing.
pub(super) fn charges_in_bounds(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("charges_in_bounds");
    for charge in &sources.sums.figures.charges_at_fault {
        let bound = if charge.open.is_negative() {
            Money::ZERO
        } else {
            charge.net
        };
        let row = format!("{} {}", charge.household_no, charge.key);
        check.money(row, bound, charge.open);
    }
    check
}

/// What moved at households of a group, over all groups, is what moved in the village.
pub(super) fn groups_sum_to_village(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("groups_sum_to_village");
    let report = sources.report;
    let fees = &report.fees;
    let groups = |figure: fn(&GroupFigures) -> Money| report.groups.iter().map(figure).sum();
    check.money("credit", report.credit.earned(), groups(|row| row.credit));
    check.money("charged", fees.charged, groups(|row| row.charged));
    check.money("waived", -fees.waived, groups(|row| row.waived));
    check.money("offset", -fees.offset, groups(|row| row.offset));
    check.money("cash", -fees.cash, groups(|row| row.cash));
    check
}
