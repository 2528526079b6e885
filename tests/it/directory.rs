//! What a village has, asked of the ledger: pages of households, revisions, lists of masters, documents and the journal.

use jinfu::domain::fee::ChargeFees;
use jinfu::domain::household::{ChangeHousehold, VacancyChange};
use jinfu::domain::month::{parse_date, parse_time_of_day};
use jinfu::domain::refuse::RegisterCollectionPoint;
use jinfu::domain::report::region::RegionPrefix;
use jinfu::domain::schedule::Hours;
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::settlement::{CashTaker, ReceiveCash};
use jinfu::domain::village::OpenVillage;
use jinfu::domain::{
    Account, Command, DocumentKind, HouseholdNo, Money, PointCode, Quantity, Refusal, VillageCode,
};
use jinfu::ledger::{Error, Ledger};

use crate::harness::{on_both, refusal, submit};
use crate::payout::{Village, at, month, number, pickup, request, void_pickup};

fn household(text: &str) -> HouseholdNo {
    HouseholdNo::parse("household", text).unwrap()
}

fn village(text: &str) -> VillageCode {
    VillageCode::parse("village", text).unwrap()
}

fn change(of: &str, headcount: i64, expected: Option<String>) -> Command {
    Command::ChangeHousehold(ChangeHousehold {
        household_no: household(of),
        effective_from: parse_date("from", "2025-10-01").unwrap(),
        group: None,
        headcount: Some(headcount),
        kind: None,
        vacancy: VacancyChange::Unchanged,
        save_up: None,
        head: None,
        waivers: None,
        expected,
    })
}

async fn numbers(ledger: &Ledger, code: &VillageCode, after: Option<&str>) -> Vec<String> {
    let after = after.map(household);
    let page = ledger.households(code, after.as_ref(), 3).await.unwrap();
    page.iter()
        .map(|record| record.household_no.to_string())
        .collect()
}

#[test]
fn households_come_in_pages_and_each_once() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        assert_eq!(numbers(ledger, code, None).await, ["H001", "H002", "H003"]);
        let second = numbers(ledger, code, Some("H003")).await;
        assert_eq!(second, ["H004", "H005", "H006"]);
        assert_eq!(numbers(ledger, code, Some("H006")).await, ["H007"]);
        // A page goes on where a number would stand, whether or not it is there.
        assert_eq!(numbers(ledger, code, Some("H0065")).await, ["H007"]);
        assert!(numbers(ledger, code, Some("H007")).await.is_empty());
        village.close().await;
    });
}

#[test]
fn a_household_is_shown_with_what_it_has_and_what_is_on_hold() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        village.done(request("H003", "25.00", "09-30T10:00")).await;
        village.done(change("H003", 6, None)).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let record = ledger.household(code, &household("H003")).await.unwrap();
        assert_eq!(record.head.as_deref(), Some("户主三"));
        assert_eq!(record.terms.headcount, 5, "the change is not in force yet");
        let money = [record.credit, record.on_hold, record.fees_open];
        assert_eq!(money.map(Money::fen), [3_150, 2_500, 0]);
        let poor = ledger.household(code, &household("H005")).await.unwrap();
        assert_eq!(poor.waivers, ["low_income"]);
        let page = ledger.households(code, None, 1_000).await.unwrap();
        assert_eq!((&page[2], &page[4]), (&record, &poor));
        ledger.clock().set(at("10-01T00:00"));
        let later = ledger.household(code, &household("H003")).await.unwrap();
        assert_eq!(later.terms.headcount, 6);
        assert_eq!(later.revision, record.revision, "the day changes nothing");
        let unknown = ledger.household(code, &household("H999")).await;
        let household_no = "H999".to_owned();
        let expected = Refusal::HouseholdUnknown { household_no };
        assert_eq!(unknown, Err(expected.into()));
        village.close().await;
    });
}

