//! Each of the nineteen checks can fail: the books are damaged behind the program's back, and exactly the right checks report it.

use jinfu::domain::report::MonthReport;
use jinfu::domain::{Money, Role};
use jinfu::ledger::Ledger;

use super::{cash, close, code, done, month, september, village};
use crate::harness::on_both;
use crate::harness::raw::Raw;

/// Adds to a balance and to what moved in a month.
fn side(account: &str, subject: &str, at: &str, flow: &str, fen: i64) -> String {
    balance(account, subject, fen)
        + &format!(
            "; insert into account_month (village_id, month, account, subject, flow, group_name, amount_fen) \
             values (1, '{at}', '{account}', '{subject}', '{flow}', '', {fen}) \
             on conflict (village_id, month, account, subject, flow, group_name) \
             do update set amount_fen = account_month.amount_fen + excluded.amount_fen"
        )
}

/// Adds to a balance alone.
fn balance(account: &str, subject: &str, fen: i64) -> String {
    format!(
        "insert into account_balance (village_id, account, subject, balance_fen) values (1, '{account}', '{subject}', {fen}) \
         on conflict (village_id, account, subject) do update set balance_fen = account_balance.balance_fen + excluded.balance_fen"
    )
}

/// A posting of one yuan against equity that no command makes, on both sides, in every sum that has it.
fn posting(account: &str, subject: &str, flow: &str) -> String {
    format!(
        "{}; {}",
        side(account, subject, "2025-09", flow, 100),
        side("3101", "", "2025-09", flow, -100)
    )
}

/// A charge that is larger by one yuan, and open by so much more.
const LARGER_CHARGE: &str = "update fee_charge set gross_fen = gross_fen + 100, open_fen = open_fen + 100 \
     where village_id = 1 and household_no = 'H001' and period = '2025-09'";

/// The row of a table that a damage is done to.
const ONE_PICKUP: &str = "village_id = 1 and month = '2025-09' and material = 'ZB'";

