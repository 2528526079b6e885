//! Settling charges: cash, fee advance, and the month's offset of credit, always oldest charge first (R-ST).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::{Account, AccountRef};
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Stop};
use crate::domain::fee::{check_run_month, due_charges, may_run};
use crate::domain::household_account::HouseholdAccount;
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::Month;
use crate::domain::move_out::advance_to_open_charges;
use crate::domain::{ChargeKey, CollectorCode, DocumentNo, Event, HouseholdNo, Money, Refusal};

/// Splits an amount over open charges in the order given; what is left over is left in `amount`.
pub(crate) fn apply_in_order(
    amount: &mut Money,
    open: impl IntoIterator<Item = (ChargeKey, Money)>,
) -> impl Iterator<Item = (ChargeKey, Money)> {
    open.into_iter().filter_map(move |(key, open)| {
        let applied = open.min(*amount);
        *amount -= applied;
        applied.is_positive().then_some((key, applied))
    })
}

/// Uses fee advance against open charges: Dr 2203, Cr 1122 (R-ST-2).
pub(crate) fn apply_advance(
    household: &HouseholdNo,
    advance: &mut Money,
    open: impl IntoIterator<Item = (ChargeKey, Money)>,
) -> Vec<Posting> {
    let used: Vec<_> = apply_in_order(advance, open).collect();
    advance_used(household, &used)
}

/// The open charges that a household's fee advance pays, oldest first.
pub(crate) fn use_of_advance(account: &HouseholdAccount) -> Vec<(ChargeKey, Money)> {
    let open: Vec<_> = account.open_charges().collect();
    apply_in_order(&mut account.advance.clone(), open).collect()
}

/// Fee advance used against charges: Dr 2203, Cr 1122.
pub(crate) fn advance_used(household: &HouseholdNo, used: &[(ChargeKey, Money)]) -> Vec<Posting> {
    let side = |account: Account| account.of(household.as_str());
    used.iter()
        .map(|(key, amount)| {
            Posting::new(
                side(Account::FeeAdvance),
                side(Account::FeeReceivable),
                *amount,
                Flow::AdvanceUsed,
            )
            .on_charge(key.clone())
        })
        .collect()
}

/// Who took the cash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "taken_by", content = "holder")]
pub enum CashTaker {
    /// The village office, into the cash box of a custodian; empty for the only one.
    Office(String),
    /// A collector at the door, in transit until he hands it in.
    Collector(CollectorCode),
}

impl CashTaker {
    /// The account that the cash goes to.
    fn account(&self) -> AccountRef {
        match self {
            CashTaker::Office(custodian) => Account::CashOnHand.of(custodian),
            CashTaker::Collector(collector) => Account::CashInTransit.of(collector.as_str()),
        }
    }
}

/// Receives cash from a household (R-ST-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiveCash {
    /// Who paid.
    pub household_no: HouseholdNo,
    /// How much.
    pub amount: Money,
    /// When.
    pub received_at: Timestamp,
    /// Who took it.
    #[serde(flatten)]
    pub taken_by: CashTaker,
}

/// A cash receipt (收款) with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CashReceipt {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub receipt_no: DocumentNo,
    /// What was received.
    #[serde(flatten)]
    pub received: ReceiveCash,
    /// What it paid at once: the charges and amounts, oldest first. The rest became fee advance.
    pub applied: Vec<(ChargeKey, Money)>,
}

impl CashReceipt {
    /// Its postings: what it paid at once, and what became fee advance.
    pub fn postings(&self) -> Vec<Posting> {
        let cash = self.received.taken_by.account();
        let side = |account: Account| account.of(self.received.household_no.as_str());
        let pay = |(key, amount): &(ChargeKey, Money)| {
            Posting::new(
                cash.clone(),
                side(Account::FeeReceivable),
                *amount,
                Flow::Cash,
            )
            .on_charge(key.clone())
        };
        let paid = self.applied.iter().map(|(_, amount)| *amount).sum();
        let rest = self.received.amount - paid;
        let advance = rest.is_positive().then(|| {
            let (debit, credit) = (cash.clone(), side(Account::FeeAdvance));
            Posting::new(debit, credit, rest, Flow::Cash)
        });
        self.applied.iter().map(pay).chain(advance).collect()
    }
}

impl ReceiveCash {
    /// Applies cash at once to open charges, oldest first; what is left over becomes fee advance (R-ST-1).
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`], [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("received_at", self.received_at)?;
        let household_no = book.resolve(&self.household_no)?;
        if !self.amount.is_positive() {
            let (value, most) = (
                self.amount.to_string(),
                Money::from_fen(crate::domain::money::MOST).to_string(),
            );
            return Err(Refusal::OutOfRange {
                field: "amount",
                value,
                least: "0.01".to_owned(),
                most,
            }
            .into());
        }
        let receipt_no = book.next_number(DocumentKind::CashReceipt, self.received_at)?;
        let mut rest = self.amount;
        let open: Vec<_> = book.account(&household_no)?.open_charges().collect();
        let receipt = CashReceipt {
            receipt_no,
            received: ReceiveCash {
                household_no,
                ..self.clone()
            },
            applied: apply_in_order(&mut rest, open).collect(),
        };
        let postings = receipt.postings();
        let mut decision = Decision::on(self.received_at, Event::CashReceived(receipt));
        decision.postings = postings;
        Ok(decision)
    }
}

/// Voids a cash receipt (R-CO-7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VoidCash {
    /// The receipt.
    pub receipt_no: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A cash receipt that was voided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CashVoided {
    /// The receipt.
    pub receipt_no: DocumentNo,
    /// Whose it was.
    pub household_no: HouseholdNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Its amount.
    pub amount: Money,
}

impl VoidCash {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Takes the whole receipt back and opens again what it had paid, at once or as advance that was used since (R-CO-7).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::InTheFuture`], [`Refusal::AdvanceRefundedSince`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let document = book.live_document(DocumentKind::CashReceipt, &self.receipt_no)?;
        let Event::CashReceived(receipt) = &document.event else {
            return Err(Refusal::DocumentUnknown {
                number: self.receipt_no.to_string(),
            }
            .into());
        };
        let household_no = receipt.received.household_no.clone();
        let holder = book.resolve(&household_no)?;
        let mut account = book.account(&holder)?.clone();
        let postings = take_back(receipt, &holder, &mut account)?;
        let voided = CashVoided {
            receipt_no: self.receipt_no.clone(),
            household_no,
            voided_at: self.voided_at,
            amount: receipt.received.amount,
        };
        let mut decision = Decision::on(self.voided_at, Event::CashVoided(voided));
        decision.reverses = Some(document.seq);
        decision.postings = postings;
        book.book_in_month_of(&mut decision, receipt.received.received_at);
        Ok(decision)
    }
}

