//! Random walks for the reference model: a seeded generator of steps, mostly valid, some late, some senseless.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::book::Setup;
use super::model::Model;
use super::random::Random;
use super::steps::{Kind, Line, Month, NewHousehold, Price, Step, Waiver, day_in, month_of};

/// The walk stops gaining households here, and time stands still at the end of its last month.
const HOUSEHOLDS_MAX: u64 = 150;
const MONTHS_MAX: Month = 36;

/// Makes the steps of one walk; the same seed and the same answers of the model give the same walk.
pub(crate) struct Walk {
    random: Random,
    now: DateTime,
    end: DateTime,
    /// Steps made so far, which is the index of the next one.
    made: usize,
    /// Numbers sent so far, whether or not the book took them.
    households: Vec<String>,
    pickups: Vec<String>,
    numbers: u64,
}

impl Walk {
    /// A walk that begins on the first morning of the village's opening month.
    pub(crate) fn new(seed: u64, setup: &Setup) -> Walk {
        let end = day_in(setup.opening_month + MONTHS_MAX, 1).at(0, 0, 0, 0);
        Walk {
            random: Random(seed),
            now: day_in(setup.opening_month, 1).at(8, 0, 0, 0),
            end: end - SignedDuration::from_mins(30),
            made: 0,
            households: Vec::new(),
            pickups: Vec::new(),
            numbers: 0,
        }
    }

    /// The server's clock for the step made last.
    pub(crate) fn now(&self) -> DateTime {
        self.now
    }

    /// Moves the clock by about two and a half hours and makes the next step.
    pub(crate) fn next(&mut self, model: &Model) -> Step {
        let pause = SignedDuration::from_secs(self.random.between(0, 18_700));
        self.now = (self.now + pause).min(self.end);
        let step = self.choose(model);
        self.made += 1;
        step
    }

    fn choose(&mut self, model: &Model) -> Step {
        if self.made == 0 {
            return self.publish_prices(model);
        }
        if self.households.len() < 20 && self.random.chance(50) {
            return self.register();
        }
        match self.random.below(1000) {
            0..15 => self.register(),
            15..23 => self.move_out(model),
            23..48 => self.refund(model),
            48..60 => self.publish_prices(model),
            60..435 => self.pickup(model),
            435..495 => Step::VoidPickup {
                number: self.some_pickup(model),
                at: self.now,
            },
            495..575 => self.correct(model),
            575..695 => self.cash(model),
            695..735 => self.void_cash(model),
            735..830 => Step::ChargeFees {
                month: self.month_to_run(model, Model::charges_pending),
            },
            830..945 => Step::OffsetCredit {
                month: self.month_to_run(model, Model::offset_pending),
            },
            945..980 => self.repeat(model, false),
            980..993 => self.repeat(model, true),
            _ => Step::Restart,
        }
    }

    fn register(&mut self) -> Step {
        let full = self.households.len() as u64 >= HOUSEHOLDS_MAX;
        let no = if full || (!self.households.is_empty() && self.random.chance(5)) {
            self.random.pick(&self.households)
        } else {
            let count = self.households.len();
            format!("{:02}-{:03}", count % 7 + 1, count + 1)
        };
        if !self.households.contains(&no) {
            self.households.push(no.clone());
        }
        let today = self.now.date();
        let moved_in = match self.random.below(10) {
            0 => None,
            3..8 if self.households.len() < 20 => None,
            1 => Some(self.days_from(today, 1, 25)),
            2 => Some(self.days_from(today, -900, -60)),
            _ => Some(self.days_from(today, -45, 0)),
        };
        let vacant = self.random.chance(20);
        Step::RegisterHousehold(NewHousehold {
            group: no[..2].to_owned(),
            no,
            headcount: match self.random.below(50) {
                0 => 0,
                1 => 100,
                _ => self.random.between(1, 7),
            },
            kind: self.random.either(15, Kind::NonRegistered, Kind::Resident),
            waived: match self.random.below(12) {
                0 => Some(Waiver::Destitute),
                1 => Some(Waiver::LowIncome),
                2 => Some(Waiver::Disabled),
                _ => None,
            },
            moved_in,
            vacant_since: vacant.then(|| self.days_from(today, -400, 30)),
            save_up: self.random.chance(20),
        })
    }

    /// Mostly on a day up to two months past; often of one that paid its latest charge but owes an older one.
    fn move_out(&mut self, model: &Model) -> Step {
        let tries = self.random.either(60, 40, 1);
        let no = self.some_household_that(tries, |no| model.owes_old_only(no));
        let today = self.now.date();
        let on = match self.random.below(10) {
            0 => self.days_from(today, -300, 0),
            1..4 => self.days_from(today, -70, 0),
            _ => self.days_from(today, -12, 0),
        };
        let on = on.max(opening_day(model));
        Step::MoveOut { no, on }
    }

