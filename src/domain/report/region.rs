//! The month of a region: the villages of a township, county, city or province side by side, and their sum. Made from sums by village alone, so it
//! costs the same however many pickups there were.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::domain::account::{Account, AccountRef};
use crate::domain::month_close::MonthState;
use crate::domain::projection::AccountMonth;
use crate::domain::report::{
    CreditFigures, FeeFigures, Figures, MaterialFigures, MonthReport, Subject, month_report,
};
use crate::domain::{Material, MaterialCode, Money, Month, Quantity, Refusal, Unit, VillageCode};

/// The first digits of the codes of a region's villages: 2 a province, 4 a city, 6 a county, 9 a township, 12 one village (rules, section 3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct RegionPrefix(String);

impl RegionPrefix {
    /// Reads a prefix of 2 to 12 digits.
    ///
    /// # Errors
    /// [`Refusal::NotARegion`].
    pub fn parse(field: &'static str, text: &str) -> Result<RegionPrefix, Refusal> {
        let trimmed = text.trim();
        let is_digits = trimmed.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits && (2..=12).contains(&trimmed.len()) {
            Ok(RegionPrefix(trimmed.to_owned()))
        } else {
            let value = trimmed.chars().take(40).collect();
            Err(Refusal::NotARegion { field, value })
        }
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The least and the greatest code of a village that can be in the region.
    pub fn bounds(&self) -> (String, String) {
        (format!("{:0<12}", self.0), format!("{:9<12}", self.0))
    }
}

impl fmt::Display for RegionPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is known of a village for its row.
#[derive(Debug)]
pub struct VillageMonth {
    /// Its code.
    pub village: VillageCode,
    /// Its name.
    pub name: String,
    /// Its township.
    pub township: String,
    /// Its materials.
    pub materials: BTreeMap<MaterialCode, Material>,
    /// How far the month has come.
    pub state: MonthState,
    /// How often it was closed.
    pub version: i64,
    /// Sums of the month by account and flow, without households, groups and collectors; see [`Figures::without_subjects`].
    pub figures: Figures,
    /// Pickups of the month.
    pub pickups: i64,
    /// Households that had one.
    pub households: i64,
    /// Held pickups of the month or an earlier one that nobody has decided yet.
    pub held: i64,
    /// Disputes of the month or an earlier one that nobody has answered yet.
    pub disputes: i64,
}

impl Figures {
    /// Figures of a village that are sums already: balances now, what moved in the month and what moved since, each by account. What moved before
    /// the month is what the balance holds and neither of the others explains.
    pub fn without_subjects(
        month: Month,
        balances: BTreeMap<AccountRef, Money>,
        account_months: BTreeMap<AccountMonth, Money>,
    ) -> Figures {
        let mut moved_before = balances.clone();
        for (key, sum) in &account_months {
            *moved_before.entry(key.side.balanced()).or_default() -= *sum;
        }
        debug_assert!(account_months.keys().all(|key| key.month >= month));
        Figures {
            balances,
            account_months,
            moved_before,
            ..Figures::default()
        }
    }

    /// Adds the sums of another village.
    fn add_village(&mut self, other: &Figures) {
        for (side, sum) in &other.balances {
            *self.balances.entry(side.clone()).or_default() += *sum;
        }
        for (side, sum) in &other.moved_before {
            *self.moved_before.entry(side.clone()).or_default() += *sum;
        }
        for (key, sum) in &other.account_months {
            *self.account_months.entry(key.clone()).or_default() += *sum;
        }
    }
}

/// An equation of section 13 that does not hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FailingCheck {
    /// The id of the equation.
    pub id: &'static str,
    /// By how much its two sides differ.
    pub difference: Money,
}

/// A village's row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of interface.md, section 3")]
pub struct RegionVillage {
    pub village: VillageCode,
    pub name: String,
    pub township: String,
    /// How far the month has come.
    pub state: MonthState,
    /// How often it was closed.
    pub version: i64,
    #[serde(flatten)]
    pub sums: RegionSums,
}

/// What is told of a village, and of all of them together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of interface.md, section 3")]
pub struct RegionSums {
    pub pickups: i64,
    pub households_participating: i64,
    pub credit: CreditFigures,
    pub fees: FeeFigures,
    pub cash_received: Money,
    pub advance_closing: Money,
    pub materials: Vec<MaterialFigures>,
    pub accounts: BTreeMap<&'static str, Money>,
    /// Held pickups of the month or an earlier one that nobody has decided yet.
    pub held_open: i64,
    /// Disputes of the month or an earlier one that nobody has answered yet.
    pub disputes_open: i64,
    /// Whether every equation that the sums of a village can tell holds; the others are those of its own report.
    pub checks_hold: bool,
    /// The equations that do not hold.
    pub checks_failing: Vec<FailingCheck>,
}

