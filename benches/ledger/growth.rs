//! Whether the ledger slows down as it grows: the same callers on a filled ledger and on an empty one.

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::database::Database;
use crate::group_commit::rates;
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit};

const GOAL: Goal = Goal::AtLeast {
    floor: 0.6,
    aim: 0.8,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let filled = Database::file_like(bench.books.filled(&bench.runtime));
    let empty = Database::file_like(bench.books.opened(&bench.runtime));
    let open = |database: &Database| {
        let ledger = bench.runtime.block_on(database.open());
        Callers::of(ledger, bench.books.to_call())
    };
    let (on_filled, on_empty) = (open(&filled), open(&empty));
    let round = |callers: &Callers| {
        bench
            .runtime
            .block_on(callers.call(256, Until::Elapsed(bench.sizes.round())))
    };
    let (these, others) = in_turn(
        bench.sizes.rounds,
        || round(&on_filled),
        || round(&on_empty),
    );
    bench.runtime.block_on(async {
        on_filled.close().await;
        on_empty.close().await;
        filled.drop().await;
        empty.drop().await;
    });
    let ledger = format!("{} : none", bench.books.filled_name());
    let figures = (rates(&these), rates(&others));
    let what = "SQLite: 3-line pickups, 256 callers, filled ledger : empty one";
    vec![Row::ratio(
        what,
        &ledger,
        Unit::PerSecond,
        (&figures.0, &figures.1),
        GOAL,
    )]
}
