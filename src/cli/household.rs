//! Households that change: merged, split, gone to another village, come from one; and the moves that are half done.

use clap::Args;

use crate::cli::arguments::{Common, Format, HouseholdAttributes};
use crate::cli::table::table;
use crate::cli::typed::{register, time};
use crate::cli::write::submit;
use crate::cli::{Failure, REFUSED, Session, print};
use crate::domain::clearing::{ArriveHousehold, DepartHousehold};
use crate::domain::merge::MergeHouseholds;
use crate::domain::month::parse_date;
use crate::domain::number::parse_whole;
use crate::domain::split::{SplitHousehold, SplitPart};
use crate::domain::{
    ChargeKey, Command, DocumentNo, Group, HouseholdKind, HouseholdNo, Money, Refusal, VillageCode,
    plain_text,
};
use crate::files::export::csv_of;
use crate::ledger::clearing::{Half, HalfDoneMove};

#[derive(Args)]
pub(super) struct MergeOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "NO")]
    into: String,
    #[arg(long, value_name = "DATE")]
    on: String,
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
pub(super) struct SplitOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "DATE")]
    on: String,
    #[arg(long, required = true, value_name = "NO,headcount=N,share=PERCENT")]
    part: Vec<String>,
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
pub(super) struct DepartOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "CODE")]
    to: String,
    #[arg(long, value_name = "NO")]
    new_number: Option<String>,
    #[arg(long, value_name = "DATE")]
    on: String,
    #[arg(long, value_name = "NO")]
    reference: Option<String>,
}

