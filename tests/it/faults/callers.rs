//! Callers that go away, books that are closed under load, and two processes that begin one book.

use jinfu::domain::decide::Outcome;
use jinfu::ledger::Answer;

use crate::faults::{NOW, Random, cash, chosen, code, open_village, pickup};
use crate::harness::{Database, Engine, jinfu, on_both, repository};

fn seq_of(answer: &Answer) -> i64 {
    match answer {
        Ok(Outcome::Recorded(recorded)) => recorded.seq,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_caller_that_goes_away_leaves_nothing_half_done() {
    let seed = chosen("SEED", 1);
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open(NOW, 1).await;
        open_village(&ledger).await;
        let opened = ledger.head(&code()).await.unwrap().next_seq;
        let mut random = Random(seed);
        for round in 0..10 {
            let numbers = round * 20..round * 20 + 20;
            let callers = numbers.clone().map(|number| {
                let patience = std::time::Duration::from_micros(random.below(4_000));
                tokio::time::timeout(patience, ledger.submit(pickup(number)))
            });
            // Some are answered, some go away before or after their command was taken.
            let mut answered = Vec::new();
            for caller in callers {
                answered.push(caller.await.ok());
            }
            for (number, first) in numbers.zip(answered) {
                let again = ledger.submit(pickup(number)).await;
                if let Some(first) = first {
                    assert_eq!(seq_of(&first), seq_of(&again), "{engine:?} SEED={seed}");
                }
                seq_of(&again);
            }
        }
        let entries = ledger.head(&code()).await.unwrap().next_seq - opened;
        assert_eq!(entries, 200, "{engine:?}: each once");
        database.close(ledger).await;
    });
}

#[test]
fn closing_the_books_answers_what_was_accepted() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open(NOW, 1).await;
        open_village(&ledger).await;
        let mut pending = Vec::new();
        for number in 0..700 {
            pending.push(ledger.enqueue(cash(number)).await.unwrap());
        }
        ledger.close().await.unwrap();
        let mut seqs = Vec::new();
        for pending in pending {
            seqs.push(seq_of(&pending.answer().await));
        }
        assert!(
            seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "in the order of asking"
        );
        let ledger = database.open(NOW, 2).await;
        assert_eq!(
            Some(&(ledger.head(&code()).await.unwrap().next_seq - 1)),
            seqs.last()
        );
        database.close(ledger).await;
    });
}

#[test]
fn two_processes_that_begin_one_book_make_one_book() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = repository("examples/data/jinfu").display().to_string();
    for _ in 0..4 {
        let database = runtime.block_on(Database::new(Engine::Sqlite));
        let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
            let import = || jinfu("en", &database.url, &["import", &folder]);
            let both: Vec<_> = (0..2).map(|_| scope.spawn(import)).collect();
            both.into_iter()
                .map(|one| one.join().unwrap().status.code())
                .collect()
        });
        // The one that comes second is turned away, or finds the work done.
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(
            codes.iter().all(|code| [Some(0), Some(3)].contains(code)),
            "{codes:?}"
        );
        runtime.block_on(async {
            let ledger = database.open("2027-01-01T00:00:00+08:00", 1).await;
            database.close(ledger).await;
        });
    }
}
