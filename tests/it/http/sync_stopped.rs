//! A phone that was stopped, because it is lost or its collector left: what it made before is not lost, and whoever holds it learns nothing.

use serde_json::{Value, json};

use super::desk::{Call, HERE};
use super::sync::{Village, id, pickup, request, results, void, weighed};
use crate::harness::on_both;

/// A village whose collector's phone brought something, and was stopped at noon. It is two hours later.
async fn stopped(engine: crate::harness::Engine, before: &[Value]) -> Village {
    let village = Village::open(engine).await;
    village.bring(before).await;
    let path = format!("/villages/{HERE}/collectors/C1/access/phones");
    let stop = Call::new("DELETE", &path).by("clerk");
    assert_eq!(village.desk.send(stop).await.status, 204);
    village.set("2025-09-20T14:00:00+08:00");
    village
}

/// What the phone sends after that.
fn sent(items: &[Value]) -> Value {
    let mut body = request(items);
    body["sent_at"] = json!("2025-09-20T14:00:00+08:00");
    body
}

/// A pickup that was made after the stop.
fn after(nth: u8) -> Value {
    let mut item = pickup(nth);
    item["pickup"]["occurred_at"] = json!("2025-09-20T13:00:00+08:00");
    item
}

fn ids(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap().iter();
    results
        .map(|result| result["id"].as_str().unwrap())
        .collect()
}

#[test]
fn what_a_stopped_phone_made_before_is_looked_at_by_the_clerk_and_the_rest_stays_on_it() {
    on_both(async |engine| {
        let before = [pickup(1), pickup(5), void(6, "A-0005")];
        let village = stopped(engine, &before).await;
        let items = [
            pickup(2),
            after(3),
            void(4, "A-0001"),
            pickup(1),
            void(6, "A-0005"),
        ];
        let answer = village.heard(&sent(&items)).await;
        let expected = [
            ("held", "phone-stopped"),
            ("accepted", "recorded"),
            ("accepted", "voided"),
        ];
        assert_eq!(results(&answer), expected, "{answer:#}");
        assert_eq!(ids(&answer), [id(2), id(1), id(6)]);
        let replayed = |nth: usize| answer["results"][nth]["replayed"].clone();
        assert_eq!((replayed(1), replayed(2)), (json!(true), json!(true)));
        let held = village.clerk("held-items").await;
        let why = held["data"][0]["why"].as_str().unwrap();
        assert!(why.contains("2025-09-20 12:00"), "{why}");
        assert_eq!(village.credit().await, "1.62");
        for items in [&[][..], &[after(3)], &[after(3), void(4, "A-0001")]] {
            let reply = village.ask(&sent(items)).await;
            assert_eq!((reply.status, reply.code()), (403, "phone-stopped"));
            assert_eq!(reply.headers["jinfu-sync"], "1");
        }
        let elsewhere = Call::get(&format!("/villages/{HERE}/materials")).by("collector");
        let reply = village.desk.send(elsewhere).await;
        assert_eq!((reply.status, reply.code()), (401, "session-ended"));
        village.close().await;
    });
}

#[test]
fn whoever_holds_a_stopped_phone_learns_nothing_from_what_it_brings() {
    on_both(async |engine| {
        let village = stopped(engine, &[pickup(1), pickup(5)]).await;
        let at = |nth: u8, household: &str, kilograms: &str| {
            let number = format!("A-{nth:04}");
            json!({"id": id(nth), "pickup": weighed(&number, household, "20T09:00:00", kilograms)})
        };
        let (known, unknown) = (at(2, "03-017", "2.000"), at(3, "99-999", "2.000"));
        let heavy = at(4, "03-018", "150.000");
        let void = json!({"voided_at": "2025-09-20T12:30:00+08:00", "reason": "称错了"});
        village.commands("pickups/A-0005/void", &void).await;
        let items = [known, unknown, heavy, pickup(1), pickup(5)];
        let answer = village.heard(&sent(&items)).await;
        let held = ("held", "phone-stopped");
        let taken = ("accepted", "recorded");
        assert_eq!(results(&answer), [held, held, held, taken, taken]);
        assert_eq!(
            (&answer["numbers"], &answer["delta"]),
            (&json!([]), &Value::Null)
        );
        let told = answer["results"].as_array().unwrap();
        for result in told {
            for name in ["amount", "month", "still_owed", "problem"] {
                assert_eq!(result.get(name), None, "{name}: {result:#}");
            }
            assert_eq!(result["is_voided"], false);
        }
        // But for its number, the sentence is one for all.
        let sentence = |nth: usize| {
            let number = told[nth]["number"].as_str().unwrap();
            told[nth]["message"].as_str().unwrap().replace(number, "#")
        };
        assert_eq!(sentence(0), "# 收到了。这部手机已停用，先由村里核对。");
        assert_eq!((sentence(1), sentence(2)), (sentence(0), sentence(0)));
        assert_eq!(sentence(3), "# 在手机停用前就收到了。");
        assert_eq!(sentence(4), sentence(3));
        // What the clerk decides is not told either.
        let decision = json!({"decision": "reject", "decided_at": "2025-09-20T14:00:00+08:00", "reason": "没有这户"});
        village
            .commands("held-items/A-0003/decision", &decision)
            .await;
        let again = village.heard(&sent(&items)).await;
        assert_eq!(results(&again), results(&answer));
        village.close().await;
    });
}

#[test]
fn a_stopped_phone_whose_items_nobody_knows_the_end_of_sends_them_again() {
    on_both(async |engine| {
        let village = stopped(engine, &[pickup(1)]).await;
        let mut raw = village.raw().await;
        raw.must("alter table awaited_void rename to awaited_void_gone")
            .await;
        let reply = village.ask(&sent(&[pickup(2), after(3)])).await;
        assert!(reply.status >= 500, "{}", reply.body);
        raw.must("alter table awaited_void_gone rename to awaited_void")
            .await;
        drop(raw);
        let answer = village.heard(&sent(&[pickup(2), after(3)])).await;
        assert_eq!(results(&answer), [("held", "phone-stopped")]);
        village.close().await;
    });
}
