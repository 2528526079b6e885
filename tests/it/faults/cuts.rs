//! The connection to PostgreSQL is cut, or falls silent, at any byte of a batch and its commit: what the ledger answers is true all the same.
//!
//! `SEED` chooses other bytes, `CUTS` how many.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::ledger::{Answer, Error, Ledger, Limits, Trouble};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::faults::proxy::{Direction, Fault, Proxy};
use crate::faults::{NOW, Random, cash, chosen, id, is_of_setup, open_village, pickup};
use crate::harness::{Database, Engine, on_both};

/// How many new commands a batch has.
const COMMANDS: u64 = 6;

/// A ledger whose writer talks to the server through a proxy, and what its clients know.
struct Cut {
    database: Database,
    proxy: Proxy,
    ledger: Ledger,
    direct: PgConnection,
    booked: BTreeMap<Uuid, i64>,
    next: u64,
    unknown: u64,
    absent: u64,
}

impl Cut {
    async fn new(patience: Duration) -> Cut {
        let database = Database::new(Engine::Postgres).await;
        let (start, folder) = database.url.split_once("host=").unwrap();
        let proxy = Proxy::start(&PathBuf::from(folder));
        let url = format!("{start}host={}", proxy.folder().display());
        let clock = Clock::fixed(parse_time("at", NOW).unwrap());
        let limits = Limits {
            patience,
            ..Limits::default()
        };
        let ledger = Ledger::open_within(&url, clock, Chance::seeded(1), limits)
            .await
            .unwrap();
        open_village(&ledger).await;
        let direct = PgConnection::connect(&database.url).await.unwrap();
        Cut {
            database,
            proxy,
            ledger,
            direct,
            booked: BTreeMap::new(),
            next: 0,
            unknown: 0,
            absent: 0,
        }
    }

    /// Gives a batch to the ledger, an old command among the new ones, and makes sure of every answer.
    async fn batch(&mut self, at: &str) {
        let numbers: Vec<u64> = (self.next..self.next + COMMANDS).collect();
        let old = self.next.checked_sub(1);
        self.next += COMMANDS;
        let mut pending = Vec::new();
        for number in numbers.into_iter().chain(old) {
            let request = if number % 2 == 0 {
                pickup(number)
            } else {
                cash(number)
            };
            let answer = self.ledger.enqueue(request.clone()).await.unwrap();
            pending.push((request, answer));
        }
        for (request, answer) in pending {
            let answer = answer.answer().await;
            let known = self.booked.get(&request.id).copied();
            match &answer {
                Ok(Outcome::Recorded(_)) => self.take(request.id, known, &answer, at),
                Err(Error::Unavailable(Trouble::OutcomeUnknown { .. })) => {
                    self.unknown += 1;
                    self.proxy.arm(&[]);
                    let again = self.ledger.submit(request.clone()).await;
                    let Ok(Outcome::Recorded(recorded)) = &again else {
                        panic!("{at}: {again:?}");
                    };
                    self.booked.entry(request.id).or_insert(recorded.seq);
                }
                Err(Error::Unavailable(_)) => {
                    self.absent += 1;
                    let found: Option<(i64,)> =
                        sqlx::query_as("select seq from journal_entry where command_id = $1")
                            .bind(request.id)
                            .fetch_optional(&mut self.direct)
                            .await
                            .unwrap();
                    assert_eq!(found.map(|(seq,)| seq), known, "{at}: {answer:?}");
                    self.proxy.arm(&[]);
                    let again = self.ledger.submit(request.clone()).await;
                    self.take(request.id, known, &again, at);
                }
                other => panic!("{at}: {other:?}"),
            }
        }
    }

    /// A new command is told that it was booked, and not that it had been booked before; an old one gets its old answer.
    #[track_caller]
    fn take(&mut self, id: Uuid, known: Option<i64>, answer: &Answer, at: &str) {
        let Ok(Outcome::Recorded(recorded)) = answer else {
            panic!("{at}: {answer:?}");
        };
        assert_eq!(recorded.replayed, known.is_some(), "{at}: {answer:?}");
        let seq = *self.booked.entry(id).or_insert(recorded.seq);
        assert_eq!(seq, recorded.seq, "{at}: {answer:?}");
    }

