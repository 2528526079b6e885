//! Takes connections and serves HTTP/1.1 on them, so many and no longer than the limits say.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::http::client::{counted_as, introduce};
use crate::http::figures::Figures;
use crate::http::gate::{Malformed, refusal_of_a_connection};
use crate::http::wire::{TwoLengths, Wire, part};

/// How long no connection is taken after the machine could not give one, for want of file descriptors or memory.
const PAUSE: Duration = Duration::from_secs(1);
/// Connections that may wait to be taken; the kernel may allow fewer.
const WAITING: u32 = 4096;
/// How many turned away connections are told so at the same time; further ones are just closed.
const TOLD_AT_ONCE: usize = 256;
/// File descriptors for the database, the logs and the like.
const OTHER_DESCRIPTORS: usize = 256;

/// How often something may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Requests a second in the long run; 0 counts as 1.
    pub per_second: u32,
    /// Requests at once after a pause; 0 counts as 1.
    pub burst: u32,
}

/// What clients may ask of the service. The default is meant for the open internet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Open connections in all. A connection over it is answered 503 with `Retry-After` and closed: left in the backlog it would wait behind
    /// whatever fills the places, without a word.
    pub connections: usize,
    /// Open connections of one address, or of one /64 network under IPv6. Further ones are answered 503 with `Retry-After` and closed.
    /// Configured proxies are not counted.
    pub per_address: usize,
    /// For the head of a request, counted from when the connection is ready for it: also how long a connection may be idle.
    pub header_timeout: Duration,
    /// For the body of a request as a whole; then 408.
    pub body_timeout: Duration,
    /// For the handler, from the complete request on; then 503. Also for a write that stands still because the client does not read.
    pub answer_timeout: Duration,
    /// For what was accepted before the service was told to stop.
    pub shutdown_timeout: Duration,
    /// Bytes of a request's head, at least 8,192; then 431.
    pub head: usize,
    /// Bytes of a request's body; then 413.
    pub body: usize,
    /// Bytes of a request's body on paths that end in `/batch` or `/sync`; then 413.
    pub batch_body: usize,
    /// Bodies over `body` that are in memory at the same time; a further one waits for its turn, as long as `body_timeout`; then 503.
    pub batch_bodies: usize,
    /// For one client address. Generous, since a whole village sits behind one address of its carrier.
    pub rate_per_address: Rate,
    /// For one session or token.
    pub rate_per_credential: Rate,
    /// The addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub proxies: Vec<IpAddr>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 2048,
            per_address: 64,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
            head: 16 << 10,
            body: 64 << 10,
            batch_body: 1 << 20,
            batch_bodies: 32,
            rate_per_address: Rate {
                per_second: 200,
                burst: 1000,
            },
            rate_per_credential: Rate {
                per_second: 10,
                burst: 50,
            },
            proxies: Vec::new(),
        }
    }
}

/// A listener for [`serve`], with room for a wave of new connections: what does not fit into the usual room waits a whole second.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted service need not wait for the connections of its predecessor to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until `shutdown` is ready, then takes no more connections, closes the idle ones, and returns when what was accepted is answered.
///
/// # Errors
///
/// `TimedOut` when some of it was not answered within [`Limits::shutdown_timeout`] and was cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    figures: Figures,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    raise_descriptor_limit(&limits);
    let house = Arc::new(House::new(router, limits, figures));
    let (closing, told) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                let peer = peer.ip().to_canonical();
                receive(&house, &mut tasks, socket, peer, told.clone());
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                if timeout(PAUSE, &mut shutdown).await.is_ok() {
                    break;
                }
            }
        }
    }
    drop(listener);
    closing.send_replace(true);
    finish(tasks, house.limits.shutdown_timeout).await
}

/// Waits for the open connections, but not for ever.
async fn finish(mut tasks: JoinSet<()>, within: Duration) -> io::Result<()> {
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(within, all).await.is_ok() {
        return Ok(());
    }
    tracing::warn!(connections = tasks.len(), "connections are cut off");
    tasks.shutdown().await;
    Err(io::ErrorKind::TimedOut.into())
}

/// Gives a connection its place, or says that there is none.
fn receive(
    house: &Arc<House>,
    tasks: &mut JoinSet<()>,
    socket: TcpStream,
    peer: IpAddr,
    told: watch::Receiver<bool>,
) {
    match Seat::take(house, peer) {
        Ok(seat) => {
            tasks.spawn(attend(seat, socket, peer, told));
        }
        Err(code) => {
            house.figures.refused(code);
            if let Ok(permit) = Arc::clone(&house.told_at_once).try_acquire_owned() {
                tasks.spawn(async move {
                    turn_away(socket).await;
                    drop(permit);
                });
            }
        }
    }
}

