//! Loading the facts that a batch of commands needs: the union for the whole batch, one statement per kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::decide::{Verdict, decide};
use crate::domain::facts::{Need, Stop};
use crate::domain::household::BEGINNING;
use crate::domain::household_account::HouseholdAccount;
use crate::domain::register::RegisterKind;
use crate::domain::{
    AccountRef, Book, CollectorCode, DocumentKind, DocumentNo, HouseholdNo, MaterialCode, Month,
    Refusal, Request, VillageCode,
};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::{
    balance, cash, charge, document, household, journal, month, price_list, register, report,
    village,
};

/// A village's facts with its surrogate key, which a village has once it is opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) id: Option<i64>,
    pub(crate) book: Book,
    /// The last batch that asked for it.
    used_in: u64,
}

/// The facts of the villages that a batch concerns. They are kept from batch to batch; the head of a village tells whether somebody else
/// wrote to it since, and its facts are then loaded anew.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    villages: BTreeMap<VillageCode, Opened>,
    ids: BTreeMap<VillageCode, i64>,
    codes: BTreeMap<i64, VillageCode>,
    batch: u64,
}

/// A period that reaches into a month began at most so many months before it: the longest is a year.
const PERIOD_MONTHS_MOST: i32 = 11;
/// How many rows are kept from batch to batch, a village counting as many: some tens of megabytes.
const ROWS_MAX: usize = 32_768;
/// How many rows a village's own terms, materials and prices count as.
const VILLAGE_ROWS: usize = 32;

/// May the batch write?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// It writes, so villages are locked.
    Write,
    /// It only rehearses.
    Rehearse,
}

impl Facts {
    /// Locks the villages of the requests, and loads what the requests surely need.
    pub(crate) async fn prepare(
        &mut self,
        tx: &mut Tx<'_>,
        requests: &[&Request],
        now: Timestamp,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        self.batch = self.batch.saturating_add(1);
        let codes: BTreeSet<&VillageCode> =
            requests.iter().map(|request| &request.village).collect();
        let may_be_whole = requests
            .iter()
            .all(|request| request.command.is_village_wide());
        self.open_villages(tx, &codes, purpose, may_be_whole)
            .await?;
        for code in codes {
            if let Some(opened) = self.villages.get_mut(code) {
                opened.book.set_now(now);
            }
        }
        let mut needs = BTreeSet::new();
        for request in requests {
            needs.insert((request.village.clone(), Need::Command(request.id)));
            needs.extend(
                request
                    .command
                    .needs()
                    .into_iter()
                    .map(|need| (request.village.clone(), need)),
            );
        }
        self.load(tx, &needs).await
    }

    async fn open_villages(
        &mut self,
        tx: &mut Tx<'_>,
        codes: &BTreeSet<&VillageCode>,
        purpose: Purpose,
        may_be_whole: bool,
    ) -> Result<(), StoreError> {
        let unknown: Vec<VillageCode> = codes
            .iter()
            .filter(|code| !self.ids.contains_key(**code))
            .map(|code| (*code).clone())
            .collect();
        for (code, id) in village::find_ids(tx, &unknown).await? {
            self.know(code, id);
        }
        let ids: Vec<i64> = codes
            .iter()
            .filter_map(|code| self.ids.get(*code))
            .copied()
            .collect();
        let heads = match purpose {
            Purpose::Write => village::lock_heads(tx, &ids).await?,
            Purpose::Rehearse => village::read_heads(tx, &ids).await?,
        };
        let mut fresh = Vec::new();
        for code in codes {
            let id = self.ids.get(*code).copied();
            let head = id.and_then(|id| heads.get(&id));
            let used_in = self.batch;
            let kept = self.villages.get_mut(*code).filter(|kept| {
                kept.id == id
                    && head.is_none_or(|head| kept.book.head() == *head)
                    && (may_be_whole || !kept.book.is_whole())
            });
            if let Some(kept) = kept {
                kept.used_in = used_in;
                continue;
            }
            let book = match head {
                Some(head) => Book::at_head((*code).clone(), *head),
                None => Book::unopened((*code).clone()),
            };
            fresh.extend(id);
            let opened = Opened { id, book, used_in };
            self.villages.insert((*code).clone(), opened);
        }
        self.load_masters(tx, &fresh).await
    }

