//! Materials and the price lists that price them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::material::RegisterMaterial;
use crate::domain::number::parse_whole;
use crate::domain::price_list::{PriceLine, PriceList, PublishPriceList};
use crate::domain::{Command, Material, Refusal, Unit, UnitPrice};
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::{Receipt, in_line};
use crate::http::written::{FigureText, InstantText, MaterialText, Plain, PlainText, maybe};

/// A material.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaterialAnswer {
    code: String,
    name: String,
    name_en: String,
    /// `kg` or `piece`.
    unit: &'static str,
    hazardous: bool,
    needs_identity: bool,
}

impl From<Material> for MaterialAnswer {
    fn from(material: Material) -> MaterialAnswer {
        MaterialAnswer {
            code: material.code.to_string(),
            name: material.name,
            name_en: material.name_en,
            unit: material.unit.word(),
            hazardous: material.hazardous,
            needs_identity: material.needs_identity,
        }
    }
}

/// The materials of a village.
#[utoipa::path(get, path = "/villages/{village}/materials", tag = "materials", responses((status = 200, body = Listing<MaterialAnswer>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<MaterialAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    let materials = visit.service.ledger.materials(&village).await?;
    Ok(Listing::whole(
        materials.into_iter().map(MaterialAnswer::from).collect(),
    ))
}

/// What a material is measured in.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasureBody {
    /// 公斤.
    Kg,
    /// 个.
    Piece,
}

/// A material that is registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaterialBody {
    code: MaterialText,
    name: PlainText,
    name_en: Option<PlainText>,
    unit: MeasureBody,
    /// Hazardous material has a price of zero.
    #[serde(default)]
    hazardous: bool,
    #[serde(default)]
    needs_identity: bool,
}

/// Registers a material.
#[utoipa::path(post, path = "/villages/{village}/materials", tag = "materials", request_body = MaterialBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn register(
    order: Order,
    Body(body): Body<MaterialBody>,
) -> Result<Receipt, Problem> {
    let Plain(name) = body.name.read("name")?;
    let name_en = maybe(body.name_en.as_ref(), "name_en")?;
    let command = RegisterMaterial {
        code: body.code.read("code")?,
        name,
        name_en: name_en.map_or(String::new(), |Plain(name)| name),
        unit: match body.unit {
            MeasureBody::Kg => Unit::Kg,
            MeasureBody::Piece => Unit::Piece,
        },
        hazardous: body.hazardous,
        needs_identity: body.needs_identity,
    };
    order.submit(Command::RegisterMaterial(command)).await
}

/// A price list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceListAnswer {
    effective_from: String,
    prices: Vec<PriceAnswer>,
}

/// The price of a material.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceAnswer {
    material: String,
    /// In yuan, for a kilogram or for `per` pieces.
    price: String,
    per: i64,
}

impl From<PriceList> for PriceListAnswer {
    fn from(list: PriceList) -> PriceListAnswer {
        let prices = list.prices.into_iter();
        PriceListAnswer {
            effective_from: list.effective_from.to_string(),
            prices: prices
                .map(|(material, price)| PriceAnswer {
                    material: material.to_string(),
                    price: price.to_string(),
                    per: price.per(),
                })
                .collect(),
        }
    }
}

/// The price lists of a village, the newest first, one to come among them.
#[utoipa::path(get, path = "/villages/{village}/price-lists", tag = "materials", responses((status = 200, body = Listing<PriceListAnswer>)))]
pub(crate) async fn price_lists(visit: Visit) -> Result<Listing<PriceListAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    let lists = visit.service.ledger.price_lists(&village).await?;
    Ok(Listing::whole(
        lists.into_iter().map(|(_, list)| list.into()).collect(),
    ))
}

/// A price.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceBody {
    material: MaterialText,
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

impl PriceBody {
    fn line(&self) -> Result<PriceLine, Refusal> {
        let per = parse_whole("per", &self.per.to_string(), 1, 1_000)?;
        Ok(PriceLine {
            material: self.material.read("material")?,
            price_li: UnitPrice::parse("price", self.price.as_str(), per)?.li(),
            per,
        })
    }
}

/// A price list that replaces the one before whole (R-PR-2).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceListBody {
    effective_from: InstantText,
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<PriceBody>,
    /// Who drafted it, where the village has two officers.
    drafted_by: Option<PlainText>,
}

/// Publishes a price list.
#[utoipa::path(post, path = "/villages/{village}/price-lists", tag = "materials", request_body = PriceListBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn publish(
    order: Order,
    Body(body): Body<PriceListBody>,
) -> Result<Receipt, Problem> {
    let lines = body.lines.iter().enumerate();
    let lines = lines.map(|(index, line)| line.line().map_err(in_line("lines", index)));
    let drafted_by = maybe(body.drafted_by.as_ref(), "drafted_by")?;
    let command = PublishPriceList {
        effective_from: body.effective_from.read("effective_from")?,
        lines: lines.collect::<Result<_, _>>()?,
        drafted_by: drafted_by.map(|Plain(name)| name),
    };
    order.submit(Command::PublishPriceList(command)).await
}
