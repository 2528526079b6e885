//! `cargo bench`: what the ledger does in a second, always two sides in turn in one run. See the README's section "Speed".
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that goes wrong should stop at once, and figures here are never money"
)]

mod books;
mod callers;
mod client;
mod close;
mod database;
mod group_commit;
mod growth;
mod half_open;
mod http;
mod import;
mod memory;
mod overload;
mod phone;
mod process;
mod raw_sqlite;
mod raw_statements;
mod region;
mod report;
mod rounds;
mod runs;
mod served;
mod sizes;
mod statements;
mod table;
mod verify;
mod villages;

use std::process::ExitCode;
use std::time::Instant;

use crate::books::Books;
use crate::sizes::Sizes;
use crate::table::Row;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What every section is given.
struct Bench {
    sizes: Sizes,
    runtime: tokio::runtime::Runtime,
    books: Books,
}

/// A section: its word on the command line, and what measures it.
type Section = (&'static str, fn(&Bench) -> Vec<Row>);

const SECTIONS: &[Section] = &[
    ("group-commit", group_commit::measure),
    ("raw-sqlite", raw_sqlite::measure),
    ("http", http::measure),
    ("phone", phone::measure),
    ("overload", overload::measure),
    ("half-open", half_open::measure),
    ("growth", growth::measure),
    ("report", report::measure),
    ("rollup", region::measure),
    ("runs", runs::measure),
    ("close", close::measure),
    ("verify", verify::measure),
    ("import", import::measure),
    ("memory", memory::measure),
    ("statements", statements::measure),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let unknown = |word: &&&str| !SECTIONS.iter().any(|(name, _)| name == *word);
    if let Some(word) = wanted.iter().find(unknown) {
        let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        eprintln!("no section {word}; there are: {}", names.join(" "));
        return ExitCode::from(2);
    }
    statements::start_listening();
    let sizes = Sizes::of(words.iter().any(|word| word == "--quick"));
    let bench = Bench {
        sizes,
        runtime: tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap(),
        books: Books::new(sizes),
    };
    println!("{sizes}");
    println!(
        "Two sides are measured in turn; a figure is the median of its rounds, a ratio the median of the rounds' ratios.\n"
    );
    for (name, measure) in SECTIONS {
        if wanted.is_empty() || wanted.contains(name) {
            println!("{name}");
            let start = Instant::now();
            let rows = measure(&bench);
            if !rows.is_empty() {
                println!("{}", table::of(&rows));
            }
            println!("{:.0} s\n", start.elapsed().as_secs_f64());
        }
    }
    ExitCode::SUCCESS
}
