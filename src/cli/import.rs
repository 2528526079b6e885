//! `jinfu import`: a village folder into the books, month by month, with the runs of each month after its last event.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use jiff::Timestamp;

use crate::cli::arguments::ImportOptions;
use crate::cli::table::table;
use crate::cli::{Failure, REFUSED, Session, UNAVAILABLE};
use crate::domain::decide::Outcome;
use crate::domain::fee::ChargeFees;
use crate::domain::settlement::OffsetCredit;
use crate::domain::{Command, Month, Refusal, Request};
use crate::files::export::csv_of;
use crate::files::import::{self, FolderProblem, Plan, RefusedRow, Source, Step};
use crate::ledger::{Error, Ledger};
use crate::text::Texts;

/// How many commands are on their way to the writer at a time.
const IN_FLIGHT: usize = 1_024;

/// A progress bar on stderr that shows itself on a terminal, for anything over a second.
pub(super) fn progress(length: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// What an import came to.
#[derive(Default)]
pub(super) struct Summary {
    recorded: usize,
    before: usize,
    refused: Vec<RefusedRow>,
}

pub(super) async fn run(session: &Session, options: &ImportOptions) -> Result<(), Failure> {
    let texts = &session.texts;
    let through = options
        .through
        .as_deref()
        .map(|month| Month::parse("through", month))
        .transpose()?;
    let plan = read(texts, &options.folder)?;
    for file in &plan.unknown_tables {
        let facts = [("file", file.clone())];
        eprintln!("{}", texts.tell("import-unknown-table", &facts));
    }
    for column in &plan.unknown_columns {
        let facts = [
            ("file", column.file.clone()),
            ("column", column.column.clone()),
        ];
        eprintln!("{}", texts.tell("import-unknown-column", &facts));
    }
    let ledger = session.writing().await?;
    let done = if options.dry_run {
        rehearse(&ledger, &plan, through).await
    } else {
        load(&ledger, &plan, through).await
    };
    ledger.close().await?;
    let summary = done?;
    let facts = [
        ("village", plan.village.to_string()),
        ("recorded", summary.recorded.to_string()),
        ("before", summary.before.to_string()),
        ("refused", summary.refused.len().to_string()),
    ];
    eprintln!(
        "{}",
        texts.tell(
            if options.dry_run {
                "import-rehearsed"
            } else {
                "import-done"
            },
            &facts
        )
    );
    if summary.refused.is_empty() {
        return Ok(());
    }
    let rows = refused_rows(texts, &plan, &summary.refused);
    if let Some(path) = &options.refused {
        std::fs::write(path, csv_of(&rows).unwrap_or_default()).map_err(|error| {
            let facts = [
                ("file", path.display().to_string()),
                ("reason", error.to_string()),
            ];
            Failure::Sentence(UNAVAILABLE, texts.tell("file-not-written", &facts))
        })?;
    }
    let mut rows = rows;
    let header = rows.remove(0);
    eprint!("{}", table(header, usize::MAX, rows));
    Err(Failure::Told(REFUSED))
}

/// Reads a folder, its workbook with the help of this program.
pub(super) fn read(texts: &Texts, folder: &Path) -> Result<Plan, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        let facts = [("reason", error.to_string())];
        Failure::Sentence(UNAVAILABLE, texts.tell("program-not-found", &facts))
    })?;
    import::read(folder, &program)
        .map_err(|problem| Failure::Sentence(REFUSED, explain(texts, &problem)))
}

/// The sentence of a problem with the folder.
fn explain(texts: &Texts, problem: &FolderProblem) -> String {
    let mut facts = problem.facts();
    if let FolderProblem::VillageRefused { refusal, .. } = problem {
        facts.insert("refusal".to_owned(), texts.refusal(refusal).into());
    }
    texts.sentence("folder", &facts)
}

/// Why a row is refused, for those who look at the row: with the column's name in its own file, and the forms that a file may use.
fn why(texts: &Texts, column: Option<&str>, refusal: &Refusal) -> String {
    let mut facts = refusal.facts();
    if let (Some(column), true) = (column, facts.contains_key("field")) {
        facts.insert("field".to_owned(), column.into());
    }
    if facts.get("value").is_some_and(|value| value == "") {
        facts.insert("code".to_owned(), "empty".into());
    }
    let is_told_apart = texts.find(&format!("cell-{}", refusal.code())).is_some();
    let is_empty = facts.get("code").is_some_and(|code| code == "empty");
    let family = if is_told_apart && !is_empty {
        "cell"
    } else {
        "refusal"
    };
    texts.sentence(family, &facts)
}

