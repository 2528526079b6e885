//! The writer: one task that takes what waits, decides it in order, writes it as one transaction, commits, and then answers.
//!
//! A request future never owns the transaction; this task does, so a caller that goes away leaves nothing half-done.
//!
//! | the database says | what is done |
//! | --- | --- |
//! | a row or a statement is refused | rolled back; the batch again in halves, until the guilty command fails alone |
//! | busy, deadlock, serialization | the batch again, at most five times |
//! | the connection is lost | the batch again on a fresh one; after a lost commit the ids tell what happened |
//! | the disk is full | rolled back, nothing booked; goes on over a fresh connection when there is room |
//! | input or output failed, the file is damaged | everyone is told that the outcome is unknown, and the writer stops |

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Chance, Clock};
use crate::domain::Request;
use crate::domain::decide::{Outcome, Recorded, Verdict};
use crate::ledger::batch::{Attempt, Entries, Filling, key, unknown};
use crate::ledger::error::{Error, Trouble};
use crate::ledger::facts::{Facts, Purpose};
use crate::ledger::figures::WriterFigures;
use crate::ledger::gather::Gathering;
use crate::ledger::refused::{Asked, is_sweep_due};
use crate::store::engine::unless_silent;
use crate::store::error::StoreError;
use crate::store::{Store, Writer};

/// How many commands may wait; beyond it callers wait for room, or are told so.
pub(crate) const QUEUE_MAX: usize = 4_096;
/// How many commands one transaction takes at most, unless it is opened otherwise.
pub(crate) const BATCH_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("more than nothing");
/// How many villages one transaction takes whole: some megabytes each.
const WHOLE_MAX: usize = 16;
/// How often a batch is tried that may succeed another time.
const TRIES_MAX: u32 = 5;
/// How long the writer waits before the second try.
const PAUSE: Duration = Duration::from_millis(10);

/// What became of a command.
pub type Answer = Result<Outcome, Error>;

/// A command that waits, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) asked: Asked,
    /// When it is no longer to be begun.
    pub(crate) until: Option<Timestamp>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The state of the writing task.
#[derive(Debug)]
pub(crate) struct WriterTask {
    writer: Writer,
    clock: Arc<Clock>,
    chance: Arc<Chance>,
    facts: Facts,
    batch_max: NonZeroUsize,
    /// The entries of commits of which nobody knows yet whether they happened.
    unsure: Entries,
    /// Where it is said that the writer has stopped for good.
    stop: watch::Sender<Option<String>>,
    figures: Arc<WriterFigures>,
    /// When refusals that are kept no longer were last looked for.
    swept_at: Option<Timestamp>,
}

/// How far a batch came before an error.
enum Failure {
    /// There is no connection, so nothing was tried.
    NotConnected(StoreError),
    /// Nothing was committed.
    Before(StoreError),
    /// The commit itself failed: it may or may not have happened.
    InCommit(StoreError),
}

impl Failure {
    const fn error(&self) -> &StoreError {
        match self {
            Failure::NotConnected(error) | Failure::Before(error) | Failure::InCommit(error) => {
                error
            }
        }
    }

    /// Whether one command of several may be to blame, so that the others succeed without it.
    const fn may_be_poison(&self) -> bool {
        matches!(self, Failure::Before(error) if error.is_of_a_statement())
    }
}

impl WriterTask {
    /// A writer that has not begun.
    pub(crate) fn new(
        writer: Writer,
        clock: Arc<Clock>,
        chance: Arc<Chance>,
        batch_max: NonZeroUsize,
        stop: watch::Sender<Option<String>>,
        figures: Arc<WriterFigures>,
    ) -> WriterTask {
        WriterTask {
            writer,
            clock,
            chance,
            facts: Facts::default(),
            batch_max,
            unsure: Entries::new(),
            stop,
            figures,
            swept_at: None,
        }
    }

