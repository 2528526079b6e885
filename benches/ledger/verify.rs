//! How long it takes to recompute the chain and every projection of the filled ledger.

use std::time::Instant;

use jinfu::clock::Clock;
use jinfu::ledger::Ledger;

use crate::Bench;
use crate::table::{Goal, Row, Unit, thousands};
use crate::villages::{NOW, instant};

/// For as many pickups the goals are stated.
const PICKUPS: f64 = 1_000_000.0;
const GOAL: Goal = Goal::AtMost {
    floor: 60.0,
    aim: 20.0,
};
/// No further round is begun after so many seconds.
const ENOUGH: f64 = 40.0;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let database = bench.books.filled(&bench.runtime);
    let clock = Clock::fixed(instant(NOW));
    let ledger = bench
        .runtime
        .block_on(Ledger::open_reading(&database.url, clock))
        .unwrap();
    let mut seconds: Vec<f64> = Vec::new();
    let mut entries = 0;
    while seconds.len() < bench.sizes.rounds && seconds.iter().sum::<f64>() < ENOUGH {
        let start = Instant::now();
        let verified = bench
            .runtime
            .block_on(ledger.verify(None, |_, _| ()))
            .unwrap();
        seconds.push(start.elapsed().as_secs_f64());
        assert!(verified.iter().all(|village| village.finding.is_none()));
        entries = verified.iter().map(|village| village.entries).sum();
    }
    bench.runtime.block_on(ledger.close()).unwrap();
    let pickups = bench.sizes.pickups as f64;
    let entries = entries as f64;
    // The households' entries are there however many pickups there are.
    let scale = (entries - pickups + PICKUPS) / entries;
    let scaled: Vec<f64> = seconds.iter().map(|seconds| seconds * scale).collect();
    let rates: Vec<f64> = seconds.iter().map(|seconds| entries / seconds).collect();
    let name = format!(
        "{}, {} entries",
        bench.books.filled_name(),
        thousands(entries)
    );
    vec![
        Row::figure(
            "verify, for 1,000,000 pickups",
            &name,
            Unit::Seconds,
            &scaled,
            GOAL,
        ),
        Row::figure("  entries", &name, Unit::PerSecond, &rates, Goal::Told),
    ]
}
