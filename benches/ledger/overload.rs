//! More than the service can do: ten times what its queue takes, from clients that never wait before they ask again, then a killed process, and
//! a look at whether everything that was acknowledged is in the books.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::{Command, DocumentNo, Request, VillageCode};
use jinfu::ledger::Ledger;
use rusqlite::Connection;
use serde_json::Value;

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::client::{Answer, Client, record, record_many};
use crate::database::Database;
use crate::process::{Serving, enrol};
use crate::served::Door;
use crate::table::{Goal, Row, Unit};
use crate::villages::{Pickups, village};

/// Clients that send a pickup at a time.
const SINGLE: usize = 1_000;
/// Phones that send many at a time, and how many: with them ten times as many are sent as the queue takes.
const PHONES: usize = 1_000;
const MANY: u64 = 40;
/// Clients beyond the connections that the service takes; they come again after a while.
const TOO_MANY: usize = 500;
const AGAIN: Duration = Duration::from_millis(250);
/// With so many clients it is measured how much the service can do.
const ENOUGH: usize = 256;

const SLOWEST: Goal = Goal::AtMost {
    floor: 0.5,
    aim: 0.25,
};
const MEMORY: Goal = Goal::AtMost {
    floor: 256.0,
    aim: 128.0,
};
const NONE: Goal = Goal::AtMost {
    floor: 0.0,
    aim: 0.0,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let database = Database::file_like(bench.books.opened(&bench.runtime));
    let phones = bench
        .runtime
        .block_on(enrol(&database, bench.sizes.villages));
    let serving = Serving::start(&database, &phones);
    let pickups = bench.books.to_call().lately();
    let clients = Callers::of_door(serving.door.clone(), pickups.clone());
    let until = Until::Elapsed(bench.sizes.round());
    let capacity = bench.runtime.block_on(clients.call(ENOUGH, until));
    let flood = Flood {
        door: serving.door.clone(),
        pickups: pickups,
        villages: bench.sizes.villages,
        next: Arc::new(AtomicU64::new(clients.brought())),
        end: Instant::now() + Duration::from_secs(bench.sizes.overload_seconds),
    };
    let seen = bench.runtime.block_on(flood.rush());
    let peak = serving.peak();
    let seconds = bench.sizes.overload_seconds as f64;
    // Killed, so that only what is on disk is found again.
    drop(serving);
    let lost = bench.runtime.block_on(count_lost(&database, &seen));
    bench.runtime.block_on(database.drop());
    rows(bench, capacity.rate, seconds, &seen, peak, lost)
}

fn rows(bench: &Bench, capacity: f64, seconds: f64, seen: &Seen, peak: f64, lost: f64) -> Vec<Row> {
    let name = bench.books.opened_name();
    let accepted = seen.accepted.len() as f64 / seconds;
    let figure = |what, unit, figure: f64, goal| Row::figure(what, &name, unit, &[figure], goal);
    vec![
        Row::ratio(
            "overload over HTTP, SQLite: pickups sent : accepted by 256 clients before",
            &name,
            Unit::PerSecond,
            (&[seen.sent as f64 / seconds], &[capacity]),
            Goal::Told,
        ),
        Row::ratio(
            "  pickups accepted meanwhile : before",
            "",
            Unit::PerSecond,
            (&[accepted], &[capacity]),
            Goal::Told,
        ),
        figure(
            "  the slowest of 100 accepted pickups (p99)",
            Unit::Seconds,
            p99(&seen.single),
            SLOWEST,
        ),
        figure(
            "  the same of requests of 40 with an accepted one",
            Unit::Seconds,
            p99(&seen.many),
            SLOWEST,
        ),
        figure(
            "  answers beside 503 and 429 with Retry-After",
            Unit::Count,
            seen.rude as f64,
            NONE,
        ),
        figure(
            "  connections ended without a word",
            Unit::Count,
            seen.wordless as f64,
            Goal::Told,
        ),
        figure("  memory at most", Unit::Megabytes, peak, MEMORY),
        figure(
            "  acknowledged pickups that are lost after the process was killed",
            Unit::Count,
            lost,
            NONE,
        ),
    ]
}

/// Seconds that 99 of 100 took at most.
pub(crate) fn p99(waited: &[Duration]) -> f64 {
    let mut sorted = waited.to_vec();
    sorted.sort_unstable();
    let slow = sorted.get(sorted.len() * 99 / 100);
    slow.map_or(0.0, Duration::as_secs_f64)
}

/// What clients saw.
#[derive(Default)]
struct Seen {
    /// How long each accepted pickup took that came alone.
    single: Vec<Duration>,
    /// How long each request of many took of which one was accepted.
    many: Vec<Duration>,
    /// Village and number of each pickup that was acknowledged.
    accepted: Vec<(VillageCode, DocumentNo)>,
    /// Pickups that were sent.
    sent: u64,
    /// Answers that are neither yes nor a polite no.
    rude: u64,
    /// Connections that ended without an answer.
    wordless: u64,
}

