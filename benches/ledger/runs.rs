//! The runs of a month: how long it takes to charge every household and to offset its credit.

use std::time::Instant;

use jinfu::domain::fee::ChargeFees;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Actor, Command, Request, Role};
use jinfu::ledger::Ledger;

use crate::Bench;
use crate::books::open;
use crate::callers::load;
use crate::database::Database;
use crate::table::{Goal, Row, Unit, thousands};
use crate::villages::{OPENING, Pickups, month, village};

/// For as many households the goals are stated.
const HOUSEHOLDS: f64 = 100_000.0;
const GOAL: Goal = Goal::AtMost {
    floor: 6.0,
    aim: 2.0,
};
/// Each round is the next month, and there are so many.
const MONTHS: usize = 12;
/// How often a household had a pickup before its first charge, on average.
const PICKUPS_EACH: u64 = 2;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let (villages, each) = (bench.sizes.run_villages, bench.sizes.households);
    let households = villages * each;
    let database = Database::file();
    let ledger = bench.runtime.block_on(database.open());
    let earned = Pickups::to_offset(
        (0, villages),
        each,
        households * PICKUPS_EACH,
        bench.sizes.seed,
    );
    bench.runtime.block_on(async {
        open(&ledger, 0..villages, each).await;
        load(
            &ledger,
            (0..households * PICKUPS_EACH).map(|index| earned.request(index)),
        )
        .await;
    });
    let (mut charges, mut offsets) = (Vec::new(), Vec::new());
    let mut at = month(OPENING);
    for _ in 0..bench.sizes.rounds.min(MONTHS) {
        let seconds = |command: Command| {
            let start = Instant::now();
            let commands = (0..villages).map(|index| run(&ledger, index, command.clone()));
            bench.runtime.block_on(load(&ledger, commands));
            start.elapsed().as_secs_f64()
        };
        charges.push(seconds(Command::ChargeFees(ChargeFees { month: at })));
        offsets.push(seconds(Command::OffsetCredit(OffsetCredit { month: at })));
        at = at.next();
    }
    bench.runtime.block_on(async {
        ledger.close().await.unwrap();
        database.drop().await;
    });
    let name = format!("{} households", thousands(households as f64));
    let rates = |seconds: &[f64]| -> Vec<f64> {
        seconds
            .iter()
            .map(|seconds| households as f64 / seconds)
            .collect()
    };
    let scaled: Vec<f64> = charges
        .iter()
        .zip(&offsets)
        .map(|(charges, offsets)| (charges + offsets) * HOUSEHOLDS / households as f64)
        .collect();
    let what = format!("{villages} villages of {each} charged and offset, for 100,000 households");
    vec![
        Row::figure(&what, &name, Unit::Seconds, &scaled, GOAL),
        Row::figure(
            "  households charged",
            &name,
            Unit::PerSecond,
            &rates(&charges),
            Goal::Told,
        ),
        Row::figure(
            "  households offset",
            &name,
            Unit::PerSecond,
            &rates(&offsets),
            Goal::Told,
        ),
    ]
}

fn run(ledger: &Ledger, index: u64, command: Command) -> Request {
    Request {
        village: village(index),
        id: ledger.chance().command_id(ledger.clock().now()),
        actor: Actor::new(Role::Clerk, "bench"),
        command,
    }
}
