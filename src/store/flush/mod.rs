//! Writing what a batch decided: one statement per table, whatever the number of commands.

mod states;

use std::collections::BTreeMap;

use crate::domain::facts::Book;
use crate::domain::journal::{Entry, Private};
use crate::domain::seal::{HASH_VERSION, Hash};
use crate::store::dialect::{Cell, Rows, Table, insert};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::{balance, household, journal, month, pickup, pickup_line, price_list, village};

/// An entry to write, with the details kept beside it.
pub(crate) type Decided = (i64, Entry, Option<Private>);

/// Writes entries and everything they changed in the books of their villages.
///
/// # Errors
/// [`StoreError::Conflict`] where a row is there already; nothing may then be committed.
pub(crate) async fn write(
    tx: &mut Tx<'_>,
    decided: &[Decided],
    books: &mut [(i64, &mut Book)],
) -> Result<(), StoreError> {
    let mut batch = Batch { tables: Vec::new() };
    // Villages first, all of them: everything else refers to them.
    for (id, book) in books.iter() {
        batch.village(*id, book);
    }
    for (id, book) in books.iter() {
        batch.head(*id, book);
    }
    for (id, entry, private) in decided {
        batch.entry(*id, entry, private.as_ref());
    }
    for (id, book) in books.iter_mut() {
        batch.masters(*id, book);
        batch.sums(*id, book);
        batch.states(*id, book);
    }
    insert(tx, &batch.tables).await
}

/// The rows that a book rebuilt from its whole journal would have written to each table.
pub(crate) fn rebuilt_rows(
    village_id: i64,
    book: &mut Book,
) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
    rows_of_rebuilt(village_id, book)
        .into_iter()
        .map(|(table, rows)| (table.name, rows.into_cells()))
        .collect()
}

/// The rows that a book makes which is rebuilt from its journal, as far as it has come since the last call; the village's own row is replaced.
pub(crate) fn rows_of_rebuilt(village_id: i64, book: &mut Book) -> Vec<(&'static Table, Rows)> {
    let mut batch = Batch { tables: Vec::new() };
    batch.village(village_id, book);
    batch.head(village_id, book);
    batch.masters(village_id, book);
    batch.sums(village_id, book);
    batch.states(village_id, book);
    for (table, _) in &mut batch.tables {
        if table.name == village::VILLAGE.name {
            *table = &village::VILLAGE_AGAIN;
        }
    }
    batch.tables
}

/// Rows by table, in the order in which tables are first written to.
struct Batch {
    tables: Vec<(&'static Table, Rows)>,
}

impl Batch {
    fn push<const N: usize>(&mut self, table: &'static Table, row: [Cell; N]) {
        let position = self
            .tables
            .iter()
            .position(|(other, _)| other.name == table.name);
        let position = position.unwrap_or_else(|| {
            self.tables
                .push((table, Rows::of(table.columns.iter().map(|(_, kind)| *kind))));
            self.tables.len() - 1
        });
        self.tables[position].1.push(row);
    }

    fn village(&mut self, id: i64, book: &Book) {
        if let Some(opened) = book.village.as_ref().filter(|_| book.projections.opened) {
            let terms = serde_json::to_string(opened).unwrap_or_default();
            self.push(
                &village::VILLAGE,
                [
                    Cell::Int(id),
                    Cell::from(book.code().as_str()),
                    Cell::from(opened.name.as_str()),
                    Cell::from(opened.township.as_str()),
                    Cell::from(opened.opening_month.to_string()),
                    Cell::from(terms),
                ],
            );
        }
    }

