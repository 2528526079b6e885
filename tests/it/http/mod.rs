//! The service as programs use it: in process, on both engines.

mod attempts;
mod authority;
mod contract;
pub(crate) mod described;
mod desk;
mod sample;
mod schemathesis;
