//! A thousand connections that begin a request and never end it, while a phone goes on working: what it notices of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Bench;
use crate::callers::p99;
use crate::client::{Client, record};
use crate::process::Serving;
use crate::rounds::in_turn;
use crate::served::Door;
use crate::table::{Goal, Row, Unit};
use crate::villages::Pickups;

/// How many are half open, and how many of one address: fewer than it may have.
const CONNECTIONS: usize = 1_000;
const OF_ADDRESS: usize = 50;
/// How often the phone sends a pickup.
const EVERY: Duration = Duration::from_millis(10);

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let (database, serving) = Serving::opened(bench);
    let healthy = Healthy {
        door: serving.door.clone(),
        pickups: bench.books.to_call().lately(),
        next: Arc::default(),
        lasts: Duration::from_secs(bench.sizes.half_open_seconds),
    };
    let (beside, alone) = in_turn(
        bench.sizes.rounds.min(3),
        || bench.runtime.block_on(healthy.beside_half_open()),
        || bench.runtime.block_on(healthy.work()),
    );
    drop(serving);
    bench.runtime.block_on(database.drop());
    let what =
        "a phone's pickup over HTTP (p99), SQLite: beside 1,000 half-open connections : alone";
    let name = bench.books.opened_name();
    let sides = (beside.as_slice(), alone.as_slice());
    vec![Row::ratio(what, &name, Unit::Seconds, sides, Goal::Told)]
}

/// A phone that works.
struct Healthy {
    door: Door,
    pickups: Pickups,
    next: Arc<AtomicU64>,
    lasts: Duration,
}

impl Healthy {
    /// Sends pickups, each of which must be accepted: seconds that 99 of 100 answers took at most.
    async fn work(&self) -> f64 {
        let mut client = Client::connect(self.door.address, Ipv4Addr::LOCALHOST)
            .await
            .unwrap();
        let mut ticks = tokio::time::interval(EVERY);
        let (begun, mut waited) = (Instant::now(), Vec::new());
        while begun.elapsed() < self.lasts {
            ticks.tick().await;
            let request = self
                .pickups
                .request(self.next.fetch_add(1, Ordering::Relaxed));
            let bytes = record(&request, self.door.phones.of(&request));
            let asked = Instant::now();
            let answer = client.ask(&bytes).await.unwrap();
            waited.push(asked.elapsed());
            assert_eq!(answer.status, 201);
        }
        p99(&waited)
    }

    /// The same while connections are half open.
    async fn beside_half_open(&self) -> f64 {
        let is_over = Arc::new(AtomicBool::new(false));
        let open = Arc::new(AtomicU64::new(0));
        let mut slow = JoinSet::new();
        for number in 0..CONNECTIONS {
            // Not from the address that the service takes for a proxy.
            let from = Ipv4Addr::new(127, 0, 1, (1 + number / OF_ADDRESS) as u8);
            let (is_over, open) = (Arc::clone(&is_over), Arc::clone(&open));
            slow.spawn(half_open(self.door.address, from, is_over, open));
        }
        while open.load(Ordering::Relaxed) < CONNECTIONS as u64 {
            tokio::task::yield_now().await;
        }
        let worked = self.work().await;
        is_over.store(true, Ordering::Relaxed);
        slow.shutdown().await;
        worked
    }
}

/// Holds a connection half open, and another one whenever it is cut off.
async fn half_open(to: SocketAddr, from: Ipv4Addr, is_over: Arc<AtomicBool>, open: Arc<AtomicU64>) {
    let mut is_first = true;
    while !is_over.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(to, from).await else {
            continue;
        };
        let half = b"POST /api/v1/sessions HTTP/1.1\r\nhost: books\r\nx-slow: ";
        if client.send(half).await.is_err() {
            continue;
        }
        if std::mem::take(&mut is_first) {
            open.fetch_add(1, Ordering::Relaxed);
        }
        // It ends without an answer, or with one that there is no place.
        drop(client.answer().await);
    }
}