    fn refund(&mut self, model: &Model) -> Step {
        let tries = self.random.either(97, 30, 1);
        let no = self.some_household_that(tries, |no| model.advance(no) > 0);
        let advance = model.advance(&no);
        let fen = match self.random.below(10) {
            0 => advance + 1,
            1 => 0,
            2..5 => advance - advance / 3,
            _ => advance,
        };
        let on = self
            .days_from(self.now.date(), -5, 0)
            .max(opening_day(model));
        Step::RefundAdvance { no, fen, on }
    }

    /// Mostly in force within days; sometimes at the instant of the last list, or with an unknown material.
    fn publish_prices(&mut self, model: &Model) -> Step {
        let effective_from = match model.last_prices() {
            None => opening_day(model).at(0, 0, 0, 0),
            Some(last) if self.random.chance(8) => last,
            Some(last) => {
                let day = self.days_from(self.now.date(), -10, 10);
                let day = day.max(self.days_from(last.date(), 1, 3));
                day.at(0, 0, 0, 0)
            }
        };
        let mut lines = Vec::new();
        for (material, is_piece) in &model.setup().materials {
            if self.made > 0 && self.random.chance(2) {
                continue;
            }
            let (li, per) = match (self.random.chance(6), *is_piece) {
                (true, _) => (0, 1),
                (false, true) => (self.random.between(20, 300), self.random.between(1, 4)),
                (false, false) => (self.random.between(100, 2600), 1),
            };
            let material = material.clone();
            lines.push(Price { material, li, per });
        }
        if self.random.chance(8) || lines.is_empty() {
            let material = "NONE".to_owned();
            let (li, per) = (100, 1);
            lines.push(Price { material, li, per });
        }
        Step::PublishPrices {
            effective_from,
            lines,
        }
    }

    fn pickup(&mut self, model: &Model) -> Step {
        let number = self.new_number("A", 2);
        let opening = opening_day(model).at(0, 0, 0, 0);
        let at = match self.random.below(100) {
            0 => opening - SignedDuration::from_secs(self.random.pick(&[1, 86_400])),
            1 => self.now + SignedDuration::from_secs(self.random.pick(&[300, 600, 601, 86_400])),
            _ => self.lately().max(opening),
        };
        Step::Pickup {
            number,
            at,
            household: self.some_household(),
            collector: format!("C{}", self.random.between(1, 3)),
            lines: self.lines(model),
        }
    }

    fn correct(&mut self, model: &Model) -> Step {
        let number = self.some_pickup(model);
        let new_number = self.new_number("K", 3);
        Step::CorrectPickup {
            number,
            new_number,
            at: self.now,
            lines: self.lines(model),
        }
    }

