//! Documents by kind and number: what recorded them, what reversed them, and voiding those of the office (R-CO-7).

use axum::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::journal::Entry;
use crate::domain::reversal::VoidDocument;
use crate::domain::{Command, DocumentKind, Refusal};
use crate::http::extract::{Body, Order, Visit};
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{InstantText, Plain, PlainText};
use crate::ledger::directory::{DocumentRecord, EntryRecord};

/// An entry of the journal, without personal details.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryAnswer {
    /// Its number in the village's journal.
    pub(crate) seq: i64,
    /// When the server committed it.
    recorded_at: String,
    /// Who gave the command: a role and an account.
    actor: String,
    /// Its place in the chain.
    hash: String,
    /// What kind of entry it is.
    kind: String,
    /// What was decided, as the journal keeps it: money in fen, weights in grams, prices in li.
    #[schema(value_type = Object)]
    content: Value,
}

impl From<EntryRecord> for EntryAnswer {
    fn from(entry: EntryRecord) -> EntryAnswer {
        EntryAnswer {
            seq: entry.seq,
            recorded_at: entry.recorded_at.to_string(),
            actor: entry.actor,
            hash: entry.hash.to_string(),
            kind: entry.event.kind().to_owned(),
            content: serde_json::to_value(&entry.event).unwrap_or_default(),
        }
    }
}

impl From<Entry> for EntryAnswer {
    fn from(entry: Entry) -> EntryAnswer {
        EntryAnswer {
            seq: entry.seq,
            recorded_at: entry.recorded_at.to_string(),
            actor: entry.actor,
            hash: entry.hash.to_string(),
            kind: entry.decision.event.kind().to_owned(),
            content: serde_json::from_str(&entry.content).unwrap_or_default(),
        }
    }
}

/// What stands under a number.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentAnswer {
    /// Its kind.
    kind: String,
    /// Its number.
    number: String,
    /// The entry that recorded it.
    recorded: EntryAnswer,
    /// The entry that reversed it, if one did.
    reversed: Option<EntryAnswer>,
}

impl From<DocumentRecord> for DocumentAnswer {
    fn from(found: DocumentRecord) -> DocumentAnswer {
        DocumentAnswer {
            kind: found.kind.word().to_owned(),
            number: found.number.to_string(),
            recorded: found.recorded.into(),
            reversed: found.reversed.map(EntryAnswer::from),
        }
    }
}

/// Why and when something is voided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidBody {
    voided_at: InstantText,
    reason: PlainText,
}

impl VoidBody {
    pub(crate) fn voided_at(&self) -> Result<Timestamp, Refusal> {
        self.voided_at.read("voided_at")
    }

    pub(crate) fn reason(&self) -> Result<String, Refusal> {
        self.reason.read("reason").map(|Plain(reason)| reason)
    }
}

fn kind(visit: &Visit) -> Result<DocumentKind, Problem> {
    let word = visit.part("kind");
    let found = DocumentKind::ALL.iter().find(|kind| kind.word() == word);
    found.copied().ok_or_else(Problem::not_found)
}

/// Looks a document up: the entry that recorded it, and the one that reversed it.
#[utoipa::path(get, path = "/villages/{village}/documents/{kind}/{number}", tag = "journal", responses((status = 200, body = DocumentAnswer)))]
pub(crate) async fn find(visit: Visit) -> Result<Json<DocumentAnswer>, Problem> {
    let (village, number) = (visit.village()?, visit.number()?);
    visit.asks(Question::Books(&village)).await?;
    let ledger = &visit.service.ledger;
    let found = ledger.document(&village, kind(&visit)?, &number).await?;
    Ok(Json(found.into()))
}

/// Voids a document of the office by a full reversal (R-CO-7): a sale, a count, an expense, a payout paid in error.
#[utoipa::path(post, path = "/villages/{village}/documents/{kind}/{number}/void", tag = "journal", request_body = VoidBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn void(order: Order, Body(body): Body<VoidBody>) -> Result<Receipt, Problem> {
    let command = VoidDocument {
        kind: kind(&order.visit)?,
        number: order.visit.number()?,
        voided_at: body.voided_at()?,
        reason: body.reason()?,
    };
    order.submit(Command::VoidDocument(command)).await
}
