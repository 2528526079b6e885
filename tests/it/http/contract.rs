//! What the interface promises of itself: its description is whole, repeating is safe, and what cannot be read is answered with its place.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Database, on_both};
use crate::http::desk::{Call, Desk, HERE, NEXT};

fn pickup(number: &str) -> Value {
    json!({
        "pickup_no": number, "occurred_at": "2025-09-05T09:10:00+08:00", "household_no": "03-017", "collector": "C1",
        "lines": [{"material": "ZB", "unit": "jin", "gross": "3.6"}],
    })
}

fn pickups() -> String {
    format!("/villages/{HERE}/pickups")
}

#[test]
fn sixty_four_clients_with_one_key_have_one_effect_and_the_same_answer() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let key = "019a0c5e-7f3b-7c10-b2e4-000000000064";
        let calls = (0..64).map(|_| {
            desk.send(
                Call::post(&pickups(), &pickup("A-1"))
                    .key(key)
                    .by("collector"),
            )
        });
        let mut replies = Vec::new();
        let mut running: Vec<_> = calls.map(Box::pin).collect();
        // All are begun before the first is waited for.
        std::future::poll_fn(|context| {
            running.retain_mut(|call| match call.as_mut().poll(context) {
                std::task::Poll::Ready(reply) => {
                    replies.push(reply);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if running.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        drop(running);
        assert_eq!(replies.len(), 64);
        let first = &replies[0];
        assert_eq!(
            (first.status, &first.body["result"]),
            (201, &json!("recorded")),
            "{}",
            first.body
        );
        for reply in &replies {
            assert_eq!((reply.status, &reply.body), (first.status, &first.body));
        }
        let again = replies
            .iter()
            .filter(|reply| reply.headers.contains_key("idempotent-replayed"));
        assert_eq!(again.count(), 63);
        let statement = format!("/villages/{HERE}/households/03-017/statement");
        let statement = desk.must(Call::get(&statement).by("clerk")).await;
        assert_eq!(statement["credit_closing"], "1.62");
        desk.close(database).await;
    });
}

#[test]
fn an_answer_that_was_lost_is_given_again_and_nothing_is_booked_twice() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let served = desk.serve();
        let (path, key) = (pickups(), "019a0c5e-7f3b-7c10-b2e4-000000000067");
        let body = pickup("A-1").to_string();
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: books\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            desk.token("collector"),
            body.len()
        );
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let recorded = format!("{path}/A-1");
        let patience = Instant::now() + Duration::from_mins(1);
        while desk.send(Call::get(&recorded).by("clerk")).await.status != 200 {
            assert!(Instant::now() < patience, "it is never recorded");
            tokio::task::yield_now().await;
        }
        // It is in the books, and the connection is gone before anybody read the answer.
        drop(client);
        let again = Call::post(&path, &pickup("A-1")).key(key).by("collector");
        let reply = desk.send(again).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        assert_eq!(reply.headers["idempotent-replayed"], "true");
        let found = desk.must(Call::get(&recorded).by("clerk")).await;
        assert_eq!(found["recorded"]["seq"], reply.body["entry"]["seq"]);
        served.stop().await;
        desk.close(database).await;
    });
}

#[test]
fn a_key_with_other_content_is_refused_and_names_what_differs() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let key = "019a0c5e-7f3b-7c10-b2e4-000000000065";
        desk.must(
            Call::post(&pickups(), &pickup("A-1"))
                .key(key)
                .by("collector"),
        )
        .await;
        let mut other = pickup("A-1");
        other["lines"][0]["gross"] = json!("3.7");
        let reply = desk
            .send(Call::post(&pickups(), &other).key(key).by("collector"))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "id-used-for-other-content")
        );
        assert!(
            reply.body["facts"]["differing"]
                .as_str()
                .unwrap()
                .starts_with("lines"),
            "{}",
            reply.body
        );
        desk.close(database).await;
    });
}

#[test]
fn a_dry_run_answers_and_writes_nothing_and_uses_no_key() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let key = "019a0c5e-7f3b-7c10-b2e4-000000000066";
        let path = format!("{}?dry_run=true", pickups());
        let tried = desk
            .send(Call::post(&path, &pickup("A-1")).key(key).by("collector"))
            .await;
        assert_eq!(
            (tried.status, &tried.body["dry_run"]),
            (200, &json!(true)),
            "{}",
            tried.body
        );
        let absent = format!("{}/A-1", pickups());
        assert_eq!(desk.send(Call::get(&absent).by("clerk")).await.status, 404);
        let recorded = desk
            .send(
                Call::post(&pickups(), &pickup("A-1"))
                    .key(key)
                    .by("collector"),
            )
            .await;
        assert_eq!(recorded.status, 201);
        assert!(!recorded.headers.contains_key("idempotent-replayed"));
        let found = desk.must(Call::get(&absent).by("clerk")).await;
        assert_eq!(found["recorded"]["actor"], "collector:C1");
        desk.close(database).await;
    });
}

