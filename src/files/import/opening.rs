//! opening.csv: what the village had and owed when its book was opened.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::opening::{OpeningLine, RecordOpening};
use crate::domain::{
    Account, Command, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal, Unit, plain_text,
};
use crate::files::import::columns::OPENING;
use crate::files::import::folder::Folder;
use crate::files::import::rows::check_first;
use crate::files::import::table::Row;
use crate::files::import::{FolderProblem, Plan, Turn};

pub(super) fn opening(folder: &Folder<'_>, plan: &mut Plan) -> Result<(), FolderProblem> {
    let mut seen = BTreeMap::new();
    let units: BTreeMap<String, Unit> = plan
        .steps
        .iter()
        .filter_map(|step| material_unit(&step.request.command))
        .collect();
    for row in folder.rows(&OPENING, plan)? {
        let parsed = opening_line(&row, &units).and_then(|line| {
            let number = line.number()?;
            let refusal = Refusal::DocumentNoTaken {
                number: number.to_string(),
            };
            check_first(&mut seen, number.clone(), &row.source, refusal).map(|()| (number, line))
        });
        match parsed {
            Ok((number, line)) => {
                let command = Command::RecordOpening(RecordOpening { line });
                plan.add(
                    Timestamp::MIN,
                    Turn::Opening,
                    number.as_str(),
                    command,
                    row.source,
                );
            }
            Err(refusal) => plan.refuse(row.source, refusal),
        }
    }
    Ok(())
}

fn material_unit(command: &Command) -> Option<(String, Unit)> {
    if let Command::RegisterMaterial(material) = command {
        return Some((material.code.to_string(), material.unit));
    }
    None
}

/// Reads an opening line: kind `credit`, `charge`, `stock`, or the code of an account.
fn opening_line(row: &Row, units: &BTreeMap<String, Unit>) -> Result<OpeningLine, Refusal> {
    row.check()?;
    let (subject, amount) = (row.get("subject"), row.get("amount"));
    match row.get("kind") {
        "credit" => Ok(OpeningLine::Credit {
            household_no: HouseholdNo::parse("subject", subject)?,
            amount: Money::parse_positive("amount", amount)?,
        }),
        "charge" => Ok(OpeningLine::Charge {
            household_no: HouseholdNo::parse("subject", subject)?,
            period: Month::parse("period", row.get("period"))?,
            amount: Money::parse_positive("amount", amount)?,
        }),
        "stock" => {
            let unit = units.get(subject).copied();
            let unit = unit.ok_or_else(|| Refusal::MaterialUnknown {
                material: subject.to_owned(),
            })?;
            Ok(OpeningLine::Stock {
                material: MaterialCode::parse("subject", subject)?,
                amount: Money::parse("amount", amount)?,
                quantity: Quantity::parse_stock("quantity", row.get("quantity"), unit.into())?,
            })
        }
        code => {
            let account = Account::from_code(code);
            let account = account.ok_or_else(|| Refusal::AccountUnknown {
                account: code.to_owned(),
            })?;
            let subject = row
                .some("subject")
                .map(|text| plain_text("subject", text, 64))
                .transpose()?;
            let amount = Money::parse_signed("amount", amount)?;
            Ok(OpeningLine::Account {
                account,
                subject: subject.unwrap_or_default(),
                amount,
            })
        }
    }
}
