//! What is forwarded is believed from configured proxies only.

use std::net::{IpAddr, Ipv4Addr};

use jinfu::http::serve::{Limits, Rate};

use crate::gate::{Service, get_of};

const PROXY: u8 = 9;
const OTHER_PROXY: &str = "10.0.0.1";

fn behind_proxies() -> Limits {
    let proxy = IpAddr::V4(Ipv4Addr::new(127, 0, 0, PROXY));
    Limits {
        proxies: vec![proxy, OTHER_PROXY.parse().unwrap()],
        ..Limits::default()
    }
}

fn who(headers: &str) -> String {
    get_of("/who").replace("\r\n\r\n", &format!("\r\n{headers}\r\n"))
}

const EVERYTHING: &str = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Real-IP: 203.0.113.8\r\nForwarded: for=203.0.113.9;proto=https\r\nVia: 1.1 evil\r\n";

#[tokio::test]
async fn from_anybody_else_it_is_ignored_and_removed() {
    for limits in [Limits::default(), behind_proxies()] {
        let service = Service::start(limits);
        let mut client = service.client_from(8).await;
        let answer = client.ask(&who(EVERYTHING)).await;
        assert_eq!(answer.body, "127.0.0.8 tls=false left=0");
        assert_eq!(answer.header("strict-transport-security"), None);
    }
}

#[tokio::test]
async fn a_proxy_names_the_last_hop_that_is_no_proxy() {
    let service = Service::start(behind_proxies());
    let mut proxy = service.client_from(PROXY).await;
    let cases = [
        ("", "127.0.0.9"),
        ("X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"),
        // The client wrote the first one itself.
        ("X-Forwarded-For: 1.1.1.1, 203.0.113.7\r\n", "203.0.113.7"),
        (
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.7\r\n",
            "203.0.113.7",
        ),
        (
            "X-Forwarded-For: 1.1.1.1, 203.0.113.7, 10.0.0.1\r\n",
            "203.0.113.7",
        ),
        ("X-Forwarded-For: 203.0.113.7:4711\r\n", "203.0.113.7"),
        ("X-Forwarded-For: [2001:db8::1]:443\r\n", "2001:db8::1"),
        ("X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"),
        ("X-Forwarded-For: ::ffff:203.0.113.7\r\n", "203.0.113.7"),
        // Only proxies, or nonsense: the last that is known.
        ("X-Forwarded-For: 10.0.0.1\r\n", "10.0.0.1"),
        ("X-Forwarded-For: unknown\r\n", "127.0.0.9"),
        (
            "X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.1\r\n",
            "10.0.0.1",
        ),
    ];
    for (headers, expected) in cases {
        let answer = proxy.ask(&who(headers)).await;
        let expected = format!("{expected} tls=false left=0");
        assert_eq!(answer.body, expected, "{headers}");
    }
}

#[tokio::test]
async fn a_proxy_says_whether_the_client_speaks_tls() {
    let service = Service::start(behind_proxies());
    let mut proxy = service.client_from(PROXY).await;
    for (proto, expected) in [
        ("https", true),
        ("http", false),
        ("https, http", false),
        ("HTTPS", true),
    ] {
        let headers = format!("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: {proto}\r\n");
        let answer = proxy.ask(&who(&headers)).await;
        let body = format!("203.0.113.7 tls={expected} left=0");
        assert_eq!(answer.body, body, "{proto}");
        let secured = answer.header("strict-transport-security");
        let policy = expected.then_some("max-age=31536000; includeSubDomains");
        assert_eq!(secured, policy, "{proto}");
    }
}

#[tokio::test]
async fn clients_behind_a_proxy_have_rates_of_their_own() {
    let limits = Limits {
        rate_per_address: Rate {
            per_second: 1,
            burst: 2,
        },
        ..behind_proxies()
    };
    let service = Service::start(limits);
    let mut proxy = service.client_from(PROXY).await;
    let mut statuses = Vec::new();
    for _ in 0..50 {
        let answer = proxy.ask(&who("X-Forwarded-For: 203.0.113.7\r\n")).await;
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = proxy.ask(&who("X-Forwarded-For: 203.0.113.8\r\n")).await;
    assert_eq!(other.status, 200);
    // Subscribers have whole networks under IPv6: neighbours in one of them are one client.
    let mut statuses = Vec::new();
    for number in 0..50 {
        let headers = format!("X-Forwarded-For: 2001:db8::{number:x}\r\n");
        statuses.push(proxy.ask(&who(&headers)).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = proxy
        .ask(&who("X-Forwarded-For: 2001:db8:0:1::1\r\n"))
        .await;
    assert_eq!(other.status, 200);
}
