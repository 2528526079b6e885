//! The service as programs use it: in process, on both engines.

mod authority;
mod desk;
mod sample;
