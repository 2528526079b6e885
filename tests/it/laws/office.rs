//! Commands of the office: cash, the station, the fund, pay, payouts, voids, and the runs and states of the month.

use jinfu::domain::cash_custody::{Custodian, Deposit, HandIn, PaidFrom};
use jinfu::domain::closing::CloseMonth;
use jinfu::domain::collector_pay::{EarnPay, PayCollector};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use jinfu::domain::payout::{ApprovePayout, CancelPayout, ExpirePayouts, PayPayout, RequestPayout};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::sale::{BuyerPays, RecordSale, SaleLine};
use jinfu::domain::settings::{ChangeSettings, Settings};
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use jinfu::domain::sign_off::{PublishMonth, ReopenMonth, ReturnMonth, ReviewMonth, SignMonth};
use jinfu::domain::stock_count::CountStock;
use jinfu::domain::{Command, DocumentKind, Money};

use super::pickups::a_collector;
use super::village::{BUYERS, CUSTODIANS, MATERIALS, buyer, material};
use super::walk::Walk;

const REASON: &str = "typing mistake";

pub(super) fn a_custodian(walk: &mut Walk) -> Custodian {
    Custodian::parse("custodian", Some(walk.random.pick(&CUSTODIANS))).unwrap()
}

fn paid_from(walk: &mut Walk) -> PaidFrom {
    let custodian = a_custodian(walk);
    walk.random
        .either(50, PaidFrom::Bank, PaidFrom::Cash(custodian))
}

pub(super) fn receive_cash(walk: &mut Walk) -> Command {
    let taken_by = if walk.random.chance(60) {
        CashTaker::Office(walk.random.pick(&CUSTODIANS).to_owned())
    } else {
        CashTaker::Collector(a_collector(walk))
    };
    Command::ReceiveCash(ReceiveCash {
        household_no: walk.a_household(),
        amount: walk.fen(1_200),
        received_at: walk.then(),
        taken_by,
    })
}

pub(super) fn void_cash(walk: &mut Walk) -> Command {
    Command::VoidCash(VoidCash {
        receipt_no: walk.accepted(DocumentKind::CashReceipt),
        voided_at: walk.now,
        reason: REASON.to_owned(),
    })
}

pub(super) fn sell(walk: &mut Walk) -> Command {
    let place = walk.random.below(4) as usize;
    let most = walk.random.either(50, 300, 2_000);
    let own = walk.quantity(place, most);
    let (code, _, li) = MATERIALS[place];
    Command::RecordSale(RecordSale {
        sold_at: walk.then(),
        buyer: buyer(walk.random.pick(&BUYERS)),
        lines: vec![SaleLine {
            material: material(code),
            own,
            ticket: walk.random.either(
                60,
                own,
                jinfu::domain::Quantity::new(own.unit(), own.count() / 10 * 10),
            ),
            price_li: li * walk.random.between(70, 150) / 100,
            per: 1,
        }],
    })
}

pub(super) fn buyer_pays(walk: &mut Walk) -> Command {
    Command::BuyerPays(BuyerPays {
        buyer: buyer(walk.random.pick(&BUYERS)),
        amount: walk.fen(9_000),
        paid_at: walk.then(),
    })
}

pub(super) fn count(walk: &mut Walk) -> Command {
    let place = walk.random.below(4) as usize;
    let counted = walk.quantity(place, 400);
    let none = jinfu::domain::Quantity::new(counted.unit(), 0);
    Command::CountStock(CountStock {
        material: material(MATERIALS[place].0),
        counted: walk.random.either(10, none, counted),
        counted_at: walk.then(),
        reason: "counted".to_owned(),
    })
}

pub(super) fn receive_fund(walk: &mut Walk) -> Command {
    Command::ReceiveFund(ReceiveFund {
        amount: walk.fen(60_000),
        received_at: walk.then(),
        voucher: "bank slip".to_owned(),
    })
}

pub(super) fn spend_fund(walk: &mut Walk) -> Command {
    let purpose = match walk.random.below(3) {
        0 => FundPurpose::CollectorPay { collector: None },
        1 => FundPurpose::CollectorPay {
            collector: Some(a_collector(walk)),
        },
        _ => FundPurpose::Operating,
    };
    Command::SpendFund(SpendFund {
        purpose,
        amount: walk.fen(20_000),
        spent_at: walk.then(),
        voucher: "invoice".to_owned(),
    })
}

pub(super) fn earn(walk: &mut Walk) -> Command {
    Command::EarnPay(EarnPay {
        collector: a_collector(walk),
        month: walk.month(),
        wage: Money::from_fen(walk.random.between(0, 90_000)),
        per_kg_li: walk.random.between(0, 200),
    })
}

