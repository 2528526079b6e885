//! Fee charges, and the balances that settle them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use sqlx::FromRow;

use crate::domain::fee::ChargeBasis;
use crate::domain::household_account::Charge;
use crate::domain::{ChargeKey, HouseholdNo, Money, Month};
use crate::store::bulk;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const FEE_CHARGE: Table = Table {
    name: "fee_charge",
    columns: &[
        ("village_id", Kind::Int),
        ("household_no", Kind::Text),
        ("period", Kind::Text),
        ("issued_in", Kind::Text),
        ("policy_version", Kind::Int),
        ("unit_fen", Kind::Int),
        ("units", Kind::Int),
        ("vacancy_percent", Kind::Int),
        ("waived_percent", Kind::Int),
        ("period_months", Kind::Int),
        ("liable_months", Kind::Int),
        ("gross_fen", Kind::Int),
        ("waived_fen", Kind::Int),
        ("open_fen", Kind::Int),
        ("from_advance_fen", Kind::Int),
        ("written_off_fen", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Replace(&[
        "issued_in",
        "unit_fen",
        "liable_months",
        "gross_fen",
        "waived_fen",
        "open_fen",
        "from_advance_fen",
        "written_off_fen",
    ]),
};

#[derive(FromRow, Deserialize)]
struct ChargeRow {
    village_id: i64,
    household_no: String,
    period: String,
    issued_in: String,
    policy_version: i64,
    unit_fen: i64,
    units: i64,
    vacancy_percent: i64,
    waived_percent: i64,
    period_months: i64,
    liable_months: i64,
    gross_fen: i64,
    waived_fen: i64,
    open_fen: i64,
    from_advance_fen: i64,
    written_off_fen: i64,
}

const LOAD_CHARGES: &str = "
select
    c.village_id,
    c.household_no,
    c.period,
    c.issued_in,
    c.policy_version,
    c.unit_fen,
    c.units,
    c.vacancy_percent,
    c.waived_percent,
    c.period_months,
    c.liable_months,
    c.gross_fen,
    c.waived_fen,
    c.open_fen,
    c.from_advance_fen,
    c.written_off_fen
from {keys} as k
cross join fee_charge as c
where c.village_id = k.k0
    and c.household_no = k.k1
";

/// Charges by village and household.
pub(crate) type Charges = HashMap<(i64, HouseholdNo), BTreeMap<ChargeKey, Charge>>;

/// Loads all charges of the households of the keys.
pub(crate) async fn load(tx: &mut Tx<'_>, keys: &Rows) -> Result<Charges, StoreError> {
    charges(select_keyed(tx, LOAD_CHARGES, keys).await?)
}

const LOAD_VILLAGE_CHARGES: &str = "
select
    village_id,
    household_no,
    period,
    issued_in,
    policy_version,
    unit_fen,
    units,
    vacancy_percent,
    waived_percent,
    period_months,
    liable_months,
    gross_fen,
    waived_fen,
    open_fen,
    from_advance_fen,
    written_off_fen
from fee_charge
where village_id = $1
    and (open_fen > 0 or period >= $2)
";

const PACKED_CHARGE: &str = "
    village_id, household_no, period, issued_in, policy_version, unit_fen, units, vacancy_percent, waived_percent, period_months,
    liable_months, gross_fen, waived_fen, open_fen, from_advance_fen, written_off_fen
";

/// Loads the charges of a village that are open, and those of the periods from a month on.
pub(crate) async fn load_village(
    tx: &mut Tx<'_>,
    village_id: i64,
    from: Month,
) -> Result<Charges, StoreError> {
    let since = [Cell::Int(village_id), Cell::from(from.to_string())];
    charges(bulk::select(tx, LOAD_VILLAGE_CHARGES, PACKED_CHARGE, &since).await?)
}

fn charges(rows: Vec<ChargeRow>) -> Result<Charges, StoreError> {
    let mut charges = Charges::new();
    for row in rows {
        let number = Place("fee_charge", "household_no").household(&row.household_no)?;
        let charge = Charge {
            issued_in: Place("fee_charge", "issued_in").month(&row.issued_in)?,
            gross: Money::from_fen(row.gross_fen),
            waived: Money::from_fen(row.waived_fen),
            open: Money::from_fen(row.open_fen),
            from_advance: Money::from_fen(row.from_advance_fen),
            written_off: Money::from_fen(row.written_off_fen),
            basis: ChargeBasis {
                unit_amount: Money::from_fen(row.unit_fen),
                units: row.units,
                vacancy_percent: row.vacancy_percent,
                waived_percent: row.waived_percent,
                period_months: row.period_months,
                liable_months: row.liable_months,
                policy_version: row.policy_version,
            },
        };
        let key = Place("fee_charge", "period").charge(&row.period)?;
        charges
            .entry((row.village_id, number))
            .or_default()
            .insert(key, charge);
    }
    Ok(charges)
}
