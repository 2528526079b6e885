//! Random steps against the model: in memory, and on each engine with restarts. `SEED` and `STEPS` choose another walk.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jinfu::clock::Chance;
use jinfu::domain::decide::{Outcome, Verdict as Decided, decide};
use jinfu::domain::facts::Stop;
use jinfu::domain::fee::{Basis, ChargeFees, FeeTerms, PeriodLength};
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::month::start_of_day;
use jinfu::domain::move_out::{MoveOut, RefundAdvance};
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::report::MonthReport;
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use jinfu::domain::village::{CreditTerms, OpenVillage};
use jinfu::domain::{
    Actor, Book, CollectorCode, Command, Group, HouseholdKind, MaterialCode, Money, Month,
    Quantity, Request, Role, Unit, VillageCode,
};
use jinfu::ledger::{Answer, Error, Ledger};
use uuid::Uuid;

use crate::harness::{Database, on_both, verify};
use crate::held::{household, number};
use crate::model::book::{Basis as ModelBasis, Setup};
use crate::model::model::{Model, Verdict};
use crate::model::steps::{self, Kind, Line, Step, Waiver, month_name, setup_for};
use crate::model::walk::Walk;

fn code() -> VillageCode {
    VillageCode::parse("village", "430321900777").unwrap()
}

fn instant(at: DateTime) -> Timestamp {
    Timestamp::from_microsecond(steps::micros(at)).unwrap()
}

fn month(month: steps::Month) -> Month {
    Month::parse("month", &month_name(month)).unwrap()
}

fn category(waiver: Waiver) -> String {
    match waiver {
        Waiver::Destitute => "destitute",
        Waiver::LowIncome => "low_income",
        Waiver::Disabled => "disabled",
    }
    .to_owned()
}

/// The commands that open the village of a setup.
fn opening(setup: &Setup) -> Vec<Command> {
    let fee = FeeTerms {
        basis: if matches!(setup.basis, ModelBasis::Head) {
            Basis::Head
        } else {
            Basis::Household
        },
        amount: Money::from_fen(setup.amount_fen),
        period: match setup.period_months {
            3 => PeriodLength::Quarter,
            6 => PeriodLength::HalfYear,
            12 => PeriodLength::Year,
            _ => PeriodLength::Month,
        },
        vacant_percent: setup.vacant_percent,
        non_registered_amount: setup.non_registered_fen.map(Money::from_fen),
        resolution: String::new(),
    };
    let village = OpenVillage {
        name: "村".to_owned(),
        township: "镇".to_owned(),
        opening_month: month(setup.opening_month),
        fee,
        waivers: setup
            .waiver_percent
            .iter()
            .map(|(waiver, percent)| (category(*waiver), *percent))
            .collect(),
        credit: CreditTerms {
            payout_min: Money::from_fen(2_000),
            told_price_days: 7,
            save_up_allowed: setup.save_up_allowed,
        },
        settings: jinfu::domain::settings::Settings::default(),
    };
    let material = |(code, is_piece): &(String, bool)| {
        Command::RegisterMaterial(RegisterMaterial {
            code: MaterialCode::parse("code", code).unwrap(),
            name: code.clone(),
            name_en: code.clone(),
            unit: if *is_piece { Unit::Piece } else { Unit::Kg },
            hazardous: false,
            needs_identity: false,
        })
    };
    [Command::OpenVillage(village)]
        .into_iter()
        .chain(setup.materials.iter().map(material))
        .collect()
}

fn weighed(setup: &Setup, lines: &[Line]) -> Vec<WeighedLine> {
    let unit = |line: &Line| {
        let is_piece = setup
            .materials
            .iter()
            .any(|(code, is_piece)| *code == line.material && *is_piece);
        if is_piece { Unit::Piece } else { Unit::Kg }
    };
    lines
        .iter()
        .map(|line| WeighedLine {
            material: MaterialCode::parse("material", &line.material).unwrap(),
            gross: Quantity::new(unit(line), line.gross),
            tare: Quantity::new(unit(line), line.tare),
            deduction: line.deduction,
            deduction_reason: if line.deduction > 0 {
                "wet".to_owned()
            } else {
                String::new()
            },
        })
        .collect()
}

