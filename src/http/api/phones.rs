//! The phones of collectors: enrolling them, what was heard of each last, and taking them back.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::CollectorCode;
use crate::domain::authority::Question;
use crate::http::api::accounts::{SecretAnswer, deed};
use crate::http::extract::Visit;
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::session::written;
use crate::ledger::access::{Deed, PhoneRecord};

/// Makes a code with which a collector enrols a phone, once, within a day.
#[utoipa::path(post, path = "/villages/{village}/collectors/{collector}/access/enrolment", tag = "users", responses((status = 201, body = SecretAnswer)))]
pub(crate) async fn issue_enrolment(
    visit: Visit,
) -> Result<(StatusCode, Json<SecretAnswer>), Problem> {
    let village = visit.village()?;
    let code = CollectorCode::parse("collector", visit.part("collector"));
    let code = code.map_err(|_| Problem::not_found())?;
    visit.keeps(&village).await?;
    let actor = written(&visit.identity);
    let deed = Deed {
        village: Some(&village),
        ..deed(&visit, &actor, "issue_enrolment", code.as_str())
    };
    let secret = visit
        .service
        .access
        .issue_enrolment(deed, &village, &code)
        .await?;
    let secret = secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(SecretAnswer { secret })))
}

/// Takes back the phones of a collector: one was lost, or he works no more.
#[utoipa::path(delete, path = "/villages/{village}/collectors/{collector}/access/phones", tag = "users", responses((status = 204)))]
pub(crate) async fn end(visit: Visit) -> Result<StatusCode, Problem> {
    let village = visit.village()?;
    let code = CollectorCode::parse("collector", visit.part("collector"));
    let code = code.map_err(|_| Problem::not_found())?;
    visit.keeps(&village).await?;
    let actor = written(&visit.identity);
    let deed = Deed {
        village: Some(&village),
        ..deed(&visit, &actor, "end_phones", code.as_str())
    };
    visit
        .service
        .access
        .end_phones(deed, &village, &code)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A phone of a collector, and what was heard of it last.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolledPhone {
    id: Uuid,
    /// Whose it is.
    collector: String,
    /// What it was called when it was enrolled.
    label: String,
    enrolled_at: String,
    /// When it was stopped, if it was.
    stopped_at: Option<String>,
    /// When it was heard of last; a stopped phone is not noted.
    heard_at: Option<String>,
    /// What it called itself then: its letter, say.
    device: Option<String>,
    /// Whether it has shown that it knows the price list that was published last. A stopped phone is told none.
    has_latest_prices: bool,
}

impl EnrolledPhone {
    fn of(phone: PhoneRecord, last_list: Option<i64>) -> EnrolledPhone {
        let known = phone.heard.as_ref().map_or(0, |heard| heard.known_seq);
        let (heard_at, device) = phone.heard.map(|heard| (heard.at, heard.device)).unzip();
        EnrolledPhone {
            id: phone.id,
            collector: phone.collector,
            label: phone.label,
            enrolled_at: phone.enrolled_at.to_string(),
            stopped_at: phone.stopped_at.map(|at| at.to_string()),
            heard_at: heard_at.map(|at| at.to_string()),
            device,
            has_latest_prices: last_list.is_none_or(|seq| seq <= known),
        }
    }
}

/// The phones of collectors, when each was heard of last, and whether it has fetched the price list that was published last (R-PR-4).
#[utoipa::path(get, path = "/villages/{village}/phones", tag = "phones", responses((status = 200, body = Listing<EnrolledPhone>)))]
pub(crate) async fn list(visit: Visit) -> Result<Listing<EnrolledPhone>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let last_list = visit.service.ledger.last_price_list(&village).await?;
    let phones = visit.service.access.phones(&village).await?.into_iter();
    let rows = phones.map(|phone| EnrolledPhone::of(phone, last_list));
    Ok(Listing::whole(rows.collect()))
}
