//! Who a request comes from: the peer of the connection, or whom a configured proxy names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, Request};

/// The headers in which proxies say whom they speak for. No handler ever sees them.
const FORWARDING: [HeaderName; 7] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("via"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The address that asks, in the extensions of every request: the peer, or behind configured proxies the last hop that is none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddress(pub IpAddr);

/// How a request came here, in the extensions of every request.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Passage {
    /// A configured proxy says that the client speaks TLS with it.
    pub over_tls: bool,
    /// Somebody, configured or not, says that the request was forwarded.
    pub is_forwarded: bool,
}

/// Writes into the request whom it comes from and takes the forwarding headers out of it.
pub(super) fn introduce<B>(request: &mut Request<B>, peer: IpAddr, proxies: &[IpAddr]) {
    let headers = request.headers_mut();
    let is_forwarded = FORWARDING.iter().any(|name| headers.contains_key(name));
    let is_proxy = proxies.contains(&peer);
    let over_tls = is_proxy && says_tls(headers);
    let client = if is_proxy {
        last_untrusted_hop(headers, peer, proxies)
    } else {
        peer
    };
    for name in &FORWARDING {
        headers.remove(name);
    }
    let passage = Passage {
        over_tls,
        is_forwarded,
    };
    request.extensions_mut().insert(passage);
    request.extensions_mut().insert(ClientAddress(client));
}

/// Reads the hops from the nearest one on. What stands before the first hop that is no proxy was written by strangers.
fn last_untrusted_hop(headers: &HeaderMap, peer: IpAddr, proxies: &[IpAddr]) -> IpAddr {
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|line| line.to_str().unwrap_or(""))
        .collect();
    let mut last = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = address_of(hop) else {
            break;
        };
        last = address;
        if !proxies.contains(&address) {
            break;
        }
    }
    last
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse().map(|socket: SocketAddr| socket.ip());
    let address = bare.parse().or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

/// Whether the nearest proxy says so, which is the one that is configured.
fn says_tls(headers: &HeaderMap) -> bool {
    let last = headers.get_all("x-forwarded-proto").iter().next_back();
    let hop = last.and_then(|line| line.to_str().ok()?.rsplit(',').next());
    hop.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

/// What is counted as one client: an IPv4 address, or the /64 network that a subscriber gets under IPv6.
pub(super) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => {
            let network = long.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        short @ IpAddr::V4(_) => short,
    }
}