    fn know(&mut self, code: VillageCode, id: i64) {
        self.codes.insert(id, code.clone());
        self.ids.insert(code, id);
    }

    pub(super) fn by_id(&mut self, id: i64) -> Option<&mut Book> {
        let opened = self.villages.get_mut(self.codes.get(&id)?)?;
        Some(&mut opened.book)
    }

    async fn load_masters(&mut self, tx: &mut Tx<'_>, ids: &[i64]) -> Result<(), StoreError> {
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
    async fn load(
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
            let is_there = found.contains(code).then_some(());
            if let Some(book) = self.by_id(*id) {
                book.other_villages.load(code.clone(), is_there);
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

    /// Decides a request, loading what turns out to be missing.
    pub(crate) async fn decide(
        &mut self,
        tx: &mut Tx<'_>,
        request: &Request,
        salt: [u8; 16],
    ) -> Result<Result<Verdict, Refusal>, StoreError> {
        let mut asked = BTreeSet::new();
        loop {
            let Some(opened) = self.villages.get_mut(&request.village) else {
                return Ok(Err(Refusal::VillageUnknown {
                    village: request.village.clone(),
                }));
            };
            match decide(&mut opened.book, request, salt) {
                Ok(verdict) => return Ok(Ok(verdict)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Missing(need)) => {
                    let need = (request.village.clone(), need);
                    if !asked.insert(need.clone()) {
                        return Err(StoreError::Engine(format!(
                            "{:?} was loaded and is still missing",
                            need.1
                        )));
                    }
                    self.load(tx, &BTreeSet::from([need])).await?;
                }
            }
        }
    }

    /// The surrogate key of a village, given to it now if the batch opened it.
    pub(crate) async fn id_of(
        &mut self,
        tx: &mut Tx<'_>,
        code: &VillageCode,
    ) -> Result<i64, StoreError> {
        let Some(opened) = self.villages.get_mut(code) else {
            return Err(StoreError::Engine(
                "an entry of a village that was not opened".to_owned(),
            ));
        };
        if let Some(id) = opened.id {
            return Ok(id);
        }
        // Several villages may be opened in one batch, before the first is written.
        let in_batch = self
            .codes
            .last_key_value()
            .map_or(1, |(id, _)| id.saturating_add(1));
        let id = village::next_id(tx).await?.max(in_batch);
        opened.id = Some(id);
        self.know(code.clone(), id);
        Ok(id)
    }

    /// The books of the villages in the order of their codes, with their surrogate keys.
    pub(crate) fn books<'f>(
        &'f mut self,
        codes: &BTreeSet<&VillageCode>,
    ) -> Vec<(i64, &'f mut Book)> {
        let wanted = self
            .villages
            .iter_mut()
            .filter(|(code, _)| codes.contains(code));
        wanted
            .filter_map(|(_, opened)| opened.id.map(|id| (id, &mut opened.book)))
            .collect()
    }

    /// Keeps, after a commit, what the next batch can use.
    pub(crate) fn settle(&mut self, requests: &[&Request]) {
        for request in requests {
            if let Some(opened) = self.villages.get_mut(&request.village) {
                opened.book.forget_passing_facts();
            }
        }
        // Somebody else may open a village that this batch found unopened, and nothing of it was worth keeping.
        self.villages.retain(|_, opened| opened.id.is_some());
        self.shrink();
    }

    /// Forgets the villages that were asked for longest ago until half the room is free.
    fn shrink(&mut self) {
        let rows = |opened: &Opened| opened.book.rows().saturating_add(VILLAGE_ROWS);
        let mut kept: usize = self.villages.values().map(rows).sum();
        if kept <= ROWS_MAX {
            return;
        }
        let mut by_use: Vec<(u64, VillageCode)> = self
            .villages
            .iter()
            .map(|(code, opened)| (opened.used_in, code.clone()))
            .collect();
        by_use.sort();
        for (_, code) in by_use {
            if kept <= ROWS_MAX / 2 {
                break;
            }
            let forgotten = self.villages.remove(&code);
            kept -= forgotten.as_ref().map_or(0, rows);
        }
    }

    /// Forgets everything: what was decided was not written.
    pub(crate) fn forget(&mut self) {
        *self = Facts::default();
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