/// A step as a command; none for steps that are about other steps.
fn command(setup: &Setup, step: &Step) -> Option<Command> {
    let reason = "typing mistake".to_owned();
    Some(match step {
        Step::RegisterHousehold(new) => Command::RegisterHousehold(RegisterHousehold {
            household_no: household(&new.no),
            group: Group::parse("group", &new.group).unwrap(),
            headcount: new.headcount,
            kind: match new.kind {
                Kind::Resident => HouseholdKind::Resident,
                Kind::NonRegistered => HouseholdKind::NonRegistered,
            },
            moved_in: new.moved_in,
            vacant_since: new.vacant_since,
            save_up: new.save_up,
            head: format!("户主{}", new.no),
            waivers: new.waived.map(category).into_iter().collect(),
        }),
        Step::MoveOut { no, on } => Command::MoveOut(MoveOut {
            household_no: household(no),
            moved_out: *on,
        }),
        Step::RefundAdvance { no, fen, on } => Command::RefundAdvance(RefundAdvance {
            household_no: household(no),
            amount: Money::from_fen(*fen),
            paid_at: start_of_day(*on),
            from_bank: false,
            custodian: None,
        }),
        Step::PublishPrices {
            effective_from,
            lines,
        } => Command::PublishPriceList(PublishPriceList {
            effective_from: instant(*effective_from),
            lines: lines
                .iter()
                .map(|price| PriceLine {
                    material: MaterialCode::parse("material", &price.material).unwrap(),
                    price_li: price.li,
                    per: price.per,
                })
                .collect(),
            drafted_by: None,
        }),
        Step::Pickup {
            number: no,
            at,
            household: of,
            collector,
            lines,
        } => Command::RecordPickup(RecordPickup {
            phone: None,
            pickup_no: number(no),
            occurred_at: instant(*at),
            household_no: household(of),
            collector: CollectorCode::parse("collector", collector).unwrap(),
            confirmation: Confirmation::Card,
            lines: weighed(setup, lines),
            round: None,
            device: None,
            told_list: None,
            is_paper: true,
        }),
        Step::VoidPickup { number: no, at } => Command::VoidPickup(VoidPickup {
            phone: None,
            pickup_no: number(no),
            voided_at: instant(*at),
            reason,
        }),
        Step::CorrectPickup {
            number: no,
            new_number,
            at,
            lines,
        } => Command::CorrectPickup(CorrectPickup {
            pickup_no: number(no),
            new_no: number(new_number),
            corrected_at: instant(*at),
            lines: weighed(setup, lines),
            reason,
        }),
        Step::Cash {
            household: of,
            fen,
            at,
        } => Command::ReceiveCash(ReceiveCash {
            household_no: household(of),
            amount: Money::from_fen(*fen),
            received_at: instant(*at),
            taken_by: CashTaker::Office(String::new()),
        }),
        Step::VoidCash { receipt, at } => Command::VoidCash(VoidCash {
            receipt_no: number(receipt),
            voided_at: instant(*at),
            reason,
        }),
        Step::ChargeFees { month: of } => Command::ChargeFees(ChargeFees { month: month(*of) }),
        Step::OffsetCredit { month: of } => {
            Command::OffsetCredit(OffsetCredit { month: month(*of) })
        }
        Step::Repeat { .. } | Step::RepeatChanged { .. } | Step::Restart => return None,
    })
}

fn id(index: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + index as u128)
}

/// The request of the step at an index; none for a restart and for repeating what is no command.
fn request(model: &Model, setup: &Setup, index: usize, step: &Step) -> Option<Request> {
    let (index, command) = match step {
        Step::Repeat { index } => (*index, command(setup, model.step_at(*index)?)?),
        Step::RepeatChanged { index } => {
            // Whatever the id was used for, it was not this receipt.
            let received_at = instant(steps::day_in(setup.opening_month, 3).at(1, 2, 3, 0));
            let received = ReceiveCash {
                household_no: household("nobody"),
                amount: Money::from_fen(1),
                received_at,
                taken_by: CashTaker::Office("other".to_owned()),
            };
            (*index, Command::ReceiveCash(received))
        }
        step => (index, command(setup, step)?),
    };
    Some(Request {
        village: code(),
        id: id(index),
        actor: Actor::new(Role::Clerk, "walk"),
        command,
    })
}

