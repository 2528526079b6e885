//! The process that is killed: it books from eight tasks and says on stderr, line by line, what it asked for and what it was answered.
//!
//! The lines are `@ invoke ID`, `@ ok ID SEQ`, `@ fail ID WHY`, `@ info ID WHY` (the outcome is unknown) and `@ stopped WHY`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::ledger::{Answer, Error, Ledger, Limits, Trouble};
use uuid::Uuid;

use crate::faults::{LOG_PAGES, NOW, chosen, id, request, variable};

/// How many tasks ask at the same time.
const TASKS: u64 = 8;
/// How many numbers each of them has.
const NUMBERS: u64 = 10_000;
/// How many numbers a child needs.
pub(super) const NUMBERS_OF_A_CHILD: u64 = TASKS * NUMBERS;
/// The exit code of a child whose ledger stopped.
pub(super) const STOPPED: i32 = 3;

/// What a client knows about one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// Asked for, and perhaps answered that nobody knows.
    Unknown,
    /// Booked under this number.
    Booked(i64),
    /// Not booked.
    Absent(String),
}

/// What a client wrote down: by id, the last thing it learned.
pub(super) type Notes = BTreeMap<Uuid, Known>;

fn say(line: &str) {
    // One call for a line, so that lines of several tasks do not mix. Without a parent there is nobody to book for.
    if std::io::stderr()
        .write_all(format!("@ {line}\n").as_bytes())
        .is_err()
    {
        std::process::exit(0);
    }
}

pub(super) fn note_of(answer: &Answer) -> Known {
    match answer {
        Ok(Outcome::Recorded(recorded)) => Known::Booked(recorded.seq),
        Err(Error::Unavailable(Trouble::OutcomeUnknown { .. })) => Known::Unknown,
        Ok(Outcome::NothingToDo) => Known::Absent("nothing to do".to_owned()),
        Err(error) => Known::Absent(error.to_string()),
    }
}

#[test]
#[ignore = "the child of the kill and power tests, which start it"]
fn child() {
    let Some(database) = variable("FAULTS_DATABASE") else {
        return;
    };
    let first = chosen("FAULTS_FIRST", 0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ledger = runtime.block_on(async {
        let clock = Clock::fixed(parse_time("at", NOW).unwrap());
        let limits = Limits {
            log_pages: LOG_PAGES,
            ..Limits::default()
        };
        Ledger::open_within(&database, clock, Chance::System, limits).await
    });
    // A disk that goes while the books are being opened.
    let Ok(ledger) = ledger else {
        say(&format!("stopped {}", ledger.unwrap_err()));
        std::process::exit(STOPPED);
    };
    let ledger = std::sync::Arc::new(ledger);
    runtime.block_on(async {
        for task in 0..TASKS {
            let ledger = std::sync::Arc::clone(&ledger);
            tokio::spawn(async move { book(&ledger, first + task * NUMBERS).await });
        }
        let stopped = tokio::time::timeout(Duration::from_secs(30), ledger.stopped()).await;
        if let Ok(error) = stopped {
            say(&format!("stopped {error}"));
            // The answers that are on their way are still said, unless there are none.
            drop(
                tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await,
            );
            std::process::exit(STOPPED);
        }
    });
}

async fn book(ledger: &Ledger, first: u64) {
    for number in first..first + NUMBERS {
        let id = id(number);
        say(&format!("invoke {id}"));
        let answer = ledger.submit(request(number)).await;
        match note_of(&answer) {
            Known::Booked(seq) => say(&format!("ok {id} {seq}")),
            Known::Absent(why) => say(&format!("fail {id} {why}")),
            Known::Unknown => say(&format!("info {id}")),
        }
    }
}

/// A child that runs.
pub(super) struct Running {
    process: Child,
    lines: Receiver<String>,
}

/// Starts a child on a database; it asks for numbers from there on.
pub(super) fn start(database: &str, first: u64, preload: Option<&std::path::Path>) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "faults::child::child",
        ])
        .env("FAULTS_DATABASE", database)
        .env("FAULTS_FIRST", first.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(library) = preload {
        command.env("LD_PRELOAD", library);
    }
    let mut process = command.spawn().unwrap();
    let mut said = BufReader::new(process.stderr.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            // A line that was cut off says nothing for sure.
            match said.by_ref().read_until(b'\n', &mut line) {
                Ok(read) if read > 0 && line.ends_with(b"\n") => {
                    drop(sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()));
                }
                _ => return,
            }
        }
    });
    Running { process, lines }
}

impl Running {
    /// Waits for the first answer `ok`, and keeps what was said until then.
    pub(super) fn wait_for_work(&self, said: &mut Vec<String>) {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(20)) {
            let is_ok = line.starts_with("@ ok ");
            said.push(line);
            if is_ok {
                return;
            }
        }
        panic!("the child books nothing: {said:?}");
    }

    /// What was said since it was last asked, without waiting for more.
    pub(super) fn hear(&self, said: &mut Vec<String>) {
        said.extend(self.lines.try_iter());
    }

    /// Kills the child, and gives everything that it said.
    pub(super) fn kill(mut self, said: &mut Vec<String>) {
        drop(self.process.kill());
        self.process.wait().unwrap();
        said.extend(self.lines.iter());
    }

    /// Waits for the child to end by itself.
    pub(super) fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + at_most;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Takes down what a child said.
pub(super) fn take_down(said: &[String], notes: &mut Notes) {
    for line in said {
        let Some(line) = line.strip_prefix("@ ") else {
            // The child's log, and the test harness itself.
            continue;
        };
        let mut words = line.splitn(3, ' ');
        let (Some(word), Some(id)) = (words.next(), words.next()) else {
            continue;
        };
        let rest = words.next().unwrap_or_default();
        let known = match word {
            "invoke" | "info" => Known::Unknown,
            "ok" => Known::Booked(rest.parse().unwrap()),
            "fail" => Known::Absent(rest.to_owned()),
            "stopped" => continue,
            other => panic!("the child said {other}"),
        };
        notes.insert(id.parse().unwrap(), known);
    }
}
