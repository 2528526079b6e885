//! The subcommands of the office's money: the special fund, collectors' pay, hand-ins and deposits, write-offs, receipts and custody.

use clap::{Args, Subcommand};

use crate::cli::arguments::{Common, Format};
use crate::cli::read::{code_of, json_of};
use crate::cli::table::listed;
use crate::cli::typed::time;
use crate::cli::write::submit;
use crate::cli::{Failure, Session, print};
use crate::domain::cash_custody::{CollectorCash, Custodian, Deposit, HandIn, PaidFrom};
use crate::domain::collector_pay::{EarnPay, PayCollector};
use crate::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use crate::domain::reversal::VoidDocument;
use crate::domain::settlement::CashTaker;
use crate::domain::write_off::WriteOff;
use crate::domain::{
    ChargeKey, CollectorCode, Command, DocumentKind, DocumentNo, HouseholdNo, Money, Month,
    Refusal, UnitPrice, plain_text,
};
use crate::files::export::csv_of;
use crate::ledger::custody::ListedReceipt;
use crate::text::Texts;

#[derive(Subcommand)]
pub(super) enum FundTask {
    Receive {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long)]
        voucher: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Spend {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_parser = ["collector_pay", "operating"])]
        purpose: String,
        #[arg(long, value_name = "CODE")]
        collector: Option<String>,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long)]
        voucher: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(
            long,
            value_name = "NO",
            required_unless_present = "expense",
            conflicts_with = "expense"
        )]
        receipt: Option<String>,
        #[arg(long, value_name = "NO")]
        expense: Option<String>,
        #[command(flatten)]
        why: Why,
    },
}

/// Why a document is voided, and when.
#[derive(Args)]
pub(super) struct Why {
    #[arg(long)]
    reason: String,
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// A payment out of the bank or a cash box.
#[derive(Args)]
pub(super) struct Source {
    #[arg(long, conflicts_with = "custodian")]
    bank: bool,
    #[arg(long, value_name = "NAME")]
    custodian: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum PayTask {
    Earn {
        #[arg(value_name = "YYYY-MM")]
        month: String,
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "YUAN", default_value = "0")]
        wage: String,
        #[arg(long, value_name = "YUAN", default_value = "0")]
        per_kg: String,
    },
    Pay {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[command(flatten)]
        source: Source,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(
            long,
            value_name = "NO",
            required_unless_present = "payment",
            conflicts_with = "payment"
        )]
        earned: Option<String>,
        #[arg(long, value_name = "NO")]
        payment: Option<String>,
        #[command(flatten)]
        why: Why,
    },
}

/// What is done with cash beside receiving it from households.
#[derive(Subcommand)]
pub(super) enum CustodyTask {
    HandIn {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long, value_name = "NAME")]
        custodian: Option<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Deposit {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NAME")]
        custodian: Option<String>,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Custody {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    List {
        #[arg(value_name = "YYYY-MM")]
        month: String,
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Subcommand)]
pub(super) enum ChargeTask {
    WriteOff {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "YYYY-MM")]
        period: String,
        #[arg(long)]
        resolution: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[command(flatten)]
        why: Why,
    },
}

/// Voids the one document that was named.
async fn void(
    session: &Session,
    common: Common,
    named: impl IntoIterator<Item = (DocumentKind, Option<String>)>,
    why: Why,
) -> Result<(), Failure> {
    let named = named
        .into_iter()
        .find_map(|(kind, number)| Some((kind, number?)));
    let (kind, number) = named.ok_or(Refusal::Empty { field: "number" })?;
    let command = VoidDocument {
        kind,
        number: DocumentNo::parse("number", &number)?,
        voided_at: time(why.at)?,
        reason: plain_text("reason", &why.reason, 200)?,
    };
    submit(session, common, false, Command::VoidDocument(command)).await
}

