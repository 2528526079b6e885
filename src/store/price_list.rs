//! Price lists.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::UnitPrice;
use crate::domain::price_list::PriceList;
use crate::store::column::Place;
use crate::store::dialect::{Cell, Conflict, Kind, Rows, Table, select_keyed};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

pub(crate) const PRICE: Table = Table {
    name: "price",
    columns: &[
        ("village_id", Kind::Int),
        ("effective_from", Kind::Int),
        ("material", Kind::Text),
        ("price_li", Kind::Int),
        ("per", Kind::Int),
    ],
    key: 3,
    conflict: Conflict::Refuse,
};

const LOAD_PRICES: &str = "
select
    p.village_id,
    p.effective_from,
    p.material,
    p.price_li,
    p.per
from {keys} as k
cross join price as p
where p.village_id = k.k0
";

/// Loads the price lists of villages.
pub(crate) async fn load(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<BTreeMap<i64, BTreeMap<Timestamp, PriceList>>, StoreError> {
    let mut keys = Rows::of([Kind::Int]);
    for id in ids {
        keys.push([Cell::Int(*id)]);
    }
    let rows: Vec<(i64, i64, String, i64, i64)> = select_keyed(tx, LOAD_PRICES, &keys).await?;
    let mut lists: BTreeMap<i64, BTreeMap<Timestamp, PriceList>> = BTreeMap::new();
    for (id, effective_from, material, price_li, per) in rows {
        let effective_from = Place("price", "effective_from").instant(effective_from)?;
        let material = Place("price", "material").material(&material)?;
        let of_village = lists.entry(id).or_default();
        let list = of_village
            .entry(effective_from)
            .or_insert_with(|| PriceList {
                effective_from,
                prices: BTreeMap::new(),
            });
        list.prices.insert(material, UnitPrice::new(price_li, per));
    }
    Ok(lists)
}
