//! What becomes of the items of a phone: all are given to the writer before the first answer is waited for, pickups before voids, and each is told for
//! itself.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::authority::Denied;
use crate::domain::decide::{Outcome, Recorded};
use crate::domain::held::HoldReason;
use crate::domain::{Command, DocumentNo, Event, Money, Month, Refusal, Request, VillageCode};
use crate::http::api::sync::Asked;
use crate::http::extract::{Visit, command_id};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::session;
use crate::ledger::access::AccessError;
use crate::ledger::phone::PickupStanding;
use crate::ledger::{Error, Keeping, Pending};
use crate::text::Texts;

/// How an item ended (R-PK-7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemStanding {
    /// It is in the books, or a void that waits for its pickup.
    Accepted,
    /// A clerk looks at it first.
    Held,
    /// It is not taken; the same item is not sent again.
    Rejected,
}

/// What became of an item.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemResult {
    /// The command id.
    id: Uuid,
    result: ItemStanding,
    /// Why, in one word: `recorded`, `told-price`, `booked-late`, `released`, `voided`, `void-kept`, the reason for which it is held, or the code of
    /// the problem.
    code: String,
    /// The pickup that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// What the pickup is worth, in yuan.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// The month that it is booked in.
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    /// What the household still owes, in yuan.
    #[serde(skip_serializing_if = "Option::is_none")]
    still_owed: Option<String>,
    /// Whether the pickup is void.
    is_voided: bool,
    /// Whether this was answered before.
    replayed: bool,
    /// The same in one sentence, in the language that was asked for.
    message: String,
    /// What is wrong with an item that is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
}

impl ItemResult {
    /// Whether it is in the books now, booked or held.
    pub(crate) fn is_taken(&self) -> bool {
        self.result != ItemStanding::Rejected
    }
}

/// An item and what is done with it.
struct Item {
    id: Uuid,
    /// The item by its place in the request.
    place: String,
    made: Result<(VillageCode, Command), Problem>,
}

/// The items of a request.
pub(crate) struct Items(Vec<Item>);

/// What an item ended with.
enum Ended {
    Done(Box<Recorded>),
    /// A void that waits, and for what.
    Waits(Box<Refusal>),
    Refused(Problem),
    /// Nobody knows yet: it is sent again.
    Open,
}

impl Items {
    /// Reads the items, each for itself: one that cannot be read spoils no other.
    ///
    /// # Errors
    /// An item without an id, which could not be answered.
    pub(crate) fn read(
        items: Vec<Value>,
        read: impl Fn(Value) -> Result<(VillageCode, Command), Problem>,
    ) -> Result<Items, Problem> {
        let items = items.into_iter().enumerate().map(|(index, item)| {
            let place = format!("/items/{index}");
            let id = item.get("id").and_then(Value::as_str);
            let id = id.and_then(command_id).ok_or_else(|| {
                Problem::new(StatusCode::BAD_REQUEST, "wrong-type")
                    .with("reason", "expected a UUID with hyphens")
                    .at(format!("{place}/id"))
            })?;
            let made = read(item);
            Ok(Item { id, place, made })
        });
        items.collect::<Result<_, _>>().map(Items)
    }

    /// Gives all to the writer, and tells what became of each, as far as that is known.
    pub(crate) async fn settle(
        self,
        visit: &Visit,
        asked: &Asked,
    ) -> Result<Vec<ItemResult>, Problem> {
        let ended = self.give(visit, asked).await?;
        let mut wanted: BTreeMap<&VillageCode, BTreeSet<DocumentNo>> = BTreeMap::new();
        for (item, ended) in self.0.iter().zip(&ended) {
            if let (Ok((village, command)), Ended::Done(_)) = (&item.made, ended) {
                let numbers = wanted.entry(village).or_default();
                numbers.extend(number(command).cloned());
            }
        }
        let mut standings = BTreeMap::new();
        for (village, numbers) in wanted {
            let ledger = &visit.service.ledger;
            let found = ledger.pickup_standings(village, &numbers).await?;
            let found = found.into_iter();
            standings.extend(found.map(|(number, found)| ((village, number), found)));
        }
        let mut results = Vec::with_capacity(self.0.len());
        for (item, ended) in self.0.iter().zip(ended) {
            let made = item.made.as_ref().ok();
            let number = made.and_then(|(_, command)| number(command));
            let standing = made
                .zip(number)
                .and_then(|((village, _), number)| standings.get(&(village, number.clone())));
            results.extend(told(visit, item, (number, standing), ended));
        }
        Ok(results)
    }

