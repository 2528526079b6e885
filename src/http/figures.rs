//! What the service counts about itself, and the record of every request in the logs. Neither knows persons: routes are templates, never paths.

use std::collections::BTreeSet;
use std::fmt::{self, Debug, Formatter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::clock::Chance;

/// The content type of [`Figures::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The header with which an answer names its request in the logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The route of requests that no route matches.
const NO_ROUTE: &str = "(none)";
/// Different codes of refusals that are counted apart; there are fewer, and a mistake must not fill the memory.
const CODES: usize = 256;
/// Bounds of the duration histogram in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0,
];

/// The figures of one running service; clones count together.
#[derive(Clone)]
pub struct Figures(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram, fn() -> Histogram>,
    connections: Gauge,
    refusals: Family<Refused, Counter>,
    /// The codes that were counted so far.
    codes: Mutex<BTreeSet<String>>,
    writer: WriterFamily,
    /// Asked at each [`Figures::encode`] for the writer's figures.
    reading: Mutex<Option<Box<dyn Fn() -> Writer + Send>>>,
}

/// The figures of the ledger's writer since it began.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Writer {
    /// Commands that wait now.
    pub queue_depth: u64,
    /// Batches committed.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Time spent in committing them.
    pub commit_time: Duration,
}

#[derive(Default)]
struct WriterFamily {
    queue_depth: Gauge<u64, AtomicU64>,
    batches: Counter,
    commands: Counter,
    commit_seconds: Counter<f64, AtomicU64>,
}

/// A route template and a method.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Asked {
    route: String,
    method: &'static str,
}

/// What was asked, and the status of the answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Answered {
    asked: Asked,
    /// `None` when the client did not wait for it.
    status: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Refused {
    code: String,
}

impl EncodeLabelSet for Asked {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("route", self.route.as_str()), ("method", self.method)].encode(encoder)
    }
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        let status = self.status.map_or("none".to_owned(), |s| s.to_string());
        self.asked.encode(encoder)?;
        [("status", status)].encode(encoder)
    }
}

impl EncodeLabelSet for Refused {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("code", self.code.as_str())].encode(encoder)
    }
}

impl Default for Figures {
    fn default() -> Figures {
        let mut inner = Inner {
            registry: Registry::with_prefix("jinfu"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            connections: Gauge::default(),
            refusals: Family::default(),
            codes: Mutex::default(),
            writer: WriterFamily::default(),
            reading: Mutex::default(),
        };
        inner.register();
        Figures(Arc::new(inner))
    }
}

impl Debug for Figures {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Figures")
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let help = "Requests by route template, method and status";
        registry.register("requests", help, self.requests.clone());
        let help = "Time from the head of a request to the head of its answer";
        registry.register_with_unit(
            "request_duration",
            help,
            Unit::Seconds,
            self.durations.clone(),
        );
        let help = "Connections that are open";
        registry.register("connections", help, self.connections.clone());
        registry.register("refusals", "Refusals by code", self.refusals.clone());
        let writer = &self.writer;
        let help = "Commands that wait for the writer";
        registry.register("writer_queue_depth", help, writer.queue_depth.clone());
        let help = "Batches that the writer committed";
        registry.register("writer_batches", help, writer.batches.clone());
        let help = "Commands in the committed batches";
        registry.register("writer_commands", help, writer.commands.clone());
        let help = "Time that the writer spent in committing";
        let commit_seconds = writer.commit_seconds.clone();
        registry.register_with_unit("writer_commit", help, Unit::Seconds, commit_seconds);
    }
}

impl Figures {
    /// Counts a refusal under its stable code. Codes come from the program, never from a request.
    pub fn refused(&self, code: &str) {
        let mut codes = self.0.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known =
            codes.contains(code) || (codes.len() < CODES && codes.insert(code.to_owned()));
        drop(codes);
        let code = if is_known { code } else { "other" }.to_owned();
        self.0.refusals.get_or_create(&Refused { code }).inc();
    }

    /// Sets the writer's figures, which only grow but for the depth of its queue.
    pub fn set_writer(&self, figures: Writer) {
        let writer = &self.0.writer;
        writer.queue_depth.set(figures.queue_depth);
        let set = |counter: &Counter, to| counter.inner().store(to, Ordering::Relaxed);
        set(&writer.batches, figures.batches);
        set(&writer.commands, figures.commands);
        let seconds = figures.commit_time.as_secs_f64();
        let commit_seconds = writer.commit_seconds.inner();
        commit_seconds.store(seconds.to_bits(), Ordering::Relaxed);
    }

    /// Asks for the writer's figures at each [`Figures::encode`] from now on.
    pub fn read_writer(&self, reading: impl Fn() -> Writer + Send + 'static) {
        let mut kept = self.reading();
        *kept = Some(Box::new(reading));
    }

    /// All figures in the text format of `OpenMetrics`.
    pub fn encode(&self) -> String {
        let writer = self.reading().as_ref().map(|read| read());
        if let Some(writer) = writer {
            self.set_writer(writer);
        }
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.0.registry) {
            tracing::error!(%error, "the figures cannot be written");
        }
        text
    }

    pub(super) fn connection_opened(&self) {
        self.0.connections.inc();
    }

    pub(super) fn connection_closed(&self) {
        self.0.connections.dec();
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, Option<Box<dyn Fn() -> Writer + Send>>> {
        self.0
            .reading
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, asked: &Asked, status: Option<u16>, took: Duration) {
        let answered = Answered {
            asked: asked.clone(),
            status,
        };
        self.0.requests.get_or_create(&answered).inc();
        let duration = self.0.durations.get_or_create(asked);
        duration.observe(took.as_secs_f64());
    }
}

/// The name of a request in the logs, in its extensions and in the header [`REQUEST_ID`] of its answer: 16 hex digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    fn new() -> RequestId {
        let mut random = Chance::System.salt().into_iter().take(8);
        let number = random
            .by_ref()
            .fold(0, |number: u64, byte| number << 8 | u64::from(byte));
        RequestId(format!("{number:016x}").into())
    }
}

/// Counts a request and logs it with its id, method, route template, status and milliseconds. What is logged while it is worked on carries the
/// first three as well.
pub(super) async fn observe(
    State(figures): State<Figures>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::new();
    let asked = Asked {
        route: route_of(&request),
        method: method_of(request.method()),
    };
    let span = tracing::error_span!(
        "request",
        id = &*id.0,
        method = asked.method,
        route = asked.route
    );
    request.extensions_mut().insert(id.clone());
    let watch = Watch {
        figures,
        asked,
        began: Instant::now(),
        status: None,
    };
    async move {
        let mut watch = watch;
        let mut response = next.run(request).await;
        watch.status = Some(response.status().as_u16());
        if let Ok(id) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// One request; what is known about it when it is dropped is recorded, so that a client that goes away is counted too.
struct Watch {
    figures: Figures,
    asked: Asked,
    began: Instant,
    status: Option<u16>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.figures.answered(&self.asked, self.status, took);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(status) = self.status {
            tracing::info!(status, ms, "answered");
        } else {
            tracing::info!(ms, "the client did not wait");
        }
    }
}

fn route_of(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or(NO_ROUTE, MatchedPath::as_str).to_owned()
}

/// The method's own name if it is one of HTTP's, since a client may send any word.
fn method_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
