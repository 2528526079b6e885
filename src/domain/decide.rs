//! One decision for all commands: repetition first (R-PK-6), then the command's own rules, then its place in the chain.

use serde_json::Value;
use uuid::Uuid;

use crate::domain::command::{Command, Request};
use crate::domain::facts::{Accepted, Book, Stop};
use crate::domain::journal::{Decision, Entry, Private};
use crate::domain::seal::{self, Hash};
use crate::domain::{Event, Refusal};

/// What became of a command that was not refused.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every outcome is the large one"
)]
pub enum Outcome {
    /// It is in the journal.
    Recorded(Recorded),
    /// There was nothing to do, so there is no entry (R-FE-2, R-ST-3).
    NothingToDo,
}

/// The entry of an accepted command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The client-made id.
    pub command_id: Uuid,
    /// The number of the entry in the village's journal.
    pub seq: i64,
    /// The hash of the entry.
    pub hash: Hash,
    /// What was decided.
    pub event: Event,
    /// Whether it had been recorded before and this is the first answer again (R-PK-6).
    pub replayed: bool,
}

impl Recorded {
    /// The first answer to a command: its entry.
    pub fn first(entry: &Entry) -> Recorded {
        Recorded {
            command_id: entry.command_id,
            seq: entry.seq,
            hash: entry.hash,
            event: entry.decision.event.clone(),
            replayed: false,
        }
    }
}

/// What to do with a command.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives only until it is looked at"
)]
pub enum Verdict {
    /// Write this entry, and keep the personal details beside it.
    Record(Box<Entry>, Option<Private>),
    /// Answer without writing.
    Answer(Outcome),
}

/// Decides a command and, if it is accepted, advances the facts by it. A refused command leaves the facts as they were.
///
/// # Errors
/// [`Stop::Refused`] with the reason, [`Stop::Missing`] with the fact to load before deciding again.
pub fn decide(book: &mut Book, request: &Request, salt: [u8; 16]) -> Result<Verdict, Stop> {
    let command_json = request.command.to_json();
    let fingerprint = seal::fingerprint(&command_json);
    let details = request.command.private().to_json();
    if let Some(accepted) = book.accepted(request.id)? {
        return replay(
            request.id,
            accepted,
            fingerprint,
            &command_json,
            details.as_deref(),
        )
        .map(|recorded| Verdict::Answer(Outcome::Recorded(recorded)))
        .map_err(Stop::Refused);
    }
    book.set_actor(request.actor.clone());
    let Some(mut decision) = dispatch(book, &request.command)? else {
        return Ok(Verdict::Answer(Outcome::NothingToDo));
    };
    book.place(&mut decision);
    book.settle_households(&mut decision)?;
    book.cancel_uncovered(&mut decision)?;
    // The projections are kept by the group of the household.
    for household in decision.households() {
        book.household(&household)?;
    }
    let private = details.map(|content| Private { content, salt });
    let mut entry = Entry {
        seq: book.head().next_seq,
        command_id: request.id,
        fingerprint,
        actor: request.actor.to_string(),
        recorded_at: book.now(),
        content: serde_json::to_string(&decision.event).unwrap_or_default(),
        decision,
        private_digest: private
            .as_ref()
            .map(|private| seal::private_digest(&private.salt, &private.content)),
        hash: book.head().hash,
    };
    entry.hash = seal::chain(book.head().hash, &entry);
    book.apply(&entry, private.as_ref());
    Ok(Verdict::Record(Box::new(entry), private))
}

