//! Payouts (兑付, R-ST-5): credit that a household asks for, on hold until another person approves and it is paid, or it is cancelled or expires.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::cash_custody::PaidFrom;
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::{business_date, written_time};
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{DocumentNo, Event, HouseholdNo, Money, Month, Refusal};

/// How far a payout has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutState {
    /// Asked for; the amount is on hold.
    Requested,
    /// Approved by another person; the amount is on hold.
    Approved,
    /// Paid.
    Paid,
    /// Given up, by the office or because a void took the cover away (R-CO-4).
    Cancelled,
    /// Not paid within its days.
    Expired,
    /// Paid in error and taken back (R-CO-7).
    Voided,
}

impl PayoutState {
    /// The word that stands in the register.
    pub const fn word(self) -> &'static str {
        match self {
            PayoutState::Requested => "requested",
            PayoutState::Approved => "approved",
            PayoutState::Paid => "paid",
            PayoutState::Cancelled => "cancelled",
            PayoutState::Expired => "expired",
            PayoutState::Voided => "voided",
        }
    }
}

/// A payout as it stands in the register, under its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Payout {
    /// Whose credit it is.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Who recorded the request, as in the journal.
    pub requested_by: String,
    /// Who approved it, as in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// How far it has come.
    pub state: PayoutState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// The last day on which it can be approved and paid.
    pub last_day: Date,
}

impl Registered for Payout {
    const KIND: RegisterKind = RegisterKind::Payout;

    fn household(&self) -> Option<&HouseholdNo> {
        Some(&self.household_no)
    }

    fn month(&self) -> Month {
        Month::at(self.requested_at)
    }

    fn is_open(&self) -> bool {
        matches!(self.state, PayoutState::Requested | PayoutState::Approved)
    }
}

impl Payout {
    /// Whether its days are over, at an instant, before it was paid.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && business_date(now) > self.last_day
    }

    /// Whether it holds its amount at an instant.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.is_open() && !self.is_overdue(now)
    }

    /// Refuses a step that its state does not allow, that comes after its days, or that is dated before the step it follows.
    fn check_step(
        &self,
        number: &DocumentNo,
        step: Step,
        (at, now): (Timestamp, Timestamp),
    ) -> Result<(), Refusal> {
        let has_expired = self.is_overdue(now) || self.state == PayoutState::Expired;
        if has_expired && step != Step::Cancel {
            return Err(Refusal::PayoutExpired {
                number: number.to_string(),
                last_day: self.last_day,
            });
        }
        if !step.follows().contains(&self.state) {
            return Err(Refusal::PayoutInOtherState {
                number: number.to_string(),
                state: self.state.word(),
                step: step.word(),
            });
        }
        if at < self.since {
            return Err(Refusal::PayoutStepTooEarly {
                number: number.to_string(),
                at: written_time(at),
                earliest: written_time(self.since),
            });
        }
        Ok(())
    }
}

/// What can be done about a payout before it is paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Approve,
    Pay,
    Cancel,
}

impl Step {
    const fn word(self) -> &'static str {
        match self {
            Step::Approve => "approve",
            Step::Pay => "pay",
            Step::Cancel => "cancel",
        }
    }

    /// The states in which it can be done.
    const fn follows(self) -> &'static [PayoutState] {
        match self {
            Step::Approve => &[PayoutState::Requested],
            Step::Pay => &[PayoutState::Approved],
            Step::Cancel => &[PayoutState::Requested, PayoutState::Approved],
        }
    }
}

/// Asks for credit to be paid out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestPayout {
    /// Whose credit.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// A payout that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutRequested {
    /// `YYYY-NNNNNN`, gapless per village and year of the request.
    pub number: DocumentNo,
    /// What was asked for.
    #[serde(flatten)]
    pub requested: RequestPayout,
    /// Who recorded the request.
    pub requested_by: String,
    /// The last day on which it can be approved and paid.
    pub last_day: Date,
}

