//! Held pickups: each reason and its border, what the clerk decides, told prices, kin, devices, and who may correct.

use jinfu::domain::collector::RegisterCollector;
use jinfu::domain::decide::Outcome;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::held::{HeldDecision, HoldReason, ResolveHeld};
use jinfu::domain::month::parse_time;
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Month,
    Quantity, Refusal, Request, Role, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::{Answer, Ledger};

use crate::harness::{Database, Engine, on_both, on_both_in_turn, program, refusal, repository};

/// The worked month's village before its first event.
pub(crate) struct Village {
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    pub(crate) code: VillageCode,
}

pub(crate) fn number(no: &str) -> DocumentNo {
    DocumentNo::parse("no", no).unwrap()
}

pub(crate) fn household(no: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", no).unwrap()
}

pub(crate) fn weighed(lines: &[(&str, &str)]) -> Vec<WeighedLine> {
    let line = |(material, gross): &(&str, &str)| {
        let is_weight = gross.contains('.');
        let unit = if is_weight {
            WrittenUnit::Kg
        } else {
            WrittenUnit::Piece
        };
        WeighedLine {
            material: MaterialCode::parse("material", material).unwrap(),
            gross: Quantity::parse("gross", gross, unit).unwrap(),
            tare: Quantity::parse("tare", "0", unit).unwrap(),
            deduction: 0,
            deduction_reason: String::new(),
        }
    };
    lines.iter().map(line).collect()
}

pub(crate) fn at(time: &str) -> jiff::Timestamp {
    parse_time("at", &format!("2025-09-{time}+08:00")).unwrap()
}

/// A pickup by C1, without a device.
pub(crate) fn pickup(no: &str, time: &str, of: &str, lines: &[(&str, &str)]) -> RecordPickup {
    RecordPickup {
        phone: None,
        round: None,
        pickup_no: number(no),
        occurred_at: at(time),
        household_no: household(of),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: weighed(lines),
        device: None,
        told_list: None,
        is_paper: false,
    }
}

pub(crate) fn from(device: &str, command: RecordPickup) -> RecordPickup {
    RecordPickup {
        device: Some(device.to_owned()),
        ..command
    }
}

impl Village {
    pub(crate) async fn new(engine: Engine) -> Village {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-10-01T00:00:00+08:00", 1).await;
        let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        Village {
            database,
            ledger,
            code: plan.village,
        }
    }

    fn request(&self, actor: Actor, command: Command) -> Request {
        Request {
            village: self.code.clone(),
            id: self.ledger.chance().command_id(self.ledger.clock().now()),
            actor,
            command,
        }
    }

    pub(crate) async fn by(&self, role: Role, name: &str, command: Command) -> Answer {
        let request = self.request(Actor::new(role, name), command);
        self.ledger.submit(request).await
    }

    pub(crate) async fn done(&self, command: Command) -> Event {
        match self.by(Role::Clerk, "test", command).await {
            Ok(Outcome::Recorded(recorded)) => recorded.event,
            other => panic!("{other:?}"),
        }
    }

    /// The command is refused, and the book stays as it was.
    pub(crate) async fn refused(&self, role: Role, name: &str, command: Command) -> Refusal {
        let before = self.ledger.head(&self.code).await.unwrap();
        let refusal = refusal(self.by(role, name, command).await);
        assert_eq!(self.ledger.head(&self.code).await.unwrap(), before);
        refusal
    }

