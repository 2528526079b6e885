//! Payouts: credit on hold, four eyes, states, days, voids that take the cover away, and the command line.

use jinfu::domain::decide::Outcome;
use jinfu::domain::fee::{Basis, ChargeFees};
use jinfu::domain::month::parse_time;
use jinfu::domain::opening::VoidOpening;
use jinfu::domain::payout::{
    ApprovePayout, CancelPayout, ExpirePayouts, PaidFrom, PayPayout, RequestPayout,
};
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentKind, DocumentNo, Event, HouseholdNo, MaterialCode,
    Money, Month, Quantity, Refusal, Request, Role, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::{Answer, Ledger};
use serde_json::Value;

use crate::harness::{Database, Engine, jinfu, json_file, on_both, program, refusal, repository};

fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

fn at(text: &str) -> jiff::Timestamp {
    parse_time("at", &format!("2025-{text}:00+08:00")).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

fn request(household: &str, amount: &str, time: &str) -> Command {
    Command::RequestPayout(RequestPayout {
        household_no: HouseholdNo::parse("household_no", household).unwrap(),
        amount: Money::parse_signed("amount", amount).unwrap(),
        requested_at: at(time),
    })
}

fn approve(no: &str, time: &str) -> Command {
    Command::ApprovePayout(ApprovePayout {
        number: number(no),
        approved_at: at(time),
    })
}

fn pay(no: &str, time: &str) -> Command {
    Command::PayPayout(PayPayout {
        number: number(no),
        paid_at: at(time),
        paid_from: PaidFrom::Cash(String::new()),
    })
}

fn cancel(no: &str, time: &str) -> Command {
    Command::CancelPayout(CancelPayout {
        number: number(no),
        cancelled_at: at(time),
        reason: "changed their mind".to_owned(),
    })
}

fn void(no: &str, time: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind: DocumentKind::Payout,
        number: number(no),
        voided_at: at(time),
        reason: "paid to the wrong house".to_owned(),
    })
}

fn expire() -> Command {
    Command::ExpirePayouts(ExpirePayouts {})
}

fn carton(kilograms: &str) -> Vec<WeighedLine> {
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: Quantity::parse("gross", kilograms, WrittenUnit::Kg).unwrap(),
        tare: Quantity::parse("tare", "0", WrittenUnit::Kg).unwrap(),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

fn pickup(no: &str, household: &str, kilograms: &str, time: &str) -> Command {
    Command::RecordPickup(RecordPickup {
        pickup_no: number(no),
        occurred_at: at(time),
        household_no: HouseholdNo::parse("household_no", household).unwrap(),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: carton(kilograms),
    })
}

fn void_pickup(no: &str, time: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        pickup_no: number(no),
        voided_at: at(time),
        reason: "weighed twice".to_owned(),
    })
}

/// The worked month's village before its first event: H003 has a credit of 31.50 and owes nothing.
struct Village {
    database: Database,
    ledger: Ledger,
    code: VillageCode,
}

impl Village {
    async fn new(engine: Engine) -> Village {
        Village::opened(engine, |_| true).await
    }

