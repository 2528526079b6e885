//! What surrounds held pickups: told prices, materials without a price, who may correct, who publishes prices, devices, and the command line.

use jinfu::domain::held::HeldDecision;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::month::parse_time;
use jinfu::domain::pickup::RecordPickup;
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::{Command, Event, MaterialCode, Money, Refusal, Role, Unit};

use crate::harness::{jinfu, on_both};
use crate::held::{Village, at, correct, from, household, pickup, resolve, void};

#[test]
fn a_price_that_was_told_holds_for_seven_days() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let old = parse_time("at", "2025-01-01T00:00:00+08:00").unwrap();
        let told = |no, time, of| RecordPickup {
            told_list: Some(old),
            ..pickup(no, time, of, &[("ZB", "10.000")])
        };
        let event = village
            .done(Command::RecordPickup(told("A-1", "23T00:00:00", "H002")))
            .await;
        let recorded = event.pickup().unwrap();
        assert_eq!(recorded.amount(), Money::from_fen(900));
        assert_eq!(
            (recorded.price_list, recorded.told_difference),
            (old, Money::from_fen(100))
        );
        let of = household("H002");
        let statement = village.ledger.statement(&village.code, &of, (None, None));
        let lines = statement.await.unwrap().lines;
        assert_eq!(
            lines.last().unwrap().told_difference,
            Some(Money::from_fen(100))
        );
        let event = village
            .done(correct("A-1", "23T09:00:00", &[("ZB", "20.000")]))
            .await;
        let replaced = event.pickup().unwrap();
        assert_eq!(
            replaced.amount(),
            Money::from_fen(1_800),
            "a correction keeps the list"
        );
        assert_eq!(replaced.told_difference, Money::from_fen(200));
        assert_eq!(
            village.codes(told("A-2", "23T00:00:01", "H003")).await,
            ["told-price-too-old"]
        );
        let unknown = RecordPickup {
            told_list: Some(at("17T00:00:00")),
            ..told("A-3", "20T08:00:00", "H004")
        };
        assert_eq!(village.codes(unknown).await, ["told-price-unknown"]);
        assert_eq!(
            village.codes(told("A-4", "29T00:00:00", "H005")).await,
            ["told-price-too-old"]
        );
        for (no, decision, fen) in [
            ("A-2", HeldDecision::AtNewPrice, 800),
            ("A-3", HeldDecision::AsItIs, 800),
            ("A-4", HeldDecision::AsItIs, 900),
        ] {
            let event = village.resolve(no, decision).await;
            assert_eq!(
                event.pickup().unwrap().amount(),
                Money::from_fen(fen),
                "{no}"
            );
        }
        let now = RecordPickup {
            told_list: Some(at("16T00:00:00")),
            ..told("A-5", "20T08:00:00", "H006")
        };
        let event = village.done(Command::RecordPickup(now)).await;
        assert_eq!(event.pickup().unwrap().told_instead_of, None);
        village.close().await;
    });
}

#[test]
fn what_has_no_price_is_held_and_on_paper_refused() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let glass = MaterialCode::parse("material", "BL").unwrap();
        let material = RegisterMaterial {
            code: glass,
            name: "玻璃".to_owned(),
            name_en: "glass".to_owned(),
            unit: Unit::Kg,
            hazardous: false,
            needs_identity: false,
        };
        village.done(Command::RegisterMaterial(material)).await;
        let command = |no| {
            pickup(
                no,
                "05T08:00:00",
                "H001",
                &[("BL", "1.000"), ("ZB", "1.000")],
            )
        };
        assert_eq!(village.codes(command("A-1")).await, ["not-priced"]);
        let clerk = async |command| village.refused(Role::Clerk, "test", command).await;
        let refusal = clerk(resolve("A-1", HeldDecision::AsItIs, "")).await;
        assert!(
            matches!(refusal, Refusal::MaterialNotPriced { .. }),
            "{refusal:?}"
        );
        let paper = RecordPickup {
            is_paper: true,
            ..command("A-2")
        };
        let refusal = clerk(Command::RecordPickup(paper)).await;
        assert!(
            matches!(refusal, Refusal::MaterialNotPriced { .. }),
            "{refusal:?}"
        );
        village.resolve("A-1", HeldDecision::Reject).await;
        let refusal = clerk(void("A-1", "06T09:00:00")).await;
        assert!(
            matches!(refusal, Refusal::PickupRejected { .. }),
            "{refusal:?}"
        );
        let refusal = clerk(Command::RecordPickup(command("A-1"))).await;
        assert!(
            matches!(refusal, Refusal::DocumentNoTaken { .. }),
            "{refusal:?}"
        );
        let paper = RecordPickup {
            is_paper: true,
            ..pickup("A-3", "05T08:00:00", "H001", &[("ZB", "300.000")])
        };
        let Event::PickupRecorded(flagged) = village.done(Command::RecordPickup(paper)).await
        else {
            panic!("paper is never held");
        };
        assert_eq!(
            flagged.flags.len(),
            2,
            "heavy and large: {:?}",
            flagged.flags
        );
        village.close().await;
    });
}

