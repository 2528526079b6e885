//! Owns the seeded generator of villages for the fee tests.

use std::collections::BTreeMap;

use super::fee_village::{
    Cash, Date, FeePolicy, Household, Line, Material, Month, OpeningLine, Pickup, Price, PriceList,
    Stamp, Unit, Village, Waiver, WaiverPercents,
};

/// Material code, name, whether counted in pieces, whether hazardous (price zero).
const MATERIALS: [(&str, &str, bool, bool); 7] = [
    ("ZB", "黄纸板", false, false),
    ("PET", "饮料瓶", false, false),
    ("FE1", "废铁", false, false),
    ("BL", "碎玻璃", false, false),
    ("PJ", "啤酒瓶", true, false),
    ("BZD", "编织袋", true, false),
    ("YH", "农药瓶电池灯管", false, true),
];

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("low <= high");
        low + i64::try_from(self.next() % span).expect("span fits")
    }

    fn one_in(&mut self, count: i64) -> bool {
        self.between(1, count) == 1
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).expect("few choices");
        choices[usize::try_from(self.next() % count).expect("few choices")]
    }

    /// A day of the month, often one at which R-FE-3 or a month changes.
    fn day(&mut self, month: Month) -> Date {
        match self.between(1, 6) {
            1 => month.day(1),
            2 => month.day(15),
            3 => month.day(16),
            4 => month.last_day(),
            _ => month.day(self.between(1, month.last_day().day)),
        }
    }

    /// A month from `first` to `last`, both included.
    fn month(&mut self, first: Month, last: Month) -> Month {
        first.plus(self.between(0, last.since(first)))
    }
}

/// The policy cycles with the seed, so that 40 seeds show every basis, period, amount, vacancy percent and waiver table.
fn policy(seed: u64) -> (FeePolicy, WaiverPercents) {
    let choose = |list: &[i64], by: u64| {
        let count = u64::try_from(list.len()).expect("short list");
        list[usize::try_from(by % count).expect("short list")]
    };
    let fee = FeePolicy {
        per_head: seed % 2 == 1,
        period_months: choose(&[1, 3, 6, 12], seed / 2),
        amount: choose(&[1000, 735, 3333, 6001, 12_125], seed),
        vacant_percent: choose(&[0, 30, 50], seed),
        non_registered_amount: match seed % 7 {
            0 => Some(2000),
            2 => Some(1247),
            5 => Some(3331),
            _ => None,
        },
    };
    let waivers = match seed % 11 {
        0 | 4 => (100, 33, 67),
        1 | 9 => (95, 35, 50),
        _ => (100, 50, 50),
    };
    let (destitute, low_income, disabled) = waivers;
    let waivers = WaiverPercents {
        destitute,
        low_income,
        disabled,
    };
    (fee, waivers)
}

/// A village of 20 to 40 households and 5 to 14 months, all of it before September 2025.
pub(crate) fn village(seed: u64) -> Village {
    let mut dice = Dice(seed);
    let (fee, waivers) = policy(seed);
    let latest = Month::new(2025, 8);
    let (opening_span, shortest) = match fee.period_months {
        12 => (12, 14),
        6 => (12, 8),
        _ => (15, 5),
    };
    let mut opening_month = Month::new(2024, 1).plus(dice.between(0, opening_span));
    if dice.one_in(3) {
        opening_month = opening_month.period_start(fee.period_months);
    }
    let last_month = latest.min(opening_month.plus(dice.between(shortest, 14) - 1));
    let materials = MATERIALS.iter();
    let mut village = Village {
        code: format!("430321{:06}", 900_000 + seed % 100_000),
        opening_month,
        last_month,
        fee,
        waivers,
        households: Vec::new(),
        materials: materials
            .map(|(code, name, pieces, hazardous)| Material {
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                pieces: *pieces,
                hazardous: *hazardous,
            })
            .collect(),
        price_lists: Vec::new(),
        pickups: Vec::new(),
        cash: Vec::new(),
        opening: Vec::new(),
    };
    for index in 1..=dice.between(20, 40) {
        let house = household(&mut dice, &village, index);
        village.households.push(house);
    }
    village.price_lists = price_lists(&mut dice, &village);
    add_pickups(&mut dice, &mut village);
    add_cash(&mut dice, &mut village);
    village.opening = opening(&mut dice, &village);
    village
}

