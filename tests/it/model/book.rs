//! Records of the reference model: what a book keeps of households, charges, pickups and receipts, and how these move.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::steps::{Month, NewHousehold, Price, Waiver, day_in, month_of};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Basis {
    Household,
    Head,
}

/// The village's settings; they hold for the whole walk (R-FE-1, R-FE-5, R-ST-4).
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) opening_month: Month,
    pub(crate) basis: Basis,
    pub(crate) amount_fen: i64,
    /// 1, 3, 6 or 12.
    pub(crate) period_months: i32,
    pub(crate) vacant_percent: i64,
    pub(crate) non_registered_fen: Option<i64>,
    pub(crate) waiver_percent: BTreeMap<Waiver, i64>,
    pub(crate) save_up_allowed: bool,
    /// Code, and whether it is counted in pieces.
    pub(crate) materials: Vec<(String, bool)>,
}

/// One household and period; the figures it was issued with stay (R-FE-2).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Charge {
    pub(crate) issued: Month,
    pub(super) unit_fen: i64,
    pub(super) units: i64,
    pub(super) vacant_percent: i64,
    pub(super) waived_percent: i64,
    pub(crate) gross: i64,
    pub(crate) waived: i64,
    /// Gross and waived part taken back when the household moved out (R-FE-6).
    pub(crate) gross_back: i64,
    pub(crate) waived_back: i64,
    pub(crate) open: i64,
    pub(super) from_advance: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Household {
    pub(super) new: NewHousehold,
    pub(super) moved_out: Option<Date>,
    /// Movements of credit by the month they are booked in.
    pub(super) credit: BTreeMap<Month, i64>,
    pub(super) advance: i64,
    /// By the first month of the period.
    pub(super) charges: BTreeMap<Month, Charge>,
    /// Whether a void or correction ever took credit back (R-CO-4).
    pub(super) reversed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Valued {
    pub(super) material: String,
    pub(super) quantity: i64,
    pub(super) fen: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pickup {
    pub(super) household: String,
    pub(super) at: DateTime,
    pub(super) prices: DateTime,
    pub(super) lines: Vec<Valued>,
    pub(super) reversed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(super) household: String,
    pub(super) month: Month,
    pub(super) fen: i64,
    /// What it paid of which charge, in that order.
    pub(super) paid: Vec<(Month, i64)>,
    pub(crate) voided: bool,
}

/// Signs as in the report: what reduces the balance is negative (interface.md, section 3).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CreditMonth {
    pub(crate) opening: i64,
    pub(crate) pickups: i64,
    pub(crate) voids: i64,
    pub(crate) corrections: i64,
    pub(crate) offset: i64,
    pub(crate) closing: i64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FeesMonth {
    pub(crate) opening: i64,
    pub(crate) charged: i64,
    pub(crate) waived: i64,
    pub(crate) credited_back: i64,
    pub(crate) offset: i64,
    pub(crate) cash: i64,
    pub(crate) advance_used: i64,
    pub(crate) closing: i64,
}

impl CreditMonth {
    pub(super) fn moved(&self) -> i64 {
        self.pickups + self.voids + self.corrections + self.offset
    }
}

impl FeesMonth {
    pub(super) fn moved(&self) -> i64 {
        let issued = self.charged + self.waived + self.credited_back;
        issued + self.offset + self.cash + self.advance_used
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MonthFigures {
    pub(crate) credit: CreditMonth,
    pub(crate) fees: FeesMonth,
}

/// Everything booked so far. A refused step leaves it as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    pub(super) households: BTreeMap<String, Household>,
    pub(super) prices: BTreeMap<DateTime, BTreeMap<String, Price>>,
    pub(super) pickups: BTreeMap<String, Pickup>,
    pub(super) receipts: BTreeMap<String, Receipt>,
    pub(super) receipts_in: BTreeMap<i16, i64>,
    pub(super) stock: BTreeMap<String, (i64, i64)>,
    /// Movements only; openings and closings are added up when asked for.
    pub(super) months: BTreeMap<Month, MonthFigures>,
    pub(super) cash_on_hand: i64,
    /// What moves out credited back beyond what was open (R-FE-6).
    pub(super) credited_to_advance: i64,
}

/// Rounds the quotient of two numbers of zero or more (R-NU-5).
pub(super) fn half_up(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor) / (2 * divisor)
}

impl Charge {
    pub(crate) fn net(&self) -> i64 {
        self.gross - self.gross_back - (self.waived - self.waived_back)
    }

    /// Gross and waived for a number of liable months (R-FE-3, R-FE-5).
    pub(super) fn priced(&self, liable: i64, period_months: i32) -> (i64, i64) {
        let full = self.unit_fen * self.units * liable * self.vacant_percent;
        let gross = half_up(full, i64::from(period_months) * 100);
        (gross, half_up(gross * self.waived_percent, 100))
    }
}

impl Household {
    pub(super) fn credit(&self) -> i64 {
        self.credit.values().sum()
    }

    pub(super) fn open_total(&self) -> i64 {
        self.charges.values().map(|charge| charge.open).sum()
    }

    /// Months of a period it owes a fee for, as far as a move-out is known (R-FE-3).
    pub(super) fn liable(&self, period: Month, months: i32, moved_out: Option<Date>) -> i64 {
        let by_then = |moved: Date, month| moved <= day_in(month, 15);
        let owed = (period..period + months).filter(|month| {
            self.new.moved_in.is_none_or(|moved| by_then(moved, *month))
                && !moved_out.is_some_and(|moved| by_then(moved, *month))
        });
        owed.count() as i64
    }

    /// Pays open charges issued up to a month, oldest period first, and tells which (R-ST-1).
    pub(super) fn pay(&mut self, mut fen: i64, issued_by: Month) -> Vec<(Month, i64)> {
        let mut paid = Vec::new();
        for (period, charge) in &mut self.charges {
            let part = fen.min(charge.open);
            if charge.issued <= issued_by && part > 0 {
                charge.open -= part;
                fen -= part;
                paid.push((*period, part));
            }
        }
        paid
    }

    /// Advance never waits beside an open charge (R-ST-2, R-FE-6). Tells how much was used.
    pub(super) fn use_advance(&mut self) -> i64 {
        let mut used = 0;
        for (period, part) in self.pay(self.advance, Month::MAX) {
            self.charges.get_mut(&period).expect("paid").from_advance += part;
            used += part;
        }
        self.advance -= used;
        used
    }

    pub(super) fn move_credit(&mut self, month: Month, fen: i64) {
        *self.credit.entry(month).or_default() += fen;
    }
}

impl Book {
    pub(super) fn month(&mut self, month: Month) -> &mut MonthFigures {
        self.months.entry(month).or_default()
    }

    pub(super) fn move_stock(&mut self, lines: &[Valued], sign: i64) {
        for line in lines {
            let stock = self.stock.entry(line.material.clone()).or_default();
            stock.0 += sign * line.quantity;
            stock.1 += sign * line.fen;
        }
    }

    /// Books the lines of a pickup, or takes them out again; tells the amount (section 11, "pickup line", "void").
    pub(super) fn book_lines(&mut self, pickup: &Pickup, sign: i64) -> i64 {
        let fen = sign * pickup.lines.iter().map(|line| line.fen).sum::<i64>();
        self.move_stock(&pickup.lines, sign);
        let household = self.households.get_mut(&pickup.household).expect("known");
        household.move_credit(month_of(pickup.at.date()), fen);
        household.reversed |= sign < 0;
        fen
    }
}
