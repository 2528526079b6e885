//! What becomes of the items of a phone: all are given to the writer before the first answer is waited for, pickups before voids, and each is told for
//! itself.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::decide::{Outcome, Recorded};
use crate::domain::held::HoldReason;
use crate::domain::{Command, DocumentNo, Event, Money, Month, Refusal, Request, VillageCode};
use crate::http::api::sync::Asked;
use crate::http::extract::{Visit, command_id};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::session;
use crate::ledger::phone::PickupStanding;
use crate::ledger::{Error, Keeping, Pending};
use crate::text::Texts;

/// How an item ended, or how it stands (R-PK-7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemStanding {
    /// It is in the books.
    Accepted,
    /// It has arrived and is not decided yet: a clerk looks at it first, or it is a void that waits for its pickup. It is sent again until it ended.
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
    /// Whether the pickup is void, as far as that is told.
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
    /// Nobody knows yet, and why: it is sent again.
    Open(Problem),
    /// It was made after the phone was stopped, or takes something back: it stays on the phone, from which it may be rescued.
    Left,
}

/// What the items ended with.
pub(crate) struct Settled {
    /// What is told of each, but of those that are sent again.
    pub(crate) results: Vec<ItemResult>,
    /// Why nothing is known of one, if nothing is.
    pub(crate) open: Option<Problem>,
}

/// The pickups that items are about, by their villages, as the books have them.
type Standings<'v> = BTreeMap<(&'v VillageCode, DocumentNo), PickupStanding>;

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
    pub(crate) async fn settle(self, visit: &Visit, asked: &Asked) -> Result<Settled, Problem> {
        let ended = self.give(visit, asked).await?;
        let standings = match asked.stopped_at {
            Some(_) => Standings::new(),
            None => self.standings(visit, &ended).await?,
        };
        let open = ended.iter().find_map(|ended| match ended {
            Ended::Open(problem) => Some(problem.clone()),
            Ended::Done(_) | Ended::Waits(_) | Ended::Refused(_) | Ended::Left => None,
        });
        let mut results = Vec::with_capacity(self.0.len());
        for (item, ended) in self.0.iter().zip(ended) {
            let pickup = item.pickup();
            let standing =
                pickup.and_then(|(village, number)| standings.get(&(village, number.clone())));
            results.extend(item.told(visit, asked, standing, ended));
        }
        Ok(Settled { results, open })
    }

    /// How the pickups stand of which something is told.
    async fn standings(&self, visit: &Visit, ended: &[Ended]) -> Result<Standings<'_>, Problem> {
        let mut wanted: BTreeMap<&VillageCode, BTreeSet<DocumentNo>> = BTreeMap::new();
        for (item, ended) in self.0.iter().zip(ended) {
            let is_wanted = match ended {
                Ended::Done(_) => true,
                Ended::Refused(problem) => item.came_late(problem),
                Ended::Waits(_) | Ended::Open(_) | Ended::Left => false,
            };
            if let Some((village, number)) = item.pickup().filter(|_| is_wanted) {
                wanted.entry(village).or_default().insert(number.clone());
            }
        }
        let mut standings = Standings::new();
        for (village, numbers) in wanted {
            let ledger = &visit.service.ledger;
            let found = ledger.pickup_standings(village, &numbers).await?;
            let found = found.into_iter();
            standings.extend(found.map(|(number, found)| ((village, number), found)));
        }
        Ok(standings)
    }

    /// Gives all to the writer before the first answer is waited for, so that they share transactions; pickups first, whatever the order was.
    async fn give(&self, visit: &Visit, asked: &Asked) -> Result<Vec<Ended>, Problem> {
        let booked = self.booked_before(visit, asked).await?;
        let mut order: Vec<(usize, &Item)> = self.0.iter().enumerate().collect();
        order.sort_by_key(|(_, item)| item.is_void());
        let mut given: BTreeMap<usize, Result<Pending, Ended>> = BTreeMap::new();
        let mut refused_in = None;
        for (index, item) in order {
            let made = match &item.made {
                Err(problem) => Err(Ended::Refused(problem.clone())),
                Ok((village, command)) => {
                    let is_booked = booked.contains(&item.id);
                    let may = may(visit, asked, (village, command), is_booked);
                    if may.is_err() {
                        refused_in = refused_in.or(Some(village));
                    }
                    may.and_then(|()| enqueue(visit, item.id, village, command).map_err(end_with))
                }
            };
            given.insert(index, made);
        }
        // Once for all of them, and when no item waits for it any more: whoever names many villages makes no more work than who names one.
        if let Some(village) = refused_in {
            session::note_refused(visit, village).await?;
        }
        let mut ended = Vec::with_capacity(given.len());
        for given in given.into_values() {
            ended.push(match given {
                Ok(pending) => end(pending.answer().await),
                Err(ended) => ended,
            });
        }
        Ok(ended)
    }

    /// The items of a stopped phone that are in the books already.
    async fn booked_before(&self, visit: &Visit, asked: &Asked) -> Result<BTreeSet<Uuid>, Problem> {
        if asked.stopped_at.is_none() {
            return Ok(BTreeSet::new());
        }
        let ids: Vec<Uuid> = self.0.iter().map(|item| item.id).collect();
        let ledger = &visit.service.ledger;
        Ok(ledger.booked_commands(&asked.village, &ids).await?)
    }
}

