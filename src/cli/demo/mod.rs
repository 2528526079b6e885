//! `jinfu demo`: a temporary book with a township of four villages and six months up to yesterday, its last report, and the service on it.
#![expect(clippy::print_stderr, reason = "a command line prints")]

mod diary;
mod dice;
mod doors;
mod doubts;
mod history;
mod money;
mod office;
mod people;
mod sign_off;
mod township;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::net::TcpListener;

use crate::cli::demo::people::SignIn;
use crate::cli::demo::township::Place;
use crate::cli::read::report_table;
use crate::cli::serve::{address_of, bind, serve};
use crate::cli::table::table;
use crate::cli::{Failure, Session, UNAVAILABLE, import, pepper, print};
use crate::clock::{Chance, Clock};
use crate::domain::Month;
use crate::domain::month::{business_date, start_of_day};
use crate::http::serve::Limits;
use crate::http::{self, Service};
use crate::ledger::Ledger;
use crate::ledger::access::Access;
use crate::text::Texts;

#[derive(Args)]
pub(super) struct DemoOptions {
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_serve")]
    listen: Option<SocketAddr>,
    #[arg(long)]
    no_serve: bool,
}

/// Where it listens unless it is told otherwise.
const PORT: u16 = 8080;
/// The same seed and day make the same history.
const SEED: u64 = 20_250_901;

/// The folder of the demo, in the binary, so that the demo needs nothing but the binary.
const FOLDER: [(&str, &str); 6] = [
    (
        "village.toml",
        include_str!("../../../examples/data/jinfu/village.toml"),
    ),
    (
        "materials.csv",
        include_str!("../../../examples/data/jinfu/materials.csv"),
    ),
    (
        "households.csv",
        include_str!("../../../examples/data/jinfu/households.csv"),
    ),
    (
        "prices.csv",
        include_str!("../../../examples/data/jinfu/prices.csv"),
    ),
    (
        "pickups.csv",
        include_str!("../../../examples/data/jinfu/pickups.csv"),
    ),
    (
        "cash.csv",
        include_str!("../../../examples/data/jinfu/cash.csv"),
    ),
];

/// A demo that is built.
struct Built {
    folder: PathBuf,
    database: String,
    month: Month,
    places: Vec<Place>,
}

pub(super) async fn run(session: &Session, options: &DemoOptions) -> Result<(), Failure> {
    let texts = &session.texts;
    let built = build(texts).await?;
    if options.no_serve {
        print_next(texts, &built);
        return Ok(());
    }
    let listener = listen(session, options.listen)?;
    let session = Session {
        texts: Texts::new(texts.language()),
        database: built.database.clone(),
    };
    let key = pepper::load(&session, None)?;
    let ledger = session.writing().await?;
    let access = Access::open(&session.database, Clock::System, Chance::System, key).await?;
    let people = people::sign_ins(&access, &built.places).await;
    let people = people.map_err(|error| {
        let sentence = session.texts.sentence("access", &error.facts());
        Failure::Sentence(UNAVAILABLE, sentence)
    })?;
    print_sign_ins(&session.texts, &people);
    print_next(&session.texts, &built);
    let facts = [("address", address_of(&listener))];
    print(&format!(
        "\n{}\n",
        session.texts.tell("demo-address", &facts)
    ));
    let service = Service::new(ledger, access);
    serve(&session, listener, Limits::default(), service).await
}

/// Makes the book, and prints the last month's report of its first village.
async fn build(texts: &Texts) -> Result<Built, Failure> {
    let no_room = |error: std::io::Error| {
        let facts = [("file", "demo".to_owned()), ("reason", error.to_string())];
        Failure::Sentence(UNAVAILABLE, texts.tell("file-not-written", &facts))
    };
    // The folder is kept, so that what the demo says to try next can be tried.
    let folder = tempfile::Builder::new()
        .prefix("jinfu-demo-")
        .tempdir()
        .map_err(no_room)?
        .keep();
    put_folder(&folder).map_err(no_room)?;
    eprintln!("{}", texts.say("demo-building"));
    let database = format!("sqlite:{}", folder.join("jinfu.db").display());
    let plan = import::read(texts, &folder)?;
    // The history ends with yesterday, so that it is the same at every hour of a day.
    let end = start_of_day(business_date(Clock::System.now()));
    let (clock, chance) = (Clock::fixed(end), Chance::seeded(SEED));
    let ledger = Ledger::open(&database, clock, chance).await?;
    let places = history::make(&ledger, &plan, SEED, end).await?;
    ledger.clock().set(end);
    let month = Month::at(end).previous();
    if let Some(place) = places.first() {
        let report = ledger.report(&place.code, month).await?;
        print(&report_table(texts, &report));
    }
    ledger.close().await?;
    Ok(Built {
        folder,
        database,
        month,
        places,
    })
}

/// Writes the village folder of the demo.
fn put_folder(folder: &Path) -> std::io::Result<()> {
    FOLDER
        .iter()
        .try_for_each(|(file, content)| std::fs::write(folder.join(file), content))
}

/// Listens where it is told to, or else where the service usually does, or on any free port where that is taken.
fn listen(session: &Session, asked: Option<SocketAddr>) -> Result<TcpListener, Failure> {
    if let Some(asked) = asked {
        return bind(session, asked);
    }
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match http::serve::listen(local(PORT)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => bind(session, local(0)),
        Err(_) => bind(session, local(PORT)),
        Ok(listener) => Ok(listener),
    }
}

fn print_sign_ins(texts: &Texts, people: &[SignIn]) {
    let header = ["role", "village", "name", "secret"];
    let header = header.map(|name| texts.say(&format!("word-{name}")));
    let rows = people.iter().map(|person| {
        let role = texts.say(&format!("word-sign-in-{}", person.role.word()));
        let village = person.village.to_owned();
        vec![role, village, person.name.clone(), person.secret.clone()]
    });
    let title = texts.say("demo-sign-ins");
    let table = table(header.to_vec(), usize::MAX, rows.collect());
    print(&format!("\n{title}\n{table}"));
}

fn print_next(texts: &Texts, built: &Built) {
    let village = built.places.first().map(|place| place.code.to_string());
    let facts = [
        ("folder", shown(&built.folder)),
        ("database", built.database.clone()),
        ("month", built.month.to_string()),
        ("village", village.unwrap_or_default()),
        ("township", township::TOWNSHIP.to_owned()),
    ];
    print(&format!("\n{}\n", texts.tell("demo-next", &facts)));
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
