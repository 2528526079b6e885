//! What every request passes before a handler sees it, and what every answer carries: origin, rates, sizes, times, panics, headers.
//!
//! Refusals here are bare statuses. A layer between [`protect`] and [`dress`] may turn them into documents.

use std::any::Any;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, COOKIE, ORIGIN,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;

use crate::http::client::{ClientAddress, Passage, counted_as};
use crate::http::figures::{Figures, observe};
use crate::http::serve::{Limits, Rate};

/// The name of the cookie that holds a session.
pub const SESSION_COOKIE: &str = "__Host-sid";

/// Nothing but what the service itself serves, nothing inline, framed by nobody.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/// The camera reads the QR codes of household cards.
const PERMISSIONS: &str = "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
const TLS_ONLY: &str = "max-age=31536000; includeSubDomains";

/// On every answer, whatever the handler says.
const ALWAYS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];
/// On every answer whose handler does not say otherwise.
const UNLESS_SET: [(HeaderName, &str); 2] = [
    (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (CACHE_CONTROL, "no-store"),
];

/// Over so many seconds those are scattered who are told to ask again.
const SCATTERED: u64 = 4;

/// Requests between two times at which those who have been quiet are forgotten.
const SWEEP_EVERY: u64 = 1024;

/// In the extensions of a request that is wrong as HTTP although it can be read: answered 400.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed;

/// In the extensions of an answer that came before the handler's: what was asked for may have been done, or may be done yet. The client asks
/// again with the same id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutcomeUnknown;

/// The whole gate around a router: refusals stay bare statuses.
pub fn guarded(router: Router, limits: &Limits, figures: Figures) -> Router {
    dress(protect(router, limits), figures)
}

/// The inner half: what a request must pass. Refusals are bare statuses.
pub fn protect(router: Router, limits: &Limits) -> Router {
    let bodies = Bodies::new(limits);
    let throttle = Arc::new(Throttle::new(limits));
    router
        .layer(from_fn_with_state(limits.answer_timeout, answer_in_time))
        .layer(from_fn_with_state(bodies, read_body))
        .layer(CsrfLayer::new())
        .layer(from_fn(refuse_bare_cookie))
        .layer(from_fn_with_state(throttle, hold_rates))
        .layer(from_fn(refuse_malformed))
        .layer(CatchPanicLayer::custom(after_panic))
}

/// The outer half: headers, figures and the log of every answer.
pub fn dress(router: Router, figures: Figures) -> Router {
    router
        .layer(from_fn_with_state(figures, observe))
        .layer(from_fn(add_headers))
}

/// The answer to a connection that gets no place, as bytes, since no request is read for it.
pub(super) fn refusal_of_a_connection() -> &'static [u8] {
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n"
}

async fn add_headers(request: Request, next: Next) -> Response {
    let passage = request.extensions().get::<Passage>();
    let over_tls = passage.is_some_and(|passage| passage.over_tls);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SET {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    }
    if over_tls {
        let value = HeaderValue::from_static(TLS_ONLY);
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        scatter(response.headers_mut());
    }
    response
}

/// Who was turned away in one moment should not come back in one.
fn scatter(headers: &mut HeaderMap) {
    let Some(after) = headers.get_mut(RETRY_AFTER) else {
        return;
    };
    let seconds = after
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    if let Some(seconds) = seconds {
        let chance = RandomState::new().hash_one(seconds) % SCATTERED;
        *after = HeaderValue::from(seconds.saturating_add(chance));
    }
}

/// A panic of a handler: it is logged with the request's id where it happens. A text that was put together may hold anything, so only fixed ones
/// are shown.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&'static str>();
    tracing::error!(text, "a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn refuse_malformed(request: Request, next: Next) -> Response {
    if request.extensions().get::<Malformed>().is_some() {
        return and_close(StatusCode::BAD_REQUEST);
    }
    next.run(request).await
}

