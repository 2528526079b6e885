//! Pickups (回收单): weighing at the door, valued at the price in force; voids and corrections of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::command::PrivateDetails;
use crate::domain::facts::{Book, DocumentKind, Stop};
use crate::domain::journal::{Decision, Direction, Flow, Posting, StockMovement};
use crate::domain::price_list::PriceList;
use crate::domain::weight::{GRAMS_MOST, PIECES_MOST, net_of, value_of};
use crate::domain::{
    CollectorCode, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Quantity, Refusal, Unit,
    UnitPrice,
};

/// How the household confirmed the weighing (R-PK-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// With its household card.
    Card,
    /// By signature.
    Signature,
    /// By a witness.
    Witness,
    /// Not confirmed, as on an imported paper ledger.
    None,
}

/// What was weighed or counted of one material. It has no amount: the price is never believed from outside (R-PR-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WeighedLine {
    /// The material.
    pub material: MaterialCode,
    /// Gross weight, or the count.
    pub gross: Quantity,
    /// Weight of the container; nothing for a count.
    pub tare: Quantity,
    /// Per mille taken off for water and dirt (扣水扣杂), 0 to 500.
    pub deduction: i64,
    /// Why something was taken off. Free text, kept apart.
    #[serde(skip)]
    pub deduction_reason: String,
}

/// A line of a pickup with its price and what it is worth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PickupLine {
    /// The material.
    pub material: MaterialCode,
    /// Gross weight, or the count.
    pub gross: Quantity,
    /// Weight of the container.
    pub tare: Quantity,
    /// Per mille taken off.
    pub deduction: i64,
    /// What is paid for (R-NU-1).
    pub net: Quantity,
    /// Li per kilogram or per `per` pieces.
    pub price_li: i64,
    /// How many pieces the price is for.
    pub per: i64,
    /// What it is worth, rounded once (R-NU-2); may be nothing (R-PK-2).
    pub amount: Money,
    /// Whether it went into goods in transit, not straight into stock (R-SA-1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_transit: bool,
}

/// A pickup with its amounts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pickup {
    /// Its number.
    pub pickup_no: DocumentNo,
    /// When it happened at the door.
    pub occurred_at: Timestamp,
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// Who weighed.
    pub collector: CollectorCode,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// The price list it was valued at, by the instant it took effect.
    pub price_list: Timestamp,
    /// Its lines, at least one.
    pub lines: Vec<PickupLine>,
    /// The round it belongs to, where one is known (R-PK-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<DocumentNo>,
}

