//! The history of the demo's township: six months up to the day on which it ends, month by month, every step a command to the books.

use jiff::Timestamp;

use crate::cli::Failure;
use crate::cli::demo::diary::{Diary, at};
use crate::cli::demo::doors::note_rounds;
use crate::cli::demo::doubts::{
    note_correction, note_disputes, note_held, note_households, note_late,
};
use crate::cli::demo::money::{note_cash, note_count, note_sale, note_void_of_cash};
use crate::cli::demo::office::{
    Requested, note_charges, note_fund, note_offset, note_pay, note_payouts, note_prices,
    note_trips,
};
use crate::cli::demo::sign_off::{note_reopening, note_sign_off};
use crate::cli::demo::township::{Place, draw, note_opening, price_lists_of};
use crate::domain::Month;
use crate::domain::price_list::PriceLine;
use crate::files::import::Plan;
use crate::ledger::Ledger;

/// How many months before the last the history begins.
const MONTHS_BEFORE: i32 = 5;
/// The place of the last month.
const LAST: usize = 5;

/// Makes the history up to an instant; the same seed and instant make the same journals. The ledger's clock is one that can be set.
pub(super) async fn make(
    ledger: &Ledger,
    folder: &Plan,
    seed: u64,
    end: Timestamp,
) -> Result<Vec<Place>, Failure> {
    let last = Month::at(end);
    let first = last.plus(-MONTHS_BEFORE);
    let mut diary = Diary::new(seed, end);
    let mut places = draw(&diary, folder, first)?;
    let lists = price_lists_of(folder);
    for place in &mut places {
        note_opening(&mut diary, place, folder);
    }
    diary.play(ledger).await?;
    let mut requested = Requested::new();
    for (nth, month) in first.through(last).enumerate() {
        let (over_at, begun_at) = (at(month, 1, 17, 0), at(month, 1, 17, 30));
        for place in &places {
            if nth > 0 {
                let then = diary.by_the_end(over_at);
                note_offset(&mut diary, place, month.previous(), then);
            }
            let then = diary.by_the_end(begun_at);
            note_charges(&mut diary, place, month, then);
        }
        diary.play(ledger).await?;
        let list = match nth {
            1 => lists.get(1),
            3 => lists.get(2),
            4 => lists.first(),
            _ => None,
        };
        for (village, place) in places.iter_mut().enumerate() {
            let turn = Turn {
                month,
                of: (village, nth),
                list: list.map(Vec::as_slice),
            };
            note_month(&mut diary, ledger, place, &turn, &mut requested).await?;
        }
        diary.play(ledger).await?;
    }
    Ok(places)
}

/// The month of a village whose turn it is.
struct Turn<'a> {
    month: Month,
    /// The place of the village in the township, and of the month in the history.
    of: (usize, usize),
    list: Option<&'a [PriceLine]>,
}

async fn note_month(
    diary: &mut Diary,
    ledger: &Ledger,
    place: &mut Place,
    turn: &Turn<'_>,
    requested: &mut Requested,
) -> Result<(), Failure> {
    let (month, of) = (turn.month, turn.of);
    let (_, nth) = of;
    let so_far = ledger.report(&place.code, month).await?;
    if nth > 0 {
        let over = ledger.report(&place.code, month.previous()).await?;
        note_pay(diary, place, &over)?;
    }
    match of {
        (0, 2) => note_count(
            diary,
            place,
            &so_far,
            ("ZB", -1_600, "雨天受潮，晒干后复称"),
        )?,
        (2, 4) => note_count(diary, place, &so_far, ("FE1", 900, "仓库角落清出一些"))?,
        (0, 3) => note_void_of_cash(diary, place, ledger, month).await?,
        _ => {}
    }
    note_sale(diary, place, &so_far)?;
    note_cash(diary, place, &so_far)?;
    let later = i64::try_from(nth).unwrap_or(0);
    note_trips(diary, place, month, later);
    note_fund(diary, place, month, later);
    if !place.has_fee {
        note_payouts(diary, place, &so_far, requested, nth == LAST)?;
    }
    if let Some(list) = turn.list {
        note_prices(diary, place, month, list);
    }
    note_rounds(diary, place, month, of == (0, 2))?;
    note_held(diary, place, month, of)?;
    if of == (0, 3) {
        note_late(diary, place, month);
    }
    note_disputes(diary, place, month, of)?;
    if nth > 0 {
        note_sign_off(diary, place, month.previous(), of)?;
    }
    if of == (2, 4) {
        note_reopening(diary, place, month.previous())?;
    }
    let (of_before, of_now) = (at(month, 12, 10, 0), at(month, 25, 16, 0));
    if nth > 0 {
        note_correction(diary, place, month.previous(), of_before, "复核磅单时发现")?;
    }
    note_correction(diary, place, month, of_now, "月底对账时发现")?;
    note_households(diary, place, month, of)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::{SEED, put_folder};
    use crate::cli::import;
    use crate::clock::{Chance, Clock};
    use crate::domain::month::parse_time;
    use crate::domain::month_close::MonthState;
    use crate::text::{Language, Texts};

    /// A history that ends at an instant holds together, and has all that every demo has.
    async fn holds_together(end: &str) {
        let end = parse_time("end", end).unwrap();
        let folder = tempfile::tempdir().unwrap();
        put_folder(folder.path()).unwrap();
        let plan = import::read(&Texts::new(Language::English), folder.path()).unwrap();
        let database = format!("sqlite:{}", folder.path().join("jinfu.db").display());
        let (clock, chance) = (Clock::fixed(end), Chance::seeded(SEED));
        let ledger = Ledger::open(&database, clock, chance).await.unwrap();
        let places = make(&ledger, &plan, SEED, end).await.unwrap();
        ledger.clock().set(end);
        let mut waiting = Vec::new();
        for place in &places {
            let months = ledger.months(&place.code).await.unwrap();
            let (last, before) = months.split_last().unwrap();
            assert_eq!((last.state, before.len()), (MonthState::Open, 5));
            for month in before {
                assert!(month.state > MonthState::Open, "{} {month:?}", place.name);
            }
            waiting.push(ledger.held_pickups(&place.code).await.unwrap().len());
        }
        assert_eq!(waiting, [1, 0, 1, 0]);
        for village in ledger.verify(None, |_, _| ()).await.unwrap() {
            assert_eq!(village.finding, None, "{:?}", village.village);
        }
        ledger.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_demo_on_the_first_of_a_month_has_all_of_it() {
        holds_together("2027-03-01T00:00:00+08:00").await;
    }

    #[tokio::test]
    async fn a_demo_while_months_are_closed_has_all_of_it() {
        holds_together("2028-03-05T00:00:00+08:00").await;
    }
}
