//! Villages, their heads, materials and fee policies.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::domain::facts::Head;
use crate::domain::fee::{FeePolicy, FeeTerms};
use crate::domain::material::Material;
use crate::domain::settings::Settings;
use crate::domain::village::Village;
use crate::domain::{MaterialCode, VillageCode};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const VILLAGE: Table = Table {
    name: "village",
    columns: &[
        ("village_id", Kind::Int),
        ("code", Kind::Text),
        ("name", Kind::Text),
        ("township", Kind::Text),
        ("opening_month", Kind::Text),
        ("terms", Kind::Text),
    ],
    key: 1,
    conflict: Conflict::Refuse,
};

/// The same where the row is written anew from the journal: other rows refer to it, so it stays where it is.
pub(crate) const VILLAGE_AGAIN: Table = Table {
    name: VILLAGE.name,
    columns: VILLAGE.columns,
    key: VILLAGE.key,
    conflict: Conflict::Replace(&["code", "name", "township", "opening_month", "terms"]),
};

pub(crate) const VILLAGE_HEAD: Table = Table {
    name: "village_head",
    columns: &[
        ("village_id", Kind::Int),
        ("next_seq", Kind::Int),
        ("head_hash", Kind::Bytes),
    ],
    key: 1,
    conflict: Conflict::Replace(&["next_seq", "head_hash"]),
};

pub(crate) const VILLAGE_SETTINGS: Table = Table {
    name: "village_settings",
    columns: &[("village_id", Kind::Int), ("content", Kind::Text)],
    key: 1,
    conflict: Conflict::Replace(&["content"]),
};

pub(crate) const MATERIAL: Table = Table {
    name: "material",
    columns: &[
        ("village_id", Kind::Int),
        ("code", Kind::Text),
        ("name", Kind::Text),
        ("name_en", Kind::Text),
        ("unit", Kind::Text),
        ("hazardous", Kind::Int),
        ("needs_identity", Kind::Int),
    ],
    key: 2,
    conflict: Conflict::Refuse,
};

pub(crate) const FEE_POLICY: Table = Table {
    name: "fee_policy",
    columns: &[
        ("village_id", Kind::Int),
        ("version", Kind::Int),
        ("effective_from", Kind::Text),
        ("terms", Kind::Text),
    ],
    key: 2,
    conflict: Conflict::Refuse,
};

/// Keys that are village ids.
fn id_keys(ids: &[i64]) -> Rows {
    let mut keys = Rows::of([Kind::Int]);
    for id in ids {
        keys.push([Cell::Int(*id)]);
    }
    keys
}

const FIND_IDS: &str = "
select v.village_id, v.code
from {keys} as k
cross join village as v
where v.code = k.k0
";

/// The surrogate keys of villages that have a book.
pub(crate) async fn find_ids(
    tx: &mut Tx<'_>,
    codes: &[VillageCode],
) -> Result<Vec<(VillageCode, i64)>, StoreError> {
    let mut keys = Rows::of([Kind::Text]);
    for code in codes {
        keys.push([Cell::from(code.as_str())]);
    }
    let rows: Vec<(i64, String)> = select_keyed(tx, FIND_IDS, &keys).await?;
    rows.into_iter()
        .map(|(id, code)| Ok((Place("village", "code").village(&code)?, id)))
        .collect()
}

const LIST_CODES: &str = "
select village_id, code
from village
order by code
";

/// The key and the code of every village, as they stand.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, StoreError> {
    run!(tx, connection => sqlx::query_as(LIST_CODES).fetch_all(connection))
}

/// Every village of the database, with its surrogate key.
pub(crate) async fn list_codes(tx: &mut Tx<'_>) -> Result<Vec<(VillageCode, i64)>, StoreError> {
    let rows = list(tx).await?;
    rows.into_iter()
        .map(|(id, code)| Ok((Place("village", "code").village(&code)?, id)))
        .collect()
}

const NEXT_ID: &str = "
select coalesce(max(village_id), 0) + 1
from village
";

/// The surrogate key for the next village. Two servers that open one at the same time get the same; the key of the table refuses the second.
pub(crate) async fn next_id(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = run!(tx, connection => sqlx::query_as(NEXT_ID).fetch_one(connection))?;
    Ok(id)
}

// Updating the row locks the village until the transaction ends, on both engines; it is the first statement of every write.
const LOCK_HEADS: &str = "
update village_head
set next_seq = next_seq
where village_id in (select k.k0 from {keys} as k)
returning village_id, next_seq, head_hash
";