/// Whether an item is given to the writer. Of a stopped phone it is what was made before, and what is in the books already and is only answered again.
fn may(
    visit: &Visit,
    asked: &Asked,
    (village, command): (&VillageCode, &Command),
    is_booked: bool,
) -> Result<(), Ended> {
    let identity = &visit.identity;
    identity
        .may_command(village, command)
        .map_err(|denied| Ended::Refused(Problem::denied(denied, village)))?;
    let is_heard = asked.stopped_at.is_none()
        || is_booked
        || identity.may_bring_late(village, command).is_ok();
    if is_heard { Ok(()) } else { Err(Ended::Left) }
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
        Ok(Outcome::NothingToDo) => {
            Ended::Open(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown").after(1))
        }
        Err(Error::Waits(refusal)) => Ended::Waits(refusal),
        Err(error) => end_with(error.into()),
    }
}

/// What may succeed later is no answer.
fn end_with(problem: Problem) -> Ended {
    let may_pass =
        problem.status().is_server_error() || problem.status() == StatusCode::TOO_MANY_REQUESTS;
    if may_pass {
        Ended::Open(problem)
    } else {
        Ended::Refused(problem)
    }
}

impl Item {
    const fn is_void(&self) -> bool {
        matches!(self.made, Ok((_, Command::VoidPickup(_))))
    }

    /// The village and the number of the pickup that it is about.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a phone makes no other command"
    )]
    fn pickup(&self) -> Option<(&VillageCode, &DocumentNo)> {
        let (village, command) = self.made.as_ref().ok()?;
        match command {
            Command::RecordPickup(command) => Some((village, &command.pickup_no)),
            Command::VoidPickup(command) => Some((village, &command.pickup_no)),
            _ => None,
        }
    }

    /// Whether it is a void that came after something else had reversed its pickup.
    fn came_late(&self, problem: &Problem) -> bool {
        self.is_void() && problem.code() == "already-reversed"
    }

    /// It in the words of the phone's language; none if nothing is known of it yet.
    fn told(
        &self,
        visit: &Visit,
        asked: &Asked,
        standing: Option<&PickupStanding>,
        ended: Ended,
    ) -> Option<ItemResult> {
        let texts = visit.context.texts();
        let number = self.pickup().map(|(_, number)| number.to_string());
        let mut result = ItemResult {
            id: self.id,
            result: ItemStanding::Accepted,
            code: String::new(),
            number,
            amount: None,
            month: None,
            still_owed: None,
            is_voided: false,
            replayed: false,
            message: String::new(),
            problem: None,
        };
        match ended {
            Ended::Open(_) | Ended::Left => return None,
            Ended::Done(recorded) => {
                result.replayed = recorded.replayed;
                match asked.stopped_at {
                    Some(_) => result.tell_stopped(texts, &recorded.event),
                    None => result.tell(texts, &recorded.event, standing),
                }
            }
            Ended::Waits(refusal) => {
                let is_held = matches!(*refusal, Refusal::PickupHeld { .. });
                let (code, text) = if is_held {
                    ("pickup-held", "sync-void-waits")
                } else {
                    ("void-kept", "sync-void-kept")
                };
                result.say(texts, (ItemStanding::Held, code), text);
            }
            Ended::Refused(problem) => {
                let problem = problem.inside(&self.place);
                let body = problem.body(texts, visit.context.trace_id());
                problem.code().clone_into(&mut result.code);
                body.detail().clone_into(&mut result.message);
                // What a clerk voided before the collector did needs nothing more; what he replaced is booked all the same.
                result.is_voided = standing.is_some_and(|standing| standing.voided_in.is_some());
                if !result.is_voided {
                    result.result = ItemStanding::Rejected;
                    result.problem = Some(body);
                }
            }
        }
        Some(result)
    }
}

impl ItemResult {
    /// Says how the item stands, in a sentence that names the pickup and nothing else.
    fn say(&mut self, texts: &Texts, (standing, code): (ItemStanding, &str), text: &str) {
        (self.result, self.code) = (standing, code.to_owned());
        let number = self.number.clone().unwrap_or_default();
        self.message = texts.tell(text, &[("number", number)]);
    }

    /// Tells a phone that was stopped that an item has arrived: whoever holds it learns no amount, and not why something is
    /// held, which would tell which households there are.
    fn tell_stopped(&mut self, texts: &Texts, event: &Event) {
        self.is_voided = matches!(event, Event::PickupVoided(_));
        let (standing, text) = if matches!(event, Event::PickupHeld(_)) {
            ((ItemStanding::Held, "phone-stopped"), "sync-stopped-held")
        } else if self.is_voided {
            ((ItemStanding::Accepted, "voided"), "sync-stopped-voided")
        } else {
            (
                (ItemStanding::Accepted, "recorded"),
                "sync-stopped-recorded",
            )
        };
        self.say(texts, standing, text);
    }

    /// Tells what an item made, and what became of it since.
    fn tell(&mut self, texts: &Texts, event: &Event, standing: Option<&PickupStanding>) {
        let owed = standing.and_then(|standing| standing.still_owed);
        self.still_owed = owed.map(|owed| owed.to_string());
        self.is_voided = standing.is_some_and(|standing| standing.voided_in.is_some());
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
