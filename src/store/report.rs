//! What a month's report is made from. Only projections are read, so the cost does not grow with the number of pickups.

use crate::domain::projection::{AccountMonth, MaterialMonth, Stock};
use crate::domain::register::RegisterKind;
use crate::domain::report::service::ServiceRows;
use crate::domain::report::{ChargeAtFault, Figures};
use crate::domain::sale::SaleMonth;
use crate::domain::{Event, Money, Month};
use crate::store::column::Place;
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::{balance, document, household, pickup, register};

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

const MATERIAL_BEFORE: &str = "
select
    material,
    flow,
    case when collector = '' then 0 else 1 end as brought,
    cast(sum(quantity) as bigint),
    cast(sum(value_fen) as bigint)
from material_month
where village_id = $1
    and month < $2
group by material, flow, brought
";

const OPEN_CHARGES: &str = "
select cast(coalesce(sum(open_fen), 0) as bigint)
from fee_charge
where village_id = $1
";

const CHARGES_AT_FAULT: &str = "
select
    household_no,
    period,
    gross_fen - waived_fen,
    open_fen
from fee_charge
where village_id = $1
    and (open_fen < 0 or open_fen > gross_fen - waived_fen)
order by household_no, period
";

const HOUSEHOLDS: &str = "
select household_no
from household
where village_id = $1
";

const NOTICE: &str = "
select e.content
from village_month as m
join document as d
    on d.village_id = m.village_id
    and d.kind = 'month_close'
    and d.number = m.month || '/' || cast(m.version as text)
join journal_entry as e
    on e.village_id = d.village_id
    and e.seq = d.seq
where m.village_id = $1
    and m.month = $2
    and m.state <> 'open'
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
    let mut stock = balance::load_stock(tx, &[village_id]).await?;
    figures.stock = stock.remove(&village_id).unwrap_or_default();
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
    figures.service = load_service(tx, village_id, month).await?;
    load_material_before(tx, village_id, &at, &mut figures).await?;
    load_charges(tx, village_id, &mut figures).await?;
    pickup::load(tx, village_id, month, &mut figures).await?;
    figures.sequences = document::load_sequences(tx, village_id).await?;
    load_notice(tx, village_id, &at, &mut figures).await?;
    Ok(figures)
}

async fn load_notice(
    tx: &mut Tx<'_>,
    village_id: i64,
    at: &str,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let rows: Vec<(String,)> =
        run!(tx, connection => sqlx::query_as(HOUSEHOLDS).bind(village_id).fetch_all(connection))?;
    for (number,) in rows {
        let number = Place("household", "household_no").household(&number)?;
        figures.households.insert(number);
    }
    let notice: Option<(String,)> = run!(tx, connection => sqlx::query_as(NOTICE).bind(village_id).bind(at.to_owned()).fetch_optional(connection))?;
    if let Some((content,)) = notice {
        let event = Place("journal_entry", "content").json(&content)?;
        if let Event::MonthClosed(closed) = event {
            figures.notice = Some(closed.report);
        }
    }
    Ok(())
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

async fn load_material_before(
    tx: &mut Tx<'_>,
    village_id: i64,
    at: &str,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let rows: Vec<(String, String, i32, i64, i64)> = run!(tx, connection => sqlx::query_as(MATERIAL_BEFORE).bind(village_id).bind(at.to_owned()).fetch_all(connection))?;
    for (material, flow, brought, count, value) in rows {
        let key = (
            Place("material_month", "material").material(&material)?,
            Place("material_month", "flow").flow(&flow)?,
            brought == 1,
        );
        let value = Money::from_fen(value);
        figures.material_before.insert(key, Stock { count, value });
    }
    Ok(())
}

async fn load_charges(
    tx: &mut Tx<'_>,
    village_id: i64,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let (open,): (i64,) = run!(tx, connection => sqlx::query_as(OPEN_CHARGES).bind(village_id).fetch_one(connection))?;
    figures.open_charges = Money::from_fen(open);
    let rows: Vec<(String, String, i64, i64)> = run!(tx, connection => sqlx::query_as(CHARGES_AT_FAULT).bind(village_id).fetch_all(connection))?;
    for (household, period, net, open) in rows {
        figures.charges_at_fault.push(ChargeAtFault {
            household_no: Place("fee_charge", "household_no").household(&household)?,
            key: Place("fee_charge", "period").charge(&period)?,
            net: Money::from_fen(net),
            open: Money::from_fen(open),
        });
    }
    Ok(())
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
