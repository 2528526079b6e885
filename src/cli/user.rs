//! `jinfu user`: accounts of people, tokens of programs, cards of households, phones of collectors. It works beside a running service.
#![expect(clippy::print_stderr, reason = "a command line prints")]

use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::arguments::VerifyFormat;
use crate::cli::read::{code_of, json_of, words};
use crate::cli::table::table;
use crate::cli::{Failure, REFUSED, Session, UNAVAILABLE, pepper, print};
use crate::clock::{Chance, Clock};
use crate::config;
use crate::domain::authority::Scope;
use crate::domain::report::region::RegionPrefix;
use crate::domain::{CollectorCode, HouseholdNo, Role, VillageCode};
use crate::ledger::Error;
use crate::ledger::access::{Access, AccessError, AccountRecord, Deed, NewAccount, NewToken};

/// Who stands in the record for what is done here.
const ACTOR: &str = "system:cli";
/// Accounts are read so many at a time.
const PAGE: usize = 500;
/// No password file is longer.
const PASSWORD_FILE_MOST: u64 = 4_096;

#[derive(Subcommand)]
pub(super) enum UserTask {
    Add(AddOptions),
    List(ListOptions),
    Disable(NameOptions),
    Enable(NameOptions),
    Password(PasswordOptions),
    Token(TokenOptions),
    Card(CardOptions),
    Enrol(EnrolOptions),
}

