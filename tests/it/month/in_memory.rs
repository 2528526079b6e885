//! A book that was never written out closes its months from its own projections, with the same reports as the database.

use jinfu::clock::Chance;
use jinfu::domain::decide::{Outcome, Verdict, decide};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Actor, Book, Command, Event, Request, Role};
use jinfu::files::import;

use super::{cash, close, code, month, pickup, reopen, september};
use crate::harness::{Database, on_both, program, repository};

/// What becomes of the village: its folder, then two months with late facts, closed and opened again.
fn requests() -> Vec<Request> {
    let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
    let mut requests: Vec<Request> = plan.steps.iter().map(|step| step.request.clone()).collect();
    let october = month("2025-10");
    let charges = |month| Command::ChargeFees(ChargeFees { month });
    let offset = |month| Command::OffsetCredit(OffsetCredit { month });
    let late = "2025-09-20T08:00:00+08:00";
    let (clerk, official) = (Role::Clerk, Role::Official);
    let commands = [
        (clerk, pickup("M1", "2025-09-03T08:00:00+08:00", 8_350)),
        (clerk, cash("2025-09-04T08:00:00+08:00", 1_300)),
        (clerk, charges(september())),
        (clerk, offset(september())),
        (clerk, close(september())),
        (clerk, pickup("M2", late, 4_000)),
        (clerk, reopen(september())),
        (clerk, pickup("M3", late, 2_000)),
        (clerk, offset(september())),
        (clerk, close(september())),
        (official, close(october)),
        (clerk, charges(october)),
        (clerk, offset(october)),
        (clerk, close(october)),
    ];
    for (number, (role, command)) in (1_u128..).zip(commands) {
        requests.push(Request {
            village: code(),
            id: uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number),
            actor: Actor::new(role, "wang"),
            command,
        });
    }
    requests
}

/// The report of a close, or a word for anything else.
fn told(event: Option<&Event>) -> String {
    match event {
        Some(Event::MonthClosed(closed)) => format!("{} {}", closed.number, closed.report),
        Some(event) => event.kind().to_owned(),
        None => "no entry".to_owned(),
    }
}

#[test]
fn a_book_in_memory_closes_its_months_with_the_reports_of_the_database() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open("2026-12-01T09:00:00+08:00", 7).await;
        let (mut book, chance) = (Book::unopened(code()), Chance::seeded(7));
        book.set_now(ledger.clock().now());
        let mut closes = 0;
        for request in requests() {
            let there = match decide(&mut book, &request, chance.salt()) {
                Ok(Verdict::Record(entry, _)) => told(Some(&entry.decision.event)),
                Ok(Verdict::Answer(_)) => told(None),
                Err(stop) => format!("{stop:?}"),
            };
            let here = match ledger.submit(request.clone()).await {
                Ok(Outcome::Recorded(recorded)) => told(Some(&recorded.event)),
                Ok(Outcome::NothingToDo) => told(None),
                Err(_) => {
                    assert!(
                        there.starts_with("Refused"),
                        "{:?}: {there}",
                        request.command
                    );
                    continue;
                }
            };
            assert_eq!(here, there, "{:?}", request.command);
            closes += usize::from(here.contains("\"checks\""));
        }
        assert_eq!(closes, 3);
        for at in [september(), month("2025-10")] {
            let (mut here, mut there) = (
                ledger.report(&code(), at).await.unwrap(),
                book.month_report(at).unwrap(),
            );
            assert!(here.holds() && there.holds(), "{:?}", here.checks);
            // The seals are over chains with other salts.
            (here.sealed, there.sealed) = (None, None);
            assert_eq!(here, there);
        }
        database.close(ledger).await;
    });
}
