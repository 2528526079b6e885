//! Who is let in: accounts, households, collectors, tokens, and the record of what they did.

mod beside;
mod command_line;
mod crowd;
mod households;
mod record;
mod sign_in;
mod spray;
mod tokens;

use std::net::{IpAddr, Ipv4Addr};

use jiff::{SignedDuration, Timestamp};
use jinfu::clock::{Chance, Clock};
use jinfu::domain::authority::Scope;
use jinfu::domain::report::region::RegionPrefix;
use jinfu::domain::{HouseholdNo, Role};
use jinfu::ledger::access::{Access, AccessError, Card, Deed, NewAccount, Secret, SignedIn};

use crate::harness::Engine;
use crate::payout::Village;

const NAME: &str = "wang-clerk";
const PASSWORD: &str = "塘边 三棵柳树 七只白鸭";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
const PEPPER: [u8; 32] = [7; 32];
const TRACE: &str = "trace-1";

/// A deed of the tests.
const BY: Deed<'static> = Deed {
    actor: "system:test",
    action: "test",
    village: None,
    subject: None,
    is_allowed: true,
    trace_id: TRACE,
};

/// The door of a village's books, with a clerk who may pass.
struct Door {
    village: Village,
    access: Access,
}

impl Door {
    async fn new(engine: Engine) -> Door {
        let village = Village::opened(engine, |_| true).await;
        let access = open(&village.database.url, &PEPPER).await;
        let door = Door { village, access };
        door.add(NAME, Role::Clerk).await;
        door
    }

    async fn add(&self, name: &str, role: Role) {
        let account = NewAccount {
            name: name.to_owned(),
            role,
            scope: Scope::Region(region(self.village.code.as_str())),
            collector: None,
        };
        let added = self.access.add_account(BY, &account, Some(PASSWORD));
        added.await.unwrap();
    }

    /// Lets time pass.
    fn wait(&self, seconds: i64) {
        let clock = self.access.clock();
        clock.set(clock.now() + SignedDuration::from_secs(seconds));
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<SignedIn, AccessError> {
        self.access.sign_in((name, password), HERE, TRACE).await
    }

    async fn session(&self) -> Secret {
        self.sign_in(NAME, PASSWORD).await.unwrap().secret
    }

    /// Whether a secret stands for somebody.
    async fn knows(&self, secret: &Secret) -> bool {
        let found = self.access.identify(secret.reveal()).await.unwrap();
        found.is_some()
    }

    async fn card(&self, number: &str) -> Card {
        let number = HouseholdNo::parse("household_no", number).unwrap();
        let card = self.access.issue_card(BY, &self.village.code, &number);
        card.await.unwrap()
    }

    async fn bind(&self, card: &Card) -> Result<Secret, AccessError> {
        self.access.bind_card(card.secret.reveal(), TRACE).await
    }

    async fn unlock(&self, phone: &Secret, pin: &str) -> Result<SignedIn, AccessError> {
        let signed_in = self.access.sign_in_household(phone.reveal(), pin, TRACE);
        signed_in.await
    }

    async fn close(self) {
        self.access.close().await.unwrap();
        self.village.close().await;
    }
}

/// Opens the accounts of a database at an instant that stays until it is set.
async fn open(url: &str, pepper: &[u8]) -> Access {
    let now: Timestamp = "2025-10-01T08:00:00+08:00".parse().unwrap();
    let clock = Clock::fixed(now);
    let opened = Access::open(url, clock, Chance::System, Some(pepper.to_vec()));
    opened.await.unwrap()
}

fn region(digits: &str) -> RegionPrefix {
    RegionPrefix::parse("region", digits).unwrap()
}

/// What was answered instead of a way in.
#[track_caller]
fn no<T>(answer: Result<T, AccessError>) -> AccessError {
    match answer {
        Err(error) => error,
        Ok(_) => panic!("somebody was let in"),
    }
}

/// A PIN that is not that one.
fn other_than(pin: &Secret, nth: u32) -> String {
    let right: u32 = pin.reveal().parse().unwrap();
    format!("{:06}", (right + 1 + nth % 999_999) % 1_000_000)
}
