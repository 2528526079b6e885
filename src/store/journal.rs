//! The journal: entries, postings, stock movements, and the personal details beside them.

use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::facts::Accepted;
use crate::domain::journal::{Decision, Entry, Posting, StockMovement};
use crate::domain::seal::{HASH_VERSION, Hash};
use crate::domain::{Money, Quantity};
use crate::store::bulk::{self, Bytes};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const JOURNAL_ENTRY: Table = Table {
    name: "journal_entry",
    columns: &[
        ("village_id", Kind::Int),
        ("seq", Kind::Int),
        ("command_id", Kind::Uuid),
        ("kind", Kind::Text),
        ("month", Kind::Text),
        ("origin_month", Kind::Text),
        ("booked_on", Kind::Text),
        ("occurred_at", Kind::Int),
        ("recorded_at", Kind::Int),
        ("actor", Kind::Text),
        ("reverses_seq", Kind::Int),
        ("content", Kind::Text),
        ("fingerprint", Kind::Bytes),
        ("private_digest", Kind::Bytes),
        ("hash_version", Kind::Int),
        ("hash", Kind::Bytes),
    ],
    key: 2,
    conflict: Conflict::Refuse,
};

pub(crate) const POSTING: Table = Table {
    name: "posting",
    columns: &[
        ("village_id", Kind::Int),
        ("seq", Kind::Int),
        ("line_no", Kind::Int),
        ("debit_account", Kind::Text),
        ("debit_subject", Kind::Text),
        ("credit_account", Kind::Text),
        ("credit_subject", Kind::Text),
        ("amount_fen", Kind::Int),
        ("flow", Kind::Text),
        ("period", Kind::Text),
    ],
    key: 3,
    conflict: Conflict::Refuse,
};

pub(crate) const STOCK_MOVEMENT: Table = Table {
    name: "stock_movement",
    columns: &[
        ("village_id", Kind::Int),
        ("seq", Kind::Int),
        ("line_no", Kind::Int),
        ("account", Kind::Text),
        ("material", Kind::Text),
        ("collector", Kind::Text),
        ("direction", Kind::Text),
        ("unit", Kind::Text),
        ("quantity", Kind::Int),
        ("value_fen", Kind::Int),
        ("flow", Kind::Text),
    ],
    key: 3,
    conflict: Conflict::Refuse,
};

pub(crate) const ENTRY_PRIVATE: Table = Table {
    name: "entry_private",
    columns: &[
        ("village_id", Kind::Int),
        ("seq", Kind::Int),
        ("salt", Kind::Bytes),
        ("content", Kind::Text),
    ],
    key: 2,
    conflict: Conflict::Refuse,
};

#[derive(FromRow)]
struct AcceptedRow {
    village_id: i64,
    command_id: Uuid,
    seq: i64,
    content: String,
    fingerprint: Vec<u8>,
    private_digest: Option<Vec<u8>>,
    hash: Vec<u8>,
    salt: Option<Vec<u8>>,
}

const FIND_ACCEPTED: &str = "
select
    e.village_id,
    e.command_id,
    e.seq,
    e.content,
    e.fingerprint,
    e.private_digest,
    e.hash,
    p.salt
from {keys} as k
cross join journal_entry as e
left join entry_private as p
    on p.village_id = e.village_id
    and p.seq = e.seq
where e.village_id = k.k0
    and e.command_id = k.k1
";

/// The commands of the given ids that were accepted before.
pub(crate) async fn find_accepted(
    tx: &mut Tx<'_>,
    ids: &[(i64, Uuid)],
) -> Result<Vec<(i64, Uuid, Accepted)>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Uuid]);
    for (village_id, id) in ids {
        keys.push([Cell::Int(*village_id), Cell::Uuid(*id)]);
    }
    let rows: Vec<AcceptedRow> = select_keyed(tx, FIND_ACCEPTED, &keys).await?;
    rows.into_iter()
        .map(|row| {
            let digest = optional_hash(
                Place("journal_entry", "private_digest"),
                row.private_digest.as_deref(),
            )?;
            let accepted = Accepted {
                seq: row.seq,
                hash: Place("journal_entry", "hash").hash(&row.hash)?,
                fingerprint: Place("journal_entry", "fingerprint").hash(&row.fingerprint)?,
                event: Place("journal_entry", "content").json(&row.content)?,
                private: digest.zip(row.salt),
                had_private: digest.is_some(),
            };
            Ok((row.village_id, row.command_id, accepted))
        })
        .collect()
}

