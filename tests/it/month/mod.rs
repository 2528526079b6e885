//! The close of a month: closed, reviewed, signed, published, opened again; what stands in the way, and what the database itself refuses.

mod checks;
mod in_memory;
mod office;

use jinfu::domain::closing::{CloseMonth, Obstacle};
use jinfu::domain::decide::Outcome;
use jinfu::domain::month_close::MonthState;
use jinfu::domain::pickup::{Confirmation, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash};
use jinfu::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Month,
    Quantity, Refusal, Request, Role, VillageCode,
};
use jinfu::ledger::{Answer, Ledger};

use crate::harness::raw::Raw;
use crate::harness::{Database, Engine, jinfu, on_both, refusal, repository};

fn code() -> VillageCode {
    VillageCode::parse("code", "430321900001").unwrap()
}

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

fn september() -> Month {
    month("2025-09")
}

/// The village of the worked month with its charges, two pickups and the offset, and books that are open for writing.
async fn village(engine: Engine) -> (Database, Ledger) {
    let database = Database::new(engine).await;
    let golden = repository("tests/golden/2025-09-core");
    let words = [
        "import",
        &golden.display().to_string(),
        "--through",
        "2025-09",
    ];
    let output = jinfu("en", &database.url, &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let ledger = database.open("2026-12-01T09:00:00+08:00", 7).await;
    for (number, day, grams) in [("P1", "03", 8_350), ("P2", "12", 4_000)] {
        let at = format!("2025-09-{day}T08:00:00+08:00");
        done(&ledger, Role::Clerk, "wang", pickup(number, &at, grams)).await;
    }
    let offset = Command::OffsetCredit(OffsetCredit { month: september() });
    act(&ledger, Role::Clerk, "wang", offset).await.unwrap();
    (database, ledger)
}

async fn act(ledger: &Ledger, role: Role, name: &str, command: Command) -> Answer {
    let id = ledger.chance().command_id(ledger.clock().now());
    let request = Request {
        village: code(),
        id,
        actor: Actor::new(role, name),
        command,
    };
    ledger.submit(request).await
}

fn close(at: Month) -> Command {
    Command::CloseMonth(CloseMonth {
        month: at,
        missing_reason: None,
    })
}

fn review(month: Month) -> Command {
    Command::ReviewMonth(ReviewMonth { month })
}

fn sign(month: Month) -> Command {
    Command::SignMonth(SignMonth { month })
}

fn publish(month: Month) -> Command {
    Command::PublishMonth(PublishMonth { month })
}

fn give_back(month: Month) -> Command {
    let reason = "a receipt is missing".to_owned();
    Command::ReturnMonth(ReturnMonth { month, reason })
}

fn reopen(month: Month) -> Command {
    let reason = "a pickup is missing".to_owned();
    Command::ReopenMonth(ReopenMonth { month, reason })
}

fn pickup(number: &str, at: &str, grams: i64) -> Command {
    Command::RecordPickup(RecordPickup {
        phone: None,
        round: None,
        device: None,
        told_list: None,
        is_paper: false,
        pickup_no: DocumentNo::parse("number", number).unwrap(),
        occurred_at: at.parse().unwrap(),
        household_no: HouseholdNo::parse("household", "H001").unwrap(),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: vec![WeighedLine {
            material: MaterialCode::parse("material", "ZB").unwrap(),
            gross: Quantity::grams(grams),
            tare: Quantity::grams(0),
            deduction: 0,
            deduction_reason: String::new(),
        }],
    })
}

fn cash(at: &str, fen: i64) -> Command {
    Command::ReceiveCash(ReceiveCash {
        household_no: HouseholdNo::parse("household", "H002").unwrap(),
        amount: Money::from_fen(fen),
        received_at: at.parse().unwrap(),
        taken_by: CashTaker::Office(String::new()),
    })
}

async fn standing(ledger: &Ledger, at: Month) -> (MonthState, i64) {
    let months = ledger.months(&code()).await.unwrap();
    let line = months.iter().find(|line| line.month == at).unwrap();
    (line.state, line.version)
}

/// What no refused command may change: the head, every balance, every figure.
async fn books(ledger: &Ledger, raw: &mut Raw) -> (String, Vec<String>) {
    let head = ledger.head(&code()).await.unwrap();
    let balances = raw.list("select account || subject || cast(balance_fen as text) from account_balance order by account, subject").await;
    (format!("{head:?}"), balances)
}

async fn done(ledger: &Ledger, role: Role, name: &str, command: Command) -> Event {
    match act(ledger, role, name, command).await {
        Ok(Outcome::Recorded(recorded)) => recorded.event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_month_is_closed_signed_opened_again_and_closed_with_its_differences() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        let at = september();
        let Event::MonthClosed(first) = done(&ledger, Role::Clerk, "wang", close(at)).await else {
            panic!("a close");
        };
        assert_eq!(first.number.as_str(), "2025-09/1");
        assert_eq!(first.check_code.len(), 8);
        assert_eq!(standing(&ledger, at).await, (MonthState::Closed, 1));
        done(&ledger, Role::Supervisor, "li", review(at)).await;
        done(&ledger, Role::Official, "zhao", sign(at)).await;
        done(&ledger, Role::Clerk, "wang", publish(at)).await;
        assert_eq!(standing(&ledger, at).await, (MonthState::Published, 1));
        let sealed = ledger.report(&code(), at).await.unwrap();
        assert!(sealed.holds(), "{:?}", sealed.checks);
        let shown = serde_json::to_value(&sealed).unwrap();
        assert_eq!(shown["state"], "published");
        assert_eq!(shown["check_code"], first.check_code.as_str());

        // A pickup that comes late stands in October, in its own column.
        let late = "2025-09-20T08:00:00+08:00";
        done(&ledger, Role::Clerk, "wang", pickup("L1", late, 1_000)).await;
        let october = ledger.report(&code(), month("2025-10")).await.unwrap();
        assert!(october.credit.prior_period.is_positive());
        assert_eq!(october.credit.pickups, Money::ZERO);
        assert!(october.holds(), "{:?}", october.checks);
        assert_eq!(ledger.report(&code(), at).await.unwrap(), sealed);

        done(&ledger, Role::Official, "zhao", reopen(at)).await;
        assert_eq!(standing(&ledger, at).await, (MonthState::Open, 1));
        done(&ledger, Role::Clerk, "wang", pickup("L2", late, 2_000)).await;
        done(
            &ledger,
            Role::Clerk,
            "wang",
            cash("2025-09-21T08:00:00+08:00", 500),
        )
        .await;
        let offset = Command::OffsetCredit(OffsetCredit { month: at });
        act(&ledger, Role::Clerk, "wang", offset).await.unwrap();
        let Event::MonthClosed(second) = done(&ledger, Role::Clerk, "wang", close(at)).await else {
            panic!("a close");
        };
        assert_eq!(second.version, 2);
        assert_ne!(second.seal, first.seal);
        let found = ledger.differences(&code(), at, None).await.unwrap();
        assert_eq!((found.before, found.after), (1, 2));
        let figure = |path: &str| found.differences.iter().find(|one| one.path == path);
        assert_eq!(figure("pickups").unwrap().before.as_deref(), Some("2"));
        assert_eq!(figure("pickups").unwrap().after.as_deref(), Some("3"));
        assert!(figure("credit/pickups").is_some());
        assert!(figure("cash_received").is_some());
        assert!(figure("credit/opening").is_none());
        database.close(ledger).await;
    });
}

