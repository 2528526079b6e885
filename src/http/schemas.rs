//! Schemas of what the ledger answers as it is: the fields of the report and of the other lists, as they are written in JSON (interface.md, section 3).
//!
//! The layers below know nothing of the description of the interface, so these are not derived; tests hold every answer against them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::report::MonthReport;
use crate::domain::report::region::RegionReport;
use crate::domain::settings::Settings;
use crate::ledger::clearing::HalfDoneMove;
use crate::ledger::custody::{Custody, ListedReceipt};
use crate::ledger::months::VersionDifferences;
use crate::ledger::payout::OpenPayout;
use crate::ledger::service::{DisputeStanding, GroupSchedule, RoundStanding};
use crate::ledger::statement::Statement;

/// Every schema of the file, those that others are made of among them.
pub(crate) fn all() -> BTreeMap<String, RefOr<Schema>> {
    serde_json::from_str(include_str!("schemas.json")).expect("the file of schemas is JSON")
}

macro_rules! described {
    ($($type:ident),+) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    let schema = all().remove(stringify!($type));
                    schema.expect("the file of schemas has every one that is named here")
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    stringify!($type).into()
                }
            }
        )+
    };
}

described!(
    Custody,
    DisputeStanding,
    GroupSchedule,
    HalfDoneMove,
    ListedReceipt,
    MonthReport,
    OpenPayout,
    RegionReport,
    RoundStanding,
    Settings,
    Statement,
    VersionDifferences
);
