//! What somebody has to look at: pickups that are held, late or corrected by the office, disputes, and households that change.

use jiff::Timestamp;

use crate::cli::demo::diary::{Diary, at, later};
use crate::cli::demo::doors::{Taken, line};
use crate::cli::demo::township::{Place, as_actor};
use crate::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use crate::domain::held::{HeldDecision, ResolveHeld};
use crate::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use crate::domain::month::business_date;
use crate::domain::move_out::MoveOut;
use crate::domain::pickup::RecordPickup;
use crate::domain::{
    Actor, Command, DocumentNo, HouseholdKind, HouseholdNo, Month, Quantity, Refusal, Role, Unit,
};

/// Notes what is held in a month of a village, by its place in the township and that of the month.
pub(super) fn note_held(
    diary: &mut Diary,
    place: &mut Place,
    month: Month,
    (village, nth): (usize, usize),
) -> Result<(), Refusal> {
    let rejected = Some((HeldDecision::Reject, "秤没归零，重新称过"));
    match (village, nth) {
        (0, 2) => {
            let right = Some((HeldDecision::AsItIs, "拆旧棚的废铁，磅单核对过"));
            note_heavy(diary, place, at(month, 12, 15, 0), right)
        }
        (1, 3) => note_duplicate(diary, place, month),
        (0, 4) => {
            let right = Some((HeldDecision::AsItIs, "村会计在场复秤"));
            note_own(diary, place, at(month, 14, 15, 0), right)
        }
        (2, 4) => note_heavy(diary, place, at(month, 27, 15, 0), rejected),
        (0, 5) => note_heavy(diary, place, diary.lately(month, 1, 15), None),
        (2, 5) => note_own(diary, place, diary.lately(month, 1, 15), None),
        _ => Ok(()),
    }
}

type Resolution<'a> = Option<(HeldDecision, &'a str)>;

fn note_heavy(
    diary: &mut Diary,
    place: &mut Place,
    then: Timestamp,
    resolution: Resolution<'_>,
) -> Result<(), Refusal> {
    let Some(household) = place.household(3).cloned() else {
        return Ok(());
    };
    let Some(collector) = place.collector(0).cloned() else {
        return Ok(());
    };
    let lines = vec![line("FE1", 128_400)?];
    let pickup = place.weigh(collector.as_str(), then, &household, &collector, lines)?;
    note_doubtful(diary, place, then, pickup, resolution);
    Ok(())
}

fn note_own(
    diary: &mut Diary,
    place: &mut Place,
    then: Timestamp,
    resolution: Resolution<'_>,
) -> Result<(), Refusal> {
    let Some(collector) = place.collector(1).cloned() else {
        return Ok(());
    };
    let Some(household) = place.own_household(&collector).cloned() else {
        return Ok(());
    };
    let lines = vec![line("ZB", 5_340)?, line("PET", 1_120)?];
    let pickup = place.weigh(collector.as_str(), then, &household, &collector, lines)?;
    note_doubtful(diary, place, then, pickup, resolution);
    Ok(())
}

/// Notes that a second phone sends what the first has sent: the collector was given a new one in between.
fn note_duplicate(diary: &mut Diary, place: &mut Place, month: Month) -> Result<(), Refusal> {
    let Some(taken) = place.doors.take(month) else {
        return Ok(());
    };
    let (then, mut lines) = (later(taken.at, 20), taken.lines.clone());
    if let Some(first) = lines.first_mut() {
        // Forty grams more or less on the scale; pieces are counted the same.
        let more = if first.gross.unit() == Unit::Kg {
            40
        } else {
            0
        };
        first.gross = Quantity::new(first.gross.unit(), first.gross.count() + more);
    }
    let device = format!("{}-B", taken.collector);
    let pickup = place.weigh(&device, then, &taken.household, &taken.collector, lines)?;
    let sent = later(taken.at, 9 * 60);
    let twice = Some((HeldDecision::Reject, "同一笔在两部手机上各记了一次"));
    note_doubtful(diary, place, sent, pickup, twice);
    Ok(())
}

fn note_doubtful(
    diary: &mut Diary,
    place: &Place,
    sent: Timestamp,
    pickup: RecordPickup,
    resolution: Resolution<'_>,
) {
    let (number, actor) = (pickup.pickup_no.clone(), as_actor(&pickup.collector));
    diary.note(sent, &place.code, &actor, Command::RecordPickup(pickup));
    let Some((decision, reason)) = resolution else {
        return;
    };
    let decided_at = later(sent, 20 * 60);
    let resolve = Command::ResolveHeld(ResolveHeld {
        pickup_no: number,
        decision,
        decided_at,
        reason: reason.to_owned(),
    });
    diary.note(decided_at, &place.code, &place.clerk, resolve);
}

/// Notes that a pickup of the month before reaches the books when that month is closed already.
pub(super) fn note_late(diary: &mut Diary, place: &mut Place, month: Month) {
    let Some(pickup) = place.doors.unsent.take() else {
        return;
    };
    let actor = as_actor(&pickup.collector);
    let sent = at(month, 9, 18, 0);
    diary.note(sent, &place.code, &actor, Command::RecordPickup(pickup));
}

