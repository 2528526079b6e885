//! What the report of a region is made from: one statement per kind for all its villages, summed by account and flow where they are read. Only
//! projections are read, so the cost does not grow with the number of pickups.

use std::collections::BTreeMap;

use crate::domain::month_close::MonthStanding;
use crate::domain::projection::{AccountMonth, MaterialMonth, Stock};
use crate::domain::report::Figures;
use crate::domain::report::region::RegionPrefix;
use crate::domain::sale::SaleMonth;
use crate::domain::{AccountRef, Money, Month, VillageCode};
use crate::store::column::Place;
use crate::store::dialect::{Cell, Kind, Rows, select_keyed};
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;
use crate::store::{balance, month};

const LIST_VILLAGES: &str = "
select village_id, code
from village
where code >= $1
    and code <= $2
order by code
";

/// The villages of a region, by code.
///
/// # Errors
/// As the engine says.
pub(crate) async fn villages(
    tx: &mut Tx<'_>,
    region: &RegionPrefix,
) -> Result<Vec<(VillageCode, i64)>, StoreError> {
    let (least, most) = region.bounds();
    let rows: Vec<(i64, String)> = run!(tx, connection => sqlx::query_as(LIST_VILLAGES).bind(least.clone()).bind(most.clone()).fetch_all(connection))?;
    rows.into_iter()
        .map(|(id, code)| Ok((Place("village", "code").village(&code)?, id)))
        .collect()
}

/// What is known of a village's month.
#[derive(Debug, Default)]
pub(crate) struct MonthSums {
    /// Sums by account and flow.
    pub(crate) figures: Figures,
    /// Pickups of the month.
    pub(crate) pickups: i64,
    /// Households that had one.
    pub(crate) households: i64,
    /// Held pickups that are open.
    pub(crate) held: i64,
    /// Disputes that are open.
    pub(crate) disputes: i64,
    /// Where the month stands.
    pub(crate) standing: MonthStanding,
}

/// Loads the sums of a month of villages; each has some.
///
/// # Errors
/// As the engine says.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    ids: &[i64],
    at: Month,
) -> Result<BTreeMap<i64, MonthSums>, StoreError> {
    // The month, and one that stands for every later month.
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for id in ids {
        let months = [at, at.next()].map(|month| Cell::from(month.to_string()));
        let [this, later] = months;
        keys.push([Cell::Int(*id), this, later]);
    }
    let mut sums: BTreeMap<i64, MonthSums> =
        ids.iter().map(|id| (*id, MonthSums::default())).collect();
    load_accounts(tx, &keys, at, &mut sums).await?;
    load_materials(tx, ids, &keys, &mut sums).await?;
    load_sales(tx, &keys, &mut sums).await?;
    load_pickups(tx, &keys, &mut sums).await?;
    load_open(tx, &keys, &mut sums).await?;
    for (id, month, standing) in month::load(tx, ids).await? {
        if let Some(sums) = sums.get_mut(&id).filter(|_| month == at) {
            sums.standing = standing;
        }
    }
    Ok(sums)
}

// What concerns households is summed over them: there are as many as doors. Other subjects are few.
const BALANCES: &str = "
select
    b.village_id,
    b.account,
    case when b.account in ('1122', '2202', '2203', '5001', '5002') then '' else b.subject end,
    cast(sum(b.balance_fen) as bigint)
from {keys} as k
cross join account_balance as b
where b.village_id = k.k0
group by 1, 2, 3
";

const ACCOUNT_MONTHS: &str = "
select
    m.village_id,
    case when m.month = k.k1 then k.k1 else k.k2 end,
    m.account,
    case when m.account in ('1122', '2202', '2203', '5001', '5002') then '' else m.subject end,
    case when m.month = k.k1 then m.flow else 'opening' end,
    cast(sum(m.amount_fen) as bigint)
from {keys} as k
cross join account_month as m
where m.village_id = k.k0
    and m.month >= k.k1
group by 1, 2, 3, 4, 5
";

async fn load_accounts(
    tx: &mut Tx<'_>,
    keys: &Rows,
    at: Month,
    sums: &mut BTreeMap<i64, MonthSums>,
) -> Result<(), StoreError> {
    let mut balances: BTreeMap<i64, BTreeMap<AccountRef, Money>> = BTreeMap::new();
    let rows: Vec<(i64, String, String, i64)> = select_keyed(tx, BALANCES, keys).await?;
    for (id, account, subject, fen) in rows {
        let side = Place("account_balance", "account").side(&account, &subject)?;
        let balances = balances.entry(id).or_default();
        balances.insert(side, Money::from_fen(fen));
    }
    let mut months: BTreeMap<i64, BTreeMap<AccountMonth, Money>> = BTreeMap::new();
    let rows: Vec<(i64, String, String, String, String, i64)> =
        select_keyed(tx, ACCOUNT_MONTHS, keys).await?;
    for (id, month, account, subject, flow, fen) in rows {
        let key = AccountMonth {
            month: Place("account_month", "month").month(&month)?,
            side: Place("account_month", "account").side(&account, &subject)?,
            flow: Place("account_month", "flow").flow(&flow)?,
            group: None,
        };
        months
            .entry(id)
            .or_default()
            .insert(key, Money::from_fen(fen));
    }
    for (id, sums) in sums {
        let balances = balances.remove(id).unwrap_or_default();
        let months = months.remove(id).unwrap_or_default();
        sums.figures = Figures::without_subjects(at, balances, months);
    }
    Ok(())
}

