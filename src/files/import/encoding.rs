//! The bytes of a text file as text: UTF-8, UTF-16 or GB18030, decided strictly. Nothing is replaced and nothing is guessed from frequencies.

use encoding_rs::{DecoderResult, GB18030};

use crate::files::import::FolderProblem;

/// How much of a file is looked at to see that it is UTF-16 without a mark.
const LOOKED_AT: usize = 4_096;

/// Reads the text of a file.
pub(super) fn decode(file: &str, bytes: &[u8]) -> Result<String, FolderProblem> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            std::str::from_utf8(rest)
                .map(str::to_owned)
                .map_err(|error| FolderProblem::TextMixed {
                    file: file.to_owned(),
                    line: line_at(rest, error.valid_up_to()),
                })
        }
        [0xff, 0xfe, rest @ ..] => decode_utf16(file, rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode_utf16(file, rest, u16::from_be_bytes),
        _ => match order_of_utf16(bytes) {
            Some(order) => decode_utf16(file, bytes, order),
            None => decode_utf8_or_gb18030(file, bytes),
        },
    }
}

/// The line that a byte stands in, counted from 1.
fn line_at(bytes: &[u8], at: usize) -> u64 {
    let before = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1)
}

type Order = fn([u8; 2]) -> u16;

/// Zero bytes are in no other text; in UTF-16 they are the upper halves of digits, separators and line ends, nearly always on one side.
fn order_of_utf16(bytes: &[u8]) -> Option<Order> {
    let zeros = |first: usize| {
        let side = bytes.iter().take(LOOKED_AT).skip(first).step_by(2);
        side.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    // One character in four at least; a stray zero byte makes no UTF-16.
    if even.max(odd).saturating_mul(8) < bytes.len().min(LOOKED_AT) {
        return None;
    }
    if odd > even.saturating_mul(3) {
        Some(u16::from_le_bytes)
    } else if even > odd.saturating_mul(3) {
        Some(u16::from_be_bytes)
    } else {
        None
    }
}

fn decode_utf16(file: &str, bytes: &[u8], order: Order) -> Result<String, FolderProblem> {
    let (pairs, half) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    for char in char::decode_utf16(pairs.iter().map(|pair| order(*pair))) {
        match char {
            Ok(char) => text.push(char),
            Err(_) => {
                return Err(FolderProblem::NotText {
                    file: file.to_owned(),
                    line: line_at(text.as_bytes(), text.len()),
                });
            }
        }
    }
    if half.is_empty() {
        return Ok(text);
    }
    Err(FolderProblem::HalfCharacter {
        file: file.to_owned(),
        line: line_at(text.as_bytes(), text.len()),
    })
}

/// Valid UTF-8 is UTF-8; else all of it must be GB18030, and none of its lines may be UTF-8 beyond doubt.
fn decode_utf8_or_gb18030(file: &str, bytes: &[u8]) -> Result<String, FolderProblem> {
    let Err(error) = std::str::from_utf8(bytes) else {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    };
    let not_utf8 = line_at(bytes, error.valid_up_to());
    let mixed = |line| FolderProblem::TextMixed {
        file: file.to_owned(),
        line,
    };
    let utf8 = first_line_in_utf8(bytes);
    if utf8.is_some_and(|line| line < not_utf8) {
        return Err(mixed(not_utf8));
    }
    match (decode_gb18030(bytes), utf8) {
        (Ok(text), None) => Ok(text),
        (Ok(_), Some(line)) => Err(mixed(line)),
        (Err(at), Some(_)) => Err(mixed(line_at(bytes, at))),
        (Err(at), None) => Err(FolderProblem::NotText {
            file: file.to_owned(),
            line: line_at(bytes, at).max(not_utf8),
        }),
    }
}

/// The text, or how far it is good.
fn decode_gb18030(bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut text = String::with_capacity(room.unwrap_or(bytes.len()));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        // The bytes that are wrong, and those read behind them, count as read.
        (DecoderResult::Malformed(wrong, behind), read) => {
            Err(read.saturating_sub(usize::from(wrong.saturating_add(behind))))
        }
        (DecoderResult::OutputFull, read) => Err(read),
    }
}

/// The first line that is UTF-8 beyond doubt, in a file that is not UTF-8 as a whole. Two bytes of GB18030 may pass for a character of UTF-8;
/// that lines with several Chinese characters of three bytes each are something else does not happen.
fn first_line_in_utf8(bytes: &[u8]) -> Option<u64> {
    let chinese = |line: &[u8]| {
        let text = std::str::from_utf8(line).unwrap_or_default();
        text.chars()
            .filter(|char| ('\u{4e00}'..='\u{9fff}').contains(char))
            .count()
    };
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let mut found = lines
        .map(|(number, line)| (number, chinese(line)))
        .filter(|(_, count)| *count >= 2)
        .peekable();
    let first = found.peek().map(|(number, _)| *number)?;
    let total: usize = found.take(2).map(|(_, count)| count).sum();
    (total >= 4).then_some(first)
}
