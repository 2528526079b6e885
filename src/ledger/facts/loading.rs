//! Loading the facts that a batch needs: the union for the whole batch, one statement per kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::domain::facts::Need;
use crate::domain::household::BEGINNING;
use crate::domain::household_account::HouseholdAccount;
use crate::domain::register::RegisterKind;
use crate::domain::{
    AccountRef, CollectorCode, DocumentKind, DocumentNo, HouseholdNo, MaterialCode, Month,
    VillageCode,
};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::{
    balance, cash, charge, document, household, journal, month, price_list, register, report,
    village,
};

use super::{Facts, Opened, PERIOD_MONTHS_MOST};

impl Facts {
    pub(super) async fn load_masters(
        &mut self,
        tx: &mut Tx<'_>,
        ids: &[i64],
    ) -> Result<(), StoreError> {
        for (id, row) in village::load(tx, ids).await? {
            if let Some(book) = self.by_id(id) {
                book.settings = row.settings.clone();
                book.village = Some(row);
            }
        }
        for (id, settings) in village::load_settings(tx, ids).await? {
            if let Some(book) = self.by_id(id) {
                book.settings = settings;
            }
        }
        for (id, code, material) in village::load_materials(tx, ids).await? {
            if let Some(book) = self.by_id(id) {
                book.materials.insert(code, material);
            }
        }
        for (id, policy) in village::load_policies(tx, ids).await? {
            if let Some(book) = self.by_id(id) {
                book.policies.push(policy);
            }
        }
        for (id, at, standing) in month::load(tx, ids).await? {
            if let Some(book) = self.by_id(id) {
                book.months.insert(at, standing);
            }
        }
        Ok(())
    }

    /// Loads what is needed and not known yet.
    pub(super) async fn load(
        &mut self,
        tx: &mut Tx<'_>,
        needs: &BTreeSet<(VillageCode, Need)>,
    ) -> Result<(), StoreError> {
        let mut wanted = Wanted::default();
        for (code, need) in needs {
            if let Some(Opened {
                id: Some(id), book, ..
            }) = self.villages.get(code)
                && book.lacks(need)
            {
                wanted.add(*id, need);
            }
        }
        self.load_households(tx, &wanted.households).await?;
        self.load_accounts(tx, &wanted.accounts).await?;
        self.load_balances(tx, &wanted.balances).await?;
        self.load_documents(tx, &wanted.documents).await?;
        self.load_household_entries(tx, &wanted.household_entries)
            .await?;
        let ids: Vec<i64> = wanted.price_lists.into_iter().collect();
        let mut lists = price_list::load(tx, &ids).await?;
        for id in ids {
            if let Some(book) = self.by_id(id) {
                book.price_lists = Some(lists.remove(&id).unwrap_or_default());
            }
        }
        let accepted = journal::find_accepted(tx, &wanted.commands).await?;
        for (id, command_id, accepted) in accepted {
            if let Some(book) = self.by_id(id) {
                book.commands.load(command_id, Some(accepted));
            }
        }
        for (id, command_id) in wanted.commands {
            if let Some(book) = self.by_id(id) {
                book.commands.load(command_id, None);
            }
        }
        for (id, kind, year, last) in document::load_last_numbers(tx, &wanted.last_numbers).await? {
            if let Some(book) = self.by_id(id) {
                book.last_numbers.load((kind, year), Some(last));
            }
        }
        for (id, kind, year) in wanted.last_numbers {
            if let Some(book) = self.by_id(id) {
                book.last_numbers.load((kind, year), None);
            }
        }
        self.load_registers(tx, &wanted.registers, &wanted.open_registers)
            .await?;
        self.load_recent_lines(tx, wanted.recent_lines).await?;
        let mut stock = balance::load_stock(tx, &wanted.stock).await?;
        for id in wanted.stock {
            if let Some(book) = self.by_id(id) {
                book.load_stock(stock.remove(&id).unwrap_or_default());
            }
        }
        self.load_other_villages(tx, &wanted.other_villages).await?;
        self.load_weights(tx, &wanted.weights).await?;
        for (id, from) in wanted.whole_villages {
            self.load_whole(tx, id, from).await?;
        }
        for (id, month) in wanted.figures {
            let figures = report::load(tx, id, month).await?;
            if let Some(book) = self.by_id(id) {
                book.load_figures(month, figures);
            }
        }
        Ok(())
    }

