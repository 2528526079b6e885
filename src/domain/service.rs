//! What entries about the service at the door and at the collection points change in their registers: schedules, rounds, refuse, disputes.

use crate::domain::facts::Book;
use crate::domain::journal::Entry;
use crate::domain::refuse::CollectionPoint;
use crate::domain::schedule::Schedule;
use crate::domain::{DocumentKind, Event};

impl Book {
    /// Notes what the entry did to the registers of the service.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub(crate) fn apply_service(&mut self, entry: &Entry) {
        let month = entry.month();
        match &entry.decision.event {
            Event::ScheduleSet(set) => {
                let set = set.clone();
                let group = set.group.to_string();
                self.register(&group, &Schedule { month, set });
            }
            Event::RoundOpened(opened) => self.apply_round(opened, month),
            Event::StopRecorded(stop) => {
                self.apply_door(&stop.round_no, &stop.household_no, stop.at);
            }
            Event::RoundClosed(closed) => self.apply_round_close(&closed.round_no),
            Event::CollectionPointRegistered(point) => {
                let row = CollectionPoint {
                    month,
                    name: point.name.clone(),
                    hours: point.hours.clone(),
                };
                self.register(point.code.as_str(), &row);
            }
            Event::TripRecorded(trip) => self.apply_trip(trip, month),
            Event::DocumentVoided(voided) if voided.kind == DocumentKind::Trip => {
                self.apply_trip_void(&voided.number, entry);
            }
            Event::DisputeOpened(opened) => self.apply_dispute(opened, month),
            Event::DisputeAnswered(answered) => self.apply_dispute_answer(answered, month),
            _ => {}
        }
    }
}
