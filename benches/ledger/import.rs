//! How long the program takes to import a village folder into a new SQLite file, with the runs of its months.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command as Process;
use std::time::Instant;

use jinfu::domain::{Command, Request};

use crate::Bench;
use crate::database::Database;
use crate::table::{Goal, Row, Unit, thousands};
use crate::villages::{MATERIALS, Pickups, group, household_no};

/// For as many pickup lines the goals are stated.
const LINES: f64 = 100_000.0;
const GOAL: Goal = Goal::AtMost {
    floor: 15.0,
    aim: 5.0,
};
/// No further round is begun after so many seconds.
const ENOUGH: f64 = 30.0;

const VILLAGE: &str = r#"code = "430321100000"
name = "第0村"
township = "杨嘉桥镇"
opening_month = "2025-07"

[fee]
basis = "household"
amount = "5.00"
period = "month"
"#;

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let lines = write_folder(bench, folder.path());
    let mut seconds: Vec<f64> = Vec::new();
    while seconds.len() < bench.sizes.rounds && seconds.iter().sum::<f64>() < ENOUGH {
        let database = Database::file();
        let start = Instant::now();
        let done = Process::new(env!("CARGO_BIN_EXE_jinfu"))
            .args(["--language", "en", "--database", &database.url, "import"])
            .arg(folder.path())
            .args(["--through", "2025-07"])
            .output()
            .unwrap();
        seconds.push(start.elapsed().as_secs_f64());
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        bench.runtime.block_on(database.drop());
    }
    let scaled: Vec<f64> = seconds
        .iter()
        .map(|seconds| seconds * LINES / lines)
        .collect();
    let rates: Vec<f64> = seconds.iter().map(|seconds| lines / seconds).collect();
    let name = format!("new, {} lines", thousands(lines));
    vec![
        Row::figure(
            "import of a village folder, for 100,000 pickup lines",
            &name,
            Unit::Seconds,
            &scaled,
            GOAL,
        ),
        Row::figure("  pickup lines", &name, Unit::PerSecond, &rates, Goal::Told),
    ]
}

/// Writes a village folder; how many pickup lines it has.
fn write_folder(bench: &Bench, folder: &Path) -> f64 {
    let households = bench.sizes.households;
    let mut people = String::from("household_no,group,head,headcount,kind\n");
    for index in 0..households {
        writeln!(
            people,
            "{},{},户主{index},3,resident",
            household_no(index),
            group(index)
        )
        .unwrap();
    }
    let mut materials = String::from("code,name,unit\n");
    let mut prices = String::from("effective_from,material,price\n");
    for (code, li) in MATERIALS {
        writeln!(materials, "{code},品类{code},kg").unwrap();
        writeln!(
            prices,
            "2024-01-01T00:00:00+08:00,{code},{}.{:03}",
            li / 1_000,
            li % 1_000
        )
        .unwrap();
    }
    let count = bench.sizes.import_lines / 3;
    let pickups = Pickups::to_offset((0, 1), households, count, bench.sizes.seed);
    let mut lines = String::from(
        "pickup_no,occurred_at,household_no,collector,material,gross,tare,unit,deduction\n",
    );
    for index in 0..count {
        write_pickup(&mut lines, &pickups.request(index));
    }
    for (file, text) in [
        ("village.toml", VILLAGE),
        ("households.csv", &people),
        ("materials.csv", &materials),
        ("prices.csv", &prices),
        ("pickups.csv", &lines),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    (count * 3) as f64
}

fn write_pickup(lines: &mut String, request: &Request) {
    let Command::RecordPickup(pickup) = &request.command else {
        panic!("the stream holds pickups");
    };
    for line in &pickup.lines {
        let kilograms = |grams: i64| format!("{}.{:03}", grams / 1_000, grams % 1_000);
        writeln!(
            lines,
            "{},{},{},{},{},{},{},kg,{}",
            pickup.pickup_no,
            pickup.occurred_at,
            pickup.household_no,
            pickup.collector,
            line.material,
            kilograms(line.gross.count()),
            kilograms(line.tare.count()),
            if line.deduction == 0 {
                String::new()
            } else {
                line.deduction.to_string()
            }
        )
        .unwrap();
    }
}