    /// One to three lines, below 100 kg each and mostly below 200 yuan; now and then a senseless one (R-PK-3, R-NU-1).
    fn lines(&mut self, model: &Model) -> Vec<Line> {
        let mut lines = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let (material, is_piece) = self.random.pick(&model.setup().materials);
            let (mut gross, mut tare, mut deduction) = (self.random.between(20, 9_000), 0, 0);
            match self.random.below(20) {
                0..4 => tare = self.random.between(1, 600),
                4..7 => deduction = self.random.between(1, 500),
                7 | 8 => gross = self.random.between(9_000, 45_000),
                _ => {}
            }
            if is_piece {
                (gross, tare, deduction) = (self.random.between(1, 120), 0, 0);
            }
            let mut line = Line {
                material,
                gross,
                tare,
                deduction,
            };
            match self.random.below(300) {
                0 => "NONE".clone_into(&mut line.material),
                1 => line.gross = 0,
                5 if !is_piece => line.gross = 2_000_001,
                2 => line.tare = line.gross + self.random.between(0, 1),
                3 => line.deduction = self.random.pick(&[501, -1]),
                4 => line.tare = 5,
                _ => {}
            }
            lines.push(line);
        }
        if self.random.chance(1) {
            lines.clear();
        }
        lines
    }

    /// What is owed, part of it, or a round sum that leaves an advance (R-ST-1).
    fn cash(&mut self, model: &Model) -> Step {
        let household = self.some_household_that(2, |no| model.open_total(no) > 0);
        let owed = model.open_total(&household);
        let fen = match self.random.below(20) {
            0 => 0,
            1 | 2 => self.random.between(1, 20_000),
            3..7 => owed / 2 + 1,
            7..12 => (owed / 1000 + 1) * 1000,
            12 | 13 => owed + 6_000,
            _ => owed.max(500),
        };
        let at = self.lately().max(opening_day(model).at(0, 0, 0, 0));
        Step::Cash { household, fen, at }
    }

    fn void_cash(&mut self, model: &Model) -> Step {
        let mut receipt = String::new();
        for _ in 0..4 {
            let year = self.now.year() - self.random.either(25, 1, 0);
            let count = model.receipts_in(year);
            let first = 1.max(count - 60 * self.random.between(1, 20));
            let sequence = self.random.between(first, count + 1);
            receipt = format!("{year:04}-{sequence:06}");
            if model.receipt(&receipt).is_some_and(|found| !found.voided) {
                break;
            }
        }
        Step::VoidCash {
            receipt,
            at: self.now,
        }
    }

    /// Mostly the first month with something left to do, else any month, sometimes one that must be refused.
    fn month_to_run(&mut self, model: &Model, pending: fn(&Model, Month) -> bool) -> Month {
        let (opening, today) = (model.setup().opening_month, month_of(self.now.date()));
        match self.random.below(20) {
            0 => self.random.pick(&[opening - 1, today + 1]),
            1 | 2 => opening + self.random.between(0, i64::from(today - opening)) as Month,
            3 => today,
            _ => {
                let last = today - self.random.either(30, 0, 1);
                let first = (opening..=last).find(|month| pending(model, *month));
                first.unwrap_or(opening.max(last))
            }
        }
    }

    fn repeat(&mut self, model: &Model, changed: bool) -> Step {
        for _ in 0..20 {
            let index = self.earlier_step();
            match model.step_at(index) {
                None | Some(Step::Restart | Step::Repeat { .. } | Step::RepeatChanged { .. }) => {}
                Some(_) if !changed => return Step::Repeat { index },
                Some(_) if model.was_accepted(index) => return Step::RepeatChanged { index },
                Some(_) => {}
            }
        }
        Step::Restart
    }

    fn earlier_step(&mut self) -> usize {
        let back = self.random.either(70, self.made.min(60), self.made);
        self.made - 1 - self.random.below(back as u64) as usize
    }

    /// The first that fits of so many tries, else the last one tried.
    fn some_household_that(&mut self, tries: u32, fits: impl Fn(&str) -> bool) -> String {
        let mut no = self.some_household();
        for _ in 1..tries {
            if fits(&no) {
                break;
            }
            no = self.some_household();
        }
        no
    }

    fn some_household(&mut self) -> String {
        if self.households.is_empty() || self.random.chance(1) {
            return "99-999".to_owned();
        }
        self.random.pick(&self.households)
    }

    /// Mostly one that can still be reversed, and often one whose credit is spent (R-CO-4).
    fn some_pickup(&mut self, model: &Model) -> String {
        let mut number = "A-unknown".to_owned();
        if self.pickups.is_empty() || self.random.chance(2) {
            return number;
        }
        let tries = self.random.either(50, 25, 3);
        for attempt in 0..tries {
            let count = self.pickups.len();
            let back = self.random.either(60, count.min(150), count);
            number = self.random.pick(&self.pickups[count - back..]);
            let found = model.find_pickup(&number);
            let spent = found.is_some_and(|(no, _, fen)| model.credit(no) < fen);
            if model.can_reverse(&number) && (spent || attempt + 3 >= tries) {
                break;
            }
        }
        number
    }

    /// The next number, or with some chance one that is taken.
    fn new_number(&mut self, prefix: &str, percent_taken: u64) -> String {
        if self.random.chance(percent_taken) && !self.pickups.is_empty() {
            return self.random.pick(&self.pickups);
        }
        self.numbers += 1;
        self.pickups.push(format!("{prefix}-{:06}", self.numbers));
        self.pickups[self.pickups.len() - 1].clone()
    }

    /// A time not after now: mostly today, often days or weeks ago, seldom months.
    fn lately(&mut self) -> DateTime {
        let days = match self.random.below(100) {
            0..50 => return self.now - SignedDuration::from_secs(self.random.between(0, 7_200)),
            50..80 => self.random.between(0, 7),
            80..96 => self.random.between(7, 35),
            _ => self.random.between(35, 130),
        };
        let seconds = self.random.between(0, 86_399);
        self.now - SignedDuration::from_secs(days * 86_400 + seconds)
    }

    fn days_from(&mut self, day: Date, low: i64, high: i64) -> Date {
        day + SignedDuration::from_hours(24 * self.random.between(low, high))
    }
}

fn opening_day(model: &Model) -> Date {
    day_in(model.setup().opening_month, 1)
}
