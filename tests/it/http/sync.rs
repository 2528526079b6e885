//! The collector's phone: what it brings is taken item by item, in any order and however often, at the time at which it was made; and it learns what
//! it needs for the next round, and nothing else.

use jinfu::clock::Clock;
use jinfu::domain::{CollectorCode, VillageCode};
use jinfu::ledger::access::Deed;
use serde_json::{Value, json};

use super::desk::{Call, Desk, FAR, HERE, Reply};
use crate::harness::raw::Raw;
use crate::harness::{Database, on_both};

/// When the service is asked.
pub(crate) const NOW: &str = "2025-09-20T12:00:00+08:00";

/// A service with one more phone than the desk has.
pub(crate) struct Village {
    pub(crate) desk: Desk,
    database: Database,
}

pub(crate) fn id(nth: u8) -> String {
    format!("019a0c5e-7f3b-7c10-b2e4-0000000000{nth:02x}")
}

pub(crate) fn weighed(number: &str, household: &str, at: &str, kilograms: &str) -> Value {
    json!({
        "pickup_no": number, "occurred_at": format!("2025-09-{at}+08:00"), "household_no": household, "collector": "C1",
        "lines": [{"material": "ZB", "unit": "kg", "gross": kilograms}],
    })
}

/// A pickup of the day: 1.800 kg at 0.90.
pub(crate) fn pickup(nth: u8) -> Value {
    let number = format!("A-{nth:04}");
    let at = format!("20T{:02}:00:00", nth % 12);
    json!({"id": id(nth), "pickup": weighed(&number, "03-017", &at, "1.800")})
}

pub(crate) fn void(nth: u8, number: &str) -> Value {
    json!({
        "id": id(nth),
        "void": {"pickup_no": number, "voided_at": "2025-09-20T11:30:00+08:00", "reason": "称错了"},
    })
}

pub(crate) fn request(items: &[Value]) -> Value {
    json!({"protocol": 1, "app": "0.1.0", "village": HERE, "device": "A", "sent_at": NOW, "items": items})
}

impl Village {
    pub(crate) async fn open(engine: crate::harness::Engine) -> Village {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        Village { desk, database }
    }

    pub(crate) async fn ask(&self, body: &Value) -> Reply {
        let call = Call::new("POST", "/sync").json(body).by("collector");
        self.desk.send(call).await
    }

    /// Brings items, which must be heard.
    pub(crate) async fn bring(&self, items: &[Value]) -> Value {
        self.heard(&request(items)).await
    }

    pub(crate) async fn heard(&self, body: &Value) -> Value {
        let reply = self.ask(body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.headers["jinfu-sync"], "1");
        reply.body
    }

    pub(crate) async fn clerk(&self, path: &str) -> Value {
        let path = format!("/villages/{HERE}/{path}");
        self.desk.must(Call::get(&path).by("clerk")).await
    }

    pub(crate) async fn commands(&self, path: &str, body: &Value) {
        let path = format!("/villages/{HERE}/{path}");
        self.desk.must(Call::post(&path, body).by("clerk")).await;
    }

    /// The code of a refusal.
    pub(crate) async fn refused(&self, path: &str, body: &Value) -> String {
        let path = format!("/villages/{HERE}/{path}");
        let reply = self.desk.send(Call::post(&path, body).by("clerk")).await;
        reply.code().to_owned()
    }

    pub(crate) async fn credit(&self) -> Value {
        let found = self.clerk("households/03-017").await;
        found["credit"].clone()
    }

    /// Its database, as the program does not see it.
    pub(crate) async fn raw(&self) -> Raw {
        Raw::open(&self.database).await
    }

    pub(crate) async fn waiting(&self) -> String {
        let mut raw = self.raw().await;
        raw.list("select count(*) from awaited_void")
            .await
            .remove(0)
    }

