//! Goods in transit (在途废品) where the village weighs again: what a round brings is in transit until the station takes it in (R-SA-1).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Direction, Entry, Flow, Posting, StockMovement};
use crate::domain::month::business_date;
use crate::domain::pickup::{Pickup, PickupLine};
use crate::domain::projection::Stock;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::stock::check_quantity;
use crate::domain::{DocumentNo, Event, MaterialCode, Money, Month, Quantity, Refusal};

/// What is in transit of a round; its number in the register is the round's, or without one `COLLECTOR/YYYY-MM-DD`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transit {
    /// The month of the round.
    pub month: Month,
    /// What it brought of each material and is not taken in.
    pub materials: BTreeMap<MaterialCode, InTransit>,
}

/// What is in transit of one material.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InTransit {
    /// How much.
    pub quantity: Quantity,
    /// What it cost.
    pub value: Money,
    /// The entry by which it was last taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_in: Option<i64>,
}

impl Registered for Transit {
    const KIND: RegisterKind = RegisterKind::Transit;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        let is_there = |row: &InTransit| row.quantity.count() != 0 || !row.value.is_zero();
        self.materials.values().any(is_there)
    }
}

impl Transit {
    /// Whether a material was taken in after an entry.
    fn was_taken_in_after(&self, material: &MaterialCode, seq: i64) -> bool {
        let row = self.materials.get(material);
        row.and_then(|row| row.taken_in)
            .is_some_and(|taken_in| taken_in > seq)
    }
}

impl Pickup {
    /// The number under which what it brings is in transit.
    pub(crate) fn transit_key(&self) -> String {
        match &self.round {
            Some(round) => round.to_string(),
            None => format!("{}/{}", self.collector, business_date(self.occurred_at)),
        }
    }

    /// Puts the lines of a replacement where those of the pickup are now; a material that it did not have is in transit while any of it is.
    pub(crate) fn put_beside(&self, replacement: &mut Pickup) {
        for line in &mut replacement.lines {
            let same = self.lines.iter().find(|at| at.material == line.material);
            line.in_transit = same.map_or(self.is_in_transit(), |at| at.in_transit);
        }
    }

    fn is_in_transit(&self) -> bool {
        self.lines.iter().any(|line| line.in_transit)
    }
}

impl PickupLine {
    /// Where its material went.
    pub(crate) const fn account(&self) -> Account {
        if self.in_transit {
            Account::GoodsInTransit
        } else {
            Account::RecyclablesStock
        }
    }
}

impl Book {
    /// Puts a new pickup where its material goes: in transit where the village weighs again, else straight into stock (R-SA-1).
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn put_in_transit(&self, pickup: &mut Pickup) -> Result<(), Stop> {
        if self.settings().reweighs {
            self.registered::<Transit>(&pickup.transit_key())?;
            for line in &mut pickup.lines {
                line.in_transit = true;
            }
        }
        Ok(())
    }

    /// A pickup made by an entry, with its lines where their material is now: in transit, or in stock once the round was taken in.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn where_it_is(&self, seq: i64, pickup: &Pickup) -> Result<Pickup, Stop> {
        let mut now = pickup.clone();
        if pickup.is_in_transit() {
            let row: Transit = self.known_row(&pickup.transit_key())?;
            for line in &mut now.lines {
                line.in_transit &= !row.was_taken_in_after(&line.material, seq);
            }
        }
        Ok(now)
    }

    /// Keeps the row of the round that an entry brings material to, or takes it from.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds move nothing in transit"
    )]
    pub(crate) fn apply_transit(&mut self, entry: &Entry) {
        let moved = entry.decision.movements.iter();
        let moved: Vec<&StockMovement> = moved
            .filter(|movement| movement.account == Account::GoodsInTransit)
            .collect();
        if moved.is_empty() {
            return;
        }
        let event = &entry.decision.event;
        let place = match event {
            Event::IntakeRecorded(intake) => {
                Some((intake.round.to_string(), Month::at(intake.taken_in_at)))
            }
            Event::PickupVoided(voided) => {
                let key = (DocumentKind::Pickup, voided.pickup_no.clone());
                let document = self.document(key.0, &key.1).ok().flatten();
                let pickup = document.and_then(|document| document.event.pickup());
                pickup.map(|pickup| (pickup.transit_key(), Month::at(pickup.occurred_at)))
            }
            other => other
                .pickup()
                .map(|pickup| (pickup.transit_key(), Month::at(pickup.occurred_at))),
        };
        let Some((number, month)) = place else { return };
        let row = self.registered::<Transit>(&number).ok().flatten();
        let mut row = row.unwrap_or_else(|| Transit {
            month,
            materials: BTreeMap::new(),
        });
        for movement in moved {
            let unit = movement.quantity.unit();
            let there = row
                .materials
                .entry(movement.material.clone())
                .or_insert_with(|| InTransit {
                    quantity: Quantity::new(unit, 0),
                    value: Money::ZERO,
                    taken_in: None,
                });
            let (count, value) = movement.change();
            there.quantity = Quantity::new(unit, there.quantity.count().saturating_add(count));
            there.value += value;
            if matches!(event, Event::IntakeRecorded(_)) {
                there.taken_in = Some(entry.seq);
            }
        }
        self.register(&number, &row);
    }
}

/// What the station weighed of one material.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReweighedLine {
    /// The material.
    pub material: MaterialCode,
    /// What arrived; may be nothing.
    pub weighed: Quantity,
}

/// Takes in what a round brought, weighed again (入站复秤). Materials that are not named stay in transit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecordIntake {
    /// The round, or `COLLECTOR/YYYY-MM-DD`.
    pub round: DocumentNo,
    /// What was weighed; several lines of one material are added.
    pub lines: Vec<ReweighedLine>,
    /// When.
    pub taken_in_at: Timestamp,
}

