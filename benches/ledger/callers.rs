//! Callers that wait: each gives a pickup to the ledger, or to the service over a connection of its own, waits for the answer, and gives the next.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jinfu::domain::Request;
use jinfu::ledger::Ledger;

use crate::client::{Client, record};
use crate::served::{Door, Served};
use crate::villages::Pickups;

/// How long callers go on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// For a time.
    Elapsed(Duration),
    /// Until the pickup of this index.
    Index(u64),
}

/// What callers saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Answers in a second.
    pub(crate) rate: f64,
    /// Seconds that 99 of 100 answers took at most.
    pub(crate) p99: f64,
}

/// Seconds that 99 of 100 took at most.
pub(crate) fn p99(waited: &[Duration]) -> f64 {
    let mut sorted = waited.to_vec();
    sorted.sort_unstable();
    let slow = sorted.get(sorted.len() * 99 / 100);
    slow.map_or(0.0, Duration::as_secs_f64)
}

/// Where callers bring their pickups.
#[derive(Clone, Debug)]
enum Counter {
    /// To the ledger itself.
    Ledger(Arc<Ledger>),
    /// To a service of this process.
    Served(Arc<Served>),
    /// To a service that somebody else looks after.
    Door(Door),
}

impl Counter {
    fn door(&self) -> Option<&Door> {
        match self {
            Counter::Ledger(_) => None,
            Counter::Served(served) => Some(&served.door),
            Counter::Door(door) => Some(door),
        }
    }
}

/// A ledger under callers, and where their stream has come to.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    counter: Counter,
    pickups: Arc<Pickups>,
    next: Arc<AtomicU64>,
}

impl Callers {
    pub(crate) fn of(ledger: Ledger, pickups: Pickups) -> Callers {
        Callers::at(Counter::Ledger(Arc::new(ledger)), pickups)
    }

    /// Clients of a service of this process.
    pub(crate) fn of_service(served: Served, pickups: Pickups) -> Callers {
        Callers::at(Counter::Served(Arc::new(served)), pickups)
    }

    /// Clients of another service.
    pub(crate) fn of_door(door: Door, pickups: Pickups) -> Callers {
        Callers::at(Counter::Door(door), pickups)
    }

    fn at(counter: Counter, pickups: Pickups) -> Callers {
        Callers {
            counter,
            pickups: Arc::new(pickups),
            next: Arc::default(),
        }
    }

    /// Lets the stream begin at an index.
    pub(crate) fn from(self, index: u64) -> Callers {
        self.next.store(index, Ordering::Relaxed);
        self
    }

    /// Callers of the same ledger with pickups of other lines; the stream goes on where it is.
    pub(crate) fn with_lines(&self, lines: u64) -> Callers {
        let mut callers = self.clone();
        callers.pickups = Arc::new(self.pickups.with_lines(lines));
        callers
    }

    /// Lets so many callers call.
    pub(crate) async fn call(&self, callers: usize, until: Until) -> Seen {
        let start = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| tokio::spawn(self.clone().one(start, until)))
            .collect();
        let mut waited = Vec::new();
        for task in tasks {
            waited.append(&mut task.await.unwrap());
        }
        let rate = waited.len() as f64 / start.elapsed().as_secs_f64();
        let p99 = p99(&waited);
        Seen { rate, p99 }
    }

    async fn one(self, start: Instant, until: Until) -> Vec<Duration> {
        let mut waited = Vec::new();
        let mut client = match self.counter.door() {
            Some(door) => Client::connect(door.address, Ipv4Addr::LOCALHOST)
                .await
                .ok(),
            None => None,
        };
        loop {
            if matches!(until, Until::Elapsed(time) if start.elapsed() >= time) {
                return waited;
            }
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if matches!(until, Until::Index(end) if index >= end) {
                // The index was not used.
                self.next.fetch_sub(1, Ordering::Relaxed);
                return waited;
            }
            let request = self.pickups.request(index);
            waited.push(self.bring(request, client.as_mut()).await);
        }
    }

    /// Brings a pickup, which must be accepted, and tells how long the answer took.
    async fn bring(&self, request: Request, client: Option<&mut Client>) -> Duration {
        if let Counter::Ledger(ledger) = &self.counter {
            let asked = Instant::now();
            ledger.submit(request).await.unwrap();
            return asked.elapsed();
        }
        let phones = &self.counter.door().unwrap().phones;
        let bytes = record(&request, phones.of(&request));
        let asked = Instant::now();
        let answer = client.unwrap().ask(&bytes).await.unwrap();
        let took = asked.elapsed();
        let told = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 201, "{told}");
        took
    }

    /// How many pickups of the stream were brought.
    pub(crate) fn brought(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Closes the ledger; a service that somebody else looks after goes on.
    pub(crate) async fn close(self) {
        match self.counter {
            Counter::Ledger(ledger) => Arc::into_inner(ledger).unwrap().close().await.unwrap(),
            Counter::Served(served) => Arc::into_inner(served).unwrap().stop().await,
            Counter::Door(_) => {}
        }
    }
}

/// Gives requests to the ledger in their order, many on their way at a time; each must be accepted.
pub(crate) async fn load(ledger: &Ledger, requests: impl Iterator<Item = Request>) {
    let mut waiting = VecDeque::new();
    for request in requests {
        waiting.push_back(ledger.enqueue(request).await.unwrap());
        if waiting.len() == 1_024 {
            waiting.pop_front().unwrap().answer().await.unwrap();
        }
    }
    for answer in waiting {
        answer.answer().await.unwrap();
    }
}
