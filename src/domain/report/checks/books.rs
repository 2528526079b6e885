//! The books as a whole: entries balance, the surplus is what net assets grew by, openings are closings.

use std::collections::BTreeMap;

use crate::domain::Money;
use crate::domain::account::Account;
use crate::domain::journal::Flow;
use crate::domain::report::checks::{Comparison, Sources, named};

/// The trial balance is nothing, and so is what moved in the month, flow by flow: an entry has one flow on both of its sides.
pub(super) fn entries_balance(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("entries_balance");
    let trial = sources.closings.values().copied().sum();
    check.money("trial balance", Money::ZERO, trial);
    let mut flows: BTreeMap<Flow, Money> = BTreeMap::new();
    for ((_, flow), sum) in &sources.sums.flows {
        *flows.entry(*flow).or_default() += *sum;
    }
    for (flow, sum) in flows {
        check.money(flow.word(), Money::ZERO, sum);
    }
    check
}

/// The class of an account: its first digit.
fn class(account: Account) -> char {
    account.code().chars().next().unwrap_or('0')
}

/// Income less expense of the month is what assets less liabilities grew by, without what went straight to equity. The former comes from what
/// moved, the latter from balances.
pub(super) fn surplus(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("surplus");
    let is_net = |account: Account| matches!(class(account), '1' | '2');
    let moved = |of: char| -> Money {
        let flows = sources.sums.flows.iter();
        let of_class = flows.filter(|((account, _), _)| class(*account) == of);
        of_class.map(|(_, sum)| *sum).sum()
    };
    let closing = sources.closings.iter();
    let closing: Money = closing
        .filter(|(side, _)| is_net(side.account))
        .map(|(_, sum)| *sum)
        .sum();
    let opening = sources.sums.figures.moved_before.iter();
    let opening: Money = opening
        .filter(|(side, _)| is_net(side.account))
        .map(|(_, sum)| *sum)
        .sum();
    // Credits are negative: what equity and income received is taken with its sign turned.
    let (equity, surplus) = (-moved('3'), -moved('5'));
    check.money("surplus", closing - opening - equity, surplus);
    check
}

/// The openings of the month are the sums of all months before, account by account and subject by subject; and 3190 holds nothing.
pub(super) fn opening_is_previous_closing(sources: &Sources<'_>) -> Comparison {
    let mut check = Comparison::of("opening_is_previous_closing");
    let clearing = sources.closing(Account::OpeningClearing);
    check.money(Account::OpeningClearing.code(), Money::ZERO, clearing);
    let mut sides: BTreeMap<_, (Money, Money)> = BTreeMap::new();
    for (side, closing) in sources.closings {
        sides.entry(side.clone()).or_default().0 += *closing;
    }
    for (key, sum) in sources.sums.in_month() {
        sides.entry(key.side.balanced()).or_default().0 -= sum;
    }
    for (side, sum) in &sources.sums.figures.moved_before {
        sides.entry(side.balanced()).or_default().1 += *sum;
    }
    for (side, (opening, before)) in sides {
        check.money(named(&side), before, opening);
    }
    check
}
