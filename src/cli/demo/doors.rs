//! What happens at the doors: rounds with their stops and pickups, and what collectors put right the same day.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cli::demo::diary::{Diary, at, later};
use crate::cli::demo::township::{Place, as_actor};
use crate::domain::month::business_date;
use crate::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use crate::domain::round::{CloseRound, OpenRound, RecordStop, StopOutcome};
use crate::domain::weight::value_of;
use crate::domain::{
    CollectorCode, Command, DocumentNo, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal,
    Unit, UnitPrice,
};

/// What households bring: the material, how often in a hundred pickups, from how much to how much in grams or pieces.
const BROUGHT: [(&str, i64, i64, i64); 14] = [
    ("ZB", 78, 1_500, 9_000),
    ("SB", 30, 600, 5_000),
    ("HZ", 22, 500, 3_000),
    ("PET", 52, 300, 2_200),
    ("PP", 16, 400, 2_500),
    ("FE1", 26, 500, 7_000),
    ("FE2", 12, 600, 3_500),
    ("AL", 18, 90, 600),
    ("CU", 2, 60, 400),
    ("PJ", 24, 3, 30),
    ("BL", 14, 800, 5_000),
    ("YW", 16, 500, 4_500),
    ("JD", 3, 1, 2),
    ("YH", 4, 100, 700),
];
/// Materials that are counted.
const COUNTED: [&str; 3] = ["PJ", "JD", "BZD"];
/// How many minutes after its beginning a round is in the books: the phone sends it when it is back in the net.
const SENT_AFTER: i64 = 250;
/// Below what a collector takes back by himself; the rules say 20 yuan.
const OWN_BELOW: Money = Money::from_fen(1_500);

/// A pickup that stands and that nobody has touched.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) number: DocumentNo,
    pub(super) at: Timestamp,
    pub(super) household: HouseholdNo,
    pub(super) collector: CollectorCode,
    pub(super) lines: Vec<WeighedLine>,
    amount: Money,
}

/// What the doors of a village have come to so far.
#[derive(Default)]
pub(super) struct Doors {
    /// The last number of each device.
    last: BTreeMap<String, i64>,
    replacements: i64,
    /// Pickups of this month and the month before, oldest first.
    pub(super) taken: Vec<Taken>,
    /// The pickup that a phone has not sent yet.
    pub(super) unsent: Option<RecordPickup>,
}

impl Doors {
    /// Takes the first untouched pickup of a month.
    pub(super) fn take(&mut self, month: Month) -> Option<Taken> {
        let mut taken = self.taken.iter();
        let place = taken.position(|taken| Month::at(taken.at) == month)?;
        Some(self.taken.remove(place))
    }
}

/// A line of so much, without a container.
pub(super) fn line(material: &str, count: i64) -> Result<WeighedLine, Refusal> {
    let unit = if COUNTED.contains(&material) {
        Unit::Piece
    } else {
        Unit::Kg
    };
    Ok(WeighedLine {
        material: MaterialCode::parse("material", material)?,
        gross: Quantity::new(unit, count),
        tare: Quantity::new(unit, 0),
        deduction: 0,
        deduction_reason: String::new(),
    })
}

impl Place {
    /// The price of a material at an instant.
    pub(super) fn price(&self, material: &MaterialCode, then: Timestamp) -> UnitPrice {
        let mut lists = self.prices.iter().rev();
        let list = lists.find(|(from, _)| *from <= then);
        let line = list.and_then(|(_, lines)| lines.iter().find(|line| line.material == *material));
        line.map_or(UnitPrice::new(0, 1), |line| {
            UnitPrice::new(line.price_li, line.per)
        })
    }

    /// A pickup under the next number of a device.
    pub(super) fn weigh(
        &mut self,
        device: &str,
        then: Timestamp,
        household: &HouseholdNo,
        collector: &CollectorCode,
        lines: Vec<WeighedLine>,
    ) -> Result<RecordPickup, Refusal> {
        let device = format!("{}-{device}", self.short);
        let last = self.doors.last.entry(device.clone()).or_default();
        *last += 1;
        Ok(RecordPickup {
            phone: None,
            pickup_no: DocumentNo::parse("pickup_no", &format!("{device}-{last:05}"))?,
            occurred_at: then,
            household_no: household.clone(),
            collector: collector.clone(),
            confirmation: Confirmation::Card,
            lines,
            round: None,
            device: Some(device),
            told_list: None,
            is_paper: false,
        })
    }

