//! Cash and stock of the demo: what households pay, what collectors hand in, what is counted, sold and paid for.

use std::collections::BTreeMap;

use crate::cli::Failure;
use crate::cli::demo::diary::{Diary, at};
use crate::cli::demo::township::{Place, as_actor};
use crate::domain::cash_custody::{Custodian, Deposit, HandIn};
use crate::domain::report::MonthReport;
use crate::domain::sale::{BuyerPays, RecordSale, SaleLine};
use crate::domain::settlement::{CashTaker, ReceiveCash, VoidCash};
use crate::domain::stock_count::CountStock;
use crate::domain::weight::value_of;
use crate::domain::{
    BuyerCode, CollectorCode, Command, DocumentNo, MaterialCode, Money, Month, Quantity, Refusal,
    Unit, UnitPrice,
};
use crate::ledger::Ledger;

/// On these days collectors hand in what they took at the doors.
const HAND_INS: [i64; 4] = [8, 15, 22, 28];
/// From how many grams or pieces on a material is worth the buyer's way.
const WORTH_THE_WAY: i64 = 4_000;
const PIECES_WORTH_THE_WAY: i64 = 100;

/// What the collectors took at the doors, by the day.
type AtDoors = BTreeMap<CollectorCode, Vec<(i64, Money)>>;

/// Notes the cash of a month: who owes something pays some of it, at the office or to a collector at the door.
pub(super) fn note_cash(
    diary: &mut Diary,
    place: &Place,
    owing: &MonthReport,
) -> Result<(), Refusal> {
    let (month, mut in_box, mut at_doors) = (owing.month, Money::ZERO, AtDoors::new());
    let households = owing.households.iter();
    for household in households.filter(|household| household.fees_closing.is_positive()) {
        if !diary.dice.happens(38) {
            continue;
        }
        let owed = household.fees_closing;
        let amount = match diary.dice.between(1, 10) {
            // A ten-yuan note on the table, or a bit in advance.
            1 => Money::from_fen(owed.fen() - owed.fen() % 1_000 + 1_000),
            2 if owed.fen() > 500 => Money::from_fen(500),
            _ => owed,
        };
        let (day, hour) = (diary.dice.between(3, 26), diary.dice.between(9, 11));
        let received_at = at(month, day, hour, diary.dice.between(0, 5) * 10);
        let taker = usize::try_from(diary.dice.between(0, 4)).unwrap_or(0);
        if !diary.reaches(received_at) {
            continue;
        }
        let (taken_by, actor) = if let Some(collector) = place.collectors.get(taker) {
            let taken = at_doors.entry(collector.clone()).or_default();
            taken.push((day, amount));
            (CashTaker::Collector(collector.clone()), as_actor(collector))
        } else {
            in_box += amount;
            (CashTaker::Office(String::new()), place.clerk.clone())
        };
        let received = Command::ReceiveCash(ReceiveCash {
            household_no: household.household_no.clone(),
            amount,
            received_at,
            taken_by,
        });
        diary.note(received_at, &place.code, &actor, received);
    }
    in_box += note_hand_ins(diary, place, month, at_doors)?;
    let deposited_at = at(month, 28, 17, 0);
    let half = Money::from_fen(in_box.fen() / 2);
    if half.is_positive() {
        let deposit = Command::Deposit(Deposit {
            custodian: Custodian::parse("custodian", None)?,
            amount: half,
            deposited_at,
        });
        diary.note(deposited_at, &place.code, &place.clerk, deposit);
    }
    Ok(())
}

fn note_hand_ins(
    diary: &mut Diary,
    place: &Place,
    month: Month,
    at_doors: AtDoors,
) -> Result<Money, Refusal> {
    let mut handed_in = Money::ZERO;
    for (collector, mut taken) in at_doors {
        for day in HAND_INS {
            let until_then = taken.iter().filter(|(on, _)| *on <= day);
            let amount: Money = until_then.map(|(_, amount)| *amount).sum();
            let handed_in_at = at(month, day, 16, 30);
            if !amount.is_positive() || !diary.reaches(handed_in_at) {
                continue;
            }
            taken.retain(|(on, _)| *on > day);
            handed_in += amount;
            let hand_in = Command::HandIn(HandIn {
                collector: collector.clone(),
                amount,
                custodian: Custodian::parse("custodian", None)?,
                handed_in_at,
            });
            diary.note(handed_in_at, &place.code, &place.clerk, hand_in);
        }
    }
    Ok(handed_in)
}

