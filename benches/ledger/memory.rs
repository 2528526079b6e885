//! How much memory the program takes, and how soon it is ready: asked of its own process, which serves a filled ledger.

use std::cell::Cell;

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::database::Database;
use crate::process::{Serving, enrol};
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit};

const AT_REST: Goal = Goal::AtMost {
    floor: 25.0,
    aim: 12.0,
};
const BUSY: Goal = Goal::AtMost {
    floor: 120.0,
    aim: 64.0,
};
const READY: Goal = Goal::AtMost {
    floor: 2.0,
    aim: 0.3,
};

/// How many rounds of the other sections the clients ask.
const LONGER: u32 = 3;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let filled = Database::file_like(bench.books.filled(&bench.runtime));
    let phones = bench.runtime.block_on(enrol(&filled, bench.sizes.villages));
    let brought = Cell::new(0);
    let at_rest = || {
        let serving = Serving::start(&filled, &phones);
        (serving.ready, serving.resident())
    };
    let busy = || {
        let serving = Serving::start(&filled, &phones);
        let pickups = bench.books.to_call().lately();
        let clients = Callers::of_door(serving.door.clone(), pickups).from(brought.get());
        let until = Until::Elapsed(bench.sizes.round() * LONGER);
        bench.runtime.block_on(clients.call(256, until));
        brought.set(clients.brought());
        (serving.ready, serving.peak())
    };
    let (rested, called) = in_turn(bench.sizes.rounds.min(3), at_rest, busy);
    bench.runtime.block_on(filled.drop());
    let (ready, resident): (Vec<f64>, Vec<f64>) = rested.into_iter().unzip();
    let (ready_again, peaks): (Vec<f64>, Vec<f64>) = called.into_iter().unzip();
    let ready = [ready, ready_again].concat();
    let name = bench.books.filled_name();
    let figure = |what, unit, figures: &[f64], goal| Row::figure(what, &name, unit, figures, goal);
    vec![
        figure(
            "`jinfu serve` on SQLite: memory at rest",
            Unit::Megabytes,
            &resident,
            AT_REST,
        ),
        figure(
            "  memory at most, 256 HTTP clients among it",
            Unit::Megabytes,
            &peaks,
            BUSY,
        ),
        figure(
            "  start of the process to ready",
            Unit::Seconds,
            &ready,
            READY,
        ),
    ]
}
