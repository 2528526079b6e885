//! How the months of the demo are closed: most go through, one is returned, one is opened again after it was published.

use jiff::Timestamp;

use crate::cli::demo::diary::{Diary, at, later};
use crate::cli::demo::doubts::note_correction;
use crate::cli::demo::office::note_offset;
use crate::cli::demo::township::Place;
use crate::domain::closing::CloseMonth;
use crate::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use crate::domain::{Command, Month, Refusal};

/// How far a month is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Closed,
    Reviewed,
    Signed,
    Published,
}

/// Notes what becomes of a month that is over, by the village's place and that of the month after it. What the last month lacks is for whoever
/// tries the demo.
pub(super) fn note_sign_off(
    diary: &mut Diary,
    place: &mut Place,
    over: Month,
    (village, nth): (usize, usize),
) -> Result<(), Refusal> {
    let begins = at(over.next(), 3, 11, 0);
    match (village, nth) {
        (0, 3) => {
            let reason = "C1 的手机进了水，有一笔还没传上来";
            note_states(diary, place, over, begins, (Far::Published, Some(reason)));
        }
        (0, 5) => note_states(diary, place, over, begins, (Far::Signed, None)),
        (1, 5) => {
            note_states(diary, place, over, begins, (Far::Closed, None));
            let month = over;
            let reason = "第一组有一单与磅单不符，请核对后再关账".to_owned();
            let back = Command::ReturnMonth(ReturnMonth { month, reason });
            let returned_at = diary.by_the_end(later(begins, 23 * 60));
            diary.note(returned_at, &place.code, &place.supervisor, back);
            note_second_close(diary, place, over, later(begins, 46 * 60))?;
        }
        (3, 5) => note_states(diary, place, over, begins, (Far::Reviewed, None)),
        _ => note_states(diary, place, over, begins, (Far::Published, None)),
    }
    Ok(())
}

/// Notes that the township opens a published month again, the correction and the second close.
pub(super) fn note_reopening(
    diary: &mut Diary,
    place: &mut Place,
    over: Month,
) -> Result<(), Refusal> {
    let reopened_at = at(over.next(), 20, 16, 0);
    let reason = "抽查发现一单重量录错，更正后重新公示".to_owned();
    let month = over;
    let reopen = Command::ReopenMonth(ReopenMonth { month, reason });
    diary.note(reopened_at, &place.code, &place.official, reopen);
    note_second_close(diary, place, over, later(reopened_at, 18 * 60))
}

/// Notes a correction in a month that is open again, and that it is closed, signed and published once more.
fn note_second_close(
    diary: &mut Diary,
    place: &mut Place,
    over: Month,
    then: Timestamp,
) -> Result<(), Refusal> {
    let corrected_at = diary.by_the_end(then);
    note_correction(diary, place, over, corrected_at, "与磅单核对后更正")?;
    let run_at = diary.by_the_end(later(then, 10));
    note_offset(diary, place, over, run_at);
    note_states(diary, place, over, later(then, 90), (Far::Published, None));
    Ok(())
}

/// Notes the states of a month up to one of them, a day apart.
fn note_states(
    diary: &mut Diary,
    place: &Place,
    month: Month,
    begins: Timestamp,
    (far, missing_reason): (Far, Option<&str>),
) {
    let missing_reason = missing_reason.map(str::to_owned);
    let steps = [
        (
            Far::Closed,
            &place.clerk,
            Command::CloseMonth(CloseMonth {
                month,
                missing_reason,
            }),
        ),
        (
            Far::Reviewed,
            &place.supervisor,
            Command::ReviewMonth(ReviewMonth { month }),
        ),
        (
            Far::Signed,
            &place.official,
            Command::SignMonth(SignMonth { month }),
        ),
        (
            Far::Published,
            &place.clerk,
            Command::PublishMonth(PublishMonth { month }),
        ),
    ];
    for (day, (state, actor, command)) in (0_i64..).zip(steps) {
        if state <= far {
            let then = diary.by_the_end(later(begins, day * 22 * 60));
            diary.note(then, &place.code, actor, command);
        }
    }
}
