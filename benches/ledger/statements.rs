//! What one batch of 256 pickups sends to the database: listened to where sqlx logs its statements.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
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

type AllHeard = Arc<Mutex<BTreeMap<String, Heard>>>;

/// Counts the statements that sqlx logs.
struct Listener(AllHeard);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut read = Read::default();
        event.record(&mut read);
        let mut all = self.0.lock().unwrap();
        let heard = all.entry(name_of(&read.sql)).or_default();
        heard.times += 1.0;
        heard.rows += read.rows;
        heard.seconds += read.seconds;
    }
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
        if is_before_table && is_table && pair[1] != "set" && !pair[1].starts_with("json_each") {
            name = format!("{name} {}", pair[1]);
        }
    }
    name
}

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let all = AllHeard::default();
    let listener = Listener(Arc::clone(&all));
    let heard = Targets::new().with_target("sqlx::query", Level::DEBUG);
    let subscriber = tracing_subscriber::registry().with(listener.with_filter(heard));
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let database = Database::file_like(bench.books.filled(&bench.runtime));
    let ledger = bench.runtime.block_on(database.open());
    let callers = Callers::of(ledger, bench.books.to_call());
    let call = |time| {
        bench
            .runtime
            .block_on(callers.call(CALLERS, Until::Elapsed(time)))
    };
    call(bench.sizes.round());
    all.lock().unwrap().clear();
    let (start, before) = (Instant::now(), callers.brought());
    call(bench.sizes.round() * 2);
    let (seconds, pickups) = (start.elapsed().as_secs_f64(), callers.brought() - before);
    let heard = std::mem::take(&mut *all.lock().unwrap());
    bench.runtime.block_on(async {
        callers.close().await;
        database.drop().await;
    });
    tell(&heard, seconds, pickups as f64);
    Vec::new()
}

fn tell(heard: &BTreeMap<String, Heard>, seconds: f64, pickups: f64) {
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
        "{batches:.0} batches of {:.0} three-line pickups, {:.2} ms each",
        pickups / batches,
        seconds / batches * 1e3
    );
    let header = ["statement", "per batch", "rows", "time", "share of the run"];
    println!("{}", plain(&header, 1, rows.into_iter()));
}