#[test]
fn what_a_household_has_and_owes_is_what_its_statement_ends_with() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let month = month("2025-09");
        village
            .done(Command::ChargeFees(ChargeFees { month }))
            .await;
        let cash = ReceiveCash {
            household_no: household("H002"),
            amount: Money::from_fen(9_000),
            received_at: at("09-30T09:00"),
            taken_by: CashTaker::Office(String::new()),
        };
        village.done(Command::ReceiveCash(cash)).await;
        village
            .done(pickup("A-1", "H001", "10.000", "09-20T08:00"))
            .await;
        let page = ledger.households(code, None, 1_000).await.unwrap();
        let (mut owing, mut ahead) = (0, 0);
        for record in &page {
            let statement = ledger.statement(code, &record.household_no, (None, None));
            let statement = statement.await.unwrap();
            assert_eq!(record.credit, statement.credit_closing);
            assert_eq!(record.fees_open, statement.owed_closing);
            assert_eq!(record.advance, statement.advance_closing);
            owing += i32::from(record.fees_open.is_positive());
            ahead += i32::from(record.advance.is_positive());
        }
        assert!(owing > 2 && ahead > 0, "{page:?}");
        village.close().await;
    });
}

#[test]
fn erased_details_are_not_shown() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let erase = "delete from household_person where household_no = 'H005'";
        village.database.execute(erase).await;
        let of = household("H005");
        let record = village.ledger.household(&village.code, &of).await.unwrap();
        assert_eq!((record.head, record.waivers.len()), (None, 0));
        assert_eq!(record.terms.waived_percent, 50);
        village.close().await;
    });
}

#[test]
fn a_change_made_on_an_older_revision_is_refused() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let seen = ledger.household(code, &household("H001")).await.unwrap();
        let first = village.by("wang", change("H001", 5, Some(seen.revision.clone())));
        ledger.submit(first.clone()).await.unwrap();
        let late = change("H001", 7, Some(seen.revision.clone()));
        let household_no = "H001".to_owned();
        let expected = Refusal::ChangedMeanwhile { household_no };
        assert_eq!(village.refused(late).await, expected);
        // The same request again was made on what it has changed since, and is answered all the same.
        ledger.submit(first).await.unwrap();
        let fresh = ledger.household(code, &household("H001")).await.unwrap();
        assert_ne!(fresh.revision, seen.revision);
        village.done(change("H001", 7, Some(fresh.revision))).await;
        village.done(change("H001", 8, None)).await;
        village.close().await;
    });
}

#[test]
fn settings_made_on_an_older_revision_are_refused() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let seen = ledger.settings(code).await.unwrap();
        let days = |payout_days, expected| {
            let settings = Settings {
                payout_days,
                ..Settings::default()
            };
            Command::ChangeSettings(ChangeSettings { settings, expected })
        };
        village.done(days(20, Some(seen.revision()))).await;
        let expected = Refusal::SettingsChangedMeanwhile {
            village: "金福村".to_owned(),
        };
        let late = village.refused(days(10, Some(seen.revision()))).await;
        assert_eq!(late, expected);
        let fresh = ledger.settings(code).await.unwrap();
        village.done(days(10, Some(fresh.revision()))).await;
        let (_, shown) = ledger.villages(None).await.unwrap().remove(0);
        assert_eq!(shown.settings.payout_days, 10);
        village.close().await;
    });
}

#[test]
fn the_villages_of_a_region_are_those_whose_codes_begin_so() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let ledger = &village.ledger;
        let (_, opened) = ledger.village(None).await.unwrap();
        let others = ["430321800009", "430321900000", "430322000001"];
        for code in others.map(self::village) {
            let opening = Command::OpenVillage(OpenVillage {
                name: code.to_string(),
                ..opened.clone()
            });
            submit(ledger, &code, opening).await.unwrap();
        }
        for (prefix, expected) in [
            (
                Some("430321900"),
                ["430321900000", "430321900001"].as_slice(),
            ),
            (Some("430321800009"), &["430321800009"]),
            (Some("44"), &[]),
            (
                None,
                &[
                    "430321800009",
                    "430321900000",
                    "430321900001",
                    "430322000001",
                ],
            ),
        ] {
            let prefix = prefix.map(|prefix| RegionPrefix::parse("region", prefix).unwrap());
            let found = ledger.villages(prefix.as_ref()).await.unwrap();
            let codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
            assert_eq!(codes, expected);
            for (code, village) in &found {
                let own = *code == self::village("430321900001");
                assert_eq!(village.name == code.as_str(), !own);
            }
        }
        village.close().await;
    });
}

