//! The subcommands that change the books: each builds one command, gives it to the ledger, and tells what was booked.

use uuid::Uuid;

use crate::cli::arguments::{
    CashTask, Common, HouseholdTask, OpeningTask, PickupTask, PolicyTask, PricesTask, RunOptions,
    RunTask,
};
use crate::cli::typed::{change, lines, opening_line, price_line, register, time, word};
use crate::cli::{Failure, Session, UNAVAILABLE, household as moves, office, print};
use crate::domain::cash_custody::Custodian;
use crate::domain::decide::Outcome;
use crate::domain::fee::{AdoptFeePolicy, ChargeFees, FeeTerms};
use crate::domain::month::{parse_date, parse_time};
use crate::domain::move_out::{MoveOut, RefundAdvance};
use crate::domain::number::parse_whole;
use crate::domain::opening::{RecordOpening, VoidOpening};
use crate::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup};
use crate::domain::price_list::{PriceLine, PublishPriceList};
use crate::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use crate::domain::{
    Actor, CollectorCode, Command, DocumentNo, Event, HouseholdNo, Money, Month, Refusal, Request,
    Role, VillageCode, plain_text,
};
use crate::ledger::{Error, Ledger, Trouble};
use crate::text::Texts;

/// Gives a command to the ledger and tells what was booked.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others need no sentence of their own"
)]
pub(super) async fn submit(
    session: &Session,
    common: Common,
    dry_run: bool,
    command: Command,
) -> Result<(), Failure> {
    let code = common
        .village
        .as_deref()
        .map(|code| VillageCode::parse("village", code))
        .transpose()?;
    let actor = actor(&common, &command)?;
    let ledger = session.writing().await?;
    let new_id = || ledger.chance().command_id(ledger.clock().now());
    let id = common.id.unwrap_or_else(new_id);
    let outcome = submit_to(&ledger, code.as_ref(), id, dry_run, actor, command).await;
    // What became of the command is told first, whatever becomes of the database.
    let closed = ledger.close().await;
    let texts = &session.texts;
    match outcome.map_err(|failure| name_id(texts, failure, id))? {
        Outcome::NothingToDo => print(&format!("{}\n", texts.say("nothing-to-do"))),
        Outcome::Recorded(recorded) => {
            let what = texts.entry(&recorded.event);
            let what = match &recorded.event {
                Event::MonthClosed(closed) => {
                    let facts = [("what", what), ("code", closed.check_code.clone())];
                    texts.tell("closed-with-code", &facts)
                }
                _ => what,
            };
            let is_held = matches!(recorded.event, Event::PickupHeld(_));
            let facts = [
                ("what", what),
                ("seq", recorded.seq.to_string()),
                ("id", recorded.command_id.to_string()),
                ("hash", recorded.hash.to_string().chars().take(16).collect()),
            ];
            let name = match (dry_run, recorded.replayed) {
                (true, _) => "would-be-recorded",
                (false, true) => "recorded-before",
                (false, false) if is_held => "held-noted",
                (false, false) => "recorded",
            };
            let line = texts.tell(name, &facts);
            print(&match &recorded.event {
                Event::PickupHeld(event) => {
                    let why = texts.pickup_held(&event.pickup.pickup_no, &event.reasons);
                    format!("{why} {line}\n")
                }
                _ => format!("{line}\n"),
            });
        }
    }
    Ok(closed?)
}

/// Who stands in the journal for what is typed at the office: the role that the command is usually given in, unless another is named.
fn actor(common: &Common, command: &Command) -> Result<Actor, Refusal> {
    let role = match &common.role {
        Some(role) => Role::parse("role", role)?,
        None => command.usual_role(),
    };
    match &common.by {
        Some(name) => Actor::parse("by", role, name),
        None => Ok(Actor::new(role, "")),
    }
}

/// Where nobody knows whether a command was booked, its id is told: repeated with it, nothing is booked twice.
fn name_id(texts: &Texts, failure: Failure, id: Uuid) -> Failure {
    match failure {
        Failure::Ledger(Error::Unavailable(trouble @ Trouble::OutcomeUnknown { .. })) => {
            let sentence = texts.sentence("trouble", &trouble.facts());
            let repeat = texts.tell("repeat-with-id", &[("id", id.to_string())]);
            Failure::Sentence(UNAVAILABLE, format!("{sentence}\n{repeat}"))
        }
        failure @ (Failure::Ledger(_) | Failure::Told(_) | Failure::Sentence(..)) => failure,
    }
}

