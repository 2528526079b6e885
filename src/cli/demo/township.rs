//! The villages of the demo: who they are, who lives and works there, and how their books begin.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;

use crate::cli::demo::diary::{Diary, at};
use crate::cli::demo::doors::Doors;
use crate::domain::collector::RegisterCollector;
use crate::domain::fee::{Basis, FeeTerms, PeriodLength};
use crate::domain::household::RegisterHousehold;
use crate::domain::opening::{OpeningLine, RecordOpening};
use crate::domain::price_list::{PriceLine, PublishPriceList};
use crate::domain::refuse::RegisterCollectionPoint;
use crate::domain::schedule::{Hours, SetSchedule, VisitDays};
use crate::domain::settings::Settings;
use crate::domain::village::{CreditTerms, OpenVillage, usual_waivers};
use crate::domain::{
    Account, Actor, CollectorCode, Command, Group, HouseholdKind, HouseholdNo, Material, Money,
    Month, PointCode, Refusal, Role, VillageCode,
};
use crate::files::import::Plan;

/// The township that all of them belong to, as a prefix of their codes.
pub(super) const TOWNSHIP: &str = "430321900";
const TOWNSHIP_NAME: &str = "杨嘉桥镇";

const FAMILY_NAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "罗", "谭", "彭", "易", "贺", "汤", "欧阳",
];
const GIVEN_NAMES: [&str; 24] = [
    "建国", "桂英", "秀兰", "志强", "玉兰", "国平", "春华", "海燕", "德明", "小红", "正良", "菊香",
    "光辉", "冬梅", "爱民", "丽", "伟", "敏", "军", "超", "芳", "勇", "铁牛", "细妹",
];

/// What is special about a village.
struct Sketch {
    digits: &'static str,
    name: &'static str,
    short: &'static str,
    basis: Basis,
    fen: i64,
    period: PeriodLength,
    vacant_percent: i64,
    non_registered_fen: Option<i64>,
    resolution: &'static str,
    /// Households of each group; none where the folder has them.
    groups: &'static [i64],
    collectors: &'static [&'static str],
    /// On which days of the month the first group is visited; each group after it some days later.
    days: &'static [i64],
    days_apart: i64,
}

const SKETCHES: [Sketch; 4] = [
    Sketch {
        digits: "001",
        name: "金福村",
        short: "JF",
        basis: Basis::Household,
        fen: 1_000,
        period: PeriodLength::Month,
        vacant_percent: 0,
        non_registered_fen: None,
        resolution: "村民代表会议决议 2025-1 号",
        groups: &[],
        collectors: &["C1", "C2", "C3"],
        days: &[3],
        days_apart: 2,
    },
    Sketch {
        digits: "002",
        name: "石鼓村",
        short: "SG",
        basis: Basis::Head,
        fen: 600,
        period: PeriodLength::Quarter,
        vacant_percent: 50,
        non_registered_fen: None,
        resolution: "村民代表会议决议 2025-3 号",
        groups: &[26, 24, 23, 23],
        collectors: &["C1", "C2"],
        days: &[4, 17],
        days_apart: 3,
    },
    Sketch {
        digits: "003",
        name: "双桥村",
        short: "SQ",
        basis: Basis::Household,
        fen: 6_000,
        period: PeriodLength::HalfYear,
        vacant_percent: 50,
        non_registered_fen: Some(8_000),
        resolution: "村民代表会议决议 2025-2 号",
        groups: &[22, 21, 21, 20],
        collectors: &["C1", "C2"],
        days: &[5, 18],
        days_apart: 3,
    },
    Sketch {
        digits: "004",
        name: "枫树村",
        short: "FS",
        basis: Basis::None,
        fen: 0,
        period: PeriodLength::Month,
        vacant_percent: 100,
        non_registered_fen: None,
        resolution: "",
        groups: &[24, 24, 24],
        collectors: &["C1", "C2"],
        days: &[13, 21],
        days_apart: 2,
    },
];

/// A group with its doors.
pub(super) struct Doorsteps {
    pub(super) group: Group,
    pub(super) households: Vec<HouseholdNo>,
    /// The days of the month on which it is visited.
    pub(super) days: Vec<i64>,
}

/// A village of the demo while its history is made.
pub(super) struct Place {
    pub(super) code: VillageCode,
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) has_fee: bool,
    pub(super) groups: Vec<Doorsteps>,
    /// Households that are away all year.
    pub(super) away: BTreeSet<HouseholdNo>,
    pub(super) collectors: Vec<CollectorCode>,
    pub(super) clerk: Actor,
    pub(super) supervisor: Actor,
    pub(super) official: Actor,
    pub(super) point: PointCode,
    /// The price lists so far, each from its instant on.
    pub(super) prices: Vec<(Timestamp, Vec<PriceLine>)>,
    pub(super) doors: Doors,
    opening: OpenVillage,
    register: Vec<RegisterHousehold>,
}

