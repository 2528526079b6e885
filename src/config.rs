//! What comes from the environment: where the database is, the language, and how logs look.

use std::io::IsTerminal as _;

use crate::text::Language;

/// The database where none is named.
pub const DATABASE: &str = "sqlite:jinfu.db";

/// The environment variable that names the database.
pub const DATABASE_VARIABLE: &str = "JINFU_DATABASE";

/// The environment variable that names the key file for the PINs of households.
pub const PEPPER_VARIABLE: &str = "JINFU_PEPPER_FILE";

/// The language of the locale: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub fn language() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let locale = set.into_iter().find(|locale| !locale.is_empty());
    locale.map_or(Language::Chinese, |locale| Language::of_locale(&locale))
}

/// The environment variable that says how logs look: `json` or `pretty`.
pub const LOG_VARIABLE: &str = "JINFU_LOG";

/// How logs look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// A line of text for each event, for people.
    Pretty,
    /// A line of JSON for each event, for machines.
    Json,
}

/// The format that `JINFU_LOG` names; without a valid name, text on a terminal and JSON elsewhere.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub fn log_format() -> LogFormat {
    match std::env::var(LOG_VARIABLE).as_deref() {
        Ok("json") => LogFormat::Json,
        Ok("pretty") => LogFormat::Pretty,
        _ if std::io::stderr().is_terminal() => LogFormat::Pretty,
        _ => LogFormat::Json,
    }
}