pub(super) async fn fund(session: &Session, task: FundTask) -> Result<(), Failure> {
    match task {
        FundTask::Receive {
            common,
            amount,
            voucher,
            at,
        } => {
            let command = ReceiveFund {
                amount: Money::parse_positive("amount", &amount)?,
                received_at: time(at)?,
                voucher: plain_text("voucher", &voucher, 200)?,
            };
            submit(session, common, false, Command::ReceiveFund(command)).await
        }
        FundTask::Spend {
            common,
            purpose,
            collector,
            amount,
            voucher,
            at,
        } => {
            let command = SpendFund {
                purpose: purpose_of(&purpose, collector.as_deref())?,
                amount: Money::parse_positive("amount", &amount)?,
                spent_at: time(at)?,
                voucher: plain_text("voucher", &voucher, 200)?,
            };
            submit(session, common, false, Command::SpendFund(command)).await
        }
        FundTask::Void {
            common,
            receipt,
            expense,
            why,
        } => {
            let named = [
                (DocumentKind::FundReceipt, receipt),
                (DocumentKind::FundExpense, expense),
            ];
            void(session, common, named, why).await
        }
    }
}

/// A collector is named only where the fund pays collectors.
fn purpose_of(purpose: &str, collector: Option<&str>) -> Result<FundPurpose, Refusal> {
    let collector = collector
        .map(|code| CollectorCode::parse("collector", code))
        .transpose()?;
    match (purpose, collector) {
        ("collector_pay", collector) => Ok(FundPurpose::CollectorPay { collector }),
        (_, None) => Ok(FundPurpose::Operating),
        (_, Some(collector)) => Err(Refusal::UnknownWord {
            field: "collector",
            value: collector.to_string(),
            allowed: "--purpose collector_pay --collector CODE",
        }),
    }
}

pub(super) async fn pay(session: &Session, task: PayTask) -> Result<(), Failure> {
    match task {
        PayTask::Earn {
            month,
            common,
            collector,
            wage,
            per_kg,
        } => {
            let command = EarnPay {
                collector: CollectorCode::parse("collector", &collector)?,
                month: Month::parse("month", &month)?,
                wage: Money::parse("wage", &wage)?,
                per_kg_li: UnitPrice::parse("per_kg", &per_kg, 1)?.li(),
            };
            submit(session, common, false, Command::EarnPay(command)).await
        }
        PayTask::Pay {
            common,
            collector,
            amount,
            source,
            at,
        } => {
            let command = PayCollector {
                collector: CollectorCode::parse("collector", &collector)?,
                amount: Money::parse_positive("amount", &amount)?,
                paid_from: if source.bank {
                    PaidFrom::Bank
                } else {
                    PaidFrom::Cash(custodian_of(source.custodian.as_deref())?)
                },
                paid_at: time(at)?,
            };
            submit(session, common, false, Command::PayCollector(command)).await
        }
        PayTask::Void {
            common,
            earned,
            payment,
            why,
        } => {
            let named = [
                (DocumentKind::CollectorPay, earned),
                (DocumentKind::CollectorPayment, payment),
            ];
            void(session, common, named, why).await
        }
    }
}

fn custodian_of(name: Option<&str>) -> Result<Custodian, Refusal> {
    Custodian::parse("custodian", name)
}

pub(super) async fn custody(session: &Session, task: CustodyTask) -> Result<(), Failure> {
    match task {
        CustodyTask::HandIn {
            common,
            collector,
            amount,
            custodian,
            at,
        } => {
            let command = HandIn {
                collector: CollectorCode::parse("collector", &collector)?,
                amount: Money::parse_positive("amount", &amount)?,
                custodian: custodian_of(custodian.as_deref())?,
                handed_in_at: time(at)?,
            };
            submit(session, common, false, Command::HandIn(command)).await
        }
        CustodyTask::Deposit {
            common,
            custodian,
            amount,
            at,
        } => {
            let command = Deposit {
                custodian: custodian_of(custodian.as_deref())?,
                amount: Money::parse_positive("amount", &amount)?,
                deposited_at: time(at)?,
            };
            submit(session, common, false, Command::Deposit(command)).await
        }
        CustodyTask::Custody { village, format } => {
            show_custody(session, village.as_deref(), format).await
        }
        CustodyTask::List {
            month,
            village,
            format,
        } => {
            let month = Month::parse("month", &month)?;
            list_receipts(session, month, village.as_deref(), format).await
        }
    }
}