    /// Gives all to the writer before the first answer is waited for, so that they share transactions; pickups first, whatever the order was.
    async fn give(&self, visit: &Visit, asked: &Asked) -> Result<Vec<Ended>, Problem> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&index| {
            let made = self.0.get(index).map(|item| &item.made);
            matches!(made, Some(Ok((_, Command::VoidPickup(_)))))
        });
        let mut given: BTreeMap<usize, Result<Pending, Problem>> = BTreeMap::new();
        let mut noted = BTreeSet::new();
        for index in order {
            let Some(item) = self.0.get(index) else {
                continue;
            };
            let made = match &item.made {
                Ok((village, command)) => match may(visit, asked, village, command) {
                    Ok(()) => enqueue(visit, item.id, village, command),
                    Err(problem) => {
                        if noted.insert(village) {
                            session::note_refused(visit, village).await?;
                        }
                        Err(problem)
                    }
                },
                Err(problem) => Err(problem.clone()),
            };
            given.insert(index, made);
        }
        let mut ended = Vec::with_capacity(given.len());
        for given in given.into_values() {
            ended.push(match given {
                Ok(pending) => end(pending.answer().await),
                Err(problem) => end_with(problem),
            });
        }
        Ok(ended)
    }
}

/// Whether an item may be commanded by whoever brings it.
fn may(
    visit: &Visit,
    asked: &Asked,
    village: &VillageCode,
    command: &Command,
) -> Result<(), Problem> {
    let identity = &visit.identity;
    if asked.stopped_at.is_none() {
        let may = identity.may_command(village, command);
        return may.map_err(|denied| Problem::denied(denied, village));
    }
    identity
        .may_bring_late(village, command)
        .map_err(|denied| match denied {
            Denied::NotFound => Problem::denied(denied, village),
            Denied::Forbidden => AccessError::PhoneStopped.into(),
        })
}

fn enqueue(
    visit: &Visit,
    id: Uuid,
    village: &VillageCode,
    command: &Command,
) -> Result<Pending, Problem> {
    let request = Request {
        village: village.clone(),
        id,
        actor: visit.identity.actor(),
        command: command.clone(),
    };
    let ledger = &visit.service.ledger;
    Ok(ledger.try_enqueue(request, Keeping::VoidsToo)?)
}

fn end(answer: Result<Outcome, Error>) -> Ended {
    match answer {
        Ok(Outcome::Recorded(recorded)) => Ended::Done(Box::new(recorded)),
        Ok(Outcome::NothingToDo) => Ended::Open,
        Err(Error::Waits(refusal)) => Ended::Waits(refusal),
        Err(error) => end_with(error.into()),
    }
}

/// What may succeed later is no answer.
fn end_with(problem: Problem) -> Ended {
    let may_pass =
        problem.status().is_server_error() || problem.status() == StatusCode::TOO_MANY_REQUESTS;
    if may_pass {
        Ended::Open
    } else {
        Ended::Refused(problem)
    }
}

/// The pickup that a command is about.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a phone makes no other command"
)]
const fn number(command: &Command) -> Option<&DocumentNo> {
    match command {
        Command::RecordPickup(command) => Some(&command.pickup_no),
        Command::VoidPickup(command) => Some(&command.pickup_no),
        _ => None,
    }
}

