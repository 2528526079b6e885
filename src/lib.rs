//! jinfu
#![forbid(unsafe_code)]
pub mod domain;
pub mod clock;
mod store;
pub mod ledger;
