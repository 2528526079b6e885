//! Registers (登记簿): what the book knows now of things that have a state, such as payouts, held pickups, disputes and rounds. One row each, by
//! kind and number; what happened to them stands in the journal.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::{HouseholdNo, Month, Refusal};

/// A register.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterKind {
    /// Payouts of credit (R-ST-5).
    Payout,
    /// Held pickups (R-PK-3 to 5).
    HeldPickup,
    /// Disputes.
    Dispute,
    /// The schedule of rounds, by group (R-PK-9).
    Schedule,
    /// Rounds (R-PK-9).
    Round,
    /// Collection points (R-PK-10).
    CollectionPoint,
    /// Trips with residual waste (R-PK-10).
    Trip,
    /// Collectors with their kin (R-PK-5).
    Collector,
    /// Material of a round on its way to the station (R-SA-1).
    Transit,
    /// Households that went to another village, or came from one (R-HH-3).
    Clearing,
    /// Numbers that a device has given (R-PD-2).
    Device,
    /// What collectors earned, by month and collector: once each.
    CollectorPay,
}

impl RegisterKind {
    /// Every register.
    pub const ALL: &'static [RegisterKind] = &[
        RegisterKind::Payout,
        RegisterKind::HeldPickup,
        RegisterKind::Dispute,
        RegisterKind::Schedule,
        RegisterKind::Round,
        RegisterKind::CollectionPoint,
        RegisterKind::Trip,
        RegisterKind::Collector,
        RegisterKind::Transit,
        RegisterKind::Clearing,
        RegisterKind::Device,
        RegisterKind::CollectorPay,
    ];

    /// The word used in the database.
    pub const fn word(self) -> &'static str {
        match self {
            RegisterKind::Payout => "payout",
            RegisterKind::HeldPickup => "held_pickup",
            RegisterKind::Dispute => "dispute",
            RegisterKind::Schedule => "schedule",
            RegisterKind::Round => "round",
            RegisterKind::CollectionPoint => "collection_point",
            RegisterKind::Trip => "trip",
            RegisterKind::Collector => "collector",
            RegisterKind::Transit => "transit",
            RegisterKind::Clearing => "clearing",
            RegisterKind::Device => "device",
            RegisterKind::CollectorPay => "collector_pay",
        }
    }

    /// The register with that word.
    pub fn from_word(word: &str) -> Option<RegisterKind> {
        RegisterKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.word() == word)
    }
}

/// A row of a register, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterRow {
    /// Whose it is, where it is a household's.
    pub household_no: Option<HouseholdNo>,
    /// The month it belongs to.
    pub month: Month,
    /// Whether something is still to be done about it, or it is in force.
    pub is_open: bool,
    /// Everything else, as JSON.
    pub content: String,
}

/// What stands in a register.
pub trait Registered: Serialize + DeserializeOwned {
    /// The register.
    const KIND: RegisterKind;

    /// Whose it is, where it is a household's.
    fn household(&self) -> Option<&HouseholdNo> {
        None
    }

    /// The month it belongs to.
    fn month(&self) -> Month;

    /// Whether something is still to be done about it, or it is in force.
    fn is_open(&self) -> bool;
}

impl RegisterRow {
    /// What it holds.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`] for a row that the program never wrote.
    pub fn read<T: Registered>(&self, number: &str) -> Result<T, Refusal> {
        serde_json::from_str(&self.content).map_err(|_| Refusal::DocumentUnknown {
            number: number.to_owned(),
        })
    }
}

impl Book {
    /// A row of a register, if there is one.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn registered<T: Registered>(&self, number: &str) -> Result<Option<T>, Stop> {
        let row = self.registers.get(&(T::KIND, number.to_owned()), || {
            Need::Register(T::KIND, number.to_owned())
        })?;
        Ok(row.map(|row| row.read(number)).transpose()?)
    }

    /// A row that must be there.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`].
    pub fn known_row<T: Registered>(&self, number: &str) -> Result<T, Stop> {
        self.registered(number)?.ok_or_else(|| {
            Refusal::DocumentUnknown {
                number: number.to_owned(),
            }
            .into()
        })
    }

    /// The numbers of the open rows of a register.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn open_numbers(&self, kind: RegisterKind) -> Result<&BTreeSet<String>, Stop> {
        self.open_registers
            .get(&kind)
            .ok_or(Stop::Missing(Need::OpenRegister(kind)))
    }

    /// Every open row of a register with its number, in the order of the numbers.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn open_rows<T: Registered>(&self) -> Result<Vec<(String, T)>, Stop> {
        let open = self
            .open_registers
            .get(&T::KIND)
            .ok_or(Stop::Missing(Need::OpenRegister(T::KIND)))?;
        let row = |number: &String| Ok((number.clone(), self.known_row(number)?));
        open.iter().map(row).collect()
    }

    /// Writes a row.
    pub(crate) fn register<T: Registered>(&mut self, number: &str, row: &T) {
        let stored = RegisterRow {
            household_no: row.household().cloned(),
            month: row.month(),
            is_open: row.is_open(),
            content: serde_json::to_string(row).unwrap_or_default(),
        };
        if let Some(open) = self.open_registers.get_mut(&T::KIND) {
            if stored.is_open {
                open.insert(number.to_owned());
            } else {
                open.remove(number);
            }
        }
        self.registers.put((T::KIND, number.to_owned()), stored);
    }

    /// Changes a row that is there.
    pub(crate) fn change_row<T: Registered>(&mut self, number: &str, change: impl FnOnce(&mut T)) {
        if let Ok(Some(mut row)) = self.registered::<T>(number) {
            change(&mut row);
            self.register(number, &row);
        }
    }

    /// Notes the open rows of a register as the store knows them, with what is decided and not yet written on top.
    pub(crate) fn load_open_register(
        &mut self,
        kind: RegisterKind,
        rows: Vec<(String, RegisterRow)>,
    ) {
        for (number, row) in rows {
            self.registers.load((kind, number), Some(row));
        }
        let open: BTreeSet<String> = self
            .registers
            .iter()
            .filter(|((other, _), row)| *other == kind && row.is_open)
            .map(|((_, number), _)| number.clone())
            .collect();
        self.open_registers.insert(kind, open);
    }
}
