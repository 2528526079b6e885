//! What a handler is given: who asks, what the path and the query name, and the body, each checked before the handler runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::authority::{Denied, Identity, Question, View};
use crate::domain::number::{Scale, parse};
use crate::domain::report::region::RegionPrefix;
use crate::domain::{DocumentNo, HouseholdNo, Month, Refusal, Role, VillageCode};
use crate::http::figures::RequestId;
use crate::http::problem::Problem;
use crate::http::session;
use crate::http::state::Service;
use crate::ledger::access::Recognised;
use crate::text::{Language, Texts};

/// The language and the id of a request; a middleware puts it there before anything else looks at the request.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    texts: Arc<Texts>,
    trace_id: Arc<str>,
}

impl RequestContext {
    /// Texts in the language that the client prefers.
    pub(crate) fn new(service: &Service, request: &Request) -> RequestContext {
        let id = request.extensions().get::<RequestId>();
        RequestContext {
            texts: Arc::clone(service.texts(preferred(request.headers()))),
            trace_id: id.map_or_else(|| "-".into(), |id| Arc::clone(&id.0)),
        }
    }

    /// The texts of the language that was asked for.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The id of the request, for the logs.
    pub(crate) fn trace_id(&self) -> &str {
        &self.trace_id
    }
}

/// The weight of a language, in thousandths.
const WEIGHT: Scale = Scale {
    units: 1_000,
    places: 3,
    least: 0,
    most: 1_000,
};

/// The language that stands first in `Accept-Language`, by weight, among those that there are; Chinese if none does.
fn preferred(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    let asked = asked.and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut best = (0, Language::Chinese);
    for part in asked.split(',') {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let tag = tag.trim().to_ascii_lowercase();
        let weight = parse("q", weight.trim(), WEIGHT).unwrap_or(0);
        let language = match tag.get(..2) {
            Some("en") => Language::English,
            Some("zh") => Language::Chinese,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<RequestContext, Problem> {
        let context = parts.extensions.get::<RequestContext>().cloned();
        context.ok_or_else(|| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "went-wrong"))
    }
}

/// Somebody who was recognised, and what the path names.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) service: Arc<Service>,
    pub(crate) context: RequestContext,
    pub(crate) identity: Identity,
    /// When what the request showed stops working at the latest.
    pub(crate) expires_at: Timestamp,
    /// Whether it is a program that shows a token.
    is_program: bool,
    parts: BTreeMap<String, String>,
}

impl FromRequestParts<Arc<Service>> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Visit, Problem> {
        let visit = Visit::recognise(parts, service).await?;
        let Nothing {} = query(parts)?;
        Ok(visit)
    }
}

impl Visit {
    /// Recognises who asks; the query is the caller's to read.
    async fn recognise(parts: &mut Parts, service: &Arc<Service>) -> Result<Visit, Problem> {
        let recognised = session::recognise(service, &parts.headers).await?;
        Visit::of(parts, service, recognised).await
    }

    /// The visit of somebody who was recognised.
    pub(crate) async fn of(
        parts: &mut Parts,
        service: &Arc<Service>,
        recognised: Recognised,
    ) -> Result<Visit, Problem> {
        let context = RequestContext::from_request_parts(parts, service).await?;
        let named = RawPathParams::from_request_parts(parts, service)
            .await
            .map_err(|_| Problem::not_found())?;
        let named = named
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Visit {
            service: Arc::clone(service),
            context,
            identity: recognised.identity,
            expires_at: recognised.expires_at,
            is_program: recognised.is_program,
            parts: named,
        })
    }
}

impl Visit {
    /// A part of the path, as it was written.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// A part of the path as a value; one that cannot be read names nothing.
    fn named<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, Refusal>,
    ) -> Result<T, Problem> {
        parse(name, self.part(name)).map_err(|_| Problem::not_found())
    }

    /// The village that the path names.
    pub(crate) fn village(&self) -> Result<VillageCode, Problem> {
        self.named("village", VillageCode::parse)
    }

    /// The household that the path names.
    pub(crate) fn household(&self) -> Result<HouseholdNo, Problem> {
        self.named("household", HouseholdNo::parse)
    }

    /// The region that the path names.
    pub(crate) fn region(&self) -> Result<RegionPrefix, Problem> {
        self.named("prefix", RegionPrefix::parse)
    }

    /// The month that the path names.
    pub(crate) fn month(&self) -> Result<Month, Problem> {
        self.named("month", Month::parse)
    }

    /// The document that the path names.
    pub(crate) fn number(&self) -> Result<DocumentNo, Problem> {
        self.named("number", DocumentNo::parse)
    }

    /// Makes sure that this may be asked; the record says who saw personal details.
    pub(crate) async fn asks(&self, question: Question<'_>) -> Result<View, Problem> {
        let view = self.identity.may_ask(question);
        session::note_reading(self, question, view).await?;
        view.map_err(|denied| match question {
            Question::Household(_, household) => Problem::household_denied(denied, household),
            Question::Village(village)
            | Question::Households(village)
            | Question::Rounds(village)
            | Question::Phone(village)
            | Question::Office(village)
            | Question::Books(village) => Problem::denied(denied, village),
            Question::Region(region) => match denied {
                Denied::NotFound => Refusal::RegionUnknown {
                    region: region.to_string(),
                }
                .into(),
                Denied::Forbidden => Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"),
            },
            Question::Accounts | Question::Audit => {
                Problem::new(StatusCode::FORBIDDEN, "not-for-this-role")
            }
        })
    }
}

