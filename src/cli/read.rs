//! The subcommands that ask: report, statement, verify.

use std::path::Path;

use serde_json::Value;

use crate::cli::arguments::{Format, ReportOptions, StatementOptions, VerifyFormat, VerifyOptions};
use crate::cli::table::table;
use crate::cli::{Failure, REFUSED, Session, UNAVAILABLE, print};
use crate::domain::report::{MaterialFigures, MonthReport};
use crate::domain::{HouseholdNo, Month, Quantity, Refusal, VillageCode};
use crate::files::export::{csv_of, report_rows};
use crate::ledger::statement::{Line, Statement};
use crate::ledger::verify::Verified;
use crate::text::{Language, Texts};

/// Writes data to the file that was named, or to stdout.
pub(super) fn deliver(session: &Session, output: Option<&Path>, data: &str) -> Result<(), Failure> {
    match output {
        None => print(data),
        Some(path) => std::fs::write(path, data).map_err(|error| {
            let facts = [
                ("file", path.display().to_string()),
                ("reason", error.to_string()),
            ];
            Failure::Sentence(UNAVAILABLE, session.texts.tell("file-not-written", &facts))
        })?,
    }
    Ok(())
}

pub(super) fn code_of(text: Option<&str>) -> Result<Option<VillageCode>, Failure> {
    Ok(text
        .map(|code| VillageCode::parse("village", code))
        .transpose()?)
}

pub(super) fn json_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .unwrap_or_default()
}

pub(super) async fn report(session: &Session, options: &ReportOptions) -> Result<(), Failure> {
    if let Some(region) = &options.region {
        return super::region::report(session, options, region).await;
    }
    let month = Month::parse("month", &options.month)?;
    let code = code_of(options.village.as_deref())?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let report = ledger.report(&code, month).await?;
    ledger.close().await?;
    let data = match options.format {
        Format::Table => report_table(&session.texts, &report),
        Format::Json => json_of(&report),
        Format::Csv => csv_of(&report_rows(
            &serde_json::to_value(&report).unwrap_or_default(),
        ))
        .unwrap_or_default(),
    };
    deliver(session, options.output.as_deref(), &data)
}

/// The report as a person reads it: the village's own figures, the checks, and what each of its parts contributed.
pub(super) fn report_table(texts: &Texts, report: &MonthReport) -> String {
    let title = [
        ("township", report.township.clone()),
        ("village", report.name.clone()),
        ("month", report.month.to_string()),
        ("pickups", report.pickups.to_string()),
        ("households", report.households_participating.to_string()),
    ];
    let cash = [
        ("received", report.cash_received.to_string()),
        ("advance", report.advance_closing.to_string()),
    ];
    let parts = [
        texts.tell("report-title", &title) + "\n" + &sealed_line(texts, report),
        balance_table(
            texts,
            "credit",
            serde_json::to_value(&report.credit).unwrap_or_default(),
        ),
        balance_table(
            texts,
            "fees",
            serde_json::to_value(&report.fees).unwrap_or_default(),
        ),
        texts.tell("report-cash", &cash) + "\n",
        materials_table(texts, &report.materials),
        collectors_table(texts, report),
        groups_table(texts, report),
        service_table(texts, report),
        checks_table(texts, report),
    ];
    parts.join("\n")
}

/// How a closed month stands; nothing for an open one.
fn sealed_line(texts: &Texts, report: &MonthReport) -> String {
    let Some(sealed) = &report.sealed else {
        return String::new();
    };
    let facts = [
        (
            "state",
            texts.say(&format!("word-state-{}", sealed.state.word())),
        ),
        ("version", sealed.version.to_string()),
        ("check_code", sealed.check_code.clone()),
        ("seal", sealed.seal.to_string()),
    ];
    texts.tell("report-sealed", &facts) + "\n"
}

pub(super) fn words(texts: &Texts, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .map(|name| texts.say(&format!("word-{name}")))
        .collect()
}

/// The figures of credit or fees from opening to closing; a figure of nothing is left out between them.
fn balance_table(texts: &Texts, section: &str, figures: Value) -> String {
    let Value::Object(figures) = figures else {
        return String::new();
    };
    let is_shown =
        |name: &str, value: &str| value != "0.00" || matches!(name, "opening" | "closing");
    let rows = figures.iter().filter_map(|(name, value)| {
        let value = value.as_str()?;
        let word = texts.say(&format!("word-{section}-{}", name.replace('_', "-")));
        is_shown(name, value).then(|| vec![word, value.to_owned()])
    });
    table(words(texts, &[section, "yuan"]), 1, rows.collect())
}

fn collectors_table(texts: &Texts, report: &MonthReport) -> String {
    let rows = report.collectors.iter().map(|row| {
        vec![
            row.collector.to_string(),
            row.pickups.to_string(),
            row.weight_kg.to_string(),
            row.amount.to_string(),
        ]
    });
    table(
        words(texts, &["collector", "pickups", "kg", "yuan"]),
        1,
        rows.collect(),
    )
}

