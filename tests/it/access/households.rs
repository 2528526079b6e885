//! Households have a phone that their card was bound to, and a PIN; collectors a phone that was enrolled.

use jinfu::domain::authority::Scope;
use jinfu::domain::{CollectorCode, HouseholdNo, Refusal, Role, VillageCode};
use jinfu::ledger::access::{AccessError, Secret};

use crate::access::{BY, Door, TRACE, no, open, other_than};
use crate::harness::on_both;

const DAY: i64 = 86_400;

#[test]
fn ten_thousand_wrong_pins_open_nothing_and_cost_ten_hashes() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let card = door.card("H003").await;
        let phone = door.bind(&card).await.unwrap();
        let before = door.access.hashes();
        let mut answers = [0_u32; 3];
        for nth in 0..10_000 {
            match no(door.unlock(&phone, &other_than(&card.pin, nth)).await) {
                AccessError::WrongPin => answers[0] += 1,
                AccessError::TriedTooOften { .. } => {
                    answers[1] += 1;
                    door.wait(600);
                }
                AccessError::PhoneBlocked => answers[2] += 1,
                other => panic!("{other:?}"),
            }
        }
        let [wrong, waiting, blocked] = answers;
        assert_eq!((wrong, wrong + waiting + blocked), (10, 10_000));
        assert!(blocked > 9_900, "{answers:?}");
        assert_eq!(door.access.hashes() - before, 10);
        // The right one comes too late for this phone, whenever.
        door.wait(DAY);
        let late = door.unlock(&phone, card.pin.reveal()).await;
        assert_eq!(no(late), AccessError::PhoneBlocked);
        // A phone that is bound to nothing is not even a reason to hash.
        let before = door.access.hashes();
        let stranger = door.unlock(&card.secret, card.pin.reveal()).await;
        assert_eq!(no(stranger), AccessError::WrongPin);
        assert_eq!(door.access.hashes(), before);
        let again = door.card("H003").await;
        let phone = door.bind(&again).await.unwrap();
        let signed_in = door.unlock(&phone, again.pin.reveal()).await.unwrap();
        assert!(door.knows(&signed_in.secret).await);
        door.close().await;
    });
}

#[test]
fn a_stranger_can_lock_neither_this_household_out_nor_another() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let (card, others) = (door.card("H003").await, door.card("H001").await);
        let phone = door.bind(&card).await.unwrap();
        let strange = door.bind(&others).await.unwrap();
        for nth in 0..40 {
            no(door.unlock(&strange, &other_than(&others.pin, nth)).await);
            // The PIN of one household opens nothing on the phone of another.
            no(door.unlock(&strange, card.pin.reveal()).await);
            door.wait(3_600);
        }
        let blocked = no(door.unlock(&strange, others.pin.reveal()).await);
        assert_eq!(blocked, AccessError::PhoneBlocked);
        let signed_in = door.unlock(&phone, card.pin.reveal()).await.unwrap();
        assert_eq!(signed_in.identity.role, Role::Household);
        let number = HouseholdNo::parse("household_no", "H003").unwrap();
        let own = Scope::Household(door.village.code.clone(), number);
        assert_eq!(signed_in.identity.scope, own);
        door.close().await;
    });
}

#[test]
fn a_card_is_used_once_and_a_new_one_ends_what_the_old_one_opened() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let first = door.card("H003").await;
        let phone = door.bind(&first).await.unwrap();
        assert_eq!(no(door.bind(&first).await), AccessError::CardUnknown);
        assert!(
            !door.knows(&phone).await,
            "a phone without the PIN is nobody"
        );
        let session = door.unlock(&phone, first.pin.reveal()).await.unwrap();
        let neighbour = door.card("H001").await;
        let next_door = door.bind(&neighbour).await.unwrap();
        assert!(door.knows(&session.secret).await);
        // The second card is never used, the third one is.
        let second = door.card("H003").await;
        let third = door.card("H003").await;
        assert!(!door.knows(&session.secret).await);
        let old = door.unlock(&phone, first.pin.reveal()).await;
        assert_eq!(no(old), AccessError::WrongPin);
        assert_eq!(no(door.bind(&second).await), AccessError::CardUnknown);
        let phone = door.bind(&third).await.unwrap();
        if second.pin != third.pin {
            let old = door.unlock(&phone, second.pin.reveal()).await;
            assert_eq!(no(old), AccessError::WrongPin);
        }
        let session = door.unlock(&phone, third.pin.reveal()).await.unwrap();
        let neighbours = door.unlock(&next_door, neighbour.pin.reveal()).await;
        let neighbours = neighbours.unwrap();
        let everywhere = door.access.sign_out_everywhere(&session.identity);
        everywhere.await.unwrap();
        assert!(!door.knows(&session.secret).await);
        assert!(door.knows(&neighbours.secret).await, "next door");
        // The phone stays bound.
        door.unlock(&phone, third.pin.reveal()).await.unwrap();
        door.close().await;
    });
}