/// Voids a hand-in or a deposit.
pub(super) async fn void_custody(
    session: &Session,
    common: Common,
    (hand_in, deposit): (Option<String>, Option<String>),
    (reason, at): (String, Option<String>),
) -> Result<(), Failure> {
    let named = [
        (DocumentKind::HandIn, hand_in),
        (DocumentKind::Deposit, deposit),
    ];
    void(session, common, named, Why { reason, at }).await
}

/// Prints rows under a header of words, or the values they are made from.
fn show(
    texts: &Texts,
    format: Format,
    values: &impl serde::Serialize,
    (names, figures_from): (&[&str], usize),
    rows: Vec<Vec<String>>,
) {
    let header = || names.iter().map(|name| texts.say(&format!("word-{name}")));
    print(&match format {
        Format::Json => json_of(values),
        Format::Table => listed(texts, header().collect(), figures_from, rows),
        Format::Csv => {
            let rows: Vec<Vec<String>> = [header().collect()].into_iter().chain(rows).collect();
            csv_of(&rows).unwrap_or_default()
        }
    });
}

async fn show_custody(
    session: &Session,
    village: Option<&str>,
    format: Format,
) -> Result<(), Failure> {
    let code = code_of(village)?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let custody = ledger.custody(&code).await?;
    ledger.close().await?;
    let texts = &session.texts;
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
    let row = |cash: &CollectorCash| {
        let found = [
            (cash.is_over_limit, "word-over-limit"),
            (cash.is_overdue, "word-overdue"),
        ];
        let found = found.iter().filter(|(is_so, _)| *is_so);
        let found: Vec<String> = found.map(|(_, word)| texts.say(word)).collect();
        vec![
            cash.collector.clone(),
            date(cash.since).unwrap_or_default(),
            date(cash.due).unwrap_or_default(),
            found.join(" "),
            cash.held.to_string(),
        ]
    };
    let rows = custody.collectors.iter().map(row).collect();
    let names = ["collector", "since", "due", "verdict", "yuan"];
    show(texts, format, &custody, (&names, 4), rows);
    Ok(())
}

async fn list_receipts(
    session: &Session,
    month: Month,
    village: Option<&str>,
    format: Format,
) -> Result<(), Failure> {
    let code = code_of(village)?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let receipts = ledger.cash_receipts(&code, month).await?;
    ledger.close().await?;
    let texts = &session.texts;
    let row = |receipt: &ListedReceipt| {
        let taker = match &receipt.taken_by {
            CashTaker::Office(custodian) => format!("{} {custodian}", texts.say("word-office")),
            CashTaker::Collector(collector) => collector.to_string(),
        };
        let voided = |on| texts.tell("receipt-voided", &[("on", format!("{on}"))]);
        vec![
            receipt.number.clone(),
            receipt.received_on.to_string(),
            receipt.household_no.to_string(),
            taker.trim().to_owned(),
            receipt.voided_on.map(voided).unwrap_or_default(),
            receipt.amount.to_string(),
        ]
    };
    let rows = receipts.iter().map(row).collect();
    let names = ["number", "date", "household", "taken-by", "verdict", "yuan"];
    show(texts, format, &receipts, (&names, 5), rows);
    Ok(())
}

pub(super) async fn charge(session: &Session, task: ChargeTask) -> Result<(), Failure> {
    match task {
        ChargeTask::WriteOff {
            common,
            household,
            period,
            resolution,
            at,
        } => {
            let command = WriteOff {
                household_no: HouseholdNo::parse("household", &household)?,
                charge: ChargeKey::parse("period", &period)?,
                resolution: plain_text("resolution", &resolution, 200)?,
                written_off_at: time(at)?,
            };
            submit(session, common, false, Command::WriteOff(command)).await
        }
        ChargeTask::Void {
            common,
            number,
            why,
        } => {
            let named = [(DocumentKind::WriteOff, Some(number))];
            void(session, common, named, why).await
        }
    }
}
