//! The month: runs, the close and who signs it off, its report; and the report of a region.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::authority::Question;
use crate::domain::closing::CloseMonth;
use crate::domain::fee::ChargeFees;
use crate::domain::report::MonthReport;
use crate::domain::report::region::RegionReport;
use crate::domain::settlement::OffsetCredit;
use crate::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use crate::domain::{Command, Refusal, plain_text};
use crate::http::extract::{Asked, Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{Plain, PlainText, Written};
use crate::ledger::months::{MonthLine, VersionDifferences};

/// Where a month stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct MonthAnswer {
    month: String,
    /// `open`, `closed`, `reviewed`, `signed` or `published`.
    state: &'static str,
    /// How often it was closed.
    version: i64,
    /// The seal of its last close.
    seal: Option<String>,
    /// The first 40 bits of the seal as they are printed.
    check_code: Option<String>,
    closed_by: Option<String>,
    reviewed_by: Option<String>,
    signed_by: Option<String>,
}

impl From<MonthLine> for MonthAnswer {
    fn from(line: MonthLine) -> MonthAnswer {
        MonthAnswer {
            month: line.month.to_string(),
            state: line.state.word(),
            version: line.version,
            seal: line.seal.map(|seal| seal.to_string()),
            check_code: line.check_code,
            closed_by: line.closed_by,
            reviewed_by: line.reviewed_by,
            signed_by: line.signed_by,
        }
    }
}

/// Where every month of a village stands, from its opening to now.
#[utoipa::path(get, path = "/villages/{village}/months", tag = "months", responses((status = 200, body = Listing<MonthAnswer>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<MonthAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Books(&village)).await?;
    let months = visit.service.ledger.months(&village).await?;
    Ok(Listing::whole(
        months.into_iter().map(MonthAnswer::from).collect(),
    ))
}

/// The report of a month, as it was booked.
#[utoipa::path(get, path = "/villages/{village}/months/{month}/report", tag = "months", responses((status = 200, body = MonthReport)))]
pub(crate) async fn report(visit: Visit) -> Result<Json<MonthReport>, Problem> {
    let (village, month) = (visit.village()?, visit.month()?);
    visit.asks(Question::Books(&village)).await?;
    Ok(Json(visit.service.ledger.report(&village, month).await?))
}

/// Which closes are compared.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Versions {
    /// The earlier close; without both, the last two are compared.
    before: Option<i64>,
    /// The later close.
    after: Option<i64>,
}

/// What differs between two closes of a month (R-PD-5).
#[utoipa::path(get, path = "/villages/{village}/months/{month}/differences", tag = "months", params(Versions), responses((status = 200, body = VersionDifferences)))]
pub(crate) async fn differences(
    Asked(visit, versions): Asked<Versions>,
) -> Result<Json<VersionDifferences>, Problem> {
    let (village, month) = (visit.village()?, visit.month()?);
    visit.asks(Question::Books(&village)).await?;
    let versions = match (versions.before, versions.after) {
        (None, None) => None,
        (Some(before), Some(after)) => Some((before, after)),
        (None, Some(_)) => return Err(Refusal::Empty { field: "before" }.into()),
        (Some(_), None) => return Err(Refusal::Empty { field: "after" }.into()),
    };
    let ledger = &visit.service.ledger;
    Ok(Json(ledger.differences(&village, month, versions).await?))
}

/// Issues the charges of a month that are missing (R-FE-2).
#[utoipa::path(post, path = "/villages/{village}/months/{month}/charge-run", tag = "months", responses((status = 201, body = Receipt)))]
pub(crate) async fn charge(order: Order) -> Result<Receipt, Problem> {
    let month = order.visit.month()?;
    order
        .submit(Command::ChargeFees(ChargeFees { month }))
        .await
}

