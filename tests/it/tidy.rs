//! Rules about the tree itself: layers, names, file heads, lengths, texts and migrations. A new rule becomes a test here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::harness::raw::Raw;
use crate::harness::{Database, on_both, repository};

/// Every file below a folder of the repository whose name ends so.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push((shown(&path), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} below {folder}");
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository(""))
        .unwrap_or(path)
        .display()
        .to_string()
}

/// All Rust of the repository.
fn rust() -> Vec<(String, String)> {
    [
        files("src", ".rs"),
        files("tests", ".rs"),
        files("benches", ".rs"),
    ]
    .concat()
}

#[test]
fn every_layer_uses_only_the_layers_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("domain", [].as_slice()),
        ("text", &["domain"]),
        ("store", &["domain"]),
        ("ledger", &["domain", "store", "clock"]),
        ("files", &["domain", "text"]),
        (
            "http",
            &["ledger", "domain", "text", "files", "clock", "config"],
        ),
        (
            "cli",
            &[
                "ledger", "domain", "text", "files", "clock", "config", "http",
            ],
        ),
        ("config.rs", &["text"]),
        ("clock.rs", &[]),
        ("telemetry.rs", &["config"]),
    ]);
    for (file, content) in files("src", ".rs") {
        let layer = file.split('/').nth(1).unwrap();
        let Some(below) = allowed.get(layer) else {
            continue;
        };
        for (number, line) in (1..).zip(content.lines()) {
            for used in line.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|char| char.is_alphanumeric() || *char == '_')
                    .collect();
                let is_own = layer.trim_end_matches(".rs") == used;
                assert!(
                    is_own || below.contains(&used.as_str()),
                    "{file}:{number} uses {used}"
                );
            }
        }
    }
}

#[test]
fn the_domain_knows_no_database_no_clock_and_no_runtime() {
    for (file, content) in files("src/domain", ".rs") {
        for banned in [
            "sqlx",
            "axum",
            "tokio",
            "tracing",
            "utoipa",
            "std::env",
            "Timestamp::now",
            "f64",
            "f32",
        ] {
            assert!(!content.contains(banned), "{file} mentions {banned}");
        }
    }
}

#[test]
fn sql_is_made_from_pieces_in_one_place_only() {
    for (file, content) in files("src", ".rs") {
        let may = [
            "src/store/bulk.rs",
            "src/store/dialect.rs",
            "src/store/guard.rs",
            "src/store/migrate.rs",
        ]
        .contains(&file.as_str());
        assert!(may || !content.contains("AssertSqlSafe"), "{file}");
    }
}

// Closing any handle of a database file drops the locks that SQLite holds on it in the same process.
#[test]
fn nothing_but_sqlite_opens_the_database_file() {
    for (file, content) in [files("src/store", ".rs"), files("src/ledger", ".rs")].concat() {
        for banned in [
            "File::open",
            "File::create",
            "OpenOptions",
            "fs::read",
            "fs::write",
            "fs::copy",
            "fs::rename",
            "fs::remove",
        ] {
            assert!(!content.contains(banned), "{file} has {banned}");
        }
        // The lock of the writer is on a file of its own beside the database; what syncs the database's own file never closes it.
        let may_open = match file.as_str() {
            "src/store/mod.rs" => content.contains("beside.push(\".lock\")"),
            "src/store/checkpoint.rs" => content.contains("Box::leak(Box::new(File::options()"),
            _ => false,
        };
        let opens = content.matches("File::options").count();
        assert!(opens == usize::from(may_open), "{file} opens {opens} files");
    }
    for (file, content) in files("src/cli", ".rs") {
        for (number, line) in (1..).zip(content.lines()) {
            let opens = line.contains("fs::") || line.contains("File::");
            assert!(!(opens && line.contains("database")), "{file}:{number}");
        }
    }
}

#[test]
fn no_module_is_a_junk_drawer() {
    let banned = [
        "utils", "util", "helpers", "common", "misc", "manager", "types", "prelude",
    ];
    for (file, _) in rust() {
        let path = PathBuf::from(&file);
        for part in &path.with_extension("") {
            assert!(!banned.contains(&part.to_str().unwrap()), "{file}");
        }
    }
}

