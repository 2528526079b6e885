//! Numbered documents and the last numbers given.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::domain::document::Document;
use crate::domain::report::Sequence;
use crate::domain::{DocumentKind, DocumentNo};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const DOCUMENT: Table = Table {
    name: "document",
    columns: &[
        ("village_id", Kind::Int),
        ("kind", Kind::Text),
        ("number", Kind::Text),
        ("seq", Kind::Int),
        ("reversed_by", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Replace(&["seq", "reversed_by"]),
};

pub(crate) const DOCUMENT_NUMBER: Table = Table {
    name: "document_number",
    columns: &[
        ("village_id", Kind::Int),
        ("kind", Kind::Text),
        ("year", Kind::Int),
        ("last_no", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Replace(&["last_no"]),
};

#[derive(FromRow)]
struct DocumentRow {
    village_id: i64,
    kind: String,
    number: String,
    seq: i64,
    reversed_by: Option<i64>,
    content: String,
}

const LOAD_DOCUMENTS: &str = "
select
    d.village_id,
    d.kind,
    d.number,
    d.seq,
    d.reversed_by,
    e.content
from {keys} as k
cross join document as d
cross join journal_entry as e
where d.village_id = k.k0
    and d.kind = k.k1
    and d.number = k.k2
    and e.village_id = d.village_id
    and e.seq = d.seq
";

/// A document with its village and number.
pub(crate) type Found = (i64, DocumentKind, DocumentNo, Document);

/// Loads the documents of the keys that exist.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    wanted: &[(i64, DocumentKind, DocumentNo)],
) -> Result<Vec<Found>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, kind, number) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(kind.word()),
            Cell::from(number.as_str()),
        ]);
    }
    let rows: Vec<DocumentRow> = select_keyed(tx, LOAD_DOCUMENTS, &keys).await?;
    rows.into_iter()
        .map(|row| {
            let kind = Place("document", "kind").document_kind(&row.kind)?;
            let number = Place("document", "number").document(&row.number)?;
            let event = Place("journal_entry", "content").json(&row.content)?;
            Ok((
                row.village_id,
                kind,
                number,
                Document {
                    seq: row.seq,
                    reversed_by: row.reversed_by,
                    event,
                },
            ))
        })
        .collect()
}

const LOAD_LAST_NUMBERS: &str = "
select
    n.village_id,
    n.kind,
    n.year,
    n.last_no
from {keys} as k
cross join document_number as n
where n.village_id = k.k0
    and n.kind = k.k1
    and n.year = k.k2
";

/// Loads the last numbers given to kinds of documents in years.
pub(crate) async fn load_last_numbers(
    tx: &mut Tx<'_>,
    wanted: &[(i64, DocumentKind, i16)],
) -> Result<Vec<(i64, DocumentKind, i16, i64)>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Int]);
    for (village_id, kind, year) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(kind.word()),
            Cell::Int(i64::from(*year)),
        ]);
    }
    let rows: Vec<(i64, String, i64, i64)> = select_keyed(tx, LOAD_LAST_NUMBERS, &keys).await?;
    rows.into_iter()
        .map(|(village_id, kind, year, last)| {
            let kind = Place("document_number", "kind").document_kind(&kind)?;
            Ok((
                village_id,
                kind,
                Place("document_number", "year").year(year)?,
                last,
            ))
        })
        .collect()
}

const LOAD_DETAILS: &str = "
select
    d.number,
    p.content
from {keys} as k
cross join document as d
cross join entry_private as p
where d.village_id = k.k0
    and d.kind = k.k1
    and d.number = k.k2
    and p.village_id = d.village_id
    and p.seq = d.seq
";

/// Loads, by the numbers of documents, the personal details that were given with them, where there are any.
pub(crate) async fn load_details(
    tx: &mut Tx<'_>,
    village_id: i64,
    kind: DocumentKind,
    numbers: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for number in numbers {
        keys.push([
            Cell::Int(village_id),
            Cell::from(kind.word()),
            Cell::from(number),
        ]);
    }
    let rows: Vec<(String, String)> = select_keyed(tx, LOAD_DETAILS, &keys).await?;
    rows.into_iter()
        .map(|(number, content)| {
            let details = Place("entry_private", "content").json(&content)?;
            Ok((number, details))
        })
        .collect()
}

const LOAD_SEQUENCES: &str = "
select
    kind,
    substr(number, 1, 4) as year,
    count(*),
    min(number),
    max(number)
from document
where village_id = $1
    and kind not in ('opening', 'pickup', 'month_close')
group by kind, substr(number, 1, 4)
";

const LOAD_NUMBERS: &str = "
select
    kind,
    year,
    last_no
from document_number
where village_id = $1
";

/// The numbers of the documents that are numbered here, by kind and year: how many, the least, the greatest, and the last that was given.
pub(crate) async fn load_sequences(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<BTreeMap<(DocumentKind, i16), Sequence>, StoreError> {
    let mut sequences: BTreeMap<(DocumentKind, i16), Sequence> = BTreeMap::new();
    let rows: Vec<(String, String, i64, String, String)> = run!(tx, connection => sqlx::query_as(LOAD_SEQUENCES).bind(village_id).fetch_all(connection))?;
    for (kind, _, count, least, most) in rows {
        let kind = Place("document", "kind").document_kind(&kind)?;
        let place = Place("document", "number");
        let (year, least) = place.year_and_number(&least)?;
        let (_, most) = place.year_and_number(&most)?;
        let sequence = sequences.entry((kind, year)).or_default();
        (sequence.count, sequence.least, sequence.most) = (count, least, most);
    }
    let rows: Vec<(String, i64, i64)> = run!(tx, connection => sqlx::query_as(LOAD_NUMBERS).bind(village_id).fetch_all(connection))?;
    for (kind, year, last) in rows {
        let kind = Place("document_number", "kind").document_kind(&kind)?;
        let year = Place("document_number", "year").year(year)?;
        sequences.entry((kind, year)).or_default().last = last;
    }
    Ok(sequences)
}
