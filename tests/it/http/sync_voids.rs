//! Voids that a phone brings before their pickup: they are kept until it comes, and it lands voided.

use serde_json::json;

use super::sync::{NOW, Village, id, pickup, results, void};
use crate::harness::on_both;

#[test]
fn a_void_that_comes_before_its_pickup_waits_for_it() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let early = village.bring(&[void(2, "A-0001")]).await;
        assert_eq!(results(&early), [("held", "void-kept")]);
        assert_eq!(village.waiting().await, "1");
        let again = village.bring(&[void(2, "A-0001")]).await;
        assert_eq!(results(&again), [("held", "void-kept")]);
        let mut other = void(2, "A-0001");
        other["void"]["reason"] = json!("别的");
        let other = village
            .bring(&[other, json!({"id": id(2), "pickup": pickup(3)["pickup"]})])
            .await;
        assert_eq!(
            results(&other),
            [("rejected", "id-used-for-other-content"); 2]
        );
        // One waits for each pickup; a second would void nothing more.
        let second = village.bring(&[void(4, "A-0001")]).await;
        assert_eq!(results(&second), [("rejected", "document-unknown")]);
        let late = village.bring(&[pickup(1)]).await;
        assert_eq!(results(&late), [("accepted", "voided")]);
        assert_eq!(late["results"][0]["is_voided"], true);
        assert_eq!(village.waiting().await, "0");
        assert_eq!(village.credit().await, "0.00");
        let found = village.clerk("pickups/A-0001").await;
        assert_eq!(found["reversed"]["actor"], "collector:C1");
        let void = village.bring(&[void(2, "A-0001")]).await;
        assert_eq!(results(&void), [("accepted", "voided")]);
        assert_eq!(void["results"][0]["replayed"], true);
        village.close().await;
    });
}

#[test]
fn a_pickup_that_comes_through_another_door_meets_its_void_as_well() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.bring(&[void(2, "A-0001")]).await;
        village.commands("pickups", &pickup(1)["pickup"]).await;
        assert_eq!(
            (village.waiting().await.as_str(), village.credit().await),
            ("0", json!("0.00"))
        );
        village.close().await;
    });
}

#[test]
fn a_void_of_a_held_pickup_waits_for_the_clerk() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let mut heavy = pickup(1);
        heavy["pickup"]["lines"][0]["gross"] = json!("120.000");
        heavy["pickup"]["lines"][0]["tare"] = json!("1.000");
        village.commands("price-lists", &json!({
            "effective_from": "2025-09-19T00:00:00+08:00", "lines": [{"material": "ZB", "price": "0.01"}],
        })).await;
        let answer = village.bring(&[heavy, void(2, "A-0001")]).await;
        assert_eq!(
            results(&answer),
            [("held", "heavy-line"), ("held", "pickup-held")]
        );
        let decision = json!({"decision": "as_it_is", "decided_at": NOW, "reason": "是真的"});
        village
            .commands("held-items/A-0001/decision", &decision)
            .await;
        assert_eq!(
            (village.waiting().await.as_str(), village.credit().await),
            ("0", json!("0.00"))
        );
        let again = village.bring(&[void(2, "A-0001")]).await;
        assert_eq!(results(&again), [("accepted", "voided")]);
        village.close().await;
    });
}

#[test]
fn a_void_that_is_the_clerks_is_not_done_because_it_came_first() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.bring(&[void(2, "A-0001")]).await;
        let mut large = pickup(1);
        large["pickup"]["lines"][0]["gross"] = json!("30.000");
        let answer = village.bring(&[large]).await;
        assert_eq!(results(&answer), [("accepted", "recorded")]);
        assert_eq!(
            (village.waiting().await.as_str(), village.credit().await),
            ("0", json!("27.00"))
        );
        let again = village.bring(&[void(2, "A-0001")]).await;
        assert_eq!(results(&again), [("rejected", "only-clerk-corrects")]);
        // What the clerk voided meanwhile needs nothing more.
        let body = json!({"voided_at": NOW, "reason": "称错了"});
        village.commands("pickups/A-0001/void", &body).await;
        let late = village.bring(&[void(3, "A-0001")]).await;
        assert_eq!(results(&late), [("accepted", "already-reversed")]);
        let late = &late["results"][0];
        assert_eq!(
            (&late["is_voided"], late.get("still_owed")),
            (&json!(true), None)
        );
        village.close().await;
    });
}

#[test]
fn a_void_of_what_the_clerk_corrected_is_not_done() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.bring(&[pickup(1)]).await;
        let correction = json!({
            "new_no": "A-0001-1", "corrected_at": NOW, "lines": [{"material": "ZB", "unit": "kg", "gross": "1.900"}], "reason": "看错秤",
        });
        village
            .commands("pickups/A-0001/correction", &correction)
            .await;
        for _ in 0..2 {
            let answer = village.bring(&[void(2, "A-0001")]).await;
            assert_eq!(results(&answer), [("rejected", "already-reversed")]);
            let told = &answer["results"][0];
            assert_eq!(
                (&told["is_voided"], &told["problem"]["code"]),
                (&json!(false), &json!("already-reversed"))
            );
            assert_eq!(told.get("still_owed"), None);
        }
        assert_eq!(village.credit().await, "1.71");
        village.close().await;
    });
}

#[test]
fn a_void_and_its_pickup_that_come_at_once_end_voided() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        for nth in 1..=9 {
            let void = [void(100 + nth, &format!("A-{nth:04}"))];
            let pickup = [pickup(nth)];
            // Both are on their way before either is answered.
            let (voided, recorded) = if nth % 2 == 0 {
                tokio::join!(village.bring(&void), village.bring(&pickup))
            } else {
                let (recorded, voided) = tokio::join!(village.bring(&pickup), village.bring(&void));
                (voided, recorded)
            };
            let stood = [("accepted", "voided"), ("held", "void-kept")];
            assert!(stood.contains(&results(&voided)[0]), "{voided:#}");
            assert_eq!(results(&recorded)[0].0, "accepted");
            let again = village.bring(&void).await;
            assert_eq!(results(&again), [("accepted", "voided")]);
        }
        assert_eq!(village.credit().await, "0.00");
        assert_eq!(village.waiting().await, "0");
        village.close().await;
    });
}
