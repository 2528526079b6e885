//! Pickups at doors of which the books know nothing, or no longer: none is lost, a clerk says whose each is.

use serde_json::{Value, json};

use super::sync::{NOW, Village, id, pickup, results, weighed};
use crate::harness::on_both;

/// A pickup of 1.800 kg at a door.
fn at_door(nth: u8, household: &str, at: &str) -> Value {
    json!({"id": id(nth), "pickup": weighed(&format!("A-{nth:04}"), household, at, "1.800")})
}

fn decided(decision: &str) -> Value {
    json!({"decision": decision, "decided_at": NOW, "reason": "问过了"})
}

#[test]
fn a_pickup_at_a_house_that_is_not_registered_waits_until_it_is_known_whose_it_is() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let items = [
            at_door(1, "99-999", "20T09:00:00"),
            at_door(2, "99-998", "20T09:10:00"),
        ];
        let answer = village.bring(&items).await;
        assert_eq!(results(&answer), [("held", "household-unknown"); 2]);
        let first = &answer["results"][0];
        let message = first["message"].as_str().unwrap();
        assert!(message.contains("99-999"), "{message}");
        assert_eq!(first.get("still_owed"), None);
        // As it is, it has no place in the books yet.
        let refused = village
            .refused("held-items/A-0001/decision", &decided("as_it_is"))
            .await;
        assert_eq!(refused, "household-unknown");
        let house = json!({"household_no": "99-999", "group": "99", "headcount": 2});
        village.commands("households", &house).await;
        village
            .commands("held-items/A-0001/decision", &decided("as_it_is"))
            .await;
        let mut other = decided("to_household");
        other["household_no"] = json!("03-017");
        village.commands("held-items/A-0002/decision", &other).await;
        let again = village.bring(&items).await;
        assert_eq!(results(&again), [("accepted", "released"); 2]);
        assert_eq!(village.credit().await, "1.62");
        let house = village.clerk("households/99-999").await;
        assert_eq!(house["credit"], "1.62");
        village.close().await;
    });
}

#[test]
fn a_pickup_after_the_day_of_a_move_is_looked_at_first() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let moved = json!({"moved_out": "2025-09-18"});
        village.commands("households/03-018/move-out", &moved).await;
        let items = [
            at_door(1, "03-018", "18T09:00:00"),
            at_door(2, "03-018", "19T09:00:00"),
            pickup(3),
        ];
        let answer = village.bring(&items).await;
        let expected = [
            ("accepted", "recorded"),
            ("held", "moved-out"),
            ("accepted", "recorded"),
        ];
        assert_eq!(results(&answer), expected);
        let message = answer["results"][1]["message"].as_str().unwrap();
        assert!(message.contains("2025-09-18"), "{message}");
        village
            .commands("held-items/A-0002/decision", &decided("as_it_is"))
            .await;
        let again = village.bring(&items[1..2]).await;
        assert_eq!(results(&again), [("accepted", "released")]);
        village.close().await;
    });
}