#[test]
fn a_month_in_another_state_or_by_another_hand_is_refused_and_nothing_changes() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        let mut raw = Raw::open(&database).await;
        let at = september();
        let (clerk, supervisor, official) = (Role::Clerk, Role::Supervisor, Role::Official);
        // Before each step, everything that is not the next step is refused; then the step.
        let steps = [
            (clerk, "wang", close(at), "open"),
            (supervisor, "li", review(at), "closed"),
            (official, "zhao", sign(at), "reviewed"),
            (clerk, "wang", publish(at), "signed"),
        ];
        for (place, (role, name, step, state)) in steps.iter().enumerate() {
            for (other, (role, name, command, _)) in steps.iter().enumerate() {
                if other == place {
                    continue;
                }
                let before = books(&ledger, &mut raw).await;
                let refused = refusal(act(&ledger, *role, name, command.clone()).await);
                let is_named =
                    matches!(&refused, Refusal::MonthStands { state: found, .. } if found == state);
                assert!(is_named, "{state} {command:?}: {refused:?}");
                assert_eq!(before, books(&ledger, &mut raw).await);
            }
            done(&ledger, *role, name, step.clone()).await;
        }
        for (role, command) in [(supervisor, give_back(at)), (clerk, close(at))] {
            let refused = refusal(act(&ledger, role, "x", command).await);
            assert!(
                matches!(
                    refused,
                    Refusal::MonthStands {
                        state: "published",
                        ..
                    }
                ),
                "{refused:?}"
            );
        }
        // What is signed only the township opens.
        let refused = refusal(act(&ledger, clerk, "wang", reopen(at)).await);
        assert!(
            matches!(refused, Refusal::RoleMayNot { role: "clerk", .. }),
            "{refused:?}"
        );
        done(&ledger, official, "zhao", reopen(at)).await;
        for (role, command) in [(official, reopen(at)), (supervisor, give_back(at))] {
            let refused = refusal(act(&ledger, role, "x", command).await);
            assert!(
                matches!(refused, Refusal::MonthStands { state: "open", .. }),
                "{refused:?}"
            );
        }
        // Roles, and two persons.
        let refused = refusal(act(&ledger, supervisor, "li", close(at)).await);
        assert!(matches!(refused, Refusal::RoleMayNot { .. }), "{refused:?}");
        done(&ledger, clerk, "wang", close(at)).await;
        let refused = refusal(act(&ledger, supervisor, "wang", review(at)).await);
        assert!(matches!(refused, Refusal::SamePerson { .. }), "{refused:?}");
        done(&ledger, supervisor, "li", review(at)).await;
        let refused = refusal(act(&ledger, official, "li", sign(at)).await);
        assert!(matches!(refused, Refusal::SamePerson { .. }), "{refused:?}");
        // Returned, it is open; before it is signed the clerk opens it too.
        done(&ledger, official, "zhao", give_back(at)).await;
        assert_eq!(standing(&ledger, at).await, (MonthState::Open, 2));
        done(&ledger, clerk, "wang", close(at)).await;
        done(&ledger, clerk, "wang", reopen(at)).await;
        assert_eq!(standing(&ledger, at).await, (MonthState::Open, 3));
        database.close(ledger).await;
    });
}