/// Locks villages and reads where their next entries go.
pub(crate) async fn lock_heads(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<BTreeMap<i64, Head>, StoreError> {
    heads(select_keyed(tx, LOCK_HEADS, &id_keys(ids)).await?)
}

const READ_HEADS: &str = "
select h.village_id, h.next_seq, h.head_hash
from {keys} as k
cross join village_head as h
where h.village_id = k.k0
";

/// Reads where the next entries of villages go, without locking them.
pub(crate) async fn read_heads(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<BTreeMap<i64, Head>, StoreError> {
    heads(select_keyed(tx, READ_HEADS, &id_keys(ids)).await?)
}

fn heads(rows: Vec<(i64, i64, Vec<u8>)>) -> Result<BTreeMap<i64, Head>, StoreError> {
    let head = |(id, next_seq, hash): (i64, i64, Vec<u8>)| {
        Ok((
            id,
            Head {
                next_seq,
                hash: Place("village_head", "head_hash").hash(&hash)?,
            },
        ))
    };
    rows.into_iter().map(head).collect()
}

#[derive(FromRow)]
struct VillageRow {
    village_id: i64,
    name: String,
    township: String,
    opening_month: String,
    terms: String,
}

const LOAD_VILLAGES: &str = "
select
    v.village_id,
    v.name,
    v.township,
    v.opening_month,
    v.terms
from {keys} as k
cross join village as v
where v.village_id = k.k0
";

/// Loads villages. Their opening fee policy is version 1 of their policies, so `terms` holds the rest.
pub(crate) async fn load(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<(i64, Village)>, StoreError> {
    let rows: Vec<VillageRow> = select_keyed(tx, LOAD_VILLAGES, &id_keys(ids)).await?;
    rows.into_iter()
        .map(|row| {
            let village: Village = Place("village", "terms").json(&row.terms)?;
            let opening_month = Place("village", "opening_month").month(&row.opening_month)?;
            Ok((
                row.village_id,
                Village {
                    name: row.name,
                    township: row.township,
                    opening_month,
                    ..village
                },
            ))
        })
        .collect()
}

#[derive(FromRow)]
struct MaterialRow {
    village_id: i64,
    code: String,
    name: String,
    name_en: String,
    unit: String,
    hazardous: i64,
    needs_identity: i64,
}

const LOAD_MATERIALS: &str = "
select
    m.village_id,
    m.code,
    m.name,
    m.name_en,
    m.unit,
    m.hazardous,
    m.needs_identity
from {keys} as k
cross join material as m
where m.village_id = k.k0
";

/// Loads the materials of villages.
pub(crate) async fn load_materials(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<Vec<(i64, MaterialCode, Material)>, StoreError> {
    let rows: Vec<MaterialRow> = select_keyed(tx, LOAD_MATERIALS, &id_keys(ids)).await?;
    rows.into_iter()
        .map(|row| {
            let code = Place("material", "code").material(&row.code)?;
            let material = Material {
                code: code.clone(),
                name: row.name,
                name_en: row.name_en,
                unit: Place("material", "unit").unit(&row.unit)?,
                hazardous: row.hazardous != 0,
                needs_identity: row.needs_identity != 0,
            };
            Ok((row.village_id, code, material))
        })
        .collect()
}

const LOAD_POLICIES: &str = "
select
    p.village_id,
    p.version,
    p.effective_from,
    p.terms
from {keys} as k
cross join fee_policy as p
where p.village_id = k.k0
order by p.village_id, p.version
";

/// Loads the fee policies of villages, oldest first.
pub(crate) async fn load_policies(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<Vec<(i64, FeePolicy)>, StoreError> {
    let rows: Vec<(i64, i64, String, String)> =
        select_keyed(tx, LOAD_POLICIES, &id_keys(ids)).await?;
    rows.into_iter()
        .map(|(id, version, effective_from, terms)| {
            let effective_from = Place("fee_policy", "effective_from").month(&effective_from)?;
            let terms: FeeTerms = Place("fee_policy", "terms").json(&terms)?;
            Ok((
                id,
                FeePolicy {
                    version,
                    effective_from,
                    terms,
                },
            ))
        })
        .collect()
}

const LOAD_SETTINGS: &str = "
select
    s.village_id,
    s.content
from {keys} as k
cross join village_settings as s
where s.village_id = k.k0
";

/// Loads the figures of villages that set them anew since their opening.
pub(crate) async fn load_settings(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<Vec<(i64, Settings)>, StoreError> {
    let rows: Vec<(i64, String)> = select_keyed(tx, LOAD_SETTINGS, &id_keys(ids)).await?;
    rows.into_iter()
        .map(|(id, content)| Ok((id, Place("village_settings", "content").json(&content)?)))
        .collect()
}
