//! The numbers that devices have given: which of them have not arrived (R-PD-2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Month;
use crate::domain::facts::{Book, Stop};
use crate::domain::register::{RegisterKind, Registered};

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

/// What the register of devices keeps, by the device's name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The month in which its last number arrived.
    pub month: Month,
    /// Its numbers by what they begin with.
    pub series: BTreeMap<String, Series>,
}

impl Device {
    /// How many numbers between the first and the last did not arrive.
    pub fn missing(&self) -> i64 {
        let missing = |series: &Series| {
            let numbers = series.last.saturating_sub(series.first).saturating_add(1);
            numbers.saturating_sub(series.count)
        };
        self.series.values().map(missing).sum()
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

impl Book {
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