fn groups_table(texts: &Texts, report: &MonthReport) -> String {
    let rows = report.groups.iter().map(|row| {
        let figures = [row.credit, row.charged, row.waived, row.offset, row.cash];
        [row.group.to_string()]
            .into_iter()
            .chain(figures.map(|figure| figure.to_string()))
            .collect()
    });
    let header = words(
        texts,
        &["group", "earned", "charged", "waived", "offset", "cash"],
    );
    table(header, 1, rows.collect())
}

/// Rounds, refuse, participation and disputes, one figure a line.
fn service_table(texts: &Texts, report: &MonthReport) -> String {
    let service = &report.service;
    let (rounds, refuse, disputes) = (&service.rounds, &service.refuse, &service.disputes);
    let percent = |rate: &Option<String>| {
        let rate = rate.as_ref();
        rate.map_or_else(|| texts.say("word-no-rate"), |rate| format!("{rate}%"))
    };
    let rows = [
        ("rounds-held", rounds.held.to_string()),
        (
            "doors-visited",
            format!("{} / {}", rounds.visited, rounds.planned),
        ),
        ("coverage", percent(&rounds.coverage)),
        ("participation-rate", percent(&service.participation_rate)),
        ("refuse-trips", refuse.trips.to_string()),
        ("residual-kg", refuse.residual_kg.to_string()),
        ("diversion-rate", percent(&refuse.diversion_rate)),
        ("disputes-opened", disputes.opened.to_string()),
        ("disputes-upheld", disputes.upheld.to_string()),
        ("disputes-rejected", disputes.rejected.to_string()),
        ("disputes-open", disputes.open.to_string()),
        ("disputes-overdue", disputes.overdue.to_string()),
    ];
    let rows = rows.map(|(name, figure)| vec![texts.say(&format!("word-{name}")), figure]);
    table(words(texts, &["service", "figure"]), 1, rows.to_vec())
}

fn checks_table(texts: &Texts, report: &MonthReport) -> String {
    let rows = report.checks.iter().map(|check| {
        let verdict = texts.say(if check.holds {
            "word-holds"
        } else {
            "word-fails"
        });
        let name = texts.say(&format!("word-{}", check.id.replace('_', "-")));
        vec![name, verdict, check.difference.to_string()]
    });
    table(
        words(texts, &["check", "verdict", "difference"]),
        1,
        rows.collect(),
    )
}

/// Materials from opening to closing; what did not happen in the month has no column.
pub(super) fn materials_table(texts: &Texts, materials: &[MaterialFigures]) -> String {
    let any = |figure: fn(&MaterialFigures) -> bool| materials.iter().any(figure);
    let has_sold = any(|row| row.sold.count() != 0 || !row.sold_income.is_zero());
    let has_differed = any(|row| {
        [row.lost, row.gained]
            .iter()
            .any(|figure| figure.count() != 0)
            || row.lost_value != row.gained_value
    });
    let has_prior = any(|row| row.prior_period.count() != 0 || !row.prior_period_value.is_zero());
    let mut names = vec!["material", "opening", "collected", "value"];
    if has_sold {
        names.extend(["sold", "cost", "income", "ticket-difference"]);
    }
    if has_differed {
        names.extend(["lost-or-gained", "value"]);
    }
    if has_prior {
        names.extend(["prior-period", "value"]);
    }
    names.extend(["closing", "value"]);
    let is_chinese = texts.language() == Language::Chinese;
    let rows = materials.iter().map(|row| {
        let name = if is_chinese || row.name_en.is_empty() {
            &row.name
        } else {
            &row.name_en
        };
        let mut cells = vec![
            format!("{} {name}", row.code),
            row.opening.to_string(),
            row.collected.to_string(),
            row.collected_value.to_string(),
        ];
        if has_sold {
            cells.extend([
                row.sold.to_string(),
                row.sold_cost.to_string(),
                row.sold_income.to_string(),
                row.ticket_difference.to_string(),
            ]);
        }
        if has_differed {
            let net = row.gained.count().saturating_sub(row.lost.count());
            cells.extend([
                Quantity::new(row.unit, net).to_string(),
                (row.gained_value - row.lost_value).to_string(),
            ]);
        }
        if has_prior {
            cells.extend([
                row.prior_period.to_string(),
                row.prior_period_value.to_string(),
            ]);
        }
        cells.extend([row.closing.to_string(), row.closing_value.to_string()]);
        cells
    });
    table(words(texts, &names), 1, rows.collect())
}

pub(super) async fn statement(
    session: &Session,
    options: &StatementOptions,
) -> Result<(), Failure> {
    let month = |text: &Option<String>, field| {
        text.as_deref()
            .map(|text| Month::parse(field, text))
            .transpose()
    };
    let (from, to) = (month(&options.from, "from")?, month(&options.to, "to")?);
    let household = HouseholdNo::parse("household", &options.household)?;
    let code = code_of(options.village.as_deref())?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let statement = ledger.statement(&code, &household, (from, to)).await?;
    ledger.close().await?;
    let data = match options.format {
        Format::Table => statement_table(&session.texts, &statement),
        Format::Json => json_of(&statement),
        Format::Csv => csv_of(&statement_rows(&session.texts, &statement)).unwrap_or_default(),
    };
    deliver(session, options.output.as_deref(), &data)
}

