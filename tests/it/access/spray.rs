//! Wrong PINs on many households, few on each: the clerk's office hears of it, and whoever is right gets in.

use jinfu::ledger::access::AccessError;

use crate::access::{Door, no, other_than};
use crate::harness::on_both;
use crate::harness::raw::Raw;

/// Wrong PINs of a village within an hour that are taken for mistakes.
const MISTAKES: u32 = 60;
/// Wrong PINs of one phone after which it may try on.
const OF_A_PHONE: u32 = 4;

#[test]
fn wrong_pins_on_many_phones_raise_one_alarm_and_slow_down_whoever_is_wrong() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let alarms = async || -> String {
            let mut raw = Raw::open(&door.village.database).await;
            let count = "select count(*) from audit_event where action = 'alarm' and village_code is not null";
            raw.list(count).await.remove(0)
        };
        for _ in 0..MISTAKES / OF_A_PHONE {
            assert_eq!(alarms().await, "0");
            let card = door.card("H001").await;
            let phone = door.bind(&card).await.unwrap();
            for nth in 0..OF_A_PHONE {
                let wrong = door.unlock(&phone, &other_than(&card.pin, nth)).await;
                assert_eq!(no(wrong), AccessError::WrongPin);
            }
        }
        assert_eq!(alarms().await, "1");
        let card = door.card("H003").await;
        let phone = door.bind(&card).await.unwrap();
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        let wrong = door.unlock(&phone, &other_than(&card.pin, 0)).await;
        assert_eq!(no(wrong), AccessError::WrongPin);
        let soon = door.unlock(&phone, card.pin.reveal()).await;
        assert_eq!(no(soon), AccessError::TriedTooOften { seconds: 60 });
        door.wait(60);
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        // After the hour mistakes are mistakes again.
        door.wait(3_600);
        for nth in 0..OF_A_PHONE {
            let wrong = door.unlock(&phone, &other_than(&card.pin, nth)).await;
            assert_eq!(no(wrong), AccessError::WrongPin);
        }
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        assert_eq!(alarms().await, "1");
        door.close().await;
    });
}
