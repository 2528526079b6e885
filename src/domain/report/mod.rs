//! The month's reconciliation report (月度对账表) as a value: figures by flow, and the checks that must hold (rules, section 13).

pub mod region;

mod checks;
mod own;
mod rows;
pub mod service;
pub mod versions;

pub(crate) use self::own::year_and_number;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::month_close::{MonthStanding, MonthState};
use crate::domain::pickup_material::{PickupMaterial, PickupSum};
use crate::domain::projection::{AccountMonth, MaterialMonth, Stock};
use crate::domain::sale::SaleMonth;
use crate::domain::seal::{Hash, check_code};
use crate::domain::{
    ChargeKey, CollectorCode, DocumentKind, Group, HouseholdNo, Material, MaterialCode, Money,
    Month, Quantity, Unit, VillageCode,
};

/// The numbers of a kind of document in a year.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sequence {
    /// How many documents there are, voided ones among them.
    pub count: i64,
    /// The least number.
    pub least: i64,
    /// The greatest number.
    pub most: i64,
    /// The last number that was given.
    pub last: i64,
}

/// A charge that is open beyond its net, or below nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChargeAtFault {
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// The charge, as its holder names it.
    pub key: ChargeKey,
    /// Gross less waived.
    pub net: Money,
    /// What is open of it.
    pub open: Money,
}

/// What a report is made from, all read in one snapshot.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Balances now.
    pub balances: BTreeMap<AccountRef, Money>,
    /// What moved in the month and in later ones.
    pub account_months: BTreeMap<AccountMonth, Money>,
    /// What moved before the month, by account and subject, summed by the store.
    pub moved_before: BTreeMap<AccountRef, Money>,
    /// Stock and goods in transit now.
    pub stock: BTreeMap<(Account, MaterialCode), Stock>,
    /// What moved of each material in the month and in later ones.
    pub material_months: BTreeMap<MaterialMonth, Stock>,
    /// What was sold of each material in the month.
    pub sales: BTreeMap<MaterialCode, SaleMonth>,
    /// Pickups of the month by household and collector.
    pub pickups: BTreeMap<(HouseholdNo, CollectorCode), i64>,
    /// The sum of open charges now.
    pub open_charges: Money,
    /// What the registers of the service hold.
    pub service: service::ServiceRows,
    /// The charges that are open beyond their net or below nothing.
    pub charges_at_fault: Vec<ChargeAtFault>,
    /// What moved on charges in the month, by what each posting says of its charge.
    pub charge_flows: BTreeMap<Flow, Money>,
    /// What moved of each material before the month, by flow, and whether a collector brought it.
    pub material_before: BTreeMap<(MaterialCode, Flow, bool), Stock>,
    /// What was picked up in the month and in later ones, by the pickups themselves.
    pub pickup_materials: BTreeMap<PickupMaterial, PickupSum>,
    /// Grams or pieces of each material picked up before the month.
    pub picked_up_before: BTreeMap<MaterialCode, i64>,
    /// Every household that is registered.
    pub households: BTreeSet<HouseholdNo>,
    /// The numbers of documents that are numbered here, by kind and year.
    pub sequences: BTreeMap<(DocumentKind, i16), Sequence>,
    /// The report that the month was closed with, while it is closed.
    pub notice: Option<serde_json::Value>,
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

impl CreditFigures {
    /// What the opening and everything that moved come to; it must be the closing.
    fn rolled_forward(&self) -> Money {
        self.opening
            + self.pickups
            + self.voids
            + self.corrections
            + self.transfers
            + self.prior_period
            + self.offset
            + self.payouts
    }

    /// What households earned by pickups, net of voids and corrections.
    fn earned(&self) -> Money {
        self.pickups + self.voids + self.corrections
    }
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

impl FeeFigures {
    /// What the opening and everything that moved come to; it must be the closing.
    fn rolled_forward(&self) -> Money {
        self.opening
            + self.charged
            + self.waived
            + self.credited_back
            + self.offset
            + self.cash
            + self.advance_used
            + self.written_off
            + self.transfers
            + self.prior_period
    }
}

/// A material over the month; every figure is positive under its own name, but `prior_period` and `ticket_difference` have a sign: what came in
/// late, and what the village weighed beyond the buyers' tickets.
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
    pub sold_ticket: Quantity,
    pub ticket_difference: Quantity,
    pub lost: Quantity,
    pub lost_value: Money,
    pub gained: Quantity,
    pub gained_value: Money,
    pub prior_period: Quantity,
    pub prior_period_value: Money,
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
    pub credit_transfers: Money,
    pub credit_closing: Money,
    pub fees_opening: Money,
    pub charged: Money,
    pub waived: Money,
    pub credited_back: Money,
    pub paid_cash: Money,
    pub advance_used: Money,
    pub fees_transfers: Money,
    pub written_off: Money,
    pub fees_closing: Money,
}

/// A check (勾稽关系): an equation of section 13 with what its two sides differ by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// The id of the equation.
    pub id: &'static str,
    /// Whether both sides are equal.
    pub holds: bool,
    /// By how much yuan they differ, over all rows; what differs in weight or number stands in the rows alone.
    pub difference: Money,
    /// The rows behind a difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<CheckRow>,
}

/// A row in which the two sides of a check differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckRow {
    /// What it is about: an account and subject, a material, a charge.
    pub row: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Where a closed month stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sealed {
    /// How far it has come.
    pub state: MonthState,
    /// How often it was closed.
    pub version: i64,
    /// Its seal (R-PD-6).
    pub seal: Hash,
    /// The first 40 bits of the seal, as printed.
    pub check_code: String,
}

