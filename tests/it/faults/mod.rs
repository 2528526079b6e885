//! Faults: whatever is killed, cut, filled up or unplugged, every answer stays true. What the tests of this folder share: a village to book
//! in, requests that are made from a number alone, and environment variables that choose longer runs.

mod callers;
mod child;
mod codes;
mod cuts;
mod kill;
mod log;
mod machine;
mod oracle;
mod poison;
mod power;
mod proxy;
mod room;

use jinfu::domain::fee::{Basis, FeeTerms, PeriodLength};
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::month::parse_time;
use jinfu::domain::pickup::{Confirmation, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::settings::Settings;
use jinfu::domain::settlement::{CashTaker, ReceiveCash};
use jinfu::domain::village::{CreditTerms, OpenVillage};
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentNo, Group, HouseholdKind, HouseholdNo, MaterialCode,
    Money, Month, Quantity, Request, Role, Unit, VillageCode,
};
use jinfu::ledger::Ledger;
use uuid::Uuid;

/// When all of this happens.
pub(super) const NOW: &str = "2025-10-20T12:00:00+08:00";
/// How many pages the log has before it is copied back: few, so that a fault often comes while it is.
const LOG_PAGES: u32 = 256;
/// How many households the village has.
const HOUSEHOLDS: u64 = 20;

pub(super) fn code() -> VillageCode {
    VillageCode::parse("village", "430321900888").unwrap()
}

fn household(number: u64) -> HouseholdNo {
    HouseholdNo::parse("household_no", &format!("H{:03}", number % HOUSEHOLDS)).unwrap()
}

fn pickup_no(number: u64) -> DocumentNo {
    DocumentNo::parse("pickup_no", &format!("P{number}")).unwrap()
}

fn paper() -> MaterialCode {
    MaterialCode::parse("material", "paper").unwrap()
}

/// The id of the request of a number.
pub(super) fn id(number: u64) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

/// The number of an id.
pub(super) fn number_of(id: Uuid) -> u64 {
    (id.as_u128() & 0xffff_ffff_ffff) as u64
}

/// From here on numbers belong to the requests that open the village.
const SETUP: u64 = 1 << 40;

/// Whether the id is of a request that opened the village.
pub(super) fn is_of_setup(id: Uuid) -> bool {
    number_of(id) >= SETUP
}

fn asked(number: u64, command: Command) -> Request {
    Request {
        village: code(),
        id: id(number),
        actor: Actor::new(Role::Clerk, "faults"),
        command,
    }
}

/// A receipt of cash.
pub(super) fn cash(number: u64) -> Request {
    let received = ReceiveCash {
        household_no: household(number),
        amount: Money::from_fen(1 + i64::try_from(number % 5_000).unwrap()),
        received_at: parse_time("at", NOW).unwrap(),
        taken_by: CashTaker::Office(String::new()),
    };
    asked(number, Command::ReceiveCash(received))
}

/// A pickup.
pub(super) fn pickup(number: u64) -> Request {
    let line = WeighedLine {
        material: paper(),
        gross: Quantity::new(Unit::Kg, 1_000 + i64::try_from(number % 20_000).unwrap()),
        tare: Quantity::new(Unit::Kg, 0),
        deduction: 0,
        deduction_reason: String::new(),
    };
    let recorded = RecordPickup {
        phone: None,
        pickup_no: pickup_no(number),
        occurred_at: parse_time("at", NOW).unwrap(),
        household_no: household(number),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: vec![line],
        round: None,
        device: None,
        told_list: None,
        is_paper: false,
    };
    asked(number, Command::RecordPickup(recorded))
}

/// The request of a number: mostly pickups, some cash, and now and then the void of the pickup that came two numbers before.
pub(super) fn request(number: u64) -> Request {
    match number % 10 {
        3 | 6 | 9 => cash(number),
        7 => {
            let voided = VoidPickup {
                phone: None,
                pickup_no: pickup_no(number - 2),
                voided_at: parse_time("at", NOW).unwrap(),
                reason: "typing mistake".to_owned(),
            };
            asked(number, Command::VoidPickup(voided))
        }
        _ => pickup(number),
    }
}

/// A village that charges 2.50 a head and month.
pub(super) fn opening() -> OpenVillage {
    let fee = FeeTerms {
        basis: Basis::Head,
        amount: Money::from_fen(250),
        period: PeriodLength::Month,
        vacant_percent: 100,
        non_registered_amount: None,
        resolution: String::new(),
    };
    OpenVillage {
        name: "村".to_owned(),
        township: "镇".to_owned(),
        opening_month: Month::parse("month", "2025-10").unwrap(),
        fee,
        waivers: [].into_iter().collect(),
        credit: CreditTerms {
            payout_min: Money::from_fen(2_000),
            told_price_days: 7,
            save_up_allowed: false,
        },
        settings: Settings::default(),
    }
}

/// Opens the village, with a price and its households.
pub(super) async fn open_village(ledger: &Ledger) {
    let material = RegisterMaterial {
        code: paper(),
        name: "纸".to_owned(),
        name_en: "paper".to_owned(),
        unit: Unit::Kg,
        hazardous: false,
        needs_identity: false,
    };
    let prices = PublishPriceList {
        effective_from: parse_time("from", "2025-10-01T00:00:00+08:00").unwrap(),
        lines: vec![PriceLine {
            material: paper(),
            price_li: 800,
            per: 1,
        }],
        drafted_by: None,
    };
    let register = |number| {
        Command::RegisterHousehold(RegisterHousehold {
            household_no: household(number),
            group: Group::parse("group", "1").unwrap(),
            headcount: 3,
            kind: HouseholdKind::Resident,
            moved_in: None,
            vacant_since: None,
            save_up: false,
            head: "户主".to_owned(),
            waivers: Vec::new(),
        })
    };
    let commands = [
        Command::OpenVillage(opening()),
        Command::RegisterMaterial(material),
        Command::PublishPriceList(prices),
    ];
    let commands = commands.into_iter().chain((0..HOUSEHOLDS).map(register));
    for (number, command) in (SETUP..).zip(commands) {
        ledger.submit(asked(number, command)).await.unwrap();
    }
}

/// A number from the environment, or the usual one.
pub(super) fn chosen(name: &str, usual: u64) -> u64 {
    variable(name)
        .and_then(|value| value.parse().ok())
        .unwrap_or(usual)
}

/// A variable of the environment.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::vars_os()
        .find(|(variable, _)| variable == name)
        .and_then(|(_, value)| value.into_string().ok())
}

/// splitmix64, the same on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }

    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
}