fn verdict(answer: &Answer) -> &'static str {
    match answer {
        Ok(Outcome::Recorded(recorded)) if recorded.replayed => "replayed",
        Ok(Outcome::Recorded(_)) => "accepted",
        Ok(Outcome::NothingToDo) => "nothing",
        Err(Error::Refused(_) | Error::Waits(_)) => "refused",
        Err(Error::RefusedBefore(_) | Error::Unavailable(_)) => "unavailable",
    }
}

fn expected(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Nothing => "nothing",
        Verdict::Replayed => "replayed",
        Verdict::Refused(_) => "refused",
    }
}

/// A number from the environment, or the usual one.
fn chosen(name: &str, usual: u64) -> u64 {
    let set = std::env::vars_os()
        .find(|(variable, _)| variable == name)
        .and_then(|(_, value)| value.into_string().ok());
    set.and_then(|value| value.parse().ok()).unwrap_or(usual)
}

fn answer_of(book: &mut Book, request: &Request, chance: &Chance) -> Answer {
    match decide(book, request, chance.salt()) {
        Ok(Decided::Record(entry, _)) => Ok(Outcome::Recorded(
            jinfu::domain::decide::Recorded::first(&entry),
        )),
        Ok(Decided::Answer(outcome)) => Ok(outcome),
        Err(Stop::Refused(refusal)) => Err(refusal.into()),
        Err(Stop::Missing(need)) => panic!("a book that is known whole lacks {need:?}"),
    }
}

fn compare_accounts(at: &str, book: &Book, model: &Model) {
    for no in model.households() {
        let account = book.account(&household(no)).unwrap();
        assert_eq!(
            account.credit.fen(),
            model.credit(no),
            "{at}: credit of {no}"
        );
        assert_eq!(
            account.advance.fen(),
            model.advance(no),
            "{at}: advance of {no}"
        );
        let open: Vec<(String, i64)> = account
            .open_charges()
            .map(|(period, open)| (period.to_string(), open.fen()))
            .collect();
        let model_open: Vec<(String, i64)> = model
            .open_charges(no)
            .into_iter()
            .map(|(period, _, _, open)| (period, open))
            .collect();
        assert_eq!(open, model_open, "{at}: open charges of {no}");
    }
}

#[test]
fn random_steps_in_memory_agree_with_the_model() {
    let (seed, steps) = (chosen("SEED", 1), chosen("STEPS", 50_000));
    let setup = setup_for(seed);
    let (mut model, mut walk) = (Model::new(setup_for(seed)), Walk::new(seed, &setup));
    let (mut book, chance) = (Book::unopened(code()), Chance::seeded(seed));
    book.set_now(instant(walk.now()));
    for (index, command) in opening(&setup).into_iter().enumerate() {
        let request = Request {
            village: code(),
            id: id(10_000_000 + index),
            actor: Actor::new(Role::Clerk, "walk"),
            command,
        };
        answer_of(&mut book, &request, &chance).unwrap();
    }
    for index in 0..usize::try_from(steps).unwrap() {
        let step = walk.next(&model);
        let request = request(&model, &setup, index, &step);
        let told = model.step(walk.now(), &step);
        model.check_local_laws();
        let at = format!("SEED={seed} step {index} {step:?}");
        book.set_now(instant(walk.now()));
        if let Some(request) = request {
            let answer = answer_of(&mut book, &request, &chance);
            assert_eq!(
                verdict(&answer),
                expected(&told),
                "{at}: {answer:?} {told:?}"
            );
        }
        if index % 100 == 0 {
            compare_accounts(&at, &book, &model);
        }
    }
}

