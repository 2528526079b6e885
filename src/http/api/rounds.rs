//! Rounds at the door: schedules, rounds, stops; collection points and the trips that empty them (R-PK-8 to 10).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::number::parse_whole;
use crate::domain::refuse::{CollectionPoint, RecordTrip, RegisterCollectionPoint};
use crate::domain::round::{CloseRound, OpenRound, RecordStop, StopOutcome};
use crate::domain::schedule::{Hours, SetSchedule, VisitDays};
use crate::domain::{Command, Quantity, Refusal, WrittenUnit};
use crate::http::api::cash::OfMonth;
use crate::http::extract::{Asked, Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::{Receipt, in_line};
use crate::http::written::{
    CollectorText, DayText, FigureText, GroupText, HouseholdText, InstantText, NumberText, Plain,
    PlainText, PointText, TimeText,
};
use crate::ledger::service::{GroupSchedule, RoundStanding};

/// The schedules of the groups, each with its next visit.
#[utoipa::path(get, path = "/villages/{village}/schedules", tag = "rounds", responses((status = 200, body = Listing<GroupSchedule>)))]
pub(crate) async fn schedules(visit: Visit) -> Result<Listing<GroupSchedule>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    Ok(Listing::whole(
        visit.service.ledger.schedules(&village).await?,
    ))
}

/// From when to when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursBody {
    from: TimeText,
    to: TimeText,
}

impl HoursBody {
    fn hours(&self) -> Result<Hours, Refusal> {
        Ok(Hours {
            from: self.from.read("from")?,
            to: self.to.read("to")?,
        })
    }
}

/// When a group is visited; with no day at all it is not visited any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleBody {
    group: GroupText,
    /// Days of the week, 1 Monday to 7 Sunday.
    #[serde(default)]
    weekdays: BTreeSet<i64>,
    /// Days of the month.
    #[serde(default)]
    month_days: BTreeSet<i64>,
    hours: Option<HoursBody>,
}

fn days(days: &BTreeSet<i64>, field: &'static str, most: i64) -> Result<BTreeSet<i8>, Refusal> {
    let day = |day: &i64| {
        let day = parse_whole(field, &day.to_string(), 1, most)?;
        Ok(i8::try_from(day).unwrap_or(i8::MAX))
    };
    days.iter().map(day).collect()
}

/// Sets the schedule of a group (定时上门).
#[utoipa::path(post, path = "/villages/{village}/schedules", tag = "rounds", request_body = ScheduleBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn set_schedule(
    order: Order,
    Body(body): Body<ScheduleBody>,
) -> Result<Receipt, Problem> {
    let hours = body.hours.as_ref().map(HoursBody::hours).transpose();
    let command = SetSchedule {
        group: body.group.read("group")?,
        days: VisitDays {
            weekdays: days(&body.weekdays, "weekdays", 7)?,
            month_days: days(&body.month_days, "month_days", 31)?,
        },
        hours: hours.map_err(|refusal| Problem::from(refusal).within("/hours"))?,
    };
    order.submit(Command::SetSchedule(command)).await
}

/// The rounds of a month with their coverage.
#[utoipa::path(get, path = "/villages/{village}/rounds", tag = "rounds", params(OfMonth), responses((status = 200, body = Listing<RoundStanding>)))]
pub(crate) async fn list(
    Asked(visit, asked): Asked<OfMonth>,
) -> Result<Listing<RoundStanding>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Rounds(&village)).await?;
    let ledger = &visit.service.ledger;
    Ok(Listing::whole(
        ledger.rounds(&village, asked.read()?).await?,
    ))
}

/// A round.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoundBody {
    round_no: NumberText,
    group: GroupText,
    collector: CollectorText,
    held_on: DayText,
}