async fn submit_to(
    ledger: &Ledger,
    code: Option<&VillageCode>,
    id: Uuid,
    dry_run: bool,
    actor: Actor,
    command: Command,
) -> Result<Outcome, Failure> {
    let (village, _) = ledger.village(code).await?;
    let request = Request {
        village,
        id,
        actor,
        command,
    };
    if dry_run {
        let mut answers = ledger.rehearse(&[request]).await?;
        return Ok(answers.pop().unwrap_or(Ok(Outcome::NothingToDo))?);
    }
    Ok(ledger.submit(request).await?)
}

pub(super) async fn pickup(session: &Session, task: PickupTask) -> Result<(), Failure> {
    match task {
        PickupTask::Record {
            common,
            number,
            household,
            collector,
            at,
            line,
            round,
            device,
            told_list,
        } => {
            let round = round.map(|number| DocumentNo::parse("round", &number));
            let device = device.map(|name| plain_text("device", &name, 64));
            let told_list = told_list.map(|text| parse_time("told_list", &text));
            let command = RecordPickup {
                phone: None,
                pickup_no: DocumentNo::parse("number", &number)?,
                occurred_at: time(at)?,
                household_no: HouseholdNo::parse("household", &household)?,
                collector: CollectorCode::parse("collector", &collector)?,
                confirmation: Confirmation::None,
                lines: lines(&line)?,
                round: round.transpose()?,
                device: device.transpose()?,
                told_list: told_list.transpose()?,
                is_paper: false,
            };
            submit(session, common, false, Command::RecordPickup(command)).await
        }
        PickupTask::Void {
            common,
            number,
            reason,
            at,
        } => {
            let command = VoidPickup {
                phone: None,
                pickup_no: DocumentNo::parse("number", &number)?,
                voided_at: time(at)?,
                reason: plain_text("reason", &reason, 200)?,
            };
            submit(session, common, false, Command::VoidPickup(command)).await
        }
        PickupTask::Correct {
            common,
            number,
            new_number,
            line,
            reason,
            at,
        } => {
            let new_number = new_number.unwrap_or_else(|| format!("{number}-1"));
            let command = CorrectPickup {
                pickup_no: DocumentNo::parse("number", &number)?,
                new_no: DocumentNo::parse("new_number", &new_number)?,
                corrected_at: time(at)?,
                lines: lines(&line)?,
                reason: plain_text("reason", &reason, 200)?,
            };
            submit(session, common, false, Command::CorrectPickup(command)).await
        }
    }
}

pub(super) async fn cash(session: &Session, task: CashTask) -> Result<(), Failure> {
    match task {
        CashTask::Receive {
            common,
            household,
            amount,
            collector,
            custodian,
            at,
        } => {
            let custodian = Custodian::parse("custodian", custodian.as_deref())?;
            let collector = collector
                .map(|code| CollectorCode::parse("collector", &code))
                .transpose()?;
            let command = ReceiveCash {
                household_no: HouseholdNo::parse("household", &household)?,
                amount: Money::parse_positive("amount", &amount)?,
                received_at: time(at)?,
                taken_by: collector.map_or_else(
                    || CashTaker::Office(custodian.as_str().to_owned()),
                    CashTaker::Collector,
                ),
            };
            submit(session, common, false, Command::ReceiveCash(command)).await
        }
        CashTask::Void {
            common,
            receipt: Some(receipt),
            reason,
            at,
            ..
        } => {
            let receipt_no = DocumentNo::parse("receipt", &receipt)?;
            let (voided_at, reason) = (time(at)?, plain_text("reason", &reason, 200)?);
            submit(
                session,
                common,
                false,
                Command::VoidCash(VoidCash {
                    receipt_no,
                    voided_at,
                    reason,
                }),
            )
            .await
        }
        CashTask::Void {
            common,
            hand_in,
            deposit,
            reason,
            at,
            ..
        } => office::void_custody(session, common, (hand_in, deposit), (reason, at)).await,
        CashTask::Custody(task) => office::custody(session, task).await,
    }
}