impl Seen {
    fn note_single(&mut self, answer: &Answer, took: Duration, request: &Request) {
        if answer.status == 201 {
            self.single.push(took);
            self.accepted.push(named(request));
        } else if !answer.is_polite_refusal() {
            self.rude += 1;
        }
    }

    fn note_many(&mut self, answer: &Answer, took: Duration, requests: &[Request]) {
        if answer.status != 200 {
            self.rude += u64::from(!answer.is_polite_refusal());
            return;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let before = self.accepted.len();
        for (item, request) in body["items"].as_array().unwrap().iter().zip(requests) {
            if item["receipt"].is_object() {
                self.accepted.push(named(request));
            } else if item["problem"]["status"] != 503 || item["problem"]["retryable"] != true {
                self.rude += 1;
            }
        }
        if self.accepted.len() > before {
            self.many.push(took);
        }
    }

    fn add(&mut self, mut other: Seen) {
        self.single.append(&mut other.single);
        self.many.append(&mut other.many);
        self.accepted.append(&mut other.accepted);
        self.sent += other.sent;
        self.rude += other.rude;
        self.wordless += other.wordless;
    }
}

/// The village and the number of a pickup.
fn named(request: &Request) -> (VillageCode, DocumentNo) {
    let Command::RecordPickup(pickup) = &request.command else {
        panic!("only pickups are sent");
    };
    (request.village.clone(), pickup.pickup_no.clone())
}

/// Lets time pass.
async fn pause(length: Duration) {
    drop(tokio::time::timeout(length, std::future::pending::<()>()).await);
}

/// How many acknowledged pickups are not in the books, which are opened as after any end of the program.
async fn count_lost(database: &Database, seen: &Seen) -> f64 {
    let opened = Ledger::open(&database.url, Clock::System, Chance::System).await;
    let ledger = opened.unwrap();
    for verified in ledger.verify(Some(&village(0)), |_, _| ()).await.unwrap() {
        assert_eq!(verified.finding, None);
    }
    ledger.close().await.unwrap();
    let connection = Connection::open(database.path()).unwrap();
    let sql = "select count(*) from document join village using (village_id) where code = ?1 and number = ?2 and kind = 'pickup'";
    let mut find = connection.prepare(sql).unwrap();
    let mut is_there = |(village, number): &(VillageCode, DocumentNo)| {
        let found = find.query_row([village.as_str(), number.as_str()], |row| row.get::<_, i64>(0));
        found.unwrap() == 1
    };
    let lost = seen.accepted.iter().filter(|named| !is_there(named));
    lost.count() as f64
}

/// Clients that do not wait.
#[derive(Clone)]
struct Flood {
    door: Door,
    pickups: Pickups,
    villages: u64,
    next: Arc<AtomicU64>,
    end: Instant,
}

impl Flood {
    async fn rush(self) -> Seen {
        let counts = [
            (SINGLE, 1, Duration::ZERO),
            (PHONES, MANY, Duration::ZERO),
            (TOO_MANY, 1, AGAIN),
        ];
        let mut tasks = Vec::new();
        for (clients, count, begins) in counts {
            for number in 0..clients {
                tasks.push(tokio::spawn(self.clone().one(number, count, begins)));
            }
        }
        let mut seen = Seen::default();
        for task in tasks {
            seen.add(task.await.unwrap());
        }
        seen
    }

    /// One client, which connects again whenever its connection has ended.
    async fn one(self, number: usize, count: u64, begins: Duration) -> Seen {
        let mut seen = Seen::default();
        pause(begins).await;
        while Instant::now() < self.end {
            let from = Ipv4Addr::LOCALHOST;
            match Client::connect(self.door.address, from).await {
                Ok(client) => self.ask(client, number, count, &mut seen).await,
                Err(_) => seen.wordless += 1,
            }
            pause(AGAIN).await;
        }
        seen
    }

    /// Asks over a connection until it or the time ends.
    async fn ask(&self, mut client: Client, number: usize, count: u64, seen: &mut Seen) {
        // A phone belongs to one village.
        let pickups = self.pickups.of_village(number as u64 % self.villages);
        while Instant::now() < self.end {
            let first = self.next.fetch_add(count, Ordering::Relaxed);
            let indexes = first..first + count;
            let requests: Vec<Request> = indexes.map(|index| pickups.request(index)).collect();
            let phone = self.door.phones.of(&requests[0]);
            let bytes = match count {
                1 => record(&requests[0], phone),
                _ => record_many(&requests, phone),
            };
            seen.sent += count;
            let asked = Instant::now();
            let Ok(answer) = client.ask(&bytes).await else {
                seen.wordless += 1;
                return;
            };
            let took = asked.elapsed();
            match count {
                1 => seen.note_single(&answer, took, &requests[0]),
                _ => seen.note_many(&answer, took, &requests),
            }
            if answer.closes {
                return;
            }
        }
    }
}
