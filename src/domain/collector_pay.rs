//! The pay of collectors: what one earns in a month, a wage and so much a kilogram, and what he is paid.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::cash_custody::{PaidFrom, check_cash};
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Flow, Posting, StockMovement};
use crate::domain::month::business_date;
use crate::domain::number::half_up;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::reversal::DocumentVoided;
use crate::domain::{
    Account, CollectorCode, DocumentNo, Event, Money, Month, Quantity, Refusal, Unit,
};

/// The most that is paid for a kilogram: 1000 yuan, in li.
const PER_KG_MOST: i64 = 1_000_000;

/// Records what a collector earned in a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarnPay {
    /// Who earned it.
    pub collector: CollectorCode,
    /// In which month.
    pub month: Month,
    /// The fixed part; may be nothing.
    pub wage: Money,
    /// Li for each kilogram he brought in the month; may be nothing.
    pub per_kg_li: i64,
}

/// What a collector earned in a month, with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarnedPay {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// The terms.
    #[serde(flatten)]
    pub earned: EarnPay,
    /// What he brought in the month by weight, net of voids and corrections.
    pub weight: Quantity,
    /// The wage, and the weight at its price rounded once.
    pub amount: Money,
}

impl EarnedPay {
    /// Dr 5404, Cr 2211, both of the collector.
    pub fn postings(&self) -> Vec<Posting> {
        let collector = self.earned.collector.as_str();
        vec![Posting::new(
            Account::CollectorPay.of(collector),
            Account::CollectorPayable.of(collector),
            self.amount,
            Flow::PayEarned,
        )]
    }
}

/// The row that keeps the pay of a collector and month to one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayRow {
    /// Who earned it.
    pub collector: CollectorCode,
    /// In which month.
    pub month: Month,
    /// The number of the document.
    pub number: DocumentNo,
    /// How much.
    pub amount: Money,
    /// Whether the document was voided, so that the pay may be recorded again.
    pub is_voided: bool,
}

impl Registered for PayRow {
    const KIND: RegisterKind = RegisterKind::CollectorPay;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        !self.is_voided
    }
}

impl EarnPay {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = self.month.first_day().year();
        vec![
            Need::LastNumber(DocumentKind::CollectorPay, year),
            Need::Register(RegisterKind::CollectorPay, self.row_number()),
            Need::CollectorWeight(self.collector.clone(), self.month),
        ]
    }

    /// The number of its row in the register. A month has seven characters, so no two rows have the same.
    fn row_number(&self) -> String {
        format!("{}/{}", self.month, self.collector)
    }

    /// The row of the collector and month, if there is one.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn row(&self, book: &Book) -> Result<Option<PayRow>, Stop> {
        book.registered(&self.row_number())
    }

    /// Owes the collector his wage and so much a kilogram, on the month's last instant; once a month, unless it was voided.
    ///
    /// # Errors
    /// [`Refusal::PayEarnedAlready`], [`Refusal::NothingEarned`], [`Refusal::MonthNotBegun`], [`Refusal::BeforeOpening`],
    /// [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        self.check(book)?;
        if let Some(row) = self.row(book)?.filter(|row| !row.is_voided) {
            return Err(Refusal::PayEarnedAlready {
                collector: self.collector.to_string(),
                month: self.month,
                number: row.number.to_string(),
            }
            .into());
        }
        let grams = book.collector_weight(&self.collector, self.month)?;
        let by_weight = Money::from_fen(half_up(&[grams, self.per_kg_li], 10_000)?);
        let amount = self.wage + by_weight;
        if !amount.is_positive() {
            return Err(Refusal::NothingEarned {
                collector: self.collector.to_string(),
                month: self.month,
            }
            .into());
        }
        let earned_at = self.month.last_instant();
        let pay = EarnedPay {
            number: book.next_number(DocumentKind::CollectorPay, earned_at)?,
            earned: self.clone(),
            weight: Quantity::grams(grams),
            amount,
        };
        let postings = pay.postings();
        let mut decision = Decision::on(earned_at, Event::PayEarned(pay));
        decision.postings = postings;
        Ok(decision)
    }

    /// The month has begun in this book, and the terms are such as there are.
    fn check(&self, book: &Book) -> Result<(), Refusal> {
        let opening_month = book.village()?.opening_month;
        if self.month < opening_month {
            let at = self.month.to_string();
            return Err(Refusal::BeforeOpening { at, opening_month });
        }
        if self.month > Month::at(book.now()) {
            return Err(Refusal::MonthNotBegun { month: self.month });
        }
        if !self.wage.is_zero() {
            self.wage.check_positive("wage")?;
        }
        if (0..=PER_KG_MOST).contains(&self.per_kg_li) {
            return Ok(());
        }
        Err(Refusal::OutOfRange {
            field: "per_kg",
            value: self.per_kg_li.to_string(),
            least: "0".to_owned(),
            most: PER_KG_MOST.to_string(),
        })
    }
}

