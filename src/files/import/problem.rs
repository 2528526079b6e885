//! Why a folder cannot be read at all. The sentences are in `text/*.ftl` under `folder-<code>`.

use serde::Serialize;

use crate::domain::Refusal;

/// A problem with the folder as a whole: nothing of it is booked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]
pub enum FolderProblem {
    // What is there, and under which name.
    /// A file that every folder has is not there.
    FileMissing { file: String },
    /// A table that every folder has is not there; it may have either name.
    TableMissing { file: String, also: String },
    /// The workbook has no sheet of either name.
    SheetMissing {
        file: String,
        sheet: String,
        also: String,
    },
    /// One table is there twice, under two names.
    TableTwice { file: String, other: String },
    /// Two workbooks are there, and nothing says which one counts.
    TwoWorkbooks { file: String, other: String },
    /// The tables are in a spreadsheet of another format, such as that of Excel before 2007.
    OtherSpreadsheet { file: String },
    /// The file cannot be read from the disk.
    FileUnreadable { file: String, reason: String },
    /// The file is larger than 64 MiB.
    FileTooLarge { file: String },

    // Text.
    /// The file is text in none of the encodings we know.
    NotText { file: String, line: u64 },
    /// The file is in two encodings at once.
    TextMixed { file: String, line: u64 },
    /// The file is UTF-16 that ends in the middle of a character.
    HalfCharacter { file: String, line: u64 },
    /// A row is cut by another separator than the header.
    SeparatorMixed { file: String, line: u64 },
    /// A quoted cell has no closing quote.
    QuoteOpen { file: String, line: u64 },
    /// Something stands between the closing quote of a cell and the next separator.
    QuoteStray { file: String, line: u64 },

    // Tables.
    /// The file has no header.
    FileEmpty { file: String },
    /// A column is not there that every such file has.
    ColumnMissing {
        file: String,
        column: String,
        also: String,
    },
    /// A column stands twice, perhaps under two names.
    ColumnTwice {
        file: String,
        column: String,
        also: String,
    },

    // Workbooks.
    /// The file is no workbook, or not a whole one.
    WorkbookDamaged { file: String },
    /// The workbook asks for a password.
    WorkbookLocked { file: String },
    /// Reading the workbook takes more memory or time than a village's ledger ever does.
    WorkbookTooLarge { file: String },
    /// A sheet has more rows or columns than a village's ledger ever has.
    SheetTooLarge { file: String },
    /// The process that reads workbooks could not do its work.
    WorkbookUnread { file: String, reason: String },

    // The village.
    /// village.toml cannot be understood.
    VillageInvalid { reason: String },
    /// A value of village.toml makes no sense.
    VillageRefused {
        field: String,
        refusal: Box<Refusal>,
    },
}

impl FolderProblem {
    /// The problem by name: its code and its facts.
    pub fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(facts)) => facts,
            Ok(_) | Err(_) => serde_json::Map::new(),
        }
    }
}
