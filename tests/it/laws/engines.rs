//! The walk on each engine, a few callers at a time: whole books, reports that hold, and the same chain in a second database.

use std::collections::BTreeMap;

use jinfu::domain::decide::Outcome;
use jinfu::domain::month_close::MonthState;
use jinfu::domain::{Month, Request, Role};
use jinfu::files::journal::DumpProblem;
use jinfu::ledger::{Error, Ledger};

use super::homes::neighbour;
use super::village::{beginning, code, first_month, opening, request};
use super::walk::Walk;
use super::{chosen, coverage};
use crate::harness::{Database, Engine, on_both};

/// How many commands of each kind were accepted.
type Accepted = BTreeMap<&'static str, u64>;

/// How many commands are under way at a time.
const TOGETHER: u64 = 4;

/// How far the village is walked through.
const STEPS: u64 = 5_000;

/// The books are closed and opened again after each part of the walk.
const PARTS: u64 = 5;

async fn open_village(ledger: &Ledger) {
    // Households move to the neighbours only if these have a book.
    let neighbours = Request {
        village: neighbour(),
        ..request(
            20_000_000,
            (Role::Clerk, "wang"),
            opening(true).swap_remove(0),
        )
    };
    ledger.submit(neighbours).await.unwrap();
    for (index, command) in opening(true).into_iter().enumerate() {
        let request = request(10_000_000 + index, (Role::Clerk, "wang"), command);
        ledger.submit(request).await.unwrap();
    }
}

/// Walks so many steps; how many commands of each kind were accepted.
async fn walk_on(ledger: &Ledger, walk: &mut Walk, seed: u64, steps: u64) -> Accepted {
    let mut accepted = Accepted::new();
    let mut index = 0;
    while index < steps {
        let mut given = Vec::new();
        for _ in 0..TOGETHER {
            // Twice in a batch the rest of the opening would balance too much.
            let is_alone = !walk.is_opening_complete();
            given.push(walk.next());
            index += 1;
            if is_alone {
                break;
            }
        }
        // The clock stands while they are under way, so that both engines decide the same.
        ledger.clock().set(walk.now);
        let mut pending = Vec::new();
        for request in &given {
            pending.push(ledger.enqueue(request.clone()).await.unwrap());
        }
        for pending in pending {
            match pending.answer().await {
                Ok(Outcome::Recorded(recorded)) if recorded.replayed => {}
                Ok(Outcome::Recorded(recorded)) => {
                    *accepted.entry(recorded.event.kind()).or_default() += 1;
                    walk.learn(&recorded.event);
                }
                Ok(Outcome::NothingToDo) | Err(Error::Refused(_)) => {}
                Err(error) => panic!("SEED={seed} steps to {index}: {error} {given:#?}"),
            }
        }
    }
    accepted
}

/// The report of every month up to the last one holds; how many are closed.
pub(super) async fn check_reports(at: &str, ledger: &Ledger, last: Month) -> usize {
    let lines = ledger.months(&code()).await.unwrap();
    let closed = lines.iter().filter(|line| line.state != MonthState::Open);
    let count = closed.count();
    let after = std::iter::successors(Some(first_month()), |month| Some(month.next()));
    let months = after.take_while(|month| *month <= last);
    for month in months {
        let report = ledger.report(&code(), month).await.unwrap();
        let failing = report.checks.iter().filter(|check| !check.holds);
        let failing: Vec<_> = failing.collect();
        assert!(failing.is_empty(), "{at}: {month} {failing:?}");
    }
    count
}

/// The same entries make the same chain in another database.
async fn replay(engine: Engine, ledger: &Ledger) {
    let head = ledger.head(&code()).await.unwrap();
    let mut entries = Vec::new();
    loop {
        let more = ledger.entries(&code(), entries.len() as i64).await.unwrap();
        if more.is_empty() {
            break;
        }
        entries.extend(more);
    }
    assert_eq!(entries.len() as i64 + 1, head.next_seq);
    let second = Database::new(engine).await;
    let entries = entries.into_iter().map(Ok::<_, DumpProblem>);
    Ledger::take_in(&second.url, &code(), head, entries)
        .await
        .unwrap();
    let replayed = second.open(&beginning().to_string(), 1).await;
    assert_eq!(replayed.head(&code()).await.unwrap(), head);
    second.close(replayed).await;
}

#[test]
fn every_kind_of_command_keeps_the_books_whole_on_both_engines() {
    let (seed, steps) = (chosen("SEED", 2), chosen("ENGINE_STEPS", STEPS));
    let counts = std::sync::Mutex::new(Vec::new());
    on_both(async |engine| {
        let mut walk = Walk::new(seed, steps, (steps / 150 + 3).min(30));
        let database = Database::new(engine).await;
        let mut ledger = database.open(&walk.now.to_string(), seed).await;
        open_village(&ledger).await;
        let mut accepted = Accepted::new();
        for part in 0..PARTS {
            for (kind, count) in walk_on(&ledger, &mut walk, seed, steps / PARTS).await {
                *accepted.entry(kind).or_default() += count;
            }
            ledger.close().await.unwrap();
            ledger = database.open(&walk.now.to_string(), seed + part + 1).await;
        }
        let at = format!("{engine:?} SEED={seed}");
        if walk.is_opening_complete() {
            let closed = check_reports(&at, &ledger, Month::at(walk.now)).await;
            eprintln!("{at}: {accepted:?} of {steps} accepted, {closed} months closed");
        }
        if steps >= STEPS {
            coverage::check_events(|kind| kind == "village_opened" || accepted.contains_key(kind));
        }
        counts.lock().unwrap().push(accepted);
        replay(engine, &ledger).await;
        database.close(ledger).await;
    });
    let counts = counts.into_inner().unwrap();
    assert!(
        counts.windows(2).all(|pair| pair[0] == pair[1]),
        "SEED={seed}: {counts:?}"
    );
}