impl Visit {
    /// Makes sure that accounts may be changed.
    pub(crate) async fn administers(&self) -> Result<(), Problem> {
        self.asks(Question::Accounts).await?;
        self.check_writes()
    }

    /// Makes sure that cards and codes may be given out in a village: whoever may register households may.
    pub(crate) async fn keeps(&self, village: &VillageCode) -> Result<(), Problem> {
        let may = self.identity.may_keep(village);
        if let Err(denied) = may {
            session::note_refused(self, village).await?;
            return Err(Problem::denied(denied, village));
        }
        self.check_writes()
    }

    fn check_writes(&self) -> Result<(), Problem> {
        if self.identity.may_write {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"))
    }

    /// Whether whoever asks has the account of that name: a household or an enrolled phone has none.
    ///
    /// # Errors
    /// 403 for a program with a token of the account, whoever it is of: only the person disposes of it.
    pub(crate) fn owns_account(&self, name: &str) -> Result<bool, Problem> {
        let has_account = !matches!(self.identity.role, Role::Household | Role::Collector);
        let is_own = has_account && self.identity.account == name;
        if is_own && self.is_program {
            return Err(Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"));
        }
        Ok(is_own)
    }
}

/// Somebody who gives commands in a village.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) visit: Visit,
    pub(crate) village: VillageCode,
    /// The `Idempotency-Key`, which is the command id (R-PK-6).
    pub(crate) id: Uuid,
    /// Whether it is only tried out.
    pub(crate) dry_run: bool,
    /// The `If-Match` header, without its quotes.
    pub(crate) expected: Option<String>,
}

impl FromRequestParts<Arc<Service>> for Order {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Order, Problem> {
        // First of all: who sends too much must cost little.
        service.ledger.check_room()?;
        let visit = Visit::recognise(parts, service).await?;
        let village = visit.village()?;
        // Before the body is looked at: what is out of reach answers nothing but that it is not there.
        if !visit.identity.scope.has_village(&village) {
            session::note_refused(&visit, &village).await?;
            return Err(Problem::denied(Denied::NotFound, &village));
        }
        let OrderQuery { dry_run } = query(parts)?;
        Ok(Order {
            id: key(&parts.headers)?,
            dry_run,
            expected: expected(&parts.headers),
            visit,
            village,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderQuery {
    #[serde(default)]
    dry_run: bool,
}

/// The key of a command: a UUID, bare or in the quotes of a structured field.
fn key(headers: &HeaderMap) -> Result<Uuid, Problem> {
    let mut written = headers.get_all("idempotency-key").iter();
    let (Some(value), None) = (written.next(), written.next()) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key-required",
        ));
    };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    command_id(bare).ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "idempotency-key-invalid"))
}

/// Reads a command id: the hyphenated form only, so that nobody takes two writings of one id for two ids.
pub(crate) fn command_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (text.len() == 36 && !id.is_nil()).then_some(id)
}

fn expected(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::IF_MATCH)?.to_str().ok()?.trim();
    Some(text.trim_matches('"').to_owned())
}

/// Somebody who was recognised, and the query of the request as the handler's own type.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) Visit, pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Service>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Asked<T>, Problem> {
        let visit = Visit::recognise(parts, service).await?;
        Ok(Asked(visit, query(parts)?))
    }
}

/// The query of whoever reads none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Reads the query of a request.
///
/// # Errors
/// A name that the type does not have, or a value that it cannot take.
pub(crate) fn query<T: DeserializeOwned>(parts: &Parts) -> Result<T, Problem> {
    let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
    read.map(|axum::extract::Query(query)| query)
        .map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "query-not-understood")
                .with("reason", error.body_text())
        })
}

/// The body of a request: JSON of the handler's own type, whose first fault is named by its place.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json"));
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => {
                        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
                    }
                    _ => Problem::new(StatusCode::BAD_REQUEST, "body-broken-off"),
                })?;
        read_json(&bytes).map(Body)
    }
}

/// Reads JSON strictly.
///
/// # Errors
/// A problem with the place and kind of the first fault.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // The library would take a list of the fields' values as well.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let reason = "a list, expected an object";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong-type")
            .with("reason", reason)
            .at(""));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        malformed(error.inner(), pointer)
    })?;
    reader
        .end()
        .map_err(|error| malformed(&error, String::new()))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error, pointer: String) -> Problem {
    use serde_json::error::Category;
    let reason = error.to_string();
    let code = match error.classify() {
        Category::Io | Category::Syntax | Category::Eof => "malformed-json",
        Category::Data if reason.starts_with("unknown field") => "unknown-field",
        Category::Data if reason.starts_with("missing field") => "missing-field",
        Category::Data if reason.starts_with("duplicate field") => "field-twice",
        Category::Data => "wrong-type",
    };
    let problem = Problem::new(StatusCode::BAD_REQUEST, code).with("reason", reason);
    match code {
        "malformed-json" => problem,
        _ => problem.at(pointer),
    }
}

/// Reads a part of a body that was read as JSON.
///
/// # Errors
/// A problem with the place and kind of the first fault.
pub(crate) fn read_part<T: DeserializeOwned>(part: serde_json::Value) -> Result<T, Problem> {
    if !part.is_object() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong-type")
            .with("reason", "expected an object")
            .at(""));
    }
    serde_path_to_error::deserialize(part).map_err(|error| {
        let pointer = pointer(error.path());
        malformed(error.inner(), pointer)
    })
}

/// A path of the reader as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    segments.collect()
}
