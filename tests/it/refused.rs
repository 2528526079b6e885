//! A "no" that a person saw holds for 30 days: a late duplicate of the command hears the same again, whatever became possible since.

use jinfu::domain::closing::CloseMonth;
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::{Command, Refusal, Request, VillageCode};
use jinfu::ledger::{Answer, Error, Keeping};
use jinfu::text::{Language, Texts};
use serde_json::{Map, Value};

use crate::harness::raw::Raw;
use crate::harness::{on_both, on_both_in_turn, refusal, submit};
use crate::payout::{Village, at, carton, month, pickup, void_pickup};

/// What a void of a pickup hears that is not recorded yet.
fn no_such_pickup() -> Refusal {
    Refusal::DocumentUnknown {
        number: "A-1".to_owned(),
    }
}

fn void() -> Command {
    void_pickup("A-1", "09-30T20:00")
}

fn weighed() -> Command {
    pickup("A-1", "H001", "10.000", "09-20T08:00")
}

/// Asks as a person at a screen does.
async fn ask(village: &Village, request: &Request) -> Answer {
    let asked = village
        .ledger
        .try_submit(request.clone(), Keeping::Refusals);
    asked.await
}

#[track_caller]
fn refused_before(answer: Answer) -> Map<String, Value> {
    match answer {
        Err(Error::RefusedBefore(facts)) => *facts,
        other => panic!("expected what was refused before, got {other:?}"),
    }
}

async fn kept(village: &Village) -> String {
    let mut raw = Raw::open(&village.database).await;
    raw.list("select count(*) from refused_command")
        .await
        .remove(0)
}

#[test]
fn a_late_duplicate_hears_the_same_no_and_a_new_command_passes() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        village.done(weighed()).await;
        let head = village.ledger.head(&village.code).await.unwrap();
        for _ in 0..2 {
            let facts = refused_before(ask(&village, &early).await);
            assert_eq!(facts, no_such_pickup().facts());
        }
        assert_eq!(village.ledger.head(&village.code).await.unwrap(), head);
        let anew = village.by("wang", void());
        let answer = ask(&village, &anew).await;
        assert!(answer.is_ok(), "{answer:?}");
        village.close().await;
    });
}

#[test]
fn a_no_outlives_the_program() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        village.ledger.close().await.unwrap();
        let ledger = village.database.open("2025-10-01T00:00:00+08:00", 2).await;
        let village = Village { ledger, ..village };
        village.done(weighed()).await;
        refused_before(ask(&village, &early).await);
        village.close().await;
    });
}

#[test]
fn the_id_of_a_refused_command_is_not_used_for_other_content() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        let other = Request {
            command: weighed(),
            ..early.clone()
        };
        let differing = "content".to_owned();
        let expected = Refusal::IdUsedForOtherContent { differing };
        assert_eq!(refusal(ask(&village, &other).await), expected);
        // That answer is about the id, and leaves what is kept under it as it was.
        refused_before(ask(&village, &early).await);
        village.close().await;
    });
}

#[test]
fn a_no_is_forgotten_after_thirty_days() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        village.ledger.clock().set(at("10-15T00:00"));
        let later = village.by("wang", void_pickup("A-9", "09-30T20:00"));
        refusal(ask(&village, &later).await);
        village.done(weighed()).await;
        village.ledger.clock().set(at("10-30T23:00"));
        refused_before(ask(&village, &early).await);
        assert_eq!(kept(&village).await, "2");
        village.ledger.clock().set(at("10-30T23:01"));
        let answer = ask(&village, &early).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(kept(&village).await, "1", "the later one has its days left");
        refused_before(ask(&village, &later).await);
        village.close().await;
    });
}

#[test]
fn what_is_refused_again_after_its_days_is_kept_anew() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        refusal(ask(&village, &early).await);
        village.ledger.clock().set(at("11-05T00:00"));
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        village.ledger.clock().set(at("12-01T00:00"));
        refused_before(ask(&village, &early).await);
        village.close().await;
    });
}

