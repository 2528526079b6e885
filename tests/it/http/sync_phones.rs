//! The phones of a village, as its clerk sees them: which there are, when each was heard of, and which has not fetched the prices yet (R-PR-4).

use serde_json::{Value, json};

use super::desk::{Call, HERE};
use super::sync::{Village, pickup, request};
use crate::harness::on_both;

async fn phones(village: &Village) -> Vec<Value> {
    let phones = village.clerk("phones").await;
    phones["data"].as_array().unwrap().clone()
}

/// Lets the phone ask, with the cursor that it was given last, and keeps the next one.
async fn ask(village: &Village, cursor: &mut Value) {
    let mut body = request(&[]);
    body["cursor"] = cursor.clone();
    *cursor = village.heard(&body).await["delta"]["cursor"].clone();
}

#[test]
fn a_phone_that_has_not_fetched_the_last_prices_is_named() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let new = phones(&village).await;
        assert_eq!(new.len(), 1, "{new:?}");
        assert_eq!(
            (&new[0]["collector"], &new[0]["heard_at"], &new[0]["device"]),
            (&json!("C1"), &Value::Null, &Value::Null)
        );
        assert_eq!(new[0]["has_latest_prices"], false);
        // What was sent may have been lost on the way: the phone knows what it shows the cursor of.
        let mut cursor = Value::Null;
        let mut seen = Vec::new();
        for _ in 0..2 {
            ask(&village, &mut cursor).await;
            seen.push(phones(&village).await.remove(0)["has_latest_prices"].clone());
        }
        assert_eq!(seen, [false, true]);
        village.set("2025-09-20T12:10:00+08:00");
        let prices = json!({"effective_from": "2025-10-01T00:00:00+08:00", "lines": [{"material": "ZB", "price": "1.00"}]});
        village.commands("price-lists", &prices).await;
        let mut seen = vec![phones(&village).await.remove(0)["has_latest_prices"].clone()];
        for _ in 0..2 {
            ask(&village, &mut cursor).await;
            seen.push(phones(&village).await.remove(0)["has_latest_prices"].clone());
        }
        assert_eq!(seen, [false, false, true]);
        let heard = phones(&village).await.remove(0);
        assert_eq!(
            (&heard["device"], &heard["heard_at"], &heard["stopped_at"]),
            (&json!("A"), &json!("2025-09-20T04:10:00Z"), &Value::Null)
        );
        village.close().await;
    });
}

#[test]
fn a_phone_that_shows_a_cursor_of_other_books_knows_nothing() {
    on_both(async |engine| {
        let (lost, restored) = (Village::open(engine).await, Village::open(engine).await);
        lost.bring(&[pickup(1)]).await;
        restored.bring(&[pickup(2)]).await;
        let mut own = Value::Null;
        for _ in 0..2 {
            ask(&restored, &mut own).await;
        }
        assert_eq!(phones(&restored).await[0]["has_latest_prices"], true);
        // Both books have as many entries, and the last is another.
        let mut foreign = Value::Null;
        ask(&lost, &mut foreign).await;
        ask(&restored, &mut foreign).await;
        let heard = phones(&restored).await.remove(0);
        assert_eq!(heard["has_latest_prices"], false);
        assert_eq!(heard["heard_at"], "2025-09-20T04:00:00Z");
        lost.close().await;
        restored.close().await;
    });
}

#[test]
fn a_stopped_phone_is_listed_with_the_time_and_one_of_another_village_is_not() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.other_phone(super::desk::FAR).await;
        village.other_phone(HERE).await;
        let path = format!("/villages/{HERE}/collectors/C1/access/phones");
        let stop = Call::new("DELETE", &path).by("clerk");
        assert_eq!(village.desk.send(stop).await.status, 204);
        let listed = phones(&village).await;
        let row = |phone: &Value| (phone["collector"].clone(), phone["stopped_at"].clone());
        let rows: Vec<_> = listed.iter().map(row).collect();
        let expected = [
            (json!("C1"), json!("2025-09-20T04:00:00Z")),
            (json!("C2"), Value::Null),
        ];
        assert_eq!(rows, expected);
        village.close().await;
    });
}
