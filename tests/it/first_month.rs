//! The first month: the worked month replayed through the commands, and the village's folder through the command line.

use std::process::Output;

use crate::harness::{
    Database, Engine, assert_figures, jinfu, json_file, on_both, program, repository, submit,
    submit_by,
};
use jinfu::domain::cash_custody::{Custodian, HandIn, PaidFrom};
use jinfu::domain::decide::Outcome;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use jinfu::domain::held::{HeldDecision, ResolveHeld};
use jinfu::domain::month::parse_time;
use jinfu::domain::payout::{ApprovePayout, PayPayout, RequestPayout};
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::sale::{BuyerPays, RecordSale, SaleLine};
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash};
use jinfu::domain::stock_count::CountStock;
use jinfu::domain::{
    Actor, BuyerCode, CollectorCode, Command, DocumentNo, Event, HouseholdNo, MaterialCode, Money,
    Month, Quantity, Role, UnitPrice, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use serde_json::Value;

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}

fn weighed(line: &Value) -> WeighedLine {
    let gross = text(line, "gross");
    let unit = if gross.contains('.') {
        WrittenUnit::Kg
    } else {
        WrittenUnit::Piece
    };
    WeighedLine {
        material: MaterialCode::parse("material", &text(line, "material")).unwrap(),
        gross: Quantity::parse("gross", &gross, unit).unwrap(),
        tare: Quantity::parse("tare", "0", unit).unwrap(),
        deduction: line["deduction"].as_i64().unwrap_or(0),
        deduction_reason: line["reason"].as_str().unwrap_or_default().to_owned(),
    }
}

/// An event of the worked month as a command.
fn command(event: &Value) -> Command {
    let at = parse_time("at", &text(event, "at")).unwrap();
    let number = |field| DocumentNo::parse("no", &text(event, field)).unwrap();
    let household = || HouseholdNo::parse("household_no", &text(event, "household_no")).unwrap();
    let collector = || CollectorCode::parse("collector", &text(event, "collector")).unwrap();
    let lines = || {
        event["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(weighed)
            .collect()
    };
    let month = || Month::parse("month", &text(event, "month")).unwrap();
    let amount = || Money::parse_positive("amount", &text(event, "amount")).unwrap();
    let buyer = || BuyerCode::parse("buyer", &text(event, "buyer")).unwrap();
    let material = || MaterialCode::parse("material", &text(event, "material")).unwrap();
    let kilograms = |field| Quantity::parse("kg", &text(event, field), WrittenUnit::Kg).unwrap();
    match event["type"].as_str().unwrap() {
        "pickup" => Command::RecordPickup(RecordPickup {
            phone: None,
            pickup_no: number("no"),
            occurred_at: at,
            household_no: household(),
            collector: collector(),
            confirmation: Confirmation::Card,
            lines: lines(),
            round: None,
            device: None,
            told_list: None,
            is_paper: false,
        }),
        "correct" => Command::CorrectPickup(CorrectPickup {
            pickup_no: number("no"),
            new_no: number("new_no"),
            corrected_at: at,
            lines: lines(),
            reason: text(event, "reason"),
        }),
        "void" => Command::VoidPickup(VoidPickup {
            phone: None,
            pickup_no: number("no"),
            voided_at: at,
            reason: text(event, "reason"),
        }),
        "cash" => Command::ReceiveCash(ReceiveCash {
            household_no: household(),
            amount: amount(),
            received_at: at,
            taken_by: CashTaker::Collector(collector()),
        }),
        "sale" => Command::RecordSale(RecordSale {
            sold_at: at,
            buyer: buyer(),
            lines: vec![SaleLine {
                material: material(),
                own: kilograms("own_kg"),
                ticket: kilograms("ticket_kg"),
                price_li: UnitPrice::parse("price", &text(event, "price"), 1)
                    .unwrap()
                    .li(),
                per: 1,
            }],
        }),
        "buyer_pays" => Command::BuyerPays(BuyerPays {
            buyer: buyer(),
            amount: amount(),
            paid_at: at,
        }),
        "count" => Command::CountStock(CountStock {
            material: material(),
            counted: kilograms("counted"),
            counted_at: at,
            reason: text(event, "reason"),
        }),
        "fund_receipt" => Command::ReceiveFund(ReceiveFund {
            amount: amount(),
            received_at: at,
            voucher: text(event, "voucher"),
        }),
        "fund_expense" => Command::SpendFund(SpendFund {
            purpose: FundPurpose::CollectorPay { collector: None },
            amount: amount(),
            spent_at: at,
            voucher: text(event, "voucher"),
        }),
        "hand_in" => Command::HandIn(HandIn {
            collector: collector(),
            amount: amount(),
            custodian: Custodian::parse("custodian", None).unwrap(),
            handed_in_at: at,
        }),
        "charge_fees" => Command::ChargeFees(ChargeFees { month: month() }),
        "offset_credit" => Command::OffsetCredit(OffsetCredit { month: month() }),
        other => panic!("an event of type {other}"),
    }
}

/// A payout takes two people: one asks for it and pays it, another approves it.
async fn pay_out(ledger: &Ledger, village: &VillageCode, event: &Value) {
    let at = parse_time("at", &text(event, "at")).unwrap();
    let number = || DocumentNo::parse("number", "2025-000001").unwrap();
    let request = Command::RequestPayout(RequestPayout {
        household_no: HouseholdNo::parse("household_no", &text(event, "household_no")).unwrap(),
        amount: Money::parse_positive("amount", &text(event, "amount")).unwrap(),
        requested_at: at,
    });
    let approve = Command::ApprovePayout(ApprovePayout {
        number: number(),
        approved_at: at,
    });
    let pay = Command::PayPayout(PayPayout {
        number: number(),
        paid_at: at,
        paid_from: PaidFrom::Cash(Custodian::parse("custodian", None).unwrap()),
    });
    for (name, command) in [("wang", request), ("li", approve), ("wang", pay)] {
        submit_by(ledger, village, Actor::new(Role::Clerk, name), command)
            .await
            .unwrap();
    }
}

/// The worked month with only what the book alone needs.
const CORE: &str = "tests/golden/2025-09-core";

/// A worked month, replayed from its events.
pub(crate) async fn replayed(engine: Engine, golden: &str) -> (Database, Ledger, VillageCode) {
    let database = Database::new(engine).await;
    let ledger = database.open("2025-10-01T00:00:00+08:00", 1).await;
    let plan = import::read(&repository(golden), program()).unwrap();
    assert_eq!(plan.refused, []);
    for step in &plan.steps {
        ledger.submit(step.request.clone()).await.unwrap();
    }
    let events = std::fs::read_to_string(repository(golden).join("events.jsonl")).unwrap();
    let mut held = Vec::new();
    for event in events.lines() {
        let event: Value = serde_json::from_str(event).unwrap();
        if event["type"] == "payout" {
            pay_out(&ledger, &plan.village, &event).await;
            continue;
        }
        let answer = submit(&ledger, &plan.village, command(&event)).await;
        let Ok(Outcome::Recorded(recorded)) = answer else {
            panic!("{answer:?}");
        };
        if matches!(recorded.event, Event::PickupHeld(_)) {
            // The duplicate of the 19th, which the clerk released before it was voided.
            let release = ResolveHeld {
                pickup_no: DocumentNo::parse("no", &text(&event, "no")).unwrap(),
                decision: HeldDecision::AsItIs,
                decided_at: parse_time("at", "2025-09-19T18:00:00+08:00").unwrap(),
                reason: String::new(),
            };
            submit(&ledger, &plan.village, Command::ResolveHeld(release))
                .await
                .unwrap();
            held.push(text(&event, "no"));
        }
    }
    assert_eq!(held, ["B-0001"]);
    (database, ledger, plan.village)
}

#[test]
fn the_worked_month_comes_out_to_the_fen_on_both_engines() {
    on_both(async |engine| {
        let (database, ledger, village) = replayed(engine, CORE).await;
        let report = ledger
            .report(&village, Month::parse("month", "2025-09").unwrap())
            .await
            .unwrap();
        let found = serde_json::to_value(&report).unwrap();
        assert_figures(
            &json_file("tests/golden/2025-09-core/expected.json"),
            &found,
        );
        assert!(report.holds(), "{:?}", report.checks);
        database.close(ledger).await;
    });
}

#[track_caller]
fn done(output: Output) -> String {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_village_folder_gives_both_months_to_the_fen_on_both_engines() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let folder = repository("examples/data/jinfu").display().to_string();
        done(jinfu(
            "en",
            &database.url,
            &["import", &folder, "--through", "2025-10"],
        ));
        for month in ["2025-09", "2025-10"] {
            let report = done(jinfu(
                "en",
                &database.url,
                &["report", month, "--format", "json"],
            ));
            let found: Value = serde_json::from_str(&report).unwrap();
            assert_figures(
                &json_file(&format!("examples/data/jinfu/expected-{month}.json")),
                &found,
            );
            assert!(
                found["checks"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|check| check["holds"] == true),
                "{}",
                found["checks"]
            );
        }
        let again = jinfu(
            "en",
            &database.url,
            &["import", &folder, "--through", "2025-10"],
        );
        assert!(
            String::from_utf8_lossy(&again.stderr)
                .contains(": 0 recorded, 1447 recorded before, 0 rows refused")
        );
        done(jinfu("en", &database.url, &["verify"]));
        let ledger = database.open("2026-01-01T00:00:00+08:00", 1).await;
        database.close(ledger).await;
    });
}

