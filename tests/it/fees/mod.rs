//! Folders with other fee bases, made from a seed, against a second implementation of the fee and settlement rules.

use serde_json::Value;

use jinfu::domain::fee::ChargeFees;
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::{Command, Money, Month};
use jinfu::files::import;
use jinfu::ledger::Ledger;

use crate::harness::{Database, on_both, program};

mod fee_folders;
mod fee_generator;
mod fee_reference;
mod fee_village;

fn fen(value: &Value) -> i64 {
    Money::parse_signed("figure", value.as_str().unwrap())
        .unwrap()
        .fen()
}

/// Imports a folder as the command line does: each month's steps, then its runs.
async fn load(ledger: &Ledger, plan: &import::Plan, through: Month) {
    let last = plan
        .steps
        .iter()
        .map(|step| Month::at(step.at))
        .max()
        .unwrap()
        .max(through);
    for month in plan.opening_month.through(last) {
        for step in plan.steps.iter().filter(|step| Month::at(step.at) == month) {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        if month <= through {
            for command in [
                Command::ChargeFees(ChargeFees { month }),
                Command::OffsetCredit(OffsetCredit { month }),
            ] {
                let entries = ledger.head(&plan.village).await.unwrap().next_seq;
                ledger
                    .submit(plan.run(month, command, entries))
                    .await
                    .unwrap();
            }
        }
    }
}

fn compare(seed: u64, expected: &fee_reference::MonthFigures, report: &Value) {
    let at = format!("SEED={seed} {}", expected.month);
    let rows = report["households"].as_array().unwrap();
    for (number, figures) in &expected.households {
        let row = rows
            .iter()
            .find(|row| row["household_no"] == number.as_str());
        let row = row.unwrap_or_else(|| panic!("{at}: no row of {number}"));
        let found = fee_reference::HouseholdFigures {
            credit_opening: fen(&row["credit_opening"]),
            earned: fen(&row["earned"]),
            offset: fen(&row["offset"]),
            credit_closing: fen(&row["credit_closing"]),
            fees_opening: fen(&row["fees_opening"]),
            charged: fen(&row["charged"]),
            waived: fen(&row["waived"]),
            credited_back: fen(&row["credited_back"]),
            paid_cash: fen(&row["paid_cash"]),
            advance_used: fen(&row["advance_used"]),
            fees_closing: fen(&row["fees_closing"]),
        };
        assert_eq!(*figures, found, "{at} {number}");
    }
    assert_eq!(expected.households.len(), rows.len(), "{at}: rows");
    assert_eq!(
        expected.cash_received,
        fen(&report["cash_received"]),
        "{at}: cash received"
    );
    assert_eq!(
        expected.advance_closing,
        fen(&report["advance_closing"]),
        "{at}: advance"
    );
    assert_eq!(
        expected.totals.fees_closing,
        fen(&report["fees"]["closing"]),
        "{at}: fees"
    );
    assert_eq!(
        expected.totals.credit_closing,
        fen(&report["credit"]["closing"]),
        "{at}: credit"
    );
    let fails: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["holds"] != true)
        .collect();
    assert!(fails.is_empty(), "{at}: {fails:?}");
}

#[test]
fn folders_of_every_fee_basis_agree_with_a_second_implementation() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-12-01T00:00:00+08:00", 1).await;
        for seed in 0..40 {
            let village = fee_generator::village(seed);
            let folder = tempfile::tempdir().unwrap();
            fee_folders::write_folder(&village, folder.path());
            let plan = import::read(folder.path(), program()).unwrap();
            assert_eq!(plan.refused, [], "SEED={seed}");
            let through = Month::parse("month", &village.last_month.to_string()).unwrap();
            load(&ledger, &plan, through).await;
            for expected in fee_reference::expected(&village, village.last_month) {
                let month = Month::parse("month", &expected.month.to_string()).unwrap();
                let report = ledger.report(&plan.village, month).await.unwrap();
                compare(seed, &expected, &serde_json::to_value(&report).unwrap());
            }
        }
        database.close(ledger).await;
    });
}
