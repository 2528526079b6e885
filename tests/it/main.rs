//! The integration tests: one binary, one file per capability, everything through the public doors on real databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    reason = "a test that goes wrong should stop at once"
)]

mod fees;
mod first_month;
mod harness;
mod import;
mod random_walk;
mod tidy;

mod model {
    //! A second, plain model of a village's book, written without looking at the ledger.
    pub(crate) mod book;
    mod figures;
    #[expect(clippy::module_inception, reason = "the model of the model")]
    pub(crate) mod model;
    mod random;
    mod runs;
    pub(crate) mod steps;
    pub(crate) mod walk;
}