#[test]
fn what_stands_in_the_way_of_a_close_is_told_whole() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        let mut raw = Raw::open(&database).await;
        let at = september();
        let clerk = Role::Clerk;
        let refused = refusal(act(&ledger, clerk, "wang", close(month("2026-12"))).await);
        assert!(
            matches!(refused, Refusal::MonthNotOver { .. }),
            "{refused:?}"
        );
        let refused = refusal(act(&ledger, clerk, "wang", close(month("2025-10"))).await);
        assert!(
            matches!(refused, Refusal::EarlierMonthOpen { earlier, .. } if earlier == at),
            "{refused:?}"
        );
        let refused = refusal(act(&ledger, clerk, "wang", close(month("2025-08"))).await);
        assert!(
            matches!(refused, Refusal::BeforeOpening { .. }),
            "{refused:?}"
        );

        // A pickup more can be offset; one is held, a device lacks numbers, and an opening was taken back.
        done(
            &ledger,
            clerk,
            "wang",
            pickup("N1", "2025-09-22T08:00:00+08:00", 5_000),
        )
        .await;
        let row = |kind: &str, number: &str, month: &str, content: &str| {
            format!(
                "insert into register (village_id, kind, number, household_no, month, is_open, content) \
                 values (1, '{kind}', '{number}', null, '{month}', 1, '{content}')"
            )
        };
        let device =
            "{\"month\":\"2025-09\",\"series\":{\"A-\":{\"first\":1,\"last\":9,\"count\":7}}}";
        raw.must(&row("held_pickup", "H-1", "2025-09", "{}")).await;
        raw.must(&row("held_pickup", "H-2", "2025-10", "{}")).await;
        raw.must(&row("device", "phone", "2025-09", device)).await;
        raw.must("update stock_balance set value_fen = value_fen + 100 where village_id = 1 and material = 'ZB'").await;
        let before = books(&ledger, &mut raw).await;
        let Refusal::CannotClose { obstacles, .. } =
            refusal(act(&ledger, clerk, "wang", close(at)).await)
        else {
            panic!("obstacles");
        };
        assert!(
            obstacles.contains(&Obstacle::PickupsHeld {
                numbers: "H-1".to_owned()
            }),
            "{obstacles:?}"
        );
        assert!(
            obstacles.contains(&Obstacle::NumbersMissing {
                numbers: "phone: 2".to_owned()
            }),
            "{obstacles:?}"
        );
        assert!(
            obstacles.iter().any(|one| matches!(
                one,
                Obstacle::CheckFails {
                    check: "stock_rolls_forward",
                    ..
                }
            )),
            "{obstacles:?}"
        );
        assert_eq!(before, books(&ledger, &mut raw).await);
        ledger.close().await.unwrap();

        let words = ["close", "2025-09", "--dry-run"];
        for (language, told) in [
            ("en", "Held pickups wait for a decision: H-1"),
            ("zh-CN", "设备缺号"),
        ] {
            let output = jinfu(language, &database.url, &words);
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(text.contains(told), "{text}");
        }
        raw.must("delete from register where number in ('H-1', 'H-2')")
            .await;
        raw.must("update stock_balance set value_fen = value_fen - 100 where village_id = 1 and material = 'ZB'").await;
        let ledger = database.open("2026-12-01T09:00:00+08:00", 9).await;
        let offset = Command::OffsetCredit(OffsetCredit { month: at });
        act(&ledger, clerk, "wang", offset).await.unwrap();
        let Refusal::CannotClose { obstacles, .. } =
            refusal(act(&ledger, clerk, "wang", close(at)).await)
        else {
            panic!("obstacles");
        };
        assert_eq!(
            obstacles,
            [Obstacle::NumbersMissing {
                numbers: "phone: 2".to_owned()
            }]
        );
        let with_reason = Command::CloseMonth(CloseMonth {
            month: at,
            missing_reason: Some("the phone fell into the river".to_owned()),
        });
        let Event::MonthClosed(closed) = done(&ledger, clerk, "wang", with_reason).await else {
            panic!("a close");
        };
        assert!(closed.missing_reason.unwrap().contains("river"));
        raw.must("delete from register where number = 'phone'")
            .await;
        database.close(ledger).await;
    });
}

