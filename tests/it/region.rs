//! The report of a region: villages side by side and their sum, equal to the villages' own reports figure by figure.

use jinfu::domain::report::region::RegionPrefix;
use jinfu::domain::{Month, Refusal, VillageCode};
use jinfu::ledger::Ledger;
use serde_json::Value;

use crate::harness::raw::Raw;
use crate::harness::{Database, Engine, jinfu, on_both, repository};

/// Two villages of one township, one of another township of the county, one of another county, one of another city, one of another province.
const VILLAGES: [&str; 6] = [
    "430321104201",
    "430321104202",
    "430321105201",
    "430322100201",
    "430422100201",
    "440321104201",
];

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

fn prefix(text: &str) -> RegionPrefix {
    RegionPrefix::parse("region", text).unwrap()
}

/// The demo's shape in small: each village has other pickups, one of them one that is voided, and its first month charged and offset.
async fn county(engine: Engine) -> (Database, Ledger) {
    let database = Database::new(engine).await;
    let golden = repository("tests/golden/2025-09-core");
    for (place, code) in (1..).zip(VILLAGES) {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(&golden).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let village = folder.path().join("village.toml");
        let text = std::fs::read_to_string(&village).unwrap();
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some(("code", _)) => format!("code = \"{code}\"\n"),
            _ => format!("{line}\n"),
        });
        std::fs::write(&village, lines.collect::<String>()).unwrap();
        let mut pickups =
            "pickup_no,occurred_at,household_no,collector,material,gross,unit\n".to_owned();
        for day in 1..=place {
            let (household, kilograms) = (day % 3 + 1, place * 10 + day);
            for (material, weight) in [("ZB", format!("{kilograms}.5")), ("PET", day.to_string())] {
                let line = [
                    format!("P{day}"),
                    format!("2025-09-{day:02}T08:00:00+08:00"),
                    format!("H00{household}"),
                    format!("C{}", day % 2),
                    material.to_owned(),
                    weight,
                    "kg\n".to_owned(),
                ];
                pickups += &line.join(",");
            }
        }
        pickups += "P91,2025-10-03T08:00:00+08:00,H001,C1,ZB,7,kg\n";
        std::fs::write(folder.path().join("pickups.csv"), pickups).unwrap();
        let cash = format!(
            "received_at,household_no,amount\n2025-09-05T09:00:00+08:00,H001,1{place}.00\n2025-10-06T09:00:00+08:00,H002,30.00\n"
        );
        std::fs::write(folder.path().join("cash.csv"), cash).unwrap();
        let path = folder.path().display().to_string();
        done(&database, &["import", &path, "--through", "2025-09"]);
    }
    let at = "2025-09-20T09:00:00+08:00";
    let void = [
        "pickup", "void", "--number", "P1", "--reason", "twice", "--at", at,
    ];
    done(
        &database,
        &[&void[..], &["--village", VILLAGES[1]]].concat(),
    );
    for code in &VILLAGES[..3] {
        let sale = "sale record --buyer K1 --sold ZB=20kg,ticket=19.5,price=1.20 --at 2025-09-25T15:00:00+08:00 --village";
        let words: Vec<&str> = sale.split(' ').chain([*code]).collect();
        done(&database, &words);
    }
    let ledger = database.open("2025-12-01T00:00:00+08:00", 1).await;
    (database, ledger)
}