    /// Why a pickup is held; nothing if it was recorded.
    pub(crate) async fn record(&self, command: RecordPickup) -> Vec<HoldReason> {
        match self.done(Command::RecordPickup(command)).await {
            Event::PickupHeld(held) => held.reasons,
            Event::PickupRecorded(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn codes(&self, command: RecordPickup) -> Vec<String> {
        let reasons = self.record(command).await;
        let code = |reason: &HoldReason| reason.facts()["code"].as_str().unwrap().to_owned();
        reasons.iter().map(code).collect()
    }

    pub(crate) async fn resolve(&self, no: &str, decision: HeldDecision) -> Event {
        self.done(resolve(no, decision, "looked at")).await
    }

    /// Credit of a household, and how many lines its statement has.
    pub(crate) async fn statement(&self, of: &str) -> (String, usize) {
        let of = household(of);
        let statement = self.ledger.statement(&self.code, &of, (None, None));
        let statement = statement.await.unwrap();
        (statement.credit_closing.to_string(), statement.lines.len())
    }

    pub(crate) async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

pub(crate) fn resolve(no: &str, decision: HeldDecision, reason: &str) -> Command {
    Command::ResolveHeld(ResolveHeld {
        pickup_no: number(no),
        decision,
        decided_at: at("30T18:00:00"),
        reason: reason.to_owned(),
    })
}

pub(crate) fn void(no: &str, time: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        phone: None,
        pickup_no: number(no),
        voided_at: at(time),
        reason: "typing mistake".to_owned(),
    })
}

pub(crate) fn correct(no: &str, time: &str, lines: &[(&str, &str)]) -> Command {
    Command::CorrectPickup(CorrectPickup {
        pickup_no: number(no),
        new_no: number(&format!("{no}-1")),
        corrected_at: at(time),
        lines: weighed(lines),
        reason: "typing mistake".to_owned(),
    })
}

#[test]
fn more_than_a_hundred_kilograms_or_two_hundred_yuan_is_held() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let most = pickup("A-1", "05T08:00:00", "H001", &[("ZB", "100.000")]);
        assert_eq!(village.record(most).await, []);
        let over = pickup("A-2", "05T08:00:00", "H002", &[("ZB", "100.001")]);
        assert_eq!(village.codes(over).await, ["heavy-line"]);
        let most = pickup("A-3", "05T08:00:00", "H003", &[("PET", "100.000")]);
        assert_eq!(village.record(most).await, []);
        let lines = [("PET", "100.000"), ("PJ", "1")];
        let over = pickup("A-4", "05T08:00:00", "H004", &lines);
        let expected = HoldReason::LargePickup {
            amount: Money::from_fen(20_010),
            most: Money::from_fen(20_000),
        };
        assert_eq!(village.record(over).await, [expected]);
        village.close().await;
    });
}

#[test]
fn more_than_five_times_the_usual_is_held_from_ten_earlier_lines_on() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        // All in one batch: each sees those before it.
        let mut waiting = Vec::new();
        let mut ask = async |command: RecordPickup| {
            let actor = Actor::new(Role::Clerk, "test");
            let request = village.request(actor, Command::RecordPickup(command));
            waiting.push(village.ledger.enqueue(request).await.unwrap());
        };
        for day in 1..=10 {
            let time = format!("{day:02}T08:00:00");
            ask(pickup(
                &format!("A-{day}"),
                &time,
                "H001",
                &[("ZB", "1.000")],
            ))
            .await;
            if day < 10 {
                ask(pickup(
                    &format!("B-{day}"),
                    &time,
                    "H002",
                    &[("ZB", "1.000")],
                ))
                .await;
            }
        }
        ask(pickup("A-over", "11T08:00:00", "H001", &[("ZB", "5.001")])).await;
        ask(pickup("A-most", "12T08:00:00", "H001", &[("ZB", "5.000")])).await;
        ask(pickup("B-over", "11T08:00:00", "H002", &[("ZB", "50.000")])).await;
        let mut held = Vec::new();
        for answer in waiting {
            let Ok(Outcome::Recorded(recorded)) = answer.answer().await else {
                panic!("not recorded");
            };
            if let Event::PickupHeld(event) = recorded.event {
                held.push((event.pickup.pickup_no.to_string(), event.reasons));
            }
        }
        let reason = HoldReason::UnusualLine {
            material: MaterialCode::parse("material", "ZB").unwrap(),
            quantity: Quantity::grams(5_001),
            usual: Quantity::grams(1_000),
            times: 5,
        };
        assert_eq!(held, [("A-over".to_owned(), vec![reason])]);
        // The lines that another batch wrote are seen as well, and one that was voided counts no more.
        let again = pickup("A-25", "13T08:00:00", "H001", &[("ZB", "25.001")]);
        assert_eq!(village.codes(again).await, ["unusual-line"]);
        village.done(void("A-most", "13T09:00:00")).await;
        let again = pickup("A-26", "14T08:00:00", "H001", &[("ZB", "5.001")]);
        assert_eq!(village.codes(again).await, ["unusual-line"]);
        village.done(void("A-1", "14T09:00:00")).await;
        let again = pickup("A-27", "15T08:00:00", "H001", &[("ZB", "5.001")]);
        assert_eq!(
            village.record(again).await,
            [],
            "nine earlier lines are left"
        );
        village.close().await;
    });
}