#[test]
fn a_bad_item_of_a_batch_spoils_no_other() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let mut bad = pickup("A-2");
        bad["lines"][0]["tare"] = json!("x");
        let id = |number: u8| format!("019a0c5e-7f3b-7c10-b2e4-0000000001{number:02}");
        let body = json!({"items": [
            {"id": id(1), "pickup": pickup("A-1")}, {"id": id(2), "pickup": bad}, {"id": id(3), "pickup": pickup("A-3")},
        ]});
        let path = format!("{}/batch", pickups());
        let answer = desk.must(Call::post(&path, &body).by("collector")).await;
        let results: Vec<_> = answer["items"].as_array().unwrap().iter().collect();
        assert_eq!(results[0]["receipt"]["result"], "recorded");
        assert_eq!(
            results[1]["problem"]["errors"][0]["pointer"],
            "/items/1/pickup/lines/0/tare"
        );
        assert_eq!(results[2]["receipt"]["result"], "recorded");
        desk.close(database).await;
    });
}

#[test]
fn what_cannot_be_read_is_answered_with_its_place_and_nothing_is_booked() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let deep = format!(
            "{{\"pickup_no\": {}{}}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let mut float = pickup("A-1");
        float["lines"][0]["gross"] = json!(3.6);
        let mut missing = pickup("A-1");
        missing.as_object_mut().unwrap().remove("collector");
        let mut unknown = pickup("A-1");
        unknown["price"] = json!("0.90");
        let mut places = pickup("A-1");
        places["lines"][0]["gross"] = json!("3.601");
        let post = |body: &Value| Call::post(&pickups(), body).by("collector");
        let cases = [
            (
                post(&json!({})).bytes(b"{\"pickup_no\": "),
                400,
                "malformed-json",
                None,
            ),
            (
                post(&json!({})).bytes(deep.as_bytes()),
                400,
                "wrong-type",
                Some("/pickup_no"),
            ),
            (post(&json!([])), 400, "wrong-type", Some("")),
            (post(&float), 400, "wrong-type", Some("/lines/0/gross")),
            (post(&missing), 400, "missing-field", Some("")),
            (post(&unknown), 400, "unknown-field", Some("/price")),
            (
                post(&places),
                400,
                "too-many-places",
                Some("/lines/0/gross"),
            ),
            (
                post(&json!("x".repeat(70_000))),
                413,
                "body-too-large",
                None,
            ),
            (
                Call::post(&pickups(), &pickup("A-1"))
                    .key("7")
                    .by("collector"),
                400,
                "idempotency-key-invalid",
                None,
            ),
            (
                Call::new("POST", &pickups())
                    .json(&pickup("A-1"))
                    .by("collector"),
                400,
                "idempotency-key-required",
                None,
            ),
            (
                Call::post(&pickups(), &pickup("A-1")),
                401,
                "sign-in-needed",
                None,
            ),
            (
                Call::post(&pickups(), &pickup("A-1")).header("authorization", "Bearer 00"),
                401,
                "session-ended",
                None,
            ),
            (
                Call::get("/nowhere").by("clerk"),
                404,
                "nothing-there",
                None,
            ),
            (
                Call::get(&format!("/villages/{HERE}/stock?colour=red")).by("clerk"),
                400,
                "query-not-understood",
                None,
            ),
            (
                Call::new("PUT", &pickups()).by("clerk"),
                405,
                "method-not-allowed",
                None,
            ),
            (
                Call::get(&format!("/villages/{HERE}/households?cursor=7")).by("clerk"),
                400,
                "cursor-unknown",
                None,
            ),
            (
                Call::get(&format!("/villages/{HERE}/households?limit=501")).by("clerk"),
                400,
                "limit-out-of-range",
                None,
            ),
            (
                Call::get(&format!("/villages/{HERE}/households?page=2")).by("clerk"),
                400,
                "query-not-understood",
                None,
            ),
            (
                Call::get("/regions/430302102/months/2025-08/report").by("official"),
                404,
                "region-unknown",
                None,
            ),
        ];
        for (call, status, code, pointer) in cases {
            let reply = desk.send(call).await;
            assert_eq!(
                (reply.status, reply.code()),
                (status, code),
                "{}",
                reply.body
            );
            let found = reply.body["errors"][0]["pointer"].as_str();
            assert_eq!(found, pointer, "{}", reply.body);
            let kind = reply.headers["content-type"].to_str().unwrap();
            assert_eq!(kind, "application/problem+json");
        }
        let none = desk
            .must(Call::get(&format!("/villages/{HERE}/households/03-017")).by("clerk"))
            .await;
        assert_eq!(none["credit"], "0.00");
        desk.close(database).await;
    });
}