pub(super) fn pay_collector(walk: &mut Walk) -> Command {
    Command::PayCollector(PayCollector {
        collector: a_collector(walk),
        amount: walk.fen(40_000),
        paid_from: paid_from(walk),
        paid_at: walk.then(),
    })
}

pub(super) fn hand_in(walk: &mut Walk) -> Command {
    Command::HandIn(HandIn {
        collector: a_collector(walk),
        amount: walk.fen(4_000),
        custodian: a_custodian(walk),
        handed_in_at: walk.then(),
    })
}

pub(super) fn deposit(walk: &mut Walk) -> Command {
    Command::Deposit(Deposit {
        custodian: a_custodian(walk),
        amount: walk.fen(6_000),
        deposited_at: walk.then(),
    })
}

pub(super) fn void_document(walk: &mut Walk) -> Command {
    let kind = walk.random.pick(DocumentKind::ALL);
    Command::VoidDocument(VoidDocument {
        kind,
        number: walk.accepted(kind),
        voided_at: walk.now,
        reason: REASON.to_owned(),
    })
}

pub(super) fn settings(walk: &mut Walk) -> Command {
    Command::ChangeSettings(ChangeSettings {
        settings: Settings {
            reweighs: walk.random.chance(50),
            fund_may_be_overspent: walk.random.chance(30),
            payout_days: walk.random.between(0, 40),
            payout_months: walk.random.pick(&[vec![], vec![], vec![3, 6, 12]]),
            two_officers: walk.random.chance(20),
            pickup_most: Money::from_fen(walk.random.between(3_000, 20_000)),
            ..Settings::default()
        },
        expected: None,
    })
}

pub(super) fn request_payout(walk: &mut Walk) -> Command {
    Command::RequestPayout(RequestPayout {
        household_no: walk.a_household(),
        amount: Money::from_fen(walk.random.between(200, 2_500)),
        requested_at: walk.then(),
    })
}

pub(super) fn approve_payout(walk: &mut Walk) -> Command {
    let number = walk.accepted(DocumentKind::Payout);
    let (now, then) = (walk.now, walk.then());
    Command::ApprovePayout(ApprovePayout {
        number,
        approved_at: walk.random.either(20, then, now),
    })
}

pub(super) fn pay_payout(walk: &mut Walk) -> Command {
    Command::PayPayout(PayPayout {
        number: walk.accepted(DocumentKind::Payout),
        paid_at: walk.now,
        paid_from: paid_from(walk),
    })
}

pub(super) fn cancel_payout(walk: &mut Walk) -> Command {
    Command::CancelPayout(CancelPayout {
        number: walk.accepted(DocumentKind::Payout),
        cancelled_at: walk.now,
        reason: "changed their mind".to_owned(),
    })
}

pub(super) fn expire(_: &mut Walk) -> Command {
    Command::ExpirePayouts(ExpirePayouts {})
}

pub(super) fn charge(walk: &mut Walk) -> Command {
    let month = walk.month();
    Command::ChargeFees(ChargeFees { month })
}

pub(super) fn offset(walk: &mut Walk) -> Command {
    let month = walk.month();
    Command::OffsetCredit(OffsetCredit { month })
}

pub(super) fn close(walk: &mut Walk) -> Command {
    Command::CloseMonth(CloseMonth {
        month: walk.month(),
        missing_reason: walk
            .random
            .chance(80)
            .then(|| "the phone was lost".to_owned()),
    })
}

/// A month of the last ones that were closed.
fn closed(walk: &mut Walk) -> jinfu::domain::Month {
    let back = walk.random.between(1, 2) as i32;
    walk.open_month.plus(-back)
}

pub(super) fn review(walk: &mut Walk) -> Command {
    let month = closed(walk);
    Command::ReviewMonth(ReviewMonth { month })
}

pub(super) fn sign(walk: &mut Walk) -> Command {
    let month = closed(walk);
    Command::SignMonth(SignMonth { month })
}

pub(super) fn publish(walk: &mut Walk) -> Command {
    let month = closed(walk);
    Command::PublishMonth(PublishMonth { month })
}

pub(super) fn give_back(walk: &mut Walk) -> Command {
    Command::ReturnMonth(ReturnMonth {
        month: closed(walk),
        reason: "a receipt is missing".to_owned(),
    })
}

pub(super) fn reopen(walk: &mut Walk) -> Command {
    Command::ReopenMonth(ReopenMonth {
        month: closed(walk),
        reason: "a pickup is missing".to_owned(),
    })
}
