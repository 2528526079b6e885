//! Villages: which there are, opening a book, and the figures that a village sets for itself.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::{Question, Scope};
use crate::domain::number::parse_whole;
use crate::domain::report::region::RegionPrefix;
use crate::domain::settings::{ChangeSettings, Settings};
use crate::domain::village::{CreditTerms, OpenVillage, usual_waivers};
use crate::domain::{Command, Refusal, Village, VillageCode};
use crate::http::api::fees::FeeBody;
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{AmountOrNothing, MonthText, NoLess, Plain, PlainText};

/// A village.
#[derive(Serialize, ToSchema)]
pub(crate) struct VillageAnswer {
    code: String,
    name: String,
    township: String,
    /// The first month of its book.
    opening_month: String,
    /// The least payout, in yuan.
    payout_min: String,
    /// Percent waived by category.
    waivers: BTreeMap<String, i64>,
}

impl VillageAnswer {
    fn new(code: &VillageCode, village: Village) -> VillageAnswer {
        VillageAnswer {
            code: code.to_string(),
            name: village.name,
            township: village.township,
            opening_month: village.opening_month.to_string(),
            payout_min: village.credit.payout_min.to_string(),
            waivers: village.waivers,
        }
    }
}

/// The villages within reach of whoever asks.
#[utoipa::path(get, path = "/villages", tag = "villages", responses((status = 200, body = Listing<VillageAnswer>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<VillageAnswer>, Problem> {
    let ledger = &visit.service.ledger;
    let villages = match &visit.identity.scope {
        Scope::Everywhere => ledger.villages(None).await?,
        Scope::Region(prefix) => ledger.villages(Some(prefix)).await?,
        Scope::Household(village, _) => {
            let own = RegionPrefix::parse("village", village.as_str())?;
            ledger.villages(Some(&own)).await?
        }
    };
    let answers = villages.into_iter();
    let answers = answers.map(|(code, village)| VillageAnswer::new(&code, village));
    Ok(Listing::whole(answers.collect()))
}

/// One village.
#[utoipa::path(get, path = "/villages/{village}", tag = "villages", responses((status = 200, body = VillageAnswer)))]
pub(crate) async fn find(visit: Visit) -> Result<Json<VillageAnswer>, Problem> {
    let code = visit.village()?;
    visit.asks(Question::Village(&code)).await?;
    let (code, village) = visit.service.ledger.village(Some(&code)).await?;
    Ok(Json(VillageAnswer::new(&code, village)))
}

/// How credit is kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditBody {
    /// The least payout.
    payout_min: Option<AmountOrNothing>,
    /// For how many days a told price holds.
    told_price_days: Option<i64>,
    #[serde(default)]
    save_up_allowed: bool,
}

/// A village whose book is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VillageBody {
    name: PlainText,
    township: PlainText,
    opening_month: MonthText,
    fee: FeeBody,
    /// Percent waived by category; those of the rules where none is named.
    waivers: Option<BTreeMap<String, i64>>,
    credit: Option<CreditBody>,
}

impl VillageBody {
    fn open(&self) -> Result<OpenVillage, Problem> {
        let (Plain(name), Plain(township)) =
            (self.name.read("name")?, self.township.read("township")?);
        let waivers = match &self.waivers {
            Some(waivers) => waivers.clone(),
            None => usual_waivers(),
        };
        for percent in waivers.values() {
            parse_whole("waivers", &percent.to_string(), 0, 100)?;
        }
        Ok(OpenVillage {
            name,
            township,
            opening_month: self.opening_month.read("opening_month")?,
            fee: self
                .fee
                .terms()
                .map_err(|refusal| Problem::from(refusal).within("/fee"))?,
            waivers,
            credit: self
                .credit()
                .map_err(|refusal| Problem::from(refusal).within("/credit"))?,
            settings: Settings::default(),
        })
    }

    fn credit(&self) -> Result<CreditTerms, Refusal> {
        let mut terms = CreditTerms::default();
        let Some(body) = &self.credit else {
            return Ok(terms);
        };
        if let Some(least) = &body.payout_min {
            NoLess(terms.payout_min) = least.read("payout_min")?;
        }
        if let Some(days) = body.told_price_days {
            terms.told_price_days = parse_whole("told_price_days", &days.to_string(), 0, 365)?;
        }
        terms.save_up_allowed = body.save_up_allowed;
        Ok(terms)
    }
}

/// Opens a village's book.
#[utoipa::path(post, path = "/villages/{village}", tag = "villages", request_body = VillageBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn open(order: Order, Body(body): Body<VillageBody>) -> Result<Receipt, Problem> {
    order.submit(Command::OpenVillage(body.open()?)).await
}

/// The figures that a village has set for itself, with their revision as `ETag`.
#[utoipa::path(get, path = "/villages/{village}/settings", tag = "villages", responses((status = 200, body = Settings)))]
pub(crate) async fn settings(visit: Visit) -> Result<Response, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    let settings = visit.service.ledger.settings(&village).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", settings.revision()));
    let mut response = Json(settings).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Sets the figures of a village, all of them; what is not named is as in the rules. `If-Match` names the revision that the change builds on.
#[utoipa::path(post, path = "/villages/{village}/settings", tag = "villages", params(("If-Match" = String, Header, description = "The revision of the settings")), request_body = Settings, responses((status = 201, body = Receipt)))]
pub(crate) async fn change_settings(
    order: Order,
    Body(settings): Body<Settings>,
) -> Result<Receipt, Problem> {
    let expected = order.expected()?;
    let command = ChangeSettings { settings, expected };
    order.submit(Command::ChangeSettings(command)).await
}