#[test]
fn problems_are_told_in_the_language_that_is_asked_for() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        for (asked, told) in [
            ("en", "Sign in first."),
            ("zh-CN,en;q=0.8", "请先登录。"),
            ("fr, en;q=0.7, zh;q=0.3", "Sign in first."),
            ("", "请先登录。"),
        ] {
            let reply = desk
                .send(Call::get("/villages").header("accept-language", asked))
                .await;
            assert_eq!(reply.body["detail"], told, "{asked}");
        }
        desk.close(database).await;
    });
}

#[test]
fn a_cursor_goes_on_where_the_page_ended_and_is_of_its_list_only() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let path = |rest: &str| format!("/villages/{HERE}/households?limit=1{rest}");
        let first = desk.must(Call::get(&path("")).by("clerk")).await;
        assert_eq!(
            (&first["data"][0]["household_no"], &first["has_more"]),
            (&json!("03-017"), &json!(true))
        );
        let cursor = first["next"].as_str().unwrap();
        let second = desk
            .must(Call::get(&path(&format!("&cursor={cursor}"))).by("clerk"))
            .await;
        assert_eq!(
            (&second["data"][0]["household_no"], &second["next"]),
            (&json!("03-018"), &Value::Null)
        );
        let elsewhere = format!("/villages/{NEXT}/households?cursor={cursor}");
        let reply = desk.send(Call::get(&elsewhere).by("clerk of next")).await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "cursor-of-another-list")
        );
        desk.close(database).await;
    });
}

#[test]
fn a_change_names_the_revision_that_it_builds_on() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let path = format!("/villages/{HERE}/households/03-017");
        let read = desk.send(Call::get(&path).by("clerk")).await;
        let tag = read.headers["etag"].to_str().unwrap().to_owned();
        let body = json!({"effective_from": "2025-10-01", "headcount": 4});
        let change = || Call::post(&format!("{path}/changes"), &body).by("clerk");
        let reply = desk.send(change()).await;
        assert_eq!((reply.status, reply.code()), (428, "if-match-required"));
        desk.must(change().header("if-match", &tag)).await;
        let reply = desk.send(change().header("if-match", &tag)).await;
        assert_eq!((reply.status, reply.code()), (412, "changed-meanwhile"));
        desk.must(change().header("if-match", "*")).await;
        desk.close(database).await;
    });
}

#[test]
fn a_no_that_was_seen_stays_a_no() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let key = "019a0c5e-7f3b-7c10-b2e4-000000000070";
        let payout = json!({"household_no": "03-017", "amount": "20.00", "requested_at": "2025-09-18T09:00:00+08:00"});
        let path = format!("/villages/{HERE}/payouts");
        let ask = || Call::post(&path, &payout).by("household");
        let refused = desk.send(ask().key(key)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "payout-not-covered"),
            "{}",
            refused.body
        );
        let mut heavy = pickup("A-1");
        heavy["lines"][0] = json!({"material": "ZB", "unit": "kg", "gross": "40"});
        desk.must(Call::post(&pickups(), &heavy).by("collector"))
            .await;
        let again = desk.send(ask().key(key)).await;
        assert_eq!((again.status, again.code()), (422, "payout-not-covered"));
        assert_eq!(again.body["detail"], refused.body["detail"]);
        desk.must(ask()).await;
        desk.close(database).await;
    });
}

#[test]
fn a_collector_closes_only_his_own_rounds() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let path = format!("/villages/{HERE}/rounds");
        for (number, collector) in [("R-1", "C1"), ("R-2", "C2")] {
            let round = json!({"round_no": number, "group": "03", "collector": collector, "held_on": "2025-09-19"});
            desk.must(Call::post(&path, &round).by("clerk")).await;
        }
        let close = |number: &str| Call::post(&format!("{path}/{number}/close"), &json!({}));
        let reply = desk.send(close("R-2").by("collector")).await;
        assert_eq!((reply.status, reply.code()), (403, "round-of-another"));
        desk.must(close("R-1").by("collector")).await;
        desk.must(close("R-2").by("clerk")).await;
        desk.close(database).await;
    });
}

#[test]
fn the_token_of_a_program_sets_no_password_of_its_account() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let body = json!({"password": "kai-qing-dan-2025"});
        let set = |name: &str| Call::new("POST", &format!("/users/{name}/password")).json(&body);
        for who in ["clerk", "administrator"] {
            let reply = desk.send(set(who).by(who)).await;
            assert_eq!((reply.status, reply.code()), (403, "not-for-this-role"));
        }
        // Accounts of others are what an administrator looks after, also with a program.
        let reply = desk.send(set("clerk").by("administrator")).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
        desk.close(database).await;
    });
}
