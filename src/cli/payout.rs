//! `jinfu payout`: credit that is asked for, approved by another person and paid; and what of it is still open.

use clap::{Args, Subcommand};

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::table::listed;
use crate::cli::typed::time;
use crate::cli::write::submit;
use crate::cli::{Failure, Session, print};
use crate::domain::cash_custody::{Custodian, PaidFrom};
use crate::domain::month::written_time;
use crate::domain::payout::{ApprovePayout, CancelPayout, ExpirePayouts, PayPayout, RequestPayout};
use crate::domain::reversal::VoidDocument;
use crate::domain::{
    Command, DocumentKind, DocumentNo, HouseholdNo, Money, Refusal, VillageCode, plain_text,
};
use crate::ledger::payout::OpenPayout;
use crate::text::Texts;

#[derive(Subcommand)]
pub(super) enum PayoutTask {
    Request(RequestOptions),
    Approve(StepOptions),
    Pay(PayOptions),
    Cancel(ReasonOptions),
    Expire {
        #[command(flatten)]
        common: Common,
    },
    Void(ReasonOptions),
    List {
        #[arg(long, value_name = "CODE")]
        village: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        format: VerifyFormat,
    },
}

#[derive(Args)]
pub(super) struct RequestOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    household: String,
    #[arg(long, value_name = "YUAN")]
    amount: String,
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Args)]
pub(super) struct StepOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "NO")]
    number: String,
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Args)]
pub(super) struct PayOptions {
    #[command(flatten)]
    step: StepOptions,
    #[arg(long, conflicts_with = "custodian")]
    bank: bool,
    #[arg(long, value_name = "NAME")]
    custodian: Option<String>,
}

#[derive(Args)]
pub(super) struct ReasonOptions {
    #[command(flatten)]
    step: StepOptions,
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(session: &Session, task: PayoutTask) -> Result<(), Failure> {
    let (common, command) = match task {
        PayoutTask::List { village, format } => {
            return list(session, village.as_deref(), format).await;
        }
        PayoutTask::Request(options) => request(options)?,
        PayoutTask::Approve(options) => approve(options)?,
        PayoutTask::Pay(options) => pay(options)?,
        PayoutTask::Cancel(options) => cancel(options)?,
        PayoutTask::Expire { common } => (common, Command::ExpirePayouts(ExpirePayouts {})),
        PayoutTask::Void(options) => void(options)?,
    };
    submit(session, common, false, command).await
}

fn request(options: RequestOptions) -> Result<(Common, Command), Refusal> {
    let command = RequestPayout {
        household_no: HouseholdNo::parse("household", &options.household)?,
        amount: Money::parse_positive("amount", &options.amount)?,
        requested_at: time(options.at)?,
    };
    Ok((options.common, Command::RequestPayout(command)))
}

fn approve(options: StepOptions) -> Result<(Common, Command), Refusal> {
    let command = ApprovePayout {
        number: DocumentNo::parse("number", &options.number)?,
        approved_at: time(options.at)?,
    };
    Ok((options.common, Command::ApprovePayout(command)))
}

fn pay(options: PayOptions) -> Result<(Common, Command), Refusal> {
    let custodian = Custodian::parse("custodian", options.custodian.as_deref());
    let command = PayPayout {
        number: DocumentNo::parse("number", &options.step.number)?,
        paid_at: time(options.step.at)?,
        paid_from: if options.bank {
            PaidFrom::Bank
        } else {
            PaidFrom::Cash(custodian?)
        },
    };
    Ok((options.step.common, Command::PayPayout(command)))
}

fn cancel(options: ReasonOptions) -> Result<(Common, Command), Refusal> {
    let command = CancelPayout {
        number: DocumentNo::parse("number", &options.step.number)?,
        cancelled_at: time(options.step.at)?,
        reason: plain_text("reason", &options.reason, 200)?,
    };
    Ok((options.step.common, Command::CancelPayout(command)))
}

fn void(options: ReasonOptions) -> Result<(Common, Command), Refusal> {
    let command = VoidDocument {
        kind: DocumentKind::Payout,
        number: DocumentNo::parse("number", &options.step.number)?,
        voided_at: time(options.step.at)?,
        reason: plain_text("reason", &options.reason, 200)?,
    };
    Ok((options.step.common, Command::VoidDocument(command)))
}

/// The payouts that are requested or approved.
async fn list(
    session: &Session,
    village: Option<&str>,
    format: VerifyFormat,
) -> Result<(), Failure> {
    let code = village
        .map(|code| VillageCode::parse("village", code))
        .transpose()?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let payouts = ledger.open_payouts(&code).await?;
    ledger.close().await?;
    match format {
        VerifyFormat::Table => print(&payout_table(&session.texts, &payouts)),
        VerifyFormat::Json => {
            let text = serde_json::to_string_pretty(&payouts).unwrap_or_default();
            print(&format!("{text}\n"));
        }
    }
    Ok(())
}

fn payout_table(texts: &Texts, payouts: &[OpenPayout]) -> String {
    let header = [
        "payout",
        "payout-household",
        "payout-state",
        "payout-requested-at",
        "payout-requested-by",
        "payout-approved-by",
        "payout-last-day",
        "yuan",
    ];
    let header = header.iter().map(|name| texts.say(&format!("word-{name}")));
    let rows = payouts.iter().map(|open| {
        let payout = &open.payout;
        let state = if open.is_overdue {
            "expired"
        } else {
            payout.state.word()
        };
        vec![
            open.number.clone(),
            payout.household_no.to_string(),
            texts.say(&format!("word-payout-{state}")),
            written_time(payout.requested_at),
            texts.person(&payout.requested_by),
            texts.person(payout.approved_by.as_deref().unwrap_or_default()),
            payout.last_day.to_string(),
            payout.amount.to_string(),
        ]
    });
    listed(texts, header.collect(), 7, rows.collect())
}
