//! What shares a transaction: a village that is opened beside one that is there, and the runs of several villages.

use jinfu::clock::{Chance, Clock};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::village::OpenVillage;
use jinfu::domain::{
    Actor, Command, Group, HouseholdKind, HouseholdNo, Month, Request, Role, VillageCode,
};
use jinfu::ledger::Ledger;

use crate::faults::opening;
use crate::harness::{Database, on_both_in_turn};

fn village(number: u32) -> VillageCode {
    VillageCode::parse("village", &format!("4303219001{number:02}")).unwrap()
}

fn request(ledger: &Ledger, number: u32, command: Command) -> Request {
    Request {
        village: village(number),
        id: ledger.chance().command_id(ledger.clock().now()),
        actor: Actor::new(Role::Clerk, "test"),
        command,
    }
}

fn open() -> Command {
    Command::OpenVillage(OpenVillage {
        opening_month: Month::parse("month", "2025-09").unwrap(),
        ..opening()
    })
}

fn register(number: u32) -> Command {
    Command::RegisterHousehold(RegisterHousehold {
        household_no: HouseholdNo::parse("household_no", &format!("H{number}")).unwrap(),
        group: Group::parse("group", "1").unwrap(),
        headcount: 3,
        kind: HouseholdKind::Resident,
        moved_in: None,
        vacant_since: None,
        save_up: false,
        head: String::new(),
        waivers: Vec::new(),
    })
}

/// Gives commands to the ledger at once, and asks that each is done.
async fn together(ledger: &Ledger, commands: Vec<(u32, Command)>) {
    let mut pending = Vec::new();
    for (number, command) in commands {
        let request = request(ledger, number, command);
        pending.push(ledger.enqueue(request).await.unwrap());
    }
    for pending in pending {
        pending.answer().await.unwrap();
    }
}

/// When the last entries of villages were recorded: entries of one transaction have one time.
async fn recorded(ledger: &Ledger, villages: std::ops::Range<u32>) -> Vec<jiff::Timestamp> {
    let mut times = Vec::new();
    for number in villages {
        let entries = ledger.entries(&village(number), 0).await.unwrap();
        times.push(entries.last().unwrap().0.recorded_at);
    }
    times
}

#[test]
fn a_village_opened_beside_others_and_runs_of_several_share_a_transaction() {
    on_both_in_turn(async |engine| {
        let database = Database::new(engine).await;
        let ledger = Ledger::open(&database.url, Clock::System, Chance::seeded(1))
            .await
            .unwrap();
        together(&ledger, vec![(0, open())]).await;
        // Villages are written in the order of their codes: the one that is there comes first.
        let mut commands: Vec<(u32, Command)> = (1..5).map(|number| (number, open())).collect();
        commands.extend((0..5).map(|number| (number, register(number))));
        together(&ledger, commands).await;
        let times = recorded(&ledger, 0..5).await;
        assert!(
            times.windows(2).all(|pair| pair[0] == pair[1]),
            "{engine:?}: {times:?}"
        );
        let month = Month::parse("month", "2025-09").unwrap();
        let runs = (0..5).flat_map(|number| {
            let charges = Command::ChargeFees(ChargeFees { month });
            let offset = Command::OffsetCredit(OffsetCredit { month });
            [(number, charges), (number, offset)]
        });
        together(&ledger, runs.collect()).await;
        together(
            &ledger,
            (0..5)
                .map(|number| (number, register(number + 10)))
                .collect(),
        )
        .await;
        for number in 0..5 {
            let report = ledger.report(&village(number), month).await.unwrap();
            assert_eq!(report.fees.charged.to_string(), "7.50");
        }
        database.close(ledger).await;
    });
}
