//! Moving to another village (R-HH-3): settled here, opened there, through inter-village clearing. Two commands in two books, paired by reference.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::household::{RegisterHousehold, RegisteredHousehold};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::{self, Month};
use crate::domain::move_out::{MoveOut, RepricedCharge};
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::settlement::{advance_used, apply_in_order, use_of_advance};
use crate::domain::{ChargeKey, DocumentNo, Event, HouseholdNo, Money, Refusal, VillageCode};

/// A household leaves for another village (R-HH-3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DepartHousehold {
    /// Which household.
    pub household_no: HouseholdNo,
    /// The village that it goes to.
    pub to_village: VillageCode,
    /// The number that it gets there, if that is known.
    pub new_number: Option<HouseholdNo>,
    /// The day.
    pub on: Date,
    /// What the two books are paired by; none: the number of the departure.
    pub reference: Option<DocumentNo>,
}

/// A household that left for another village, with what became of its charges and what went with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HouseholdDeparted {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// Which household.
    pub household_no: HouseholdNo,
    /// The village that it went to.
    pub to_village: VillageCode,
    /// The number that it gets there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_number: Option<HouseholdNo>,
    /// The day.
    pub on: Date,
    /// What the two books are paired by.
    pub reference: DocumentNo,
    /// The charges that are lower because it moved out (R-FE-6).
    pub repriced: Vec<RepricedCharge>,
    /// The charges that its credit paid before it left.
    pub offset: Vec<(ChargeKey, Money)>,
    /// Credit that went with it.
    pub credit: Money,
    /// Fee advance that went with it.
    pub advance: Money,
}

impl HouseholdDeparted {
    /// What went to the other village: Dr 2202 and 2203, Cr 2261.
    pub fn transferred(&self) -> Vec<Posting> {
        let village = Account::IntervillagePayable.of(self.to_village.as_str());
        [
            (Account::HouseholdCredit, self.credit),
            (Account::FeeAdvance, self.advance),
        ]
        .into_iter()
        .filter(|(_, amount)| amount.is_positive())
        .map(|(account, amount)| {
            let side = account.of(self.household_no.as_str());
            Posting::new(side, village.clone(), amount, Flow::Transfer)
        })
        .collect()
    }
}

impl DepartHousehold {
    /// The facts that it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        vec![
            Need::Household(self.household_no.clone()),
            Need::Account(self.household_no.clone()),
            Need::VillageExists(self.to_village.clone()),
            Need::OpenRegister(RegisterKind::Payout),
            Need::LastNumber(DocumentKind::Departure, self.on.year()),
        ]
    }

    /// Moves the household out (R-FE-6), pays open charges from credit, and hands what is left to the other village (R-HH-3). A household that
    /// moved out before only takes along what it left behind.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::VillageUnknown`], [`Refusal::SameVillage`],
    /// [`Refusal::PayoutPending`], [`Refusal::CreditBelowZero`], [`Refusal::StillOwes`], [`Refusal::DocumentNoTaken`] and those of [`MoveOut`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let occurred_at = month::start_of_day(self.on);
        book.check_time("on", occurred_at)?;
        let household = book.unmerged_household(&self.household_no)?;
        book.check_other_village(&self.to_village)?;
        book.check_no_payout(&self.household_no)?;
        let number = book.next_number(DocumentKind::Departure, occurred_at)?;
        let reference = self.reference.clone().unwrap_or_else(|| number.clone());
        book.check_new_clearing(&departure_key(&reference), &reference)?;
        let (repriced, mut postings, mut account) = if household.moved_out.is_some() {
            let account = book.account(&self.household_no)?.clone();
            (Vec::new(), Vec::new(), account)
        } else {
            let moved = MoveOut {
                household_no: self.household_no.clone(),
                moved_out: self.on,
            };
            moved.settle(book)?
        };
        let household_no = || self.household_no.to_string();
        if account.credit.is_negative() {
            let (household_no, amount) = (household_no(), -account.credit);
            return Err(Refusal::CreditBelowZero {
                household_no,
                amount,
            }
            .into());
        }
        let open: Vec<_> = account.open_charges().collect();
        let owed: Money = open.iter().map(|(_, open)| *open).sum();
        if owed > account.credit {
            let (household_no, amount) = (household_no(), owed - account.credit);
            return Err(Refusal::StillOwes {
                household_no,
                amount,
            }
            .into());
        }
        let offset: Vec<_> = apply_in_order(&mut account.credit, open).collect();
        let side = |account: Account| account.of(self.household_no.as_str());
        postings.extend(offset.iter().map(|(key, amount)| {
            let (debit, credit) = (side(Account::HouseholdCredit), side(Account::FeeReceivable));
            Posting::new(debit, credit, *amount, Flow::Offset).on_charge(key.clone())
        }));
        let departed = HouseholdDeparted {
            number,
            household_no: self.household_no.clone(),
            to_village: self.to_village.clone(),
            new_number: self.new_number.clone(),
            on: self.on,
            reference,
            repriced,
            offset,
            credit: account.credit,
            advance: account.advance,
        };
        postings.extend(departed.transferred());
        let mut decision = Decision::on(occurred_at, Event::HouseholdDeparted(departed));
        decision.postings = postings;
        Ok(decision)
    }
}

