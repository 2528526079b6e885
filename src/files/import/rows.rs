//! The rows of each file as commands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::household::RegisterHousehold;
use crate::domain::material::RegisterMaterial;
use crate::domain::month::{self, parse_date, parse_time};
use crate::domain::move_out::MoveOut;
use crate::domain::number::parse_whole;
use crate::domain::pickup::{Confirmation, RecordPickup, WeighedLine};
use crate::domain::price_list::{PriceLine, PublishPriceList};
use crate::domain::settlement::{CashTaker, ReceiveCash};
use crate::domain::{
    CollectorCode, Command, DocumentNo, Group, HouseholdKind, HouseholdNo, MaterialCode, Money,
    Month, Quantity, Refusal, UnitPrice, WrittenUnit, plain_text,
};
use crate::files::import::cells::word;
use crate::files::import::columns::{CASH, HOUSEHOLDS, MATERIALS, PICKUPS, PRICES, WAIVERS};
use crate::files::import::folder::Folder;
use crate::files::import::table::Row;
use crate::files::import::{FolderProblem, Plan, Source, Turn};

/// Why deductions on a paper ledger stand without one: it has no column for reasons.
const PAPER_REASON: &str = "paper ledger";

fn flag(field: &'static str, text: &str) -> Result<bool, Refusal> {
    match text {
        "" | "no" | "false" | "0" => Ok(false),
        "yes" | "true" | "1" => Ok(true),
        other => Err(Refusal::UnknownWord {
            field,
            value: other.to_owned(),
            allowed: "是 yes, 否 no",
        }),
    }
}

/// A word that is not known, with those that a table may use instead.
fn with_words(refusal: Refusal, words: &'static str) -> Refusal {
    if let Refusal::UnknownWord { field, value, .. } = refusal {
        return Refusal::UnknownWord {
            field,
            value,
            allowed: words,
        };
    }
    refusal
}

fn unit(row: &Row) -> Result<WrittenUnit, Refusal> {
    WrittenUnit::parse("unit", row.get("unit"))
        .map_err(|refusal| with_words(refusal, "公斤 kg, 斤 jin, 个 piece"))
}

fn kind(row: &Row) -> Result<HouseholdKind, Refusal> {
    let written = row.some("kind").unwrap_or("resident");
    HouseholdKind::parse("kind", written)
        .map_err(|refusal| with_words(refusal, "常住 resident, 非本村户籍 non_registered"))
}

/// Refuses a second row of what a file may name only once.
pub(super) fn check_first<K: Ord>(
    seen: &mut BTreeMap<K, Source>,
    key: K,
    source: &Source,
    refusal: Refusal,
) -> Result<(), Refusal> {
    match seen.insert(key, source.clone()) {
        Some(_) => Err(refusal),
        None => Ok(()),
    }
}

pub(super) fn materials(folder: &Folder<'_>, plan: &mut Plan) -> Result<(), FolderProblem> {
    let mut seen = BTreeMap::new();
    for row in folder.rows(&MATERIALS, plan)? {
        let parsed = material(&row).and_then(|material| {
            let refusal = Refusal::MaterialTaken {
                material: material.code.to_string(),
            };
            check_first(&mut seen, material.code.clone(), &row.source, refusal).map(|()| material)
        });
        match parsed {
            Ok(material) => {
                let code = material.code.to_string();
                plan.add(
                    Timestamp::MIN,
                    Turn::Material,
                    &code,
                    Command::RegisterMaterial(material),
                    row.source,
                );
            }
            Err(refusal) => plan.refuse(row.source, refusal),
        }
    }
    Ok(())
}

fn material(row: &Row) -> Result<RegisterMaterial, Refusal> {
    row.check()?;
    let unit = unit(row)?.unit();
    let name_en = row
        .some("name_en")
        .map(|name| plain_text("name_en", name, 64))
        .transpose()?;
    Ok(RegisterMaterial {
        code: MaterialCode::parse("code", row.get("code"))?,
        name: plain_text("name", row.get("name"), 64)?,
        name_en: name_en.unwrap_or_default(),
        unit,
        hazardous: flag("hazardous", row.get("hazardous"))?,
        needs_identity: flag("needs_identity", row.get("needs_identity"))?,
    })
}

