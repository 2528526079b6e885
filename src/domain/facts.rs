//! The facts of a village that decisions are made from. They answer only what was loaded and are advanced by what is decided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::document::{Document, DocumentKind};
use crate::domain::fee::FeePolicy;
use crate::domain::household::Household;
use crate::domain::household_account::HouseholdAccount;
use crate::domain::journal::Decision;
use crate::domain::known::Known;
use crate::domain::material::Material;
use crate::domain::month::{self, Month, business_date, written_time};
use crate::domain::month_close::MonthStanding;
use crate::domain::price_list::PriceList;
use crate::domain::projection::{Projections, Stock};
use crate::domain::recent_lines::RecentLines;
use crate::domain::register::{RegisterKind, RegisterRow};
use crate::domain::report::Figures;
use crate::domain::seal::{Hash, genesis};
use crate::domain::settings::Settings;
use crate::domain::village::Village;
use crate::domain::{
    Account, AccountRef, Actor, CollectorCode, DocumentNo, Event, HouseholdNo, MaterialCode, Money,
    Refusal, Role, VillageCode,
};

/// A fact that a decision needs and that is not loaded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Need {
    /// The village's price lists.
    PriceLists,
    /// A household's attributes.
    Household(HouseholdNo),
    /// A household's credit, advance and charges.
    Account(HouseholdNo),
    /// The balance of an account and subject.
    Balance(AccountRef),
    /// A document and the entry that made it.
    Document(DocumentKind, DocumentNo),
    /// Whether an entry concerns a household.
    HouseholdEntry(HouseholdNo, i64),
    /// Whether a command id was used.
    Command(Uuid),
    /// The last number given to a kind of document in a year.
    LastNumber(DocumentKind, i16),
    /// A row of a register.
    Register(RegisterKind, String),
    /// The open rows of a register.
    OpenRegister(RegisterKind),
    /// The lines of a household and material from the beginning of a month on.
    RecentLines(HouseholdNo, MaterialCode, Month),
    /// What is in stock and in transit of every material.
    Stock,
    /// Whether the database has the book of another village.
    VillageExists(VillageCode),
    /// How much a collector brought in a month by weight, in grams.
    CollectorWeight(CollectorCode, Month),
    /// What the report of a month is made from.
    Figures(Month),
    /// Every household with its account: the credit that moved after the month, and of the charges those that are open and those of periods
    /// that reach into the month or begin after it.
    WholeVillage(Month),
}

impl Need {
    /// The last number given to a kind of document in the year of an instant.
    pub(crate) fn last_number(kind: DocumentKind, at: Timestamp) -> Need {
        Need::LastNumber(kind, business_date(at).year())
    }
}

/// Why a decision was not reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The command is refused.
    Refused(Refusal),
    /// A fact is missing: load it and decide again.
    Missing(Need),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

/// A command that was accepted before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Its entry.
    pub seq: i64,
    /// The hash of its entry.
    pub hash: Hash,
    /// Digest of its non-personal content.
    pub fingerprint: Hash,
    /// What was decided.
    pub event: Event,
    /// Digest of its personal details, with their salt; none if it had none or they were erased.
    pub private: Option<(Hash, Vec<u8>)>,
    /// Whether it had personal details.
    pub had_private: bool,
}

/// The place of a village's chain where the next entry goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The number of the next entry.
    pub next_seq: i64,
    /// The hash of the last entry, or the village's genesis.
    pub hash: Hash,
}

/// The facts of one village.
#[derive(Clone, Debug)]
pub struct Book {
    pub(crate) code: VillageCode,
    pub(crate) now: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) head: Head,
    pub(crate) village: Option<Village>,
    pub(crate) settings: Settings,
    pub(crate) policies: Vec<FeePolicy>,
    pub(crate) materials: BTreeMap<MaterialCode, Material>,
    pub(crate) price_lists: Option<BTreeMap<Timestamp, PriceList>>,
    pub(crate) households: Known<HouseholdNo, Household>,
    pub(crate) accounts: Known<HouseholdNo, HouseholdAccount>,
    pub(crate) balances: Known<AccountRef, Money>,
    pub(crate) documents: Known<(DocumentKind, DocumentNo), Document>,
    pub(crate) household_entries: Known<(HouseholdNo, i64), ()>,
    pub(crate) commands: Known<Uuid, Accepted>,
    pub(crate) last_numbers: Known<(DocumentKind, i16), i64>,
    pub(crate) months: BTreeMap<Month, MonthStanding>,
    pub(crate) registers: Known<(RegisterKind, String), RegisterRow>,
    pub(crate) open_registers: BTreeMap<RegisterKind, BTreeSet<String>>,
    pub(crate) recent_lines: RecentLines,
    pub(crate) stock: Option<BTreeMap<(Account, MaterialCode), Stock>>,
    pub(crate) other_villages: Known<VillageCode, ()>,
    pub(crate) weights: Known<(CollectorCode, Month), i64>,
    pub(crate) whole_from: Option<Month>,
    pub(crate) figures: Option<(Head, Month, Figures)>,
    pub(crate) projections: Projections,
}