    /// What stands in the record of a collector, by what he did and whether he was allowed to.
    pub(crate) async fn noted(&self, action: &str, is_allowed: bool) -> usize {
        let call = Call::get("/audit?limit=500").by("administrator");
        let audit = self.desk.must(call).await;
        let deeds = audit["data"].as_array().unwrap().iter();
        let deeds = deeds.filter(|deed| {
            deed["actor"] == "collector:C1"
                && deed["action"] == action
                && deed["is_allowed"] == is_allowed
        });
        deeds.count()
    }

    /// Sets the time of the service.
    pub(crate) fn set(&self, now: &str) {
        let set = |clock: &Clock| clock.set(now.parse().unwrap());
        set(self.desk.service.ledger.clock());
        set(self.desk.service.access.clock());
    }

    /// The secret of another phone, of another collector in a village.
    pub(crate) async fn other_phone(&self, village: &str) -> String {
        let access = &self.desk.service.access;
        let village = VillageCode::parse("village", village).unwrap();
        let collector = CollectorCode::parse("collector", "C2").unwrap();
        let code = access.issue_enrolment(deed(), &village, &collector).await;
        let enrolled = access.enrol(code.unwrap().reveal(), "phone", "-").await;
        enrolled.unwrap().secret.reveal().to_owned()
    }

    pub(crate) async fn close(self) {
        self.desk.close(self.database).await;
    }
}

fn deed() -> Deed<'static> {
    Deed {
        actor: "system:test",
        action: "set_up",
        village: None,
        subject: None,
        is_allowed: true,
        trace_id: "-",
    }
}

/// The results in short, in the order of the answer.
pub(crate) fn results(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["results"].as_array().unwrap().iter();
    results
        .map(|result| {
            let word = |name: &str| result[name].as_str().unwrap();
            (word("result"), word("code"))
        })
        .collect()
}

#[test]
fn each_item_is_taken_for_itself_and_told_by_its_id() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let mut malformed = pickup(2);
        malformed["pickup"]["lines"][0]["gross"] = json!(1.8);
        let mut unreadable = pickup(3);
        unreadable["pickup"]["lines"][0]["tare"] = json!("x");
        let mut unknown = pickup(4);
        unknown["pickup"]["household_no"] = json!("99-999");
        let mut heavy = pickup(5);
        heavy["pickup"]["lines"][0]["gross"] = json!("150.000");
        let both =
            json!({"id": id(6), "pickup": pickup(6)["pickup"], "void": void(6, "A-0001")["void"]});
        let items = [
            pickup(1),
            malformed,
            unreadable,
            unknown,
            heavy,
            both,
            json!({"id": id(7)}),
            pickup(8),
        ];
        let answer = village.bring(&items).await;
        let expected = [
            ("accepted", "recorded"),
            ("rejected", "wrong-type"),
            ("rejected", "not-a-number"),
            ("held", "household-unknown"),
            ("held", "heavy-line"),
            ("rejected", "wrong-type"),
            ("rejected", "empty"),
            ("accepted", "recorded"),
        ];
        assert_eq!(results(&answer), expected, "{answer:#}");
        let place = |nth: usize| answer["results"][nth]["problem"]["errors"][0]["pointer"].clone();
        assert_eq!(place(1), "/items/1/pickup/lines/0/gross");
        assert_eq!(place(2), "/items/2/pickup/lines/0/tare");
        let first = &answer["results"][0];
        assert_eq!(
            (
                &first["id"],
                &first["number"],
                &first["amount"],
                &first["month"],
                &first["still_owed"]
            ),
            (
                &json!(id(1)),
                &json!("A-0001"),
                &json!("1.62"),
                &json!("2025-09"),
                &json!("0.00")
            )
        );
        assert_eq!(first["message"], "A-0001 已入账，1.62 元。");
        assert_eq!(village.credit().await, "3.24");
        village.close().await;
    });
}

