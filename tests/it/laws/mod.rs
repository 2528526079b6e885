//! The laws of the book, tried on a random walk over every kind of command: in memory, on both engines, and by many callers at once.
//! `SEED`, `STEPS` and `ENGINE_STEPS` choose another walk, `REPORT_EVERY` how often the reports are made on it.

mod callers;
mod coverage;
mod engines;
mod homes;
mod in_memory;
mod office;
mod pickups;
mod tried;
mod village;
mod walk;
mod wrong;

/// A number from the environment, or the usual one.
pub(crate) fn chosen(name: &str, usual: u64) -> u64 {
    let set = std::env::vars_os()
        .find(|(variable, _)| variable == name)
        .and_then(|(_, value)| value.into_string().ok());
    set.and_then(|value| value.parse().ok()).unwrap_or(usual)
}
