//! The command line: one file per family of subcommands. Data goes to stdout, everything else to stderr.
#![expect(clippy::print_stderr, reason = "a command line prints")]

mod arguments;
mod demo;
mod dispute;
mod held;
mod help;
mod household;
mod import;
mod month;
mod office;
mod payout;
mod pepper;
mod read;
mod region;
mod serve;
mod service;
mod settings;
mod station;
mod table;
mod transfer;
mod typed;
mod user;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::arguments::{Arguments, MigrateOptions, Task};
use crate::clock::{Chance, Clock};
use crate::config;
use crate::domain::Refusal;
use crate::files;
use crate::ledger::{Error, Ledger};
use crate::text::{Language, Texts};

/// Done.
const DONE: u8 = 0;
/// Refused, or a check failed.
const REFUSED: u8 = 1;
/// The command line makes no sense.
const USAGE: u8 = 2;
/// The database, or another part of the machine, is not to be had.
const UNAVAILABLE: u8 = 3;

/// Why a command line ended without doing what it says.
#[derive(Debug)]
enum Failure {
    /// The ledger said no.
    Ledger(Error),
    /// What was printed already says what is wrong.
    Told(u8),
    /// A sentence, and the exit code.
    Sentence(u8, String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Ledger(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Ledger(refusal.into())
    }
}

/// What every subcommand works with.
struct Session {
    texts: Texts,
    database: String,
}

impl Session {
    async fn reading(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open_reading(&self.database, Clock::System).await?)
    }

    async fn writing(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open(&self.database, Clock::System, Chance::System).await?)
    }
}

/// Runs a command line, and says how it ended.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    let texts = Texts::new(language_of(&words));
    let command = help::translate(Arguments::command(), &texts);
    let parsed = command
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, printed on stdout with code 0.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    // The reader of workbooks limits its own memory, of which the threads of a runtime would take their share.
    if let Task::ReadWorkbook(options) = &arguments.task {
        let is_read = files::import::read_workbook(&options.file, std::io::stdout().lock());
        return ExitCode::from(if is_read { DONE } else { UNAVAILABLE });
    }
    let session = Session {
        texts,
        database: arguments.database,
    };
    match perform(&session, arguments.task) {
        Ok(()) => ExitCode::from(DONE),
        Err(failure) => ExitCode::from(tell(&session.texts, failure)),
    }
}

/// The language asked for, which must be known before the command line is parsed, since help is in it.
fn language_of(words: &[OsString]) -> Language {
    let asked = words
        .windows(2)
        .find(|pair| pair.first().is_some_and(|word| word == "--language"));
    let joined = words.iter().find_map(|word| {
        word.to_str()?
            .strip_prefix("--language=")
            .map(str::to_owned)
    });
    let asked = asked
        .and_then(|pair| pair.last()?.to_str().map(str::to_owned))
        .or(joined);
    asked.map_or_else(config::language, |tag| Language::of_locale(&tag))
}

#[tokio::main]
async fn perform(session: &Session, task: Task) -> Result<(), Failure> {
    match task {
        Task::Demo(options) => demo::run(session, &options).await,
        Task::Serve(options) => serve::run(session, options).await,
        Task::User(task) => user::run(session, task).await,
        // It needs no session and was done before one began.
        Task::ReadWorkbook(_) => Ok(()),
        Task::Migrate(options) => migrate(session, &options).await,
        Task::Import(options) => import::run(session, &options).await,
        Task::Report(options) => read::report(session, &options).await,
        Task::Statement(options) => read::statement(session, &options).await,
        Task::Export(options) => transfer::export(session, &options).await,
        Task::ImportJournal(options) => transfer::import(session, &options).await,
        Task::Verify(options) => read::verify(session, &options).await,
        Task::Pickup(task) => write::pickup(session, task).await,
        Task::Held(task) => held::held(session, task).await,
        Task::Collector(task) => held::collector(session, task).await,
        Task::Cash(task) => write::cash(session, task).await,
        Task::Household(task) => write::household(session, task).await,
        Task::Prices(task) => write::prices(session, task).await,
        Task::Policy(task) => write::policy(session, task).await,
        Task::Opening(task) => write::opening(session, task).await,
        Task::Sale(task) => station::sale(session, task).await,
        Task::Buyer(task) => station::buyer(session, task).await,
        Task::Count(task) => station::count(session, task).await,
        Task::Intake(task) => station::intake(session, task).await,
        Task::Run(task) => write::run(session, task).await,
        Task::Schedule(task) => service::schedule(session, task).await,
        Task::Round(task) => service::round(session, task).await,
        Task::Refuse(task) => service::refuse(session, task).await,
        Task::Payout(task) => payout::run(session, task).await,
        Task::Dispute(task) => dispute::dispute(session, task).await,
        Task::Fund(task) => office::fund(session, task).await,
        Task::Pay(task) => office::pay(session, task).await,
        Task::Charge(task) => office::charge(session, task).await,
        Task::Village(task) => settings::village(session, task).await,
        Task::Close(options) => month::close(session, options).await,
        Task::Review(options) => month::step(session, options, month::review).await,
        Task::Sign(options) => month::step(session, options, month::sign).await,
        Task::Publish(options) => month::step(session, options, month::publish).await,
        Task::Return(options) => month::open_again(session, options, month::give_back).await,
        Task::Reopen(options) => month::open_again(session, options, month::reopen).await,
        Task::Month(task) => month::month(session, task).await,
    }
}

async fn migrate(session: &Session, options: &MigrateOptions) -> Result<(), Failure> {
    let role = options.application_role.as_deref();
    if role.is_some() && session.database.starts_with("sqlite:") {
        return Err(Failure::Sentence(
            USAGE,
            session.texts.say("migrate-no-roles"),
        ));
    }
    Ledger::migrate(&session.database, role).await?;
    eprintln!("{}", session.texts.say("migrated"));
    Ok(())
}

/// Says on stderr what went wrong, and gives the exit code.
fn tell(texts: &Texts, failure: Failure) -> u8 {
    match failure {
        Failure::Told(code) => code,
        Failure::Sentence(code, sentence) => {
            eprintln!("{sentence}");
            code
        }
        Failure::Ledger(Error::Refused(refusal) | Error::Waits(refusal)) => {
            eprintln!("{}", texts.refusal(&refusal));
            REFUSED
        }
        Failure::Ledger(Error::RefusedBefore(facts)) => {
            eprintln!("{}", texts.refused(*facts));
            REFUSED
        }
        Failure::Ledger(Error::Unavailable(trouble)) => {
            eprintln!("{}", texts.sentence("trouble", &trouble.facts()));
            UNAVAILABLE
        }
    }
}

/// Prints data; a reader that went away is no failure.
fn print(data: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().lock().write_all(data.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_and_argument_has_help_in_both_languages() {
        for language in [Language::Chinese, Language::English] {
            let missing = help::missing(&Arguments::command(), &Texts::new(language));
            assert!(missing.is_empty(), "{language:?}: {missing:?}");
        }
    }
}
