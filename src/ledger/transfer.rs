//! Moving a village's whole book from one database to another: entries out page by page, entries in as one transaction, the heads equal.

use crate::domain::facts::Head;
use crate::domain::journal::{Entry, Private};
use crate::domain::{Book, Refusal, VillageCode};
use crate::ledger::verify::{Finding, entry};
use crate::ledger::{Error, Ledger, Limits, find_village, rebuild};
use crate::store::error::StoreError;
use crate::store::flush::{self, Decided};
use crate::store::journal::StoredEntry;
use crate::store::migrate::Address;
use crate::store::{Writer, journal, verify, village};

/// How many entries are read or written at a time.
const PAGE: usize = 1_000;

/// Why a book was not taken in; nothing of it is in the database then.
#[derive(Debug)]
pub enum Rejected<E> {
    /// The ledger cannot take it.
    Ledger(Error),
    /// The source failed.
    Source(E),
    /// An entry is not what its place in the chain says.
    Entry(i64, Box<Finding>),
    /// The book ends elsewhere than was said.
    Head(Head),
}

impl<E> From<StoreError> for Rejected<E> {
    fn from(error: StoreError) -> Rejected<E> {
        Rejected::Ledger(error.into())
    }
}

impl Ledger {
    /// The entries of a village after a number, in order, with the personal details that were not erased; at most a thousand, none after
    /// the last. The journal only grows, so pages read one after the other are of one book.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn entries(
        &self,
        code: &VillageCode,
        after: i64,
    ) -> Result<Vec<(Entry, Option<Private>)>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let entries = journal::list(&mut tx, id, after, page).await?;
        let mut private = verify::list_private(&mut tx, id, after, page)
            .await?
            .into_iter()
            .peekable();
        tx.rollback().await?;
        let entries = entries.into_iter().map(|stored| stored.entry);
        let with_private = entries.map(|entry| {
            let own = private.next_if(|(seq, _)| *seq == entry.seq);
            (entry, own.map(|(_, private)| private))
        });
        Ok(with_private.collect())
    }

    /// Takes a village's whole book into a database that does not have the village, each entry checked as `verify` does before it is
    /// written. It is there whole, with the head that was promised, or not at all.
    ///
    /// # Errors
    /// [`Rejected`]; [`Refusal::VillageOpenAlready`] if the database has the village.
    pub async fn take_in<E>(
        database: &str,
        code: &VillageCode,
        promised: Head,
        mut entries: impl Iterator<Item = Result<(Entry, Option<Private>), E>>,
    ) -> Result<(), Rejected<E>> {
        let address: Address = database.parse().map_err(StoreError::from)?;
        let mut writer = rebuild::open_writer(address, Limits::default())
            .await
            .map_err(Rejected::Ledger)?;
        let taken = take_in(&mut writer, code, promised, &mut entries).await;
        writer.close().await?;
        taken
    }
}

async fn take_in<E>(
    writer: &mut Writer,
    code: &VillageCode,
    promised: Head,
    entries: &mut impl Iterator<Item = Result<(Entry, Option<Private>), E>>,
) -> Result<(), Rejected<E>> {
    let mut tx = writer.begin().await?;
    if !village::find_ids(&mut tx, std::slice::from_ref(code))
        .await?
        .is_empty()
    {
        tx.rollback().await?;
        let village = code.clone();
        return Err(Rejected::Ledger(
            Refusal::VillageOpenAlready { village }.into(),
        ));
    }
    let id = village::next_id(&mut tx).await?;
    let mut book = Book::unopened(code.clone());
    loop {
        let page = match read_page(&mut book, id, entries) {
            Ok(page) => page,
            Err(rejected) => {
                tx.rollback().await?;
                return Err(rejected);
            }
        };
        if page.is_empty() {
            break;
        }
        flush::write(&mut tx, &page, &mut [(id, &mut book)]).await?;
        book.forget_commands();
    }
    if book.head() != promised {
        tx.rollback().await?;
        return Err(Rejected::Head(book.head()));
    }
    tx.commit().await?;
    Ok(())
}

/// The next entries, each checked against the book and applied to it.
fn read_page<E>(
    book: &mut Book,
    id: i64,
    entries: &mut impl Iterator<Item = Result<(Entry, Option<Private>), E>>,
) -> Result<Vec<Decided>, Rejected<E>> {
    let mut page = Vec::with_capacity(PAGE);
    for next in entries.take(PAGE) {
        let (entry, private) = next.map_err(Rejected::Source)?;
        let stored = StoredEntry::of(entry);
        if let Some(finding) = entry::check(book, &stored, private.as_ref()) {
            return Err(Rejected::Entry(book.head().next_seq, Box::new(finding)));
        }
        book.apply(&stored.entry, private.as_ref());
        let opens_month = stored.entry.decision.event.opens_month();
        page.push((id, stored.entry, private));
        // The database refuses the next entry of that month until it knows that the month is open.
        if opens_month {
            break;
        }
    }
    Ok(page)
}
