//! Reports and statements as CSV: a byte order mark for spreadsheets, and no cell that a spreadsheet would run as a formula.

use serde_json::Value;

/// Rows of texts as CSV.
///
/// # Errors
/// If the rows are not of one width, which would be a mistake of the caller.
pub fn csv_of<'r>(rows: impl IntoIterator<Item = &'r Vec<String>>) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(format!("\u{feff}{}", String::from_utf8_lossy(&bytes)))
}

/// A text that a spreadsheet would take for a formula gets a quote in front; a plain negative figure is none.
fn harmless(cell: &str) -> String {
    let is_figure = cell.parse::<rust_decimal::Decimal>().is_ok();
    if !is_figure && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
    {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// A report as rows of section, subject, figure and value, so that one file holds all of it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
pub fn report_rows(report: &Value) -> Vec<Vec<String>> {
    let mut rows = vec![
        ["section", "subject", "figure", "value"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let Value::Object(fields) = report else {
        return rows;
    };
    for (section, value) in fields {
        match value {
            Value::Array(items) => items
                .iter()
                .for_each(|item| push_item(&mut rows, section, item)),
            Value::Object(figures) => {
                for (figure, value) in figures {
                    rows.push(vec![
                        section.clone(),
                        String::new(),
                        figure.clone(),
                        plain(value),
                    ]);
                }
            }
            other => rows.push(vec![
                "month".to_owned(),
                String::new(),
                section.clone(),
                plain(other),
            ]),
        }
    }
    rows
}

/// The fields that name an item of a list.
const NAMES: [&str; 5] = ["household_no", "code", "collector", "group", "id"];

fn push_item(rows: &mut Vec<Vec<String>>, section: &str, item: &Value) {
    let Value::Object(fields) = item else { return };
    let subject = NAMES
        .iter()
        .find_map(|name| fields.get(*name))
        .map(plain)
        .unwrap_or_default();
    for (figure, value) in fields
        .iter()
        .filter(|(figure, _)| !NAMES.contains(&figure.as_str()))
    {
        rows.push(vec![
            section.to_owned(),
            subject.clone(),
            figure.clone(),
            plain(value),
        ]);
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_figures_stay_figures() {
        let rows = vec![["=1+1", "-5.00", "@x", "王"].map(str::to_owned).to_vec()];
        assert_eq!(
            csv_of(&rows).expect("one width"),
            "\u{feff}'=1+1,-5.00,'@x,王\r\n"
        );
    }
}