/// Notes that a receipt of the month before was made out to the wrong household.
pub(super) async fn note_void_of_cash(
    diary: &mut Diary,
    place: &Place,
    ledger: &Ledger,
    month: Month,
) -> Result<(), Failure> {
    let receipts = ledger.cash_receipts(&place.code, month.previous()).await?;
    let mut at_office = receipts
        .iter()
        .filter(|receipt| matches!(receipt.taken_by, CashTaker::Office(_)));
    let Some(receipt) = at_office.next() else {
        return Ok(());
    };
    let voided_at = at(month, 10, 9, 30);
    let void = Command::VoidCash(VoidCash {
        receipt_no: DocumentNo::parse("receipt_no", &receipt.number)?,
        voided_at,
        reason: "户号写错了，另开一张".to_owned(),
    });
    diary.note(voided_at, &place.code, &place.clerk, void);
    Ok(())
}

/// Notes that most of what there is goes to the buyer early in a month, and that he pays a few days later.
pub(super) fn note_sale(
    diary: &mut Diary,
    place: &Place,
    there: &MonthReport,
) -> Result<(), Refusal> {
    let (sold_at, paid_at) = (at(there.month, 6, 15, 0), at(there.month, 11, 15, 0));
    let (mut lines, mut amount) = (Vec::new(), Money::ZERO);
    for material in &there.materials {
        let (unit, count) = (material.closing.unit(), material.closing.count());
        let least = match unit {
            Unit::Kg => WORTH_THE_WAY,
            Unit::Piece => PIECES_WORTH_THE_WAY,
        };
        let paid = place.price(&material.code, sold_at);
        if count < least || paid.li() == 0 {
            continue;
        }
        let own = count * 8 / 10;
        let own = if unit == Unit::Kg {
            own - own % 100
        } else {
            own
        };
        // The buyer's scale shows a little less, and he pays a quarter more than the village did.
        let less = if unit == Unit::Kg {
            own * diary.dice.between(0, 25) / 1_000
        } else {
            0
        };
        let line = SaleLine {
            material: material.code.clone(),
            own: Quantity::new(unit, own),
            ticket: Quantity::new(unit, own - less),
            price_li: paid.li() * 5 / 4,
            per: paid.per(),
        };
        amount += value_of(line.ticket, UnitPrice::new(line.price_li, line.per))?;
        lines.push(line);
    }
    if lines.is_empty() {
        return Ok(());
    }
    let buyer = BuyerCode::parse("buyer", "GY-01")?;
    let sale = Command::RecordSale(RecordSale {
        sold_at,
        buyer: buyer.clone(),
        lines,
    });
    diary.note(sold_at, &place.code, &place.clerk, sale);
    let pays = Command::BuyerPays(BuyerPays {
        buyer,
        amount,
        paid_at,
    });
    diary.note(paid_at, &place.code, &place.clerk, pays);
    Ok(())
}

/// Notes a stock count that finds so many grams more than the book has, or less.
pub(super) fn note_count(
    diary: &mut Diary,
    place: &Place,
    there: &MonthReport,
    (material, more, reason): (&str, i64, &str),
) -> Result<(), Refusal> {
    let material = MaterialCode::parse("material", material)?;
    let mut rows = there.materials.iter();
    let Some(row) = rows.find(|row| row.code == material) else {
        return Ok(());
    };
    let counted_at = at(there.month, 2, 11, 0);
    let count = Command::CountStock(CountStock {
        material,
        counted: Quantity::grams((row.closing.count() + more).max(0)),
        counted_at,
        reason: reason.to_owned(),
    });
    diary.note(counted_at, &place.code, &place.clerk, count);
    Ok(())
}
