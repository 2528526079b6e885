//! The process that reads a workbook: it limits its own memory and time first, and writes what it reads as JSON Lines. It trusts nothing about
//! the file; a limit that is reached ends the process, and the one that waits for it tells the sentence.

use std::fs::File;
use std::io::{BufReader, BufWriter, Error, Write};
use std::path::Path;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use rlimit::Resource;
use zip::ZipArchive;

use crate::files::import::cells::Cell;
use crate::files::import::columns::TABLES;
use crate::files::import::workbook::{Flaw, Line};

/// The address space that a reader may take.
const MEMORY_MAX: u64 = 1024 * 1024 * 1024;
/// The seconds of processor time that a reader may take.
const SECONDS_MAX: u64 = 20;
/// What the parts of a workbook may come to unpacked, as it says itself; what it really comes to is bounded by memory and time.
const UNPACKED_MAX: u64 = 512 * 1024 * 1024;
/// Rows of a sheet that are not blank.
const ROWS_MAX: usize = 200_000;
/// Columns of a sheet.
const COLUMNS_MAX: usize = 64;
/// Cells of all tables, with the empty ones before others in their rows: the one that reads the lines keeps them all.
const CELLS_MAX: usize = 4_000_000;

/// Why reading ended before the end.
enum Stop {
    Flaw(Flaw),
    /// Nobody reads what is written.
    Output,
}

impl From<Flaw> for Stop {
    fn from(flaw: Flaw) -> Stop {
        Stop::Flaw(flaw)
    }
}

impl From<Error> for Stop {
    fn from(_: Error) -> Stop {
        Stop::Output
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else is wrong with a workbook, the person does the same about it"
)]
impl From<XlsxError> for Stop {
    fn from(error: XlsxError) -> Stop {
        Stop::Flaw(match error {
            XlsxError::Password => Flaw::Locked,
            _ => Flaw::Damaged,
        })
    }
}

/// Reads a workbook and writes it as JSON Lines. Says whether everything could be written.
pub fn read_workbook(file: &Path, output: impl Write) -> bool {
    let mut output = Output {
        stream: BufWriter::new(output),
        cells: 0,
    };
    let ended = limit_self()
        .map_err(|error| Stop::Flaw(Flaw::Unread(error.to_string())))
        .and_then(|()| read(file, &mut output));
    let last = match ended {
        Ok(()) => Line::End(()),
        Err(Stop::Flaw(flaw)) => Line::Flaw(flaw),
        Err(Stop::Output) => return false,
    };
    output.line(&last).is_ok() && output.stream.flush().is_ok()
}

/// Lowers what this process may use, for good. It writes no file.
fn limit_self() -> Result<(), Error> {
    for (resource, most) in [
        (Resource::AS, MEMORY_MAX),
        (Resource::CPU, SECONDS_MAX),
        (Resource::FSIZE, 0),
        (Resource::CORE, 0),
    ] {
        let most = most.min(resource.get_hard()?);
        resource.set(most, most)?;
    }
    Ok(())
}

/// The stream that lines are written to, and how many cells were.
struct Output<W: Write> {
    stream: BufWriter<W>,
    cells: usize,
}

impl<W: Write> Output<W> {
    fn line(&mut self, line: &Line) -> Result<(), Error> {
        serde_json::to_writer(&mut self.stream, line)?;
        self.stream.write_all(b"\n")
    }
}

type Book = Xlsx<BufReader<File>>;

fn read(path: &Path, output: &mut Output<impl Write>) -> Result<(), Stop> {
    let unread = |error: Error| Flaw::Unread(error.to_string());
    let open = || File::open(path).map(BufReader::new).map_err(unread);
    check_size(open()?)?;
    let mut book: Book = Xlsx::new(open()?)?;
    for sheet in book.sheet_names() {
        let is_table = TABLES.iter().any(|table| table.is_named(&sheet));
        match read_sheet(&mut book, &sheet, is_table, output) {
            // A chart or macro on a sheet of its own says nothing.
            Err(Stop::Flaw(Flaw::Damaged)) if !is_table => {}
            other => other?,
        }
    }
    Ok(())
}

/// Refuses a workbook that says itself how large it is.
fn check_size(file: BufReader<File>) -> Result<(), Stop> {
    // What is no archive may still be a workbook with a password, which the reading of it tells.
    let Ok(mut archive) = ZipArchive::new(file) else {
        return Ok(());
    };
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| Flaw::Damaged)?;
        unpacked = unpacked.saturating_add(part.size());
    }
    if unpacked > UNPACKED_MAX {
        return Err(Flaw::TooLarge.into());
    }
    Ok(())
}

