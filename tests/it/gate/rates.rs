//! Who asks too often is told when to ask again, and is served then.

use std::time::Duration;

use jinfu::http::serve::{Limits, Rate};
use tokio::time::interval;

use crate::gate::{Client, Service, get_of};

const SLOW: Rate = Rate {
    per_second: 1,
    burst: 3,
};

/// Asks until it is refused, and returns how often it was served and after how many seconds it may ask again.
async fn exhaust(client: &mut Client, request: &str) -> (u32, u64) {
    for served in 0..200 {
        let answer = client.ask(request).await;
        if answer.status == 429 {
            return (served, answer.retry_after());
        }
        assert_eq!(answer.status, 200);
    }
    panic!("200 requests in a row are let through");
}

async fn wait(seconds: u64) {
    let mut ticks = interval(Duration::from_secs(seconds));
    ticks.tick().await;
    ticks.tick().await;
}

fn with(credential: &str) -> String {
    get_of("/fine").replace("\r\n\r\n", &format!("\r\n{credential}\r\n\r\n"))
}

#[tokio::test]
async fn each_session_and_each_token_has_its_own_rate() {
    let limits = Limits {
        rate_per_credential: SLOW,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut client = service.client().await;
    for (mine, other) in [
        ("Authorization: Bearer one", "Authorization: bearer two"),
        ("Cookie: a=b; __Host-sid=one", "Cookie: __Host-sid=two; a=b"),
    ] {
        let (served, seconds) = exhaust(&mut client, &with(mine)).await;
        assert!(served >= SLOW.burst, "{served}");
        assert_eq!(seconds, 1);
        assert_eq!(client.ask(&with(other)).await.status, 200);
        assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
        wait(seconds).await;
        assert_eq!(client.ask(&with(mine)).await.status, 200);
    }
    // Further cookies do not make another session of it.
    let session = |other: u32| with(&format!("Cookie: x={other}; __Host-sid=three"));
    let mut statuses = Vec::new();
    for number in 0..50 {
        statuses.push(client.ask(&session(number)).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn each_address_has_its_own_rate() {
    let limits = Limits {
        rate_per_address: SLOW,
        ..Limits::default()
    };
    let service = Service::start(limits);
    let mut client = service.client_from(5).await;
    let (served, seconds) = exhaust(&mut client, &get_of("/fine")).await;
    assert!(served >= SLOW.burst, "{served}");
    // Neither another connection nor a made up token helps.
    let answer = service
        .client_from(5)
        .await
        .ask(&with("Authorization: Bearer new"))
        .await;
    assert_eq!(answer.status, 429);
    let mut other = service.client_from(6).await;
    assert_eq!(other.ask(&get_of("/fine")).await.status, 200);
    wait(seconds).await;
    assert_eq!(client.ask(&get_of("/fine")).await.status, 200);
}

// A whole village behind one address of its carrier, and a collector who sends a morning's work.
#[tokio::test]
async fn the_usual_rates_let_a_village_through() {
    let service = Service::start(Limits::default());
    let mut client = service.client().await;
    for number in 0..900 {
        let session = with(&format!("Cookie: __Host-sid={}", number / 45));
        assert_eq!(client.ask(&session).await.status, 200, "{number}");
    }
}
