//! The office's money: a village to try it on, and its commands in few words.

mod cash;
mod command_line;
mod fund;
mod pay;
mod write_off;

use jinfu::domain::cash_custody::Custodian;
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::settlement::{CashTaker, ReceiveCash, VoidCash};
use jinfu::domain::{
    CollectorCode, Command, DocumentKind, DocumentNo, HouseholdNo, Money, Month, VillageCode,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use serde_json::{Value, json};

use crate::harness::{Database, Engine, program, refusal, repository, submit};

const FOLDER: &str = "tests/golden/2025-09";

fn at(text: &str) -> jiff::Timestamp {
    parse_time("at", &format!("{text}+08:00")).unwrap()
}

fn yuan(text: &str) -> Money {
    Money::parse_signed("amount", text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

fn collector(code: &str) -> CollectorCode {
    CollectorCode::parse("collector", code).unwrap()
}

fn household(number: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", number).unwrap()
}

fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

fn custodian(name: &str) -> Custodian {
    Custodian::parse("custodian", Some(name).filter(|name| !name.is_empty())).unwrap()
}

/// The village of the worked month after its opening.
struct Village {
    database: Database,
    ledger: Ledger,
    code: VillageCode,
}

impl Village {
    /// At the end of September.
    async fn new(engine: Engine) -> Village {
        Village::on(engine, "2025-10-01T00:00:00+08:00").await
    }

    async fn on(engine: Engine, now: &str) -> Village {
        let database = Database::new(engine).await;
        let ledger = database.open(now, 1).await;
        let plan = import::read(&repository(FOLDER), program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        Village {
            database,
            ledger,
            code: plan.village,
        }
    }

    /// The command is booked; the number of its document.
    async fn done(&self, command: Command) -> String {
        let outcome = submit(&self.ledger, &self.code, command).await.unwrap();
        let Outcome::Recorded(recorded) = outcome else {
            panic!("nothing to do");
        };
        let document = recorded.event.document();
        document.map_or_else(String::new, |(_, number)| number.to_string())
    }

    /// The command is refused with these facts, and every figure is as it was.
    async fn refused(&self, command: Command, facts: Value) {
        let head = async || self.ledger.head(&self.code).await.unwrap();
        let before = (self.report().await, head().await);
        let found = refusal(submit(&self.ledger, &self.code, command.clone()).await);
        let found = Value::Object(found.facts());
        for (name, value) in facts.as_object().unwrap() {
            assert_eq!(&found[name], value, "{command:?}: {found}");
        }
        assert_eq!(before, (self.report().await, head().await), "{command:?}");
    }

    async fn report(&self) -> Value {
        let september = month("2025-09");
        let report = self.ledger.report(&self.code, september).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(report).unwrap()
    }

    /// The balance of an account at the end of September, debit positive.
    async fn balance(&self, account: &str) -> String {
        let balance = &self.report().await["accounts"][account];
        balance.as_str().unwrap_or("0.00").to_owned()
    }

    /// The fee advance of a household, and what it owes.
    async fn owed(&self, number: &str) -> [String; 2] {
        let statement = self
            .ledger
            .statement(&self.code, &household(number), (None, None))
            .await
            .unwrap();
        [statement.advance_closing, statement.owed_closing].map(|money| money.to_string())
    }

    /// Voids a document, which works once.
    async fn void(&self, kind: DocumentKind, no: &str) {
        self.done(void(kind, no)).await;
        let twice = json!({"code": "already-reversed", "number": no});
        self.refused(void(kind, no), twice).await;
    }

    async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

fn void(kind: DocumentKind, no: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind,
        number: number(no),
        voided_at: at("2025-09-30T12:00:00"),
        reason: "typing mistake".to_owned(),
    })
}

fn cash(household_no: &str, amount: &str, time: &str, taker: CashTaker) -> Command {
    Command::ReceiveCash(ReceiveCash {
        household_no: household(household_no),
        amount: yuan(amount),
        received_at: at(time),
        taken_by: taker,
    })
}

fn by(code: &str) -> CashTaker {
    CashTaker::Collector(collector(code))
}

fn void_cash(receipt: &str) -> Command {
    Command::VoidCash(VoidCash {
        receipt_no: number(receipt),
        voided_at: at("2025-09-29T09:00:00"),
        reason: "not paid".to_owned(),
    })
}