impl Book {
    /// The facts of a village of which nothing is loaded yet but its head.
    pub fn at_head(code: VillageCode, head: Head) -> Book {
        Book {
            code,
            now: Timestamp::MIN,
            actor: Actor::new(Role::System, ""),
            head,
            village: None,
            settings: Settings::default(),
            policies: Vec::new(),
            materials: BTreeMap::new(),
            price_lists: None,
            households: Known::default(),
            accounts: Known::default(),
            balances: Known::default(),
            documents: Known::default(),
            household_entries: Known::default(),
            commands: Known::default(),
            last_numbers: Known::default(),
            months: BTreeMap::new(),
            registers: Known::default(),
            open_registers: BTreeMap::new(),
            recent_lines: RecentLines::default(),
            stock: None,
            other_villages: Known::default(),
            weights: Known::default(),
            whole_from: None,
            figures: None,
            projections: Projections::default(),
        }
    }

    /// The facts of a village that has no book yet: everything is known, and nothing is there.
    pub fn unopened(code: VillageCode) -> Book {
        let head = Head {
            next_seq: 1,
            hash: genesis(&code),
        };
        let mut book = Book::at_head(code, head);
        book.price_lists = Some(BTreeMap::new());
        book.households.set_complete();
        book.accounts.set_complete();
        book.balances.set_complete();
        book.documents.set_complete();
        book.household_entries.set_complete();
        book.commands.set_complete();
        book.last_numbers.set_complete();
        book.registers.set_complete();
        book.other_villages.set_complete();
        for kind in RegisterKind::ALL {
            book.open_registers.insert(*kind, BTreeSet::new());
        }
        book.recent_lines.set_complete();
        book.stock = Some(BTreeMap::new());
        book.weights.set_complete();
        book.whole_from = Some(Month::of(crate::domain::household::BEGINNING));
        book.projections.are_whole = true;
        book
    }

    /// The village's code.
    pub const fn code(&self) -> &VillageCode {
        &self.code
    }

    /// Where the next entry goes.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Sets the instant that decisions are made at; it comes from the ledger's clock.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Sets who gives the command that is decided next.
    pub(crate) fn set_actor(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// Who gives the command.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The instant that decisions are made at.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Forgets what grows with every command and is not asked for again.
    pub fn forget_passing_facts(&mut self) {
        self.forget_commands();
        self.balances = Known::default();
        self.documents = Known::default();
        self.household_entries = Known::default();
        self.last_numbers = Known::default();
        self.other_villages = Known::default();
        self.weights = Known::default();
        self.recent_lines = RecentLines::default();
        self.figures = None;
        let open = &self.open_registers;
        self.registers
            .retain(|(kind, _), row| row.is_some_and(|row| row.is_open) && open.contains_key(kind));
    }

    /// Forgets which commands were accepted: whoever replays a whole journal does not ask.
    pub fn forget_commands(&mut self) {
        self.commands = Known::default();
    }

    /// Forgets the accounts, to load them again with how credit moved by month.
    pub fn forget_accounts(&mut self) {
        self.accounts = Known::default();
    }

    /// Whether the village was loaded whole, with the charges that a run asks for and not all others.
    pub const fn is_whole(&self) -> bool {
        self.whole_from.is_some()
    }

    /// How many households and accounts it holds.
    pub fn rows(&self) -> usize {
        self.households.len().saturating_add(self.accounts.len())
    }

    /// Notes that every household is loaded, and how credit moved from a month on.
    pub fn set_whole_from(&mut self, from: Month) {
        self.households.set_complete();
        self.accounts.set_complete();
        self.whole_from = Some(from);
    }

    /// Whether a fact is not loaded yet.
    pub fn lacks(&self, need: &Need) -> bool {
        match need {
            Need::PriceLists => self.price_lists.is_none(),
            Need::Household(number) => self.household(number).is_err(),
            Need::Account(number) => self.account(number).is_err(),
            Need::Balance(side) => self.balance(side).is_err(),
            Need::Document(kind, number) => self.document(*kind, number).is_err(),
            Need::HouseholdEntry(number, seq) => self.concerns(number, *seq).is_err(),
            Need::Command(id) => self.accepted(*id).is_err(),
            Need::LastNumber(kind, year) => self.last_number(*kind, *year).is_err(),
            Need::Register(kind, number) => {
                let key = (*kind, number.clone());
                self.registers.get(&key, || need.clone()).is_err()
            }
            Need::OpenRegister(kind) => !self.open_registers.contains_key(kind),
            Need::RecentLines(household, material, from) => {
                let pair = (household.clone(), material.clone());
                !self.recent_lines.knows(&pair, *from)
            }
            Need::Stock => self.stock.is_none(),
            Need::VillageExists(village) => {
                let need = || need.clone();
                self.other_villages.get(village, need).is_err()
            }
            Need::CollectorWeight(collector, month) => {
                self.collector_weight(collector, *month).is_err()
            }
            Need::Figures(month) => self.figures(*month).is_err(),
            Need::WholeVillage(from) => self.whole_village(*from).is_err(),
        }
    }

    /// The village.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub fn village(&self) -> Result<&Village, Refusal> {
        self.village
            .as_ref()
            .ok_or_else(|| Refusal::VillageUnknown {
                village: self.code.clone(),
            })
    }

