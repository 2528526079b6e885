//! Households that change (R-HH): merged, split, moved to another village; what is booked on an old number, and moves that are half done.

mod merging;
mod moving;
mod splitting;

use jinfu::domain::clearing::{ArriveHousehold, DepartHousehold};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::merge::MergeHouseholds;
use jinfu::domain::month::{parse_date, parse_time};
use jinfu::domain::pickup::{Confirmation, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use jinfu::domain::split::{SplitHousehold, SplitPart};
use jinfu::domain::{
    CollectorCode, Command, DocumentKind, DocumentNo, Group, HouseholdKind, HouseholdNo,
    MaterialCode, Money, Month, Quantity, Refusal, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use jinfu::ledger::statement::Line;
use serde_json::Value;

use crate::harness::{Database, Engine, program, refusal, repository, submit};

const OTHER: &str = "430321900002";
const NOWHERE: &str = "430321900009";

fn household(text: &str) -> HouseholdNo {
    HouseholdNo::parse("household", text).unwrap()
}

fn village(text: &str) -> VillageCode {
    VillageCode::parse("village", text).unwrap()
}

fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

fn yuan(text: &str) -> Money {
    Money::parse_signed("amount", text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

/// Noon on a day of September 2025.
fn noon(day: u8) -> jiff::Timestamp {
    parse_time("at", &format!("2025-09-{day:02}T12:00:00+08:00")).unwrap()
}

fn day(day: u8) -> jiff::civil::Date {
    parse_date("on", &format!("2025-09-{day:02}")).unwrap()
}

fn weighed(kilograms: &str) -> Vec<WeighedLine> {
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: Quantity::parse("gross", kilograms, WrittenUnit::Kg).unwrap(),
        tare: Quantity::parse("tare", "0", WrittenUnit::Kg).unwrap(),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

/// Cartons at 0.90 a kilogram.
fn pickup(no: &str, of: &str, kilograms: &str) -> Command {
    Command::RecordPickup(RecordPickup {
        phone: None,
        device: None,
        told_list: None,
        is_paper: false,
        round: None,
        pickup_no: number(no),
        occurred_at: noon(5),
        household_no: household(of),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: weighed(kilograms),
    })
}

fn void_pickup(no: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        phone: None,
        pickup_no: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn cash(of: &str, amount: &str) -> Command {
    Command::ReceiveCash(ReceiveCash {
        household_no: household(of),
        amount: yuan(amount),
        received_at: noon(6),
        taken_by: CashTaker::Office(String::new()),
    })
}

fn void_cash(no: &str) -> Command {
    Command::VoidCash(VoidCash {
        receipt_no: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn void(kind: DocumentKind, no: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind,
        number: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn merge(from: &str, into: &str) -> Command {
    Command::MergeHouseholds(MergeHouseholds {
        from: household(from),
        into: household(into),
        on: day(10),
        reason: "the brothers live together again".to_owned(),
    })
}

fn part(no: &str, share: i64) -> SplitPart {
    SplitPart {
        household_no: household(no),
        group: None,
        headcount: 1,
        kind: None,
        share,
        advance: Money::ZERO,
        charges: Vec::new(),
    }
}

fn split(of: &str, parts: Vec<SplitPart>) -> Command {
    Command::SplitHousehold(SplitHousehold {
        household_no: household(of),
        on: day(10),
        parts,
        reason: "the son has his own stove".to_owned(),
    })
}

fn depart(of: &str, to: &str, reference: Option<&str>) -> Command {
    Command::DepartHousehold(DepartHousehold {
        household_no: household(of),
        to_village: village(to),
        new_number: None,
        on: day(20),
        reference: reference.map(number),
    })
}

fn arrival(no: &str, from: &str, reference: &str, amount: &str) -> ArriveHousehold {
    ArriveHousehold {
        household_no: household(no),
        register: None,
        from_village: village(from),
        reference: number(reference),
        amount: yuan(amount),
        advance: Money::ZERO,
        arrived_at: noon(22),
    }
}

fn registration(no: &str) -> RegisterHousehold {
    RegisterHousehold {
        household_no: household(no),
        group: Group::parse("group", "1").unwrap(),
        headcount: 2,
        kind: HouseholdKind::Resident,
        moved_in: Some(day(22)),
        vacant_since: None,
        save_up: false,
        head: "来自邻村".to_owned(),
        waivers: Vec::new(),
    }
}

/// The village of the worked month before its first event, and a neighbour without households.
struct Books {
    database: Database,
    ledger: Ledger,
    code: VillageCode,
}

impl Books {
    async fn new(engine: Engine) -> Books {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-10-05T00:00:00+08:00", 1).await;
        let folder = repository("tests/golden/2025-09-core");
        let plan = import::read(&folder, program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        let opening = plan.steps[0].request.command.clone();
        submit(&ledger, &village(OTHER), opening).await.unwrap();
        Books {
            database,
            ledger,
            code: plan.village,
        }
    }

    async fn done(&self, command: Command) {
        let shown = format!("{command:?}");
        let answer = submit(&self.ledger, &self.code, command).await;
        assert!(answer.is_ok(), "{shown}: {answer:?}");
    }

    async fn done_there(&self, command: Command) {
        submit(&self.ledger, &village(OTHER), command)
            .await
            .unwrap();
    }

    /// The command is refused, and nothing is other than it was.
    async fn refused(&self, command: Command, expected: Refusal) {
        let before = self.report().await;
        let head = self.ledger.head(&self.code).await.unwrap();
        let answer = submit(&self.ledger, &self.code, command).await;
        assert_eq!(refusal(answer), expected);
        assert_eq!(self.ledger.head(&self.code).await.unwrap(), head);
        assert_eq!(self.report().await, before);
    }

    /// The report of September, whose rows roll from their opening to their closing.
    async fn report(&self) -> Value {
        let report = self.ledger.report(&self.code, month("2025-09")).await;
        let report = serde_json::to_value(report.unwrap()).unwrap();
        for row in report["households"].as_array().unwrap() {
            let sum = |names: &[&str]| -> Money {
                let figures = names.iter().map(|name| yuan(row[name].as_str().unwrap()));
                figures.sum()
            };
            let credit = [
                "credit_opening",
                "earned",
                "offset",
                "payouts",
                "credit_transfers",
            ];
            assert_eq!(sum(&credit), sum(&["credit_closing"]), "{row}");
            let fees = [
                "fees_opening",
                "charged",
                "waived",
                "credited_back",
                "offset",
                "paid_cash",
                "advance_used",
                "fees_transfers",
            ];
            assert_eq!(sum(&fees), sum(&["fees_closing"]), "{row}");
        }
        report
    }

    async fn lines(&self, no: &str) -> Vec<Line> {
        let number = household(no);
        let statement = self.ledger.statement(&self.code, &number, (None, None));
        statement.await.unwrap().lines
    }

    /// Credit, advance and what is owed of a household, as its statement ends.
    #[track_caller]
    fn stands(&self, no: &str, figures: [&str; 3]) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let number = household(no);
        let (no, figures) = (no.to_owned(), figures.map(yuan));
        async move {
            let statement = self.ledger.statement(&self.code, &number, (None, None));
            let statement = statement.await.unwrap();
            let found = [
                statement.credit_closing,
                statement.advance_closing,
                statement.owed_closing,
            ];
            assert_eq!(found, figures, "{no} at {place}");
        }
    }

    async fn runs(&self) {
        let month = month("2025-09");
        self.done(Command::ChargeFees(ChargeFees { month })).await;
        self.done(Command::OffsetCredit(OffsetCredit { month }))
            .await;
    }

    async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

fn checks_hold(report: &Value) {
    let checks = report["checks"].as_array().unwrap();
    let off: Vec<_> = checks
        .iter()
        .filter(|check| check["holds"] == false)
        .collect();
    assert!(off.is_empty(), "{off:?}");
}
