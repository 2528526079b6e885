//! The commands: every change of the books is one of these, whoever asks for it.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::closing::CloseMonth;
use crate::domain::facts::Need;
use crate::domain::fee::{AdoptFeePolicy, ChargeFees};
use crate::domain::household::{ChangeHousehold, RegisterHousehold};
use crate::domain::material::RegisterMaterial;
use crate::domain::move_out::{MoveOut, RefundAdvance};
use crate::domain::opening::{RecordOpening, VoidOpening};
use crate::domain::pickup::{CorrectPickup, RecordPickup, VoidPickup};
use crate::domain::price_list::PublishPriceList;
use crate::domain::reversal::VoidDocument;
use crate::domain::settings::ChangeSettings;
use crate::domain::settlement::{OffsetCredit, ReceiveCash, VoidCash};
use crate::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use crate::domain::village::OpenVillage;
use crate::domain::{Actor, DocumentKind, Role, VillageCode};

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Opens a village's book.
    OpenVillage(OpenVillage),
    /// Sets the figures of a village.
    ChangeSettings(ChangeSettings),
    /// Registers a material.
    RegisterMaterial(RegisterMaterial),
    /// Publishes a price list.
    PublishPriceList(PublishPriceList),
    /// Adopts a fee policy.
    AdoptFeePolicy(AdoptFeePolicy),
    /// Registers a household.
    RegisterHousehold(RegisterHousehold),
    /// Changes a household.
    ChangeHousehold(ChangeHousehold),
    /// Moves a household out.
    MoveOut(MoveOut),
    /// Pays fee advance back.
    RefundAdvance(RefundAdvance),
    /// Records an opening line.
    RecordOpening(RecordOpening),
    /// Voids an opening line.
    VoidOpening(VoidOpening),
    /// Records a pickup.
    RecordPickup(RecordPickup),
    /// Voids a pickup.
    VoidPickup(VoidPickup),
    /// Replaces a pickup.
    CorrectPickup(CorrectPickup),
    /// Receives cash.
    ReceiveCash(ReceiveCash),
    /// Voids a cash receipt.
    VoidCash(VoidCash),
    /// Voids a document of the office.
    VoidDocument(VoidDocument),
    /// Issues the charges of a month.
    ChargeFees(ChargeFees),
    /// Offsets the credit of a month.
    OffsetCredit(OffsetCredit),
    /// Closes a month.
    CloseMonth(CloseMonth),
    /// Reviews a month.
    ReviewMonth(ReviewMonth),
    /// Signs a month.
    SignMonth(SignMonth),
    /// Publishes a month.
    PublishMonth(PublishMonth),
    /// Returns a month.
    ReturnMonth(ReturnMonth),
    /// Opens a closed month again.
    ReopenMonth(ReopenMonth),
}

/// A command with who asks, for which village, and under which id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The village whose book it is.
    pub village: VillageCode,
    /// The client-made id (R-PK-6).
    pub id: Uuid,
    /// Who asks.
    pub actor: Actor,
    /// What is asked for.
    pub command: Command,
}

/// Personal details of a command by name: kept apart from the journal, which knows their salted digest only.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct PrivateDetails(BTreeMap<String, String>);

impl PrivateDetails {
    /// Just a reason.
    pub fn reason(reason: &str) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        details.put("reason", reason);
        details
    }

    /// Adds a detail, unless it is empty.
    pub fn put(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The details as JSON; none if there are none.
    pub fn to_json(&self) -> Option<String> {
        let content = serde_json::to_string(self).unwrap_or_default();
        (!self.0.is_empty()).then_some(content)
    }
}

