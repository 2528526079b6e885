//! Owns the plain second implementation of fees and settling (R-NU, R-PR-1, R-FE, R-ST-1 to R-ST-3) that tests compare with the books.

use std::collections::BTreeMap;

use super::fee_village::{
    Cash, Date, Household, Line, Month, OpeningLine, Pickup, Price, Stamp, Unit, Village, Waiver,
};

/// One row of `households[]` in fen, with the report's names and signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HouseholdFigures {
    pub(crate) credit_opening: i64,
    pub(crate) earned: i64,
    pub(crate) offset: i64,
    pub(crate) credit_closing: i64,
    pub(crate) fees_opening: i64,
    pub(crate) charged: i64,
    pub(crate) waived: i64,
    pub(crate) credited_back: i64,
    pub(crate) paid_cash: i64,
    pub(crate) advance_used: i64,
    pub(crate) fees_closing: i64,
}

/// What the report of one month says; `households` lacks the rows where every figure is zero, `totals` is their sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MonthFigures {
    pub(crate) month: Month,
    pub(crate) households: BTreeMap<String, HouseholdFigures>,
    pub(crate) totals: HouseholdFigures,
    pub(crate) cash_received: i64,
    pub(crate) advance_closing: i64,
}

/// A charge; `priced` is absent for one that stood in the opening.
struct Charge {
    open: i64,
    priced: Option<Priced>,
}

/// What an issued charge was priced with; it never changes (R-FE-5).
struct Priced {
    unit: i64,
    units: i64,
    vacancy: i64,
    waived_percent: i64,
    gross: i64,
    waived: i64,
}

/// What one household holds and owes, and its figures of the running month.
#[derive(Default)]
struct Account {
    credit: i64,
    advance: i64,
    charges: BTreeMap<Month, Charge>,
    figures: HouseholdFigures,
}

impl Account {
    fn open(&self) -> i64 {
        self.charges.values().map(|charge| charge.open).sum()
    }

    /// Applies up to `amount` to open charges, oldest first (R-ST-1), and answers how much it applied.
    fn pay(&mut self, amount: i64) -> i64 {
        let mut left = amount;
        for charge in self.charges.values_mut() {
            let paid = left.min(charge.open);
            charge.open -= paid;
            left -= paid;
        }
        amount - left
    }

    /// Advance never lies beside an open charge (R-ST-2, R-FE-6).
    fn use_advance(&mut self) {
        let used = self.pay(self.advance);
        self.advance -= used;
        self.figures.advance_used -= used;
    }

    fn start_month(&mut self) {
        self.figures = HouseholdFigures {
            credit_opening: self.credit,
            fees_opening: self.open(),
            ..HouseholdFigures::default()
        };
    }

    fn close_month(&mut self) {
        assert!(self.credit >= 0 && self.advance >= 0);
        assert!(self.charges.values().all(|charge| charge.open >= 0));
        assert!(self.advance == 0 || self.open() == 0);
        self.figures.credit_closing = self.credit;
        self.figures.fees_closing = self.open();
    }

    /// Move-out (R-FE-6): every issued charge whose period has not ended before the month of the move is priced again.
    fn move_out(&mut self, house: &Household, day: Date, period_months: i64) {
        for (start, charge) in &mut self.charges {
            let Some(priced) = &mut charge.priced else {
                continue;
            };
            if start.plus(period_months - 1) < day.in_month() {
                continue;
            }
            let months = liable_months(house, *start, period_months, day);
            let gross = priced.gross_for(months, period_months);
            let waived = half_up(gross * priced.waived_percent, 100);
            let difference = (priced.gross - gross) - (priced.waived - waived);
            priced.gross = gross;
            priced.waived = waived;
            let reduced = difference.min(charge.open);
            charge.open -= reduced;
            self.figures.credited_back -= reduced;
            self.advance += difference - reduced;
        }
        self.use_advance();
    }
}

impl Priced {
    /// Gross of a charge (R-FE-3), rounded once.
    fn gross_for(&self, liable_months: i64, period_months: i64) -> i64 {
        half_up(
            self.unit * self.units * liable_months * self.vacancy,
            period_months * 100,
        )
    }
}

