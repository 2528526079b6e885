//! The writer: one task that takes what waits, decides it in order, writes it as one transaction, commits, and then answers.
//!
//! A request future never owns the transaction; this task does, so a caller that goes away leaves nothing half-done.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::{Chance, Clock};
use crate::domain::decide::{Outcome, Recorded, Verdict};
use crate::domain::{Request, VillageCode};
use crate::ledger::error::{Error, Trouble};
use crate::ledger::facts::{Facts, Purpose};
use crate::store::error::StoreError;
use crate::store::flush::{self, Decided};
use crate::store::{Store, Writer};

/// How many commands may wait; beyond it callers wait for room.
pub(crate) const QUEUE_MAX: usize = 4_096;
/// How many commands one transaction takes at most, unless it is opened otherwise.
pub(crate) const BATCH_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("more than nothing");
/// From how many commands on the next batch is worth waiting for.
const BUSY_FROM: usize = 64;
/// How long the writer then waits for more.
const GATHER: Duration = Duration::from_millis(1);
/// How often a batch is tried that somebody else was in the way of.
const TRIES_MAX: usize = 5;

/// What became of a command.
pub type Answer = Result<Outcome, Error>;

/// A command that waits, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The state of the writing task.
#[derive(Debug)]
pub(crate) struct WriterTask {
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<Clock>,
    pub(crate) chance: Arc<Chance>,
    pub(crate) facts: Facts,
    pub(crate) batch_max: NonZeroUsize,
}

/// How far a batch came before an error.
enum Failure {
    /// Nothing was committed.
    Before(StoreError),
    /// The commit itself failed: it may or may not have happened.
    InCommit(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Before(error)
    }
}

impl WriterTask {
    /// Works until every sender is gone, then closes the connection.
    pub(crate) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Waiting>,
    ) -> Result<(), StoreError> {
        let batch_max = self.batch_max.get();
        let mut waiting = Vec::with_capacity(batch_max);
        let mut was_busy = false;
        loop {
            if queue.recv_many(&mut waiting, batch_max).await == 0 {
                break;
            }
            if was_busy && waiting.len() < batch_max {
                let room = batch_max - waiting.len();
                // The wait is over when it is over; what came until then is in `waiting` either way.
                drop(tokio::time::timeout(GATHER, queue.recv_many(&mut waiting, room)).await);
            }
            was_busy = waiting.len() >= BUSY_FROM;
            for batch in in_batches(std::mem::take(&mut waiting)) {
                self.process(batch).await;
            }
        }
        self.writer.close().await
    }

    /// Commits a batch and answers it. A batch that the database refuses is tried again command by command, so that one poisonous command
    /// cannot hurt its neighbours.
    async fn process(&mut self, batch: Vec<Waiting>) {
        let (requests, senders): (Vec<Request>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.request, waiting.answer))
            .unzip();
        let all: Vec<&Request> = requests.iter().collect();
        let answers = match self.commit(&all).await {
            Err(Failure::Before(StoreError::Conflict(_))) if all.len() > 1 => {
                let mut answers = Vec::with_capacity(all.len());
                for request in &all {
                    answers.extend(
                        self.commit(&[request])
                            .await
                            .unwrap_or_else(|failure| vec![Err(explain(&failure))]),
                    );
                }
                answers
            }
            Err(failure) => all.iter().map(|_| Err(explain(&failure))).collect(),
            Ok(answers) => answers,
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            // A caller that went away does not need its answer; what was committed stays committed.
            drop(sender.send(answer));
        }
    }

    /// Commits requests as one transaction, again if somebody else was in the way.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    async fn commit(&mut self, requests: &[&Request]) -> Result<Vec<Answer>, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let tried = self.try_commit(requests).await;
            let Err(failure) = tried else { return tried };
            // What was decided was not written, so it is no longer a fact.
            self.facts.forget();
            match failure {
                Failure::Before(StoreError::Busy(reason)) if tries < TRIES_MAX => {
                    tracing::warn!(tries, reason, "a batch is tried again");
                }
                failure => {
                    tracing::error!(commands = requests.len(), error = ?explain(&failure), "a batch failed");
                    return Err(failure);
                }
            }
        }
    }

    async fn try_commit(&mut self, requests: &[&Request]) -> Result<Vec<Answer>, Failure> {
        let mut tx = self.writer.begin().await?;
        self.facts
            .prepare(&mut tx, requests, self.clock.now(), Purpose::Write)
            .await?;
        let mut decided: Vec<Decided> = Vec::new();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let verdict = self
                .facts
                .decide(&mut tx, request, self.chance.salt())
                .await?;
            answers.push(match verdict {
                Err(refusal) => Err(refusal.into()),
                Ok(Verdict::Answer(outcome)) => Ok(outcome),
                Ok(Verdict::Record(entry, private)) => {
                    let recorded = Recorded::first(&entry);
                    let id = self.facts.id_of(&mut tx, &request.village).await?;
                    decided.push((id, *entry, private));
                    Ok(Outcome::Recorded(recorded))
                }
            });
        }
        if decided.is_empty() {
            tx.rollback().await?;
        } else {
            let codes: BTreeSet<&VillageCode> =
                requests.iter().map(|request| &request.village).collect();
            flush::write(&mut tx, &decided, &mut self.facts.books(&codes)).await?;
            tx.commit().await.map_err(Failure::InCommit)?;
        }
        self.facts.settle(requests);
        Ok(answers)
    }
}

/// Splits what waits into batches: a command over a whole village goes alone, since it reads a snapshot of the village.
fn in_batches(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    let mut may_join = false;
    for one in waiting {
        let is_alone = one.request.command.is_village_wide();
        match batches.last_mut() {
            Some(last) if may_join && !is_alone => last.push(one),
            _ => batches.push(vec![one]),
        }
        may_join = !is_alone;
    }
    batches
}

fn explain(failure: &Failure) -> Error {
    match failure {
        Failure::InCommit(error) => Error::Unavailable(Trouble::OutcomeUnknown {
            reason: error.to_string(),
        }),
        Failure::Before(error) => Error::from(error.clone()),
    }
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
