//! What happened: the non-personal content of a journal entry, as the JSON that is stored and hashed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::cash_custody::{CashDeposit, CashHandIn};
use crate::domain::clearing::{HouseholdArrived, HouseholdDeparted};
use crate::domain::closing::MonthClosed;
use crate::domain::collector::RegisterCollector;
use crate::domain::collector_pay::{CollectorPayment, EarnedPay};
use crate::domain::dispute::{DisputeAnswered, DisputeOpened};
use crate::domain::document::DocumentKind;
use crate::domain::fee::{AdoptFeePolicy, FeesCharged};
use crate::domain::fund::{FundExpense, FundReceipt};
use crate::domain::held::{HeldResolved, PickupHeld};
use crate::domain::household::{ChangedHousehold, RegisteredHousehold};
use crate::domain::journal::{Posting, StockMovement};
use crate::domain::merge::HouseholdsMerged;
use crate::domain::month::start_of_day;
use crate::domain::move_out::{MovedOut, RefundAdvance};
use crate::domain::opening::{OpeningRecorded, OpeningVoided};
use crate::domain::payout::{
    PayoutApproved, PayoutCancelled, PayoutPaid, PayoutRequested, PayoutsExpired,
};
use crate::domain::pickup::{Pickup, PickupCorrected, PickupVoided};
use crate::domain::price_list::PublishedPriceList;
use crate::domain::refuse::{RegisterCollectionPoint, TripRecorded};
use crate::domain::reversal::DocumentVoided;
use crate::domain::round::{CloseRound, RecordStop, RoundOpened};
use crate::domain::sale::{BuyerPayment, Sale};
use crate::domain::schedule::SetSchedule;
use crate::domain::settings::ChangeSettings;
use crate::domain::settlement::{CashReceipt, CashVoided, OffsetCredit};
use crate::domain::sign_off::MonthMoved;
use crate::domain::split::WasSplit;
use crate::domain::stock_count::StockCount;
use crate::domain::transit::Intake;
use crate::domain::write_off::WrittenOff;
use crate::domain::{DocumentNo, HouseholdNo, Material, Village};