/// Quotient rounded half up (R-NU-5); no negative numerator occurs here.
fn half_up(numerator: i64, denominator: i64) -> i64 {
    assert!(numerator >= 0 && denominator > 0);
    (2 * numerator + denominator) / (2 * denominator)
}

/// Amount of one line (R-NU-1, R-NU-2).
fn line_amount(line: &Line, price: &Price) -> i64 {
    if line.unit == Unit::Piece {
        return half_up(line.gross * price.li, 10 * price.per);
    }
    let net = half_up((line.gross - line.tare) * (1000 - line.deduction), 1000);
    half_up(net * price.li, 10_000)
}

/// Amount of a pickup by the list in force when it happened (R-PR-1).
fn pickup_amount(village: &Village, pickup: &Pickup) -> i64 {
    let lists = village.price_lists.iter();
    let list = lists
        .filter(|list| list.effective_from <= pickup.occurred_at)
        .max_by_key(|list| list.effective_from)
        .expect("a list is in force at every pickup");
    let lines = pickup.lines.iter();
    lines
        .map(|line| line_amount(line, &list.prices[&line.material]))
        .sum()
}

/// Months of a period the household is liable for, with the moves known up to `known` (R-FE-3).
fn liable_months(house: &Household, start: Month, period_months: i64, known: Date) -> i64 {
    let moved_out = house.moved_out.filter(|day| *day <= known);
    let mut count = 0;
    for offset in 0..period_months {
        let fifteenth = start.plus(offset).day(15);
        let there = house.moved_in.is_none_or(|day| day <= fifteenth);
        let gone = moved_out.is_some_and(|day| day <= fifteenth);
        if there && !gone {
            count += 1;
        }
    }
    count
}

/// The charge that the run of `month` would issue to a household that has none for the period (R-FE-2 to R-FE-5).
fn priced_charge(village: &Village, house: &Household, month: Month) -> Option<Priced> {
    let fee = &village.fee;
    let start = month.period_start(fee.period_months);
    let moved_in_known = house.moved_in.is_none_or(|day| day <= month.last_day());
    let moved_in_inside = house.moved_in.is_some_and(|day| day >= start.day(1));
    let opened_inside = start < village.opening_month;
    if opened_inside || !moved_in_known || (month != start && !moved_in_inside) {
        return None;
    }
    let attributes_day = match house.moved_in {
        Some(day) if day > start.day(1) => day,
        _ => start.day(1),
    };
    let vacant = house
        .vacant_since
        .is_some_and(|since| since.plus_months(6) <= attributes_day);
    let (unit, units) = match fee.non_registered_amount {
        Some(amount) if house.non_registered => (amount, 1),
        _ if fee.per_head => (fee.amount, house.headcount),
        _ => (fee.amount, 1),
    };
    let mut priced = Priced {
        unit,
        units,
        vacancy: if vacant { fee.vacant_percent } else { 100 },
        waived_percent: match house.waiver {
            Some(Waiver::Destitute) => village.waivers.destitute,
            Some(Waiver::LowIncome) => village.waivers.low_income,
            Some(Waiver::Disabled) => village.waivers.disabled,
            None => 0,
        },
        gross: 0,
        waived: 0,
    };
    let months = liable_months(house, start, fee.period_months, month.last_day());
    priced.gross = priced.gross_for(months, fee.period_months);
    priced.waived = half_up(priced.gross * priced.waived_percent, 100);
    (priced.gross > 0).then_some(priced)
}

fn charge_run(village: &Village, accounts: &mut BTreeMap<String, Account>, month: Month) {
    for house in &village.households {
        let account = accounts.get_mut(&house.number).expect("known household");
        let start = month.period_start(village.fee.period_months);
        if account.charges.contains_key(&start) {
            continue;
        }
        if let Some(priced) = priced_charge(village, house, month) {
            account.figures.charged += priced.gross;
            account.figures.waived -= priced.waived;
            let charge = Charge {
                open: priced.gross - priced.waived,
                priced: Some(priced),
            };
            account.charges.insert(start, charge);
            account.use_advance();
        }
    }
}

/// Offset run (R-ST-3); the runs follow the months, so the credit now is the credit at the end of the month.
fn offset_run(accounts: &mut BTreeMap<String, Account>) {
    for account in accounts.values_mut() {
        let offset = account.pay(account.credit.max(0));
        account.credit -= offset;
        account.figures.offset -= offset;
    }
}

