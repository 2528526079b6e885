//! Rows that replace what is there: charges, households, registers, documents, numbers.

use crate::domain::facts::Book;
use crate::domain::{ChargeKey, HouseholdNo};
use crate::store::dialect::Cell;
use crate::store::{charge, document, household, register};

use super::Batch;

impl Batch {
    pub(super) fn charge(&mut self, id: i64, book: &Book, number: &HouseholdNo, key: &ChargeKey) {
        let account = book.account(number).ok();
        let Some(charge) = account.and_then(|account| account.charges.get(key)) else {
            return;
        };
        let basis = &charge.basis;
        self.push(
            &charge::FEE_CHARGE,
            [
                Cell::Int(id),
                Cell::from(number.as_str()),
                Cell::from(key.to_string()),
                Cell::from(charge.issued_in.to_string()),
                Cell::Int(basis.policy_version),
                Cell::Int(basis.unit_amount.fen()),
                Cell::Int(basis.units),
                Cell::Int(basis.vacancy_percent),
                Cell::Int(basis.waived_percent),
                Cell::Int(basis.period_months),
                Cell::Int(basis.liable_months),
                Cell::Int(charge.gross.fen()),
                Cell::Int(charge.waived.fen()),
                Cell::Int(charge.open.fen()),
                Cell::Int(charge.from_advance.fen()),
                Cell::Int(charge.written_off.fen()),
            ],
        );
    }

    /// States, which replace what is there.
    pub(super) fn states(&mut self, id: i64, book: &mut Book) {
        for (number, household) in book.households.take_changed() {
            self.push(
                &household::HOUSEHOLD,
                [
                    Cell::Int(id),
                    Cell::from(number.as_str()),
                    Cell::from(household.group.as_str()),
                    Cell::from(household.moved_in.map(|day| day.to_string())),
                    Cell::from(household.moved_out.map(|day| day.to_string())),
                    Cell::from(household.merged_into.as_ref().map(HouseholdNo::as_str)),
                ],
            );
            for (from, terms) in &household.terms {
                self.push(
                    &household::HOUSEHOLD_TERMS,
                    [
                        Cell::Int(id),
                        Cell::from(number.as_str()),
                        Cell::from(from.to_string()),
                        Cell::Int(terms.headcount),
                        Cell::from(terms.kind.word()),
                        Cell::Int(terms.waived_percent),
                        Cell::from(terms.vacant_since.map(|day| day.to_string())),
                        Cell::from(terms.save_up),
                    ],
                );
            }
        }
        for ((kind, number), row) in book.registers.take_changed() {
            self.push(
                &register::REGISTER,
                [
                    Cell::Int(id),
                    Cell::from(kind.word()),
                    Cell::from(number.as_str()),
                    Cell::from(row.household_no.as_ref().map(HouseholdNo::as_str)),
                    Cell::from(row.month.to_string()),
                    Cell::from(row.is_open),
                    Cell::from(row.content.as_str()),
                ],
            );
        }
        for ((kind, number), row) in book.documents.take_changed() {
            let (seq, reversed_by) = (Cell::Int(row.seq), Cell::from(row.reversed_by));
            let kind = Cell::from(kind.word());
            self.push(
                &document::DOCUMENT,
                [
                    Cell::Int(id),
                    kind,
                    Cell::from(number.as_str()),
                    seq,
                    reversed_by,
                ],
            );
        }
        for ((kind, year), last) in book.last_numbers.take_changed() {
            let year = Cell::Int(i64::from(year));
            self.push(
                &document::DOCUMENT_NUMBER,
                [
                    Cell::Int(id),
                    Cell::from(kind.word()),
                    year,
                    Cell::Int(*last),
                ],
            );
        }
    }
}
