//! The projections: what is derived from the journal, as changes that are not written yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::account::{Account, AccountRef};
use crate::domain::journal::Flow;
use crate::domain::month::Month;
use crate::domain::pickup_material::{PickupMaterial, PickupSum};
use crate::domain::recent_lines::{Lines, Pair};
use crate::domain::sale::SaleMonth;
use crate::domain::{ChargeKey, CollectorCode, Group, HouseholdNo, MaterialCode, Money};

/// The key of a month's figure of an account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AccountMonth {
    /// The month of the books.
    pub month: Month,
    /// The account and its subject.
    pub side: AccountRef,
    /// Why money moved.
    pub flow: Flow,
    /// The group of the household, where the subject is one.
    pub group: Option<Group>,
}

/// The key of a month's figure of a material.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MaterialMonth {
    /// The month of the books.
    pub month: Month,
    /// The material.
    pub material: MaterialCode,
    /// Who brought it, where a collector did.
    pub collector: Option<CollectorCode>,
    /// Why it moved.
    pub flow: Flow,
}

/// A quantity in grams or pieces with its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stock {
    /// Grams or pieces.
    pub count: i64,
    /// What it cost.
    pub value: Money,
}

impl Stock {
    /// Adds a change.
    pub fn add(&mut self, (count, value): (i64, Money)) {
        self.count = self.count.saturating_add(count);
        self.value += value;
    }
}

/// What is kept of a household apart from the journal; what is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The head of the household.
    pub head: Option<String>,
    /// Its welfare categories, joined by `;`.
    pub waivers: Option<String>,
}

/// Changes of the projections that are not written yet. Built from a village's whole journal, they are its projections.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projections {
    /// Balances by account and subject, debit positive; of fee income and waivers for the village as a whole.
    pub balances: BTreeMap<AccountRef, Money>,
    /// The same by month, flow and group.
    pub account_months: BTreeMap<AccountMonth, Money>,
    /// Stock and goods in transit by material.
    pub stock: BTreeMap<(Account, MaterialCode), Stock>,
    /// What moved of each material by month, collector and flow.
    pub material_months: BTreeMap<MaterialMonth, Stock>,
    /// What was sold by month and material.
    pub sale_months: BTreeMap<(Month, MaterialCode), SaleMonth>,
    /// Pickups by month, household and collector; a replacement is not counted again, a voided one still counts.
    pub pickup_months: BTreeMap<(Month, HouseholdNo, CollectorCode), i64>,
    /// Lines of pickups that were recorded, or count no more.
    pub pickup_lines: HashMap<Pair, Lines>,
    /// The entries that concern a household.
    pub household_entries: Vec<(HouseholdNo, i64)>,
    /// Personal details.
    pub people: BTreeMap<HouseholdNo, Person>,
    /// What was picked up, by the pickups themselves.
    pub pickup_materials: BTreeMap<PickupMaterial, PickupSum>,
    /// What moved on charges by month and flow, as their postings say; what is owed is positive.
    pub charge_months: BTreeMap<(Month, Flow), Money>,
    /// Whether they are those of the whole journal, because nothing was ever written out.
    pub are_whole: bool,
    /// Charges that changed.
    pub charges: HashSet<(HouseholdNo, ChargeKey)>,
    /// Whether the village was opened.
    pub opened: bool,
    /// Whether its settings changed since.
    pub has_new_settings: bool,
    /// Materials that were registered.
    pub materials: Vec<MaterialCode>,
    /// Months whose standing changed.
    pub months: BTreeSet<Month>,
    /// Versions of policies that were adopted.
    pub policies: Vec<i64>,
    /// Price lists that were published.
    pub price_lists: Vec<Timestamp>,
}
