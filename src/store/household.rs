//! Households: their attributes, the entries that concern them, and the details that may be erased.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use sqlx::FromRow;

use crate::domain::household::{Household, HouseholdTerms};
use crate::domain::{HouseholdNo, Month};
use crate::store::bulk;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const HOUSEHOLD: Table = Table {
    name: "household",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("group_name", Kind::Text),
        ("moved_in", Kind::Text),
        ("moved_out", Kind::Text),
        ("merged_into", Kind::Text),
    ],
    key: 2,
    conflict: Conflict::Replace(&["group_name", "moved_out", "merged_into"]),
};

pub(crate) const HOUSEHOLD_TERMS: Table = Table {
    name: "household_terms",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("effective_from", Kind::Text),
        ("headcount", Kind::Int),
        ("kind", Kind::Text),
        ("waived_percent", Kind::Int),
        ("vacant_since", Kind::Text),
        ("save_up", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Replace(&[
        "headcount",
        "kind",
        "waived_percent",
        "vacant_since",
        "save_up",
    ]),
};

pub(crate) const HOUSEHOLD_ENTRY: Table = Table {
    name: "household_entry",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("seq", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Refuse,
};

pub(crate) const HOUSEHOLD_PERSON: Table = Table {
    name: "household_person",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("head", Kind::Text),
        ("waivers", Kind::Text),
    ],
    key: 2,
    conflict: Conflict::Fill(&["head", "waivers"]),
};

#[derive(FromRow, Deserialize)]
struct HouseholdRow {
    village_id: i64,
    household_no: String,
    group_name: String,
    moved_in: Option<String>,
    moved_out: Option<String>,
    merged_into: Option<String>,
    effective_from: String,
    headcount: i64,
    kind: String,
    waived_percent: i64,
    vacant_since: Option<String>,
    save_up: i64,
}

const LOAD_HOUSEHOLDS: &str = "
select
    h.village_id,
    h.household_no,
    h.group_name,
    h.moved_in,
    h.moved_out,
    h.merged_into,
    t.effective_from,
    t.headcount,
    t.kind,
    t.waived_percent,
    t.vacant_since,
    t.save_up
from {keys} as k
cross join household as h
cross join household_terms as t
where h.village_id = k.k0
    and h.household_no = k.k1
    and t.village_id = h.village_id
    and t.household_no = h.household_no
";

/// Households by village and number.
pub(crate) type Households = HashMap<(i64, HouseholdNo), Household>;

/// Loads the households of the keys that exist.
pub(crate) async fn load(tx: &mut Tx<'_>, keys: &Rows) -> Result<Households, StoreError> {
    households(select_keyed(tx, LOAD_HOUSEHOLDS, keys).await?)
}

const LOAD_VILLAGE_HOUSEHOLDS: &str = "
select
    h.village_id,
    h.household_no,
    h.group_name,
    h.moved_in,
    h.moved_out,
    h.merged_into,
    t.effective_from,
    t.headcount,
    t.kind,
    t.waived_percent,
    t.vacant_since,
    t.save_up
from household as h
join household_terms as t
    on t.village_id = h.village_id
    and t.household_no = h.household_no
where h.village_id = $1
";

const PACKED_HOUSEHOLD: &str = "
    village_id, household_no, group_name, moved_in, moved_out, merged_into, effective_from, headcount, kind, waived_percent, vacant_since, save_up
";

/// Loads every household of a village.
pub(crate) async fn load_village(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<Households, StoreError> {
    let village = [Cell::Int(village_id)];
    households(bulk::select(tx, LOAD_VILLAGE_HOUSEHOLDS, PACKED_HOUSEHOLD, &village).await?)
}

fn households(rows: Vec<HouseholdRow>) -> Result<Households, StoreError> {
    let mut households = Households::new();
    for row in rows {
        let number = Place("household", "household_no").household(&row.household_no)?;
        let from = Place("household_terms", "effective_from").date(&row.effective_from)?;
        let terms = HouseholdTerms {
            headcount: row.headcount,
            kind: Place("household_terms", "kind").household_kind(&row.kind)?,
            waived_percent: row.waived_percent,
            vacant_since: Place("household_terms", "vacant_since")
                .optional_date(row.vacant_since.as_deref())?,
            save_up: row.save_up != 0,
        };
        let merged_into = row.merged_into.as_deref();
        let household = Household {
            group: Place("household", "group_name").group(&row.group_name)?,
            moved_in: Place("household", "moved_in").optional_date(row.moved_in.as_deref())?,
            moved_out: Place("household", "moved_out").optional_date(row.moved_out.as_deref())?,
            merged_into: merged_into
                .map(|number| Place("household", "merged_into").household(number))
                .transpose()?,
            terms: BTreeMap::new(),
        };
        households
            .entry((row.village_id, number))
            .or_insert(household)
            .terms
            .insert(from, terms);
    }
    Ok(households)
}

/// Keys of households.
pub(crate) fn keys<'a>(households: impl IntoIterator<Item = (i64, &'a HouseholdNo)>) -> Rows {
    let mut keys = Rows::of([Kind::Int, Kind::Text]);
    for (village_id, number) in households {
        keys.push([Cell::Int(village_id), Cell::from(number.as_str())]);
    }
    keys
}

