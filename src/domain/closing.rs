//! Closing a month (结账, R-PD-2, R-PD-5, R-PD-6): what stands in the way, and the report that is sealed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::fee::due_charges;
use crate::domain::journal::{Decision, Entry};
use crate::domain::month_close::{MonthStanding, MonthState};
use crate::domain::register::RegisterKind;
use crate::domain::report::MonthReport;
use crate::domain::seal::{Hash, check_code, month_seal};
use crate::domain::settlement::offsets;
use crate::domain::{DocumentNo, Event, Money, Month, Refusal, Role};

/// Closes a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CloseMonth {
    /// The month.
    pub month: Month,
    /// Why it is closed although a device is missing numbers; printed on the sign-off sheet, so it is no private text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_reason: Option<String>,
}

/// A month that was closed, with the report as it then stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MonthClosed {
    /// The month.
    pub month: Month,
    /// How often it was closed, this time included.
    pub version: i64,
    /// The number of this close: month and version.
    pub number: DocumentNo,
    /// The report, its fields sorted by name at every depth.
    pub report: Value,
    /// The seal (R-PD-6).
    pub seal: Hash,
    /// Its first 40 bits as they are printed.
    pub check_code: String,
    /// Why it was closed although a device is missing numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_reason: Option<String>,
}

/// What stands in the way of closing a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]
pub enum Obstacle {
    /// The month is not over.
    NotOver { month: Month },
    /// An earlier month is still open: months close in order (R-PD-5).
    EarlierOpen { earlier: Month },
    /// Charges of the month are not issued.
    ChargesDue { charges: usize },
    /// Credit of the month is not offset.
    OffsetDue { charges: usize },
    /// A check of section 13 does not hold.
    CheckFails {
        check: &'static str,
        difference: Money,
    },
    /// Pickups of the month or an earlier one are held.
    PickupsHeld { numbers: String },
    /// Devices are missing numbers, and no reason was given.
    NumbersMissing { numbers: String },
}

/// What stands in the way of closing a month, all of it; nothing if it can be closed. The month must be open and not before the opening. While
/// it is not over, or not the next to close, that alone is told: the rest is not known yet.
///
/// # Errors
/// [`Stop::Missing`].
pub fn what_stands_in_the_way(book: &Book, month: Month) -> Result<Vec<Obstacle>, Stop> {
    if month >= Month::at(book.now()) {
        return Ok(vec![Obstacle::NotOver { month }]);
    }
    let next = book.next_to_close()?;
    if month > next {
        return Ok(vec![Obstacle::EarlierOpen { earlier: next }]);
    }
    book.whole_village(month.previous())?;
    let mut obstacles = Vec::new();
    let charges = due_charges(book, month)?.len();
    if charges > 0 {
        obstacles.push(Obstacle::ChargesDue { charges });
    }
    let charges = offsets(book, month)?.len();
    if charges > 0 {
        obstacles.push(Obstacle::OffsetDue { charges });
    }
    let held = book.open_numbers_through(RegisterKind::HeldPickup, month)?;
    if !held.is_empty() {
        let numbers = held.join(", ");
        obstacles.push(Obstacle::PickupsHeld { numbers });
    }
    let missing = book.missing_device_numbers()?;
    if !missing.is_empty() {
        let numbers = missing
            .iter()
            .map(|(device, numbers)| format!("{device}: {numbers}"))
            .collect::<Vec<_>>()
            .join(", ");
        obstacles.push(Obstacle::NumbersMissing { numbers });
    }
    let failing = book.month_report(month)?.checks.into_iter();
    obstacles.extend(
        failing
            .filter(|check| !check.holds)
            .map(|check| Obstacle::CheckFails {
                check: check.id,
                difference: check.difference,
            }),
    );
    Ok(obstacles)
}

