//! Postings, stock movements and journal entries: what is written once and never changed.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::account::{Account, AccountRef};
use crate::domain::charge_key::ChargeKey;
use crate::domain::event::Event;
use crate::domain::month::Month;
use crate::domain::seal::Hash;
use crate::domain::{CollectorCode, HouseholdNo, MaterialCode, Money, Quantity};

/// Why money or material moved; the columns of the monthly report are sums by flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// What was there when the book was opened.
    Opening,
    /// A pickup as it was first recorded.
    Pickup,
    /// A pickup taken back.
    Void,
    /// A pickup replaced: the reversal and the replacement.
    Correction,
    /// A fact of a month that is over, taken back in a later one (R-CO-5).
    PriorPeriod,
    /// A fee charge, and the part of it that is waived.
    Charge,
    /// A charge lowered because the household moved out (R-FE-6).
    CreditedBack,
    /// Credit used against charges.
    Offset,
    /// Cash received, or given back by voiding the receipt.
    Cash,
    /// Fee advance used against charges.
    AdvanceUsed,
    /// Fee advance paid back to a household that moved out.
    Refund,
    /// Material sold: income on the buyer's ticket, cost of what left the station.
    Sale,
    /// A buyer paid.
    BuyerPaid,
    /// Material weighed again at the station, out of transit.
    Intake,
    /// Material that is gone, and value without material.
    Loss,
    /// Material that was found, and value below nothing made good.
    Gain,
    /// The special fund paid in.
    FundReceived,
    /// An expense paid from the special fund.
    FundSpent,
    /// The part of the special fund that became income by an expense.
    FundReleased,
    /// What a collector earned.
    PayEarned,
    /// What a collector was paid.
    PayPaid,
    /// Credit paid out to a household.
    Payout,
    /// Cash that a collector handed in.
    HandIn,
    /// Cash that was brought to the bank.
    Deposit,
    /// A charge given up by a resolution.
    WriteOff,
    /// What moved between households, or to and from another village.
    Transfer,
}

impl Flow {
    /// Every flow.
    pub const ALL: &'static [Flow] = &[
        Flow::Opening,
        Flow::Pickup,
        Flow::Void,
        Flow::Correction,
        Flow::PriorPeriod,
        Flow::Charge,
        Flow::CreditedBack,
        Flow::Offset,
        Flow::Cash,
        Flow::AdvanceUsed,
        Flow::Refund,
        Flow::Sale,
        Flow::BuyerPaid,
        Flow::Intake,
        Flow::Loss,
        Flow::Gain,
        Flow::FundReceived,
        Flow::FundSpent,
        Flow::FundReleased,
        Flow::PayEarned,
        Flow::PayPaid,
        Flow::Payout,
        Flow::HandIn,
        Flow::Deposit,
        Flow::WriteOff,
        Flow::Transfer,
    ];

    /// The word used in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Flow::Opening => "opening",
            Flow::Pickup => "pickup",
            Flow::Void => "void",
            Flow::Correction => "correction",
            Flow::PriorPeriod => "prior_period",
            Flow::Charge => "charge",
            Flow::CreditedBack => "credited_back",
            Flow::Offset => "offset",
            Flow::Cash => "cash",
            Flow::AdvanceUsed => "advance_used",
            Flow::Refund => "refund",
            Flow::Sale => "sale",
            Flow::BuyerPaid => "buyer_paid",
            Flow::Intake => "intake",
            Flow::Loss => "loss",
            Flow::Gain => "gain",
            Flow::FundReceived => "fund_received",
            Flow::FundSpent => "fund_spent",
            Flow::FundReleased => "fund_released",
            Flow::PayEarned => "pay_earned",
            Flow::PayPaid => "pay_paid",
            Flow::Payout => "payout",
            Flow::HandIn => "hand_in",
            Flow::Deposit => "deposit",
            Flow::WriteOff => "write_off",
            Flow::Transfer => "transfer",
        }
    }

    /// The flow with that word.
    pub fn from_word(word: &str) -> Option<Flow> {
        Flow::ALL.iter().copied().find(|flow| flow.word() == word)
    }
}

/// A posting (分录): one debit account, one credit account, one positive amount. It cannot be unbalanced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
    /// The account debited.
    pub debit: AccountRef,
    /// The account credited.
    pub credit: AccountRef,
    /// More than nothing.
    pub amount: Money,
    /// Why.
    pub flow: Flow,
    /// The household's charge, where the posting moves one; between two households it names whom the charge was issued to.
    pub charge: Option<ChargeKey>,
}

impl Posting {
    /// A posting that moves no charge.
    pub fn new(debit: AccountRef, credit: AccountRef, amount: Money, flow: Flow) -> Posting {
        Posting {
            debit,
            credit,
            amount,
            flow,
            charge: None,
        }
    }

