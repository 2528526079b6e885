//! Payouts: the village that the tests work with, and its commands.

mod holds;
mod office;
mod steps;

use jinfu::domain::cash_custody::{Custodian, PaidFrom};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month::parse_time;
use jinfu::domain::payout::{ApprovePayout, CancelPayout, ExpirePayouts, PayPayout, RequestPayout};
use jinfu::domain::pickup::{Confirmation, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentKind, DocumentNo, Event, HouseholdNo, MaterialCode,
    Money, Month, Quantity, Refusal, Request, Role, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::{Answer, Ledger};
use serde_json::Value;

use crate::harness::{Database, Engine, program, refusal, repository};

pub(crate) fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    parse_time("at", &format!("2025-{text}:00+08:00")).unwrap()
}

pub(crate) fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

pub(crate) fn request(household: &str, amount: &str, time: &str) -> Command {
    Command::RequestPayout(RequestPayout {
        household_no: HouseholdNo::parse("household_no", household).unwrap(),
        amount: Money::parse_signed("amount", amount).unwrap(),
        requested_at: at(time),
    })
}

pub(crate) fn approve(no: &str, time: &str) -> Command {
    Command::ApprovePayout(ApprovePayout {
        number: number(no),
        approved_at: at(time),
    })
}

pub(crate) fn pay(no: &str, time: &str) -> Command {
    Command::PayPayout(PayPayout {
        number: number(no),
        paid_at: at(time),
        paid_from: PaidFrom::Cash(Custodian::parse("custodian", None).unwrap()),
    })
}

pub(crate) fn cancel(no: &str, time: &str) -> Command {
    Command::CancelPayout(CancelPayout {
        number: number(no),
        cancelled_at: at(time),
        reason: "changed their mind".to_owned(),
    })
}

pub(crate) fn void(no: &str, time: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind: DocumentKind::Payout,
        number: number(no),
        voided_at: at(time),
        reason: "paid to the wrong house".to_owned(),
    })
}

pub(crate) fn expire() -> Command {
    Command::ExpirePayouts(ExpirePayouts {})
}

pub(crate) fn carton(kilograms: &str) -> Vec<WeighedLine> {
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: Quantity::parse("gross", kilograms, WrittenUnit::Kg).unwrap(),
        tare: Quantity::parse("tare", "0", WrittenUnit::Kg).unwrap(),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

pub(crate) fn pickup(no: &str, household: &str, kilograms: &str, time: &str) -> Command {
    Command::RecordPickup(RecordPickup {
        phone: None,
        device: None,
        told_list: None,
        is_paper: false,
        round: None,
        pickup_no: number(no),
        occurred_at: at(time),
        household_no: HouseholdNo::parse("household_no", household).unwrap(),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: carton(kilograms),
    })
}

pub(crate) fn void_pickup(no: &str, time: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        phone: None,
        pickup_no: number(no),
        voided_at: at(time),
        reason: "weighed twice".to_owned(),
    })
}

/// The worked month's village before its first event: H003 has a credit of 31.50 and owes nothing.
pub(crate) struct Village {
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    pub(crate) code: VillageCode,
}

impl Village {
    pub(crate) async fn new(engine: Engine) -> Village {
        Village::opened(engine, |_| true).await
    }

    /// The village after those of its first commands that are kept, each as it was changed.
    pub(crate) async fn opened(
        engine: Engine,
        mut keep: impl FnMut(&mut Command) -> bool,
    ) -> Village {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-09-30T23:00:00+08:00", 1).await;
        let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
        for step in plan.steps {
            let mut request = step.request;
            if keep(&mut request.command) {
                ledger.submit(request).await.unwrap();
            }
        }
        let code = plan.village;
        Village {
            database,
            ledger,
            code,
        }
    }

    pub(crate) fn by(&self, name: &str, command: Command) -> Request {
        Request {
            village: self.code.clone(),
            id: self.ledger.chance().command_id(self.ledger.clock().now()),
            actor: Actor::new(Role::Clerk, name),
            command,
        }
    }

    pub(crate) async fn submit(&self, name: &str, command: Command) -> Answer {
        self.ledger.submit(self.by(name, command)).await
    }

    /// The clerk Wang gives a command, and it is recorded.
    pub(crate) async fn done(&self, command: Command) -> Event {
        self.done_by("wang", command).await
    }

    pub(crate) async fn done_by(&self, name: &str, command: Command) -> Event {
        match self.submit(name, command).await {
            Ok(Outcome::Recorded(recorded)) => recorded.event,
            other => panic!("expected an entry, got {other:?}"),
        }
    }

    /// The command is refused, and leaves every balance as it was.
    pub(crate) async fn refused_by(&self, name: &str, command: Command) -> Refusal {
        let before = self.standing().await;
        let refusal = refusal(self.submit(name, command).await);
        assert_eq!(self.standing().await, before, "{refusal}");
        refusal
    }

    pub(crate) async fn refused(&self, command: Command) -> Refusal {
        self.refused_by("wang", command).await
    }

    /// The command is refused because of the payout's state.
    pub(crate) async fn refused_in(&self, name: &str, command: Command, is: &str, wanted: &str) {
        match self.refused_by(name, command).await {
            Refusal::PayoutInOtherState { state, step, .. } => {
                assert_eq!((state, step), (is, wanted));
            }
            other => panic!("{is} {wanted}: {other}"),
        }
    }

    pub(crate) async fn standing(&self) -> (i64, String, String) {
        let report = self.report().await.to_string();
        let open = self.ledger.open_payouts(&self.code).await.unwrap();
        let head = self.ledger.head(&self.code).await.unwrap();
        (head.next_seq, report, format!("{open:?}"))
    }

    pub(crate) async fn report(&self) -> Value {
        let report = self.ledger.report(&self.code, month("2025-09")).await;
        let report = report.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(&report).unwrap()
    }

    /// The credit of a household.
    pub(crate) async fn credit(&self, household: &str) -> String {
        let household = HouseholdNo::parse("household_no", household).unwrap();
        let statement = self.ledger.statement(&self.code, &household, (None, None));
        statement.await.unwrap().credit_closing.to_string()
    }

    /// The numbers of the payouts that are open and hold credit.
    pub(crate) async fn held(&self) -> Vec<String> {
        let open = self.ledger.open_payouts(&self.code).await.unwrap();
        let open = open.into_iter().filter(|payout| !payout.is_overdue);
        open.map(|payout| payout.number).collect()
    }

    pub(crate) async fn close(self) {
        self.database.close(self.ledger).await;
    }
}