/// A household comes from another village (R-HH-3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ArriveHousehold {
    /// Its number here.
    pub household_no: HouseholdNo,
    /// Its registration, unless it is registered already.
    pub register: Option<RegisterHousehold>,
    /// The village that it comes from.
    pub from_village: VillageCode,
    /// What the two books are paired by, as the other village gave it.
    pub reference: DocumentNo,
    /// Credit that it brings.
    pub amount: Money,
    /// Fee advance that it brings.
    pub advance: Money,
    /// When.
    pub arrived_at: Timestamp,
}

/// A household that came from another village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HouseholdArrived {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// Its number here.
    pub household_no: HouseholdNo,
    /// Its registration, unless it was registered already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<RegisteredHousehold>,
    /// The village that it came from.
    pub from_village: VillageCode,
    /// What the two books are paired by.
    pub reference: DocumentNo,
    /// Credit that it brought.
    pub amount: Money,
    /// Fee advance that it brought.
    pub advance: Money,
    /// When.
    pub arrived_at: Timestamp,
    /// The charges that advance paid at once.
    pub used: Vec<(ChargeKey, Money)>,
}

impl HouseholdArrived {
    /// Its postings: Dr 1261, Cr 2202 and 2203; and advance that paid charges at once.
    pub fn postings(&self) -> Vec<Posting> {
        let village = Account::IntervillageReceivable.of(self.from_village.as_str());
        let brought = [
            (Account::HouseholdCredit, self.amount),
            (Account::FeeAdvance, self.advance),
        ];
        let brought = brought
            .into_iter()
            .filter(|(_, amount)| amount.is_positive());
        let brought = brought.map(|(account, amount)| {
            let side = account.of(self.household_no.as_str());
            Posting::new(village.clone(), side, amount, Flow::Transfer)
        });
        brought
            .chain(advance_used(&self.household_no, &self.used))
            .collect()
    }
}

impl ArriveHousehold {
    /// The facts that it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        vec![
            Need::Household(self.household_no.clone()),
            Need::Account(self.household_no.clone()),
            Need::VillageExists(self.from_village.clone()),
            Need::LastNumber(
                DocumentKind::Arrival,
                month::business_date(self.arrived_at).year(),
            ),
        ]
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let register = self.register.as_ref();
        register.map_or_else(PrivateDetails::default, RegisterHousehold::private)
    }

    /// Opens here what was settled there: credit and fee advance from the other village (R-HH-3).
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::SameVillage`], [`Refusal::DocumentNoTaken`] for a reference that arrived already,
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::MovedOutAlready`], [`Refusal::OutOfRange`] and those of
    /// [`RegisterHousehold`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("arrived_at", self.arrived_at)?;
        book.check_other_village(&self.from_village)?;
        let key = arrival_key(&self.from_village, &self.reference);
        book.check_new_clearing(&key, &self.reference)?;
        for (field, amount) in [("amount", self.amount), ("advance", self.advance)] {
            if amount.is_negative() {
                let most = Money::from_fen(crate::domain::money::MOST).to_string();
                let (value, least) = (amount.to_string(), Money::ZERO.to_string());
                return Err(Refusal::OutOfRange {
                    field,
                    value,
                    least,
                    most,
                }
                .into());
            }
        }
        let registered = self.registered(book)?;
        let mut account = book.account(&self.household_no)?.clone();
        account.advance += self.advance;
        let arrived = HouseholdArrived {
            number: book.next_number(DocumentKind::Arrival, self.arrived_at)?,
            household_no: self.household_no.clone(),
            registered,
            from_village: self.from_village.clone(),
            reference: self.reference.clone(),
            amount: self.amount,
            advance: self.advance,
            arrived_at: self.arrived_at,
            used: use_of_advance(&account),
        };
        let postings = arrived.postings();
        let mut decision = Decision::on(self.arrived_at, Event::HouseholdArrived(arrived));
        decision.postings = postings;
        Ok(decision)
    }

    /// The registration that comes with the arrival; without one the household must be here.
    fn registered(&self, book: &Book) -> Result<Option<RegisteredHousehold>, Stop> {
        let Some(register) = &self.register else {
            let household = book.unmerged_household(&self.household_no)?;
            household.check_is_there(&self.household_no)?;
            return Ok(None);
        };
        let registered = register.registered(book)?;
        Ok(Some(RegisteredHousehold {
            household_no: self.household_no.clone(),
            ..registered
        }))
    }
}

