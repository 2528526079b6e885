//! What a walk has to come by: every kind of event, and every refusal but those that no command of the walk can meet.

use std::collections::{BTreeMap, BTreeSet};

use super::tried::Counts;
use crate::harness::repository;
use crate::http::described::refusals_of;

/// Refusals of what is read, before it is a command at all.
const OF_READING: &[&str] = &[
    "cell-has-no-result",
    "cell-is-date",
    "cell-is-error",
    "control-character",
    "no-such-version",
    "no-village-yet",
    "not-a-date",
    "not-a-month",
    "not-a-number",
    "not-a-region",
    "not-a-time",
    "not-a-time-of-day",
    "not-a-village-code",
    "region-unknown",
    "too-long",
    "too-many-cells",
    "too-many-places",
    "which-village",
];

/// Refusals that take a rare turn of things; tests of their own show them.
const RARE: &[&str] = &[
    "advance-refunded-since",
    "charge-elsewhere",
    "charge-issued-later",
    "credit-below-zero",
];

/// Refusals that the office's walk cannot meet, since it names no revisions and sends no collector to another's round; tests of the service show them.
const OF_DOORS: &[&str] = &[
    "changed-meanwhile",
    "round-of-another",
    "settings-changed-meanwhile",
];

/// Every word between quotes behind `=> ` that a function of a source gives for a variant.
fn kinds_of_events() -> BTreeSet<String> {
    let source = std::fs::read_to_string(repository("src/domain/event.rs")).unwrap();
    let arms = source
        .lines()
        .filter(|line| line.trim().starts_with("Event::"));
    let words = arms.filter_map(|line| line.split_once("(_) => \""));
    let words = words.filter_map(|(_, rest)| rest.split_once('"'));
    words.map(|(word, _)| word.to_owned()).collect()
}

/// The codes of the refusals: its variants in kebab-case.
fn codes_of_refusals() -> BTreeSet<String> {
    let source = std::fs::read_to_string(repository("src/domain/refusal.rs")).unwrap();
    let (_, variants) = source.split_once("pub enum Refusal {").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let lines = variants
        .lines()
        .filter_map(|line| line.strip_prefix("    "));
    let is_variant = |line: &&str| line.starts_with(|first: char| first.is_ascii_uppercase());
    lines.filter(is_variant).map(kebab).collect()
}

fn kebab(variant: &str) -> String {
    let mut code = String::new();
    for letter in variant.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !code.is_empty() {
            code.push('-');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

/// Every kind of event occurred.
pub(super) fn check_events(occurred: impl Fn(&str) -> bool) {
    let kinds = kinds_of_events();
    assert!(kinds.len() > 50, "{kinds:?}");
    let missing: Vec<_> = kinds.iter().filter(|kind| !occurred(kind)).collect();
    assert!(missing.is_empty(), "never accepted: {missing:?}");
}

/// Nothing that commands can do and no refusal that they can meet was left out.
pub(super) fn check(counts: &Counts) {
    check_events(|kind| counts.accepted.contains_key(kind));
    let codes = codes_of_refusals();
    let excepted = [OF_READING, RARE, OF_DOORS].concat();
    for excepted in &excepted {
        assert!(codes.contains(*excepted), "no refusal {excepted}");
    }
    let is_expected = |code: &&String| !excepted.contains(&code.as_str());
    let expected = codes.iter().filter(is_expected);
    let missing: Vec<_> = expected
        .filter(|code| !counts.refused.contains_key(*code))
        .collect();
    assert!(missing.is_empty(), "never refused: {missing:?}");
    assert!(counts.replayed > 0, "never answered again");
    check_described(counts);
}

/// The description of the interface names every refusal for the commands that met it.
fn check_described(counts: &Counts) {
    let mut named = BTreeMap::new();
    let is_unknown = |(command, code): &&(String, String)| {
        let codes = named
            .entry(command.clone())
            .or_insert_with(|| refusals_of(command));
        !codes.contains(code)
    };
    let missing: Vec<_> = counts.met.iter().filter(is_unknown).collect();
    assert!(missing.is_empty(), "refusals.txt lacks {missing:?}");
}
