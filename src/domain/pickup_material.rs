//! What was picked up of each material by month, written from the pickups themselves and not from what they moved: the second of two sources that
//! the checks compare.

use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need};
use crate::domain::journal::Entry;
use crate::domain::pickup::Pickup;
use crate::domain::{MaterialCode, Money, Month};

/// The key of a sum.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PickupMaterial {
    /// The month of the books.
    pub month: Month,
    /// The month it is an adjustment of, where that is an earlier one (R-PD-4).
    pub origin: Option<Month>,
    /// The month of the business date on which it happened at the door.
    pub occurred: Month,
    /// The material.
    pub material: MaterialCode,
}

/// Pickups net of voids and corrections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PickupSum {
    /// How many lines.
    pub lines: i64,
    /// Grams or pieces.
    pub count: i64,
    /// What households earned by them.
    pub value: Money,
    /// What told prices differ from those in force (R-PR-3).
    pub told: Money,
}

impl PickupSum {
    /// Adds another sum.
    pub fn add(&mut self, other: PickupSum) {
        self.lines = self.lines.saturating_add(other.lines);
        self.count = self.count.saturating_add(other.count);
        self.value += other.value;
        self.told += other.told;
    }

    /// The sum that takes it back.
    #[must_use]
    pub fn reversed(self) -> PickupSum {
        PickupSum {
            lines: self.lines.saturating_neg(),
            count: self.count.saturating_neg(),
            value: -self.value,
            told: -self.told,
        }
    }
}

impl Book {
    /// Adds the pickup that an entry made, and takes out the one that it reversed.
    pub(crate) fn apply_pickup_material(&mut self, entry: &Entry) {
        let event = &entry.decision.event;
        if let Some((DocumentKind::Pickup, number)) = event.reversed_document() {
            let key = (DocumentKind::Pickup, number.clone());
            let need = || Need::Document(DocumentKind::Pickup, number.clone());
            let reversed = self.documents.get(&key, need).ok().flatten();
            let pickup = reversed.and_then(|document| document.event.pickup());
            if let Some(pickup) = pickup.cloned() {
                self.add_pickup(entry, &pickup, PickupSum::reversed);
            }
        }
        if let Some(pickup) = event.pickup() {
            self.add_pickup(entry, pickup, |sum| sum);
        }
    }

    fn add_pickup(&mut self, entry: &Entry, pickup: &Pickup, turned: fn(PickupSum) -> PickupSum) {
        for (index, line) in pickup.lines.iter().enumerate() {
            // What a told price differs in all stands on the first line.
            let told = if index == 0 {
                pickup.told_difference
            } else {
                Money::ZERO
            };
            let key = PickupMaterial {
                month: entry.month(),
                origin: entry.decision.origin_month,
                occurred: Month::at(pickup.occurred_at),
                material: line.material.clone(),
            };
            let sum = PickupSum {
                lines: 1,
                count: line.net.count(),
                value: line.amount,
                told,
            };
            let sums = &mut self.projections.pickup_materials;
            sums.entry(key).or_default().add(turned(sum));
        }
    }
}