const MATERIAL_MONTHS: &str = "
select
    m.village_id,
    case when m.month = k.k1 then k.k1 else k.k2 end,
    m.material,
    case when m.month = k.k1 then m.flow else 'opening' end,
    cast(sum(m.quantity) as bigint),
    cast(sum(m.value_fen) as bigint)
from {keys} as k
cross join material_month as m
where m.village_id = k.k0
    and m.month >= k.k1
group by 1, 2, 3, 4
";

async fn load_materials(
    tx: &mut Tx<'_>,
    ids: &[i64],
    keys: &Rows,
    sums: &mut BTreeMap<i64, MonthSums>,
) -> Result<(), StoreError> {
    for (id, stock) in balance::load_stock(tx, ids).await? {
        if let Some(sums) = sums.get_mut(&id) {
            sums.figures.stock = stock;
        }
    }
    let rows: Vec<(i64, String, String, String, i64, i64)> =
        select_keyed(tx, MATERIAL_MONTHS, keys).await?;
    for (id, month, material, flow, count, value) in rows {
        let key = MaterialMonth {
            month: Place("material_month", "month").month(&month)?,
            material: Place("material_month", "material").material(&material)?,
            collector: None,
            flow: Place("material_month", "flow").flow(&flow)?,
        };
        let value = Money::from_fen(value);
        if let Some(sums) = sums.get_mut(&id) {
            let months = &mut sums.figures.material_months;
            months.insert(key, Stock { count, value });
        }
    }
    Ok(())
}

const SALES: &str = "
select
    s.village_id,
    s.material,
    s.own,
    s.ticket,
    s.income_fen
from {keys} as k
cross join sale_month as s
where s.village_id = k.k0
    and s.month = k.k1
";

async fn load_sales(
    tx: &mut Tx<'_>,
    keys: &Rows,
    sums: &mut BTreeMap<i64, MonthSums>,
) -> Result<(), StoreError> {
    let rows: Vec<(i64, String, i64, i64, i64)> = select_keyed(tx, SALES, keys).await?;
    for (id, material, own, ticket, income) in rows {
        let material = Place("sale_month", "material").material(&material)?;
        let income = Money::from_fen(income);
        if let Some(sums) = sums.get_mut(&id) {
            let sold = SaleMonth {
                own,
                ticket,
                income,
            };
            sums.figures.sales.insert(material, sold);
        }
    }
    Ok(())
}

const PICKUPS: &str = "
select
    p.village_id,
    cast(sum(p.pickups) as bigint),
    count(distinct p.household_no)
from {keys} as k
cross join pickup_month as p
where p.village_id = k.k0
    and p.month = k.k1
group by 1
";

async fn load_pickups(
    tx: &mut Tx<'_>,
    keys: &Rows,
    sums: &mut BTreeMap<i64, MonthSums>,
) -> Result<(), StoreError> {
    let rows: Vec<(i64, i64, i64)> = select_keyed(tx, PICKUPS, keys).await?;
    for (id, pickups, households) in rows {
        if let Some(sums) = sums.get_mut(&id) {
            (sums.pickups, sums.households) = (pickups, households);
        }
    }
    Ok(())
}

const OPEN_ITEMS: &str = "
select
    r.village_id,
    r.kind,
    count(*)
from {keys} as k
cross join register as r
where r.village_id = k.k0
    and r.is_open = 1
    and r.kind in ('held_pickup', 'dispute')
    and r.month <= k.k1
group by 1, 2
";

async fn load_open(
    tx: &mut Tx<'_>,
    keys: &Rows,
    sums: &mut BTreeMap<i64, MonthSums>,
) -> Result<(), StoreError> {
    let rows: Vec<(i64, String, i64)> = select_keyed(tx, OPEN_ITEMS, keys).await?;
    for (id, kind, count) in rows {
        if let Some(sums) = sums.get_mut(&id) {
            match kind.as_str() {
                "dispute" => sums.disputes = count,
                _ => sums.held = count,
            }
        }
    }
    Ok(())
}
