//! The station: a village that has one, and what is told to it in one line.

mod paying;
mod selling;
mod transit;

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
use serde_json::Value;

use crate::harness::{Database, Engine, assert_figures, program, refusal, repository, submit};

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
    Quantity::parse_stock("quantity", text, unit).unwrap()
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
        phone: None,
        device: None,
        told_list: None,
        is_paper: false,
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
        phone: None,
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
pub(crate) fn prices(time: &str, iron: &str) -> Command {
    let line = |code: &str, price: &str| PriceLine {
        material: material(code),
        price_li: UnitPrice::parse("price", price, 1).unwrap().li(),
        per: 1,
    };
    Command::PublishPriceList(PublishPriceList {
        drafted_by: None,
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

/// The field whose figure is out of range.
pub(crate) fn out_of_range(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::OutOfRange { field, .. } => Some(field),
        _ => None,
    }
}