#[derive(Args)]
pub(super) struct AddOptions {
    name: String,
    #[arg(long = "role", value_name = "ROLE")]
    account_role: String,
    #[arg(long, value_name = "PREFIX", conflicts_with = "village")]
    region: Option<String>,
    #[arg(long, value_name = "CODE")]
    village: Option<String>,
    #[arg(long, value_name = "CODE")]
    collector: Option<String>,
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct ListOptions {
    #[arg(long, value_enum, default_value = "table")]
    format: VerifyFormat,
}

#[derive(Args)]
pub(super) struct NameOptions {
    name: String,
}

#[derive(Args)]
pub(super) struct PasswordOptions {
    name: String,
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct TokenOptions {
    name: String,
    #[arg(long)]
    days: i64,
    #[arg(long)]
    write: bool,
    #[arg(long, default_value = "", hide_default_value = true)]
    label: String,
}

#[derive(Args)]
pub(super) struct CardOptions {
    #[arg(long, value_name = "CODE")]
    village: Option<String>,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "FILE", env = config::PEPPER_VARIABLE)]
    pepper_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct EnrolOptions {
    #[arg(long, value_name = "CODE")]
    village: Option<String>,
    #[arg(long, value_name = "CODE")]
    collector: String,
}

pub(super) async fn run(session: &Session, task: UserTask) -> Result<(), Failure> {
    match task {
        UserTask::Add(options) => add(session, options).await,
        UserTask::List(options) => list(session, &options).await,
        UserTask::Disable(options) => set_disabled(session, &options.name, true).await,
        UserTask::Enable(options) => set_disabled(session, &options.name, false).await,
        UserTask::Password(options) => set_password(session, &options).await,
        UserTask::Token(options) => token(session, options).await,
        UserTask::Card(options) => card(session, &options).await,
        UserTask::Enrol(options) => enrol(session, &options).await,
    }
}

async fn add(session: &Session, options: AddOptions) -> Result<(), Failure> {
    let role = Role::parse("role", &options.account_role)?;
    let collector = options.collector.as_deref();
    let collector = collector.map(|code| CollectorCode::parse("collector", code));
    let collector = collector.transpose()?;
    begin_file(session).await?;
    let scope = scope(session, role, &options).await?;
    let password = password(session, options.password_file.as_deref())?;
    let account = NewAccount {
        name: options.name,
        role,
        scope,
        collector,
    };
    let access = open(session, None).await?;
    let by = deed("add_account", None, &account.name);
    let added = access.add_account(by, &account, Some(&password)).await;
    ended(session, &access, added).await?;
    let facts = [("name", account.name)];
    eprintln!("{}", session.texts.tell("user-added", &facts));
    Ok(())
}

/// How far an account reaches: as it is said, else everywhere for the roles that may, else the one village there is.
async fn scope(session: &Session, role: Role, options: &AddOptions) -> Result<Scope, Failure> {
    if let Some(region) = &options.region {
        return Ok(Scope::Region(RegionPrefix::parse("region", region)?));
    }
    let reaches_all = matches!(role, Role::Administrator | Role::Official);
    if options.village.is_none() && reaches_all {
        return Ok(Scope::Everywhere);
    }
    let village = village(session, options.village.as_deref()).await?;
    Ok(Scope::Region(RegionPrefix::parse(
        "village",
        village.as_str(),
    )?))
}

async fn list(session: &Session, options: &ListOptions) -> Result<(), Failure> {
    let access = open(session, None).await?;
    let listed = every_account(&access).await;
    let accounts = ended(session, &access, listed).await?;
    print(&match options.format {
        VerifyFormat::Json => json_of(&accounts.iter().map(json_account).collect::<Vec<_>>()),
        VerifyFormat::Table => {
            let state = |account: &AccountRecord| {
                let state = if account.is_disabled {
                    "word-disabled"
                } else {
                    "word-enabled"
                };
                session.texts.say(state)
            };
            let row = |account: &AccountRecord| {
                vec![
                    account.name.clone(),
                    account.role.word().to_owned(),
                    account.scope.clone(),
                    account.collector.clone().unwrap_or_default(),
                    state(account),
                    account.created_at.to_string(),
                ]
            };
            let header = ["account", "role", "scope", "collector", "state", "since"];
            let header = words(&session.texts, &header);
            table(header, usize::MAX, accounts.iter().map(row).collect())
        }
    });
    Ok(())
}

async fn every_account(access: &Access) -> Result<Vec<AccountRecord>, AccessError> {
    let mut accounts: Vec<AccountRecord> = Vec::new();
    loop {
        let after = accounts.last().map_or("", |last| last.name.as_str());
        let page = access.accounts(after, PAGE).await?;
        let is_last = page.len() < PAGE;
        accounts.extend(page);
        if is_last {
            return Ok(accounts);
        }
    }
}

fn json_account(account: &AccountRecord) -> Value {
    json!({
        "name": account.name,
        "role": account.role,
        "scope": account.scope,
        "collector": account.collector,
        "is_disabled": account.is_disabled,
        "created_at": account.created_at,
    })
}

async fn set_disabled(session: &Session, name: &str, is_disabled: bool) -> Result<(), Failure> {
    let (action, told) = if is_disabled {
        ("disable_account", "user-disabled")
    } else {
        ("enable_account", "user-enabled")
    };
    let access = open(session, None).await?;
    let done = access
        .disable(deed(action, None, name), name, is_disabled)
        .await;
    ended(session, &access, done).await?;
    eprintln!("{}", session.texts.tell(told, &[("name", name.to_owned())]));
    Ok(())
}

async fn set_password(session: &Session, options: &PasswordOptions) -> Result<(), Failure> {
    let password = password(session, options.password_file.as_deref())?;
    let access = open(session, None).await?;
    let name = &options.name;
    let by = deed("set_password", None, name);
    let done = access.set_password(by, name, &password).await;
    ended(session, &access, done).await?;
    let facts = [("name", name.clone())];
    eprintln!("{}", session.texts.tell("user-password-set", &facts));
    Ok(())
}

async fn token(session: &Session, options: TokenOptions) -> Result<(), Failure> {
    let token = NewToken {
        scope: None,
        days: options.days,
        may_write: options.write,
        label: options.label,
    };
    let access = open(session, None).await?;
    let by = deed("issue_token", None, &options.name);
    let made = access.issue_token(by, &options.name, &token).await;
    let secret = ended(session, &access, made).await?;
    let facts = [("name", options.name), ("days", token.days.to_string())];
    eprintln!("{}", session.texts.tell("user-token-made", &facts));
    print(&format!("{}\n", secret.reveal()));
    Ok(())
}

async fn card(session: &Session, options: &CardOptions) -> Result<(), Failure> {
    let household = HouseholdNo::parse("household", &options.household)?;
    let village = village(session, options.village.as_deref()).await?;
    let pepper = pepper::load(session, options.pepper_file.as_deref())?;
    let access = open(session, pepper).await?;
    let by = deed("issue_card", Some(&village), household.as_str());
    let made = access.issue_card(by, &village, &household).await;
    let card = ended(session, &access, made).await?;
    let texts = &session.texts;
    let facts = [("household", household.to_string())];
    eprintln!("{}", texts.tell("user-card-made", &facts));
    let secret = [("secret", card.secret.reveal().to_owned())];
    let pin = [("pin", card.pin.reveal().to_owned())];
    let secret = texts.tell("user-card-secret", &secret);
    print(&format!(
        "{secret}\n{}\n",
        texts.tell("user-card-pin", &pin)
    ));
    Ok(())
}

async fn enrol(session: &Session, options: &EnrolOptions) -> Result<(), Failure> {
    let collector = CollectorCode::parse("collector", &options.collector)?;
    let village = village(session, options.village.as_deref()).await?;
    let access = open(session, None).await?;
    let subject = collector.to_string();
    let by = deed("issue_enrolment", Some(&village), &subject);
    let made = access.issue_enrolment(by, &village, &collector).await;
    let code = ended(session, &access, made).await?;
    let facts = [("collector", subject)];
    eprintln!("{}", session.texts.tell("user-enrolment-made", &facts));
    print(&format!("{}\n", code.reveal()));
    Ok(())
}

/// The village that is named, or the only one.
async fn village(session: &Session, named: Option<&str>) -> Result<VillageCode, Failure> {
    let named = code_of(named)?;
    let ledger = session.reading().await?;
    let found = ledger.village(named.as_ref()).await;
    ledger.close().await?;
    Ok(found?.0)
}

/// Makes the file of an SQLite database that is not there yet, so that the first administrator can be added before anything else.
async fn begin_file(session: &Session) -> Result<(), Failure> {
    let file = session.database.strip_prefix("sqlite:");
    if file.is_some_and(|file| !Path::new(file).exists()) {
        session.writing().await?.close().await?;
    }
    Ok(())
}

async fn open(session: &Session, pepper: Option<Vec<u8>>) -> Result<Access, Failure> {
    Ok(Access::open(&session.database, Clock::System, Chance::System, pepper).await?)
}

/// Closes the accounts, and tells how it went before.
async fn ended<T>(
    session: &Session,
    access: &Access,
    done: Result<T, AccessError>,
) -> Result<T, Failure> {
    let closed = access.close().await;
    let done = done.map_err(|error| failure(session, error))?;
    closed?;
    Ok(done)
}

fn failure(session: &Session, error: AccessError) -> Failure {
    let facts = error.facts();
    if let AccessError::Refused(refusal) = error {
        return Failure::Ledger(Error::Refused(refusal));
    }
    if let AccessError::Unavailable(trouble) = error {
        return Failure::Ledger(Error::Unavailable(trouble));
    }
    Failure::Sentence(REFUSED, session.texts.sentence("access", &facts))
}

const fn deed<'a>(
    action: &'static str,
    village: Option<&'a VillageCode>,
    subject: &'a str,
) -> Deed<'a> {
    Deed {
        actor: ACTOR,
        action,
        village,
        subject: Some(subject),
        is_allowed: true,
        trace_id: "",
    }
}

/// The first line of the file, or of the standard input. It is never an argument: those are seen by everybody on the machine.
fn password(session: &Session, file: Option<&Path>) -> Result<String, Failure> {
    let read = if let Some(file) = file {
        std::fs::File::open(file).and_then(first_line)
    } else {
        let input = std::io::stdin();
        if input.is_terminal() {
            eprintln!("{}", session.texts.say("user-password-asked"));
        }
        first_line(input.lock())
    };
    read.map_err(|error| {
        let facts = [("reason", error.to_string())];
        let sentence = session.texts.tell("user-password-unreadable", &facts);
        Failure::Sentence(UNAVAILABLE, sentence)
    })
}

fn first_line(input: impl Read) -> std::io::Result<String> {
    let mut line = String::new();
    BufReader::new(input.take(PASSWORD_FILE_MOST)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