    /// Works until every sender is gone, then closes the connection. After a failure of the disk it stops: everyone who waits is told that
    /// the outcome is unknown, and the connection is left as it is.
    pub(crate) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Waiting>,
    ) -> Result<(), StoreError> {
        let batch_max = self.batch_max.get();
        let mut gathering = Gathering::new(batch_max);
        loop {
            let waiting = gathering.take(&mut queue).await;
            if waiting.is_empty() {
                break;
            }
            for batch in in_batches(waiting) {
                let (commands, begun) = (batch.len(), Instant::now());
                self.process(batch).await;
                if commands >= batch_max {
                    self.figures.room.learn(commands, begun.elapsed());
                }
            }
            let stopped = self.stop.borrow().clone();
            if let Some(reason) = stopped {
                queue.close();
                while let Some(waiting) = queue.recv().await {
                    drop(waiting.answer.send(Err(unknown(&reason))));
                }
                self.writer.abandon();
                return Ok(());
            }
        }
        self.writer.close().await
    }

    /// Commits a batch and answers it. A batch that the database refuses is tried again in halves, down to single commands, so that a
    /// poisonous one fails alone.
    async fn process(&mut self, batch: Vec<Waiting>) {
        let (batch, senders): (Vec<Asked>, Vec<_>) = in_time(batch, self.clock.now())
            .map(|waiting| (waiting.asked, waiting.answer))
            .unzip();
        let all: Vec<&Asked> = batch.iter().collect();
        let mut answers = Vec::with_capacity(all.len());
        // The next part is the last one here.
        let mut parts = vec![all.as_slice()];
        while let Some(part) = parts.pop() {
            match self.commit(part).await {
                Ok(answered) => answers.extend(answered),
                Err(failure) if failure.may_be_poison() && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(failure) => {
                    let told = part.iter();
                    answers.extend(told.map(|asked| Err(self.explain(&asked.request, &failure))));
                }
            }
        }
        self.unsure.clear();
        for (sender, answer) in senders.into_iter().zip(answers) {
            // A caller that went away does not need its answer; what was committed stays committed.
            drop(sender.send(answer));
        }
        self.checkpoint().await;
    }

    /// Lets the log of a file be copied back. If that breaks the file, nothing more is written.
    async fn checkpoint(&mut self) {
        match self.writer.checkpoint().await {
            Ok(()) => {}
            Err(StoreError::Broken(reason)) => {
                tracing::error!(reason, "the log could not be copied back");
                self.writer.distrust();
                self.stop.send_replace(Some(reason));
            }
            Err(error) => tracing::warn!(%error, "the log was not copied back"),
        }
    }

    /// Commits requests as one transaction, again if somebody else was in the way or the connection was lost. After a commit whose outcome
    /// is unknown the same commands are given again on a fresh connection: it waits for the village's lock, which the lost session holds
    /// until it has ended, and then finds each command's id in the journal or not.
    async fn commit(&mut self, batch: &[&Asked]) -> Result<Vec<Answer>, Failure> {
        let mut tries = 0;
        loop {
            let stopped = self.stop.borrow().clone();
            if let Some(reason) = stopped {
                return Err(Failure::InCommit(StoreError::Broken(reason)));
            }
            tries += 1;
            let failure = match self.attempt(batch, Attempt::Write).await {
                Ok(answers) => return Ok(answers),
                Err(failure) => failure,
            };
            let tried_enough = tries >= TRIES_MAX;
            match (&failure, failure.error()) {
                // Another try would find no room either. On SQLite nobody else commits, so a look is enough.
                (Failure::InCommit(_), StoreError::Full(reason) | StoreError::NoMemory(reason)) => {
                    tracing::error!(reason, "a commit failed for want of room");
                    return self.look(batch, failure).await;
                }
                (_, StoreError::Broken(_)) => {}
                (Failure::NotConnected(_), _) if self.unsure.is_empty() || tried_enough => {}
                (Failure::Before(_), error) if !may_pass(error) || tried_enough => {}
                (Failure::InCommit(_), _) if tried_enough => {}
                (_, error) => {
                    tracing::warn!(tries, %error, "a batch is tried again");
                    self.figures.tried_again();
                    pause(tries).await;
                    continue;
                }
            }
            tracing::error!(commands = batch.len(), error = %failure.error(), "a batch failed");
            return Err(failure);
        }
    }

    /// Finds out which commands of a commit that found no room are in the journal.
    async fn look(&mut self, batch: &[&Asked], failure: Failure) -> Result<Vec<Answer>, Failure> {
        match self.attempt(batch, Attempt::Look).await {
            Ok(answers) => Ok(answers
                .into_iter()
                .map(|answer| answer.map_err(|_| Error::from(failure.error().clone())))
                .collect()),
            Err(_) => Err(failure),
        }
    }

    /// Tries requests in one transaction. A failure of the disk is the writer's last: everyone who asks is told from then on.
    async fn attempt(
        &mut self,
        batch: &[&Asked],
        attempt: Attempt,
    ) -> Result<Vec<Answer>, Failure> {
        let (ended, is_connection_sound) = match self.writer.reconnect().await {
            Ok(()) => self.transact(batch, attempt).await,
            Err(error) => (Err(Failure::NotConnected(error)), true),
        };
        if !is_connection_sound {
            self.writer.distrust();
        }
        if let Err(failure) = &ended {
            // What was decided was not written, so it is no longer a fact.
            self.facts.forget();
            if let StoreError::Broken(reason) = failure.error() {
                self.stop.send_replace(Some(reason.clone()));
            }
        } else {
            for asked in batch {
                self.unsure.remove(&key(&asked.request));
            }
            match attempt {
                Attempt::Write => self.facts.settle(batch.iter().map(|asked| &asked.request)),
                Attempt::Look => self.facts.forget(),
            }
        }
        ended
    }

    /// One transaction from its begin to its end, and whether its connection can be used again: after an error only if that was a statement's
    /// own and the transaction could be rolled back, which proves that it was still there. Nothing is committed after an error.
    async fn transact(
        &mut self,
        batch: &[&Asked],
        attempt: Attempt,
    ) -> (Result<Vec<Answer>, Failure>, bool) {
        let patience = self.writer.patience();
        let mut tx = match self.writer.begin().await {
            Ok(tx) => tx,
            Err(error) => return (Err(Failure::Before(error)), false),
        };
        let now = self.clock.now();
        let mut filling = Filling {
            facts: &mut self.facts,
            chance: &self.chance,
            unsure: &self.unsure,
            attempt,
            sweep: is_sweep_due(self.swept_at, now),
        };
        let filled = filling.run(&mut tx, batch, now);
        match unless_silent(patience, filled).await {
            Ok(filled) if !filled.is_written => {
                let undone = unless_silent(patience, tx.rollback()).await;
                (Ok(filled.answers), undone.is_ok())
            }
            Ok(filled) => {
                let begun = Instant::now();
                match unless_silent(patience, tx.commit()).await {
                    Ok(()) => {
                        self.figures.committed(batch.len(), begun.elapsed());
                        if filled.is_swept {
                            self.swept_at = Some(now);
                        }
                        (Ok(filled.answers), true)
                    }
                    Err(error) => {
                        self.unsure.extend(filled.entries);
                        (Err(Failure::InCommit(error)), false)
                    }
                }
            }
            Err(error) => {
                let is_undone = error.is_of_a_statement()
                    && unless_silent(patience, tx.rollback()).await.is_ok();
                (Err(Failure::Before(error)), is_undone)
            }
        }
    }

    /// What a caller is told whose command did not come through.
    fn explain(&self, request: &Request, failure: &Failure) -> Error {
        let error = failure.error();
        let is_unknown = matches!(failure, Failure::InCommit(_))
            || matches!(error, StoreError::Broken(_))
            || self.unsure.contains_key(&key(request));
        if is_unknown {
            unknown(&error.to_string())
        } else {
            Error::from(error.clone())
        }
    }
}

