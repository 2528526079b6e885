//! Reference model of a village's book: the rules once more, in the plainest form, to hold the ledger against.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::book::{Book, Household, Pickup, Receipt, Setup, Valued, half_up};
use super::steps::{Line, Month, NewHousehold, Price, Step, month_of};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Accepted,
    /// A run with nothing to do, or a restart: no entry.
    Nothing,
    /// The id is known with this content: the first answer again (R-PK-6).
    Replayed,
    Refused(&'static str),
}

/// `Ok(true)` if something was booked, `Ok(false)` if there was nothing to do.
pub(super) type Outcome = Result<bool, &'static str>;

pub(crate) struct Model {
    pub(super) setup: Setup,
    pub(super) book: Book,
    pub(super) log: Vec<Step>,
    pub(super) accepted: BTreeSet<usize>,
}

impl Model {
    pub(crate) fn new(setup: Setup) -> Model {
        Model {
            setup,
            book: Book::default(),
            log: Vec::new(),
            accepted: BTreeSet::new(),
        }
    }

    /// Takes the next step of a walk. Its command id is its place in the walk (R-PK-6).
    ///
    /// A repeated step that was refused or had nothing to do left no trace, so it is tried anew under its own id.
    pub(crate) fn step(&mut self, now: DateTime, step: &Step) -> Verdict {
        let mut id = self.log.len();
        self.log.push(step.clone());
        let mut command = step.clone();
        match step {
            Step::Restart => return Verdict::Nothing,
            Step::RepeatChanged { .. } => return Verdict::Refused("same id, other content"),
            Step::Repeat { index } if self.was_accepted(*index) => return Verdict::Replayed,
            Step::Repeat { index } => match &self.log[*index] {
                Step::Restart | Step::Repeat { .. } | Step::RepeatChanged { .. } => {
                    return Verdict::Refused("not a command");
                }
                earlier => (id, command) = (*index, earlier.clone()),
            },
            _ => {}
        }
        match self.perform(now, &command) {
            Ok(true) => {
                self.accepted.insert(id);
                Verdict::Accepted
            }
            Ok(false) => Verdict::Nothing,
            Err(reason) => Verdict::Refused(reason),
        }
    }

    fn perform(&mut self, now: DateTime, command: &Step) -> Outcome {
        match command {
            Step::RegisterHousehold(new) => self.register(new),
            Step::MoveOut { no, on } => self.move_out(now, no, *on),
            Step::RefundAdvance { no, fen, on } => self.refund(now, no, *fen, *on),
            Step::PublishPrices {
                effective_from,
                lines,
            } => self.publish(*effective_from, lines),
            Step::Pickup {
                number,
                at,
                household,
                lines,
                ..
            } => self.pickup(now, number, *at, household, lines),
            Step::VoidPickup { number, .. } => self.void_pickup(number),
            Step::CorrectPickup {
                number,
                new_number,
                lines,
                ..
            } => self.correct(number, new_number, lines),
            Step::Cash { household, fen, at } => self.cash(now, household, *fen, *at),
            Step::VoidCash { receipt, .. } => self.void_cash(receipt),
            Step::ChargeFees { month } => self.charge_fees(now, *month),
            Step::OffsetCredit { month } => self.offset_credit(now, *month),
            Step::Repeat { .. } | Step::RepeatChanged { .. } | Step::Restart => Ok(false),
        }
    }

