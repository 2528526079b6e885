//! The demo through the command line: it needs nothing but the binary, and its township has what a demo should show.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use jinfu::clock::Clock;
use jinfu::domain::journal::Entry;
use jinfu::domain::month_close::MonthState;
use jinfu::domain::{Event, VillageCode};
use jinfu::ledger::Ledger;

use crate::harness::{jinfu, program};

const VILLAGES: [&str; 4] = [
    "430321900001",
    "430321900002",
    "430321900003",
    "430321900004",
];

/// The demo in a language, with a room of its own for what it keeps.
fn demo(language: &str, room: &Path, words: &[&str]) -> Process {
    let mut process = Process::new(program());
    process.env("TMPDIR", room);
    process.args(["--language", language, "demo"]).args(words);
    process
}

/// Builds a demo, and gives what it prints with the address of its database.
fn build(language: &str, room: &Path) -> (String, String) {
    let done = demo(language, room, &["--no-serve"]).output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{told}");
    let printed = String::from_utf8(done.stdout).unwrap();
    let database = printed
        .split_whitespace()
        .find(|word| word.starts_with("sqlite:"));
    let database = database.unwrap().to_owned();
    (printed, database)
}

fn code(text: &str) -> VillageCode {
    VillageCode::parse("village", text).unwrap()
}

async fn journal(ledger: &Ledger, village: &VillageCode) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let page = ledger.journal_page(village, after, 1_000).await.unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

#[tokio::test]
async fn the_demo_is_a_township_whose_books_hold() {
    let room = tempfile::tempdir().unwrap();
    let (english, database) = build("en", room.path());
    let (chinese, again) = build("zh-CN", room.path());
    assert!(english.contains("The demo is in ") && english.contains("Try next:"));
    assert!(chinese.contains("演示资料夹：") && chinese.contains("接着可以试："));
    let verified = jinfu("en", &database, &["verify"]);
    assert_eq!(verified.status.code(), Some(0));

    let ledger = Ledger::open_reading(&database, Clock::System)
        .await
        .unwrap();
    let same = Ledger::open_reading(&again, Clock::System).await.unwrap();
    let mut states = Vec::new();
    let mut versions = BTreeSet::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut late, mut waiting, mut disputed) = (0, 0, 0);
    for village in VILLAGES.map(code) {
        let heads = (ledger.head(&village).await, same.head(&village).await);
        assert_eq!(heads.0.unwrap(), heads.1.unwrap(), "{village}");
        let months = ledger.months(&village).await.unwrap();
        assert_eq!(months.len(), 6);
        for line in &months {
            let report = ledger.report(&village, line.month).await.unwrap();
            assert!(report.pickups > 0 || line.state == MonthState::Open);
            assert_eq!(report.checks.len(), 19);
            let failing: Vec<_> = report.checks.iter().filter(|check| !check.holds).collect();
            assert!(failing.is_empty(), "{village} {}: {failing:?}", line.month);
            versions.insert(line.version);
        }
        states.push(months[4].state);
        for entry in journal(&ledger, &village).await {
            *kinds.entry(entry.decision.event.kind()).or_default() += 1;
            let is_pickup = matches!(entry.decision.event, Event::PickupRecorded(_));
            late += usize::from(is_pickup && entry.decision.origin_month.is_some());
        }
        waiting += ledger.held_pickups(&village).await.unwrap().len();
        disputed += ledger.disputes(&village, None).await.unwrap().len();
    }
    let expected = [
        MonthState::Signed,
        MonthState::Published,
        MonthState::Published,
        MonthState::Reviewed,
    ];
    assert_eq!(states, expected);
    assert_eq!(versions, BTreeSet::from([0, 1, 2]));
    assert_eq!((late, waiting, disputed), (1, 2, 1));
    for kind in SHOWN {
        assert!(kinds.contains_key(kind), "no {kind} in {kinds:?}");
    }
}

/// What a demo should show.
const SHOWN: [&str; 35] = [
    "price_list_published",
    "household_registered",
    "household_changed",
    "household_moved_out",
    "opening_recorded",
    "pickup_recorded",
    "pickup_held",
    "held_resolved",
    "collector_registered",
    "pickup_voided",
    "pickup_corrected",
    "cash_received",
    "cash_voided",
    "cash_handed_in",
    "cash_deposited",
    "sale_recorded",
    "buyer_paid",
    "stock_counted",
    "fund_received",
    "fund_spent",
    "pay_earned",
    "collector_paid",
    "fees_charged",
    "credit_offset",
    "schedule_set",
    "stop_recorded",
    "round_closed",
    "collection_point_registered",
    "trip_recorded",
    "dispute_opened",
    "dispute_answered",
    "payout_requested",
    "payout_paid",
    "month_returned",
    "month_reopened",
];

/// Sends a request over a connection of its own, and gives the whole answer.
fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_demo_serves_and_lets_its_people_in() {
    let room = tempfile::tempdir().unwrap();
    let mut serving = demo("en", room.path(), &["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let mut people: Vec<Vec<String>> = Vec::new();
    let address = loop {
        let line = lines.next().expect("it tells its address").unwrap();
        if let Some(rest) = line.strip_prefix("The service is at http://") {
            break rest.split(';').next().unwrap().to_owned();
        }
        let cells = line.trim_matches('│').split('┆');
        let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
        if cells.len() == 4 {
            people.push(cells);
        }
    };
    let mut roles = BTreeSet::new();
    for person in &people {
        let [role, _, name, secret] = &person[..] else {
            continue;
        };
        let is_account = ["Administrator", "Township official", "Clerk", "Supervisor"];
        if !is_account.contains(&role.as_str()) {
            continue;
        }
        let body = format!(r#"{{"name":"{name}","password":"{secret}"}}"#);
        let answer = ask(
            &address,
            &format!(
                "POST /api/v1/sessions HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ),
        );
        assert!(
            answer.starts_with("HTTP/1.1 201"),
            "{role} {name}: {answer}"
        );
        roles.insert(role.clone());
    }
    assert_eq!(roles.len(), 4);
    let last: BTreeSet<&str> = people.iter().map(|person| person[0].as_str()).collect();
    assert!(last.contains("Collector (code for a phone)"));
    assert!(last.contains("Household (card / PIN)"));
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    assert!(ask(&address, &health).starts_with("HTTP/1.1 200"));
    serving.kill().unwrap();
    serving.wait().unwrap();
}
