//! Which problems an operation may be answered with: those of every door by what it takes, and the refusals that a table names for it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

use crate::http::examples::EXAMPLES;
use crate::http::openapi::is_open;
use crate::http::problem::Problem;
use crate::ledger::access::AccessError;

/// The refusals of each operation: a line with its method, path and command, and under it the codes. Tests hold every answer and every refusal of
/// the random walks against it.
const TABLE: &str = include_str!("refusals.txt");

/// The problems that an operation may be answered with, by status.
pub(crate) fn of(
    operation: &Operation,
    method: &str,
    path: &str,
    is_command: bool,
) -> BTreeMap<String, Vec<Problem>> {
    let mut problems = of_everything();
    let has = |name: &str| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == name))
    };
    let query = |code| Problem::new(StatusCode::BAD_REQUEST, code);
    if !is_open(method, path) {
        problems.push(Problem::new(StatusCode::UNAUTHORIZED, "sign-in-needed"));
        problems.push(Problem::new(StatusCode::UNAUTHORIZED, "session-ended"));
        problems.push(query("query-not-understood").with("reason", "unknown field `colour`"));
    }
    if has("cursor") {
        problems.extend([
            query("limit-out-of-range").with("most", 500),
            query("cursor-unknown"),
            query("cursor-of-another-list"),
        ]);
    }
    if method != "get" {
        problems.extend(of_writing());
    }
    if operation.request_body.is_some() {
        problems.extend(of_bodies());
    }
    if is_command {
        problems.push(query("idempotency-key-required"));
        problems.push(query("idempotency-key-invalid"));
        problems.extend(refusal("id-used-for-other-content"));
    }
    if has("If-Match") {
        let needed = Problem::new(StatusCode::PRECONDITION_REQUIRED, "if-match-required");
        problems.push(needed);
    }
    if path.contains("{village}") {
        problems.extend(refusal("village-unknown"));
    }
    problems.extend(named(method, path).into_iter().filter_map(named_problem));
    let mut by_status: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
    for problem in problems {
        let status = problem.status().as_str().to_owned();
        by_status.entry(status).or_default().push(problem);
    }
    by_status
}

/// Whether a problem is one of every door that reads or writes, so that all operations with its status have the same others beside it.
pub(crate) fn is_of_any_door(problem: &Problem) -> bool {
    let is_its_own = problem.status() == StatusCode::BAD_REQUEST
        || problem.status() == StatusCode::NOT_FOUND
        || problem.status() == StatusCode::PRECONDITION_REQUIRED;
    !is_its_own && !problem.is_refusal()
}

fn of_everything() -> Vec<Problem> {
    vec![
        Problem::new(StatusCode::BAD_REQUEST, "malformed-request"),
        Problem::new(StatusCode::FORBIDDEN, "not-for-this-role"),
        Problem::new(StatusCode::NOT_FOUND, "nothing-there"),
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests").after(1),
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "went-wrong"),
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-busy").after(1),
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "books-closed").after(1),
    ]
}

fn of_writing() -> Vec<Problem> {
    vec![
        Problem::new(StatusCode::FORBIDDEN, "another-site"),
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown").after(1),
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-room").after(1),
    ]
}

fn of_bodies() -> Vec<Problem> {
    let malformed = |code, reason: &str, pointer: &str| {
        let problem = Problem::new(StatusCode::BAD_REQUEST, code);
        problem.with("reason", reason).at(pointer)
    };
    let end = "EOF while parsing an object at line 1 column 24";
    let number = "invalid type: floating point `12.3`, expected a string at line 1 column 16";
    vec![
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json").with("reason", end),
        malformed("wrong-type", number, "/amount"),
        malformed("unknown-field", "unknown field `colour`", "/colour"),
        malformed("missing-field", "missing field `amount`", ""),
        malformed("field-twice", "duplicate field `amount`", "/amount"),
        Problem::new(StatusCode::BAD_REQUEST, "body-broken-off"),
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow"),
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json"),
    ]
}

/// The codes that the table names for an operation.
fn named(method: &str, path: &str) -> Vec<&'static str> {
    let path = path.trim_start_matches("/api/v1");
    let mut lines = TABLE.lines().skip_while(|line| {
        let mut words = line.split_whitespace();
        line.starts_with(' ') || words.next() != Some(method) || words.next() != Some(path)
    });
    lines.next();
    let codes = lines.take_while(|line| line.starts_with(' '));
    codes.flat_map(str::split_whitespace).collect()
}

fn named_problem(code: &str) -> Option<Problem> {
    let access = || {
        let mut errors = of_accounts().into_iter();
        errors.find(|error| error.facts().get("code").is_some_and(|named| named == code))
    };
    refusal(code).or_else(|| access().map(Problem::from))
}

fn refusal(code: &str) -> Option<Problem> {
    EXAMPLES.get(code).cloned().map(Problem::from)
}

/// An example of each error about accounts and sessions.
fn of_accounts() -> Vec<AccessError> {
    let name = || "li".to_owned();
    vec![
        AccessError::WrongSignIn,
        AccessError::WrongPin,
        AccessError::PhoneBlocked,
        AccessError::PhoneStopped,
        AccessError::TriedTooOften { seconds: 60 },
        AccessError::TooManySignIns,
        AccessError::CardUnknown,
        AccessError::EnrolmentUnknown,
        AccessError::NameTaken { name: name() },
        AccessError::UserUnknown { name: name() },
        AccessError::TokenUnknown { name: name() },
        AccessError::PasswordLength {
            least: 12,
            most: 128,
        },
        AccessError::PasswordCommon,
        AccessError::ScopeTooWide {
            scope: "430302101".to_owned(),
        },
        AccessError::CollectorNeedsVillage,
        AccessError::RoleHasNoAccount { role: "household" },
        AccessError::PepperMissing,
        AccessError::ExpiryOutOfRange { most_days: 366 },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::description;

    /// A code that is misspelt would be left out of the description without a word.
    #[test]
    fn the_table_speaks_of_operations_and_problems_that_there_are() {
        let described = serde_json::to_value(description()).expect("it is JSON");
        for line in TABLE.lines() {
            if line.starts_with(' ') {
                for code in line.split_whitespace() {
                    assert!(named_problem(code).is_some(), "{code}");
                }
                continue;
            }
            let mut words = line.split_whitespace();
            let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let operation = &described["paths"][format!("/api/v1{path}")][method];
            assert!(operation.is_object(), "{line}");
        }
    }
}