fn refused_rows(texts: &Texts, plan: &Plan, refused: &[RefusedRow]) -> Vec<Vec<String>> {
    let header = ["file", "line", "column", "why"]
        .map(|name| texts.say(&format!("word-{name}")))
        .to_vec();
    let row = |row: &RefusedRow| {
        let file = &row.source.file;
        let column = row.column.as_deref();
        let column = column.map(|column| plan.written_column(file, column));
        vec![
            file.clone(),
            row.source.line.to_string(),
            column.unwrap_or_default().to_owned(),
            why(texts, column, &row.refusal),
        ]
    };
    [header]
        .into_iter()
        .chain(refused.iter().map(row))
        .collect()
}

/// The months of a plan with the steps of each and whether its runs are due, then the steps after the last of them.
fn by_month(plan: &Plan, through: Option<Month>, now: Timestamp) -> Vec<(Month, Vec<&Step>, bool)> {
    let last_run = through.unwrap_or_else(|| plan.last_month(now).previous());
    let last_step = plan
        .steps
        .iter()
        .map(|step| Month::at(step.at))
        .max()
        .unwrap_or(plan.opening_month);
    let of_month = |month: Month| {
        plan.steps
            .iter()
            .filter(|step| Month::at(step.at) == month)
            .collect()
    };
    let last = last_step.max(last_run);
    plan.opening_month
        .through(last)
        .map(|month| (month, of_month(month), month <= last_run))
        .collect()
}

/// Loads a plan into the books.
pub(super) async fn load(
    ledger: &Ledger,
    plan: &Plan,
    through: Option<Month>,
) -> Result<Summary, Failure> {
    let mut summary = Summary {
        refused: plan.refused.clone(),
        ..Summary::default()
    };
    let bar = progress(u64::try_from(plan.steps.len()).ok());
    for (month, steps, runs) in by_month(plan, through, ledger.clock().now()) {
        for chunk in steps.chunks(IN_FLIGHT) {
            let mut waiting = Vec::with_capacity(chunk.len());
            for step in chunk {
                waiting.push((step, ledger.enqueue(step.request.clone()).await?));
            }
            for (step, answer) in waiting {
                summary.count(&step.source, answer.answer().await)?;
                bar.inc(1);
            }
        }
        if runs {
            for command in runs_of(month) {
                let entries = ledger.head(&plan.village).await?.next_seq;
                let answer = ledger.submit(plan.run(month, command, entries)).await;
                summary.count_run(answer)?;
            }
        }
    }
    bar.finish_and_clear();
    summary
        .refused
        .sort_by(|left, right| left.source.cmp(&right.source));
    Ok(summary)
}

fn runs_of(month: Month) -> [Command; 2] {
    [
        Command::ChargeFees(ChargeFees { month }),
        Command::OffsetCredit(OffsetCredit { month }),
    ]
}

/// Decides a plan as if it were loaded, and writes nothing.
async fn rehearse(
    ledger: &Ledger,
    plan: &Plan,
    through: Option<Month>,
) -> Result<Summary, Failure> {
    let mut requests: Vec<Request> = Vec::new();
    let mut sources: Vec<Option<Source>> = Vec::new();
    for (month, steps, runs) in by_month(plan, through, ledger.clock().now()) {
        for step in steps {
            requests.push(step.request.clone());
            sources.push(Some(step.source.clone()));
        }
        if runs {
            for command in runs_of(month) {
                // No journal has a negative number, so no run that was made has this id.
                let nowhere = i64::try_from(requests.len()).unwrap_or(0).saturating_neg();
                requests.push(plan.run(month, command, nowhere));
                sources.push(None);
            }
        }
    }
    let mut summary = Summary {
        refused: plan.refused.clone(),
        ..Summary::default()
    };
    for (source, answer) in sources.iter().zip(ledger.rehearse(&requests).await?) {
        match source {
            Some(source) => summary.count(source, answer)?,
            None => summary.count_run(answer)?,
        }
    }
    summary
        .refused
        .sort_by(|left, right| left.source.cmp(&right.source));
    Ok(summary)
}

impl Summary {
    fn count(&mut self, source: &Source, answer: Result<Outcome, Error>) -> Result<(), Failure> {
        match answer {
            Ok(Outcome::Recorded(recorded)) if recorded.replayed => self.before += 1,
            Ok(Outcome::Recorded(_)) => self.recorded += 1,
            Ok(Outcome::NothingToDo) => {}
            Err(Error::Refused(refusal)) => {
                self.refused.push(RefusedRow::new(source.clone(), *refusal));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A run that is refused stops the import: the months after it would be wrong.
    fn count_run(&mut self, answer: Result<Outcome, Error>) -> Result<(), Failure> {
        match answer {
            Ok(Outcome::Recorded(recorded)) if recorded.replayed => self.before += 1,
            Ok(Outcome::Recorded(_)) => self.recorded += 1,
            Ok(Outcome::NothingToDo) => {}
            Err(Error::Refused(refusal)) if matches!(*refusal, Refusal::VillageUnknown { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
