//! Pickups (回收单): weighing at the door, valued at the price in force; voids and corrections of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::held::{HoldReason, PickupHeld};
use crate::domain::journal::{Decision, Direction, Flow, Posting, StockMovement};
use crate::domain::month::months_before;
use crate::domain::own_pickup::{check_own, live_pickup};
use crate::domain::phone::PhoneNote;
use crate::domain::recent_lines::USUAL_MONTHS;
use crate::domain::register::RegisterKind;
use crate::domain::round::round_need;
use crate::domain::told_price::{Offer, price_lines, told_difference};
pub use crate::domain::weighing::WeighedLine;
use crate::domain::weighing::{net_lines, private_lines};
use crate::domain::weight::net_of;
use crate::domain::{
    CollectorCode, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal,
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
    /// The device that sent it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The list in force, where the household had been told an earlier one and is paid by that (R-PR-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_instead_of: Option<Timestamp>,
    /// By how much the told price is worth more than that of the list in force; below nothing where it is worth less (R-PR-3).
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub told_difference: Money,
    /// What would have held it, had it not been on an imported paper ledger (R-PK-3 to 5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<HoldReason>,
    /// What the phone said of it that made it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNote>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "whoever writes it out passes a reference"
)]
fn is_nothing(amount: &Money) -> bool {
    amount.is_zero()
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
    pub(crate) fn book_into(&self, decision: &mut Decision, direction: Direction, flow: Flow) {
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

/// Records a pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
    /// The device that sends it, where one does (R-PK-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The price list that the phone showed, by the instant it took effect (R-PR-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_list: Option<Timestamp>,
    /// What the phone says of it that made it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNote>,
    /// Whether it stands on an imported paper ledger, which is finished business: it is never held, and takes the list in force. No part of the
    /// content: an import of an earlier program is repeated as the same command.
    #[serde(skip)]
    pub is_paper: bool,
}

impl RecordPickup {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        private_lines(&mut details, &self.lines);
        details
    }

    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let mut needs = vec![
            Need::PriceLists,
            Need::Household(self.household_no.clone()),
            Need::Document(DocumentKind::Pickup, self.pickup_no.clone()),
            Need::OpenRegister(RegisterKind::Collector),
            Need::Stock,
        ];
        needs.extend(self.round.as_ref().map(round_need));
        let from = Month::at(months_before(self.occurred_at, USUAL_MONTHS));
        for line in &self.lines {
            let (household, material) = (self.household_no.clone(), line.material.clone());
            needs.push(Need::RecentLines(household, material, from));
        }
        if self.device.is_some() {
            needs.push(Need::OpenRegister(RegisterKind::Device));
        }
        needs
    }

    /// Who sends it: its device; where none is named, its collector stands for it (R-PK-4).
    pub fn source(&self) -> &str {
        self.device
            .as_deref()
            .unwrap_or_else(|| self.collector.as_str())
    }

    /// Books the pickup whole at the list in force when it happened, or the one that was told (R-PR-1, R-PR-3, R-PK-1, R-PK-2), or holds all of
    /// it for a clerk (R-PK-3 to 5, R-PK-7); one bad line refuses all of it.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`] unless a phone brings it, [`Refusal::DocumentNoTaken`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`]
    /// and those of its lines; on paper [`Refusal::NoPriceListThen`] and [`Refusal::MaterialNotPriced`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("occurred_at", self.occurred_at)?;
        let (household_no, doubt) = self.whose(book)?;
        book.check_new_document(DocumentKind::Pickup, &self.pickup_no)?;
        book.look_for_round(self.round.as_ref())?;
        book.check_device(self)?;
        let nets = net_lines(book, &self.lines)?;
        let told = self.told_list.filter(|_| !self.is_paper);
        let offer = book.offer(told, self.occurred_at)?;
        let unpriced = offer.unpriced(&self.lines);
        let mut reasons = book.doubts(self, &nets)?;
        let mut priced = None;
        if unpriced.is_empty() || self.is_paper {
            let pickup = self.priced(book, &offer, &household_no, &nets)?;
            let (amount, most) = (pickup.amount(), book.settings().pickup_most);
            if amount > most {
                reasons.push(HoldReason::LargePickup { amount, most });
            }
            reasons.extend(self.told_otherwise(amount));
            priced = Some(pickup);
        } else {
            reasons.extend(unpriced);
        }
        reasons.extend(offer.doubt);
        reasons.extend(doubt);
        reasons.extend(self.after_a_stop());
        let Some(mut pickup) = priced.filter(|_| reasons.is_empty() || self.is_paper) else {
            let held = Box::new(PickupHeld::new(self, reasons));
            return Ok(Decision::on(self.occurred_at, Event::PickupHeld(held)));
        };
        pickup.flags = reasons;
        let event = Event::PickupRecorded(pickup.clone());
        let mut decision = Decision::on(self.occurred_at, event);
        pickup.book_into(&mut decision, Direction::In, Flow::Pickup);
        book.settle_residue(&mut decision)?;
        Ok(decision)
    }

    /// The pickup as it is recorded for a household once a clerk has released it (R-PK-7).
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::NoPriceListThen`], [`Refusal::MaterialNotPriced`].
    pub(crate) fn release(
        &self,
        book: &Book,
        household: &HouseholdNo,
        told: Option<Timestamp>,
    ) -> Result<Pickup, Stop> {
        let household = book.resolve(household)?;
        book.look_for_round(self.round.as_ref())?;
        let nets = self.lines.iter();
        let nets: Result<Vec<Quantity>, Refusal> = nets
            .map(|line| net_of(line.gross, line.tare, line.deduction))
            .collect();
        let offer = book.offer(told, self.occurred_at)?;
        self.priced(book, &offer, &household, &nets?)
    }

    fn priced(
        &self,
        book: &Book,
        offer: &Offer<'_>,
        household: &HouseholdNo,
        nets: &[Quantity],
    ) -> Result<Pickup, Stop> {
        let list = offer.list(self.occurred_at)?;
        let lines = price_lines(list, &self.lines, nets)?;
        let difference = offer.instead_of.map(|list| told_difference(&lines, list));
        let mut pickup = Pickup {
            pickup_no: self.pickup_no.clone(),
            occurred_at: self.occurred_at,
            household_no: household.clone(),
            collector: self.collector.clone(),
            confirmation: self.confirmation,
            price_list: list.effective_from,
            lines,
            device: self.device.clone(),
            told_instead_of: offer.instead_of.map(|list| list.effective_from),
            told_difference: difference.transpose()?.unwrap_or_default(),
            flags: Vec::new(),
            round: self.round.clone(),
            phone: self.phone.clone(),
        };
        if !self.is_paper {
            book.put_in_transit(&mut pickup)?;
        }
        Ok(pickup)
    }
}

/// Voids a pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VoidPickup {
    /// The pickup.
    pub pickup_no: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// What the phone says of it that made it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNote>,
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
    /// What the phone said of it that made it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNote>,
}

impl VoidPickup {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Reverses the whole pickup; credit that was spent since may fall below zero (R-CO-1, R-CO-4).
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::PickupHeld`], [`Refusal::PickupRejected`],
    /// [`Refusal::OnlyClerkCorrects`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let (seq, pickup) = live_pickup(book, &self.pickup_no)?;
        check_own(book, pickup, self.voided_at, pickup.amount(), &self.reason)?;
        let voided = PickupVoided {
            pickup_no: self.pickup_no.clone(),
            household_no: pickup.household_no.clone(),
            voided_at: self.voided_at,
            amount: pickup.amount(),
            cancelled_payouts: Vec::new(),
            phone: self.phone.clone(),
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
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::PickupHeld`], [`Refusal::PickupRejected`],
    /// [`Refusal::OnlyClerkCorrects`], [`Refusal::DocumentNoTaken`], and those of the new lines.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("corrected_at", self.corrected_at)?;
        let (seq, before) = live_pickup(book, &self.pickup_no)?;
        book.check_new_document(DocumentKind::Pickup, &self.new_no)?;
        let list = book.price_list_at(before.price_list)?;
        let now = book.where_it_is(seq, before)?;
        let nets = net_lines(book, &self.lines)?;
        let mut replacement = Pickup {
            pickup_no: self.new_no.clone(),
            lines: price_lines(list, &self.lines, &nets)?,
            told_difference: Money::ZERO,
            flags: Vec::new(),
            ..before.clone()
        };
        now.put_beside(&mut replacement);
        if let Some(in_force) = before.told_instead_of {
            let in_force = book.price_list_at(in_force)?;
            replacement.told_difference = told_difference(&replacement.lines, in_force)?;
        }
        let change = replacement.amount() - before.amount();
        let change = if change < Money::ZERO {
            -change
        } else {
            change
        };
        check_own(book, before, self.corrected_at, change, &self.reason)?;
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
