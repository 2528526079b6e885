//! The service's doors on the network.

pub mod client;
pub mod figures;
pub mod gate;
pub mod health;
pub mod serve;
mod wire;
