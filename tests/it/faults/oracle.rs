//! The judge of every crash: what the clients were told against what the journal holds after a restart.

use std::collections::BTreeMap;

use jinfu::clock::{Chance, Clock};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::ledger::Ledger;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::faults::child::{Known, Notes, note_of, take_down};
use crate::faults::{NOW, code, is_of_setup, number_of, open_village, request};

/// How thorough a check is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// What came since the last check.
    New,
    /// The whole book: chain, projections, every answer ever given, and the file.
    Whole,
}

/// A book on SQLite, with everything that its clients were told.
pub(super) struct Witness {
    pub(super) url: String,
    /// What was said since the last check.
    said: Notes,
    /// Every entry there is, by id.
    booked: BTreeMap<Uuid, i64>,
    last: i64,
}

impl Witness {
    /// Opens a book in a file.
    pub(super) async fn new(path: &std::path::Path) -> Witness {
        let mut witness = Witness {
            url: format!("sqlite:{}", path.display()),
            said: Notes::new(),
            booked: BTreeMap::new(),
            last: 0,
        };
        let ledger = witness.open().await.unwrap();
        open_village(&ledger).await;
        ledger.close().await.unwrap();
        witness.check(Check::Whole).await.unwrap();
        witness
    }

    async fn open(&self) -> Result<Ledger, String> {
        let clock = Clock::fixed(parse_time("at", NOW).unwrap());
        let ledger = Ledger::open(&self.url, clock, Chance::seeded(1)).await;
        ledger.map_err(|error| format!("the book does not open: {error}"))
    }

    /// Hears what a client noted.
    pub(super) fn hear(&mut self, said: &[String]) {
        take_down(said, &mut self.said);
    }

    /// How many requests were answered `ok` since the last check, and how many may or may not have been booked.
    pub(super) fn heard(&self) -> (usize, usize) {
        let count = |wanted: fn(&Known) -> bool| self.said.values().filter(|x| wanted(x)).count();
        (
            count(|known| matches!(known, Known::Booked(_))),
            count(|known| matches!(known, Known::Unknown)),
        )
    }

    /// How many entries there were at the last check.
    pub(super) fn entries(&self) -> i64 {
        self.last
    }

    /// Says what is wrong, if anything is.
    pub(super) async fn check(&mut self, check: Check) -> Result<(), String> {
        let ledger = self.open().await?;
        let judged = self.judge(&ledger, check).await;
        ledger.close().await.map_err(|error| error.to_string())?;
        judged
    }

