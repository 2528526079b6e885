//! One value of a row: how it is made from a value of the domain, shown, and handed to each engine.

use std::fmt::{self, Write as _};

use uuid::Uuid;

/// One value of a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Cell {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid(Uuid),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("null"),
            Cell::Int(number) => write!(f, "{number}"),
            Cell::Text(text) => f.write_str(text),
            Cell::Bytes(bytes) => f.write_str(&hex(bytes)),
            Cell::Uuid(id) => write!(f, "{id}"),
        }
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Cell {
        Cell::Int(i64::from(value))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Cell {
        Cell::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Cell {
        Cell::Text(value)
    }
}

impl From<&[u8]> for Cell {
    fn from(value: &[u8]) -> Cell {
        Cell::Bytes(value.to_vec())
    }
}

impl From<Uuid> for Cell {
    fn from(value: Uuid) -> Cell {
        Cell::Uuid(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}

pub(crate) fn as_int(cell: &Cell) -> Option<i64> {
    if let Cell::Int(number) = cell {
        Some(*number)
    } else {
        None
    }
}

pub(crate) fn as_text(cell: &Cell) -> Option<String> {
    if let Cell::Text(text) = cell {
        Some(text.clone())
    } else {
        None
    }
}

pub(crate) fn as_bytes(cell: &Cell) -> Option<Vec<u8>> {
    if let Cell::Bytes(bytes) = cell {
        Some(bytes.clone())
    } else {
        None
    }
}

pub(crate) fn as_uuid(cell: &Cell) -> Option<Uuid> {
    if let Cell::Uuid(id) = cell {
        Some(*id)
    } else {
        None
    }
}

pub(crate) fn write_json(cell: &Cell, json: &mut String) {
    let written = match cell {
        Cell::Null => write!(json, "null"),
        Cell::Int(number) => write!(json, "{number}"),
        Cell::Text(text) => {
            json.push_str(&serde_json::to_string(text).unwrap_or_default());
            Ok(())
        }
        Cell::Bytes(bytes) => write!(json, "\"{}\"", hex(bytes)),
        Cell::Uuid(id) => write!(json, "\"{}\"", id.simple()),
    };
    written.expect("a string takes any text");
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
