//! The villages that are measured and their pickups: all made from a seed and an index, the same in every run.

use jiff::{SignedDuration, Timestamp};
use jinfu::clock::Clock;
use jinfu::domain::fee::{Basis, FeeTerms, PeriodLength};
use jinfu::domain::household::RegisterHousehold;
use jinfu::domain::material::RegisterMaterial;
use jinfu::domain::pickup::{Confirmation, RecordPickup, WeighedLine};
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::settings::Settings;
use jinfu::domain::village::{CreditTerms, OpenVillage, usual_waivers};
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentNo, Group, HouseholdKind, HouseholdNo, MaterialCode,
    Money, Month, Quantity, Request, Role, Unit, VillageCode,
};
use uuid::Uuid;

/// When everything is measured: every month of [`OPENING`] and the eleven after it is over.
pub(crate) const NOW: &str = "2026-07-01T08:00:00+08:00";
/// The first month of every book.
pub(crate) const OPENING: &str = "2025-07";
/// The month that callers write to and that is reported.
pub(crate) const LAST: &str = "2026-06";
/// When the first pickup happens.
const FIRST_PICKUP: &str = "2025-07-01T08:00:00+08:00";
/// When the first pickup of callers happens that are measured; what a ledger is filled with lies before it.
const FIRST_CALL: &str = "2026-06-20T08:00:00+08:00";

/// Code, li per kilogram.
pub(crate) const MATERIALS: [(&str, i64); 8] = [
    ("ZB", 900),
    ("SB", 1_000),
    ("PET", 1_800),
    ("PP", 1_200),
    ("FE1", 1_700),
    ("FE2", 1_300),
    ("LV", 7_500),
    ("BL", 60),
];

/// The splitmix64 generator.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

pub(crate) fn village(index: u64) -> VillageCode {
    VillageCode::parse("code", &format!("430321{:06}", 100_000 + index)).unwrap()
}

/// The number of a household: fifty to a group.
pub(crate) fn household_no(index: u64) -> String {
    format!("{:02}-{:03}", index / 50 + 1, index % 50 + 1)
}

/// The group of a household.
pub(crate) fn group(index: u64) -> String {
    (index / 50 + 1).to_string()
}

/// The collector of a village.
pub(crate) const fn collector(index: u64) -> &'static str {
    if index.is_multiple_of(2) { "C1" } else { "C2" }
}

/// A time-ordered id.
fn id(at: Timestamp, dice: &mut Dice) -> Uuid {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&dice.next().to_be_bytes());
    random[8..].copy_from_slice(&dice.next().to_be_bytes()[..2]);
    uuid::Builder::from_unix_timestamp_millis(at.as_millisecond() as u64, &random).into_uuid()
}

/// The requests that open a village with its materials, prices and households, in order.
pub(crate) fn opening(index: u64, households: u64) -> Vec<Request> {
    let code = village(index);
    let mut dice = Dice(index);
    let mut commands = vec![Command::OpenVillage(open_village(index))];
    for (material, _) in MATERIALS {
        commands.push(Command::RegisterMaterial(RegisterMaterial {
            code: MaterialCode::parse("code", material).unwrap(),
            name: format!("品类{material}"),
            name_en: String::new(),
            unit: Unit::Kg,
            hazardous: false,
            needs_identity: false,
        }));
    }
    let lines = MATERIALS.map(|(material, price_li)| PriceLine {
        material: MaterialCode::parse("material", material).unwrap(),
        price_li,
        per: 1,
    });
    commands.push(Command::PublishPriceList(PublishPriceList {
        effective_from: instant("2024-01-01T00:00:00+08:00"),
        lines: lines.to_vec(),
        drafted_by: None,
    }));
    for number in 0..households {
        let waivers = if dice.below(10) == 0 {
            vec!["low_income".to_owned()]
        } else {
            Vec::new()
        };
        commands.push(Command::RegisterHousehold(RegisterHousehold {
            household_no: HouseholdNo::parse("household_no", &household_no(number)).unwrap(),
            group: Group::parse("group", &group(number)).unwrap(),
            headcount: 1 + dice.below(6) as i64,
            kind: HouseholdKind::Resident,
            moved_in: None,
            vacant_since: None,
            save_up: false,
            head: format!("户主{number}"),
            waivers,
        }));
    }
    let at = instant("2025-06-30T08:00:00+08:00");
    let request = |command| Request {
        village: code.clone(),
        id: id(at, &mut dice),
        actor: Actor::new(Role::Clerk, "bench"),
        command,
    };
    commands.into_iter().map(request).collect()
}

fn open_village(index: u64) -> OpenVillage {
    OpenVillage {
        name: format!("第{index}村"),
        township: "杨嘉桥镇".to_owned(),
        opening_month: month(OPENING),
        fee: FeeTerms {
            basis: Basis::Household,
            amount: Money::from_fen(500),
            period: PeriodLength::Month,
            vacant_percent: 100,
            non_registered_amount: None,
            resolution: String::new(),
        },
        waivers: usual_waivers(),
        credit: CreditTerms {
            payout_min: Money::from_fen(2_000),
            told_price_days: 7,
            save_up_allowed: false,
        },
        settings: Settings::default(),
    }
}

