//! What is on paper: numbers without gaps, and a notice that says what the books say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::Money;
use crate::domain::account::Account;
use crate::domain::report::HouseholdFigures;
use crate::domain::report::checks::{Comparison, Sources};

/// Of each kind of document and year there are as many as from the least number to the greatest, and the last number given is the greatest.
pub(super) fn numbers_are_gapless(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("numbers_are_gapless");
    for ((kind, year), sequence) in &sources.sums.figures.sequences {
        let row = format!("{} {year}", kind.word());
        let expected = sequence
            .most
            .saturating_sub(sequence.least)
            .saturating_add(1);
        check.number(row.as_str(), expected, sequence.count);
        check.number(format!("{row} last"), sequence.last, sequence.most);
    }
    check
}

/// The households of the notice come to the report, the report to the ledger; and while the month is closed, the notice that was sealed says
/// what the books say.
pub(super) fn notice_equals_report(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("notice_equals_report");
    let report = sources.report;
    let (credit, fees) = (&report.credit, &report.fees);
    let households =
        |figure: fn(&HouseholdFigures) -> Money| report.households.iter().map(figure).sum();
    for (name, total, sum) in [
        (
            "credit closing",
            credit.closing,
            households(|row| row.credit_closing),
        ),
        (
            "credit earned",
            credit.earned(),
            households(|row| row.earned),
        ),
        ("credit offset", credit.offset, households(|row| row.offset)),
        (
            "credit payouts",
            credit.payouts,
            households(|row| row.payouts),
        ),
        (
            "fees closing",
            fees.closing,
            households(|row| row.fees_closing),
        ),
        ("fees charged", fees.charged, households(|row| row.charged)),
        ("fees waived", fees.waived, households(|row| row.waived)),
        ("fees cash", fees.cash, households(|row| row.paid_cash)),
        (
            "credit in the ledger",
            credit.closing,
            -sources.closing(Account::HouseholdCredit),
        ),
        (
            "fees in the ledger",
            fees.closing,
            sources.closing(Account::FeeReceivable),
        ),
    ] {
        check.money(name, total, sum);
    }
    if let Some(notice) = &sources.sums.figures.notice {
        let now = serde_json::to_value(report).unwrap_or_default();
        for section in ["credit", "fees", "accounts"] {
            compare(&mut check, section, notice.get(section), now.get(section));
        }
        for figure in ["cash_received", "advance_closing"] {
            check.money(figure, amount(notice.get(figure)), amount(now.get(figure)));
        }
    }
    check
}

/// Every figure of a section on the notice and in the books.
fn compare(check: &mut Comparison, section: &str, notice: Option<&Value>, now: Option<&Value>) {
    let mut figures: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
    for (name, value) in notice.and_then(Value::as_object).into_iter().flatten() {
        figures.entry(name).or_default().0 = amount(Some(value));
    }
    for (name, value) in now.and_then(Value::as_object).into_iter().flatten() {
        figures.entry(name).or_default().1 = amount(Some(value));
    }
    for (name, (told, there)) in figures {
        check.money(format!("{section} {name}"), told, there);
    }
}

/// A figure as it is written; one that is not there is nothing.
fn amount(value: Option<&Value>) -> Money {
    let written = value.and_then(|value| serde_json::from_value(value.clone()).ok());
    written.unwrap_or_default()
}
