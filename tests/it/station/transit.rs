//! Goods in transit where the village weighs again: rounds, intake with shortage and overage, and voids and corrections around it; the
//! station at the command line.

use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::transit::{RecordIntake, ReweighedLine};
use jinfu::domain::{Command, DocumentKind, Refusal};
use serde_json::{Value, json};

use crate::harness::{Database, Engine, jinfu, on_both, repository};
use crate::station::{
    Station, at, correct, material, number, pickup, quantity, sale, void, void_pickup,
};

const ROUND: &str = "C1/2025-09-05";

/// The worked month's village, where the station weighs again.
async fn reweighing(engine: Engine) -> Station {
    let station = Station::new(engine).await;
    let settings = Settings {
        reweighs: true,
        ..Settings::default()
    };
    let change = Command::ChangeSettings(ChangeSettings {
        settings,
        expected: None,
    });
    station.done(change).await;
    station
}

/// An intake of lines as `FE1 9.500, PJ 20`.
fn intake(round: &str, time: &str, lines: &str) -> Command {
    let line = |line: &str| {
        let (code, weighed) = line.trim().split_once(' ').unwrap();
        ReweighedLine {
            material: material(code),
            weighed: quantity(weighed),
        }
    };
    Command::RecordIntake(RecordIntake {
        round: number(round),
        lines: lines.split(',').map(line).collect(),
        taken_in_at: at(time),
    })
}

/// What is in transit, as `ROUND MATERIAL QUANTITY VALUE`.
async fn in_transit(station: &Station) -> Vec<String> {
    let rounds = station.ledger.in_transit(&station.village).await.unwrap();
    let rows = rounds.iter().flat_map(|(round, transit)| {
        let open = transit.materials.iter();
        open.filter(|(_, row)| row.quantity.count() != 0)
            .map(move |(code, row)| format!("{round} {code} {} {}", row.quantity, row.value))
    });
    rows.collect()
}

#[test]
fn what_arrives_is_taken_in_at_cost_and_what_is_short_is_lost() {
    on_both(async |engine| {
        let station = reweighing(engine).await;
        station
            .done(pickup("A-1", "05T09:10", "FE1 10.000, PJ 24"))
            .await;
        station.done(pickup("A-2", "05T09:40", "FE1 5.000")).await;
        station.done(pickup("A-3", "06T09:40", "FE1 1.000")).await;
        assert_eq!(
            in_transit(&station).await,
            [
                "C1/2025-09-05 FE1 15.000 21.00",
                "C1/2025-09-05 PJ 24 2.40",
                "C1/2025-09-06 FE1 1.000 1.40"
            ]
        );
        station
            .accounts_are(json!({"1404": "24.80", "1405": "138.00"}))
            .await;
        let refused = station
            .refused(sale("05T12:00", "FE1 1.000 1.000 2.00"))
            .await;
        assert!(matches!(refused, Refusal::StockTooSmall { .. }));
        // 0.5 kg of 15 kg are short; of the bottles two more arrive, in two weighings.
        station
            .done(intake(ROUND, "05T18:00", "FE1 14.500, PJ 20, PJ 6"))
            .await;
        assert_eq!(in_transit(&station).await, ["C1/2025-09-06 FE1 1.000 1.40"]);
        station
            .material_is(
                "FE1",
                json!({"collected": "16.000", "lost": "0.500", "lost_value": "0.70", "closing": "15.500", "closing_value": "21.70"}),
            )
            .await;
        station
            .material_is(
                "PJ",
                json!({"gained": "2", "gained_value": "0.00", "closing": "26", "closing_value": "2.40"}),
            )
            .await;
        station
            .accounts_are(json!({"1404": "1.40", "1405": "160.70", "5403": "0.70"}))
            .await;
        // Nothing at all arrived of the last round.
        station
            .done(intake("C1/2025-09-06", "06T18:00", "FE1 0.000"))
            .await;
        station
            .accounts_are(json!({"1404": null, "5403": "2.10"}))
            .await;
        station.close().await;
    });
}

#[test]
fn an_intake_of_what_is_not_in_transit_is_refused() {
    on_both(async |engine| {
        let station = reweighing(engine).await;
        station
            .done(pickup("A-1", "05T09:10", "FE1 10.000, PJ 24"))
            .await;
        let refused = station
            .refused(intake("C2/2025-09-05", "05T18:00", "FE1 1.000"))
            .await;
        assert!(matches!(refused, Refusal::DocumentUnknown { .. }));
        let refused = station.refused(intake(ROUND, "05T18:00", "ZB 1.000")).await;
        assert!(matches!(refused, Refusal::NotInTransit { .. }));
        let refused = station.refused(intake(ROUND, "05T18:00", "FE1 1")).await;
        assert!(matches!(refused, Refusal::WrongUnit { .. }));
        station.done(intake(ROUND, "05T18:00", "FE1 10.000")).await;
        let refused = station
            .refused(intake(ROUND, "05T19:00", "FE1 10.000"))
            .await;
        assert!(matches!(refused, Refusal::NotInTransit { .. }));
        assert_eq!(in_transit(&station).await, ["C1/2025-09-05 PJ 24 2.40"]);
        let refused = station
            .refused(void(DocumentKind::Intake, "2025-000001", "06T09:00"))
            .await;
        assert!(matches!(refused, Refusal::NotVoidable { .. }));
        station.close().await;
    });
}