pub(super) async fn household(session: &Session, task: HouseholdTask) -> Result<(), Failure> {
    match task {
        HouseholdTask::Register {
            common,
            household,
            attributes,
            moved_in,
        } => {
            let command = register(&household, &attributes, moved_in.as_deref())?;
            submit(session, common, false, Command::RegisterHousehold(command)).await
        }
        HouseholdTask::Change {
            common,
            household,
            from,
            attributes,
            back,
        } => {
            let command = change(&household, &from, &attributes, back)?;
            submit(session, common, false, Command::ChangeHousehold(command)).await
        }
        HouseholdTask::MoveOut {
            common,
            household,
            on,
        } => {
            let household_no = HouseholdNo::parse("household", &household)?;
            let moved_out = parse_date("on", &on)?;
            submit(
                session,
                common,
                false,
                Command::MoveOut(MoveOut {
                    household_no,
                    moved_out,
                }),
            )
            .await
        }
        HouseholdTask::Refund {
            common,
            household,
            amount,
            bank,
            custodian,
            at,
        } => {
            let custodian = custodian
                .map(|name| Custodian::parse("custodian", Some(&name)))
                .transpose()?;
            let command = RefundAdvance {
                household_no: HouseholdNo::parse("household", &household)?,
                amount: Money::parse_positive("amount", &amount)?,
                paid_at: time(at)?,
                from_bank: bank,
                custodian,
            };
            submit(session, common, false, Command::RefundAdvance(command)).await
        }
        HouseholdTask::Merge(options) => moves::merge(session, options).await,
        HouseholdTask::Split(options) => moves::split(session, options).await,
        HouseholdTask::Depart(options) => moves::depart(session, options).await,
        HouseholdTask::Arrive(options) => moves::arrive(session, options).await,
        HouseholdTask::Clearing(options) => moves::clearing(session, &options).await,
    }
}

pub(super) async fn prices(session: &Session, task: PricesTask) -> Result<(), Failure> {
    let PricesTask::Publish {
        common,
        from,
        price,
        drafted_by,
    } = task;
    let drafted_by = drafted_by.map(|name| plain_text("drafted_by", &name, 64));
    let lines: Result<Vec<PriceLine>, Refusal> =
        price.iter().map(|text| price_line(text)).collect();
    let command = PublishPriceList {
        effective_from: parse_time("from", &from)?,
        lines: lines?,
        drafted_by: drafted_by.transpose()?,
    };
    submit(session, common, false, Command::PublishPriceList(command)).await
}

pub(super) async fn policy(session: &Session, task: PolicyTask) -> Result<(), Failure> {
    let PolicyTask::Adopt {
        common,
        from,
        basis,
        amount,
        period,
        vacant_percent,
        non_registered_amount,
        resolution,
    } = task;
    let own_amount = non_registered_amount.as_deref();
    let terms = FeeTerms {
        basis: word("basis", &basis)?,
        amount: Money::parse("amount", &amount)?,
        period: word("period", &period)?,
        vacant_percent: parse_whole("vacant_percent", &vacant_percent, 0, 100)?,
        non_registered_amount: own_amount
            .map(|text| Money::parse("non_registered_amount", text))
            .transpose()?,
        resolution,
    };
    let command = AdoptFeePolicy {
        effective_from: Month::parse("from", &from)?,
        terms,
    };
    submit(session, common, false, Command::AdoptFeePolicy(command)).await
}

pub(super) async fn opening(session: &Session, task: OpeningTask) -> Result<(), Failure> {
    match task {
        OpeningTask::Record {
            common,
            kind,
            subject,
            period,
            amount,
            quantity,
        } => {
            let line = opening_line(
                &kind,
                &subject,
                period.as_deref(),
                &amount,
                quantity.as_deref(),
            )?;
            submit(
                session,
                common,
                false,
                Command::RecordOpening(RecordOpening { line }),
            )
            .await
        }
        OpeningTask::Void {
            common,
            number,
            reason,
            at,
        } => {
            let number = DocumentNo::parse("number", &number)?;
            let (voided_at, reason) = (time(at)?, plain_text("reason", &reason, 200)?);
            submit(
                session,
                common,
                false,
                Command::VoidOpening(VoidOpening {
                    number,
                    voided_at,
                    reason,
                }),
            )
            .await
        }
    }
}

pub(super) async fn run(session: &Session, task: RunTask) -> Result<(), Failure> {
    let month = |options: &RunOptions| Month::parse("month", &options.month);
    match task {
        RunTask::Charges(options) => {
            let command = Command::ChargeFees(ChargeFees {
                month: month(&options)?,
            });
            submit(session, options.common, options.dry_run, command).await
        }
        RunTask::Offset(options) => {
            let command = Command::OffsetCredit(OffsetCredit {
                month: month(&options)?,
            });
            submit(session, options.common, options.dry_run, command).await
        }
    }
}
