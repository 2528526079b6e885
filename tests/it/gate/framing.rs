//! Requests that two readers could take apart differently, or that are none.

use jinfu::http::serve::Limits;

use crate::gate::{Service, chunked, get_of, post_of};

const LENGTH_FIRST: &str = "POST /echo HTTP/1.1\r\nHost: jinfu\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
const CHUNKED_FIRST: &str = "POST /echo HTTP/1.1\r\nHost: jinfu\r\ntransfer-encoding: chunked\r\ncontent-LENGTH: 5\r\n\r\n0\r\n\r\n";

#[tokio::test]
async fn a_request_with_two_lengths_is_refused_and_nothing_after_it_is_read() {
    let service = Service::start(Limits::default());
    for request in [LENGTH_FIRST, CHUNKED_FIRST] {
        let mut client = service.client().await;
        client.send(format!("{request}{}", get_of("/fine"))).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{request}");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.is_closed().await, "{request}");
    }
}

// The reader of heads must know where bodies end, however the bytes arrive.
#[tokio::test]
async fn two_lengths_are_seen_after_other_requests_and_in_small_pieces() {
    let service = Service::start(Limits::default());
    let looks_like_a_head =
        "\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let harmless = post_of("/echo", "", looks_like_a_head);
    for size in [1, 7, 4096] {
        let mut client = service.client().await;
        for request in [&get_of("/fine"), &harmless, &format!("\r\n{harmless}")] {
            for piece in request.as_bytes().chunks(size) {
                client.send(piece).await;
            }
            assert_eq!(client.answer().await.unwrap().status, 200, "{size}");
        }
        for piece in LENGTH_FIRST.as_bytes().chunks(size) {
            client.send(piece).await;
        }
        assert_eq!(client.answer().await.unwrap().status, 400, "{size}");
    }
    // All at once: the answers come in order.
    let mut client = service.client().await;
    client
        .send([harmless.as_str(), &harmless, CHUNKED_FIRST].concat())
        .await;
    for status in [200, 200, 400] {
        assert_eq!(client.answer().await.unwrap().status, status);
    }
}

#[tokio::test]
async fn chunks_alone_are_fine_and_end_the_connection() {
    let service = Service::start(Limits::default());
    let mut client = service.client().await;
    let two = [chunked("/echo", "hello"), get_of("/fine")].concat();
    client.send(two).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_connection_closed() {
    let service = Service::start(Limits::default());
    let long = "x".repeat(20_000);
    let lines = "X-Line: y\r\n".repeat(150);
    let cases = [
        (400, "HELLO\r\n\r\n".to_owned()),
        (400, "GET /fine\r\n\r\n".to_owned()),
        (400, "GET /fine HTTP/1.1\r\nNo Colon\r\n\r\n".to_owned()),
        (400, "GET /fine HTTP/1.1\r\n\r\n".to_owned()),
        (
            400,
            get_of("/fine").replace("Host: jinfu", "Host: a\r\nHost: b"),
        ),
        (400, post_of("/echo", "", "").replace(": 0", ": -1")),
        (
            400,
            post_of("/echo", "", "").replace(": 0", ": 1\r\nContent-Length: 2"),
        ),
        (
            400,
            post_of("/echo", "", "").replace("Content-Length: 0", "Transfer-Encoding: gzip"),
        ),
        (
            400,
            chunked("/echo", "hello").replace("\r\n5\r\n", "\r\nfive\r\n"),
        ),
        (431, get_of(&format!("/{}", "y".repeat(66_000)))),
        (
            431,
            get_of("/fine").replace("Host", &format!("X-Long: {long}\r\nHost")),
        ),
        (
            431,
            get_of("/fine").replace("Host", &format!("{lines}Host")),
        ),
    ];
    for (status, request) in cases {
        let mut client = service.client().await;
        client.send(&request).await;
        let answer = client.answer().await;
        let start: String = request.chars().take(60).collect();
        assert_eq!(
            answer.map(|answer| answer.status),
            Some(status),
            "{start:?}"
        );
        assert!(client.is_closed().await, "{start:?}");
    }
    // HTTP/2 is not spoken, and HTTP/1.1 has no words for that.
    let mut client = service.client().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(client.is_closed().await);
    // Before a host had to be named.
    let answer = service.ask("GET /fine HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 200);
}
