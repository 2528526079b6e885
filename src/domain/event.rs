//! What happened: the non-personal content of a journal entry, as the JSON that is stored and hashed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::closing::MonthClosed;
use crate::domain::facts::DocumentKind;
use crate::domain::fee::{AdoptFeePolicy, FeesCharged};
use crate::domain::household::{ChangedHousehold, RegisteredHousehold};
use crate::domain::journal::{Posting, StockMovement};
use crate::domain::move_out::{MovedOut, RefundAdvance};
use crate::domain::opening::{OpeningRecorded, OpeningVoided};
use crate::domain::pickup::{Pickup, PickupCorrected, PickupVoided};
use crate::domain::price_list::PublishedPriceList;
use crate::domain::reversal::DocumentVoided;
use crate::domain::settings::ChangeSettings;
use crate::domain::settlement::{CashReceipt, CashVoided, OffsetCredit};
use crate::domain::sign_off::MonthMoved;
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
    /// Fee advance was paid back.
    AdvanceRefunded(RefundAdvance),
    /// An opening line was recorded.
    OpeningRecorded(OpeningRecorded),
    /// An opening line was voided.
    OpeningVoided(OpeningVoided),
    /// A pickup was recorded.
    PickupRecorded(Pickup),
    /// A pickup was voided.
    PickupVoided(PickupVoided),
    /// A pickup was replaced.
    PickupCorrected(PickupCorrected),
    /// Cash was received.
    CashReceived(CashReceipt),
    /// A cash receipt was voided.
    CashVoided(CashVoided),
    /// A document of the office was voided.
    DocumentVoided(DocumentVoided),
    /// The charges of a month were issued.
    FeesCharged(FeesCharged),
    /// The credit of a month was offset.
    CreditOffset(OffsetCredit),
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
            Event::AdvanceRefunded(_) => "advance_refunded",
            Event::OpeningRecorded(_) => "opening_recorded",
            Event::OpeningVoided(_) => "opening_voided",
            Event::PickupRecorded(_) => "pickup_recorded",
            Event::PickupVoided(_) => "pickup_voided",
            Event::PickupCorrected(_) => "pickup_corrected",
            Event::CashReceived(_) => "cash_received",
            Event::CashVoided(_) => "cash_voided",
            Event::DocumentVoided(_) => "document_voided",
            Event::FeesCharged(_) => "fees_charged",
            Event::CreditOffset(_) => "credit_offset",
            Event::MonthClosed(_) => "month_closed",
            Event::MonthReviewed(_) => "month_reviewed",
            Event::MonthSigned(_) => "month_signed",
            Event::MonthPublished(_) => "month_published",
            Event::MonthReturned(_) => "month_returned",
            Event::MonthReopened(_) => "month_reopened",
        }
    }

    /// The one household it is about; events over many households name them in their postings.
    pub fn household(&self) -> Option<&HouseholdNo> {
        match self {
            Event::HouseholdRegistered(event) => Some(&event.household_no),
            Event::HouseholdChanged(event) => Some(&event.household_no),
            Event::HouseholdMovedOut(event) => Some(&event.moved.household_no),
            Event::AdvanceRefunded(event) => Some(&event.household_no),
            Event::PickupRecorded(event) => Some(&event.household_no),
            Event::PickupVoided(event) => Some(&event.household_no),
            Event::PickupCorrected(event) => Some(&event.replacement.household_no),
            Event::CashReceived(event) => Some(&event.received.household_no),
            Event::CashVoided(event) => Some(&event.household_no),
            Event::DocumentVoided(event) => event.household_no.as_ref(),
            Event::VillageOpened(_)
            | Event::SettingsChanged(_)
            | Event::MaterialRegistered(_)
            | Event::PriceListPublished(_)
            | Event::FeePolicyAdopted(_)
            | Event::OpeningRecorded(_)
            | Event::OpeningVoided(_)
            | Event::FeesCharged(_)
            | Event::CreditOffset(_)
            | Event::MonthClosed(_)
            | Event::MonthReviewed(_)
            | Event::MonthSigned(_)
            | Event::MonthPublished(_)
            | Event::MonthReturned(_)
            | Event::MonthReopened(_) => None,
        }
    }

    /// The pickup it made, first or as a replacement.
    pub const fn pickup(&self) -> Option<&Pickup> {
        match self {
            Event::PickupRecorded(pickup) => Some(pickup),
            Event::PickupCorrected(event) => Some(&event.replacement),
            Event::VillageOpened(_)
            | Event::SettingsChanged(_)
            | Event::MaterialRegistered(_)
            | Event::PriceListPublished(_)
            | Event::FeePolicyAdopted(_)
            | Event::HouseholdRegistered(_)
            | Event::HouseholdChanged(_)
            | Event::HouseholdMovedOut(_)
            | Event::AdvanceRefunded(_)
            | Event::OpeningRecorded(_)
            | Event::OpeningVoided(_)
            | Event::PickupVoided(_)
            | Event::CashReceived(_)
            | Event::CashVoided(_)
            | Event::DocumentVoided(_)
            | Event::FeesCharged(_)
            | Event::CreditOffset(_)
            | Event::MonthClosed(_)
            | Event::MonthReviewed(_)
            | Event::MonthSigned(_)
            | Event::MonthPublished(_)
            | Event::MonthReturned(_)
            | Event::MonthReopened(_) => None,
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
            Event::CashReceived(receipt) => Some((receipt.postings(), Vec::new())),
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
            Event::PickupRecorded(_) | Event::CashReceived(_) => None,
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
            Event::MonthClosed(event) => Some((DocumentKind::MonthClose, &event.number)),
            other => other
                .pickup()
                .map(|pickup| (DocumentKind::Pickup, &pickup.pickup_no)),
        }
    }

    /// The document it reversed.
    pub fn reversed_document(&self) -> Option<(DocumentKind, &DocumentNo)> {
        match self {
            Event::OpeningVoided(event) => Some((DocumentKind::Opening, &event.number)),
            Event::PickupVoided(event) => Some((DocumentKind::Pickup, &event.pickup_no)),
            Event::PickupCorrected(event) => Some((DocumentKind::Pickup, &event.pickup_no)),
            Event::CashVoided(event) => Some((DocumentKind::CashReceipt, &event.receipt_no)),
            Event::DocumentVoided(event) => Some((event.kind, &event.number)),
            Event::VillageOpened(_)
            | Event::SettingsChanged(_)
            | Event::MaterialRegistered(_)
            | Event::PriceListPublished(_)
            | Event::FeePolicyAdopted(_)
            | Event::HouseholdRegistered(_)
            | Event::HouseholdChanged(_)
            | Event::HouseholdMovedOut(_)
            | Event::AdvanceRefunded(_)
            | Event::OpeningRecorded(_)
            | Event::PickupRecorded(_)
            | Event::CashReceived(_)
            | Event::FeesCharged(_)
            | Event::CreditOffset(_)
            | Event::MonthClosed(_)
            | Event::MonthReviewed(_)
            | Event::MonthSigned(_)
            | Event::MonthPublished(_)
            | Event::MonthReturned(_)
            | Event::MonthReopened(_) => None,
        }
    }
}
