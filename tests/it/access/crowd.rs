//! Many sign in at once: two are hashed at a time, 16 wait, the others are told to come again, and lose nothing by it.

use std::sync::Arc;

use jinfu::ledger::access::AccessError;

use crate::access::{Door, HERE, NAME, PASSWORD, TRACE, no};
use crate::harness::raw::Raw;
use crate::harness::{on_both, on_both_in_turn};

/// How many are in line at most, and how many come.
const IN_LINE: usize = 18;
const CROWD: usize = 50;

#[test]
fn a_crowd_with_wrong_passwords_makes_no_longer_line_than_can_be_served() {
    on_both_in_turn(async |engine| {
        let door = Arc::new(Door::new(engine).await);
        let before = door.access.hashes();
        let mut crowd = tokio::task::JoinSet::new();
        for nth in 0..CROWD {
            let door = Arc::clone(&door);
            crowd.spawn(async move {
                let name = format!("nobody-{nth}");
                no(door.sign_in(&name, "wrong wrong wrong").await)
            });
        }
        let answers = crowd.join_all().await;
        let wrong = answers
            .iter()
            .filter(|answer| **answer == AccessError::WrongSignIn);
        let wrong = wrong.count();
        let sent_away = answers
            .iter()
            .filter(|answer| **answer == AccessError::TooManySignIns);
        assert_eq!((wrong, sent_away.count()), (IN_LINE, CROWD - IN_LINE));
        assert_eq!(door.access.hashes() - before, IN_LINE as u64);
        let mut raw = Raw::open(&door.village.database).await;
        let counted = "select failures from sign_in_failure";
        let counted = raw.list(counted).await;
        assert_eq!(
            counted,
            vec!["1"; IN_LINE],
            "who was sent away lost nothing"
        );
        drop(raw);
        // The line is empty again.
        door.session().await;
        Arc::into_inner(door).unwrap().close().await;
    });
}

#[test]
fn a_household_that_is_sent_away_by_a_crowd_keeps_its_attempts() {
    on_both_in_turn(async |engine| {
        let door = Arc::new(Door::new(engine).await);
        let card = door.card("H003").await;
        let phone = door.bind(&card).await.unwrap();
        let mut crowd = tokio::task::JoinSet::new();
        for nth in 0..IN_LINE {
            let door = Arc::clone(&door);
            crowd.spawn(async move {
                no(door.sign_in(&format!("nobody-{nth}"), PASSWORD).await);
            });
        }
        // On one thread each of them takes a place before any gives his back.
        tokio::task::yield_now().await;
        for _ in 0..20 {
            let answer = no(door.unlock(&phone, card.pin.reveal()).await);
            assert_eq!(answer, AccessError::TooManySignIns);
        }
        crowd.join_all().await;
        door.unlock(&phone, card.pin.reveal()).await.unwrap();
        Arc::into_inner(door).unwrap().close().await;
    });
}

#[test]
fn many_attempts_on_one_name_at_once_are_counted_each() {
    on_both(async |engine| {
        let door = Arc::new(Door::new(engine).await);
        let before = door.access.hashes();
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..IN_LINE {
            let door = Arc::clone(&door);
            crowd.spawn(async move {
                let tried = door
                    .access
                    .sign_in((NAME, "wrong wrong wrong"), HERE, TRACE);
                no(tried.await)
            });
        }
        let answers = crowd.join_all().await;
        let tried = answers
            .iter()
            .filter(|answer| **answer == AccessError::WrongSignIn);
        assert_eq!(tried.count(), 5, "{answers:?}");
        assert_eq!(door.access.hashes() - before, 5);
        Arc::into_inner(door).unwrap().close().await;
    });
}
