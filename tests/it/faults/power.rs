//! Power cuts under load: the file system loses everything that was not synced, and the living process meets the dead disk.
//!
//! `SEED` chooses other moments, `POWER_CYCLES` how many. The last cycle runs with syncs that do nothing: a judge that misses what is lost
//! then proves nothing.

use std::time::Duration;

use crate::faults::child::{self, NUMBERS_OF_A_CHILD, STOPPED};
use crate::faults::machine::{Disk, Programs};
use crate::faults::oracle::{Check, Witness};
use crate::faults::{Random, chosen};
use crate::harness::{jinfu, repository};

/// A disk whose power can be cut, unless the machine has no root, no loop devices or no C compiler, which is told.
fn disk() -> Option<(Programs, Disk)> {
    match (Programs::compile(), Disk::ext4()) {
        (Ok(programs), Ok(disk)) => Some((programs, disk)),
        (programs, disk) => {
            let why = programs.err().or(disk.err()).unwrap();
            eprintln!("SKIPPED power cuts: {why}");
            None
        }
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let Some((programs, disk)) = disk() else {
        return;
    };
    let (seed, cycles) = (chosen("SEED", 1), chosen("POWER_CYCLES", 30));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = Random(seed);
    let mut witness = runtime.block_on(Witness::new(&disk.path().join("books.db")));
    let (mut acknowledged, mut doubtful) = (0, 0);
    for cycle in 1..=cycles {
        let at = format!("SEED={seed} cycle {cycle}");
        let first = cycle * NUMBERS_OF_A_CHILD;
        let delay = Duration::from_millis(random.between(5, 200));
        let said = cut(&programs, &disk, &witness.url, first, None, delay, &at);
        witness.hear(&said);
        let (ok, info) = witness.heard();
        (acknowledged, doubtful) = (acknowledged + ok, doubtful + info);
        let is_thorough = cycle % 10 == 0 || cycle == cycles;
        let check = if is_thorough {
            Check::Whole
        } else {
            Check::New
        };
        assert_eq!(runtime.block_on(witness.check(check)), Ok(()), "{at}");
    }
    let library = programs.no_sync();
    let first = (cycles + 1) * NUMBERS_OF_A_CHILD;
    let delay = Duration::from_millis(200);
    let said = cut(
        &programs,
        &disk,
        &witness.url,
        first,
        Some(&library),
        delay,
        "without syncs",
    );
    witness.hear(&said);
    let judged = runtime.block_on(witness.check(Check::Whole));
    let lost = judged.expect_err("without syncs a power cut loses what was acknowledged");
    assert!(lost.starts_with("LOST "), "{lost}");
    eprintln!(
        "SEED={seed}: {cycles} power cuts, {acknowledged} acknowledged, 0 lost, {doubtful} in doubt; without syncs: {}",
        lost.split(':').next().unwrap_or_default()
    );
}

/// Lets a child book, cuts its power, and mounts the disk again. The child must see that its disk is dead, say so, and end with the code that
/// asks for a restart.
///
/// What it says after the cut is not counted as acknowledged, as nobody would hear it from a machine without power. That matters: a sync of a
/// growing file that is under way at the moment of the cut may return success although the journal of ext4 was given up under it. A plain
/// program that appends and syncs sees that as well, once in five cuts on Linux 6.18.
fn cut(
    programs: &Programs,
    disk: &Disk,
    url: &str,
    first: u64,
    preload: Option<&std::path::Path>,
    delay: Duration,
    at: &str,
) -> Vec<String> {
    let mut said = Vec::new();
    let mut running = child::start(url, first, preload);
    running.wait_for_work(&mut said);
    let cutter = programs.cutter_of(disk);
    std::thread::sleep(delay);
    running.hear(&mut said);
    cutter.cut();
    let ended = running.wait(Duration::from_secs(10));
    let mut after = Vec::new();
    running.kill(&mut after);
    said.extend(
        after
            .into_iter()
            .map(|line| match line.strip_prefix("@ ok ") {
                Some(booked) => format!("@ info {booked}"),
                None => line,
            }),
    );
    let code = ended.and_then(|status| status.code());
    assert_eq!(code, Some(STOPPED), "{at}: {said:?}");
    let tells = said.iter().any(|line| line.starts_with("@ stopped "));
    assert!(tells, "{at}: the child does not say why it stopped");
    disk.unmount().unwrap();
    disk.mount().unwrap();
    said
}

#[test]
fn the_program_that_meets_a_dead_disk_says_so_and_ends_with_code_3() {
    let Some((programs, disk)) = disk() else {
        return;
    };
    let folder = repository("examples/data/jinfu").display().to_string();
    let mut told = Vec::new();
    for (delay, book) in [400, 250, 150, 80, 40].into_iter().zip('a'..) {
        let url = format!("sqlite:{}/{book}.db", disk.path().display());
        let import = || jinfu("en", &url, &["import", &folder]);
        let cutter = programs.cutter_of(&disk);
        let output = std::thread::scope(|scope| {
            let importing = scope.spawn(import);
            std::thread::sleep(Duration::from_millis(delay));
            cutter.cut();
            importing.join().unwrap()
        });
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        disk.unmount().unwrap();
        disk.mount().unwrap();
        let code = output.status.code();
        assert!([Some(0), Some(3)].contains(&code), "{delay} ms: {said}");
        // On the disk that is back, the same import books what is missing, and once.
        let again = import();
        assert_eq!(again.status.code(), Some(0), "{delay} ms: {again:?}");
        assert_eq!(jinfu("en", &url, &["verify"]).status.code(), Some(0));
        if code == Some(3) {
            told.push(said);
        }
    }
    let names_the_disk = told.iter().any(|said| said.contains("disk"));
    assert!(names_the_disk, "{told:?}");
}