/// The account of the township's official.
pub(super) fn official() -> Actor {
    Actor::new(Role::Official, "town-official")
}

impl Place {
    /// A household that is at home, by its place in the village.
    pub(super) fn household(&self, place: usize) -> Option<&HouseholdNo> {
        let all = self.groups.iter().flat_map(|group| &group.households);
        all.filter(|number| !self.away.contains(*number)).nth(place)
    }

    /// A collector's own household.
    pub(super) fn own_household(&self, collector: &CollectorCode) -> Option<&HouseholdNo> {
        let place = self.collectors.iter().position(|own| own == collector)?;
        self.household(10 + 7 * place)
    }

    pub(super) fn collector(&self, place: usize) -> Option<&CollectorCode> {
        self.collectors.iter().cycle().nth(place)
    }
}

/// A collector as he stands in the journal.
pub(super) fn as_actor(collector: &CollectorCode) -> Actor {
    Actor::new(Role::Collector, collector.as_str())
}

/// Draws the villages; the households of the first stand in the folder.
pub(super) fn draw(
    diary: &Diary,
    folder: &Plan,
    opening_month: Month,
) -> Result<Vec<Place>, Refusal> {
    let sketches = SKETCHES.iter();
    sketches
        .map(|sketch| draw_one(diary, folder, sketch, opening_month))
        .collect()
}

fn draw_one(
    diary: &Diary,
    folder: &Plan,
    sketch: &Sketch,
    opening_month: Month,
) -> Result<Place, Refusal> {
    let register = if sketch.groups.is_empty() {
        from_folder(folder)
    } else {
        drawn_households(diary, sketch, opening_month)?
    };
    let short = sketch.short.to_lowercase();
    let mut place = Place {
        code: VillageCode::parse("code", &format!("{TOWNSHIP}{}", sketch.digits))?,
        name: sketch.name,
        short: sketch.short,
        has_fee: sketch.basis != Basis::None,
        groups: Vec::new(),
        away: BTreeSet::new(),
        collectors: Vec::new(),
        clerk: Actor::new(Role::Clerk, &format!("{short}-clerk")),
        supervisor: Actor::new(Role::Supervisor, &format!("{short}-supervisor")),
        official: official(),
        point: PointCode::parse("point", "P1")?,
        prices: Vec::new(),
        doors: Doors::default(),
        opening: opening_of(sketch, opening_month),
        register,
    };
    for code in sketch.collectors {
        let collector = CollectorCode::parse("collector", code)?;
        place.collectors.push(collector);
    }
    for household in &place.register {
        let known = place
            .groups
            .iter()
            .position(|at| at.group == household.group);
        let shift = i64::try_from(place.groups.len()).unwrap_or(0) * sketch.days_apart;
        if known.is_none() {
            place.groups.push(Doorsteps {
                group: household.group.clone(),
                households: Vec::new(),
                days: sketch.days.iter().map(|day| day + shift).collect(),
            });
        }
        let number = household.household_no.clone();
        if household.vacant_since.is_some() {
            place.away.insert(number.clone());
        }
        let group = known.unwrap_or(place.groups.len().saturating_sub(1));
        if let Some(group) = place.groups.get_mut(group) {
            group.households.push(number);
        }
    }
    Ok(place)
}

fn opening_of(sketch: &Sketch, opening_month: Month) -> OpenVillage {
    OpenVillage {
        name: sketch.name.to_owned(),
        township: TOWNSHIP_NAME.to_owned(),
        opening_month,
        fee: FeeTerms {
            basis: sketch.basis,
            amount: Money::from_fen(sketch.fen),
            period: sketch.period,
            vacant_percent: sketch.vacant_percent,
            non_registered_amount: sketch.non_registered_fen.map(Money::from_fen),
            resolution: sketch.resolution.to_owned(),
        },
        waivers: usual_waivers(),
        credit: CreditTerms::default(),
        settings: Settings::default(),
    }
}

fn from_folder(folder: &Plan) -> Vec<RegisterHousehold> {
    let registered = folder.steps.iter().filter_map(|step| {
        let Command::RegisterHousehold(household) = &step.request.command else {
            return None;
        };
        // The folder's people moved in and away in its own months.
        Some(RegisterHousehold {
            moved_in: None,
            ..household.clone()
        })
    });
    registered.collect()
}

