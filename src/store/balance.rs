//! Balances of accounts and stock, and what moved in each month: written as sums, one row per key and batch.

use std::collections::{BTreeMap, HashMap};

use crate::domain::projection::Stock;
use crate::domain::{Account, AccountRef, HouseholdNo, MaterialCode, Money, Month};
use crate::store::bulk;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const ACCOUNT_BALANCE: Table = Table {
    name: "account_balance",
    columns: &[
        ("village_id", Kind::Int),
        ("account", Kind::Text),
        ("subject", Kind::Text),
        ("balance_fen", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Add(&["balance_fen"]),
};

pub(crate) const ACCOUNT_MONTH: Table = Table {
    name: "account_month",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("account", Kind::Text),
        ("subject", Kind::Text),
        ("flow", Kind::Text),
        ("group_name", Kind::Text),
        ("amount_fen", Kind::Int),
    ],
    key: 6,
    conflict: Conflict::Add(&["amount_fen"]),
};

pub(crate) const STOCK_BALANCE: Table = Table {
    name: "stock_balance",
    columns: &[
        ("village_id", Kind::Int),
        ("account", Kind::Text),
        ("material", Kind::Text),
        ("quantity", Kind::Int),
        ("value_fen", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Add(&["quantity", "value_fen"]),
};

pub(crate) const MATERIAL_MONTH: Table = Table {
    name: "material_month",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("material", Kind::Text),
        ("collector", Kind::Text),
        ("flow", Kind::Text),
        ("quantity", Kind::Int),
        ("value_fen", Kind::Int),
    ],
    key: 5,
    conflict: Conflict::Add(&["quantity", "value_fen"]),
};

pub(crate) const PICKUP_MONTH: Table = Table {
    name: "pickup_month",
    columns: &[
        ("village_id", Kind::Int),
        ("month", Kind::Text),
        ("household_no", Kind::Text),
        ("collector", Kind::Text),
        ("pickups", Kind::Int),
    ],
    key: 4,
    conflict: Conflict::Add(&["pickups"]),
};

/// Credit and fee advance of a household, as they are owed to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Owed {
    /// Credit.
    pub(crate) credit: Money,
    /// Fee advance.
    pub(crate) advance: Money,
}

const LOAD_BALANCES: &str = "
select
    b.village_id,
    b.account,
    b.subject,
    b.balance_fen
from {keys} as k
cross join account_balance as b
where b.village_id = k.k0
    and b.account = k.k1
    and b.subject = k.k2
";

/// Owed amounts by village and household.
pub(crate) type OwedByHousehold = HashMap<(i64, HouseholdNo), Owed>;

/// Loads credit and advance of households.
pub(crate) async fn load_owed(
    tx: &mut Tx<'_>,
    households: &[(i64, HouseholdNo)],
) -> Result<OwedByHousehold, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, number) in households {
        for account in [Account::HouseholdCredit, Account::FeeAdvance] {
            keys.push([
                Cell::Int(*village_id),
                Cell::from(account.code()),
                Cell::from(number.as_str()),
            ]);
        }
    }
    owed(select_keyed(tx, LOAD_BALANCES, &keys).await?)
}

/// Loads balances of accounts and subjects; one on which nothing was ever booked is not there.
pub(crate) async fn load_balances(
    tx: &mut Tx<'_>,
    sides: &[(i64, AccountRef)],
) -> Result<BTreeMap<(i64, AccountRef), Money>, StoreError> {
    let mut keys = Rows::of([Kind::Int, Kind::Text, Kind::Text]);
    for (village_id, side) in sides {
        keys.push([
            Cell::Int(*village_id),
            Cell::from(side.account.code()),
            Cell::from(side.subject.as_str()),
        ]);
    }
    let rows: Vec<(i64, String, String, i64)> = select_keyed(tx, LOAD_BALANCES, &keys).await?;
    rows.into_iter()
        .map(|(village_id, account, subject, balance)| {
            let side = Place("account_balance", "account").side(&account, &subject)?;
            Ok(((village_id, side), Money::from_fen(balance)))
        })
        .collect()
}

const LOAD_VILLAGE_OWED: &str = "
select
    village_id,
    account,
    subject,
    balance_fen
from account_balance
where village_id = $1
    and account in ('2202', '2203')
";

/// Loads credit and advance of every household of a village.
pub(crate) async fn load_village_owed(
    tx: &mut Tx<'_>,
    village_id: i64,
) -> Result<OwedByHousehold, StoreError> {
    let packed = "village_id, account, subject, balance_fen";
    owed(bulk::select(tx, LOAD_VILLAGE_OWED, packed, &[Cell::Int(village_id)]).await?)
}

fn owed(rows: Vec<(i64, String, String, i64)>) -> Result<OwedByHousehold, StoreError> {
    let mut owed = OwedByHousehold::new();
    for (village_id, account, subject, balance) in rows {
        let number = Place("account_balance", "subject").household(&subject)?;
        let household = owed.entry((village_id, number)).or_default();
        // Both are liabilities: what is owed to the household stands on the credit side.
        if account == Account::HouseholdCredit.code() {
            household.credit = -Money::from_fen(balance);
        } else {
            household.advance = -Money::from_fen(balance);
        }
    }
    Ok(owed)
}

const LOAD_CREDIT_MOVED: &str = "
select
    subject,
    month,
    cast(sum(amount_fen) as bigint) as moved
from account_month
where village_id = $1
    and month >= $2
    and account = '2202'
group by subject, month
";

/// How credit of each household moved from a month on; what a household earned is positive.
pub(crate) async fn load_credit_moved(
    tx: &mut Tx<'_>,
    village_id: i64,
    from: Month,
) -> Result<Vec<(HouseholdNo, Month, Money)>, StoreError> {
    let since = [Cell::Int(village_id), Cell::from(from.to_string())];
    let rows: Vec<(String, String, i64)> =
        bulk::select(tx, LOAD_CREDIT_MOVED, "subject, month, moved", &since).await?;
    rows.into_iter()
        .map(|(subject, month, sum)| {
            let number = Place("account_month", "subject").household(&subject)?;
            Ok((
                number,
                Place("account_month", "month").month(&month)?,
                -Money::from_fen(sum),
            ))
        })
        .collect()
}

const LOAD_STOCK: &str = "
select
    s.village_id,
    s.account,
    s.material,
    s.quantity,
    s.value_fen
from {keys} as k
cross join stock_balance as s
where s.village_id = k.k0
";

/// Stock and goods in transit of one village.
pub(crate) type StockByPlace = BTreeMap<(Account, MaterialCode), Stock>;

/// Loads stock and goods in transit of villages.
pub(crate) async fn load_stock(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<BTreeMap<i64, StockByPlace>, StoreError> {
    let mut keys = Rows::of([Kind::Int]);
    for id in ids {
        keys.push([Cell::Int(*id)]);
    }
    let rows: Vec<(i64, String, String, i64, i64)> = select_keyed(tx, LOAD_STOCK, &keys).await?;
    let mut stock: BTreeMap<i64, StockByPlace> = BTreeMap::new();
    for (village_id, account, material, count, value) in rows {
        let account = Place("stock_balance", "account").account(&account)?;
        let material = Place("stock_balance", "material").material(&material)?;
        let value = Money::from_fen(value);
        let places = stock.entry(village_id).or_default();
        places.insert((account, material), Stock { count, value });
    }
    Ok(stock)
}
