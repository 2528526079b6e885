//! Told prices (告知价): which list a pickup is priced at when the phone showed an earlier one (R-PR-1, R-PR-3).

use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};

use crate::domain::facts::{Book, Stop};
use crate::domain::held::HoldReason;
use crate::domain::month::written_time;
use crate::domain::pickup::{PickupLine, WeighedLine};
use crate::domain::price_list::PriceList;
use crate::domain::weight::value_of;
use crate::domain::{Money, Quantity, Refusal};

/// The list that a pickup is priced at.
#[derive(Clone, Debug)]
pub(crate) struct Offer<'b> {
    /// The list that was told, if it is known, else the one in force; none if none was.
    pub(crate) list: Option<&'b PriceList>,
    /// The list in force, where another was told.
    pub(crate) instead_of: Option<&'b PriceList>,
    /// Why a clerk must decide on the price.
    pub(crate) doubt: Option<HoldReason>,
}

impl<'b> Offer<'b> {
    /// The list.
    ///
    /// # Errors
    /// [`Refusal::NoPriceListThen`].
    pub(crate) fn list(&self, at: Timestamp) -> Result<&'b PriceList, Refusal> {
        self.list.ok_or_else(|| Refusal::NoPriceListThen {
            at: written_time(at),
        })
    }

    /// Why the lines cannot all be priced, if they cannot (R-PR-2).
    pub(crate) fn unpriced(&self, lines: &[WeighedLine]) -> Vec<HoldReason> {
        let lacks =
            |list: &PriceList, line: &WeighedLine| !list.prices.contains_key(&line.material);
        let unpriced = lines.iter().filter_map(|line| {
            let lists = [self.list, self.instead_of];
            let lacking = lists.into_iter().flatten().find(|list| lacks(list, line));
            let is_unpriced = self.list.is_none() || lacking.is_some();
            is_unpriced.then(|| HoldReason::NotPriced {
                material: line.material.clone(),
                price_list: lacking.map(|list| list.effective_from),
            })
        });
        let mut reasons: Vec<HoldReason> = Vec::new();
        for reason in unpriced {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

impl Book {
    /// The list that a pickup is priced at: the told one where it had been in force, whether or not that is too long ago, else the one in
    /// force.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn offer(&self, told: Option<Timestamp>, at: Timestamp) -> Result<Offer<'_>, Stop> {
        let lists = self.price_lists()?;
        let in_force = lists.range(..=at).next_back().map(|(_, list)| list);
        let plain = Offer {
            list: in_force,
            instead_of: None,
            doubt: None,
        };
        let is_in_force =
            |told: &Timestamp| in_force.is_some_and(|list| list.effective_from == *told);
        let Some(told_list) = told.filter(|told| !is_in_force(told)) else {
            return Ok(plain);
        };
        let Some(told) = lists
            .get(&told_list)
            .filter(|list| list.effective_from <= at)
        else {
            return Ok(Offer {
                doubt: Some(HoldReason::ToldPriceUnknown { told_list }),
                ..plain
            });
        };
        let after = (Bound::Excluded(told_list), Bound::Unbounded);
        let replaced_at = lists.range(after).next().map_or(at, |(from, _)| *from);
        let days = self.village()?.credit.told_price_days;
        let is_too_old =
            at.duration_since(replaced_at) > SignedDuration::from_hours(days.saturating_mul(24));
        Ok(Offer {
            list: Some(told),
            instead_of: in_force,
            doubt: is_too_old.then_some(HoldReason::ToldPriceTooOld {
                told_list,
                replaced_at,
            }),
        })
    }
}

/// By how much lines are worth more than at another list; what that list lacks is worth nothing on it.
///
/// # Errors
/// As [`value_of`].
pub(crate) fn told_difference(lines: &[PickupLine], list: &PriceList) -> Result<Money, Refusal> {
    let mut difference = Money::ZERO;
    for line in lines {
        let price = list.prices.get(&line.material);
        let worth = price.map(|price| value_of(line.net, *price)).transpose()?;
        difference += line.amount - worth.unwrap_or_default();
    }
    Ok(difference)
}

/// Prices what was weighed, line by line, each rounded once (R-NU-2).
///
/// # Errors
/// [`Refusal::MaterialNotPriced`].
pub(crate) fn price_lines(
    list: &PriceList,
    lines: &[WeighedLine],
    nets: &[Quantity],
) -> Result<Vec<PickupLine>, Refusal> {
    let priced = lines.iter().zip(nets).map(|(line, net)| {
        let price = list.price_of(&line.material)?;
        Ok(PickupLine {
            material: line.material.clone(),
            gross: line.gross,
            tare: line.tare,
            deduction: line.deduction,
            net: *net,
            price_li: price.li(),
            per: price.per(),
            amount: value_of(*net, price)?,
            in_transit: false,
        })
    });
    priced.collect()
}
