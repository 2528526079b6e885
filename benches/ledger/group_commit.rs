//! What group commit is worth: the program against itself with a transaction for each command, on both engines.

use jinfu::ledger::Ledger;

use crate::Bench;
use crate::callers::{Callers, Seen, Until};
use crate::database::Database;
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit};

/// Waiting callers and lines of a pickup.
const CASES: &[(usize, u64)] = &[(256, 3), (256, 1), (64, 3), (16, 3), (1, 3)];

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
    on_both(bench, CASES, "callers", |ledger, _| {
        Callers::of(ledger, bench.books.to_call())
    })
}

/// Measures on both engines; `called` makes callers of an opened ledger and the address of its database.
pub(crate) fn on_both(
    bench: &Bench,
    cases: &[(usize, u64)],
    who: &str,
    called: impl Fn(Ledger, &str) -> Callers,
) -> Vec<Row> {
    let opened = bench.books.opened(&bench.runtime);
    let compare = |engine, sides: (Database, Database), goal| {
        let (grouped, single) = &sides;
        let by_256 = called(bench.runtime.block_on(grouped.open()), &grouped.url);
        let by_1 = called(
            bench.runtime.block_on(single.open_one_by_one()),
            &single.url,
        );
        let who = format!("{engine}: {who}");
        let rows = compare(bench, cases, &who, (&by_256, &by_1), goal);
        bench.runtime.block_on(async {
            by_256.close().await;
            by_1.close().await;
            sides.0.drop().await;
            sides.1.drop().await;
        });
        rows
    };
    let sides = (Database::file_like(opened), Database::file_like(opened));
    let mut rows = compare("SQLite", sides, ON_SQLITE);
    if let Some(opened) = bench.books.opened_on_server(&bench.runtime) {
        let sides = bench.runtime.block_on(async {
            (
                Database::server_like(opened).await,
                Database::server_like(opened).await,
            )
        });
        rows.append(&mut compare("PostgreSQL", sides, ON_POSTGRES));
    } else {
        rows.push(Row::skipped(
            "group commit, PostgreSQL",
            "no server binaries on this machine",
        ));
    }
    rows
}

fn compare(
    bench: &Bench,
    cases: &[(usize, u64)],
    who: &str,
    (by_256, by_1): (&Callers, &Callers),
    goal: Goal,
) -> Vec<Row> {
    let ledger = bench.books.opened_name();
    let mut rows = Vec::new();
    for &(waiting, lines) in cases {
        let round = |callers: &Callers| {
            let callers = callers.with_lines(lines);
            bench
                .runtime
                .block_on(callers.call(waiting, Until::Elapsed(bench.sizes.round())))
        };
        let (these, others) = in_turn(bench.sizes.rounds, || round(by_256), || round(by_1));
        let what = format!("{who} {waiting}, {lines}-line pickups, commits of 256 : of 1");
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
    rows
}

pub(crate) fn rates(seen: &[Seen]) -> Vec<f64> {
    seen.iter().map(|seen| seen.rate).collect()
}

fn p99s(seen: &[Seen]) -> Vec<f64> {
    seen.iter().map(|seen| seen.p99).collect()
}
