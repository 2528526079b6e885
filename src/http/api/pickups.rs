//! Pickups: recorded, many at once too, voided, corrected, looked up.

use axum::Json;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::authority::Question;
use crate::domain::number::parse_whole;
use crate::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use crate::domain::{Command, DocumentKind, Quantity, Refusal, WrittenUnit};
use crate::http::api::documents::{DocumentAnswer, VoidBody};
use crate::http::extract::{Body, Order, Visit, command_id};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::receipt::{Receipt, in_line};
use crate::http::written::{
    CollectorText, FigureText, HouseholdText, InstantText, MaterialText, NumberText, Plain,
    PlainText, Written, maybe,
};

/// What a weight or count is written in.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnitBody {
    /// 公斤.
    Kg,
    /// 斤, half a kilogram.
    Jin,
    /// 个.
    Piece,
}

impl From<UnitBody> for WrittenUnit {
    fn from(unit: UnitBody) -> WrittenUnit {
        match unit {
            UnitBody::Kg => WrittenUnit::Kg,
            UnitBody::Jin => WrittenUnit::Jin,
            UnitBody::Piece => WrittenUnit::Piece,
        }
    }
}

/// A line as it was weighed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    material: MaterialText,
    unit: UnitBody,
    /// The gross weight, or the count.
    gross: FigureText,
    /// The weight of the bag; nothing where there is none.
    tare: Option<FigureText>,
    /// 扣水扣杂, per mille, 0 to 500.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 500)]
    deduction: i64,
    /// Why something is deducted.
    deduction_reason: Option<PlainText>,
}

impl LineBody {
    fn line(&self) -> Result<WeighedLine, Refusal> {
        let unit = self.unit.into();
        let tare = self.tare.as_ref().map_or("0", Written::as_str);
        let reason = maybe(self.deduction_reason.as_ref(), "deduction_reason")?;
        Ok(WeighedLine {
            material: self.material.read("material")?,
            gross: Quantity::parse("gross", self.gross.as_str(), unit)?,
            tare: Quantity::parse("tare", tare, unit)?,
            deduction: parse_whole("deduction", &self.deduction.to_string(), 0, 500)?,
            deduction_reason: reason.map_or(String::new(), |Plain(reason)| reason),
        })
    }
}

fn lines(bodies: &[LineBody]) -> Result<Vec<WeighedLine>, Problem> {
    let lines = bodies.iter().enumerate();
    lines
        .map(|(index, body)| body.line().map_err(in_line("lines", index)))
        .collect()
}

/// How the household confirmed the weighing.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfirmationBody {
    Card,
    Signature,
    Witness,
    #[default]
    None,
}

impl From<ConfirmationBody> for Confirmation {
    fn from(body: ConfirmationBody) -> Confirmation {
        match body {
            ConfirmationBody::Card => Confirmation::Card,
            ConfirmationBody::Signature => Confirmation::Signature,
            ConfirmationBody::Witness => Confirmation::Witness,
            ConfirmationBody::None => Confirmation::None,
        }
    }
}

/// A pickup as it was made at the door. It names no price: the list in force prices it (R-PR-1).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PickupBody {
    pickup_no: NumberText,
    occurred_at: InstantText,
    household_no: HouseholdText,
    collector: CollectorText,
    #[serde(default)]
    confirmation: ConfirmationBody,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
    /// The round that it belongs to.
    round: Option<NumberText>,
    /// The device that it was entered on.
    device: Option<PlainText>,
    /// The price list that the device showed, by the instant from which it holds.
    told_list: Option<InstantText>,
}

impl PickupBody {
    fn command(&self) -> Result<Command, Problem> {
        self.recorded().map(Command::RecordPickup)
    }

    /// The pickup, at the time that it says.
    pub(crate) fn recorded(&self) -> Result<RecordPickup, Problem> {
        let device = maybe(self.device.as_ref(), "device")?;
        Ok(RecordPickup {
            phone: None,
            pickup_no: self.pickup_no.read("pickup_no")?,
            occurred_at: self.occurred_at.read("occurred_at")?,
            household_no: self.household_no.read("household_no")?,
            collector: self.collector.read("collector")?,
            confirmation: self.confirmation.into(),
            lines: lines(&self.lines)?,
            round: maybe(self.round.as_ref(), "round")?,
            device: device.map(|Plain(device)| device),
            told_list: maybe(self.told_list.as_ref(), "told_list")?,
            is_paper: false,
        })
    }
}

/// Records a pickup. One over the limits is held for the clerk, and the answer says so (R-PK-7).
#[utoipa::path(post, path = "/villages/{village}/pickups", tag = "pickups", request_body = PickupBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn record(order: Order, Body(body): Body<PickupBody>) -> Result<Receipt, Problem> {
    order.submit(body.command()?).await
}

