//! Disputes: opened, answered, listed.

use clap::Subcommand;

use crate::cli::arguments::Common;
use crate::cli::service::{Asking, reading, show};
use crate::cli::typed::{time, word};
use crate::cli::write::submit;
use crate::cli::{Failure, Session};
use crate::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use crate::domain::{Command, DocumentNo, HouseholdNo, Month, Refusal, plain_text};

#[derive(Subcommand)]
pub(super) enum DisputeTask {
    Open {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "NO", required_unless_present = "entry")]
        pickup: Option<String>,
        #[arg(long, value_name = "SEQ", conflicts_with = "pickup")]
        entry: Option<i64>,
        #[arg(long)]
        text: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Answer {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long, value_parser = ["upheld", "rejected"])]
        decision: String,
        #[arg(long, value_name = "NO")]
        corrected_by: Option<String>,
        #[arg(long, value_name = "SEQ", conflicts_with = "corrected_by")]
        corrected_by_entry: Option<i64>,
        #[arg(long)]
        text: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    List {
        #[arg(value_name = "YYYY-MM")]
        month: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
}

pub(super) async fn dispute(session: &Session, task: DisputeTask) -> Result<(), Failure> {
    match task {
        DisputeTask::Open {
            common,
            household,
            pickup,
            entry,
            text,
            at,
        } => {
            let about = about("pickup", pickup.as_deref(), entry)?;
            let command = OpenDispute {
                household_no: HouseholdNo::parse("household", &household)?,
                about: about.ok_or(Refusal::Empty { field: "pickup" })?,
                opened_at: time(at)?,
                text: plain_text("text", &text, 500)?,
            };
            submit(session, common, false, Command::OpenDispute(command)).await
        }
        DisputeTask::Answer {
            common,
            number,
            decision,
            corrected_by,
            corrected_by_entry,
            text,
            at,
        } => {
            let command = AnswerDispute {
                number: DocumentNo::parse("number", &number)?,
                decision: word("decision", &decision)?,
                corrected_by: about("corrected_by", corrected_by.as_deref(), corrected_by_entry)?,
                answered_at: time(at)?,
                text: plain_text("text", &text, 500)?,
            };
            submit(session, common, false, Command::AnswerDispute(command)).await
        }
        DisputeTask::List { month, asking } => list_disputes(session, month, &asking).await,
    }
}

fn about(
    field: &'static str,
    pickup: Option<&str>,
    entry: Option<i64>,
) -> Result<Option<About>, Refusal> {
    let pickup = pickup.map(|number| DocumentNo::parse(field, number));
    Ok(pickup
        .transpose()?
        .map(About::Pickup)
        .or(entry.map(About::Entry)))
}

async fn list_disputes(
    session: &Session,
    month: Option<String>,
    asking: &Asking,
) -> Result<(), Failure> {
    let month = month
        .map(|month| Month::parse("month", &month))
        .transpose()?;
    let (ledger, code) = reading(session, asking).await?;
    let found = ledger.disputes(&code, month).await?;
    ledger.close().await?;
    let texts = &session.texts;
    let names = [
        "dispute",
        "household",
        "about",
        "date",
        "due",
        "state",
        "what-is-said",
    ];
    show(texts, asking.format, &found, (&names, 7), |row| {
        let decision = row.dispute.answer.as_ref().map(|answer| answer.decision);
        let about = match &row.dispute.about {
            About::Pickup(_) => "word-about-pickup",
            About::Entry(_) => "word-about-entry",
        };
        vec![
            row.number.clone(),
            row.dispute.household_no.to_string(),
            texts.tell(about, &[("number", row.dispute.about.name())]),
            row.dispute.opened_on.to_string(),
            row.dispute.due.to_string(),
            texts.say(match decision {
                Some(DisputeDecision::Upheld) => "word-upheld",
                Some(DisputeDecision::Rejected) => "word-rejected",
                None if row.is_overdue => "word-overdue",
                None => "word-open",
            }),
            row.text.clone().unwrap_or_default(),
        ]
    });
    Ok(())
}
