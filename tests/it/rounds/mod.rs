//! The service at the door: schedules, rounds with their coverage, residual waste, disputes, and their figures in the report.

mod closed_month;
mod disputes;
mod office;
mod refuse;
mod schedules;
mod visits;

use jinfu::domain::decide::{Outcome, Recorded};
use jinfu::domain::dispute::{AnswerDispute, OpenDispute};
use jinfu::domain::month::{parse_date, parse_time};
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::round::{CloseRound, OpenRound, RecordStop, StopOutcome};
use jinfu::domain::schedule::SetSchedule;
use jinfu::domain::{
    CollectorCode, Command, DocumentNo, Group, HouseholdNo, MaterialCode, Month, Quantity, Refusal,
    VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use serde_json::Value;

use crate::harness::{Database, Engine, program, refusal, repository, submit};

/// The village of the worked month, before its first event: H001 to H003 in group 1, H004 to H007 in group 2, H007 since 18 September.
pub(super) struct Book {
    pub(super) database: Database,
    pub(super) ledger: Ledger,
    pub(super) village: VillageCode,
}

impl Book {
    pub(super) async fn new(engine: Engine) -> Book {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-09-30T20:00:00+08:00", 1).await;
        let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        Book {
            database,
            ledger,
            village: plan.village,
        }
    }

    pub(super) async fn done(&self, command: impl Into<Command>) -> Recorded {
        match submit(&self.ledger, &self.village, command.into()).await {
            Ok(Outcome::Recorded(recorded)) => recorded,
            other => panic!("expected an entry, got {other:?}"),
        }
    }

    /// The command is refused, and leaves everything as it was.
    pub(super) async fn refused(&self, command: impl Into<Command>) -> Refusal {
        let before = (self.report("2025-09").await, self.head().await);
        let refusal = refusal(submit(&self.ledger, &self.village, command.into()).await);
        assert_eq!(before, (self.report("2025-09").await, self.head().await));
        refusal
    }

    pub(super) async fn head(&self) -> jinfu::domain::facts::Head {
        self.ledger.head(&self.village).await.unwrap()
    }

    pub(super) async fn report(&self, month: &str) -> Value {
        let month = Month::parse("month", month).unwrap();
        let report = self.ledger.report(&self.village, month).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(&report).unwrap()
    }

    /// Opens the books again at another time, after something was done behind the program's back.
    pub(super) async fn reopened(self, sql: &str, at: &str) -> Book {
        self.ledger.close().await.unwrap();
        self.database.execute(sql).await;
        let ledger = self.database.open(at, 2).await;
        Book { ledger, ..self }
    }

    pub(super) async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

/// Commands by their structs, so that a test reads as what is asked for.
macro_rules! commands {
    ($($name:ident),*) => {$(
        impl From<$name> for Asked {
            fn from(command: $name) -> Asked {
                Asked(Command::$name(command))
            }
        }
    )*};
}

pub(super) struct Asked(pub(super) Command);

impl From<Asked> for Command {
    fn from(asked: Asked) -> Command {
        asked.0
    }
}

commands!(
    OpenRound,
    RecordStop,
    CloseRound,
    SetSchedule,
    RecordTrip,
    RegisterCollectionPoint,
    OpenDispute,
    AnswerDispute,
    VoidDocument,
    VoidPickup,
    CorrectPickup,
    MoveOut
);

pub(super) fn asked(command: impl Into<Asked>) -> Asked {
    command.into()
}

pub(super) fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

pub(super) fn household(text: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", text).unwrap()
}

pub(super) fn collector() -> CollectorCode {
    CollectorCode::parse("collector", "C1").unwrap()
}

pub(super) fn at(text: &str) -> jiff::Timestamp {
    parse_time("at", &format!("2025-{text}:00+08:00")).unwrap()
}

pub(super) fn open(no: &str, group: &str, day: &str) -> Asked {
    asked(OpenRound {
        round_no: number(no),
        group: Group::parse("group", group).unwrap(),
        collector: collector(),
        held_on: parse_date("held_on", day).unwrap(),
    })
}

pub(super) fn stop(no: &str, house: &str, outcome: StopOutcome, when: &str) -> Asked {
    asked(RecordStop {
        round_no: number(no),
        household_no: household(house),
        outcome,
        at: at(when),
        collector: collector(),
    })
}

pub(super) fn close(no: &str) -> Asked {
    asked(CloseRound {
        round_no: number(no),
    })
}

pub(super) fn carton(kg: &str) -> Vec<WeighedLine> {
    let weight = |text| Quantity::parse("gross", text, WrittenUnit::Kg).unwrap();
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: weight(kg),
        tare: weight("0"),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

pub(super) fn pickup(no: &str, house: &str, when: &str, round: Option<&str>) -> Asked {
    Asked(Command::RecordPickup(RecordPickup {
        phone: None,
        device: None,
        told_list: None,
        is_paper: false,
        pickup_no: number(no),
        occurred_at: at(when),
        household_no: household(house),
        collector: collector(),
        confirmation: Confirmation::Card,
        lines: carton("8.000"),
        round: round.map(number),
    }))
}

pub(super) fn void(no: &str, when: &str) -> Asked {
    asked(VoidPickup {
        phone: None,
        pickup_no: number(no),
        voided_at: at(when),
        reason: "weighed wrong".to_owned(),
    })
}

pub(super) fn correct(no: &str, new_no: &str, when: &str) -> Asked {
    asked(CorrectPickup {
        pickup_no: number(no),
        new_no: number(new_no),
        corrected_at: at(when),
        lines: carton("9.000"),
        reason: "weighed wrong".to_owned(),
    })
}

pub(super) fn unknown(text: &str) -> Refusal {
    Refusal::DocumentUnknown {
        number: text.to_owned(),
    }
}
