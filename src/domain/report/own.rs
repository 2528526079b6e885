//! The report of a month as the book itself can make it: from figures that were loaded, or from its own projections where it holds everything.

use std::borrow::Cow;

use crate::domain::facts::{Book, Need, Stop};
use crate::domain::household::Household;
use crate::domain::household_account::Charge;
use crate::domain::projection::Projections;
use crate::domain::register::Registered;
use crate::domain::report::service::ServiceRows;
use crate::domain::report::{
    ChargeAtFault, Figures, MonthReport, Sealed, Sequence, Subject, month_report,
};
use crate::domain::{ChargeKey, DocumentKind, DocumentNo, Event, HouseholdNo, Money, Month};

impl Figures {
    /// The figures of a month from projections that were never written out.
    pub fn of(projections: &Projections, month: Month) -> Figures {
        let mut figures = Figures::default();
        figures.add(projections, month);
        figures
    }

    /// Adds what was decided and is not written yet.
    pub(crate) fn add(&mut self, projections: &Projections, month: Month) {
        for (side, change) in &projections.balances {
            *self.balances.entry(side.clone()).or_default() += *change;
        }
        for (key, change) in &projections.account_months {
            if key.month < month {
                *self.moved_before.entry(key.side.clone()).or_default() += *change;
            } else {
                *self.account_months.entry(key.clone()).or_default() += *change;
            }
        }
        for (place, change) in &projections.stock {
            let change = (change.count, change.value);
            self.stock.entry(place.clone()).or_default().add(change);
        }
        for (key, change) in &projections.material_months {
            let is_brought = key.collector.is_some();
            let moved = if key.month < month {
                let before = (key.material.clone(), key.flow, is_brought);
                self.material_before.entry(before).or_default()
            } else {
                self.material_months.entry(key.clone()).or_default()
            };
            moved.add((change.count, change.value));
        }
        for ((at, household, collector), pickups) in &projections.pickup_months {
            if *at == month {
                let key = (household.clone(), collector.clone());
                let counted = self.pickups.entry(key).or_default();
                *counted = counted.saturating_add(*pickups);
            }
        }
        for (key, sum) in &projections.pickup_materials {
            if key.month < month {
                let before = self
                    .picked_up_before
                    .entry(key.material.clone())
                    .or_default();
                *before = before.saturating_add(sum.count);
            } else {
                self.pickup_materials
                    .entry(key.clone())
                    .or_default()
                    .add(*sum);
            }
        }
        for ((at, material), sold) in &projections.sale_months {
            if *at == month {
                self.sales.entry(material.clone()).or_default().add(*sold);
            }
        }
        for ((at, flow), change) in &projections.charge_months {
            if *at == month {
                *self.charge_flows.entry(*flow).or_default() += *change;
            }
        }
    }

    /// Counts a charge that the book holds.
    fn add_charge(&mut self, household_no: &HouseholdNo, key: &ChargeKey, charge: &Charge) {
        self.open_charges += charge.open;
        let net = charge.gross - charge.waived;
        if charge.open.is_negative() || charge.open > net {
            self.charges_at_fault.push(ChargeAtFault {
                household_no: household_no.clone(),
                key: key.clone(),
                net,
                open: charge.open,
            });
        }
    }
}