/// The postings that take a receipt back from the household that the payer is now: first from the charges it paid, then from the advance, and where that was used since, from the
/// charges that the advance paid, newest first. Advance that is left beside open charges is applied again.
fn take_back(
    receipt: &CashReceipt,
    household: &HouseholdNo,
    account: &mut HouseholdAccount,
) -> Result<Vec<Posting>, Refusal> {
    let payer = &receipt.received.household_no;
    let cash = receipt.received.taken_by.account();
    let side = |account: Account| account.of(household.as_str());
    let mut postings = Vec::new();
    let mut rest = receipt.received.amount;
    for (key, applied) in &receipt.applied {
        let key = key.stated(payer).held_by(household);
        let Some(charge) = account.charges.get_mut(&key) else {
            continue;
        };
        let reopened = charge.settled().min(*applied);
        if reopened.is_positive() {
            charge.open += reopened;
            rest -= reopened;
            let posting = Posting::new(
                side(Account::FeeReceivable),
                cash.clone(),
                reopened,
                Flow::Cash,
            );
            postings.push(posting.on_charge(key));
        }
    }
    for (key, charge) in account.charges.iter_mut().rev() {
        let shortfall = rest - account.advance;
        let reopened = shortfall.min(charge.from_advance).min(charge.settled());
        if reopened.is_positive() {
            charge.open += reopened;
            charge.from_advance -= reopened;
            account.advance += reopened;
            let posting = Posting::new(
                side(Account::FeeReceivable),
                side(Account::FeeAdvance),
                reopened,
                Flow::AdvanceUsed,
            );
            postings.push(posting.on_charge(key.clone()));
        }
    }
    if rest > account.advance {
        let missing = rest - account.advance;
        return Err(Refusal::AdvanceRefundedSince {
            number: receipt.receipt_no.to_string(),
            missing,
        });
    }
    if rest.is_positive() {
        account.advance -= rest;
        postings.push(Posting::new(
            side(Account::FeeAdvance),
            cash,
            rest,
            Flow::Cash,
        ));
    }
    postings.extend(advance_to_open_charges(household, account));
    Ok(postings)
}

/// Offsets credit against charges for a month (R-ST-3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OffsetCredit {
    /// The month.
    pub month: Month,
}

impl OffsetCredit {
    /// Applies, per household, credit of the month's end that is still there to open charges, oldest first; booked on the month's last
    /// instant (R-ST-3). Nothing available leaves no entry.
    ///
    /// # Errors
    /// [`Refusal::BeforeOpening`], [`Refusal::MonthNotBegun`], [`Refusal::ChargesMissing`], [`Refusal::EarlierRunMissing`].
    pub fn decide(&self, book: &Book) -> Result<Option<Decision>, Stop> {
        check_run_month(book, self.month)?;
        let before = self.month.previous();
        book.whole_village(before)?;
        if !due_charges(book, self.month)?.is_empty() {
            return Err(Refusal::ChargesMissing { month: self.month }.into());
        }
        if may_run(book, before)? && !offsets(book, before)?.is_empty() {
            return Err(Refusal::EarlierRunMissing { month: before }.into());
        }
        let postings = offsets(book, self.month)?;
        if postings.is_empty() {
            return Ok(None);
        }
        let mut decision =
            Decision::on(self.month.last_instant(), Event::CreditOffset(self.clone()));
        decision.postings = postings;
        Ok(Some(decision))
    }
}

/// What the offset run of a month would post: min(credit at the month's end, credit now) less what payouts hold, against charges issued by then.
///
/// # Errors
/// [`Stop::Missing`] if the village is not loaded whole.
pub(crate) fn offsets(book: &Book, month: Month) -> Result<Vec<Posting>, Stop> {
    let may_save_up = book.village()?.credit.save_up_allowed && month.first_day().month() != 12;
    let holds = book.payout_holds()?;
    let mut postings = Vec::new();
    for (household_no, household) in book.households() {
        let is_saving = may_save_up
            && household
                .terms_on(month.last_day())
                .is_some_and(|terms| terms.save_up);
        let account = book.account(household_no)?;
        let on_hold = holds.get(household_no).copied().unwrap_or_default();
        let mut available = account.credit.min(account.credit_at_end_of(month)) - on_hold;
        if is_saving || !available.is_positive() {
            continue;
        }
        let open: Vec<_> = account.open_charges_issued_by(month).collect();
        let side = |account: Account| account.of(household_no.as_str());
        postings.extend(apply_in_order(&mut available, open).map(|(key, amount)| {
            Posting::new(
                side(Account::HouseholdCredit),
                side(Account::FeeReceivable),
                amount,
                Flow::Offset,
            )
            .on_charge(key)
        }));
    }
    Ok(postings)
}
