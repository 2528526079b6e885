//! The table that a run prints: what was measured, each side, their ratio, and what must be reached.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::rounds::{extremes, median};

/// What figures are figures of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    PerSecond,
    Seconds,
    Megabytes,
    Count,
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Unit::PerSecond => format!("{}/s", thousands(figure)),
            Unit::Seconds if figure < 0.001 => format!("{:.0} µs", figure * 1e6),
            Unit::Seconds if figure < 1.0 => format!("{:.1} ms", figure * 1e3),
            Unit::Seconds => format!("{figure:.2} s"),
            Unit::Megabytes => format!("{figure:.1} MB"),
            Unit::Count => thousands(figure),
        }
    }
}

/// A whole number in groups of three digits.
pub(crate) fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// What must be reached, and what we would like to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast { floor: f64, aim: f64 },
    AtMost { floor: f64, aim: f64 },
    Told,
}

impl Goal {
    fn reached(self, figure: f64) -> &'static str {
        let (is_floor, is_aim) = match self {
            Goal::AtLeast { floor, aim } => (figure >= floor, figure >= aim),
            Goal::AtMost { floor, aim } => (figure <= floor, figure <= aim),
            Goal::Told => return "",
        };
        match (is_floor, is_aim) {
            (_, true) => "aim",
            (true, false) => "floor",
            (false, false) => "NOT REACHED",
        }
    }

    fn bounds(self, show: impl Fn(f64) -> String) -> (String, String) {
        match self {
            Goal::AtLeast { floor, aim } => {
                (format!("≥ {}", show(floor)), format!("≥ {}", show(aim)))
            }
            Goal::AtMost { floor, aim } => {
                (format!("≤ {}", show(floor)), format!("≤ {}", show(aim)))
            }
            Goal::Told => (String::new(), String::new()),
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row(Vec<String>);

const HEADER: [&str; 10] = [
    "measured",
    "ledger",
    "this side",
    "other side",
    "ratio",
    "spread",
    "floor",
    "aim",
    "reached",
    "rounds",
];

/// A ratio; of times, a small one as one part of how many.
fn ratio_shown(unit: Unit, ratio: f64) -> String {
    if unit == Unit::Seconds && ratio < 0.5 {
        format!("1/{:.1}", 1.0 / ratio)
    } else {
        format!("{ratio:.2}x")
    }
}

impl Row {
    /// Two sides measured in turn: the ratio is the first side's figure through the second's.
    pub(crate) fn ratio(
        measured: &str,
        ledger: &str,
        unit: Unit,
        (this, other): (&[f64], &[f64]),
        goal: Goal,
    ) -> Row {
        let ratios: Vec<f64> = this
            .iter()
            .zip(other)
            .map(|(this, other)| this / other)
            .collect();
        let ratio = median(&ratios);
        let (least, most) = extremes(&ratios);
        let (floor, aim) = goal.bounds(|bound| ratio_shown(unit, bound));
        Row(vec![
            measured.to_owned(),
            ledger.to_owned(),
            unit.show(median(this)),
            unit.show(median(other)),
            ratio_shown(unit, ratio),
            format!("{}–{}", ratio_shown(unit, least), ratio_shown(unit, most)),
            floor,
            aim,
            goal.reached(ratio).to_owned(),
            ratios.len().to_string(),
        ])
    }

    /// One side against a bound.
    pub(crate) fn figure(
        measured: &str,
        ledger: &str,
        unit: Unit,
        figures: &[f64],
        goal: Goal,
    ) -> Row {
        let figure = median(figures);
        let (least, most) = extremes(figures);
        let (floor, aim) = goal.bounds(|bound| unit.show(bound));
        Row(vec![
            measured.to_owned(),
            ledger.to_owned(),
            unit.show(figure),
            String::new(),
            String::new(),
            format!("{}–{}", unit.show(least), unit.show(most)),
            floor,
            aim,
            goal.reached(figure).to_owned(),
            figures.len().to_string(),
        ])
    }

    /// Something that was not measured.
    pub(crate) fn skipped(measured: &str, why: &str) -> Row {
        Row(vec![measured.to_owned(), format!("SKIPPED: {why}")])
    }
}

/// The table of some rows.
pub(crate) fn of(rows: &[Row]) -> String {
    plain(&HEADER, 2, rows.iter().map(|row| row.0.clone()))
}

/// A table with a header; the columns from `figures_from` on hold figures.
pub(crate) fn plain(
    header: &[&str],
    figures_from: usize,
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.to_vec())
        .add_rows(rows);
    for column in table.column_iter_mut().skip(figures_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