fn statement_table(texts: &Texts, statement: &Statement) -> String {
    let title = [
        ("village", statement.name.clone()),
        ("household", statement.household_no.to_string()),
        ("head", statement.head.clone().unwrap_or_default()),
    ];
    let mut rows = statement_rows(texts, statement);
    let header = rows.remove(0);
    let closing = [
        ("credit", statement.credit_closing.to_string()),
        ("advance", statement.advance_closing.to_string()),
        ("owed", statement.owed_closing.to_string()),
    ];
    let title = texts.tell("statement-title", &title);
    format!(
        "{title}\n\n{}\n{}\n",
        table(header, 2, rows),
        texts.tell("statement-closing", &closing)
    )
}

fn statement_rows(texts: &Texts, statement: &Statement) -> Vec<Vec<String>> {
    let names = [
        "date", "what", "quantity", "price", "amount", "credit", "advance", "owed",
    ];
    let header = names
        .iter()
        .map(|name| texts.say(&format!("word-{name}")))
        .collect();
    let opening = [
        statement.credit_opening,
        statement.advance_opening,
        statement.owed_opening,
    ];
    let mut rows: Vec<Vec<String>> = vec![header];
    if opening.iter().any(|figure| !figure.is_zero()) {
        let blank = [
            String::new(),
            texts.say("word-brought-forward"),
            String::new(),
            String::new(),
            String::new(),
        ];
        rows.push(
            blank
                .into_iter()
                .chain(opening.map(|figure| figure.to_string()))
                .collect(),
        );
    }
    rows.extend(
        statement
            .lines
            .iter()
            .map(|line| statement_row(texts, line)),
    );
    rows
}

fn statement_row(texts: &Texts, line: &Line) -> Vec<String> {
    let mut what = vec![texts.say(&format!("line-{}", line.kind.word()))];
    what.extend(line.document.clone());
    what.extend(line.period.as_ref().map(ToString::to_string));
    what.extend(
        line.material_name
            .clone()
            .map(|(chinese, english)| match texts.language() {
                Language::English if !english.is_empty() => english,
                Language::English | Language::Chinese => chinese,
            }),
    );
    what.extend(line.reason.as_ref().map(|reason| format!("({reason})")));
    what.extend(line.told_difference.map(|difference| {
        texts.tell("told-difference", &[("difference", difference.to_string())])
    }));
    what.extend(line.is_reversed.then(|| texts.say("word-struck")));
    let price = match (&line.price, line.per) {
        (Some(price), Some(per)) if per > 1 => format!("{price}/{per}"),
        (price, _) => price.clone().unwrap_or_default(),
    };
    vec![
        line.date.to_string(),
        what.join(" "),
        line.quantity
            .map(|quantity| quantity.to_string())
            .unwrap_or_default(),
        price,
        line.amount.to_string(),
        line.credit.to_string(),
        line.advance.to_string(),
        line.owed.to_string(),
    ]
}

pub(super) async fn verify(session: &Session, options: &VerifyOptions) -> Result<(), Failure> {
    let code = code_of(options.village.as_deref())?;
    let ledger = session.reading().await?;
    let bar = super::import::progress(None);
    let verified = ledger
        .verify(code.as_ref(), |entries, total| {
            bar.set_length(u64::try_from(total).unwrap_or(0));
            bar.inc(u64::try_from(entries).unwrap_or(0));
        })
        .await;
    bar.finish_and_clear();
    ledger.close().await?;
    let verified = verified?;
    if verified.is_empty() {
        eprintln!("{}", session.texts.refusal(&Refusal::NoVillageYet));
    }
    match options.format {
        VerifyFormat::Json => print(&json_of(&verified)),
        VerifyFormat::Table => {
            for village in &verified {
                print(&verified_line(&session.texts, village));
            }
        }
    }
    if verified.iter().any(|village| village.finding.is_some()) {
        Err(Failure::Told(REFUSED))
    } else {
        Ok(())
    }
}

/// What was found of a village, as a sentence.
fn verified_line(texts: &Texts, village: &Verified) -> String {
    let nothing = || texts.say("word-nothing");
    let code = village.village.as_ref();
    let mut facts = vec![
        (
            "village",
            code.map_or_else(|| texts.say("word-whole-database"), ToString::to_string),
        ),
        ("entries", village.entries.to_string()),
        ("head", village.head.chars().take(16).collect()),
    ];
    let Some(finding) = &village.finding else {
        return texts.tell("verify-right", &facts) + "\n";
    };
    let column = finding.column.clone();
    facts.extend([
        ("table", finding.table.clone()),
        ("row", finding.row.clone()),
        (
            "column",
            column.unwrap_or_else(|| texts.say("word-whole-row")),
        ),
        ("expected", finding.expected.clone().unwrap_or_else(nothing)),
        ("found", finding.found.clone().unwrap_or_else(nothing)),
    ]);
    texts.tell("verify-wrong", &facts) + "\n"
}