#[test]
fn a_void_or_correction_takes_out_of_where_the_material_is_now() {
    on_both(async |engine| {
        let station = reweighing(engine).await;
        for (no, time) in [
            ("A-1", "05T09:10"),
            ("A-2", "05T09:20"),
            ("A-3", "05T09:30"),
        ] {
            station.done(pickup(no, time, "FE1 10.000, PJ 10")).await;
        }
        // Before the intake: out of transit.
        station.done(void_pickup("A-1", "05T10:00")).await;
        station
            .done(correct("A-2", "A-2-1", "05T10:00", "FE1 8.000, PJ 10"))
            .await;
        assert_eq!(
            in_transit(&station).await,
            ["C1/2025-09-05 FE1 18.000 25.20", "C1/2025-09-05 PJ 20 2.00"]
        );
        station.done(intake(ROUND, "05T18:00", "FE1 18.000")).await;
        // After it: iron out of stock, bottles still out of transit; and so for its replacement, which is corrected once more.
        station
            .done(correct("A-3", "A-3-1", "06T10:00", "FE1 9.000, PJ 12"))
            .await;
        assert_eq!(in_transit(&station).await, ["C1/2025-09-05 PJ 22 2.20"]);
        station
            .accounts_are(json!({"1404": "2.20", "1405": "161.80"}))
            .await;
        station
            .done(correct(
                "A-3-1",
                "A-3-2",
                "06T11:00",
                "FE1 10.000, PJ 11, ZB 1.000",
            ))
            .await;
        assert_eq!(
            in_transit(&station).await,
            ["C1/2025-09-05 PJ 21 2.10", "C1/2025-09-05 ZB 1.000 0.90"],
            "a material that was not there before goes with what is in transit"
        );
        station.done(void_pickup("A-3-2", "06T12:00")).await;
        station.done(void_pickup("A-2-1", "06T12:00")).await;
        assert_eq!(in_transit(&station).await, Vec::<String>::new());
        station
            .accounts_are(json!({"1404": null, "1405": "138.00"}))
            .await;
        station
            .material_is("FE1", json!({"closing": "0.000"}))
            .await;
        // A pickup of the round that is told after its intake waits for another one.
        station.done(pickup("A-4", "05T09:50", "FE1 2.000")).await;
        station.done(void_pickup("A-4", "06T13:00")).await;
        station.done(pickup("A-5", "05T09:55", "FE1 3.000")).await;
        station.done(intake(ROUND, "06T18:00", "FE1 3.000")).await;
        station
            .accounts_are(json!({"1404": null, "1405": "142.20"}))
            .await;
        station.close().await;
    });
}

struct Office {
    database: Database,
}

impl Office {
    #[track_caller]
    fn run(&self, code: i32, words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        let output = jinfu("en", &self.database.url, &words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
        String::from_utf8(output.stdout).unwrap() + &told
    }
}

#[test]
fn the_station_works_at_the_command_line_and_its_book_moves_elsewhere() {
    on_both(async |engine| {
        let office = Office {
            database: Database::new(engine).await,
        };
        let folder = repository("tests/golden/2025-09").display().to_string();
        office.run(0, &format!("import {folder}"));
        office.run(
            0,
            "sale record --buyer K1 --sold ZB=140jin,ticket=135.8,price=1.20 --at 2025-09-25T15:00:00+08:00",
        );
        office.run(
            1,
            "buyer pay --buyer K1 --amount 100.00 --at 2025-09-26T11:00:00+08:00",
        );
        office.run(
            0,
            "buyer pay --buyer K1 --amount 81.48 --at 2025-09-26T11:00:00+08:00",
        );
        office.run(
            0,
            "count record --counted ZB=49.5kg --reason moist --at 2025-09-28T17:00:00+08:00",
        );
        let report = office.run(0, "report 2025-09");
        for shown in [
            "Own − ticket",
            "Lost or gained",
            "70.000",
            "2.100",
            "-0.500",
        ] {
            assert!(report.contains(shown), "{shown}: {report}");
        }
        let json: Value =
            serde_json::from_str(&office.run(0, "intake list --format json")).unwrap();
        assert_eq!(json, json!([]));
        for task in ["count", "buyer", "sale"] {
            let void = format!(
                "{task} void --number 2025-000001 --reason mistake --at 2025-09-29T09:00:00+08:00"
            );
            office.run(0, &void);
            assert!(office.run(1, &void).contains("2025-000001"));
        }
        assert!(
            office
                .run(1, "intake record --round C1/2025-09-05 --weighed ZB=3kg")
                .contains("C1/2025-09-05")
        );
        office.run(0, "verify");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("book.jsonl").display().to_string();
        office.run(0, &format!("export {file}"));
        let elsewhere = Office {
            database: Database::new(engine).await,
        };
        elsewhere.run(0, &format!("import-journal {file}"));
        elsewhere.run(0, "verify");
        elsewhere.database.discard().await;
        office.database.discard().await;
    });
}
