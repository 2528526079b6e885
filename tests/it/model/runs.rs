//! The two monthly runs of the reference model: fee charges (section 7) and the offset of credit (section 8).

use jiff::Span;
use jiff::civil::DateTime;

use super::book::{Basis, Charge, Household};
use super::model::{Model, Outcome};
use super::steps::{Kind, Month, day_in, month_of};

impl Model {
    /// The charge a run of a month would issue to a household (R-FE-2, R-FE-3, R-FE-4).
    fn would_issue(&self, household: &Household, month: Month) -> Option<(Month, Charge)> {
        let months = self.setup.period_months;
        let period = month - month.rem_euclid(months);
        if period < self.setup.opening_month || household.charges.contains_key(&period) {
            return None;
        }
        let first_day = day_in(period, 1);
        let after = day_in(month + 1, 1);
        let new = &household.new;
        let inside = new.moved_in.is_some_and(|moved_in| moved_in >= first_day);
        if new.moved_in.is_some_and(|moved_in| moved_in >= after) || (month > period && !inside) {
            return None;
        }
        let known_day = if inside { new.moved_in? } else { first_day };
        let six_months = Span::new().months(6);
        let vacant = new
            .vacant_since
            .is_some_and(|since| since + six_months <= known_day);
        let (unit_fen, units) = match (new.kind, self.setup.non_registered_fen, self.setup.basis) {
            (Kind::NonRegistered, Some(fen), _) => (fen, 1),
            (_, _, Basis::Household) => (self.setup.amount_fen, 1),
            (_, _, Basis::Head) => (self.setup.amount_fen, new.headcount),
        };
        let mut charge = Charge {
            issued: month,
            unit_fen,
            units,
            vacant_percent: if vacant {
                self.setup.vacant_percent
            } else {
                100
            },
            waived_percent: new
                .waived
                .map_or(0, |waiver| self.setup.waiver_percent[&waiver]),
            gross: 0,
            waived: 0,
            gross_back: 0,
            waived_back: 0,
            open: 0,
            from_advance: 0,
        };
        let moved_out = household.moved_out.filter(|moved_out| *moved_out < after);
        let liable = household.liable(period, months, moved_out);
        (charge.gross, charge.waived) = charge.priced(liable, months);
        charge.open = charge.net();
        (charge.gross > 0).then_some((period, charge))
    }

    /// Whether a charge run of the month would issue anything now.
    pub(crate) fn charges_pending(&self, month: Month) -> bool {
        let mut households = self.book.households.values();
        month >= self.setup.opening_month
            && households.any(|household| self.would_issue(household, month).is_some())
    }

    fn run_in_time(&self, now: DateTime, month: Month) -> Result<(), &'static str> {
        if month < self.setup.opening_month || month > month_of(now.date()) {
            return Err("not a month of the book");
        }
        Ok(())
    }

    pub(super) fn charge_fees(&mut self, now: DateTime, month: Month) -> Outcome {
        self.run_in_time(now, month)?;
        if self.charges_pending(month - 1) {
            return Err("charges of the month before are missing");
        }
        let mut planned = Vec::new();
        for (no, household) in &self.book.households {
            if let Some((period, charge)) = self.would_issue(household, month) {
                planned.push((no.clone(), period, charge));
            }
        }
        let issued = !planned.is_empty();
        for (no, period, charge) in planned {
            let fees = &mut self.book.months.entry(month).or_default().fees;
            fees.charged += charge.gross;
            fees.waived -= charge.waived;
            let household = self.book.households.get_mut(&no).expect("known");
            household.charges.insert(period, charge);
            fees.advance_used -= household.use_advance();
        }
        Ok(issued)
    }

    /// What an offset run of the month would apply for a household (R-ST-3, R-ST-4).
    fn would_offset(&self, household: &Household, month: Month) -> i64 {
        let saves = self.setup.save_up_allowed && household.new.save_up;
        let issued = household
            .charges
            .values()
            .filter(|charge| charge.issued <= month);
        let open = issued.map(|charge| charge.open).sum::<i64>();
        if open == 0 || (saves && month.rem_euclid(12) != 11) {
            return 0;
        }
        let at_end = household
            .credit
            .range(..=month)
            .map(|(_, fen)| fen)
            .sum::<i64>();
        at_end.min(household.credit()).min(open).max(0)
    }

    /// Whether an offset run of the month would apply anything now.
    pub(crate) fn offset_pending(&self, month: Month) -> bool {
        let mut households = self.book.households.values();
        month >= self.setup.opening_month
            && households.any(|household| self.would_offset(household, month) > 0)
    }

    pub(super) fn offset_credit(&mut self, now: DateTime, month: Month) -> Outcome {
        self.run_in_time(now, month)?;
        if self.charges_pending(month) {
            return Err("charges of the month are missing");
        }
        if self.offset_pending(month - 1) {
            return Err("the offset of the month before is missing");
        }
        let households = self.book.households.iter();
        let offsets =
            households.map(|(no, household)| (no.clone(), self.would_offset(household, month)));
        let mut total = 0;
        for (no, fen) in offsets.filter(|(_, fen)| *fen > 0).collect::<Vec<_>>() {
            let household = self.book.households.get_mut(&no).expect("known");
            household.pay(fen, month);
            household.move_credit(month, -fen);
            total += fen;
        }
        if total > 0 {
            self.book.month(month).credit.offset -= total;
            self.book.month(month).fees.offset -= total;
        }
        Ok(total > 0)
    }
}