#[test]
fn the_same_folder_has_the_same_head_on_both_engines() {
    let heads = std::sync::Mutex::new(Vec::new());
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open("2026-01-01T00:00:00+08:00", 7).await;
        let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        heads
            .lock()
            .unwrap()
            .push(ledger.head(&plan.village).await.unwrap());
        database.close(ledger).await;
    });
    let heads = heads.into_inner().unwrap();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
}

#[test]
fn a_statement_tells_every_line_with_what_is_owed_after_it() {
    on_both(async |engine| {
        let (database, ledger, village) = replayed(engine, CORE).await;
        let household = HouseholdNo::parse("household", "H002").unwrap();
        let statement = ledger
            .statement(&village, &household, (None, None))
            .await
            .unwrap();
        let told: Vec<String> = statement
            .lines
            .iter()
            .map(|line| {
                let material = line
                    .material
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let quantity = line
                    .quantity
                    .map(|quantity| quantity.to_string())
                    .unwrap_or_default();
                format!(
                    "{} {} {material} {quantity} {} | {} {}",
                    line.date,
                    line.kind.word(),
                    line.amount,
                    line.credit,
                    line.owed
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "2025-08-31 opening   -10.00 | 0.00 10.00",
                "2025-09-05 pickup ZB 8.350 7.52 | 7.52 10.00",
                "2025-09-05 pickup PJ 24 2.40 | 9.92 10.00",
                "2025-09-20 correction-out   -9.92 | 0.00 10.00",
                "2025-09-20 correction-in ZB 8.530 7.68 | 7.68 10.00",
                "2025-09-20 correction-in PJ 24 2.40 | 10.08 10.00",
                "2025-09-30 charge   -10.00 | 10.08 20.00",
                "2025-09-30 offset   10.00 | 0.08 10.00",
                "2025-09-30 offset   0.08 | 0.00 9.92",
            ]
        );
        database.close(ledger).await;
    });
}
