//! Households: registered, changed by effective date, moved, merged, split; their statements.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::{Question, View};
use crate::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use crate::domain::merge::MergeHouseholds;
use crate::domain::month::written_time;
use crate::domain::move_out::{MoveOut, RefundAdvance};
use crate::domain::number::parse_whole;
use crate::domain::{Command, Group, HouseholdKind, HouseholdNo, Money, Refusal};
use crate::http::extract::{Body, Order, Query, Visit};
use crate::http::listing::{Listing, Page};
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::wire::{Plain, Written, maybe};
use crate::ledger::directory::HouseholdRecord;
use crate::ledger::statement::Statement;
use crate::text::masking::mask_name;