#[test]
fn a_card_waits_ninety_days_and_belongs_to_a_household_there_is() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let (early, late) = (door.card("H001").await, door.card("H003").await);
        door.wait(90 * DAY - 1);
        door.bind(&early).await.unwrap();
        door.wait(1);
        assert_eq!(no(door.bind(&late).await), AccessError::CardUnknown);
        let nobody = HouseholdNo::parse("household_no", "H999").unwrap();
        let refused = no(door
            .access
            .issue_card(BY, &door.village.code, &nobody)
            .await);
        let household_no = "H999".to_owned();
        assert_eq!(refused, Refusal::HouseholdUnknown { household_no }.into());
        let village = VillageCode::parse("village", "999999999999").unwrap();
        let refused = no(door.access.issue_card(BY, &village, &nobody).await);
        assert_eq!(refused, Refusal::VillageUnknown { village }.into());
        door.close().await;
    });
}

#[test]
fn a_pin_is_worth_nothing_without_the_pepper() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let card = door.card("H003").await;
        let phone = door.bind(&card).await.unwrap();
        let url = &door.village.database.url;
        let thief = open(url, &[8; 32]).await;
        let tried = thief.sign_in_household(phone.reveal(), card.pin.reveal(), TRACE);
        assert_eq!(no(tried.await), AccessError::WrongPin);
        thief.close().await.unwrap();
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        door.close().await;
    });
}

#[test]
fn a_collectors_phone_is_enrolled_once_within_a_day_and_acts_under_his_code() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let collector = CollectorCode::parse("collector", "C1").unwrap();
        let code = async || -> Secret {
            let code = door
                .access
                .issue_enrolment(BY, &door.village.code, &collector);
            code.await.unwrap()
        };
        let enrol =
            async |code: &Secret| door.access.enrol(code.reveal(), "a\0 phone", TRACE).await;
        let (first, second, third) = (code().await, code().await, code().await);
        let phone = enrol(&first).await.unwrap();
        assert_eq!(no(enrol(&first).await), AccessError::EnrolmentUnknown);
        // An enrolment code is no card, and a card no enrolment code.
        let card = door.access.bind_card(second.reveal(), TRACE).await;
        assert_eq!(no(card), AccessError::CardUnknown);
        door.wait(DAY - 1);
        enrol(&second).await.unwrap();
        door.wait(1);
        assert_eq!(no(enrol(&third).await), AccessError::EnrolmentUnknown);
        let card = door.card("H003").await;
        assert_eq!(no(enrol(&card.secret).await), AccessError::EnrolmentUnknown);
        // It is not idle for an hour that ends a phone's days.
        door.wait(30 * DAY);
        let known = door.access.identify(phone.secret.reveal()).await.unwrap();
        let identity = known.unwrap().identity;
        assert_eq!(identity, phone.identity);
        assert_eq!(identity.actor().to_string(), "collector:C1");
        assert_eq!(identity.collector, Some(collector.clone()));
        assert!(identity.scope.has_village(&door.village.code));
        let foreign = VillageCode::parse("village", "999999999999").unwrap();
        assert!(!identity.scope.has_village(&foreign));
        door.access.sign_out(phone.secret.reveal()).await.unwrap();
        assert!(!door.knows(&phone.secret).await);
        door.close().await;
    });
}
