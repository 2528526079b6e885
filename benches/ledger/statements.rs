//! What one batch of 256 pickups sends to the database: listened to where sqlx logs its statements.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::database::Database;
use crate::table::{Row, plain};

/// So many callers that every batch is full.
const CALLERS: usize = 1_024;
/// The statement that every batch begins with.
const FIRST: &str = "update village_head";

/// What was heard of one statement.
#[derive(Clone, Copy, Default)]
struct Heard {
    times: f64,
    rows: f64,
    seconds: f64,
}

/// Whether statements are listened to now, and what was heard.
static IS_LISTENING: AtomicBool = AtomicBool::new(false);
static ALL: Mutex<BTreeMap<String, Heard>> = Mutex::new(BTreeMap::new());

/// Counts the statements that sqlx logs.
struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut read = Read::default();
        event.record(&mut read);
        let mut all = ALL.lock().unwrap();
        let heard = all.entry(name_of(&read.sql)).or_default();
        heard.times += 1.0;
        heard.rows += read.rows;
        heard.seconds += read.seconds;
    }
}

/// Shows warnings of the program, and lets this section listen.
pub(crate) fn start_listening() {
    let is_heard = |metadata: &Metadata<'_>, _: &Context<'_, _>| {
        metadata.target() == "sqlx::query" && IS_LISTENING.load(Ordering::Relaxed)
    };
    let heard = dynamic_filter_fn(is_heard).with_max_level_hint(LevelFilter::DEBUG);
    let told = fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(LevelFilter::WARN);
    let subscriber = tracing_subscriber::registry()
        .with(told)
        .with(Listener.with_filter(heard));
    tracing::subscriber::set_global_default(subscriber).unwrap();
}

/// The fields of an event.
#[derive(Default)]
struct Read {
    sql: String,
    rows: f64,
    seconds: f64,
}

impl Visit for Read {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        // A statement of a few words stands in the summary alone.
        let is_longer = field.name() == "db.statement" && !value.is_empty();
        if is_longer || field.name() == "summary" {
            value.clone_into(&mut self.sql);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" || field.name() == "rows_affected" {
            self.rows = self.rows.max(value as f64);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }
}

/// The verb of a statement and its tables.
fn name_of(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let mut name = words.first().copied().unwrap_or_default().to_lowercase();
    for pair in words.windows(2) {
        let is_before_table = ["into", "update", "from", "join"].contains(&pair[0]);
        let is_table = pair[1].starts_with(|first: char| first.is_ascii_lowercase());
        if is_before_table && is_table && pair[1] != "set" && !pair[1].starts_with("json") {
            name = format!("{name} {}", pair[1]);
        }
    }
    name
}

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let database = Database::file_like(bench.books.filled(&bench.runtime));
    let ledger = bench.runtime.block_on(database.open());
    let callers = Callers::of(ledger, bench.books.to_call());
    let call = |time| {
        bench
            .runtime
            .block_on(callers.call(CALLERS, Until::Elapsed(time)))
    };
    call(bench.sizes.round());
    let (start, written, before) = (Instant::now(), written_bytes(), callers.brought());
    IS_LISTENING.store(true, Ordering::Relaxed);
    call(bench.sizes.round() * 2);
    IS_LISTENING.store(false, Ordering::Relaxed);
    let run = Run {
        seconds: start.elapsed().as_secs_f64(),
        pickups: (callers.brought() - before) as f64,
        written: written_bytes() - written,
    };
    bench.runtime.block_on(async {
        callers.close().await;
        database.drop().await;
    });
    let heard = std::mem::take(&mut *ALL.lock().unwrap());
    tell(&heard, &run);
    Vec::new()
}

/// The bytes that this process wrote to files until now.
fn written_bytes() -> f64 {
    let told = std::fs::read_to_string("/proc/self/io").unwrap();
    let bytes = told.lines().find_map(|line| line.strip_prefix("wchar: "));
    bytes.unwrap().parse().unwrap()
}

/// A stretch that was listened to.
struct Run {
    seconds: f64,
    pickups: f64,
    written: f64,
}

fn tell(heard: &BTreeMap<String, Heard>, run: &Run) {
    let Run {
        seconds,
        pickups,
        written,
    } = *run;
    let batches = heard.get(FIRST).map_or(1.0, |first| first.times);
    let mut sorted: Vec<(&String, &Heard)> = heard.iter().collect();
    sorted.sort_by(|(_, left), (_, right)| right.seconds.total_cmp(&left.seconds));
    let row = |name: &str, times: f64, rows: f64, spent: f64| {
        vec![
            name.to_owned(),
            format!("{:.2}", times / batches),
            format!("{:.0}", rows / batches),
            format!("{:.2} ms", spent / batches * 1e3),
            format!("{:.1} %", spent / seconds * 100.0),
        ]
    };
    let mut rows: Vec<Vec<String>> = sorted
        .iter()
        .map(|(name, heard)| row(name, heard.times, heard.rows, heard.seconds))
        .collect();
    let times: f64 = heard.values().map(|heard| heard.times).sum();
    let all_rows: f64 = heard.values().map(|heard| heard.rows).sum();
    let spent: f64 = heard.values().map(|heard| heard.seconds).sum();
    rows.push(row("all statements", times, all_rows, spent));
    rows.push(row(
        "begin, commit, deciding, encoding, answering",
        0.0,
        0.0,
        seconds - spent,
    ));
    println!(
        "{batches:.0} batches of {:.0} three-line pickups, {:.1} ms each; {:.1} kB written to files per pickup",
        pickups / batches,
        seconds / batches * 1e3,
        written / pickups / 1e3
    );
    let header = ["statement", "per batch", "rows", "time", "share of the run"];
    println!("{}", plain(&header, 1, rows.into_iter()));
}