/// A cookie is sent by the browser whoever makes it ask, and browsers say who does. A cookie without a word about the origin comes from
/// something that should hold a token instead. Together with [`CsrfLayer`], which judges what is said about the origin.
async fn refuse_bare_cookie(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let names_origin = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
    let is_bare = headers.contains_key(COOKIE) && bearer(headers).is_none();
    if !is_safe && !names_origin && is_bare {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// What is known of bodies before they are read.
#[derive(Clone)]
struct Bodies {
    small: usize,
    large: usize,
    within: Duration,
    turns: Arc<Semaphore>,
}

impl Bodies {
    fn new(limits: &Limits) -> Bodies {
        Bodies {
            small: limits.body,
            large: limits.batch_body,
            within: limits.body_timeout,
            turns: Arc::new(Semaphore::new(limits.batch_bodies.max(1))),
        }
    }

    fn limit(&self, path: &str) -> usize {
        let is_batch = path.ends_with("/batch") || path.ends_with("/sync");
        if is_batch { self.large } else { self.small }
    }
}

/// Reads the body as a whole before the handler runs: no handler waits for a slow client, and none has to know the limits.
async fn read_body(State(bodies): State<Bodies>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let limit = bodies.limit(request.uri().path());
    let length = request.body().size_hint();
    let fits = |limit: usize| length.upper().is_some_and(|all| all <= as_u64(limit));
    if length.lower() > as_u64(limit) {
        return and_close(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Large bodies take turns, so that memory stays bounded.
    let is_large = limit > bodies.small && !fits(bodies.small);
    let turn = is_large.then(|| timeout(bodies.within, bodies.turns.acquire()));
    let _turn = match turn {
        None => None,
        Some(turn) => match turn.await {
            Ok(turn) => turn.ok(),
            Err(_) => return busy(),
        },
    };
    let (parts, body) = request.into_parts();
    match timeout(bodies.within, Limited::new(body, limit).collect()).await {
        Err(_) => and_close(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            and_close(StatusCode::PAYLOAD_TOO_LARGE)
        }
        // It broke off, or its chunks are none.
        Ok(Err(_)) => and_close(StatusCode::BAD_REQUEST),
        Ok(Ok(whole)) => {
            let whole = Body::from(whole.to_bytes());
            next.run(Request::from_parts(parts, whole)).await
        }
    }
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// A refusal after which the rest of what the client sends is not waited for.
fn and_close(status: StatusCode) -> Response {
    (status, [(CONNECTION, "close")]).into_response()
}

/// Answers 503 when the handler takes too long. Its command may still be committed, since the writer owns it and not the request.
async fn answer_in_time(State(within): State<Duration>, request: Request, next: Next) -> Response {
    let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if let Ok(response) = timeout(within, next.run(request)).await {
        return response;
    }
    let mut response = busy();
    if changes {
        response.extensions_mut().insert(OutcomeUnknown);
    }
    response
}

/// The service cannot do it now.
fn busy() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(5))
}

/// A refusal that says after how many whole seconds to ask again.
fn refusal(status: StatusCode, wait: Duration) -> Response {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let seconds = HeaderValue::from(whole.max(1));
    (status, [(RETRY_AFTER, seconds)]).into_response()
}

async fn hold_rates(
    State(throttle): State<Arc<Throttle>>,
    request: Request,
    next: Next,
) -> Response {
    match throttle.wait(&request) {
        Some(wait) => refusal(StatusCode::TOO_MANY_REQUESTS, wait),
        None => next.run(request).await,
    }
}

/// The rates of all clients. Credentials are kept as keyed hashes only.
struct Throttle {
    addresses: Rates<IpAddr>,
    credentials: Rates<u64>,
    hashing: RandomState,
}

impl Throttle {
    fn new(limits: &Limits) -> Throttle {
        Throttle {
            addresses: Rates::new(limits.rate_per_address),
            credentials: Rates::new(limits.rate_per_credential),
            hashing: RandomState::new(),
        }
    }

    /// How long whoever sends this must wait, if at all.
    fn wait(&self, request: &Request) -> Option<Duration> {
        let client = request.extensions().get::<ClientAddress>();
        let of_address = client.and_then(|client| self.addresses.wait(&counted_as(client.0)));
        of_address.or_else(|| {
            let headers = request.headers();
            let token = bearer(headers);
            let credential = token.or_else(|| session(headers))?;
            let key = self.hashing.hash_one((token.is_some(), credential));
            self.credentials.wait(&key)
        })
    }
}

/// The rates of one kind of key. Keys that could ask their whole burst again are forgotten now and then, so the memory it takes is bounded by how many
/// different ones fit into the time of one burst.
struct Rates<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    asked: AtomicU64,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    fn new(rate: Rate) -> Rates<K> {
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(positive(rate.per_second)).allow_burst(positive(rate.burst));
        Rates {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            asked: AtomicU64::new(1),
        }
    }

    fn wait(&self, key: &K) -> Option<Duration> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked.is_multiple_of(SWEEP_EVERY) {
            self.limiter.retain_recent();
        }
        let refused = self.limiter.check_key(key).err()?;
        Some(refused.wait_time_from(self.clock.now()))
    }
}

/// The token of an `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

/// The session's part of the cookies.
fn session(headers: &HeaderMap) -> Option<&[u8]> {
    let lines = headers.get_all(COOKIE).iter();
    let mut cookies = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    cookies.find_map(|cookie| {
        let value = cookie
            .trim_ascii()
            .strip_prefix(SESSION_COOKIE.as_bytes())?;
        value.strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn those_who_are_turned_away_at_once_are_called_back_one_after_the_other() {
        let called_back = (0..200).map(|_| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from(5));
            scatter(&mut headers);
            headers[RETRY_AFTER].as_bytes().to_vec()
        });
        let found: BTreeSet<Vec<u8>> = called_back.collect();
        let expected = ["5", "6", "7", "8"].map(|text| text.as_bytes().to_vec());
        assert_eq!(found, expected.into());
    }
}