/// Says that there is no place, without reading what is asked.
async fn turn_away(socket: TcpStream) {
    // A fresh socket has room for these few bytes.
    if socket.writable().await.is_ok() && socket.try_write(refusal_of_a_connection()).is_ok() {
        part(socket).await;
    }
}

/// Serves one connection to its end.
async fn attend(seat: Seat, socket: TcpStream, peer: IpAddr, mut told: watch::Receiver<bool>) {
    let house = Arc::clone(&seat.house);
    // Answers are small and must not wait for more; without it they are only later.
    drop(socket.set_nodelay(true));
    let wire = Wire::new(socket, house.limits.answer_timeout);
    let two_lengths = wire.two_lengths();
    let answering = Arc::clone(&house);
    let service = service_fn(move |request| {
        Box::pin(answer(
            Arc::clone(&answering),
            peer,
            two_lengths.clone(),
            request,
        ))
    });
    let mut connection = house.http.serve_connection(TokioIo::new(wire), service);
    let mut closing = pin!(told.wait_for(|told| *told));
    let mut is_told = false;
    let ended = poll_fn(|context| {
        // What has been sent is read before a connection counts as idle.
        let ended = connection.poll_without_shutdown(context);
        if ended.is_ready() || is_told || closing.as_mut().poll(context).is_pending() {
            return ended;
        }
        is_told = true;
        Pin::new(&mut connection).graceful_shutdown();
        connection.poll_without_shutdown(context)
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a connection broke off");
    }
    connection.into_parts().io.into_inner().part().await;
    drop(seat);
}

/// Hands a request to the router, with what is known about its sender.
async fn answer(
    house: Arc<House>,
    peer: IpAddr,
    two_lengths: TwoLengths,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    introduce(&mut request, peer, &house.limits.proxies);
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let names_one_host = request.headers().get_all(HOST).iter().count() == 1;
    let needs_host = request.version() == Version::HTTP_11;
    if (is_chunked && two_lengths.were_seen()) || (needs_host && !names_one_host) {
        request.extensions_mut().insert(Malformed);
    }
    let router = house.router.clone();
    let mut response = router.oneshot(request.map(Body::new)).await?;
    if is_chunked {
        // The wire reads along up to the first chunks only.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// What all connections share.
struct House {
    router: Router,
    http: http1::Builder,
    limits: Limits,
    figures: Figures,
    taken: Mutex<Taken>,
    told_at_once: Arc<Semaphore>,
}

/// How many connections are open.
#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl House {
    fn new(router: Router, limits: Limits, figures: Figures) -> House {
        let mut http = http1::Builder::new();
        let head = limits.head.max(8192);
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_header_size(head)
            .max_buf_size(head.max(64 << 10));
        House {
            router,
            http,
            limits,
            figures,
            taken: Mutex::default(),
            told_at_once: Arc::new(Semaphore::new(TOLD_AT_ONCE)),
        }
    }
}

/// The place of one connection, free again when dropped.
struct Seat {
    house: Arc<House>,
    /// Whose places it counts against.
    counted: Option<IpAddr>,
}

impl Seat {
    /// A place, or the code of the limit that is reached.
    fn take(house: &Arc<House>, peer: IpAddr) -> Result<Seat, &'static str> {
        let counted = (!house.limits.proxies.contains(&peer)).then(|| counted_as(peer));
        let mut taken = house.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= house.limits.connections {
            return Err("too-many-connections");
        }
        if let Some(address) = counted {
            let of_address = taken.by_address.entry(address).or_default();
            if *of_address >= house.limits.per_address {
                return Err("too-many-connections-of-address");
            }
            *of_address += 1;
        }
        taken.all += 1;
        house.figures.connection_opened();
        Ok(Seat {
            house: Arc::clone(house),
            counted,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let house = &self.house;
        let mut taken = house.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(address) = self.counted {
            let left = taken.by_address.get(&address).map_or(0, |count| count - 1);
            if left == 0 {
                taken.by_address.remove(&address);
            } else {
                taken.by_address.insert(address, left);
            }
        }
        house.figures.connection_closed();
    }
}

/// Whether an error of `accept` is about the connection that was to be taken: the next one may do.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [
        ConnectionAborted,
        ConnectionRefused,
        ConnectionReset,
        Interrupted,
    ]
    .contains(&error.kind())
}

/// Asks the machine for as many file descriptors as the limits promise connections.
fn raise_descriptor_limit(limits: &Limits) {
    let wanted = limits.connections + TOLD_AT_ONCE + OTHER_DESCRIPTORS;
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let has = rlimit::increase_nofile_limit(wanted);
    if !has.is_ok_and(|has| has >= wanted) {
        tracing::warn!(wanted, "the machine allows fewer open files");
    }
}
