//! The end of a month of a township: charging every household, offsetting its credit and making each village's report with its checks, and the close, the time
//! of each step apart.

use std::time::Instant;

use jinfu::domain::closing::CloseMonth;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Actor, Command, Month, Request, Role};
use jinfu::ledger::Ledger;

use crate::Bench;
use crate::books::open;
use crate::callers::load;
use crate::database::Database;
use crate::table::{Goal, Row, Unit};
use crate::villages::{OPENING, Pickups, month, village};

const GOAL: Goal = Goal::AtMost {
    floor: 6.0,
    aim: 2.0,
};
/// Each round is the next month, and there are so many.
const MONTHS: usize = 12;
/// How often a household had a pickup before its first charge, on average.
const PICKUPS_EACH: u64 = 2;

/// Seconds of each step, round by round.
#[derive(Default)]
struct Steps {
    charges: Vec<f64>,
    offsets: Vec<f64>,
    closes: Vec<f64>,
    reports: Vec<f64>,
}

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let (villages, each) = (bench.sizes.run_villages, bench.sizes.households);
    let database = Database::file();
    let ledger = bench.runtime.block_on(database.open());
    let count = villages * each * PICKUPS_EACH;
    let earned = Pickups::to_offset((0, villages), each, count, bench.sizes.seed);
    bench.runtime.block_on(async {
        open(&ledger, 0..villages, each).await;
        load(&ledger, (0..count).map(|index| earned.request(index))).await;
    });
    let mut steps = Steps::default();
    let mut at = month(OPENING);
    for _ in 0..bench.sizes.rounds.min(MONTHS) {
        end_month(bench, &ledger, at, &mut steps);
        at = at.next();
    }
    bench.runtime.block_on(async {
        ledger.close().await.unwrap();
        database.drop().await;
    });
    let whole: Vec<f64> = steps
        .charges
        .iter()
        .zip(&steps.offsets)
        .zip(&steps.closes)
        .map(|((charges, offsets), closes)| charges + offsets + closes)
        .collect();
    let name = format!("{villages} villages of {each}");
    let row = |what, seconds: &[f64], goal| Row::figure(what, &name, Unit::Seconds, seconds, goal);
    vec![
        row("month of a township: charges, offset, close", &whole, GOAL),
        row("  charges", &steps.charges, Goal::Told),
        row("  offset", &steps.offsets, Goal::Told),
        row(
            "  close with its report and checks",
            &steps.closes,
            Goal::Told,
        ),
        row(
            "  the reports once more, with their checks",
            &steps.reports,
            Goal::Told,
        ),
    ]
}

fn end_month(bench: &Bench, ledger: &Ledger, at: Month, steps: &mut Steps) {
    let villages = bench.sizes.run_villages;
    let seconds = |command: Command| {
        let start = Instant::now();
        let commands = (0..villages).map(|index| Request {
            village: village(index),
            id: ledger.chance().command_id(ledger.clock().now()),
            actor: Actor::new(Role::Clerk, "bench"),
            command: command.clone(),
        });
        bench.runtime.block_on(load(ledger, commands));
        start.elapsed().as_secs_f64()
    };
    steps
        .charges
        .push(seconds(Command::ChargeFees(ChargeFees { month: at })));
    steps
        .offsets
        .push(seconds(Command::OffsetCredit(OffsetCredit { month: at })));
    // The close makes the report and its checks, and seals it.
    steps.closes.push(seconds(Command::CloseMonth(CloseMonth {
        month: at,
        missing_reason: None,
    })));
    let start = Instant::now();
    for index in 0..villages {
        let code = village(index);
        let report = bench.runtime.block_on(ledger.report(&code, at)).unwrap();
        assert!(report.holds());
    }
    steps.reports.push(start.elapsed().as_secs_f64());
}
