//! What stands between the network and the routes, tried on real sockets: a small service, and clients that write their own bytes.

mod framing;
mod headers;
mod origin;
mod places;
mod proxies;
mod rates;
mod seen;
mod sizes;
mod slow;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use jinfu::http::client::{ClientAddress, Passage};
use jinfu::http::figures::Figures;
use jinfu::http::serve::{Limits, listen, serve};
use jinfu::http::{gate, health};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a test waits for what must come. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service with a few routes behind the gate, on a port of its own.
struct Service {
    address: SocketAddr,
    figures: Figures,
    /// Lets the requests go that wait at `/wait`.
    release: Arc<Notify>,
    /// Told by each request that has come to `/wait`.
    arrived: Arc<Notify>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Service {
    fn start(limits: Limits) -> Service {
        rlimit::increase_nofile_limit(16_384).unwrap();
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let (release, arrived) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let figures = Figures::default();
        let routes = routes(Arc::clone(&release), Arc::clone(&arrived), &figures);
        let router = gate::guarded(routes, &limits, figures.clone());
        let (stop, stopped) = oneshot::channel();
        let address = listener.local_addr().unwrap();
        let shutdown = async { drop(stopped.await) };
        let counted = figures.clone();
        let ended = tokio::spawn(serve(listener, router, limits, counted, shutdown));
        Service {
            address,
            figures,
            release,
            arrived,
            stop,
            ended,
        }
    }

    async fn client(&self) -> Client {
        self.client_from(1).await
    }

    /// A client whose address is 127.0.0.`last`.
    async fn client_from(&self, last: u8) -> Client {
        Client::connect(self.address, last).await.unwrap()
    }

    /// One request on a connection of its own.
    async fn ask(&self, request: &str) -> Answer {
        self.client().await.ask(request).await
    }

    async fn stop(self) -> std::io::Result<()> {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.ended).await.unwrap().unwrap()
    }

    /// How many connections the service says are open.
    fn connections(&self) -> u32 {
        figure(&self.figures, "jinfu_connections")
    }
}

/// The figure whose line begins so; 0 where there is none.
fn figure(figures: &Figures, name: &str) -> u32 {
    let text = figures.encode();
    let line = text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(' ')?;
        Some(value.parse().unwrap())
    });
    line.unwrap_or(0)
}

fn routes(release: Arc<Notify>, arrived: Arc<Notify>, figures: &Figures) -> Router {
    let wait = async move || {
        arrived.notify_one();
        release.notified().await;
        "waited"
    };
    let who = async |Extension(client): Extension<ClientAddress>,
                     Extension(passage): Extension<Passage>,
                     headers: HeaderMap| {
        let left = headers.keys().filter(|name| {
            let name = name.as_str();
            name.starts_with("x-") || name == "forwarded" || name == "via"
        });
        let tls = passage.over_tls;
        format!("{} tls={tls} left={}", client.0, left.count())
    };
    Router::new()
        .route("/fine", get(async || "fine"))
        .route(
            "/kept",
            get(async || ([("cache-control", "max-age=60")], "")),
        )
        .route("/echo", post(async |body: Bytes| body.len().to_string()))
        .route("/v/batch", post(async |body: Bytes| body.len().to_string()))
        .route("/v/sync", post(async |body: Bytes| body.len().to_string()))
        .route("/ignores", post(async |_: Request| "ignored"))
        .route("/panic", get(panics).post(panics))
        .route("/wait", get(wait.clone()).post(wait.clone()))
        .route("/wait/batch", post(wait))
        .route("/who", get(who))
        .route("/large", get(async || vec![b'x'; 32 << 20]))
        .route("/households/{number}", get(household))
        .merge(health::routes(async || true, figures.clone()))
}

async fn panics() -> StatusCode {
    let household = "XH-0042";
    panic!("the household {household} is missing")
}

async fn household(Path(number): Path<String>) -> StatusCode {
    assert!(!number.is_empty());
    StatusCode::NO_CONTENT
}

/// A connection.
struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// After how many seconds it may ask again.
    fn retry_after(&self) -> u64 {
        self.header("retry-after").unwrap().parse().unwrap()
    }
}

impl Client {
    async fn connect(to: SocketAddr, last: u8) -> std::io::Result<Client> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        let stream = timeout(PATIENCE, socket.connect(to)).await.unwrap()?;
        let unread = Vec::new();
        Ok(Client { stream, unread })
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = self.stream.write_all(bytes.as_ref());
        timeout(PATIENCE, sent).await.unwrap().unwrap();
    }

    async fn ask(&mut self, request: &str) -> Answer {
        self.send(request).await;
        self.answer().await.unwrap()
    }

    /// Reads more; false at the end of the connection.
    async fn read(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        let read = read.expect("the service neither answers nor closes");
        read.unwrap_or(0) > 0
    }

    /// The next answer; none when the connection ends without.
    async fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None if self.read().await => {}
                None => return None,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length");
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length && self.read().await {}
        // An answer to HEAD has a length and no body.
        let length = length.min(self.unread.len());
        let body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        Some(Answer {
            status,
            headers,
            body,
        })
    }

    /// Whether the service ends the connection without another byte.
    async fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && !self.read().await
    }
}

/// A request without a body.
fn get_of(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: jinfu\r\n\r\n")
}

/// A request with further header lines, each ending in CRLF, and a body.
fn post_of(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: jinfu\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A request whose body is one chunk.
fn chunked(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: jinfu\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
    )
}

/// Looks every few milliseconds until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let mut ticks = interval(Duration::from_millis(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let waiting = async {
        while !is_so().await {
            ticks.tick().await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "{what} does not come true");
}
