//! Held pickups and what decides about them; collectors and devices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::collector::{Collector, Device, RegisterCollector};
use crate::domain::held::{HeldDecision, HeldPickup, ResolveHeld};
use crate::domain::{Command, Refusal};
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{CollectorText, HouseholdText, InstantText, Plain, PlainText};

/// A pickup that waits for the clerk.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldAnswer {
    number: String,
    /// Why, in one sentence.
    why: String,
    #[schema(value_type = Object)]
    held: HeldPickup,
}

/// The pickups that wait for the clerk (R-PK-7).
#[utoipa::path(get, path = "/villages/{village}/held-items", tag = "held items", responses((status = 200, body = Listing<HeldAnswer>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<HeldAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let held = visit.service.ledger.held_pickups(&village).await?;
    let texts = visit.context.texts();
    let rows = held.into_iter().map(|(number, held)| HeldAnswer {
        number,
        why: texts.why_held(&held.held.reasons),
        held,
    });
    Ok(Listing::whole(rows.collect()))
}

/// What a clerk decides.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionBody {
    /// Book it as it came.
    AsItIs,
    /// Book it at the list in force.
    AtNewPrice,
    /// Book it for another household.
    ToHousehold,
    /// Do not book it.
    Reject,
}

/// The clerk's decision about a held pickup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveBody {
    decision: DecisionBody,
    /// The household that it is booked for, where it is another.
    household_no: Option<HouseholdText>,
    decided_at: InstantText,
    reason: PlainText,
}

impl ResolveBody {
    fn decision(&self) -> Result<HeldDecision, Refusal> {
        let missing = Refusal::Empty {
            field: "household_no",
        };
        Ok(match self.decision {
            DecisionBody::AsItIs => HeldDecision::AsItIs,
            DecisionBody::AtNewPrice => HeldDecision::AtNewPrice,
            DecisionBody::Reject => HeldDecision::Reject,
            DecisionBody::ToHousehold => {
                let named = self.household_no.as_ref().ok_or(missing)?;
                HeldDecision::ToHousehold(named.read("household_no")?)
            }
        })
    }
}

/// Decides about a held pickup, once.
#[utoipa::path(post, path = "/villages/{village}/held-items/{number}/decision", tag = "held items", request_body = ResolveBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn resolve(
    order: Order,
    Body(body): Body<ResolveBody>,
) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let command = ResolveHeld {
        pickup_no: order.visit.number()?,
        decision: body.decision()?,
        decided_at: body.decided_at.read("decided_at")?,
        reason,
    };
    order.submit(Command::ResolveHeld(command)).await
}

/// A collector, with his own and close kin's households.
#[derive(Serialize, ToSchema)]
pub(crate) struct CollectorAnswer {
    code: String,
    #[schema(value_type = Object)]
    collector: Collector,
}

/// The collectors of a village.
#[utoipa::path(get, path = "/villages/{village}/collectors", tag = "collectors", responses((status = 200, body = Listing<CollectorAnswer>)))]
pub(crate) async fn collectors(visit: Visit) -> Result<Listing<CollectorAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let rows = visit.service.ledger.collectors(&village).await?.into_iter();
    let rows = rows.map(|(code, collector)| CollectorAnswer { code, collector });
    Ok(Listing::whole(rows.collect()))
}

/// A collector's own and close kin's households; the list replaces the one before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectorBody {
    collector: CollectorText,
    #[schema(max_items = 100)]
    households: Vec<HouseholdText>,
}

/// Lists a collector's households, whose pickups the clerk then confirms (R-PK-5).
#[utoipa::path(post, path = "/villages/{village}/collectors", tag = "collectors", request_body = CollectorBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn register_collector(
    order: Order,
    Body(body): Body<CollectorBody>,
) -> Result<Receipt, Problem> {
    let households = body
        .households
        .iter()
        .map(|number| number.read("households"));
    let command = RegisterCollector {
        collector: body.collector.read("collector")?,
        households: households.collect::<Result<_, _>>()?,
    };
    order.submit(Command::RegisterCollector(command)).await
}

/// A device that sent pickups, with the numbers that arrived.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceAnswer {
    name: String,
    #[schema(value_type = Object)]
    device: Device,
}

/// The devices that sent pickups, with the numbers that arrived (R-PD-2).
#[utoipa::path(get, path = "/villages/{village}/devices", tag = "collectors", responses((status = 200, body = Listing<DeviceAnswer>)))]
pub(crate) async fn devices(visit: Visit) -> Result<Listing<DeviceAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let rows = visit.service.ledger.devices(&village).await?.into_iter();
    let rows = rows.map(|(name, device)| DeviceAnswer { name, device });
    Ok(Listing::whole(rows.collect()))
}
