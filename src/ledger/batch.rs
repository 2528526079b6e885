//! One batch within its transaction: deciding each command in order, writing what was decided, and making sure that it stands there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Chance;
use crate::domain::decide::{Outcome, Recorded, Verdict};
use crate::domain::seal::Hash;
use crate::domain::{Refusal, Request, VillageCode};
use crate::ledger::awaited::{self, AwaitedVoids};
use crate::ledger::error::{Error, Trouble};
use crate::ledger::facts::{Facts, Purpose};
use crate::ledger::refused::{self, Asked, Refusals};
use crate::ledger::writer::Answer;
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::flush::{self, Decided};
use crate::store::village;

/// The hash that each command's entry has.
pub(crate) type Entries = BTreeMap<(VillageCode, Uuid), Hash>;

/// What is done about commands that are not in the journal yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attempt {
    /// They are decided and written.
    Write,
    /// Nothing: it is only looked which are there.
    Look,
}

/// A batch that is decided and written, before its commit.
#[derive(Default)]
pub(crate) struct Filled {
    pub(crate) answers: Vec<Answer>,
    pub(crate) entries: Entries,
    /// Whether there is something to commit.
    pub(crate) is_written: bool,
    /// Whether what is kept no longer was looked for.
    pub(crate) is_swept: bool,
    decided: Vec<Decided>,
    /// The entries of a commit that this writer lost sight of, each of which is answered once.
    found: BTreeSet<(VillageCode, Uuid)>,
}

/// What a batch keeps beside the books.
struct Beside {
    refusals: Refusals,
    awaited: AwaitedVoids,
}

impl Beside {
    fn is_changed(&self) -> bool {
        self.refusals.are_fresh() || self.awaited.are_changed()
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if self.refusals.are_fresh() {
            self.refusals.write(tx).await?;
        }
        if self.awaited.are_changed() {
            self.awaited.write(tx).await?;
        }
        Ok(())
    }
}

/// What is needed to decide and write a batch within a transaction.
pub(crate) struct Filling<'w> {
    pub(crate) facts: &'w mut Facts,
    pub(crate) chance: &'w Chance,
    pub(crate) unsure: &'w Entries,
    pub(crate) attempt: Attempt,
    /// Whether refusals and voids that are kept no longer are to be forgotten, if there is something to commit.
    pub(crate) sweep: bool,
}

