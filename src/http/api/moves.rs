//! Households that move between villages: two commands in two books, and the list of what is half done (R-HH-3).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::clearing::{ArriveHousehold, DepartHousehold};
use crate::domain::{Command, Money};
use crate::http::api::households::HouseholdBody;
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{
    AmountOrNothing, DayText, HouseholdText, InstantText, NoLess, NumberText, VillageText, maybe,
};
use crate::ledger::clearing::HalfDoneMove;

/// Where a household goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DepartureBody {
    to_village: VillageText,
    /// The number that it gets there, if that is known.
    new_number: Option<HouseholdText>,
    on: DayText,
    /// What the two books are paired by; the number of the departure where none is given.
    reference: Option<NumberText>,
}

/// Lets a household leave for another village: it is settled here.
#[utoipa::path(post, path = "/villages/{village}/households/{household}/departure", tag = "households", request_body = DepartureBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn depart(
    order: Order,
    Body(body): Body<DepartureBody>,
) -> Result<Receipt, Problem> {
    let command = DepartHousehold {
        household_no: order.visit.household()?,
        to_village: body.to_village.read("to_village")?,
        new_number: maybe(body.new_number.as_ref(), "new_number")?,
        on: body.on.read("on")?,
        reference: maybe(body.reference.as_ref(), "reference")?,
    };
    order.submit(Command::DepartHousehold(command)).await
}

/// What a household brings from another village.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArrivalBody {
    household_no: HouseholdText,
    /// Its registration, unless it is registered already.
    register: Option<HouseholdBody>,
    from_village: VillageText,
    /// What the two books are paired by, as the other village gave it.
    reference: NumberText,
    /// Credit that it brings.
    amount: AmountOrNothing,
    /// Fee advance that it brings.
    advance: Option<AmountOrNothing>,
    arrived_at: InstantText,
}

/// Takes a household in from another village, with what it brings.
#[utoipa::path(post, path = "/villages/{village}/arrivals", tag = "households", request_body = ArrivalBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn arrive(
    order: Order,
    Body(body): Body<ArrivalBody>,
) -> Result<Receipt, Problem> {
    let register = body.register.as_ref().map(HouseholdBody::household);
    let NoLess(amount) = body.amount.read("amount")?;
    let advance = maybe(body.advance.as_ref(), "advance")?;
    let command = ArriveHousehold {
        household_no: body.household_no.read("household_no")?,
        register: register.transpose()?,
        from_village: body.from_village.read("from_village")?,
        reference: body.reference.read("reference")?,
        amount,
        advance: advance.map_or(Money::ZERO, |NoLess(advance)| advance),
        arrived_at: body.arrived_at.read("arrived_at")?,
    };
    order.submit(Command::ArriveHousehold(command)).await
}

/// The moves between villages of a region that stand in one book only.
#[utoipa::path(get, path = "/regions/{prefix}/clearing", tag = "regions", responses((status = 200, body = Listing<HalfDoneMove>)))]
pub(crate) async fn half_done(visit: Visit) -> Result<Listing<HalfDoneMove>, Problem> {
    let prefix = visit.region()?;
    visit.asks(Question::Region(&prefix)).await?;
    let moves = visit.service.ledger.clearing(prefix.as_str()).await?;
    Ok(Listing::whole(moves))
}