/// A stream of pickups; each is known by its index.
#[derive(Clone, Debug)]
pub(crate) struct Pickups {
    /// The first village, and how many follow.
    villages: (u64, u64),
    /// Households of each.
    households: u64,
    /// Lines of each pickup.
    lines: u64,
    /// What the numbers begin with; no two streams into one book have the same.
    prefix: char,
    seed: u64,
    from: Timestamp,
    micros_apart: i64,
}

impl Pickups {
    /// What a ledger is filled with: spread over the year before callers are measured.
    pub(crate) fn to_fill(villages: (u64, u64), households: u64, count: u64, seed: u64) -> Pickups {
        let from = instant(FIRST_PICKUP);
        let year = instant(FIRST_CALL).as_microsecond() - from.as_microsecond();
        Pickups {
            villages,
            households,
            lines: 3,
            prefix: 'F',
            seed,
            from,
            micros_apart: year / (count.max(1) as i64),
        }
    }

    /// What is reported of one village: spread over the last month before callers are measured.
    pub(crate) fn to_report(village: u64, households: u64, count: u64, seed: u64) -> Pickups {
        let from = instant("2026-06-01T08:00:00+08:00");
        let span = instant(FIRST_CALL).as_microsecond() - from.as_microsecond();
        Pickups {
            prefix: 'R',
            from,
            micros_apart: span / (count as i64),
            ..Pickups::to_call((village, 1), households, 3, seed)
        }
    }

    /// Pickups of several villages, spread over the last month.
    pub(crate) fn of_last_month(
        villages: (u64, u64),
        households: u64,
        count: u64,
        seed: u64,
    ) -> Pickups {
        Pickups {
            villages,
            ..Pickups::to_report(villages.0, households, count, seed)
        }
    }

    /// What households earn in the first month, before they are charged for it.
    pub(crate) fn to_offset(
        villages: (u64, u64),
        households: u64,
        count: u64,
        seed: u64,
    ) -> Pickups {
        let filling = Pickups::to_fill(villages, households, count, seed);
        // A year of pickups in a fourteenth of the time.
        let micros_apart = filling.micros_apart / 14;
        Pickups {
            micros_apart,
            ..filling
        }
    }

    /// What measured callers bring: one after the other in the last month.
    pub(crate) fn to_call(villages: (u64, u64), households: u64, lines: u64, seed: u64) -> Pickups {
        Pickups {
            villages,
            households,
            lines,
            prefix: 'C',
            seed: seed.wrapping_add(1),
            from: instant(FIRST_CALL),
            micros_apart: 200,
        }
    }

    /// The stream as it is brought to a service that has the time of the machine: from a day ago on.
    pub(crate) fn lately(self) -> Pickups {
        let day = SignedDuration::from_hours(24);
        let from = Clock::System.now().checked_sub(day).unwrap();
        Pickups { from, ..self }
    }

    /// The stream of the same numbers, all of one village.
    pub(crate) fn of_village(&self, village: u64) -> Pickups {
        Pickups {
            villages: (village, 1),
            ..self.clone()
        }
    }

    /// The stream with pickups of so many lines.
    pub(crate) fn with_lines(&self, lines: u64) -> Pickups {
        Pickups {
            lines,
            ..self.clone()
        }
    }

    /// A pickup of the stream.
    pub(crate) fn request(&self, index: u64) -> Request {
        let mut dice = Dice(
            self.seed
                .wrapping_mul(0x1_0000_0001)
                .wrapping_add(index << 8),
        );
        let micros = self.from.as_microsecond() + self.micros_apart * index as i64;
        let occurred_at = Timestamp::from_microsecond(micros).unwrap();
        let village_index = self.villages.0 + dice.below(self.villages.1);
        let household = household_no(dice.below(self.households));
        let first = dice.below(MATERIALS.len() as u64);
        let lines = (0..self.lines).map(|line| line_of(&mut dice, (first + line) as usize));
        let lines = lines.collect();
        Request {
            village: village(village_index),
            id: id(occurred_at, &mut dice),
            actor: Actor::new(Role::Clerk, "bench"),
            command: Command::RecordPickup(RecordPickup {
                phone: None,
                pickup_no: DocumentNo::parse("pickup_no", &format!("{}-{index:08}", self.prefix))
                    .unwrap(),
                occurred_at,
                household_no: HouseholdNo::parse("household_no", &household).unwrap(),
                collector: CollectorCode::parse("collector", collector(village_index)).unwrap(),
                confirmation: Confirmation::Card,
                lines,
                round: None,
                device: None,
                told_list: None,
                is_paper: false,
            }),
        }
    }
}

/// A line; one in twenty was wet, and why is kept apart.
fn line_of(dice: &mut Dice, material: usize) -> WeighedLine {
    let is_wet = dice.below(20) == 0;
    WeighedLine {
        material: MaterialCode::parse("material", MATERIALS[material % MATERIALS.len()].0).unwrap(),
        gross: Quantity::grams(400 + dice.below(11_600) as i64),
        tare: Quantity::grams(if dice.below(4) == 0 { 100 } else { 0 }),
        deduction: if is_wet { 50 } else { 0 },
        deduction_reason: if is_wet {
            "受潮".to_owned()
        } else {
            String::new()
        },
    }
}
