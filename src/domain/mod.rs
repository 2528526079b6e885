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
pub mod charge_key;
pub mod journal;
pub mod seal;

pub mod cash_custody;
pub mod clearing;
pub mod collector;
pub mod collector_pay;
pub mod dispute;
pub mod fee;
pub mod fund;
pub mod held;
pub mod household;
pub mod household_account;
pub mod material;
pub mod merge;
pub mod move_out;
pub mod opening;
mod own_pickup;
pub mod payout;
mod payout_hold;
pub mod phone;
pub mod pickup;
pub mod pickup_material;
pub mod price_list;
pub mod recent_lines;
pub mod refuse;
pub mod round;
pub mod sale;
pub mod schedule;
mod service;
pub mod settings;
pub mod settlement;
pub mod split;
pub mod stock;
pub mod stock_count;
mod told_price;
pub mod transit;
pub mod village;
mod weighing;
pub mod write_off;

pub mod closing;
pub mod month_close;
pub mod register;
pub mod reversal;
pub mod sign_off;

mod apply;
pub mod authority;
pub mod command;
pub mod decide;
pub mod document;
mod event;
pub mod facts;
mod known;
pub mod projection;
mod refusal;
pub mod report;

pub use self::account::{Account, AccountRef};
pub use self::actor::{Actor, Role};
pub use self::charge_key::ChargeKey;
pub use self::command::{Command, Request};
pub use self::document::DocumentKind;
pub use self::event::Event;
pub use self::facts::Book;
pub use self::household::HouseholdKind;
pub use self::id::{
    BuyerCode, CollectorCode, DocumentNo, Group, HouseholdNo, MaterialCode, PointCode, VillageCode,
    natural_order, plain_text,
};
pub use self::material::Material;
pub use self::money::Money;
pub use self::month::Month;
pub use self::refusal::Refusal;
pub use self::village::Village;
pub use self::weight::{Quantity, Unit, UnitPrice, WrittenUnit};