impl CloseMonth {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        vec![
            Need::WholeVillage(self.month.previous()),
            Need::Figures(self.month),
            Need::OpenRegister(RegisterKind::HeldPickup),
            Need::OpenRegister(RegisterKind::Device),
        ]
    }

    /// Closes the month with the report as it stands, sealed (R-PD-2, R-PD-6). The entry itself belongs to the month of now.
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`], [`Refusal::BeforeOpening`], [`Refusal::MonthStands`], [`Refusal::MonthNotOver`],
    /// [`Refusal::EarlierMonthOpen`], [`Refusal::CannotClose`] with all that stands in the way.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_role(&[Role::Clerk])?;
        book.check_state(self.month, &[MonthState::Open])?;
        let mut obstacles = what_stands_in_the_way(book, self.month)?;
        if self.missing_reason.is_some() {
            obstacles.retain(|obstacle| !matches!(obstacle, Obstacle::NumbersMissing { .. }));
        }
        match obstacles.first() {
            None => {}
            Some(Obstacle::NotOver { month }) => {
                return Err(Refusal::MonthNotOver { month: *month }.into());
            }
            Some(Obstacle::EarlierOpen { earlier }) => {
                let (month, earlier) = (self.month, *earlier);
                return Err(Refusal::EarlierMonthOpen { month, earlier }.into());
            }
            Some(_) => {
                let month = self.month;
                return Err(Refusal::CannotClose { month, obstacles }.into());
            }
        }
        let report = book.month_report(self.month)?;
        let closed = self.seal(book, &report)?;
        Ok(Decision::on(book.now(), Event::MonthClosed(closed)))
    }

    fn seal(&self, book: &Book, report: &MonthReport) -> Result<MonthClosed, Refusal> {
        let standing = book.month_standing(self.month);
        let version = standing.version.saturating_add(1);
        let report = kept(report);
        let seal = book.seal_of(self.month, &report);
        Ok(MonthClosed {
            month: self.month,
            version,
            number: close_number(self.month, version)?,
            report,
            seal,
            check_code: check_code(&seal),
            missing_reason: self.missing_reason.clone(),
        })
    }
}

/// The number of a close: month and version.
///
/// # Errors
/// None for a month and a version.
pub fn close_number(month: Month, version: i64) -> Result<DocumentNo, Refusal> {
    DocumentNo::parse("number", &format!("{month}/{version}"))
}

/// A report as it is kept and sealed: its fields sorted by name, so that one content has one text.
fn kept(report: &MonthReport) -> Value {
    let mut report = serde_json::to_value(report).unwrap_or_default();
    report.sort_all_objects();
    report
}

impl Book {
    /// The seal of a month with a report: over the seal of the month before, the last entry booked in it, and the report (R-PD-6).
    pub(crate) fn seal_of(&self, month: Month, report: &Value) -> Hash {
        let previous = self.month_standing(month.previous()).seal;
        let last = self.month_standing(month).last_hash;
        month_seal(previous, last, &report.to_string())
    }

    /// The month that is next to be closed.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub fn next_to_close(&self) -> Result<Month, Refusal> {
        let opening_month = self.village()?.opening_month;
        Ok(self.first_open().unwrap_or(opening_month))
    }

    /// The numbers of the open rows of a register that belong to a month or an earlier one.
    fn open_numbers_through(
        &self,
        kind: RegisterKind,
        through: Month,
    ) -> Result<Vec<String>, Stop> {
        let open = self.open_registers.get(&kind);
        let mut numbers = Vec::new();
        for number in open.ok_or(Stop::Missing(Need::OpenRegister(kind)))? {
            let need = || Need::Register(kind, number.clone());
            let row = self.registers.get(&(kind, number.clone()), need)?;
            if row.is_some_and(|row| row.month <= through) {
                numbers.push(number.clone());
            }
        }
        Ok(numbers)
    }

    /// Notes that a month was closed.
    pub(crate) fn apply_close(&mut self, entry: &Entry, closed: &MonthClosed) {
        let actor = entry.actor.clone();
        self.change_month(closed.month, |standing| {
            *standing = MonthStanding {
                state: MonthState::Closed,
                version: closed.version,
                last_hash: standing.last_hash,
                seal: Some(closed.seal),
                closed_by: Some(actor),
                reviewed_by: None,
                signed_by: None,
            };
        });
    }
}