#[test]
fn masters_and_stock_are_listed_in_order() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let materials = ledger.materials(code).await.unwrap();
        let codes: Vec<&str> = materials.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["FE1", "PET", "PJ", "ZB"]);
        let lists = ledger.price_lists(code).await.unwrap();
        let from: Vec<String> = lists.iter().map(|(from, _)| from.to_string()).collect();
        assert_eq!(from, ["2025-09-15T16:00:00Z", "2024-12-31T16:00:00Z"]);
        let policies = ledger.fee_policies(code).await.unwrap();
        assert_eq!(policies.len(), 1);
        let amount = policies[0].terms.amount;
        assert_eq!((policies[0].version, amount.fen()), (1, 1_000));
        let point = RegisterCollectionPoint {
            code: PointCode::parse("point", "P1").unwrap(),
            name: "村口".to_owned(),
            hours: vec![Hours {
                from: parse_time_of_day("from", "07:00").unwrap(),
                to: parse_time_of_day("to", "08:30").unwrap(),
            }],
        };
        village.done(Command::RegisterCollectionPoint(point)).await;
        let points = ledger.collection_points(code).await.unwrap();
        assert_eq!(
            (points[0].0.as_str(), points[0].1.name.as_str()),
            ("P1", "村口")
        );
        let cartons = async || {
            let stock = ledger.stock(code).await.unwrap();
            let mut cartons = stock.iter().filter(|row| row.material.as_str() == "ZB");
            let row = cartons.next().unwrap();
            assert_eq!(row.account, Account::RecyclablesStock);
            (row.quantity, row.value)
        };
        let (quantity, value) = cartons().await;
        village
            .done(pickup("A-1", "H001", "10.000", "09-20T08:00"))
            .await;
        let (more, worth) = cartons().await;
        assert_eq!(more, Quantity::grams(quantity.count() + 10_000));
        assert_eq!(worth, value + Money::from_fen(800));
        village.close().await;
    });
}

#[test]
fn a_number_stands_for_the_entry_that_made_it_and_the_one_that_took_it_back() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        village
            .done(pickup("A-1", "H001", "10.000", "09-20T08:00"))
            .await;
        let asked = number("A-1");
        let found = ledger.document(code, DocumentKind::Pickup, &asked).await;
        let before = found.unwrap();
        assert_eq!(before.recorded.event.kind(), "pickup_recorded");
        assert_eq!(before.reversed, None);
        assert_eq!(before.recorded.hash, ledger.head(code).await.unwrap().hash);
        village.done(void_pickup("A-1", "09-21T08:00")).await;
        let found = ledger.document(code, DocumentKind::Pickup, &asked).await;
        let after = found.unwrap();
        assert_eq!(after.recorded, before.recorded);
        let reversed = after.reversed.unwrap();
        assert_eq!(reversed.event.kind(), "pickup_voided");
        assert_eq!(reversed.seq, before.recorded.seq + 1);
        let missing = ledger.document(code, DocumentKind::Sale, &asked).await;
        let unknown = Refusal::DocumentUnknown {
            number: "A-1".to_owned(),
        };
        assert_eq!(missing, Err(unknown.into()));
        village.close().await;
    });
}

#[test]
fn pages_of_the_journal_are_the_chain() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let (ledger, code) = (&village.ledger, &village.code);
        let mut after = 0;
        let mut last = None;
        loop {
            let page = ledger.journal_page(code, after, 4).await.unwrap();
            assert!(page.len() <= 4);
            let Some(end) = page.last() else { break };
            let seqs: Vec<i64> = page.iter().map(|entry| entry.seq).collect();
            let expected: Vec<i64> = (after + 1..=end.seq).collect();
            assert_eq!(seqs, expected);
            after = end.seq;
            last = Some(end.hash);
        }
        let head = ledger.head(code).await.unwrap();
        assert_eq!((Some(head.hash), head.next_seq), (last, after + 1));
        village.close().await;
    });
}

#[test]
fn nothing_is_known_of_a_village_without_a_book() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let ledger = &village.ledger;
        let none = self::village("430321900009");
        let unknown = || -> Error {
            Refusal::VillageUnknown {
                village: none.clone(),
            }
            .into()
        };
        assert_eq!(ledger.households(&none, None, 1).await, Err(unknown()));
        assert_eq!(ledger.stock(&none).await, Err(unknown()));
        assert_eq!(ledger.materials(&none).await, Err(unknown()));
        assert_eq!(ledger.price_lists(&none).await, Err(unknown()));
        assert_eq!(ledger.journal_page(&none, 0, 1).await, Err(unknown()));
        let answer = submit(ledger, &none, change("H001", 2, None)).await;
        assert_eq!(Error::from(refusal(answer)), unknown());
        village.close().await;
    });
}
