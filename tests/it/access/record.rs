//! What the database holds: no secret, and a record that nobody changes.

use std::fmt::Write as _;

use jinfu::domain::CollectorCode;
use jinfu::ledger::access::NewToken;

use crate::access::{BY, Door, NAME, PASSWORD, TRACE, no};
use crate::harness::raw::Raw;
use crate::harness::{Engine, on_both};

const TABLES: [&str; 6] = [
    "account",
    "credential",
    "one_time",
    "household_pin",
    "sign_in_failure",
    "audit_event",
];

/// Whatever stands in a table as text, bytes as hexadecimal digits.
async fn contents(raw: &mut Raw, engine: Engine, table: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (column, kind) in raw.columns(table).await {
        let shown = match kind.as_str() {
            "bytea" => format!("encode({column}, 'hex')"),
            "blob" => format!("lower(hex({column}))"),
            _ => format!("cast({column} as text)"),
        };
        found.extend(
            raw.list(&format!("select coalesce({shown}, '') from {table}"))
                .await,
        );
        // Bytes that are a text as well.
        if kind == "blob" && engine == Engine::Sqlite {
            found.extend(
                raw.list(&format!("select hex({column}) from {table}"))
                    .await,
            );
        }
    }
    found
}

fn hexadecimal(text: &str) -> String {
    let mut digits = String::new();
    for byte in text.bytes() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

#[test]
fn no_secret_stands_in_the_database() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let typed = "i typed my password here";
        no(door.sign_in(typed, "wrong wrong wrong").await);
        no(door.sign_in(NAME, "another wrong one").await);
        let session = door.session().await;
        let (card, unused) = (door.card("H003").await, door.card("H001").await);
        let phone = door.bind(&card).await.unwrap();
        let household = door.unlock(&phone, card.pin.reveal()).await.unwrap();
        let collector = CollectorCode::parse("collector", "C1").unwrap();
        let code = door
            .access
            .issue_enrolment(BY, &door.village.code, &collector)
            .await;
        let waiting = code.unwrap();
        let code = door
            .access
            .issue_enrolment(BY, &door.village.code, &collector)
            .await;
        let code = code.unwrap();
        let enrolled = door
            .access
            .enrol(code.reveal(), "phone", TRACE)
            .await
            .unwrap();
        let token = NewToken {
            scope: None,
            days: 1,
            may_write: true,
            label: String::new(),
        };
        let token = door.access.issue_token(BY, NAME, &token).await.unwrap();
        let secrets = [
            PASSWORD,
            typed,
            "another wrong one",
            session.reveal(),
            card.secret.reveal(),
            unused.secret.reveal(),
            phone.reveal(),
            household.secret.reveal(),
            waiting.reveal(),
            code.reveal(),
            enrolled.secret.reveal(),
            token.reveal(),
        ];
        let mut raw = Raw::open(&door.village.database).await;
        let mut seen = 0;
        for table in TABLES {
            let found = contents(&mut raw, engine, table).await;
            assert!(!found.is_empty(), "{table} is empty");
            seen += found.len();
            for value in found.iter().map(|value| value.to_lowercase()) {
                for secret in secrets {
                    let is_there = value.contains(secret) || value.contains(&hexadecimal(secret));
                    assert!(!is_there, "{table} holds {secret}: {value}");
                }
                for pin in [card.pin.reveal(), unused.pin.reveal()] {
                    assert_ne!(value, pin, "{table}");
                    assert_ne!(value, hexadecimal(pin), "{table}");
                }
            }
        }
        assert!(seen > 100, "{seen}");
        let hashes =
            "select password_hash from account union all select pin_hash from household_pin";
        for hash in raw.list(hashes).await {
            assert!(
                hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{hash}"
            );
        }
        drop(raw);
        door.close().await;
    });
}

#[test]
fn the_record_tells_who_came_and_who_was_refused_and_is_never_changed() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        no(door.sign_in(NAME, "wrong wrong wrong").await);
        no(door.sign_in("nobody-here", "wrong wrong wrong").await);
        door.session().await;
        let card = door.card("H003").await;
        let phone = door.bind(&card).await.unwrap();
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        let record = door.access.audit(None, 100).await.unwrap();
        let mut told: Vec<String> = record
            .iter()
            .filter(|record| record.action != "test")
            .map(|record| format!("{} {} {}", record.actor, record.action, record.is_allowed))
            .collect();
        told.sort();
        let expected = [
            "?: sign_in false",
            "?:wang-clerk sign_in false",
            "household bind_card true",
            "household sign_in true",
            "wang-clerk sign_in true",
        ];
        assert_eq!(told, expected);
        let third = record[2].id;
        let rest = door.access.audit(Some(third), 100).await.unwrap();
        assert_eq!(rest, record[3..]);
        let mut tried = vec![
            "update audit_event set actor = 'nobody'",
            "update audit_event set is_allowed = 1",
            "delete from audit_event",
        ];
        match engine {
            Engine::Sqlite => {
                tried.push("insert or replace into audit_event select * from audit_event limit 1");
            }
            Engine::Postgres => {
                tried.push("truncate audit_event");
                tried.push("set session_replication_role = replica; delete from audit_event");
            }
        }
        let database = &door.village.database;
        for url in [&database.owner, &database.url] {
            for sql in &tried {
                let mut raw = Raw::connect(url).await;
                assert!(raw.run(sql).await.is_err(), "{url}: {sql}");
            }
        }
        assert_eq!(door.access.audit(None, 100).await.unwrap(), record);
        door.close().await;
    });
}

#[cfg(unix)]
#[test]
fn the_files_of_the_books_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    on_both(async |engine| {
        if engine != Engine::Sqlite {
            return;
        }
        let door = Door::new(engine).await;
        let path = door.village.database.url.trim_start_matches("sqlite:");
        for name in [
            path.to_owned(),
            format!("{path}-wal"),
            format!("{path}-shm"),
        ] {
            let mode = std::fs::metadata(&name).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        door.close().await;
    });
}
