//! Owns the writer of a generated village as a folder (interface.md, section 2).

use std::fmt::Write as _;
use std::path::Path;

use super::fee_village::{OpeningLine, Unit, Village, Waiver, WaiverPercents};

/// A decimal string of an integer in units of a tenth to the power of `places`.
fn decimal(value: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let width = usize::try_from(places).expect("few places");
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.abs() / unit, value.abs() % unit);
    format!("{sign}{whole}.{part:0width$}")
}

/// An optional value, or nothing.
fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A weight of grams, or a count, in the unit it is written in.
fn quantity(value: i64, unit: Unit) -> String {
    match unit {
        Unit::Kg => decimal(value, 3),
        Unit::Jin => decimal(value / 5, 2),
        Unit::Piece => value.to_string(),
    }
}

/// Writes the village as a folder: `village.toml` and the csv files, headers in English.
pub(crate) fn write_folder(village: &Village, dir: &Path) {
    let files = [
        ("village.toml", village_toml(village)),
        ("households.csv", households_csv(village)),
        ("materials.csv", materials_csv(village)),
        ("prices.csv", prices_csv(village)),
        ("pickups.csv", pickups_csv(village)),
        ("cash.csv", cash_csv(village)),
        ("opening.csv", opening_csv(village)),
    ];
    for (name, text) in files {
        std::fs::write(dir.join(name), text).expect("the folder can be written");
    }
}

fn village_toml(village: &Village) -> String {
    let Village {
        code,
        opening_month,
        fee,
        waivers,
        ..
    } = village;
    let basis = if fee.per_head { "head" } else { "household" };
    let period = match fee.period_months {
        1 => "month",
        3 => "quarter",
        6 => "half_year",
        _ => "year",
    };
    let amount = decimal(fee.amount, 2);
    let vacant = fee.vacant_percent;
    let non_registered = fee.non_registered_amount.map_or_else(String::new, |fen| {
        format!("non_registered_amount = \"{}\"\n", decimal(fen, 2))
    });
    let WaiverPercents {
        destitute,
        low_income,
        disabled,
    } = waivers;
    format!(
        "code = \"{code}\"\nname = \"试验村\"\ntownship = \"试验镇\"\nopening_month = \"{opening_month}\"\n\n\
         [fee]\nbasis = \"{basis}\"\namount = \"{amount}\"\nperiod = \"{period}\"\nvacant_percent = {vacant}\n\
         {non_registered}\n\
         [waivers]\ndestitute = {destitute}\nlow_income = {low_income}\ndisabled = {disabled}\n\n\
         [credit]\npayout_min = \"20.00\"\ntold_price_days = 7\n"
    )
}

fn households_csv(village: &Village) -> String {
    let mut text = String::from(
        "household_no,group,head,headcount,kind,waiver,moved_in,moved_out,vacant_since\n",
    );
    for house in &village.households {
        let kind = if house.non_registered {
            "non_registered"
        } else {
            "resident"
        };
        let waiver = match house.waiver {
            Some(Waiver::Destitute) => "destitute",
            Some(Waiver::LowIncome) => "low_income",
            Some(Waiver::Disabled) => "disabled",
            None => "",
        };
        let (moved_in, moved_out) = (or_empty(house.moved_in), or_empty(house.moved_out));
        let vacant_since = or_empty(house.vacant_since);
        let (number, group, head) = (&house.number, &house.group, &house.head);
        let headcount = house.headcount;
        writeln!(
            text,
            "{number},{group},{head},{headcount},{kind},{waiver},{moved_in},{moved_out},{vacant_since}"
        )
        .expect("a string takes everything");
    }
    text
}

fn materials_csv(village: &Village) -> String {
    let mut text = String::from("code,name,name_en,unit,hazardous,needs_identity\n");
    for material in &village.materials {
        let (code, name) = (&material.code, &material.name);
        let unit = if material.pieces { "piece" } else { "kg" };
        let hazardous = if material.hazardous { "yes" } else { "" };
        writeln!(text, "{code},{name},{code},{unit},{hazardous},").expect("a string");
    }
    text
}

fn prices_csv(village: &Village) -> String {
    let mut text = String::from("effective_from,material,price,per\n");
    for list in &village.price_lists {
        let from = list.effective_from;
        for (material, price) in &list.prices {
            let yuan = decimal(price.li, 3);
            writeln!(text, "{from},{material},{yuan},{}", price.per).expect("a string");
        }
    }
    text
}

fn pickups_csv(village: &Village) -> String {
    let mut text = String::from(
        "pickup_no,occurred_at,household_no,collector,material,gross,tare,unit,deduction\n",
    );
    for pickup in &village.pickups {
        let (number, at) = (&pickup.number, pickup.occurred_at);
        let (house, collector) = (&pickup.household, &pickup.collector);
        for line in &pickup.lines {
            let gross = quantity(line.gross, line.unit);
            let tare = Some(line.tare).filter(|tare| *tare > 0);
            let tare = or_empty(tare.map(|tare| quantity(tare, line.unit)));
            let deduction = or_empty(Some(line.deduction).filter(|deduction| *deduction > 0));
            let unit = match line.unit {
                Unit::Kg => "kg",
                Unit::Jin => "jin",
                Unit::Piece => "piece",
            };
            let material = &line.material;
            writeln!(
                text,
                "{number},{at},{house},{collector},{material},{gross},{tare},{unit},{deduction}"
            )
            .expect("a string");
        }
    }
    text
}

fn cash_csv(village: &Village) -> String {
    let mut text = String::from("received_at,household_no,amount\n");
    for cash in &village.cash {
        let (at, house, amount) = (cash.received_at, &cash.household, decimal(cash.amount, 2));
        writeln!(text, "{at},{house},{amount}").expect("a string");
    }
    text
}

fn opening_csv(village: &Village) -> String {
    let mut text = String::from("kind,subject,period,amount,quantity\n");
    for line in &village.opening {
        let row = match line {
            OpeningLine::Credit { household, amount } => {
                format!("credit,{household},,{},", decimal(*amount, 2))
            }
            OpeningLine::Charge {
                household,
                period,
                amount,
            } => format!("charge,{household},{period},{},", decimal(*amount, 2)),
            OpeningLine::Stock {
                material,
                amount,
                quantity,
            } => {
                let pieces = village
                    .materials
                    .iter()
                    .any(|known| known.code == *material && known.pieces);
                let unit = if pieces { Unit::Piece } else { Unit::Kg };
                let amount = decimal(*amount, 2);
                format!(
                    "stock,{material},,{amount},{}",
                    self::quantity(*quantity, unit)
                )
            }
            OpeningLine::Account { code, amount } => format!("{code},,,{},", decimal(*amount, 2)),
        };
        text.push_str(&row);
        text.push('\n');
    }
    text
}
