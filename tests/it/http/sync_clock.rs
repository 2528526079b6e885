//! When and for how much a phone made something: its times are corrected, and what it told the household is compared.

use serde_json::{Value, json};

use super::sync::{Village, pickup, request, results};
use crate::harness::on_both;

/// When the service hears the phone, and what its clock shows then: it is 37 minutes ahead.
const HEARD: &str = "2025-09-30T16:10:00Z";
const SHOWN: &str = "2025-10-01T00:47:00+08:00";

/// Pickups of a phone, as it made them at times that its clock showed, with what it knew of that clock.
async fn bring(village: &Village, made: &[(&str, Option<(i64, &str)>)]) -> Value {
    village.set(HEARD);
    let items = (1..).zip(made).map(|(nth, (at, known))| {
        let mut item = pickup(nth);
        item["pickup"]["occurred_at"] = json!(at);
        if let Some((offset, at)) = known {
            item["clock"] = json!({"offset_ms": offset, "known_at": at});
        }
        item
    });
    let mut body = request(&items.collect::<Vec<_>>());
    body["sent_at"] = json!(SHOWN);
    village.heard(&body).await
}

/// The corrected time of a pickup, what the clock showed, whether it was wrong in an unknown way, and when it was recorded.
async fn times(village: &Village, number: &str) -> [Value; 4] {
    let found = village.clerk(&format!("pickups/{number}")).await;
    let (entry, event) = (&found["recorded"], &found["recorded"]["content"]);
    let phone = &event["phone"];
    [
        event["occurred_at"].clone(),
        phone["shown_at"].clone(),
        phone["is_clock_unknown"].clone(),
        entry["recorded_at"].clone(),
    ]
}

#[test]
fn a_pickup_is_booked_in_the_month_in_which_it_was_made_whatever_the_clock_showed() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        // It shows October, and it was September.
        let wrong = ("2025-10-01T00:20:00+08:00", None);
        let answer = bring(&village, &[wrong]).await;
        assert_eq!(results(&answer), [("accepted", "recorded")]);
        assert_eq!(
            (&answer["skew_ms"], &answer["now"]),
            (&json!(-37 * 60_000), &json!(HEARD))
        );
        assert_eq!(answer["results"][0]["month"], "2025-09");
        village.close().await;
    });
}

#[test]
fn times_are_corrected_and_all_three_are_kept() {
    on_both(async |engine| {
        let village = Village::open(engine).await;
        let made = [
            ("2025-10-01T00:20:00+08:00", None),
            // Its clock was set since, so that what was known then holds.
            (
                "2025-09-30T12:00:00+08:00",
                Some((3_600_000, "2025-09-30T08:00:00+08:00")),
            ),
            // Nothing of it can be right.
            (
                "2031-01-01T00:00:00+08:00",
                Some((0, "2025-09-30T08:00:00+08:00")),
            ),
        ];
        let answer = bring(&village, &made).await;
        assert_eq!(results(&answer), [("accepted", "recorded"); 3]);
        let expected = [
            ["2025-09-30T15:43:00Z", "2025-09-30T16:20:00Z"],
            ["2025-09-30T05:00:00Z", "2025-09-30T04:00:00Z"],
            [HEARD, "2030-12-31T16:00:00Z"],
        ];
        let unknown = [Value::Null, Value::Null, json!(true)];
        for (nth, ([at, shown], is_unknown)) in (1..).zip(expected.into_iter().zip(unknown)) {
            let found = times(&village, &format!("A-{nth:04}")).await;
            assert_eq!(found, [json!(at), json!(shown), is_unknown, json!(HEARD)]);
        }
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
        let held = "回收单 A-0002 待核对，还没入账：手机告诉户主 1.62 元，按价格表是 1.44 元。请村会计核定。";
        assert_eq!(answer["results"][1]["message"], held);
        village.close().await;
    });
}
