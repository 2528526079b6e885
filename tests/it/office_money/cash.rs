//! Cash from the door to the custodian to the bank, receipts, and who holds too much or too long.

use jinfu::domain::cash_custody::{CollectorCash, Deposit, HandIn};
use jinfu::domain::settlement::CashTaker;
use jinfu::domain::{Command, DocumentKind};
use serde_json::json;

use super::{Village, at, by, cash, collector, custodian, month, void, void_cash, yuan};
use crate::harness::on_both;

pub(super) fn hand_in(code: &str, amount: &str, holder: &str, time: &str) -> Command {
    Command::HandIn(HandIn {
        collector: collector(code),
        amount: yuan(amount),
        custodian: custodian(holder),
        handed_in_at: at(time),
    })
}

fn deposit(holder: &str, amount: &str) -> Command {
    Command::Deposit(Deposit {
        custodian: custodian(holder),
        amount: yuan(amount),
        deposited_at: at("2025-09-29T15:00:00"),
    })
}

#[test]
fn cash_goes_from_the_door_to_the_custodian_to_the_bank_and_never_more_than_there_is() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let taken = cash("H004", "30.00", "2025-09-28T09:00:00", by("C1"));
        village.done(taken).await;
        let hand = |code, amount, holder| hand_in(code, amount, holder, "2025-09-29T09:00:00");
        let too_small = |code: &str, available: &str| json!({"code": "cash-in-transit-too-small", "collector": code, "available": available});
        village
            .refused(hand("C1", "30.01", ""), too_small("C1", "30.00"))
            .await;
        village
            .refused(hand("C2", "0.01", ""), too_small("C2", "0.00"))
            .await;
        let nothing = json!({"code": "out-of-range", "field": "amount"});
        village
            .refused(hand("C1", "0.00", ""), nothing.clone())
            .await;
        village.refused(deposit("", "0.00"), nothing).await;
        village.done(hand("C1", "20.00", "王")).await;
        let in_box = |account: &str, available: &str| json!({"code": "cash-too-small", "account": account, "available": available});
        village
            .refused(deposit("王", "20.01"), in_box("1001 王", "20.00"))
            .await;
        village
            .refused(deposit("", "800.01"), in_box("1001", "800.00"))
            .await;
        village.done(deposit("王", "15.00")).await;
        assert_eq!(village.balance("1001").await, "805.00");
        assert_eq!(village.balance("1002").await, "15015.00");
        assert_eq!(village.balance("1003").await, "10.00");
        village.void(DocumentKind::Deposit, "2025-000001").await;
        village.void(DocumentKind::HandIn, "2025-000001").await;
        assert_eq!(village.balance("1001").await, "800.00");
        assert_eq!(village.balance("1002").await, "15000.00");
        assert_eq!(village.balance("1003").await, "30.00");
        let unknown = json!({"code": "document-unknown", "number": "2025-000009"});
        village
            .refused(void(DocumentKind::HandIn, "2025-000009"), unknown)
            .await;
        village.close().await;
    });
}

#[test]
fn the_list_of_a_month_shows_every_receipt_and_which_are_void() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let office = || CashTaker::Office(String::new());
        let receipts = [
            cash("H004", "10.00", "2025-09-01T00:00:00", by("C1")),
            cash("H002", "5.00", "2025-09-30T23:59:59", office()),
            cash("H001", "7.00", "2025-10-01T00:00:00", office()),
            void_cash("2025-000001"),
        ];
        for command in receipts {
            village.done(command).await;
        }
        let september = month("2025-09");
        let listed = village.ledger.cash_receipts(&village.code, september).await;
        let expected = json!([
            {
                "number": "2025-000001",
                "received_on": "2025-09-01",
                "household_no": "H004",
                "amount": "10.00",
                "taken_by": "collector",
                "holder": "C1",
                "voided_on": "2025-09-29",
            },
            {
                "number": "2025-000002",
                "received_on": "2025-09-30",
                "household_no": "H002",
                "amount": "5.00",
                "taken_by": "office",
                "holder": "",
                "voided_on": null,
            },
        ]);
        assert_eq!(serde_json::to_value(listed.unwrap()).unwrap(), expected);
        village.close().await;
    });
}

type Row = (String, String, String, bool, bool);

fn row(code: &str, held: &str, since: &str, over: bool, late: bool) -> Row {
    (
        code.to_owned(),
        held.to_owned(),
        since.to_owned(),
        over,
        late,
    )
}

async fn custody(village: &Village) -> Vec<Row> {
    let custody = village.ledger.custody(&village.code).await.unwrap();
    assert_eq!((custody.limit, custody.days), (yuan("300.00"), 3));
    let found = |cash: &CollectorCash| {
        let since = cash.since.map(|date| date.to_string()).unwrap_or_default();
        row(
            &cash.collector,
            &cash.held.to_string(),
            &since,
            cash.is_over_limit,
            cash.is_overdue,
        )
    };
    custody.collectors.iter().map(found).collect()
}

#[test]
fn custody_names_who_holds_too_much_and_who_holds_it_too_long() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        assert_eq!(custody(&village).await, []);
        let taken = [
            cash("H001", "200.00", "2025-09-20T09:00:00", by("C1")),
            cash("H002", "100.00", "2025-09-28T09:00:00", by("C1")),
            // Recorded last, taken first.
            cash("H003", "0.01", "2025-09-10T09:00:00", by("C1")),
            cash("H004", "300.00", "2025-09-28T09:00:00", by("C2")),
        ];
        for command in taken {
            village.done(command).await;
        }
        // On the 1st, what was taken on the 28th is in time.
        let in_time = row("C2", "300.00", "2025-09-28", false, false);
        let late = row("C1", "300.01", "2025-09-10", true, true);
        assert_eq!(custody(&village).await, [late, in_time]);
        let hand = |amount| hand_in("C1", amount, "", "2025-09-29T09:00:00");
        let older = row("C1", "300.00", "2025-09-20", false, true);
        let newer = row("C1", "100.00", "2025-09-28", false, false);
        village.done(hand("0.01")).await;
        assert_eq!(custody(&village).await[0], older);
        village.done(hand("200.00")).await;
        assert_eq!(custody(&village).await[0], newer);
        village.void(DocumentKind::HandIn, "2025-000002").await;
        assert_eq!(custody(&village).await[0], older);
        village.done(void_cash("2025-000001")).await;
        assert_eq!(custody(&village).await[0], newer);
        let all = hand_in("C2", "300.00", "", "2025-09-30T09:00:00");
        village.done(all).await;
        assert_eq!(
            custody(&village).await,
            [newer],
            "who holds nothing is not named"
        );
        village.close().await;
    });
}
