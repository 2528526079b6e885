//! Village folders as villages have them: other encodings, headers in Chinese, workbooks; the same books, or a sentence that says what is wrong.

mod refused_cells;
mod refused_folders;
mod refused_workbooks;
mod same_books;
mod writing;

use std::path::Path;
use std::process::Output;

use jinfu::files::import::{self, Plan};
use tempfile::TempDir;

use crate::harness::{jinfu, program, repository};

/// A folder with the worked month's village and nothing else.
fn village() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(
        "tests/golden/2025-09-core",
        &["village.toml"],
        folder.path(),
    );
    folder
}

/// A folder with the worked month's village, tables and prices, to be spoiled.
fn small_folder() -> TempDir {
    let folder = village();
    let tables = ["materials.csv", "households.csv", "prices.csv"];
    copy("tests/golden/2025-09-core", &tables, folder.path());
    folder
}

fn copy(from: &str, files: &[&str], to: &Path) {
    for file in files {
        std::fs::copy(repository(from).join(file), to.join(file)).unwrap();
    }
}

fn write(folder: &TempDir, file: &str, content: impl AsRef<[u8]>) {
    std::fs::write(folder.path().join(file), content).unwrap();
}

fn read(folder: &TempDir) -> Plan {
    import::read(folder.path(), program()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Imports a folder into a book beside it.
fn import_of(folder: &TempDir, language: &str) -> Output {
    let book = format!("sqlite:{}", folder.path().join("books.db").display());
    let folder = folder.path().display().to_string();
    let words = ["import", &folder, "--through", "2025-09"];
    jinfu(language, &book, &words)
}

/// The folder is refused whole: exit code 1, no book, and a sentence in either language that names all of the parts.
#[track_caller]
fn is_refused(folder: &TempDir, parts: &[&str], also: &[&str]) {
    for (language, parts) in [("en", parts), ("zh-CN", also)] {
        let output = import_of(folder, language);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("folder-") && !told.contains("{ $"), "{told}");
        assert_eq!(told.trim_end().lines().count(), 1, "{told}");
        assert!(!folder.path().join("books.db").exists());
    }
}