#[test]
fn an_item_that_is_sent_again_is_answered_again_whatever_the_clock_says_by_then() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let first = village.bring(&[pickup(1), void(2, "A-0001")]).await;
        assert_eq!(
            results(&first),
            [("accepted", "voided"), ("accepted", "voided")]
        );
        village.set("2025-09-20T12:00:07.5+08:00");
        // The way took longer this time, so that the corrected times are others.
        let again = village.bring(&[void(2, "A-0001"), pickup(1)]).await;
        for (before, after) in [(0, 1), (1, 0)] {
            let mut expected = first["results"][before].clone();
            expected["replayed"] = json!(true);
            assert_eq!(again["results"][after], expected);
        }
        let mut other = pickup(1);
        other["pickup"]["lines"][0]["gross"] = json!("1.900");
        let mut later = pickup(1);
        later["pickup"]["occurred_at"] = json!("2025-09-20T02:00:00+08:00");
        let answer = village.bring(&[other, later]).await;
        assert_eq!(
            results(&answer),
            [("rejected", "id-used-for-other-content"); 2]
        );
        let differing =
            |nth: usize| answer["results"][nth]["problem"]["facts"]["differing"].clone();
        assert_eq!(
            (differing(0), differing(1)),
            (json!("lines"), json!("phone"))
        );
        let journal = village.clerk("journal?limit=500").await;
        let kinds = journal["data"].as_array().unwrap().iter();
        let kinds = kinds.filter(|entry| entry["kind"].as_str().unwrap().starts_with("pickup_"));
        assert_eq!(kinds.count(), 2);
        village.close().await;
    });
}

#[test]
fn an_item_of_a_village_out_of_reach_is_refused_alone() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let mut foreign = pickup(2);
        foreign["village"] = json!(FAR);
        let mut nowhere = pickup(3);
        nowhere["village"] = json!("430302199999");
        let mut of_another = pickup(4);
        of_another["pickup"]["collector"] = json!("C2");
        let answer = village
            .bring(&[foreign, pickup(1), nowhere, of_another])
            .await;
        let unknown = ("rejected", "village-unknown");
        let expected = [
            unknown,
            ("accepted", "recorded"),
            unknown,
            ("rejected", "not-for-this-role"),
        ];
        assert_eq!(results(&answer), expected);
        // Once, however many villages are named.
        assert_eq!(village.noted("command", false).await, 1);
        let path = format!("/villages/{FAR}/pickups/A-0002");
        assert_eq!(
            village
                .desk
                .send(Call::get(&path).by("clerk of far"))
                .await
                .status,
            404
        );
        let mut body = request(&[pickup(5)]);
        body["village"] = json!(FAR);
        let reply = village.ask(&body).await;
        assert_eq!((reply.status, reply.code()), (404, "village-unknown"));
        village.close().await;
    });
}

#[test]
fn who_may_not_or_cannot_be_understood_is_told_so_and_nothing_is_taken() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let body = request(&[pickup(1)]);
        for (who, status) in [
            ("clerk", 403),
            ("household", 403),
            ("reader", 403),
            ("clerk of far", 404),
            ("administrator", 403),
        ] {
            let call = Call::new("POST", "/sync").json(&body).by(who);
            let reply = village.desk.send(call).await;
            assert_eq!(reply.status, status, "{who}");
            assert_eq!(reply.headers["jinfu-sync"], "1", "{who}");
        }
        let with = |name: &str, value: Value| {
            let mut body = body.clone();
            body[name] = value;
            body
        };
        let many: Vec<Value> = (0..501).map(|_| pickup(1)).collect();
        let cases = [
            (with("protocol", json!(2)), "out-of-range", "/protocol"),
            (with("items", json!(many)), "out-of-range", "/items"),
            (
                with("items", json!([{"id": "7", "void": {}}])),
                "wrong-type",
                "/items/0/id",
            ),
            (with("device", json!("")), "empty", "/device"),
            (
                with("sent_at", json!("yesterday")),
                "not-a-time",
                "/sent_at",
            ),
            (with("price", json!("0.90")), "unknown-field", "/price"),
        ];
        for (body, code, pointer) in cases {
            let reply = village.ask(&body).await;
            assert_eq!((reply.status, reply.code()), (400, code), "{}", reply.body);
            assert_eq!(reply.body["errors"][0]["pointer"], pointer);
            assert_eq!(reply.headers["jinfu-sync"], "1");
        }
        assert_eq!(village.credit().await, "0.00");
        village.close().await;
    });
}

