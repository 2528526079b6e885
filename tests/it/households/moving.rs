//! A household that moves to another village (R-HH-3), and moves that are half done.

use crate::harness::{Database, jinfu, on_both, refusal, repository, submit};
use jinfu::domain::clearing::DepartHousehold;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::{Account, Command, DocumentKind, Money, Refusal};
use jinfu::ledger::clearing::HalfDone;

use super::{
    Books, NOWHERE, OTHER, arrival, cash, checks_hold, day, depart, household, month, number,
    pickup, registration, village, void, void_pickup, yuan,
};

#[test]
fn a_move_to_another_village_is_settled_here_and_opened_there() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H002", "10")).await;
        books.done(depart("H003", OTHER, Some("MOVE-1"))).await;
        books.stands("H003", ["0", "0", "0"]).await;
        let half_done = async |prefix| {
            let found = books.ledger.clearing(prefix).await.unwrap();
            let shown = found
                .into_iter()
                .map(|one| (one.reference.to_string(), one.problem));
            shown.collect::<Vec<_>>()
        };
        let missing = || vec![("MOVE-1".to_owned(), HalfDone::NotArrived)];
        for prefix in ["", "430321900", "430321900001", OTHER] {
            assert_eq!(half_done(prefix).await, missing());
        }
        assert_eq!(half_done("11").await, []);
        // The neighbour writes another amount, finds out, and writes it again.
        let code = books.code.to_string();
        let mut arrived = arrival("N001", &code, "MOVE-1", "31.00");
        arrived.register = Some(registration("N001"));
        books.done_there(Command::ArriveHousehold(arrived)).await;
        assert_eq!(
            half_done("").await,
            [("MOVE-1".to_owned(), HalfDone::AmountsDiffer)]
        );
        books
            .done_there(void(DocumentKind::Arrival, "2025-000001"))
            .await;
        assert_eq!(half_done("").await, missing());
        let again = arrival("N001", &code, "MOVE-1", "31.50");
        books.done_there(Command::ArriveHousehold(again)).await;
        assert_eq!(half_done("").await, []);
        let there = village(OTHER);
        let report = books.ledger.report(&there, month("2025-09")).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        let accounts = serde_json::to_value(&report).unwrap()["accounts"].clone();
        assert_eq!([&accounts["1261"], &accounts["2202"]], ["31.50", "-31.50"]);
        let report = books.report().await;
        assert_eq!(report["accounts"]["2261"], "-31.50");
        assert_eq!(report["credit"]["transfers"], "-31.50");
        checks_hold(&report);
        // Somebody arrives whom nobody let go.
        let stray = arrival("N001", &code, "MOVE-9", "1.00");
        books.done_there(Command::ArriveHousehold(stray)).await;
        assert_eq!(
            half_done("").await,
            [("MOVE-9".to_owned(), HalfDone::NotDeparted)]
        );
        // Open fees are paid from credit first, and the rest by cash.
        let owes = Refusal::StillOwes {
            household_no: "H002".to_owned(),
            amount: yuan("1.00"),
        };
        books.refused(depart("H002", OTHER, None), owes).await;
        books.done(cash("H002", "1.00")).await;
        books.done(depart("H002", OTHER, None)).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.close().await;
    });
}

