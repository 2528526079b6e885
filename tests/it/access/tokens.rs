//! Accounts as they are made, and tokens for programs.

use jinfu::domain::Role;
use jinfu::domain::authority::Scope;
use jinfu::ledger::access::{AccessError, NewAccount, NewToken};

use crate::access::{BY, Door, NAME, PASSWORD, no, region};
use crate::harness::on_both;

const DAY: i64 = 86_400;

fn token(days: i64, scope: Option<Scope>) -> NewToken {
    NewToken {
        scope,
        days,
        may_write: false,
        label: "the township's scales".to_owned(),
    }
}

#[test]
fn a_token_reads_only_unless_it_may_write_and_ends_on_its_day() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let access = &door.access;
        let reads = access.issue_token(BY, NAME, &token(2, None)).await.unwrap();
        let writing = NewToken {
            may_write: true,
            ..token(366, None)
        };
        let writes = access.issue_token(BY, NAME, &writing).await.unwrap();
        let of = async |secret: &str| access.identify(secret).await.unwrap().unwrap();
        assert!(!of(reads.reveal()).await.identity.may_write);
        assert!(of(writes.reveal()).await.identity.may_write);
        assert_eq!(of(reads.reveal()).await.identity.account, NAME);
        for days in [0, -1, 367, i64::MAX] {
            let refused = no(access.issue_token(BY, NAME, &token(days, None)).await);
            assert_eq!(refused, AccessError::ExpiryOutOfRange { most_days: 366 });
        }
        door.wait(2 * DAY - 1);
        assert!(door.knows(&reads).await, "no hour without use ends a token");
        door.wait(1);
        assert!(!door.knows(&reads).await);
        assert!(door.knows(&writes).await);
        let listed = access.tokens(NAME).await.unwrap();
        assert_eq!(listed.len(), 2);
        let kept = listed.iter().find(|listed| listed.may_write).unwrap();
        let foreign = no(access.revoke_token(BY, "another", kept.id).await);
        assert!(matches!(foreign, AccessError::TokenUnknown { .. }));
        access.revoke_token(BY, NAME, kept.id).await.unwrap();
        assert!(!door.knows(&writes).await);
        door.close().await;
    });
}

#[test]
fn a_token_may_reach_less_far_than_its_account_and_never_further() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let access = &door.access;
        let code = door.village.code.as_str();
        let county = NewAccount {
            name: "county".to_owned(),
            role: Role::Official,
            scope: Scope::Region(region(&code[..6])),
            collector: None,
        };
        let added = access.add_account(BY, &county, Some(PASSWORD)).await;
        added.unwrap();
        let narrow = Scope::Region(region(&code[..9]));
        let made = access
            .issue_token(BY, "county", &token(1, Some(narrow.clone())))
            .await;
        let known = access.identify(made.unwrap().reveal()).await.unwrap();
        assert_eq!(known.unwrap().identity.scope, narrow);
        let village = Scope::Region(region(code));
        for (account, wide) in [
            ("county", Scope::Everywhere),
            ("county", Scope::Region(region(&code[..4]))),
            ("county", Scope::Region(region("999999"))),
            (NAME, narrow),
        ] {
            let refused = no(access.issue_token(BY, account, &token(1, Some(wide))).await);
            assert!(matches!(refused, AccessError::ScopeTooWide { .. }));
        }
        access
            .issue_token(BY, NAME, &token(1, Some(village)))
            .await
            .unwrap();
        door.close().await;
    });
}

#[test]
fn a_token_works_no_longer_than_its_account() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let made = door.access.issue_token(BY, NAME, &token(30, None)).await;
        let made = made.unwrap();
        assert!(door.knows(&made).await);
        door.access.disable(BY, NAME, true).await.unwrap();
        assert!(!door.knows(&made).await, "at once, though it was recalled");
        door.close().await;
    });
}

#[test]
fn accounts_that_would_reach_too_far_are_not_made() {
    on_both(async |engine| {
        let door = Door::new(engine).await;
        let code = door.village.code.as_str();
        let township = || Scope::Region(region(&code[..9]));
        let try_add = async |name: &str, role, scope, password: &str| {
            let name = name.to_owned();
            let account = NewAccount {
                name,
                role,
                scope,
                collector: None,
            };
            no(door.access.add_account(BY, &account, Some(password)).await)
        };
        for role in [Role::Clerk, Role::Supervisor] {
            for scope in [township(), Scope::Everywhere] {
                let refused = try_add("wide", role, scope, PASSWORD).await;
                assert!(matches!(refused, AccessError::ScopeTooWide { .. }));
            }
        }
        let own = || Scope::Region(region(code));
        let refused = try_add("coll", Role::Collector, own(), PASSWORD).await;
        assert_eq!(refused, AccessError::CollectorNeedsVillage);
        for role in [Role::Household, Role::System] {
            let refused = try_add("house", role, own(), PASSWORD).await;
            assert_eq!(refused, AccessError::RoleHasNoAccount { role: role.word() });
        }
        let refused = try_add("short", Role::Clerk, own(), "k3#Vq9").await;
        assert_eq!(
            refused,
            AccessError::PasswordLength {
                least: 12,
                most: 128
            }
        );
        let refused = try_add("common", Role::Clerk, own(), "password2025").await;
        assert_eq!(refused, AccessError::PasswordCommon);
        let refused = try_add(NAME, Role::Clerk, own(), PASSWORD).await;
        let name = NAME.to_owned();
        assert_eq!(refused, AccessError::NameTaken { name });
        let accounts = door.access.accounts("", 10).await.unwrap();
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        door.close().await;
    });
}
