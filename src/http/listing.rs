//! Lists: rows in a fixed order, and a cursor behind the last one where there may be more.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::domain::seal::from_hex;
use crate::http::problem::Problem;

/// How many rows a page has at most.
const LIMIT_MOST: usize = 500;
/// How many rows a page has where the request does not say.
const LIMIT_USUAL: usize = 100;

/// A list, or a page of one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The rows.
    data: Vec<T>,
    /// The cursor to the next page; none behind the last row.
    next: Option<String>,
    /// Whether there are more rows.
    has_more: bool,
}

impl<T> Listing<T> {
    /// A list that is given whole.
    pub(crate) const fn whole(data: Vec<T>) -> Listing<T> {
        Listing {
            data,
            next: None,
            has_more: false,
        }
    }

    /// A page made from one row more than it has, if there are as many.
    pub(crate) fn page(
        mut data: Vec<T>,
        asked: &Page,
        filter: &str,
        key: impl FnOnce(&T) -> String,
    ) -> Listing<T> {
        let has_more = data.len() > asked.limit();
        data.truncate(asked.limit());
        let last = data.last().filter(|_| has_more);
        Listing {
            next: last.map(|row| cursor(filter, &key(row))),
            has_more,
            data,
        }
    }
}

impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// Which page is asked for.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many rows the page has at most, 1 to 500; 100 where it is not named.
    limit: Option<usize>,
    /// The cursor of the page before.
    cursor: Option<String>,
}

impl Page {
    /// How many rows it has at most.
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MOST)
    }

    /// How many rows to read: one more tells whether there is a next page.
    pub(crate) fn rows(&self) -> usize {
        self.limit().saturating_add(1)
    }

    /// The key of the last row before the page.
    ///
    /// # Errors
    /// A cursor that this list never gave, or one of another filter.
    pub(crate) fn after(&self, filter: &str) -> Result<Option<String>, Problem> {
        if self
            .limit
            .is_some_and(|limit| !(1..=LIMIT_MOST).contains(&limit))
        {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "limit-out-of-range")
                .with("most", LIMIT_MOST));
        }
        let cursor = self.cursor.as_ref();
        cursor.map(|cursor| key_of(cursor, filter)).transpose()
    }
}

/// The key that a cursor of a list and filter was made of.
///
/// # Errors
/// A cursor that this list never gave, or one of another filter.
pub(crate) fn key_of(cursor: &str, filter: &str) -> Result<String, Problem> {
    let unknown = || Problem::new(StatusCode::BAD_REQUEST, "cursor-unknown");
    let (version, rest) = cursor.split_once('.').ok_or_else(unknown)?;
    let (of, key) = rest.split_once('.').ok_or_else(unknown)?;
    if version != VERSION || of.len() != mark(filter).len() {
        return Err(unknown());
    }
    if of != mark(filter) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "cursor-of-another-list",
        ));
    }
    let bytes = from_hex(key).ok_or_else(unknown)?;
    String::from_utf8(bytes).map_err(|_| unknown())
}

/// The version of the form of cursors.
const VERSION: &str = "1";

/// A cursor: its version, the list and filter that it belongs to, and the key of the last row.
pub(crate) fn cursor(filter: &str, key: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(key.len() * 2);
    for byte in key.bytes() {
        write!(hex, "{byte:02x}").expect("a string takes any text");
    }
    format!("{VERSION}.{}.{hex}", mark(filter))
}

/// What tells one list and filter from another.
fn mark(filter: &str) -> String {
    let digest = Sha256::digest(filter.as_bytes());
    let marks = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
    marks.collect()
}
