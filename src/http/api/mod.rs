//! The interface for programs: one file per resource. A handler reads what was sent, builds one command or asks one question, and answers.
#![expect(
    unused_qualifications,
    reason = "the macro that describes an operation writes them"
)]

pub(crate) mod accounts;
pub(crate) mod cash;
pub(crate) mod disputes;
pub(crate) mod documents;
pub(crate) mod fees;
pub(crate) mod fund;
pub(crate) mod held;
pub(crate) mod households;
pub(crate) mod journal;
pub(crate) mod materials;
pub(crate) mod months;
pub(crate) mod moves;
pub(crate) mod payouts;
pub(crate) mod phones;
pub(crate) mod pickups;
pub(crate) mod rounds;
pub(crate) mod sessions;
pub(crate) mod station;
pub(crate) mod sync;
pub(crate) mod sync_news;
pub(crate) mod sync_results;
pub(crate) mod villages;
