//! Checking the books: the chain recomputed, every projection rebuilt from the journal, the first wrong row named.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;

use crate::domain::journal::Entry;
use crate::domain::number::ROUNDING;
use crate::domain::seal::{self, HASH_VERSION, Hash};
use crate::domain::weight::{net_of, value_of};
use crate::domain::{Book, UnitPrice, VillageCode};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::journal::StoredEntry;
use crate::store::{journal, verify, village};

/// How many entries are read at a time.
const PAGE: i64 = 1_000;

/// The first wrong row of a village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The row: its key without the village.
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
    /// The village.
    pub village: VillageCode,
    /// How many entries its journal has.
    pub entries: i64,
    /// The hash of the last one.
    pub head: String,
    /// The first wrong row, if any.
    pub finding: Option<Finding>,
}

impl Ledger {
    /// Verifies one village, or every village of the database, each against one state of it.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn verify(
        &self,
        only: Option<&VillageCode>,
        mut progress: impl FnMut(i64),
    ) -> Result<Vec<Verified>, Error> {
        let mut tx = self.store.read().await?;
        let villages = match only {
            Some(code) => vec![(code.clone(), find_village(&mut tx, code).await?.0)],
            None => village::list_codes(&mut tx).await?,
        };
        let mut verified = Vec::with_capacity(villages.len());
        for (code, id) in villages {
            verified.push(verify_village(&mut tx, code, id, &mut progress).await?);
        }
        tx.rollback().await?;
        Ok(verified)
    }
}

/// A wrong cell of the journal.
fn cell(
    table: &str,
    seq: i64,
    column: &str,
    expected: impl Display,
    found: impl Display,
) -> Finding {
    Finding {
        table: table.to_owned(),
        row: seq.to_string(),
        column: Some(column.to_owned()),
        expected: Some(expected.to_string()),
        found: Some(found.to_string()),
    }
}

async fn verify_village(
    tx: &mut Tx<'_>,
    code: VillageCode,
    id: i64,
    progress: &mut impl FnMut(i64),
) -> Result<Verified, Error> {
    let mut replay = Replay {
        book: Book::unopened(code.clone()),
        lines: (0, 0),
    };
    let finding = match replay.run(tx, id, progress).await {
        Ok(finding) => finding,
        // A value that the program never writes is a finding like any other.
        Err(StoreError::Corrupt {
            table,
            column,
            value,
        }) => Some(Finding {
            table: table.to_owned(),
            row: format!("after {}", replay.book.head().next_seq.saturating_sub(1)),
            column: Some(column.to_owned()),
            expected: None,
            found: Some(value),
        }),
        Err(error) => return Err(error.into()),
    };
    let head = replay.book.head();
    Ok(Verified {
        village: code,
        entries: head.next_seq.saturating_sub(1),
        head: head.hash.to_string(),
        finding,
    })
}

/// A village's journal, replayed.
struct Replay {
    book: Book,
    lines: (i64, i64),
}

impl Replay {
    async fn run(
        &mut self,
        tx: &mut Tx<'_>,
        id: i64,
        progress: &mut impl FnMut(i64),
    ) -> Result<Option<Finding>, StoreError> {
        loop {
            let after = self.book.head().next_seq.saturating_sub(1);
            let page = journal::list(tx, id, after, PAGE).await?;
            let private = verify::list_private(tx, id, after, PAGE).await?;
            let private = private
                .into_iter()
                .map(|(seq, salt, content)| (seq, (salt, content)))
                .collect();
            if page.is_empty() {
                break;
            }
            for stored in &page {
                if let Some(finding) = self.entry(stored, &private) {
                    return Ok(Some(finding));
                }
            }
            progress(i64::try_from(page.len()).unwrap_or(0));
        }
        let (postings, movements) = verify::count_lines(tx, id).await?;
        for (table, read, there) in [
            (verify::JOURNAL[1], self.lines.0, postings),
            (verify::JOURNAL[2], self.lines.1, movements),
        ] {
            if read != there {
                return Ok(Some(cell(table, 0, "count", read, there)));
            }
        }
        let difference = verify::first_difference(tx, id, &mut self.book).await?;
        Ok(difference.map(|difference| Finding {
            table: difference.table.to_owned(),
            row: difference.key,
            column: difference.column.map(str::to_owned),
            expected: difference.expected,
            found: difference.found,
        }))
    }

    fn entry(
        &mut self,
        stored: &StoredEntry,
        private: &BTreeMap<i64, (Vec<u8>, String)>,
    ) -> Option<Finding> {
        let entry = &stored.entry;
        let table = verify::JOURNAL[0];
        let head = self.book.head();
        if entry.seq != head.next_seq {
            return Some(cell(table, head.next_seq, "seq", head.next_seq, entry.seq));
        }
        if stored.hash_version != HASH_VERSION {
            return Some(cell(
                table,
                entry.seq,
                "hash_version",
                HASH_VERSION,
                stored.hash_version,
            ));
        }
        let hash = seal::chain(head.hash, entry);
        if hash != entry.hash {
            return Some(cell(table, entry.seq, "hash", hash, entry.hash));
        }
        if stored.kind != entry.decision.event.kind() {
            return Some(cell(
                table,
                entry.seq,
                "kind",
                entry.decision.event.kind(),
                &stored.kind,
            ));
        }
        if stored.month != entry.month().to_string() {
            return Some(cell(
                table,
                entry.seq,
                "month",
                entry.month(),
                &stored.month,
            ));
        }
        if let (Some(digest), Some((salt, content))) =
            (entry.private_digest, private.get(&entry.seq))
        {
            let found: Hash = seal::private_digest(salt, content);
            if found != digest {
                return Some(cell("entry_private", entry.seq, "content", digest, found));
            }
        }
        if let Some(finding) = rounding(entry) {
            return Some(finding);
        }
        let (postings, movements) = (
            entry.decision.postings.len(),
            entry.decision.movements.len(),
        );
        self.lines.0 = self
            .lines
            .0
            .saturating_add(i64::try_from(postings).unwrap_or(i64::MAX));
        self.lines.1 = self
            .lines
            .1
            .saturating_add(i64::try_from(movements).unwrap_or(i64::MAX));
        self.book.apply(entry, None);
        None
    }
}

/// Every line of a pickup is valued again, by the rounding rule of its price list.
fn rounding(entry: &Entry) -> Option<Finding> {
    let pickup = entry.decision.event.pickup()?;
    pickup.lines.iter().find_map(|line| {
        let net = net_of(line.gross, line.tare, line.deduction).ok();
        let amount = value_of(line.net, UnitPrice::new(line.price_li, line.per)).ok();
        let is_right = net == Some(line.net) && amount == Some(line.amount);
        let expected = || format!("{ROUNDING}: {net:?} {amount:?}");
        (!is_right).then(|| {
            cell(
                verify::JOURNAL[0],
                entry.seq,
                "content",
                expected(),
                format!("{} {}", line.net, line.amount),
            )
        })
    })
}