#[test]
fn the_database_itself_refuses_an_entry_in_a_closed_month() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        done(&ledger, Role::Clerk, "wang", close(september())).await;
        let mut raw = Raw::open(&database).await;
        let columns: Vec<String> = raw
            .columns("journal_entry")
            .await
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let id = match engine {
            Engine::Sqlite => "randomblob(16)",
            Engine::Postgres => "gen_random_uuid()",
        };
        let insert = |month: &str| {
            let value = |name: &String| match name.as_str() {
                "seq" => "seq + 5000".to_owned(),
                "command_id" => id.to_owned(),
                "month" => format!("'{month}'"),
                "reverses_seq" => "null".to_owned(),
                other => other.to_owned(),
            };
            let values: Vec<String> = columns.iter().map(value).collect();
            format!(
                "insert into journal_entry ({}) select {} from journal_entry where village_id = 1 and seq = 3",
                columns.join(", "),
                values.join(", ")
            )
        };
        let refused = raw.run(&insert("2025-09")).await.unwrap_err();
        assert!(
            refused.to_string().contains("the month is closed"),
            "{refused}"
        );
        raw.must(&insert("2025-10")).await;
        ledger.close().await.unwrap();
        database.discard().await;
    });
}

#[test]
fn what_comes_late_is_booked_in_the_open_month_in_its_own_column() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        let clerk = Role::Clerk;
        done(
            &ledger,
            clerk,
            "wang",
            pickup("V1", "2025-09-25T08:00:00+08:00", 3_000),
        )
        .await;
        let offset = Command::OffsetCredit(OffsetCredit { month: september() });
        act(&ledger, clerk, "wang", offset).await.unwrap();
        done(&ledger, clerk, "wang", close(september())).await;
        let sealed = ledger.report(&code(), september()).await.unwrap();
        let void = Command::VoidPickup(VoidPickup {
            phone: None,
            pickup_no: DocumentNo::parse("number", "V1").unwrap(),
            voided_at: "2025-10-05T08:00:00+08:00".parse().unwrap(),
            reason: "weighed twice".to_owned(),
        });
        done(&ledger, clerk, "wang", void).await;
        done(
            &ledger,
            clerk,
            "wang",
            cash("2025-09-26T08:00:00+08:00", 700),
        )
        .await;
        let refused = refusal(
            act(
                &ledger,
                clerk,
                "wang",
                Command::OffsetCredit(OffsetCredit { month: september() }),
            )
            .await,
        );
        assert!(
            matches!(refused, Refusal::MonthClosed { .. }),
            "{refused:?}"
        );
        let october = ledger.report(&code(), month("2025-10")).await.unwrap();
        assert!(october.credit.prior_period.is_negative());
        assert_eq!(october.credit.voids, Money::ZERO);
        assert!(october.holds(), "{:?}", october.checks);
        assert_eq!(ledger.report(&code(), september()).await.unwrap(), sealed);
        database.close(ledger).await;
    });
}
