//! The station: stock, sales and buyers, counts, what is in transit and taken in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::number::parse_whole;
use crate::domain::sale::{BuyerPays, RecordSale, SaleLine};
use crate::domain::stock_count::CountStock;
use crate::domain::transit::{RecordIntake, ReweighedLine, Transit};
use crate::domain::{Command, Quantity, Refusal, UnitPrice};
use crate::http::api::pickups::UnitBody;
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::{Receipt, in_line};
use crate::http::written::{
    AmountText, BuyerText, FigureText, InstantText, MaterialText, NumberText, Plain, PlainText,
};
use crate::ledger::directory::StockRow;

/// What there is of a material.
#[derive(Serialize, ToSchema)]
pub(crate) struct StockAnswer {
    material: String,
    /// `1405` in stock, `1404` in transit.
    account: &'static str,
    /// Kilograms, or pieces.
    quantity: String,
    /// In yuan.
    value: String,
}

impl From<StockRow> for StockAnswer {
    fn from(row: StockRow) -> StockAnswer {
        StockAnswer {
            material: row.material.to_string(),
            account: row.account.code(),
            quantity: row.quantity.to_string(),
            value: row.value.to_string(),
        }
    }
}

/// The stock of a village, by material.
#[utoipa::path(get, path = "/villages/{village}/stock", tag = "station", responses((status = 200, body = Listing<StockAnswer>)))]
pub(crate) async fn stock(visit: Visit) -> Result<Listing<StockAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Books(&village)).await?;
    let rows = visit.service.ledger.stock(&village).await?;
    Ok(Listing::whole(
        rows.into_iter().map(StockAnswer::from).collect(),
    ))
}

/// A line of a sale.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaleLineBody {
    material: MaterialText,
    unit: UnitBody,
    /// The village's own outgoing weight.
    own: FigureText,
    /// What the buyer's ticket says.
    ticket: FigureText,
    /// In yuan, at most three decimals.
    price: FigureText,
    /// For how many pieces.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    per: i64,
}

const fn one() -> i64 {
    1
}

impl SaleLineBody {
    fn line(&self) -> Result<SaleLine, Refusal> {
        let per = parse_whole("per", &self.per.to_string(), 1, 1_000)?;
        let unit = self.unit.into();
        Ok(SaleLine {
            material: self.material.read("material")?,
            own: Quantity::parse_stock("own", self.own.as_str(), unit)?,
            ticket: Quantity::parse_stock("ticket", self.ticket.as_str(), unit)?,
            price_li: UnitPrice::parse("price", self.price.as_str(), per)?.li(),
            per,
        })
    }
}

/// A sale to a buyer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaleBody {
    buyer: BuyerText,
    sold_at: InstantText,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<SaleLineBody>,
}

/// Sells material: income by the ticket, stock by the own weight (R-SA-3).
#[utoipa::path(post, path = "/villages/{village}/sales", tag = "station", request_body = SaleBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn sell(order: Order, Body(body): Body<SaleBody>) -> Result<Receipt, Problem> {
    let lines = body.lines.iter().enumerate();
    let lines = lines.map(|(index, line)| line.line().map_err(in_line("lines", index)));
    let command = RecordSale {
        sold_at: body.sold_at.read("sold_at")?,
        buyer: body.buyer.read("buyer")?,
        lines: lines.collect::<Result<_, _>>()?,
    };
    order.submit(Command::RecordSale(command)).await
}

/// What a buyer pays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyerPaymentBody {
    buyer: BuyerText,
    amount: AmountText,
    paid_at: InstantText,
}

/// A buyer pays, no more than he owes.
#[utoipa::path(post, path = "/villages/{village}/buyer-payments", tag = "station", request_body = BuyerPaymentBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn buyer_pays(
    order: Order,
    Body(body): Body<BuyerPaymentBody>,
) -> Result<Receipt, Problem> {
    let command = BuyerPays {
        buyer: body.buyer.read("buyer")?,
        amount: body.amount.read("amount")?,
        paid_at: body.paid_at.read("paid_at")?,
    };
    order.submit(Command::BuyerPays(command)).await
}

/// What was counted of a material.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountBody {
    material: MaterialText,
    unit: UnitBody,
    counted: FigureText,
    counted_at: InstantText,
    reason: PlainText,
}

/// Counts stock: the difference is a loss or a gain (R-SA-4).
#[utoipa::path(post, path = "/villages/{village}/stock-counts", tag = "station", request_body = CountBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn count(order: Order, Body(body): Body<CountBody>) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let command = CountStock {
        material: body.material.read("material")?,
        counted: Quantity::parse_stock("counted", body.counted.as_str(), body.unit.into())?,
        counted_at: body.counted_at.read("counted_at")?,
        reason,
    };
    order.submit(Command::CountStock(command)).await
}

/// What a round brought that is not taken in yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransitAnswer {
    /// The round.
    round: String,
    #[schema(value_type = Object)]
    transit: Transit,
}

/// What is in transit, by round (R-SA-1).
#[utoipa::path(get, path = "/villages/{village}/in-transit", tag = "station", responses((status = 200, body = Listing<TransitAnswer>)))]
pub(crate) async fn in_transit(visit: Visit) -> Result<Listing<TransitAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let rows = visit.service.ledger.in_transit(&village).await?.into_iter();
    let rows = rows.map(|(round, transit)| TransitAnswer { round, transit });
    Ok(Listing::whole(rows.collect()))
}

/// What a material weighs at the station.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeLineBody {
    material: MaterialText,
    unit: UnitBody,
    weighed: FigureText,
}

/// What a round brought, weighed again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeBody {
    round: NumberText,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<IntakeLineBody>,
    taken_in_at: InstantText,
}

/// Takes in what was in transit (入站复秤).
#[utoipa::path(post, path = "/villages/{village}/intakes", tag = "station", request_body = IntakeBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn take_in(
    order: Order,
    Body(body): Body<IntakeBody>,
) -> Result<Receipt, Problem> {
    let line = |(index, line): (usize, &IntakeLineBody)| {
        let read = || {
            let weighed = line.weighed.as_str();
            Ok(ReweighedLine {
                material: line.material.read("material")?,
                weighed: Quantity::parse_stock("weighed", weighed, line.unit.into())?,
            })
        };
        read().map_err(in_line("lines", index))
    };
    let command = RecordIntake {
        round: body.round.read("round")?,
        lines: body
            .lines
            .iter()
            .enumerate()
            .map(line)
            .collect::<Result<_, _>>()?,
        taken_in_at: body.taken_in_at.read("taken_in_at")?,
    };
    order.submit(Command::RecordIntake(command)).await
}
