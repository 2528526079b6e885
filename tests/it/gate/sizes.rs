//! Bodies over the limit are refused, with or without a length, also those that nobody would read.

use std::time::Duration;

use jinfu::http::serve::Limits;

use crate::gate::{Service, chunked, post_of};

const SMALL: usize = 64 << 10;
const LARGE: usize = 1 << 20;

#[tokio::test]
async fn a_body_may_be_so_large_and_not_a_byte_larger() {
    let service = Service::start(Limits::default());
    for (path, limit) in [
        ("/echo", SMALL),
        ("/nowhere", SMALL),
        ("/v/batch", LARGE),
        ("/v/sync", LARGE),
    ] {
        let (fits, exceeds) = ("x".repeat(limit), "x".repeat(limit + 1));
        let expected = if path == "/nowhere" { 404 } else { 200 };
        for request in [post_of(path, "", &fits), chunked(path, &fits)] {
            let answer = service.ask(&request).await;
            assert_eq!(answer.status, expected, "{path}");
            let whole = limit.to_string();
            assert!(expected != 200 || answer.body == whole, "{path}");
        }
        for request in [post_of(path, "", &exceeds), chunked(path, &exceeds)] {
            let answer = service.ask(&request).await;
            assert_eq!(answer.status, 413, "{path}");
            assert_eq!(answer.header("connection"), Some("close"));
        }
    }
    // Also where the handler does not look at the body.
    let answer = service
        .ask(&chunked("/ignores", &"x".repeat(SMALL + 1)))
        .await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_read() {
    let service = Service::start(Limits::default());
    let mut client = service.client().await;
    let announced = "POST /echo HTTP/1.1\r\nHost: jinfu\r\nContent-Length: 100000000\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(client.ask(announced).await.status, 413);
    assert!(client.is_closed().await);
    // A client that sends on without waiting can read the refusal all the same.
    let mut client = service.client().await;
    client.send(announced).await;
    client.send(vec![b'x'; 4 << 20]).await;
    assert_eq!(client.answer().await.unwrap().status, 413);
}

#[tokio::test]
async fn large_bodies_take_turns_and_all_of_them_pass() {
    let limits = Limits {
        batch_bodies: 1,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let request = post_of("/v/batch", "", &"x".repeat(LARGE));
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = service.client().await;
        let request = request.clone();
        clients.push(tokio::spawn(
            async move { client.ask(&request).await.status },
        ));
    }
    for client in clients {
        assert_eq!(client.await.unwrap(), 200);
    }
    // Small ones do not wait: here one large body holds the only turn.
    let mut slow = service.client().await;
    let (begin, rest) = request.split_at(SMALL);
    slow.send(begin).await;
    assert_eq!(service.ask(&post_of("/v/batch", "", "x")).await.status, 200);
    slow.send(rest).await;
    assert_eq!(slow.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_large_body_that_does_not_get_its_turn_is_told_to_come_back() {
    let limits = Limits {
        batch_bodies: 1,
        body_timeout: Duration::from_millis(500),
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut holder = service.client().await;
    let body = "x".repeat(LARGE);
    holder.send(post_of("/wait/batch", "", &body)).await;
    service.arrived.notified().await;
    let answer = service.ask(&post_of("/v/batch", "", &body)).await;
    assert_eq!(answer.status, 503);
    assert!((5..=8).contains(&answer.retry_after()));
    service.release.notify_one();
    assert_eq!(holder.answer().await.unwrap().status, 200);
    let answer = service.ask(&post_of("/v/batch", "", &body)).await;
    assert_eq!(answer.status, 200);
}