#[derive(Args)]
pub(super) struct ArriveOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "CODE")]
    from: String,
    #[arg(long, value_name = "NO")]
    reference: String,
    #[arg(long, value_name = "YUAN")]
    amount: String,
    #[arg(long, value_name = "YUAN", default_value = "0")]
    advance: String,
    #[arg(long)]
    register: bool,
    #[command(flatten)]
    attributes: HouseholdAttributes,
    #[arg(long, value_name = "DATE", requires = "register")]
    moved_in: Option<String>,
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Args)]
pub(super) struct ClearingOptions {
    #[arg(long, value_name = "PREFIX", default_value = "")]
    region: String,
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub(super) async fn merge(session: &Session, options: MergeOptions) -> Result<(), Failure> {
    let command = MergeHouseholds {
        from: HouseholdNo::parse("household", &options.household)?,
        into: HouseholdNo::parse("into", &options.into)?,
        on: parse_date("on", &options.on)?,
        reason: plain_text("reason", &options.reason, 200)?,
    };
    let command = Command::MergeHouseholds(command);
    submit(session, options.common, false, command).await
}

pub(super) async fn split(session: &Session, options: SplitOptions) -> Result<(), Failure> {
    let parts: Result<Vec<SplitPart>, Refusal> =
        options.part.iter().map(|text| part(text)).collect();
    let command = SplitHousehold {
        household_no: HouseholdNo::parse("household", &options.household)?,
        on: parse_date("on", &options.on)?,
        parts: parts?,
        reason: plain_text("reason", &options.reason, 200)?,
    };
    let command = Command::SplitHousehold(command);
    submit(session, options.common, false, command).await
}

/// Reads `03-018,headcount=2,share=30`, with `,group=…`, `,kind=…`, `,advance=…` and any number of `,charge=2025-09` behind it.
fn part(text: &str) -> Result<SplitPart, Refusal> {
    let form = || Refusal::UnknownWord {
        field: "part",
        value: text.to_owned(),
        allowed: "03-018,headcount=2,share=30,group=3,kind=resident,advance=5.00,charge=2025-09",
    };
    let mut words = text.split(',');
    let number = words.next().unwrap_or_default();
    let mut part = SplitPart {
        household_no: HouseholdNo::parse("part", number)?,
        group: None,
        headcount: 1,
        kind: None,
        share: 0,
        advance: Money::ZERO,
        charges: Vec::new(),
    };
    for word in words {
        match word.split_once('=').ok_or_else(form)? {
            ("headcount", value) => part.headcount = parse_whole("headcount", value, 1, 99)?,
            ("share", value) => part.share = parse_whole("share", value, 0, 100)?,
            ("group", value) => part.group = Some(Group::parse("group", value)?),
            ("kind", value) => part.kind = Some(HouseholdKind::parse("kind", value)?),
            ("advance", value) => part.advance = Money::parse("advance", value)?,
            ("charge", value) => part.charges.push(ChargeKey::parse("charge", value)?),
            _ => return Err(form()),
        }
    }
    Ok(part)
}

pub(super) async fn depart(session: &Session, options: DepartOptions) -> Result<(), Failure> {
    let new_number = options.new_number.as_deref();
    let reference = options.reference.as_deref();
    let command = DepartHousehold {
        household_no: HouseholdNo::parse("household", &options.household)?,
        to_village: VillageCode::parse("to", &options.to)?,
        new_number: new_number
            .map(|number| HouseholdNo::parse("new_number", number))
            .transpose()?,
        on: parse_date("on", &options.on)?,
        reference: reference
            .map(|number| DocumentNo::parse("reference", number))
            .transpose()?,
    };
    let command = Command::DepartHousehold(command);
    submit(session, options.common, false, command).await
}

pub(super) async fn arrive(session: &Session, options: ArriveOptions) -> Result<(), Failure> {
    let moved_in = options.moved_in.as_deref();
    let registration = options
        .register
        .then(|| register(&options.household, &options.attributes, moved_in));
    let command = ArriveHousehold {
        household_no: HouseholdNo::parse("household", &options.household)?,
        register: registration.transpose()?,
        from_village: VillageCode::parse("from", &options.from)?,
        reference: DocumentNo::parse("reference", &options.reference)?,
        amount: Money::parse("amount", &options.amount)?,
        advance: Money::parse("advance", &options.advance)?,
        arrived_at: time(options.at)?,
    };
    let command = Command::ArriveHousehold(command);
    submit(session, options.common, false, command).await
}

pub(super) async fn clearing(session: &Session, options: &ClearingOptions) -> Result<(), Failure> {
    let is_prefix =
        options.region.len() <= 12 && options.region.bytes().all(|byte| byte.is_ascii_digit());
    if !is_prefix {
        let (field, value) = ("region", options.region.chars().take(40).collect());
        return Err(Refusal::NotAVillageCode { field, value }.into());
    }
    let ledger = session.reading().await?;
    let half_done = ledger.clearing(&options.region).await?;
    ledger.close().await?;
    match options.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&half_done).unwrap_or_default();
            print(&format!("{json}\n"));
        }
        Format::Csv => print(&csv_of(&rows(session, &half_done)).unwrap_or_default()),
        Format::Table if half_done.is_empty() => {
            print(&format!("{}\n", session.texts.say("clearing-whole")));
        }
        Format::Table => {
            let mut rows = rows(session, &half_done);
            let header = rows.remove(0);
            print(&table(header, 6, rows));
        }
    }
    if half_done.is_empty() {
        return Ok(());
    }
    Err(Failure::Told(REFUSED))
}

fn rows(session: &Session, half_done: &[HalfDoneMove]) -> Vec<Vec<String>> {
    let texts = &session.texts;
    let header = [
        "from",
        "to",
        "reference",
        "problem",
        "departed",
        "arrived",
        "credit-out",
        "credit-in",
        "advance-out",
        "advance-in",
    ];
    let header = header.map(|name| texts.say(&format!("word-clearing-{name}")));
    let named = |half: Option<&Half>| half.map(|half| format!("{} {}", half.household_no, half.on));
    let row = |one: &HalfDoneMove| {
        let (out, into) = (one.departed.as_ref(), one.arrived.as_ref());
        let problem = texts.say(&format!("word-clearing-{}", one.problem.word()));
        let money = |half: Option<&Half>, of: fn(&Half) -> Money| {
            half.map(|half| of(half).to_string()).unwrap_or_default()
        };
        vec![
            one.from.to_string(),
            one.to.to_string(),
            one.reference.to_string(),
            problem,
            named(out).unwrap_or_default(),
            named(into).unwrap_or_default(),
            money(out, |half| half.credit),
            money(into, |half| half.credit),
            money(out, |half| half.advance),
            money(into, |half| half.advance),
        ]
    };
    std::iter::once(header.to_vec())
        .chain(half_done.iter().map(row))
        .collect()
}