    /// The village after those of its first commands that are kept, each as it was changed.
    async fn opened(engine: Engine, mut keep: impl FnMut(&mut Command) -> bool) -> Village {
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

    fn by(&self, name: &str, command: Command) -> Request {
        Request {
            village: self.code.clone(),
            id: self.ledger.chance().command_id(self.ledger.clock().now()),
            actor: Actor::new(Role::Clerk, name),
            command,
        }
    }

    async fn submit(&self, name: &str, command: Command) -> Answer {
        self.ledger.submit(self.by(name, command)).await
    }

    /// The clerk Wang gives a command, and it is recorded.
    async fn done(&self, command: Command) -> Event {
        self.done_by("wang", command).await
    }

    async fn done_by(&self, name: &str, command: Command) -> Event {
        match self.submit(name, command).await {
            Ok(Outcome::Recorded(recorded)) => recorded.event,
            other => panic!("expected an entry, got {other:?}"),
        }
    }

    /// The command is refused, and leaves every balance as it was.
    async fn refused_by(&self, name: &str, command: Command) -> Refusal {
        let before = self.standing().await;
        let refusal = refusal(self.submit(name, command).await);
        assert_eq!(self.standing().await, before, "{refusal}");
        refusal
    }

    async fn refused(&self, command: Command) -> Refusal {
        self.refused_by("wang", command).await
    }

    /// The command is refused because of the payout's state.
    async fn refused_in(&self, name: &str, command: Command, is: &str, wanted: &str) {
        match self.refused_by(name, command).await {
            Refusal::PayoutInOtherState { state, step, .. } => {
                assert_eq!((state, step), (is, wanted));
            }
            other => panic!("{is} {wanted}: {other}"),
        }
    }

    async fn standing(&self) -> (i64, String, String) {
        let report = self.report().await.to_string();
        let open = self.ledger.open_payouts(&self.code).await.unwrap();
        let head = self.ledger.head(&self.code).await.unwrap();
        (head.next_seq, report, format!("{open:?}"))
    }

    async fn report(&self) -> Value {
        let report = self.ledger.report(&self.code, month("2025-09")).await;
        let report = report.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(&report).unwrap()
    }

    /// The credit of a household.
    async fn credit(&self, household: &str) -> String {
        let household = HouseholdNo::parse("household_no", household).unwrap();
        let statement = self.ledger.statement(&self.code, &household, (None, None));
        statement.await.unwrap().credit_closing.to_string()
    }

    /// The numbers of the payouts that are open and hold credit.
    async fn held(&self) -> Vec<String> {
        let open = self.ledger.open_payouts(&self.code).await.unwrap();
        let open = open.into_iter().filter(|payout| !payout.is_overdue);
        open.map(|payout| payout.number).collect()
    }

    async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

#[test]
fn the_payout_of_the_worked_month_comes_out_to_the_fen() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let iron = WeighedLine {
            material: MaterialCode::parse("material", "FE1").unwrap(),
            gross: Quantity::parse("gross", "6.800", WrittenUnit::Kg).unwrap(),
            ..carton("1")[0].clone()
        };
        let wet = WeighedLine {
            deduction: 50,
            deduction_reason: "wet".to_owned(),
            ..carton("30.000")[0].clone()
        };
        let Command::RecordPickup(recorded) = pickup("A-0003", "H003", "1", "09-19T08:30") else {
            unreachable!()
        };
        let lines = vec![wet, iron];
        village
            .done(Command::RecordPickup(RecordPickup { lines, ..recorded }))
            .await;
        village.done(request("H003", "30.00", "09-27T10:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-27T10:00"))
            .await;
        village.done(pay("2025-000001", "09-27T10:00")).await;
        let month = month("2025-09");
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        village
            .done(Command::OffsetCredit(OffsetCredit { month }))
            .await;
        let report = village.report().await;
        let row = |report: &Value| {
            let rows = report["households"].as_array().unwrap().clone();
            rows.into_iter()
                .find(|row| row["household_no"] == "H003")
                .unwrap()
        };
        let expected = json_file("tests/golden/2025-09/expected.json");
        assert_eq!(row(&report), row(&expected));
        assert_eq!(report["credit"]["payouts"], expected["credit"]["payouts"]);
        // 800.00 of the opening less the payout.
        assert_eq!(report["accounts"]["1001"], "770.00");
        village.close().await;
    });
}

#[test]
fn a_request_is_refused_by_what_stands_in_its_way() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let refused = async |household: &str, amount: &str, time: &str| {
            let refusal = village.refused(request(household, amount, time)).await;
            refusal.code()
        };
        let day = "09-10T09:00";
        assert_eq!(refused("H003", "19.99", day).await, "payout-too-small");
        assert_eq!(refused("H003", "-20.00", day).await, "payout-too-small");
        assert_eq!(refused("H003", "31.51", day).await, "payout-not-covered");
        assert_eq!(refused("H001", "20.00", day).await, "payout-not-covered");
        assert_eq!(refused("H002", "20.00", day).await, "payout-while-owing");
        assert_eq!(refused("H099", "20.00", day).await, "household-unknown");
        assert_eq!(
            refused("H003", "20.00", "10-10T09:00").await,
            "in-the-future"
        );
        assert_eq!(
            refused("H003", "20.00", "08-10T09:00").await,
            "before-opening"
        );
        let settings = Settings {
            payout_months: vec![1, 12],
            ..Settings::default()
        };
        let change = |settings| Command::ChangeSettings(ChangeSettings { settings });
        village.done(change(settings)).await;
        let refusal = village.refused(request("H003", "20.00", day)).await;
        assert!(
            matches!(&refusal, Refusal::PayoutOutsideWindow { months, .. } if months == "1, 12"),
            "{refusal}"
        );
        village.done(change(Settings::default())).await;
        village.done(request("H003", "20.00", day)).await;
        let refusal = village.refused(request("H003", "20.00", day)).await;
        let Refusal::PayoutNotCovered {
            credit, on_hold, ..
        } = refusal
        else {
            panic!("{refusal}");
        };
        assert_eq!(
            [credit, on_hold].map(|sum| sum.to_string()),
            ["31.50", "20.00"]
        );
        village.close().await;
    });
}

