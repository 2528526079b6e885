//! What a collector's phone is told: what became of its items, which of its numbers arrived, and what changed since it was told last. No card and no
//! balance goes to a phone that may be lost, but what a household owes after an item of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::collector::{Device, Series, missing_numbers};
use crate::domain::month::business_date;
use crate::domain::month_close::MonthState;
use crate::domain::pickup::Pickup;
use crate::domain::price_list::PriceList;
use crate::domain::register::RegisterKind;
use crate::domain::seal::Hash;
use crate::domain::{
    Account, DocumentNo, Event, Group, HouseholdNo, Material, Money, Month, Village, VillageCode,
};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::{
    balance, household, journal, month as months, one_time, phone, price_list, register, village,
};

/// How many households are told at once.
const HOUSEHOLDS_MOST: usize = 500;
/// If more happened to households than this, all of them are told anew.
const EVENTS_MOST: usize = 500;
/// Pickups of the day are looked for so many entries back at most.
const ENTRIES_BACK: i64 = 2_000;
/// How many missing numbers are named.
const MISSING_MOST: usize = 100;
/// Of how many beginnings of numbers a device is told, the last ones.
const SERIES_MOST: usize = 20;
/// A price list that was replaced is told for so long: a pickup that was made then may have to be made again.
const LISTS_KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);
/// How many months are told.
const MONTHS_MOST: i32 = 13;
/// A card that was made while a phone was told may be told again.
const CARDS_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// A pickup after an item of a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PickupStanding {
    /// What made it, or decided about it.
    pub event: Event,
    /// The month that is booked in.
    pub month: Month,
    /// The month that its void is booked in, if it was voided.
    pub voided_in: Option<Month>,
    /// What the household still owes; none if it is not known whose the pickup is.
    pub still_owed: Option<Money>,
}

/// Numbers of a device with one beginning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceNumbers {
    /// What they begin with.
    pub prefix: String,
    /// The highest that arrived.
    pub last: Option<String>,
    /// The first of those that did not.
    pub missing: Vec<String>,
    /// How many did not.
    pub missing_count: i64,
}

/// What a phone has been told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Up to which entry.
    seq: i64,
    /// By what that entry is recognised: the first digits of its hash.
    mark: String,
    /// Up to which household, while they are told one page after the other.
    after: Option<String>,
    /// On which day.
    day: Option<Date>,
    /// Which cards, by when they were made.
    cards_until: Timestamp,
    /// Which price lists, materials and months, by their digest.
    lists: String,
}

impl Default for Told {
    /// Nothing.
    fn default() -> Told {
        Told {
            seq: 0,
            mark: String::new(),
            after: Some(String::new()),
            day: None,
            cards_until: Timestamp::UNIX_EPOCH,
            lists: String::new(),
        }
    }
}

impl Told {
    /// As a text that the phone keeps and understands nothing of.
    pub fn written(&self) -> String {
        let day = self.day.map_or(String::new(), |day| day.to_string());
        let after = self.after.as_ref();
        let after = after.map_or(String::new(), |number| format!("|{number}"));
        let cards = self.cards_until.as_microsecond();
        let (seq, mark, lists) = (self.seq, &self.mark, &self.lists);
        format!("{seq}|{mark}|{day}|{cards}|{lists}{after}")
    }

    /// Reads such a text; none if it is none.
    pub fn read(text: &str) -> Option<Told> {
        let mut parts = text.splitn(6, '|');
        let seq = parts.next()?.parse().ok()?;
        let mark = parts.next()?.to_owned();
        let day = parts.next()?;
        let cards = parts.next()?.parse().ok()?;
        Some(Told {
            seq,
            mark,
            day: day.parse().ok(),
            cards_until: Timestamp::from_microsecond(cards).ok()?,
            lists: parts.next()?.to_owned(),
            after: parts.next().map(str::to_owned),
        })
    }
}

/// A household as a phone knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneHousehold {
    /// Its number.
    pub household_no: HouseholdNo,
    /// Its group.
    pub group: Group,
    /// The head of the household. Personal.
    pub head: Option<String>,
    /// The day it moved out.
    pub moved_out: Option<Date>,
    /// The household that it was merged into.
    pub merged_into: Option<HouseholdNo>,
    /// By what its card is recognised.
    pub card_mark: Option<String>,
}

