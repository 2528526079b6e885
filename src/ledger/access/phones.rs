//! The phones of collectors: which there are, and what was heard of each last.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::VillageCode;
use crate::ledger::access::sessions::instant;
use crate::ledger::access::{Access, AccessError};
use crate::store::access::{self, PhoneRow};

/// What a phone is heard of is not written down again so soon, unless it is something else.
const HEARD_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// A phone of a collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneRecord {
    /// By which it is listed.
    pub id: Uuid,
    /// Whose it is.
    pub collector: String,
    /// What it was called when it was enrolled.
    pub label: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it was stopped, if it was.
    pub stopped_at: Option<Timestamp>,
    /// What was heard of it last, if anything was.
    pub heard: Option<Heard>,
}

/// What was heard of a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// What it calls itself: its letter, say.
    pub device: String,
    /// Up to which entry of the journal it has shown that it knows the books.
    pub known_seq: i64,
}

impl Heard {
    /// Whether there is something new in it. Its own pickups move what a phone knows all the time; what counts is the list of that entry.
    fn is_news(&self, before: &Heard, last_list: Option<i64>) -> bool {
        let fetched = last_list.is_some_and(|seq| before.known_seq < seq && seq <= self.known_seq);
        fetched
            || self.device != before.device
            || self.known_seq < before.known_seq
            || self.at.duration_since(before.at) >= HEARD_EVERY
    }
}

impl From<PhoneRow> for PhoneRecord {
    fn from(row: PhoneRow) -> PhoneRecord {
        let heard = row.heard_at.zip(row.device).zip(row.known_seq);
        PhoneRecord {
            id: row.public_id,
            collector: row.collector,
            label: row.label,
            enrolled_at: instant(row.created_at),
            stopped_at: row.stopped_at.map(instant),
            heard: heard.map(|((at, device), known_seq)| Heard {
                at: instant(at),
                device,
                known_seq,
            }),
        }
    }
}

impl Access {
    /// The phones of the collectors of a village, also those that were stopped, by collector and age.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn phones(&self, village: &VillageCode) -> Result<Vec<PhoneRecord>, AccessError> {
        let mut tx = self.read().await?;
        let now = self.now().as_microsecond();
        let rows = access::list_phones(&mut tx, village.as_str(), now).await?;
        tx.rollback().await?;
        Ok(rows.into_iter().map(PhoneRecord::from).collect())
    }

    /// Notes what was heard of a phone, where that is news; `last_list` is the entry that published the last price list.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn hear(
        &self,
        phone: Uuid,
        heard: &Heard,
        last_list: Option<i64>,
    ) -> Result<(), AccessError> {
        let mut tx = self.read().await?;
        let found = access::find_phone(&mut tx, phone).await?;
        tx.rollback().await?;
        let is_news = |record: PhoneRecord| {
            let before = record.heard;
            before.is_none_or(|before| heard.is_news(&before, last_list))
        };
        if !found.map(PhoneRecord::from).is_some_and(is_news) {
            return Ok(());
        }
        self.write(async |tx| {
            let told = (heard.device.as_str(), heard.known_seq);
            Ok(access::hear(tx, phone, heard.at.as_microsecond(), told).await?)
        })
        .await
    }
}