#[test]
fn every_step_in_a_wrong_state_is_refused_with_the_state_and_the_reason() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (first, second, third) = ("2025-000001", "2025-000002", "2025-000003");
        let day = "09-10T09:00";
        for command in [
            approve(first, day),
            pay(first, day),
            cancel(first, day),
            void(first, day),
        ] {
            assert_eq!(village.refused(command).await.code(), "document-unknown");
        }
        village.done(request("H003", "20.00", day)).await;
        village
            .refused_in("wang", pay(first, day), "requested", "pay")
            .await;
        village
            .refused_in("wang", void(first, day), "requested", "void")
            .await;
        let own = village.refused(approve(first, day)).await;
        assert!(
            matches!(&own, Refusal::PayoutOwnApproval { requested_by, .. } if requested_by == "clerk:wang"),
            "{own}"
        );
        let early = village
            .refused_by("li", approve(first, "09-10T08:59"))
            .await;
        assert_eq!(early.code(), "payout-step-too-early");
        village.done_by("li", approve(first, day)).await;
        village
            .refused_in("li", approve(first, day), "approved", "approve")
            .await;
        village
            .refused_in("wang", void(first, day), "approved", "void")
            .await;
        village.done(pay(first, "09-11T09:00")).await;
        village
            .refused_in("li", approve(first, "09-11T09:00"), "paid", "approve")
            .await;
        village
            .refused_in("wang", pay(first, "09-11T09:00"), "paid", "pay")
            .await;
        village
            .refused_in("wang", cancel(first, "09-11T09:00"), "paid", "cancel")
            .await;
        assert_eq!(village.credit("H003").await, "11.50");
        village.done(void(first, "09-12T09:00")).await;
        assert_eq!(village.credit("H003").await, "31.50");
        assert_eq!(village.report().await["credit"]["payouts"], "0.00");
        let twice = village.refused(void(first, "09-12T09:00")).await;
        assert_eq!(twice.code(), "already-reversed");
        let late = "09-12T09:00";
        village
            .refused_in("li", approve(first, late), "voided", "approve")
            .await;
        village
            .refused_in("wang", pay(first, late), "voided", "pay")
            .await;
        village
            .refused_in("wang", cancel(first, late), "voided", "cancel")
            .await;
        village.done(request("H003", "20.00", day)).await;
        village.done(cancel(second, late)).await;
        village
            .refused_in("li", approve(second, late), "cancelled", "approve")
            .await;
        village
            .refused_in("wang", pay(second, late), "cancelled", "pay")
            .await;
        village
            .refused_in("wang", cancel(second, late), "cancelled", "cancel")
            .await;
        village
            .refused_in("wang", void(second, late), "cancelled", "void")
            .await;
        village.done(request("H003", "20.00", day)).await;
        assert_eq!(village.held().await, [third]);
        village.close().await;
    });
}

#[test]
fn paying_an_older_payout_gives_no_number_twice() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "90.000", "09-20T09:00"))
            .await;
        let day = "09-21T09:00";
        village.done(request("H003", "20.00", day)).await;
        village.done(request("H003", "20.00", day)).await;
        village.done_by("li", approve("2025-000001", day)).await;
        village.done(pay("2025-000001", day)).await;
        village.done(request("H003", "20.00", day)).await;
        assert_eq!(village.held().await, ["2025-000002", "2025-000003"]);
        village.close().await;
    });
}