/// Prices, materials and months, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneLists {
    /// The price lists that may be needed, those to come among them, oldest first.
    pub price_lists: Vec<PriceList>,
    /// The materials.
    pub materials: Vec<Material>,
    /// Where the last months stand.
    pub months: Vec<(Month, MonthState)>,
}

/// What a phone is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneNews {
    /// Up to which entry of the journal it had shown that it knows the books.
    pub known_seq: i64,
    /// What it has been told then.
    pub told: Told,
    /// Households that it does not know as they are.
    pub households: Vec<PhoneHousehold>,
    /// What it weighs with, if that is another than it knows.
    pub lists: Option<PhoneLists>,
    /// Pickups of the day that other phones made, and what corrected its own.
    pub pickups: Vec<Pickup>,
    /// Pickups that were voided or replaced.
    pub gone: Vec<DocumentNo>,
}

impl PhoneNews {
    /// Whether there are more households to tell.
    pub const fn has_more(&self) -> bool {
        self.told.after.is_some()
    }
}

impl Ledger {
    /// What became of the pickups of the given numbers, as far as they are there.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn pickup_standings(
        &self,
        code: &VillageCode,
        numbers: &BTreeSet<DocumentNo>,
    ) -> Result<BTreeMap<DocumentNo, PickupStanding>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let found = phone::standings(&mut tx, id, numbers.iter()).await?;
        let side = |household: &HouseholdNo| Account::FeeReceivable.of(household.as_str());
        let households = found.values().filter_map(|found| found.event.household());
        let households: BTreeSet<&HouseholdNo> = households.collect();
        let sides: Vec<_> = households.iter().map(|number| (id, side(number))).collect();
        let balances = balance::load_balances(&mut tx, &sides).await?;
        tx.rollback().await?;
        let standing = |(number, found): (DocumentNo, phone::Standing)| {
            let household = found.event.household();
            let owed = household.and_then(|household| balances.get(&(id, side(household))));
            let is_known =
                !matches!(&found.event, Event::PickupHeld(held) if held.lacks_household());
            let void = found.reversal.filter(|(kind, _)| kind == "pickup_voided");
            let standing = PickupStanding {
                still_owed: is_known.then(|| owed.copied().unwrap_or_default()),
                month: found.month,
                voided_in: void.map(|(_, month)| month),
                event: found.event,
            };
            (number, standing)
        };
        Ok(found.into_iter().map(standing).collect())
    }

    /// Which commands of the given ids are in the books of a village.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn booked_commands(
        &self,
        code: &VillageCode,
        ids: &[Uuid],
    ) -> Result<BTreeSet<Uuid>, Error> {
        let mut tx = self.store.read().await?;
        let (village_id, _) = find_village(&mut tx, code).await?;
        let keys: Vec<(i64, Uuid)> = ids.iter().map(|id| (village_id, *id)).collect();
        let found = journal::find_accepted(&mut tx, &keys).await?;
        tx.rollback().await?;
        Ok(found.into_iter().map(|(_, id, _)| id).collect())
    }

    /// Which numbers of a device arrived, and which did not (R-PD-2).
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn device_numbers(
        &self,
        code: &VillageCode,
        device: &str,
    ) -> Result<Vec<DeviceNumbers>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let named = (id, RegisterKind::Device, device.to_owned());
        let found = register::load(&mut tx, &[named]).await?;
        let devices = register::read::<Device>(found)?;
        let series = devices.into_iter().flat_map(|(_, device)| device.series);
        let series: Vec<(String, Series)> = series.collect();
        let series = series.iter().rev().take(SERIES_MOST).rev();
        let written = series.clone();
        let written: Vec<_> = written
            .map(|(prefix, series)| series.last_written(prefix))
            .collect();
        let there = phone::find_numbers(&mut tx, id, written.iter().flatten()).await?;
        let mut numbers = Vec::new();
        for ((prefix, series), written) in series.zip(written) {
            let last = written.into_iter().find(|number| there.contains(number));
            let mut missing = Vec::new();
            if let Some(last) = last.as_deref().filter(|_| series.missing() > 0) {
                let gaps = phone::gaps(&mut tx, id, (prefix, *series), MISSING_MOST).await?;
                missing = missing_numbers(prefix, last, gaps.into_iter(), MISSING_MOST);
            }
            numbers.push(DeviceNumbers {
                prefix: prefix.clone(),
                last,
                missing,
                missing_count: series.missing(),
            });
        }
        tx.rollback().await?;
        Ok(numbers)
    }

    /// Which entry of the journal published the last price list of a village.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn last_price_list(&self, code: &VillageCode) -> Result<Option<i64>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let seq = phone::last_price_list(&mut tx, id).await?;
        tx.rollback().await?;
        Ok(seq)
    }

    /// What changed since a phone was told last, from one snapshot.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn phone_news(
        &self,
        code: &VillageCode,
        told: &Told,
        device: &str,
    ) -> Result<PhoneNews, Error> {
        let mut tx = self.store.read().await?;
        let (id, village) = find_village(&mut tx, code).await?;
        let heads = village::read_heads(&mut tx, &[id]).await?;
        let head = heads.get(&id);
        let (head, head_mark) = head.map_or((0, String::new()), |head| {
            (head.next_seq - 1, entry_mark(&head.hash))
        });
        let now = self.clock.now();
        // A book that was brought back from a backup may know less than the phone, or something else.
        let known = phone::find_hash(&mut tx, id, told.seq).await?;
        let told = match known.filter(|hash| entry_mark(hash) == told.mark) {
            Some(_) => told.clone(),
            None => Told::default(),
        };
        let is_quiet = told.seq == head && told.day == Some(business_date(now));
        let (households, mut next) = changed(&mut tx, (id, code), &told, (head, now)).await?;
        if next.seq == head {
            next.mark = head_mark;
        }
        let mut lists = None;
        if !(is_quiet && told.after.is_none()) {
            let found = lists_of(&mut tx, id, &village, now).await?;
            let mark = mark(&found);
            lists = (mark != told.lists).then_some(found);
            next.lists = mark;
        }
        let since = told.seq.max(head.saturating_sub(ENTRIES_BACK));
        let events = phone::pickup_events(&mut tx, id, since).await?;
        tx.rollback().await?;
        let gone = events.iter().filter_map(|event| event.reversed_document());
        let gone = gone.map(|(_, number)| number.clone()).collect();
        // Its own are no news, but what a clerk put in place of one.
        let news = events.iter().filter_map(|event| {
            let is_corrected = matches!(event, Event::PickupCorrected(_));
            let pickup = event.pickup()?;
            let is_of_day = business_date(pickup.occurred_at) == business_date(now);
            let is_news = is_of_day && (is_corrected || pickup.source() != device);
            is_news.then(|| pickup.clone())
        });
        let pickups = news.collect();
        Ok(PhoneNews {
            known_seq: told.seq,
            told: next,
            households,
            lists,
            pickups,
            gone,
        })
    }
}

