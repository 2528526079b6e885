//! kill -9 under load, again and again on one book; one time in five also while the next process opens it.
//!
//! `SEED` chooses other moments, `CYCLES` how many; a longer run begins a new book every hundred cycles.

use std::time::Duration;

use crate::faults::child::{self, NUMBERS_OF_A_CHILD};
use crate::faults::oracle::{Check, Witness};
use crate::faults::{Random, chosen};

/// How many cycles one book lives through.
const CYCLES_OF_A_BOOK: u64 = 100;

#[test]
fn a_killed_process_loses_and_doubles_nothing() {
    let (seed, cycles) = (chosen("SEED", 1), chosen("CYCLES", 100));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = Random(seed);
    let (mut acknowledged, mut doubtful) = (0, 0);
    for book in 0..cycles.div_ceil(CYCLES_OF_A_BOOK) {
        let folder = tempfile::tempdir().unwrap();
        let mut witness = runtime.block_on(Witness::new(&folder.path().join("books.db")));
        let of_this_book = CYCLES_OF_A_BOOK.min(cycles - book * CYCLES_OF_A_BOOK);
        for cycle in 1..=of_this_book {
            let at = format!("SEED={seed} book {book} cycle {cycle}");
            let mut said = Vec::new();
            let running = child::start(&witness.url, cycle * NUMBERS_OF_A_CHILD, None);
            running.wait_for_work(&mut said);
            std::thread::sleep(Duration::from_millis(random.between(5, 300)));
            running.kill(&mut said);
            if random.below(5) == 0 {
                let first = (CYCLES_OF_A_BOOK + cycle) * NUMBERS_OF_A_CHILD;
                let recovering = child::start(&witness.url, first, None);
                std::thread::sleep(Duration::from_millis(random.between(1, 60)));
                recovering.kill(&mut said);
            }
            witness.hear(&said);
            let (ok, info) = witness.heard();
            (acknowledged, doubtful) = (acknowledged + ok, doubtful + info);
            let is_thorough = cycle % 10 == 0 || cycle == of_this_book;
            let check = if is_thorough {
                Check::Whole
            } else {
                Check::New
            };
            let judged = runtime.block_on(witness.check(check));
            assert_eq!(judged, Ok(()), "{at}");
        }
        if cycles > CYCLES_OF_A_BOOK {
            eprintln!("book {book}: {} entries, whole", witness.entries());
        }
    }
    eprintln!(
        "SEED={seed}: {cycles} kills, {acknowledged} acknowledged, 0 lost; {doubtful} in doubt, each there once or not at all"
    );
}
