//! The key that is mixed into the PINs of households: in a file of its own, so that whoever takes the database alone cannot try PINs.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::{Failure, Session, UNAVAILABLE};
use crate::clock::Chance;

/// How many bytes a key has at least.
const LEAST: usize = 32;

/// The key of the file that is named, or of the one beside an SQLite database, which is made where there is none. Without a name there is none on
/// a server.
pub(super) fn load(session: &Session, named: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let beside = session.database.strip_prefix("sqlite:");
    let beside = beside.map(|path| PathBuf::from(format!("{path}.pepper")));
    let (file, may_make) = match (named, beside) {
        (Some(file), _) => (file.to_owned(), false),
        (None, Some(file)) => (file, true),
        (None, None) => return Ok(None),
    };
    let read = match std::fs::read(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound && may_make => make(&file),
        read => read,
    };
    let shown = || ("file", file.display().to_string());
    let key = read.map_err(|error| {
        let facts = [shown(), ("reason", error.to_string())];
        Failure::Sentence(UNAVAILABLE, session.texts.tell("pepper-unreadable", &facts))
    })?;
    if key.len() < LEAST {
        let sentence = session.texts.tell("pepper-too-short", &[shown()]);
        return Err(Failure::Sentence(UNAVAILABLE, sentence));
    }
    Ok(Some(key))
}

/// Makes a key that only the owner can read. Where another process was first, its key holds.
fn make(file: &Path) -> std::io::Result<Vec<u8>> {
    let chance = Chance::System;
    let key = [chance.salt(), chance.salt(), chance.salt()].concat();
    let beside = file.parent().filter(|folder| folder.is_dir());
    // Such a file is for its owner only.
    let mut unnamed = tempfile::NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))?;
    unnamed.write_all(&key)?;
    unnamed.as_file().sync_all()?;
    match unnamed.persist_noclobber(file) {
        Ok(_) => Ok(key),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => std::fs::read(file),
        Err(error) => Err(error.error),
    }
}
