//! The special fund: the worked month to the fen, and every refusal.

use jinfu::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::{Command, DocumentKind};
use serde_json::{Value, json};

use super::cash::hand_in;
use super::{FOLDER, Village, at, by, cash, yuan};
use crate::harness::{json_file, on_both, repository};

fn receive(amount: &str, time: &str, voucher: &str) -> Command {
    Command::ReceiveFund(ReceiveFund {
        amount: yuan(amount),
        received_at: at(time),
        voucher: voucher.to_owned(),
    })
}

fn spend(purpose: FundPurpose, amount: &str, time: &str, voucher: &str) -> Command {
    Command::SpendFund(SpendFund {
        purpose,
        amount: yuan(amount),
        spent_at: at(time),
        voucher: voucher.to_owned(),
    })
}

const COLLECTORS: FundPurpose = FundPurpose::CollectorPay { collector: None };

/// An event of the worked month, if it is one of the fund or of cash.
fn command(event: &Value) -> Option<Command> {
    let text = |field: &str| event[field].as_str().unwrap();
    let time = text("at").trim_end_matches("+08:00");
    match text("type") {
        "fund_receipt" => Some(receive(text("amount"), time, text("voucher"))),
        "fund_expense" => {
            assert_eq!(text("purpose"), "collector_pay");
            Some(spend(COLLECTORS, text("amount"), time, text("voucher")))
        }
        "cash" => {
            let taker = by(text("collector"));
            Some(cash(text("household_no"), text("amount"), time, taker))
        }
        "hand_in" => Some(hand_in(text("collector"), text("amount"), "", time)),
        _ => None,
    }
}

#[test]
fn the_fund_and_the_cash_of_the_worked_month_come_out_to_the_fen() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let events = std::fs::read_to_string(repository(FOLDER).join("events.jsonl")).unwrap();
        let mut numbers = Vec::new();
        for line in events.lines() {
            if let Some(command) = command(&serde_json::from_str(line).unwrap()) {
                numbers.push(village.done(command).await);
            }
        }
        assert_eq!(numbers, ["2025-000001"; 4], "each kind has its own numbers");
        let expected = json_file("tests/golden/2025-09/expected.json");
        let report = village.report().await;
        let accounts = &report["accounts"];
        for account in ["2401", "5021", "5404"] {
            assert_eq!(
                accounts[account], expected["accounts"][account],
                "{account}"
            );
        }
        // Without the sale's 162.96 on the bank, and the payout's 30.00 out of the cash box.
        assert_eq!(accounts["1002"], "18500.00");
        assert_eq!(accounts["1001"], "810.00");
        assert_eq!(accounts["1003"], Value::Null, "all of it is handed in");
        assert_eq!(report["cash_received"], expected["cash_received"]);
        assert_eq!(report["fees"]["cash"], expected["fees"]["cash"]);
        village.close().await;
    });
}

#[test]
fn the_fund_is_spent_with_a_voucher_and_not_beyond_what_is_left_unless_the_village_allows_it() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let noon = "2025-09-10T12:00:00";
        let run = |amount| spend(FundPurpose::Operating, amount, noon, "invoice 7");
        let too_small =
            json!({"code": "fund-too-small", "available": "15000.00", "asked": "15000.01"});
        village.refused(run("15000.01"), too_small).await;
        let empty = json!({"code": "empty", "field": "voucher"});
        let without = spend(COLLECTORS, "1.00", noon, "  ");
        village.refused(without, empty.clone()).await;
        village.refused(receive("1.00", noon, ""), empty).await;
        for amount in ["0.00", "-1.00"] {
            let out = json!({"code": "out-of-range", "field": "amount"});
            village.refused(run(amount), out.clone()).await;
            village.refused(receive(amount, noon, "grant"), out).await;
        }
        let future = receive("1.00", "2025-10-01T00:11:00", "grant");
        village
            .refused(future, json!({"code": "in-the-future"}))
            .await;

        let settings = Settings {
            fund_may_be_overspent: true,
            ..Settings::default()
        };
        let allow = Command::ChangeSettings(ChangeSettings {
            settings,
            expected: None,
        });
        village.done(allow).await;
        assert_eq!(village.done(run("15000.01")).await, "2025-000001");
        assert_eq!(village.balance("2401").await, "0.01");
        assert_eq!(village.balance("5405").await, "15000.01");
        village.void(DocumentKind::FundExpense, "2025-000001").await;
        assert_eq!(village.balance("2401").await, "-15000.00");
        assert_eq!(village.balance("5021").await, "0.00");
        assert_eq!(village.balance("5405").await, "0.00");

        let grant = |amount| receive(amount, noon, "grant");
        assert_eq!(village.done(grant("5.00")).await, "2025-000001");
        village.void(DocumentKind::FundReceipt, "2025-000001").await;
        assert_eq!(village.done(grant("6.00")).await, "2025-000002");
        assert_eq!(village.balance("2401").await, "-15006.00");
        village.close().await;
    });
}
