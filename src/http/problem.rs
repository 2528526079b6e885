//! What is answered when something is not done: RFC 9457 problems with a stable code, a sentence in both languages, and the place at fault.
//!
//! A handler's problem is written out by [`write_out`], the middleware that knows the language and the id of the request.

use axum::Json;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::domain::authority::Denied;
use crate::domain::{HouseholdNo, Refusal, VillageCode};
use crate::http::extract::RequestContext;
use crate::http::gate::OutcomeUnknown;
use crate::http::standing;
use crate::http::state::Service;
use crate::ledger::access::AccessError;
use crate::ledger::{Error, Trouble};
use crate::text::Texts;

/// Why something was not done, before it is put into words.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// The family of texts that the sentence is in.
    family: &'static str,
    /// The code and the facts that the sentence names.
    facts: Box<Map<String, Value>>,
    /// What is at fault in the body, as a JSON pointer.
    pointer: Option<String>,
    /// After how many seconds it may be tried again.
    retry_after: Option<u64>,
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A name of the kind of problem, always the same for the same code.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of answer it is, in a few words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code.
    code: String,
    /// What happened and what to do, in the language that was asked for.
    detail: String,
    /// The facts of the sentence, for programs.
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    /// What is at fault, where that is a part of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// The id of the request, for the logs.
    trace_id: String,
}

/// A part of the body that is at fault.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where, as a JSON pointer.
    pointer: String,
    /// The stable code.
    code: String,
    /// What is wrong with it.
    detail: String,
}

impl Problem {
    /// A problem of the door itself, by its code.
    pub(crate) fn new(status: StatusCode, code: &str) -> Problem {
        Problem {
            status,
            family: "problem",
            facts: Box::new(Map::from_iter([("code".to_owned(), json!(code))])),
            pointer: None,
            retry_after: None,
        }
    }

    /// Adds a fact that the sentence names.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Says what is at fault in the body.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Problem {
        self.pointer = Some(pointer.into());
        self
    }

    /// Says that the fault is inside of a part of the body.
    pub(crate) fn within(mut self, part: &str) -> Problem {
        let inner = self.pointer.unwrap_or_default();
        self.pointer = Some(format!("{part}{inner}"));
        self
    }

    /// Says where the part is that it speaks of, if it speaks of one.
    pub(crate) fn inside(mut self, part: &str) -> Problem {
        self.pointer = self.pointer.map(|inner| format!("{part}{inner}"));
        self
    }

    /// Says when it may be tried again.
    pub(crate) fn after(mut self, seconds: u64) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    /// A problem whose facts another layer gives, in a family of texts of its own.
    pub(crate) fn of(
        status: StatusCode,
        family: &'static str,
        facts: Map<String, Value>,
    ) -> Problem {
        Problem {
            status,
            family,
            facts: Box::new(facts),
            pointer: None,
            retry_after: None,
        }
    }

    /// Nothing is there.
    pub(crate) fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "nothing-there")
    }

    /// What a village looks like that is out of reach: as if it were not there.
    pub(crate) fn denied(denied: Denied, village: &VillageCode) -> Problem {
        match denied {
            Denied::NotFound => Refusal::VillageUnknown {
                village: village.clone(),
            }
            .into(),
            Denied::Forbidden => Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"),
        }
    }

    /// What a household looks like that is out of reach.
    pub(crate) fn household_denied(denied: Denied, household: &HouseholdNo) -> Problem {
        match denied {
            Denied::NotFound => Refusal::HouseholdUnknown {
                household_no: household.to_string(),
            }
            .into(),
            Denied::Forbidden => Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"),
        }
    }

    /// The status it is answered with.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &str {
        let code = self.facts.get("code").and_then(Value::as_str);
        code.unwrap_or_default()
    }

    /// Whether the books or the accounts refuse, not the door.
    pub(crate) fn is_refusal(&self) -> bool {
        self.family != "problem"
    }

    /// The problem in words.
    pub(crate) fn body(&self, texts: &Texts, trace_id: &str) -> ProblemBody {
        let code = self.code().to_owned();
        let mut facts = self.facts.as_ref().clone();
        let detail = match self.family {
            "refusal" => texts.refused(facts.clone()),
            family => texts.sentence(family, &facts),
        };
        facts.remove("code");
        let fault = |pointer: &String| Fault {
            pointer: pointer.clone(),
            code: code.clone(),
            detail: detail.clone(),
        };
        ProblemBody {
            kind: format!("urn:jinfu:problem:{code}"),
            title: texts.say(&format!("problem-title-{}", self.status.as_u16())),
            status: self.status.as_u16(),
            errors: self.pointer.iter().map(fault).collect(),
            retryable: self.retry_after.is_some(),
            trace_id: trace_id.to_owned(),
            code,
            detail,
            facts,
        }
    }
}