impl Sealed {
    /// The standing of a month, if it is closed.
    pub fn of(standing: &MonthStanding) -> Option<Sealed> {
        let is_closed = standing.state != MonthState::Open;
        standing.seal.filter(|_| is_closed).map(|seal| Sealed {
            state: standing.state,
            version: standing.version,
            seal,
            check_code: check_code(&seal),
        })
    }
}

/// The report of a month as it stands in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of interface.md, section 3")]
pub struct MonthReport {
    pub village: VillageCode,
    pub name: String,
    pub township: String,
    pub month: Month,
    /// How the month stands, once it is closed; the report that is kept and sealed does not say it of itself.
    #[serde(flatten)]
    pub sealed: Option<Sealed>,
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
    #[serde(flatten)]
    pub service: service::ServiceFigures,
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
    /// What moved in the month.
    flows: BTreeMap<(Account, Flow), Money>,
}

impl<'a> Sums<'a> {
    fn of(month: Month, figures: &'a Figures) -> Sums<'a> {
        let flows = BTreeMap::new();
        let mut sums = Sums {
            month,
            figures,
            flows,
        };
        let mut flows: BTreeMap<(Account, Flow), Money> = BTreeMap::new();
        for (key, sum) in sums.in_month() {
            *flows.entry((key.side.account, key.flow)).or_default() += sum;
        }
        sums.flows = flows;
        sums
    }

    /// What moved in the month by account and flow, debit positive.
    fn moved(&self, account: Account, flow: Flow) -> Money {
        self.flows
            .get(&(account, flow))
            .copied()
            .unwrap_or_default()
    }

    /// What moved before the month, debit positive.
    fn before(&self, account: Account) -> Money {
        self.figures
            .moved_before
            .iter()
            .filter(|(side, _)| side.account == account)
            .map(|(_, sum)| *sum)
            .sum()
    }

    fn in_month(&self) -> impl Iterator<Item = (&AccountMonth, Money)> {
        let is_here = |(key, _): &(&AccountMonth, &Money)| key.month == self.month;
        self.figures
            .account_months
            .iter()
            .filter(is_here)
            .map(|(key, sum)| (key, *sum))
    }

    /// Balances at the end of the month: what they are now less what moved later.
    fn closings(&self) -> BTreeMap<AccountRef, Money> {
        let mut closings = self.figures.balances.clone();
        for (key, sum) in self
            .figures
            .account_months
            .iter()
            .filter(|(key, _)| key.month > self.month)
        {
            *closings.entry(key.side.balanced()).or_default() -= *sum;
        }
        closings
    }
}

/// How many households had a pickup in the month.
fn participating(figures: &Figures) -> usize {
    let households = figures.pickups.keys().map(|(household, _)| household);
    households.collect::<BTreeSet<_>>().len()
}

/// Makes the report of a month from its figures.
pub fn month_report(subject: &Subject<'_>, month: Month, figures: &Figures) -> MonthReport {
    let sums = Sums::of(month, figures);
    let closings = sums.closings();
    let closing_of = |account| {
        closings
            .iter()
            .filter(|(side, _)| side.account == account)
            .map(|(_, sum)| *sum)
            .sum::<Money>()
    };
    let moved = |account, flow| sums.moved(account, flow);
    let credit = CreditFigures {
        opening: -sums.before(Account::HouseholdCredit),
        pickups: -moved(Account::HouseholdCredit, Flow::Pickup),
        voids: -moved(Account::HouseholdCredit, Flow::Void),
        corrections: -moved(Account::HouseholdCredit, Flow::Correction),
        transfers: -moved(Account::HouseholdCredit, Flow::Transfer),
        // An opening line that is recorded after the first close stands in a month that takes entries.
        prior_period: -moved(Account::HouseholdCredit, Flow::PriorPeriod)
            - moved(Account::HouseholdCredit, Flow::Opening),
        offset: -moved(Account::HouseholdCredit, Flow::Offset),
        payouts: -moved(Account::HouseholdCredit, Flow::Payout),
        closing: -closing_of(Account::HouseholdCredit),
    };
    let fees = FeeFigures {
        opening: sums.before(Account::FeeReceivable),
        charged: -moved(Account::FeeIncome, Flow::Charge),
        waived: -moved(Account::FeeWaiver, Flow::Charge),
        credited_back: moved(Account::FeeReceivable, Flow::CreditedBack),
        offset: moved(Account::FeeReceivable, Flow::Offset),
        cash: moved(Account::FeeReceivable, Flow::Cash),
        advance_used: moved(Account::FeeReceivable, Flow::AdvanceUsed),
        written_off: moved(Account::FeeReceivable, Flow::WriteOff),
        transfers: moved(Account::FeeReceivable, Flow::Transfer),
        prior_period: moved(Account::FeeReceivable, Flow::PriorPeriod)
            + moved(Account::FeeReceivable, Flow::Opening),
        closing: closing_of(Account::FeeReceivable),
    };
    let participating = participating(figures);
    let materials = rows::material_rows(subject.materials, &sums);
    let mut report = MonthReport {
        village: subject.village.clone(),
        name: subject.name.to_owned(),
        township: subject.township.to_owned(),
        month,
        sealed: None,
        pickups: figures.pickups.values().sum(),
        households_participating: participating,
        credit,
        fees,
        cash_received: moved(Account::CashOnHand, Flow::Cash)
            + moved(Account::CashInTransit, Flow::Cash),
        advance_closing: -closing_of(Account::FeeAdvance),
        service: service::figures(&figures.service, month, participating, &materials),
        materials,
        collectors: rows::collector_rows(subject.materials, month, figures),
        groups: rows::group_rows(&sums),
        households: rows::household_rows(&sums, &closings),
        accounts: rows::account_rows(&closings),
        checks: Vec::new(),
    };
    report.checks = checks::checks(&report, &sums, &closings);
    report
}