fn drawn_households(
    diary: &Diary,
    sketch: &Sketch,
    opening_month: Month,
) -> Result<Vec<RegisterHousehold>, Refusal> {
    let dice = &diary.dice;
    let mut drawn = Vec::new();
    for (group, households) in (1_i64..).zip(sketch.groups) {
        for house in 1..=*households {
            let waivers: &[&str] = match dice.between(1, 100) {
                1..=2 => &["destitute"],
                3..=6 => &["low_income"],
                7..=9 => &["disabled"],
                _ => &[],
            };
            let family = dice.one_of(&FAMILY_NAMES);
            let given = dice.one_of(&GIVEN_NAMES);
            let is_away = dice.happens(6);
            let is_registered = dice.happens(94);
            drawn.push(RegisterHousehold {
                household_no: HouseholdNo::parse(
                    "household_no",
                    &format!("{group:02}-{house:03}"),
                )?,
                group: Group::parse("group", &group.to_string())?,
                headcount: dice.one_of(&[1, 2, 2, 3, 3, 3, 4, 4, 5, 6]),
                kind: if is_registered {
                    HouseholdKind::Resident
                } else {
                    HouseholdKind::NonRegistered
                },
                moved_in: None,
                vacant_since: is_away.then(|| opening_month.plus(-8).first_day()),
                save_up: false,
                head: format!("{family}{given}"),
                waivers: waivers.iter().map(|word| (*word).to_owned()).collect(),
            });
        }
    }
    Ok(drawn)
}

/// The materials of the folder.
fn materials_of(folder: &Plan) -> Vec<Material> {
    let materials = folder.steps.iter().filter_map(|step| {
        let Command::RegisterMaterial(material) = &step.request.command else {
            return None;
        };
        Some(material.clone())
    });
    materials.collect()
}

/// The price lists of the folder, in their order.
pub(super) fn price_lists_of(folder: &Plan) -> Vec<Vec<PriceLine>> {
    let lists = folder.steps.iter().filter_map(|step| {
        let Command::PublishPriceList(list) = &step.request.command else {
            return None;
        };
        Some(list.lines.clone())
    });
    lists.collect()
}

/// Notes how the book of a village begins.
pub(super) fn note_opening(diary: &mut Diary, place: &mut Place, folder: &Plan) {
    let month = place.opening.opening_month;
    let begins = at(month, 1, 8, 30);
    let (code, clerk) = (place.code.clone(), place.clerk.clone());
    let opening = Command::OpenVillage(place.opening.clone());
    diary.note(begins, &code, &place.official, opening);
    let mut office = |command| diary.note(begins, &code, &clerk, command);
    for material in materials_of(folder) {
        office(Command::RegisterMaterial(material));
    }
    for household in &place.register {
        office(Command::RegisterHousehold(household.clone()));
    }
    if let Some(lines) = price_lists_of(folder).into_iter().next() {
        let effective_from = at(month, 1, 0, 0);
        office(Command::PublishPriceList(PublishPriceList {
            effective_from,
            lines: lines.clone(),
            drafted_by: None,
        }));
        place.prices.push((effective_from, lines));
    }
    for collector in &place.collectors {
        let households = place.own_household(collector).cloned();
        office(Command::RegisterCollector(RegisterCollector {
            collector: collector.clone(),
            households: households.into_iter().collect(),
        }));
    }
    for group in &place.groups {
        office(Command::SetSchedule(SetSchedule {
            group: group.group.clone(),
            days: VisitDays {
                weekdays: BTreeSet::new(),
                month_days: group
                    .days
                    .iter()
                    .filter_map(|day| i8::try_from(*day).ok())
                    .collect(),
            },
            hours: Some(Hours {
                from: Time::constant(8, 0, 0, 0),
                to: Time::constant(12, 0, 0, 0),
            }),
        }));
    }
    office(Command::RegisterCollectionPoint(RegisterCollectionPoint {
        code: place.point.clone(),
        name: format!("{}村口垃圾收集点", place.name),
        hours: vec![Hours {
            from: Time::constant(6, 30, 0, 0),
            to: Time::constant(8, 0, 0, 0),
        }],
    }));
    // What is in the box and at the bank belongs to the village; on the other side stands its fund.
    let (cash, bank) = (Money::from_fen(50_000), Money::from_fen(2_800_000));
    let lines = [
        (Account::CashOnHand, cash),
        (Account::Bank, bank),
        (Account::AccumulatedFund, -(cash + bank)),
    ];
    for (account, amount) in lines {
        let subject = String::new();
        office(Command::RecordOpening(RecordOpening {
            line: OpeningLine::Account {
                account,
                subject,
                amount,
            },
        }));
    }
}