fn optional_hash(place: Place, value: Option<&[u8]>) -> Result<Option<Hash>, StoreError> {
    value.map(|value| place.hash(value)).transpose()
}

#[derive(FromRow, Deserialize)]
struct EntryRow {
    seq: i64,
    command_id: Uuid,
    booked_on: String,
    origin_month: Option<String>,
    occurred_at: i64,
    recorded_at: i64,
    actor: String,
    reverses_seq: Option<i64>,
    content: String,
    fingerprint: Bytes,
    private_digest: Option<Bytes>,
    hash: Bytes,
    kind: String,
    month: String,
    hash_version: i64,
}

/// An entry as it is stored: the columns that are derived from others beside the entry itself.
#[derive(Debug)]
pub(crate) struct StoredEntry {
    /// The entry, with its postings and movements.
    pub(crate) entry: Entry,
    /// The kind as it stands in the row.
    pub(crate) kind: String,
    /// The month as it stands in the row.
    pub(crate) month: String,
    /// The version of the hash.
    pub(crate) hash_version: i64,
    /// The first of its postings and movements that is not where it should be.
    pub(crate) misplaced: Option<Misplaced>,
}

impl StoredEntry {
    /// An entry as it would be stored.
    pub(crate) fn of(entry: Entry) -> StoredEntry {
        StoredEntry {
            kind: entry.decision.event.kind().to_owned(),
            month: entry.month().to_string(),
            hash_version: HASH_VERSION,
            misplaced: None,
            entry,
        }
    }
}

/// A posting or movement out of its place: of no entry, or out of number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misplaced {
    /// The table.
    pub(crate) table: &'static str,
    /// The entry it names.
    pub(crate) seq: i64,
    /// Its number in that entry.
    pub(crate) line_no: i64,
    /// The number that a line in its place has.
    pub(crate) expected: i64,
}

const LIST_ENTRIES: &str = "
select
    seq,
    command_id,
    booked_on,
    origin_month,
    occurred_at,
    recorded_at,
    actor,
    reverses_seq,
    content,
    fingerprint,
    private_digest,
    hash,
    kind,
    month,
    hash_version
from journal_entry
where village_id = $1
    and seq > $2
order by seq
limit $3
";

const PACKED_ENTRY: &str = "
    seq, hex(command_id), booked_on, origin_month, occurred_at, recorded_at, actor, reverses_seq, content, hex(fingerprint),
    case when private_digest is not null then hex(private_digest) end, hex(hash), kind, month, hash_version
";

const LIST_POSTINGS: &str = "
select
    seq,
    line_no,
    debit_account,
    debit_subject,
    credit_account,
    credit_subject,
    amount_fen,
    flow,
    period
from posting
where village_id = $1
    and seq between $2 and $3
order by seq, line_no
";

const PACKED_POSTING: &str = "seq, line_no, debit_account, debit_subject, credit_account, credit_subject, amount_fen, flow, period";

const LIST_MOVEMENTS: &str = "
select
    seq,
    line_no,
    account,
    material,
    collector,
    direction,
    unit,
    quantity,
    value_fen,
    flow
from stock_movement
where village_id = $1
    and seq between $2 and $3
order by seq, line_no
";

const PACKED_MOVEMENT: &str =
    "seq, line_no, account, material, collector, direction, unit, quantity, value_fen, flow";

#[derive(FromRow, Deserialize)]
struct PostingRow {
    seq: i64,
    line_no: i64,
    debit_account: String,
    debit_subject: String,
    credit_account: String,
    credit_subject: String,
    amount_fen: i64,
    flow: String,
    period: Option<String>,
}

#[derive(FromRow, Deserialize)]
struct MovementRow {
    seq: i64,
    line_no: i64,
    account: String,
    material: String,
    collector: String,
    direction: String,
    unit: String,
    quantity: i64,
    value_fen: i64,
    flow: String,
}