fn open_accounts(village: &Village) -> BTreeMap<String, Account> {
    let houses = village.households.iter();
    let mut accounts: BTreeMap<String, Account> = houses
        .map(|house| (house.number.clone(), Account::default()))
        .collect();
    for line in &village.opening {
        match line {
            OpeningLine::Credit { household, amount } => {
                accounts.get_mut(household).expect("known").credit += amount;
            }
            OpeningLine::Charge {
                household,
                period,
                amount,
            } => {
                let charge = Charge {
                    open: *amount,
                    priced: None,
                };
                let account = accounts.get_mut(household).expect("known");
                assert!(account.charges.insert(*period, charge).is_none());
            }
            OpeningLine::Stock { .. } | OpeningLine::Account { .. } => {}
        }
    }
    accounts
}

/// What happens inside a month, in the order the folder's import books it (interface.md, section 2).
enum Event<'a> {
    MoveOut(&'a Household, Date),
    Pickup(&'a Pickup),
    Cash(&'a Cash),
}

/// All events by time; at equal times moves, pickups, cash.
fn events(village: &Village) -> Vec<(Stamp, i64, Event<'_>)> {
    let mut events = Vec::new();
    for house in &village.households {
        if let Some(day) = house.moved_out {
            events.push((day.at(0), 0, Event::MoveOut(house, day)));
        }
    }
    for pickup in &village.pickups {
        events.push((pickup.occurred_at, 1, Event::Pickup(pickup)));
    }
    for cash in &village.cash {
        events.push((cash.received_at, 2, Event::Cash(cash)));
    }
    events.sort_by_key(|(at, rank, _)| (*at, *rank));
    events
}

/// Books one event and answers the cash it brought in.
fn book(village: &Village, accounts: &mut BTreeMap<String, Account>, event: &Event<'_>) -> i64 {
    let number = match event {
        Event::MoveOut(house, _) => &house.number,
        Event::Pickup(pickup) => &pickup.household,
        Event::Cash(cash) => &cash.household,
    };
    let account = accounts.get_mut(number).expect("known household");
    match event {
        Event::MoveOut(house, day) => account.move_out(house, *day, village.fee.period_months),
        Event::Pickup(pickup) => {
            let amount = pickup_amount(village, pickup);
            account.credit += amount;
            account.figures.earned += amount;
        }
        Event::Cash(cash) => {
            let applied = account.pay(cash.amount);
            account.advance += cash.amount - applied;
            account.figures.paid_cash -= applied;
            return cash.amount;
        }
    }
    0
}

fn add(total: &mut HouseholdFigures, row: &HouseholdFigures) {
    total.credit_opening += row.credit_opening;
    total.earned += row.earned;
    total.offset += row.offset;
    total.credit_closing += row.credit_closing;
    total.fees_opening += row.fees_opening;
    total.charged += row.charged;
    total.waived += row.waived;
    total.credited_back += row.credited_back;
    total.paid_cash += row.paid_cash;
    total.advance_used += row.advance_used;
    total.fees_closing += row.fees_closing;
}

/// Figures of every month from the opening to `through`: the month's events in order, then its charges (R-FE-2),
/// then its offsets (R-ST-3).
pub(crate) fn expected(village: &Village, through: Month) -> Vec<MonthFigures> {
    let mut accounts = open_accounts(village);
    let events = events(village);
    let mut months = Vec::new();
    let mut month = village.opening_month;
    while month <= through {
        accounts.values_mut().for_each(Account::start_month);
        let mut cash_received = 0;
        for (at, _, event) in &events {
            if at.date.in_month() == month {
                cash_received += book(village, &mut accounts, event);
            }
        }
        charge_run(village, &mut accounts, month);
        offset_run(&mut accounts);
        let mut totals = HouseholdFigures::default();
        let mut households = BTreeMap::new();
        for (number, account) in &mut accounts {
            account.close_month();
            add(&mut totals, &account.figures);
            if account.figures != HouseholdFigures::default() {
                households.insert(number.clone(), account.figures.clone());
            }
        }
        months.push(MonthFigures {
            month,
            households,
            totals,
            cash_received,
            advance_closing: accounts.values().map(|account| account.advance).sum(),
        });
        month = month.plus(1);
    }
    months
}
