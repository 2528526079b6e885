//! Whether a month's report slows down as the ledger around the village grows.

use std::time::Instant;

use jinfu::clock::Clock;
use jinfu::ledger::Ledger;

use crate::Bench;
use crate::books::SMALL;
use crate::database::Database;
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit, thousands};
use crate::villages::{LAST, NOW, OPENING, instant, month, village};

/// How many reports a round makes.
const REPORTS: u32 = 20;
const GOAL: Goal = Goal::AtMost {
    floor: 1.5,
    aim: 1.1,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let open = |database: &Database| {
        let clock = Clock::fixed(instant(NOW));
        bench
            .runtime
            .block_on(Ledger::open_reading(&database.url, clock))
            .unwrap()
    };
    let filled = open(bench.books.filled(&bench.runtime));
    let small = open(bench.books.small(&bench.runtime));
    let ledger = format!(
        "{} : {}",
        bench.books.filled_name(),
        thousands(SMALL as f64)
    );
    let reported = bench.books.reported();
    let time = |ledger: &Ledger, index: u64, at: &str| {
        let (code, at) = (village(index), month(at));
        let start = Instant::now();
        for _ in 0..REPORTS {
            bench.runtime.block_on(ledger.report(&code, at)).unwrap();
        }
        start.elapsed().as_secs_f64() / f64::from(REPORTS)
    };
    let cases = [
        (
            "report of one village, in a filled ledger : alone",
            reported,
            LAST,
            GOAL,
        ),
        (
            "  another village's last month : the same",
            0,
            LAST,
            Goal::Told,
        ),
        (
            "  another village's first month : the same",
            0,
            OPENING,
            Goal::Told,
        ),
    ];
    let rows = cases.map(|(what, index, at, goal)| {
        let (these, others) = in_turn(
            bench.sizes.rounds,
            || time(&filled, index, at),
            || time(&small, reported, LAST),
        );
        Row::ratio(what, &ledger, Unit::Seconds, (&these, &others), goal)
    });
    bench.runtime.block_on(async {
        filled.close().await.unwrap();
        small.close().await.unwrap();
    });
    rows.into()
}