#[track_caller]
fn done(database: &Database, words: &[&str]) -> String {
    let output = jinfu("en", &database.url, words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The figure of a JSON text of yuan or kilograms, without its point.
fn figure(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    text.replace('.', "").parse().unwrap()
}

async fn own_report(ledger: &Ledger, code: &str, at: &str) -> Value {
    let code = VillageCode::parse("village", code).unwrap();
    serde_json::to_value(ledger.report(&code, month(at)).await.unwrap()).unwrap()
}

async fn region(ledger: &Ledger, digits: &str, at: &str) -> Value {
    let report = ledger.region_report(&prefix(digits), month(at)).await;
    serde_json::to_value(report.unwrap()).unwrap()
}

/// The fields that a row of a region shares with a village's own report.
const SHARED: [&str; 10] = [
    "village",
    "name",
    "pickups",
    "households_participating",
    "credit",
    "fees",
    "cash_received",
    "advance_closing",
    "materials",
    "accounts",
];

#[test]
fn the_villages_of_a_region_are_as_in_their_own_reports_and_add_up_to_its_sum() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        let expected: [(&str, &[&str]); 5] = [
            ("430321104", &VILLAGES[..2]),
            ("430321", &VILLAGES[..3]),
            ("4303", &VILLAGES[..4]),
            ("43", &VILLAGES[..5]),
            ("430422100201", &VILLAGES[4..5]),
        ];
        for (digits, codes) in expected {
            for at in ["2025-09", "2025-10", "2025-11"] {
                let report = region(&ledger, digits, at).await;
                let rows = report["villages"].as_array().unwrap();
                let found: Vec<&str> = rows
                    .iter()
                    .map(|row| row["village"].as_str().unwrap())
                    .collect();
                assert_eq!(found, codes, "{digits}: nobody else");
                let mut own = Vec::new();
                for (code, row) in codes.iter().zip(rows) {
                    own.push(own_report(&ledger, code, at).await);
                    for field in SHARED {
                        assert_eq!(
                            row[field],
                            own.last().unwrap()[field],
                            "{code} {at} {field}"
                        );
                    }
                    assert_eq!(row["state"], "open");
                    assert_eq!(row["checks_hold"], true, "{code} {at}: {row}");
                }
                is_sum(&report["total"], &own);
            }
        }
        let county = region(&ledger, "430321", "2025-09").await;
        assert_eq!(county["region"], "430321");
        assert_eq!(county["month"], "2025-09");
        assert_eq!(county["total"]["villages"], 3);
        assert_eq!(county["total"]["pickups"], 1 + 2 + 3);
        assert_eq!(county["total"]["states"]["open"], 3);
        database.close(ledger).await;
    });
}

/// Every figure of a total is the sum of the same figure of the villages' own reports.
fn is_sum(total: &Value, own: &[Value]) {
    assert_eq!(total["checks_hold"], true, "{total}");
    for field in ["pickups", "households_participating"] {
        let sum: i64 = own
            .iter()
            .map(|report| report[field].as_i64().unwrap())
            .sum();
        assert_eq!(total[field].as_i64(), Some(sum), "{field}");
    }
    for field in ["cash_received", "advance_closing"] {
        let sum: i64 = own.iter().map(|report| figure(&report[field])).sum();
        assert_eq!(figure(&total[field]), sum, "{field}");
    }
    for section in ["credit", "fees"] {
        for (name, value) in total[section].as_object().unwrap() {
            let sum: i64 = own
                .iter()
                .map(|report| figure(&report[section][name]))
                .sum();
            assert_eq!(figure(value), sum, "{section} {name}");
        }
    }
    let of_code = |report: &Value, code: &str, name: &str| {
        let rows = report["materials"].as_array().unwrap();
        let row = rows.iter().find(|row| row["code"] == code);
        row.map_or(0, |row| figure(&row[name]))
    };
    for row in total["materials"].as_array().unwrap() {
        let code = row["code"].as_str().unwrap();
        for (name, value) in row.as_object().unwrap() {
            if ["code", "name", "name_en", "unit"].contains(&name.as_str()) {
                continue;
            }
            let sum: i64 = own.iter().map(|report| of_code(report, code, name)).sum();
            assert_eq!(figure(value), sum, "{code} {name}");
        }
    }
    let of_account = |report: &Value, code: &str| {
        let balance = report["accounts"].get(code);
        balance.map_or(0, figure)
    };
    for (code, balance) in total["accounts"].as_object().unwrap() {
        let sum: i64 = own.iter().map(|report| of_account(report, code)).sum();
        assert_eq!(figure(balance), sum, "{code}");
    }
}

#[test]
fn a_region_that_is_none_that_is_empty_or_that_has_not_begun_is_refused() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        for wrong in ["", "4", "43032a", "4303211042011", "四三", "43 03", "-43"] {
            let refused = RegionPrefix::parse("region", wrong).unwrap_err();
            assert_eq!(refused.code(), "not-a-region", "{wrong}");
        }
        let ask = async |digits: &str, at: &str| {
            let asked = ledger.region_report(&prefix(digits), month(at)).await;
            match asked.unwrap_err() {
                jinfu::ledger::Error::Refused(refusal) => *refusal,
                other => panic!("{other:?}"),
            }
        };
        let unknown = ask("430399", "2025-09").await;
        assert_eq!(
            unknown,
            Refusal::RegionUnknown {
                region: "430399".to_owned()
            }
        );
        assert_eq!(ask("43", "2026-01").await.code(), "month-not-begun");
        assert_eq!(ask("43", "2025-01").await.code(), "before-opening");
        database.close(ledger).await;
    });
}

