//! Accounts that roll forward by the flows that may move them: cash by custodian, buyers, the special fund.

use std::collections::BTreeMap;

use crate::domain::Money;
use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::report::checks::{Comparison, Sources, named};

/// Notes each subject whose balance is not what it was before the month and what the flows moved since.
fn roll(check: &mut Comparison, sources: &Sources<'_>, accounts: &[Account], flows: &[Flow]) {
    let mut rolled: BTreeMap<AccountRef, (Money, Money)> = BTreeMap::new();
    let is_meant = |side: &AccountRef| accounts.contains(&side.account);
    for (side, before) in &sources.sums.figures.moved_before {
        if is_meant(side) {
            rolled.entry(side.clone()).or_default().0 += *before;
        }
    }
    for (key, sum) in sources.sums.in_month() {
        if is_meant(&key.side) && flows.contains(&key.flow) {
            rolled.entry(key.side.clone()).or_default().0 += sum;
        }
    }
    for (side, closing) in sources.closings {
        if is_meant(side) {
            rolled.entry(side.clone()).or_default().1 += *closing;
        }
    }
    for (side, (expected, found)) in rolled {
        check.money(named(&side), expected, found);
    }
}

/// Cash of each custodian and collector: opening, receipts, payments and hand-ins come to what the book says.
pub(super) fn cash_by_custodian(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("cash_by_custodian");
    let flows = [
        Flow::Opening,
        Flow::PriorPeriod,
        Flow::Cash,
        Flow::Refund,
        Flow::BuyerPaid,
        Flow::FundReceived,
        Flow::FundSpent,
        Flow::PayPaid,
        Flow::Payout,
        Flow::HandIn,
        Flow::Deposit,
    ];
    let accounts = [Account::CashOnHand, Account::CashInTransit];
    roll(&mut check, sources, &accounts, &flows);
    check
}

/// What each buyer owes: opening, sales and payments come to the balance; and sales are what was booked as income.
pub(super) fn buyer_rolls_forward(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("buyer_rolls_forward");
    let flows = [
        Flow::Opening,
        Flow::PriorPeriod,
        Flow::Sale,
        Flow::BuyerPaid,
    ];
    roll(&mut check, sources, &[Account::BuyerReceivable], &flows);
    let income = -sources.moved(Account::ScrapSales, Flow::Sale);
    let sold = sources.moved(Account::BuyerReceivable, Flow::Sale);
    check.money(Account::ScrapSales.code(), sold, income);
    check
}

/// The fund rolls forward by receipts and releases; what was released is what was spent (R-SA-5).
pub(super) fn fund_rolls_forward(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("fund_rolls_forward");
    let flows = [
        Flow::Opening,
        Flow::PriorPeriod,
        Flow::FundReceived,
        Flow::FundReleased,
    ];
    roll(&mut check, sources, &[Account::SpecialFund], &flows);
    let spent = sources.moved(Account::CollectorPay, Flow::FundSpent)
        + sources.moved(Account::OperatingExpense, Flow::FundSpent);
    let released = sources.moved(Account::SpecialFund, Flow::FundReleased);
    check.money("released", spent, released);
    check
}
