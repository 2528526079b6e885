//! The header table is on every answer, whoever gives it.

use std::time::Duration;

use jinfu::http::serve::{Limits, Rate};

use crate::gate::{Answer, Service, chunked, get_of, post_of};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

fn assert_dressed(answer: &Answer) {
    let expected = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
    }
    let permissions = answer.header("permissions-policy").unwrap();
    assert!(permissions.contains("camera=(self)") && permissions.contains("geolocation=()"));
    let id = answer.header("x-request-id").unwrap();
    assert!(id.len() == 16 && id.chars().all(|char| char.is_ascii_hexdigit()));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[tokio::test]
async fn every_answer_carries_the_header_table() {
    let limits = Limits {
        body_timeout: Duration::from_millis(300),
        answer_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    let service = Service::start(limits);
    let both = "POST /echo HTTP/1.1\r\nHost: jinfu\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let cases = [
        (200, get_of("/fine")),
        (200, post_of("/echo", "", "hello")),
        (
            200,
            "HEAD /fine HTTP/1.1\r\nHost: jinfu\r\nConnection: close\r\n\r\n".to_owned(),
        ),
        (400, both.to_owned()),
        (403, post_of("/echo", "Sec-Fetch-Site: cross-site\r\n", "")),
        (404, get_of("/nowhere")),
        (404, post_of("/nowhere", "", "")),
        (405, post_of("/fine", "", "")),
        (405, get_of("/fine").replace("GET", "TRACE")),
        (405, get_of("/fine").replace("GET", "BREW")),
        (408, post_of("/echo", "", "hello").replace("hello", "he")),
        (413, chunked("/echo", &"x".repeat(70_000))),
        (500, get_of("/panic")),
        (503, get_of("/wait")),
    ];
    for (status, request) in cases {
        let answer = service.ask(&request).await;
        let line = request.lines().next().unwrap();
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        assert_dressed(&answer);
        // What the gate and the router refuse is bare; words are another layer's.
        assert!(
            status == 200 || answer.body.is_empty(),
            "{line}: {answer:?}"
        );
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_refusal_for_the_rate_carries_it_too() {
    let limits = Limits {
        rate_per_credential: Rate {
            per_second: 1,
            burst: 1,
        },
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut client = service.client().await;
    let request = "GET /fine HTTP/1.1\r\nHost: jinfu\r\nAuthorization: Bearer one\r\n\r\n";
    for _ in 0..50 {
        let answer = client.ask(request).await;
        assert_dressed(&answer);
        if answer.status == 429 {
            return;
        }
    }
    panic!("50 requests in a row are let through");
}

#[tokio::test]
async fn a_handler_may_let_an_answer_be_kept() {
    let service = Service::start(Limits::default());
    let answer = service.ask(&get_of("/kept")).await;
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(answer.header("content-security-policy"), Some(POLICY));
}
