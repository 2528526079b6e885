//! The nineteen checks of the report (勾稽关系, rules, section 13). Each compares two sources that are written independently of each other;
//! `verify` compares every projection with the journal.

mod books;
mod documents;
mod households;
mod money;
mod stock;

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::report::{Check, CheckRow, MonthReport, Sums};
use crate::domain::{Money, Unit};

/// What the checks read.
struct Sources<'a> {
    report: &'a MonthReport,
    sums: &'a Sums<'a>,
    /// Balances at the end of the month.
    closings: &'a BTreeMap<AccountRef, Money>,
}

impl Sources<'_> {
    fn moved(&self, account: Account, flow: Flow) -> Money {
        self.sums.moved(account, flow)
    }

    fn closing(&self, account: Account) -> Money {
        let of_account = |(side, _): &(&AccountRef, &Money)| side.account == account;
        let closings = self.closings.iter().filter(of_account);
        closings.map(|(_, sum)| *sum).sum()
    }
}

/// A check that is being made: what differs is noted row by row.
struct Comparison {
    id: &'static str,
    difference: Money,
    rows: Vec<CheckRow>,
}

impl Comparison {
    fn of(id: &'static str) -> Comparison {
        Comparison {
            id,
            difference: Money::ZERO,
            rows: Vec::new(),
        }
    }

    /// Notes a row whose two sides differ; differences add up and never cancel.
    fn money(&mut self, row: impl Into<String>, expected: Money, found: Money) {
        if expected != found {
            self.difference += apart(expected, found);
            self.text(row, &expected, &found);
        }
    }

    /// Notes a row whose numbers differ.
    fn number(&mut self, row: impl Into<String>, expected: i64, found: i64) {
        if expected != found {
            self.text(row, &expected, &found);
        }
    }

    /// Notes a row whose quantities differ.
    fn quantity(&mut self, row: impl Into<String>, unit: Unit, expected: i64, found: i64) {
        if expected != found {
            let shown = |count| crate::domain::Quantity::new(unit, count);
            self.text(row, &shown(expected), &shown(found));
        }
    }

    fn text(&mut self, row: impl Into<String>, expected: &dyn ToString, found: &dyn ToString) {
        self.rows.push(CheckRow {
            row: row.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }

    fn done(self) -> Check {
        Check {
            id: self.id,
            holds: self.rows.is_empty(),
            difference: self.difference,
            rows: self.rows,
        }
    }
}

/// The absolute value of a difference.
fn apart(left: Money, right: Money) -> Money {
    let difference = left - right;
    if difference.is_negative() {
        -difference
    } else {
        difference
    }
}

/// An account and its subject as a row names them.
fn named(side: &AccountRef) -> String {
    let code = side.account.code();
    if side.subject.is_empty() {
        code.to_owned()
    } else {
        format!("{code} {}", side.subject)
    }
}

/// Every check, in the order of the rules.
pub(super) fn checks(
    report: &MonthReport,
    sums: &Sums<'_>,
    closings: &BTreeMap<AccountRef, Money>,
) -> Vec<Check> {
    let sources = Sources {
        report,
        sums,
        closings,
    };
    [
        books::entries_balance,
        households::credit_rolls_forward,
        households::credit_by_household,
        households::fees_roll_forward,
        households::fees_by_charge,
        households::offset_both_sides,
        households::charges_in_bounds,
        stock::pickups_equal_credit,
        stock::stock_rolls_forward,
        stock::mass_balance,
        money::cash_by_custodian,
        money::buyer_rolls_forward,
        money::fund_rolls_forward,
        books::surplus,
        books::opening_is_previous_closing,
        stock::two_views_of_time,
        documents::numbers_are_gapless,
        households::groups_sum_to_village,
        documents::notice_equals_report,
    ]
    .map(|check| check(&sources).done())
    .into()
}
