//! The service as programs use it: in process, on both engines.

mod attempts;
mod authority;
mod contract;
pub(crate) mod described;
mod desk;
mod sample;
mod schemathesis;
mod sync;
mod sync_clock;
mod sync_doors;
mod sync_news;
mod sync_numbers;
mod sync_phones;
mod sync_stopped;
mod sync_voids;
