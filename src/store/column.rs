//! How values of the domain stand in columns, and back; what cannot be read back is corrupt.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::domain::month_close::MonthState;
use crate::domain::register::RegisterKind;
use crate::domain::report::year_and_number;
use crate::domain::seal::Hash;
use crate::domain::{
    Account, AccountRef, Actor, ChargeKey, CollectorCode, DocumentKind, DocumentNo, Group,
    HouseholdKind, HouseholdNo, MaterialCode, Month, Refusal, Role, Unit, VillageCode, journal,
};
use crate::store::error::StoreError;

/// A column of a table, named for the error when its value makes no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) &'static str, pub(crate) &'static str);

impl Place {
    fn corrupt(self, value: &str) -> StoreError {
        StoreError::Corrupt {
            table: self.0,
            column: self.1,
            value: value.chars().take(80).collect(),
        }
    }

    fn read<T>(
        self,
        value: &str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        parse(self.1, value).map_err(|_| self.corrupt(value))
    }

    pub(crate) fn month(self, value: &str) -> Result<Month, StoreError> {
        self.read(value, Month::parse)
    }

    pub(crate) fn optional_month(self, value: Option<&str>) -> Result<Option<Month>, StoreError> {
        value.map(|value| self.month(value)).transpose()
    }

    pub(crate) fn charge(self, value: &str) -> Result<ChargeKey, StoreError> {
        self.read(value, ChargeKey::parse)
    }

    pub(crate) fn optional_charge(
        self,
        value: Option<&str>,
    ) -> Result<Option<ChargeKey>, StoreError> {
        value.map(|value| self.charge(value)).transpose()
    }

    pub(crate) fn date(self, value: &str) -> Result<Date, StoreError> {
        self.read(value, crate::domain::month::parse_date)
    }

    pub(crate) fn optional_date(self, value: Option<&str>) -> Result<Option<Date>, StoreError> {
        value.map(|value| self.date(value)).transpose()
    }

    pub(crate) fn instant(self, micros: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(micros).map_err(|_| self.corrupt(&micros.to_string()))
    }

    pub(crate) fn household(self, value: &str) -> Result<HouseholdNo, StoreError> {
        self.read(value, HouseholdNo::parse)
    }

    pub(crate) fn material(self, value: &str) -> Result<MaterialCode, StoreError> {
        self.read(value, MaterialCode::parse)
    }

    pub(crate) fn optional_collector(
        self,
        value: &str,
    ) -> Result<Option<CollectorCode>, StoreError> {
        if value.is_empty() {
            Ok(None)
        } else {
            self.collector(value).map(Some)
        }
    }

    pub(crate) fn collector(self, value: &str) -> Result<CollectorCode, StoreError> {
        self.read(value, CollectorCode::parse)
    }

    pub(crate) fn group(self, value: &str) -> Result<Group, StoreError> {
        self.read(value, Group::parse)
    }

    pub(crate) fn optional_group(self, value: &str) -> Result<Option<Group>, StoreError> {
        if value.is_empty() {
            Ok(None)
        } else {
            self.group(value).map(Some)
        }
    }

    pub(crate) fn document(self, value: &str) -> Result<DocumentNo, StoreError> {
        self.read(value, DocumentNo::parse)
    }

    pub(crate) fn year_and_number(self, value: &str) -> Result<(i16, i64), StoreError> {
        let number = self.document(value)?;
        year_and_number(&number).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn document_kind(self, value: &str) -> Result<DocumentKind, StoreError> {
        DocumentKind::from_word(value).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn register_kind(self, value: &str) -> Result<RegisterKind, StoreError> {
        RegisterKind::from_word(value).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn month_state(self, value: &str) -> Result<MonthState, StoreError> {
        MonthState::from_word(value).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn account(self, value: &str) -> Result<Account, StoreError> {
        Account::from_code(value).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn village(self, value: &str) -> Result<VillageCode, StoreError> {
        self.read(value, VillageCode::parse)
    }

    pub(crate) fn side(self, account: &str, subject: &str) -> Result<AccountRef, StoreError> {
        Account::from_code(account)
            .map(|account| account.of(subject))
            .ok_or_else(|| self.corrupt(account))
    }

    pub(crate) fn flow(self, value: &str) -> Result<journal::Flow, StoreError> {
        journal::Flow::from_word(value).ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn direction(self, value: &str) -> Result<journal::Direction, StoreError> {
        [journal::Direction::In, journal::Direction::Out]
            .into_iter()
            .find(|direction| direction.word() == value)
            .ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn unit(self, value: &str) -> Result<Unit, StoreError> {
        [Unit::Kg, Unit::Piece]
            .into_iter()
            .find(|unit| unit.word() == value)
            .ok_or_else(|| self.corrupt(value))
    }

    pub(crate) fn household_kind(self, value: &str) -> Result<HouseholdKind, StoreError> {
        self.read(value, HouseholdKind::parse)
    }

    pub(crate) fn year(self, value: i64) -> Result<i16, StoreError> {
        i16::try_from(value).map_err(|_| self.corrupt(&value.to_string()))
    }

    pub(crate) fn hash(self, value: &[u8]) -> Result<Hash, StoreError> {
        value
            .try_into()
            .map(Hash)
            .map_err(|_| self.corrupt(&format!("{} bytes", value.len())))
    }

    pub(crate) fn salt(self, value: &[u8]) -> Result<[u8; 16], StoreError> {
        value
            .try_into()
            .map_err(|_| self.corrupt(&format!("{} bytes", value.len())))
    }

    /// Somebody as the journal writes him, as `role` or `role:name`.
    pub(crate) fn actor(self, value: &str) -> Result<Actor, StoreError> {
        let (role, name) = value.split_once(':').unwrap_or((value, ""));
        let role = self.read(role, Role::parse)?;
        Ok(Actor::new(role, name))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, value: &str) -> Result<T, StoreError> {
        serde_json::from_str(value).map_err(|_| self.corrupt(value))
    }
}