async fn compare_report(at: &str, ledger: &Ledger, model: &Model, of: steps::Month) -> MonthReport {
    let report = ledger.report(&code(), month(of)).await.unwrap();
    let figures = model.month(of);
    let (credit, fees) = (&report.credit, &report.fees);
    let found = [
        credit.opening,
        credit.pickups,
        credit.voids,
        credit.corrections,
        credit.offset,
        credit.closing,
    ];
    let expected = &figures.credit;
    let expected = [
        expected.opening,
        expected.pickups,
        expected.voids,
        expected.corrections,
        expected.offset,
        expected.closing,
    ];
    assert_eq!(
        found.map(Money::fen),
        expected,
        "{at}: credit of {}",
        month_name(of)
    );
    let found = [
        fees.opening,
        fees.charged,
        fees.waived,
        fees.credited_back,
        fees.offset,
        fees.cash,
        fees.advance_used,
        fees.closing,
    ];
    let expected = &figures.fees;
    let expected = [
        expected.opening,
        expected.charged,
        expected.waived,
        expected.credited_back,
        expected.offset,
        expected.cash,
        expected.advance_used,
        expected.closing,
    ];
    assert_eq!(
        found.map(Money::fen),
        expected,
        "{at}: fees of {}",
        month_name(of)
    );
    assert!(report.holds(), "{at}: {:?}", report.checks);
    report
}

/// Stock and cash at the end of the last month, which is what they are now.
fn compare_holdings(at: &str, report: &MonthReport, model: &Model) {
    for row in &report.materials {
        let closing = (row.closing.count(), row.closing_value.fen());
        assert_eq!(
            closing,
            model.stock(row.code.as_str()),
            "{at}: stock of {}",
            row.code
        );
    }
    let cash = report.accounts.get("1001").map_or(0, |cash| cash.fen());
    assert_eq!(cash, model.cash_on_hand(), "{at}: cash on hand");
}

#[test]
fn random_steps_on_both_engines_agree_with_the_model_and_each_other() {
    let (seed, steps) = (chosen("SEED", 2), chosen("ENGINE_STEPS", 5_000));
    let heads = std::sync::Mutex::new(Vec::new());
    on_both(async |engine| {
        let setup = setup_for(seed);
        let (mut model, mut walk) = (Model::new(setup_for(seed)), Walk::new(seed, &setup));
        let database = Database::new(engine).await;
        let mut ledger = database.open(&instant(walk.now()).to_string(), seed).await;
        for (index, command) in opening(&setup).into_iter().enumerate() {
            let request = Request {
                village: code(),
                id: id(10_000_000 + index),
                actor: Actor::new(Role::Clerk, "walk"),
                command,
            };
            ledger.submit(request).await.unwrap();
        }
        for index in 0..usize::try_from(steps).unwrap() {
            let step = walk.next(&model);
            let request = request(&model, &setup, index, &step);
            let told = model.step(walk.now(), &step);
            let at = format!("{engine:?} SEED={seed} step {index} {step:?}");
            ledger.clock().set(instant(walk.now()));
            if step == Step::Restart {
                ledger.close().await.unwrap();
                ledger = database
                    .open(&instant(walk.now()).to_string(), seed + index as u64)
                    .await;
            }
            if let Some(request) = request {
                let answer = ledger.submit(request).await;
                assert_eq!(
                    verdict(&answer),
                    expected(&told),
                    "{at}: {answer:?} {told:?}"
                );
            }
            if index % 500 == 499 {
                verify(&ledger).await;
                let last = steps::month_of(walk.now().date());
                for of in setup.opening_month..last {
                    compare_report(&at, &ledger, &model, of).await;
                }
                let report = compare_report(&at, &ledger, &model, last).await;
                compare_holdings(&at, &report, &model);
            }
        }
        heads
            .lock()
            .unwrap()
            .push(ledger.head(&code()).await.unwrap());
        database.close(ledger).await;
    });
    let heads = heads.into_inner().unwrap();
    assert!(
        heads.windows(2).all(|pair| pair[0] == pair[1]),
        "SEED={seed}: {heads:?}"
    );
}
