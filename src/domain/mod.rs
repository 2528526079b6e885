//! The rules of the scheme, pure: no I/O, no clock, no chance, no database. Facts and a command in, a decision or a refusal out.
#![warn(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

pub mod actor;
mod id;
pub mod money;
pub mod month;
pub mod number;
pub mod weight;

pub mod account;
pub mod journal;
pub mod seal;

pub mod fee;
pub mod household;
pub mod household_account;
pub mod material;
pub mod move_out;
pub mod opening;
pub mod pickup;
pub mod pickup_material;
pub mod price_list;
pub mod settings;
pub mod settlement;
pub mod stock;
pub mod village;

pub mod closing;
pub mod device;
pub mod month_close;
pub mod register;
pub mod reversal;
pub mod sign_off;

pub mod command;
pub mod decide;
mod event;
pub mod facts;
mod known;
pub mod projection;
mod refusal;
pub mod report;

pub use self::account::{Account, AccountRef};
pub use self::actor::{Actor, Role};
pub use self::command::{Command, Request};
pub use self::event::Event;
pub use self::facts::{Book, DocumentKind};
pub use self::household::HouseholdKind;
pub use self::id::{
    CollectorCode, DocumentNo, Group, HouseholdNo, MaterialCode, VillageCode, natural_order,
    plain_text,
};
pub use self::material::Material;
pub use self::money::Money;
pub use self::month::Month;
pub use self::refusal::Refusal;
pub use self::village::Village;
pub use self::weight::{Quantity, Unit, UnitPrice, WrittenUnit};
