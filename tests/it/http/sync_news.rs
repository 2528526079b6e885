//! What a phone learns: what changed since its cursor, and nothing that a phone that is lost should not have.

use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::{
    Actor, Command, Group, HouseholdKind, HouseholdNo, Request, Role, VillageCode,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::desk::{FAR, HERE};
use super::sync::{NOW, Village, pickup, request, weighed};
use crate::harness::on_both;
use crate::http::desk::Call;

/// Asks for what changed since a cursor.
async fn news(village: &Village, cursor: Option<&Value>) -> Value {
    let mut body = request(&[]);
    if let Some(cursor) = cursor {
        body["cursor"] = cursor.clone();
    }
    village.heard(&body).await["delta"].clone()
}

fn numbers(delta: &Value) -> Vec<&str> {
    let households = delta["households"].as_array().unwrap().iter();
    households
        .map(|household| household["household_no"].as_str().unwrap())
        .collect()
}

#[test]
fn a_phone_is_told_what_it_needs_and_then_what_changed() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.set("2025-09-20T12:10:00+08:00");
        let first = news(&village, None).await;
        assert_eq!(numbers(&first), ["03-017", "03-018"]);
        assert_eq!(
            (&first["has_more"], &first["households"][0]["head"]),
            (&json!(false), &json!("王*明"))
        );
        assert_eq!(first["price_lists"][0]["prices"][0]["price"], "0.90");
        assert_eq!(first["materials"][0]["name"], "纸板");
        assert_eq!(
            first["months"],
            json!([{"month": "2025-08", "state": "open"}, {"month": "2025-09", "state": "open"}])
        );
        let quiet = news(&village, Some(&first["cursor"])).await;
        assert_eq!(
            (numbers(&quiet), &quiet["price_lists"], &quiet["months"]),
            (vec![], &Value::Null, &Value::Null)
        );
        village
            .commands(
                "households/03-018/move-out",
                &json!({"moved_out": "2025-09-19"}),
            )
            .await;
        let prices = json!({"effective_from": "2025-10-01T00:00:00+08:00", "lines": [{"material": "ZB", "price": "1.00"}]});
        village.commands("price-lists", &prices).await;
        let changed = news(&village, Some(&quiet["cursor"])).await;
        assert_eq!(
            (numbers(&changed), &changed["households"][0]["moved_out"]),
            (vec!["03-018"], &json!("2025-09-19"))
        );
        let lists = changed["price_lists"].as_array().unwrap();
        assert_eq!(
            (lists.len(), &lists[1]["effective_from"]),
            (2, &json!("2025-09-30T16:00:00Z"))
        );
        for step in ["charge-run", "offset-run", "close"] {
            village
                .commands(&format!("months/2025-08/{step}"), &json!({}))
                .await;
        }
        let closed = news(&village, Some(&changed["cursor"])).await;
        assert_eq!(closed["months"][0]["state"], "closed");
        assert_eq!((numbers(&closed), &closed["pickups"]), (vec![], &json!([])));
        let unknown = news(&village, Some(&json!("7"))).await;
        assert_eq!(numbers(&unknown).len(), 2);
        village.close().await;
    });
}

#[test]
fn pickups_that_other_phones_made_that_day_are_told() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let secret = village.other_phone(HERE).await;
        let before = news(&village, None).await;
        let mut others = weighed("B-0001", "03-018", "20T09:00:00", "2.500");
        others["collector"] = json!("C2");
        let mut earlier = others.clone();
        (earlier["pickup_no"], earlier["occurred_at"]) =
            (json!("B-0002"), json!("2025-09-18T09:00:00+08:00"));
        let mut body = request(&[
            json!({"id": super::sync::id(40), "pickup": others}),
            json!({"id": super::sync::id(41), "pickup": earlier}),
        ]);
        body["device"] = json!("B");
        let call = Call::new("POST", "/sync").json(&body);
        let sent = village
            .desk
            .send(call.header("authorization", &format!("Bearer {secret}")))
            .await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        assert_eq!(
            sent.body["delta"]["pickups"],
            json!([]),
            "its own are no news"
        );
        let told = news(&village, Some(&before["cursor"])).await;
        let expected = json!([{
            "pickup_no": "B-0001", "household_no": "03-018", "occurred_at": "2025-09-20T01:00:00Z", "collector": "C2",
            "lines": [{"material": "ZB", "net": "2.500", "unit": "kg"}],
        }]);
        assert_eq!(told["pickups"], expected);
        village
            .commands(
                "pickups/B-0001/void",
                &json!({"voided_at": NOW, "reason": "称错了"}),
            )
            .await;
        let told = news(&village, Some(&told["cursor"])).await;
        assert_eq!(
            (&told["pickups"], &told["gone"]),
            (&json!([]), &json!(["B-0001"]))
        );
        village.close().await;
    });
}

