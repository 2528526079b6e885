//! How much memory the ledger takes, and how soon it is ready: asked of a process of its own.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::database::Database;
use crate::rounds::in_turn;
use crate::sizes::Sizes;
use crate::table::{Goal, Row, Unit};
use crate::villages::Pickups;

/// The word that makes this program the process that is measured.
pub(crate) const CHILD: &str = "--measured-process";

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

/// How many rounds of the other sections the callers call.
const LONGER: u32 = 3;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let filled = Database::file_like(bench.books.filled(&bench.runtime));
    let brought = Cell::new(0);
    let (rested, called) = in_turn(
        bench.sizes.rounds.min(3),
        || run(bench, &filled, 0, &brought),
        || run(bench, &filled, 256, &brought),
    );
    bench.runtime.block_on(filled.drop());
    let column = |rows: &[Asked], figure: fn(&Asked) -> f64| -> Vec<f64> {
        rows.iter().map(figure).collect()
    };
    let ready: Vec<f64> = [
        column(&rested, |asked| asked.ready),
        column(&called, |asked| asked.ready),
    ]
    .concat();
    let name = bench.books.filled_name();
    vec![
        Row::figure(
            "memory at rest, SQLite",
            &name,
            Unit::Megabytes,
            &column(&rested, |asked| asked.resident),
            AT_REST,
        ),
        Row::figure(
            "memory at most, 256 callers among it",
            &name,
            Unit::Megabytes,
            &column(&called, |asked| asked.peak),
            BUSY,
        ),
        Row::figure(
            "start of the process to ready",
            &name,
            Unit::Seconds,
            &ready,
            READY,
        ),
    ]
}

/// What a process told of itself.
struct Asked {
    /// Seconds from its start until its books were open.
    ready: f64,
    /// Megabytes then.
    resident: f64,
    /// The most megabytes it ever had.
    peak: f64,
}

/// Runs the process; `brought` is how far the stream of its callers has come.
fn run(bench: &Bench, database: &Database, callers: usize, brought: &Cell<u64>) -> Asked {
    let start = Instant::now();
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args([
            CHILD,
            &database.url,
            &callers.to_string(),
            &brought.get().to_string(),
        ])
        .stdout(Stdio::piped())
        .env("MILLIS", bench.sizes.millis.to_string())
        .env("VILLAGES", bench.sizes.villages.to_string())
        .env("HOUSEHOLDS", bench.sizes.households.to_string())
        .env("SEED", bench.sizes.seed.to_string())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    assert_eq!(line(), "ready");
    let ready = start.elapsed().as_secs_f64();
    let (resident, peak) = (line().parse().unwrap(), line().parse().unwrap());
    brought.set(line().parse().unwrap());
    assert!(child.wait().unwrap().success());
    Asked {
        ready,
        resident,
        peak,
    }
}

/// The measured process: opens the books, says so, lets callers call, and tells its memory.
pub(crate) fn child(words: &[String]) {
    let database = Database::there(&words[0]);
    let callers: usize = words[1].parse().unwrap();
    let first: u64 = words[2].parse().unwrap();
    let sizes = Sizes::of(false);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ledger = database.open().await;
        println!("ready");
        println!("{}", megabytes("VmRSS:"));
        let pickups = Pickups::to_call((0, sizes.villages), sizes.households, 3, sizes.seed);
        let under = Callers::of(ledger, pickups).from(first);
        let time = Duration::from_millis(sizes.millis) * LONGER;
        under.call(callers, Until::Elapsed(time)).await;
        println!("{}", megabytes("VmHWM:"));
        println!("{}", under.brought());
        under.close().await;
    });
}

/// A figure of this process.
fn megabytes(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1_000.0
}