/// Opens a round (班次).
#[utoipa::path(post, path = "/villages/{village}/rounds", tag = "rounds", request_body = RoundBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn open(order: Order, Body(body): Body<RoundBody>) -> Result<Receipt, Problem> {
    let command = OpenRound {
        round_no: body.round_no.read("round_no")?,
        group: body.group.read("group")?,
        collector: body.collector.read("collector")?,
        held_on: body.held_on.read("held_on")?,
    };
    order.submit(Command::OpenRound(command)).await
}

/// Why nothing was weighed at a door.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StopBodyOutcome {
    /// 没人在家.
    NobodyHome,
    /// 没有废品.
    NothingToCollect,
}

/// A door where nothing was weighed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopBody {
    household_no: HouseholdText,
    outcome: StopBodyOutcome,
    at: InstantText,
    collector: CollectorText,
}

/// Records that nothing was weighed at a door (R-PK-8).
#[utoipa::path(post, path = "/villages/{village}/rounds/{number}/stops", tag = "rounds", request_body = StopBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn stop(order: Order, Body(body): Body<StopBody>) -> Result<Receipt, Problem> {
    let command = RecordStop {
        round_no: order.visit.number()?,
        household_no: body.household_no.read("household_no")?,
        outcome: match body.outcome {
            StopBodyOutcome::NobodyHome => StopOutcome::NobodyHome,
            StopBodyOutcome::NothingToCollect => StopOutcome::NothingToCollect,
        },
        at: body.at.read("at")?,
        collector: body.collector.read("collector")?,
    };
    order.submit(Command::RecordStop(command)).await
}

/// Closes a round; a collector only his own.
#[utoipa::path(post, path = "/villages/{village}/rounds/{number}/close", tag = "rounds", responses((status = 201, body = Receipt)))]
pub(crate) async fn close(order: Order) -> Result<Receipt, Problem> {
    let round_no = order.visit.number()?;
    order
        .submit(Command::CloseRound(CloseRound { round_no }))
        .await
}

/// A collection point.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointAnswer {
    code: String,
    #[schema(value_type = Object)]
    point: CollectionPoint,
}

/// The collection points with their hours (定时定点).
#[utoipa::path(get, path = "/villages/{village}/collection-points", tag = "rounds", responses((status = 200, body = Listing<PointAnswer>)))]
pub(crate) async fn points(visit: Visit) -> Result<Listing<PointAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    let points = visit.service.ledger.collection_points(&village).await?;
    let points = points
        .into_iter()
        .map(|(code, point)| PointAnswer { code, point });
    Ok(Listing::whole(points.collect()))
}

/// A collection point that is registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointBody {
    code: PointText,
    name: PlainText,
    #[schema(max_items = 20)]
    hours: Vec<HoursBody>,
}

/// Registers a collection point, or changes its name and hours.
#[utoipa::path(post, path = "/villages/{village}/collection-points", tag = "rounds", request_body = PointBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn register_point(
    order: Order,
    Body(body): Body<PointBody>,
) -> Result<Receipt, Problem> {
    let Plain(name) = body.name.read("name")?;
    let hours = body.hours.iter().enumerate();
    let hours = hours.map(|(index, hours)| hours.hours().map_err(in_line("hours", index)));
    let command = RegisterCollectionPoint {
        code: body.code.read("code")?,
        name,
        hours: hours.collect::<Result<_, _>>()?,
    };
    order
        .submit(Command::RegisterCollectionPoint(command))
        .await
}

/// Residual waste that was taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TripBody {
    point: PointText,
    at: InstantText,
    /// In kilograms.
    weight: FigureText,
}

/// Records a trip with residual waste (R-PK-10).
#[utoipa::path(post, path = "/villages/{village}/trips", tag = "rounds", request_body = TripBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn trip(order: Order, Body(body): Body<TripBody>) -> Result<Receipt, Problem> {
    let command = RecordTrip {
        point: body.point.read("point")?,
        at: body.at.read("at")?,
        weight: Quantity::parse_stock("weight", body.weight.as_str(), WrittenUnit::Kg)?,
    };
    order.submit(Command::RecordTrip(command)).await
}
