//! A village's whole book as JSON Lines: a header, then one line per journal entry, each with its hash. A person can read it, and no byte of
//! it can be changed without being noticed: every entry is chained to the one before it, and the header tells the number and hash of the last.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::facts::Head;
use crate::domain::journal::{Decision, Direction, Entry, Flow, Posting, Private, StockMovement};
use crate::domain::seal::{HASH_VERSION, Hash};
use crate::domain::{Account, ChargeKey, MaterialCode, Money, Month, Quantity, VillageCode};

/// The version of the format.
pub const VERSION: i64 = 1;

/// Why a file is no book of a village. The sentences are in `text/*.ftl` under `dump-<code>`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]
pub enum DumpProblem {
    /// The file cannot be read from the disk.
    Unreadable { file: String, reason: String },
    /// The first line is not the header of a book.
    NotABook { file: String },
    /// The format is newer than the program.
    Newer { found: i64, known: i64 },
    /// A line is not an entry.
    LineInvalid { line: i64, reason: String },
    /// A line says something that the program writes otherwise.
    OtherSpelling { line: i64 },
    /// The file ends before its last entry.
    Cut { found: i64, expected: i64 },
    /// An entry, or its place in the chain, is not what it was.
    Changed {
        line: i64,
        place: String,
        expected: String,
        found: String,
    },
    /// The last entry is not the one that the header names.
    HeadDiffers { expected: String, found: String },
}

impl DumpProblem {
    /// The problem by name: its code and its facts.
    pub fn facts(&self) -> serde_json::Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(facts)) => facts,
            Ok(_) | Err(_) => serde_json::Map::new(),
        }
    }
}

/// The first line: whose book it is, and where it ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the format.
    pub jinfu_journal: i64,
    /// The version of the hashes.
    pub hash_version: i64,
    /// The village.
    pub village: VillageCode,
    /// How many entries follow.
    pub entries: i64,
    /// The hash of the last.
    pub head: Hash,
}

/// Just the version, which every header has.
#[derive(Deserialize)]
struct AnyHeader {
    jinfu_journal: i64,
}

impl Header {
    /// The header of a village's book up to its head.
    pub fn of(village: VillageCode, head: Head) -> Header {
        Header {
            jinfu_journal: VERSION,
            hash_version: HASH_VERSION,
            village,
            entries: head.next_seq.saturating_sub(1),
            head: head.hash,
        }
    }

    /// Reads the first line of a file.
    ///
    /// # Errors
    /// [`DumpProblem::NotABook`], [`DumpProblem::Newer`], [`DumpProblem::OtherSpelling`].
    pub fn read(file: &str, line: &str) -> Result<Header, DumpProblem> {
        let not_a_book = || DumpProblem::NotABook {
            file: file.to_owned(),
        };
        let any: AnyHeader = serde_json::from_str(line).map_err(|_| not_a_book())?;
        if any.jinfu_journal > VERSION {
            return Err(DumpProblem::Newer {
                found: any.jinfu_journal,
                known: VERSION,
            });
        }
        let header: Header = serde_json::from_str(line).map_err(|_| not_a_book())?;
        if header.jinfu_journal != VERSION {
            return Err(not_a_book());
        }
        match header.hash_version {
            HASH_VERSION if header.to_line().trim_end() != line.trim_end_matches('\n') => {
                Err(DumpProblem::OtherSpelling { line: 1 })
            }
            HASH_VERSION => Ok(header),
            newer => Err(DumpProblem::Newer {
                found: newer,
                known: HASH_VERSION,
            }),
        }
    }

    /// The header as a line.
    pub fn to_line(&self) -> String {
        to_line(self)
    }
}

fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostingLine {
    debit_account: Account,
    debit_subject: String,
    credit_account: Account,
    credit_subject: String,
    amount: Money,
    flow: Flow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period: Option<ChargeKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovementLine {
    account: Account,
    material: MaterialCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collector: Option<crate::domain::CollectorCode>,
    direction: Direction,
    quantity: Quantity,
    value: Money,
    flow: Flow,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivateLine {
    salt: Uuid,
    content: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    seq: i64,
    command_id: Uuid,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    booked_on: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin_month: Option<Month>,
    actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reverses_seq: Option<i64>,
    event: Value,
    postings: Vec<PostingLine>,
    movements: Vec<MovementLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private: Option<PrivateLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_digest: Option<Hash>,
    fingerprint: Hash,
    hash: Hash,
}

/// An entry with the personal details beside it, as a line.
///
/// # Errors
/// [`DumpProblem::LineInvalid`] for content that is not the JSON that the program writes.
pub fn write_entry(entry: &Entry, private: Option<&Private>) -> Result<String, DumpProblem> {
    let json = |text: &str| match serde_json::from_str::<Value>(text) {
        // What is hashed is the text, which reading the line again must give.
        Ok(value) if serde_json::to_string(&value).is_ok_and(|again| again == text) => Ok(value),
        Ok(_) | Err(_) => Err(DumpProblem::LineInvalid {
            line: entry.seq.saturating_add(1),
            reason: text.to_owned(),
        }),
    };
    let decision = &entry.decision;
    let posting = |posting: &Posting| PostingLine {
        debit_account: posting.debit.account,
        debit_subject: posting.debit.subject.clone(),
        credit_account: posting.credit.account,
        credit_subject: posting.credit.subject.clone(),
        amount: posting.amount,
        flow: posting.flow,
        period: posting.charge.clone(),
    };
    let movement = |movement: &StockMovement| MovementLine {
        account: movement.account,
        material: movement.material.clone(),
        collector: movement.collector.clone(),
        direction: movement.direction,
        quantity: movement.quantity,
        value: movement.value,
        flow: movement.flow,
    };
    let private = private.map(|private| {
        Ok(PrivateLine {
            salt: Uuid::from_bytes(private.salt),
            content: json(&private.content)?,
        })
    });
    Ok(to_line(&EntryLine {
        seq: entry.seq,
        command_id: entry.command_id,
        occurred_at: decision.occurred_at,
        recorded_at: entry.recorded_at,
        booked_on: decision.booked_on,
        origin_month: decision.origin_month,
        actor: entry.actor.clone(),
        reverses_seq: decision.reverses,
        event: json(&entry.content)?,
        postings: decision.postings.iter().map(posting).collect(),
        movements: decision.movements.iter().map(movement).collect(),
        private: private.transpose()?,
        private_digest: entry.private_digest,
        fingerprint: entry.fingerprint,
        hash: entry.hash,
    }))
}

/// Reads the line of an entry, lines counted from 1, exactly as [`write_entry`] writes it. Whether it is what it was is for the chain to tell.
///
/// # Errors
/// [`DumpProblem::LineInvalid`], [`DumpProblem::OtherSpelling`].
pub fn read_entry(line: i64, text: &str) -> Result<(Entry, Option<Private>), DumpProblem> {
    let invalid = |error: serde_json::Error| DumpProblem::LineInvalid {
        line,
        reason: error.to_string(),
    };
    let read: EntryLine = serde_json::from_str(text).map_err(invalid)?;
    let content = read.event.to_string();
    let posting = |posting: PostingLine| Posting {
        debit: posting.debit_account.of(posting.debit_subject),
        credit: posting.credit_account.of(posting.credit_subject),
        amount: posting.amount,
        flow: posting.flow,
        charge: posting.period,
    };
    let movement = |movement: MovementLine| StockMovement {
        account: movement.account,
        material: movement.material,
        collector: movement.collector,
        direction: movement.direction,
        quantity: movement.quantity,
        value: movement.value,
        flow: movement.flow,
    };
    let decision = Decision {
        event: serde_json::from_value(read.event).map_err(invalid)?,
        occurred_at: read.occurred_at,
        booked_on: read.booked_on,
        origin_month: read.origin_month,
        reverses: read.reverses_seq,
        postings: read.postings.into_iter().map(posting).collect(),
        movements: read.movements.into_iter().map(movement).collect(),
    };
    let entry = Entry {
        seq: read.seq,
        command_id: read.command_id,
        fingerprint: read.fingerprint,
        actor: read.actor,
        recorded_at: read.recorded_at,
        decision,
        content,
        private_digest: read.private_digest,
        hash: read.hash,
    };
    let private = read.private.map(|private| Private {
        salt: private.salt.into_bytes(),
        content: private.content.to_string(),
    });
    // The same value may be written in several ways, and not every one of them is in the chain.
    if write_entry(&entry, private.as_ref())?.trim_end() != text.trim_end_matches('\n') {
        return Err(DumpProblem::OtherSpelling { line });
    }
    Ok((entry, private))
}
