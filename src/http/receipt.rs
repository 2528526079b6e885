//! The answer to a command: what was recorded, under which number and hash, in one plain sentence (R-PK-7).

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::decide::{Outcome, Recorded};
use crate::domain::{Command, Event, Refusal, Request};
use crate::http::extract::Order;
use crate::http::problem::Problem;
use crate::http::session;
use crate::ledger::{Keeping, Pending};
use crate::text::Texts;

/// Tells that the answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What became of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It is in the journal.
    Recorded,
    /// It is kept as it came, and booked when a clerk decides so.
    Held,
    /// There was nothing to do, so there is no entry.
    NothingToDo,
}

/// The answer to a command that was not refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The command id.
    id: Uuid,
    /// What became of it.
    result: Standing,
    /// Whether it was only tried out, and nothing was written.
    dry_run: bool,
    /// The same in one sentence, in the language that was asked for.
    sentence: String,
    /// Its entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryMade>,
    #[serde(skip)]
    replayed: bool,
}

/// The entry that a command made.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryMade {
    /// Its number in the village's journal.
    seq: i64,
    /// Its place in the chain: 64 hexadecimal digits.
    hash: String,
    /// What kind of entry it is.
    kind: String,
    /// The number of its document, where it makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

impl Receipt {
    pub(crate) fn new(texts: &Texts, id: Uuid, outcome: &Outcome, dry_run: bool) -> Receipt {
        let recorded = match outcome {
            Outcome::NothingToDo => {
                return Receipt {
                    id,
                    result: Standing::NothingToDo,
                    dry_run,
                    sentence: texts.say("nothing-to-do"),
                    entry: None,
                    replayed: false,
                };
            }
            Outcome::Recorded(recorded) => recorded,
        };
        let number = recorded.event.document();
        Receipt {
            id,
            result: if matches!(recorded.event, Event::PickupHeld(_)) {
                Standing::Held
            } else {
                Standing::Recorded
            },
            dry_run,
            sentence: sentence(texts, recorded, dry_run),
            entry: Some(EntryMade {
                seq: recorded.seq,
                hash: recorded.hash.to_string(),
                kind: recorded.event.kind().to_owned(),
                number: number.map(|(_, number)| number.to_string()),
            }),
            replayed: recorded.replayed,
        }
    }

    /// 201 for what is in the journal now, 200 for what is not.
    fn status(&self) -> StatusCode {
        match self.result {
            Standing::NothingToDo => StatusCode::OK,
            _ if self.dry_run => StatusCode::OK,
            Standing::Recorded | Standing::Held => StatusCode::CREATED,
        }
    }
}

fn sentence(texts: &Texts, recorded: &Recorded, dry_run: bool) -> String {
    if let Event::PickupHeld(held) = &recorded.event {
        return texts.pickup_held(&held.pickup.pickup_no, &held.reasons);
    }
    let name = if dry_run {
        "would-be-recorded"
    } else {
        "in-the-books"
    };
    texts.tell(name, &[("what", texts.entry(&recorded.event))])
}

impl IntoResponse for Receipt {
    fn into_response(self) -> Response {
        let replayed = self.replayed;
        let mut response = (self.status(), Json(self)).into_response();
        if replayed {
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl Order {
    /// Gives a command to the ledger, if its sender may give it, and tells what became of it.
    pub(crate) async fn submit(&self, command: Command) -> Result<Receipt, Problem> {
        // Others may have come while the body was read.
        self.visit.service.ledger.check_room()?;
        let given = self.give(self.id, command).await?;
        self.answer(self.id, given).await
    }

    /// Gives a command to the ledger under an id of its own; the answer comes later.
    pub(crate) async fn give(&self, id: Uuid, command: Command) -> Result<Given, Problem> {
        let visit = &self.visit;
        if let Err(denied) = visit.identity.may_command(&self.village, &command) {
            session::note_refused(visit, &self.village).await?;
            return Err(Problem::denied(denied, &self.village));
        }
        let request = Request {
            village: self.village.clone(),
            id,
            actor: visit.identity.actor(),
            command,
        };
        let ledger = &visit.service.ledger;
        if self.dry_run {
            let mut answers = ledger.rehearse(&[request]).await?;
            let outcome = answers.pop().unwrap_or(Ok(Outcome::NothingToDo))?;
            return Ok(Given::Tried(Box::new(outcome)));
        }
        Ok(Given::Waits(
            ledger.try_enqueue(request, Keeping::Refusals)?,
        ))
    }

    /// Waits for what became of a command.
    pub(crate) async fn answer(&self, id: Uuid, given: Given) -> Result<Receipt, Problem> {
        let outcome = match given {
            Given::Tried(outcome) => *outcome,
            Given::Waits(pending) => pending.answer().await?,
        };
        let texts = self.visit.context.texts();
        Ok(Receipt::new(texts, id, &outcome, self.dry_run))
    }

    /// The revision that a change builds on; none with `*`, which stands for whatever there is.
    ///
    /// # Errors
    /// 428 where the request names none.
    pub(crate) fn expected(&self) -> Result<Option<String>, Problem> {
        let missing = || Problem::new(StatusCode::PRECONDITION_REQUIRED, "if-match-required");
        let named = self.expected.clone().ok_or_else(missing)?;
        Ok(Some(named).filter(|named| named != "*"))
    }
}

/// A command that the ledger has.
pub(crate) enum Given {
    /// It was only tried out.
    Tried(Box<Outcome>),
    /// It waits for its answer.
    Waits(Pending),
}

/// A refusal about one line of a body, named by its place.
pub(crate) fn in_line(list: &str, index: usize) -> impl FnOnce(Refusal) -> Problem {
    let part = format!("/{list}/{index}");
    move |refusal| Problem::from(refusal).within(&part)
}
