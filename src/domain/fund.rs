//! The special fund (两型专项资金, R-SA-5): what is paid in, what is spent of it, and the income that spending releases.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::business_date;
use crate::domain::{Account, CollectorCode, DocumentNo, Event, Money, Refusal, plain_text};

/// The longest name of a voucher or resolution.
pub(crate) const REFERENCE_LONGEST: usize = 200;

/// Receives money for the special fund (R-SA-5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiveFund {
    /// How much.
    pub amount: Money,
    /// When it came to the bank.
    pub received_at: Timestamp,
    /// What proves it.
    pub voucher: String,
}

/// A receipt of the special fund with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FundReceipt {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// What was received.
    #[serde(flatten)]
    pub received: ReceiveFund,
}

impl FundReceipt {
    /// Dr 1002, Cr 2401.
    pub fn postings(&self) -> Vec<Posting> {
        let (bank, fund) = (Account::Bank.alone(), Account::SpecialFund.alone());
        vec![Posting::new(
            bank,
            fund,
            self.received.amount,
            Flow::FundReceived,
        )]
    }
}

impl ReceiveFund {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.received_at).year();
        vec![Need::LastNumber(DocumentKind::FundReceipt, year)]
    }

    /// Books the money to the bank and owes it to its purpose: it becomes income only when it is spent.
    ///
    /// # Errors
    /// [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::OutOfRange`], and those of [`plain_text`] for the voucher.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("received_at", self.received_at)?;
        self.amount.check_positive("amount")?;
        plain_text("voucher", &self.voucher, REFERENCE_LONGEST)?;
        let receipt = FundReceipt {
            number: book.next_number(DocumentKind::FundReceipt, self.received_at)?,
            received: self.clone(),
        };
        let postings = receipt.postings();
        let mut decision = Decision::on(self.received_at, Event::FundReceived(receipt));
        decision.postings = postings;
        Ok(decision)
    }
}

/// What the special fund is spent on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum FundPurpose {
    /// The pay of one collector, or of all of them.
    CollectorPay {
        /// Whose; none: all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collector: Option<CollectorCode>,
    },
    /// Running the station.
    Operating,
}

/// Spends the special fund (R-SA-5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpendFund {
    /// On what.
    #[serde(flatten)]
    pub purpose: FundPurpose,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub spent_at: Timestamp,
    /// What proves it.
    pub voucher: String,
}

/// An expense from the special fund with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FundExpense {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub number: DocumentNo,
    /// What was spent.
    #[serde(flatten)]
    pub spent: SpendFund,
}

impl FundExpense {
    /// Dr 5404 or 5405, Cr 1002; and the same amount of the fund becomes income: Dr 2401, Cr 5021.
    pub fn postings(&self) -> Vec<Posting> {
        let expense = match &self.spent.purpose {
            FundPurpose::CollectorPay { collector } => Account::CollectorPay.of(collector
                .as_ref()
                .map_or("", |collector| collector.as_str())),
            FundPurpose::Operating => Account::OperatingExpense.alone(),
        };
        let (bank, fund) = (Account::Bank.alone(), Account::SpecialFund.alone());
        let (amount, income) = (self.spent.amount, Account::SubsidyIncome.alone());
        vec![
            Posting::new(expense, bank, amount, Flow::FundSpent),
            Posting::new(fund, income, amount, Flow::FundReleased),
        ]
    }
}

impl SpendFund {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.spent_at).year();
        vec![
            Need::LastNumber(DocumentKind::FundExpense, year),
            Need::Balance(Account::SpecialFund.alone()),
        ]
    }

    /// Books the expense and releases as much of the fund, no more than is unspent unless the village allows it.
    ///
    /// # Errors
    /// [`Refusal::FundTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::OutOfRange`], and those of
    /// [`plain_text`] for the voucher.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("spent_at", self.spent_at)?;
        self.amount.check_positive("amount")?;
        plain_text("voucher", &self.voucher, REFERENCE_LONGEST)?;
        let available = -book.balance(&Account::SpecialFund.alone())?;
        if self.amount > available && !book.settings().fund_may_be_overspent {
            let asked = self.amount;
            return Err(Refusal::FundTooSmall { available, asked }.into());
        }
        let expense = FundExpense {
            number: book.next_number(DocumentKind::FundExpense, self.spent_at)?,
            spent: self.clone(),
        };
        let postings = expense.postings();
        let mut decision = Decision::on(self.spent_at, Event::FundSpent(expense));
        decision.postings = postings;
        Ok(decision)
    }
}
