//! What a village has: its households, materials, price lists, fee policies, collection points and stock, as they stand; and what a document's
//! number stands for. Each question is answered from one snapshot.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::fee::FeePolicy;
use crate::domain::household::HouseholdTerms;
use crate::domain::journal::Entry;
use crate::domain::month::business_date;
use crate::domain::payout::Payout;
use crate::domain::price_list::PriceList;
use crate::domain::projection::Stock;
use crate::domain::refuse::CollectionPoint;
use crate::domain::register::RegisterKind;
use crate::domain::report::region::RegionPrefix;
use crate::domain::seal::Hash;
use crate::domain::{
    Account, DocumentKind, DocumentNo, Event, Group, HouseholdNo, Material, MaterialCode, Money,
    Quantity, Refusal, Village, VillageCode,
};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::{balance, document, household, journal, price_list, region, register, village};

/// How many households or entries a page has at most.
pub const PAGE_MAX: usize = 1_000;

/// A household as it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HouseholdRecord {
    /// Its number.
    pub household_no: HouseholdNo,
    /// Its group.
    pub group: Group,
    /// The day it moved in; none if it was always there.
    pub moved_in: Option<Date>,
    /// The day it moved out.
    pub moved_out: Option<Date>,
    /// The household that it was merged into: its number is an alias.
    pub merged_into: Option<HouseholdNo>,
    /// Its attributes in force today; a change may be recorded for a later day.
    pub terms: HouseholdTerms,
    /// The head of the household, unless erased or never given. Personal.
    pub head: Option<String>,
    /// Its welfare categories; none if there are none or they were erased. Personal.
    pub waivers: Vec<String>,
    /// Credit, what is on hold included; below zero where a void took back what was spent.
    pub credit: Money,
    /// What payouts hold of the credit now.
    pub on_hold: Money,
    /// What is open of its fee charges.
    pub fees_open: Money,
    /// Fee advance.
    pub advance: Money,
    /// Its [revision](crate::domain::household::Household::revision), which a change may name as expected.
    pub revision: String,
}

/// What is in stock, or on its way to it, of a material.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StockRow {
    /// The material.
    pub material: MaterialCode,
    /// Where it is: in stock or in transit.
    pub account: Account,
    /// How much, in grams or pieces; below zero where a reversal took out more than was left.
    pub quantity: Quantity,
    /// What it cost.
    pub value: Money,
}

/// An entry of the journal, as far as it tells of a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EntryRecord {
    /// Its number.
    pub seq: i64,
    /// When it was committed.
    pub recorded_at: Timestamp,
    /// The date it is booked on.
    pub booked_on: Date,
    /// Who gave the command, as role and account name.
    pub actor: String,
    /// Its hash.
    pub hash: Hash,
    /// What was decided.
    pub event: Event,
}

/// What a document's number stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DocumentRecord {
    /// The kind of document.
    pub kind: DocumentKind,
    /// Its number.
    pub number: DocumentNo,
    /// The entry that made it; of a held pickup that was decided about, the decision.
    pub recorded: EntryRecord,
    /// The entry that took it back: a void or a correction.
    pub reversed: Option<EntryRecord>,
}

impl From<Entry> for EntryRecord {
    fn from(entry: Entry) -> EntryRecord {
        EntryRecord {
            seq: entry.seq,
            recorded_at: entry.recorded_at,
            booked_on: entry.decision.booked_on,
            actor: entry.actor,
            hash: entry.hash,
            event: entry.decision.event,
        }
    }
}

