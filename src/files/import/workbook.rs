//! A workbook (.xlsx) as rows, read by a process of its own: whatever a workbook does to its reader, this process keeps its memory, its time
//! and its word. What the reader writes is bounded, waited for within a bound, and believed only if it is whole.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::files::import::FolderProblem;
use crate::files::import::cells::Cell;
use crate::files::import::table::RawRow;

/// The subcommand under which the program reads a workbook.
pub const READ_WORKBOOK: &str = "read-workbook";

/// The longest that a reader may take. It is over its own limit of time before, unless the machine is very busy.
const WAIT: Duration = Duration::from_secs(30);

/// The most that a reader may write.
const OUTPUT_MAX: u64 = 64 * 1024 * 1024;

/// One line of what the reader writes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A sheet begins.
    Sheet(String),
    /// A row of the sheet that is not blank: its number, counted from 1, and its cells from the first column on.
    Row(u64, Vec<Cell>),
    /// The workbook cannot be read.
    Flaw(Flaw),
    /// Everything was written.
    End(()),
}

/// Why a workbook cannot be read, as the reader sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Flaw {
    /// It is no workbook, or not a whole one.
    Damaged,
    /// It asks for a password.
    Locked,
    /// Its parts are too large unpacked.
    TooLarge,
    /// A sheet has too many rows or columns.
    SheetTooLarge(String),
    /// The reader could not limit itself, or not open the file.
    Unread(String),
}

/// The sheets of a workbook.
pub(super) struct Workbook {
    pub(super) file: String,
    pub(super) sheets: Vec<Sheet>,
}

/// A sheet that is not empty: its name as it is written, and its rows that are not blank, if it is a table of ours.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) rows: Vec<RawRow>,
}

impl Workbook {
    /// A sheet as people are told of it.
    pub(super) fn place(&self, sheet: &str) -> String {
        format!("{}/{sheet}", self.file)
    }
}

/// Reads a workbook with the help of the program itself.
pub(super) fn read(program: &Path, path: &Path, file: &str) -> Result<Workbook, FolderProblem> {
    let unread = |reason: String| FolderProblem::WorkbookUnread {
        file: file.to_owned(),
        reason,
    };
    let mut child = Command::new(program)
        .arg(READ_WORKBOOK)
        .arg("--")
        .arg(path)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| unread(error.to_string()))?;
    let output = child.stdout.take();
    let output = output.ok_or_else(|| unread("no output".to_owned()));
    let written = output.map(|output| wait_for(output, &mut child));
    let status = child.wait().map_err(|error| unread(error.to_string()))?;
    let too_large = || FolderProblem::WorkbookTooLarge {
        file: file.to_owned(),
    };
    let bytes = written?.ok_or_else(too_large)?;
    if was_stopped(status) {
        return Err(too_large());
    }
    match status.code() {
        Some(0) => understand(file, &bytes),
        // The reader stumbled over something that the library did not expect.
        Some(101) => Err(FolderProblem::WorkbookDamaged {
            file: file.to_owned(),
        }),
        _ => Err(unread(status.to_string())),
    }
}

/// Takes what the reader writes; nothing if it writes too much or takes too long. The reader is no more in either case.
fn wait_for(output: ChildStdout, child: &mut Child) -> Option<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    let taker = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let taken = output
            .take(OUTPUT_MAX.saturating_add(1))
            .read_to_end(&mut bytes);
        // Nobody receives after the time is over.
        drop(sender.send(taken.map(|_| bytes)));
    });
    let taken = receiver.recv_timeout(WAIT);
    let is_within = |bytes: &Vec<u8>| u64::try_from(bytes.len()).is_ok_and(|len| len <= OUTPUT_MAX);
    let bytes = taken.ok().and_then(Result::ok).filter(is_within);
    if bytes.is_none() {
        // An error says that it has ended already.
        drop(child.kill());
    }
    drop(taker.join());
    bytes
}

/// Whether a limit stopped the reader: it is aborted when memory is refused, and killed when its time is over.
#[cfg(unix)]
fn was_stopped(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status).is_some()
}

#[cfg(not(unix))]
fn was_stopped(_: ExitStatus) -> bool {
    false
}

fn understand(file: &str, bytes: &[u8]) -> Result<Workbook, FolderProblem> {
    let mut workbook = Workbook {
        file: file.to_owned(),
        sheets: Vec::new(),
    };
    let broken = |reason: String| FolderProblem::WorkbookUnread {
        file: file.to_owned(),
        reason,
    };
    let mut lines = serde_json::Deserializer::from_slice(bytes).into_iter::<Line>();
    loop {
        let line = lines.next().transpose();
        match line.map_err(|error| broken(error.to_string()))? {
            Some(Line::Sheet(name)) => workbook.sheets.push(Sheet {
                name,
                rows: Vec::new(),
            }),
            Some(Line::Row(line, cells)) => match workbook.sheets.last_mut() {
                Some(sheet) => sheet.rows.push(RawRow { line, cells }),
                None => return Err(broken("a row without a sheet".to_owned())),
            },
            Some(Line::Flaw(flaw)) => return Err(told(&workbook, flaw)),
            Some(Line::End(())) if lines.next().is_none() => return Ok(workbook),
            Some(Line::End(())) | None => return Err(broken("no end".to_owned())),
        }
    }
}

fn told(workbook: &Workbook, flaw: Flaw) -> FolderProblem {
    let file = workbook.file.clone();
    match flaw {
        Flaw::Damaged => FolderProblem::WorkbookDamaged { file },
        Flaw::Locked => FolderProblem::WorkbookLocked { file },
        Flaw::TooLarge => FolderProblem::WorkbookTooLarge { file },
        Flaw::SheetTooLarge(sheet) => FolderProblem::SheetTooLarge {
            file: workbook.place(&sheet),
        },
        Flaw::Unread(reason) => FolderProblem::WorkbookUnread { file, reason },
    }
}
