//! Commands in the wrong state or with impossible content: each is refused by name, tells state and reason, and leaves every table as it was.

use jinfu::domain::cash_custody::Custodian;
use jinfu::domain::clearing::DepartHousehold;
use jinfu::domain::closing::CloseMonth;
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::fund::{FundPurpose, ReceiveFund, SpendFund};
use jinfu::domain::merge::MergeHouseholds;
use jinfu::domain::month::parse_date;
use jinfu::domain::move_out::{MoveOut, RefundAdvance};
use jinfu::domain::pickup::CorrectPickup;
use jinfu::domain::price_list::{PriceLine, PublishPriceList};
use jinfu::domain::sale::{RecordSale, SaleLine};
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use jinfu::domain::sign_off::{PublishMonth, SignMonth};
use jinfu::domain::stock_count::CountStock;
use jinfu::domain::{
    Actor, BuyerCode, Command, HouseholdNo, MaterialCode, Money, Quantity, Request, Role,
    VillageCode,
};
use jinfu::text::{Language, Texts};
use serde_json::{Value, json};

use crate::harness::raw::Raw;
use crate::harness::{on_both, refusal};
use crate::payout::{
    Village, approve, at, carton, month, number, pay, pickup, request, void_pickup,
};

/// A refusal: its facts, its code among them, and what the sentence says of state and reason in English and in Chinese.
type Refused = (Value, &'static str, &'static str);