/// An accepted command with what was decided about it. Together with its postings and movements it is enough to rebuild every projection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The book was opened.
    VillageOpened(Village),
    /// The figures of the village were set anew.
    SettingsChanged(ChangeSettings),
    /// A material was registered.
    MaterialRegistered(Material),
    /// A price list was published.
    PriceListPublished(PublishedPriceList),
    /// A fee policy was adopted.
    FeePolicyAdopted(AdoptFeePolicy),
    /// A household was registered.
    HouseholdRegistered(RegisteredHousehold),
    /// A household's attributes changed.
    HouseholdChanged(ChangedHousehold),
    /// A household moved out.
    HouseholdMovedOut(MovedOut),
    /// Two households became one.
    HouseholdsMerged(HouseholdsMerged),
    /// A household was split.
    HouseholdSplit(WasSplit),
    /// A household left for another village.
    HouseholdDeparted(HouseholdDeparted),
    /// A household came from another village.
    HouseholdArrived(HouseholdArrived),
    /// Fee advance was paid back.
    AdvanceRefunded(RefundAdvance),
    /// An opening line was recorded.
    OpeningRecorded(OpeningRecorded),
    /// An opening line was voided.
    OpeningVoided(OpeningVoided),
    /// A pickup was recorded.
    PickupRecorded(Pickup),
    /// A pickup was held for a clerk.
    PickupHeld(Box<PickupHeld>),
    /// A held pickup was decided about.
    HeldResolved(Box<HeldResolved>),
    /// A collector's households were listed.
    CollectorRegistered(RegisterCollector),
    /// A pickup was voided.
    PickupVoided(PickupVoided),
    /// A pickup was replaced.
    PickupCorrected(PickupCorrected),
    /// Cash was received.
    CashReceived(CashReceipt),
    /// A cash receipt was voided.
    CashVoided(CashVoided),
    /// Material was sold.
    SaleRecorded(Sale),
    /// A buyer paid.
    BuyerPaid(BuyerPayment),
    /// Stock was counted.
    StockCounted(StockCount),
    /// What was in transit was taken in.
    IntakeRecorded(Intake),
    /// The special fund was paid in.
    FundReceived(FundReceipt),
    /// The special fund was spent.
    FundSpent(FundExpense),
    /// A collector earned a month's pay.
    PayEarned(EarnedPay),
    /// A collector was paid.
    CollectorPaid(CollectorPayment),
    /// A collector handed cash in.
    CashHandedIn(CashHandIn),
    /// Cash was brought to the bank.
    CashDeposited(CashDeposit),
    /// A charge was given up.
    ChargeWrittenOff(WrittenOff),
    /// A document of the office was voided.
    DocumentVoided(DocumentVoided),
    /// The charges of a month were issued.
    FeesCharged(FeesCharged),
    /// The credit of a month was offset.
    CreditOffset(OffsetCredit),
    /// The schedule of a group was set.
    ScheduleSet(SetSchedule),
    /// A round was opened.
    RoundOpened(RoundOpened),
    /// A round came to a door where nothing was weighed.
    StopRecorded(RecordStop),
    /// A round was closed.
    RoundClosed(CloseRound),
    /// A collection point was registered.
    CollectionPointRegistered(RegisterCollectionPoint),
    /// Residual waste was taken away.
    TripRecorded(TripRecorded),
    /// A dispute was opened.
    DisputeOpened(DisputeOpened),
    /// A dispute was answered.
    DisputeAnswered(DisputeAnswered),
    /// A payout was asked for.
    PayoutRequested(PayoutRequested),
    /// A payout was approved.
    PayoutApproved(PayoutApproved),
    /// A payout was paid.
    PayoutPaid(PayoutPaid),
    /// A payout was given up.
    PayoutCancelled(PayoutCancelled),
    /// The days of payouts were over.
    PayoutsExpired(PayoutsExpired),
    /// A month was closed.
    MonthClosed(MonthClosed),
    /// A month was reviewed.
    MonthReviewed(MonthMoved),
    /// A month was signed.
    MonthSigned(MonthMoved),
    /// A month was published.
    MonthPublished(MonthMoved),
    /// A month was returned.
    MonthReturned(MonthMoved),
    /// A closed month was opened again.
    MonthReopened(MonthMoved),
}

