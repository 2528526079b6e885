//! What tests share: a book on either engine, a clock that stands still, and the repository's own data.

mod postgres;
pub(crate) mod raw;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::{Actor, Command, Refusal, Request, Role, VillageCode};
use jinfu::ledger::{Answer, Error, Ledger};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::harness::postgres::Standby;

/// The tests' data need not survive the machine.
const POSTGRES_SETTINGS: &[&str] = &["fsync=off", "max_connections=200"];

/// The engines that every test of the books runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Runs a test on both engines. Without a PostgreSQL server on the machine the second half is skipped aloud, and fails in CI.
pub(crate) fn on_both(test: impl AsyncFn(Engine)) {
    run_on_both(
        tokio::runtime::Builder::new_multi_thread().worker_threads(2),
        test,
    );
}

/// As [`on_both`], on one thread: the writer works only while the test waits, so what is given to it in between is one batch.
pub(crate) fn on_both_in_turn(test: impl AsyncFn(Engine)) {
    run_on_both(&mut tokio::runtime::Builder::new_current_thread(), test);
}

fn run_on_both(runtime: &mut tokio::runtime::Builder, test: impl AsyncFn(Engine)) {
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        test(Engine::Sqlite).await;
        if postgres::is_there() {
            test(Engine::Postgres).await;
        }
    });
}

/// Whether there is a PostgreSQL server to test on.
pub(crate) fn has_postgres() -> bool {
    postgres::is_there()
}

/// An empty database, gone when dropped.
pub(crate) struct Database {
    /// Its address as the program works with it: on PostgreSQL in a role without the right to change the journal.
    pub(crate) url: String,
    /// Its address as whoever owns the tables sees it.
    pub(crate) owner: String,
    folder: Option<TempDir>,
    name: Option<String>,
}

impl Database {
    pub(crate) async fn new(engine: Engine) -> Database {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("books.db").display());
                Database {
                    owner: url.clone(),
                    url,
                    folder: Some(folder),
                    name: None,
                }
            }
            Engine::Postgres => {
                let name = postgres::create_database("template1").await;
                let owner = postgres::url(postgres::OWNER, &name);
                Ledger::migrate(&owner, Some(postgres::APPLICATION))
                    .await
                    .unwrap();
                Database {
                    url: postgres::url(postgres::APPLICATION, &name),
                    owner,
                    folder: None,
                    name: Some(name),
                }
            }
        }
    }

    /// Opens the books with a clock that stands at an instant and ids from a seed.
    pub(crate) async fn open(&self, at: &str, seed: u64) -> Ledger {
        Ledger::open(
            &self.url,
            Clock::fixed(at.parse().unwrap()),
            Chance::seeded(seed),
        )
        .await
        .unwrap()
    }

    /// Runs SQL behind the program's back, as whoever owns the tables.
    pub(crate) async fn execute(&self, sql: &str) {
        raw::Raw::open(self).await.must(sql).await;
    }

    /// Gives the database back; its books must be whole.
    pub(crate) async fn close(self, ledger: Ledger) {
        verify(&ledger).await;
        ledger.close().await.unwrap();
        self.discard().await;
    }

    /// Gives the database back, whatever was done to it.
    pub(crate) async fn discard(self) {
        if let Some(name) = &self.name {
            postgres::drop_database(name).await;
        }
        drop(self.folder);
    }
}

/// Every village's chain and projections are right.
pub(crate) async fn verify(ledger: &Ledger) {
    for village in ledger.verify(None, |_, _| ()).await.unwrap() {
        assert_eq!(village.finding, None, "{:?}", village.village);
    }
}

/// The program.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_jinfu"))
}

/// Runs the program on a database, in a language.
pub(crate) fn jinfu(language: &str, database: &str, words: &[&str]) -> Output {
    let mut process = Process::new(program());
    process.args(["--database", database, "--language", language]);
    process.args(words).output().unwrap()
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn json_file(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(repository(path)).unwrap()).unwrap()
}

/// Gives a command to the ledger under a new id.
pub(crate) async fn submit(ledger: &Ledger, village: &VillageCode, command: Command) -> Answer {
    submit_by(ledger, village, Actor::new(Role::Clerk, "test"), command).await
}

/// Gives a command to the ledger under a new id, by somebody.
pub(crate) async fn submit_by(
    ledger: &Ledger,
    village: &VillageCode,
    actor: Actor,
    command: Command,
) -> Answer {
    let id = ledger.chance().command_id(ledger.clock().now());
    ledger
        .submit(Request {
            village: village.clone(),
            id,
            actor,
            command,
        })
        .await
}

/// The refusal of an answer.
#[track_caller]
pub(crate) fn refusal(answer: Answer) -> Refusal {
    match answer {
        Err(Error::Refused(refusal)) => *refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Compares every figure that is expected with what is there: lists by the name of their rows, whatever their order, and more fields may
/// stand beside those expected.
#[track_caller]
pub(crate) fn assert_figures(expected: &Value, found: &Value) {
    for (field, expected) in expected.as_object().unwrap() {
        let found = &found[field];
        let Some(rows) = expected.as_array() else {
            assert_eq!(expected, found, "{field}");
            continue;
        };
        let name = ["household_no", "code", "collector", "group"]
            .into_iter()
            .find(|name| rows[0].get(name).is_some());
        let name = name.unwrap();
        let found = found.as_array().unwrap();
        assert_eq!(rows.len(), found.len(), "rows of {field}");
        for row in rows {
            let other = found.iter().find(|other| other[name] == row[name]);
            let other = other.unwrap_or_else(|| panic!("{field} has no {}", row[name]));
            for (figure, value) in row.as_object().unwrap() {
                assert_eq!(value, &other[figure], "{field} {} {figure}", row[name]);
            }
        }
    }
}
