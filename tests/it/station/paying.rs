//! What buyers pay, stock counts, and voids of each, also of a month that is closed.

use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::stock_count::CountStock;
use jinfu::domain::{Account, Command, DocumentKind, Quantity, Refusal};
use serde_json::json;

use crate::harness::{assert_figures, on_both, verify};
use crate::station::{Station, count, money, out_of_range, pays, sale, void};

#[test]
fn a_buyer_pays_no_more_than_is_owed_and_its_opening_balance_counts() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        let refused = station.refused(pays("05T09:00", "0.01")).await;
        assert!(matches!(refused, Refusal::BuyerOwesLess { .. }));
        for amount in ["0.00", "-1.00"] {
            let refused = station.refused(pays("05T09:00", amount)).await;
            assert_eq!(out_of_range(&refused), Some("amount"));
        }
        // Both are decided in one transaction, the payment from what the sale made the buyer owe.
        let (sold, paid) = tokio::join!(
            station.submit(sale("05T09:00", "ZB 10.000 10.000 1.20")),
            station.submit(pays("05T10:00", "12.00"))
        );
        sold.unwrap();
        paid.unwrap();
        let opening = |amount: &str, account| {
            Command::RecordOpening(RecordOpening {
                line: OpeningLine::Account {
                    account,
                    subject: "K1".to_owned(),
                    amount: money(amount),
                },
            })
        };
        let owed = Account::BuyerReceivable;
        station.submit(opening("5.00", owed)).await.unwrap();
        let balance = opening("-5.00", Account::AccumulatedFund);
        station.submit(balance).await.unwrap();
        let refused = station.refused(pays("06T09:00", "5.01")).await;
        let Refusal::BuyerOwesLess { owed, asked, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((owed, asked), (money("5.00"), money("5.01")));
        station.done(pays("06T09:00", "5.00")).await;
        station.accounts_are(json!({"1131": null})).await;
        station.close().await;
    });
}

#[test]
fn a_count_books_its_difference_at_average_cost() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        // PET: 15.000 kg for 30.00.
        station.done(count("05T09:00", "PET", "15.000")).await;
        station
            .material_is("PET", json!({"lost": "0.000", "gained": "0.000"}))
            .await;
        station.done(count("06T09:00", "PET", "18.000")).await;
        station
            .material_is(
                "PET",
                json!({"gained": "3.000", "gained_value": "6.00", "closing_value": "36.00"}),
            )
            .await;
        station.accounts_are(json!({"5099": "-6.00"})).await;
        station.done(count("07T09:00", "PET", "0.000")).await;
        station
            .material_is(
                "PET",
                json!({"lost": "18.000", "lost_value": "36.00", "closing_value": "0.00"}),
            )
            .await;
        // Nothing is in stock: what is found is worth the price in force.
        station.done(count("08T09:00", "PJ", "10")).await;
        station
            .material_is("PJ", json!({"gained": "10", "gained_value": "1.00"}))
            .await;
        station.close().await;
    });
}

#[test]
fn a_count_below_nothing_or_without_a_reason_is_refused() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        let Command::CountStock(whole) = count("05T09:00", "ZB", "1.000") else {
            unreachable!()
        };
        let negative = CountStock {
            counted: Quantity::grams(-1),
            ..whole.clone()
        };
        let refused = station.refused(Command::CountStock(negative)).await;
        assert_eq!(out_of_range(&refused), Some("counted"));
        let silent = CountStock {
            reason: " ".to_owned(),
            ..whole
        };
        let refused = station.refused(Command::CountStock(silent)).await;
        assert!(matches!(refused, Refusal::Empty { field: "reason" }));
        let refused = station.refused(count("05T09:00", "ZB", "3")).await;
        assert!(matches!(refused, Refusal::WrongUnit { .. }));
        station.close().await;
    });
}

#[test]
fn a_sale_a_payment_and_a_count_are_voided_once() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        let before = station.report("2025-09").await;
        station.done(sale("05T09:00", "ZB 10.000 9.000 1.20")).await;
        station.done(pays("05T10:00", "10.80")).await;
        station.done(count("05T11:00", "ZB", "100.000")).await;
        let documents = [
            DocumentKind::StockCount,
            DocumentKind::BuyerPayment,
            DocumentKind::Sale,
        ];
        for kind in documents {
            station.done(void(kind, "2025-000001", "06T09:00")).await;
            let refused = station.refused(void(kind, "2025-000001", "06T09:00")).await;
            assert!(matches!(refused, Refusal::AlreadyReversed { .. }));
            let refused = station.refused(void(kind, "2025-000002", "06T09:00")).await;
            assert!(matches!(refused, Refusal::DocumentUnknown { .. }));
        }
        let after = station.report("2025-09").await;
        for part in ["materials", "accounts"] {
            assert_eq!(before[part], after[part]);
        }
        // A voided number is not given again.
        station.done(sale("07T09:00", "ZB 1.000 1.000 1.20")).await;
        station
            .done(void(DocumentKind::Sale, "2025-000002", "08T09:00"))
            .await;
        station.close().await;
    });
}

#[test]
fn a_sale_and_a_count_of_a_closed_month_are_taken_back_in_the_next_as_such() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        station.done(sale("05T09:00", "ZB 10.000 9.000 1.20")).await;
        station.done(count("05T11:00", "ZB", "100.000")).await;
        let set = |state: &str| {
            format!("update village_month set state = '{state}' where month <= '2025-09'")
        };
        station.database.execute(&set("closed")).await;
        let Station {
            database,
            ledger,
            village,
        } = station;
        ledger.close().await.unwrap();
        let ledger = database.open("2025-10-05T00:00:00+08:00", 2).await;
        let station = Station {
            database,
            ledger,
            village,
        };
        let later = "30T09:00";
        station
            .done(void(DocumentKind::Sale, "2025-000001", later))
            .await;
        station
            .done(void(DocumentKind::StockCount, "2025-000001", later))
            .await;
        // A sale that is told late is a sale of the open month.
        station
            .done(sale("20T09:00", "ZB 10.000 10.000 1.20"))
            .await;
        let report = station.report("2025-10").await;
        let rows = report["materials"].as_array().unwrap();
        let row = rows.iter().find(|row| row["code"] == "ZB").unwrap();
        let figures = json!({
            "opening": "100.000", "opening_value": "90.00", "prior_period": "20.000", "prior_period_value": "18.00",
            "sold": "10.000", "sold_cost": "9.00", "sold_income": "12.00", "sold_ticket": "10.000", "lost": "0.000",
            "closing": "110.000", "closing_value": "99.00",
        });
        assert_figures(&figures, row);
        station.database.execute(&set("open")).await;
        verify(&station.ledger).await;
        station.close().await;
    });
}