#[test]
fn a_household_that_moves_to_another_village_is_priced_again_and_takes_its_advance_along() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(cash("H001", "10.00")).await;
        books
            .done(Command::ChargeFees(ChargeFees {
                month: month("2025-09"),
            }))
            .await;
        books.stands("H001", ["6.20", "0", "0"]).await;
        // Gone by the 15th, September is not owed: what was paid of it is advance, which goes along.
        let mut leaving = DepartHousehold {
            household_no: household("H001"),
            to_village: village(OTHER),
            new_number: Some(household("N001")),
            on: day(12),
            reference: None,
        };
        books.done(Command::DepartHousehold(leaving.clone())).await;
        books.stands("H001", ["0", "0", "0"]).await;
        let open = books.ledger.clearing("").await.unwrap();
        let departed = open[0].departed.as_ref().unwrap();
        assert_eq!(
            [departed.credit, departed.advance],
            [yuan("6.20"), yuan("10.00")]
        );
        assert_eq!(open[0].reference, number("2025-000001"));
        // It was another village: taken back, the household has left, and its credit waits for the right one.
        books
            .done(void(DocumentKind::Departure, "2025-000001"))
            .await;
        books.stands("H001", ["6.20", "10.00", "0"]).await;
        assert_eq!(books.ledger.clearing("").await.unwrap(), []);
        leaving.reference = Some(number("2025-000001"));
        books.done(Command::DepartHousehold(leaving)).await;
        books.stands("H001", ["0", "0", "0"]).await;
        let mut arrived = arrival("N001", books.code.as_str(), "2025-000001", "6.20");
        arrived.register = Some(registration("N001"));
        arrived.advance = yuan("10.00");
        books.done_there(Command::ArriveHousehold(arrived)).await;
        assert_eq!(books.ledger.clearing("").await.unwrap(), []);
        // Once the advance is used, the arrival cannot be taken back.
        let october = month("2025-10");
        let there = village(OTHER);
        books
            .done_there(Command::ChargeFees(ChargeFees { month: october }))
            .await;
        let arrived = void(DocumentKind::Arrival, "2025-000001");
        let answer = submit(&books.ledger, &there, arrived).await;
        let small = Refusal::AdvanceTooSmall {
            household_no: "N001".to_owned(),
            available: Money::ZERO,
            asked: yuan("10.00"),
        };
        assert_eq!(refusal(answer), small);
        checks_hold(&books.report().await);
        books.close().await;
    });
}

#[test]
fn a_household_does_not_move_to_another_village_against_the_rules() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        let nowhere = || Refusal::VillageUnknown {
            village: village(NOWHERE),
        };
        books
            .refused(depart("H003", NOWHERE, None), nowhere())
            .await;
        let here = books.code.clone();
        let same = || Refusal::SameVillage {
            village: here.clone(),
        };
        books
            .refused(depart("H003", here.as_str(), None), same())
            .await;
        let owes = Refusal::StillOwes {
            household_no: "H004".to_owned(),
            amount: yuan("20.00"),
        };
        books.refused(depart("H004", OTHER, None), owes).await;
        let household_no = "H999".to_owned();
        let unknown = || Refusal::HouseholdUnknown {
            household_no: household_no.clone(),
        };
        books.refused(depart("H999", OTHER, None), unknown()).await;
        let arrive = |from: &str, no: &str, amount: &str| {
            Command::ArriveHousehold(arrival(no, from, "MOVE-1", amount))
        };
        books
            .refused(arrive(NOWHERE, "H003", "1.00"), nowhere())
            .await;
        books
            .refused(arrive(here.as_str(), "H003", "1.00"), same())
            .await;
        books
            .refused(arrive(OTHER, "H999", "1.00"), unknown())
            .await;
        let below = Refusal::OutOfRange {
            field: "amount",
            value: "-1.00".to_owned(),
            least: "0.00".to_owned(),
            most: "100000000.00".to_owned(),
        };
        books.refused(arrive(OTHER, "H003", "-1.00"), below).await;
        books.done(arrive(OTHER, "H003", "1.00")).await;
        let taken = || Refusal::DocumentNoTaken {
            number: "MOVE-1".to_owned(),
        };
        books.refused(arrive(OTHER, "H001", "1.00"), taken()).await;
        books.done(depart("H003", OTHER, Some("MOVE-1"))).await;
        books
            .refused(depart("H001", OTHER, Some("MOVE-1")), taken())
            .await;
        // Credit below zero is made good first.
        books.done(pickup("P1", "H001", "10")).await;
        books.runs().await;
        books.done(void_pickup("P1")).await;
        books.stands("H001", ["-3.80", "0", "0"]).await;
        let below = Refusal::CreditBelowZero {
            household_no: "H001".to_owned(),
            amount: yuan("3.80"),
        };
        books.refused(depart("H001", OTHER, None), below).await;
        books.close().await;
    });
}

