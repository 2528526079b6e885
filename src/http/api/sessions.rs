//! Sessions: signing in with a password, or with a phone and a PIN; binding a card, enrolling a phone; signing out.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::{Identity, Scope};
use crate::http::client::ClientAddress;
use crate::http::extract::{Body, RequestContext, Visit};
use crate::http::problem::Problem;
use crate::http::session::{secret, set_cookie};
use crate::http::state::Service;
use crate::ledger::access::SignedIn;

/// Who somebody is, and what a program shows from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionAnswer {
    /// The account's name; a household's number, a collector's code.
    account: String,
    /// `household`, `collector`, `clerk`, `supervisor`, `official` or `administrator`.
    role: &'static str,
    /// How far it reaches: `*`, or the first digits of villages' codes.
    scope: String,
    /// The household, where it is one.
    household_no: Option<String>,
    /// The collector, where it is one.
    collector: Option<String>,
    /// Whether it may change the books.
    may_write: bool,
    /// When it ends at the latest.
    expires_at: String,
    /// What goes into `Authorization: Bearer`; told once. A browser has it in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl SessionAnswer {
    fn new(identity: &Identity, expires_at: String, token: Option<String>) -> SessionAnswer {
        let (scope, household) = match &identity.scope {
            Scope::Everywhere => ("*".to_owned(), None),
            Scope::Region(prefix) => (prefix.to_string(), None),
            Scope::Household(village, number) => (village.to_string(), Some(number.to_string())),
        };
        SessionAnswer {
            account: identity.account.clone(),
            role: identity.role.word(),
            scope,
            household_no: household,
            collector: identity.collector.as_ref().map(ToString::to_string),
            may_write: identity.may_write,
            expires_at,
            token,
        }
    }
}

/// The answer to a sign-in: the secret is in the body, for programs, and in a cookie, for browsers.
fn signed_in(service: &Service, signed: &SignedIn) -> Response {
    let lasts = signed
        .expires_at
        .duration_since(service.ledger.clock().now());
    let token = signed.secret.reveal();
    let body = SessionAnswer::new(
        &signed.identity,
        signed.expires_at.to_string(),
        Some(token.to_owned()),
    );
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Some(cookie) = set_cookie(Some((token, lasts.as_secs()))) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    #[schema(max_length = 64)]
    name: String,
    #[schema(max_length = 128)]
    password: String,
}

/// Signs an account in.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = SignInBody, responses((status = 201, body = SessionAnswer)))]
pub(crate) async fn sign_in(
    State(service): State<Arc<Service>>,
    context: RequestContext,
    address: Option<Extension<ClientAddress>>,
    Body(body): Body<SignInBody>,
) -> Result<Response, Problem> {
    let address = address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Extension(address)| {
        address.0
    });
    let given = (body.name.as_str(), body.password.as_str());
    let signed = service
        .access
        .sign_in(given, address, context.trace_id())
        .await?;
    Ok(signed_in(&service, &signed))
}

/// Who sent the request.
#[utoipa::path(get, path = "/sessions", tag = "sessions", responses((status = 200, body = SessionAnswer)))]
pub(crate) async fn find(visit: Visit) -> Json<SessionAnswer> {
    let expires_at = visit.expires_at.to_string();
    Json(SessionAnswer::new(&visit.identity, expires_at, None))
}

/// Ends the session, or the token, that the request shows.
#[utoipa::path(delete, path = "/sessions", tag = "sessions", responses((status = 204)))]
pub(crate) async fn sign_out(visit: Visit, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(secret) = secret(&headers) {
        visit.service.access.sign_out(secret).await?;
    }
    Ok(signed_out())
}

/// Ends every session of whoever sent the request.
#[utoipa::path(delete, path = "/sessions/all", tag = "sessions", responses((status = 204)))]
pub(crate) async fn sign_out_everywhere(visit: Visit) -> Result<Response, Problem> {
    visit
        .service
        .access
        .sign_out_everywhere(&visit.identity)
        .await?;
    Ok(signed_out())
}

fn signed_out() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = set_cookie(None) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A card that is used up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardBody {
    /// What the printed code says.
    #[schema(max_length = 64)]
    card: String,
}

/// The secret of a phone.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhoneAnswer {
    /// What the phone shows together with the PIN.
    phone: String,
}

/// Binds a phone to the household of a card. The phone alone opens nothing.
#[utoipa::path(post, path = "/sessions/cards", tag = "sessions", request_body = CardBody, responses((status = 201, body = PhoneAnswer)))]
pub(crate) async fn bind_card(
    State(service): State<Arc<Service>>,
    context: RequestContext,
    Body(body): Body<CardBody>,
) -> Result<(StatusCode, Json<PhoneAnswer>), Problem> {
    let phone = service
        .access
        .bind_card(&body.card, context.trace_id())
        .await?;
    let phone = phone.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(PhoneAnswer { phone })))
}

/// A bound phone and the household's PIN.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinBody {
    #[schema(max_length = 64)]
    phone: String,
    #[schema(max_length = 16)]
    pin: String,
}

/// Signs a household in.
#[utoipa::path(post, path = "/sessions/household", tag = "sessions", request_body = PinBody, responses((status = 201, body = SessionAnswer)))]
pub(crate) async fn sign_in_household(
    State(service): State<Arc<Service>>,
    context: RequestContext,
    Body(body): Body<PinBody>,
) -> Result<Response, Problem> {
    let access = &service.access;
    let signed = access
        .sign_in_household(&body.phone, &body.pin, context.trace_id())
        .await?;
    Ok(signed_in(&service, &signed))
}

/// An enrolment code that is used up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentBody {
    #[schema(max_length = 64)]
    code: String,
    /// What the phone is called.
    #[serde(default)]
    #[schema(max_length = 64)]
    label: String,
}

/// Enrols a collector's phone.
#[utoipa::path(post, path = "/sessions/enrolments", tag = "sessions", request_body = EnrolmentBody, responses((status = 201, body = SessionAnswer)))]
pub(crate) async fn enrol(
    State(service): State<Arc<Service>>,
    context: RequestContext,
    Body(body): Body<EnrolmentBody>,
) -> Result<Response, Problem> {
    let access = &service.access;
    let signed = access
        .enrol(&body.code, &body.label, context.trace_id())
        .await?;
    Ok(signed_in(&service, &signed))
}
