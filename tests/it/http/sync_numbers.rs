//! Which numbers of a device arrived: a phone that was wiped, or one that lies in a drawer, shows in the gaps.

use serde_json::{Value, json};

use super::sync::{Village, id, pickup, request, void, weighed};
use crate::harness::on_both;

#[test]
fn the_numbers_of_a_device_that_did_not_arrive_are_named() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let answer = village
            .bring(&[pickup(2), pickup(5), pickup(7), void(20, "A-0004")])
            .await;
        let expected = json!([{"prefix": "A", "last": "A-0007", "missing": ["A-0003", "A-0004", "A-0006"], "missing_count": 3}]);
        assert_eq!(answer["numbers"], expected);
        let answer = village.bring(&[pickup(3), pickup(4), pickup(6)]).await;
        assert_eq!(
            (
                &answer["numbers"][0]["missing"],
                &answer["numbers"][0]["missing_count"]
            ),
            (&json!([]), &json!(0))
        );
        let mut other = request(&[]);
        other["device"] = json!("B");
        assert_eq!(village.heard(&other).await["numbers"], json!([]));
        village.close().await;
    });
}

#[test]
fn numbers_that_begin_otherwise_are_no_part_of_a_series() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let numbered = |nth: u8, number: &str| {
            let at = format!("20T{:02}:{:02}:00", nth / 60, nth % 60);
            json!({"id": id(nth), "pickup": weighed(number, "03-017", &at, "1.800")})
        };
        let items = [
            "A-8", "A-11", "A-1-9", "A-1-0010", "A-10x", "A-2026", "甲-7",
        ];
        let items: Vec<Value> = (1..)
            .zip(items)
            .map(|(nth, number)| numbered(nth, number))
            .collect();
        let answer = village.bring(&items).await;
        let found = answer["numbers"].as_array().unwrap();
        let expected: Vec<String> = (9..=10)
            .chain(12..=109)
            .map(|number| format!("A-{number:04}"))
            .collect();
        let of_a =
            json!({"prefix": "A", "last": "A-2026", "missing": expected, "missing_count": 2_016});
        let others = [
            json!({"prefix": "A-1", "last": "A-1-0010", "missing": [], "missing_count": 0}),
            json!({"prefix": "甲", "last": "甲-7", "missing": [], "missing_count": 0}),
        ];
        assert_eq!(found[0], of_a);
        assert_eq!(found[1..], others);
        // Whatever it calls its pickups, it is told the last twenty beginnings.
        let many: Vec<Value> = (10..40)
            .map(|nth| numbered(nth, &format!("B{nth}-1")))
            .collect();
        let answer = village.bring(&many).await;
        let found = answer["numbers"].as_array().unwrap();
        assert_eq!((found.len(), &found[19]["last"]), (20, &json!("甲-7")));
        assert_eq!(found[0]["last"], "B21-1");
        village.close().await;
    });
}