/// Applies the credit of a month to open charges (R-ST-3).
#[utoipa::path(post, path = "/villages/{village}/months/{month}/offset-run", tag = "months", responses((status = 201, body = Receipt)))]
pub(crate) async fn offset(order: Order) -> Result<Receipt, Problem> {
    let month = order.visit.month()?;
    order
        .submit(Command::OffsetCredit(OffsetCredit { month }))
        .await
}

/// What a close says about numbers that a device did not send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseBody {
    /// Why numbers are missing; printed on the sign-off sheet.
    missing_reason: Option<PlainText>,
}

/// Closes a month after all its checks (R-PD-2). A dry run lists what stands in the way.
#[utoipa::path(post, path = "/villages/{village}/months/{month}/close", tag = "months", request_body = CloseBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn close(order: Order, Body(body): Body<CloseBody>) -> Result<Receipt, Problem> {
    let reason = body.missing_reason.as_ref().map(Written::as_str);
    let reason = reason.map(|reason| plain_text("missing_reason", reason, 200));
    let command = CloseMonth {
        month: order.visit.month()?,
        missing_reason: reason.transpose()?,
    };
    order.submit(Command::CloseMonth(command)).await
}

/// The supervisor reviews a closed month.
#[utoipa::path(post, path = "/villages/{village}/months/{month}/review", tag = "months", responses((status = 201, body = Receipt)))]
pub(crate) async fn review(order: Order) -> Result<Receipt, Problem> {
    let month = order.visit.month()?;
    order
        .submit(Command::ReviewMonth(ReviewMonth { month }))
        .await
}

/// The township signs a reviewed month.
#[utoipa::path(post, path = "/villages/{village}/months/{month}/sign", tag = "months", responses((status = 201, body = Receipt)))]
pub(crate) async fn sign(order: Order) -> Result<Receipt, Problem> {
    let month = order.visit.month()?;
    order.submit(Command::SignMonth(SignMonth { month })).await
}

/// Publishes a signed month.
#[utoipa::path(post, path = "/villages/{village}/months/{month}/publish", tag = "months", responses((status = 201, body = Receipt)))]
pub(crate) async fn publish(order: Order) -> Result<Receipt, Problem> {
    let month = order.visit.month()?;
    order
        .submit(Command::PublishMonth(PublishMonth { month }))
        .await
}

/// Why a month is opened again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    reason: PlainText,
}

impl ReasonBody {
    fn reason(&self) -> Result<String, Problem> {
        let Plain(reason) = self.reason.read("reason")?;
        Ok(reason)
    }
}

/// Returns a month that is not signed, with a reason: it is open again.
#[utoipa::path(post, path = "/villages/{village}/months/{month}/return", tag = "months", request_body = ReasonBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn give_back(
    order: Order,
    Body(body): Body<ReasonBody>,
) -> Result<Receipt, Problem> {
    let command = ReturnMonth {
        month: order.visit.month()?,
        reason: body.reason()?,
    };
    order.submit(Command::ReturnMonth(command)).await
}

/// Opens the latest closed month again: before signing the clerk, after it the township (R-PD-5).
#[utoipa::path(post, path = "/villages/{village}/months/{month}/reopen", tag = "months", request_body = ReasonBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn reopen(order: Order, Body(body): Body<ReasonBody>) -> Result<Receipt, Problem> {
    let command = ReopenMonth {
        month: order.visit.month()?,
        reason: body.reason()?,
    };
    order.submit(Command::ReopenMonth(command)).await
}

/// The report of a region: its villages side by side, and their sum.
#[utoipa::path(get, path = "/regions/{prefix}/months/{month}/report", tag = "regions", responses((status = 200, body = RegionReport)))]
pub(crate) async fn region(visit: Visit) -> Result<Json<RegionReport>, Problem> {
    let (prefix, month) = (visit.region()?, visit.month()?);
    visit.asks(Question::Region(&prefix)).await?;
    Ok(Json(
        visit.service.ledger.region_report(&prefix, month).await?,
    ))
}
