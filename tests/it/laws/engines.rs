//! The walk on each engine, a few callers at a time: whole books, reports that hold, and the same chain in a second database.

use jinfu::domain::decide::Outcome;
use jinfu::domain::month_close::MonthState;
use jinfu::domain::{Month, Role};
use jinfu::files::journal::DumpProblem;
use jinfu::ledger::{Error, Ledger};

use super::chosen;
use super::village::{beginning, code, opening, request};
use super::walk::Walk;
use crate::harness::{Database, Engine, on_both};

/// How many commands are under way at a time.
const TOGETHER: u64 = 4;

async fn open_village(ledger: &Ledger) {
    for (index, command) in opening(true).into_iter().enumerate() {
        let request = request(10_000_000 + index, (Role::Clerk, "wang"), command);
        ledger.submit(request).await.unwrap();
    }
}

/// Walks so many steps; how many were accepted.
async fn walk_on(ledger: &Ledger, walk: &mut Walk, seed: u64, steps: u64) -> u64 {
    let mut accepted = 0;
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
                    accepted += 1;
                    walk.learn(&recorded.event);
                }
                Ok(Outcome::NothingToDo) | Err(Error::Refused(_)) => {}
                Err(error) => panic!("SEED={seed} steps to {index}: {error} {given:#?}"),
            }
        }
    }
    accepted
}

/// The report of every closed month holds, and that of the last one; how many are closed. Months between may lack what belongs to an opening
/// line that was voided later.
pub(super) async fn check_reports(at: &str, ledger: &Ledger, last: Month) -> usize {
    let lines = ledger.months(&code()).await.unwrap();
    let closed = lines.iter().filter(|line| line.state != MonthState::Open);
    let mut months: Vec<Month> = closed.map(|line| line.month).collect();
    let count = months.len();
    months.push(last);
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
    let (seed, steps) = (chosen("SEED", 2), chosen("ENGINE_STEPS", 1_500));
    let counts = std::sync::Mutex::new(Vec::new());
    on_both(async |engine| {
        let mut walk = Walk::new(seed, steps, (steps / 150 + 3).min(30));
        let database = Database::new(engine).await;
        let ledger = database.open(&walk.now.to_string(), seed).await;
        open_village(&ledger).await;
        let accepted = walk_on(&ledger, &mut walk, seed, steps).await;
        let at = format!("{engine:?} SEED={seed}");
        if walk.is_opening_complete() {
            let closed = check_reports(&at, &ledger, Month::at(walk.now)).await;
            eprintln!("{at}: {accepted} of {steps} accepted, {closed} months closed");
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