/// Whether the same commands may succeed when they are tried again.
const fn may_pass(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy(_) | StoreError::Unreachable(_))
}

/// Lets others finish before the next try, longer each time.
async fn pause(tries: u32) {
    let length = PAUSE * 4_u32.saturating_pow(tries.saturating_sub(1));
    drop(tokio::time::timeout(length, std::future::pending::<()>()).await);
}

/// What may still be begun; the others are told that nothing was booked.
fn in_time(mut batch: Vec<Waiting>, now: Timestamp) -> impl Iterator<Item = Waiting> {
    let is_late = |waiting: &mut Waiting| waiting.until.is_some_and(|until| until < now);
    for late in batch.extract_if(.., is_late) {
        let answer = Err(Error::Unavailable(Trouble::QueueFull));
        drop(late.answer.send(answer));
    }
    batch.into_iter()
}

/// Splits what waits into batches, in order.
fn in_batches(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    for one in waiting {
        match batches.last_mut() {
            Some(last) if may_join(last, &one) => last.push(one),
            _ => batches.push(vec![one]),
        }
    }
    batches
}

/// A command over a whole village reads a snapshot of it, so it shares a transaction only with such commands over other villages.
fn may_join(batch: &[Waiting], one: &Waiting) -> bool {
    let is_whole = |waiting: &Waiting| waiting.asked.request.command.is_village_wide();
    if !is_whole(one) {
        return !batch.iter().any(is_whole);
    }
    let is_apart = |other: &Waiting| {
        is_whole(other) && other.asked.request.village != one.asked.request.village
    };
    batch.len() < WHOLE_MAX && batch.iter().all(is_apart)
}

/// Decides requests one after the other, each seeing those before it, and writes nothing.
///
/// # Errors
/// [`Error::Unavailable`].
pub(crate) async fn rehearse(
    store: &Store,
    clock: &Clock,
    chance: &Chance,
    requests: &[Request],
) -> Result<Vec<Answer>, Error> {
    let mut tx = store.read().await?;
    let mut facts = Facts::default();
    let all: Vec<&Request> = requests.iter().collect();
    facts
        .prepare(&mut tx, &all, clock.now(), Purpose::Rehearse)
        .await?;
    facts.load_whole_villages(&mut tx).await?;
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(match facts.decide(&mut tx, request, chance.salt()).await? {
            Err(refusal) => Err(refusal.into()),
            Ok(Verdict::Answer(outcome)) => Ok(outcome),
            Ok(Verdict::Record(entry, _)) => Ok(Outcome::Recorded(Recorded::first(&entry))),
        });
    }
    tx.rollback().await?;
    Ok(answers)
}