/// A check, what makes it fail, by how much, and which other checks must fail with it.
type Damage = (&'static str, String, Money, &'static [&'static str]);

async fn damages(raw: &mut Raw) -> Vec<Damage> {
    let mut number = async |sql: &str| raw.list(sql).await[0].parse::<i64>().unwrap();
    let credit = "select -balance_fen from account_balance where village_id = 1 and account = '2202' and subject = 'H003'";
    let credit = number(credit).await;
    let group = "select -amount_fen from account_month where village_id = 1 and month = '2025-09' and account = '2202' \
         and flow = 'pickup' and subject = 'H001'";
    let group = number(group).await;
    let seen = number(&format!(
        "select value_fen from pickup_material where {ONE_PICKUP}"
    ))
    .await;
    let yuan = Money::from_fen(100);
    let fen = Money::from_fen;
    let rename = |table: &str| {
        format!(
            "update {table} set subject = 'H999' where village_id = 1 and account = '2202' and subject = 'H003'"
        )
    };
    vec![
        ("entries_balance", side("3101", "", "2025-08", "opening", 100), yuan, &[]),
        ("credit_rolls_forward", posting("2202", "H001", "sale"), yuan, &[]),
        (
            "credit_by_household",
            format!("{}; {}", rename("account_balance"), rename("account_month")),
            fen(credit),
            &[],
        ),
        (
            "fees_roll_forward",
            format!("{}; {LARGER_CHARGE}", posting("1122", "H001", "sale")),
            yuan,
            &[],
        ),
        ("fees_by_charge", LARGER_CHARGE.to_owned(), yuan, &[]),
        (
            "offset_both_sides",
            "update charge_month set amount_fen = amount_fen + 100 where village_id = 1 and month = '2025-09' and flow = 'offset'".to_owned(),
            yuan,
            &[],
        ),
        (
            "charges_in_bounds",
            "update fee_charge set gross_fen = waived_fen + open_fen - 100 where village_id = 1 and household_no = 'H001' and period = '2025-09'".to_owned(),
            yuan,
            &[],
        ),
        (
            "pickups_equal_credit",
            format!("update pickup_material set value_fen = value_fen + 100 where {ONE_PICKUP}"),
            yuan,
            &[],
        ),
        (
            "stock_rolls_forward",
            "insert into material_month (village_id, month, material, collector, flow, quantity, value_fen) \
             values (1, '2025-09', 'ZB', '', 'loss', 0, -100); \
             update stock_balance set value_fen = value_fen - 100 where village_id = 1 and account = '1405' and material = 'ZB'".to_owned(),
            yuan,
            &[],
        ),
        (
            // A weight has no yuan: the row tells it.
            "mass_balance",
            format!("update pickup_material set quantity = quantity + 1000 where {ONE_PICKUP}"),
            Money::ZERO,
            &[],
        ),
        ("cash_by_custodian", posting("1001", "", "charge"), yuan, &[]),
        ("buyer_rolls_forward", posting("1131", "B1", "cash"), yuan, &[]),
        ("fund_rolls_forward", posting("2401", "", "cash"), yuan, &[]),
        (
            // Balances that no month explains are no closings of the month before either.
            "surplus",
            format!("{}; {}", balance("1261", "V", 100), balance("3101", "", -100)),
            yuan,
            &["opening_is_previous_closing"],
        ),
        (
            "opening_is_previous_closing",
            format!("{}; {}", balance("1002", "", 100), balance("1002", "x", -100)),
            fen(200),
            &[],
        ),
        (
            "two_views_of_time",
            format!("update pickup_material set occurred_month = '2025-08' where {ONE_PICKUP}"),
            fen(seen),
            &[],
        ),
        (
            // One number is missing: the row tells it.
            "numbers_are_gapless",
            "delete from document where village_id = 1 and kind = 'cash_receipt' and number = '2025-000002'".to_owned(),
            Money::ZERO,
            &[],
        ),
        (
            "groups_sum_to_village",
            "update account_month set group_name = '' where village_id = 1 and month = '2025-09' and account = '2202' \
             and flow = 'pickup' and subject = 'H001'".to_owned(),
            fen(group),
            &[],
        ),
    ]
}

const TABLES: [&str; 8] = [
    "account_balance",
    "account_month",
    "fee_charge",
    "charge_month",
    "pickup_material",
    "material_month",
    "stock_balance",
    "document",
];

async fn report(ledger: &Ledger) -> MonthReport {
    ledger.report(&code(), september()).await.unwrap()
}

/// Damages the books, compares which checks report it, and restores them.
async fn look(raw: &mut Raw, ledger: &Ledger, (id, sql, difference, followers): &Damage) {
    for table in TABLES {
        raw.must(&format!(
            "create table _kept_{table} as select * from {table}"
        ))
        .await;
    }
    raw.must(sql).await;
    let found = report(ledger).await;
    let failing: Vec<&str> = found
        .checks
        .iter()
        .filter(|check| !check.holds)
        .map(|check| check.id)
        .collect();
    let mut expected: Vec<&str> = followers.iter().copied().chain([*id]).collect();
    expected.sort_by_key(|id| found.checks.iter().position(|check| check.id == *id));
    assert_eq!(failing, expected, "{id}: {:?}", found.checks);
    let check = found.checks.iter().find(|check| check.id == *id).unwrap();
    assert_eq!(check.difference, *difference, "{id}: {:?}", check.rows);
    assert!(!check.rows.is_empty(), "{id}");
    let row = check.rows.first().map(|row| {
        let (name, expected, found) = (&row.row, &row.expected, &row.found);
        format!("{name}: {expected}, not {found}")
    });
    match *id {
        "mass_balance" => assert_eq!(row.as_deref(), Some("ZB: 133.350, not 132.350")),
        "numbers_are_gapless" => {
            assert_eq!(row.as_deref(), Some("cash_receipt 2025: 3, not 2"));
        }
        _ => {}
    }
    for table in TABLES {
        raw.must(&format!(
            "delete from {table}; insert into {table} select * from _kept_{table}; drop table _kept_{table}"
        ))
        .await;
    }
}

#[test]
fn each_of_the_nineteen_checks_can_fail_and_names_the_difference() {
    on_both(async |engine| {
        let (database, ledger) = village(engine).await;
        for day in [23, 24, 25] {
            let at = format!("2025-09-{day}T10:00:00+08:00");
            done(&ledger, Role::Clerk, "wang", cash(&at, 300)).await;
        }
        let mut raw = Raw::open(&database).await;
        raw.disarm().await;
        let sound = report(&ledger).await;
        assert!(sound.holds(), "{:?}", sound.checks);
        assert_eq!(sound.checks.len(), 19);
        let damages = damages(&mut raw).await;
        for damage in &damages {
            look(&mut raw, &ledger, damage).await;
            assert_eq!(report(&ledger).await, sound, "{} is restored", damage.0);
        }
        // What was sealed no longer agrees with the books, although every equation of the books holds.
        done(&ledger, Role::Clerk, "wang", close(september())).await;
        let forged = (
            "notice_equals_report",
            posting("1002", "", "cash"),
            Money::from_fen(200),
            [].as_slice(),
        );
        look(&mut raw, &ledger, &forged).await;
        let mut shown: Vec<&str> = damages.iter().map(|damage| damage.0).collect();
        shown.push(forged.0);
        let all = report(&ledger).await.checks;
        assert!(
            all.iter()
                .all(|check| check.holds && shown.contains(&check.id)),
            "{all:?}"
        );
        let october = ledger.report(&code(), month("2025-10")).await.unwrap();
        assert!(october.holds(), "{:?}", october.checks);
        ledger.close().await.unwrap();
        database.discard().await;
    });
}
