//! Callers that wait: each gives a pickup to the ledger, waits for the answer, and gives the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jinfu::domain::Request;
use jinfu::ledger::Ledger;

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

/// A ledger under callers, and where their stream has come to.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    pub(crate) ledger: Arc<Ledger>,
    pickups: Arc<Pickups>,
    next: Arc<AtomicU64>,
}

impl Callers {
    pub(crate) fn of(ledger: Ledger, pickups: Pickups) -> Callers {
        Callers {
            ledger: Arc::new(ledger),
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
        waited.sort_unstable();
        let p99 = waited
            .get(waited.len() * 99 / 100)
            .map_or(0.0, Duration::as_secs_f64);
        Seen { rate, p99 }
    }

    async fn one(self, start: Instant, until: Until) -> Vec<Duration> {
        let mut waited = Vec::new();
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
            let asked = Instant::now();
            self.ledger.submit(request).await.unwrap();
            waited.push(asked.elapsed());
        }
    }

    /// How many pickups of the stream were brought.
    pub(crate) fn brought(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Closes the ledger.
    pub(crate) async fn close(self) {
        Arc::into_inner(self.ledger).unwrap().close().await.unwrap();
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