#[test]
fn every_file_says_what_it_owns_and_fits_on_a_few_screens() {
    for (file, content) in rust() {
        let says = content.starts_with("//!") || content.starts_with("#![doc");
        assert!(says, "{file} does not begin with //!");
        assert!(
            content.lines().count() <= 500,
            "{file} has {} lines",
            content.lines().count()
        );
    }
}

// The description keeps one schema of a name, whichever comes last.
#[test]
fn no_two_answers_or_bodies_are_described_under_one_name() {
    let mut names = BTreeMap::new();
    for (file, content) in files("src", ".rs") {
        let mut lines = content.lines();
        while let Some(line) = lines.next() {
            if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
                continue;
            }
            let item = lines.find(|line| line.contains("struct ") || line.contains("enum "));
            let words = item.unwrap().split(['<', '(', ' ']);
            let name = words.skip_while(|word| !["struct", "enum"].contains(word));
            let name = name.skip(1).find(|word| !word.is_empty()).unwrap();
            let other = names.insert(name.trim_end_matches(';').to_owned(), file.clone());
            assert_eq!(other, None, "{name} of {file}");
        }
    }
    assert!(names.len() > 50, "{names:?}");
}

#[test]
fn nothing_is_left_undone_and_no_machine_is_named() {
    let marks = [
        "TO_DO",
        "FIX_ME",
        "HA_CK",
        "to_do!(",
        "unimple_mented!(",
        "/ro_ot/",
        "/wo_rk/",
        "/ho_me/",
    ];
    let marks = marks.map(|mark| mark.replace('_', ""));
    let texts = [
        files("src", ""),
        files("tests/it", ""),
        files("benches", ""),
        files("migrations", ".sql"),
        files("examples", ""),
    ];
    for (file, content) in texts
        .concat()
        .into_iter()
        .filter(|(file, _)| !file.starts_with("target"))
    {
        for mark in &marks {
            assert!(!content.contains(mark.as_str()), "{file} holds {mark}");
        }
    }
}