/// The entries of a village after a number, in order, at most so many.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: i64,
    rows_max: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let page = [Cell::Int(village_id), Cell::Int(after), Cell::Int(rows_max)];
    let rows: Vec<EntryRow> = bulk::select(tx, LIST_ENTRIES, PACKED_ENTRY, &page).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(Vec::new());
    };
    let lines = [village_id, first.seq, last.seq].map(Cell::Int);
    let postings: Vec<PostingRow> = bulk::select(tx, LIST_POSTINGS, PACKED_POSTING, &lines).await?;
    let movements: Vec<MovementRow> =
        bulk::select(tx, LIST_MOVEMENTS, PACKED_MOVEMENT, &lines).await?;
    assemble(rows, postings, movements)
}

/// Puts postings and movements, which come in the order of their entries, into them.
fn assemble(
    rows: Vec<EntryRow>,
    postings: Vec<PostingRow>,
    movements: Vec<MovementRow>,
) -> Result<Vec<StoredEntry>, StoreError> {
    let mut postings = postings.into_iter().peekable();
    let mut movements = movements.into_iter().peekable();
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let mut decision = Decision {
            event: Place("journal_entry", "content").json(&row.content)?,
            occurred_at: Place("journal_entry", "occurred_at").instant(row.occurred_at)?,
            booked_on: Place("journal_entry", "booked_on").date(&row.booked_on)?,
            origin_month: Place("journal_entry", "origin_month")
                .optional_month(row.origin_month.as_deref())?,
            reverses: row.reverses_seq,
            postings: Vec::new(),
            movements: Vec::new(),
        };
        let mut misplaced = None;
        let mut place = |table, seq, line_no, before: usize| {
            let expected = i64::try_from(before).unwrap_or(0).saturating_add(1);
            if (seq, line_no) != (row.seq, expected) {
                misplaced.get_or_insert(Misplaced {
                    table,
                    seq,
                    line_no,
                    expected,
                });
            }
        };
        while let Some(posting) = postings.next_if(|posting| posting.seq <= row.seq) {
            let before = decision.postings.len();
            place(POSTING.name, posting.seq, posting.line_no, before);
            decision.postings.push(read_posting(&posting)?);
        }
        while let Some(movement) = movements.next_if(|movement| movement.seq <= row.seq) {
            let before = decision.movements.len();
            place(STOCK_MOVEMENT.name, movement.seq, movement.line_no, before);
            decision.movements.push(read_movement(&movement)?);
        }
        let entry = Entry {
            seq: row.seq,
            command_id: row.command_id,
            fingerprint: Place("journal_entry", "fingerprint").hash(&row.fingerprint.0)?,
            actor: row.actor,
            recorded_at: Place("journal_entry", "recorded_at").instant(row.recorded_at)?,
            decision,
            content: row.content,
            private_digest: optional_hash(
                Place("journal_entry", "private_digest"),
                row.private_digest
                    .as_ref()
                    .map(|digest| digest.0.as_slice()),
            )?,
            hash: Place("journal_entry", "hash").hash(&row.hash.0)?,
        };
        entries.push(StoredEntry {
            entry,
            kind: row.kind,
            month: row.month,
            hash_version: row.hash_version,
            misplaced,
        });
    }
    Ok(entries)
}

fn read_posting(row: &PostingRow) -> Result<Posting, StoreError> {
    Ok(Posting {
        debit: Place("posting", "debit_account").side(&row.debit_account, &row.debit_subject)?,
        credit: Place("posting", "credit_account")
            .side(&row.credit_account, &row.credit_subject)?,
        amount: Money::from_fen(row.amount_fen),
        flow: Place("posting", "flow").flow(&row.flow)?,
        charge: Place("posting", "period").optional_charge(row.period.as_deref())?,
    })
}

fn read_movement(row: &MovementRow) -> Result<StockMovement, StoreError> {
    let unit = Place("stock_movement", "unit").unit(&row.unit)?;
    Ok(StockMovement {
        account: Place("stock_movement", "account")
            .side(&row.account, "")?
            .account,
        material: Place("stock_movement", "material").material(&row.material)?,
        collector: Place("stock_movement", "collector").optional_collector(&row.collector)?,
        direction: Place("stock_movement", "direction").direction(&row.direction)?,
        quantity: Quantity::new(unit, row.quantity),
        value: Money::from_fen(row.value_fen),
        flow: Place("stock_movement", "flow").flow(&row.flow)?,
    })
}