#[test]
fn the_office_merges_splits_and_moves_households_and_finds_what_is_half_done() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let run = |words: &[&str]| jinfu("en", &database.url, words);
        let told = |words: &[&str], code: i32| {
            let output = run(words);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
            String::from_utf8(output.stdout).unwrap() + &told
        };
        let folder = repository("tests/golden/2025-09-core");
        told(&["import", &folder.display().to_string()], 0);
        let neighbour = tempfile::tempdir().unwrap();
        for file in [
            "village.toml",
            "materials.csv",
            "prices.csv",
            "households.csv",
        ] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let text = text.replace("430321900001", OTHER);
            std::fs::write(neighbour.path().join(file), text).unwrap();
        }
        told(&["import", &neighbour.path().display().to_string()], 0);
        let words = |text: &str| {
            let text = text.to_owned();
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words
        };
        let office = |text: &str, code: i32| {
            let words = words(text);
            told(&words.iter().map(String::as_str).collect::<Vec<_>>(), code)
        };
        let here = "--village 430321900001";
        let there = "--village 430321900002";
        let merged = office(
            &format!(
                "household merge {here} --household H002 --into H004 --on 2025-09-10 --reason family"
            ),
            0,
        );
        assert!(
            merged.contains("Households merged") && merged.contains("2025-000001"),
            "{merged}"
        );
        office(
            &format!(
                "household split {here} --household H003 --on 2025-09-10 --part H031,headcount=2,share=50,group=2 --reason son"
            ),
            0,
        );
        assert!(office("household clearing", 0).contains("whole"));
        office(
            &format!(
                "household depart {here} --household H003 --to 430321900002 --on 2025-09-20 --new-number N001"
            ),
            0,
        );
        let missing = office("household clearing --region 430321", 1);
        assert!(
            missing.contains("15.75") && missing.contains("2025-000001"),
            "{missing}"
        );
        office(
            &format!(
                "household arrive {there} --household N001 --from 430321900001 --reference 2025-000001 --amount 15.75 --register --group 1 --headcount 2 --moved-in 2025-09-22 --at 2025-09-22T12:00:00+08:00"
            ),
            0,
        );
        office("household clearing --format json", 0);
        let refused = office(
            &format!(
                "household merge {here} --household H002 --into H001 --on 2025-09-10 --reason again"
            ),
            1,
        );
        assert!(refused.contains("merged into H004"), "{refused}");
        office("household clearing --region 43x", 1);
        // The book goes out and in again with all of it.
        let file = neighbour.path().join("book.jsonl").display().to_string();
        told(&["export", "--village", "430321900001", &file], 0);
        let other = Database::new(engine).await;
        let output = jinfu("en", &other.url, &["import-journal", &file]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        for database in [database, other] {
            let ledger = database.open("2026-11-01T00:00:00+08:00", 1).await;
            database.close(ledger).await;
        }
    });
}

#[test]
fn a_charge_that_the_advance_of_a_leaving_household_pays_is_not_paid_from_its_credit_again() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(cash("H001", "10.00")).await;
        let charges = ChargeFees {
            month: month("2025-09"),
        };
        books.done(Command::ChargeFees(charges)).await;
        // What was owed of August is entered after September was paid.
        let august = OpeningLine::Charge {
            household_no: household("H001"),
            period: month("2025-08"),
            amount: yuan("4.00"),
        };
        let fund = OpeningLine::Account {
            account: Account::AccumulatedFund,
            subject: "late".to_owned(),
            amount: -yuan("4.00"),
        };
        for line in [august, fund] {
            books
                .done(Command::RecordOpening(RecordOpening { line }))
                .await;
        }
        books.stands("H001", ["6.20", "0", "4.00"]).await;
        // Gone by the 15th: September comes back as advance, which pays August, and the rest of it goes along with all of the credit.
        let leaving = DepartHousehold {
            household_no: household("H001"),
            to_village: village(OTHER),
            new_number: None,
            on: day(12),
            reference: None,
        };
        books.done(Command::DepartHousehold(leaving)).await;
        books.stands("H001", ["0", "0", "0"]).await;
        let open = books.ledger.clearing("").await.unwrap();
        let departed = open[0].departed.as_ref().unwrap();
        assert_eq!(
            [departed.credit, departed.advance],
            [yuan("6.20"), yuan("6.00")]
        );
        checks_hold(&books.report().await);
        books.close().await;
    });
}