impl Filling<'_> {
    pub(crate) async fn run(
        &mut self,
        tx: &mut Tx<'_>,
        batch: &[&Asked],
        now: Timestamp,
    ) -> Result<Filled, StoreError> {
        let requests: Vec<&Request> = batch.iter().map(|asked| &asked.request).collect();
        self.facts
            .prepare(tx, &requests, now, Purpose::Write)
            .await?;
        let mut beside = Beside {
            refusals: Refusals::load(tx, self.facts, batch, now).await?,
            awaited: AwaitedVoids::load(tx, self.facts, batch).await?,
        };
        let mut filled = Filled::default();
        for asked in batch {
            let answer = self
                .answer(tx, asked, &mut beside, &mut filled, now)
                .await?;
            filled.answers.push(answer);
        }
        match self.attempt {
            Attempt::Write => {
                filled.is_written = !filled.decided.is_empty() || beside.is_changed();
                if !filled.decided.is_empty() {
                    self.write(tx, &requests, &filled.decided).await?;
                }
                beside.write(tx).await?;
                if filled.is_written && self.sweep {
                    refused::sweep(tx, now).await?;
                    awaited::sweep(tx, now).await?;
                    filled.is_swept = true;
                }
            }
            Attempt::Look => {
                let written = std::mem::take(&mut filled.entries);
                for (request, answer) in requests.iter().zip(&mut filled.answers) {
                    // A command that would be recorded is not there; neither is one that repeats it, or was refused because of it.
                    let is_there = matches!(answer, Ok(Outcome::Recorded(_)))
                        && !written.contains_key(&key(request));
                    if !is_there {
                        *answer = Err(unknown("it was only looked for"));
                    }
                }
            }
        }
        Ok(filled)
    }

    /// Answers a request, after those before it. What it books may let a void be decided that waited for it.
    async fn answer(
        &mut self,
        tx: &mut Tx<'_>,
        asked: &Asked,
        Beside { refusals, awaited }: &mut Beside,
        filled: &mut Filled,
        now: Timestamp,
    ) -> Result<Answer, StoreError> {
        let before = refusals.answer(self.facts, asked);
        if let Some(error) = before.or_else(|| awaited.answer(self.facts, asked)) {
            return Ok(Err(error));
        }
        let outcome = match self.decide(tx, &asked.request, filled).await? {
            Ok(outcome) => outcome,
            Err(refusal) => {
                if awaited.keep(self.facts, asked, &refusal, now) {
                    return Ok(Err(Error::Waits(Box::new(refusal))));
                }
                refusals.note(self.facts, asked, &refusal, now);
                awaited.end(&asked.request);
                return Ok(Err(refusal.into()));
            }
        };
        awaited.end(&asked.request);
        for void in awaited.due(&asked.request.village, &outcome) {
            match self.decide(tx, &void.request, filled).await? {
                Err(refusal) if refusal.lets_a_void_wait() => continue,
                Err(refusal) => refusals.note(self.facts, &void, &refusal, now),
                Ok(_) => {}
            }
            awaited.end(&void.request);
        }
        Ok(Ok(outcome))
    }

    /// Decides a request, after those before it.
    async fn decide(
        &mut self,
        tx: &mut Tx<'_>,
        request: &Request,
        filled: &mut Filled,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        let verdict = self.facts.decide(tx, request, self.chance.salt()).await?;
        let key = key(request);
        Ok(match verdict {
            Err(refusal) => Err(refusal),
            Ok(Verdict::Answer(Outcome::Recorded(mut recorded))) => {
                // What this writer wrote itself, in a commit that it lost sight of, is answered for the first time.
                let is_own = self.unsure.get(&key) == Some(&recorded.hash);
                recorded.replayed &= !(is_own && filled.found.insert(key));
                Ok(Outcome::Recorded(recorded))
            }
            Ok(Verdict::Answer(outcome)) => Ok(outcome),
            Ok(Verdict::Record(entry, private)) => {
                let recorded = Recorded::first(&entry);
                let id = self.facts.id_of(tx, &request.village).await?;
                filled.entries.insert(key, entry.hash);
                filled.decided.push((id, *entry, private));
                Ok(Outcome::Recorded(recorded))
            }
        })
    }

    /// Writes what was decided, and reads the heads back: a transaction that went wrong unnoticed, whose commit would really be a rollback,
    /// fails here, and so does one that does not hold what was decided.
    async fn write(
        &mut self,
        tx: &mut Tx<'_>,
        requests: &[&Request],
        decided: &[Decided],
    ) -> Result<(), StoreError> {
        let codes: BTreeSet<&VillageCode> =
            requests.iter().map(|request| &request.village).collect();
        let mut books = self.facts.books(&codes);
        flush::write(tx, decided, &mut books).await?;
        let ids: Vec<i64> = books.iter().map(|(id, _)| *id).collect();
        let heads = village::read_heads(tx, &ids).await?;
        for (id, book) in &books {
            if heads.get(id) != Some(&book.head()) {
                let reason = format!("the head of village {id} is not what was written");
                return Err(StoreError::Engine(reason));
            }
        }
        Ok(())
    }
}

/// The name of a request in the journal.
pub(crate) fn key(request: &Request) -> (VillageCode, Uuid) {
    (request.village.clone(), request.id)
}

/// The answer to a command that may or may not have been booked.
pub(crate) fn unknown(reason: &str) -> Error {
    Error::Unavailable(Trouble::OutcomeUnknown {
        reason: reason.to_owned(),
    })
}
