//! The subcommands of a month's states (R-PD): close, review, sign, publish, return, reopen, and what can be asked of them.

use clap::{Args, Subcommand};

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::read::{code_of, json_of};
use crate::cli::table::table;
use crate::cli::write::submit;
use crate::cli::{Failure, REFUSED, Session, print};
use crate::domain::closing::CloseMonth;
use crate::domain::number::parse_whole;
use crate::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use crate::domain::{Command, Month, plain_text};
use crate::ledger::Error;
use crate::ledger::months::{MonthLine, VersionDifferences};
use crate::text::Texts;

/// A month, and who does something with it.
#[derive(Args)]
pub(super) struct StepOptions {
    #[arg(value_name = "YYYY-MM")]
    month: String,
    #[command(flatten)]
    common: Common,
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub(super) struct CloseOptions {
    #[command(flatten)]
    step: StepOptions,
    #[arg(long, value_name = "REASON")]
    missing_reason: Option<String>,
}

#[derive(Args)]
pub(super) struct ReasonOptions {
    #[command(flatten)]
    step: StepOptions,
    #[arg(long)]
    reason: String,
}

#[derive(Subcommand)]
pub(super) enum MonthTask {
    List {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
    Differences {
        #[arg(value_name = "YYYY-MM")]
        month: String,
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_name = "VERSION", requires = "after")]
        before: Option<String>,
        #[arg(long, value_name = "VERSION", requires = "before")]
        after: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
}

/// Closes a month, or lists on stdout what stands in the way.
pub(super) async fn close(session: &Session, options: CloseOptions) -> Result<(), Failure> {
    let reason = options.missing_reason.as_deref();
    let command = CloseMonth {
        month: Month::parse("month", &options.step.month)?,
        missing_reason: reason
            .map(|reason| plain_text("missing_reason", reason, 200))
            .transpose()?,
    };
    let (common, dry_run) = (options.step.common, options.step.dry_run);
    match submit(session, common, dry_run, Command::CloseMonth(command)).await {
        Err(Failure::Ledger(Error::Refused(refusal))) if dry_run => {
            print(&format!("{}\n", session.texts.refusal(&refusal)));
            Err(Failure::Told(REFUSED))
        }
        done => done,
    }
}

/// Takes a month a step further.
pub(super) async fn step(
    session: &Session,
    options: StepOptions,
    command: impl FnOnce(Month) -> Command,
) -> Result<(), Failure> {
    let month = Month::parse("month", &options.month)?;
    submit(session, options.common, options.dry_run, command(month)).await
}

pub(super) const fn review(month: Month) -> Command {
    Command::ReviewMonth(ReviewMonth { month })
}

pub(super) const fn sign(month: Month) -> Command {
    Command::SignMonth(SignMonth { month })
}

pub(super) const fn publish(month: Month) -> Command {
    Command::PublishMonth(PublishMonth { month })
}

/// Lets a month take entries again, with a reason.
pub(super) async fn open_again(
    session: &Session,
    options: ReasonOptions,
    command: fn(Month, String) -> Command,
) -> Result<(), Failure> {
    let reason = plain_text("reason", &options.reason, 200)?;
    step(session, options.step, |month| command(month, reason)).await
}

pub(super) const fn give_back(month: Month, reason: String) -> Command {
    Command::ReturnMonth(ReturnMonth { month, reason })
}

pub(super) const fn reopen(month: Month, reason: String) -> Command {
    Command::ReopenMonth(ReopenMonth { month, reason })
}

pub(super) async fn month(session: &Session, task: MonthTask) -> Result<(), Failure> {
    match task {
        MonthTask::List { village, format } => {
            let code = code_of(village.as_deref())?;
            let ledger = session.reading().await?;
            let (code, _) = ledger.village(code.as_ref()).await?;
            let months = ledger.months(&code).await?;
            ledger.close().await?;
            print(&match format {
                VerifyFormat::Json => json_of(&months),
                VerifyFormat::Table => months_table(&session.texts, &months),
            });
        }
        MonthTask::Differences {
            month,
            village,
            before,
            after,
            format,
        } => {
            let month = Month::parse("month", &month)?;
            let version = |field, text: &str| parse_whole(field, text, 1, 9_999);
            let versions = before
                .zip(after)
                .map(|(before, after)| {
                    Ok::<_, Failure>((version("before", &before)?, version("after", &after)?))
                })
                .transpose()?;
            let code = code_of(village.as_deref())?;
            let ledger = session.reading().await?;
            let (code, _) = ledger.village(code.as_ref()).await?;
            let found = ledger.differences(&code, month, versions).await?;
            ledger.close().await?;
            print(&match format {
                VerifyFormat::Json => json_of(&found),
                VerifyFormat::Table => differences_table(&session.texts, &found),
            });
        }
    }
    Ok(())
}

fn header(texts: &Texts, names: &[&str]) -> Vec<String> {
    let word = |name: &&str| texts.say(&format!("word-{name}"));
    names.iter().map(word).collect()
}

fn months_table(texts: &Texts, months: &[MonthLine]) -> String {
    let names = [
        "month",
        "state",
        "version",
        "check-code",
        "seal",
        "closed-by",
        "reviewed-by",
        "signed-by",
    ];
    let row = |line: &MonthLine| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let person = |by: &Option<String>| texts.person(by.as_deref().unwrap_or_default());
        let seal = line.seal.map(|seal| seal.to_string());
        vec![
            line.month.to_string(),
            texts.say(&format!("word-state-{}", line.state.word())),
            line.version.to_string(),
            text(&line.check_code),
            seal.unwrap_or_default().chars().take(16).collect(),
            person(&line.closed_by),
            person(&line.reviewed_by),
            person(&line.signed_by),
        ]
    };
    table(header(texts, &names), 8, months.iter().map(row).collect())
}

fn differences_table(texts: &Texts, found: &VersionDifferences) -> String {
    let title = [
        ("month", found.month.to_string()),
        ("before", found.before.to_string()),
        ("after", found.after.to_string()),
        ("figures", found.differences.len().to_string()),
    ];
    let rows = found.differences.iter().map(|one| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![one.path.clone(), text(&one.before), text(&one.after)]
    });
    format!(
        "{}\n\n{}",
        texts.tell("month-differences", &title),
        table(
            header(texts, &["figure", "before", "after"]),
            1,
            rows.collect()
        )
    )
}