    async fn judge(&mut self, ledger: &Ledger, check: Check) -> Result<(), String> {
        let path = self.url.strip_prefix("sqlite:").unwrap();
        let options = SqliteConnectOptions::new().filename(path);
        let mut raw = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| error.to_string())?;
        let found = journal_after(&mut raw, self.last).await?;
        self.compare(&found)?;
        self.repeat(ledger, &found).await?;
        // What was repeated and had not been there is there now.
        for (seq, id) in journal_after(&mut raw, self.last).await? {
            self.booked.insert(id, seq);
            self.last = seq;
        }
        self.said.clear();
        if check == Check::Whole {
            self.check_whole(&mut raw, ledger).await?;
        }
        raw.close().await.map_err(|error| error.to_string())
    }

    /// Compares new entries with what was said.
    fn compare(&self, found: &[(i64, Uuid)]) -> Result<(), String> {
        let seqs: BTreeMap<Uuid, i64> = found.iter().map(|(seq, id)| (*id, *seq)).collect();
        let is_booked = |known: &&Known| matches!(known, Known::Booked(_));
        let told = self.said.values().filter(is_booked).count();
        let lost = self.said.iter().filter(|(id, known)| {
            is_booked(known) && !seqs.contains_key(id) && !self.booked.contains_key(id)
        });
        let lost: Vec<_> = lost.collect();
        if !lost.is_empty() {
            let last = found.last().map_or(self.last, |(seq, _)| *seq);
            return Err(format!(
                "LOST {} of {told} acknowledged: {lost:?}; the journal ends with {last}",
                lost.len(),
            ));
        }
        for ((seq, id), dense) in found.iter().zip(self.last + 1..) {
            if *seq != dense {
                return Err(format!("entry {dense} is missing, {seq} is there"));
            }
            match self.said.get(id) {
                Some(Known::Booked(told)) if told != seq => {
                    return Err(format!("{id} is entry {seq}, and the answer was {told}"));
                }
                Some(Known::Absent(why)) => {
                    return Err(format!("{id} is there, and the answer was {why}"));
                }
                None if !is_of_setup(*id) => {
                    return Err(format!("{id} is there, and nobody asked for it"));
                }
                _ => {}
            }
        }
        if seqs.len() != found.len() {
            return Err("an id is there twice".to_owned());
        }
        Ok(())
    }

    /// Repeats everything that is there: the same answers, and nothing changes. Then what was in doubt and is not there.
    async fn repeat(&self, ledger: &Ledger, found: &[(i64, Uuid)]) -> Result<(), String> {
        let head = ledger.head(&code()).await.map_err(|e| e.to_string())?;
        let mut pending = Vec::new();
        for (seq, id) in found.iter().filter(|(_, id)| !is_of_setup(*id)) {
            let pending_answer = ledger.enqueue(request(number_of(*id))).await;
            pending.push((*seq, *id, pending_answer.map_err(|e| e.to_string())?));
        }
        for (seq, id, answer) in pending {
            match answer.answer().await {
                Ok(Outcome::Recorded(recorded)) if recorded.replayed && recorded.seq == seq => {}
                other => return Err(format!("{id}, entry {seq}, was repeated: {other:?}")),
            }
        }
        if ledger.head(&code()).await.map_err(|e| e.to_string())? != head {
            return Err("repeating changed the book".to_owned());
        }
        let there: BTreeMap<Uuid, i64> = found.iter().map(|(seq, id)| (*id, *seq)).collect();
        let doubtful = self.said.iter().filter(|(id, known)| {
            **known == Known::Unknown && !there.contains_key(id) && !self.booked.contains_key(id)
        });
        for (id, _) in doubtful {
            let answer = ledger.submit(request(number_of(*id))).await;
            let is_first = matches!(&answer, Ok(Outcome::Recorded(recorded)) if !recorded.replayed);
            if !is_first && !matches!(note_of(&answer), Known::Absent(_)) {
                return Err(format!("{id} was in doubt and asked for again: {answer:?}"));
            }
        }
        Ok(())
    }

    async fn check_whole(
        &mut self,
        raw: &mut SqliteConnection,
        ledger: &Ledger,
    ) -> Result<(), String> {
        let all: BTreeMap<Uuid, i64> = journal_after(raw, 0)
            .await?
            .into_iter()
            .map(|(seq, id)| (id, seq))
            .collect();
        if all != self.booked {
            return Err("an entry changed its place after it was seen".to_owned());
        }
        let verified = ledger.verify(None, |_, _| ()).await;
        for village in verified.map_err(|error| error.to_string())? {
            if let Some(finding) = village.finding {
                return Err(format!("verify: {finding:?}"));
            }
        }
        let checks: Vec<(String,)> = sqlx::query_as("pragma integrity_check")
            .fetch_all(&mut *raw)
            .await
            .map_err(|error| error.to_string())?;
        if checks != [("ok".to_owned(),)] {
            return Err(format!("integrity_check: {checks:?}"));
        }
        let dangling = sqlx::query("pragma foreign_key_check").fetch_all(raw);
        let dangling = dangling.await.map_err(|error| error.to_string())?.len();
        if dangling > 0 {
            return Err(format!("{dangling} rows refer to nothing"));
        }
        Ok(())
    }
}

/// The entries after one; each has its postings.
async fn journal_after(raw: &mut SqliteConnection, last: i64) -> Result<Vec<(i64, Uuid)>, String> {
    let rows: Vec<(i64, Uuid, i64)> = sqlx::query_as(
        "select e.seq, e.command_id, (select count(*) from posting p where p.village_id = e.village_id and p.seq = e.seq) \
         from journal_entry e where e.seq > $1 order by e.seq",
    )
    .bind(last)
    .fetch_all(raw)
    .await
    .map_err(|error| error.to_string())?;
    if let Some((seq, _, _)) = rows
        .iter()
        .find(|(_, id, postings)| *postings == 0 && !is_of_setup(*id))
    {
        return Err(format!("entry {seq} has no posting"));
    }
    Ok(rows.into_iter().map(|(seq, id, _)| (seq, id)).collect())
}