    /// What is in the journal is what was answered, nothing more and nothing less.
    async fn close(mut self) {
        self.proxy.arm(&[]);
        let rows: Vec<(Uuid, i64)> = sqlx::query_as("select command_id, seq from journal_entry")
            .fetch_all(&mut self.direct)
            .await
            .unwrap();
        let journal: BTreeMap<Uuid, i64> = rows
            .into_iter()
            .filter(|(id, _)| !is_of_setup(*id))
            .collect();
        assert_eq!(journal, self.booked);
        assert_eq!(journal.len() as u64, self.next, "each command once");
        assert!((0..self.next).all(|number| journal.contains_key(&id(number))));
        self.direct.close().await.unwrap();
        self.database.close(self.ledger).await;
    }
}

/// A byte of an exchange of so many: half of the time one of the last, which belong to the commit.
fn byte(random: &mut Random, bytes: usize) -> usize {
    let of = if random.below(2) == 0 {
        bytes.min(30)
    } else {
        bytes
    };
    bytes.saturating_sub(1 + random.below(of as u64) as usize)
}

fn direction(random: &mut Random, (to_server, to_client): (usize, usize)) -> (Direction, usize) {
    if random.below(2) == 0 {
        (Direction::ToServer, byte(random, to_server))
    } else {
        (Direction::ToClient, byte(random, to_client))
    }
}

#[test]
fn a_connection_cut_at_any_byte_of_a_commit_loses_and_doubles_nothing() {
    let (seed, cuts) = (chosen("SEED", 1), chosen("CUTS", 200));
    on_both(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let mut random = Random(seed);
        let mut cut = Cut::new(Duration::from_secs(5)).await;
        let mut size = (0, 0);
        for number in 0..cuts {
            if number % 10 == 0 {
                // The size of an exchange is measured on one that is not cut; the first ones also prepare statements.
                for _ in 0..2 {
                    cut.proxy.arm(&[]);
                    cut.batch("uncut").await;
                }
                size = cut.proxy.counted();
            }
            let (way, at) = direction(&mut random, size);
            let mut faults = vec![(Fault::Cut, way, at)];
            if random.below(5) == 0 {
                // The fresh connection is cut as well.
                faults.push((Fault::Cut, way, random.below(3_000) as usize));
            }
            let told = format!("SEED={seed} cut {number}: {faults:?} of {size:?}");
            cut.proxy.arm(&faults);
            cut.batch(&told).await;
        }
        eprintln!(
            "SEED={seed}: {cuts} cuts, {} commands, {} answered that the outcome is unknown, {} that nothing was booked",
            cut.next, cut.unknown, cut.absent
        );
        cut.close().await;
    });
}

#[test]
fn a_server_that_falls_silent_is_given_up_and_the_outcome_found_out() {
    let seed = chosen("SEED", 1);
    on_both(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let mut random = Random(seed);
        let mut cut = Cut::new(Duration::from_millis(200)).await;
        cut.batch("first").await;
        for number in 0..12 {
            cut.proxy.arm(&[]);
            cut.batch("measured").await;
            let (way, at) = direction(&mut random, cut.proxy.counted());
            let fault = if number % 4 == 3 {
                Fault::Blackout
            } else {
                Fault::Silence
            };
            let told = format!("SEED={seed} silence {number}: {fault:?} {way:?} {at}");
            cut.proxy.arm(&[(fault, way, at)]);
            let begun = Instant::now();
            cut.batch(&told).await;
            assert!(begun.elapsed() < Duration::from_secs(10), "{told}");
        }
        assert!(
            cut.unknown + cut.absent > 0,
            "nobody was told of a blackout"
        );
        cut.close().await;
    });
}
