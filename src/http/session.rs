//! Who is who: the session of a browser's cookie or the token of a program, and the record of who read and was refused what.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::domain::VillageCode;
use crate::domain::authority::{Denied, Identity, Question, View};
use crate::http::extract::Visit;
use crate::http::gate::SESSION_COOKIE;
use crate::http::problem::Problem;
use crate::http::state::Service;
use crate::ledger::access::{Deed, Recognised};

/// The secret that a request shows: of an `Authorization: Bearer` header, else of the session's cookie.
pub(crate) fn secret(headers: &HeaderMap) -> Option<&str> {
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        }
        None => cookie(headers),
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value)
    })
}

/// A cookie that keeps a session in a browser, or ends it.
pub(crate) fn set_cookie(secret: Option<(&str, i64)>) -> Option<HeaderValue> {
    let (value, seconds) = secret.unwrap_or(("", 0));
    let rules = "Path=/; Secure; HttpOnly; SameSite=Lax";
    HeaderValue::from_str(&format!(
        "{SESSION_COOKIE}={value}; Max-Age={seconds}; {rules}"
    ))
    .ok()
}

/// Recognises whoever sent a request.
///
/// # Errors
/// 401 where it shows nothing that is known.
pub(crate) async fn recognise(
    service: &Service,
    headers: &HeaderMap,
) -> Result<Recognised, Problem> {
    let Some(secret) = secret(headers) else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "sign-in-needed"));
    };
    let ended = || Problem::new(StatusCode::UNAUTHORIZED, "session-ended");
    service.access.identify(secret).await?.ok_or_else(ended)
}

/// Who stands in the record.
pub(crate) fn written(identity: &Identity) -> String {
    format!("{}:{}", identity.role.word(), identity.account)
}

/// Writes down that personal details were asked for, and whether they were shown; other questions leave no trace unless they were refused.
pub(crate) async fn note_reading(
    visit: &Visit,
    question: Question<'_>,
    view: Result<View, Denied>,
) -> Result<(), Problem> {
    let (action, village, subject) = match question {
        Question::Households(village) => ("read_households", Some(village), None),
        Question::Household(village, number) => {
            ("read_household", Some(village), Some(number.as_str()))
        }
        Question::Audit => ("read_audit", None, None),
        Question::Village(village)
        | Question::Rounds(village)
        | Question::Phone(village)
        | Question::Office(village)
        | Question::Books(village)
            if view.is_err() =>
        {
            ("ask", Some(village), None)
        }
        Question::Region(_) | Question::Accounts if view.is_err() => ("ask", None, None),
        Question::Village(_)
        | Question::Rounds(_)
        | Question::Phone(_)
        | Question::Office(_)
        | Question::Books(_)
        | Question::Region(_)
        | Question::Accounts => return Ok(()),
    };
    let deed = Deed {
        actor: &written(&visit.identity),
        action,
        village,
        subject,
        is_allowed: view.is_ok(),
        trace_id: visit.context.trace_id(),
    };
    Ok(visit.service.access.note(deed).await?)
}

/// Writes down that somebody gave a command that is not for him.
pub(crate) async fn note_refused(visit: &Visit, village: &VillageCode) -> Result<(), Problem> {
    let deed = Deed {
        actor: &written(&visit.identity),
        action: "command",
        village: Some(village),
        subject: None,
        is_allowed: false,
        trace_id: visit.context.trace_id(),
    };
    Ok(visit.service.access.note(deed).await?)
}
