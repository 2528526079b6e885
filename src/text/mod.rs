//! Every text a person reads, in Chinese and English. Sentences live in the Fluent files; code knows their names and facts only.

pub mod masking;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde_json::{Map, Value};
use unic_langid::LanguageIdentifier;

use crate::domain::held::HoldReason;
use crate::domain::{DocumentNo, Event, Refusal};

const CHINESE: &str = include_str!("zh-CN.ftl");
const ENGLISH: &str = include_str!("en.ftl");

/// A language that every text exists in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// Simplified Chinese, which comes first.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The language of a locale or language tag such as `en_US.UTF-8` or `zh-CN`; Chinese unless it is English.
    pub fn of_locale(locale: &str) -> Language {
        if locale.to_ascii_lowercase().starts_with("en") {
            Language::English
        } else {
            Language::Chinese
        }
    }

    /// The language tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }
}

/// The texts of one language.
pub struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl Texts {
    /// Loads the texts of a language.
    pub fn new(language: Language) -> Texts {
        let source = match language {
            Language::Chinese => CHINESE,
            Language::English => ENGLISH,
        };
        // A message that cannot be parsed is left out; a test parses both files whole.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks that isolate texts of other scripts show as boxes in terminals and spreadsheets.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Texts { language, bundle }
    }

    /// The language of the texts.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The text of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<String> {
        self.format(name, None)
    }

    /// The text of that name.
    pub fn say(&self, name: &str) -> String {
        self.find(name).unwrap_or_else(|| name.to_owned())
    }

    /// The text of that name with facts filled in.
    pub fn tell(&self, name: &str, facts: &[(&'static str, String)]) -> String {
        let mut args = FluentArgs::new();
        for (fact, value) in facts {
            args.set(*fact, FluentValue::from(value.as_str()));
        }
        self.format(name, Some(&args))
            .unwrap_or_else(|| name.to_owned())
    }

    /// The sentence for a code with its facts, as `<family>-<code>`.
    pub fn sentence(&self, family: &str, facts: &Map<String, Value>) -> String {
        let code = facts
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut args = FluentArgs::new();
        for (fact, value) in facts {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            args.set(fact.clone(), FluentValue::from(text));
        }
        let name = format!("{family}-{code}");
        self.format(&name, Some(&args)).unwrap_or(name)
    }

    /// The sentence of a refusal.
    pub fn refusal(&self, refusal: &Refusal) -> String {
        self.refused(refusal.facts())
    }

    /// The sentence of a refusal by its facts, its code among them, as they were kept.
    pub fn refused(&self, mut facts: Map<String, Value>) -> String {
        for somebody in ["requested_by", "person"] {
            if let Some(Value::String(written)) = facts.get(somebody) {
                let person = Value::String(self.person(written));
                facts.insert(somebody.to_owned(), person);
            }
        }
        if let Some(Value::Array(obstacles)) = facts.get("obstacles") {
            let told = obstacles.iter().map(|obstacle| self.obstacle(obstacle));
            let told = told.collect::<String>();
            facts.insert("obstacles".to_owned(), Value::String(told));
        }
        let code = facts
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (is_of_state, is_of_role) = (code == "month-stands", code == "role-may-not");
        let words = [
            (is_of_state, "needed", "state"),
            (is_of_role, "role", "role"),
            (is_of_role, "allowed", "role"),
        ];
        for (_, fact, family) in words.iter().filter(|(is_so, ..)| *is_so) {
            if let Some(Value::String(written)) = facts.get(*fact) {
                let words = written.split(", ");
                let words = words.map(|word| self.say(&format!("word-{family}-{word}")));
                let told = words.collect::<Vec<_>>().join(&self.say("word-or"));
                facts.insert((*fact).to_owned(), Value::String(told));
            }
        }
        self.sentence("refusal", &facts)
    }

    /// Why a pickup is held, one clause after the other.
    pub fn why_held(&self, reasons: &[HoldReason]) -> String {
        let clauses: Vec<String> = reasons
            .iter()
            .map(|reason| self.sentence("word-held", &reason.facts()))
            .collect();
        clauses.join(match self.language {
            Language::Chinese => "；",
            Language::English => "; ",
        })
    }

    /// The sentence that says that a pickup is held, and why (R-PK-7).
    pub fn pickup_held(&self, number: &DocumentNo, reasons: &[HoldReason]) -> String {
        let why = self.why_held(reasons);
        self.tell(
            "pickup-is-held",
            &[("number", number.to_string()), ("why", why)],
        )
    }

    /// The name of a kind of entry, with the number of its document.
    pub fn entry(&self, event: &Event) -> String {
        let kind = self.say(&format!("kind-{}", event.kind().replace('_', "-")));
        match event.document() {
            Some((_, number)) => format!("{kind} {number}"),
            None => kind,
        }
    }

    /// Somebody who stands in the journal as `role` or `role:name`.
    pub fn person(&self, written: &str) -> String {
        let (role, name) = written.split_once(':').unwrap_or((written, ""));
        let role = self.find(&format!("word-role-{role}")).unwrap_or_default();
        format!("{role} {name}").trim().to_owned()
    }

    /// One of the things that stand in the way, on a line of its own.
    fn obstacle(&self, obstacle: &Value) -> String {
        let Value::Object(facts) = obstacle else {
            return String::new();
        };
        let mut facts = facts.clone();
        if let Some(Value::String(check)) = facts.get("check") {
            let name = self.say(&format!("word-{}", check.replace('_', "-")));
            let name = format!("{name} ({check})");
            facts.insert("check".to_owned(), Value::String(name));
        }
        format!("\n- {}", self.sentence("obstacle", &facts))
    }

    fn format(&self, name: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(name)?.value()?;
        let mut errors = Vec::new();
        Some(
            self.bundle
                .format_pattern(pattern, args, &mut errors)
                .into_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_whole_fluent() {
        for source in [CHINESE, ENGLISH] {
            let parsed = FluentResource::try_new(source.to_owned());
            assert!(
                parsed.is_ok(),
                "{:?}",
                parsed.err().map(|(_, errors)| errors)
            );
        }
    }

    #[test]
    fn a_refusal_is_told_in_both_languages() {
        let refusal = Refusal::HouseholdUnknown {
            household_no: "03-017".to_owned(),
        };
        for language in [Language::Chinese, Language::English] {
            assert!(Texts::new(language).refusal(&refusal).contains("03-017"));
        }
    }
}
