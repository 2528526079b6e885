//! The command line as it is typed. The texts of the help are in `text/*.ftl` under `cli-…`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::cli::demo::DemoOptions;
use crate::cli::dispute::DisputeTask;
use crate::cli::held::{CollectorTask, HeldTask};
use crate::cli::household::{
    ArriveOptions, ClearingOptions, DepartOptions, MergeOptions, SplitOptions,
};
use crate::cli::month::{CloseOptions, MonthTask, ReasonOptions, StepOptions};
use crate::cli::office::{ChargeTask, CustodyTask, FundTask, PayTask};
use crate::cli::payout::PayoutTask;
use crate::cli::serve::ServeOptions;
use crate::cli::service::{RefuseTask, RoundTask, ScheduleTask};
use crate::cli::settings::VillageTask;
use crate::cli::station::{BuyerTask, CountTask, IntakeTask, SaleTask};
use crate::cli::user::UserTask;
use crate::config;
use crate::files::import::READ_WORKBOOK;

#[derive(Parser)]
#[command(name = "jinfu", version)]
pub(super) struct Arguments {
    #[arg(long, global = true, env = config::DATABASE_VARIABLE, default_value = config::DATABASE, hide_env_values = true)]
    pub(super) database: String,
    #[arg(long, global = true, value_parser = ["zh-CN", "en"])]
    pub(super) language: Option<String>,
    #[command(subcommand)]
    pub(super) task: Task,
}

#[derive(Subcommand)]
pub(super) enum Task {
    Demo(DemoOptions),
    Serve(ServeOptions),
    #[command(subcommand)]
    User(UserTask),
    Import(ImportOptions),
    Report(ReportOptions),
    Statement(StatementOptions),
    #[command(subcommand)]
    Pickup(PickupTask),
    #[command(subcommand)]
    Held(HeldTask),
    #[command(subcommand)]
    Collector(CollectorTask),
    #[command(subcommand)]
    Cash(CashTask),
    #[command(subcommand)]
    Household(HouseholdTask),
    #[command(subcommand)]
    Prices(PricesTask),
    #[command(subcommand)]
    Policy(PolicyTask),
    #[command(subcommand)]
    Opening(OpeningTask),
    #[command(subcommand)]
    Sale(SaleTask),
    #[command(subcommand)]
    Buyer(BuyerTask),
    #[command(subcommand)]
    Count(CountTask),
    #[command(subcommand)]
    Intake(IntakeTask),
    #[command(subcommand)]
    Run(RunTask),
    #[command(subcommand)]
    Schedule(ScheduleTask),
    #[command(subcommand)]
    Round(RoundTask),
    #[command(subcommand)]
    Refuse(RefuseTask),
    #[command(subcommand)]
    Dispute(DisputeTask),
    #[command(subcommand)]
    Payout(PayoutTask),
    #[command(subcommand)]
    Fund(FundTask),
    #[command(subcommand)]
    Pay(PayTask),
    #[command(subcommand)]
    Charge(ChargeTask),
    #[command(subcommand)]
    Village(VillageTask),
    Close(CloseOptions),
    Review(StepOptions),
    Sign(StepOptions),
    Publish(StepOptions),
    Return(ReasonOptions),
    Reopen(ReasonOptions),
    #[command(subcommand)]
    Month(MonthTask),
    Verify(VerifyOptions),
    Export(ExportOptions),
    ImportJournal(ImportJournalOptions),
    Migrate(MigrateOptions),
    #[command(name = READ_WORKBOOK, hide = true)]
    ReadWorkbook(ReadWorkbookOptions),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum VerifyFormat {
    Table,
    Json,
}

#[derive(Args)]
pub(super) struct ImportOptions {
    pub(super) folder: PathBuf,
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) through: Option<String>,
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(long, value_name = "FILE")]
    pub(super) refused: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct ReadWorkbookOptions {
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct ReportOptions {
    #[arg(value_name = "YYYY-MM")]
    pub(super) month: String,
    #[arg(long, value_name = "CODE")]
    pub(super) village: Option<String>,
    #[arg(long, value_name = "PREFIX", conflicts_with = "village")]
    pub(super) region: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct StatementOptions {
    #[arg(long, value_name = "CODE")]
    pub(super) village: Option<String>,
    #[arg(long, value_name = "NO")]
    pub(super) household: String,
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) from: Option<String>,
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) to: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct VerifyOptions {
    #[arg(long, value_name = "CODE")]
    pub(super) village: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: VerifyFormat,
}

#[derive(Args)]
pub(super) struct ExportOptions {
    pub(super) file: PathBuf,
    #[arg(long, value_name = "CODE")]
    pub(super) village: Option<String>,
}

#[derive(Args)]
pub(super) struct ImportJournalOptions {
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct MigrateOptions {
    #[arg(long, value_name = "ROLE")]
    pub(super) application_role: Option<String>,
}

/// What every writing command takes: the village, and the id to repeat it safely.
#[derive(Args)]
pub(super) struct Common {
    #[arg(long, value_name = "CODE")]
    pub(super) village: Option<String>,
    #[arg(long, value_name = "UUID")]
    pub(super) id: Option<Uuid>,
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    #[arg(long, value_parser = ["collector", "clerk", "supervisor", "official", "administrator"])]
    pub(super) role: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum PickupTask {
    Record {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "CODE")]
        collector: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[arg(long, required = true, value_name = "MATERIAL=WEIGHT")]
        line: Vec<String>,
        #[arg(long, value_name = "NO")]
        round: Option<String>,
        #[arg(long, value_name = "NAME")]
        device: Option<String>,
        #[arg(long, value_name = "TIME")]
        told_list: Option<String>,
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
    Correct {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        number: String,
        #[arg(long, value_name = "NO")]
        new_number: Option<String>,
        #[arg(long, required = true, value_name = "MATERIAL=WEIGHT")]
        line: Vec<String>,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum CashTask {
    Receive {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long, value_name = "CODE")]
        collector: Option<String>,
        #[arg(long, value_name = "NAME", conflicts_with = "collector")]
        custodian: Option<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO", required_unless_present_any = ["hand_in", "deposit"], conflicts_with_all = ["hand_in", "deposit"])]
        receipt: Option<String>,
        #[arg(long, value_name = "NO", conflicts_with = "deposit")]
        hand_in: Option<String>,
        #[arg(long, value_name = "NO")]
        deposit: Option<String>,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    #[command(flatten)]
    Custody(CustodyTask),
}

/// What may be said of a household.
#[derive(Args)]
pub(super) struct HouseholdAttributes {
    #[arg(long)]
    pub(super) group: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(super) headcount: Option<String>,
    #[arg(long)]
    pub(super) kind: Option<String>,
    #[arg(long)]
    pub(super) head: Option<String>,
    #[arg(long, value_name = "CATEGORY")]
    pub(super) waiver: Option<String>,
    #[arg(long, value_name = "DATE")]
    pub(super) vacant_since: Option<String>,
    #[arg(long)]
    pub(super) save_up: Option<bool>,
}

#[derive(Subcommand)]
pub(super) enum HouseholdTask {
    Register {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[command(flatten)]
        attributes: HouseholdAttributes,
        #[arg(long, value_name = "DATE")]
        moved_in: Option<String>,
    },
    Change {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "DATE")]
        from: String,
        #[command(flatten)]
        attributes: HouseholdAttributes,
        #[arg(long, conflicts_with = "vacant_since")]
        back: bool,
    },
    MoveOut {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "DATE")]
        on: String,
    },
    Refund {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "NO")]
        household: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long)]
        bank: bool,
        #[arg(long, value_name = "NAME", conflicts_with = "bank")]
        custodian: Option<String>,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    Merge(MergeOptions),
    Split(SplitOptions),
    Depart(DepartOptions),
    Arrive(ArriveOptions),
    Clearing(ClearingOptions),
}

