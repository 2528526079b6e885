//! What is left of group commit and of the engine over HTTP: the same callers, each with a connection to the service, signed in as a phone.

use jinfu::ledger::Ledger;

use crate::Bench;
use crate::callers::Callers;
use crate::database::Database;
use crate::served::Served;
use crate::table::Row;
use crate::{group_commit, raw_sqlite};

/// Waiting clients and lines of a pickup.
const CASES: &[(usize, u64)] = &[(256, 3), (64, 3), (16, 3), (1, 3)];

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let served = |ledger: Ledger, database: &str| {
        let served = Served::start(ledger, database, bench.sizes.villages);
        let served = bench.runtime.block_on(served);
        Callers::of_service(served, bench.books.to_call())
    };
    let mut rows = group_commit::on_both(bench, CASES, "HTTP clients", served);
    let by_program = Database::file_like(bench.books.opened(&bench.runtime));
    let ledger = bench.runtime.block_on(by_program.open());
    let clients = served(ledger, &by_program.url);
    let what =
        "3-line pickups, 256 HTTP clients : SQLite alone, prepared statements, commits of 256";
    rows.push(raw_sqlite::against(bench, what, by_program, clients));
    rows
}
