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
pub(crate) mod phone;
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
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::http::api::{
    accounts, cash, disputes, documents, fees, fund, held, households, journal, materials, months,
    moves, payouts, phones, pickups, rounds, sessions, station, sync, villages,
};
use crate::http::extract::RequestContext;
use crate::http::serve::Limits;
pub use crate::http::state::Service;

/// Where the interface for programs begins.
pub(crate) const API: &str = "/api/v1";

/// Every operation, by its path. Each is made when it is asked for: with the description beside it, it takes much more room than the route alone.
const OPERATIONS: &[fn() -> UtoipaMethodRouter<Arc<Service>>] = &[
    // Who is who.
    || routes!(sessions::find, sessions::sign_in, sessions::sign_out),
    || routes!(sessions::sign_out_everywhere),
    || routes!(sessions::bind_card),
    || routes!(sessions::sign_in_household),
    || routes!(sessions::enrol),
    || routes!(accounts::list, accounts::add),
    || routes!(accounts::disable),
    || routes!(accounts::set_password),
    || routes!(accounts::tokens, accounts::issue_token),
    || routes!(accounts::revoke_token),
    || routes!(accounts::audit),
    || routes!(accounts::issue_card),
    || routes!(phones::issue_enrolment),
    || routes!(phones::end),
    // Villages and what they lay down.
    || routes!(villages::list),
    || routes!(villages::find, villages::open),
    || routes!(villages::settings, villages::change_settings),
    || routes!(materials::list, materials::register),
    || routes!(materials::price_lists, materials::publish),
    || routes!(fees::policies, fees::adopt),
    || routes!(fees::record_opening),
    || routes!(fees::void_opening),
    // Households.
    || routes!(households::list, households::register),
    || routes!(households::find),
    || routes!(households::statement),
    || routes!(households::change),
    || routes!(households::move_out),
    || routes!(households::refund),
    || routes!(households::merge),
    || routes!(households::split),
    || routes!(moves::depart),
    || routes!(moves::arrive),
    || routes!(moves::half_done),
    || routes!(fees::write_off),
    // At the door.
    || routes!(sync::sync),
    || routes!(pickups::record),
    || routes!(pickups::record_many),
    || routes!(pickups::find),
    || routes!(pickups::void),
    || routes!(pickups::correct),
    || routes!(held::list),
    || routes!(held::resolve),
    || routes!(held::collectors, held::register_collector),
    || routes!(held::devices),
    || routes!(phones::list),
    || routes!(rounds::schedules, rounds::set_schedule),
    || routes!(rounds::list, rounds::open),
    || routes!(rounds::stop),
    || routes!(rounds::close),
    || routes!(rounds::points, rounds::register_point),
    || routes!(rounds::trip),
    || routes!(disputes::list, disputes::open),
    || routes!(disputes::answer),
    // Money.
    || routes!(cash::list, cash::receive),
    || routes!(cash::void),
    || routes!(cash::custody),
    || routes!(cash::hand_in),
    || routes!(cash::deposit),
    || routes!(payouts::list, payouts::request),
    || routes!(payouts::expire),
    || routes!(payouts::approve),
    || routes!(payouts::pay),
    || routes!(payouts::cancel),
    || routes!(fund::receive),
    || routes!(fund::spend),
    || routes!(fund::earn),
    || routes!(fund::pay),
    // The station.
    || routes!(station::stock),
    || routes!(station::sell),
    || routes!(station::buyer_pays),
    || routes!(station::count),
    || routes!(station::in_transit),
    || routes!(station::take_in),
    // The month and the books.
    || routes!(months::list),
    || routes!(months::report),
    || routes!(months::differences),
    || routes!(months::charge),
    || routes!(months::offset),
    || routes!(months::close),
    || routes!(months::review),
    || routes!(months::sign),
    || routes!(months::publish),
    || routes!(months::give_back),
    || routes!(months::reopen),
    || routes!(months::region),
    || routes!(journal::list),
    || routes!(documents::find),
    || routes!(documents::void),
];

/// The description of the interface for programs, OpenAPI 3.1.
pub fn description() -> OpenApi {
    let operations = OPERATIONS.iter().map(|operation| operation());
    let operations = operations.fold(OpenApiRouter::default(), OpenApiRouter::routes);
    let mut described = OpenApiRouter::default()
        .nest(API, operations)
        .into_openapi();
    openapi::complete(&mut described);
    described
}

/// Every route, ready to be served within limits.
pub fn router(service: &Arc<Service>, limits: &Limits) -> Router {
    let api = OPERATIONS.iter().fold(Router::new(), |api, operation| {
        let (_, described, handlers) = operation();
        let paths = described.paths.into_keys();
        paths.fold(api, |api, path| api.route(&path, handlers.clone()))
    });
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
