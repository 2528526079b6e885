//! Payouts: requested, approved by another person, paid or given up (R-ST-5).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::Command;
use crate::domain::authority::Question;
use crate::domain::payout::{ApprovePayout, CancelPayout, ExpirePayouts, PayPayout, RequestPayout};
use crate::http::api::cash::SourceBody;
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{AmountText, HouseholdText, InstantText, Plain, PlainText};
use crate::ledger::payout::OpenPayout;

/// The payouts that are neither paid nor given up.
#[utoipa::path(get, path = "/villages/{village}/payouts", tag = "payouts", responses((status = 200, body = Listing<OpenPayout>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<OpenPayout>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    Ok(Listing::whole(
        visit.service.ledger.open_payouts(&village).await?,
    ))
}

/// Credit that is to be paid out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutBody {
    household_no: HouseholdText,
    amount: AmountText,
    requested_at: InstantText,
}

/// Asks for credit to be paid out; the amount is on hold from then on.
#[utoipa::path(post, path = "/villages/{village}/payouts", tag = "payouts", request_body = PayoutBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn request(
    order: Order,
    Body(body): Body<PayoutBody>,
) -> Result<Receipt, Problem> {
    let command = RequestPayout {
        household_no: body.household_no.read("household_no")?,
        amount: body.amount.read("amount")?,
        requested_at: body.requested_at.read("requested_at")?,
    };
    order.submit(Command::RequestPayout(command)).await
}

/// When a payout was approved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalBody {
    approved_at: InstantText,
}

/// Approves a payout: another person than who requested it.
#[utoipa::path(post, path = "/villages/{village}/payouts/{number}/approval", tag = "payouts", request_body = ApprovalBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn approve(
    order: Order,
    Body(body): Body<ApprovalBody>,
) -> Result<Receipt, Problem> {
    let command = ApprovePayout {
        number: order.visit.number()?,
        approved_at: body.approved_at.read("approved_at")?,
    };
    order.submit(Command::ApprovePayout(command)).await
}

/// When and from what a payout was paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentBody {
    paid_at: InstantText,
    source: SourceBody,
}

/// Pays an approved payout.
#[utoipa::path(post, path = "/villages/{village}/payouts/{number}/payment", tag = "payouts", request_body = PaymentBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn pay(order: Order, Body(body): Body<PaymentBody>) -> Result<Receipt, Problem> {
    let command = PayPayout {
        number: order.visit.number()?,
        paid_at: body.paid_at.read("paid_at")?,
        paid_from: body.source.paid_from()?,
    };
    order.submit(Command::PayPayout(command)).await
}

/// Why a payout is given up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancellationBody {
    cancelled_at: InstantText,
    reason: PlainText,
}

/// Gives a payout up; nothing is on hold for it any more.
#[utoipa::path(post, path = "/villages/{village}/payouts/{number}/cancellation", tag = "payouts", request_body = CancellationBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn cancel(
    order: Order,
    Body(body): Body<CancellationBody>,
) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let command = CancelPayout {
        number: order.visit.number()?,
        cancelled_at: body.cancelled_at.read("cancelled_at")?,
        reason,
    };
    order.submit(Command::CancelPayout(command)).await
}

/// Notes which payouts have expired.
#[utoipa::path(post, path = "/villages/{village}/payouts/expiry", tag = "payouts", responses((status = 201, body = Receipt)))]
pub(crate) async fn expire(order: Order) -> Result<Receipt, Problem> {
    order.submit(Command::ExpirePayouts(ExpirePayouts {})).await
}
