//! Cash: receipts, hand-ins, deposits, and who holds how much.

use axum::Json;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::domain::authority::Question;
use crate::domain::cash_custody::{Custodian, Deposit, HandIn, PaidFrom};
use crate::domain::settlement::{CashTaker, ReceiveCash, VoidCash};
use crate::domain::{Command, Month, Refusal};
use crate::http::api::documents::VoidBody;
use crate::http::extract::{Asked, Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{
    AmountText, CollectorText, HouseholdText, InstantText, PlainText, Written, maybe,
};
use crate::ledger::custody::{Custody, ListedReceipt};

/// Which month's documents are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfMonth {
    /// The month, `YYYY-MM`.
    month: String,
}

impl OfMonth {
    pub(crate) fn read(&self) -> Result<Month, Refusal> {
        Month::parse("month", &self.month)
    }
}

/// Whose cash box it is; the only one where no name is given.
pub(crate) fn custodian(name: Option<&PlainText>) -> Result<Custodian, Refusal> {
    Custodian::parse("custodian", name.map(Written::as_str))
}

/// What something is paid from: the bank, or a custodian's cash box.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBody {
    /// Whether the bank pays it.
    #[serde(default)]
    bank: bool,
    /// Whose cash box pays it, where there are several.
    custodian: Option<PlainText>,
}

impl SourceBody {
    pub(crate) fn paid_from(&self) -> Result<PaidFrom, Refusal> {
        if self.bank {
            return Ok(PaidFrom::Bank);
        }
        custodian(self.custodian.as_ref()).map(PaidFrom::Cash)
    }
}

/// The receipts of a month, by number; voided ones are among them.
#[utoipa::path(get, path = "/villages/{village}/cash-receipts", tag = "cash", params(OfMonth), responses((status = 200, body = Listing<ListedReceipt>)))]
pub(crate) async fn list(
    Asked(visit, asked): Asked<OfMonth>,
) -> Result<Listing<ListedReceipt>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Books(&village)).await?;
    let ledger = &visit.service.ledger;
    Ok(Listing::whole(
        ledger.cash_receipts(&village, asked.read()?).await?,
    ))
}

/// Cash of a household.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CashBody {
    household_no: HouseholdText,
    amount: AmountText,
    received_at: InstantText,
    /// The collector who took it at the door; the office took it where none is named.
    collector: Option<CollectorText>,
    /// Whose cash box it went into, where the office has several.
    custodian: Option<PlainText>,
}

/// Receives cash: applied to open charges, oldest first; the rest becomes fee advance (R-ST-1).
#[utoipa::path(post, path = "/villages/{village}/cash-receipts", tag = "cash", request_body = CashBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn receive(order: Order, Body(body): Body<CashBody>) -> Result<Receipt, Problem> {
    let office = custodian(body.custodian.as_ref())?;
    let collector = maybe(body.collector.as_ref(), "collector")?;
    let command = ReceiveCash {
        household_no: body.household_no.read("household_no")?,
        amount: body.amount.read("amount")?,
        received_at: body.received_at.read("received_at")?,
        taken_by: collector.map_or_else(
            || CashTaker::Office(office.as_str().to_owned()),
            CashTaker::Collector,
        ),
    };
    order.submit(Command::ReceiveCash(command)).await
}

/// Voids a receipt: what it had paid is open again (R-CO-7).
#[utoipa::path(post, path = "/villages/{village}/cash-receipts/{number}/void", tag = "cash", request_body = VoidBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn void(order: Order, Body(body): Body<VoidBody>) -> Result<Receipt, Problem> {
    let command = VoidCash {
        receipt_no: order.visit.number()?,
        voided_at: body.voided_at()?,
        reason: body.reason()?,
    };
    order.submit(Command::VoidCash(command)).await
}

/// Who holds how much cash, against the limits of the village (R-ST-7).
#[utoipa::path(get, path = "/villages/{village}/custody", tag = "cash", responses((status = 200, body = Custody)))]
pub(crate) async fn custody(visit: Visit) -> Result<Json<Custody>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    Ok(Json(visit.service.ledger.custody(&village).await?))
}

/// Cash that a collector hands in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandInBody {
    collector: CollectorText,
    amount: AmountText,
    custodian: Option<PlainText>,
    handed_in_at: InstantText,
}

/// A collector hands cash in.
#[utoipa::path(post, path = "/villages/{village}/hand-ins", tag = "cash", request_body = HandInBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn hand_in(
    order: Order,
    Body(body): Body<HandInBody>,
) -> Result<Receipt, Problem> {
    let command = HandIn {
        collector: body.collector.read("collector")?,
        amount: body.amount.read("amount")?,
        custodian: custodian(body.custodian.as_ref())?,
        handed_in_at: body.handed_in_at.read("handed_in_at")?,
    };
    order.submit(Command::HandIn(command)).await
}

/// Cash that is brought to the bank.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DepositBody {
    amount: AmountText,
    custodian: Option<PlainText>,
    deposited_at: InstantText,
}

/// Brings cash to the bank.
#[utoipa::path(post, path = "/villages/{village}/deposits", tag = "cash", request_body = DepositBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn deposit(
    order: Order,
    Body(body): Body<DepositBody>,
) -> Result<Receipt, Problem> {
    let command = Deposit {
        custodian: custodian(body.custodian.as_ref())?,
        amount: body.amount.read("amount")?,
        deposited_at: body.deposited_at.read("deposited_at")?,
    };
    order.submit(Command::Deposit(command)).await
}