#[derive(Subcommand)]
pub(super) enum PricesTask {
    Publish {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "TIME")]
        from: String,
        #[arg(long, required = true, value_name = "MATERIAL=YUAN")]
        price: Vec<String>,
        #[arg(long, value_name = "NAME")]
        drafted_by: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum PolicyTask {
    Adopt {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "YYYY-MM")]
        from: String,
        #[arg(long, value_parser = ["household", "head", "none"])]
        basis: String,
        #[arg(long, value_name = "YUAN")]
        amount: String,
        #[arg(long, value_parser = ["month", "quarter", "half_year", "year"])]
        period: String,
        #[arg(long, value_name = "PERCENT", default_value = "100")]
        vacant_percent: String,
        #[arg(long, value_name = "YUAN")]
        non_registered_amount: Option<String>,
        #[arg(long, default_value = "")]
        resolution: String,
    },
}

#[derive(Subcommand)]
pub(super) enum OpeningTask {
    Record {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "KIND")]
        kind: String,
        #[arg(long, default_value = "")]
        subject: String,
        #[arg(long, value_name = "YYYY-MM")]
        period: Option<String>,
        #[arg(long, value_name = "YUAN", allow_hyphen_values = true)]
        amount: String,
        #[arg(long)]
        quantity: Option<String>,
    },
    Void {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_name = "KIND/SUBJECT")]
        number: String,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum RunTask {
    Charges(RunOptions),
    Offset(RunOptions),
}

#[derive(Args)]
pub(super) struct RunOptions {
    #[arg(value_name = "YYYY-MM")]
    pub(super) month: String,
    #[command(flatten)]
    pub(super) common: Common,
    #[arg(long)]
    pub(super) dry_run: bool,
}
