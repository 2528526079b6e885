//! What a month's report is made from. Only projections are read, so the cost does not grow with the number of pickups.

use crate::domain::projection::{AccountMonth, MaterialMonth, Stock};
use crate::domain::register::RegisterKind;
use crate::domain::report::Figures;
use crate::domain::report::service::ServiceRows;
use crate::domain::sale::SaleMonth;
use crate::domain::{Money, Month};
use crate::store::column::Place;
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::{household, register};

const BALANCES: &str = "
select
    account,
    subject,
    balance_fen
from account_balance
where village_id = $1
";

const ACCOUNT_MONTHS: &str = "
select
    month,
    account,
    subject,
    flow,
    group_name,
    amount_fen
from account_month
where village_id = $1
    and month >= $2
";

const MOVED_BEFORE: &str = "
select
    account,
    subject,
    cast(sum(amount_fen) as bigint)
from account_month
where village_id = $1
    and month < $2
group by account, subject
";

const STOCK: &str = "
select
    account,
    material,
    quantity,
    value_fen
from stock_balance
where village_id = $1
";

const MATERIAL_MONTHS: &str = "
select
    month,
    material,
    collector,
    flow,
    quantity,
    value_fen
from material_month
where village_id = $1
    and month >= $2
";

const SALES: &str = "
select
    material,
    own,
    ticket,
    income_fen
from sale_month
where village_id = $1
    and month = $2
";

const PICKUPS: &str = "
select
    household_no,
    collector,
    pickups
from pickup_month
where village_id = $1
    and month = $2
";

const CHARGES: &str = "
select
    cast(coalesce(sum(open_fen), 0) as bigint),
    cast(coalesce(sum(case
        when open_fen < 0 then -open_fen
        when open_fen > gross_fen - waived_fen then open_fen - gross_fen + waived_fen
        else 0
    end), 0) as bigint)
from fee_charge
where village_id = $1
";

/// Loads the figures of a month.
///
/// # Errors
/// As the engine says.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    village_id: i64,
    month: Month,
) -> Result<Figures, StoreError> {
    let mut figures = Figures::default();
    let at = month.to_string();
    let rows: Vec<(String, String, i64)> =
        run!(tx, connection => sqlx::query_as(BALANCES).bind(village_id).fetch_all(connection))?;
    for (account, subject, fen) in rows {
        let side = Place("account_balance", "account").side(&account, &subject)?;
        figures.balances.insert(side, Money::from_fen(fen));
    }
    load_account_months(tx, village_id, &at, &mut figures).await?;
    let rows: Vec<(String, String, i64, i64)> =
        run!(tx, connection => sqlx::query_as(STOCK).bind(village_id).fetch_all(connection))?;
    for (account, material, count, value) in rows {
        let account = Place("stock_balance", "account").account(&account)?;
        let material = Place("stock_balance", "material").material(&material)?;
        figures.stock.insert(
            (account, material),
            Stock {
                count,
                value: Money::from_fen(value),
            },
        );
    }
    let rows: Vec<(String, String, String, String, i64, i64)> = run!(tx, connection => sqlx::query_as(MATERIAL_MONTHS).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (month, material, collector, flow, count, value) in rows {
        let key = MaterialMonth {
            month: Place("material_month", "month").month(&month)?,
            material: Place("material_month", "material").material(&material)?,
            collector: Place("material_month", "collector").optional_collector(&collector)?,
            flow: Place("material_month", "flow").flow(&flow)?,
        };
        figures.material_months.insert(
            key,
            Stock {
                count,
                value: Money::from_fen(value),
            },
        );
    }
    let rows: Vec<(String, i64, i64, i64)> = run!(tx, connection => sqlx::query_as(SALES).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (material, own, ticket, income) in rows {
        let material = Place("sale_month", "material").material(&material)?;
        let income = Money::from_fen(income);
        let sold = SaleMonth {
            own,
            ticket,
            income,
        };
        figures.sales.insert(material, sold);
    }
    let rows: Vec<(String, String, i64)> = run!(tx, connection => sqlx::query_as(PICKUPS).bind(village_id).bind(at.clone()).fetch_all(connection))?;
    for (household, collector, pickups) in rows {
        let household = Place("pickup_month", "household_no").household(&household)?;
        let collector = Place("pickup_month", "collector").collector(&collector)?;
        figures.pickups.insert((household, collector), pickups);
    }
    let (open, out_of_bounds): (i64, i64) =
        run!(tx, connection => sqlx::query_as(CHARGES).bind(village_id).fetch_one(connection))?;
    figures.open_charges = Money::from_fen(open);
    figures.charges_out_of_bounds = Money::from_fen(out_of_bounds);
    figures.service = load_service(tx, village_id, month).await?;
    Ok(figures)
}

async fn load_service(
    tx: &mut Tx<'_>,
    village_id: i64,
    month: Month,
) -> Result<ServiceRows, StoreError> {
    let at = month.to_string();
    let rounds = register::load_month(tx, &[(village_id, RegisterKind::Round)], &at).await?;
    let trips = register::load_month(tx, &[(village_id, RegisterKind::Trip)], &at).await?;
    let disputes = register::load_through(tx, village_id, RegisterKind::Dispute, &at).await?;
    Ok(ServiceRows {
        rounds: register::read(rounds)?
            .into_iter()
            .map(|(_, row)| row)
            .collect(),
        trips: register::read(trips)?
            .into_iter()
            .map(|(_, row)| row)
            .collect(),
        disputes: register::read(disputes)?
            .into_iter()
            .map(|(_, row)| row)
            .collect(),
        active_households: household::count_active(tx, village_id, month).await?,
    })
}

async fn load_account_months(
    tx: &mut Tx<'_>,
    village_id: i64,
    at: &str,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let rows: Vec<(String, String, String, String, String, i64)> = run!(tx, connection => sqlx::query_as(ACCOUNT_MONTHS).bind(village_id).bind(at.to_owned()).fetch_all(connection))?;
    for (month, account, subject, flow, group, fen) in rows {
        let key = AccountMonth {
            month: Place("account_month", "month").month(&month)?,
            side: Place("account_month", "account").side(&account, &subject)?,
            flow: Place("account_month", "flow").flow(&flow)?,
            group: Place("account_month", "group_name").optional_group(&group)?,
        };
        figures.account_months.insert(key, Money::from_fen(fen));
    }
    let rows: Vec<(String, String, i64)> = run!(tx, connection => sqlx::query_as(MOVED_BEFORE).bind(village_id).bind(at.to_owned()).fetch_all(connection))?;
    for (account, subject, fen) in rows {
        let side = Place("account_month", "account").side(&account, &subject)?;
        figures.moved_before.insert(side, Money::from_fen(fen));
    }
    Ok(())
}