/// The households that a phone does not know as they are, and what it has been told with them.
async fn changed(
    tx: &mut Tx<'_>,
    (id, code): (i64, &VillageCode),
    told: &Told,
    (head, now): (i64, Timestamp),
) -> Result<(Vec<PhoneHousehold>, Told), Error> {
    let mut next = Told {
        seq: head,
        mark: told.mark.clone(),
        after: None,
        day: Some(business_date(now)),
        cards_until: now.saturating_sub(CARDS_AGAIN).unwrap_or(now),
        lists: told.lists.clone(),
    };
    let mut after = told.after.clone();
    let mut numbers = BTreeSet::new();
    if after.is_none() {
        let most = i64::try_from(EVENTS_MOST).unwrap_or(i64::MAX);
        let events = phone::household_events(tx, id, told.seq, most).await?;
        if events.len() < EVENTS_MOST {
            let until = told.cards_until.as_microsecond();
            let cards = one_time::list_marks(tx, code.as_str(), until).await?;
            let cards = cards.iter();
            let cards =
                cards.filter_map(|(number, _)| HouseholdNo::parse("household_no", number).ok());
            numbers.extend(events.iter().flat_map(concerned).chain(cards));
        } else {
            after = Some(String::new());
        }
    }
    if let Some(after) = after {
        let most = i64::try_from(HOUSEHOLDS_MOST).unwrap_or(i64::MAX);
        let page = household::list_numbers(tx, id, &after, most).await?;
        if page.len() >= HOUSEHOLDS_MOST {
            next.after = page.last().map(ToString::to_string);
        }
        // What changes while pages are told is told after the last one.
        if !after.is_empty() {
            (next.seq, next.cards_until) = (told.seq, told.cards_until);
        }
        numbers.extend(page);
    }
    Ok((described(tx, (id, code), numbers).await?, next))
}

