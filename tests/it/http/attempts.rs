//! Attempts on villages that are out of reach: seeded requests with ids of others in the path, the query, the body, the key and the cursor. None
//! tells a thing of another village or changes one, and a village out of reach answers as one that is not there.
//!
//! `ATTEMPTS` chooses how many on each engine, `SEED` which.

use serde_json::{Value, json};

use super::desk::{Call, Desk, FAR, HERE, NEXT, Reply};
use super::sample::{Operation, operations};
use crate::harness::{Database, on_both};
use crate::laws::chosen;
use crate::model::random::Random;

/// How many attempts are made on each engine.
const ATTEMPTS: u64 = 1_000;
/// A village that is not there.
const NOWHERE: &str = "430302199999";

/// A village, the letter that every secret of it begins with, and its clerk.
const VILLAGES: [(&str, char, &str); 3] = [
    (HERE, '靐', "clerk"),
    (NEXT, '齉', "clerk of next"),
    (FAR, '龘', "clerk of far"),
];

/// Somebody, and the villages that he may know of.
const WHO: [(&str, &[&str]); 8] = [
    ("clerk", &[HERE]),
    ("supervisor", &[HERE]),
    ("reader", &[HERE]),
    ("collector", &[HERE]),
    ("household", &[]),
    ("clerk of far", &[FAR]),
    ("official of far", &[FAR]),
    ("nobody", &[]),
];

/// Whoever has a phone of the service.
const PHONE: [(&str, &[&str]); 1] = [("collector", &[HERE])];

/// What another village is made of, as a request may name it.
struct Foreign {
    village: &'static str,
    numbers: Vec<String>,
    keys: Vec<String>,
    cursors: Vec<String>,
}

/// Puts secrets into a village, and tells what can be named of it.
async fn plant(desk: &Desk, village: &'static str, letter: char, clerk: &str) -> Foreign {
    let mut found = Foreign {
        village,
        numbers: vec!["03-017".to_owned()],
        keys: Vec::new(),
        cursors: Vec::new(),
    };
    let tail = &village[village.len() - 4..];
    let household = |nth: u8| format!("9{nth}-{tail}");
    let path = |rest: &str| format!("/villages/{village}/{rest}");
    let mut give = Vec::new();
    for nth in 1..=2 {
        let head = format!("{letter}家的");
        let body =
            json!({"household_no": household(nth), "group": "09", "headcount": 2, "head": head});
        give.push((path("households"), body));
    }
    let pickup = json!({
        "pickup_no": format!("P-{tail}"), "occurred_at": "2025-09-05T09:10:00+08:00", "household_no": household(1), "collector": "C1",
        "lines": [{"material": "ZB", "unit": "kg", "gross": "7.770"}],
    });
    give.push((path("pickups"), pickup));
    let cash = json!({"household_no": household(1), "amount": "7.77", "received_at": "2025-09-06T09:00:00+08:00"});
    give.push((path("cash-receipts"), cash));
    let dispute = json!({
        "household_no": household(1), "about": {"pickup": format!("P-{tail}")}, "opened_at": "2025-09-07T09:00:00+08:00",
        "text": format!("{letter}称少了"),
    });
    give.push((path("disputes"), dispute));
    for (nth, (path, body)) in give.into_iter().enumerate() {
        let key = format!("019a0c5e-7f3b-7c10-b2e4-{tail}{nth:08}");
        desk.must(Call::post(&path, &body).key(&key).by(clerk))
            .await;
        found.keys.push(key);
    }
    for list in ["households?limit=1", "journal?limit=1"] {
        let page = desk.must(Call::get(&path(list)).by(clerk)).await;
        found
            .cursors
            .push(page["next"].as_str().unwrap().to_owned());
    }
    found.numbers.extend([
        household(1),
        household(2),
        format!("P-{tail}"),
        "2025-000001".to_owned(),
    ]);
    found
}

/// One attempt: what is asked, where the path names a village.
struct Attempt {
    operation: Operation,
    path: String,
    body: Option<Value>,
    key: String,
}