    /// Notes whether there is a book of another village.
    pub fn load_village(&mut self, code: VillageCode, is_there: bool) {
        self.other_villages.load(code, is_there.then_some(()));
    }

    /// The fee policies, oldest first.
    pub fn policies(&self) -> &[FeePolicy] {
        &self.policies
    }

    /// A material.
    pub fn material(&self, code: &MaterialCode) -> Option<&Material> {
        self.materials.get(code)
    }

    /// The price lists by the instant from which they hold.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn price_lists(&self) -> Result<&BTreeMap<Timestamp, PriceList>, Stop> {
        self.price_lists
            .as_ref()
            .ok_or(Stop::Missing(Need::PriceLists))
    }

    /// The price list in force at an instant (R-PR-1).
    ///
    /// # Errors
    /// [`Refusal::NoPriceListThen`].
    pub fn price_list_at(&self, at: Timestamp) -> Result<&PriceList, Stop> {
        let in_force = self.price_lists()?.range(..=at).next_back();
        in_force.map(|(_, list)| list).ok_or_else(|| {
            Refusal::NoPriceListThen {
                at: written_time(at),
            }
            .into()
        })
    }

    /// A household, if the number is in use.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn household(&self, number: &HouseholdNo) -> Result<Option<&Household>, Stop> {
        self.households
            .get(number, || Need::Household(number.clone()))
    }

    /// A household that must exist.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`].
    pub fn known_household(&self, number: &HouseholdNo) -> Result<&Household, Stop> {
        self.household(number)?.ok_or_else(|| {
            Refusal::HouseholdUnknown {
                household_no: number.to_string(),
            }
            .into()
        })
    }

    /// Every household in natural order; only after [`Book::whole_village`].
    pub fn households(&self) -> impl Iterator<Item = (&HouseholdNo, &Household)> {
        self.households.iter()
    }

    /// What a household has and owes; a household of which nothing was ever booked has nothing.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn account(&self, number: &HouseholdNo) -> Result<&HouseholdAccount, Stop> {
        static NOTHING: HouseholdAccount = HouseholdAccount {
            credit: Money::ZERO,
            advance: Money::ZERO,
            charges: BTreeMap::new(),
            credit_moved: BTreeMap::new(),
        };
        self.accounts
            .get(number, || Need::Account(number.clone()))
            .map(|account| account.unwrap_or(&NOTHING))
    }

    /// The balance of an account and subject now, debit positive; nothing if nothing was ever booked on it. Of fee income and waivers only
    /// the village as a whole has one.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn balance(&self, side: &AccountRef) -> Result<Money, Stop> {
        let side = side.balanced();
        let balance = self.balances.get(&side, || Need::Balance(side.clone()))?;
        Ok(balance.copied().unwrap_or_default())
    }

    /// Every account that something was booked on; only after [`Book::whole_village`].
    pub fn accounts(&self) -> impl Iterator<Item = (&HouseholdNo, &HouseholdAccount)> {
        self.accounts.iter()
    }

    /// Makes sure that every household is loaded, with the credit that moved after a month.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn whole_village(&self, from: Month) -> Result<(), Stop> {
        match self.whole_from {
            Some(loaded_from) if loaded_from <= from => Ok(()),
            Some(_) | None => Err(Stop::Missing(Need::WholeVillage(from))),
        }
    }

    /// A command that was accepted under the id, if one was.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn accepted(&self, id: Uuid) -> Result<Option<&Accepted>, Stop> {
        self.commands.get(&id, || Need::Command(id))
    }

    /// Refuses what lies more than ten minutes ahead or before the opening month (R-PK-3).
    ///
    /// # Errors
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::VillageUnknown`].
    pub fn check_time(&self, field: &'static str, at: Timestamp) -> Result<(), Refusal> {
        let opening_month = self.village()?.opening_month;
        if at.duration_since(self.now) > SignedDuration::from_mins(10) {
            return Err(Refusal::InTheFuture {
                field,
                at: written_time(at),
            });
        }
        if Month::at(at) < opening_month {
            return Err(Refusal::BeforeOpening {
                at: written_time(at),
                opening_month,
            });
        }
        Ok(())
    }

    /// The instant at which something that may be dated long ago or ahead is booked: not before the opening, not after now.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub fn within_books(&self, at: Timestamp) -> Result<Timestamp, Refusal> {
        let opened_at = month::start_of_day(self.village()?.opening_month.first_day());
        Ok(at.min(self.now).max(opened_at))
    }

    /// Books a void or correction in the month of its fact while that is open, on the month's last day if a later one has begun, and else on
    /// its own date, with the month of the fact (R-CO-5).
    pub fn book_in_month_of(&self, decision: &mut Decision, fact: Timestamp) {
        let month = Month::at(fact);
        if self.is_closed(month) {
            decision.origin_month = Some(month);
            return;
        }
        decision.booked_on = decision
            .booked_on
            .clamp(month.first_day(), month.last_day());
    }
}
