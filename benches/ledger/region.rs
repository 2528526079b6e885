//! The report of a region: whether its time depends on how many pickups there were, and how it grows with the villages.

use std::time::Instant;

use jinfu::domain::report::region::RegionPrefix;
use jinfu::ledger::Ledger;

use crate::Bench;
use crate::books::open;
use crate::callers::load;
use crate::database::Database;
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit, thousands};
use crate::villages::{LAST, Pickups, month, village};

const GOAL: Goal = Goal::AtMost {
    floor: 1.5,
    aim: 1.1,
};
/// How many times fewer pickups the other side has.
const FEWER: u64 = 20;
/// How many reports a round makes.
const REPORTS: u32 = 3;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let (villages, each) = (bench.sizes.region_villages, bench.sizes.region_pickups);
    let few = (each / FEWER).max(1);
    let many_books = county(bench, villages, each);
    let few_books = county(bench, villages, few);
    let (many_ledger, few_ledger) = bench
        .runtime
        .block_on(async { (many_books.open().await, few_books.open().await) });
    // Every village is of one county.
    let one = village(0).to_string();
    let all = prefix(&one.chars().take(6).collect::<String>());
    let one = prefix(&one);
    let time = |ledger: &Ledger, region: &RegionPrefix| {
        let start = Instant::now();
        for _ in 0..REPORTS {
            let report = ledger.region_report(region, month(LAST));
            let report = bench.runtime.block_on(report).unwrap();
            assert!(report.total.sums.checks_hold && report.total.sums.pickups > 0);
        }
        start.elapsed().as_secs_f64() / f64::from(REPORTS)
    };
    let (these, others) = in_turn(
        bench.sizes.rounds,
        || time(&many_ledger, &all),
        || time(&few_ledger, &all),
    );
    let (whole, single) = in_turn(
        bench.sizes.rounds,
        || time(&many_ledger, &all),
        || time(&many_ledger, &one) * villages as f64,
    );
    bench.runtime.block_on(async {
        many_ledger.close().await.unwrap();
        few_ledger.close().await.unwrap();
        many_books.drop().await;
        few_books.drop().await;
    });
    let count = |each: u64| thousands((villages * each) as f64);
    let name = format!("{} : {} pickups", count(each), count(few));
    let what = format!("region of {villages} villages, {each} pickups each : {few}");
    vec![
        Row::ratio(&what, &name, Unit::Seconds, (&these, &others), GOAL),
        Row::ratio(
            &format!("  all of them : {villages} times one of them"),
            &count(each),
            Unit::Seconds,
            (&whole, &single),
            GOAL,
        ),
    ]
}

fn prefix(digits: &str) -> RegionPrefix {
    RegionPrefix::parse("region", digits).unwrap()
}

/// Villages that have so many pickups each, all of them in the month that is reported.
fn county(bench: &Bench, villages: u64, each: u64) -> Database {
    let database = Database::file();
    bench.runtime.block_on(async {
        let ledger = database.open().await;
        let (households, seed) = (bench.sizes.households, bench.sizes.seed);
        open(&ledger, 0..villages, households).await;
        let count = villages * each;
        let pickups = Pickups::of_last_month((0, villages), households, count, seed).with_lines(1);
        load(&ledger, (0..count).map(|index| pickups.request(index))).await;
        ledger.close().await.unwrap();
    });
    database
}
