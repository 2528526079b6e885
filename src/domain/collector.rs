//! Collectors (回收员) with the households that are their own or close kin's (R-PK-5), and the numbers that their devices have given (R-PD-2).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::Decision;
use crate::domain::pickup::RecordPickup;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{CollectorCode, DocumentNo, Event, HouseholdNo, Month};

/// How many digits a running number has at most.
pub const DIGITS_MOST: usize = 9;

/// Registers a collector, or replaces the list of his households.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisterCollector {
    /// His code.
    pub collector: CollectorCode,
    /// His own household and those of close kin; all of them, each once.
    pub households: Vec<HouseholdNo>,
}

impl RegisterCollector {
    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let households = self.households.iter().cloned();
        households.map(Need::Household).collect()
    }

    /// Registers the collector; the list that is given replaces the one before.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`crate::domain::Refusal::HouseholdUnknown`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        for household in &self.households {
            book.known_household(household)?;
        }
        let mut registered = self.clone();
        registered.households.sort();
        registered.households.dedup();
        Ok(Decision::on(
            book.now(),
            Event::CollectorRegistered(registered),
        ))
    }
}

/// What the register of collectors keeps, by the collector's code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Collector {
    /// The month in which the list was given.
    pub since: Month,
    /// His own household and those of close kin.
    pub households: Vec<HouseholdNo>,
}

impl Registered for Collector {
    const KIND: RegisterKind = RegisterKind::Collector;

    fn month(&self) -> Month {
        self.since
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// Numbers of one beginning, such as `A-` of `A-0017`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The lowest number that arrived.
    pub first: i64,
    /// The highest.
    pub last: i64,
    /// How many arrived.
    pub count: i64,
}

impl Series {
    /// How many numbers between the first and the last did not arrive.
    pub fn missing(self) -> i64 {
        let numbers = self.last.saturating_sub(self.first).saturating_add(1);
        numbers.saturating_sub(self.count)
    }

    /// How the highest may be written: with leading zeros or without.
    pub fn last_written(self, prefix: &str) -> BTreeSet<String> {
        let widths = 1..=DIGITS_MOST;
        widths
            .map(|width| format!("{prefix}-{:0width$}", self.last))
            .collect()
    }
}

/// What the register of devices keeps, by the device's name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The month in which its last number arrived.
    pub month: Month,
    /// Its numbers by what they begin with.
    pub series: BTreeMap<String, Series>,
}

impl Device {
    fn receive(&mut self, prefix: &str, number: i64) {
        let new = Series {
            first: number,
            last: number,
            count: 0,
        };
        let series = self.series.entry(prefix.to_owned()).or_insert(new);
        series.first = series.first.min(number);
        series.last = series.last.max(number);
        series.count = series.count.saturating_add(1);
    }

    /// How many numbers are missing.
    pub fn missing(&self) -> i64 {
        self.series.values().map(|series| series.missing()).sum()
    }
}

impl Registered for Device {
    const KIND: RegisterKind = RegisterKind::Device;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// What a document number begins with, and the running number at its end.
fn running(number: &DocumentNo) -> Option<(&str, i64)> {
    let (prefix, digits) = number.as_str().rsplit_once('-')?;
    let is_running =
        (1..=DIGITS_MOST).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let last = digits.parse().ok().filter(|_| is_running)?;
    Some((prefix, last))
}

/// The numbers between those of gaps in a series, at most so many; as wide as the last one, which has leading zeros where it is one of few digits.
pub fn missing_numbers(
    prefix: &str,
    last: &str,
    gaps: impl Iterator<Item = (i64, i64)>,
    most: usize,
) -> Vec<String> {
    let width = last.len().saturating_sub(prefix.len()).saturating_sub(1);
    let missing = gaps.flat_map(|(before, behind)| before.saturating_add(1)..behind);
    let missing = missing.map(|number| format!("{prefix}-{number:0width$}"));
    missing.take(most).collect()
}

impl Book {
    /// Whether a household is a collector's own or close kin's.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn is_kin(
        &self,
        collector: &CollectorCode,
        household: &HouseholdNo,
    ) -> Result<bool, Stop> {
        let open = self.open_numbers(RegisterKind::Collector)?;
        if !open.contains(collector.as_str()) {
            return Ok(false);
        }
        let row = self.registered::<Collector>(collector.as_str())?;
        Ok(row.is_some_and(|row| row.households.contains(household)))
    }

    /// Makes sure that the devices are loaded where a pickup names one.
    pub(crate) fn check_device(&self, pickup: &RecordPickup) -> Result<(), Stop> {
        if pickup.device.is_some() {
            self.open_numbers(RegisterKind::Device)?;
        }
        Ok(())
    }

    /// Notes a list of households.
    pub(crate) fn apply_collector(&mut self, event: &RegisterCollector, month: Month) {
        let row = Collector {
            since: month,
            households: event.households.clone(),
        };
        self.register(event.collector.as_str(), &row);
    }

    /// Notes the number of a pickup that arrived from a device, whether it was recorded or held (R-PD-2).
    pub(crate) fn apply_device(&mut self, device: Option<&str>, number: &DocumentNo, month: Month) {
        let (Some(device), Some((prefix, last))) = (device, running(number)) else {
            return;
        };
        let known = self.registered::<Device>(device).ok().flatten();
        let mut row = known.unwrap_or_else(|| Device {
            month,
            series: BTreeMap::new(),
        });
        row.month = row.month.max(month);
        row.receive(prefix, last);
        self.register(device, &row);
    }

    /// The devices of which numbers are missing between the first and the last that arrived, with how many (R-PD-2).
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn missing_device_numbers(&self) -> Result<Vec<(String, i64)>, Stop> {
        let devices = self.open_rows::<Device>()?;
        let missing = devices
            .into_iter()
            .map(|(name, device)| (name, device.missing()));
        Ok(missing.filter(|(_, missing)| *missing > 0).collect())
    }
}