impl Pickup {
    /// The sum of its rounded lines; nothing is rounded again (R-NU-2).
    pub fn amount(&self) -> Money {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// Its postings and movements.
    pub fn booked(&self) -> (Vec<Posting>, Vec<StockMovement>) {
        let mut decision = Decision::on(self.occurred_at, Event::PickupRecorded(self.clone()));
        self.book_into(&mut decision, Direction::In, Flow::Pickup);
        (decision.postings, decision.movements)
    }

    /// Its postings and movements, or their reversal.
    fn book_into(&self, decision: &mut Decision, direction: Direction, flow: Flow) {
        let credit = Account::HouseholdCredit.of(self.household_no.as_str());
        for line in &self.lines {
            let account = line.account();
            let stock = account.of(line.material.as_str());
            if line.amount.is_positive() {
                let (debit, credit) = match direction {
                    Direction::In => (stock, credit.clone()),
                    Direction::Out => (credit.clone(), stock),
                };
                decision
                    .postings
                    .push(Posting::new(debit, credit, line.amount, flow));
            }
            decision.movements.push(StockMovement {
                account,
                material: line.material.clone(),
                collector: Some(self.collector.clone()),
                direction,
                quantity: line.net,
                value: line.amount,
                flow,
            });
        }
    }
}

impl PickupLine {
    /// Where its material went.
    const fn account(&self) -> Account {
        if self.in_transit {
            Account::GoodsInTransit
        } else {
            Account::RecyclablesStock
        }
    }
}

/// Values lines at a list.
fn value_lines(
    book: &Book,
    list: &PriceList,
    lines: &[WeighedLine],
) -> Result<Vec<PickupLine>, Refusal> {
    if lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    lines
        .iter()
        .map(|line| value_line(book, list, line))
        .collect()
}

fn value_line(book: &Book, list: &PriceList, line: &WeighedLine) -> Result<PickupLine, Refusal> {
    let material = || line.material.to_string();
    let Some(known) = book.material(&line.material) else {
        return Err(Refusal::MaterialUnknown {
            material: material(),
        });
    };
    if line.gross.unit() != known.unit || line.tare.unit() != known.unit {
        return Err(Refusal::WrongUnit {
            material: material(),
            unit: known.unit.word(),
        });
    }
    let most = if known.unit == Unit::Piece {
        PIECES_MOST
    } else {
        GRAMS_MOST
    };
    if !(0..=most).contains(&line.gross.count()) || line.tare.count() < 0 {
        let bound = |count| Quantity::new(known.unit, count).to_string();
        let (value, least, most) = (line.gross.to_string(), bound(0), bound(most));
        return Err(Refusal::OutOfRange {
            field: "gross",
            value,
            least,
            most,
        });
    }
    if known.unit == Unit::Piece && (line.tare.count() != 0 || line.deduction != 0) {
        return Err(Refusal::PiecesHaveNoTare {
            material: material(),
        });
    }
    if !(0..=500).contains(&line.deduction) {
        let value = line.deduction.to_string();
        return Err(Refusal::OutOfRange {
            field: "deduction",
            value,
            least: "0".to_owned(),
            most: "500".to_owned(),
        });
    }
    if line.deduction > 0 && line.deduction_reason.trim().is_empty() {
        return Err(Refusal::DeductionNeedsReason {
            material: material(),
        });
    }
    let net = net_of(line.gross, line.tare, line.deduction)?;
    let price: UnitPrice = list.price_of(&line.material)?;
    Ok(PickupLine {
        material: line.material.clone(),
        gross: line.gross,
        tare: line.tare,
        deduction: line.deduction,
        net,
        price_li: price.li(),
        per: price.per(),
        amount: value_of(net, price)?,
        in_transit: false,
    })
}

fn private_lines(details: &mut PrivateDetails, lines: &[WeighedLine]) {
    for (index, line) in lines.iter().enumerate() {
        details.put(
            &format!("lines.{index}.deduction_reason"),
            &line.deduction_reason,
        );
    }
}

/// Records a pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecordPickup {
    /// Its number.
    pub pickup_no: DocumentNo,
    /// When it happened at the door.
    pub occurred_at: Timestamp,
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// Who weighed.
    pub collector: CollectorCode,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// What was weighed.
    pub lines: Vec<WeighedLine>,
    /// The round it belongs to, where one is known (R-PK-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<DocumentNo>,
}

impl RecordPickup {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        private_lines(&mut details, &self.lines);
        details
    }

    /// Books the pickup whole at the list in force when it happened (R-PR-1, R-PK-1, R-PK-2); one bad line refuses all of it.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::DocumentNoTaken`], [`Refusal::NoPriceListThen`], [`Refusal::InTheFuture`],
    /// [`Refusal::BeforeOpening`] and those of its lines.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("occurred_at", self.occurred_at)?;
        let household_no = book.resolve(&self.household_no)?;
        book.check_new_document(DocumentKind::Pickup, &self.pickup_no)?;
        book.look_for_round(self.round.as_ref())?;
        let list = book.price_list_at(self.occurred_at)?;
        let mut pickup = Pickup {
            pickup_no: self.pickup_no.clone(),
            occurred_at: self.occurred_at,
            household_no,
            collector: self.collector.clone(),
            confirmation: self.confirmation,
            price_list: list.effective_from,
            lines: value_lines(book, list, &self.lines)?,
            round: self.round.clone(),
        };
        book.put_in_transit(&mut pickup)?;
        let mut decision = Decision::on(self.occurred_at, Event::PickupRecorded(pickup.clone()));
        pickup.book_into(&mut decision, Direction::In, Flow::Pickup);
        book.settle_residue(&mut decision)?;
        Ok(decision)
    }
}

