//! The rows of a pickup's entry as plain prepared statements, one execution per row.

use std::collections::BTreeMap;

use jinfu::domain::facts::Head;
use jinfu::domain::journal::{Entry, Private};
use jinfu::domain::{Event, Unit};
use rusqlite::{Connection, Statement, params};

const ENTRY: &str = "insert into journal_entry (village_id, seq, command_id, kind, month, booked_on, occurred_at, recorded_at, actor,
    content, fingerprint, private_digest, hash_version, hash) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const POSTING: &str = "insert into posting (village_id, seq, line_no, debit_account, debit_subject, credit_account, credit_subject,
    amount_fen, flow) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const MOVEMENT: &str = "insert into stock_movement (village_id, seq, line_no, account, material, collector, direction, unit, quantity,
    value_fen, flow) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const PRIVATE: &str =
    "insert into entry_private (village_id, seq, salt, content) values (?1, ?2, ?3, ?4)";
const HOUSEHOLD_ENTRY: &str =
    "insert into household_entry (village_id, household_no, seq) values (?1, ?2, ?3)";
const DOCUMENT: &str =
    "insert into document (village_id, kind, number, seq) values (?1, 'pickup', ?2, ?3)";
const HEAD: &str = "update village_head set next_seq = ?2, head_hash = ?3 where village_id = ?1";
const BALANCE: &str = "insert into account_balance (village_id, account, subject, balance_fen) values (?1, ?2, ?3, ?4)
    on conflict do update set balance_fen = balance_fen + excluded.balance_fen";
const ACCOUNT_MONTH: &str = "insert into account_month (village_id, month, account, subject, flow, group_name, amount_fen)
    values (?1, ?2, ?3, ?4, 'pickup', ?5, ?6) on conflict do update set amount_fen = amount_fen + excluded.amount_fen";
const STOCK: &str = "insert into stock_balance (village_id, account, material, quantity, value_fen) values (?1, '1405', ?2, ?3, ?4)
    on conflict do update set quantity = quantity + excluded.quantity, value_fen = value_fen + excluded.value_fen";
const MATERIAL_MONTH: &str = "insert into material_month (village_id, month, material, collector, flow, quantity, value_fen)
    values (?1, ?2, ?3, ?4, 'pickup', ?5, ?6)
    on conflict do update set quantity = quantity + excluded.quantity, value_fen = value_fen + excluded.value_fen";
const PICKUP_MONTH: &str = "insert into pickup_month (village_id, month, household_no, collector, pickups) values (?1, ?2, ?3, ?4, ?5)
    on conflict do update set pickups = pickups + excluded.pickups";

const PICKUP_MATERIAL: &str = "insert into pickup_material (village_id, month, origin_month, occurred_month, material, lines, quantity,
    value_fen, told_fen) values (?1, ?2, '', ?2, ?3, ?4, ?5, ?6, 0)
    on conflict do update set lines = lines + excluded.lines, quantity = quantity + excluded.quantity, value_fen = value_fen + excluded.value_fen";
const PICKUP_LINE: &str = "insert into pickup_line (village_id, household_no, material, occurred_at, seq, line_no, pickup_no, quantity,
    source, live) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)";
const MONTH: &str = "insert into village_month (village_id, month, state, version, last_hash) values (?1, ?2, 'open', 0, ?3)
    on conflict do update set last_hash = excluded.last_hash";

/// The statements of a connection.
pub(crate) struct Statements<'c> {
    entry: Statement<'c>,
    posting: Statement<'c>,
    movement: Statement<'c>,
    private: Statement<'c>,
    household_entry: Statement<'c>,
    document: Statement<'c>,
    head: Statement<'c>,
    balance: Statement<'c>,
    account_month: Statement<'c>,
    stock: Statement<'c>,
    material_month: Statement<'c>,
    pickup_month: Statement<'c>,
    pickup_material: Statement<'c>,
    pickup_line: Statement<'c>,
    month: Statement<'c>,
}

