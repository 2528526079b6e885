//! What group commit is worth: the program against itself with a transaction for each command, on both engines.

use crate::Bench;
use crate::callers::{Callers, Seen, Until};
use crate::database::Database;
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit};

/// Waiting callers and lines of a pickup.
const CASES: [(usize, u64); 5] = [(256, 3), (256, 1), (64, 3), (16, 3), (1, 3)];

/// The floor and the aim of the rate with 256 callers.
const ON_SQLITE: Goal = Goal::AtLeast {
    floor: 6.0,
    aim: 12.0,
};
const ON_POSTGRES: Goal = Goal::AtLeast {
    floor: 6.0,
    aim: 14.0,
};
/// Of the slowest answers with 64 callers.
const LATENCY: Goal = Goal::AtMost {
    floor: 0.25,
    aim: 0.125,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let opened = bench.books.opened(&bench.runtime);
    let sides = (Database::file_like(opened), Database::file_like(opened));
    let mut rows = on_engine(bench, "SQLite", sides, ON_SQLITE);
    if let Some(opened) = bench.books.opened_on_server(&bench.runtime) {
        let sides = bench.runtime.block_on(async {
            (
                Database::server_like(opened).await,
                Database::server_like(opened).await,
            )
        });
        rows.append(&mut on_engine(bench, "PostgreSQL", sides, ON_POSTGRES));
    } else {
        rows.push(Row::skipped(
            "group commit, PostgreSQL",
            "no server binaries on this machine",
        ));
    }
    rows
}

fn on_engine(
    bench: &Bench,
    engine: &str,
    (grouped, single): (Database, Database),
    goal: Goal,
) -> Vec<Row> {
    let (by_256, by_1) = bench.runtime.block_on(async {
        (
            Callers::of(grouped.open().await, bench.books.to_call()),
            Callers::of(single.open_one_by_one().await, bench.books.to_call()),
        )
    });
    let ledger = bench.books.opened_name();
    let mut rows = Vec::new();
    for (waiting, lines) in CASES {
        let round = |callers: &Callers| {
            let callers = callers.with_lines(lines);
            bench
                .runtime
                .block_on(callers.call(waiting, Until::Elapsed(bench.sizes.round())))
        };
        let (these, others) = in_turn(bench.sizes.rounds, || round(&by_256), || round(&by_1));
        let what =
            format!("{engine}: {lines}-line pickups, callers {waiting}, commits of 256 : of 1");
        let rate_goal = if waiting == 256 { goal } else { Goal::Told };
        let latency_goal = if waiting == 64 { LATENCY } else { Goal::Told };
        rows.push(Row::ratio(
            &what,
            &ledger,
            Unit::PerSecond,
            (&rates(&these), &rates(&others)),
            rate_goal,
        ));
        rows.push(Row::ratio(
            "  the slowest of 100 answers (p99)",
            "",
            Unit::Seconds,
            (&p99s(&these), &p99s(&others)),
            latency_goal,
        ));
    }
    bench.runtime.block_on(async {
        by_256.close().await;
        by_1.close().await;
        grouped.drop().await;
        single.drop().await;
    });
    rows
}

pub(crate) fn rates(seen: &[Seen]) -> Vec<f64> {
    seen.iter().map(|seen| seen.rate).collect()
}

fn p99s(seen: &[Seen]) -> Vec<f64> {
    seen.iter().map(|seen| seen.p99).collect()
}
