//! Who may do what, cell by cell: every operation of the description, everybody, every village, an open month and a closed one. The table is
//! checked in; an operation that it does not have fails.

use std::fmt::Write as _;

use serde_json::json;

use crate::harness::{Database, on_both, repository};
use crate::http::desk::{Call, Desk, FAR, HERE, NEXT, Reply};
use crate::http::sample::{Operation, operations};

/// Everybody, by what they show.
const EVERYBODY: [&str; 9] = [
    "nobody",
    "household",
    "collector",
    "clerk",
    "reader",
    "supervisor",
    "official",
    "administrator",
    "clerk of far",
];

/// Whose it is that an operation is about: one's own village and household, another household of it, the next village, a far one.
const ABOUT: [(&str, &str, &str); 4] = [
    ("own", HERE, "03-017"),
    ("other", HERE, "03-018"),
    ("next", NEXT, "03-017"),
    ("far", FAR, "03-017"),
];

/// Where the table is.
const TABLE: &str = "tests/it/http/authority.txt";

/// What somebody is told: that it is allowed, also where only the rules of the scheme refuse it, or why not.
fn verdict(reply: &Reply) -> &'static str {
    match (reply.status, reply.code()) {
        // Whoever is not signed in yet may try.
        (
            401 | 429,
            "wrong-sign-in" | "wrong-pin" | "card-unknown" | "enrolment-unknown"
            | "tried-too-often",
        ) => "open",
        (401, _) => "401",
        (403, "not-for-this-role") => "403",
        (404, "village-unknown" | "household-unknown" | "region-unknown") => "404",
        (400 | 429 | 500.., code) => panic!("{} {code}", reply.status),
        (200, _) if reply.body["items"][0]["problem"]["status"] == 403 => "403",
        (200, _) if reply.body.to_string().contains("王*明") => "masked",
        _ => "yes",
    }
}

async fn ask(
    desk: &Desk,
    operation: &Operation,
    who: &str,
    (village, household): (&str, &str),
) -> &'static str {
    let path = operation
        .path
        .replace("/api/v1", "")
        .replace("{village}", village)
        .replace("{household}", household)
        .replace("{prefix}", &village[..9])
        .replace("{month}", "2025-08")
        .replace("{account}", "nobody there")
        .replace("{collector}", "C1")
        .replace("{kind}", "sale")
        .replace(['{', '}'], "");
    let path = path.replace(' ', "%20");
    let mut query: Vec<String> = Vec::new();
    query.extend(
        operation
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    if operation.has_key {
        query.push("dry_run=true".to_owned());
    }
    let path = if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    };
    let mut body = operation.body.clone();
    if let Some(body) = body
        .as_mut()
        .filter(|body| body.get("household_no").is_some())
    {
        body["household_no"] = json!(household);
    }
    let mut call = Call::new(&operation.method, &path);
    if let Some(body) = &body {
        call = call.json(body);
    }
    if operation.has_key {
        call = call.key("019a0c5e-7f3b-7c10-b2e4-d5a6c7b8d9e0");
    }
    if operation.needs_revision {
        call = call.header("if-match", "\"0\"");
    }
    let call = if who == "nobody" { call } else { call.by(who) };
    verdict(&desk.send(call).await)
}

/// The table as it is.
async fn table(desk: &mut Desk) -> String {
    let mut table = String::new();
    for operation in operations() {
        // Signing out would end what the others show.
        if operation.method == "DELETE" && operation.path.contains("/sessions") {
            continue;
        }
        writeln!(table, "{} {}", operation.method, operation.path).unwrap();
        for who in EVERYBODY {
            let mut cells = Vec::new();
            for (about, village, household) in ABOUT {
                let is_about_villages =
                    operation.path.contains("{village}") || operation.path.contains("{prefix}");
                if about != "own" && !is_about_villages {
                    continue;
                }
                let cell = ask(&*desk, &operation, who, (village, household)).await;
                cells.push(format!("{about} {cell}"));
            }
            writeln!(table, "    {who}: {}", cells.join(", ")).unwrap();
        }
        // A new card ends the phones before it.
        if operation.path.contains("/access/") {
            desk.give_out_phones().await;
        }
    }
    table
}

#[test]
fn everybody_may_what_the_table_says_and_nothing_else() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let mut desk = Desk::open(&database).await;
        let open = table(&mut desk).await;
        if std::env::var_os("RENEW").is_some() {
            std::fs::write(repository(TABLE), &open).unwrap();
        }
        let checked_in = std::fs::read_to_string(repository(TABLE)).unwrap_or_default();
        for (number, (written, found)) in (1..).zip(checked_in.lines().zip(open.lines())) {
            assert_eq!(
                written, found,
                "{TABLE}:{number}; RENEW=1 writes the table as it is, to be read"
            );
        }
        assert_eq!(
            checked_in.lines().count(),
            open.lines().count(),
            "{TABLE} lacks an operation"
        );
        for (step, who) in [
            ("charge-run", "clerk"),
            ("offset-run", "clerk"),
            ("close", "clerk"),
        ] {
            let path = format!("/villages/{HERE}/months/2025-08/{step}");
            desk.must(Call::post(&path, &json!({})).by(who)).await;
        }
        let closed = table(&mut desk).await;
        assert_eq!(open, closed, "a closed month lets nobody do more or less");
        desk.close(database).await;
    });
}

#[test]
fn a_village_out_of_reach_looks_like_one_that_is_not_there() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        for rest in [
            "",
            "/households",
            "/households/03-017/statement",
            "/journal",
            "/months",
        ] {
            let foreign = desk
                .send(Call::get(&format!("/villages/{FAR}{rest}")).by("clerk"))
                .await;
            let absent = "430302109999";
            let nowhere = desk
                .send(Call::get(&format!("/villages/{absent}{rest}")).by("clerk"))
                .await;
            let same = |reply: &Reply| {
                let body = reply.body.to_string().replace(FAR, absent);
                let trace_id = reply.body["trace_id"].as_str().unwrap().to_owned();
                (reply.status, body.replace(&trace_id, ""))
            };
            assert_eq!(same(&foreign), same(&nowhere), "{rest}");
        }
        desk.close(database).await;
    });
}