#[test]
fn a_village_that_opens_later_is_named_and_is_in_no_sum() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        let mut raw = Raw::open(&database).await;
        raw.must(&format!(
            "update village set opening_month = '2025-11' where code = '{}'",
            VILLAGES[1]
        ))
        .await;
        let report = region(&ledger, "430321104", "2025-09").await;
        assert_eq!(report["villages"].as_array().unwrap().len(), 1);
        assert_eq!(report["total"]["pickups"], 1);
        let later = &report["not_begun"][0];
        assert_eq!(later["village"], VILLAGES[1]);
        assert_eq!(later["opening_month"], "2025-11");
        ledger.close().await.unwrap();
        drop(raw);
        database.discard().await;
    });
}

#[test]
fn an_equation_that_does_not_hold_in_one_village_is_named_there_and_in_the_sum() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        let mut raw = Raw::open(&database).await;
        for (code, sql, check, difference) in [
            (
                VILLAGES[0],
                "update account_balance set balance_fen = balance_fen + 7 where village_id = 1 and account = '1405' and subject = 'ZB'",
                "stock_rolls_forward",
                "0.07",
            ),
            (
                VILLAGES[1],
                "update material_month set value_fen = value_fen - 5 where village_id = 2 and material = 'ZB' and flow = 'pickup' and month = '2025-09' and collector = 'C0'",
                "pickups_equal_credit",
                "0.05",
            ),
        ] {
            raw.must(sql).await;
            let report = region(&ledger, "430321104", "2025-09").await;
            let rows = report["villages"].as_array().unwrap();
            let row = rows.iter().find(|row| row["village"] == code).unwrap();
            for sums in [row, &report["total"]] {
                assert_eq!(sums["checks_hold"], false);
                let failing = sums["checks_failing"].as_array().unwrap();
                let failing = failing.iter().find(|failing| failing["id"] == check);
                assert_eq!(
                    failing.unwrap()["difference"],
                    difference,
                    "{engine:?} {sums}"
                );
            }
        }
        ledger.close().await.unwrap();
        drop(raw);
        database.discard().await;
    });
}

#[test]
fn open_held_pickups_and_disputes_and_the_state_of_the_month_stand_in_the_report() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        let mut raw = Raw::open(&database).await;
        raw.must(
            "insert into register (village_id, kind, number, month, is_open, content) values \
             (1, 'held_pickup', 'A', '2025-09', 1, '{}'), (1, 'held_pickup', 'B', '2025-08', 1, '{}'), \
             (1, 'held_pickup', 'C', '2025-10', 1, '{}'), (1, 'held_pickup', 'D', '2025-09', 0, '{}'), \
             (2, 'dispute', 'A', '2025-09', 1, '{}'), (2, 'payout', 'A', '2025-09', 1, '{}')",
        )
        .await;
        raw.must("update village_month set state = 'signed', version = 2 where village_id = 2 and month = '2025-09'")
            .await;
        let report = region(&ledger, "430321104", "2025-09").await;
        let open = |row: &Value| [row["held_open"].clone(), row["disputes_open"].clone()];
        assert_eq!(open(&report["villages"][0]), [2, 0]);
        assert_eq!(open(&report["villages"][1]), [0, 1]);
        assert_eq!(open(&report["total"]), [2, 1]);
        assert_eq!(report["villages"][1]["state"], "signed");
        assert_eq!(report["villages"][1]["version"], 2);
        assert_eq!(report["total"]["states"]["signed"], 1);
        ledger.close().await.unwrap();
        drop(raw);
        database.discard().await;
    });
}

#[test]
fn the_command_line_tells_a_region_as_table_json_and_csv() {
    on_both(async |engine| {
        let (database, ledger) = county(engine).await;
        let report = ["report", "2025-09", "--region", "430321104"];
        let told = done(&database, &report);
        for words in [
            "Region 430321104",
            VILLAGES[0],
            VILLAGES[1],
            "Total",
            "holds",
            "Sold",
            "40.000",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains(VILLAGES[2]), "{told}");
        let json = done(&database, &[&report[..], &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, region(&ledger, "430321104", "2025-09").await);
        let csv = done(&database, &[&report[..], &["--format", "csv"]].concat());
        let mut lines = csv.trim_start_matches('\u{feff}').lines();
        assert_eq!(lines.next(), Some("village,section,subject,figure,value"));
        let closing = json["total"]["credit"]["closing"].as_str().unwrap();
        let line = format!("total,credit,,closing,{closing}");
        assert!(csv.lines().any(|other| other == line), "{csv}");
        let both = [&report[..], &["--village", VILLAGES[0]]].concat();
        assert_eq!(jinfu("en", &database.url, &both).status.code(), Some(2));
        for (digits, sentence) in [("4x", "is not a region"), ("99", "begins with 99")] {
            let output = jinfu(
                "en",
                &database.url,
                &["report", "2025-09", "--region", digits],
            );
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains(sentence), "{told}");
        }
        database.close(ledger).await;
    });
}
