//! Text with separators as rows. It is split here, not by a library, because a refusal must name the line of the file it is about, and because
//! a quote that is out of place must be told: it would swallow the rows behind it.

use std::iter::Peekable;
use std::str::Chars;

use crate::files::import::FolderProblem;
use crate::files::import::cells::Cell;
use crate::files::import::columns::Table;
use crate::files::import::table::{self, HEADER_WITHIN, RawRow};

/// What may stand between the cells of a row.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// More cells of a row are not kept: no header has so many, and the row is refused for having too many.
const CELLS_MAX: usize = 256;

/// The rows of a text that are not blank. The separator is the one under which the header makes the most sense.
pub(super) fn rows<'a>(
    file: &'a str,
    text: &'a str,
    table: &Table,
) -> Result<Split<'a>, FolderProblem> {
    let candidates = SEPARATORS.map(|separator| {
        let header = Records::new(text, vec![separator]);
        let first: Vec<RawRow> = header.map_while(Result::ok).take(HEADER_WITHIN).collect();
        (table::best_header(table, &first), separator)
    });
    let best = candidates.into_iter().max_by_key(|(header, separator)| {
        // Of equals the first, and a comma is more usual than a tab.
        let place = SEPARATORS.iter().rev().position(|other| other == separator);
        (header.rank(), place)
    });
    let Some((header, separator)) = best else {
        return Err(FolderProblem::FileEmpty {
            file: file.to_owned(),
        });
    };
    if !header.is_whole() {
        let all = Records::new(text, SEPARATORS.to_vec());
        let first: Vec<RawRow> = all.map_while(Result::ok).take(HEADER_WITHIN).collect();
        let under_all = table::best_header(table, &first);
        if under_all.is_whole() {
            return Err(FolderProblem::SeparatorMixed {
                file: file.to_owned(),
                line: under_all.line,
            });
        }
    }
    Ok(Split {
        file,
        records: Records::new(text, vec![separator]),
        header_line: header.line,
        needed: table.needed(),
        others: SEPARATORS
            .into_iter()
            .filter(|other| *other != separator)
            .collect(),
    })
}

/// The rows of a file, each looked at for a separator that is not the header's.
pub(super) struct Split<'a> {
    file: &'a str,
    records: Records<'a>,
    header_line: u64,
    needed: usize,
    others: Vec<char>,
}

impl Iterator for Split<'_> {
    type Item = Result<RawRow, FolderProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.records.next()? {
            Ok(row) => row,
            Err(flaw) => return Some(Err(flaw.of(self.file))),
        };
        let is_cut_otherwise = match row.cells.as_slice() {
            [Cell::Text(only)] if row.line > self.header_line => {
                let parts = |other: &char| only.split(*other).count();
                self.others.iter().any(|other| parts(other) >= self.needed)
            }
            _ => false,
        };
        Some(if is_cut_otherwise {
            Err(FolderProblem::SeparatorMixed {
                file: self.file.to_owned(),
                line: row.line,
            })
        } else {
            Ok(row)
        })
    }
}

/// A quote out of place, and the line of the opening one.
enum Flaw {
    Open(u64),
    Stray(u64),
}

impl Flaw {
    fn of(self, file: &str) -> FolderProblem {
        let file = file.to_owned();
        match self {
            Flaw::Open(line) => FolderProblem::QuoteOpen { file, line },
            Flaw::Stray(line) => FolderProblem::QuoteStray { file, line },
        }
    }
}

/// The rows of a text that are not blank, with the line on which each begins.
struct Records<'a> {
    rest: Peekable<Chars<'a>>,
    separators: Vec<char>,
    line: u64,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, separators: Vec<char>) -> Records<'a> {
        Records {
            rest: text
                .strip_prefix('\u{feff}')
                .unwrap_or(text)
                .chars()
                .peekable(),
            separators,
            line: 1,
        }
    }

    /// Passes the end of a line, however it is written.
    fn end_line(&mut self) -> bool {
        let ended = match self.rest.peek() {
            Some('\n') => self.rest.next().is_some(),
            Some('\r') => {
                self.rest.next();
                self.rest.next_if_eq(&'\n');
                true
            }
            _ => false,
        };
        if ended {
            self.line = self.line.saturating_add(1);
        }
        ended
    }

    /// Reads a cell up to its separator or the end of its line.
    fn cell(&mut self) -> Result<String, Flaw> {
        let is_space = |char: &char| *char == ' ' || *char == '\u{3000}';
        while self.rest.next_if(is_space).is_some() {}
        if self.rest.peek() == Some(&'"') {
            return self.quoted();
        }
        let mut cell = String::new();
        while let Some(char) = self.rest.peek() {
            if matches!(char, '\n' | '\r') || self.separators.contains(char) {
                break;
            }
            cell.extend(self.rest.next());
        }
        cell.truncate(cell.trim_end().len());
        Ok(cell)
    }

    fn quoted(&mut self) -> Result<String, Flaw> {
        let opened = self.line;
        let mut cell = String::new();
        self.rest.next();
        loop {
            if self.end_line() {
                cell.push('\n');
                continue;
            }
            match self.rest.next() {
                Some('"') if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                Some('"') => break,
                Some(char) => cell.push(char),
                None => return Err(Flaw::Open(opened)),
            }
        }
        while self.rest.next_if(|char| *char == ' ').is_some() {}
        match self.rest.peek() {
            Some(char) if !matches!(char, '\n' | '\r') && !self.separators.contains(char) => {
                Err(Flaw::Stray(opened))
            }
            _ => Ok(cell.trim().to_owned()),
        }
    }

    fn row(&mut self) -> Result<RawRow, Flaw> {
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            let cell = Cell::Text(self.cell()?);
            if cells.len() < CELLS_MAX {
                cells.push(cell);
            }
            let separators = &self.separators;
            let is_next = self.rest.next_if(|char| separators.contains(char));
            if is_next.is_none() {
                self.end_line();
                return Ok(RawRow { line, cells });
            }
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RawRow, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest.peek()?;
            match self.row() {
                Ok(row) if row.is_blank() => {}
                Ok(row) => return Some(Ok(row)),
                Err(flaw) => {
                    // Nothing behind a quote out of place can be trusted.
                    self.rest = "".chars().peekable();
                    return Some(Err(flaw));
                }
            }
        }
    }
}
