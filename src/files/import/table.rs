//! A table as rows of named cells: where its header is, which column each cell belongs to, and what the cells say.

use std::collections::BTreeMap;

use crate::domain::Refusal;
use crate::files::import::cells::{Cell, understand};
use crate::files::import::columns::{Column, Table};
use crate::files::import::{FolderProblem, Plan, Source, UnknownColumn};

/// The header is looked for in so many rows; titles may stand above it.
pub(super) const HEADER_WITHIN: usize = 20;

/// A row as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct RawRow {
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
}

impl RawRow {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// A row with the place it stands at.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) source: Source,
    cells: BTreeMap<&'static str, String>,
    trouble: Option<Refusal>,
}

impl Row {
    /// The cell of a column; empty if the row or the file does not have it.
    pub(super) fn get(&self, column: &'static str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The cell of a column, if there is something in it.
    pub(super) fn some(&self, column: &'static str) -> Option<&str> {
        Some(self.get(column)).filter(|cell| !cell.is_empty())
    }

    /// Refuses a row that is known to be wrong before its cells are read. It still belongs to its document, which is refused with it.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.trouble.clone().map_or(Ok(()), Err)
    }
}

/// The row that is most like the header of a table.
pub(super) struct Header {
    pub(super) line: u64,
    /// What stands in it, and which column that is; without the empty cells at its end.
    names: Vec<(String, Option<&'static Column>)>,
    missing: Vec<&'static Column>,
    known: usize,
}

impl Header {
    fn of(table: &Table, row: &RawRow) -> Header {
        let named = |cell: &Cell| {
            let name = cell.text().trim();
            (name.to_owned(), table.column(name))
        };
        let mut names: Vec<_> = row.cells.iter().map(named).collect();
        let used = names.iter().rposition(|(name, _)| !name.is_empty());
        names.truncate(used.map_or(0, |last| last.saturating_add(1)));
        let known: Vec<&str> = names
            .iter()
            .filter_map(|(_, column)| column.map(|column| column.name))
            .collect();
        let missing = table
            .columns
            .iter()
            .filter(|column| column.is_needed && !known.contains(&column.name))
            .collect();
        Header {
            line: row.line,
            known: known.len(),
            names,
            missing,
        }
    }

    /// Whether it has every column that the table needs.
    pub(super) fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// How many columns it has.
    pub(super) fn columns(&self) -> usize {
        self.names.len()
    }

    /// What makes one header better than another.
    pub(super) fn rank(&self) -> (bool, usize) {
        (self.is_whole(), self.known)
    }

    /// Refuses a header that lacks a column or has one twice; names the unknown columns in the plan.
    fn check(&self, file: &str, plan: &mut Plan) -> Result<(), FolderProblem> {
        let file = file.to_owned();
        if let Some(missing) = self.missing.first() {
            return Err(FolderProblem::ColumnMissing {
                file,
                column: missing.name.to_owned(),
                also: missing
                    .chinese
                    .first()
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
            });
        }
        let mut seen: BTreeMap<&'static str, String> = BTreeMap::new();
        for (name, column) in self.names.iter().filter(|(name, _)| !name.is_empty()) {
            let Some(column) = column else {
                plan.unknown_columns.push(UnknownColumn {
                    file: file.clone(),
                    column: name.clone(),
                });
                continue;
            };
            // A header may be broken over lines where it is written, and never where it is told.
            let written: String = name.split_whitespace().collect();
            if let Some(column) = seen.insert(column.name, written) {
                let also = name.clone();
                return Err(FolderProblem::ColumnTwice { file, column, also });
            }
        }
        plan.headers.insert(file, seen);
        Ok(())
    }

    fn row(&self, source: Source, cells: &[Cell]) -> Row {
        let mut row = Row {
            source,
            cells: BTreeMap::new(),
            trouble: None,
        };
        let used = cells.iter().rposition(|cell| !cell.is_blank());
        let used = used.map_or(0, |last| last.saturating_add(1));
        if used > self.columns() {
            row.trouble = Some(Refusal::TooManyCells {
                cells: used,
                columns: self.columns(),
            });
        }
        for ((_, column), cell) in self.names.iter().zip(cells) {
            let Some(column) = column else { continue };
            match understand(column, cell) {
                Ok(text) => drop(row.cells.insert(column.name, text)),
                Err(refusal) => row.trouble = row.trouble.or(Some(refusal)),
            }
        }
        row
    }
}

/// The first row that has every column the table needs; without one, the row that has most of its columns.
pub(super) fn best_header(table: &Table, rows: &[RawRow]) -> Header {
    let none = Header::of(
        table,
        &RawRow {
            line: 1,
            cells: Vec::new(),
        },
    );
    let headers = rows.iter().take(HEADER_WITHIN);
    headers.fold(none, |best, row| {
        let header = Header::of(table, row);
        let is_better = !best.is_whole() && header.rank() > best.rank();
        if is_better { header } else { best }
    })
}

/// Reads the rows of a table. Those that make no sense are refused where their document is put together.
pub(super) fn understand_rows(
    file: &str,
    table: &Table,
    rows: impl Iterator<Item = Result<RawRow, FolderProblem>>,
    plan: &mut Plan,
) -> Result<Vec<Row>, FolderProblem> {
    let mut rows = rows;
    let mut first = Vec::new();
    for row in rows.by_ref().take(HEADER_WITHIN) {
        first.push(row?);
    }
    if first.is_empty() {
        return Err(FolderProblem::FileEmpty {
            file: file.to_owned(),
        });
    }
    let header = best_header(table, &first);
    header.check(file, plan)?;
    let mut understood = Vec::new();
    for row in first.into_iter().map(Ok).chain(rows) {
        let row = row?;
        if row.line > header.line {
            let source = Source {
                file: file.to_owned(),
                line: row.line,
            };
            understood.push(header.row(source, &row.cells));
        }
    }
    Ok(understood)
}
