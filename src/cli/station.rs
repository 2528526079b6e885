//! The subcommands of the station: sales, what buyers pay, stock counts, and intake of what is in transit.

use clap::Subcommand;
use serde_json::json;

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::table::table;
use crate::cli::typed::time;
use crate::cli::write::submit;
use crate::cli::{Failure, Session, print};
use crate::domain::number::parse_whole;
use crate::domain::reversal::VoidDocument;
use crate::domain::sale::{BuyerPays, RecordSale, SaleLine};
use crate::domain::stock_count::CountStock;
use crate::domain::transit::{RecordIntake, ReweighedLine};
use crate::domain::{
    BuyerCode, Command, DocumentKind, DocumentNo, MaterialCode, Money, Quantity, Refusal,
    UnitPrice, VillageCode, WrittenUnit, plain_text,
};

#[derive(Subcommand)]
pub(super) enum SaleTask {
    Record {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        buyer: String,
        #[arg(long, required = true, value_name = "MATERIAL=WEIGHT,ticket=…,price=…")]
        sold: Vec<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void(VoidOptions),
}

#[derive(Subcommand)]
pub(super) enum BuyerTask {
    Pay {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        buyer: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void(VoidOptions),
}

#[derive(Subcommand)]
pub(super) enum CountTask {
    Record {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "MATERIAL=WEIGHT")]
        counted: String,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void(VoidOptions),
}

#[derive(Subcommand)]
pub(super) enum IntakeTask {
    Record {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        round: String,
        #[arg(long, required = true, value_name = "MATERIAL=WEIGHT")]
        weighed: Vec<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    List {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
}

#[derive(clap::Args)]
pub(super) struct VoidOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    number: String,
    #[arg(long)]
    reason: String,
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// A material with a quantity that may be as much as any stock, and the unit it is written in: `ZB=33.8kg`, `PJ=24piece`.
fn stock_quantity(
    field: &'static str,
    text: &str,
    form: &'static str,
) -> Result<(MaterialCode, Quantity, WrittenUnit), Refusal> {
    let wrong = || Refusal::UnknownWord {
        field,
        value: text.to_owned(),
        allowed: form,
    };
    let (material, written) = text.split_once('=').ok_or_else(wrong)?;
    let unit_at = written
        .find(|char: char| char.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (figure, unit) = written.split_at(unit_at);
    let unit = WrittenUnit::parse(field, unit)?;
    Ok((
        MaterialCode::parse("material", material)?,
        Quantity::parse_stock(field, figure, unit)?,
        unit,
    ))
}

/// Reads `ZB=140kg,ticket=135.8,price=1.20`, the price `0.10/3` for three pieces; without a ticket it says what the village weighed.
fn sale_line(text: &str) -> Result<SaleLine, Refusal> {
    const FORM: &str = "ZB=140kg,ticket=135.8,price=1.20";
    let wrong = || Refusal::UnknownWord {
        field: "sold",
        value: text.to_owned(),
        allowed: FORM,
    };
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    let (material, own, unit) = stock_quantity("sold", first, FORM)?;
    let (mut ticket, mut price) = (own, None);
    for part in parts {
        match part.split_once('=').ok_or_else(wrong)? {
            ("ticket", figure) => ticket = Quantity::parse_stock("ticket", figure, unit)?,
            ("price", figure) => {
                let (figure, per) = figure.split_once('/').unwrap_or((figure, "1"));
                let per = parse_whole("per", per, 1, 1_000)?;
                price = Some(UnitPrice::parse("price", figure, per)?);
            }
            _ => return Err(wrong()),
        }
    }
    let price = price.ok_or_else(wrong)?;
    Ok(SaleLine {
        material,
        own,
        ticket,
        price_li: price.li(),
        per: price.per(),
    })
}

async fn void(session: &Session, kind: DocumentKind, options: VoidOptions) -> Result<(), Failure> {
    let command = VoidDocument {
        kind,
        number: DocumentNo::parse("number", &options.number)?,
        voided_at: time(options.at)?,
        reason: plain_text("reason", &options.reason, 200)?,
    };
    let command = Command::VoidDocument(command);
    submit(session, options.common, false, command).await
}

pub(super) async fn sale(session: &Session, task: SaleTask) -> Result<(), Failure> {
    match task {
        SaleTask::Record {
            common,
            buyer,
            sold,
            at,
        } => {
            let lines: Result<Vec<SaleLine>, Refusal> =
                sold.iter().map(|text| sale_line(text)).collect();
            let command = RecordSale {
                sold_at: time(at)?,
                buyer: BuyerCode::parse("buyer", &buyer)?,
                lines: lines?,
            };
            submit(session, common, false, Command::RecordSale(command)).await
        }
        SaleTask::Void(options) => void(session, DocumentKind::Sale, options).await,
    }
}

pub(super) async fn buyer(session: &Session, task: BuyerTask) -> Result<(), Failure> {
    match task {
        BuyerTask::Pay {
            common,
            buyer,
            amount,
            at,
        } => {
            let command = BuyerPays {
                buyer: BuyerCode::parse("buyer", &buyer)?,
                amount: Money::parse_positive("amount", &amount)?,
                paid_at: time(at)?,
            };
            submit(session, common, false, Command::BuyerPays(command)).await
        }
        BuyerTask::Void(options) => void(session, DocumentKind::BuyerPayment, options).await,
    }
}

pub(super) async fn count(session: &Session, task: CountTask) -> Result<(), Failure> {
    match task {
        CountTask::Record {
            common,
            counted,
            reason,
            at,
        } => {
            let (material, counted, _) = stock_quantity("counted", &counted, "ZB=33.8kg")?;
            let command = CountStock {
                material,
                counted,
                counted_at: time(at)?,
                reason: plain_text("reason", &reason, 200)?,
            };
            submit(session, common, false, Command::CountStock(command)).await
        }
        CountTask::Void(options) => void(session, DocumentKind::StockCount, options).await,
    }
}

pub(super) async fn intake(session: &Session, task: IntakeTask) -> Result<(), Failure> {
    match task {
        IntakeTask::Record {
            common,
            round,
            weighed,
            at,
        } => {
            let line = |text: &String| {
                let (material, weighed, _) = stock_quantity("weighed", text, "ZB=33.8kg")?;
                Ok(ReweighedLine { material, weighed })
            };
            let lines: Result<Vec<ReweighedLine>, Refusal> = weighed.iter().map(line).collect();
            let command = RecordIntake {
                round: DocumentNo::parse("round", &round)?,
                lines: lines?,
                taken_in_at: time(at)?,
            };
            submit(session, common, false, Command::RecordIntake(command)).await
        }
        IntakeTask::List { village, format } => {
            list_transit(session, village.as_deref(), format).await
        }
    }
}

/// What is in transit of each round.
async fn list_transit(
    session: &Session,
    village: Option<&str>,
    format: VerifyFormat,
) -> Result<(), Failure> {
    let code = village
        .map(|code| VillageCode::parse("village", code))
        .transpose()?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let rounds = ledger.in_transit(&code).await?;
    ledger.close().await?;
    let rows = rounds.iter().flat_map(|(round, transit)| {
        let open = transit.materials.iter();
        open.filter(|(_, row)| row.quantity.count() != 0)
            .map(move |(material, row)| {
                [
                    round.clone(),
                    material.to_string(),
                    row.quantity.to_string(),
                    row.value.to_string(),
                ]
            })
    });
    match format {
        VerifyFormat::Json => {
            let rows: Vec<_> = rows
                .map(|[round, material, quantity, value]| {
                    json!({"round": round, "material": material, "quantity": quantity, "value": value})
                })
                .collect();
            let text = serde_json::to_string_pretty(&rows).unwrap_or_default();
            print(&(text + "\n"));
        }
        VerifyFormat::Table => {
            let header = ["round", "material", "quantity", "value"];
            let header = header.map(|name| session.texts.say(&format!("word-{name}")));
            print(&table(header.to_vec(), 2, rows.map(Vec::from).collect()));
        }
    }
    Ok(())
}
