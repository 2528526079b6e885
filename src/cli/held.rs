//! Held pickups and collectors at the command line: what waits for the clerk, what he decides, and whose households are whose.

use clap::Subcommand;

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::read::{code_of, json_of, words};
use crate::cli::table::table;
use crate::cli::typed::time;
use crate::cli::write::submit;
use crate::cli::{Failure, Session, print};
use crate::domain::collector::RegisterCollector;
use crate::domain::held::{HeldDecision, HeldPickup, ResolveHeld};
use crate::domain::month::written_time;
use crate::domain::{CollectorCode, Command, DocumentNo, HouseholdNo, Refusal, plain_text};
use crate::text::Texts;

#[derive(Subcommand)]
pub(super) enum HeldTask {
    List {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
    Resolve {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long, value_parser = ["as_it_is", "at_new_price", "to_household", "reject"])]
        decision: String,
        #[arg(long, value_name = "NO", required_if_eq("decision", "to_household"))]
        to: Option<String>,
        #[arg(long, required_if_eq("decision", "reject"))]
        reason: Option<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum CollectorTask {
    Register {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "NO")]
        own: Vec<String>,
    },
    List {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
}

pub(super) async fn held(session: &Session, task: HeldTask) -> Result<(), Failure> {
    match task {
        HeldTask::List { village, format } => list_held(session, village.as_deref(), format).await,
        HeldTask::Resolve {
            common,
            number,
            decision,
            to,
            reason,
            at,
        } => {
            let reason = reason.map(|text| plain_text("reason", &text, 200));
            let command = ResolveHeld {
                pickup_no: DocumentNo::parse("number", &number)?,
                decision: decided(&decision, to.as_deref())?,
                decided_at: time(at)?,
                reason: reason.transpose()?.unwrap_or_default(),
            };
            submit(session, common, false, Command::ResolveHeld(command)).await
        }
    }
}

/// What was decided; the parser of the command line knows the words, and asks for the household.
fn decided(word: &str, to: Option<&str>) -> Result<HeldDecision, Refusal> {
    Ok(match word {
        "at_new_price" => HeldDecision::AtNewPrice,
        "to_household" => {
            HeldDecision::ToHousehold(HouseholdNo::parse("to", to.unwrap_or_default())?)
        }
        "reject" => HeldDecision::Reject,
        _ => HeldDecision::AsItIs,
    })
}

pub(super) async fn collector(session: &Session, task: CollectorTask) -> Result<(), Failure> {
    match task {
        CollectorTask::Register {
            common,
            collector,
            own,
        } => {
            let own = own.iter().map(|number| HouseholdNo::parse("own", number));
            let command = RegisterCollector {
                collector: CollectorCode::parse("collector", &collector)?,
                households: own.collect::<Result<_, _>>()?,
            };
            submit(session, common, false, Command::RegisterCollector(command)).await
        }
        CollectorTask::List { village, format } => {
            list_collectors(session, village.as_deref(), format).await
        }
    }
}

async fn list_held(
    session: &Session,
    village: Option<&str>,
    format: VerifyFormat,
) -> Result<(), Failure> {
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code_of(village)?.as_ref()).await?;
    let held = ledger.held_pickups(&code).await?;
    ledger.close().await?;
    let texts = &session.texts;
    print(&match format {
        VerifyFormat::Json => {
            let rows: Vec<&HeldPickup> = held.iter().map(|(_, row)| row).collect();
            json_of(&rows)
        }
        VerifyFormat::Table if held.is_empty() => format!("{}\n", texts.say("nothing-held")),
        VerifyFormat::Table => {
            let names = [
                "held-number",
                "date",
                "held-household",
                "collector",
                "quantity",
                "why",
            ];
            let rows = held.iter().map(|(_, row)| held_row(texts, row));
            table(words(texts, &names), names.len(), rows.collect())
        }
    });
    Ok(())
}

fn held_row(texts: &Texts, row: &HeldPickup) -> Vec<String> {
    let pickup = &row.held.pickup;
    let lines = pickup
        .lines
        .iter()
        .map(|line| format!("{} {}", line.material, line.gross));
    vec![
        pickup.pickup_no.to_string(),
        written_time(pickup.occurred_at),
        pickup.household_no.to_string(),
        pickup.collector.to_string(),
        lines.collect::<Vec<_>>().join(", "),
        texts.why_held(&row.held.reasons),
    ]
}

async fn list_collectors(
    session: &Session,
    village: Option<&str>,
    format: VerifyFormat,
) -> Result<(), Failure> {
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code_of(village)?.as_ref()).await?;
    let collectors = ledger.collectors(&code).await?;
    ledger.close().await?;
    print(&match format {
        VerifyFormat::Json => {
            let rows = collectors.iter().map(|(code, row)| {
                serde_json::json!({"collector": code, "since": row.since, "households": row.households})
            });
            json_of(&rows.collect::<Vec<_>>())
        }
        VerifyFormat::Table => {
            let rows = collectors.iter().map(|(code, row)| {
                let households = row.households.iter().map(ToString::to_string);
                let households = households.collect::<Vec<_>>().join(", ");
                vec![code.clone(), row.since.to_string(), households]
            });
            let names = words(
                &session.texts,
                &["collector", "listed-since", "own-households"],
            );
            table(names, 3, rows.collect())
        }
    });
    Ok(())
}
