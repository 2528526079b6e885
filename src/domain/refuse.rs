//! Refuse (定时定点收集垃圾, R-PK-10): collection points with fixed hours, and the trips that take residual waste away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Entry};
use crate::domain::month::business_date;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::schedule::Hours;
use crate::domain::{DocumentNo, Event, Month, PointCode, Quantity, Refusal, Unit};

/// The heaviest trip that is not a typing mistake, in grams: 50 tonnes.
pub const TRIP_GRAMS_MOST: i64 = 50_000_000;

/// Registers a collection point, or its new name and hours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisterCollectionPoint {
    /// Its code.
    pub code: PointCode,
    /// Its name.
    pub name: String,
    /// The hours of a day at which refuse is taken there, at least once.
    pub hours: Vec<Hours>,
}

/// A collection point, as it stands in the register under its code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CollectionPoint {
    /// The month in which it was registered last.
    pub month: Month,
    /// Its name.
    pub name: String,
    /// The hours at which refuse is taken there.
    pub hours: Vec<Hours>,
}

impl Registered for CollectionPoint {
    const KIND: RegisterKind = RegisterKind::CollectionPoint;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        true
    }
}

impl RegisterCollectionPoint {
    /// Registers the point from now on.
    ///
    /// # Errors
    /// [`Refusal::Empty`] for a point without hours, [`Refusal::HoursEndBeforeBegin`], [`Refusal::VillageUnknown`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        crate::domain::plain_text("name", &self.name, 64)?;
        if self.hours.is_empty() {
            return Err(Refusal::Empty { field: "hours" }.into());
        }
        self.hours.iter().try_for_each(Hours::check)?;
        let event = Event::CollectionPointRegistered(self.clone());
        Ok(Decision::on(book.now(), event))
    }
}

/// Records the residual waste that a trip took away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecordTrip {
    /// From which point.
    pub point: PointCode,
    /// When.
    pub at: Timestamp,
    /// How much, in grams.
    pub weight: Quantity,
}

/// A trip that was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TripRecorded {
    /// Its number.
    pub number: DocumentNo,
    /// From which point.
    pub point: PointCode,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub weight: Quantity,
}

/// A trip, as it stands in the register under its number. A trip that is voided after its month stands there a second time, in the month of the
/// void, and takes itself back: the figures of a month that is over stay as they were.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trip {
    /// The month of the books it counts in.
    pub month: Month,
    /// From which point.
    pub point: PointCode,
    /// How much, in grams.
    pub grams: i64,
    /// What it is in the month's figures.
    pub standing: TripStanding,
}

/// What a trip is in the figures of its month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TripStanding {
    /// It counts.
    Counted,
    /// It was voided in its own month and does not count.
    Voided,
    /// It takes back a trip of an earlier month.
    TakenBack,
}

impl Registered for Trip {
    const KIND: RegisterKind = RegisterKind::Trip;

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        false
    }
}

impl RecordTrip {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        vec![
            Need::Register(RegisterKind::CollectionPoint, self.point.to_string()),
            Need::LastNumber(DocumentKind::Trip, business_date(self.at).year()),
        ]
    }

    /// Records the trip under the next number of its year.
    ///
    /// # Errors
    /// [`Refusal::CollectionPointUnknown`], [`Refusal::OutOfRange`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("at", self.at)?;
        let point = book.registered::<CollectionPoint>(self.point.as_str())?;
        if point.is_none() {
            return Err(Refusal::CollectionPointUnknown {
                point: self.point.to_string(),
            }
            .into());
        }
        let is_weight = self.weight.unit() == Unit::Kg;
        if !is_weight || !(1..=TRIP_GRAMS_MOST).contains(&self.weight.count()) {
            return Err(Refusal::OutOfRange {
                field: "weight",
                value: self.weight.to_string(),
                least: Quantity::grams(1).to_string(),
                most: Quantity::grams(TRIP_GRAMS_MOST).to_string(),
            }
            .into());
        }
        let recorded = TripRecorded {
            number: book.next_number(DocumentKind::Trip, self.at)?,
            point: self.point.clone(),
            at: self.at,
            weight: self.weight,
        };
        Ok(Decision::on(self.at, Event::TripRecorded(recorded)))
    }
}

impl Book {
    pub(crate) fn apply_trip(&mut self, recorded: &TripRecorded, month: Month) {
        let row = Trip {
            month,
            point: recorded.point.clone(),
            grams: recorded.weight.count(),
            standing: TripStanding::Counted,
        };
        self.register(recorded.number.as_str(), &row);
    }

    /// A voided trip is not counted; one of an earlier month is taken back in the month of the void.
    pub(crate) fn apply_trip_void(&mut self, number: &DocumentNo, entry: &Entry) {
        let Ok(Some(trip)) = self.registered::<Trip>(number.as_str()) else {
            return;
        };
        let month = entry.month();
        if trip.month == month {
            let standing = TripStanding::Voided;
            self.register(number.as_str(), &Trip { standing, ..trip });
            return;
        }
        let standing = TripStanding::TakenBack;
        let row = Trip {
            month,
            standing,
            ..trip
        };
        self.register(&format!("{number}/void"), &row);
    }
}
