//! Sales by own weight and ticket, and what reversals leave behind in stock.

use jinfu::domain::sale::RecordSale;
use jinfu::domain::{Command, Refusal};
use serde_json::json;

use crate::harness::{assert_figures, json_file, on_both};
use crate::station::{Station, count, out_of_range, pays, pickup, prices, sale, void_pickup};

#[test]
fn the_worked_month_sells_and_counts_to_the_fen() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        for command in [
            pickup("A-1", "05T09:10", "ZB 12.000, PET 1.250"),
            pickup("A-2", "05T09:25", "ZB 8.530, PJ 24"),
            pickup("A-3", "19T08:30", "ZB 28.500, FE1 6.800"),
            pickup("A-4", "19T08:50", "PET 2.400"),
            pickup("A-5", "19T09:15", "ZB 5.550"),
            sale("25T15:00", "ZB 140.000 135.800 1.20"),
            pays("26T11:00", "162.96"),
            count("28T17:00", "ZB", "33.800"),
        ] {
            station.done(command).await;
        }
        let expected = json_file("tests/golden/2025-09/expected.json");
        let materials = json!({ "materials": expected["materials"] });
        assert_figures(&materials, &station.report("2025-09").await);
        station
            .material_is(
                "ZB",
                json!({"sold_ticket": "135.800", "ticket_difference": "4.200", "prior_period": "0.000"}),
            )
            .await;
        station
            .accounts_are(json!({
                "1002": "15162.96", "1131": null, "5011": "-162.96", "5401": "123.27", "5403": "0.69",
            }))
            .await;
        station.close().await;
    });
}

#[test]
fn what_a_voided_pickup_leaves_behind_after_a_sale_is_a_loss_or_a_gain() {
    on_both(async |engine| {
        for (voided, residue) in [
            (
                "A-1",
                json!({"5403": "3.00", "5099": null, "1405": "138.00"}),
            ),
            (
                "A-2",
                json!({"5403": null, "5099": "-3.00", "1405": "138.00"}),
            ),
        ] {
            let station = Station::new(engine).await;
            station.done(pickup("A-1", "05T09:10", "FE1 10.000")).await;
            station.done(prices("06T00:00", "2.00")).await;
            station.done(pickup("A-2", "07T09:10", "FE1 10.000")).await;
            // 20 kg for 34.00; half of it costs 17.00.
            station
                .done(sale("08T09:00", "FE1 10.000 10.000 2.50"))
                .await;
            station.done(void_pickup(voided, "09T09:00")).await;
            station
                .material_is("FE1", json!({"closing": "0.000", "closing_value": "0.00"}))
                .await;
            station.accounts_are(residue).await;
            station.close().await;
        }
    });
}

#[test]
fn stock_below_nothing_takes_no_value_and_is_made_good_by_what_comes_next() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        station.done(pickup("A-1", "05T09:10", "FE1 10.000")).await;
        station.done(sale("06T09:00", "FE1 6.000 6.000 2.50")).await;
        station.done(void_pickup("A-1", "07T09:00")).await;
        // 4 kg for 5.60 were left, and 14.00 went out.
        station
            .material_is(
                "FE1",
                json!({"closing": "-6.000", "closing_value": "0.00", "gained_value": "8.40"}),
            )
            .await;
        station.done(pickup("A-2", "08T09:10", "FE1 6.000")).await;
        station
            .material_is(
                "FE1",
                json!({"closing": "0.000", "closing_value": "0.00", "lost_value": "8.40"}),
            )
            .await;
        station.done(void_pickup("A-2", "09T09:00")).await;
        station.done(count("10T09:00", "FE1", "2.000")).await;
        station
            .material_is("FE1", json!({"closing": "2.000", "closing_value": "2.80"}))
            .await;
        station.close().await;
    });
}

#[test]
fn no_more_is_sold_than_is_there_also_by_two_lines_of_one_sale() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        let refused = station
            .refused(sale("05T09:00", "ZB 120.001 120.000 1.20"))
            .await;
        let Refusal::StockTooSmall {
            available, asked, ..
        } = &refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!((available.as_str(), asked.as_str()), ("120.000", "120.001"));
        let twice = "ZB 70.000 70.000 1.20, ZB 50.001 50.000 1.20";
        let refused = station.refused(sale("05T09:00", twice)).await;
        assert!(matches!(refused, Refusal::StockTooSmall { .. }));
        let all = "ZB 70.000 70.000 1.20, PET 1.000 1.000 3.00, ZB 50.000 49.000 1.20";
        station.done(sale("05T09:00", all)).await;
        station
            .material_is(
                "ZB",
                json!({"sold": "120.000", "sold_cost": "108.00", "sold_income": "142.80", "closing_value": "0.00"}),
            )
            .await;
        let refused = station
            .refused(sale("06T09:00", "ZB 0.001 0.001 1.20"))
            .await;
        assert!(matches!(refused, Refusal::StockTooSmall { .. }));
        station.close().await;
    });
}

#[test]
fn a_sale_that_makes_no_sense_is_refused_whole() {
    on_both(async |engine| {
        let station = Station::new(engine).await;
        let refused = station
            .refused(sale("05T09:00", "ZB 0.000 1.000 1.20"))
            .await;
        assert_eq!(out_of_range(&refused), Some("own"));
        let refused = station
            .refused(sale("05T09:00", "ZB 1.000 0.000 1.20"))
            .await;
        assert_eq!(out_of_range(&refused), Some("ticket"));
        let refused = station
            .refused(sale("05T09:00", "ZB 1.000 1.000 1.20, PET 1 1 1.00"))
            .await;
        assert!(matches!(refused, Refusal::WrongUnit { .. }));
        let refused = station
            .refused(sale("05T09:00", "ZB 1.000 1.000 1.20/3"))
            .await;
        assert!(matches!(refused, Refusal::PerIsForPieces { .. }));
        let refused = station
            .refused(sale("05T09:00", "GLAS 1.000 1.000 1.20"))
            .await;
        assert!(matches!(refused, Refusal::MaterialUnknown { .. }));
        let Command::RecordSale(whole) = sale("05T09:00", "ZB 1.000 1.000 1.20") else {
            unreachable!()
        };
        let none = Command::RecordSale(RecordSale {
            lines: Vec::new(),
            ..whole.clone()
        });
        assert!(matches!(station.refused(none).await, Refusal::NoLines));
        let tomorrow = Command::RecordSale(RecordSale {
            sold_at: "2025-10-02T00:00:00+08:00".parse().unwrap(),
            ..whole
        });
        let refused = station.refused(tomorrow).await;
        assert!(matches!(refused, Refusal::InTheFuture { .. }));
        station.close().await;
    });
}
