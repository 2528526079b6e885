//! Rebuilding projections that an older program wrote: each village from its journal, in a transaction of its own, checked as `verify` does.

use std::collections::BTreeMap;

use crate::domain::journal::Private;
use crate::domain::{Book, VillageCode};
use crate::ledger::verify::{Finding, entry};
use crate::ledger::{Error, Limits, Trouble};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::migrate::Address;
use crate::store::{Writer, journal, stale, verify, village};

/// How many entries are read and written at a time.
const PAGE: i64 = 1_000;

/// Opens a database to write to it, whole: in a file what is stale is rebuilt first, a server must have been migrated.
///
/// # Errors
/// As [`Writer::open`]; [`Trouble::NotRebuilt`], [`Trouble::RebuildRefused`].
pub(super) async fn open_writer(address: Address, limits: Limits) -> Result<Writer, Error> {
    let mut writer = Writer::open(address, limits.patience, limits.log_pages).await?;
    if writer.is_file() {
        rebuild_stale(&mut writer).await?;
    } else {
        writer.refuse_stale().await?;
    }
    Ok(writer)
}

/// Rebuilds every village that is stale, one transaction each, so that it can be cut off and goes on where it was.
///
/// # Errors
/// [`Trouble::RebuildRefused`] at the first village whose journal is not as it was written; those before it stay rebuilt.
pub(super) async fn rebuild_stale(writer: &mut Writer) -> Result<(), Error> {
    loop {
        let mut tx = writer.begin().await?;
        let Some((id, code)) = stale::first(&mut tx).await? else {
            tx.rollback().await?;
            return Ok(());
        };
        let rebuilt = match VillageCode::parse("code", &code) {
            Ok(code) => rebuild(&mut tx, id, code).await?,
            Err(_) => Some(wrong_code(id, &code)),
        };
        if let Some(finding) = rebuilt {
            tx.rollback().await?;
            return Err(Error::Unavailable(refused(code, finding)));
        }
        tx.commit().await?;
        writer.checkpoint().await?;
        tracing::info!(village = code, "projections are rebuilt");
    }
}

/// Replaces the projections of a village by those that its journal makes; a finding says why not, and nothing may then be committed.
async fn rebuild(
    tx: &mut Tx<'_>,
    id: i64,
    code: VillageCode,
) -> Result<Option<Finding>, StoreError> {
    let head = village::lock_heads(tx, &[id]).await?.remove(&id);
    stale::clear(tx, id).await?;
    let mut book = Book::unopened(code);
    loop {
        let after = book.head().next_seq.saturating_sub(1);
        let entries = journal::list(tx, id, after, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        let private = verify::list_private(tx, id, after, PAGE).await?;
        let private: BTreeMap<i64, Private> = private.into_iter().collect();
        for stored in &entries {
            let own = private.get(&stored.entry.seq);
            if let Some(finding) = entry::check(&book, stored, own) {
                return Ok(Some(finding));
            }
            // Without the details of people: theirs are kept as they are, and what was erased does not come back.
            book.apply(&stored.entry, None);
        }
        stale::write(tx, id, &mut book).await?;
        book.forget_commands();
    }
    if head != Some(book.head()) {
        let shown = |seq: i64| Some(seq.to_string());
        return Ok(Some(Finding {
            table: "village_head".to_owned(),
            row: String::new(),
            column: Some("next_seq".to_owned()),
            expected: shown(book.head().next_seq),
            found: head.and_then(|head| shown(head.next_seq)),
        }));
    }
    let last = book.head().next_seq.saturating_sub(1);
    if let Some((table, seq, line)) = verify::find_stray(tx, id, last).await? {
        return Ok(Some(Finding {
            table,
            row: format!("{seq} {line}"),
            column: Some("seq".to_owned()),
            expected: None,
            found: Some(seq.to_string()),
        }));
    }
    stale::set_fresh(tx, id).await?;
    Ok(None)
}

fn wrong_code(id: i64, code: &str) -> Finding {
    Finding {
        table: "village".to_owned(),
        row: id.to_string(),
        column: Some("code".to_owned()),
        expected: None,
        found: Some(code.to_owned()),
    }
}

fn refused(village: String, finding: Finding) -> Trouble {
    let shown = |value: Option<String>| value.unwrap_or_default().into_boxed_str();
    Trouble::RebuildRefused {
        village: village.into_boxed_str(),
        table: finding.table.into_boxed_str(),
        row: finding.row.into_boxed_str(),
        column: shown(finding.column),
        expected: shown(finding.expected),
        found: shown(finding.found),
    }
}