/// Households as a phone knows them, those of the numbers that are there.
async fn described(
    tx: &mut Tx<'_>,
    (id, code): (i64, &VillageCode),
    numbers: BTreeSet<HouseholdNo>,
) -> Result<Vec<PhoneHousehold>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let marks = one_time::list_marks(tx, code.as_str(), 0).await?;
    let mut marks: BTreeMap<String, String> = marks.into_iter().collect();
    let keys = household::keys(numbers.iter().map(|number| (id, number)));
    let mut households = household::load(tx, &keys).await?;
    let mut people = household::load_people(tx, &keys).await?;
    let described = numbers.into_iter().filter_map(|number| {
        let key = (id, number.clone());
        let household = households.remove(&key)?;
        Some(PhoneHousehold {
            card_mark: marks.remove(number.as_str()),
            head: people.remove(&key).and_then(|person| person.head),
            household_no: number,
            group: household.group,
            moved_out: household.moved_out,
            merged_into: household.merged_into,
        })
    });
    Ok(described.collect())
}

/// The households that an event of theirs concerns.
fn concerned(event: &Event) -> Vec<HouseholdNo> {
    let mut numbers: Vec<HouseholdNo> = event.household().cloned().into_iter().collect();
    if let Event::HouseholdsMerged(event) = event {
        numbers.push(event.into.clone());
    }
    if let Event::HouseholdSplit(event) = event {
        let parts = event.parts.iter();
        numbers.extend(parts.map(|part| part.household.household_no.clone()));
    }
    numbers
}

async fn lists_of(
    tx: &mut Tx<'_>,
    id: i64,
    village: &Village,
    now: Timestamp,
) -> Result<PhoneLists, Error> {
    let mut lists = price_list::load(tx, &[id]).await?;
    let lists: Vec<PriceList> = lists
        .remove(&id)
        .unwrap_or_default()
        .into_values()
        .collect();
    let needed_since = now.saturating_sub(LISTS_KEPT).unwrap_or(now);
    // A list holds until the next one.
    let ended = lists.iter().skip(1);
    let ended = ended.take_while(|next| next.effective_from <= needed_since);
    let ended = ended.count();
    let mut materials: Vec<Material> = village::load_materials(tx, &[id])
        .await?
        .into_iter()
        .map(|(_, _, material)| material)
        .collect();
    materials.sort_by(|one, other| one.code.cmp(&other.code));
    let standings = months::load(tx, &[id]).await?;
    let (last, first) = (Month::at(now), Month::at(now).plus(1 - MONTHS_MOST));
    let told = village.opening_month.max(first).through(last);
    let months = told.map(|month| {
        let found = standings.iter().find(|(_, at, _)| *at == month);
        let state = found.map_or(MonthState::Open, |(_, _, standing)| standing.state);
        (month, state)
    });
    Ok(PhoneLists {
        price_lists: lists.into_iter().skip(ended).collect(),
        materials,
        months: months.collect(),
    })
}

/// By what an entry is recognised.
fn entry_mark(hash: &Hash) -> String {
    hash.to_string().chars().take(8).collect()
}

/// What tells one state of the lists from another.
fn mark(lists: &PhoneLists) -> String {
    let digest = Sha256::digest(format!("{lists:?}").as_bytes());
    let marks = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
    marks.collect()
}
