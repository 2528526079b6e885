//! Households (户): registered once, changed by effective date, moved out; numbers are never reused.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::Decision;
use crate::domain::{Event, Group, HouseholdNo, Refusal, month, seal};

/// How a household belongs to the village.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdKind {
    /// 常住.
    Resident,
    /// 非本村户籍.
    NonRegistered,
}

impl HouseholdKind {
    /// The word used in files and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            HouseholdKind::Resident => "resident",
            HouseholdKind::NonRegistered => "non_registered",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// [`Refusal::UnknownWord`].
    pub fn parse(field: &'static str, text: &str) -> Result<HouseholdKind, Refusal> {
        match text.trim() {
            "resident" => Ok(HouseholdKind::Resident),
            "non_registered" => Ok(HouseholdKind::NonRegistered),
            other => Err(Refusal::UnknownWord {
                field,
                value: other.to_owned(),
                allowed: "resident, non_registered",
            }),
        }
    }
}

/// The attributes of a household from one day on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HouseholdTerms {
    /// People in the household.
    pub headcount: i64,
    /// How it belongs to the village.
    pub kind: HouseholdKind,
    /// The percent of its fee that is waived; the welfare category itself is kept apart.
    pub waived_percent: i64,
    /// Since when everybody is away (常年外出), if they are.
    pub vacant_since: Option<Date>,
    /// Whether credit is saved up until December (R-ST-4).
    pub save_up: bool,
}

/// A household as the book knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Household {
    /// Its group now.
    pub group: Group,
    /// The day it moved in; none if it was always there.
    pub moved_in: Option<Date>,
    /// The day it moved out.
    pub moved_out: Option<Date>,
    /// The household that it was merged into: its number is an alias (R-HH-1).
    pub merged_into: Option<HouseholdNo>,
    /// Its attributes, each from a day on. Never empty.
    pub terms: BTreeMap<Date, HouseholdTerms>,
}

/// From when the first attributes of a household hold that was always there.
pub const BEGINNING: Date = Date::constant(1900, 1, 1);

impl Household {
    /// The attributes in force on a day; before the first day, the first ones.
    pub fn terms_on(&self, day: Date) -> Option<&HouseholdTerms> {
        self.terms
            .range(..=day)
            .next_back()
            .or_else(|| self.terms.first_key_value())
            .map(|(_, terms)| terms)
    }

    /// Whether it lives there on a day: it has moved in by then, and not moved out.
    pub fn lives_on(&self, day: Date) -> bool {
        self.moved_in.is_none_or(|moved_in| moved_in <= day)
            && self.moved_out.is_none_or(|moved_out| moved_out > day)
    }

    /// The latest attributes, with the day from which they hold.
    pub fn latest(&self) -> Option<(Date, &HouseholdTerms)> {
        self.terms
            .last_key_value()
            .map(|(from, terms)| (*from, terms))
    }

    /// The revision of what can be changed about it: its group, its moves and all its attributes. What is kept apart from the journal, the name of
    /// the head and the welfare categories, does not enter: only the waived percent does.
    pub fn revision(&self) -> String {
        let merged_into = self.merged_into.as_ref().map(HouseholdNo::as_str);
        let group = self.group.as_str();
        let stands = (
            group,
            self.moved_in,
            self.moved_out,
            merged_into,
            &self.terms,
        );
        seal::revision(&serde_json::to_string(&stands).unwrap_or_default())
    }
}

/// Registers a household.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RegisterHousehold {
    /// Its number.
    pub household_no: HouseholdNo,
    /// Its group.
    pub group: Group,
    /// People in it.
    pub headcount: i64,
    /// How it belongs to the village.
    pub kind: HouseholdKind,
    /// The day it moved in; none if it was always there.
    pub moved_in: Option<Date>,
    /// Since when everybody is away, if they are.
    pub vacant_since: Option<Date>,
    /// Whether credit is saved up until December.
    pub save_up: bool,
    /// The head of the household (户主). Personal.
    #[serde(skip)]
    pub head: String,
    /// Welfare categories. Personal.
    #[serde(skip)]
    pub waivers: Vec<String>,
}

/// A household that was registered: what the journal may know of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisteredHousehold {
    /// Its number.
    pub household_no: HouseholdNo,
    /// Its group.
    pub group: Group,
    /// The day it moved in.
    pub moved_in: Option<Date>,
    /// Its first attributes.
    #[serde(flatten)]
    pub terms: HouseholdTerms,
}