    fn head(&mut self, id: i64, book: &Book) {
        let head = book.head();
        self.push(
            &village::VILLAGE_HEAD,
            [
                Cell::Int(id),
                Cell::Int(head.next_seq),
                Cell::from(head.hash.0.as_slice()),
            ],
        );
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one cell per column, and nothing else"
    )]
    fn entry(&mut self, id: i64, entry: &Entry, private: Option<&Private>) {
        let decision = &entry.decision;
        self.push(
            &journal::JOURNAL_ENTRY,
            [
                Cell::Int(id),
                Cell::Int(entry.seq),
                Cell::Uuid(entry.command_id),
                Cell::from(decision.event.kind()),
                Cell::from(entry.month().to_string()),
                Cell::from(decision.origin_month.map(|month| month.to_string())),
                Cell::from(decision.booked_on.to_string()),
                Cell::Int(decision.occurred_at.as_microsecond()),
                Cell::Int(entry.recorded_at.as_microsecond()),
                Cell::from(entry.actor.as_str()),
                Cell::from(decision.reverses),
                Cell::from(entry.content.as_str()),
                Cell::from(entry.fingerprint.0.as_slice()),
                Cell::from(
                    entry
                        .private_digest
                        .as_ref()
                        .map(|digest| digest.0.as_slice()),
                ),
                Cell::Int(HASH_VERSION),
                Cell::from(entry.hash.0.as_slice()),
            ],
        );
        for (line, posting) in (1..).zip(&decision.postings) {
            self.push(
                &journal::POSTING,
                [
                    Cell::Int(id),
                    Cell::Int(entry.seq),
                    Cell::Int(line),
                    Cell::from(posting.debit.account.code()),
                    Cell::from(posting.debit.subject.as_str()),
                    Cell::from(posting.credit.account.code()),
                    Cell::from(posting.credit.subject.as_str()),
                    Cell::Int(posting.amount.fen()),
                    Cell::from(posting.flow.word()),
                    Cell::from(posting.charge.as_ref().map(ToString::to_string)),
                ],
            );
        }
        for (line, movement) in (1..).zip(&decision.movements) {
            self.push(
                &journal::STOCK_MOVEMENT,
                [
                    Cell::Int(id),
                    Cell::Int(entry.seq),
                    Cell::Int(line),
                    Cell::from(movement.account.code()),
                    Cell::from(movement.material.as_str()),
                    Cell::from(
                        movement
                            .collector
                            .as_ref()
                            .map_or("", |collector| collector.as_str()),
                    ),
                    Cell::from(movement.direction.word()),
                    Cell::from(movement.quantity.unit().word()),
                    Cell::Int(movement.quantity.count()),
                    Cell::Int(movement.value.fen()),
                    Cell::from(movement.flow.word()),
                ],
            );
        }
        if let Some(private) = private {
            self.push(
                &journal::ENTRY_PRIVATE,
                [
                    Cell::Int(id),
                    Cell::Int(entry.seq),
                    Cell::from(private.salt.as_slice()),
                    Cell::from(private.content.as_str()),
                ],
            );
        }
    }

    /// Settings, materials, policies, price lists and people, which are new whenever they are here.
    fn masters(&mut self, id: i64, book: &mut Book) {
        if std::mem::take(&mut book.projections.has_new_settings) {
            let content = serde_json::to_string(book.settings()).unwrap_or_default();
            self.push(
                &village::VILLAGE_SETTINGS,
                [Cell::Int(id), Cell::from(content)],
            );
        }
        for code in std::mem::take(&mut book.projections.materials) {
            let Some(material) = book.materials.get(&code) else {
                continue;
            };
            self.push(
                &village::MATERIAL,
                [
                    Cell::Int(id),
                    Cell::from(code.as_str()),
                    Cell::from(material.name.as_str()),
                    Cell::from(material.name_en.as_str()),
                    Cell::from(material.unit.word()),
                    Cell::from(material.hazardous),
                    Cell::from(material.needs_identity),
                ],
            );
        }
        for version in std::mem::take(&mut book.projections.policies) {
            let Some(policy) = book
                .policies
                .iter()
                .find(|policy| policy.version == version)
            else {
                continue;
            };
            let terms = serde_json::to_string(&policy.terms).unwrap_or_default();
            let effective_from = policy.effective_from.to_string();
            self.push(
                &village::FEE_POLICY,
                [
                    Cell::Int(id),
                    Cell::Int(version),
                    Cell::from(effective_from),
                    Cell::from(terms),
                ],
            );
        }
        for effective_from in std::mem::take(&mut book.projections.price_lists) {
            let lists = book.price_lists.as_ref();
            let Some(list) = lists.and_then(|lists| lists.get(&effective_from)) else {
                continue;
            };
            for (material, price) in &list.prices {
                self.push(
                    &price_list::PRICE,
                    [
                        Cell::Int(id),
                        Cell::Int(effective_from.as_microsecond()),
                        Cell::from(material.as_str()),
                        Cell::Int(price.li()),
                        Cell::Int(price.per()),
                    ],
                );
            }
        }
        for (number, person) in std::mem::take(&mut book.projections.people) {
            let (head, waivers) = (Cell::from(person.head), Cell::from(person.waivers));
            self.push(
                &household::HOUSEHOLD_PERSON,
                [Cell::Int(id), Cell::from(number.as_str()), head, waivers],
            );
        }
    }