/// Notes a correction by the office of a pickup of a month, and gives the number of the replacement with the pickup.
pub(super) fn note_correction(
    diary: &mut Diary,
    place: &mut Place,
    of: Month,
    then: Timestamp,
    reason: &str,
) -> Result<Option<(Taken, DocumentNo)>, Refusal> {
    if !diary.reaches(then) {
        return Ok(None);
    }
    let Some(taken) = place.doors.take(of) else {
        return Ok(None);
    };
    let correction = place.correction(&taken, then, reason)?;
    let new_no = correction.new_no.clone();
    let correction = Command::CorrectPickup(correction);
    diary.note(then, &place.code, &place.clerk, correction);
    Ok(Some((taken, new_no)))
}

fn note_dispute(diary: &mut Diary, place: &Place, taken: &Taken, then: Timestamp, text: &str) {
    let actor = Actor::new(Role::Household, taken.household.as_str());
    let dispute = Command::OpenDispute(OpenDispute {
        household_no: taken.household.clone(),
        about: About::Pickup(taken.number.clone()),
        opened_at: then,
        text: text.to_owned(),
    });
    diary.note(then, &place.code, &actor, dispute);
}

/// The first dispute of a year.
fn first_of_year(then: Timestamp) -> Result<DocumentNo, Refusal> {
    DocumentNo::parse("number", &format!("{}-000001", business_date(then).year()))
}

/// Notes the disputes of a month of a village.
pub(super) fn note_disputes(
    diary: &mut Diary,
    place: &mut Place,
    month: Month,
    (village, nth): (usize, usize),
) -> Result<(), Refusal> {
    match (village, nth) {
        (0, 3) => {
            let Some(taken) = place.doors.take(month.previous()) else {
                return Ok(());
            };
            let (opened_at, answered_at) = (at(month, 8, 19, 0), at(month, 11, 9, 0));
            note_dispute(diary, place, &taken, opened_at, "纸板好像不止这么重");
            let answer = Command::AnswerDispute(AnswerDispute {
                number: first_of_year(opened_at)?,
                decision: DisputeDecision::Rejected,
                corrected_by: None,
                answered_at,
                text: "查了秤上的照片，数字没错".to_owned(),
            });
            diary.note(answered_at, &place.code, &place.clerk, answer);
            Ok(())
        }
        (1, 3) => {
            let (opened_at, corrected_at) = (at(month, 18, 19, 0), at(month, 19, 9, 30));
            let reason = "住户提出异议，核对后更正";
            let corrected = note_correction(diary, place, month, corrected_at, reason)?;
            let Some((taken, new_no)) = corrected else {
                return Ok(());
            };
            note_dispute(diary, place, &taken, opened_at, "称的时候是另一个数");
            let answered_at = at(month, 20, 9, 0);
            let answer = Command::AnswerDispute(AnswerDispute {
                number: first_of_year(opened_at)?,
                decision: DisputeDecision::Upheld,
                corrected_by: Some(About::Pickup(new_no)),
                answered_at,
                text: "确实记错了，已更正".to_owned(),
            });
            diary.note(answered_at, &place.code, &place.clerk, answer);
            Ok(())
        }
        (0, 5) => {
            let opened_at = diary.lately(month, 3, 19);
            if let Some(taken) = place.doors.take(month.previous()) {
                note_dispute(diary, place, &taken, opened_at, "饮料瓶没有记上");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Notes who comes, goes and changes in a month of a village.
pub(super) fn note_households(
    diary: &mut Diary,
    place: &mut Place,
    month: Month,
    (village, nth): (usize, usize),
) -> Result<(), Refusal> {
    match (village, nth) {
        (0, 2) => {
            let Some(group) = place.groups.first_mut() else {
                return Ok(());
            };
            let then = at(month, 9, 10, 0);
            let household_no = HouseholdNo::parse("household_no", "01-901")?;
            let registered = Command::RegisterHousehold(RegisterHousehold {
                household_no: household_no.clone(),
                group: group.group.clone(),
                headcount: 3,
                kind: HouseholdKind::NonRegistered,
                moved_in: Some(business_date(then)),
                vacant_since: None,
                save_up: false,
                head: "谭春华".to_owned(),
                waivers: Vec::new(),
            });
            group.households.push(household_no);
            diary.note(then, &place.code, &place.clerk, registered);
        }
        (1, 3) => {
            let moved = place
                .groups
                .last_mut()
                .and_then(|group| group.households.pop());
            if let Some(household_no) = moved {
                place.away.insert(household_no.clone());
                let moved = Command::MoveOut(MoveOut {
                    household_no,
                    moved_out: month.last_day(),
                });
                let then = at(month, 31, 16, 0);
                diary.note(then, &place.code, &place.clerk, moved);
            }
        }
        (2, 4) => {
            let then = at(month, 5, 10, 0);
            let Some(household_no) = place.household(8).cloned() else {
                return Ok(());
            };
            let changed = Command::ChangeHousehold(ChangeHousehold {
                household_no,
                effective_from: business_date(then),
                group: None,
                headcount: Some(5),
                kind: None,
                vacancy: VacancyChange::Unchanged,
                save_up: None,
                head: None,
                waivers: None,
                expected: None,
            });
            diary.note(then, &place.code, &place.clerk, changed);
        }
        _ => {}
    }
    Ok(())
}
