//! How many connections there may be, what happens when the machine has no more to give, and how the service stops.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use jinfu::config::LogFormat;
use jinfu::http::serve::Limits;
use jinfu::telemetry;
use tokio::time::timeout;
use tracing_subscriber::EnvFilter;

use crate::faults::variable;
use crate::gate::{Client, PATIENCE, Service, figure, get_of, post_of, until};

#[tokio::test]
async fn an_address_has_so_many_places() {
    let limits = Limits {
        per_address: 2,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut client = service.client_from(5).await;
        assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
        held.push(client);
    }
    let mut third = service.client_from(5).await;
    // Whether it asks or waits.
    third.send(get_of("/fine")).await;
    let answer = third.answer().await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(third.is_closed().await);
    let code = "jinfu_refusals_total{code=\"too-many-connections-of-address\"}";
    assert_eq!(figure(&service.figures, code), 1);
    let mut other = service.client_from(6).await;
    assert_eq!(other.ask(&get_of("/fine")).await.status, 200);
    drop(held);
    until("a free place", async || {
        let mut client = service.client_from(5).await;
        client.send(get_of("/fine")).await;
        client
            .answer()
            .await
            .is_some_and(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn a_proxy_has_more_than_the_places_of_an_address() {
    let limits = Limits {
        per_address: 1,
        proxies: vec!["127.0.0.9".parse().unwrap()],
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut client = service.client_from(9).await;
        assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
        held.push(client);
    }
}

#[tokio::test]
async fn there_are_so_many_places_in_all() {
    let limits = Limits {
        connections: 3,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut held = Vec::new();
    for last in 11..14 {
        let mut client = service.client_from(last).await;
        assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
        held.push(client);
    }
    let mut fourth = service.client_from(14).await;
    let answer = fourth.answer().await.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    assert!(fourth.is_closed().await);
    // Those who have a place keep it.
    for client in &mut held {
        assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
    }
}

#[tokio::test]
async fn a_service_that_stops_answers_what_it_took_and_takes_no_more() {
    let service = Service::start(Limits::default());
    let mut idle = service.client().await;
    assert_eq!(idle.ask(&get_of("/fine")).await.status, 200);
    let mut silent = service.client().await;
    let mut working = service.client().await;
    working.send(post_of("/wait", "", "x")).await;
    timeout(PATIENCE, service.arrived.notified()).await.unwrap();
    // Half of its request is there, the rest comes after the stop.
    let mut sending = service.client().await;
    let request = post_of("/echo", "", "hello");
    let (begin, rest) = request.split_at(request.len() - 2);
    sending.send(begin).await;
    until("all connections", async || service.connections() == 4).await;
    // What was sent before is read before this is answered.
    assert_eq!(service.ask(&get_of("/fine")).await.status, 200);
    service.stop.send(()).unwrap();
    assert!(idle.is_closed().await);
    assert!(silent.is_closed().await);
    let (address, release) = (service.address, service.release);
    until("a refusal", async || {
        Client::connect(address, 1).await.is_err()
    })
    .await;
    assert!(!service.ended.is_finished());
    release.notify_one();
    sending.send(rest).await;
    for (client, body) in [(&mut working, "waited"), (&mut sending, "5")] {
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.is_closed().await);
    }
    let ended = timeout(PATIENCE, service.ended).await.unwrap();
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn a_service_that_stops_does_not_wait_for_ever() {
    let limits = Limits {
        shutdown_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut working = service.client().await;
    working.send(post_of("/wait", "", "x")).await;
    timeout(PATIENCE, service.arrived.notified()).await.unwrap();
    let ended = service.stop().await;
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    assert!(working.is_closed().await);
}

/// File descriptors of the child: far fewer than its limits promise connections.
const DESCRIPTORS: u64 = 40;

/// A service in a process of its own that has few file descriptors; it says its port on stdout and logs to stderr.
#[test]
#[ignore = "a process that another test starts"]
fn child() {
    if variable("GATE_CHILD").is_none() {
        return;
    }
    rlimit::setrlimit(rlimit::Resource::NOFILE, 2 * DESCRIPTORS, 2 * DESCRIPTORS).unwrap();
    let log = telemetry::log(LogFormat::Json, EnvFilter::new("warn"), std::io::stderr);
    tracing::dispatcher::set_global_default(log).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let service = Service::start(Limits::default());
        eprintln!("{}", service.address);
        service.ended.await.unwrap().unwrap();
    });
}

#[tokio::test]
async fn without_file_descriptors_the_service_waits_and_goes_on() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "gate::places::child"])
        .env("GATE_CHILD", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let address = lines.find_map(|line| line.parse().ok()).unwrap();
    let mut held = Vec::new();
    for number in 0..DESCRIPTORS * 2 {
        // From two addresses, so that the places of one do not run out first.
        let last = if number % 2 == 0 { 21 } else { 22 };
        held.push(Client::connect(address, last).await.unwrap());
    }
    let mut waiting = Client::connect(address, 23).await.unwrap();
    waiting.send(get_of("/fine")).await;
    // Nobody accepts it yet, for so long that a loop without a pause would fill the log.
    let early = timeout(Duration::from_secs(2), waiting.answer()).await;
    assert!(early.is_err(), "{early:?}");
    drop(held);
    let answer = waiting.answer().await.unwrap();
    assert_eq!(answer.status, 200);
    child.kill().unwrap();
    child.wait().unwrap();
    let warnings = lines
        .filter(|line| line.contains("no connection can be taken"))
        .count();
    assert!((1..=20).contains(&warnings), "{warnings} warnings");
}
