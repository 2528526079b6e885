//! The station: sales by own weight and ticket, what buyers pay, stock counts, what reversals leave behind, and voids of each.

use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::sale::{BuyerPays, RecordSale, SaleLine};
use jinfu::domain::stock_count::CountStock;
use jinfu::domain::{
    BuyerCode, CollectorCode, Command, DocumentKind, DocumentNo, HouseholdNo, MaterialCode, Money,
    Month, Quantity, Refusal, UnitPrice, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::{Answer, Ledger};
use serde_json::{Value, json};

use crate::harness::{
    Database, Engine, assert_figures, json_file, on_both, program, refusal, repository, submit,
    verify,
};

/// A village with a station: the worked month's, before its first event.
pub(crate) struct Station {
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    pub(crate) village: VillageCode,
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    format!("2025-09-{text}:00+08:00").parse().unwrap()
}

pub(crate) fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

pub(crate) fn material(code: &str) -> MaterialCode {
    MaterialCode::parse("material", code).unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse_signed("amount", text).unwrap()
}

/// Kilograms with a point, pieces without.
pub(crate) fn quantity(text: &str) -> Quantity {
    let unit = if text.contains('.') {
        WrittenUnit::Kg
    } else {
        WrittenUnit::Piece
    };
    Quantity::parse_stock_in("quantity", text, unit).unwrap()
}

/// Lines as `ZB 8.350, PJ 24`.
pub(crate) fn weighed(lines: &str) -> Vec<WeighedLine> {
    let line = |line: &str| {
        let (code, gross) = line.trim().split_once(' ').unwrap();
        let gross = quantity(gross);
        WeighedLine {
            material: material(code),
            gross,
            tare: Quantity::new(gross.unit(), 0),
            deduction: 0,
            deduction_reason: String::new(),
        }
    };
    lines.split(',').map(line).collect()
}

pub(crate) fn pickup(no: &str, time: &str, lines: &str) -> Command {
    Command::RecordPickup(RecordPickup {
        pickup_no: number(no),
        occurred_at: at(time),
        household_no: HouseholdNo::parse("household", "H001").unwrap(),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: weighed(lines),
        round: None,
    })
}

pub(crate) fn correct(no: &str, new_no: &str, time: &str, lines: &str) -> Command {
    Command::CorrectPickup(CorrectPickup {
        pickup_no: number(no),
        new_no: number(new_no),
        corrected_at: at(time),
        lines: weighed(lines),
        reason: "misread".to_owned(),
    })
}

pub(crate) fn void_pickup(no: &str, time: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        pickup_no: number(no),
        voided_at: at(time),
        reason: "entered twice".to_owned(),
    })
}

/// A sale to K1 of lines as `ZB 140.000 135.800 1.20`: own, ticket, price.
pub(crate) fn sale(time: &str, lines: &str) -> Command {
    let line = |line: &str| {
        let [code, own, ticket, price] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (price, per) = price.split_once('/').unwrap_or((price, "1"));
        let price = UnitPrice::parse("price", price, per.parse().unwrap()).unwrap();
        SaleLine {
            material: material(code),
            own: quantity(own),
            ticket: quantity(ticket),
            price_li: price.li(),
            per: price.per(),
        }
    };
    Command::RecordSale(RecordSale {
        sold_at: at(time),
        buyer: BuyerCode::parse("buyer", "K1").unwrap(),
        lines: lines.split(',').map(line).collect(),
    })
}

pub(crate) fn pays(time: &str, amount: &str) -> Command {
    Command::BuyerPays(BuyerPays {
        buyer: BuyerCode::parse("buyer", "K1").unwrap(),
        amount: money(amount),
        paid_at: at(time),
    })
}

pub(crate) fn count(time: &str, code: &str, counted: &str) -> Command {
    Command::CountStock(CountStock {
        material: material(code),
        counted: quantity(counted),
        counted_at: at(time),
        reason: "counted".to_owned(),
    })
}

pub(crate) fn void(kind: DocumentKind, no: &str, time: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind,
        number: number(no),
        voided_at: at(time),
        reason: "typing mistake".to_owned(),
    })
}

/// A list that prices every material of the village, FE1 as given.
fn prices(time: &str, iron: &str) -> Command {
    let line = |code: &str, price: &str| PriceLine {
        material: material(code),
        price_li: UnitPrice::parse("price", price, 1).unwrap().li(),
        per: 1,
    };
    Command::PublishPriceList(PublishPriceList {
        effective_from: at(time),
        lines: vec![
            line("ZB", "0.80"),
            line("PET", "2.00"),
            line("FE1", iron),
            line("PJ", "0.10"),
        ],
    })
}

impl Station {
    pub(crate) async fn new(engine: Engine) -> Station {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-10-01T00:00:00+08:00", 1).await;
        let plan = import::read(&repository("tests/golden/2025-09"), program()).unwrap();
        assert_eq!(plan.refused, []);
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        Station {
            database,
            ledger,
            village: plan.village,
        }
    }

    pub(crate) async fn submit(&self, command: Command) -> Answer {
        submit(&self.ledger, &self.village, command).await
    }

    #[track_caller]
    pub(crate) fn done(&self, command: Command) -> impl Future<Output = ()> {
        let told = format!("{command:?}");
        async move {
            if let Err(error) = self.submit(command).await {
                panic!("{told}: {error:?}");
            }
        }
    }

    /// The command is refused, and leaves the head and every balance as they were.
    pub(crate) async fn refused(&self, command: Command) -> Refusal {
        let before = (self.head().await, self.report("2025-09").await);
        let refused = refusal(self.submit(command).await);
        assert_eq!(
            before,
            (self.head().await, self.report("2025-09").await),
            "{refused:?}"
        );
        refused
    }

    async fn head(&self) -> String {
        format!("{:?}", self.ledger.head(&self.village).await.unwrap())
    }

    pub(crate) async fn report(&self, month: &str) -> Value {
        let month = Month::parse("month", month).unwrap();
        let report = self.ledger.report(&self.village, month).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(&report).unwrap()
    }

    /// Compares figures of a material in September.
    pub(crate) async fn material_is(&self, code: &str, figures: Value) {
        let report = self.report("2025-09").await;
        let rows = report["materials"].as_array().unwrap();
        let row = rows.iter().find(|row| row["code"] == code).unwrap();
        assert_figures(&figures, row);
    }

    /// Compares balances of whole accounts at the end of September; nothing is `null`.
    pub(crate) async fn accounts_are(&self, balances: Value) {
        assert_figures(&balances, &self.report("2025-09").await["accounts"]);
    }

    pub(crate) async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

fn out_of_range(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::OutOfRange { field, .. } => Some(field),
        _ => None,
    }
}

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
        let owed = jinfu::domain::Account::BuyerReceivable;
        station.submit(opening("5.00", owed)).await.unwrap();
        let balance = opening("-5.00", jinfu::domain::Account::AccumulatedFund);
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