impl ProblemBody {
    /// What happened and what to do.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let mut problem = Problem::of(standing::status(&refusal), "refusal", refusal.facts());
        if problem.status == StatusCode::BAD_REQUEST {
            problem.pointer = refusal.field().map(|field| format!("/{field}"));
        }
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Refused(refusal) | Error::Waits(refusal) => (*refusal).into(),
            Error::RefusedBefore(facts) => {
                let code = facts.get("code").and_then(Value::as_str);
                let status = standing::status_of_code(code.unwrap_or_default());
                Problem::of(status, "refusal", *facts)
            }
            Error::Unavailable(trouble) => trouble.into(),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Problem {
        let facts = error.facts();
        let (status, after) = match error {
            AccessError::Refused(refusal) => return (*refusal).into(),
            AccessError::Unavailable(trouble) => return trouble.into(),
            AccessError::WrongSignIn
            | AccessError::WrongPin
            | AccessError::CardUnknown
            | AccessError::EnrolmentUnknown => (StatusCode::UNAUTHORIZED, None),
            AccessError::PhoneBlocked | AccessError::PhoneStopped => (StatusCode::FORBIDDEN, None),
            AccessError::TriedTooOften { seconds } => {
                (StatusCode::TOO_MANY_REQUESTS, u64::try_from(seconds).ok())
            }
            AccessError::TooManySignIns | AccessError::PepperMissing => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(1))
            }
            AccessError::NameTaken { .. } => (StatusCode::CONFLICT, None),
            AccessError::UserUnknown { .. } | AccessError::TokenUnknown { .. } => {
                (StatusCode::NOT_FOUND, None)
            }
            AccessError::PasswordLength { .. }
            | AccessError::PasswordCommon
            | AccessError::ScopeTooWide { .. }
            | AccessError::CollectorNeedsVillage
            | AccessError::RoleHasNoAccount { .. }
            | AccessError::ExpiryOutOfRange { .. } => (StatusCode::UNPROCESSABLE_ENTITY, None),
        };
        let mut problem = Problem::of(status, "access", facts);
        problem.retry_after = after;
        problem
    }
}

impl From<Trouble> for Problem {
    /// What is the matter inside goes to the log, not to whoever asks.
    fn from(trouble: Trouble) -> Problem {
        // Being busy is no fault: it is counted, and seen in the request's own line.
        if trouble != Trouble::QueueFull {
            tracing::error!(trouble = %json!(trouble.facts()), "the database could not do it");
        }
        let code = match trouble {
            Trouble::OutcomeUnknown { .. } => "outcome-unknown",
            Trouble::DiskFull { .. } => "no-room",
            Trouble::Busy { .. } | Trouble::QueueFull => "too-busy",
            Trouble::WriterStopped { .. }
            | Trouble::Unreachable { .. }
            | Trouble::Standby
            | Trouble::NotRebuilt { .. } => "books-closed",
            Trouble::AddressUnknown { .. }
            | Trouble::DatabaseAbsent { .. }
            | Trouble::NotOurs { .. }
            | Trouble::SchemaNewer { .. }
            | Trouble::SchemaOlder { .. }
            | Trouble::RebuildRefused { .. }
            | Trouble::SqliteTooOld { .. }
            | Trouble::WriterExists { .. }
            | Trouble::Corrupt { .. }
            | Trouble::DiskFailed { .. }
            | Trouble::Failed { .. } => {
                return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "went-wrong");
            }
        };
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code).after(1)
    }
}

/// Writes a problem out in the language that was asked for; answers without a body that no handler made get one as well.
pub(crate) async fn write_out(
    State(service): State<Arc<Service>>,
    context: RequestContext,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if response.extensions().get::<OutcomeUnknown>().is_some() => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown").after(1)
        }
        None => match nameless(response.status()) {
            Some(problem) if !has_json(&response) => problem,
            _ => return response,
        },
    };
    let body = problem.body(context.texts(), context.trace_id());
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut written = Json(body).into_response();
    written.headers_mut().remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    parts.headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(context.texts().language().tag()),
    );
    if let Some(seconds) = problem.retry_after {
        parts
            .headers
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    service.figures.refused(problem.code());
    Response::from_parts(parts, written.into_body())
}

fn has_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().ends_with(b"json"))
}

/// The problem of an answer that the framework made.
fn nameless(status: StatusCode) -> Option<Problem> {
    let code = match status.as_u16() {
        403 => "another-site",
        404 => "nothing-there",
        405 => "method-not-allowed",
        408 => "too-slow",
        413 => "body-too-large",
        415 => "not-json",
        429 => "too-many-requests",
        503 => "too-busy",
        400..=499 => "malformed-request",
        500..=599 => "went-wrong",
        _ => return None,
    };
    let problem = Problem::new(status, code);
    Some(match status.as_u16() {
        429 | 503 => problem.after(1),
        _ => problem,
    })
}
