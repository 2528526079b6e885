//! Ten times more than the service can do, sent at a steady pace whatever is answered; then whether it is itself again, a killed process, and a
//! look at whether everything that was acknowledged is in the books.

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
use crate::callers::{Callers, Until, p99};
use crate::client::{Answer, Client, record, record_many};
use crate::database::Database;
use crate::process::Serving;
use crate::served::Door;
use crate::table::{Goal, Row, Unit};
use crate::villages::{Pickups, village};

/// Clients that send a pickup at a time, and phones that send as many as they have.
const SINGLE: u64 = 1_000;
const PHONES: u64 = 1_000;
const MANY: u64 = 40;
/// How many times more they send than the service can do.
const TIMES: f64 = 10.0;
/// Clients beyond the connections that the service takes; they come again after a while.
const TOO_MANY: u64 = 500;
const AGAIN: Duration = Duration::from_secs(1);
/// Phones of which it is measured how much the service can do, and clients of which it is measured how soon it answers.
const ENOUGH: (u64, usize) = (16, 256);

const SLOWEST: Goal = Goal::AtMost {
    floor: 0.5,
    aim: 0.25,
};
const GOODPUT: Goal = Goal::AtLeast {
    floor: 0.8,
    aim: 0.95,
};
const AFTERWARDS: Goal = Goal::AtMost {
    floor: 2.0,
    aim: 1.25,
};
const MEMORY: Goal = Goal::AtMost {
    floor: 512.0,
    aim: 256.0,
};
const NONE: Goal = Goal::AtMost {
    floor: 0.0,
    aim: 0.0,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let (database, serving) = Serving::opened(bench);
    let pickups = bench.books.to_call().lately();
    let clients = Callers::of_door(serving.door.clone(), pickups.clone());
    let until = Until::Elapsed(bench.sizes.round());
    let before = bench.runtime.block_on(clients.call(ENOUGH.1, until));
    let mut flood = Flood {
        door: serving.door.clone(),
        pickups,
        villages: bench.sizes.villages,
        next: Arc::new(AtomicU64::new(clients.brought())),
        every: Duration::ZERO,
        end: Instant::now() + bench.sizes.round(),
    };
    let capacity = bench.runtime.block_on(flood.rush(&[(ENOUGH.0, MANY)]));
    let capacity = capacity.accepted.len() as f64 / bench.sizes.round().as_secs_f64();
    let lasts = Duration::from_secs(bench.sizes.overload_seconds);
    let pickups_at_once = SINGLE + PHONES * MANY;
    flood.every = Duration::from_secs_f64(pickups_at_once as f64 / capacity / TIMES);
    flood.end = Instant::now() + lasts;
    let all = [(SINGLE, 1), (PHONES, MANY), (TOO_MANY, 1)];
    let seen = bench.runtime.block_on(flood.rush(&all));
    let clients = clients.from(flood.next.load(Ordering::Relaxed));
    let after = bench.runtime.block_on(clients.call(ENOUGH.1, until));
    let peak = serving.peak();
    // Killed, so that only what is on disk is found again.
    drop(serving);
    let lost = bench.runtime.block_on(count_lost(&database, &seen));
    bench.runtime.block_on(database.drop());
    let mut rows = rates(bench, lasts.as_secs_f64(), &seen, capacity);
    rows.push(Row::ratio(
        "  256 clients right after : before, the slowest of 100 answers (p99)",
        "",
        Unit::Seconds,
        (&[after.p99], &[before.p99]),
        AFTERWARDS,
    ));
    rows.append(&mut figures(bench, &seen, peak, lost));
    rows
}

fn rates(bench: &Bench, seconds: f64, seen: &Seen, capacity: f64) -> Vec<Row> {
    let row = |what, pickups: f64, goal| {
        let name = bench.books.opened_name();
        let sides = (&[pickups / seconds][..], &[capacity][..]);
        Row::ratio(what, &name, Unit::PerSecond, sides, goal)
    };
    let accepted = seen.accepted.len() as f64;
    vec![
        row(
            "overload over HTTP, SQLite: pickups sent : accepted of 16 phones before",
            seen.sent as f64,
            Goal::Told,
        ),
        row("  pickups accepted meanwhile : before", accepted, GOODPUT),
    ]
}

fn figures(bench: &Bench, seen: &Seen, peak: f64, lost: f64) -> Vec<Row> {
    let name = bench.books.opened_name();
    let figure = |what, unit, figure: f64, goal| Row::figure(what, &name, unit, &[figure], goal);
    vec![
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
async fn wait_until(due: Instant) {
    drop(tokio::time::timeout_at(due.into(), std::future::pending::<()>()).await);
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
        let found = find.query_row([village.as_str(), number.as_str()], |row| {
            row.get::<_, i64>(0)
        });
        found.unwrap() == 1
    };
    let lost = seen.accepted.iter().filter(|named| !is_there(named));
    lost.count() as f64
}

/// Clients that go on whatever they are told.
#[derive(Clone)]
struct Flood {
    door: Door,
    pickups: Pickups,
    villages: u64,
    next: Arc<AtomicU64>,
    /// How long each client waits from one request to the next.
    every: Duration,
    end: Instant,
}

impl Flood {
    /// Lets so many clients send so many pickups each time.
    async fn rush(&self, all: &[(u64, u64)]) -> Seen {
        let mut tasks = Vec::new();
        for &(clients, count) in all {
            for number in 0..clients {
                // They begin one after the other; those without a place come last.
                let begin = Instant::now() + self.every.mul_f64(number as f64 / clients as f64);
                tasks.push(tokio::spawn(self.clone().one(number, count, begin)));
            }
        }
        let mut seen = Seen::default();
        for task in tasks {
            seen.add(task.await.unwrap());
        }
        seen
    }

    /// One client, which connects again whenever its connection has ended.
    async fn one(self, number: u64, count: u64, begin: Instant) -> Seen {
        let mut seen = Seen::default();
        let mut due = begin;
        while Instant::now() < self.end {
            wait_until(due).await;
            match Client::connect(self.door.address, Ipv4Addr::LOCALHOST).await {
                Ok(client) => self.ask(client, number, count, &mut due, &mut seen).await,
                Err(_) => seen.wordless += 1,
            }
            due = due.max(Instant::now() + AGAIN);
        }
        seen
    }

    /// Asks over a connection whenever it is due, until the connection or the time ends. What was not answered when the next is due delays it.
    async fn ask(
        &self,
        mut client: Client,
        number: u64,
        count: u64,
        due: &mut Instant,
        seen: &mut Seen,
    ) {
        // A phone belongs to one village.
        let pickups = self.pickups.of_village(number % self.villages);
        loop {
            wait_until(*due).await;
            if Instant::now() >= self.end {
                return;
            }
            *due = Instant::now().max(*due + self.every);
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