#[test]
fn both_engines_have_the_same_migrations_and_tables() {
    let names = |engine: &str| {
        let found = files(&format!("migrations/{engine}"), ".sql");
        found
            .into_iter()
            .map(|(file, _)| file.rsplit('/').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let catalogues = Mutex::new(Vec::new());
    on_both(async |engine| {
        let database = Database::new(engine).await;
        drop(database.open("2025-09-01T00:00:00Z", 1).await);
        let mut raw = Raw::open(&database).await;
        let mut columns = BTreeMap::new();
        for table in raw.tables().await {
            let (named, key) = (raw.columns(&table).await, raw.key(&table).await);
            let names: Vec<String> = named.into_iter().map(|(name, _)| name).collect();
            columns.insert(table, (names, key));
        }
        assert!(columns.len() > 15, "{columns:?}");
        catalogues.lock().unwrap().push(columns);
        drop(raw);
        database.discard().await;
    });
    let catalogues = catalogues.into_inner().unwrap();
    let first = catalogues.first().unwrap();
    assert!(catalogues.iter().all(|other| other == first));
}

/// The messages of a Fluent file with the names they fill in.
fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in std::fs::read_to_string(repository(file)).unwrap().lines() {
        if let Some((key, _)) = line
            .split_once(" =")
            .filter(|_| !line.starts_with([' ', '#']))
        {
            key.clone_into(&mut current);
            assert!(
                messages.insert(current.clone(), BTreeSet::new()).is_none(),
                "{file} has {key} twice"
            );
        }
        for filled in line.split("{ $").skip(1) {
            let name = filled.split([' ', '}']).next().unwrap().to_owned();
            messages.entry(current.clone()).or_default().insert(name);
        }
    }
    messages
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_facts() {
    let (chinese, english) = (messages("src/text/zh-CN.ftl"), messages("src/text/en.ftl"));
    let keys = |messages: &BTreeMap<String, BTreeSet<String>>| {
        messages.keys().cloned().collect::<BTreeSet<_>>()
    };
    let apart: Vec<_> = keys(&chinese)
        .symmetric_difference(&keys(&english))
        .cloned()
        .collect();
    assert_eq!(apart, Vec::<String>::new());
    for (key, facts) in &chinese {
        assert_eq!(Some(facts), english.get(key), "{key}");
    }
}

/// The variants of an enum in a source file, each with its fields.
fn variants(file: &str, name: &str) -> Vec<(String, BTreeSet<String>)> {
    let source = std::fs::read_to_string(repository(file)).unwrap();
    let body = source
        .split(&format!("pub enum {name} {{"))
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let code: String = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join(" ");
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(start) = rest.find(|char: char| char.is_ascii_uppercase()) {
        rest = &rest[start..];
        let end = rest.find([' ', ',', '{']).unwrap_or(rest.len());
        let variant = rest[..end].to_owned();
        let (fields, after) = match rest[end..].trim_start().strip_prefix('{') {
            Some(inside) => inside.split_once('}').unwrap(),
            None => ("", &rest[end..]),
        };
        let names = fields
            .split(':')
            .map(|part| part.rsplit([',', ' ']).find(|word| !word.is_empty()));
        let names: BTreeSet<String> = names.flatten().map(str::to_owned).collect();
        found.push((variant, names));
        rest = after;
    }
    found
}

fn kebab(variant: &str) -> String {
    let mut name = String::new();
    for char in variant.chars() {
        if char.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(char.to_ascii_lowercase());
    }
    name
}

#[test]
fn every_refusal_and_trouble_has_a_sentence_that_names_only_its_facts() {
    let texts = messages("src/text/zh-CN.ftl");
    let families = [
        ("src/domain/refusal.rs", "Refusal", "refusal"),
        ("src/ledger/error.rs", "Trouble", "trouble"),
        ("src/ledger/access/error.rs", "AccessError", "access"),
        ("src/files/import/problem.rs", "FolderProblem", "folder"),
        ("src/files/journal.rs", "DumpProblem", "dump"),
        ("src/domain/closing.rs", "Obstacle", "obstacle"),
        ("src/ledger/statement.rs", "LineKind", "line"),
    ];
    for (file, name, family) in families {
        let variants = variants(file, name);
        assert!(variants.len() > 5, "{file}: {variants:?}");
        // What only wraps another error has that one's sentence.
        for (variant, fields) in variants
            .into_iter()
            .filter(|(variant, _)| !variant.contains('('))
        {
            let key = format!("{family}-{}", kebab(&variant));
            let facts = texts
                .get(&key)
                .unwrap_or_else(|| panic!("{key} has no text"));
            assert!(facts.is_subset(&fields), "{key}: {facts:?} of {fields:?}");
        }
    }
}

#[test]
fn every_text_is_used() {
    let source: String = files("src", ".rs")
        .into_iter()
        .map(|(_, content)| content)
        .collect();
    // Texts of these families are found by a name that is put together.
    let families = [
        "cli",
        "refusal-",
        "cell-",
        "trouble-",
        "access-",
        "problem-",
        "folder-",
        "dump-",
        "word-",
        "line-",
        "kind-",
        "obstacle-",
        "answer-",
    ];
    for key in messages("src/text/zh-CN.ftl").keys() {
        let is_found_by_name = families.iter().any(|family| key.starts_with(family));
        assert!(
            is_found_by_name || source.contains(&format!("\"{key}\"")),
            "{key} is never used"
        );
    }
}

#[test]
fn every_command_stands_in_the_readme() {
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(repository(readme)).unwrap();
        for key in messages("src/text/en.ftl")
            .keys()
            .filter_map(|key| key.strip_prefix("cli-"))
        {
            let is_command = !key.contains('-') && key != "usage";
            assert!(
                !is_command || text.contains(&format!("jinfu {key}")),
                "{readme} lacks jinfu {key}"
            );
        }
    }
}