impl Command {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        match self {
            Command::RegisterHousehold(command) => command.private(),
            Command::ChangeHousehold(command) => command.private(),
            Command::VoidOpening(command) => command.private(),
            Command::RecordPickup(command) => command.private(),
            Command::VoidPickup(command) => command.private(),
            Command::CorrectPickup(command) => command.private(),
            Command::VoidCash(command) => command.private(),
            Command::VoidDocument(command) => command.private(),
            Command::ReturnMonth(command) => command.private(),
            Command::ReopenMonth(command) => command.private(),
            Command::OpenVillage(_)
            | Command::ChangeSettings(_)
            | Command::RegisterMaterial(_)
            | Command::PublishPriceList(_)
            | Command::AdoptFeePolicy(_)
            | Command::MoveOut(_)
            | Command::RefundAdvance(_)
            | Command::RecordOpening(_)
            | Command::ReceiveCash(_)
            | Command::ChargeFees(_)
            | Command::OffsetCredit(_)
            | Command::CloseMonth(_)
            | Command::ReviewMonth(_)
            | Command::SignMonth(_)
            | Command::PublishMonth(_) => PrivateDetails::default(),
        }
    }

    /// The role that it is usually given in at the office.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the clerk does everything else"
    )]
    pub const fn usual_role(&self) -> Role {
        match self {
            Command::ReviewMonth(_) | Command::ReturnMonth(_) => Role::Supervisor,
            Command::SignMonth(_) => Role::Official,
            _ => Role::Clerk,
        }
    }

    /// Its non-personal content, as the JSON text that is fingerprinted.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether it concerns every household of the village, or lets a month take entries again, so that it runs as a batch of its own.
    pub const fn is_village_wide(&self) -> bool {
        matches!(
            self,
            Command::AdoptFeePolicy(_)
                | Command::ChargeFees(_)
                | Command::OffsetCredit(_)
                | Command::CloseMonth(_)
                | Command::ReturnMonth(_)
                | Command::ReopenMonth(_)
        )
    }

    /// The facts it surely needs, so that a batch can load them together; what else it turns out to need it asks for when decided.
    pub fn needs(&self) -> Vec<Need> {
        let document =
            |kind, number: &crate::domain::DocumentNo| Need::Document(kind, number.clone());
        match self {
            Command::PublishPriceList(_) => vec![Need::PriceLists],
            Command::RegisterHousehold(command) => {
                vec![Need::Household(command.household_no.clone())]
            }
            Command::ChangeHousehold(command) => {
                vec![Need::Household(command.household_no.clone())]
            }
            Command::MoveOut(command) => {
                vec![
                    Need::Household(command.household_no.clone()),
                    Need::Account(command.household_no.clone()),
                ]
            }
            Command::RefundAdvance(command) => {
                vec![
                    Need::Household(command.household_no.clone()),
                    Need::Account(command.household_no.clone()),
                ]
            }
            Command::RecordOpening(command) => {
                let household = command.line.household();
                let account = household.clone().map(Need::Account);
                let number = command
                    .line
                    .number()
                    .ok()
                    .map(|number| document(DocumentKind::Opening, &number));
                household
                    .map(Need::Household)
                    .into_iter()
                    .chain(account)
                    .chain(number)
                    .collect()
            }
            Command::VoidOpening(command) => vec![
                document(DocumentKind::Opening, &command.number),
                Need::Stock,
            ],
            Command::RecordPickup(command) => vec![
                Need::PriceLists,
                Need::Household(command.household_no.clone()),
                document(DocumentKind::Pickup, &command.pickup_no),
            ],
            Command::VoidPickup(command) => {
                vec![
                    document(DocumentKind::Pickup, &command.pickup_no),
                    Need::Stock,
                ]
            }
            Command::CorrectPickup(command) => vec![
                Need::PriceLists,
                document(DocumentKind::Pickup, &command.pickup_no),
                document(DocumentKind::Pickup, &command.new_no),
                Need::Stock,
            ],
            Command::ReceiveCash(command) => vec![
                Need::Household(command.household_no.clone()),
                Need::Account(command.household_no.clone()),
                Need::LastNumber(
                    DocumentKind::CashReceipt,
                    crate::domain::month::business_date(command.received_at).year(),
                ),
            ],
            Command::VoidDocument(command) => {
                vec![document(command.kind, &command.number), Need::Stock]
            }
            Command::VoidCash(command) => {
                vec![document(DocumentKind::CashReceipt, &command.receipt_no)]
            }
            Command::CloseMonth(command) => command.needs(),
            Command::OpenVillage(_)
            | Command::ChangeSettings(_)
            | Command::RegisterMaterial(_)
            | Command::AdoptFeePolicy(_)
            | Command::ChargeFees(_)
            | Command::OffsetCredit(_)
            | Command::ReviewMonth(_)
            | Command::SignMonth(_)
            | Command::PublishMonth(_)
            | Command::ReturnMonth(_)
            | Command::ReopenMonth(_) => Vec::new(),
        }
    }
}
