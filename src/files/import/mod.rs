//! A village folder (village.toml with CSV files or a workbook) as commands in time order. One bad row spoils its own document and nothing
//! else.

mod cells;
mod columns;
mod delimited;
mod encoding;
mod folder;
mod opening;
mod problem;
mod reader;
mod rows;
mod table;
mod village;
mod workbook;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Actor, Command, Month, Refusal, Request, Role, VillageCode, month};
use crate::files::import::folder::Folder;
pub use crate::files::import::problem::FolderProblem;
pub use crate::files::import::reader::read_workbook;
pub use crate::files::import::workbook::READ_WORKBOOK;

/// The name under which an import stands in the journal.
const ACTOR: &str = "import";

/// Where something stands in the folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Source {
    /// The file; a sheet as `village.xlsx/households`.
    pub file: String,
    /// The line of the file or row of the sheet, counted from 1.
    pub line: u64,
}

/// A row that is not booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRow {
    /// Where it stands.
    pub source: Source,
    /// The column at fault, where one is.
    pub column: Option<String>,
    /// Why.
    pub refusal: Refusal,
}

impl RefusedRow {
    /// A row that the given refusal is about.
    pub fn new(source: Source, refusal: Refusal) -> RefusedRow {
        RefusedRow {
            column: refusal.field(),
            source,
            refusal,
        }
    }
}

/// A column that nobody knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownColumn {
    /// The file or sheet.
    pub file: String,
    /// The column.
    pub column: String,
}

/// One command of the folder.
#[derive(Clone, Debug)]
pub struct Step {
    /// When it takes its turn.
    pub at: Timestamp,
    /// Its turn among those of the same time: households, then prices, pickups, cash.
    turn: Turn,
    /// The command.
    pub request: Request,
    /// Where it came from.
    pub source: Source,
}

/// The order of things at one time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Turn {
    Village,
    Material,
    Household,
    Opening,
    Move,
    Prices,
    Pickup,
    Cash,
}

/// A folder as commands.
#[derive(Debug)]
pub struct Plan {
    /// The village.
    pub village: VillageCode,
    /// Its first month.
    pub opening_month: Month,
    /// The commands in the order of their time.
    pub steps: Vec<Step>,
    /// Rows that could not be read.
    pub refused: Vec<RefusedRow>,
    /// Columns that were passed over.
    pub unknown_columns: Vec<UnknownColumn>,
    /// Files and sheets that were passed over.
    pub unknown_tables: Vec<String>,
    /// The columns of each file by the name they have in it.
    headers: BTreeMap<String, BTreeMap<&'static str, String>>,
}

impl Plan {
    fn add(&mut self, at: Timestamp, turn: Turn, number: &str, command: Command, source: Source) {
        let opened_at = month::start_of_day(self.opening_month.first_day());
        let at = at.max(opened_at);
        let id = command_id(&self.village, at, turn, number);
        let request = Request {
            village: self.village.clone(),
            id,
            actor: Actor::new(Role::System, ACTOR),
            command,
        };
        self.steps.push(Step {
            at,
            turn,
            request,
            source,
        });
    }

    /// The last month that a pickup or payment up to now falls into; the opening month if there is none. A row dated in the future is
    /// refused when it is booked, and says nothing about the months that are over.
    pub fn last_month(&self, now: Timestamp) -> Month {
        let is_past =
            |step: &&Step| matches!(step.turn, Turn::Pickup | Turn::Cash) && step.at <= now;
        let months = self
            .steps
            .iter()
            .filter(is_past)
            .map(|step| Month::at(step.at));
        months.max().unwrap_or(self.opening_month)
    }

    /// The name that a file itself has for a column.
    pub fn written_column<'a>(&'a self, file: &str, column: &'a str) -> &'a str {
        let header = self.headers.get(file);
        header
            .and_then(|header| header.get(column))
            .map_or(column, String::as_str)
    }

    fn refuse(&mut self, source: Source, refusal: Refusal) {
        self.refused.push(RefusedRow::new(source, refusal));
    }

    /// A run of a month. Each has an id of its own: running again is how a repaired row is charged and offset.
    pub fn run(&self, month: Month, command: Command, entries_before: i64) -> Request {
        let (at, turn) = (month.last_instant(), Turn::Cash);
        let kind = if matches!(command, Command::ChargeFees(_)) {
            "charges"
        } else {
            "offset"
        };
        let id = command_id(
            &self.village,
            at,
            turn,
            &format!("{kind}/{month}/{entries_before}"),
        );
        Request {
            village: self.village.clone(),
            id,
            actor: Actor::new(Role::System, ACTOR),
            command,
        }
    }
}

/// A `UUIDv8`: the event's time, then a hash of village, kind and number, so that any encoding of a folder gives the same ids.
fn command_id(village: &VillageCode, at: Timestamp, turn: Turn, number: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [village.as_str(), &format!("{turn:?}"), number] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let millis = u64::try_from(at.as_millisecond())
        .unwrap_or(0)
        .to_be_bytes();
    let mut bytes = [0; 16];
    let content = millis.into_iter().skip(2).chain(hash.finalize());
    bytes
        .iter_mut()
        .zip(content)
        .for_each(|(to, from)| *to = from);
    Uuid::new_v8(bytes)
}

/// Reads a village folder. Rows that make no sense are in `refused`, everything else is in `steps`. `program` is this program, which reads a
/// workbook in a process of its own.
///
/// # Errors
/// [`FolderProblem`] if a file is missing, is there twice, cannot be read, lacks a column, or the village itself makes no sense.
pub fn read(folder: &Path, program: &Path) -> Result<Plan, FolderProblem> {
    let (code, opening) = village::read(folder)?;
    let waivers = opening.waivers.keys().cloned().collect();
    let mut plan = Plan {
        village: code.clone(),
        opening_month: opening.opening_month,
        steps: Vec::new(),
        refused: Vec::new(),
        unknown_columns: Vec::new(),
        unknown_tables: Vec::new(),
        headers: BTreeMap::new(),
    };
    let opened_at = month::start_of_day(opening.opening_month.first_day());
    let source = Source {
        file: village::FILE.to_owned(),
        line: 1,
    };
    plan.add(
        opened_at,
        Turn::Village,
        code.as_str(),
        Command::OpenVillage(opening),
        source,
    );
    let folder = Folder::open(folder, program)?;
    plan.unknown_tables = folder.unknown();
    rows::materials(&folder, &mut plan)?;
    rows::households(&folder, &waivers, &mut plan)?;
    rows::prices(&folder, &mut plan)?;
    rows::pickups(&folder, &mut plan)?;
    rows::cash(&folder, &mut plan)?;
    opening::opening(&folder, &mut plan)?;
    plan.steps.sort_by_key(|left| (left.at, left.turn));
    plan.refused
        .sort_by(|left, right| left.source.cmp(&right.source));
    Ok(plan)
}