#[test]
fn nearly_the_same_from_another_device_within_ninety_minutes_is_held() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        // Household, first line, second line, when, device of the second, whether it is held.
        let cases = [
            (
                "H001",
                ("PET", "10.000"),
                ("PET", "10.200"),
                "09:30:00",
                "D2",
                true,
            ),
            (
                "H002",
                ("PET", "10.000"),
                ("PET", "10.201"),
                "09:30:00",
                "D2",
                false,
            ),
            (
                "H003",
                ("PET", "2.400"),
                ("PET", "2.500"),
                "06:30:00",
                "D2",
                true,
            ),
            (
                "H004",
                ("PET", "2.400"),
                ("PET", "2.501"),
                "08:10:00",
                "D2",
                false,
            ),
            (
                "H005",
                ("PET", "2.400"),
                ("PET", "2.400"),
                "09:30:01",
                "D2",
                false,
            ),
            (
                "H006",
                ("PET", "2.400"),
                ("PET", "2.400"),
                "08:10:00",
                "D1",
                false,
            ),
            ("H001", ("PJ", "24"), ("PJ", "24"), "08:10:00", "D2", true),
            ("H002", ("PJ", "24"), ("PJ", "25"), "08:10:00", "D2", false),
        ];
        for (case, (of, first, second, time, device, is_held)) in (1..).zip(cases) {
            let day = 10 + case;
            let (first_no, second_no) = (format!("A-{case}"), format!("B-{case}"));
            let first = pickup(&first_no, &format!("{day}T08:00:00"), of, &[first]);
            assert_eq!(village.record(from("D1", first)).await, []);
            let second = pickup(&second_no, &format!("{day}T{time}"), of, &[second]);
            let reasons = village.record(from(device, second)).await;
            let collides = reasons.iter().any(|reason| {
                matches!(reason, HoldReason::PossibleDuplicate { pickup_no, .. } if pickup_no.as_str() == first_no)
            });
            assert_eq!(
                (collides, reasons.len()),
                (is_held, usize::from(is_held)),
                "{case}"
            );
        }
        village.close().await;
    });
}