#[test]
fn an_import_keeps_no_refusal_and_is_held_by_none() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let row = village.by("wang", void());
        assert_eq!(
            refusal(village.ledger.submit(row.clone()).await),
            no_such_pickup()
        );
        assert_eq!(kept(&village).await, "0");
        // A person asks for the same, and hears no; then the file is repaired, and the row passes.
        assert_eq!(refusal(ask(&village, &row).await), no_such_pickup());
        village.done(weighed()).await;
        village.ledger.submit(row.clone()).await.unwrap();
        // What is in the journal is no longer refused.
        let answer = ask(&village, &row).await;
        assert!(answer.is_ok(), "{answer:?}");
        village.close().await;
    });
}

#[test]
fn what_cannot_be_right_is_not_kept_and_may_be_repaired_under_its_id() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let Command::RecordPickup(mut wrong) = weighed() else {
            panic!("a pickup")
        };
        wrong.lines[0].tare = carton("11.000")[0].gross;
        let wrong = village.by("wang", Command::RecordPickup(wrong));
        assert_eq!(
            refusal(ask(&village, &wrong).await).code(),
            "tare-over-gross"
        );
        assert_eq!(kept(&village).await, "0");
        let right = Request {
            command: weighed(),
            ..wrong
        };
        let answer = ask(&village, &right).await;
        assert!(answer.is_ok(), "{answer:?}");
        village.close().await;
    });
}

#[test]
fn a_change_on_an_older_revision_is_made_again_under_its_id() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let change = |expected: &str| {
            let settings = Settings {
                payout_days: 20,
                ..Settings::default()
            };
            Command::ChangeSettings(ChangeSettings {
                settings,
                expected: Some(expected.to_owned()),
            })
        };
        let late = village.by("wang", change("another"));
        let code = refusal(ask(&village, &late).await).code();
        assert_eq!(code, "settings-changed-meanwhile");
        let settings = village.ledger.settings(&village.code).await.unwrap();
        let again = Request {
            command: change(&settings.revision()),
            ..late
        };
        let answer = ask(&village, &again).await;
        assert!(answer.is_ok(), "{answer:?}");
        village.close().await;
    });
}

#[test]
fn a_no_of_one_village_is_none_of_another() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        assert_eq!(refusal(ask(&village, &early).await), no_such_pickup());
        let (_, opened) = village.ledger.village(None).await.unwrap();
        let other = VillageCode::parse("village", "430321900002").unwrap();
        submit(&village.ledger, &other, Command::OpenVillage(opened))
            .await
            .unwrap();
        let there = Request {
            village: other,
            ..early.clone()
        };
        assert_eq!(refusal(ask(&village, &there).await), no_such_pickup());
        refused_before(ask(&village, &there).await);
        assert_eq!(kept(&village).await, "2");
        village.close().await;
    });
}

#[test]
fn a_duplicate_in_the_same_batch_hears_the_no_as_well() {
    on_both_in_turn(async |engine| {
        let village = Village::new(engine).await;
        let early = village.by("wang", void());
        let between = village.by("wang", weighed());
        let mut pending = Vec::new();
        for request in [&early, &between, &early] {
            let given = village
                .ledger
                .try_enqueue(request.clone(), Keeping::Refusals);
            pending.push(given.unwrap());
        }
        let mut answers = Vec::new();
        for pending in pending {
            answers.push(pending.answer().await);
        }
        refused_before(answers.pop().unwrap());
        assert!(answers.pop().unwrap().is_ok());
        assert_eq!(refusal(answers.pop().unwrap()), no_such_pickup());
        village.close().await;
    });
}

#[test]
fn a_kept_no_is_told_in_the_same_words() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.ledger.clock().set(at("10-05T00:00"));
        let close = CloseMonth {
            month: month("2025-09"),
            missing_reason: None,
        };
        let close = village.by("wang", Command::CloseMonth(close));
        let first = refusal(ask(&village, &close).await);
        assert_eq!(first.code(), "cannot-close");
        let facts = refused_before(ask(&village, &close).await);
        for language in [Language::Chinese, Language::English] {
            let texts = Texts::new(language);
            assert_eq!(texts.refused(facts.clone()), texts.refusal(&first));
        }
        village.close().await;
    });
}