impl Ledger {
    /// The villages of a region, or all of the database, by code; each as it was opened, but with the settings in force now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn villages(
        &self,
        within: Option<&RegionPrefix>,
    ) -> Result<Vec<(VillageCode, Village)>, Error> {
        let mut tx = self.store.read().await?;
        let codes = match within {
            Some(prefix) => region::villages(&mut tx, prefix).await?,
            None => village::list_codes(&mut tx).await?,
        };
        let ids: Vec<i64> = codes.iter().map(|(_, id)| *id).collect();
        let villages = village::load(&mut tx, &ids).await?;
        let mut villages: BTreeMap<i64, Village> = villages.into_iter().collect();
        for (id, settings) in village::load_settings(&mut tx, &ids).await? {
            if let Some(village) = villages.get_mut(&id) {
                village.settings = settings;
            }
        }
        tx.rollback().await?;
        let found = codes.into_iter();
        Ok(found
            .filter_map(|(code, id)| Some((code, villages.remove(&id)?)))
            .collect())
    }

    /// The households of a village after a number, or from the first, in the order of their numbers as text; at most `limit` of them and never
    /// more than [`PAGE_MAX`]. The last number of a page gives the next one.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn households(
        &self,
        code: &VillageCode,
        after: Option<&HouseholdNo>,
        limit: usize,
    ) -> Result<Vec<HouseholdRecord>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let after = after.map_or("", |number| number.as_str());
        let numbers = household::list_numbers(&mut tx, id, after, page_of(limit)).await?;
        let found = self.records_of(&mut tx, id, &numbers).await?;
        tx.rollback().await?;
        Ok(found)
    }

    /// A household as it stands; one that was merged into another is shown under its own number.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::HouseholdUnknown`].
    pub async fn household(
        &self,
        code: &VillageCode,
        number: &HouseholdNo,
    ) -> Result<HouseholdRecord, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = self
            .records_of(&mut tx, id, std::slice::from_ref(number))
            .await?;
        tx.rollback().await?;
        found.into_iter().next().ok_or_else(|| {
            Refusal::HouseholdUnknown {
                household_no: number.to_string(),
            }
            .into()
        })
    }

    /// Those of the households that exist, in the order of the numbers: four statements, however many there are.
    async fn records_of(
        &self,
        tx: &mut Tx<'_>,
        id: i64,
        numbers: &[HouseholdNo],
    ) -> Result<Vec<HouseholdRecord>, Error> {
        let keys = household::keys(numbers.iter().map(|number| (id, number)));
        let mut households = household::load(tx, &keys).await?;
        let mut people = household::load_people(tx, &keys).await?;
        let accounts = [
            Account::HouseholdCredit,
            Account::FeeReceivable,
            Account::FeeAdvance,
        ];
        let sides: Vec<_> = numbers
            .iter()
            .flat_map(|number| accounts.map(|account| (id, account.of(number.as_str()))))
            .collect();
        let balances = balance::load_balances(tx, &sides).await?;
        let payouts = register::load_open(tx, &[(id, RegisterKind::Payout)]).await?;
        let payouts = register::read::<Payout>(payouts)?;
        let (now, today) = (self.clock.now(), business_date(self.clock.now()));
        let mut records = Vec::with_capacity(numbers.len());
        for number in numbers {
            let key = (id, number.clone());
            let Some(household) = households.remove(&key) else {
                continue;
            };
            let Some(terms) = household.terms_on(today).cloned() else {
                continue;
            };
            let balance = |account: Account| {
                let side = account.of(number.as_str());
                balances.get(&(id, side)).copied().unwrap_or_default()
            };
            let holds = payouts.iter().map(|(_, payout)| payout);
            let holds = holds.filter(|payout| payout.household_no == *number && payout.holds(now));
            let person = people.remove(&key).unwrap_or_default();
            records.push(HouseholdRecord {
                household_no: number.clone(),
                terms,
                head: person.head,
                waivers: person.waivers,
                // What is owed to the household stands on the credit side.
                credit: -balance(Account::HouseholdCredit),
                on_hold: holds.map(|payout| payout.amount).sum(),
                fees_open: balance(Account::FeeReceivable),
                advance: -balance(Account::FeeAdvance),
                revision: household.revision(),
                group: household.group,
                moved_in: household.moved_in,
                moved_out: household.moved_out,
                merged_into: household.merged_into,
            });
        }
        Ok(records)
    }

    /// The materials of a village, by code.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn materials(&self, code: &VillageCode) -> Result<Vec<Material>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = village::load_materials(&mut tx, &[id]).await?;
        tx.rollback().await?;
        let mut materials: Vec<Material> =
            found.into_iter().map(|(_, _, material)| material).collect();
        materials.sort_by(|one, other| one.code.cmp(&other.code));
        Ok(materials)
    }

    /// The price lists of a village, each with the instant from which it holds, newest first; the first may hold only from a later day on.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn price_lists(
        &self,
        code: &VillageCode,
    ) -> Result<Vec<(Timestamp, PriceList)>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let mut found = price_list::load(&mut tx, &[id]).await?;
        tx.rollback().await?;
        let lists = found.remove(&id).unwrap_or_default();
        Ok(lists.into_iter().rev().collect())
    }

    /// The fee policies of a village in the order of their versions, that of the opening first.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn fee_policies(&self, code: &VillageCode) -> Result<Vec<FeePolicy>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = village::load_policies(&mut tx, &[id]).await?;
        tx.rollback().await?;
        Ok(found.into_iter().map(|(_, policy)| policy).collect())
    }

    /// The collection points of a village, by code (R-PK-10).
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn collection_points(
        &self,
        code: &VillageCode,
    ) -> Result<Vec<(String, CollectionPoint)>, Error> {
        self.open_rows_of(code).await
    }

    /// The stock and the goods in transit of a village, by material; what is used up stands there with nothing.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn stock(&self, code: &VillageCode) -> Result<Vec<StockRow>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let mut stock = balance::load_stock(&mut tx, &[id]).await?;
        let materials = village::load_materials(&mut tx, &[id]).await?;
        tx.rollback().await?;
        let stock = stock.remove(&id).unwrap_or_default();
        let row = |((account, code), stock): ((Account, MaterialCode), Stock)| {
            let material = materials.iter().find(|(_, known, _)| *known == code)?;
            Some(StockRow {
                quantity: Quantity::new(material.2.unit, stock.count),
                value: stock.value,
                material: code,
                account,
            })
        };
        let mut rows: Vec<StockRow> = stock.into_iter().filter_map(row).collect();
        rows.sort_by(|one, other| {
            (&one.material, one.account).cmp(&(&other.material, other.account))
        });
        Ok(rows)
    }

    /// What a document's number stands for: the entry that recorded it, and the one that reversed it.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::DocumentUnknown`].
    pub async fn document(
        &self,
        code: &VillageCode,
        kind: DocumentKind,
        number: &DocumentNo,
    ) -> Result<DocumentRecord, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let unknown = || {
            Error::from(Refusal::DocumentUnknown {
                number: number.to_string(),
            })
        };
        let mut found = document::load(&mut tx, &[(id, kind, number.clone())]).await?;
        let (_, _, _, found) = found.pop().ok_or_else(unknown)?;
        let recorded = entry_at(&mut tx, id, found.seq).await?;
        let reversed = match found.reversed_by {
            Some(seq) => entry_at(&mut tx, id, seq).await?,
            None => None,
        };
        tx.rollback().await?;
        Ok(DocumentRecord {
            kind,
            number: number.clone(),
            recorded: recorded.ok_or_else(unknown)?,
            reversed,
        })
    }

    /// The entries of a village after a number, in order, with their postings and movements and without personal details; at most `limit` of them
    /// and never more than [`PAGE_MAX`], none after the last.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn journal_page(
        &self,
        code: &VillageCode,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let entries = journal::list(&mut tx, id, after, page_of(limit)).await?;
        tx.rollback().await?;
        Ok(entries.into_iter().map(|stored| stored.entry).collect())
    }
}

/// How many rows a page has.
fn page_of(limit: usize) -> i64 {
    i64::try_from(limit.min(PAGE_MAX)).unwrap_or(i64::MAX)
}

/// An entry of a village by its number.
async fn entry_at(tx: &mut Tx<'_>, id: i64, seq: i64) -> Result<Option<EntryRecord>, Error> {
    let found = journal::list(tx, id, seq.saturating_sub(1), 1).await?;
    let found = found.into_iter().next().map(|stored| stored.entry);
    Ok(found.filter(|entry| entry.seq == seq).map(Into::into))
}
