//! The commands: every change of the books is one of these, whoever asks for it.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::cash_custody::{Deposit, HandIn};
use crate::domain::clearing::{ArriveHousehold, DepartHousehold};
use crate::domain::closing::CloseMonth;
use crate::domain::collector::RegisterCollector;
use crate::domain::collector_pay::{EarnPay, PayCollector};
use crate::domain::dispute::{AnswerDispute, OpenDispute};
use crate::domain::facts::Need;
use crate::domain::fee::{AdoptFeePolicy, ChargeFees};
use crate::domain::fund::{ReceiveFund, SpendFund};
use crate::domain::held::ResolveHeld;
use crate::domain::household::{ChangeHousehold, RegisterHousehold};
use crate::domain::material::RegisterMaterial;
use crate::domain::merge::MergeHouseholds;
use crate::domain::month::business_date;
use crate::domain::move_out::{MoveOut, RefundAdvance};
use crate::domain::opening::{RecordOpening, VoidOpening};
use crate::domain::payout::{
    ApprovePayout, CancelPayout, ExpirePayouts, PayPayout, RequestPayout, step_needs,
};
use crate::domain::phone::as_made;
use crate::domain::pickup::{CorrectPickup, RecordPickup, VoidPickup};
use crate::domain::price_list::PublishPriceList;
use crate::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use crate::domain::register::RegisterKind;
use crate::domain::reversal::VoidDocument;
use crate::domain::round::{CloseRound, OpenRound, RecordStop, round_need};
use crate::domain::sale::{BuyerPays, RecordSale};
use crate::domain::schedule::SetSchedule;
use crate::domain::settings::ChangeSettings;
use crate::domain::settlement::{OffsetCredit, ReceiveCash, VoidCash};
use crate::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use crate::domain::split::SplitHousehold;
use crate::domain::stock_count::CountStock;
use crate::domain::transit::RecordIntake;
use crate::domain::village::OpenVillage;
use crate::domain::write_off::WriteOff;
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
    /// Makes two households one.
    MergeHouseholds(MergeHouseholds),
    /// Splits a household.
    SplitHousehold(SplitHousehold),
    /// Lets a household leave for another village.
    DepartHousehold(DepartHousehold),
    /// Takes a household in from another village.
    ArriveHousehold(ArriveHousehold),
    /// Pays fee advance back.
    RefundAdvance(RefundAdvance),
    /// Records an opening line.
    RecordOpening(RecordOpening),
    /// Voids an opening line.
    VoidOpening(VoidOpening),
    /// Records a pickup.
    RecordPickup(RecordPickup),
    /// Decides about a held pickup.
    ResolveHeld(ResolveHeld),
    /// Lists a collector's households.
    RegisterCollector(RegisterCollector),
    /// Voids a pickup.
    VoidPickup(VoidPickup),
    /// Replaces a pickup.
    CorrectPickup(CorrectPickup),
    /// Receives cash.
    ReceiveCash(ReceiveCash),
    /// Voids a cash receipt.
    VoidCash(VoidCash),
    /// Sells material.
    RecordSale(RecordSale),
    /// A buyer pays.
    BuyerPays(BuyerPays),
    /// Counts stock.
    CountStock(CountStock),
    /// Takes in what was in transit.
    RecordIntake(RecordIntake),
    /// Receives money for the special fund.
    ReceiveFund(ReceiveFund),
    /// Spends the special fund.
    SpendFund(SpendFund),
    /// Records what a collector earned in a month.
    EarnPay(EarnPay),
    /// Pays a collector.
    PayCollector(PayCollector),
    /// Hands cash in.
    HandIn(HandIn),
    /// Brings cash to the bank.
    Deposit(Deposit),
    /// Gives up a charge.
    WriteOff(WriteOff),
    /// Voids a document of the office.
    VoidDocument(VoidDocument),
    /// Issues the charges of a month.
    ChargeFees(ChargeFees),
    /// Offsets the credit of a month.
    OffsetCredit(OffsetCredit),
    /// Sets the schedule of a group.
    SetSchedule(SetSchedule),
    /// Opens a round.
    OpenRound(OpenRound),
    /// Records that nothing was weighed at a door.
    RecordStop(RecordStop),
    /// Closes a round.
    CloseRound(CloseRound),
    /// Registers a collection point.
    RegisterCollectionPoint(RegisterCollectionPoint),
    /// Records a trip with residual waste.
    RecordTrip(RecordTrip),
    /// Opens a dispute.
    OpenDispute(OpenDispute),
    /// Answers a dispute.
    AnswerDispute(AnswerDispute),
    /// Asks for credit to be paid out.
    RequestPayout(RequestPayout),
    /// Approves a payout.
    ApprovePayout(ApprovePayout),
    /// Pays a payout.
    PayPayout(PayPayout),
    /// Gives a payout up.
    CancelPayout(CancelPayout),
    /// Notes which payouts have expired.
    ExpirePayouts(ExpirePayouts),
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
            Command::MergeHouseholds(command) => command.private(),
            Command::SplitHousehold(command) => command.private(),
            Command::ArriveHousehold(command) => command.private(),
            Command::VoidOpening(command) => command.private(),
            Command::RecordPickup(command) => command.private(),
            Command::ResolveHeld(command) => command.private(),
            Command::VoidPickup(command) => command.private(),
            Command::CorrectPickup(command) => command.private(),
            Command::VoidCash(command) => command.private(),
            Command::CountStock(command) => command.private(),
            Command::VoidDocument(command) => command.private(),
            Command::OpenDispute(command) => command.private(),
            Command::AnswerDispute(command) => command.private(),
            Command::CancelPayout(command) => command.private(),
            Command::ReturnMonth(command) => command.private(),
            Command::ReopenMonth(command) => command.private(),
            Command::OpenVillage(_)
            | Command::ReceiveFund(_)
            | Command::SpendFund(_)
            | Command::EarnPay(_)
            | Command::PayCollector(_)
            | Command::HandIn(_)
            | Command::Deposit(_)
            | Command::WriteOff(_)
            | Command::ChangeSettings(_)
            | Command::RegisterMaterial(_)
            | Command::PublishPriceList(_)
            | Command::AdoptFeePolicy(_)
            | Command::MoveOut(_)
            | Command::DepartHousehold(_)
            | Command::RefundAdvance(_)
            | Command::RecordOpening(_)
            | Command::ReceiveCash(_)
            | Command::RecordSale(_)
            | Command::BuyerPays(_)
            | Command::RecordIntake(_)
            | Command::RegisterCollector(_)
            | Command::ChargeFees(_)
            | Command::OffsetCredit(_)
            | Command::SetSchedule(_)
            | Command::OpenRound(_)
            | Command::RecordStop(_)
            | Command::CloseRound(_)
            | Command::RegisterCollectionPoint(_)
            | Command::RecordTrip(_)
            | Command::RequestPayout(_)
            | Command::ApprovePayout(_)
            | Command::PayPayout(_)
            | Command::ExpirePayouts(_)
            | Command::CloseMonth(_)
            | Command::ReviewMonth(_)
            | Command::SignMonth(_)
            | Command::PublishMonth(_) => PrivateDetails::default(),
        }
    }

    /// The role that it is usually given in at the office.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what the office does, the clerk does"
    )]
    pub const fn usual_role(&self) -> Role {
        match self {
            // Four eyes (R-ST-5): another person than the clerk who requested.
            Command::ApprovePayout(_) | Command::ReviewMonth(_) | Command::ReturnMonth(_) => {
                Role::Supervisor
            }
            Command::SignMonth(_) => Role::Official,
            _ => Role::Clerk,
        }
    }

    /// Its non-personal content, as the JSON text that is fingerprinted.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a phone makes no other command"
    )]
    pub fn to_json(&self) -> String {
        let is_of_phone = match self {
            Command::RecordPickup(command) => command.phone.is_some(),
            Command::VoidPickup(command) => command.phone.is_some(),
            _ => false,
        };
        if !is_of_phone {
            return serde_json::to_string(self).unwrap_or_default();
        }
        let mut written = serde_json::to_value(self).unwrap_or_default();
        as_made(self, &mut written);
        written.to_string()
    }

    /// Whether it concerns every household of the village, or lets a month take entries again, so that it runs as a batch of its own.
    pub const fn is_village_wide(&self) -> bool {
        matches!(
            self,
            Command::AdoptFeePolicy(_)
                | Command::ChargeFees(_)
                | Command::OffsetCredit(_)
                | Command::OpenRound(_)
                | Command::CloseMonth(_)
                | Command::ReturnMonth(_)
                | Command::ReopenMonth(_)
        )
    }

    /// The facts it surely needs, so that a batch can load them together; what else it turns out to need it asks for when decided.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per command, and nothing else"
    )]
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
            Command::MergeHouseholds(command) => command.needs(),
            Command::SplitHousehold(command) => command.needs(),
            Command::DepartHousehold(command) => command.needs(),
            Command::ArriveHousehold(command) => command.needs(),
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
                Need::OpenRegister(RegisterKind::Payout),
            ],
            Command::RecordPickup(command) => command.needs(),
            Command::ResolveHeld(command) => command.needs(),
            Command::RegisterCollector(command) => command.needs(),
            Command::VoidPickup(command) => {
                vec![
                    document(DocumentKind::Pickup, &command.pickup_no),
                    Need::Stock,
                    Need::OpenRegister(RegisterKind::Payout),
                ]
            }
            Command::CorrectPickup(command) => vec![
                Need::PriceLists,
                document(DocumentKind::Pickup, &command.pickup_no),
                document(DocumentKind::Pickup, &command.new_no),
                Need::Stock,
                Need::OpenRegister(RegisterKind::Payout),
            ],
            Command::ReceiveCash(command) => vec![
                Need::Household(command.household_no.clone()),
                Need::Account(command.household_no.clone()),
                Need::LastNumber(
                    DocumentKind::CashReceipt,
                    business_date(command.received_at).year(),
                ),
            ],
            Command::RecordSale(command) => command.needs(),
            Command::BuyerPays(command) => command.needs(),
            Command::CountStock(command) => command.needs(),
            Command::RecordIntake(command) => command.needs(),
            Command::VoidDocument(command) => {
                vec![
                    document(command.kind, &command.number),
                    Need::Stock,
                    Need::OpenRegister(RegisterKind::Payout),
                ]
            }
            Command::ReceiveFund(command) => command.needs(),
            Command::SpendFund(command) => command.needs(),
            Command::EarnPay(command) => command.needs(),
            Command::PayCollector(command) => command.needs(),
            Command::HandIn(command) => command.needs(),
            Command::Deposit(command) => command.needs(),
            Command::WriteOff(command) => command.needs(),
            Command::VoidCash(command) => {
                vec![document(DocumentKind::CashReceipt, &command.receipt_no)]
            }
            Command::OpenRound(command) => vec![round_need(&command.round_no)],
            Command::CloseRound(command) => vec![round_need(&command.round_no)],
            Command::RecordStop(command) => vec![
                Need::Household(command.household_no.clone()),
                round_need(&command.round_no),
            ],
            Command::RecordTrip(command) => command.needs(),
            Command::OpenDispute(command) => command.needs(),
            Command::AnswerDispute(command) => command.needs(),
            Command::CloseMonth(command) => command.needs(),
            Command::OpenVillage(_)
            | Command::ChangeSettings(_)
            | Command::RegisterMaterial(_)
            | Command::AdoptFeePolicy(_)
            | Command::ChargeFees(_)
            | Command::SetSchedule(_)
            | Command::RegisterCollectionPoint(_)
            | Command::ReviewMonth(_)
            | Command::SignMonth(_)
            | Command::PublishMonth(_)
            | Command::ReturnMonth(_)
            | Command::ReopenMonth(_) => Vec::new(),
            Command::OffsetCredit(_) | Command::ExpirePayouts(_) => {
                vec![Need::OpenRegister(RegisterKind::Payout)]
            }
            Command::RequestPayout(command) => command.needs(),
            Command::ApprovePayout(ApprovePayout { number, .. })
            | Command::PayPayout(PayPayout { number, .. })
            | Command::CancelPayout(CancelPayout { number, .. }) => step_needs(number),
        }
    }
}