/// The sum of a region.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RegionTotal {
    /// How many villages are in it.
    pub villages: usize,
    /// How many of them have brought the month how far.
    pub states: BTreeMap<&'static str, usize>,
    /// The sums.
    #[serde(flatten)]
    pub sums: RegionSums,
}

/// A village whose book begins after the month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LaterVillage {
    pub village: VillageCode,
    pub name: String,
    pub opening_month: Month,
}

/// The month of a region.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RegionReport {
    /// The first digits of its villages' codes.
    pub region: RegionPrefix,
    /// The month.
    pub month: Month,
    /// The villages, by code.
    pub villages: Vec<RegionVillage>,
    /// Villages of the region whose books begin later; they are in no sum.
    pub not_begun: Vec<LaterVillage>,
    /// All villages together.
    pub total: RegionTotal,
}

/// Makes the report of a region from what is known of its villages; none if there are none.
pub fn region_report(
    region: RegionPrefix,
    month: Month,
    known: &[VillageMonth],
    not_begun: Vec<LaterVillage>,
) -> Option<RegionReport> {
    let villages: Vec<RegionVillage> = known.iter().map(|one| village_row(month, one)).collect();
    let total = total(known.first()?, month, known, &villages);
    Some(RegionReport {
        region,
        month,
        villages,
        not_begun,
        total,
    })
}

impl VillageMonth {
    fn subject<'a>(&'a self, materials: &'a BTreeMap<MaterialCode, Material>) -> Subject<'a> {
        Subject {
            village: &self.village,
            name: &self.name,
            township: &self.township,
            materials,
        }
    }
}

fn village_row(month: Month, known: &VillageMonth) -> RegionVillage {
    let subject = known.subject(&known.materials);
    let mut sums = RegionSums::of(month_report(&subject, month, &known.figures));
    sums.pickups = known.pickups;
    sums.households_participating = known.households;
    sums.held_open = known.held;
    sums.disputes_open = known.disputes;
    let failing = failing(&sums);
    sums.fail(failing);
    RegionVillage {
        village: known.village.clone(),
        name: known.name.clone(),
        township: known.township.clone(),
        state: known.state,
        version: known.version,
        sums,
    }
}

impl RegionSums {
    /// The sums that a report made without households has.
    fn of(report: MonthReport) -> RegionSums {
        RegionSums {
            pickups: report.pickups,
            households_participating: 0,
            credit: report.credit,
            fees: report.fees,
            cash_received: report.cash_received,
            advance_closing: report.advance_closing,
            materials: report.materials,
            accounts: report.accounts,
            held_open: 0,
            disputes_open: 0,
            checks_hold: true,
            checks_failing: Vec::new(),
        }
    }

    fn fail(&mut self, failing: Vec<FailingCheck>) {
        self.checks_failing.extend(failing);
        self.checks_hold = self.checks_failing.is_empty();
    }

    /// The figures of money, for comparing them one by one.
    fn figures(&self) -> [Money; 22] {
        let (credit, fees) = (&self.credit, &self.fees);
        [
            credit.opening,
            credit.pickups,
            credit.voids,
            credit.corrections,
            credit.transfers,
            credit.prior_period,
            credit.offset,
            credit.payouts,
            credit.closing,
            fees.opening,
            fees.charged,
            fees.waived,
            fees.credited_back,
            fees.offset,
            fees.cash,
            fees.advance_used,
            fees.written_off,
            fees.transfers,
            fees.prior_period,
            fees.closing,
            self.cash_received,
            self.advance_closing,
        ]
    }
}

/// A difference whose sign says nothing.
fn apart(left: Money, right: Money) -> Money {
    if left < right {
        right - left
    } else {
        left - right
    }
}

/// The equations of section 13 between sums of a village.
fn failing(sums: &RegionSums) -> Vec<FailingCheck> {
    let (credit, fees) = (&sums.credit, &sums.fees);
    let balance = |account: Account| {
        let balance = sums.accounts.get(account.code());
        balance.copied().unwrap_or_default()
    };
    let materials =
        |figure: fn(&MaterialFigures) -> Money| sums.materials.iter().map(figure).sum::<Money>();
    let stock = balance(Account::RecyclablesStock) + balance(Account::GoodsInTransit);
    let equations = [
        (
            "entries_balance",
            apart(sums.accounts.values().copied().sum(), Money::ZERO),
        ),
        (
            "credit_rolls_forward",
            apart(credit.closing, credit.rolled_forward())
                + apart(-credit.closing, balance(Account::HouseholdCredit)),
        ),
        (
            "fees_roll_forward",
            apart(fees.closing, fees.rolled_forward())
                + apart(fees.closing, balance(Account::FeeReceivable)),
        ),
        ("offset_both_sides", apart(credit.offset, fees.offset)),
        (
            "pickups_equal_credit",
            apart(materials(|row| row.collected_value), credit.earned()),
        ),
        (
            "stock_rolls_forward",
            apart(materials(|row| row.closing_value), stock),
        ),
    ];
    let off = equations
        .into_iter()
        .filter(|(_, difference)| !difference.is_zero());
    off.map(|(id, difference)| FailingCheck { id, difference })
        .collect()
}