/// What approving, paying and cancelling a payout surely need.
pub(crate) fn step_needs(number: &DocumentNo) -> Vec<Need> {
    vec![
        Need::Register(RegisterKind::Payout, number.to_string()),
        Need::OpenRegister(RegisterKind::Payout),
    ]
}

impl RequestPayout {
    /// What it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let year = business_date(self.requested_at).year();
        vec![
            Need::Household(self.household_no.clone()),
            Need::Account(self.household_no.clone()),
            Need::OpenRegister(RegisterKind::Payout),
            Need::LastNumber(DocumentKind::Payout, year),
        ]
    }

    /// Puts credit on hold: only what is not on hold already, without an open charge, from the least amount on, in the months in which the
    /// village pays out (R-ST-5). Its days run from the day it is recorded on.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::PayoutTooSmall`],
    /// [`Refusal::PayoutOutsideWindow`], [`Refusal::PayoutWhileOwing`], [`Refusal::PayoutNotCovered`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("requested_at", self.requested_at)?;
        book.known_household(&self.household_no)?;
        let least = book.village()?.credit.payout_min.max(Money::from_fen(1));
        if self.amount < least {
            let amount = self.amount;
            return Err(Refusal::PayoutTooSmall { amount, least }.into());
        }
        let months = &book.settings().payout_months;
        if !months.is_empty() && !months.contains(&business_date(self.requested_at).month()) {
            let named: Vec<String> = months.iter().map(ToString::to_string).collect();
            return Err(Refusal::PayoutOutsideWindow {
                at: written_time(self.requested_at),
                months: named.join(", "),
            }
            .into());
        }
        let owed: Money = book
            .account(&self.household_no)?
            .open_charges()
            .map(|(_, open)| open)
            .sum();
        if owed.is_positive() {
            let household_no = self.household_no.to_string();
            return Err(Refusal::PayoutWhileOwing { household_no, owed }.into());
        }
        book.check_cover(&self.household_no, self.amount, None)?;
        let days = Span::new().try_days(book.settings().payout_days);
        let requested = PayoutRequested {
            number: book.next_number(DocumentKind::Payout, self.requested_at)?,
            requested: self.clone(),
            requested_by: book.actor().to_string(),
            last_day: business_date(book.now()).saturating_add(days.unwrap_or_default()),
        };
        Ok(Decision::on(
            self.requested_at,
            Event::PayoutRequested(requested),
        ))
    }
}

/// Approves a payout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ApprovePayout {
    /// Which one.
    pub number: DocumentNo,
    /// When.
    pub approved_at: Timestamp,
}

/// A payout that was approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutApproved {
    /// Which one.
    pub number: DocumentNo,
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// When.
    pub approved_at: Timestamp,
    /// By whom.
    pub approved_by: String,
}

impl ApprovePayout {
    /// Approves what another person requested (R-ST-5).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::PayoutInOtherState`], [`Refusal::PayoutExpired`], [`Refusal::PayoutOwnApproval`],
    /// [`Refusal::PayoutStepTooEarly`], [`Refusal::PayoutNotCovered`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("approved_at", self.approved_at)?;
        let row: Payout = book.known_row(self.number.as_str())?;
        let times = (self.approved_at, book.now());
        row.check_step(&self.number, Step::Approve, times)?;
        if book.actor().is(&row.requested_by) {
            return Err(Refusal::PayoutOwnApproval {
                number: self.number.to_string(),
                requested_by: row.requested_by,
            }
            .into());
        }
        book.check_cover(&row.household_no, row.amount, Some(&self.number))?;
        let approved = PayoutApproved {
            number: self.number.clone(),
            household_no: row.household_no,
            approved_at: self.approved_at,
            approved_by: book.actor().to_string(),
        };
        Ok(Decision::on(
            self.approved_at,
            Event::PayoutApproved(approved),
        ))
    }
}

