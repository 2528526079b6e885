//! The report of a region: `jinfu report YYYY-MM --region PREFIX`.

use serde_json::Value;

use crate::cli::arguments::{Format, ReportOptions};
use crate::cli::read::{deliver, json_of, materials_table, words};
use crate::cli::table::table;
use crate::cli::{Failure, Session};
use crate::domain::Month;
use crate::domain::report::region::{RegionPrefix, RegionReport, RegionSums};
use crate::files::export::{csv_of, report_rows};
use crate::text::Texts;

pub(super) async fn report(
    session: &Session,
    options: &ReportOptions,
    region: &str,
) -> Result<(), Failure> {
    let month = Month::parse("month", &options.month)?;
    let region = RegionPrefix::parse("region", region)?;
    let ledger = session.reading().await?;
    let report = ledger.region_report(&region, month).await;
    ledger.close().await?;
    let report = report?;
    let data = match options.format {
        Format::Table => region_table(&session.texts, &report),
        Format::Json => json_of(&report),
        Format::Csv => csv_of(&region_rows(&report)).unwrap_or_default(),
    };
    deliver(session, options.output.as_deref(), &data)
}

/// The report as a person reads it: a row for each village and one for all, what does not hold, and the materials of all.
fn region_table(texts: &Texts, report: &RegionReport) -> String {
    let total = &report.total;
    let title = [
        ("region", report.region.to_string()),
        ("month", report.month.to_string()),
        ("villages", total.villages.to_string()),
        ("pickups", total.sums.pickups.to_string()),
        (
            "households",
            total.sums.households_participating.to_string(),
        ),
    ];
    let mut parts = vec![
        texts.tell("region-title", &title) + "\n",
        villages_table(texts, report),
        materials_table(texts, &total.sums.materials),
    ];
    let told = failing_lines(texts, report);
    if !told.is_empty() {
        parts.push(told);
    }
    if !report.not_begun.is_empty() {
        let later = report.not_begun.iter();
        let later = later.map(|later| format!("{} {}", later.village, later.name));
        let names = later.collect::<Vec<_>>().join(", ");
        parts.push(texts.tell("region-later", &[("villages", names)]) + "\n");
    }
    parts.join("\n")
}

fn villages_table(texts: &Texts, report: &RegionReport) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in &report.villages {
        let state = texts.say(&format!("word-region-{}", row.state.word()));
        rows.push(figures(
            texts,
            [format!("{} {}", row.village, row.name), state],
            &row.sums,
        ));
    }
    let total = [texts.say("word-region-total"), String::new()];
    rows.push(figures(texts, total, &report.total.sums));
    let header = [
        "region-village",
        "region-state",
        "pickups",
        "region-households",
        "credit-opening",
        "earned",
        "credit-offset",
        "credit-payouts",
        "credit-closing",
        "fees-opening",
        "fees-charged",
        "fees-closing",
        "region-cash-received",
        "region-held",
        "region-disputes",
        "region-checks",
    ];
    table(words(texts, &header), 2, rows)
}

fn figures(texts: &Texts, name: [String; 2], sums: &RegionSums) -> Vec<String> {
    let (credit, fees) = (&sums.credit, &sums.fees);
    let verdict = if sums.checks_hold {
        "word-holds"
    } else {
        "word-fails"
    };
    let figures = [
        sums.pickups.to_string(),
        sums.households_participating.to_string(),
        credit.opening.to_string(),
        (credit.pickups + credit.voids + credit.corrections).to_string(),
        credit.offset.to_string(),
        credit.payouts.to_string(),
        credit.closing.to_string(),
        fees.opening.to_string(),
        fees.charged.to_string(),
        fees.closing.to_string(),
        sums.cash_received.to_string(),
        sums.held_open.to_string(),
        sums.disputes_open.to_string(),
        texts.say(verdict),
    ];
    name.into_iter().chain(figures).collect()
}

/// A line for each equation that does not hold, of the villages and of all together.
fn failing_lines(texts: &Texts, report: &RegionReport) -> String {
    let all = texts.say("word-region-total");
    let villages = report.villages.iter();
    let villages = villages.map(|row| (row.village.to_string(), &row.sums));
    let mut lines = String::new();
    for (village, sums) in villages.chain([(all, &report.total.sums)]) {
        for failing in &sums.checks_failing {
            let check = texts.say(&format!("word-{}", failing.id.replace('_', "-")));
            let facts = [
                ("village", village.clone()),
                ("check", check),
                ("difference", failing.difference.to_string()),
            ];
            lines.push_str(&texts.tell("region-failing", &facts));
            lines.push('\n');
        }
    }
    lines
}

/// The rows of each village's report with its code in front, then those of all villages.
fn region_rows(report: &RegionReport) -> Vec<Vec<String>> {
    let villages = report.villages.iter();
    let values = villages.map(|row| (row.village.to_string(), value_of(row)));
    let total = ("total".to_owned(), value_of(&report.total));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (village, value) in values.chain([total]) {
        let own = report_rows(&value).into_iter();
        let with_village = |name: &str, row: Vec<String>| {
            let name = [name.to_owned()];
            name.into_iter().chain(row).collect::<Vec<_>>()
        };
        for (place, row) in own.enumerate() {
            match (place, rows.is_empty()) {
                (0, true) => rows.push(with_village("village", row)),
                (0, false) => {}
                _ => rows.push(with_village(&village, row)),
            }
        }
    }
    rows
}

fn value_of(row: &impl serde::Serialize) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}