#[test]
fn the_last_fen_of_credit_is_never_spent_twice() {
    on_both(async |engine| {
        let village = Village::opened(engine, |command| {
            if let Command::OpenVillage(village) = command {
                village.credit.payout_min = Money::ZERO;
            }
            true
        })
        .await;
        // Sixteen ask at once for the same credit of 31.50.
        let granted = async |make: &dyn Fn(usize) -> Command| {
            let mut pending = Vec::new();
            for caller in 0..16 {
                let request = village.by(&format!("caller{caller}"), make(caller));
                pending.push(village.ledger.enqueue(request).await.unwrap());
            }
            let mut granted = 0;
            for answer in pending {
                granted += usize::from(answer.answer().await.is_ok());
            }
            granted
        };
        let day = "09-10T09:00";
        assert_eq!(granted(&|_| request("H003", "10.00", day)).await, 3);
        assert_eq!(granted(&|_| request("H003", "0.50", day)).await, 3);
        assert_eq!(granted(&|_| request("H003", "0.01", day)).await, 0);
        let held = village.held().await;
        assert_eq!(held.len(), 6);
        // Sixteen approve and pay each of them at once; each is paid once.
        for no in &held {
            assert_eq!(granted(&|_| approve(no, day)).await, 1);
            assert_eq!(granted(&|_| pay(no, day)).await, 1);
        }
        assert_eq!(village.credit("H003").await, "0.00");
        assert_eq!(village.report().await["credit"]["payouts"], "-31.50");
        village.close().await;
    });
}

#[test]
fn the_offset_leaves_what_is_on_hold() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.done(request("H003", "25.00", "09-10T09:00")).await;
        let month = month("2025-09");
        let offset = || Command::OffsetCredit(OffsetCredit { month });
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "25.00");
        let again = village.submit("wang", offset()).await.unwrap();
        assert_eq!(again, Outcome::NothingToDo);
        // Released, the hold is offset as well: 10.00 of fees are paid, 21.50 are left.
        village.done(cancel("2025-000001", "09-11T09:00")).await;
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "21.50");
        village.close().await;
    });
}

#[test]
fn a_void_or_correction_cancels_the_newest_payouts_that_lost_their_cover() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        // 31.50 of the opening, 40.00 and 20.00 of pickups; on hold 30.00, 20.00 and 21.00.
        let (wang, li) = ("wang", "li");
        village
            .done(pickup("A-1", "H003", "50.000", "09-20T09:00"))
            .await;
        village
            .done(pickup("A-2", "H003", "25.000", "09-20T10:00"))
            .await;
        village.done(request("H003", "30.00", "09-21T09:00")).await;
        village.done(request("H003", "20.00", "09-21T10:00")).await;
        village.done(request("H003", "21.00", "09-21T11:00")).await;
        village
            .done_by(li, approve("2025-000003", "09-21T12:00"))
            .await;
        // 71.50 cover 71.00.
        let event = village.done(void_pickup("A-2", "09-22T09:00")).await;
        assert_eq!(event.cancelled_payouts(), []);
        // 70.70 do not: the newest goes, approved or not, in the same entry.
        let event = village
            .done(Command::CorrectPickup(CorrectPickup {
                pickup_no: number("A-1"),
                new_no: number("A-1-1"),
                corrected_at: at("09-22T10:00"),
                lines: carton("49.000"),
                reason: "read wrongly".to_owned(),
            }))
            .await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000003")]);
        let late = "09-23T09:00";
        village
            .refused_in(wang, pay("2025-000003", late), "cancelled", "pay")
            .await;
        let event = village.done(void_pickup("A-1-1", "09-22T11:00")).await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000002")]);
        assert_eq!(village.held().await, ["2025-000001"]);
        // The opening credit that was never there takes the last one with it.
        let event = village
            .done(Command::VoidOpening(VoidOpening {
                number: number("credit/H003"),
                voided_at: at("09-24T09:00"),
                reason: "typed for another house".to_owned(),
            }))
            .await;
        assert_eq!(event.cancelled_payouts(), [number("2025-000001")]);
        assert_eq!(village.held().await, [""; 0]);
        assert_eq!(village.credit("H003").await, "0.00");
        village.close().await;
    });
}