/// Which way a household went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Out of this village.
    Departed,
    /// Into this village.
    Arrived,
}

/// A departure or an arrival as the register keeps it. A departure stays open: this book does not see the other village's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Clearing {
    /// Which way.
    pub way: Way,
    /// The number of the document.
    pub document: DocumentNo,
    /// The other village.
    pub village: VillageCode,
    /// The household in this village.
    pub household_no: HouseholdNo,
    /// What the two books are paired by.
    pub reference: DocumentNo,
    /// The day.
    pub on: Date,
    /// Credit that moved.
    pub credit: Money,
    /// Fee advance that moved.
    pub advance: Money,
    /// Whether the document was voided.
    pub is_voided: bool,
}

impl Registered for Clearing {
    const KIND: RegisterKind = RegisterKind::Clearing;

    fn household(&self) -> Option<&HouseholdNo> {
        Some(&self.household_no)
    }

    fn month(&self) -> Month {
        Month::of(self.on)
    }

    fn is_open(&self) -> bool {
        self.way == Way::Departed && !self.is_voided
    }
}

fn departure_key(reference: &DocumentNo) -> String {
    format!("out/{reference}")
}

fn arrival_key(village: &VillageCode, reference: &DocumentNo) -> String {
    format!("in/{village}/{reference}")
}

/// The row of the register that an event makes, with its number.
fn row_of(event: &Event) -> Option<(String, Clearing)> {
    if let Event::HouseholdDeparted(event) = event {
        let row = Clearing {
            way: Way::Departed,
            document: event.number.clone(),
            village: event.to_village.clone(),
            household_no: event.household_no.clone(),
            reference: event.reference.clone(),
            on: event.on,
            credit: event.credit,
            advance: event.advance,
            is_voided: false,
        };
        return Some((departure_key(&event.reference), row));
    }
    let Event::HouseholdArrived(event) = event else {
        return None;
    };
    let row = Clearing {
        way: Way::Arrived,
        document: event.number.clone(),
        village: event.from_village.clone(),
        household_no: event.household_no.clone(),
        reference: event.reference.clone(),
        on: month::business_date(event.arrived_at),
        credit: event.amount,
        advance: event.advance,
        is_voided: false,
    };
    Some((arrival_key(&event.from_village, &event.reference), row))
}

impl Book {
    /// Another village must have a book in this database.
    ///
    /// # Errors
    /// [`Refusal::SameVillage`], [`Refusal::VillageUnknown`].
    fn check_other_village(&self, village: &VillageCode) -> Result<(), Stop> {
        if village == self.code() {
            let village = village.clone();
            return Err(Refusal::SameVillage { village }.into());
        }
        let need = || Need::VillageExists(village.clone());
        match self.other_villages.get(village, need)? {
            Some(()) => Ok(()),
            None => Err(Refusal::VillageUnknown {
                village: village.clone(),
            }
            .into()),
        }
    }

    /// A reference pairs one departure with one arrival; after a void it may be used again.
    fn check_new_clearing(&self, key: &str, reference: &DocumentNo) -> Result<(), Stop> {
        match self.registered::<Clearing>(key)? {
            Some(row) if !row.is_voided => Err(Refusal::DocumentNoTaken {
                number: reference.to_string(),
            }
            .into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Loads what the void of a departure or arrival changes, and makes sure that advance which came with it is still there.
    ///
    /// # Errors
    /// [`Refusal::AdvanceTooSmall`].
    pub(crate) fn check_clearing_void(&self, event: &Event) -> Result<(), Stop> {
        if let Some((key, _)) = row_of(event) {
            self.registered::<Clearing>(&key)?;
        }
        let Event::HouseholdArrived(event) = event else {
            return Ok(());
        };
        let used: Money = event.used.iter().map(|(_, amount)| *amount).sum();
        let holder = self.resolve(&event.household_no)?;
        let available = self.account(&holder)?.advance;
        let asked = event.advance - used;
        if asked > available {
            return Err(Refusal::AdvanceTooSmall {
                household_no: holder.to_string(),
                available,
                asked,
            }
            .into());
        }
        Ok(())
    }

    /// Registers a departure or arrival.
    pub(crate) fn apply_clearing(&mut self, event: &Event) {
        if let Some((key, row)) = row_of(event) {
            self.register(&key, &row);
        }
    }

    /// Notes that the document of a departure or arrival was voided.
    pub(crate) fn apply_clearing_void(&mut self, kind: DocumentKind, number: &DocumentNo) {
        let document = self.document(kind, number).ok().flatten();
        if let Some((key, _)) = document.and_then(|document| row_of(&document.event)) {
            self.change_row::<Clearing>(&key, |row| row.is_voided = true);
        }
    }
}