/// Reads the households; `waivers` are the categories that the village waives fees for.
pub(super) fn households(
    folder: &Folder<'_>,
    waivers: &BTreeSet<String>,
    plan: &mut Plan,
) -> Result<(), FolderProblem> {
    let mut seen = BTreeMap::new();
    for row in folder.rows(&HOUSEHOLDS, plan)? {
        let parsed =
            household(&row, plan.opening_month, waivers).and_then(|(household, moved_out)| {
                let refusal = Refusal::HouseholdNoTaken {
                    household_no: household.household_no.to_string(),
                };
                check_first(
                    &mut seen,
                    household.household_no.clone(),
                    &row.source,
                    refusal,
                )
                .map(|()| (household, moved_out))
            });
        match parsed {
            Ok((household, moved_out)) => {
                let number = household.household_no.to_string();
                let at = household
                    .moved_in
                    .map_or(Timestamp::MIN, month::start_of_day);
                plan.add(
                    at,
                    Turn::Household,
                    &number,
                    Command::RegisterHousehold(household),
                    row.source.clone(),
                );
                if let Some(moved_out) = moved_out {
                    let at = month::start_of_day(moved_out.moved_out);
                    plan.add(
                        at,
                        Turn::Move,
                        &number,
                        Command::MoveOut(moved_out),
                        row.source,
                    );
                }
            }
            Err(refusal) => plan.refuse(row.source, refusal),
        }
    }
    Ok(())
}

fn household(
    row: &Row,
    opening_month: Month,
    waivers: &BTreeSet<String>,
) -> Result<(RegisterHousehold, Option<MoveOut>), Refusal> {
    row.check()?;
    let household_no = HouseholdNo::parse("household_no", row.get("household_no"))?;
    let date = |column| {
        row.some(column)
            .map(|text| parse_date(column, text))
            .transpose()
    };
    let (moved_in, moved_out) = (date("moved_in")?, date("moved_out")?);
    if let Some(moved_out) = moved_out {
        if moved_out < opening_month.first_day() {
            return Err(Refusal::BeforeOpening {
                at: moved_out.to_string(),
                opening_month,
            });
        }
        if let Some(moved_in) = moved_in.filter(|moved_in| moved_out < *moved_in) {
            return Err(Refusal::MovedOutBeforeMovedIn {
                household_no: household_no.to_string(),
                moved_in,
            });
        }
    }
    let head = row
        .some("head")
        .map(|head| plain_text("head", head, 64))
        .transpose()?;
    let written = row.get("waiver").split([',', '，', ';', '；', '、']);
    let written = written.map(str::trim).filter(|word| !word.is_empty());
    // A village may have categories in its own words, so that only those it does not have are looked up.
    let known = |category: &str| {
        if waivers.contains(category) {
            category.to_owned()
        } else {
            word(&WAIVERS, category)
        }
    };
    let household = RegisterHousehold {
        household_no: household_no.clone(),
        group: Group::parse("group", row.get("group"))?,
        headcount: parse_whole("headcount", row.get("headcount"), 1, 99)?,
        kind: kind(row)?,
        moved_in,
        vacant_since: date("vacant_since")?,
        save_up: flag("save_up", row.get("save_up"))?,
        head: head.unwrap_or_default(),
        waivers: written.map(known).collect(),
    };
    Ok((
        household,
        moved_out.map(|moved_out| MoveOut {
            household_no,
            moved_out,
        }),
    ))
}

/// Rows that make one document, and whether any of them is bad.
struct Gathered<H, L> {
    head: H,
    lines: Vec<L>,
    source: Source,
    is_bad: bool,
}

pub(super) fn prices(folder: &Folder<'_>, plan: &mut Plan) -> Result<(), FolderProblem> {
    let mut lists: BTreeMap<Timestamp, Gathered<(), PriceLine>> = BTreeMap::new();
    for row in folder.rows(&PRICES, plan)? {
        let effective_from = match parse_time("effective_from", row.get("effective_from")) {
            Ok(effective_from) => effective_from,
            Err(refusal) => {
                let refusal = row.check().err().unwrap_or(refusal);
                plan.refuse(row.source, refusal);
                continue;
            }
        };
        let list = lists.entry(effective_from).or_insert_with(|| Gathered {
            head: (),
            lines: Vec::new(),
            source: row.source.clone(),
            is_bad: false,
        });
        let is_named = |line: &PriceLine, other: &PriceLine| line.material == other.material;
        match price(&row) {
            Ok(line) if list.lines.iter().any(|other| is_named(&line, other)) => {
                list.is_bad = true;
                plan.refuse(
                    row.source,
                    Refusal::MaterialTwice {
                        material: line.material.to_string(),
                    },
                );
            }
            Ok(line) => list.lines.push(line),
            Err(refusal) => {
                list.is_bad = true;
                plan.refuse(row.source, refusal);
            }
        }
    }
    for (effective_from, list) in lists.into_iter().filter(|(_, list)| !list.is_bad) {
        let command = Command::PublishPriceList(PublishPriceList {
            effective_from,
            lines: list.lines,
            drafted_by: None,
        });
        plan.add(
            effective_from,
            Turn::Prices,
            &effective_from.to_string(),
            command,
            list.source,
        );
    }
    Ok(())
}

