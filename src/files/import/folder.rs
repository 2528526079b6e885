//! What a folder holds: which file or sheet is which table. Whatever is there twice, or is not known, is told and never passed over in silence.

use std::path::{Path, PathBuf};

use crate::files::import::columns::{TABLES, Table};
use crate::files::import::table::{Row, understand_rows};
use crate::files::import::workbook::{self, Workbook};
use crate::files::import::{FolderProblem, Plan, delimited, encoding};

/// A file over this size is refused.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// A folder whose files are known.
pub(super) struct Folder<'a> {
    path: &'a Path,
    /// The names of its CSV files.
    texts: Vec<String>,
    workbook: Option<Workbook>,
}

impl Folder<'_> {
    /// Looks what the folder holds, and reads its workbook if it has one.
    pub(super) fn open<'a>(path: &'a Path, program: &Path) -> Result<Folder<'a>, FolderProblem> {
        let (mut texts, mut workbooks, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for name in names(path)? {
            match ending(&name).as_str() {
                "csv" => texts.push(name),
                "xlsx" => workbooks.push(name),
                "xls" | "xlsm" | "xlsb" | "et" | "ods" => others.push(name),
                _ => {}
            }
        }
        let workbook = match workbooks.as_slice() {
            [] => None,
            [file] => {
                check_size(path, file)?;
                Some(workbook::read(program, &path.join(file), file)?)
            }
            [file, other, ..] => {
                return Err(FolderProblem::TwoWorkbooks {
                    file: file.clone(),
                    other: other.clone(),
                });
            }
        };
        let is_table = |name: &String| TABLES.iter().any(|table| table.is_named(stem(name)));
        if let (None, false, Some(file)) = (&workbook, texts.iter().any(is_table), others.pop()) {
            return Err(FolderProblem::OtherSpreadsheet { file });
        }
        Ok(Folder {
            path,
            texts,
            workbook,
        })
    }

    /// The files and sheets that are no table of ours.
    pub(super) fn unknown(&self) -> Vec<String> {
        let is_known = |name: &str| TABLES.iter().any(|table| table.is_named(name));
        let texts = self.texts.iter().filter(|name| !is_known(stem(name)));
        let workbook = self.workbook.iter();
        let sheets = workbook.flat_map(|workbook| {
            let unknown = workbook
                .sheets
                .iter()
                .filter(|sheet| !is_known(&sheet.name));
            unknown.map(|sheet| workbook.place(&sheet.name))
        });
        texts.cloned().chain(sheets).collect()
    }

    /// Reads a table, from whichever file or sheet has it.
    pub(super) fn rows(&self, table: &Table, plan: &mut Plan) -> Result<Vec<Row>, FolderProblem> {
        let texts = self.texts.iter();
        let texts = texts.filter(|name| table.is_named(stem(name)));
        let sheets = self.workbook.iter().flat_map(|workbook| {
            let sheets = workbook.sheets.iter();
            let sheets = sheets.filter(|sheet| table.is_named(&sheet.name));
            sheets.map(|sheet| (workbook.place(&sheet.name), Some(sheet)))
        });
        let mut found = texts.map(|file| (file.clone(), None)).chain(sheets);
        match (found.next(), found.next()) {
            (None, _) if table.is_optional => Ok(Vec::new()),
            (None, _) => Err(self.missing(table)),
            (Some((file, _)), Some((other, _))) => Err(FolderProblem::TableTwice { file, other }),
            (Some((file, Some(sheet))), None) => {
                let rows = sheet.rows.iter().cloned().map(Ok);
                understand_rows(&file, table, rows, plan)
            }
            (Some((file, None)), None) => {
                let text = read_text(self.path, &file)?;
                let rows = delimited::rows(&file, &text, table)?;
                understand_rows(&file, table, rows, plan)
            }
        }
    }

    fn missing(&self, table: &Table) -> FolderProblem {
        match &self.workbook {
            Some(workbook) => FolderProblem::SheetMissing {
                file: workbook.file.clone(),
                sheet: table.name.to_owned(),
                also: table.chinese.to_owned(),
            },
            None => FolderProblem::TableMissing {
                file: format!("{}.csv", table.name),
                also: format!("{}.csv", table.chinese),
            },
        }
    }
}

/// The names of the files of a folder, in order. Editors leave locks and copies behind whose names begin with a point or `~$`.
fn names(folder: &Path) -> Result<Vec<String>, FolderProblem> {
    let unreadable = |error: std::io::Error| FolderProblem::FileUnreadable {
        file: folder.display().to_string(),
        reason: error.to_string(),
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !name.starts_with("~$") && entry.path().is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn ending(name: &str) -> String {
    let ending = PathBuf::from(name);
    let ending = ending.extension().and_then(|ending| ending.to_str());
    ending.unwrap_or_default().to_ascii_lowercase()
}

/// A file's name without its ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn check_size(folder: &Path, file: &str) -> Result<(), FolderProblem> {
    let found = std::fs::metadata(folder.join(file)).map_err(|error| unreadable(file, &error))?;
    if found.len() > FILE_MAX {
        return Err(FolderProblem::FileTooLarge {
            file: file.to_owned(),
        });
    }
    Ok(())
}

fn unreadable(file: &str, error: &std::io::Error) -> FolderProblem {
    let file = file.to_owned();
    if error.kind() == std::io::ErrorKind::NotFound {
        return FolderProblem::FileMissing { file };
    }
    FolderProblem::FileUnreadable {
        file,
        reason: error.to_string(),
    }
}

/// Reads a file of the folder as text.
pub(super) fn read_text(folder: &Path, file: &str) -> Result<String, FolderProblem> {
    check_size(folder, file)?;
    let bytes = std::fs::read(folder.join(file)).map_err(|error| unreadable(file, &error))?;
    encoding::decode(file, &bytes)
}