const FIND_ENTRIES: &str = "
select
    h.village_id,
    h.household_no,
    h.seq
from {keys} as k
cross join household_entry as h
where h.village_id = k.k0
    and h.household_no = k.k1
    and h.seq = k.k2
";

/// Those of the entries that concern the household they are asked for.
pub(crate) async fn find_entries(
    tx: &mut Tx<'_>,
    wanted: &[(i64, HouseholdNo, i64)],
) -> Result<HashSet<(i64, HouseholdNo, i64)>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Int]);
    for (village_id, number, seq) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(number.as_str()),
            Cell::Int(*seq),
        ]);
    }
    let rows: Vec<(i64, String, i64)> = select_keyed(tx, FIND_ENTRIES, &keys).await?;
    rows.into_iter()
        .map(|(village_id, number, seq)| {
            let number = Place("household_entry", "household_no").household(&number)?;
            Ok((village_id, number, seq))
        })
        .collect()
}

const COUNT_ACTIVE: &str = "
select count(*)
from household as h
where h.village_id = $1
    and (h.moved_in is null or h.moved_in <= $3)
    and exists (
        select 1
        from journal_entry as e
        where e.village_id = h.village_id
            and e.month <= $4
            and e.seq = (
                select min(first.seq)
                from household_entry as first
                where first.village_id = h.village_id
                    and first.household_no = h.household_no
            )
    )
    and (
        h.moved_out is null
        or h.moved_out > $2
        or exists (
            select 1
            from household_entry as later
            join journal_entry as e
                on e.village_id = later.village_id
                and e.seq = later.seq
            where later.village_id = h.village_id
                and later.household_no = h.household_no
                and e.kind = 'household_moved_out'
                and e.month > $4
        )
    )
";

/// How many households lived there on any day of a month, as the books had it by the end of that month: what is registered late does not change
/// the figures of a month that is closed.
pub(crate) async fn count_active(
    tx: &mut Tx<'_>,
    village_id: i64,
    month: Month,
) -> Result<i64, StoreError> {
    let (first, last) = (month.first_day().to_string(), month.last_day().to_string());
    let (count,): (i64,) = run!(tx, connection => sqlx::query_as(COUNT_ACTIVE).bind(village_id).bind(first).bind(last).bind(month.to_string()).fetch_one(connection))?;
    Ok(count)
}

const LIST_NUMBERS: &str = "
select household_no
from household
where village_id = $1
    and household_no > $2
order by household_no
limit $3
";

/// The numbers of households after a number, in the order of the key, at most so many.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_numbers(
    tx: &mut Tx<'_>,
    village_id: i64,
    after: &str,
    rows_max: i64,
) -> Result<Vec<HouseholdNo>, StoreError> {
    let rows: Vec<(String,)> = run!(tx, connection => sqlx::query_as(LIST_NUMBERS).bind(village_id).bind(after.to_owned()).bind(rows_max).fetch_all(connection))?;
    rows.into_iter()
        .map(|(number,)| Place("household", "household_no").household(&number))
        .collect()
}

/// The personal details of a household.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// The name of its head.
    pub(crate) head: Option<String>,
    /// Its welfare categories.
    pub(crate) waivers: Vec<String>,
}

const LOAD_PEOPLE: &str = "
select
    p.village_id,
    p.household_no,
    p.head,
    p.waivers
from {keys} as k
cross join household_person as p
where p.village_id = k.k0
    and p.household_no = k.k1
";

/// Loads the personal details of the households of the keys, as far as they were given and not erased.
///
/// # Errors
/// As the engine says.
pub(crate) async fn load_people(
    tx: &mut Tx<'_>,
    keys: &Rows,
) -> Result<HashMap<(i64, HouseholdNo), Person>, StoreError> {
    let rows: Vec<(i64, String, Option<String>, Option<String>)> =
        select_keyed(tx, LOAD_PEOPLE, keys).await?;
    rows.into_iter()
        .map(|(village_id, number, head, waivers)| {
            let number = Place("household_person", "household_no").household(&number)?;
            let waivers = waivers.unwrap_or_default();
            let categories = waivers.split(';').filter(|category| !category.is_empty());
            let person = Person {
                head,
                waivers: categories.map(str::to_owned).collect(),
            };
            Ok(((village_id, number), person))
        })
        .collect()
}

const FIND_HEAD: &str = "
select head
from household_person
where village_id = $1
    and household_no = $2
";

/// The name of the head of a household, unless it was erased.
pub(crate) async fn find_head(
    tx: &mut Tx<'_>,
    village_id: i64,
    number: &HouseholdNo,
) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = run!(tx, connection => sqlx::query_as(FIND_HEAD).bind(village_id).bind(number.as_str()).fetch_optional(connection))?;
    Ok(row.and_then(|(head,)| head))
}
