//! What was weighed or counted at the door, and whether it makes sense (R-NU-1, R-PK-3).

use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::facts::Book;
use crate::domain::weight::{GRAMS_MOST, PIECES_MOST, net_of};
use crate::domain::{MaterialCode, Quantity, Refusal, Unit};

/// What was weighed or counted of one material. It has no amount: the price is never believed from outside (R-PR-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WeighedLine {
    /// The material.
    pub material: MaterialCode,
    /// Gross weight, or the count.
    pub gross: Quantity,
    /// Weight of the container; nothing for a count.
    pub tare: Quantity,
    /// Per mille taken off for water and dirt (扣水扣杂), 0 to 500.
    pub deduction: i64,
    /// Why something was taken off. Free text, kept apart.
    #[serde(skip)]
    pub deduction_reason: String,
}

/// What each line weighs net, of lines that make sense (R-NU-1).
///
/// # Errors
/// [`Refusal::NoLines`], [`Refusal::MaterialUnknown`], [`Refusal::WrongUnit`], [`Refusal::OutOfRange`], [`Refusal::PiecesHaveNoTare`],
/// [`Refusal::DeductionNeedsReason`], [`Refusal::TareOverGross`], [`Refusal::NothingLeft`].
pub(crate) fn net_lines(book: &Book, lines: &[WeighedLine]) -> Result<Vec<Quantity>, Refusal> {
    if lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    lines.iter().map(|line| net_line(book, line)).collect()
}

fn net_line(book: &Book, line: &WeighedLine) -> Result<Quantity, Refusal> {
    let material = || line.material.to_string();
    let Some(known) = book.material(&line.material) else {
        return Err(Refusal::MaterialUnknown {
            material: material(),
        });
    };
    if line.gross.unit() != known.unit || line.tare.unit() != known.unit {
        return Err(Refusal::WrongUnit {
            material: material(),
            unit: known.unit.word(),
        });
    }
    let most = if known.unit == Unit::Piece {
        PIECES_MOST
    } else {
        GRAMS_MOST
    };
    if !(0..=most).contains(&line.gross.count()) || line.tare.count() < 0 {
        let bound = |count| Quantity::new(known.unit, count).to_string();
        let (value, least, most) = (line.gross.to_string(), bound(0), bound(most));
        return Err(Refusal::OutOfRange {
            field: "gross",
            value,
            least,
            most,
        });
    }
    if known.unit == Unit::Piece && (line.tare.count() != 0 || line.deduction != 0) {
        return Err(Refusal::PiecesHaveNoTare {
            material: material(),
        });
    }
    if !(0..=500).contains(&line.deduction) {
        let value = line.deduction.to_string();
        return Err(Refusal::OutOfRange {
            field: "deduction",
            value,
            least: "0".to_owned(),
            most: "500".to_owned(),
        });
    }
    if line.deduction > 0 && line.deduction_reason.trim().is_empty() {
        return Err(Refusal::DeductionNeedsReason {
            material: material(),
        });
    }
    net_of(line.gross, line.tare, line.deduction)
}

/// Adds why something was taken off lines.
pub(crate) fn private_lines(details: &mut PrivateDetails, lines: &[WeighedLine]) {
    for (index, line) in lines.iter().enumerate() {
        details.put(
            &format!("lines.{index}.deduction_reason"),
            &line.deduction_reason,
        );
    }
}
