//! What the office of a village does month by month: prices, fees, refuse, the special fund, pay and payouts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cli::demo::diary::{Diary, at};
use crate::cli::demo::township::Place;
use crate::domain::cash_custody::PaidFrom;
use crate::domain::collector_pay::{EarnPay, PayCollector};
use crate::domain::fee::ChargeFees;
use crate::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use crate::domain::month::business_date;
use crate::domain::number::half_up;
use crate::domain::payout::{ApprovePayout, PayPayout, RequestPayout};
use crate::domain::price_list::{PriceLine, PublishPriceList};
use crate::domain::refuse::RecordTrip;
use crate::domain::report::MonthReport;
use crate::domain::settlement::OffsetCredit;
use crate::domain::{Actor, Command, DocumentNo, Money, Month, Quantity, Refusal, Role};

const WAGE: Money = Money::from_fen(60_000);
/// Li for each kilogram on top of it.
const PER_KG_LI: i64 = 50;
/// On these days refuse is taken away.
const TRIPS: [i64; 8] = [2, 6, 9, 13, 16, 20, 24, 27];

/// Notes the list of the middle of a month, announced the day before.
pub(super) fn note_prices(diary: &mut Diary, place: &mut Place, month: Month, lines: &[PriceLine]) {
    let (announced, effective_from) = (at(month, 15, 9, 0), at(month, 16, 0, 0));
    if !diary.reaches(announced) {
        return;
    }
    let lines = lines.to_vec();
    place.prices.push((effective_from, lines.clone()));
    let list = Command::PublishPriceList(PublishPriceList {
        effective_from,
        lines,
        drafted_by: None,
    });
    diary.note(announced, &place.code, &place.clerk, list);
}

/// Notes the charges of a month.
pub(super) fn note_charges(diary: &mut Diary, place: &Place, month: Month, then: Timestamp) {
    let run = Command::ChargeFees(ChargeFees { month });
    diary.note(then, &place.code, &place.clerk, run);
}

/// Notes the runs of a month that is over: what came to be due since its first run, and the offset.
pub(super) fn note_offset(diary: &mut Diary, place: &Place, month: Month, then: Timestamp) {
    note_charges(diary, place, month, then);
    let run = Command::OffsetCredit(OffsetCredit { month });
    diary.note(then, &place.code, &place.clerk, run);
}

/// Notes the trips of a month with residual waste; it gets a little less every month.
pub(super) fn note_trips(diary: &mut Diary, place: &Place, month: Month, nth: i64) {
    let households: usize = place
        .groups
        .iter()
        .map(|group| group.households.len())
        .sum();
    let households = i64::try_from(households).unwrap_or(0);
    for day in TRIPS {
        let then = at(month, day, 8, 10);
        let each = diary.dice.between(3_200, 4_100) - 120 * nth;
        let grams = households * each;
        let trip = Command::RecordTrip(RecordTrip {
            point: place.point.clone(),
            at: then,
            weight: Quantity::grams(grams - grams % 10_000),
        });
        diary.note(then, &place.code, &place.clerk, trip);
    }
}

/// Notes what comes into the special fund and what it is spent on.
pub(super) fn note_fund(diary: &mut Diary, place: &Place, month: Month, nth: i64) {
    if nth % 3 == 0 {
        let received_at = at(month, 10, 15, 0);
        let year = month.first_day().year();
        let received = Command::ReceiveFund(ReceiveFund {
            amount: Money::from_fen(1_200_000),
            received_at,
            voucher: format!("镇财拨〔{year}〕{} 号", 11 + nth),
        });
        diary.note(received_at, &place.code, &place.clerk, received);
    }
    let purpose = FundPurpose::Operating;
    let fen = diary.dice.between(180, 620) * 100;
    let voucher = format!("发票 {}", diary.dice.between(1_000_000, 9_999_999));
    note_expense(diary, place, at(month, 18, 15, 0), purpose, (fen, voucher));
    if nth % 3 == 1 {
        let purpose = FundPurpose::CollectorPay { collector: None };
        let voucher = format!("误工补贴表 {month}");
        note_expense(
            diary,
            place,
            at(month, 20, 15, 0),
            purpose,
            (60_000, voucher),
        );
    }
}

