//! `jinfu export` and `jinfu import-journal`: a village's whole book out of one database and into another.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::cli::arguments::{ExportOptions, ImportJournalOptions};
use crate::cli::import::progress;
use crate::cli::{Failure, REFUSED, Session, UNAVAILABLE};
use crate::domain::facts::Head;
use crate::domain::journal::{Entry, Private};
use crate::domain::{VillageCode, seal};
use crate::files::journal::{DumpProblem, Header, read_entry, write_entry};
use crate::ledger::{Ledger, Rejected};

/// A line longer than this is no entry of ours.
const LINE_MAX: u64 = 64 * 1024 * 1024;

fn not_written(session: &Session, file: &Path, error: &std::io::Error) -> Failure {
    let facts = [
        ("file", file.display().to_string()),
        ("reason", error.to_string()),
    ];
    Failure::Sentence(UNAVAILABLE, session.texts.tell("file-not-written", &facts))
}

fn told(session: &Session, problem: &DumpProblem) -> Failure {
    Failure::Sentence(REFUSED, session.texts.sentence("dump", &problem.facts()))
}

pub(super) async fn export(session: &Session, options: &ExportOptions) -> Result<(), Failure> {
    let code = options.village.as_deref();
    let code = code
        .map(|code| VillageCode::parse("village", code))
        .transpose()?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let head = ledger.head(&code).await?;
    // The file gets its name when it is whole.
    let folder = options.file.parent().filter(|folder| folder.is_dir());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| not_written(session, &options.file, &error))?;
    let header = Header::of(code, head);
    write_book(session, &ledger, &header, file.as_file(), &options.file).await?;
    ledger.close().await?;
    file.as_file()
        .sync_all()
        .map_err(|error| not_written(session, &options.file, &error))?;
    file.persist(&options.file)
        .map_err(|error| not_written(session, &options.file, &error.error))?;
    eprintln!("{}", session.texts.tell("exported", &facts_of(&header)));
    Ok(())
}

fn facts_of(header: &Header) -> [(&'static str, String); 3] {
    [
        ("village", header.village.to_string()),
        ("entries", header.entries.to_string()),
        ("head", header.head.to_string().chars().take(16).collect()),
    ]
}

/// Writes the header and every entry up to the head it names; the chain is recomputed on the way, so that no damaged book leaves the house.
async fn write_book(
    session: &Session,
    ledger: &Ledger,
    header: &Header,
    to: &File,
    shown: &Path,
) -> Result<(), Failure> {
    let mut to = BufWriter::new(to);
    let mut write = |line: String| {
        to.write_all(line.as_bytes())
            .map_err(|error| not_written(session, shown, &error))
    };
    write(header.to_line())?;
    let bar = progress(u64::try_from(header.entries).ok());
    let (mut last, mut hash) = (0, seal::genesis(&header.village));
    while last < header.entries {
        let page = ledger.entries(&header.village, last).await?;
        let before = last;
        for (entry, private) in page {
            if entry.seq > header.entries {
                break;
            }
            hash = seal::chain(hash, &entry);
            if hash != entry.hash || entry.seq != last.saturating_add(1) {
                return Err(Failure::Sentence(
                    REFUSED,
                    session.texts.say("export-damaged"),
                ));
            }
            last = entry.seq;
            write(
                write_entry(&entry, private.as_ref()).map_err(|problem| told(session, &problem))?,
            )?;
        }
        if last == before {
            return Err(Failure::Sentence(
                REFUSED,
                session.texts.say("export-damaged"),
            ));
        }
        bar.inc(u64::try_from(last - before).unwrap_or(0));
    }
    bar.finish_and_clear();
    to.flush()
        .map_err(|error| not_written(session, shown, &error))
}

/// The lines of a file, read one by one.
struct Lines {
    shown: String,
    from: BufReader<File>,
    line: i64,
    /// How many entries the header tells of.
    entries: i64,
}

impl Lines {
    fn next(&mut self) -> Result<Option<String>, DumpProblem> {
        self.line = self.line.saturating_add(1);
        let mut text = String::new();
        let read = self.from.by_ref().take(LINE_MAX).read_line(&mut text);
        let read = read.map_err(|error| DumpProblem::Unreadable {
            file: self.shown.clone(),
            reason: error.to_string(),
        })?;
        Ok((read > 0).then_some(text))
    }
}

impl Iterator for Lines {
    type Item = Result<(Entry, Option<Private>), DumpProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = Lines::next(self).transpose()?;
        Some(text.and_then(|text| {
            read_entry(self.line, &text).map_err(|problem| {
                // A line without an end that is no entry is what is left of one.
                if text.ends_with('\n') {
                    problem
                } else {
                    DumpProblem::Cut {
                        found: self.line.saturating_sub(2),
                        expected: self.entries,
                    }
                }
            })
        }))
    }
}

pub(super) async fn import(
    session: &Session,
    options: &ImportJournalOptions,
) -> Result<(), Failure> {
    let shown = options.file.display().to_string();
    let unreadable = |error: std::io::Error| DumpProblem::Unreadable {
        file: shown.clone(),
        reason: error.to_string(),
    };
    let opened = File::open(&options.file).map_err(unreadable);
    let mut lines = Lines {
        shown: shown.clone(),
        from: BufReader::new(opened.map_err(|problem| told(session, &problem))?),
        line: 0,
        entries: 0,
    };
    let first = Lines::next(&mut lines).map_err(|problem| told(session, &problem))?;
    let header = Header::read(&shown, &first.unwrap_or_default())
        .map_err(|problem| told(session, &problem))?;
    lines.entries = header.entries;
    let promised = Head {
        next_seq: header.entries.saturating_add(1),
        hash: header.head,
    };
    let bar = progress(u64::try_from(header.entries).ok());
    let entries = lines.inspect(|_| bar.inc(1));
    let taken = Ledger::take_in(&session.database, &header.village, promised, entries).await;
    bar.finish_and_clear();
    taken.map_err(|rejected| explain(session, &header, rejected))?;
    eprintln!("{}", session.texts.tell("taken-in", &facts_of(&header)));
    Ok(())
}

fn explain(session: &Session, header: &Header, rejected: Rejected<DumpProblem>) -> Failure {
    let problem = match rejected {
        Rejected::Ledger(error) => return error.into(),
        Rejected::Source(problem) => problem,
        Rejected::Entry(seq, finding) => DumpProblem::Changed {
            line: seq.saturating_add(1),
            place: [Some(finding.table), Some(finding.row), finding.column]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            expected: finding.expected.unwrap_or_default(),
            found: finding.found.unwrap_or_default(),
        },
        Rejected::Head(head) if head.next_seq <= header.entries => DumpProblem::Cut {
            found: head.next_seq - 1,
            expected: header.entries,
        },
        Rejected::Head(head) => DumpProblem::HeadDiffers {
            expected: header.head.to_string(),
            found: head.hash.to_string(),
        },
    };
    told(session, &problem)
}