/// What a batch adds to sums: one row per key and batch, as the program writes them. The month of the books is part of every key.
#[derive(Default)]
pub(crate) struct Sums<'e> {
    balances: BTreeMap<(i64, &'static str, &'e str), i64>,
    account_months: BTreeMap<(i64, String, &'static str, &'e str), i64>,
    stock: BTreeMap<(i64, &'e str), (i64, i64)>,
    material_months: BTreeMap<(i64, String, &'e str, &'e str), (i64, i64)>,
    pickup_months: BTreeMap<(i64, String, &'e str, &'e str), i64>,
    pickup_materials: BTreeMap<(i64, String, &'e str), (i64, i64, i64)>,
    months: BTreeMap<(i64, String), [u8; 32]>,
}

impl<'e> Sums<'e> {
    /// Adds a pickup's entry.
    pub(crate) fn add(&mut self, id: i64, entry: &'e Entry) {
        let month = entry.month().to_string();
        for posting in &entry.decision.postings {
            for (side, amount) in posting.sides() {
                let (account, subject) = (side.account.code(), side.subject.as_str());
                *self.balances.entry((id, account, subject)).or_default() += amount.fen();
                let key = (id, month.clone(), account, subject);
                *self.account_months.entry(key).or_default() += amount.fen();
            }
        }
        for movement in &entry.decision.movements {
            let (count, value) = movement.change();
            let material = movement.material.as_str();
            let collector = movement
                .collector
                .as_ref()
                .map_or("", |collector| collector.as_str());
            let key = (id, month.clone(), material, collector);
            for sum in [
                self.stock.entry((id, material)).or_default(),
                self.material_months.entry(key).or_default(),
            ] {
                sum.0 += count;
                sum.1 += value.fen();
            }
        }
        self.months.insert((id, month.clone()), entry.hash.0);
        if let Event::PickupRecorded(pickup) = &entry.decision.event {
            for line in &pickup.lines {
                let key = (id, month.clone(), line.material.as_str());
                let sum = self.pickup_materials.entry(key).or_default();
                sum.0 += 1;
                sum.1 += line.net.count();
                sum.2 += line.amount.fen();
            }
            let key = (
                id,
                month,
                pickup.household_no.as_str(),
                pickup.collector.as_str(),
            );
            *self.pickup_months.entry(key).or_default() += 1;
        }
    }
}

impl<'c> Statements<'c> {
    /// Prepares them.
    pub(crate) fn prepare(connection: &'c Connection) -> Statements<'c> {
        let prepare = |sql| connection.prepare(sql).unwrap();
        Statements {
            entry: prepare(ENTRY),
            posting: prepare(POSTING),
            movement: prepare(MOVEMENT),
            private: prepare(PRIVATE),
            household_entry: prepare(HOUSEHOLD_ENTRY),
            document: prepare(DOCUMENT),
            head: prepare(HEAD),
            balance: prepare(BALANCE),
            account_month: prepare(ACCOUNT_MONTH),
            stock: prepare(STOCK),
            material_month: prepare(MATERIAL_MONTH),
            pickup_month: prepare(PICKUP_MONTH),
            pickup_material: prepare(PICKUP_MATERIAL),
            pickup_line: prepare(PICKUP_LINE),
            month: prepare(MONTH),
        }
    }

    /// Writes an entry with its postings, movements, details and indexes.
    pub(crate) fn entry(&mut self, id: i64, entry: &Entry, private: Option<&Private>) {
        let decision = &entry.decision;
        let row = params![
            id,
            entry.seq,
            entry.command_id.as_bytes(),
            decision.event.kind(),
            entry.month().to_string(),
            decision.booked_on.to_string(),
            decision.occurred_at.as_microsecond(),
            entry.recorded_at.as_microsecond(),
            entry.actor,
            entry.content,
            entry.fingerprint.0,
            entry.private_digest.map(|digest| digest.0),
            jinfu::domain::seal::HASH_VERSION,
            entry.hash.0,
        ];
        self.entry.execute(row).unwrap();
        for (line, posting) in (1_i64..).zip(&decision.postings) {
            let (debit, credit) = (&posting.debit, &posting.credit);
            let (debit, credit) = (
                (debit.account.code(), &debit.subject),
                (credit.account.code(), &credit.subject),
            );
            let (amount, flow) = (posting.amount.fen(), posting.flow.word());
            let row = params![
                id, entry.seq, line, debit.0, debit.1, credit.0, credit.1, amount, flow
            ];
            self.posting.execute(row).unwrap();
        }
        self.movements(id, entry);
        if let Some(private) = private {
            let row = params![id, entry.seq, private.salt, private.content];
            self.private.execute(row).unwrap();
        }
        if let Event::PickupRecorded(pickup) = &decision.event {
            let household = pickup.household_no.as_str();
            self.household_entry
                .execute(params![id, household, entry.seq])
                .unwrap();
            self.document
                .execute(params![id, pickup.pickup_no.as_str(), entry.seq])
                .unwrap();
            for (line_no, line) in (1_i64..).zip(&pickup.lines) {
                let row = params![
                    id,
                    household,
                    line.material.as_str(),
                    pickup.occurred_at.as_microsecond(),
                    entry.seq,
                    line_no,
                    pickup.pickup_no.as_str(),
                    line.net.count(),
                    pickup.collector.as_str(),
                ];
                self.pickup_line.execute(row).unwrap();
            }
        }
    }

    fn movements(&mut self, id: i64, entry: &Entry) {
        for (line, movement) in (1_i64..).zip(&entry.decision.movements) {
            let unit = match movement.quantity.unit() {
                Unit::Kg => "kg",
                Unit::Piece => "piece",
            };
            let row = params![
                id,
                entry.seq,
                line,
                movement.account.code(),
                movement.material.as_str(),
                movement
                    .collector
                    .as_ref()
                    .map_or("", |collector| collector.as_str()),
                movement.direction.word(),
                unit,
                movement.quantity.count(),
                movement.value.fen(),
                movement.flow.word(),
            ];
            self.movement.execute(row).unwrap();
        }
    }

    /// Adds a batch's sums.
    pub(crate) fn sums(&mut self, sums: &Sums<'_>) {
        for ((id, account, subject), fen) in &sums.balances {
            self.balance
                .execute(params![id, account, subject, fen])
                .unwrap();
        }
        for ((id, month, account, subject), fen) in &sums.account_months {
            // A household's number begins with its group, a material's code has none.
            let group = subject
                .split_once('-')
                .map_or("", |(group, _)| group.trim_start_matches('0'));
            self.account_month
                .execute(params![id, month, account, subject, group, fen])
                .unwrap();
        }
        for ((id, material), (count, value)) in &sums.stock {
            self.stock
                .execute(params![id, material, count, value])
                .unwrap();
        }
        for ((id, month, material, collector), (count, value)) in &sums.material_months {
            self.material_month
                .execute(params![id, month, material, collector, count, value])
                .unwrap();
        }
        for ((id, month, household, collector), pickups) in &sums.pickup_months {
            self.pickup_month
                .execute(params![id, month, household, collector, pickups])
                .unwrap();
        }
        for ((id, month, material), (lines, count, value)) in &sums.pickup_materials {
            self.pickup_material
                .execute(params![id, month, material, lines, count, value])
                .unwrap();
        }
        for ((id, month), hash) in &sums.months {
            self.month.execute(params![id, month, hash]).unwrap();
        }
    }

    /// Moves a village's head.
    pub(crate) fn head(&mut self, id: i64, head: Head) {
        let hash = head.hash.0;
        self.head.execute(params![id, head.next_seq, hash]).unwrap();
    }
}
