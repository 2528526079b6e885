#![doc = include_str!("docs/ARCHITECTURE.md")]
//!
//! The modules, in reading order.
#![forbid(unsafe_code)]

pub mod domain;

mod store;

pub mod ledger;

pub mod files;
pub mod http;
pub mod text;

pub mod cli;
pub mod clock;
pub mod config;
pub mod telemetry;