#[test]
fn a_held_pickup_stands_in_no_total_and_is_decided_about_once() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let before = village.statement("H004").await;
        village
            .record(pickup("A-4", "19T08:50:00", "H004", &[("PET", "2.400")]))
            .await;
        let twice = RecordPickup {
            collector: CollectorCode::parse("collector", "C2").unwrap(),
            ..pickup("B-1", "19T08:52:00", "H004", &[("PET", "2.400")])
        };
        assert_eq!(village.codes(twice.clone()).await, ["possible-duplicate"]);
        assert_eq!(before, ("0.00".to_owned(), 2));
        assert_eq!(village.statement("H004").await, ("4.80".to_owned(), 3));
        let month = Month::parse("month", "2025-09").unwrap();
        let report = village.ledger.report(&village.code, month).await.unwrap();
        assert_eq!(
            (report.pickups, report.credit.pickups),
            (1, Money::from_fen(480))
        );
        let clerk = async |command| village.refused(Role::Clerk, "test", command).await;
        let held = Refusal::PickupHeld {
            number: "B-1".to_owned(),
        };
        assert_eq!(clerk(void("B-1", "21T09:00:00")).await, held);
        assert_eq!(
            clerk(correct("B-1", "21T09:00:00", &[("PET", "2.400")])).await,
            held
        );
        let taken = clerk(Command::RecordPickup(twice)).await;
        assert!(
            matches!(taken, Refusal::DocumentNoTaken { .. }),
            "{taken:?}"
        );
        let release = || resolve("B-1", HeldDecision::AsItIs, "");
        let refusal = village.refused(Role::Collector, "C1", release()).await;
        assert!(
            matches!(refusal, Refusal::OnlyClerkResolves { .. }),
            "{refusal:?}"
        );
        let refusal = clerk(resolve("A-4", HeldDecision::AsItIs, "")).await;
        assert!(matches!(refusal, Refusal::NotHeld { .. }), "{refusal:?}");
        let refusal = clerk(resolve("B-1", HeldDecision::Reject, " ")).await;
        assert_eq!(refusal, Refusal::Empty { field: "reason" });
        // Charges and offset pass it by.
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        village
            .done(Command::OffsetCredit(OffsetCredit { month }))
            .await;
        assert_eq!(village.statement("H004").await.0, "0.00");
        assert_eq!(
            village
                .ledger
                .held_pickups(&village.code)
                .await
                .unwrap()
                .len(),
            1
        );
        village.done(release()).await;
        assert_eq!(
            village
                .ledger
                .held_pickups(&village.code)
                .await
                .unwrap()
                .len(),
            0
        );
        assert_eq!(village.statement("H004").await.0, "4.80");
        let report = village.ledger.report(&village.code, month).await.unwrap();
        assert_eq!(
            (report.pickups, report.credit.pickups),
            (2, Money::from_fen(960))
        );
        let refusal = clerk(release()).await;
        assert!(
            matches!(refusal, Refusal::HeldResolvedAlready { .. }),
            "{refusal:?}"
        );
        village.done(void("B-1", "21T09:00:00")).await;
        assert_eq!(village.statement("H004").await.0, "0.00");
        let refusal = clerk(void("B-1", "21T09:00:00")).await;
        assert!(
            matches!(refusal, Refusal::AlreadyReversed { .. }),
            "{refusal:?}"
        );
        village.close().await;
    });
}

#[test]
fn a_collector_who_weighs_for_his_kin_is_looked_at_and_the_clerk_may_name_another_household() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let list = |households: &[&str]| {
            Command::RegisterCollector(RegisterCollector {
                collector: CollectorCode::parse("collector", "C1").unwrap(),
                households: households.iter().map(|no| household(no)).collect(),
            })
        };
        village.done(list(&["H001", "H002"])).await;
        let refusal = village.refused(Role::Clerk, "test", list(&["H999"])).await;
        assert!(
            matches!(refusal, Refusal::HouseholdUnknown { .. }),
            "{refusal:?}"
        );
        let kin = |no, of| pickup(no, "05T08:00:00", of, &[("ZB", "1.000")]);
        assert_eq!(village.codes(kin("A-1", "H002")).await, ["own-household"]);
        assert_eq!(village.record(kin("A-2", "H003")).await, []);
        let before = (
            village.statement("H002").await,
            village.statement("H004").await.1,
        );
        let other = HeldDecision::ToHousehold(household("H004"));
        let Event::HeldResolved(resolved) = village.resolve("A-1", other).await else {
            panic!("not resolved");
        };
        assert_eq!(resolved.recorded.unwrap().household_no, household("H004"));
        assert_eq!(village.statement("H002").await, before.0);
        assert_eq!(village.statement("H004").await.1, before.1 + 1);
        village.done(list(&["H003"])).await;
        assert_eq!(
            village.record(kin("A-3", "H002")).await,
            [],
            "the list was replaced"
        );
        village.close().await;
    });
}