/// A pickup among several, under a command id of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PickupItem {
    /// The command id.
    #[serde(deserialize_with = "read_id")]
    id: Uuid,
    pickup: PickupBody,
}

fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    command_id(&text).ok_or_else(|| D::Error::custom("expected a UUID with hyphens"))
}

/// Pickups of one phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PickupBatch {
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<PickupItem>,
}

/// What became of each, in the order in which they were sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    items: Vec<ItemAnswer>,
}

/// What became of one: a receipt, or the problem.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemAnswer {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
}

impl ItemAnswer {
    fn new(order: &Order, id: Uuid, answer: Result<Receipt, Problem>) -> ItemAnswer {
        let context = &order.visit.context;
        let (receipt, problem) = match answer {
            Ok(receipt) => (Some(receipt), None),
            Err(problem) => {
                let body = problem.body(context.texts(), context.trace_id());
                (None, Some(body))
            }
        };
        ItemAnswer {
            id,
            receipt,
            problem,
        }
    }
}

/// How many pickups one request may carry.
const ITEMS_MOST: usize = 500;

/// Records many pickups, each for itself: one that is refused spoils no other. Each item has a command id of its own, so the key of the request is
/// only what every command has.
#[utoipa::path(post, path = "/villages/{village}/pickups/batch", tag = "pickups", request_body = PickupBatch, responses((status = 200, body = BatchAnswer)))]
pub(crate) async fn record_many(
    order: Order,
    Body(batch): Body<PickupBatch>,
) -> Result<Json<BatchAnswer>, Problem> {
    if !(1..=ITEMS_MOST).contains(&batch.items.len()) {
        let refusal = Refusal::OutOfRange {
            field: "items",
            value: batch.items.len().to_string(),
            least: "1".to_owned(),
            most: ITEMS_MOST.to_string(),
        };
        return Err(refusal.into());
    }
    // All are given to the ledger before the first answer is waited for, so that they share transactions.
    let mut given = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        given.push(match item.pickup.command() {
            Ok(command) => order.give(item.id, command).await,
            Err(problem) => Err(problem),
        });
    }
    let mut items = Vec::with_capacity(given.len());
    for (index, (item, given)) in batch.items.iter().zip(given).enumerate() {
        let answer = match given {
            Ok(given) => order.answer(item.id, given).await,
            Err(problem) => Err(problem),
        };
        let answer = answer.map_err(|problem| problem.inside(&format!("/items/{index}/pickup")));
        items.push(ItemAnswer::new(&order, item.id, answer));
    }
    Ok(Json(BatchAnswer { items }))
}

/// Looks a pickup up: its entry, and what reversed it.
#[utoipa::path(get, path = "/villages/{village}/pickups/{number}", tag = "pickups", responses((status = 200, body = DocumentAnswer)))]
pub(crate) async fn find(visit: Visit) -> Result<Json<DocumentAnswer>, Problem> {
    let (village, number) = (visit.village()?, visit.number()?);
    visit.asks(Question::Rounds(&village)).await?;
    let ledger = &visit.service.ledger;
    let found = ledger
        .document(&village, DocumentKind::Pickup, &number)
        .await?;
    Ok(Json(found.into()))
}

/// Voids a pickup: a full reversal (R-CO-1).
#[utoipa::path(post, path = "/villages/{village}/pickups/{number}/void", tag = "pickups", request_body = VoidBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn void(order: Order, Body(body): Body<VoidBody>) -> Result<Receipt, Problem> {
    let command = VoidPickup {
        phone: None,
        pickup_no: order.visit.number()?,
        voided_at: body.voided_at()?,
        reason: body.reason()?,
    };
    order.submit(Command::VoidPickup(command)).await
}

/// What a pickup should have been.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionBody {
    /// The number of the pickup that replaces it.
    new_no: NumberText,
    corrected_at: InstantText,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
    reason: PlainText,
}

/// Corrects a pickup: a full reversal and a full new one in one entry, at the old time and prices (R-CO-1).
#[utoipa::path(post, path = "/villages/{village}/pickups/{number}/correction", tag = "pickups", request_body = CorrectionBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn correct(
    order: Order,
    Body(body): Body<CorrectionBody>,
) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let command = CorrectPickup {
        pickup_no: order.visit.number()?,
        new_no: body.new_no.read("new_no")?,
        corrected_at: body.corrected_at.read("corrected_at")?,
        lines: lines(&body.lines)?,
        reason,
    };
    order.submit(Command::CorrectPickup(command)).await
}
