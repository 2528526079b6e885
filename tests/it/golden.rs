//! The worked month with every kind of event: to the fen, closed and signed, a late pickup, opened again, closed anew, and what differs.

use jinfu::domain::closing::CloseMonth;
use jinfu::domain::pickup::{Confirmation, RecordPickup, WeighedLine};
use jinfu::domain::sign_off::{PublishMonth, ReopenMonth, ReviewMonth, SignMonth};
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentNo, HouseholdNo, MaterialCode, Month, Quantity, Role,
};
use jinfu::ledger::Ledger;

use crate::first_month::replayed;
use crate::harness::{assert_figures, json_file, on_both, submit_by};

const WHOLE: &str = "tests/golden/2025-09";

fn september() -> Month {
    Month::parse("month", "2025-09").unwrap()
}

/// A pickup of September that comes after its close.
fn late_pickup() -> Command {
    Command::RecordPickup(RecordPickup {
        phone: None,
        pickup_no: DocumentNo::parse("number", "A-0006").unwrap(),
        occurred_at: "2025-09-19T10:00:00+08:00".parse().unwrap(),
        household_no: HouseholdNo::parse("household", "H006").unwrap(),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: vec![WeighedLine {
            material: MaterialCode::parse("material", "ZB").unwrap(),
            gross: Quantity::grams(3_000),
            tare: Quantity::grams(0),
            deduction: 0,
            deduction_reason: String::new(),
        }],
        round: None,
        device: None,
        told_list: None,
        is_paper: false,
    })
}

/// Closes, reviews and signs the month.
async fn close_and_sign(ledger: &Ledger, village: &jinfu::domain::VillageCode) {
    let month = september();
    let close = CloseMonth {
        month,
        missing_reason: None,
    };
    for (role, name, command) in [
        (Role::Clerk, "wang", Command::CloseMonth(close)),
        (
            Role::Supervisor,
            "zhao",
            Command::ReviewMonth(ReviewMonth { month }),
        ),
        (
            Role::Official,
            "liu",
            Command::SignMonth(SignMonth { month }),
        ),
    ] {
        submit_by(ledger, village, Actor::new(role, name), command)
            .await
            .unwrap();
    }
}

#[test]
fn the_whole_worked_month_comes_out_to_the_fen_and_closes_twice_on_both_engines() {
    on_both(async |engine| {
        let (database, ledger, village) = replayed(engine, WHOLE).await;
        ledger
            .clock()
            .set("2025-10-03T09:00:00+08:00".parse().unwrap());
        let by = async |role, name: &str, command| {
            let actor = Actor::new(role, name);
            submit_by(&ledger, &village, actor, command).await.unwrap()
        };
        let month = september();
        let report = ledger.report(&village, month).await.unwrap();
        let found = serde_json::to_value(&report).unwrap();
        assert_figures(&json_file("tests/golden/2025-09/expected.json"), &found);
        assert_eq!(report.checks.len(), 19);
        assert!(report.holds(), "{:?}", report.checks);

        close_and_sign(&ledger, &village).await;
        by(
            Role::Clerk,
            "wang",
            Command::PublishMonth(PublishMonth { month }),
        )
        .await;
        by(Role::Collector, "C1", late_pickup()).await;
        let october = ledger.report(&village, month.next()).await.unwrap();
        assert_eq!(october.credit.prior_period.to_string(), "2.40");
        assert_eq!(october.credit.pickups.to_string(), "0.00");
        assert!(october.holds(), "{:?}", october.checks);

        let reason = "一张回收单晚到".to_owned();
        by(
            Role::Official,
            "liu",
            Command::ReopenMonth(ReopenMonth { month, reason }),
        )
        .await;
        let mut again = late_pickup();
        if let Command::RecordPickup(pickup) = &mut again {
            pickup.pickup_no = DocumentNo::parse("number", "A-0007").unwrap();
            pickup.occurred_at = "2025-09-20T10:00:00+08:00".parse().unwrap();
        }
        by(Role::Collector, "C1", again).await;
        close_and_sign(&ledger, &village).await;
        let closes = ledger.months(&village).await.unwrap();
        let line = closes.iter().find(|line| line.month == month).unwrap();
        assert_eq!(line.version, 2);

        let differences = ledger.differences(&village, month, None).await.unwrap();
        let told = serde_json::to_string_pretty(&differences).unwrap() + "\n";
        let known = crate::harness::repository("tests/it/snapshots/worked_month_differences.json");
        assert_eq!(told, std::fs::read_to_string(&known).unwrap_or_default());
        database.close(ledger).await;
    });
}
