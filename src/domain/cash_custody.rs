//! Who holds the village's cash (R-ST-7): custodians, collectors with cash in transit, hand-ins, the bank, and the limits of a collector.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::account::AccountRef;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::business_date;
use crate::domain::settings::Settings;
use crate::domain::{Account, CollectorCode, DocumentNo, Event, Money, Refusal, plain_text};

/// Who keeps a cash box (保管人); empty where there is only one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Custodian(String);

impl Custodian {
    /// Reads the name of a custodian; none is the only one.
    ///
    /// # Errors
    /// As [`plain_text`].
    pub fn parse(field: &'static str, text: Option<&str>) -> Result<Custodian, Refusal> {
        let name = text.map(|text| plain_text(field, text, 32)).transpose()?;
        Ok(Custodian(name.unwrap_or_default()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The cash box: 1001 of the custodian.
    pub fn cash(&self) -> AccountRef {
        Account::CashOnHand.of(&self.0)
    }
}

/// Where a payment comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "paid_from", content = "custodian")]
pub enum PaidFrom {
    /// The bank account.
    Bank,
    /// The cash box of a custodian.
    Cash(Custodian),
}

impl PaidFrom {
    /// The account it comes from.
    pub fn account(&self) -> AccountRef {
        match self {
            PaidFrom::Bank => Account::Bank.alone(),
            PaidFrom::Cash(custodian) => custodian.cash(),
        }
    }
}

/// Refuses to take more out of a cash box than it holds.
///
/// # Errors
/// [`Refusal::CashTooSmall`].
pub(crate) fn check_cash(book: &Book, custodian: &Custodian, asked: Money) -> Result<(), Stop> {
    let available = book.balance(&custodian.cash())?;
    if asked <= available {
        return Ok(());
    }
    Err(Refusal::CashTooSmall {
        account: format!("{} {}", Account::CashOnHand.code(), custodian.as_str())
            .trim()
            .to_owned(),
        available,
        asked,
    }
    .into())
}

/// A collector hands in cash that he took at the door (R-ST-7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandIn {
    /// Who handed it in.
    pub collector: CollectorCode,
    /// How much.
    pub amount: Money,
    /// Into whose cash box.
    pub custodian: Custodian,
    /// When.
    pub handed_in_at: Timestamp,
}

/// A hand-in with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CashHandIn {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// What was handed in.
    #[serde(flatten)]
    pub handed_in: HandIn,
}

impl CashHandIn {
    /// Dr 1001 of the custodian, Cr 1003 of the collector.
    pub fn postings(&self) -> Vec<Posting> {
        let transit = Account::CashInTransit.of(self.handed_in.collector.as_str());
        let cash = self.handed_in.custodian.cash();
        vec![Posting::new(
            cash,
            transit,
            self.handed_in.amount,
            Flow::HandIn,
        )]
    }
}

impl HandIn {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.handed_in_at).year();
        vec![
            Need::LastNumber(DocumentKind::HandIn, year),
            Need::Balance(Account::CashInTransit.of(self.collector.as_str())),
        ]
    }

    /// Moves cash from the collector to the custodian, no more than the collector holds.
    ///
    /// # Errors
    /// [`Refusal::CashInTransitTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("handed_in_at", self.handed_in_at)?;
        self.amount.check_positive("amount")?;
        let available = book.balance(&Account::CashInTransit.of(self.collector.as_str()))?;
        if self.amount > available {
            return Err(Refusal::CashInTransitTooSmall {
                collector: self.collector.to_string(),
                available,
                asked: self.amount,
            }
            .into());
        }
        let cash = CashHandIn {
            number: book.next_number(DocumentKind::HandIn, self.handed_in_at)?,
            handed_in: self.clone(),
        };
        let postings = cash.postings();
        let mut decision = Decision::on(self.handed_in_at, Event::CashHandedIn(cash));
        decision.postings = postings;
        Ok(decision)
    }
}

/// A custodian brings cash to the bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deposit {
    /// Out of whose cash box.
    pub custodian: Custodian,
    /// How much.
    pub amount: Money,
    /// When.
    pub deposited_at: Timestamp,
}

/// A deposit with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CashDeposit {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// What was brought.
    #[serde(flatten)]
    pub deposited: Deposit,
}

impl CashDeposit {
    /// Dr 1002, Cr 1001 of the custodian.
    pub fn postings(&self) -> Vec<Posting> {
        let cash = self.deposited.custodian.cash();
        let amount = self.deposited.amount;
        vec![Posting::new(
            Account::Bank.alone(),
            cash,
            amount,
            Flow::Deposit,
        )]
    }
}

impl Deposit {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.deposited_at).year();
        vec![
            Need::LastNumber(DocumentKind::Deposit, year),
            Need::Balance(self.custodian.cash()),
        ]
    }

    /// Moves cash from the custodian to the bank, no more than the cash box holds.
    ///
    /// # Errors
    /// [`Refusal::CashTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("deposited_at", self.deposited_at)?;
        self.amount.check_positive("amount")?;
        check_cash(book, &self.custodian, self.amount)?;
        let cash = CashDeposit {
            number: book.next_number(DocumentKind::Deposit, self.deposited_at)?,
            deposited: self.clone(),
        };
        let postings = cash.postings();
        let mut decision = Decision::on(self.deposited_at, Event::CashDeposited(cash));
        decision.postings = postings;
        Ok(decision)
    }
}

/// Cash that a collector received, on its business date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CashTaken {
    /// Who took it.
    pub collector: String,
    /// When.
    pub on: Date,
    /// How much.
    pub amount: Money,
}

/// The cash of one collector against the limits of the village (R-ST-7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CollectorCash {
    /// Whose: the subject of 1003.
    pub collector: String,
    /// What is in transit with him; below nothing where a receipt was voided after its cash was handed in.
    pub held: Money,
    /// The date of the oldest receipt that is not handed in, hand-ins counted against the oldest receipts first.
    pub since: Option<Date>,
    /// The last day on which it is handed in in time.
    pub due: Option<Date>,
    /// Whether it is more than a collector may hold.
    pub is_over_limit: bool,
    /// Whether that day is over.
    pub is_overdue: bool,
}

/// The cash of each collector who holds any, from the balances of 1003 and what was taken, newest first. Hand-ins count against the oldest
/// receipts first, so what is still held is the newest.
pub fn collectors_cash(
    settings: &Settings,
    today: Date,
    held: &BTreeMap<String, Money>,
    taken: &[CashTaken],
) -> Vec<CollectorCash> {
    held.iter()
        .filter(|(_, held)| !held.is_zero())
        .map(|(collector, held)| {
            let mut rest = *held;
            let mut since = None;
            for cash in taken.iter().filter(|cash| cash.collector == *collector) {
                if !rest.is_positive() {
                    break;
                }
                rest -= cash.amount;
                since = Some(cash.on);
            }
            let days = Span::new().days(settings.collector_cash_days);
            let due = since.map(|since| since.saturating_add(days));
            CollectorCash {
                collector: collector.clone(),
                held: *held,
                since,
                due,
                is_over_limit: *held > settings.collector_cash_most,
                is_overdue: due.is_some_and(|due| today > due),
            }
        })
        .collect()
}
