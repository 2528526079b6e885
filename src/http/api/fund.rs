//! The special fund and the collectors' pay (R-SA-5).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::collector_pay::{EarnPay, PayCollector};
use crate::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use crate::domain::{Command, UnitPrice};
use crate::http::api::cash::SourceBody;
use crate::http::extract::{Body, Order};
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{
    AmountOrNothing, AmountText, CollectorText, FigureText, InstantText, MonthText, NoLess, Plain,
    PlainText, maybe,
};

/// Money that the fund receives.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FundReceiptBody {
    amount: AmountText,
    received_at: InstantText,
    voucher: PlainText,
}

/// The fund receives money.
#[utoipa::path(post, path = "/villages/{village}/fund-receipts", tag = "fund", request_body = FundReceiptBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn receive(
    order: Order,
    Body(body): Body<FundReceiptBody>,
) -> Result<Receipt, Problem> {
    let Plain(voucher) = body.voucher.read("voucher")?;
    let command = ReceiveFund {
        amount: body.amount.read("amount")?,
        received_at: body.received_at.read("received_at")?,
        voucher,
    };
    order.submit(Command::ReceiveFund(command)).await
}

/// What the fund is spent on.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PurposeBody {
    /// The pay of collectors.
    CollectorPay,
    /// What the station needs to run.
    Operating,
}

/// Money that the fund spends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FundExpenseBody {
    purpose: PurposeBody,
    /// Whose pay it is, where it is one collector's.
    collector: Option<CollectorText>,
    amount: AmountText,
    spent_at: InstantText,
    voucher: PlainText,
}

/// The fund spends money; as much is released to income.
#[utoipa::path(post, path = "/villages/{village}/fund-expenses", tag = "fund", request_body = FundExpenseBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn spend(
    order: Order,
    Body(body): Body<FundExpenseBody>,
) -> Result<Receipt, Problem> {
    let Plain(voucher) = body.voucher.read("voucher")?;
    let collector = maybe(body.collector.as_ref(), "collector")?;
    let command = SpendFund {
        purpose: match body.purpose {
            PurposeBody::CollectorPay => FundPurpose::CollectorPay { collector },
            PurposeBody::Operating => FundPurpose::Operating,
        },
        amount: body.amount.read("amount")?,
        spent_at: body.spent_at.read("spent_at")?,
        voucher,
    };
    order.submit(Command::SpendFund(command)).await
}

/// What a collector earned in a month: a wage, and so much a kilogram.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayBody {
    collector: CollectorText,
    month: MonthText,
    wage: AmountOrNothing,
    /// In yuan a kilogram, at most three decimals.
    per_kg: FigureText,
}

/// Records what a collector earned.
#[utoipa::path(post, path = "/villages/{village}/collector-pay", tag = "fund", request_body = PayBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn earn(order: Order, Body(body): Body<PayBody>) -> Result<Receipt, Problem> {
    let NoLess(wage) = body.wage.read("wage")?;
    let command = EarnPay {
        collector: body.collector.read("collector")?,
        month: body.month.read("month")?,
        wage,
        per_kg_li: UnitPrice::parse("per_kg", body.per_kg.as_str(), 1)?.li(),
    };
    order.submit(Command::EarnPay(command)).await
}

/// What a collector is paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectorPaymentBody {
    collector: CollectorText,
    amount: AmountText,
    paid_at: InstantText,
    source: SourceBody,
}

/// Pays a collector, no more than he is owed.
#[utoipa::path(post, path = "/villages/{village}/collector-payments", tag = "fund", request_body = CollectorPaymentBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn pay(
    order: Order,
    Body(body): Body<CollectorPaymentBody>,
) -> Result<Receipt, Problem> {
    let command = PayCollector {
        collector: body.collector.read("collector")?,
        amount: body.amount.read("amount")?,
        paid_from: body.source.paid_from()?,
        paid_at: body.paid_at.read("paid_at")?,
    };
    order.submit(Command::PayCollector(command)).await
}