/// Voids a pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VoidPickup {
    /// The pickup.
    pub pickup_no: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A pickup that was voided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PickupVoided {
    /// The pickup.
    pub pickup_no: DocumentNo,
    /// Whose it was.
    pub household_no: HouseholdNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// What it was worth.
    pub amount: Money,
    /// Payouts on hold whose cover it took away, newest first (R-CO-4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_payouts: Vec<DocumentNo>,
}

impl VoidPickup {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Reverses the whole pickup; credit that was spent since may fall below zero (R-CO-1, R-CO-4).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let (seq, pickup) = live_pickup(book, &self.pickup_no)?;
        let voided = PickupVoided {
            pickup_no: self.pickup_no.clone(),
            household_no: pickup.household_no.clone(),
            voided_at: self.voided_at,
            amount: pickup.amount(),
            cancelled_payouts: Vec::new(),
        };
        let mut decision = Decision::on(self.voided_at, Event::PickupVoided(voided));
        decision.reverses = Some(seq);
        let now = book.where_it_is(seq, pickup)?;
        now.book_into(&mut decision, Direction::Out, Flow::Void);
        book.settle_residue(&mut decision)?;
        book.book_in_month_of(&mut decision, pickup.occurred_at);
        Ok(decision)
    }
}

/// The pickup with that number, if it was not voided or replaced, and the entry that made it.
fn live_pickup<'b>(book: &'b Book, number: &DocumentNo) -> Result<(i64, &'b Pickup), Stop> {
    let document = book.live_document(DocumentKind::Pickup, number)?;
    match document.event.pickup() {
        Some(pickup) => Ok((document.seq, pickup)),
        None => Err(Refusal::DocumentUnknown {
            number: number.to_string(),
        }
        .into()),
    }
}

/// Replaces a pickup's lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CorrectPickup {
    /// The pickup that was wrong.
    pub pickup_no: DocumentNo,
    /// The number of the replacement.
    pub new_no: DocumentNo,
    /// When it was corrected.
    pub corrected_at: Timestamp,
    /// What was really weighed: all lines.
    pub lines: Vec<WeighedLine>,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A pickup that was replaced.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PickupCorrected {
    /// The pickup that was wrong.
    pub pickup_no: DocumentNo,
    /// The number of the replacement.
    pub new_no: DocumentNo,
    /// When it was corrected.
    pub corrected_at: Timestamp,
    /// What the wrong one was worth.
    pub amount_before: Money,
    /// The replacement.
    pub replacement: Pickup,
    /// Payouts on hold whose cover it took away, newest first (R-CO-4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_payouts: Vec<DocumentNo>,
}

impl CorrectPickup {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::reason(&self.reason);
        private_lines(&mut details, &self.lines);
        details
    }

    /// Reverses the whole pickup and books a full new one in the same entry, at the same time, household, collector and price list (R-CO-1).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::DocumentNoTaken`], and those of the new lines.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("corrected_at", self.corrected_at)?;
        let (seq, before) = live_pickup(book, &self.pickup_no)?;
        book.check_new_document(DocumentKind::Pickup, &self.new_no)?;
        let list = book.price_list_at(before.price_list)?;
        let now = book.where_it_is(seq, before)?;
        let mut replacement = Pickup {
            pickup_no: self.new_no.clone(),
            lines: value_lines(book, list, &self.lines)?,
            ..before.clone()
        };
        now.put_beside(&mut replacement);
        let corrected = PickupCorrected {
            pickup_no: self.pickup_no.clone(),
            new_no: self.new_no.clone(),
            corrected_at: self.corrected_at,
            amount_before: before.amount(),
            replacement: replacement.clone(),
            cancelled_payouts: Vec::new(),
        };
        let mut decision = Decision::on(self.corrected_at, Event::PickupCorrected(corrected));
        decision.reverses = Some(seq);
        now.book_into(&mut decision, Direction::Out, Flow::Correction);
        replacement.book_into(&mut decision, Direction::In, Flow::Correction);
        book.settle_residue(&mut decision)?;
        book.book_in_month_of(&mut decision, before.occurred_at);
        Ok(decision)
    }
}