#[test]
fn one_void_cancels_as_many_payouts_as_it_takes() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "90.000", "09-20T09:00"))
            .await;
        for minute in ["09-21T09:00", "09-21T09:01", "09-21T09:02", "09-21T09:03"] {
            village.done(request("H003", "25.00", minute)).await;
        }
        let event = village.done(void_pickup("A-1", "09-22T09:00")).await;
        let cancelled = ["2025-000004", "2025-000003", "2025-000002"];
        assert_eq!(event.cancelled_payouts(), cancelled.map(number));
        assert_eq!(village.held().await, ["2025-000001"]);
        village.close().await;
    });
}

#[test]
fn credit_that_was_paid_out_does_not_block_a_void_and_falls_below_zero() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village
            .done(pickup("A-1", "H003", "50.000", "09-20T09:00"))
            .await;
        village.done(request("H003", "60.00", "09-21T09:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-21T09:00"))
            .await;
        village.done(pay("2025-000001", "09-21T09:00")).await;
        let event = village.done(void_pickup("A-1", "09-22T09:00")).await;
        assert_eq!(event.cancelled_payouts(), []);
        assert_eq!(village.credit("H003").await, "-28.50");
        let refusal = village
            .refused(request("H003", "20.00", "09-23T09:00"))
            .await;
        assert_eq!(refusal.code(), "payout-not-covered");
        village.close().await;
    });
}

#[test]
fn a_payout_whose_days_are_over_holds_nothing_and_goes_no_further() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (first, second, third) = ("2025-000001", "2025-000002", "2025-000003");
        let nothing = village.submit("wang", expire()).await.unwrap();
        assert_eq!(nothing, Outcome::NothingToDo);
        village
            .done(pickup("A-1", "H003", "25.000", "09-20T09:00"))
            .await;
        village.done(request("H003", "25.00", "09-30T09:00")).await;
        village.done(request("H003", "25.00", "09-30T09:00")).await;
        village.done_by("li", approve(second, "09-30T09:00")).await;
        // Recorded on 30 September, they last through 30 October.
        let clock = village.ledger.clock();
        clock.set(at("10-30T23:59"));
        let refusal = village
            .refused(request("H003", "25.00", "10-30T09:00"))
            .await;
        assert_eq!(refusal.code(), "payout-not-covered");
        clock.set(at("10-31T00:00"));
        assert_eq!(village.held().await, [""; 0]);
        let day = "10-31T00:00";
        for (name, command) in [("li", approve(first, day)), ("wang", pay(second, day))] {
            let refusal = village.refused_by(name, command).await;
            let Refusal::PayoutExpired { last_day, .. } = refusal else {
                panic!("{refusal}");
            };
            assert_eq!(last_day.to_string(), "2025-10-30");
        }
        village.done(request("H003", "50.00", day)).await;
        let event = village.done(expire()).await;
        let Event::PayoutsExpired(expired) = event else {
            panic!("{event:?}");
        };
        assert_eq!(expired.numbers, [number(first), number(second)]);
        let nothing = village.submit("wang", expire()).await.unwrap();
        assert_eq!(nothing, Outcome::NothingToDo);
        let refusal = village.refused(pay(second, day)).await;
        assert_eq!(refusal.code(), "payout-expired");
        village
            .refused_in("wang", cancel(first, day), "expired", "cancel")
            .await;
        village
            .refused_in("wang", void(second, day), "expired", "void")
            .await;
        assert_eq!(village.held().await, [third]);
        village.close().await;
    });
}

#[test]
fn what_has_expired_no_longer_keeps_credit_from_the_offset() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let month = month("2025-09");
        village.done(request("H003", "31.50", "09-10T09:00")).await;
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        let offset = || Command::OffsetCredit(OffsetCredit { month });
        let nothing = village.submit("wang", offset()).await.unwrap();
        assert_eq!(nothing, Outcome::NothingToDo);
        village.ledger.clock().set(at("10-31T09:00"));
        village.done(offset()).await;
        assert_eq!(village.credit("H003").await, "21.50");
        village.close().await;
    });
}

