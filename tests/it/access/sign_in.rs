//! Accounts sign in, stay for a while, and sign out.

use jinfu::domain::Role;
use jinfu::ledger::access::AccessError;

use crate::access::{BY, Door, ELSEWHERE, NAME, PASSWORD, TRACE, no};
use crate::harness::on_both;

const HOUR: i64 = 3_600;

#[test]
fn known_and_unknown_names_get_the_same_answer_after_the_same_work() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        door.add("li-off", Role::Clerk).await;
        door.access.disable(BY, "li-off", true).await.unwrap();
        let long = NAME.repeat(20);
        let tried = [
            (NAME, "not the password"),
            ("nobody-here", "not the password"),
            ("li-off", PASSWORD),
            ("", "not the password"),
            ("wang\0clerk", "not the password"),
            (long.as_str(), PASSWORD),
            (NAME, ""),
        ];
        for (name, password) in tried {
            let before = door.access.hashes();
            let answer = no(door.sign_in(name, password).await);
            assert_eq!(answer, AccessError::WrongSignIn, "{name:?}");
            assert_eq!(door.access.hashes() - before, 1, "{name:?}");
        }
        let before = door.access.hashes();
        let signed_in = door.sign_in(NAME, PASSWORD).await.unwrap();
        assert_eq!(door.access.hashes() - before, 1);
        assert_eq!(signed_in.identity.account, NAME);
        assert_eq!(signed_in.identity.role, Role::Clerk);
        assert!(signed_in.identity.scope.has_village(&door.village.code));
        door.close().await;
    });
}

#[test]
fn five_failures_make_it_wait_and_each_more_twice_as_long() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        for name in [NAME, "nobody-here"] {
            for _ in 0..5 {
                let answer = no(door.sign_in(name, "wrong wrong wrong").await);
                assert_eq!(answer, AccessError::WrongSignIn);
            }
            for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
                let seconds = minutes * 60;
                let hashes = door.access.hashes();
                // Even the right password is not tried meanwhile.
                let answer = no(door.sign_in(name, PASSWORD).await);
                assert_eq!(answer, AccessError::TriedTooOften { seconds }, "{name}");
                door.wait(seconds - 1);
                let answer = no(door.sign_in(name, PASSWORD).await);
                assert_eq!(answer, AccessError::TriedTooOften { seconds: 1 });
                assert_eq!(door.access.hashes(), hashes, "nothing was tried");
                door.wait(1);
                let answer = no(door.sign_in(name, "wrong wrong wrong").await);
                assert_eq!(answer, AccessError::WrongSignIn, "{minutes}");
            }
        }
        // From elsewhere the owner of the name still gets in.
        let other = door.access.sign_in((NAME, PASSWORD), ELSEWHERE, TRACE);
        other.await.unwrap();
        door.close().await;
    });
}

#[test]
fn a_success_forgets_the_failures() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        for _ in 0..3 {
            for _ in 0..4 {
                let answer = no(door.sign_in(NAME, "wrong wrong wrong").await);
                assert_eq!(answer, AccessError::WrongSignIn);
            }
            door.session().await;
        }
        door.close().await;
    });
}

#[test]
fn a_session_ends_after_an_hour_unused_and_after_twelve_in_any_case() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let (used, unused) = (door.session().await, door.session().await);
        door.wait(HOUR - 1);
        assert!(door.knows(&used).await);
        door.wait(1);
        assert!(!door.knows(&unused).await, "an hour without a sign of life");
        for _ in 0..10 {
            door.wait(HOUR - 60);
            assert!(door.knows(&used).await);
        }
        // 10 h 50 min have passed.
        door.wait(HOUR - 60);
        assert!(door.knows(&used).await);
        door.wait(660);
        assert!(!door.knows(&used).await, "12 hours");
        door.close().await;
    });
}

#[test]
fn who_signs_out_is_not_known_any_more_and_everywhere_means_all() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        door.add("zhou-sup", Role::Supervisor).await;
        let other = door.sign_in("zhou-sup", PASSWORD).await.unwrap().secret;
        let (one, two, three) = (
            door.session().await,
            door.session().await,
            door.session().await,
        );
        // They are recalled from now on.
        assert!(door.knows(&one).await && door.knows(&two).await);
        door.access.sign_out(one.reveal()).await.unwrap();
        assert!(!door.knows(&one).await);
        assert!(door.knows(&two).await && door.knows(&three).await);
        let who = door.access.identify(two.reveal()).await.unwrap().unwrap();
        let everywhere = door.access.sign_out_everywhere(&who.identity);
        everywhere.await.unwrap();
        assert!(!door.knows(&two).await && !door.knows(&three).await);
        assert!(door.knows(&other).await, "another account");
        door.close().await;
    });
}

#[test]
fn another_password_and_being_disabled_end_sessions_at_once() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let first = door.session().await;
        assert!(door.knows(&first).await);
        let another = "seven ducks by the pond";
        door.access.set_password(BY, NAME, another).await.unwrap();
        assert!(!door.knows(&first).await);
        let answer = no(door.sign_in(NAME, PASSWORD).await);
        assert_eq!(answer, AccessError::WrongSignIn);
        let second = door.sign_in(NAME, another).await.unwrap().secret;
        assert!(door.knows(&second).await);
        door.access.disable(BY, NAME, true).await.unwrap();
        assert!(!door.knows(&second).await);
        door.access.disable(BY, NAME, false).await.unwrap();
        assert!(!door.knows(&second).await, "it does not come back to life");
        door.sign_in(NAME, another).await.unwrap();
        for unknown in ["nobody", "no\0body"] {
            let expected = AccessError::UserUnknown {
                name: "nobody".to_owned(),
            };
            assert_eq!(no(door.access.disable(BY, unknown, true).await), expected);
        }
        door.close().await;
    });
}
