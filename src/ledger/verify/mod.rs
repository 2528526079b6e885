//! Checking the books: the chain recomputed, every projection rebuilt from the journal, the first wrong row named.

pub(crate) mod entry;

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::domain::journal::Private;
use crate::domain::{Book, VillageCode};
use crate::ledger::{Error, Ledger, Trouble, find_village};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::{guard, journal, verify, village};

/// How many entries are read at a time.
const PAGE: i64 = 1_000;

/// How many villages are verified at a time: reading one leaves room for computing another.
const AT_ONCE: usize = 3;

/// The first wrong row of a village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The row: its key without the village; of the journal the number of the entry, then the line.
    pub row: String,
    /// The column, where one is wrong and not the whole row.
    pub column: Option<String>,
    /// What should be there; none: nothing should.
    pub expected: Option<String>,
    /// What is there; none: nothing is.
    pub found: Option<String>,
}

/// What was found of a village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verified {
    /// The village; none for what is wrong with the database as a whole: rows of no village, guards that are gone.
    pub village: Option<VillageCode>,
    /// How many entries its journal has.
    pub entries: i64,
    /// The hash of the last one.
    pub head: String,
    /// The first wrong row, if any.
    pub finding: Option<Finding>,
}

impl Ledger {
    /// Verifies one village, or every village of the database, each against one state of it, beside whoever writes. `progress` is told how
    /// many entries were checked since the last time, and how many there are in all.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn verify(
        &self,
        only: Option<&VillageCode>,
        mut progress: impl FnMut(i64, i64),
    ) -> Result<Vec<Verified>, Error> {
        let mut tx = self.store.read().await?;
        let mut villages = Vec::new();
        let mut elsewhere = Vec::new();
        if let Some(code) = only {
            villages.push((code.clone(), find_village(&mut tx, code).await?.0));
        } else {
            for (id, code) in village::list(&mut tx).await? {
                match VillageCode::parse("code", &code) {
                    Ok(code) => villages.push((code, id)),
                    Err(_) => elsewhere.push(wrong("village", id, "code", code)),
                }
            }
            let homeless = verify::find_homeless(&mut tx).await?;
            elsewhere.extend(homeless.map(|(table, id)| wrong(table, id, "village_id", id)));
        }
        elsewhere.extend(missing_guard(&mut tx).await?);
        let ids: Vec<i64> = villages.iter().map(|(_, id)| *id).collect();
        let heads = village::read_heads(&mut tx, &ids).await?;
        let total = heads.values().map(|head| head.next_seq - 1).sum();
        tx.rollback().await?;
        let mut verified = self
            .verify_each(villages, |done| progress(done, total))
            .await?;
        verified.extend(elsewhere.into_iter().map(|finding| Verified {
            village: None,
            entries: 0,
            head: String::new(),
            finding: Some(finding),
        }));
        Ok(verified)
    }
}

impl Ledger {
    /// Verifies villages, some at a time, each against a snapshot of its own: one for all would keep the log of a busy file from being folded
    /// back.
    async fn verify_each(
        &self,
        villages: Vec<(VillageCode, i64)>,
        mut progress: impl FnMut(i64),
    ) -> Result<Vec<Verified>, Error> {
        let (told, mut heard) = mpsc::unbounded_channel();
        let mut verified = BTreeMap::new();
        let mut running = JoinSet::new();
        let mut waiting = villages.into_iter().enumerate();
        loop {
            let room = AT_ONCE.saturating_sub(running.len());
            for (place, (code, id)) in waiting.by_ref().take(room) {
                let (store, told) = (self.store.clone(), told.clone());
                running.spawn(async move {
                    let mut tx = store.read().await?;
                    let progress = |done| {
                        // Nobody hears it once the verifying was given up.
                        told.send(done).ok();
                    };
                    let one = verify_village(&mut tx, code, id, progress).await?;
                    tx.rollback().await?;
                    Ok::<_, Error>((place, one))
                });
            }
            tokio::select! {
                Some(done) = heard.recv() => progress(done),
                joined = running.join_next() => match joined {
                    None => return Ok(verified.into_values().collect()),
                    Some(Ok(one)) => verified.extend([one?]),
                    Some(Err(error)) => {
                        let reason = error.to_string();
                        return Err(Error::Unavailable(Trouble::Failed { reason }));
                    }
                },
            }
        }
    }
}

/// A value that cannot be right.
fn wrong(table: &str, row: impl Display, column: &str, found: impl Display) -> Finding {
    Finding {
        table: table.to_owned(),
        row: row.to_string(),
        column: Some(column.to_owned()),
        expected: None,
        found: Some(found.to_string()),
    }
}

/// A trigger that should keep the journal and is not there.
async fn missing_guard(tx: &mut Tx<'_>) -> Result<Option<Finding>, StoreError> {
    let missing = guard::missing(tx).await?.into_iter().next();
    Ok(missing.map(|(table, trigger)| Finding {
        table: table.to_owned(),
        row: "trigger".to_owned(),
        column: None,
        expected: Some(trigger),
        found: None,
    }))
}

async fn verify_village(
    tx: &mut Tx<'_>,
    code: VillageCode,
    id: i64,
    mut progress: impl FnMut(i64),
) -> Result<Verified, Error> {
    let mut book = Book::unopened(code.clone());
    let mut page = PAGE;
    let finding = loop {
        match replay(tx, id, &mut book, page, &mut progress).await {
            Ok(finding) => break finding,
            // A value that the program never writes is a finding like any other; read one by one, the entries before it tell its place.
            Err(StoreError::Corrupt { .. }) if page > 1 => page = 1,
            Err(StoreError::Corrupt {
                table,
                column,
                value,
            }) => {
                break Some(wrong(table, book.head().next_seq, column, value));
            }
            Err(error) => return Err(error.into()),
        }
    };
    let head = book.head();
    Ok(Verified {
        village: Some(code),
        entries: head.next_seq - 1,
        head: head.hash.to_string(),
        finding,
    })
}

/// Replays a village's journal from where the book stands, then compares the projections with the book.
async fn replay(
    tx: &mut Tx<'_>,
    id: i64,
    book: &mut Book,
    page: i64,
    progress: &mut impl FnMut(i64),
) -> Result<Option<Finding>, StoreError> {
    loop {
        let after = book.head().next_seq - 1;
        let entries = journal::list(tx, id, after, page).await?;
        let private = verify::list_private(tx, id, after, page).await?;
        let private: BTreeMap<i64, Private> = private.into_iter().collect();
        if entries.is_empty() {
            break;
        }
        for stored in &entries {
            let private = private.get(&stored.entry.seq);
            if let Some(finding) = entry::check(book, stored, private) {
                return Ok(Some(finding));
            }
            book.apply(&stored.entry, private);
        }
        book.forget_commands();
        progress(i64::try_from(entries.len()).unwrap_or(0));
    }
    let last = book.head().next_seq - 1;
    if let Some((table, seq, line)) = verify::find_stray(tx, id, last).await? {
        return Ok(Some(wrong(&table, format!("{seq} {line}"), "seq", seq)));
    }
    let difference = verify::first_difference(tx, id, book).await?;
    Ok(difference.map(|difference| Finding {
        table: difference.table.to_owned(),
        row: difference.key,
        column: difference.column.map(str::to_owned),
        expected: difference.expected,
        found: difference.found,
    }))
}