#[test]
fn a_village_without_a_fee_pays_credit_out() {
    on_both(async |engine| {
        let village = Village::opened(engine, |command| {
            if let Command::OpenVillage(village) = command {
                village.fee.basis = Basis::None;
            }
            !matches!(command, Command::RecordOpening(opening) if opening.line.number().unwrap().as_str().starts_with("charge/"))
        })
        .await;
        let month = month("2025-09");
        for run in [
            Command::ChargeFees(ChargeFees { month }),
            Command::OffsetCredit(OffsetCredit { month }),
        ] {
            let nothing = village.submit("wang", run).await.unwrap();
            assert_eq!(nothing, Outcome::NothingToDo);
        }
        village.done(request("H003", "31.50", "09-10T09:00")).await;
        village
            .done_by("li", approve("2025-000001", "09-10T09:00"))
            .await;
        village
            .done(Command::PayPayout(PayPayout {
                number: number("2025-000001"),
                paid_at: at("09-11T09:00"),
                paid_from: PaidFrom::Bank,
            }))
            .await;
        assert_eq!(village.credit("H003").await, "0.00");
        village.close().await;
    });
}

/// Runs the program and gives its exit code with what it said on stdout and stderr.
fn told(database: &Database, words: &[&str]) -> (i32, String, String) {
    let output = jinfu("en", &database.url, words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn the_office_pays_out_at_the_command_line_and_the_book_moves_on_with_it() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let folder = repository("tests/golden/2025-09-core")
            .display()
            .to_string();
        let done = |words: &[&str]| {
            let (code, out, err) = told(&database, words);
            assert_eq!(code, 0, "{words:?}: {err}");
            out
        };
        let refused = |words: &[&str], sentence: &str| {
            let (code, _, err) = told(&database, words);
            assert_eq!(code, 1, "{words:?}: {err}");
            assert!(err.contains(sentence), "{words:?}: {err}");
        };
        done(&["import", &folder]);
        let ask = [
            "payout",
            "request",
            "--household",
            "H003",
            "--amount",
            "20.00",
        ];
        let number = [
            "--number",
            "2025-000001",
            "--at",
            "2025-09-11T09:00:00+08:00",
        ];
        done(
            &[
                &ask[..],
                &["--by", "wang", "--at", "2025-09-10T09:00:00+08:00"],
            ]
            .concat(),
        );
        let step = |verb: &'static str, more: &[&'static str]| {
            [&["payout", verb][..], &number, more].concat()
        };
        refused(&step("approve", &["--by", "wang"]), "another person");
        refused(&step("pay", &[]), "requested and not approved yet");
        let listed = done(&["payout", "list"]);
        assert!(
            listed.contains("clerk:wang") && listed.contains("20.00"),
            "{listed}"
        );
        done(&step("approve", &["--by", "li"]));
        let listed = done(&["payout", "list", "--format", "json"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed[0]["number"], "2025-000001");
        assert_eq!(listed[0]["state"], "approved");
        assert_eq!(listed[0]["approved_by"], "supervisor:li");
        assert_eq!(listed[0]["amount"], "20.00");
        done(&step("pay", &["--custodian", "zhao"]));
        refused(&step("cancel", &["--reason", "late"]), "paid already");
        let statement = done(&["statement", "--household", "H003"]);
        assert!(statement.contains("Paid out"), "{statement}");
        done(&step("void", &["--reason", "wrong house"]));
        assert!(done(&["payout", "expire"]).contains("nothing"));
        done(&[&ask[..], &["--at", "2025-09-12T09:00:00+08:00"]].concat());
        refused(
            &[&ask[..], &["--at", "2025-09-12T09:00:00+08:00"]].concat(),
            "on hold",
        );
        done(&[
            "payout",
            "cancel",
            "--number",
            "2025-000002",
            "--reason",
            "asked twice",
        ]);
        done(&["verify"]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.jsonl").display().to_string();
        done(&["export", &file]);
        let other = Database::new(Engine::Sqlite).await;
        for words in [
            &["import-journal", &file][..],
            &["verify"],
            &["payout", "list"],
        ] {
            let (code, _, err) = told(&other, words);
            assert_eq!(code, 0, "{words:?}: {err}");
        }
        other.discard().await;
        database.discard().await;
    });
}