fn household(dice: &mut Dice, village: &Village, index: i64) -> Household {
    let (opening, last) = (village.opening_month, village.last_month);
    let month = match dice.between(1, 20) {
        1 | 2 => Some(dice.month(opening.plus(-14), opening.plus(-1))),
        3..=7 => Some(dice.month(opening, last)),
        8 => Some(last.plus(dice.between(1, 2))),
        _ => None,
    };
    let moved_in = month.map(|month| dice.day(month));
    let month = match dice.between(1, 20) {
        1..=7 => Some(dice.month(opening, last)),
        8 => Some(last.plus(dice.between(1, 2))),
        _ => None,
    };
    let moved_out = month
        .map(|month| dice.day(month))
        .filter(|day| moved_in.is_none_or(|first| first < *day));
    let vacant_since = if dice.one_in(3) {
        Some(vacant_since(dice, village))
    } else {
        None
    };
    let group = dice.between(1, 12);
    Household {
        number: format!("{group}-{index:03}"),
        group: group.to_string(),
        head: format!("户主{index}"),
        headcount: dice.between(1, 7),
        non_registered: dice.one_in(5),
        waiver: match dice.between(1, 10) {
            1 => Some(Waiver::Destitute),
            2 | 3 => Some(Waiver::LowIncome),
            4 => Some(Waiver::Disabled),
            _ => None,
        },
        moved_in,
        moved_out,
        vacant_since: vacant_since.filter(|since| {
            moved_in.is_none_or(|day| day <= *since) && moved_out.is_none_or(|day| *since < day)
        }),
    }
}

/// A day about six months before the first day of a period (R-FE-4): exactly, a day either side, or any day.
fn vacant_since(dice: &mut Dice, village: &Village) -> Date {
    let period_months = village.fee.period_months;
    let month = dice.month(village.opening_month, village.last_month);
    let exact = month.period_start(period_months).plus(-6);
    match dice.between(1, 5) {
        1 | 2 => exact.day(1),
        3 => exact.day(2),
        4 => exact.plus(-1).last_day(),
        _ => {
            let month = exact.plus(dice.between(-3, 3));
            dice.day(month)
        }
    }
}

/// One to four lists; a later one starts at the first second of a day, or at a second inside it (R-PR-1).
fn price_lists(dice: &mut Dice, village: &Village) -> Vec<PriceList> {
    let first = if dice.one_in(2) {
        village.opening_month.day(1)
    } else {
        Month::new(2023, 6).day(1)
    };
    let mut starts = vec![first.at(0)];
    for _ in 0..dice.between(0, 3) {
        let month = dice.month(village.opening_month, village.last_month);
        let second = dice.pick(&[0, 0, 43_200, 86_399]);
        starts.push(dice.day(month).at(second));
    }
    starts.sort_unstable();
    starts.dedup();
    let mut lists = Vec::new();
    for effective_from in starts {
        let mut prices = BTreeMap::new();
        for material in &village.materials {
            let price = match (material.hazardous, material.pieces) {
                (true, _) => Price { li: 0, per: 1 },
                (false, true) => Price {
                    li: dice.between(5, 30) * 10,
                    per: dice.pick(&[1, 1, 3, 7]),
                },
                (false, false) => Price {
                    li: dice.between(20, 2500),
                    per: 1,
                },
            };
            prices.insert(material.code.clone(), price);
        }
        lists.push(PriceList {
            effective_from,
            prices,
        });
    }
    lists
}

fn line(dice: &mut Dice, material: &Material) -> Line {
    let unit = match (material.pieces, dice.one_in(3)) {
        (true, _) => Unit::Piece,
        (false, true) => Unit::Jin,
        (false, false) => Unit::Kg,
    };
    let step = if unit == Unit::Jin { 5 } else { 1 };
    let gross = match unit {
        Unit::Piece => dice.between(1, 40),
        Unit::Kg | Unit::Jin => dice.between(400 / step, 12_000 / step) * step,
    };
    let weighed = unit != Unit::Piece;
    Line {
        material: material.code.clone(),
        gross,
        tare: if weighed && dice.one_in(4) {
            dice.between(1, 40) * step
        } else {
            0
        },
        unit,
        deduction: if weighed && dice.one_in(5) {
            dice.pick(&[30, 50, 77, 100, 500])
        } else {
            0
        },
    }
}