/// An item in the words of the phone's language; none if nothing is known of it yet.
fn told(
    visit: &Visit,
    item: &Item,
    (number, standing): (Option<&DocumentNo>, Option<&PickupStanding>),
    ended: Ended,
) -> Option<ItemResult> {
    let texts = visit.context.texts();
    let written = number.map(ToString::to_string);
    let mut result = ItemResult {
        id: item.id,
        result: ItemStanding::Accepted,
        code: String::new(),
        number: written.clone(),
        amount: None,
        month: None,
        still_owed: standing
            .and_then(|standing| standing.still_owed)
            .map(|owed| owed.to_string()),
        is_voided: standing.is_some_and(|standing| standing.voided_in.is_some()),
        replayed: false,
        message: String::new(),
        problem: None,
    };
    let names_number = [("number", written.unwrap_or_default())];
    match ended {
        Ended::Open => return None,
        Ended::Done(recorded) => {
            result.replayed = recorded.replayed;
            result.tell(texts, &recorded.event, standing);
        }
        Ended::Waits(refusal) => {
            let is_held = matches!(*refusal, Refusal::PickupHeld { .. });
            let (standing, code, text) = if is_held {
                (ItemStanding::Held, "pickup-held", "sync-void-waits")
            } else {
                (ItemStanding::Accepted, "void-kept", "sync-void-kept")
            };
            (result.result, result.code) = (standing, code.to_owned());
            result.message = texts.tell(text, &names_number);
        }
        Ended::Refused(problem) => {
            let is_of_void = matches!(item.made, Ok((_, Command::VoidPickup(_))));
            let problem = problem.inside(&item.place);
            let body = problem.body(texts, visit.context.trace_id());
            problem.code().clone_into(&mut result.code);
            body.detail().clone_into(&mut result.message);
            // What a clerk took back before the collector did needs nothing more.
            if !(is_of_void && problem.code() == "already-reversed") {
                result.result = ItemStanding::Rejected;
                result.problem = Some(body);
            }
        }
    }
    Some(result)
}

impl ItemResult {
    /// Tells what an item made, and what became of it since.
    fn tell(&mut self, texts: &Texts, event: &Event, standing: Option<&PickupStanding>) {
        let now = standing.map_or(event, |standing| &standing.event);
        if let Event::PickupHeld(held) = now {
            let facts = held.reasons.first().map(HoldReason::facts);
            let code = facts.as_ref().and_then(|facts| facts.get("code"));
            let code = code.and_then(Value::as_str).unwrap_or_default();
            code.clone_into(&mut self.code);
            self.result = ItemStanding::Held;
            self.message = texts.pickup_held(&held.pickup.pickup_no, &held.reasons);
            return;
        }
        let Some(pickup) = now.pickup() else {
            // A clerk looked at it and did not book it.
            let number = self.number.clone().unwrap_or_default();
            let refusal = Refusal::PickupRejected { number };
            (self.result, self.code) = (ItemStanding::Rejected, refusal.code());
            self.message = texts.refusal(&refusal);
            return;
        };
        let booked = standing.map(|standing| standing.month);
        let voided_in = standing.and_then(|standing| standing.voided_in);
        let weighed_in = Month::at(pickup.occurred_at);
        let is_late = booked.is_some_and(|booked| booked != weighed_in);
        let (code, text) = if voided_in.is_some() {
            ("voided", "sync-voided")
        } else if is_late {
            ("booked-late", "sync-booked-late")
        } else if matches!(now, Event::HeldResolved(_)) {
            ("released", "sync-released")
        } else if pickup.told_instead_of.is_some() {
            ("told-price", "sync-told-price")
        } else {
            ("recorded", "sync-recorded")
        };
        let month = voided_in.or(booked);
        let amount: Money = pickup.amount();
        code.clone_into(&mut self.code);
        self.month = month.map(|month| month.to_string());
        self.amount = Some(amount.to_string());
        let facts = [
            ("number", pickup.pickup_no.to_string()),
            ("amount", amount.to_string()),
            ("month", weighed_in.to_string()),
            ("booked", booked.unwrap_or(weighed_in).to_string()),
        ];
        self.message = texts.tell(text, &facts);
    }
}