    /// A correction of a pickup under the next number for replacements.
    pub(super) fn correction(
        &mut self,
        taken: &Taken,
        then: Timestamp,
        reason: &str,
    ) -> Result<CorrectPickup, Refusal> {
        self.doors.replacements += 1;
        let number = format!("{}-G{:03}", self.short, self.doors.replacements);
        let mut lines = taken.lines.clone();
        if let Some(first) = lines.first_mut() {
            // Two digits were exchanged, or a piece was not counted.
            let is_weight = first.gross.unit() == Unit::Kg;
            let more = if is_weight { 180 } else { 1 };
            first.gross = Quantity::new(first.gross.unit(), first.gross.count() + more);
        }
        Ok(CorrectPickup {
            pickup_no: taken.number.clone(),
            new_no: DocumentNo::parse("new_no", &number)?,
            corrected_at: then,
            lines,
            reason: reason.to_owned(),
        })
    }
}

/// A round on its way.
struct Going {
    number: DocumentNo,
    collector: CollectorCode,
    begins: Timestamp,
    sent: Timestamp,
    told_list: Option<Timestamp>,
}

/// Notes the rounds of a month. `keeps_one` leaves a pickup of its second half on the phone.
pub(super) fn note_rounds(
    diary: &mut Diary,
    place: &mut Place,
    month: Month,
    keeps_one: bool,
) -> Result<(), Refusal> {
    let before = month.previous();
    let taken = &mut place.doors.taken;
    taken.retain(|taken| Month::at(taken.at) >= before);
    let mut rounds: Vec<(i64, usize)> = Vec::new();
    for (group, doorsteps) in place.groups.iter().enumerate() {
        rounds.extend(doorsteps.days.iter().map(|day| (*day, group)));
    }
    rounds.sort_unstable();
    for (day, group) in rounds {
        let begins = at(month, day, 8, 0);
        let sent = later(begins, SENT_AFTER);
        let (Some(doorsteps), Some(collector)) = (place.groups.get(group), place.collector(group))
        else {
            continue;
        };
        if !diary.reaches(sent) {
            break;
        }
        let number = format!("{}-{month}-{}-{day:02}", place.short, doorsteps.group);
        let going = Going {
            number: DocumentNo::parse("round_no", &number)?,
            collector: collector.clone(),
            begins,
            sent,
            told_list: old_list(place, begins),
        };
        let first = place.doors.taken.len();
        let keeps_one = keeps_one && day > 14 && place.doors.unsent.is_none();
        go_round(diary, place, group, &going, keeps_one)?;
        put_right(diary, place, first, &going)?;
    }
    Ok(())
}

/// The list that phones still show on the two days after another took effect.
fn old_list(place: &Place, then: Timestamp) -> Option<Timestamp> {
    let mut lists = place.prices.iter().rev().map(|(from, _)| *from);
    let in_force = lists.find(|from| *from <= then)?;
    let before = lists.next()?;
    let is_new = then < later(in_force, 2 * 24 * 60);
    is_new.then_some(before)
}

