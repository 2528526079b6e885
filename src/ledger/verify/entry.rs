//! One entry of the journal against the book as it stood before it: number, lines, references, rounding, details, chain.

use std::fmt::{Debug, Display};

use crate::domain::held::HeldPickup;
use crate::domain::journal::{Entry, Posting, Private, StockMovement};
use crate::domain::number::ROUNDING;
use crate::domain::seal::{self, HASH_VERSION};
use crate::domain::weight::{net_of, value_of};
use crate::domain::{Book, Event, HouseholdNo, UnitPrice};
use crate::ledger::verify::{Finding, wrong};
use crate::store::journal::StoredEntry;
use crate::store::verify::JOURNAL;

const ENTRY: &str = JOURNAL[0];
const POSTING: &str = JOURNAL[1];
const MOVEMENT: &str = JOURNAL[2];

/// A wrong cell.
fn cell(
    table: &str,
    row: impl Display,
    column: &str,
    expected: impl Display,
    found: impl Display,
) -> Finding {
    Finding {
        table: table.to_owned(),
        row: row.to_string(),
        column: Some(column.to_owned()),
        expected: Some(expected.to_string()),
        found: Some(found.to_string()),
    }
}

/// What is wrong with an entry, the place named as closely as can be told: whatever else was changed breaks the chain.
pub(crate) fn check(
    book: &Book,
    stored: &StoredEntry,
    private: Option<&Private>,
) -> Option<Finding> {
    let entry = &stored.entry;
    numbers(book, stored)
        .or_else(|| lines(book, entry))
        .or_else(|| rounding(entry))
        .or_else(|| details(entry, private))
        .or_else(|| {
            let hash = seal::chain(book.head().hash, entry);
            (hash != entry.hash).then(|| cell(ENTRY, entry.seq, "hash", hash, entry.hash))
        })
        .or_else(|| references(book, entry))
        .or_else(|| month_seal(book, entry))
}

/// A close is sealed over the month before, the last entry of the month, and the report it keeps (R-PD-6).
fn month_seal(book: &Book, entry: &Entry) -> Option<Finding> {
    let Event::MonthClosed(closed) = &entry.decision.event else {
        return None;
    };
    let seal = book.seal_of(closed.month, &closed.report);
    (seal != closed.seal).then(|| cell(ENTRY, entry.seq, "content", seal, closed.seal))
}

/// Dense numbers, and the columns that only repeat what stands elsewhere.
fn numbers(book: &Book, stored: &StoredEntry) -> Option<Finding> {
    let entry = &stored.entry;
    let next = book.head().next_seq;
    if entry.seq != next {
        return Some(cell(ENTRY, next, "seq", next, entry.seq));
    }
    if let Some(line) = stored.misplaced {
        let row = format!("{} {}", line.seq, line.line_no);
        return Some(if line.seq == entry.seq {
            cell(line.table, row, "line_no", line.expected, line.line_no)
        } else {
            cell(line.table, row, "seq", entry.seq, line.seq)
        });
    }
    let kind = entry.decision.event.kind();
    let month = entry.month().to_string();
    let repeated = [
        (
            "hash_version",
            HASH_VERSION.to_string(),
            stored.hash_version.to_string(),
        ),
        ("kind", kind.to_owned(), stored.kind.clone()),
        ("month", month, stored.month.clone()),
    ];
    repeated
        .into_iter()
        .find(|(_, expected, found)| expected != found)
        .map(|(column, expected, found)| cell(ENTRY, entry.seq, column, expected, found))
}

/// Postings and movements of an event that tells them alone, with what they leave behind in stock.
fn lines(book: &Book, entry: &Entry) -> Option<Finding> {
    let again = book.booked_again(&entry.decision).ok()??;
    let (postings, movements) = (again.postings, again.movements);
    let (found, moved) = (&entry.decision.postings, &entry.decision.movements);
    let place = |line: usize| format!("{} {}", entry.seq, line.saturating_add(1));
    let posting = (0..postings.len().max(found.len())).find_map(|line| {
        different(
            POSTING,
            &place(line),
            postings.get(line),
            found.get(line),
            posting_column,
        )
    });
    posting.or_else(|| {
        (0..movements.len().max(moved.len())).find_map(|line| {
            different(
                MOVEMENT,
                &place(line),
                movements.get(line),
                moved.get(line),
                movement_column,
            )
        })
    })
}

