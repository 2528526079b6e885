//! What supervisors and monitors ask: whether the process lives, whether it can serve, and its figures.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::time::timeout;

use crate::http::client::{ClientAddress, Passage};
use crate::http::figures::{self, Figures};

/// How long the question whether the service is ready may take.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// `GET /healthz`, `GET /readyz` and `GET /metrics`, to be merged into the service's routes.
///
/// `ready` says whether requests can be served, as by reading from the database; no answer within two seconds counts as no.
pub fn routes<R, F>(ready: R, figures: Figures) -> Router
where
    R: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    Router::new()
        .route("/healthz", get(async || StatusCode::OK))
        .route("/readyz", get(async move || readiness(ready()).await))
        .route(
            "/metrics",
            get(async move |request: Request| metrics(&figures, &request)),
        )
}

/// 200 when the service is ready, 503 when it is not.
async fn readiness(ready: impl Future<Output = bool>) -> StatusCode {
    match timeout(READY_WITHIN, ready).await {
        Ok(true) => StatusCode::OK,
        Ok(false) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The figures, for the machine itself only: anybody else, also through a proxy on this machine that names itself, finds nothing here.
fn metrics(figures: &Figures, request: &Request) -> Response {
    let client = request.extensions().get::<ClientAddress>();
    let passage = request.extensions().get::<Passage>();
    let is_local = client.is_some_and(|client| client.0.is_loopback());
    if !is_local || passage.is_none_or(|passage| passage.is_forwarded) {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([(CONTENT_TYPE, figures::CONTENT_TYPE)], figures.encode()).into_response()
}