    /// Facts lie neither before the opening month nor more than 10 minutes ahead (R-PK-3).
    fn in_time(&self, now: DateTime, at: DateTime) -> Result<Month, &'static str> {
        if month_of(at.date()) < self.setup.opening_month {
            return Err("before the opening month");
        }
        if at > now + SignedDuration::from_mins(10) {
            return Err("in the future");
        }
        Ok(month_of(at.date()))
    }

    fn register(&mut self, new: &NewHousehold) -> Outcome {
        if self.book.households.contains_key(&new.no) {
            return Err("household number is taken");
        }
        if !(1..=99).contains(&new.headcount) {
            return Err("headcount");
        }
        let household = Household {
            new: new.clone(),
            moved_out: None,
            credit: BTreeMap::new(),
            advance: 0,
            charges: BTreeMap::new(),
            reversed: false,
        };
        self.book.households.insert(new.no.clone(), household);
        Ok(true)
    }

    /// Prices the charges again whose period had not ended, and credits the difference back (R-FE-6).
    fn move_out(&mut self, now: DateTime, no: &str, on: Date) -> Outcome {
        let period_months = self.setup.period_months;
        let month = self.in_time(now, on.at(0, 0, 0, 0))?;
        let household = self
            .book
            .households
            .get_mut(no)
            .ok_or("unknown household")?;
        if household.moved_out.is_some() {
            return Err("moved out already");
        }
        if household.new.moved_in.is_some_and(|moved_in| on < moved_in) {
            return Err("before it moved in");
        }
        household.moved_out = Some(on);
        let (mut taken_off, mut to_advance) = (0, 0);
        for (period, charge) in household.clone().charges {
            if period + period_months - 1 < month {
                continue;
            }
            let liable = household.liable(period, period_months, Some(on));
            let (gross, waived) = charge.priced(liable, period_months);
            let back = (charge.gross - charge.waived) - (gross - waived);
            if back == 0 {
                continue;
            }
            let charge = household.charges.get_mut(&period).expect("just read");
            charge.gross_back = charge.gross - gross;
            charge.waived_back = charge.waived - waived;
            let off = back.min(charge.open);
            charge.open -= off;
            taken_off += off;
            to_advance += back - off;
        }
        household.advance += to_advance;
        let used = household.use_advance();
        self.book.credited_to_advance += to_advance;
        let fees = &mut self.book.month(month).fees;
        fees.credited_back -= taken_off;
        fees.advance_used -= used;
        Ok(true)
    }

    fn refund(&mut self, now: DateTime, no: &str, fen: i64, on: Date) -> Outcome {
        self.in_time(now, on.at(0, 0, 0, 0))?;
        let household = self
            .book
            .households
            .get_mut(no)
            .ok_or("unknown household")?;
        if fen <= 0 || fen > household.advance {
            return Err("not within the advance");
        }
        household.advance -= fen;
        self.book.cash_on_hand -= fen;
        Ok(true)
    }

    /// A list is never edited, and replaces the earlier one whole (R-PR-2).
    fn publish(&mut self, effective_from: DateTime, lines: &[Price]) -> Outcome {
        if self.book.prices.contains_key(&effective_from) {
            return Err("a list holds from then already");
        }
        let mut list = BTreeMap::new();
        for line in lines {
            let is_piece = self.is_piece(&line.material)?;
            if line.li < 0 || line.per < 1 || (!is_piece && line.per != 1) {
                return Err("price");
            }
            list.insert(line.material.clone(), line.clone());
        }
        if lines.is_empty() || list.len() < lines.len() {
            return Err("no line, or a material twice");
        }
        self.book.prices.insert(effective_from, list);
        Ok(true)
    }

    fn is_piece(&self, material: &str) -> Result<bool, &'static str> {
        let mut materials = self.setup.materials.iter();
        let found = materials.find(|(code, _)| code == material);
        Ok(found.ok_or("unknown material")?.1)
    }

    /// Net quantity and amount of each line by one price list (R-NU-1, R-NU-2, R-PK-3).
    fn value(&self, lines: &[Line], prices: DateTime) -> Result<Vec<Valued>, &'static str> {
        let mut valued = Vec::new();
        for line in lines {
            let is_piece = self.is_piece(&line.material)?;
            let price = self.book.prices[&prices]
                .get(&line.material)
                .ok_or("not on the price list")?;
            if is_piece && (line.tare != 0 || line.deduction != 0) {
                return Err("pieces have no tare and no deduction");
            }
            if !(0..=500).contains(&line.deduction) || !(0..=line.gross).contains(&line.tare) {
                return Err("tare or deduction");
            }
            if !is_piece && line.gross > 2_000_000 {
                return Err("over 2000 kg");
            }
            let quantity = half_up((line.gross - line.tare) * (1000 - line.deduction), 1000);
            if quantity <= 0 {
                return Err("nothing left");
            }
            let divisor = if is_piece { 10 * price.per } else { 10_000 };
            let fen = half_up(quantity * price.li, divisor);
            valued.push(Valued {
                material: line.material.clone(),
                quantity,
                fen,
            });
        }
        if valued.is_empty() {
            Err("no line")
        } else {
            Ok(valued)
        }
    }

    #[rustfmt::skip]
    fn pickup(&mut self, now: DateTime, number: &str, at: DateTime, household: &str, lines: &[Line]) -> Outcome {
        let month = self.in_time(now, at)?;
        if self.book.pickups.contains_key(number) {
            return Err("pickup number is taken");
        }
        if !self.book.households.contains_key(household) {
            return Err("unknown household");
        }
        let (prices, _) = self.book.prices.range(..=at).next_back().ok_or("no price list")?;
        let (prices, household) = (*prices, household.to_owned());
        let lines = self.value(lines, prices)?;
        let pickup = Pickup { household, at, prices, lines, reversed: false };
        self.book.month(month).credit.pickups += pickup.lines.iter().map(|line| line.fen).sum::<i64>();
        self.book.book_lines(&pickup, 1);
        self.book.pickups.insert(number.to_owned(), pickup);
        Ok(true)
    }

    /// One that was never recorded, or is reversed already, cannot be reversed (R-CO-3).
    fn reversible(&self, number: &str) -> Result<Pickup, &'static str> {
        let pickup = self.book.pickups.get(number).ok_or("unknown pickup")?;
        if pickup.reversed {
            return Err("reversed already");
        }
        Ok(pickup.clone())
    }

    /// Booked in the month of the pickup, as no month is closed here (R-CO-1, R-CO-5).
    fn void_pickup(&mut self, number: &str) -> Outcome {
        let pickup = self.reversible(number)?;
        let fen = self.book.book_lines(&pickup, -1);
        self.book.month(month_of(pickup.at.date())).credit.voids += fen;
        self.book.pickups.get_mut(number).expect("known").reversed = true;
        Ok(true)
    }

    fn correct(&mut self, number: &str, new_number: &str, lines: &[Line]) -> Outcome {
        let old = self.reversible(number)?;
        if self.book.pickups.contains_key(new_number) {
            return Err("pickup number is taken");
        }
        let lines = self.value(lines, old.prices)?;
        let new = Pickup {
            lines,
            ..old.clone()
        };
        let fen = self.book.book_lines(&old, -1) + self.book.book_lines(&new, 1);
        self.book.month(month_of(old.at.date())).credit.corrections += fen;
        self.book.pickups.get_mut(number).expect("known").reversed = true;
        self.book.pickups.insert(new_number.to_owned(), new);
        Ok(true)
    }

    fn cash(&mut self, now: DateTime, household: &str, fen: i64, at: DateTime) -> Outcome {
        let month = self.in_time(now, at)?;
        let payer = self
            .book
            .households
            .get_mut(household)
            .ok_or("unknown household")?;
        if fen <= 0 {
            return Err("amount");
        }
        let paid = payer.pay(fen, Month::MAX);
        let applied = paid.iter().map(|(_, part)| part).sum::<i64>();
        payer.advance += fen - applied;
        self.book.month(month).fees.cash -= applied;
        self.book.cash_on_hand += fen;
        let sequence = self.book.receipts_in.entry(at.year()).or_default();
        *sequence += 1;
        let number = format!("{:04}-{:06}", at.year(), *sequence);
        let household = household.to_owned();
        let receipt = Receipt {
            household,
            month,
            fen,
            paid,
            voided: false,
        };
        self.book.receipts.insert(number, receipt);
        Ok(true)
    }

    /// Opens again what the receipt had paid; the rest comes out of the advance (R-CO-7).
    fn void_cash(&mut self, number: &str) -> Outcome {
        let receipt = self
            .book
            .receipts
            .get(number)
            .ok_or("unknown receipt")?
            .clone();
        if receipt.voided {
            return Err("voided already");
        }
        let mut household = self.book.households[&receipt.household].clone();
        let mut reopened = 0;
        for (period, part) in &receipt.paid {
            let charge = household.charges.get_mut(period).expect("it was paid");
            let again = (*part).min(charge.net() - charge.open);
            charge.open += again;
            reopened += again;
        }
        let rest = receipt.fen - reopened;
        let mut undone = 0;
        for charge in household.charges.values_mut().rev() {
            let missing = (rest - household.advance - undone).max(0);
            let back = missing
                .min(charge.from_advance)
                .min(charge.net() - charge.open);
            charge.open += back;
            charge.from_advance -= back;
            undone += back;
        }
        household.advance += undone - rest;
        if household.advance < 0 {
            return Err("its advance is spent");
        }
        let used = household.use_advance();
        self.book
            .households
            .insert(receipt.household.clone(), household);
        let fees = &mut self.book.month(receipt.month).fees;
        fees.cash += reopened;
        fees.advance_used += undone - used;
        self.book.cash_on_hand -= receipt.fen;
        self.book.receipts.get_mut(number).expect("known").voided = true;
        Ok(true)
    }
}