fn dispatch(book: &Book, command: &Command) -> Result<Option<Decision>, Stop> {
    match command {
        Command::OpenVillage(command) => match book.village() {
            Ok(_) => Err(Refusal::VillageOpenAlready {
                village: book.code().clone(),
            }
            .into()),
            Err(_) => command.decide().map(Some),
        },
        Command::ChangeSettings(command) => command.decide(book).map(Some),
        Command::RegisterMaterial(command) => command.decide(book).map(Some),
        Command::PublishPriceList(command) => command.decide(book).map(Some),
        Command::AdoptFeePolicy(command) => command.decide(book).map(Some),
        Command::RegisterHousehold(command) => command.decide(book).map(Some),
        Command::ChangeHousehold(command) => command.decide(book).map(Some),
        Command::MoveOut(command) => command.decide(book).map(Some),
        Command::MergeHouseholds(command) => command.decide(book).map(Some),
        Command::SplitHousehold(command) => command.decide(book).map(Some),
        Command::DepartHousehold(command) => command.decide(book).map(Some),
        Command::ArriveHousehold(command) => command.decide(book).map(Some),
        Command::RefundAdvance(command) => command.decide(book).map(Some),
        Command::RecordOpening(command) => command.decide(book).map(Some),
        Command::VoidOpening(command) => command.decide(book).map(Some),
        Command::RecordPickup(command) => command.decide(book).map(Some),
        Command::ResolveHeld(command) => command.decide(book).map(Some),
        Command::RegisterCollector(command) => command.decide(book).map(Some),
        Command::VoidPickup(command) => command.decide(book).map(Some),
        Command::CorrectPickup(command) => command.decide(book).map(Some),
        Command::ReceiveCash(command) => command.decide(book).map(Some),
        Command::VoidCash(command) => command.decide(book).map(Some),
        Command::RecordSale(command) => command.decide(book).map(Some),
        Command::BuyerPays(command) => command.decide(book).map(Some),
        Command::CountStock(command) => command.decide(book).map(Some),
        Command::RecordIntake(command) => command.decide(book).map(Some),
        Command::ReceiveFund(command) => command.decide(book).map(Some),
        Command::SpendFund(command) => command.decide(book).map(Some),
        Command::EarnPay(command) => command.decide(book).map(Some),
        Command::PayCollector(command) => command.decide(book).map(Some),
        Command::HandIn(command) => command.decide(book).map(Some),
        Command::Deposit(command) => command.decide(book).map(Some),
        Command::WriteOff(command) => command.decide(book).map(Some),
        Command::VoidDocument(command) => command.decide(book).map(Some),
        Command::ChargeFees(command) => command.decide(book),
        Command::OffsetCredit(command) => command.decide(book),
        Command::SetSchedule(command) => command.decide(book).map(Some),
        Command::OpenRound(command) => command.decide(book).map(Some),
        Command::RecordStop(command) => command.decide(book).map(Some),
        Command::CloseRound(command) => command.decide(book).map(Some),
        Command::RegisterCollectionPoint(command) => command.decide(book).map(Some),
        Command::RecordTrip(command) => command.decide(book).map(Some),
        Command::OpenDispute(command) => command.decide(book).map(Some),
        Command::AnswerDispute(command) => command.decide(book).map(Some),
        Command::RequestPayout(command) => command.decide(book).map(Some),
        Command::ApprovePayout(command) => command.decide(book).map(Some),
        Command::PayPayout(command) => command.decide(book).map(Some),
        Command::CancelPayout(command) => command.decide(book).map(Some),
        Command::ExpirePayouts(command) => command.decide(book),
        Command::CloseMonth(command) => command.decide(book).map(Some),
        Command::ReviewMonth(command) => command.decide(book).map(Some),
        Command::SignMonth(command) => command.decide(book).map(Some),
        Command::PublishMonth(command) => command.decide(book).map(Some),
        Command::ReturnMonth(command) => command.decide(book).map(Some),
        Command::ReopenMonth(command) => command.decide(book).map(Some),
    }
}

/// The first answer again for the same content; a refusal that names the difference for another one (R-PK-6).
fn replay(
    id: Uuid,
    accepted: &Accepted,
    fingerprint: Hash,
    command_json: &str,
    details: Option<&str>,
) -> Result<Recorded, Refusal> {
    let has_same_details = match (&accepted.private, details) {
        (Some((digest, salt)), Some(details)) => seal::private_digest(salt, details) == *digest,
        // Details that were erased can no longer be compared.
        (None, Some(_)) => accepted.had_private,
        (_, None) => !accepted.had_private,
    };
    if accepted.fingerprint != fingerprint {
        let event = serde_json::to_value(&accepted.event).unwrap_or_default();
        let command = serde_json::from_str(command_json).unwrap_or_default();
        let differing = first_difference(&command, &event).unwrap_or_else(|| "type".to_owned());
        return Err(Refusal::IdUsedForOtherContent { differing });
    }
    if !has_same_details {
        return Err(Refusal::IdUsedForOtherContent {
            differing: "private".to_owned(),
        });
    }
    Ok(Recorded {
        command_id: id,
        seq: accepted.seq,
        hash: accepted.hash,
        event: accepted.event.clone(),
        replayed: true,
    })
}

/// The name of the first field that a command states and that stands otherwise in the event of its id.
fn first_difference(command: &Value, event: &Value) -> Option<String> {
    let (Value::Object(command), Value::Object(event)) = (command, event) else {
        return None;
    };
    command
        .iter()
        .filter(|(name, value)| name.as_str() != "type" && !value.is_null())
        .find(|(name, value)| {
            event
                .get(name.as_str())
                .is_none_or(|other| !stands_in(value, other))
        })
        .map(|(name, _)| name.clone())
}

/// Whether everything that the one states stands in the other.
fn stands_in(stated: &Value, other: &Value) -> bool {
    match (stated, other) {
        (Value::Object(stated), Value::Object(other)) => stated
            .iter()
            .all(|(name, value)| other.get(name).is_some_and(|other| stands_in(value, other))),
        (Value::Array(stated), Value::Array(other)) => {
            stated.len() == other.len()
                && stated
                    .iter()
                    .zip(other)
                    .all(|(value, other)| stands_in(value, other))
        }
        _ => stated == other,
    }
}