    /// Sums, which are added to what is there.
    #[expect(
        clippy::too_many_lines,
        reason = "one cell per column, and nothing else"
    )]
    fn sums(&mut self, id: i64, book: &mut Book) {
        let projections = std::mem::take(&mut book.projections);
        for (side, change) in projections
            .balances
            .iter()
            .filter(|(_, change)| !change.is_zero())
        {
            let account = Cell::from(side.account.code());
            let subject = Cell::from(side.subject.as_str());
            self.push(
                &balance::ACCOUNT_BALANCE,
                [Cell::Int(id), account, subject, Cell::Int(change.fen())],
            );
        }
        for (key, change) in projections
            .account_months
            .iter()
            .filter(|(_, change)| !change.is_zero())
        {
            self.push(
                &balance::ACCOUNT_MONTH,
                [
                    Cell::Int(id),
                    Cell::from(key.month.to_string()),
                    Cell::from(key.side.account.code()),
                    Cell::from(key.side.subject.as_str()),
                    Cell::from(key.flow.word()),
                    Cell::from(key.group.as_ref().map_or("", |group| group.as_str())),
                    Cell::Int(change.fen()),
                ],
            );
        }
        for ((account, material), change) in &projections.stock {
            self.push(
                &balance::STOCK_BALANCE,
                [
                    Cell::Int(id),
                    Cell::from(account.code()),
                    Cell::from(material.as_str()),
                    Cell::Int(change.count),
                    Cell::Int(change.value.fen()),
                ],
            );
        }
        for (key, change) in &projections.material_months {
            self.push(
                &balance::MATERIAL_MONTH,
                [
                    Cell::Int(id),
                    Cell::from(key.month.to_string()),
                    Cell::from(key.material.as_str()),
                    Cell::from(
                        key.collector
                            .as_ref()
                            .map_or("", |collector| collector.as_str()),
                    ),
                    Cell::from(key.flow.word()),
                    Cell::Int(change.count),
                    Cell::Int(change.value.fen()),
                ],
            );
        }
        for ((month, material), sold) in &projections.sale_months {
            self.push(
                &balance::SALE_MONTH,
                [
                    Cell::Int(id),
                    Cell::from(month.to_string()),
                    Cell::from(material.as_str()),
                    Cell::Int(sold.own),
                    Cell::Int(sold.ticket),
                    Cell::Int(sold.income.fen()),
                ],
            );
        }
        for ((month, household, collector), pickups) in &projections.pickup_months {
            self.push(
                &balance::PICKUP_MONTH,
                [
                    Cell::Int(id),
                    Cell::from(month.to_string()),
                    Cell::from(household.as_str()),
                    Cell::from(collector.as_str()),
                    Cell::Int(*pickups),
                ],
            );
        }
        for row in pickup::pickup_rows(id, &projections) {
            self.push(&pickup::PICKUP_MATERIAL, row);
        }
        for row in pickup::charge_rows(id, &projections) {
            self.push(&pickup::CHARGE_MONTH, row);
        }
        for (household, seq) in &projections.household_entries {
            self.push(
                &household::HOUSEHOLD_ENTRY,
                [
                    Cell::Int(id),
                    Cell::from(household.as_str()),
                    Cell::Int(*seq),
                ],
            );
        }
        for month in projections.months {
            let standing = book.month_standing(month);
            let hash = |hash: Option<Hash>| Cell::from(hash.as_ref().map(|hash| hash.0.as_slice()));
            self.push(
                &month::VILLAGE_MONTH,
                [
                    Cell::Int(id),
                    Cell::from(month.to_string()),
                    Cell::from(standing.state.word()),
                    Cell::Int(standing.version),
                    hash(standing.last_hash),
                    hash(standing.seal),
                    Cell::from(standing.closed_by),
                    Cell::from(standing.reviewed_by),
                    Cell::from(standing.signed_by),
                ],
            );
        }
        for row in pickup_line::rows(id, projections.pickup_lines) {
            self.push(&pickup_line::PICKUP_LINE, row);
        }
        let mut charges: Vec<_> = projections.charges.into_iter().collect();
        charges.sort();
        for (number, key) in charges {
            self.charge(id, book, &number, &key);
        }
    }
}