fn attempt(
    random: &mut Random,
    operations: &[Operation],
    foreign: &[Foreign],
) -> (Attempt, &'static str) {
    let operation = random.pick(operations);
    let other = &foreign[random.below(foreign.len() as u64) as usize];
    let mut path = operation.path.replace("/api/v1", "");
    path = path.replace("{month}", random.either(50, "2025-08", "2025-09"));
    path = path.replace("{prefix}", &other.village[..random.pick(&[4, 6, 9, 12])]);
    for name in [
        "household",
        "number",
        "account",
        "collector",
        "token",
        "kind",
    ] {
        let value = match name {
            "kind" => random
                .pick(&["pickup", "cash", "sale", "dispute"])
                .to_owned(),
            "collector" => "C1".to_owned(),
            _ => random.pick(&other.numbers),
        };
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    let mut query: Vec<String> = operation
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if operation.has_key && random.chance(30) {
        query.push("dry_run=true".to_owned());
    }
    if path.ends_with("/households") || path.ends_with("/journal") && random.chance(50) {
        query.push(format!("cursor={}", random.pick(&other.cursors)));
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut body = operation.body.clone();
    let is_of_phone = operation.path.ends_with("/sync");
    if is_of_phone {
        body = Some(brought(random, other));
    }
    if let Some(body) = &mut body
        && (!is_of_phone || random.chance(30))
    {
        swap(random, body, other);
    }
    let key = if random.chance(20) {
        random.pick(&other.keys)
    } else {
        format!("019a0c5e-7f3b-7c10-b2e4-{:012x}", random.below(1 << 40))
    };
    let attempt = Attempt {
        operation,
        path,
        body,
        key,
    };
    (attempt, other.village)
}

/// What a phone brings that names another village: as its own, or item by item, beside items of its own.
fn brought(random: &mut Random, other: &Foreign) -> Value {
    let at = "2025-09-20T11:00:00+08:00";
    let mut items = Vec::new();
    for _ in 0..random.below(4) {
        let id = if random.chance(30) {
            random.pick(&other.keys)
        } else {
            format!("019a0c5e-7f3b-7c10-b2e4-{:012x}", random.below(1 << 40))
        };
        let number = random.pick(&other.numbers);
        let mut item = if random.chance(50) {
            let lines = json!([{"material": "ZB", "unit": "kg", "gross": "1.000"}]);
            let pickup = json!({
                "pickup_no": number, "occurred_at": at, "household_no": random.pick(&other.numbers), "collector": "C1", "lines": lines,
            });
            json!({"id": id, "pickup": pickup})
        } else {
            json!({"id": id, "void": {"pickup_no": number, "voided_at": at, "reason": "-"}})
        };
        if random.chance(60) {
            item["village"] = json!(other.village);
        }
        items.push(item);
    }
    json!({
        "protocol": 1, "app": "0.1.0", "village": random.either(70, HERE, other.village), "device": random.pick(&other.numbers), "sent_at": at,
        "cursor": random.pick(&other.cursors), "items": items,
    })
}

/// Puts names of another village in place of some of a body's own.
fn swap(random: &mut Random, body: &mut Value, other: &Foreign) {
    match body {
        Value::String(text) if random.chance(40) => {
            *text = if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                other.village.to_owned()
            } else {
                random.pick(&other.numbers)
            };
        }
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| swap(random, value, other)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|value| swap(random, value, other)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

async fn send(desk: &Desk, attempt: &Attempt, who: &str, village: &str) -> Reply {
    let path = attempt.path.replace("{village}", village);
    let mut call = Call::new(&attempt.operation.method, &path);
    if let Some(body) = &attempt.body {
        call = call.json(body);
    }
    if attempt.operation.has_key {
        call = call.key(&attempt.key);
    }
    if attempt.operation.needs_revision {
        call = call.header("if-match", "\"0\"");
    }
    desk.send(if who == "nobody" { call } else { call.by(who) })
        .await
}

/// What was answered, without what is another each time and without the village that was asked for.
fn comparable(reply: &Reply, village: &str) -> (u16, String) {
    let mut body = reply.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("trace_id");
    }
    (reply.status, body.to_string().replace(village, "-"))
}

/// What a village's books are.
async fn books(desk: &Desk, village: &str) -> String {
    let code = jinfu::domain::VillageCode::parse("village", village).unwrap();
    let head = desk.service.ledger.head(&code).await.unwrap();
    format!("{head:?}")
}

/// Ends sessions or phones of those who try, so that the rest would try as nobody.
fn ends_somebody(operation: &Operation) -> bool {
    let path = &operation.path;
    operation.method == "DELETE"
        || path.ends_with("/access/card")
        || path.ends_with("/sessions/cards")
}

async fn try_all(desk: &Desk, seed: u64, attempts: u64) {
    let mut foreign = Vec::new();
    for (village, letter, clerk) in VILLAGES {
        foreign.push(plant(desk, village, letter, clerk).await);
    }
    let mut operations: Vec<_> = operations()
        .into_iter()
        .filter(|one| !ends_somebody(one))
        .collect();
    // One operation carries many commands.
    let phones = operations.iter().filter(|one| one.path.ends_with("/sync"));
    let phones = phones.cycle().take(9).cloned().collect::<Vec<_>>();
    operations.extend(phones);
    let mut random = Random(seed);
    let mut refused = 0;
    for nth in 0..attempts {
        let (attempt, of) = attempt(&mut random, &operations, &foreign);
        let is_of_phone = attempt.operation.path.ends_with("/sync") && random.chance(70);
        let (who, known) = random.pick(if is_of_phone { &PHONE[..] } else { &WHO[..] });
        let village = random.either(60, of, known.first().copied().unwrap_or(of));
        let at = format!(
            "SEED={seed} attempt {nth} {who} {} {} {village}",
            attempt.operation.method, attempt.path
        );
        let mut before = Vec::new();
        for (village, _, _) in VILLAGES {
            before.push(books(desk, village).await);
        }
        let reply = send(desk, &attempt, who, village).await;
        let said = reply.body.to_string();
        for ((village, letter, _), before) in VILLAGES.iter().zip(before) {
            if !known.contains(village) {
                assert!(!said.contains(*letter), "{at}: {said}");
                // A household may object to what is its own.
                let is_own = who == "household" && *village == HERE;
                assert!(
                    is_own || before == books(desk, village).await,
                    "{at} changed {village}"
                );
            }
        }
        let is_named = attempt.path.contains("{village}") && !known.contains(&village);
        if is_named && !(who == "household" && village == HERE) {
            refused += 1;
            assert!(
                [401, 403, 404].contains(&reply.status),
                "{at}: {} {said}",
                reply.status
            );
            let nowhere = send(desk, &attempt, who, NOWHERE).await;
            assert_eq!(
                comparable(&reply, village),
                comparable(&nowhere, NOWHERE),
                "{at}"
            );
        }
    }
    assert!(
        refused > attempts / 4,
        "{refused} of {attempts} were on villages out of reach"
    );
}

#[test]
fn whatever_is_tried_a_foreign_village_is_neither_seen_nor_changed() {
    let (seed, attempts) = (chosen("SEED", 1), chosen("ATTEMPTS", ATTEMPTS));
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        try_all(&desk, seed, attempts).await;
        desk.close(database).await;
    });
}
