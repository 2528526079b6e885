//! What is typed on the command line as values of the scheme.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::cli::arguments::HouseholdAttributes;
use crate::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use crate::domain::month::{parse_date, parse_time};
use crate::domain::number::parse_whole;
use crate::domain::opening::OpeningLine;
use crate::domain::pickup::WeighedLine;
use crate::domain::price_list::PriceLine;
use crate::domain::{
    Account, Group, HouseholdKind, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal,
    UnitPrice, WrittenUnit, plain_text,
};

/// The time that was given, or now.
pub(super) fn time(at: Option<String>) -> Result<Timestamp, Refusal> {
    match at {
        Some(text) => parse_time("at", &text),
        None => Ok(crate::clock::Clock::System.now()),
    }
}

/// Reads `MATERIAL=WEIGHTunit`, with `,tare=…`, `,deduction=…` and `,reason=…` behind it.
pub(super) fn weighed(text: &str) -> Result<WeighedLine, Refusal> {
    let form = || Refusal::UnknownWord {
        field: "line",
        value: text.to_owned(),
        allowed: "ZB=8.350kg,tare=0.2",
    };
    let mut parts = text.split(',');
    let (material, quantity) = parts
        .next()
        .and_then(|first| first.split_once('='))
        .ok_or_else(form)?;
    let unit_at = quantity
        .find(|char: char| char.is_ascii_alphabetic())
        .ok_or_else(form)?;
    let (figure, unit) = quantity.split_at(unit_at);
    let unit = WrittenUnit::parse("line", unit)?;
    let mut line = WeighedLine {
        material: MaterialCode::parse("material", material)?,
        gross: Quantity::parse("gross", figure, unit)?,
        tare: Quantity::parse("tare", "0", unit)?,
        deduction: 0,
        deduction_reason: String::new(),
    };
    for part in parts {
        match part.split_once('=').ok_or_else(form)? {
            ("tare", tare) => line.tare = Quantity::parse("tare", tare, unit)?,
            ("deduction", deduction) => {
                line.deduction = parse_whole("deduction", deduction, 0, 500)?;
            }
            ("reason", reason) => line.deduction_reason = plain_text("reason", reason, 200)?,
            _ => return Err(form()),
        }
    }
    Ok(line)
}

pub(super) fn lines(texts: &[String]) -> Result<Vec<WeighedLine>, Refusal> {
    texts.iter().map(|text| weighed(text)).collect()
}

pub(super) fn waivers(text: &str) -> Vec<String> {
    text.split([';', '；', '、', ','])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn register(
    household: &str,
    attributes: &HouseholdAttributes,
    moved_in: Option<&str>,
) -> Result<RegisterHousehold, Refusal> {
    let head = attributes
        .head
        .as_deref()
        .map(|head| plain_text("head", head, 64))
        .transpose()?;
    let since = attributes.vacant_since.as_deref();
    Ok(RegisterHousehold {
        household_no: HouseholdNo::parse("household", household)?,
        group: Group::parse("group", attributes.group.as_deref().unwrap_or_default())?,
        headcount: parse_whole(
            "headcount",
            attributes.headcount.as_deref().unwrap_or("1"),
            1,
            99,
        )?,
        kind: HouseholdKind::parse("kind", attributes.kind.as_deref().unwrap_or("resident"))?,
        moved_in: moved_in
            .map(|day| parse_date("moved_in", day))
            .transpose()?,
        vacant_since: since
            .map(|day| parse_date("vacant_since", day))
            .transpose()?,
        save_up: attributes.save_up.unwrap_or(false),
        head: head.unwrap_or_default(),
        waivers: waivers(attributes.waiver.as_deref().unwrap_or_default()),
    })
}

pub(super) fn change(
    household: &str,
    from: &str,
    attributes: &HouseholdAttributes,
    back: bool,
) -> Result<ChangeHousehold, Refusal> {
    let since = attributes
        .vacant_since
        .as_deref()
        .map(|day| parse_date("vacant_since", day))
        .transpose()?;
    let headcount = attributes.headcount.as_deref();
    Ok(ChangeHousehold {
        household_no: HouseholdNo::parse("household", household)?,
        effective_from: parse_date("from", from)?,
        group: attributes
            .group
            .as_deref()
            .map(|group| Group::parse("group", group))
            .transpose()?,
        headcount: headcount
            .map(|text| parse_whole("headcount", text, 1, 99))
            .transpose()?,
        kind: attributes
            .kind
            .as_deref()
            .map(|kind| HouseholdKind::parse("kind", kind))
            .transpose()?,
        vacancy: match since {
            Some(since) => VacancyChange::AwaySince(since),
            None if back => VacancyChange::Back,
            None => VacancyChange::Unchanged,
        },
        save_up: attributes.save_up,
        head: attributes
            .head
            .as_deref()
            .map(|head| plain_text("head", head, 64))
            .transpose()?,
        waivers: attributes.waiver.as_deref().map(waivers),
        expected: None,
    })
}

/// Reads `ZB=0.90` or, for three pieces, `PJ=0.10/3`.
pub(super) fn price_line(text: &str) -> Result<PriceLine, Refusal> {
    let form = || Refusal::UnknownWord {
        field: "price",
        value: text.to_owned(),
        allowed: "ZB=0.90, PJ=0.10/3",
    };
    let (material, price) = text.split_once('=').ok_or_else(form)?;
    let (price, per) = price.split_once('/').unwrap_or((price, "1"));
    let per = parse_whole("per", per, 1, 1_000)?;
    let price = UnitPrice::parse("price", price, per)?;
    Ok(PriceLine {
        material: MaterialCode::parse("material", material)?,
        price_li: price.li(),
        per,
    })
}

/// A word of the command line as the value it names; the parser of the command line has checked it.
pub(super) fn word<T: DeserializeOwned>(field: &'static str, text: &str) -> Result<T, Refusal> {
    let unknown = || Refusal::UnknownWord {
        field,
        value: text.to_owned(),
        allowed: "--help",
    };
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| unknown())
}

pub(super) fn opening_line(
    kind: &str,
    subject: &str,
    period: Option<&str>,
    amount: &str,
    quantity: Option<&str>,
) -> Result<OpeningLine, Refusal> {
    match kind {
        "credit" => Ok(OpeningLine::Credit {
            household_no: HouseholdNo::parse("subject", subject)?,
            amount: Money::parse_positive("amount", amount)?,
        }),
        "charge" => Ok(OpeningLine::Charge {
            household_no: HouseholdNo::parse("subject", subject)?,
            period: Month::parse("period", period.unwrap_or_default())?,
            amount: Money::parse_positive("amount", amount)?,
        }),
        "stock" => {
            let written = quantity.unwrap_or_default();
            let unit_at = written
                .find(|char: char| char.is_ascii_alphabetic())
                .unwrap_or(written.len());
            let (figure, unit) = written.split_at(unit_at);
            Ok(OpeningLine::Stock {
                material: MaterialCode::parse("subject", subject)?,
                amount: Money::parse("amount", amount)?,
                quantity: Quantity::parse_stock(
                    "quantity",
                    figure,
                    WrittenUnit::parse("quantity", unit)?,
                )?,
            })
        }
        code => {
            let account = Account::from_code(code);
            let account = account.ok_or_else(|| Refusal::AccountUnknown {
                account: code.to_owned(),
            })?;
            Ok(OpeningLine::Account {
                account,
                subject: subject.to_owned(),
                amount: Money::parse_signed("amount", amount)?,
            })
        }
    }
}