    async fn load_households(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, HouseholdNo)],
    ) -> Result<(), StoreError> {
        let keys = household::keys(wanted.iter().map(|(id, number)| (*id, number)));
        let mut found = household::load(tx, &keys).await?;
        for key in wanted {
            let row = found.remove(key);
            if let Some(book) = self.by_id(key.0) {
                book.households.load(key.1.clone(), row);
            }
        }
        Ok(())
    }

    async fn load_accounts(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, HouseholdNo)],
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let keys = household::keys(wanted.iter().map(|(id, number)| (*id, number)));
        let mut charges = charge::load(tx, &keys).await?;
        let owed = balance::load_owed(tx, wanted).await?;
        for key in wanted {
            let owed = owed.get(key).copied().unwrap_or_default();
            let charges = charges.remove(key).unwrap_or_default();
            let account = HouseholdAccount {
                credit: owed.credit,
                advance: owed.advance,
                charges,
                credit_moved: BTreeMap::new(),
            };
            if let Some(book) = self.by_id(key.0) {
                book.load_account(key.1.clone(), account);
            }
        }
        Ok(())
    }

    /// Looks which other villages have a book, in the database or by a command of this batch.
    async fn load_other_villages(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, VillageCode)],
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let codes: Vec<VillageCode> = wanted.iter().map(|(_, code)| code.clone()).collect();
        let mut found: BTreeSet<VillageCode> = village::find_ids(tx, &codes)
            .await?
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        let opened = self.villages.iter();
        let opened = opened.filter(|(_, opened)| opened.book.village().is_ok());
        found.extend(opened.map(|(code, _)| code.clone()));
        for (id, code) in wanted {
            if let Some(book) = self.by_id(*id) {
                book.load_village(code.clone(), found.contains(code));
            }
        }
        Ok(())
    }

    async fn load_balances(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, AccountRef)],
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut found = balance::load_balances(tx, wanted).await?;
        for key in wanted {
            let balance = found.remove(key).unwrap_or_default();
            if let Some(book) = self.by_id(key.0) {
                book.load_balance(key.1.clone(), balance);
            }
        }
        Ok(())
    }

    async fn load_weights(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, CollectorCode, Month)],
    ) -> Result<(), StoreError> {
        let mut found = cash::load_weights(tx, wanted).await?;
        for key in wanted {
            let grams = found.remove(key).unwrap_or_default();
            if let Some(book) = self.by_id(key.0) {
                book.load_weight(key.1.clone(), key.2, grams);
            }
        }
        Ok(())
    }

    async fn load_documents(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, DocumentKind, DocumentNo)],
    ) -> Result<(), StoreError> {
        for (id, kind, number, found) in document::load(tx, wanted).await? {
            if let Some(book) = self.by_id(id) {
                book.documents.load((kind, number), Some(found));
            }
        }
        for (id, kind, number) in wanted {
            if let Some(book) = self.by_id(*id) {
                book.documents.load((*kind, number.clone()), None);
            }
        }
        Ok(())
    }

    async fn load_household_entries(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: &[(i64, HouseholdNo, i64)],
    ) -> Result<(), StoreError> {
        let found = household::find_entries(tx, wanted).await?;
        for key in wanted {
            if let Some(book) = self.by_id(key.0) {
                let row = found.contains(key).then_some(());
                book.household_entries.load((key.1.clone(), key.2), row);
            }
        }
        Ok(())
    }

    async fn load_registers(
        &mut self,
        tx: &mut Tx<'_>,
        rows: &[(i64, RegisterKind, String)],
        registers: &[(i64, RegisterKind)],
    ) -> Result<(), StoreError> {
        for (id, kind, number, row) in register::load(tx, rows).await? {
            if let Some(book) = self.by_id(id) {
                book.registers.load((kind, number), Some(row));
            }
        }
        for (id, kind, number) in rows {
            if let Some(book) = self.by_id(*id) {
                book.registers.load((*kind, number.clone()), None);
            }
        }
        let mut open: BTreeMap<(i64, RegisterKind), Vec<_>> = BTreeMap::new();
        for (id, kind, number, row) in register::load_open(tx, registers).await? {
            open.entry((id, kind)).or_default().push((number, row));
        }
        for key in registers {
            if let Some(book) = self.by_id(key.0) {
                book.load_open_register(key.1, open.remove(key).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Loads every household of a village with its account, and how credit moved from a month on.
    async fn load_whole(
        &mut self,
        tx: &mut Tx<'_>,
        id: i64,
        from: Month,
    ) -> Result<(), StoreError> {
        let households = household::load_village(tx, id).await?;
        let mut charges = charge::load_village(tx, id, from.plus(-PERIOD_MONTHS_MOST)).await?;
        let owed = balance::load_village_owed(tx, id).await?;
        let mut moved: HashMap<HouseholdNo, BTreeMap<Month, _>> = HashMap::new();
        for (number, month, sum) in balance::load_credit_moved(tx, id, from).await? {
            moved.entry(number).or_default().insert(month, sum);
        }
        let Some(book) = self.by_id(id) else {
            return Ok(());
        };
        // What was loaded for single households lacks the months.
        book.forget_accounts();
        for (key, row) in households {
            let owed = owed.get(&key).copied().unwrap_or_default();
            let account = HouseholdAccount {
                credit: owed.credit,
                advance: owed.advance,
                charges: charges.remove(&key).unwrap_or_default(),
                credit_moved: moved.remove(&key.1).unwrap_or_default(),
            };
            book.load_account(key.1.clone(), account);
            book.households.load(key.1, Some(row));
        }
        book.set_whole_from(from);
        Ok(())
    }

    /// Loads every village whole from its beginning: a rehearsal writes nothing, so nothing can be loaded again in its midst.
    pub(crate) async fn load_whole_villages(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let from = Month::of(BEGINNING);
        let codes: Vec<VillageCode> = self.villages.keys().cloned().collect();
        let needs = codes
            .into_iter()
            .map(|code| (code, Need::WholeVillage(from)))
            .collect();
        self.load(tx, &needs).await
    }
}

/// What to load, by kind.
#[derive(Default)]
struct Wanted {
    price_lists: BTreeSet<i64>,
    households: Vec<(i64, HouseholdNo)>,
    accounts: Vec<(i64, HouseholdNo)>,
    balances: Vec<(i64, AccountRef)>,
    documents: Vec<(i64, DocumentKind, DocumentNo)>,
    household_entries: Vec<(i64, HouseholdNo, i64)>,
    commands: Vec<(i64, Uuid)>,
    last_numbers: Vec<(i64, DocumentKind, i16)>,
    registers: Vec<(i64, RegisterKind, String)>,
    open_registers: Vec<(i64, RegisterKind)>,
    recent_lines: Vec<(i64, HouseholdNo, MaterialCode, Month)>,
    stock: Vec<i64>,
    other_villages: Vec<(i64, VillageCode)>,
    weights: Vec<(i64, CollectorCode, Month)>,
    figures: Vec<(i64, Month)>,
    whole_villages: Vec<(i64, Month)>,
}

impl Wanted {
    fn add(&mut self, id: i64, need: &Need) {
        match need {
            Need::PriceLists => {
                self.price_lists.insert(id);
            }
            Need::Household(number) => self.households.push((id, number.clone())),
            Need::Account(number) => self.accounts.push((id, number.clone())),
            Need::Balance(side) => self.balances.push((id, side.balanced())),
            Need::Document(kind, number) => self.documents.push((id, *kind, number.clone())),
            Need::HouseholdEntry(number, seq) => {
                self.household_entries.push((id, number.clone(), *seq));
            }
            Need::Command(command_id) => self.commands.push((id, *command_id)),
            Need::LastNumber(kind, year) => self.last_numbers.push((id, *kind, *year)),
            Need::Register(kind, number) => self.registers.push((id, *kind, number.clone())),
            Need::OpenRegister(kind) => self.open_registers.push((id, *kind)),
            Need::RecentLines(household, material, from) => {
                let (household, material) = (household.clone(), material.clone());
                self.recent_lines.push((id, household, material, *from));
            }
            Need::Stock => self.stock.push(id),
            Need::VillageExists(village) => self.other_villages.push((id, village.clone())),
            Need::CollectorWeight(collector, month) => {
                self.weights.push((id, collector.clone(), *month));
            }
            Need::Figures(month) => self.figures.push((id, *month)),
            Need::WholeVillage(from) => self.whole_villages.push((id, *from)),
        }
    }
}