#[test]
fn every_answer_says_that_it_is_of_this_service_whatever_became_of_the_request() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let body = request(&[pickup(1)]);
        let by_collector = || Call::new("POST", "/sync").by("collector");
        let cases = [
            (Call::new("POST", "/sync").json(&body), 401),
            (by_collector().bytes(b"{"), 400),
            (by_collector().header("content-type", "text/plain"), 415),
            (by_collector().bytes(&vec![b' '; 64 << 20]), 413),
            (
                Call::new("POST", "/sync?x=1").json(&body).by("collector"),
                400,
            ),
            (
                by_collector()
                    .json(&body)
                    .header("sec-fetch-site", "cross-site"),
                403,
            ),
            (by_collector().json(&body), 200),
        ];
        for (call, status) in cases {
            let reply = village.desk.send(call).await;
            assert_eq!(reply.status, status, "{}", reply.body);
            assert_eq!(reply.headers["jinfu-sync"], "1", "{status}");
        }
        let elsewhere = Call::get(&format!("/villages/{HERE}/materials")).by("collector");
        let elsewhere = village.desk.send(elsewhere).await;
        assert!(!elsewhere.headers.contains_key("jinfu-sync"));
        village.close().await;
    });
}

#[test]
fn an_item_is_the_same_whatever_the_device_is_called_that_brings_it() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let mut named = pickup(2);
        named["pickup"]["device"] = json!("A");
        village.bring(&[pickup(1), named.clone()]).await;
        let mut relabelled = request(&[pickup(1), named.clone()]);
        relabelled["device"] = json!("A2");
        let answer = village.heard(&relabelled).await;
        assert_eq!(results(&answer), [("accepted", "recorded"); 2]);
        assert_eq!(answer["results"][0]["replayed"], true);
        // What the item itself says is its content.
        named["pickup"]["device"] = json!("A2");
        let answer = village.bring(&[named]).await;
        let other = ("rejected", "id-used-for-other-content");
        assert_eq!(results(&answer), [other]);
        village.close().await;
    });
}

#[test]
fn all_that_a_phone_may_bring_at_once_is_taken_in_one_request() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let items: Vec<Value> = (0..500)
            .map(|nth| {
                let at = format!("{:02}T{:02}:{:02}:00", 5 + nth / 60, 6 + nth % 12, nth % 60);
                let number = format!("A-{nth:04}");
                json!({"id": format!("019a0c5e-7f3b-7c10-b2e4-00000001{nth:04}"), "pickup": weighed(&number, "03-018", &at, "1.800")})
            })
            .collect();
        let answer = village.bring(&items).await;
        let accepted = results(&answer)
            .into_iter()
            .filter(|result| result.0 == "accepted");
        assert_eq!(accepted.count(), 500);
        village.close().await;
    });
}

#[test]
fn sixty_four_times_the_same_at_once_have_one_effect_and_the_same_answer() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let items = [pickup(1), void(2, "A-0001"), pickup(3)];
        let mut running = tokio::task::JoinSet::new();
        let village = std::sync::Arc::new(village);
        for _ in 0..64 {
            let (village, items) = (std::sync::Arc::clone(&village), items.clone());
            running.spawn(async move { village.bring(&items).await["results"].clone() });
        }
        let answers = running.join_all().await;
        let first: Vec<Value> = answers
            .iter()
            .map(|results| {
                let mut results = results.clone();
                for result in results.as_array_mut().unwrap() {
                    result.as_object_mut().unwrap().remove("replayed");
                }
                results
            })
            .collect();
        assert!(
            first.iter().all(|results| *results == first[0]),
            "{first:#?}"
        );
        for nth in 0..3 {
            let fresh = answers
                .iter()
                .filter(|results| results[nth]["replayed"] == false);
            assert_eq!(fresh.count(), 1);
        }
        assert_eq!(village.credit().await, "1.62");
        let village = std::sync::Arc::into_inner(village).unwrap();
        village.close().await;
    });
}