/// Writes the rows of a table; of a sheet that is none, its first row, to show that it is not empty.
fn read_sheet(
    book: &mut Book,
    sheet: &str,
    is_table: bool,
    output: &mut Output<impl Write>,
) -> Result<(), Stop> {
    let mut cells = book.worksheet_cells_reader(sheet)?;
    let mut rows = Rows {
        sheet,
        row: None,
        count: 0,
    };
    if is_table {
        output.line(&Line::Sheet(sheet.to_owned()))?;
    }
    while let Some(found) = cells.next_cell_with_formula_metadata()? {
        let Some(cell) = cell(found.value, found.formula.is_some()) else {
            continue;
        };
        if !is_table {
            output.line(&Line::Sheet(sheet.to_owned()))?;
            return Ok(());
        }
        let (row, column) = found.pos;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        rows.put(u64::from(row).saturating_add(1), column, cell, output)?;
    }
    rows.end_row(output)
}

/// The row that is being read, and how many were written.
struct Rows<'a> {
    sheet: &'a str,
    row: Option<(u64, Vec<Cell>)>,
    count: usize,
}

impl Rows<'_> {
    fn put(
        &mut self,
        number: u64,
        column: usize,
        cell: Cell,
        output: &mut Output<impl Write>,
    ) -> Result<(), Stop> {
        if column >= COLUMNS_MAX {
            return Err(self.too_large());
        }
        let current = self.row.as_ref().map(|(current, _)| *current);
        if current.is_some_and(|current| number < current) {
            return Err(Flaw::Damaged.into());
        }
        if current != Some(number) {
            self.end_row(output)?;
        }
        let (_, cells) = self.row.get_or_insert_with(|| (number, Vec::new()));
        if cells.len() > column {
            return Err(Flaw::Damaged.into());
        }
        cells.resize(column, Cell::Text(String::new()));
        cells.push(cell);
        Ok(())
    }

    fn end_row(&mut self, output: &mut Output<impl Write>) -> Result<(), Stop> {
        if let Some((number, cells)) = self.row.take() {
            self.count = self.count.saturating_add(1);
            if self.count > ROWS_MAX {
                return Err(self.too_large());
            }
            output.cells = output.cells.saturating_add(cells.len());
            if output.cells > CELLS_MAX {
                return Err(Flaw::TooLarge.into());
            }
            output.line(&Line::Row(number, cells))?;
        }
        Ok(())
    }

    fn too_large(&self) -> Stop {
        Flaw::SheetTooLarge(self.sheet.to_owned()).into()
    }
}

/// What a cell holds; nothing if it is empty.
fn cell(value: DataRef<'_>, is_formula: bool) -> Option<Cell> {
    let text = |text: &str| {
        let is_blank = text.trim().is_empty();
        (!is_blank).then(|| Cell::Text(text.to_owned()))
    };
    match value {
        DataRef::Empty => is_formula.then_some(Cell::NoResult(())),
        DataRef::String(written) => text(&written),
        DataRef::SharedString(written) => text(written),
        DataRef::Bool(truth) => Some(Cell::Text(truth.to_string())),
        DataRef::Int(number) => Some(Cell::Text(number.to_string())),
        DataRef::Float(number) => Some(Cell::Text(shown(number))),
        DataRef::DateTime(at) => Some(Cell::Date(date(at))),
        DataRef::DateTimeIso(at) => {
            let day = at.strip_suffix("T00:00:00").unwrap_or(&at);
            Some(Cell::Date(day.to_owned()))
        }
        DataRef::DurationIso(duration) => Some(Cell::Date(duration)),
        DataRef::Error(error) => Some(Cell::Error(error.to_string())),
    }
}

/// A number as a person sees it: the 15 digits that spreadsheets calculate with, and no more of them than it takes. What a formula makes of
/// 20.1 - 11.75 is 8.35 there, although the file says 8.350000000000001.
fn shown(number: f64) -> String {
    let rounded: Result<f64, _> = format!("{number:.14e}").parse();
    rounded.unwrap_or(number).to_string()
}

/// A date, with its time unless it is midnight, to the millisecond that spreadsheets keep.
fn date(at: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}
