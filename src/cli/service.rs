//! The service at the door and at the collection points: schedules, rounds, refuse.

use clap::{Args, Subcommand};
use jiff::civil::Date;

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::read::json_of;
use crate::cli::table::listed;
use crate::cli::typed::{time, word};
use crate::cli::write::submit;
use crate::cli::{Failure, Session, print};
use crate::clock::Clock;
use crate::domain::month::{business_date, parse_date, parse_time_of_day};
use crate::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use crate::domain::reversal::VoidDocument;
use crate::domain::round::{CloseRound, OpenRound, RecordStop};
use crate::domain::schedule::{Hours, SetSchedule, VisitDays};
use crate::domain::{
    CollectorCode, Command, DocumentKind, DocumentNo, Group, HouseholdNo, Month, PointCode,
    Quantity, Refusal, VillageCode, WrittenUnit, plain_text,
};
use crate::ledger::Ledger;
use crate::text::Texts;

/// What the questions take.
#[derive(Args)]
pub(super) struct Asking {
    #[arg(long, value_name = "CODE")]
    village: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: VerifyFormat,
}

#[derive(Subcommand)]
pub(super) enum ScheduleTask {
    Set {
        #[command(flatten)]
        common: Common,
        #[arg(long)]
        group: String,
        #[arg(long, value_name = "1-7", value_delimiter = ',', required_unless_present_any = ["day", "none"])]
        weekday: Vec<i8>,
        #[arg(long, value_name = "1-31", value_delimiter = ',')]
        day: Vec<i8>,
        #[arg(long, conflicts_with_all = ["weekday", "day", "from", "to"])]
        none: bool,
        #[arg(long, value_name = "HH:MM", required_unless_present = "none")]
        from: Option<String>,
        #[arg(long, value_name = "HH:MM", required_unless_present = "none")]
        to: Option<String>,
    },
    List {
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Subcommand)]
pub(super) enum RoundTask {
    Open {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long)]
        group: String,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    Stop {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_parser = ["nobody_home", "nothing_to_collect"])]
        outcome: String,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Close {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
    },
    List {
        #[arg(value_name = "YYYY-MM")]
        month: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Subcommand)]
