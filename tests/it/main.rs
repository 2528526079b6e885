//! The integration tests: one binary, one file per capability, everything through the public doors on real databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::print_stderr,
    clippy::await_holding_lock,
    reason = "a test that goes wrong should stop at once"
)]

mod access;
mod awaited;
mod bad_input;
mod batches;
mod demo;
mod directory;
mod faults;
mod fees;
mod first_month;
mod formats;
mod gate;
mod golden;
mod harness;
mod held;
mod households;
mod http;
mod import;
mod laws;
mod month;
mod office;
mod office_money;
mod payout;
mod queue;
mod random_walk;
mod refused;
mod region;
mod rounds;
mod station;
mod tampering;
mod tidy;
mod told_prices;
mod transfer;
mod upgrade;

mod model {
    //! A second, plain model of a village's book, written without looking at the ledger.
    pub(crate) mod book;
    mod figures;
    #[expect(clippy::module_inception, reason = "the model of the model")]
    pub(crate) mod model;
    pub(crate) mod random;
    mod runs;
    pub(crate) mod steps;
    pub(crate) mod walk;
}
