//! The service as programs use it: in process, on both engines.

mod authority;
mod contract;
mod desk;
mod sample;