pub(super) enum RefuseTask {
    Point {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        code: String,
        #[arg(long)]
        name: String,
        #[arg(long, required = true, value_name = "HH:MM-HH:MM")]
        hours: Vec<String>,
    },
    Trip {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        point: String,
        #[arg(long, value_name = "KG")]
        weight: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

/// What is listed, as a table or as JSON.
pub(super) fn show<T: serde::Serialize>(
    texts: &Texts,
    format: VerifyFormat,
    found: &[T],
    (names, figures_from): (&[&str], usize),
    row: impl Fn(&T) -> Vec<String>,
) {
    if format == VerifyFormat::Json {
        return print(&json_of(&found));
    }
    let header = names.iter().map(|name| texts.say(&format!("word-{name}")));
    let rows = found.iter().map(row).collect();
    print(&listed(texts, header.collect(), figures_from, rows));
}

/// The books for reading, and the village that is asked about.
pub(super) async fn reading(
    session: &Session,
    asking: &Asking,
) -> Result<(Ledger, VillageCode), Failure> {
    let code = asking
        .village
        .as_deref()
        .map(|code| VillageCode::parse("village", code))
        .transpose()?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    Ok((ledger, code))
}

fn today() -> Date {
    business_date(Clock::System.now())
}

fn hours(from: &str, to: &str) -> Result<Hours, Refusal> {
    Ok(Hours {
        from: parse_time_of_day("from", from)?,
        to: parse_time_of_day("to", to)?,
    })
}

fn shown_hours(hours: &Hours) -> String {
    format!(
        "{}–{}",
        hours.from.strftime("%H:%M"),
        hours.to.strftime("%H:%M")
    )
}

pub(super) async fn schedule(session: &Session, task: ScheduleTask) -> Result<(), Failure> {
    match task {
        ScheduleTask::Set {
            common,
            group,
            weekday,
            day,
            none: _,
            from,
            to,
        } => {
            let window = from.zip(to);
            let command = SetSchedule {
                group: Group::parse("group", &group)?,
                days: VisitDays {
                    weekdays: weekday.into_iter().collect(),
                    month_days: day.into_iter().collect(),
                },
                hours: window.map(|(from, to)| hours(&from, &to)).transpose()?,
            };
            submit(session, common, false, Command::SetSchedule(command)).await
        }
        ScheduleTask::List { asking } => {
            let (ledger, code) = reading(session, &asking).await?;
            let found = ledger.schedules(&code).await?;
            ledger.close().await?;
            let texts = &session.texts;
            let names = ["group", "visit-days", "hours", "next-visit"];
            show(texts, asking.format, &found, (&names, 3), |row| {
                vec![
                    row.set.group.to_string(),
                    shown_days(texts, &row.set.days),
                    row.set.hours.as_ref().map(shown_hours).unwrap_or_default(),
                    row.next_visit
                        .map(|day| day.to_string())
                        .unwrap_or_default(),
                ]
            });
            Ok(())
        }
    }
}

/// The weekdays by name, the days of the month by number.
fn shown_days(texts: &Texts, days: &VisitDays) -> String {
    let weekdays = days.weekdays.iter();
    let weekdays = weekdays.map(|day| texts.say(&format!("word-weekday-{day}")));
    let month_days = days.month_days.iter();
    let month_days =
        month_days.map(|day| texts.tell("word-day-of-month", &[("day", day.to_string())]));
    let all: Vec<String> = weekdays.chain(month_days).collect();
    all.join(" ")
}

pub(super) async fn round(session: &Session, task: RoundTask) -> Result<(), Failure> {
    match task {
        RoundTask::Open {
            common,
            number,
            group,
            collector,
            on,
        } => {
            let held_on = on.map(|day| parse_date("on", &day)).transpose()?;
            let command = OpenRound {
                round_no: DocumentNo::parse("number", &number)?,
                group: Group::parse("group", &group)?,
                collector: CollectorCode::parse("collector", &collector)?,
                held_on: held_on.unwrap_or_else(today),
            };
            submit(session, common, false, Command::OpenRound(command)).await
        }
        RoundTask::Stop {
            common,
            number,
            household,
            outcome,
            collector,
            at,
        } => {
            let command = RecordStop {
                round_no: DocumentNo::parse("number", &number)?,
                household_no: HouseholdNo::parse("household", &household)?,
                outcome: word("outcome", &outcome)?,
                at: time(at)?,
                collector: CollectorCode::parse("collector", &collector)?,
            };
            submit(session, common, false, Command::RecordStop(command)).await
        }
        RoundTask::Close { common, number } => {
            let round_no = DocumentNo::parse("number", &number)?;
            let command = Command::CloseRound(CloseRound { round_no });
            submit(session, common, false, command).await
        }
        RoundTask::List { month, asking } => list_rounds(session, month, &asking).await,
    }
}

async fn list_rounds(
    session: &Session,
    month: Option<String>,
    asking: &Asking,
) -> Result<(), Failure> {
    let month = month
        .map(|month| Month::parse("month", &month))
        .transpose()?;
    let (ledger, code) = reading(session, asking).await?;
    let month = month.unwrap_or_else(|| Month::of(today()));
    let found = ledger.rounds(&code, month).await?;
    ledger.close().await?;
    let texts = &session.texts;
    let names = [
        "date",
        "round",
        "group",
        "collector",
        "state",
        "planned",
        "visited",
    ];
    show(texts, asking.format, &found, (&names, 5), |row| {
        let state = if row.is_closed {
            "word-closed"
        } else {
            "word-open"
        };
        vec![
            row.held_on.to_string(),
            row.round_no.clone(),
            row.group.to_string(),
            row.collector.clone(),
            texts.say(state),
            row.planned.to_string(),
            row.visited.to_string(),
        ]
    });
    Ok(())
}

pub(super) async fn refuse(session: &Session, task: RefuseTask) -> Result<(), Failure> {
    match task {
        RefuseTask::Point {
            common,
            code,
            name,
            hours,
        } => {
            let windows: Result<Vec<Hours>, Refusal> =
                hours.iter().map(|text| window(text)).collect();
            let command = RegisterCollectionPoint {
                code: PointCode::parse("code", &code)?,
                name: plain_text("name", &name, 64)?,
                hours: windows?,
            };
            let command = Command::RegisterCollectionPoint(command);
            submit(session, common, false, command).await
        }
        RefuseTask::Trip {
            common,
            point,
            weight,
            at,
        } => {
            let weight = weight.strip_suffix("kg").unwrap_or(&weight);
            let command = RecordTrip {
                point: PointCode::parse("point", &point)?,
                at: time(at)?,
                weight: Quantity::parse_stock("weight", weight, WrittenUnit::Kg)?,
            };
            submit(session, common, false, Command::RecordTrip(command)).await
        }
        RefuseTask::Void {
            common,
            number,
            reason,
            at,
        } => {
            let command = VoidDocument {
                kind: DocumentKind::Trip,
                number: DocumentNo::parse("number", &number)?,
                voided_at: time(at)?,
                reason: plain_text("reason", &reason, 200)?,
            };
            submit(session, common, false, Command::VoidDocument(command)).await
        }
    }
}

/// Reads `07:00-08:30`.
fn window(text: &str) -> Result<Hours, Refusal> {
    let (from, to) = text.split_once('-').ok_or_else(|| Refusal::NotATimeOfDay {
        field: "hours",
        value: text.chars().take(40).collect(),
    })?;
    hours(from, to)
}