/// Pays a collector.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayCollector {
    /// Who is paid.
    pub collector: CollectorCode,
    /// How much.
    pub amount: Money,
    /// From the bank, or out of a cash box.
    #[serde(flatten)]
    pub paid_from: PaidFrom,
    /// When.
    pub paid_at: Timestamp,
}

/// A payment of a collector with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CollectorPayment {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// What was paid.
    #[serde(flatten)]
    pub paid: PayCollector,
}

impl CollectorPayment {
    /// Dr 2211 of the collector, Cr 1002 or 1001.
    pub fn postings(&self) -> Vec<Posting> {
        let payable = Account::CollectorPayable.of(self.paid.collector.as_str());
        let source = self.paid.paid_from.account();
        vec![Posting::new(
            payable,
            source,
            self.paid.amount,
            Flow::PayPaid,
        )]
    }
}

impl PayCollector {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.paid_at).year();
        let cash = match &self.paid_from {
            PaidFrom::Bank => None,
            PaidFrom::Cash(custodian) => Some(Need::Balance(custodian.cash())),
        };
        [
            Need::LastNumber(DocumentKind::CollectorPayment, year),
            Need::Balance(Account::CollectorPayable.of(self.collector.as_str())),
        ]
        .into_iter()
        .chain(cash)
        .collect()
    }

    /// Pays no more than the collector has earned and not been paid, and no more than the cash box holds.
    ///
    /// # Errors
    /// [`Refusal::PayableTooSmall`], [`Refusal::CashTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`],
    /// [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("paid_at", self.paid_at)?;
        self.amount.check_positive("amount")?;
        let available = -book.balance(&Account::CollectorPayable.of(self.collector.as_str()))?;
        if self.amount > available {
            return Err(Refusal::PayableTooSmall {
                collector: self.collector.to_string(),
                available,
                asked: self.amount,
            }
            .into());
        }
        if let PaidFrom::Cash(custodian) = &self.paid_from {
            check_cash(book, custodian, self.amount)?;
        }
        let payment = CollectorPayment {
            number: book.next_number(DocumentKind::CollectorPayment, self.paid_at)?,
            paid: self.clone(),
        };
        let postings = payment.postings();
        let mut decision = Decision::on(self.paid_at, Event::CollectorPaid(payment));
        decision.postings = postings;
        Ok(decision)
    }
}

/// The flows of what a collector brings; a fact of a month that is closed counts where it is booked.
pub(crate) const BROUGHT: [Flow; 4] = [
    Flow::Pickup,
    Flow::Void,
    Flow::Correction,
    Flow::PriorPeriod,
];

impl Book {
    /// What a collector brought in a month by weight, in grams, net of voids and corrections; pieces are not weighed.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn collector_weight(&self, collector: &CollectorCode, month: Month) -> Result<i64, Stop> {
        let key = (collector.clone(), month);
        let need = || Need::CollectorWeight(collector.clone(), month);
        Ok(self.weights.get(&key, need)?.copied().unwrap_or_default())
    }

    /// Notes what a movement adds to it.
    pub(crate) fn weigh(&mut self, month: Month, movement: &StockMovement) {
        let Some(collector) = &movement.collector else {
            return;
        };
        let counts = movement.quantity.unit() == Unit::Kg && BROUGHT.contains(&movement.flow);
        let key = (collector.clone(), month);
        if let Some(grams) = self.weights.get_known(&key).filter(|_| counts) {
            *grams = grams.saturating_add(movement.change().0);
        }
    }

    /// Notes it as the store knows it, with what is decided and not yet written on top.
    pub(crate) fn load_weight(&mut self, collector: CollectorCode, month: Month, stored: i64) {
        let is_weighed = |code| {
            let material = self.materials.get(code);
            material.is_some_and(|material| material.unit == Unit::Kg)
        };
        let months = self.projections.material_months.iter();
        let pending = months
            .filter(|(key, _)| key.month == month && key.collector.as_ref() == Some(&collector))
            .filter(|(key, _)| BROUGHT.contains(&key.flow) && is_weighed(&key.material))
            .fold(0_i64, |sum, (_, moved)| sum.saturating_add(moved.count));
        let grams = stored.saturating_add(pending);
        self.weights.load((collector, month), Some(grams));
    }

    /// Notes that a collector's pay of a month is recorded.
    pub(crate) fn apply_pay(&mut self, pay: &EarnedPay) {
        let row = PayRow {
            collector: pay.earned.collector.clone(),
            month: pay.earned.month,
            number: pay.number.clone(),
            amount: pay.amount,
            is_voided: false,
        };
        self.register(&pay.earned.row_number(), &row);
    }

    /// Notes that it was voided, if that is what was voided.
    pub(crate) fn apply_pay_void(&mut self, voided: &DocumentVoided) {
        let document = self.document(voided.kind, &voided.number).ok().flatten();
        let Some(Event::PayEarned(pay)) = document.map(|document| &document.event) else {
            return;
        };
        let number = pay.earned.row_number();
        self.change_row::<PayRow>(&number, |row| row.is_voided = true);
    }
}