impl Book {
    /// What the report of a month is made from.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn figures(&self, month: Month) -> Result<Cow<'_, Figures>, Stop> {
        if self.projections.are_whole {
            return Ok(Cow::Owned(self.own_figures(month)));
        }
        let loaded = self.figures.as_ref();
        let loaded = loaded.filter(|(head, of, _)| *head == self.head && *of == month);
        loaded
            .map(|(_, _, figures)| Cow::Borrowed(figures))
            .ok_or(Stop::Missing(Need::Figures(month)))
    }

    /// The report of a month as it stands, with its checks.
    ///
    /// # Errors
    /// [`Stop::Missing`], [`crate::domain::Refusal::VillageUnknown`].
    pub fn month_report(&self, month: Month) -> Result<MonthReport, Stop> {
        let village = self.village()?;
        let figures = self.figures(month)?;
        let subject = Subject {
            village: self.code(),
            name: &village.name,
            township: &village.township,
            materials: &self.materials,
        };
        let mut report = month_report(&subject, month, &figures);
        report.sealed = Sealed::of(&self.month_standing(month));
        Ok(report)
    }

    /// The figures of a book of which nothing was ever written out: everything is in it.
    fn own_figures(&self, month: Month) -> Figures {
        let mut figures = Figures::of(&self.projections, month);
        for (number, account) in self.accounts() {
            for (key, charge) in &account.charges {
                figures.add_charge(number, key, charge);
            }
        }
        let households = self.households().map(|(number, _)| number.clone());
        figures.households = households.collect();
        for ((kind, number), _) in self.documents.iter() {
            let given = year_and_number(number).filter(|_| kind.is_numbered_here());
            let Some((year, given)) = given else { continue };
            let sequence = figures.sequences.entry((*kind, year)).or_insert(Sequence {
                least: i64::MAX,
                ..Sequence::default()
            });
            sequence.count = sequence.count.saturating_add(1);
            sequence.least = sequence.least.min(given);
            sequence.most = sequence.most.max(given);
        }
        for (key, last) in self.last_numbers.iter() {
            figures.sequences.entry(*key).or_default().last = *last;
        }
        figures.notice = self.notice(month);
        figures.service = self.own_service(month);
        figures
    }

    /// What the registers of the service hold about a month.
    fn own_service(&self, month: Month) -> ServiceRows {
        let lived_there = |household: &Household| {
            household.moved_in.is_none_or(|day| day <= month.last_day())
                && household
                    .moved_out
                    .is_none_or(|day| day > month.first_day())
        };
        let active = self.households().filter(|(_, one)| lived_there(one));
        ServiceRows {
            rounds: self.rows_where(|at| at == month),
            trips: self.rows_where(|at| at == month),
            disputes: self.rows_where(|at| at <= month),
            active_households: i64::try_from(active.count()).unwrap_or(i64::MAX),
        }
    }

    /// The rows of a register by the month they belong to.
    fn rows_where<T: Registered>(&self, is_wanted: impl Fn(Month) -> bool) -> Vec<T> {
        let rows = self.registers.iter();
        let rows = rows.filter(|((kind, _), row)| *kind == T::KIND && is_wanted(row.month));
        rows.filter_map(|((_, number), row)| row.read(number).ok())
            .collect()
    }

    /// The report that a month was closed with, while it is closed.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a close has no other event")]
    fn notice(&self, month: Month) -> Option<serde_json::Value> {
        let standing = self.months.get(&month)?;
        let number = DocumentNo::parse("number", &format!("{month}/{}", standing.version)).ok()?;
        let document = self.document(DocumentKind::MonthClose, &number).ok()??;
        match &document.event {
            Event::MonthClosed(closed) if self.is_closed(month) => Some(closed.report.clone()),
            _ => None,
        }
    }

    /// Notes the figures of a month as the store knows them, with what is decided and not yet written on top.
    pub(crate) fn load_figures(&mut self, month: Month, mut figures: Figures) {
        figures.add(&self.projections, month);
        if !self.projections.charges.is_empty() {
            // Whoever rehearses has loaded every charge that is open.
            figures.open_charges = Money::ZERO;
            figures.charges_at_fault.clear();
            for (number, account) in self.accounts.iter() {
                for (key, charge) in &account.charges {
                    figures.add_charge(number, key, charge);
                }
            }
        }
        let known = self.households.iter().map(|(number, _)| number.clone());
        figures.households.extend(known);
        for (key, last) in self.last_numbers.iter() {
            let sequence = figures.sequences.entry(*key).or_default();
            let given = last.saturating_sub(sequence.last);
            if given > 0 {
                sequence.count = sequence.count.saturating_add(given);
                sequence.least = if sequence.least == 0 {
                    1
                } else {
                    sequence.least
                };
                (sequence.most, sequence.last) = (*last, *last);
            }
        }
        self.figures = Some((self.head, month, figures));
    }
}

/// The year and number of a document that is numbered here.
pub(crate) fn year_and_number(number: &DocumentNo) -> Option<(i16, i64)> {
    let (year, number) = number.as_str().split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}
