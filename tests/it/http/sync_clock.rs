//! When and for how much a phone made something: its times are corrected, and what it told the household is compared.

use serde_json::{Value, json};

use super::sync::{Village, pickup, request, results};
use crate::harness::on_both;

#[test]
fn times_are_corrected_and_all_three_are_kept() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        village.set("2025-10-01T00:10:00+08:00");
        // The clock of the phone is 37 minutes ahead: it shows October, and it was September.
        let mut wrong = pickup(1);
        wrong["pickup"]["occurred_at"] = json!("2025-10-01T00:20:00+08:00");
        // Its clock was set since, so that what was known then holds.
        let mut set = pickup(2);
        set["pickup"]["occurred_at"] = json!("2025-09-30T12:00:00+08:00");
        set["clock"] = json!({"offset_ms": 3_600_000, "known_at": "2025-09-30T08:00:00+08:00"});
        // Nothing of it can be right.
        let mut unknown = pickup(3);
        unknown["pickup"]["occurred_at"] = json!("2031-01-01T00:00:00+08:00");
        unknown["clock"] = json!({"offset_ms": 0, "known_at": "2025-09-30T08:00:00+08:00"});
        let mut body = request(&[wrong, set, unknown]);
        body["sent_at"] = json!("2025-10-01T00:47:00+08:00");
        let answer = village.heard(&body).await;
        assert_eq!(
            results(&answer),
            [("accepted", "recorded"); 3],
            "{answer:#}"
        );
        assert_eq!(
            (&answer["skew_ms"], &answer["now"]),
            (&json!(-37 * 60_000), &json!("2025-09-30T16:10:00Z"))
        );
        let months = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| &result["month"]);
        assert_eq!(
            months.collect::<Vec<_>>(),
            ["2025-09", "2025-09", "2025-10"]
        );
        let times = async |number: &str| {
            let found = village.clerk(&format!("pickups/{number}")).await;
            let (entry, event) = (&found["recorded"], &found["recorded"]["content"]);
            let phone = &event["phone"];
            (
                event["occurred_at"].clone(),
                phone["shown_at"].clone(),
                phone["is_clock_unknown"].clone(),
                entry["recorded_at"].clone(),
            )
        };
        let recorded = json!("2025-09-30T16:10:00Z");
        let corrected = json!("2025-09-30T15:43:00Z");
        assert_eq!(
            times("A-0001").await,
            (
                corrected,
                json!("2025-09-30T16:20:00Z"),
                Value::Null,
                recorded.clone()
            )
        );
        let corrected = json!("2025-09-30T05:00:00Z");
        assert_eq!(
            times("A-0002").await,
            (
                corrected,
                json!("2025-09-30T04:00:00Z"),
                Value::Null,
                recorded.clone()
            )
        );
        assert_eq!(
            times("A-0003").await,
            (
                recorded.clone(),
                json!("2030-12-31T16:00:00Z"),
                json!(true),
                recorded
            )
        );
        village.close().await;
    });
}

#[test]
fn what_the_household_was_told_is_paid_or_looked_at() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let prices = json!({"effective_from": "2025-09-18T00:00:00+08:00", "lines": [{"material": "ZB", "price": "0.80"}]});
        village.commands("price-lists", &prices).await;
        let mut told = pickup(1);
        told["pickup"]["told_list"] = json!("2025-08-01T00:00:00+08:00");
        told["told_amount"] = json!("1.62");
        let mut otherwise = pickup(2);
        otherwise["told_amount"] = json!("1.62");
        let answer = village.bring(&[told, otherwise]).await;
        assert_eq!(
            results(&answer),
            [("accepted", "told-price"), ("held", "told-amount-differs")]
        );
        let held = "A-0002 先放着等村会计核对，没有入账：手机告诉户主 1.62 元，按价格表是 1.44 元";
        assert!(
            answer["results"][1]["message"]
                .as_str()
                .unwrap()
                .contains("1.44"),
            "{held} {answer}"
        );
        village.close().await;
    });
}
