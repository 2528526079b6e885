//! What was picked up and what moved on charges, by month: sums that are written beside the journal and compared with it by the checks.

use crate::domain::pickup_material::{PickupMaterial, PickupSum};
use crate::domain::projection::Projections;
use crate::domain::report::Figures;
use crate::domain::{Money, Month};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Table};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

pub(crate) const PICKUP_MATERIAL: Table = Table {
    name: "pickup_material",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("origin_month", Kind::Text),
        ("occurred_month", Kind::Text),
        ("material", Kind::Text),
        ("lines", Kind::Int),
        ("quantity", Kind::Int),
        ("value_fen", Kind::Int),
        ("told_fen", Kind::Int),
    ],
    key: 5,
    conflict: Conflict::Add(&["lines", "quantity", "value_fen", "told_fen"]),
};

pub(crate) const CHARGE_MONTH: Table = Table {
    name: "charge_month",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("flow", Kind::Text),
        ("amount_fen", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Add(&["amount_fen"]),
};

/// The rows that changed sums of pickups write.
pub(crate) fn pickup_rows(id: i64, projections: &Projections) -> impl Iterator<Item = [Cell; 9]> {
    projections.pickup_materials.iter().map(move |(key, sum)| {
        let origin = key.origin.map(|month| month.to_string());
        [
            Cell::Int(id),
            Cell::from(key.month.to_string()),
            Cell::from(origin.unwrap_or_default()),
            Cell::from(key.occurred.to_string()),
            Cell::from(key.material.as_str()),
            Cell::Int(sum.lines),
            Cell::Int(sum.count),
            Cell::Int(sum.value.fen()),
            Cell::Int(sum.told.fen()),
        ]
    })
}

/// The rows that changed sums of charges write.
pub(crate) fn charge_rows(id: i64, projections: &Projections) -> impl Iterator<Item = [Cell; 4]> {
    projections
        .charge_months
        .iter()
        .map(move |((month, flow), change)| {
            let (month, flow) = (Cell::from(month.to_string()), Cell::from(flow.word()));
            [Cell::Int(id), month, flow, Cell::Int(change.fen())]
        })
}

type PickupRow = (String, String, String, String, i64, i64, i64, i64);

const PICKUPS: &str = "
select
    month,
    origin_month,
    occurred_month,
    material,
    lines,
    quantity,
    value_fen,
    told_fen
from pickup_material
where village_id = $1
    and month >= $2
";

const PICKED_UP_BEFORE: &str = "
select
    material,
    cast(sum(quantity) as bigint)
from pickup_material
where village_id = $1
    and month < $2
group by material
";

const CHARGES: &str = "
select
    flow,
    amount_fen
from charge_month
where village_id = $1
    and month = $2
";

/// Loads what was picked up in a month, before it and after it, and what moved on charges in it.
///
/// # Errors
/// As the engine says.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    village_id: i64,
    month: Month,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let at = month.to_string();
    let rows: Vec<PickupRow> = run!(tx, connection => sqlx::query_as(PICKUPS).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (month, origin, occurred, material, lines, count, value, told) in rows {
        let place = |column| Place("pickup_material", column);
        let origin = Some(origin.as_str()).filter(|origin| !origin.is_empty());
        let key = PickupMaterial {
            month: place("month").month(&month)?,
            origin: place("origin_month").optional_month(origin)?,
            occurred: place("occurred_month").month(&occurred)?,
            material: place("material").material(&material)?,
        };
        let sum = PickupSum {
            lines,
            count,
            value: Money::from_fen(value),
            told: Money::from_fen(told),
        };
        figures.pickup_materials.insert(key, sum);
    }
    let rows: Vec<(String, i64)> = run!(tx, connection => sqlx::query_as(PICKED_UP_BEFORE).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (material, count) in rows {
        let material = Place("pickup_material", "material").material(&material)?;
        figures.picked_up_before.insert(material, count);
    }
    let rows: Vec<(String, i64)> = run!(tx, connection => sqlx::query_as(CHARGES).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (flow, fen) in rows {
        let flow = Place("charge_month", "flow").flow(&flow)?;
        figures.charge_flows.insert(flow, Money::from_fen(fen));
    }
    Ok(())
}