/// A line of an intake with what was in transit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IntakeLine {
    /// The material.
    pub material: MaterialCode,
    /// What arrived.
    pub weighed: Quantity,
    /// What was in transit.
    pub expected: Quantity,
    /// What it had cost.
    pub expected_value: Money,
    /// The share of the cost of what is short.
    pub lost_value: Money,
}

/// An intake with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Intake {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub intake_no: DocumentNo,
    /// The round.
    pub round: DocumentNo,
    /// Its lines, at least one.
    pub lines: Vec<IntakeLine>,
    /// When.
    pub taken_in_at: Timestamp,
}

impl IntakeLine {
    /// Its postings and movements: into stock at cost, what is short lost, what is over a quantity without value (R-SA-1).
    fn book_into(&self, postings: &mut Vec<Posting>, movements: &mut Vec<StockMovement>) {
        let arrived = self.weighed.count().min(self.expected.count());
        let short = self.expected.count().saturating_sub(arrived);
        let over = self.weighed.count().saturating_sub(arrived);
        let kept = self.expected_value - self.lost_value;
        let side = |account: Account| account.of(self.material.as_str());
        let pairs = [
            (Account::RecyclablesStock, kept, Flow::Intake),
            (Account::StockLoss, self.lost_value, Flow::Loss),
        ];
        let positive = pairs
            .into_iter()
            .filter(|(_, amount, _)| amount.is_positive());
        postings.extend(positive.map(|(debit, amount, flow)| {
            Posting::new(side(debit), side(Account::GoodsInTransit), amount, flow)
        }));
        let (stock, transit) = (Account::RecyclablesStock, Account::GoodsInTransit);
        let steps = [
            (transit, Direction::Out, arrived, kept, Flow::Intake),
            (stock, Direction::In, arrived, kept, Flow::Intake),
            (transit, Direction::Out, short, self.lost_value, Flow::Loss),
            (stock, Direction::In, over, Money::ZERO, Flow::Gain),
        ];
        let steps = steps.into_iter().filter(|(_, _, count, ..)| *count > 0);
        movements.extend(
            steps.map(|(account, direction, count, value, flow)| StockMovement {
                account,
                material: self.material.clone(),
                collector: None,
                direction,
                quantity: Quantity::new(self.weighed.unit(), count),
                value,
                flow,
            }),
        );
    }
}

impl Intake {
    /// Its postings and movements.
    pub fn booked(&self) -> (Vec<Posting>, Vec<StockMovement>) {
        let (mut postings, mut movements) = (Vec::new(), Vec::new());
        for line in &self.lines {
            line.book_into(&mut postings, &mut movements);
        }
        (postings, movements)
    }
}

impl RecordIntake {
    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let row = Need::Register(RegisterKind::Transit, self.round.to_string());
        let number = Need::last_number(DocumentKind::Intake, self.taken_in_at);
        vec![Need::Stock, row, number]
    }

    /// Moves the materials from transit into stock at what they cost (R-SA-1).
    ///
    /// # Errors
    /// [`Refusal::NoLines`], [`Refusal::DocumentUnknown`] for a round of which nothing was ever in transit, [`Refusal::NotInTransit`],
    /// [`Refusal::MaterialUnknown`], [`Refusal::WrongUnit`], [`Refusal::OutOfRange`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("taken_in_at", self.taken_in_at)?;
        if self.lines.is_empty() {
            return Err(Refusal::NoLines.into());
        }
        let row: Transit = book.known_row(self.round.as_str())?;
        let mut weighed: BTreeMap<&MaterialCode, Quantity> = BTreeMap::new();
        for line in &self.lines {
            check_quantity(book, &line.material, "weighed", line.weighed, 0)?;
            let none = Quantity::new(line.weighed.unit(), 0);
            let sum = weighed.entry(&line.material).or_insert(none);
            let count = sum.count().saturating_add(line.weighed.count());
            *sum = Quantity::new(sum.unit(), count);
            check_quantity(book, &line.material, "weighed", *sum, 0)?;
        }
        let lines: Result<Vec<IntakeLine>, Refusal> = weighed
            .into_iter()
            .map(|(material, weighed)| self.line(&row, material, weighed))
            .collect();
        let intake = Intake {
            intake_no: book.next_number(DocumentKind::Intake, self.taken_in_at)?,
            round: self.round.clone(),
            lines: lines?,
            taken_in_at: self.taken_in_at,
        };
        let (postings, movements) = intake.booked();
        let mut decision = Decision::on(self.taken_in_at, Event::IntakeRecorded(intake));
        decision.postings = postings;
        decision.movements = movements;
        book.settle_residue(&mut decision)?;
        Ok(decision)
    }

    fn line(
        &self,
        row: &Transit,
        material: &MaterialCode,
        weighed: Quantity,
    ) -> Result<IntakeLine, Refusal> {
        let there = row.materials.get(material);
        let there = there.filter(|there| there.quantity.count() > 0);
        let there = there.ok_or_else(|| Refusal::NotInTransit {
            round: self.round.to_string(),
            material: material.to_string(),
        })?;
        let expected = there.quantity;
        let short = expected.count().saturating_sub(weighed.count()).max(0);
        let cost = Stock {
            count: expected.count(),
            value: there.value,
        };
        Ok(IntakeLine {
            material: material.clone(),
            weighed,
            expected,
            expected_value: there.value,
            lost_value: cost.cost_of(material, Quantity::new(expected.unit(), short))?,
        })
    }
}