fn different<T: PartialEq + Debug>(
    table: &str,
    row: &str,
    expected: Option<&T>,
    found: Option<&T>,
    column: impl Fn(&T, &T) -> (&'static str, String, String),
) -> Option<Finding> {
    match (expected, found) {
        (expected, found) if expected == found => None,
        (Some(expected), Some(found)) => {
            let (column, expected, found) = column(expected, found);
            Some(cell(table, row, column, expected, found))
        }
        (expected, found) => Some(Finding {
            table: table.to_owned(),
            row: row.to_owned(),
            column: None,
            expected: expected.map(|line| format!("{line:?}")),
            found: found.map(|line| format!("{line:?}")),
        }),
    }
}

/// The first column in which two lines differ, with the value of each.
fn first_column<const N: usize>(
    names: [&'static str; N],
    expected: [String; N],
    found: [String; N],
) -> (&'static str, String, String) {
    let columns = names.into_iter().zip(expected).zip(found);
    columns
        .map(|((name, expected), found)| (name, expected, found))
        .find(|(_, expected, found)| expected != found)
        .unwrap_or_default()
}

fn posting_column(expected: &Posting, found: &Posting) -> (&'static str, String, String) {
    let columns = |posting: &Posting| {
        [
            posting.debit.account.code().to_owned(),
            posting.debit.subject.clone(),
            posting.credit.account.code().to_owned(),
            posting.credit.subject.clone(),
            posting.amount.fen().to_string(),
            posting.flow.word().to_owned(),
            posting
                .charge
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ]
    };
    let names = [
        "debit_account",
        "debit_subject",
        "credit_account",
        "credit_subject",
        "amount_fen",
        "flow",
        "period",
    ];
    first_column(names, columns(expected), columns(found))
}

fn movement_column(
    expected: &StockMovement,
    found: &StockMovement,
) -> (&'static str, String, String) {
    let columns = |movement: &StockMovement| {
        [
            movement.account.code().to_owned(),
            movement.material.to_string(),
            movement
                .collector
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            movement.direction.word().to_owned(),
            movement.quantity.unit().word().to_owned(),
            movement.quantity.count().to_string(),
            movement.value.fen().to_string(),
            movement.flow.word().to_owned(),
        ]
    };
    let names = [
        "account",
        "material",
        "collector",
        "direction",
        "unit",
        "quantity",
        "value_fen",
        "flow",
    ];
    first_column(names, columns(expected), columns(found))
}

/// Every line of a pickup is valued again, by the rounding rule of its price list.
fn rounding(entry: &Entry) -> Option<Finding> {
    let pickup = entry.decision.event.pickup()?;
    pickup.lines.iter().find_map(|line| {
        let net = net_of(line.gross, line.tare, line.deduction).ok();
        let amount = value_of(line.net, UnitPrice::new(line.price_li, line.per)).ok();
        let is_right = net == Some(line.net) && amount == Some(line.amount);
        let expected = || format!("{ROUNDING}: {net:?} {amount:?}");
        (!is_right).then(|| {
            cell(
                ENTRY,
                entry.seq,
                "content",
                expected(),
                format!("{} {}", line.net, line.amount),
            )
        })
    })
}

/// Personal details are those whose digest the entry holds, or were erased.
fn details(entry: &Entry, private: Option<&Private>) -> Option<Finding> {
    let private = private?;
    let found = seal::private_digest(&private.salt, &private.content);
    match entry.private_digest {
        Some(digest) if digest == found => None,
        Some(digest) => Some(cell("entry_private", entry.seq, "content", digest, found)),
        None => Some(Finding {
            table: "entry_private".to_owned(),
            row: entry.seq.to_string(),
            column: None,
            expected: None,
            found: Some(found.to_string()),
        }),
    }
}

/// The number that no household has, of a pickup that is held because of that, or that a clerk did not take.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only such a pickup names a household that is not there"
)]
fn held_for_lack_of(book: &Book, event: &Event) -> Option<HouseholdNo> {
    let held = match event {
        Event::PickupHeld(held) => held.as_ref().clone(),
        Event::HeldResolved(decided) if decided.recorded.is_none() => {
            let row = book.registered::<HeldPickup>(decided.pickup_no.as_str());
            row.ok().flatten()?.held
        }
        _ => return None,
    };
    let lacks = held.lacks_household();
    lacks.then_some(held.pickup.household_no)
}

/// What an entry names is there: households, materials, the entry it reverses.
fn references(book: &Book, entry: &Entry) -> Option<Finding> {
    let decision = &entry.decision;
    // The registration itself names a household that is not there yet.
    let is_new = |number: &HouseholdNo| decision.event.registers(number);
    let may_lack = held_for_lack_of(book, &decision.event);
    let stranger = decision.households().into_iter().find(|number| {
        let is_there = matches!(book.household(number), Ok(Some(_)));
        !is_there && !is_new(number) && may_lack.as_ref() != Some(number)
    });
    if let Some(number) = stranger {
        return Some(wrong(POSTING, entry.seq, "debit_subject", number));
    }
    let material = decision
        .movements
        .iter()
        .find(|movement| book.material(&movement.material).is_none());
    if let Some(movement) = material {
        return Some(wrong(MOVEMENT, entry.seq, "material", &movement.material));
    }
    let reversed = decision.event.reversed_document();
    let made_by = reversed.and_then(|(kind, number)| {
        let document = book.live_document(kind, number).ok()?;
        Some(document.seq)
    });
    (made_by != decision.reverses).then(|| {
        let shown = |seq: Option<i64>| seq.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
        let (expected, found) = (shown(made_by), shown(decision.reverses));
        cell(ENTRY, entry.seq, "reverses_seq", expected, found)
    })
}
