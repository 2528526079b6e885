//! What collectors earn and are paid.

use jinfu::domain::cash_custody::PaidFrom;
use jinfu::domain::collector_pay::{EarnPay, PayCollector};
use jinfu::domain::pickup::{Confirmation, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::{Actor, Command, DocumentKind, MaterialCode, Quantity, Request, Role, Unit};
use serde_json::json;

use super::{Village, at, collector, custodian, household, month, number, void, yuan};
use crate::harness::{on_both, on_both_in_turn};

fn earn(code: &str, in_month: &str, wage: &str, per_kg_li: i64) -> Command {
    Command::EarnPay(EarnPay {
        collector: collector(code),
        month: month(in_month),
        wage: yuan(wage),
        per_kg_li,
    })
}

fn pay(amount: &str, paid_from: PaidFrom) -> Command {
    Command::PayCollector(PayCollector {
        collector: collector("C1"),
        amount: yuan(amount),
        paid_from,
        paid_at: at("2025-09-30T20:00:00"),
    })
}

fn pickup(no: &str, code: &str, material: &str, gross: Quantity) -> Command {
    Command::RecordPickup(RecordPickup {
        phone: None,
        device: None,
        told_list: None,
        is_paper: false,
        round: None,
        pickup_no: number(no),
        occurred_at: at("2025-09-05T09:10:00"),
        household_no: household("H001"),
        collector: collector(code),
        confirmation: Confirmation::Card,
        lines: vec![WeighedLine {
            material: MaterialCode::parse("material", material).unwrap(),
            gross,
            tare: Quantity::new(gross.unit(), 0),
            deduction: 0,
            deduction_reason: String::new(),
        }],
    })
}

/// C1 brought 20.345 kg, which is not all that was recorded, and some pieces.
async fn brought(village: &Village) {
    let weighed = [
        ("A-1", "C1", "ZB", Quantity::grams(12_345)),
        ("A-2", "C1", "PET", Quantity::grams(8_000)),
        ("A-3", "C1", "ZB", Quantity::grams(50_000)),
        ("A-4", "C2", "ZB", Quantity::grams(40_000)),
        ("A-5", "C1", "PJ", Quantity::new(Unit::Piece, 24)),
    ];
    for (no, code, material, gross) in weighed {
        village.done(pickup(no, code, material, gross)).await;
    }
    let void = VoidPickup {
        phone: None,
        pickup_no: number("A-3"),
        voided_at: at("2025-09-06T09:00:00"),
        reason: "typing mistake".to_owned(),
    };
    village.done(Command::VoidPickup(void)).await;
}

#[test]
fn a_collector_earns_a_wage_and_his_weight_once_a_month() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        brought(&village).await;
        // 20.345 kg at 0.055 yuan are 1.118975 yuan.
        let first = earn("C1", "2025-09", "1500.00", 55);
        assert_eq!(village.done(first).await, "2025-000001");
        assert_eq!(village.balance("2211").await, "-1501.12");
        assert_eq!(village.balance("5404").await, "1501.12");
        let twice =
            json!({"code": "pay-earned-already", "number": "2025-000001", "month": "2025-09"});
        village
            .refused(earn("C1", "2025-09", "1.00", 0), twice)
            .await;
        let nothing = json!({"code": "nothing-earned", "collector": "C3"});
        village
            .refused(earn("C3", "2025-09", "0.00", 55), nothing)
            .await;
        let bad = [
            (earn("C1", "2025-08", "1.00", 0), "before-opening"),
            (earn("C1", "2025-11", "1.00", 0), "month-not-begun"),
            (earn("C2", "2025-09", "1.00", -1), "out-of-range"),
            (earn("C2", "2025-09", "-1.00", 1), "out-of-range"),
        ];
        for (command, code) in bad {
            village.refused(command, json!({"code": code})).await;
        }
        village
            .void(DocumentKind::CollectorPay, "2025-000001")
            .await;
        assert_eq!(village.balance("2211").await, "0.00");
        let again = earn("C1", "2025-09", "0.00", 55);
        assert_eq!(village.done(again).await, "2025-000002");
        assert_eq!(village.balance("2211").await, "-1.12");
        village.close().await;
    });
}

#[test]
fn a_collector_is_paid_no_more_than_he_is_owed_and_than_there_is() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.done(earn("C1", "2025-09", "900.00", 0)).await;
        let too_small =
            json!({"code": "payable-too-small", "available": "900.00", "asked": "900.01"});
        village
            .refused(pay("900.01", PaidFrom::Bank), too_small)
            .await;
        let empty = PaidFrom::Cash(custodian("王"));
        let no_cash = json!({"code": "cash-too-small", "account": "1001 王", "available": "0.00"});
        village.refused(pay("0.01", empty), no_cash).await;
        let only = || PaidFrom::Cash(custodian(""));
        let less = json!({"code": "cash-too-small", "account": "1001", "available": "800.00"});
        village.refused(pay("800.01", only()), less).await;
        let nothing = json!({"code": "out-of-range", "field": "amount"});
        village.refused(pay("0.00", PaidFrom::Bank), nothing).await;
        village.done(pay("0.12", only())).await;
        let rest = pay("899.88", PaidFrom::Bank);
        assert_eq!(village.done(rest).await, "2025-000002");
        assert_eq!(village.balance("2211").await, "0.00");
        assert_eq!(village.balance("1001").await, "799.88");
        assert_eq!(village.balance("1002").await, "14100.12");
        village
            .void(DocumentKind::CollectorPayment, "2025-000002")
            .await;
        assert_eq!(village.balance("2211").await, "-899.88");
        assert_eq!(village.balance("1002").await, "15000.00");
        village.close().await;
    });
}

#[test]
fn the_weight_counts_what_was_decided_in_the_same_batch() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        let commands = [
            pickup("A-1", "C1", "ZB", Quantity::grams(10_000)),
            earn("C1", "2025-09", "0.00", 100),
            void(DocumentKind::CollectorPay, "2025-000001"),
            pickup("A-2", "C1", "ZB", Quantity::grams(5_000)),
            earn("C1", "2025-09", "0.00", 100),
            earn("C1", "2025-09", "0.00", 100),
        ];
        let ledger = &village.ledger;
        let mut pending = Vec::new();
        for command in commands {
            let request = Request {
                village: village.code.clone(),
                id: ledger.chance().command_id(ledger.clock().now()),
                actor: Actor::new(Role::Clerk, "test"),
                command,
            };
            pending.push(ledger.enqueue(request).await.unwrap());
        }
        let mut answers = Vec::new();
        for one in pending {
            answers.push(one.answer().await.is_ok());
        }
        assert_eq!(answers, [true, true, true, true, true, false]);
        assert_eq!(village.balance("2211").await, "-1.50");
        village.close().await;
    });
}
