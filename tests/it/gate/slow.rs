//! Clients that are slow, on purpose or not, hold nobody up but themselves.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::any;
use jinfu::http::gate;
use jinfu::http::serve::{Limits, Rate};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout_at};
use tower::ServiceExt as _;

use crate::gate::{Client, Service, chunked, get_of, post_of, until};

const SHORT: Duration = Duration::from_millis(500);

/// Connections that are opened and never asked on.
const HALF_OPEN: u32 = 1000;

/// Holds a connection half open until it is cut off, again and again until the time; says how often it was cut off.
async fn half_open(to: std::net::SocketAddr, last: u8, until: Instant) -> u32 {
    let mut cut = 0;
    loop {
        let held = async {
            let mut client = Client::connect(to, last).await.ok()?;
            let half = "GET /fine HTTP/1.1\r\nHost: jinfu\r\nX-Slow: ";
            client.stream.write_all(half.as_bytes()).await.ok()?;
            client.answer().await
        };
        match timeout_at(until, held).await {
            Ok(None) => cut += 1,
            // Those that are just cut off still have their places for a moment.
            Ok(Some(answer)) => assert_eq!(answer.status, 503, "half a request is answered"),
            Err(_) => return cut,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_half_open_connections_do_not_disturb_a_healthy_client() {
    let limits = Limits {
        header_timeout: Duration::from_secs(2),
        // The healthy client asks as fast as it can.
        rate_per_address: Rate {
            per_second: 100_000,
            burst: 100_000,
        },
        ..Limits::default()
    };
    let service = Service::start(limits);
    let end = Instant::now() + Duration::from_secs(6);
    let mut slow = JoinSet::new();
    for number in 0..HALF_OPEN {
        // 50 of each address, of the 64 it may have.
        let last = u8::try_from(100 + number / 50).unwrap();
        slow.spawn(half_open(service.address, last, end));
    }
    until("the flood", async || {
        service.connections() >= HALF_OPEN * 9 / 10
    })
    .await;
    let mut healthy = service.client().await;
    let (mut asked, mut longest) = (0, Duration::ZERO);
    while Instant::now() < end {
        let began = Instant::now();
        // On its connection, and by turns on a new one.
        if asked % 2 == 1 {
            healthy = service.client().await;
        }
        assert_eq!(healthy.ask(&get_of("/fine")).await.status, 200);
        longest = longest.max(began.elapsed());
        asked += 1;
    }
    let cut: u32 = slow.join_all().await.into_iter().sum();
    eprintln!(
        "{HALF_OPEN} half open: {cut} cut off, {asked} healthy requests, longest {longest:?}"
    );
    assert!(cut >= HALF_OPEN / 2, "{cut} were cut off");
    assert!(asked >= 100, "{asked} requests in some seconds");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    drop(healthy);
    until("no connection", async || service.connections() == 0).await;
}

#[tokio::test]
async fn a_head_that_dribbles_in_is_cut_off() {
    let limits = Limits {
        header_timeout: SHORT,
        ..Limits::default()
    };
    let service = Service::start(limits);
    // Also one that comes after a proper request, and one that never begins.
    for (first, dribble) in [(false, true), (true, true), (false, false), (true, false)] {
        let mut client = service.client().await;
        if first {
            assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
        }
        let (mut reading, mut writing) = client.stream.into_split();
        let dribbling = tokio::spawn(async move {
            let mut ticks = interval(SHORT / 10);
            writing.write_all(b"GET /").await.unwrap();
            while dribble && writing.write_all(b"x").await.is_ok() {
                ticks.tick().await;
            }
            writing
        });
        let read = tokio::time::timeout(crate::gate::PATIENCE, reading.read(&mut [0; 64])).await;
        assert_eq!(read.expect("it is never cut off").unwrap_or(0), 0);
        dribbling.abort();
    }
    until("no connection", async || service.connections() == 0).await;
}

#[tokio::test]
async fn a_body_that_dribbles_in_is_refused() {
    let limits = Limits {
        body_timeout: SHORT,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let heads = [
        post_of("/echo", "", &"x".repeat(1000)).replace("xx", ""),
        chunked("/v/batch", "x").replace("1\r\nx\r\n0\r\n\r\n", "3e8\r\n"),
        post_of("/nowhere", "", &"x".repeat(1000)).replace("xx", ""),
    ];
    for head in heads {
        let mut client = service.client().await;
        client.send(&head).await;
        let mut ticks = interval(SHORT / 10);
        let answer = loop {
            tokio::select! {
                answer = client.stream.readable() => break answer,
                _ = ticks.tick() => {}
            }
            client.send("x").await;
        };
        answer.unwrap();
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 408, "{head}");
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[tokio::test]
async fn a_client_that_breaks_off_its_body_reaches_no_handler() {
    let service = Service::start(Limits::default());
    for head in [
        post_of("/ignores", "", &"x".repeat(1000)).replace("xx", ""),
        chunked("/ignores", "x").replace("0\r\n\r\n", ""),
    ] {
        let mut client = service.client().await;
        client.send(&head).await;
        let answered = async {
            client.stream.shutdown().await.unwrap();
            client.answer().await
        };
        let answer = answered.await;
        assert!(answer.is_none_or(|answer| answer.status == 400), "{head}");
    }
    let text = service.figures.encode();
    let handled = text
        .lines()
        .find(|line| line.contains("/ignores") && line.contains("\"200\""));
    assert_eq!(handled, None);
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_connection() {
    let limits = Limits {
        answer_timeout: SHORT,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut client = service.client().await;
    client.send(get_of("/large")).await;
    until("the connection", async || service.connections() == 1).await;
    until("no connection", async || service.connections() == 0).await;
    // One that reads gets all of it.
    let answer = service.ask(&get_of("/large")).await;
    assert_eq!(answer.body.len(), 32 << 20);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_answered_for() {
    let limits = Limits {
        answer_timeout: SHORT,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut client = service.client().await;
    for request in [get_of("/wait"), post_of("/wait", "", "x")] {
        let answer = client.ask(&request).await;
        assert_eq!(answer.status, 503);
        assert!((5..=8).contains(&answer.retry_after()));
    }
    // The connection goes on.
    assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
}

// The writer owns a command once it is given to it, so a layer above has to say that nobody knows.
#[tokio::test]
async fn a_change_without_an_answer_is_marked_as_unknown() {
    let limits = Limits {
        answer_timeout: SHORT,
        ..Limits::default()
    };
    let stuck = any(std::future::pending::<()>);
    let router = gate::protect(Router::new().route("/", stuck), &limits);
    for (method, is_unknown) in [
        ("GET", false),
        ("HEAD", false),
        ("POST", true),
        ("PUT", true),
    ] {
        let request = Request::builder().method(method).body(Body::empty());
        let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), 503);
        let marked = answer.extensions().get::<gate::OutcomeUnknown>();
        assert_eq!(marked.is_some(), is_unknown, "{method}");
    }
}
