//! The program against the engine alone: the same entries decided beforehand, chained and written row by row with prepared statements.
//!
//! Both sides bring the same pickups in the same order to copies of the same file, so that the files hold the same rows afterwards.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use jinfu::clock::Clock;
use jinfu::domain::decide::{Verdict, decide};
use jinfu::domain::facts::Head;
use jinfu::domain::journal::{Entry, Private};
use jinfu::domain::seal::{self, Hash};
use jinfu::domain::{Book, VillageCode};
use jinfu::ledger::Ledger;
use rusqlite::Connection;

use crate::Bench;
use crate::callers::{Callers, Until};
use crate::database::Database;
use crate::raw_statements::{Statements, Sums};
use crate::rounds::in_turn;
use crate::table::{Goal, Row, Unit};
use crate::villages::{NOW, Pickups, instant, opening, village};

const BATCH: usize = 256;
const GOAL: Goal = Goal::AtLeast {
    floor: 0.4,
    aim: 0.7,
};

/// An entry with its village.
pub(crate) type Decided = (i64, Entry, Option<Private>);

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let by_program = Database::file_like(bench.books.opened(&bench.runtime));
    let ledger = bench.runtime.block_on(by_program.open());
    let callers = Callers::of(ledger, bench.books.to_call());
    let what = "3-line pickups, 256 callers : SQLite alone, prepared statements, commits of 256";
    vec![against(bench, what, by_program, callers)]
}

/// Callers of a ledger that nobody else writes to, against the engine alone on a file like it.
pub(crate) fn against(bench: &Bench, what: &str, by_program: Database, callers: Callers) -> Row {
    let by_hand = Database::file_like(bench.books.opened(&bench.runtime));
    // Some five batches of a fast machine in each tenth of a second.
    let count = (bench.sizes.millis as usize / 20 + 1) * BATCH / 2;
    let mut raw = Raw::open(bench, &by_hand);
    let (these, others) = in_turn(
        bench.sizes.rounds,
        || {
            let end = callers.brought() + count as u64;
            bench
                .runtime
                .block_on(callers.call(BATCH, Until::Index(end)))
                .rate
        },
        || raw.write(count),
    );
    drop(raw);
    bench.runtime.block_on(async {
        callers.close().await;
        assert_alike(&by_program, &by_hand).await;
        by_program.drop().await;
        by_hand.drop().await;
    });
    let ledger = bench.books.opened_name();
    Row::ratio(what, &ledger, Unit::PerSecond, (&these, &others), GOAL)
}

/// The engine alone.
struct Raw {
    connection: Connection,
    books: BTreeMap<VillageCode, (i64, Book)>,
    heads: HashMap<i64, Head>,
    pickups: Pickups,
    brought: u64,
}

impl Raw {
    fn open(bench: &Bench, database: &Database) -> Raw {
        let connection = Connection::open(database.path()).unwrap();
        // As the program opens its files.
        connection
            .execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma recursive_triggers = on;
                 pragma trusted_schema = off; pragma cell_size_check = on; pragma mmap_size = 0; pragma temp_store = memory;
                 pragma cache_size = -65536; pragma journal_size_limit = 67108864; pragma wal_autocheckpoint = 8000;",
            )
            .unwrap();
        let mut books = BTreeMap::new();
        let mut heads = HashMap::new();
        for index in 0..bench.sizes.villages {
            let code = village(index);
            let mut book = Book::unopened(code.clone());
            book.set_now(instant(NOW));
            for request in opening(index, bench.sizes.households) {
                decide(&mut book, &request, [7; 16]).unwrap();
            }
            let found = "select h.village_id, next_seq, head_hash from village_head h join village using (village_id) where code = ?1";
            let (id, next_seq, hash): (i64, i64, Vec<u8>) = connection
                .query_row(found, [code.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .unwrap();
            assert_eq!(next_seq, book.head().next_seq);
            heads.insert(
                id,
                Head {
                    next_seq,
                    hash: Hash(hash.try_into().unwrap()),
                },
            );
            books.insert(code, (id, book));
        }
        Raw {
            connection,
            books,
            heads,
            pickups: bench.books.to_call(),
            brought: 0,
        }
    }

    /// Decides the next pickups of the stream; this is not measured.
    fn decide(&mut self, count: usize) -> Vec<Decided> {
        let mut decided = Vec::with_capacity(count);
        for _ in 0..count {
            let request = self.pickups.request(self.brought);
            self.brought += 1;
            let (id, book) = self.books.get_mut(&request.village).unwrap();
            match decide(book, &request, [7; 16]).unwrap() {
                Verdict::Record(entry, private) => decided.push((*id, *entry, private)),
                Verdict::Answer(_) => panic!("a pickup that was there already"),
            }
        }
        decided
    }

    /// Writes the next pickups of the stream: pickups in a second.
    fn write(&mut self, count: usize) -> f64 {
        let mut decided = self.decide(count);
        let start = Instant::now();
        let mut statements = Statements::prepare(&self.connection);
        for batch in decided.chunks_mut(BATCH) {
            self.connection.execute_batch("begin immediate").unwrap();
            write_batch(&mut statements, &mut self.heads, batch);
            self.connection.execute_batch("commit").unwrap();
        }
        count as f64 / start.elapsed().as_secs_f64()
    }
}

fn write_batch(
    statements: &mut Statements<'_>,
    heads: &mut HashMap<i64, Head>,
    batch: &mut [Decided],
) {
    let mut touched = BTreeMap::new();
    for (id, entry, private) in batch.iter_mut() {
        let head = heads.get_mut(id).unwrap();
        entry.hash = seal::chain(head.hash, entry);
        *head = Head {
            next_seq: entry.seq + 1,
            hash: entry.hash,
        };
        touched.insert(*id, *head);
        statements.entry(*id, entry, private.as_ref());
    }
    let mut sums = Sums::default();
    for (id, entry, _) in batch.iter() {
        sums.add(*id, entry);
    }
    statements.sums(&sums);
    for (id, head) in touched {
        statements.head(id, head);
    }
}

/// Both files hold the same number of rows in every table, and what was written by hand passes for the program's own.
async fn assert_alike(by_program: &Database, by_hand: &Database) {
    let count = |database: &Database, table: &str| -> i64 {
        let connection = Connection::open(database.path()).unwrap();
        let sql = format!("select count(*) from {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    for table in [
        "journal_entry",
        "posting",
        "stock_movement",
        "entry_private",
        "household_entry",
        "document",
        "account_balance",
        "account_month",
        "stock_balance",
        "material_month",
        "pickup_month",
    ] {
        assert_eq!(count(by_program, table), count(by_hand, table), "{table}");
    }
    let clock = Clock::fixed(instant(NOW));
    let ledger = Ledger::open_reading(&by_hand.url, clock).await.unwrap();
    for verified in ledger.verify(Some(&village(0)), |_, _| ()).await.unwrap() {
        assert_eq!(verified.finding, None);
    }
    ledger.close().await.unwrap();
}