/// Pays a payout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PayPayout {
    /// Which one.
    pub number: DocumentNo,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// From where.
    #[serde(flatten)]
    pub paid_from: PaidFrom,
}

/// A payout that was paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutPaid {
    /// Which one.
    pub number: DocumentNo,
    /// Whose credit it was.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// From where.
    #[serde(flatten)]
    pub paid_from: PaidFrom,
}

impl PayoutPaid {
    /// Its posting: Dr 2202, Cr 1001 or 1002.
    pub fn postings(&self) -> Vec<Posting> {
        let credit = Account::HouseholdCredit.of(self.household_no.as_str());
        let (money, amount) = (self.paid_from.account(), self.amount);
        vec![Posting::new(credit, money, amount, Flow::Payout)]
    }
}

impl PayPayout {
    /// Pays what was approved, on the date of the payment.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::PayoutInOtherState`], [`Refusal::PayoutExpired`], [`Refusal::PayoutStepTooEarly`],
    /// [`Refusal::PayoutNotCovered`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("paid_at", self.paid_at)?;
        let row: Payout = book.known_row(self.number.as_str())?;
        let times = (self.paid_at, book.now());
        row.check_step(&self.number, Step::Pay, times)?;
        book.check_cover(&row.household_no, row.amount, Some(&self.number))?;
        let paid = PayoutPaid {
            number: self.number.clone(),
            household_no: row.household_no,
            amount: row.amount,
            paid_at: self.paid_at,
            paid_from: self.paid_from.clone(),
        };
        let postings = paid.postings();
        let mut decision = Decision::on(self.paid_at, Event::PayoutPaid(paid));
        decision.postings = postings;
        Ok(decision)
    }
}

/// Gives a payout up before it is paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CancelPayout {
    /// Which one.
    pub number: DocumentNo,
    /// When.
    pub cancelled_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A payout that was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutCancelled {
    /// Which one.
    pub number: DocumentNo,
    /// Whose it was.
    pub household_no: HouseholdNo,
    /// When.
    pub cancelled_at: Timestamp,
}

impl CancelPayout {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Releases the hold; also of one whose days are over.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::PayoutInOtherState`], [`Refusal::PayoutStepTooEarly`], [`Refusal::InTheFuture`],
    /// [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("cancelled_at", self.cancelled_at)?;
        let row: Payout = book.known_row(self.number.as_str())?;
        let times = (self.cancelled_at, book.now());
        row.check_step(&self.number, Step::Cancel, times)?;
        let cancelled = PayoutCancelled {
            number: self.number.clone(),
            household_no: row.household_no,
            cancelled_at: self.cancelled_at,
        };
        Ok(Decision::on(
            self.cancelled_at,
            Event::PayoutCancelled(cancelled),
        ))
    }
}

/// Notes of every payout whose days are over that it has expired. It holds nothing since then, whether this is noted or not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExpirePayouts {}

/// Payouts whose days were over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutsExpired {
    /// When it was noted.
    pub expired_at: Timestamp,
    /// Which ones.
    pub numbers: Vec<DocumentNo>,
}

impl ExpirePayouts {
    /// Notes which payouts have expired; where none has, there is no entry.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub fn decide(&self, book: &Book) -> Result<Option<Decision>, Stop> {
        book.village()?;
        let now = book.now();
        let rows = book.open_rows::<Payout>()?.into_iter();
        let numbers: Result<Vec<_>, _> = rows
            .filter(|(_, row)| row.is_overdue(now))
            .map(|(number, _)| DocumentNo::parse("number", &number))
            .collect();
        let numbers = numbers?;
        let expired_at = now;
        Ok((!numbers.is_empty()).then(|| {
            let expired = PayoutsExpired {
                expired_at,
                numbers,
            };
            Decision::on(now, Event::PayoutsExpired(expired))
        }))
    }
}