/// All villages together: made from the sums of all of them as a village's figures are from its own, then compared with the sum of the rows.
fn total(
    first: &VillageMonth,
    month: Month,
    known: &[VillageMonth],
    rows: &[RegionVillage],
) -> RegionTotal {
    let mut figures = Figures::default();
    for village in known {
        figures.add_village(&village.figures);
    }
    let none = BTreeMap::new();
    // Whose name it bears does not matter: none of it is kept.
    let mut sums = RegionSums::of(month_report(&first.subject(&none), month, &figures));
    let count = |figure: fn(&RegionSums) -> i64| {
        let counts = rows.iter().map(|row| figure(&row.sums));
        counts.fold(0, i64::saturating_add)
    };
    sums.pickups = count(|row| row.pickups);
    sums.households_participating = count(|row| row.households_participating);
    sums.held_open = count(|row| row.held_open);
    sums.disputes_open = count(|row| row.disputes_open);
    sums.materials = all_materials(rows);
    let mut off = failing(&sums);
    off.extend(villages_apart(&sums, rows));
    sums.fail(off);
    let mut states = BTreeMap::new();
    for row in rows {
        let count: &mut usize = states.entry(row.state.word()).or_default();
        *count = count.saturating_add(1);
    }
    RegionTotal {
        villages: rows.len(),
        states,
        sums,
    }
}

/// The second half of `groups_sum_to_village`: what the rows come to differs from the sum of the region.
fn villages_apart(sums: &RegionSums, rows: &[RegionVillage]) -> Option<FailingCheck> {
    let mut rows_sum = [Money::ZERO; 22];
    for row in rows {
        for (sum, figure) in rows_sum.iter_mut().zip(row.sums.figures()) {
            *sum += figure;
        }
    }
    let mut accounts: BTreeMap<&str, Money> = BTreeMap::new();
    for (code, balance) in rows.iter().flat_map(|row| &row.sums.accounts) {
        *accounts.entry(code).or_default() += *balance;
    }
    for (code, balance) in &sums.accounts {
        *accounts.entry(code).or_default() -= *balance;
    }
    let figures = sums.figures().into_iter().zip(rows_sum);
    let difference = figures
        .map(|(sum, rows)| apart(sum, rows))
        .chain(accounts.into_values().map(|left| apart(left, Money::ZERO)))
        .sum::<Money>();
    (!difference.is_zero()).then_some(FailingCheck {
        id: "groups_sum_to_village",
        difference,
    })
}

/// The materials of all villages, by code and unit: a village may count what another weighs.
fn all_materials(rows: &[RegionVillage]) -> Vec<MaterialFigures> {
    let mut all: BTreeMap<(MaterialCode, Unit), MaterialFigures> = BTreeMap::new();
    for row in rows.iter().flat_map(|row| &row.sums.materials) {
        let key = (row.code.clone(), row.unit);
        match all.get_mut(&key) {
            Some(sum) => sum.add(row),
            None => {
                all.insert(key, row.clone());
            }
        }
    }
    all.into_values().collect()
}

impl MaterialFigures {
    fn add(&mut self, other: &MaterialFigures) {
        let quantities = [
            (&mut self.opening, other.opening),
            (&mut self.collected, other.collected),
            (&mut self.sold, other.sold),
            (&mut self.lost, other.lost),
            (&mut self.gained, other.gained),
            (&mut self.prior_period, other.prior_period),
            (&mut self.sold_ticket, other.sold_ticket),
            (&mut self.ticket_difference, other.ticket_difference),
            (&mut self.closing, other.closing),
        ];
        for (sum, more) in quantities {
            *sum = Quantity::new(sum.unit(), sum.count().saturating_add(more.count()));
        }
        let values = [
            (&mut self.opening_value, other.opening_value),
            (&mut self.collected_value, other.collected_value),
            (&mut self.sold_cost, other.sold_cost),
            (&mut self.sold_income, other.sold_income),
            (&mut self.lost_value, other.lost_value),
            (&mut self.gained_value, other.gained_value),
            (&mut self.prior_period_value, other.prior_period_value),
            (&mut self.closing_value, other.closing_value),
        ];
        for (sum, more) in values {
            *sum += more;
        }
    }
}