fn note_expense(
    diary: &mut Diary,
    place: &Place,
    spent_at: Timestamp,
    purpose: FundPurpose,
    (fen, voucher): (i64, String),
) {
    let spent = Command::SpendFund(SpendFund {
        purpose,
        amount: Money::from_fen(fen),
        spent_at,
        voucher,
    });
    diary.note(spent_at, &place.code, &place.clerk, spent);
}

/// Notes what the collectors earned in a month that is over, and that they are paid it.
pub(super) fn note_pay(
    diary: &mut Diary,
    place: &Place,
    over: &MonthReport,
) -> Result<(), Refusal> {
    let month = over.month.next();
    let earned_at = diary.by_the_end(at(month, 2, 10, 0));
    let paid_at = at(month, 7, 10, 0);
    for collector in &over.collectors {
        let earned = Command::EarnPay(EarnPay {
            collector: collector.collector.clone(),
            month: over.month,
            wage: WAGE,
            per_kg_li: PER_KG_LI,
        });
        diary.note(earned_at, &place.code, &place.clerk, earned);
        let by_weight = half_up(&[collector.weight_kg.count(), PER_KG_LI], 10_000)?;
        let paid = Command::PayCollector(PayCollector {
            collector: collector.collector.clone(),
            amount: WAGE + Money::from_fen(by_weight),
            paid_from: PaidFrom::Bank,
            paid_at,
        });
        diary.note(paid_at, &place.code, &place.clerk, paid);
    }
    Ok(())
}

/// How many payouts were asked for in each year.
pub(super) type Requested = BTreeMap<i16, i64>;

/// Notes the payouts of a month where credit is only paid out. In the last month one still waits for approval and one for the money.
pub(super) fn note_payouts(
    diary: &mut Diary,
    place: &Place,
    credit: &MonthReport,
    requested: &mut Requested,
    is_last: bool,
) -> Result<(), Refusal> {
    let (month, least) = (credit.month, Money::from_fen(2_200));
    let time = |day, minute| {
        let planned = at(month, day, 10, minute);
        if is_last {
            diary.by_the_end(planned)
        } else {
            planned
        }
    };
    let (requested_at, approved_at, paid_at) = (time(8, 0), time(9, 30), time(10, 0));
    let asking = credit.households.iter();
    let asking = asking.filter(|household| household.credit_closing >= least);
    for (nth, household) in asking.take(if is_last { 5 } else { 12 }).enumerate() {
        let year = business_date(requested_at).year();
        let last = requested.entry(year).or_default();
        *last += 1;
        let number = DocumentNo::parse("number", &format!("{year}-{last:06}"))?;
        // Whole yuan, and a little stays.
        let fen = household.credit_closing.fen() - 200;
        let actor = Actor::new(Role::Household, household.household_no.as_str());
        let request = Command::RequestPayout(RequestPayout {
            household_no: household.household_no.clone(),
            amount: Money::from_fen(fen - fen % 100),
            requested_at,
        });
        diary.note(requested_at, &place.code, &actor, request);
        if is_last && nth == 0 {
            continue;
        }
        let approve = Command::ApprovePayout(ApprovePayout {
            number: number.clone(),
            approved_at,
        });
        diary.note(approved_at, &place.code, &place.supervisor, approve);
        if is_last && nth == 1 {
            continue;
        }
        let pay = Command::PayPayout(PayPayout {
            number,
            paid_at,
            paid_from: PaidFrom::Bank,
        });
        diary.note(paid_at, &place.code, &place.clerk, pay);
    }
    Ok(())
}