impl Event {
    /// The word for the kind of event, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Event::VillageOpened(_) => "village_opened",
            Event::SettingsChanged(_) => "settings_changed",
            Event::MaterialRegistered(_) => "material_registered",
            Event::PriceListPublished(_) => "price_list_published",
            Event::FeePolicyAdopted(_) => "fee_policy_adopted",
            Event::HouseholdRegistered(_) => "household_registered",
            Event::HouseholdChanged(_) => "household_changed",
            Event::HouseholdMovedOut(_) => "household_moved_out",
            Event::HouseholdsMerged(_) => "households_merged",
            Event::HouseholdSplit(_) => "household_split",
            Event::HouseholdDeparted(_) => "household_departed",
            Event::HouseholdArrived(_) => "household_arrived",
            Event::AdvanceRefunded(_) => "advance_refunded",
            Event::OpeningRecorded(_) => "opening_recorded",
            Event::OpeningVoided(_) => "opening_voided",
            Event::PickupRecorded(_) => "pickup_recorded",
            Event::PickupHeld(_) => "pickup_held",
            Event::HeldResolved(_) => "held_resolved",
            Event::CollectorRegistered(_) => "collector_registered",
            Event::PickupVoided(_) => "pickup_voided",
            Event::PickupCorrected(_) => "pickup_corrected",
            Event::CashReceived(_) => "cash_received",
            Event::CashVoided(_) => "cash_voided",
            Event::SaleRecorded(_) => "sale_recorded",
            Event::BuyerPaid(_) => "buyer_paid",
            Event::StockCounted(_) => "stock_counted",
            Event::IntakeRecorded(_) => "intake_recorded",
            Event::FundReceived(_) => "fund_received",
            Event::FundSpent(_) => "fund_spent",
            Event::PayEarned(_) => "pay_earned",
            Event::CollectorPaid(_) => "collector_paid",
            Event::CashHandedIn(_) => "cash_handed_in",
            Event::CashDeposited(_) => "cash_deposited",
            Event::ChargeWrittenOff(_) => "charge_written_off",
            Event::DocumentVoided(_) => "document_voided",
            Event::FeesCharged(_) => "fees_charged",
            Event::CreditOffset(_) => "credit_offset",
            Event::ScheduleSet(_) => "schedule_set",
            Event::RoundOpened(_) => "round_opened",
            Event::StopRecorded(_) => "stop_recorded",
            Event::RoundClosed(_) => "round_closed",
            Event::CollectionPointRegistered(_) => "collection_point_registered",
            Event::TripRecorded(_) => "trip_recorded",
            Event::DisputeOpened(_) => "dispute_opened",
            Event::DisputeAnswered(_) => "dispute_answered",
            Event::PayoutRequested(_) => "payout_requested",
            Event::PayoutApproved(_) => "payout_approved",
            Event::PayoutPaid(_) => "payout_paid",
            Event::PayoutCancelled(_) => "payout_cancelled",
            Event::PayoutsExpired(_) => "payouts_expired",
            Event::MonthClosed(_) => "month_closed",
            Event::MonthReviewed(_) => "month_reviewed",
            Event::MonthSigned(_) => "month_signed",
            Event::MonthPublished(_) => "month_published",
            Event::MonthReturned(_) => "month_returned",
            Event::MonthReopened(_) => "month_reopened",
        }
    }

    /// The one household it is about; events over many households name them in their postings.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub fn household(&self) -> Option<&HouseholdNo> {
        match self {
            Event::HouseholdRegistered(event) => Some(&event.household_no),
            Event::HouseholdChanged(event) => Some(&event.household_no),
            Event::HouseholdMovedOut(event) => Some(&event.moved.household_no),
            Event::HouseholdsMerged(event) => Some(&event.from),
            Event::HouseholdSplit(event) => Some(&event.household_no),
            Event::HouseholdDeparted(event) => Some(&event.household_no),
            Event::HouseholdArrived(event) => Some(&event.household_no),
            Event::AdvanceRefunded(event) => Some(&event.household_no),
            Event::PickupRecorded(event) => Some(&event.household_no),
            Event::PickupHeld(event) => Some(&event.pickup.household_no),
            Event::HeldResolved(event) => Some(&event.household_no),
            Event::PickupVoided(event) => Some(&event.household_no),
            Event::PickupCorrected(event) => Some(&event.replacement.household_no),
            Event::CashReceived(event) => Some(&event.received.household_no),
            Event::CashVoided(event) => Some(&event.household_no),
            Event::DocumentVoided(event) => event.household_no.as_ref(),
            Event::StopRecorded(event) => Some(&event.household_no),
            Event::DisputeOpened(event) => Some(&event.household_no),
            Event::DisputeAnswered(event) => Some(&event.household_no),
            Event::ChargeWrittenOff(event) => Some(&event.given_up.household_no),
            Event::PayoutRequested(event) => Some(&event.requested.household_no),
            Event::PayoutApproved(event) => Some(&event.household_no),
            Event::PayoutPaid(event) => Some(&event.household_no),
            Event::PayoutCancelled(event) => Some(&event.household_no),
            _ => None,
        }
    }

    /// Whether it registered a household under that number.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds register nobody"
    )]
    pub fn registers(&self, number: &HouseholdNo) -> bool {
        match self {
            Event::HouseholdRegistered(event) => event.household_no == *number,
            Event::HouseholdSplit(event) => event
                .parts
                .iter()
                .any(|part| part.household.household_no == *number),
            Event::HouseholdArrived(event) => {
                event.registered.is_some() && event.household_no == *number
            }
            _ => false,
        }
    }

    /// The pickup it made, first, once it was released, or as a replacement.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub fn pickup(&self) -> Option<&Pickup> {
        match self {
            Event::PickupRecorded(pickup) => Some(pickup),
            Event::HeldResolved(event) => event.recorded.as_ref(),
            Event::PickupCorrected(event) => Some(&event.replacement),
            _ => None,
        }
    }

    /// The postings and movements that follow from the event alone, where they do.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "those of the others depend on the books as well"
    )]
    pub fn booked(&self) -> Option<(Vec<Posting>, Vec<StockMovement>)> {
        match self {
            Event::PickupRecorded(pickup) => Some(pickup.booked()),
            Event::HeldResolved(event) => {
                let booked = event.recorded.as_ref().map(Pickup::booked);
                Some(booked.unwrap_or_default())
            }
            Event::CashReceived(receipt) => Some((receipt.postings(), Vec::new())),
            // Without money: there is nothing to take back but the record.
            Event::PickupHeld(_) | Event::TripRecorded(_) => Some((Vec::new(), Vec::new())),
            Event::HouseholdsMerged(event) => Some((event.postings(), Vec::new())),
            Event::HouseholdSplit(event) => Some((event.postings(), Vec::new())),
            Event::HouseholdArrived(event) => Some((event.postings(), Vec::new())),
            Event::SaleRecorded(sale) => Some(sale.booked()),
            Event::BuyerPaid(payment) => Some((payment.postings(), Vec::new())),
            Event::StockCounted(count) => Some(count.booked()),
            Event::IntakeRecorded(intake) => Some(intake.booked()),
            Event::PayoutPaid(paid) => Some((paid.postings(), Vec::new())),
            Event::FundReceived(receipt) => Some((receipt.postings(), Vec::new())),
            Event::FundSpent(expense) => Some((expense.postings(), Vec::new())),
            Event::PayEarned(pay) => Some((pay.postings(), Vec::new())),
            Event::CollectorPaid(payment) => Some((payment.postings(), Vec::new())),
            Event::CashHandedIn(cash) => Some((cash.postings(), Vec::new())),
            Event::CashDeposited(cash) => Some((cash.postings(), Vec::new())),
            Event::ChargeWrittenOff(event) => Some((event.postings(), Vec::new())),
            _ => None,
        }
    }

    /// The postings and movements that voiding its document takes back whole, where that is all that voiding does (R-CO-7).
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other documents have a void of their own, or none"
    )]
    pub fn reversible(&self) -> Option<(Vec<Posting>, Vec<StockMovement>)> {
        match self {
            Event::PickupRecorded(_)
            | Event::PickupHeld(_)
            | Event::HeldResolved(_)
            | Event::CashReceived(_)
            | Event::HouseholdsMerged(_)
            | Event::HouseholdSplit(_)
            | Event::IntakeRecorded(_) => None,
            // That the household moved out stays, and so does what that did to its charges.
            Event::HouseholdDeparted(event) => Some((event.transferred(), Vec::new())),
            other => other.booked(),
        }
    }

    /// When what its document tells of happened.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other documents have a void of their own, or none"
    )]
    pub fn occurred_at(&self) -> Option<Timestamp> {
        match self {
            Event::CashReceived(receipt) => Some(receipt.received.received_at),
            Event::TripRecorded(trip) => Some(trip.at),
            Event::HouseholdDeparted(event) => Some(start_of_day(event.on)),
            Event::HouseholdArrived(event) => Some(event.arrived_at),
            Event::SaleRecorded(sale) => Some(sale.sold_at),
            Event::BuyerPaid(payment) => Some(payment.paid.paid_at),
            Event::StockCounted(count) => Some(count.counted_at),
            Event::IntakeRecorded(intake) => Some(intake.taken_in_at),
            Event::PayoutPaid(paid) => Some(paid.paid_at),
            Event::FundReceived(receipt) => Some(receipt.received.received_at),
            Event::FundSpent(expense) => Some(expense.spent.spent_at),
            Event::PayEarned(pay) => Some(pay.earned.month.last_instant()),
            Event::CollectorPaid(payment) => Some(payment.paid.paid_at),
            Event::CashHandedIn(cash) => Some(cash.handed_in.handed_in_at),
            Event::CashDeposited(cash) => Some(cash.deposited.deposited_at),
            Event::ChargeWrittenOff(event) => Some(event.given_up.written_off_at),
            other => other.pickup().map(|pickup| pickup.occurred_at),
        }
    }

    /// The document it made.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub fn document(&self) -> Option<(DocumentKind, &DocumentNo)> {
        match self {
            Event::OpeningRecorded(event) => Some((DocumentKind::Opening, &event.number)),
            Event::CashReceived(event) => Some((DocumentKind::CashReceipt, &event.receipt_no)),
            Event::TripRecorded(event) => Some((DocumentKind::Trip, &event.number)),
            Event::DisputeOpened(event) => Some((DocumentKind::Dispute, &event.number)),
            Event::HouseholdsMerged(event) => Some((DocumentKind::Merge, &event.number)),
            Event::HouseholdSplit(event) => Some((DocumentKind::Split, &event.number)),
            Event::HouseholdDeparted(event) => Some((DocumentKind::Departure, &event.number)),
            Event::HouseholdArrived(event) => Some((DocumentKind::Arrival, &event.number)),
            Event::SaleRecorded(event) => Some((DocumentKind::Sale, &event.sale_no)),
            Event::BuyerPaid(event) => Some((DocumentKind::BuyerPayment, &event.payment_no)),
            Event::StockCounted(event) => Some((DocumentKind::StockCount, &event.count_no)),
            Event::IntakeRecorded(event) => Some((DocumentKind::Intake, &event.intake_no)),
            Event::PayoutRequested(event) => Some((DocumentKind::Payout, &event.number)),
            // What a void takes back is the payment.
            Event::PayoutPaid(event) => Some((DocumentKind::Payout, &event.number)),
            Event::FundReceived(event) => Some((DocumentKind::FundReceipt, &event.number)),
            Event::FundSpent(event) => Some((DocumentKind::FundExpense, &event.number)),
            Event::PayEarned(event) => Some((DocumentKind::CollectorPay, &event.number)),
            Event::CollectorPaid(event) => Some((DocumentKind::CollectorPayment, &event.number)),
            Event::CashHandedIn(event) => Some((DocumentKind::HandIn, &event.number)),
            Event::CashDeposited(event) => Some((DocumentKind::Deposit, &event.number)),
            Event::ChargeWrittenOff(event) => Some((DocumentKind::WriteOff, &event.number)),
            // What is held has its number, and what was rejected keeps it.
            Event::PickupHeld(event) => Some((DocumentKind::Pickup, &event.pickup.pickup_no)),
            Event::HeldResolved(event) => Some((DocumentKind::Pickup, &event.pickup_no)),
            Event::MonthClosed(event) => Some((DocumentKind::MonthClose, &event.number)),
            other => other
                .pickup()
                .map(|pickup| (DocumentKind::Pickup, &pickup.pickup_no)),
        }
    }

    /// The document it reversed.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub fn reversed_document(&self) -> Option<(DocumentKind, &DocumentNo)> {
        match self {
            Event::OpeningVoided(event) => Some((DocumentKind::Opening, &event.number)),
            Event::PickupVoided(event) => Some((DocumentKind::Pickup, &event.pickup_no)),
            Event::PickupCorrected(event) => Some((DocumentKind::Pickup, &event.pickup_no)),
            Event::CashVoided(event) => Some((DocumentKind::CashReceipt, &event.receipt_no)),
            Event::DocumentVoided(event) => Some((event.kind, &event.number)),
            _ => None,
        }
    }

    /// The payouts on hold that it cancelled, because it took their cover away (R-CO-4).
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds take no credit away, or only what is not on hold"
    )]
    pub fn cancelled_payouts(&self) -> &[DocumentNo] {
        match self {
            Event::PickupVoided(event) => &event.cancelled_payouts,
            Event::PickupCorrected(event) => &event.cancelled_payouts,
            Event::OpeningVoided(event) => &event.cancelled_payouts,
            Event::DocumentVoided(event) => &event.cancelled_payouts,
            _ => &[],
        }
    }

    /// Where it names the payouts that it cancels, if it may take the cover of one away.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds take no credit away, or only what is not on hold"
    )]
    pub(crate) const fn cancelled_payouts_mut(&mut self) -> Option<&mut Vec<DocumentNo>> {
        match self {
            Event::PickupVoided(event) => Some(&mut event.cancelled_payouts),
            Event::PickupCorrected(event) => Some(&mut event.cancelled_payouts),
            Event::OpeningVoided(event) => Some(&mut event.cancelled_payouts),
            Event::DocumentVoided(event) => Some(&mut event.cancelled_payouts),
            _ => None,
        }
    }
}
