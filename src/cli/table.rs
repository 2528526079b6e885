//! Tables in the terminal: Chinese counts as two columns, figures stand to the right.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::text::Texts;

/// A table with a header; the columns from `figures_from` on hold figures.
pub(super) fn table(header: Vec<String>, figures_from: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(figures_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}

/// A table of what is listed, or a line that says that there is nothing to list.
pub(super) fn listed(
    texts: &Texts,
    header: Vec<String>,
    figures_from: usize,
    rows: Vec<Vec<String>>,
) -> String {
    if rows.is_empty() {
        return format!("{}\n", texts.say("word-nothing-listed"));
    }
    table(header, figures_from, rows)
}
