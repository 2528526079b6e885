//! The walk in memory: many villages, each with a walk of its own, and the laws after every step.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jinfu::domain::Role;

use super::tried::{Counts, Tried};
use super::village::{opening, request};
use super::walk::Walk;
use super::{chosen, coverage};

/// How far all of them are walked through.
const STEPS: u64 = 50_000;

/// How far one village is walked through: some twenty months.
const STEPS_OF_A_VILLAGE: u64 = 2_500;

/// Walks through one village; what came of it.
fn walk_through(seed: u64, steps: u64, report_every: u64) -> Counts {
    let mut walk = Walk::new(seed, steps, (steps / 150 + 3).min(30));
    let mut tried = Tried::new(seed);
    for (index, command) in opening(true).into_iter().enumerate() {
        let request = request(10_000_000 + index, (Role::Clerk, "wang"), command);
        let event = tried.submit("the opening", walk.now, &request);
        assert!(event.is_some(), "the opening is accepted");
    }
    for index in 0..steps {
        let request = walk.next();
        let at = format!("SEED={seed} step {index} {request:?}");
        if let Some(event) = tried.submit(&at, walk.now, &request) {
            walk.learn(&event);
        }
        if index % report_every == 0 && walk.is_opening_complete() {
            tried.check_reports(&at);
        }
    }
    if walk.is_opening_complete() {
        tried.check_all_reports(&format!("SEED={seed} at the end"));
    }
    tried.counts
}

#[test]
fn every_kind_of_command_keeps_the_laws() {
    let (seed, steps) = (chosen("SEED", 1), chosen("STEPS", STEPS));
    let report_every = chosen("REPORT_EVERY", 50).max(1);
    let (villages, counts) = (AtomicU64::new(0), Mutex::new(Counts::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let village = villages.fetch_add(1, Ordering::Relaxed);
                    let done = village * STEPS_OF_A_VILLAGE;
                    if done >= steps {
                        break;
                    }
                    let steps = STEPS_OF_A_VILLAGE.min(steps - done);
                    let found = walk_through(seed + village, steps, report_every);
                    counts.lock().unwrap().add(found);
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    eprintln!("accepted {:?}", counts.accepted);
    eprintln!(
        "refused {:?}, answered again {}",
        counts.refused, counts.replayed
    );
    if steps >= STEPS {
        coverage::check(&counts);
    }
}