fn price(row: &Row) -> Result<PriceLine, Refusal> {
    row.check()?;
    let per = parse_whole("per", row.some("per").unwrap_or("1"), 1, 1_000)?;
    let price = UnitPrice::parse("price", row.get("price"), per)?;
    Ok(PriceLine {
        material: MaterialCode::parse("material", row.get("material"))?,
        price_li: price.li(),
        per,
    })
}

/// What the rows of one pickup must agree on.
type PickupHead = (Timestamp, HouseholdNo, CollectorCode);

pub(super) fn pickups(folder: &Folder<'_>, plan: &mut Plan) -> Result<(), FolderProblem> {
    let mut pickups: BTreeMap<DocumentNo, Gathered<Option<PickupHead>, WeighedLine>> =
        BTreeMap::new();
    for row in folder.rows(&PICKUPS, plan)? {
        let number = match DocumentNo::parse("pickup_no", row.get("pickup_no")) {
            Ok(number) => number,
            Err(refusal) => {
                let refusal = row.check().err().unwrap_or(refusal);
                plan.refuse(row.source, refusal);
                continue;
            }
        };
        let pickup = pickups.entry(number.clone()).or_insert_with(|| Gathered {
            head: None,
            lines: Vec::new(),
            source: row.source.clone(),
            is_bad: false,
        });
        let parsed = pickup_head(&row).and_then(|head| match &pickup.head {
            Some(first) if *first != head => Err(Refusal::DocumentNoTaken {
                number: number.to_string(),
            }),
            _ => weighed(&row).map(|line| (head, line)),
        });
        match parsed {
            Ok((head, line)) => {
                pickup.head = Some(head);
                pickup.lines.push(line);
            }
            Err(refusal) => {
                pickup.is_bad = true;
                plan.refuse(row.source, refusal);
            }
        }
    }
    for (pickup_no, pickup) in pickups.into_iter().filter(|(_, pickup)| !pickup.is_bad) {
        let Some((occurred_at, household_no, collector)) = pickup.head else {
            continue;
        };
        let number = pickup_no.to_string();
        let command = Command::RecordPickup(RecordPickup {
            phone: None,
            pickup_no,
            occurred_at,
            household_no,
            collector,
            confirmation: Confirmation::None,
            lines: pickup.lines,
            round: None,
            device: None,
            told_list: None,
            is_paper: true,
        });
        plan.add(occurred_at, Turn::Pickup, &number, command, pickup.source);
    }
    Ok(())
}

fn pickup_head(row: &Row) -> Result<PickupHead, Refusal> {
    row.check()?;
    Ok((
        parse_time("occurred_at", row.get("occurred_at"))?,
        HouseholdNo::parse("household_no", row.get("household_no"))?,
        CollectorCode::parse("collector", row.get("collector"))?,
    ))
}

fn weighed(row: &Row) -> Result<WeighedLine, Refusal> {
    let unit = unit(row)?;
    Ok(WeighedLine {
        material: MaterialCode::parse("material", row.get("material"))?,
        gross: Quantity::parse("gross", row.get("gross"), unit)?,
        tare: Quantity::parse("tare", row.some("tare").unwrap_or("0"), unit)?,
        deduction: parse_whole("deduction", row.some("deduction").unwrap_or("0"), 0, 500)?,
        deduction_reason: row
            .some("deduction")
            .map(|_| PAPER_REASON.to_owned())
            .unwrap_or_default(),
    })
}

pub(super) fn cash(folder: &Folder<'_>, plan: &mut Plan) -> Result<(), FolderProblem> {
    let mut equal_before: BTreeMap<String, u32> = BTreeMap::new();
    for row in folder.rows(&CASH, plan)? {
        match received(&row) {
            Ok(received) => {
                // Cash rows have no number: their content names them, and how many equal rows came before.
                let content = format!(
                    "{}/{}/{}",
                    received.received_at, received.household_no, received.amount
                );
                let count = equal_before.entry(content.clone()).or_default();
                let number = format!("{content}/{count}");
                *count = count.saturating_add(1);
                plan.add(
                    received.received_at,
                    Turn::Cash,
                    &number,
                    Command::ReceiveCash(received),
                    row.source,
                );
            }
            Err(refusal) => plan.refuse(row.source, refusal),
        }
    }
    Ok(())
}

fn received(row: &Row) -> Result<ReceiveCash, Refusal> {
    row.check()?;
    Ok(ReceiveCash {
        household_no: HouseholdNo::parse("household_no", row.get("household_no"))?,
        amount: Money::parse_positive("amount", row.get("amount"))?,
        received_at: parse_time("received_at", row.get("received_at"))?,
        taken_by: CashTaker::Office(String::new()),
    })
}