#[test]
fn no_card_no_name_and_no_balance_goes_to_a_phone() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.set("2025-09-20T12:10:00+08:00");
        village.bring(&[pickup(1)]).await;
        let before = news(&village, None).await;
        village.set("2025-09-20T13:00:00+08:00");
        let path = format!("/villages/{HERE}/households/03-018/access/card");
        let card = village
            .desk
            .must(Call::new("POST", &path).by("clerk"))
            .await;
        let card = card["card"].as_str().unwrap();
        let told = news(&village, Some(&before["cursor"])).await;
        let digest = Sha256::digest(card.as_bytes());
        let digits = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
        let mark: String = digits.collect();
        assert_eq!(
            (numbers(&told), &told["households"][0]["card_mark"]),
            (vec!["03-018"], &json!(mark))
        );
        village.set("2025-09-20T13:10:00+08:00");
        let quiet = news(&village, Some(&told["cursor"])).await;
        assert_eq!(
            numbers(&quiet),
            ["03-018"],
            "a card of just before is told again"
        );
        let quiet = news(&village, Some(&quiet["cursor"])).await;
        assert_eq!(numbers(&quiet), [""; 0]);
        let whole = news(&village, None).await.to_string();
        for secret in [card, "王小明", "1.62", "credit", "owed"] {
            assert!(!whole.contains(secret), "{secret}: {whole}");
        }
        // What came back with the pickup, the first answer, that of one household, the same again, and the last; what is quiet leaves no trace.
        assert_eq!(village.noted("read_households", true).await, 5);
        village.close().await;
    });
}

#[test]
fn what_a_clerk_puts_in_place_of_its_own_pickup_is_told() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.bring(&[pickup(1)]).await;
        let before = news(&village, None).await;
        assert_eq!(before["pickups"], json!([]));
        let correction = json!({
            "new_no": "A-0001-1", "corrected_at": NOW, "lines": [{"material": "ZB", "unit": "kg", "gross": "1.900"}], "reason": "看错秤",
        });
        village
            .commands("pickups/A-0001/correction", &correction)
            .await;
        let told = news(&village, Some(&before["cursor"])).await;
        assert_eq!(told["gone"], json!(["A-0001"]));
        let put = &told["pickups"][0];
        assert_eq!(
            (&put["pickup_no"], &put["lines"][0]["net"]),
            (&json!("A-0001-1"), &json!("1.900"))
        );
        village.close().await;
    });
}

#[test]
fn a_cursor_of_a_book_that_was_brought_back_from_a_backup_begins_anew() {
    on_both(async |engine| {
        let (lost, restored) = (Village::open(engine).await, Village::open(engine).await);
        for village in [&lost, &restored] {
            village.set("2025-09-20T12:10:00+08:00");
        }
        lost.bring(&[pickup(1)]).await;
        restored.bring(&[pickup(2)]).await;
        let told = news(&lost, None).await;
        // Both have as many entries, and the last is another.
        let anew = news(&restored, Some(&told["cursor"])).await;
        assert_eq!(numbers(&anew), ["03-017", "03-018"]);
        let quiet = news(&restored, Some(&anew["cursor"])).await;
        assert_eq!(numbers(&quiet), [""; 0]);
        lost.close().await;
        restored.close().await;
    });
}

#[test]
fn a_large_village_is_told_page_by_page_and_nothing_is_missed_meanwhile() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let register = |nth: u32| Request {
            village: VillageCode::parse("village", HERE).unwrap(),
            id: uuid::Uuid::now_v7(),
            actor: Actor::new(Role::Clerk, "clerk"),
            command: Command::RegisterHousehold(RegisterHousehold {
                household_no: HouseholdNo::parse("household_no", &format!("11-{nth:04}")).unwrap(),
                group: Group::parse("group", "11").unwrap(),
                head: String::new(),
                headcount: 2,
                kind: HouseholdKind::Resident,
                waivers: Vec::new(),
                moved_in: None,
                vacant_since: None,
                save_up: false,
            }),
        };
        let ledger = &village.desk.service.ledger;
        let mut pending = Vec::new();
        for nth in 0..510 {
            pending.push(ledger.enqueue(register(nth)).await.unwrap());
        }
        for pending in pending {
            pending.answer().await.unwrap();
        }
        village.set("2025-09-20T12:10:00+08:00");
        let first = news(&village, None).await;
        assert_eq!(
            (numbers(&first).len(), &first["has_more"]),
            (500, &json!(true))
        );
        village
            .commands(
                "households/03-017/move-out",
                &json!({"moved_out": "2025-09-19"}),
            )
            .await;
        let second = news(&village, Some(&first["cursor"])).await;
        assert_eq!(
            (
                numbers(&second).len(),
                &second["has_more"],
                &second["price_lists"]
            ),
            (12, &json!(false), &Value::Null)
        );
        let third = news(&village, Some(&second["cursor"])).await;
        assert_eq!(numbers(&third), ["03-017"]);
        village.close().await;
    });
}

#[test]
fn a_cursor_of_another_village_begins_anew() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.set("2025-09-20T12:10:00+08:00");
        let secret = village.other_phone(FAR).await;
        let mut body = request(&[]);
        (body["village"], body["device"]) = (json!(FAR), json!("B"));
        let call = Call::new("POST", "/sync").json(&body);
        let call = call.header("authorization", &format!("Bearer {secret}"));
        let far = village.desk.must(call).await;
        let foreign = &far["delta"]["cursor"];
        assert_eq!(numbers(&news(&village, Some(foreign)).await).len(), 2);
        let own = news(&village, None).await;
        assert_eq!(
            numbers(&news(&village, Some(&own["cursor"])).await),
            [""; 0]
        );
        village.close().await;
    });
}
