//! Which pickup may still be taken back, and by whom (R-CO-2, R-CO-3).

use jiff::Timestamp;

use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Stop};
use crate::domain::month::business_date;
use crate::domain::pickup::Pickup;
use crate::domain::{DocumentNo, Event, Money, Refusal, Role};

/// The pickup with that number, if it was not voided or replaced, and the entry that made it.
pub(crate) fn live_pickup<'b>(
    book: &'b Book,
    number: &DocumentNo,
) -> Result<(i64, &'b Pickup), Stop> {
    let document = book.live_document(DocumentKind::Pickup, number)?;
    let number = number.to_string();
    match (document.event.pickup(), &document.event) {
        (Some(pickup), _) => Ok((document.seq, pickup)),
        (None, Event::PickupHeld(_)) => Err(Refusal::PickupHeld { number }.into()),
        (None, Event::HeldResolved(_)) => Err(Refusal::PickupRejected { number }.into()),
        (None, _) => Err(Refusal::DocumentUnknown { number }.into()),
    }
}

/// A collector takes back or corrects only what he weighed himself, on the same day, below an amount, and says why; everything else is the clerk's
/// (R-CO-2).
pub(crate) fn check_own(
    book: &Book,
    pickup: &Pickup,
    at: Timestamp,
    amount: Money,
    reason: &str,
) -> Result<(), Refusal> {
    let actor = book.actor();
    if actor.role != Role::Collector {
        return Ok(());
    }
    let is_own = actor.name == pickup.collector.as_str();
    let is_same_day = business_date(at) == business_date(pickup.occurred_at);
    let below = book.settings().own_correction_below;
    if !is_own || !is_same_day || amount >= below {
        let number = pickup.pickup_no.to_string();
        return Err(Refusal::OnlyClerkCorrects { number, below });
    }
    if reason.trim().is_empty() {
        return Err(Refusal::Empty { field: "reason" });
    }
    Ok(())
}
