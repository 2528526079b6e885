//! One CSV file as rows of named cells.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::Refusal;
use crate::files::import::{FolderProblem, Plan, Source, UnknownColumn};

/// A file over this size is refused.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// A file of the folder: its name, the columns it must have, and those it may have.
pub(super) struct Sheet {
    pub(super) file: &'static str,
    pub(super) is_optional: bool,
    pub(super) needed: &'static [&'static str],
    pub(super) possible: &'static [&'static str],
}

/// A row with the place it stands at.
pub(super) struct Row {
    pub(super) source: Source,
    cells: BTreeMap<&'static str, String>,
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
}

/// Reads a file of the folder as text.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other kinds say nothing here"
)]
pub(super) fn read_text(folder: &Path, file: &'static str) -> Result<String, FolderProblem> {
    let path = folder.join(file);
    let unreadable = |error: std::io::Error| FolderProblem::FileUnreadable {
        file: file.to_owned(),
        reason: error.to_string(),
    };
    let found = std::fs::metadata(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FolderProblem::FileMissing {
            file: file.to_owned(),
        },
        _ => unreadable(error),
    })?;
    if found.len() > FILE_MAX {
        return Err(FolderProblem::FileTooLarge {
            file: file.to_owned(),
        });
    }
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error
            .as_bytes()
            .iter()
            .take(good)
            .filter(|byte| **byte == b'\n')
            .count();
        FolderProblem::NotText {
            file: file.to_owned(),
            line: u64::try_from(line).unwrap_or(0).saturating_add(1),
        }
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

/// Reads a sheet of the folder. Rows that are not rows at all are refused in the plan.
pub(super) fn read_rows(
    folder: &Path,
    sheet: &Sheet,
    plan: &mut Plan,
) -> Result<Vec<Row>, FolderProblem> {
    let text = match read_text(folder, sheet.file) {
        Err(FolderProblem::FileMissing { .. }) if sheet.is_optional => return Ok(Vec::new()),
        other => other?,
    };
    let file = || sheet.file.to_owned();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|_| FolderProblem::FileEmpty { file: file() })?
        .clone();
    if header.iter().all(str::is_empty) {
        return Err(FolderProblem::FileEmpty { file: file() });
    }
    let columns = columns(sheet, &header, plan)?;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {}
            Err(error) => {
                return Err(FolderProblem::FileUnreadable {
                    file: file(),
                    reason: error.to_string(),
                });
            }
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let source = Source {
            file: sheet.file,
            line,
        };
        if record.len() > header.len() {
            plan.refuse(
                source,
                Refusal::TooManyCells {
                    cells: record.len(),
                    columns: header.len(),
                },
            );
            continue;
        }
        let cells = columns
            .iter()
            .zip(record.iter())
            .filter_map(|(column, cell)| Some(((*column)?, cell.to_owned())));
        rows.push(Row {
            source,
            cells: cells.collect(),
        });
    }
}

/// Which known column each column of the header is.
fn columns(
    sheet: &Sheet,
    header: &csv::StringRecord,
    plan: &mut Plan,
) -> Result<Vec<Option<&'static str>>, FolderProblem> {
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let known = sheet
            .needed
            .iter()
            .chain(sheet.possible)
            .copied()
            .find(|column| *column == name);
        if known.is_some() && columns.contains(&known) {
            return Err(FolderProblem::ColumnTwice {
                file: sheet.file.to_owned(),
                column: name.to_owned(),
            });
        }
        if known.is_none() {
            plan.unknown_columns.push(UnknownColumn {
                file: sheet.file,
                column: name.to_owned(),
            });
        }
        columns.push(known);
    }
    match sheet
        .needed
        .iter()
        .find(|needed| !columns.contains(&Some(**needed)))
    {
        Some(missing) => Err(FolderProblem::ColumnMissing {
            file: sheet.file.to_owned(),
            column: (*missing).to_owned(),
        }),
        None => Ok(columns),
    }
}
