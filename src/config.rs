//! What comes from the environment: where the database is, and the language.

use crate::text::Language;

/// The database where none is named.
pub const DATABASE: &str = "sqlite:jinfu.db";

/// The environment variable that names the database.
pub const DATABASE_VARIABLE: &str = "JINFU_DATABASE";

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
