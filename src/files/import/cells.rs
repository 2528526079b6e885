//! Cells as people write them become the one form that the domain reads: full-width digits and punctuation, dates with slashes, points or
//! characters, words in Chinese. Nothing is guessed: what has two meanings is left for the domain to refuse. Names stay as they are written.

use serde::{Deserialize, Serialize};

use crate::domain::Refusal;
use crate::files::import::columns::{Column, Kind};

/// The offset of a time that is written without one: business dates are those of Shanghai.
const OFFSET: &str = "+08:00";

/// What a cell of a table holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cell {
    /// A date or time of a workbook, `2025-09-05` or `2025-09-05T08:30:00`.
    Date(String),
    /// An error of a workbook, such as `#N/A`.
    Error(String),
    /// A formula of a workbook whose result was not kept in the file.
    NoResult(()),
    /// What is written.
    #[serde(untagged)]
    Text(String),
}

impl Cell {
    /// What is written; empty for what is no text.
    pub(super) fn text(&self) -> &str {
        match self {
            Cell::Text(text) => text,
            Cell::Date(_) | Cell::Error(_) | Cell::NoResult(()) => "",
        }
    }

    /// Whether nothing stands in the cell.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Cell::Text(text) if text.trim().is_empty())
    }
}

/// Full-width letters, digits, punctuation and spaces as their half-width ones.
pub(super) fn half_width(text: &str) -> String {
    let half = |char: char| match char {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(char).saturating_sub(0xfee0)).unwrap_or(char)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2212}' => '-',
        other => other,
    };
    text.chars().map(half).collect()
}

/// Reads a cell of a column as the text that the domain knows.
pub(super) fn understand(column: &Column, cell: &Cell) -> Result<String, Refusal> {
    let field = column.name;
    match (cell, column.kind) {
        (Cell::Text(text), kind) => Ok(understand_text(kind, text)),
        (Cell::Date(date), Kind::Date | Kind::Time) => Ok(understand_text(column.kind, date)),
        (Cell::Date(date), Kind::Month) => Ok(date.strip_suffix("-01").unwrap_or(date).to_owned()),
        (Cell::Date(date), Kind::Name | Kind::Code | Kind::Number | Kind::Word(_)) => {
            Err(Refusal::CellIsDate {
                field,
                value: date.clone(),
            })
        }
        (Cell::Error(error), _) => Err(Refusal::CellIsError {
            field,
            value: error.clone(),
        }),
        (Cell::NoResult(()), _) => Err(Refusal::CellHasNoResult { field }),
    }
}

fn understand_text(kind: Kind, text: &str) -> String {
    if matches!(kind, Kind::Name) {
        return text.trim().to_owned();
    }
    let text = half_width(text);
    let text = text.trim();
    let understood = match kind {
        Kind::Date => date(text),
        Kind::Time => time(text),
        Kind::Month => month(text),
        Kind::Word(words) => Some(word(words, text)),
        Kind::Name | Kind::Code | Kind::Number => None,
    };
    understood.unwrap_or_else(|| text.to_owned())
}

/// The word that the domain knows for a word of the village.
pub(super) fn word(words: &[(&str, &str)], text: &str) -> String {
    let text = text.to_lowercase();
    words
        .iter()
        .find(|(chinese, _)| *chinese == text)
        .map_or(text.clone(), |(_, known)| (*known).to_owned())
}

/// A day; spreadsheets write midnight behind it when they save it as text.
fn date(text: &str) -> Option<String> {
    let mut scan = Scan { rest: text };
    let date = scan.date()?;
    let time = scan.time();
    let is_midnight = time.is_none_or(|time| time == "00:00:00");
    (is_midnight && scan.rest.is_empty()).then_some(date)
}

fn time(text: &str) -> Option<String> {
    let mut scan = Scan { rest: text };
    let date = scan.date()?;
    let time = if scan.rest.is_empty() {
        "00:00:00".to_owned()
    } else {
        scan.time()?
    };
    scan.rest
        .is_empty()
        .then(|| format!("{date}T{time}{OFFSET}"))
}

/// A month. `2025.1` may be what a spreadsheet left of `2025.10`, so that a point needs two digits behind it.
fn month(text: &str) -> Option<String> {
    let mut scan = Scan { rest: text };
    let year = scan.digits(4, 4)?;
    let mark = scan.mark()?;
    let month = scan.digits(if mark == '.' { 2 } else { 1 }, 2)?;
    if mark == '年' {
        scan.spaces();
        scan.eat('月');
    }
    scan.rest.is_empty().then(|| format!("{year}-{month:0>2}"))
}

/// What is left to read of a date or time.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn digits(&mut self, least: usize, most: usize) -> Option<&'a str> {
        self.spaces();
        let is_end = |char: char| !char.is_ascii_digit();
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        if !(least..=most).contains(&digits.len()) {
            return None;
        }
        self.rest = rest;
        Some(digits)
    }

    fn eat(&mut self, char: char) -> bool {
        match self.rest.strip_prefix(char) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// The mark that parts year and month.
    fn mark(&mut self) -> Option<char> {
        self.spaces();
        ['-', '/', '.', '年']
            .into_iter()
            .find(|mark| self.eat(*mark))
    }

    /// `2025-9-5`, `2025/9/5`, `2025.9.5` or `2025年9月5日`, as `2025-09-05`.
    fn date(&mut self) -> Option<String> {
        let year = self.digits(4, 4)?;
        let mark = self.mark()?;
        let month = self.digits(1, 2)?;
        self.spaces();
        let second = if mark == '年' { '月' } else { mark };
        if !self.eat(second) {
            return None;
        }
        let day = self.digits(1, 2)?;
        if mark == '年' {
            self.spaces();
            if !self.eat('日') && !self.eat('号') {
                return None;
            }
        }
        Some(format!("{year}-{month:0>2}-{day:0>2}"))
    }

    /// `8:30`, `8:30:05`, `8时30分` or `8点30分5秒` behind a date, as `08:30:00`.
    fn time(&mut self) -> Option<String> {
        let _ = self.eat('T');
        let hour = self.digits(1, 2)?;
        if self.eat(':') {
            let minute = self.digits(2, 2)?;
            let second = if self.eat(':') {
                self.digits(2, 2)?
            } else {
                "00"
            };
            let fraction = if self.eat('.') {
                self.digits(1, 9)?
            } else {
                ""
            };
            let point = if fraction.is_empty() { "" } else { "." };
            return Some(format!("{hour:0>2}:{minute}:{second}{point}{fraction}"));
        }
        if !self.eat('时') && !self.eat('点') {
            return None;
        }
        let minute = self.counted('分')?;
        let second = self.counted('秒')?;
        Some(format!("{hour:0>2}:{minute:0>2}:{second:0>2}"))
    }

    /// A figure with its character behind it; nothing if nothing is left.
    fn counted(&mut self, char: char) -> Option<&'a str> {
        if self.rest.is_empty() {
            return Some("0");
        }
        let digits = self.digits(1, 2)?;
        self.spaces();
        self.eat(char).then_some(digits)
    }
}