/// A command with who gives it, and what becomes of it.
struct Step(Role, &'static str, Command, Option<Refused>);

fn household(no: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", no).unwrap()
}

fn carton_code() -> MaterialCode {
    MaterialCode::parse("material", "ZB").unwrap()
}

fn done(command: Command) -> Step {
    Step(Role::Clerk, "wang", command, None)
}

fn done_by(role: Role, name: &'static str, command: Command) -> Step {
    Step(role, name, command, None)
}

fn refused(command: Command, facts: Value, en: &'static str, zh: &'static str) -> Step {
    Step(Role::Clerk, "wang", command, Some((facts, en, zh)))
}

/// A payout, paid before it is approved and approved by who asked for it.
fn payouts() -> Vec<Step> {
    let no = "2025-000001";
    let facts = |step: &str| json!({"code": "payout-in-other-state", "number": no, "state": step});
    vec![
        done(request("H003", "20.00", "09-20T09:00")),
        refused(
            pay(no, "09-21T09:00"),
            facts("requested"),
            "is requested and not approved yet",
            "已申请、还没批准",
        ),
        refused(
            approve(no, "09-21T09:00"),
            json!({"code": "payout-own-approval", "number": no, "requested_by": "clerk:wang"}),
            "was requested by clerk wang; another person must approve it",
            "是 村会计 wang 申请的，要由另一个人批准",
        ),
        done_by(Role::Supervisor, "li", approve(no, "09-21T09:00")),
        done_by(Role::Clerk, "chen", pay(no, "09-22T09:00")),
        refused(
            pay(no, "09-23T09:00"),
            facts("paid"),
            "is paid already",
            "已经付款",
        ),
    ]
}

/// What is voided is neither voided nor corrected again.
fn voids() -> Vec<Step> {
    let facts = json!({"code": "already-reversed", "number": "A-1"});
    let correction = Command::CorrectPickup(CorrectPickup {
        pickup_no: number("A-1"),
        new_no: number("A-2"),
        corrected_at: at("09-12T09:00"),
        lines: carton("8.53"),
        reason: "typing mistake".to_owned(),
    });
    let (en, zh) = (
        "has been voided or corrected already, which can be done only once",
        "已经作废或更正过，一张单据只能作废或更正一次",
    );
    vec![
        done(pickup("A-1", "H001", "8.35", "09-10T09:00")),
        done(void_pickup("A-1", "09-11T09:00")),
        refused(void_pickup("A-1", "09-12T09:00"), facts.clone(), en, zh),
        refused(correction, facts, en, zh),
    ]
}

/// More than there is: stock, fund, and less than nothing.
fn amounts() -> Vec<Step> {
    let sale = |kilograms: i64| {
        Command::RecordSale(RecordSale {
            sold_at: at("09-15T09:00"),
            buyer: BuyerCode::parse("buyer", "K1").unwrap(),
            lines: vec![SaleLine {
                material: carton_code(),
                own: Quantity::grams(kilograms * 1_000),
                ticket: Quantity::grams(kilograms * 1_000),
                price_li: 1_000,
                per: 1,
            }],
        })
    };
    let count = Command::CountStock(CountStock {
        material: carton_code(),
        counted: Quantity::grams(-1),
        counted_at: at("09-16T09:00"),
        reason: "counted".to_owned(),
    });
    let spend = |fen| {
        Command::SpendFund(SpendFund {
            purpose: FundPurpose::Operating,
            amount: Money::from_fen(fen),
            spent_at: at("09-18T09:00"),
            voucher: "invoice 7".to_owned(),
        })
    };
    let receive = Command::ReceiveFund(ReceiveFund {
        amount: Money::from_fen(10_000),
        received_at: at("09-17T09:00"),
        voucher: "bank slip".to_owned(),
    });
    let list = |price_li, effective_from: &str| {
        Command::PublishPriceList(PublishPriceList {
            effective_from: at(effective_from),
            lines: vec![PriceLine {
                material: carton_code(),
                price_li,
                per: 1,
            }],
            drafted_by: None,
        })
    };
    vec![
        refused(
            sale(900_000),
            json!({"code": "stock-too-small", "material": "ZB", "asked": "900000.000"}),
            "in stock, not 900000.000",
            "不够 900000.000",
        ),
        refused(
            count,
            json!({"code": "out-of-range", "field": "counted", "value": "-0.001"}),
            "“-0.001” is out of range; it must be from 0",
            "“-0.001” 超出范围，应在 0",
        ),
        done(receive),
        refused(
            spend(1_510_001),
            json!({"code": "fund-too-small", "available": "15100.00", "asked": "15100.01"}),
            "15100.00 yuan of the special fund are unspent, not 15100.01",
            "专项资金还剩 15100.00 元没有花，不够 15100.01",
        ),
        done(spend(1_510_000)),
        refused(
            list(-1, "11-01T00:00"),
            json!({"code": "out-of-range", "field": "price", "value": "-0.001", "least": "0", "most": "10000"}),
            "“-0.001” is out of range",
            "“-0.001” 超出范围",
        ),
    ]
}

/// Households that cannot be joined, sent away, or paid.
fn households() -> Vec<Step> {
    let merge = Command::MergeHouseholds(MergeHouseholds {
        from: household("H001"),
        into: household("H001"),
        on: parse_date("on", "2025-09-20").unwrap(),
        reason: "one stove".to_owned(),
    });
    let depart = Command::DepartHousehold(DepartHousehold {
        household_no: household("H001"),
        to_village: VillageCode::parse("village", "430321900999").unwrap(),
        new_number: None,
        on: parse_date("on", "2025-09-20").unwrap(),
        reference: None,
    });
    let cash = Command::ReceiveCash(ReceiveCash {
        household_no: household("H002"),
        amount: Money::from_fen(10_000),
        received_at: at("09-05T09:00"),
        taken_by: CashTaker::Office(String::new()),
    });
    let leave = Command::MoveOut(MoveOut {
        household_no: household("H002"),
        moved_out: parse_date("moved_out", "2025-09-06").unwrap(),
    });
    let refund = Command::RefundAdvance(RefundAdvance {
        household_no: household("H002"),
        amount: Money::from_fen(3_000),
        paid_at: at("09-07T09:00"),
        from_bank: false,
        custodian: Some(Custodian::parse("custodian", None).unwrap()),
    });
    let void = Command::VoidCash(VoidCash {
        receipt_no: number("2025-000001"),
        voided_at: at("09-08T09:00"),
        reason: "not paid".to_owned(),
    });
    vec![
        refused(
            merge,
            json!({"code": "merged-with-itself", "household_no": "H001"}),
            "Household H001 cannot be merged with itself",
            "户 H001 不能和自己合并",
        ),
        refused(
            depart,
            json!({"code": "village-unknown", "village": "430321900999"}),
            "There is no village with the code 430321900999",
            "没有代码为 430321900999 的村",
        ),
        done(cash),
        done(leave),
        done(refund),
        refused(
            void,
            json!({"code": "advance-refunded-since", "number": "2025-000001", "missing": "30.00"}),
            "30.00",
            "30.00",
        ),
    ]
}

/// A month that is signed too early, closed twice, and then takes no prices and no runs.
fn months() -> Vec<Step> {
    let month = month("2025-09");
    let close = || {
        Command::CloseMonth(CloseMonth {
            month,
            missing_reason: None,
        })
    };
    let sign = || Command::SignMonth(SignMonth { month });
    let stands = |state: &str| json!({"code": "month-stands", "month": "2025-09", "state": state});
    let closed = json!({"code": "month-closed", "month": "2025-09"});
    let prices = Command::PublishPriceList(PublishPriceList {
        effective_from: at("09-25T00:00"),
        lines: vec![PriceLine {
            material: carton_code(),
            price_li: 900,
            per: 1,
        }],
        drafted_by: None,
    });
    let refused_sign = |state, en, zh| {
        let refused = (stands(state), en, zh);
        Step(Role::Official, "zhao", sign(), Some(refused))
    };
    let (en, zh) = ("2025-09 is closed", "2025-09 已结账");
    vec![
        done(Command::ChargeFees(ChargeFees { month })),
        done(Command::OffsetCredit(OffsetCredit { month })),
        refused_sign("open", "2025-09 is open", "2025-09 现在未结账"),
        done(close()),
        refused(
            close(),
            stands("closed"),
            "2025-09 is closed",
            "2025-09 现在已结账",
        ),
        refused_sign("closed", "2025-09 is closed", "2025-09 现在已结账"),
        refused(
            Command::PublishMonth(PublishMonth { month }),
            stands("closed"),
            "2025-09 is closed",
            "2025-09 现在已结账",
        ),
        refused(prices, closed.clone(), en, zh),
        refused(Command::ChargeFees(ChargeFees { month }), closed, en, zh),
    ]
}

/// Every row of every table.
async fn contents(raw: &mut Raw) -> Vec<String> {
    let mut rows = Vec::new();
    for table in raw.tables().await {
        let columns = raw.columns(&table).await;
        let readable = columns
            .iter()
            .filter(|(_, kind)| !matches!(kind.as_str(), "blob" | "bytea"));
        let cells: Vec<String> = readable
            .map(|(name, _)| format!("coalesce(cast({name} as text), '~')"))
            .collect();
        let row = cells.join(" || '|' || ");
        let found = raw
            .list(&format!("select {row} from {table} order by 1"))
            .await;
        rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
    }
    rows
}

#[test]
fn what_cannot_be_is_refused_with_state_and_reason_and_leaves_every_table_as_it_was() {
    on_both(async |engine| {
        let village = Village::new(engine).await;
        let now = "2025-10-05T09:00:00+08:00";
        village.ledger.clock().set(now.parse().unwrap());
        let mut raw = Raw::open(&village.database).await;
        let (english, chinese) = (Texts::new(Language::English), Texts::new(Language::Chinese));
        let steps = [payouts(), voids(), amounts(), households(), months()];
        for Step(role, name, command, expected) in steps.into_iter().flatten() {
            let request = Request {
                actor: Actor::new(role, name),
                ..village.by(name, command.clone())
            };
            let Some((facts, en, zh)) = expected else {
                village.ledger.submit(request).await.unwrap();
                continue;
            };
            let before = contents(&mut raw).await;
            let found = refusal(village.ledger.submit(request).await);
            let told = Value::Object(found.facts());
            for (fact, value) in facts.as_object().unwrap() {
                assert_eq!(&told[fact], value, "{command:?}: {told}");
            }
            for (texts, said) in [(&english, en), (&chinese, zh)] {
                let sentence = texts.refusal(&found);
                assert!(sentence.contains(said), "{sentence} / {said}");
            }
            assert_eq!(before, contents(&mut raw).await, "{command:?}");
        }
        drop(raw);
        village.close().await;
    });
}