fn go_round(
    diary: &mut Diary,
    place: &mut Place,
    group: usize,
    going: &Going,
    keeps_one: bool,
) -> Result<(), Refusal> {
    let Some(doorsteps) = place.groups.get(group) else {
        return Ok(());
    };
    let (code, collector) = (place.code.clone(), going.collector.clone());
    let (actor, households) = (as_actor(&collector), doorsteps.households.clone());
    let open = Command::OpenRound(OpenRound {
        round_no: going.number.clone(),
        group: doorsteps.group.clone(),
        collector: collector.clone(),
        held_on: business_date(going.begins),
    });
    diary.note(going.sent, &code, &actor, open);
    let mut keeps_one = keeps_one;
    for (door, household) in (0_i64..).zip(&households) {
        let then = later(going.begins, 3 + door * 5 + diary.dice.between(0, 2));
        if let Some(outcome) = outcome(diary, place, &collector, household) {
            let stop = Command::RecordStop(RecordStop {
                round_no: going.number.clone(),
                household_no: household.clone(),
                outcome,
                at: then,
                collector: collector.clone(),
            });
            diary.note(going.sent, &code, &actor, stop);
            continue;
        }
        let lines = brought(diary)?;
        let amount = worth(place, &lines, then)?;
        let mut pickup = place.weigh(collector.as_str(), then, household, &collector, lines)?;
        pickup.round = Some(going.number.clone());
        pickup.told_list = going.told_list;
        if std::mem::take(&mut keeps_one) {
            place.doors.unsent = Some(pickup);
            continue;
        }
        place.doors.taken.push(Taken {
            number: pickup.pickup_no.clone(),
            at: then,
            household: household.clone(),
            collector: collector.clone(),
            lines: pickup.lines.clone(),
            amount,
        });
        diary.note(going.sent, &code, &actor, Command::RecordPickup(pickup));
    }
    let round_no = going.number.clone();
    let close = Command::CloseRound(CloseRound { round_no });
    diary.note(going.sent, &code, &actor, close);
    Ok(())
}

/// Why nothing is weighed at a door; none if something is.
fn outcome(
    diary: &Diary,
    place: &Place,
    collector: &CollectorCode,
    household: &HouseholdNo,
) -> Option<StopOutcome> {
    let is_away = place.away.contains(household);
    // What he weighs at his own door the clerk decides about; that is told elsewhere.
    let is_own = place.own_household(collector) == Some(household);
    match diary.dice.between(1, 100) {
        _ if is_own => Some(StopOutcome::NothingToCollect),
        1..=60 if !is_away => None,
        61..=84 if !is_away => Some(StopOutcome::NothingToCollect),
        _ => Some(StopOutcome::NobodyHome),
    }
}

fn brought(diary: &Diary) -> Result<Vec<WeighedLine>, Refusal> {
    let dice = &diary.dice;
    let mut lines = Vec::new();
    for (material, often, least, most) in BROUGHT {
        if !dice.happens(often) {
            continue;
        }
        let count = dice.between(least, most);
        // Scales show ten grams.
        let is_counted = COUNTED.contains(&material);
        let shown = if is_counted {
            count
        } else {
            count - count % 10
        };
        let mut line = line(material, shown)?;
        if material == "ZB" && dice.happens(8) {
            line.deduction = 100;
            "淋了雨".clone_into(&mut line.deduction_reason);
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(line("ZB", dice.between(100, 400) * 10)?);
    }
    Ok(lines)
}

fn worth(place: &Place, lines: &[WeighedLine], then: Timestamp) -> Result<Money, Refusal> {
    let mut sum = Money::ZERO;
    for line in lines {
        sum += value_of(line.gross, place.price(&line.material, then))?;
    }
    Ok(sum)
}

/// What the collector takes back or corrects himself, before the day is over.
fn put_right(
    diary: &mut Diary,
    place: &mut Place,
    first: usize,
    going: &Going,
) -> Result<(), Refusal> {
    let corrects = diary.dice.happens(22);
    let voids = diary.dice.happens(12);
    let (then, actor) = (later(going.sent, 35), as_actor(&going.collector));
    if !(corrects || voids) || !diary.reaches(then) {
        return Ok(());
    }
    let mut of_round = place.doors.taken.iter().skip(first);
    let Some(found) = of_round.position(|taken| taken.amount < OWN_BELOW) else {
        return Ok(());
    };
    let taken = place.doors.taken.remove(first + found);
    let command = if corrects {
        Command::CorrectPickup(place.correction(&taken, then, "数字看反了")?)
    } else {
        Command::VoidPickup(VoidPickup {
            phone: None,
            pickup_no: taken.number,
            voided_at: then,
            reason: "记到别人家了".to_owned(),
        })
    };
    diary.note(then, &place.code, &actor, command);
    Ok(())
}