#[test]
fn a_collector_corrects_only_his_own_pickups_of_the_day_below_twenty_yuan() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        for (no, of, kilograms) in [
            ("A-1", "H001", "22.210"),
            ("A-2", "H002", "22.220"),
            ("A-3", "H003", "1.000"),
            ("A-4", "H004", "50.000"),
        ] {
            village
                .record(pickup(no, "05T08:00:00", of, &[("ZB", kilograms)]))
                .await;
        }
        let not_allowed = async |name, command| {
            let refusal = village.refused(Role::Collector, name, command).await;
            assert!(
                matches!(refusal, Refusal::OnlyClerkCorrects { .. }),
                "{refusal:?}"
            );
        };
        not_allowed("C2", void("A-1", "05T09:00:00")).await;
        not_allowed("C1", void("A-1", "06T00:00:00")).await;
        // 19.99 is below the limit, 20.00 is not.
        not_allowed("C1", void("A-2", "05T09:00:00")).await;
        village
            .by(Role::Collector, "C1", void("A-1", "05T23:59:59"))
            .await
            .unwrap();
        not_allowed("C1", correct("A-3", "05T09:00:00", &[("ZB", "50.000")])).await;
        let small = correct("A-4", "05T09:00:00", &[("ZB", "51.000")]);
        village.by(Role::Collector, "C1", small).await.unwrap();
        village.done(void("A-2", "06T09:00:00")).await;
        village.close().await;
    });
}

#[test]
fn where_the_village_has_two_officers_the_author_of_a_list_does_not_publish_it() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let settings = Settings {
            two_officers: true,
            ..Settings::default()
        };
        village
            .done(Command::ChangeSettings(ChangeSettings {
                settings,
                expected: None,
            }))
            .await;
        let list = |drafted_by: Option<&str>| {
            Command::PublishPriceList(PublishPriceList {
                effective_from: at("25T00:00:00"),
                lines: vec![PriceLine {
                    material: MaterialCode::parse("material", "ZB").unwrap(),
                    price_li: 850,
                    per: 1,
                }],
                drafted_by: drafted_by.map(str::to_owned),
            })
        };
        let refusal = village.refused(Role::Clerk, "li", list(None)).await;
        assert_eq!(refusal, Refusal::PriceListNeedsAuthor);
        for name in ["li", ""] {
            let refusal = village.refused(Role::Clerk, name, list(Some("li"))).await;
            assert!(
                matches!(refusal, Refusal::AuthorPublishes { .. }),
                "{refusal:?}"
            );
        }
        village
            .by(Role::Clerk, "wang", list(Some("li")))
            .await
            .unwrap();
        village.close().await;
    });
}

#[test]
fn the_numbers_that_a_device_did_not_send_are_counted() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        for (no, kilograms) in [
            ("D-0003", "1.000"),
            ("D-0007", "100.001"),
            ("D-0004", "2.000"),
        ] {
            let command = pickup(no, "05T08:00:00", "H001", &[("ZB", kilograms)]);
            village.record(from("phone 1", command)).await;
        }
        village
            .record(pickup("D-0099", "05T08:00:00", "H002", &[("ZB", "1.000")]))
            .await;
        let devices = village.ledger.devices(&village.code).await.unwrap();
        let missing: Vec<_> = devices
            .iter()
            .map(|(name, row)| (name.as_str(), row.missing()))
            .collect();
        assert_eq!(missing, [("phone 1", 2)], "what is held arrived");
        village.close().await;
    });
}

#[test]
fn the_command_line_says_in_one_sentence_that_a_pickup_is_held_and_why() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.ledger.close().await.unwrap();
        let url = village.database.url.clone();
        let run = |language, words: &[&str]| {
            let output = jinfu(language, &url, words);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{words:?}: {told}");
            String::from_utf8(output.stdout).unwrap()
        };
        let record = |no, of| {
            let words = ["pickup", "record", "--number", no, "--household", of];
            let rest = ["--collector", "C1", "--at", "2025-09-05T08:00:00+08:00"];
            let line = ["--line", "ZB=100.001kg", "--device", "phone 1"];
            [&words[..], &rest, &line].concat()
        };
        let told = run("en", &record("A-1", "H001"));
        assert!(
            told.contains("is held for the clerk and not booked yet"),
            "{told}"
        );
        assert!(
            told.contains("100.001 kg ZB is more than 100.000 kg"),
            "{told}"
        );
        let told = run("zh-CN", &record("A-2", "H002"));
        assert!(
            told.contains("待核对") && told.contains("100.001 公斤"),
            "{told}"
        );
        let listed = run("en", &["held", "list", "--format", "json"]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["reasons"][0]["code"], "heavy-line");
        assert!(run("en", &["held", "list"]).contains("A-2"));
        run(
            "en",
            &[
                "held",
                "resolve",
                "--number",
                "A-1",
                "--decision",
                "as_it_is",
            ],
        );
        let other = [
            "held",
            "resolve",
            "--number",
            "A-2",
            "--decision",
            "to_household",
        ];
        run("en", &[&other[..], &["--to", "H003"]].concat());
        assert!(run("en", &["held", "list"]).contains("No pickup is held"));
        run(
            "en",
            &[
                "collector",
                "register",
                "--collector",
                "C1",
                "--own",
                "H001",
            ],
        );
        assert!(run("en", &["collector", "list"]).contains("H001"));
        run("en", &["verify"]);
        village.database.discard().await;
    });
}
