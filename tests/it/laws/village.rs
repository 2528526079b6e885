//! The village that the laws are tried on: what it is opened with, and its names.

use jinfu::domain::fee::{Basis, FeeTerms, PeriodLength};
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::month::parse_time;
use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::settings::Settings;
use jinfu::domain::village::{CreditTerms, OpenVillage};
use jinfu::domain::{
    Account, Actor, BuyerCode, CollectorCode, Command, DocumentNo, Group, HouseholdKind,
    HouseholdNo, MaterialCode, Money, Month, Request, Role, Unit, VillageCode,
};
use uuid::Uuid;

/// Code, what it is measured in, and its price in li.
pub(super) const MATERIALS: [(&str, Unit, i64); 4] = [
    ("ZB", Unit::Kg, 800),
    ("PET", Unit::Kg, 2_000),
    ("FE", Unit::Kg, 1_500),
    ("PJ", Unit::Piece, 100),
];

pub(super) const COLLECTORS: [&str; 3] = ["C1", "C2", "C3"];

pub(super) const BUYERS: [&str; 2] = ["K1", "K2"];

pub(super) const CUSTODIANS: [&str; 2] = ["wang", "zhou"];

pub(super) const GROUPS: [&str; 3] = ["1", "2", "3"];

pub(super) const HOUSEHOLDS: usize = 30;

pub(super) fn code() -> VillageCode {
    VillageCode::parse("village", "430321900778").unwrap()
}

pub(super) fn first_month() -> Month {
    Month::parse("month", "2025-01").unwrap()
}

/// When the village is opened: the first morning of its first month.
pub(super) fn beginning() -> jiff::Timestamp {
    parse_time("at", "2025-01-01T08:00:00+08:00").unwrap()
}

pub(super) fn household(no: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", no).unwrap()
}

pub(super) fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

pub(super) fn material(code: &str) -> MaterialCode {
    MaterialCode::parse("material", code).unwrap()
}

pub(super) fn collector(code: &str) -> CollectorCode {
    CollectorCode::parse("collector", code).unwrap()
}

pub(super) fn buyer(code: &str) -> BuyerCode {
    BuyerCode::parse("buyer", code).unwrap()
}

pub(super) fn group(name: &str) -> Group {
    Group::parse("group", name).unwrap()
}

/// A request of a person under an id of its own.
pub(super) fn request(id: usize, (role, name): (Role, &str), command: Command) -> Request {
    Request {
        village: code(),
        id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + id as u128),
        actor: Actor::new(role, name),
        command,
    }
}

/// A fee of so many fen a month for every household, half of it where nobody lives.
pub(super) fn fee(fen: i64) -> FeeTerms {
    FeeTerms {
        basis: Basis::Household,
        amount: Money::from_fen(fen),
        period: PeriodLength::Month,
        vacant_percent: 50,
        non_registered_amount: None,
        resolution: String::new(),
    }
}

/// The household of an index; every fifth is on welfare, every seventh saves its credit up.
pub(super) fn registration(index: usize) -> RegisterHousehold {
    RegisterHousehold {
        household_no: household(&format!("H{index:03}")),
        group: group(GROUPS[index % GROUPS.len()]),
        headcount: 1 + index as i64 % 5,
        kind: HouseholdKind::Resident,
        moved_in: None,
        vacant_since: None,
        save_up: index.is_multiple_of(7),
        head: format!("户主{index}"),
        waivers: if index.is_multiple_of(5) {
            vec!["low_income".to_owned()]
        } else {
            Vec::new()
        },
    }
}

/// A list that prices every material, so many percent of the usual prices.
pub(super) fn prices(effective_from: jiff::Timestamp, percent: i64) -> Command {
    let line = |(code, _, li): (&str, Unit, i64)| PriceLine {
        material: material(code),
        price_li: li * percent / 100,
        per: 1,
    };
    Command::PublishPriceList(PublishPriceList {
        effective_from,
        lines: MATERIALS.into_iter().map(line).collect(),
        drafted_by: None,
    })
}

/// What the village is opened with.
pub(super) fn opening(save_up_allowed: bool) -> Vec<Command> {
    let village = OpenVillage {
        name: "村".to_owned(),
        township: "镇".to_owned(),
        opening_month: first_month(),
        fee: fee(600),
        waivers: [("low_income".to_owned(), 50)].into(),
        credit: CreditTerms {
            payout_min: Money::from_fen(200),
            told_price_days: 7,
            save_up_allowed,
        },
        settings: Settings::default(),
    };
    let mut commands = vec![Command::OpenVillage(village)];
    commands.extend(MATERIALS.map(|(code, unit, _)| {
        Command::RegisterMaterial(RegisterMaterial {
            code: material(code),
            name: code.to_owned(),
            name_en: code.to_owned(),
            unit,
            hazardous: false,
            needs_identity: false,
        })
    }));
    commands.push(prices(beginning(), 100));
    commands.extend((0..HOUSEHOLDS).map(|index| Command::RegisterHousehold(registration(index))));
    let bank = OpeningLine::Account {
        account: Account::Bank,
        subject: String::new(),
        amount: Money::from_fen(500_000),
    };
    let fund = OpeningLine::Account {
        account: Account::AccumulatedFund,
        subject: String::new(),
        amount: Money::from_fen(-500_000),
    };
    commands.extend([bank, fund].map(|line| Command::RecordOpening(RecordOpening { line })));
    commands
}