    /// The same posting for a household's charge.
    #[must_use]
    pub fn on_charge(mut self, charge: impl Into<ChargeKey>) -> Posting {
        self.charge = Some(charge.into());
        self
    }

    /// Whether it moves an account, whatever the subject.
    pub fn moves(&self, account: Account) -> bool {
        self.debit.account == account || self.credit.account == account
    }

    /// Both sides with the amount each receives: debit positive, credit negative.
    pub fn sides(&self) -> [(&AccountRef, Money); 2] {
        [(&self.debit, self.amount), (&self.credit, -self.amount)]
    }
}

/// Whether material came in or went out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the account.
    In,
    /// Out of the account.
    Out,
}

impl Direction {
    /// The word used in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn reversed(self) -> Direction {
        match self {
            Direction::In => Direction::Out,
            Direction::Out => Direction::In,
        }
    }
}

/// A quantity of one material into or out of stock, with its value, which may be nothing (R-PK-2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockMovement {
    /// Stock, or goods in transit.
    pub account: Account,
    /// What moved.
    pub material: MaterialCode,
    /// Who brought it, where a collector did.
    pub collector: Option<CollectorCode>,
    /// In or out.
    pub direction: Direction,
    /// Nothing only where value moves alone (R-SA-2).
    pub quantity: Quantity,
    /// Nothing or more.
    pub value: Money,
    /// Why.
    pub flow: Flow,
}

impl StockMovement {
    /// Quantity and value as the change of the stock: negative where material went out.
    pub fn change(&self) -> (i64, Money) {
        match self.direction {
            Direction::In => (self.quantity.count(), self.value),
            Direction::Out => (self.quantity.count().saturating_neg(), -self.value),
        }
    }
}

/// What was decided about a command, before it has its place in the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What happened.
    pub event: Event,
    /// When it happened, as told by whoever saw it.
    pub occurred_at: Timestamp,
    /// The date it is booked on; its month is the month of the books.
    pub booked_on: Date,
    /// The month of a fact that is booked in a later one (R-CO-5).
    pub origin_month: Option<Month>,
    /// The entry that this one reverses.
    pub reverses: Option<i64>,
    /// The money that moved; may be none (R-PK-2).
    pub postings: Vec<Posting>,
    /// The material that moved.
    pub movements: Vec<StockMovement>,
}

impl Decision {
    /// A decision booked on the business date on which it happened, so far without postings and movements.
    pub fn on(occurred_at: Timestamp, event: Event) -> Decision {
        Decision {
            event,
            occurred_at,
            booked_on: crate::domain::month::business_date(occurred_at),
            origin_month: None,
            reverses: None,
            postings: Vec::new(),
            movements: Vec::new(),
        }
    }

    /// The households it concerns, each once, in natural order.
    pub fn households(&self) -> Vec<HouseholdNo> {
        let postings = self
            .postings
            .iter()
            .flat_map(|posting| [&posting.debit, &posting.credit]);
        // An entry over a whole village names each household several times.
        let subjects: HashSet<&str> = postings
            .filter(|side| side.account.is_by_household())
            .map(|side| side.subject.as_str())
            .collect();
        let mut households: Vec<HouseholdNo> = subjects
            .into_iter()
            .filter_map(|subject| HouseholdNo::parse("household_no", subject).ok())
            .chain(self.event.household().cloned())
            .collect();
        households.sort();
        households.dedup();
        households
    }
}

/// Personal details of a command: kept apart from the journal, where only their salted digest stands, so that they can be erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Private {
    /// The details by name, as JSON.
    pub content: String,
    /// Random, erased together with the content; without it the digest tells nothing.
    pub salt: [u8; 16],
}

/// A journal entry (凭证): one accepted command, with its postings and movements, in its place in the village's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// 1, 2, 3 … without gaps in each village.
    pub seq: i64,
    /// The client-made id of the command (R-PK-6).
    pub command_id: Uuid,
    /// Digest of the command's non-personal content, to tell a repetition from another command.
    pub fingerprint: Hash,
    /// Who gave the command.
    pub actor: String,
    /// When the service accepted it.
    pub recorded_at: Timestamp,
    /// What was decided.
    pub decision: Decision,
    /// The event as the JSON text that is stored and hashed.
    pub content: String,
    /// Digest of the personal details, where there are any.
    pub private_digest: Option<Hash>,
    /// The chain up to and including this entry.
    pub hash: Hash,
}

impl Entry {
    /// The month of the books it stands in.
    pub fn month(&self) -> Month {
        Month::of(self.decision.booked_on)
    }

    /// The households it concerns, each once, in natural order.
    pub fn households(&self) -> Vec<HouseholdNo> {
        self.decision.households()
    }
}