impl RegisterHousehold {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        details.put("head", &self.head);
        details.put("waivers", &self.waivers.join(";"));
        details
    }

    /// Registers the household under a number that was never used, from the day it moved in or from the opening.
    ///
    /// # Errors
    /// [`Refusal::HouseholdNoTaken`], [`Refusal::OutOfRange`], [`Refusal::UnknownWord`] for an unknown welfare category.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let registered = self.registered(book)?;
        let occurred_at =
            book.within_books(month::start_of_day(self.moved_in.unwrap_or(BEGINNING)))?;
        Ok(Decision::on(
            occurred_at,
            Event::HouseholdRegistered(registered),
        ))
    }

    /// The household as it is registered.
    ///
    /// # Errors
    /// As [`RegisterHousehold::decide`].
    pub(crate) fn registered(&self, book: &Book) -> Result<RegisteredHousehold, Stop> {
        let village = book.village()?;
        if book.household(&self.household_no)?.is_some() {
            return Err(Refusal::HouseholdNoTaken {
                household_no: self.household_no.to_string(),
            }
            .into());
        }
        check_headcount(self.headcount)?;
        let terms = HouseholdTerms {
            headcount: self.headcount,
            kind: self.kind,
            waived_percent: village.waived_percent(&self.waivers)?,
            vacant_since: self.vacant_since,
            save_up: self.save_up,
        };
        Ok(RegisteredHousehold {
            household_no: self.household_no.clone(),
            group: self.group.clone(),
            moved_in: self.moved_in,
            terms,
        })
    }
}

/// A household has 1 to 99 people; more is a typing mistake.
pub(crate) fn check_headcount(headcount: i64) -> Result<(), Refusal> {
    if (1..=99).contains(&headcount) {
        return Ok(());
    }
    let (value, least, most) = (headcount.to_string(), "1".to_owned(), "99".to_owned());
    Err(Refusal::OutOfRange {
        field: "headcount",
        value,
        least,
        most,
    })
}

/// What becomes of a household's absence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "vacancy", content = "since")]
pub enum VacancyChange {
    /// It stays as it was.
    Unchanged,
    /// Everybody is away since that day.
    AwaySince(Date),
    /// They are back.
    Back,
}

/// Changes a household's attributes from a day on; what is not named stays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeHousehold {
    /// Which household.
    pub household_no: HouseholdNo,
    /// The day from which the change holds.
    pub effective_from: Date,
    /// Its group.
    pub group: Option<Group>,
    /// People in it.
    pub headcount: Option<i64>,
    /// How it belongs to the village.
    pub kind: Option<HouseholdKind>,
    /// Absence.
    #[serde(flatten)]
    pub vacancy: VacancyChange,
    /// Whether credit is saved up.
    pub save_up: Option<bool>,
    /// The head of the household. Personal.
    #[serde(skip)]
    pub head: Option<String>,
    /// Welfare categories, replacing the earlier ones. Personal.
    #[serde(skip)]
    pub waivers: Option<Vec<String>>,
    /// The [revision](Household::revision) that whoever asks has seen; none: whatever it is. No part of what is asked for.
    #[serde(skip)]
    pub expected: Option<String>,
}

/// A household that was changed: all its attributes from that day on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangedHousehold {
    /// Which household.
    pub household_no: HouseholdNo,
    /// The day from which they hold.
    pub effective_from: Date,
    /// Its group from now on.
    pub group: Group,
    /// Its attributes.
    #[serde(flatten)]
    pub terms: HouseholdTerms,
}

impl ChangeHousehold {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        if let Some(head) = &self.head {
            details.put("head", head);
        }
        if let Some(waivers) = &self.waivers {
            details.put("waivers", &waivers.join(";"));
        }
        details
    }

    /// Changes the attributes from a day on; charges that were issued stay as they are (R-FE-5).
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::ChangedMeanwhile`], [`Refusal::ChangeBeforeLatest`],
    /// [`Refusal::OutOfRange`], [`Refusal::UnknownWord`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let village = book.village()?;
        let household = book.unmerged_household(&self.household_no)?;
        let unknown = || Refusal::HouseholdUnknown {
            household_no: self.household_no.to_string(),
        };
        let expected = self.expected.as_ref();
        if expected.is_some_and(|expected| *expected != household.revision()) {
            let household_no = self.household_no.to_string();
            return Err(Refusal::ChangedMeanwhile { household_no }.into());
        }
        let (latest, before) = household.latest().ok_or_else(unknown)?;
        if self.effective_from < latest {
            return Err(Refusal::ChangeBeforeLatest {
                household_no: self.household_no.to_string(),
                latest,
            }
            .into());
        }
        self.headcount.map_or(Ok(()), check_headcount)?;
        let terms = HouseholdTerms {
            headcount: self.headcount.unwrap_or(before.headcount),
            kind: self.kind.unwrap_or(before.kind),
            waived_percent: match &self.waivers {
                Some(categories) => village.waived_percent(categories)?,
                None => before.waived_percent,
            },
            vacant_since: match self.vacancy {
                VacancyChange::Unchanged => before.vacant_since,
                VacancyChange::AwaySince(since) => Some(since),
                VacancyChange::Back => None,
            },
            save_up: self.save_up.unwrap_or(before.save_up),
        };
        let changed = ChangedHousehold {
            household_no: self.household_no.clone(),
            effective_from: self.effective_from,
            group: self
                .group
                .clone()
                .unwrap_or_else(|| household.group.clone()),
            terms,
        };
        let occurred_at = book.within_books(month::start_of_day(self.effective_from))?;
        Ok(Decision::on(occurred_at, Event::HouseholdChanged(changed)))
    }
}
