//! The service over HTTP: every route in one list, each a command or a question of the ledger.

pub(crate) mod api;
pub mod client;
pub(crate) mod examples;
pub(crate) mod extract;
pub mod figures;
pub mod gate;
pub mod health;
pub(crate) mod listing;
mod openapi;
pub(crate) mod problem;
mod problems;
pub(crate) mod receipt;
mod schemas;
pub mod serve;
pub(crate) mod session;
mod standing;
mod state;
mod wire;
pub(crate) mod written;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api::{
    accounts, cash, disputes, documents, fees, fund, held, households, journal, materials, months,
    moves, payouts, pickups, rounds, sessions, station, sync, villages,
};
use crate::http::extract::RequestContext;
use crate::http::serve::Limits;
pub use crate::http::state::Service;

/// Where the interface for programs begins.
pub(crate) const API: &str = "/api/v1";

/// Every operation.
#[expect(
    clippy::too_many_lines,
    reason = "one line for each resource, and nothing else"
)]
fn operations() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::default()
        // Who is who.
        .routes(routes!(
            sessions::find,
            sessions::sign_in,
            sessions::sign_out
        ))
        .routes(routes!(sessions::sign_out_everywhere))
        .routes(routes!(sessions::bind_card))
        .routes(routes!(sessions::sign_in_household))
        .routes(routes!(sessions::enrol))
        .routes(routes!(accounts::list, accounts::add))
        .routes(routes!(accounts::disable))
        .routes(routes!(accounts::set_password))
        .routes(routes!(accounts::tokens, accounts::issue_token))
        .routes(routes!(accounts::revoke_token))
        .routes(routes!(accounts::audit))
        .routes(routes!(accounts::issue_card))
        .routes(routes!(accounts::issue_enrolment))
        .routes(routes!(accounts::end_phones))
        // Villages and what they lay down.
        .routes(routes!(villages::list))
        .routes(routes!(villages::find, villages::open))
        .routes(routes!(villages::settings, villages::change_settings))
        .routes(routes!(materials::list, materials::register))
        .routes(routes!(materials::price_lists, materials::publish))
        .routes(routes!(fees::policies, fees::adopt))
        .routes(routes!(fees::record_opening))
        .routes(routes!(fees::void_opening))
        // Households.
        .routes(routes!(households::list, households::register))
        .routes(routes!(households::find))
        .routes(routes!(households::statement))
        .routes(routes!(households::change))
        .routes(routes!(households::move_out))
        .routes(routes!(households::refund))
        .routes(routes!(households::merge))
        .routes(routes!(households::split))
        .routes(routes!(moves::depart))
        .routes(routes!(moves::arrive))
        .routes(routes!(moves::half_done))
        .routes(routes!(fees::write_off))
        // At the door.
        .routes(routes!(sync::sync))
        .routes(routes!(pickups::record))
        .routes(routes!(pickups::record_many))
        .routes(routes!(pickups::find))
        .routes(routes!(pickups::void))
        .routes(routes!(pickups::correct))
        .routes(routes!(held::list))
        .routes(routes!(held::resolve))
        .routes(routes!(held::collectors, held::register_collector))
        .routes(routes!(held::devices))
        .routes(routes!(rounds::schedules, rounds::set_schedule))
        .routes(routes!(rounds::list, rounds::open))
        .routes(routes!(rounds::stop))
        .routes(routes!(rounds::close))
        .routes(routes!(rounds::points, rounds::register_point))
        .routes(routes!(rounds::trip))
        .routes(routes!(disputes::list, disputes::open))
        .routes(routes!(disputes::answer))
        // Money.
        .routes(routes!(cash::list, cash::receive))
        .routes(routes!(cash::void))
        .routes(routes!(cash::custody))
        .routes(routes!(cash::hand_in))
        .routes(routes!(cash::deposit))
        .routes(routes!(payouts::list, payouts::request))
        .routes(routes!(payouts::expire))
        .routes(routes!(payouts::approve))
        .routes(routes!(payouts::pay))
        .routes(routes!(payouts::cancel))
        .routes(routes!(fund::receive))
        .routes(routes!(fund::spend))
        .routes(routes!(fund::earn))
        .routes(routes!(fund::pay))
        // The station.
        .routes(routes!(station::stock))
        .routes(routes!(station::sell))
        .routes(routes!(station::buyer_pays))
        .routes(routes!(station::count))
        .routes(routes!(station::in_transit))
        .routes(routes!(station::take_in))
        // The month and the books.
        .routes(routes!(months::list))
        .routes(routes!(months::report))
        .routes(routes!(months::differences))
        .routes(routes!(months::charge))
        .routes(routes!(months::offset))
        .routes(routes!(months::close))
        .routes(routes!(months::review))
        .routes(routes!(months::sign))
        .routes(routes!(months::publish))
        .routes(routes!(months::give_back))
        .routes(routes!(months::reopen))
        .routes(routes!(months::region))
        .routes(routes!(journal::list))
        .routes(routes!(documents::find))
        .routes(routes!(documents::void))
}

/// The description of the interface for programs, OpenAPI 3.1.
pub fn description() -> OpenApi {
    let mut described = OpenApiRouter::default()
        .nest(API, operations())
        .into_openapi();
    openapi::complete(&mut described);
    described
}

/// Every route, ready to be served within limits.
pub fn router(service: &Arc<Service>, limits: &Limits) -> Router {
    let (api, _) = operations().split_for_parts();
    let figures = service.figures();
    let is_ready = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { service.is_ready().await }
        }
    };
    let routes = Router::new()
        .nest(API, api)
        .merge(openapi::pages())
        .with_state(Arc::clone(service))
        .merge(health::routes(is_ready, figures.clone()));
    let guarded = gate::protect(routes, limits)
        .layer(middleware::from_fn_with_state(
            Arc::clone(service),
            problem::write_out,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(service),
            give_context,
        ))
        .layer(middleware::from_fn(sync::mark));
    gate::dress(guarded, figures)
}

/// Serves until told to stop, and answers what was accepted.
///
/// # Errors
/// As [`serve::serve`].
pub async fn run(
    service: &Arc<Service>,
    listener: TcpListener,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let figures = service.figures.clone();
    serve::serve(
        listener,
        router(service, &limits),
        limits,
        figures,
        shutdown,
    )
    .await
}

/// Gives every request its language and its id.
async fn give_context(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let context = RequestContext::new(&service, &request);
    request.extensions_mut().insert(context);
    next.run(request).await
}