/// A second of the day: mostly working hours, sometimes the day's first or last (month ends in Shanghai time).
fn second(dice: &mut Dice) -> i64 {
    match dice.between(1, 8) {
        1 => 0,
        2 => 86_399,
        _ => dice.between(7 * 3600, 19 * 3600),
    }
}

/// Whether a household lives in the village on a day.
fn lives_here(house: &Household, day: Date) -> bool {
    house.moved_in.is_none_or(|first| first <= day) && house.moved_out.is_none_or(|gone| day < gone)
}

/// Pickups of living households, some at the very second a new price list starts; the file is not in time order.
fn add_pickups(dice: &mut Dice, village: &mut Village) {
    for house in &village.households {
        let mut month = village.opening_month;
        while month <= village.last_month {
            for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
                let list = dice.between(0, 1000);
                let list = usize::try_from(list).expect("not negative") % village.price_lists.len();
                let start = village.price_lists[list].effective_from;
                let at = if dice.one_in(20) && start.date.in_month() == month {
                    start
                } else {
                    dice.day(month).at(second(dice))
                };
                if !lives_here(house, at.date) {
                    continue;
                }
                let first = usize::try_from(dice.between(0, 6)).expect("not negative");
                let materials = village.materials.iter().cycle().skip(first);
                let count = dice.pick(&[1, 1, 2, 3]);
                village.pickups.push(Pickup {
                    number: format!("P-{:05}", village.pickups.len() + 1),
                    occurred_at: at,
                    household: house.number.clone(),
                    collector: dice.pick(&["C1", "C2"]).to_owned(),
                    lines: materials.take(count).map(|one| line(dice, one)).collect(),
                });
            }
            month = month.plus(1);
        }
    }
}

/// Cash of households that have come, also after they left, and at the first second of the day they leave (R-FE-6).
fn add_cash(dice: &mut Dice, village: &mut Village) {
    for house in &village.households {
        let mut month = village.opening_month;
        let often = dice.pick(&[2, 4, 9]);
        while month <= village.last_month {
            let mut times: Vec<Stamp> = Vec::new();
            if dice.one_in(often) {
                times.push(dice.day(month).at(second(dice)));
            }
            let leaving = house.moved_out.filter(|day| day.in_month() == month);
            if let Some(day) = leaving.filter(|_| dice.one_in(3)) {
                times.push(day.at(0));
            }
            times.retain(|at| house.moved_in.is_none_or(|first| first <= at.date));
            for received_at in times {
                let amount = match dice.between(1, 4) {
                    1 => village.fee.amount,
                    2 => dice.between(1, 500),
                    3 => dice.between(500, 9999),
                    _ => 5 * village.fee.amount,
                };
                for _ in 0..dice.pick(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 2]) {
                    village.cash.push(Cash {
                        received_at,
                        household: house.number.clone(),
                        amount,
                    });
                }
            }
            month = month.plus(1);
        }
    }
}

/// Opening lines whose sum against 3190 is zero (rules.md, section 11).
fn opening(dice: &mut Dice, village: &Village) -> Vec<OpeningLine> {
    let opening = village.opening_month;
    let mut lines = Vec::new();
    let mut net = 0;
    for house in &village.households {
        if !lives_here(house, opening.plus(-1).last_day()) {
            continue;
        }
        let household = house.number.clone();
        if dice.one_in(5) {
            let amount = dice.between(1, 4000);
            net -= amount;
            lines.push(OpeningLine::Credit {
                household: household.clone(),
                amount,
            });
        }
        let months = village.fee.period_months;
        let mut period = opening.plus(-1).period_start(months);
        for _ in 0..dice.pick(&[0, 0, 0, 1, 2]) {
            let amount = dice.between(1, 4000);
            net += amount;
            lines.push(OpeningLine::Charge {
                household: household.clone(),
                period,
                amount,
            });
            period = period.plus(-months);
        }
    }
    for material in &village.materials {
        if !material.hazardous && dice.one_in(2) {
            let amount = dice.between(1, 20_000);
            let quantity = dice.between(1, 200) * if material.pieces { 1 } else { 1001 };
            net += amount;
            lines.push(OpeningLine::Stock {
                material: material.code.clone(),
                amount,
                quantity,
            });
        }
    }
    let cash = dice.between(1, 90_000);
    let mut account = |code: &str, amount| {
        let code = code.to_owned();
        lines.push(OpeningLine::Account { code, amount });
    };
    account("1001", cash);
    if net + cash != 0 {
        account("3101", -(net + cash));
    }
    lines
}
