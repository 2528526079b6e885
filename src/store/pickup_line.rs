//! Lines of pickups by household and material, which later ones are compared with.

use std::collections::HashMap;

use crate::domain::month::start_of_day;
use crate::domain::recent_lines::{EarlierLine, Lines, Pair};
use crate::domain::{HouseholdNo, MaterialCode, Month};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_packed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const PICKUP_LINE: Table = Table {
    name: "pickup_line",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("material", Kind::Text),
        ("occurred_at", Kind::Int),
        ("seq", Kind::Int),
        ("line_no", Kind::Int),
        ("pickup_no", Kind::Text),
        ("quantity", Kind::Int),
        ("source", Kind::Text),
        ("live", Kind::Int),
    ],
    key: 6,
    conflict: Conflict::Replace(&["live"]),
};

/// The rows of lines, in the order of the table, so that those of one household meet on one page.
pub(crate) fn rows(
    village_id: i64,
    lines: HashMap<Pair, Lines>,
) -> impl Iterator<Item = [Cell; 10]> {
    let mut pairs: Vec<_> = lines.into_iter().collect();
    pairs.sort_by(|(left, _), (right, _)| {
        let households = left.0.as_str().cmp(right.0.as_str());
        households.then_with(|| left.1.as_str().cmp(right.1.as_str()))
    });
    pairs
        .into_iter()
        .flat_map(move |((household, material), lines)| {
            lines
                .into_iter()
                .map(move |((occurred_at, seq, line_no), line)| {
                    [
                        Cell::Int(village_id),
                        Cell::from(household.as_str()),
                        Cell::from(material.as_str()),
                        Cell::Int(occurred_at.as_microsecond()),
                        Cell::Int(seq),
                        Cell::Int(line_no),
                        Cell::from(line.pickup_no.as_str()),
                        Cell::Int(line.quantity),
                        Cell::Text(line.source),
                        Cell::from(line.is_live),
                    ]
                })
        })
}

const LOAD_LINES: &str = "
select
    p.village_id,
    p.household_no,
    p.material,
    p.occurred_at,
    p.seq,
    p.line_no,
    p.pickup_no,
    p.quantity,
    p.source
from {keys} as k
cross join pickup_line as p
where p.village_id = k.k0
    and p.household_no = k.k1
    and p.material = k.k2
    and p.occurred_at >= k.k3
    and p.live = 1
";

type LineRow = (i64, String, String, i64, i64, i64, String, i64, String);

/// The lines of households and materials by village, each from the beginning of a month on.
pub(crate) type Found = HashMap<(i64, Pair), Lines>;

/// Loads the lines that still count, of households and materials, each from the beginning of a month on.
///
/// # Errors
/// As the engine says.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    wanted: &[(i64, HouseholdNo, MaterialCode, Month)],
) -> Result<Found, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text, Kind::Int]);
    for (village_id, household, material, from) in wanted {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(household.as_str()),
            Cell::from(material.as_str()),
            Cell::Int(start_of_day(from.first_day()).as_microsecond()),
        ]);
    }
    let packed = "village_id, household_no, material, occurred_at, seq, line_no, pickup_no, quantity, source";
    let rows: Vec<LineRow> = select_packed(tx, LOAD_LINES, packed, &keys).await?;
    let mut found = Found::new();
    for (village_id, household, material, at, seq, line, pickup_no, quantity, source) in rows {
        let household = Place("pickup_line", "household_no").household(&household)?;
        let material = Place("pickup_line", "material").material(&material)?;
        let at = Place("pickup_line", "occurred_at").instant(at)?;
        let earlier = EarlierLine {
            pickup_no: Place("pickup_line", "pickup_no").document(&pickup_no)?,
            quantity,
            source,
            is_live: true,
        };
        let lines = found.entry((village_id, (household, material)));
        lines.or_default().insert((at, seq, line), earlier);
    }
    Ok(found)
}
