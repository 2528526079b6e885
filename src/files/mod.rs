//! Files in and out: a village folder becomes commands, a report or statement becomes CSV.

pub mod export;
pub mod import;
pub mod journal;
