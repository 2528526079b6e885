//! A collector's phone that asks something, also after it was stopped.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;
use uuid::Uuid;

use crate::http::extract::{Nothing, Visit, query};
use crate::http::problem::Problem;
use crate::http::session;
use crate::http::state::Service;
use crate::ledger::access::Recognised;

/// A collector's phone that brings what it has, and when it was stopped, if it was: then it is shown nothing.
#[derive(Debug)]
pub(crate) struct PhoneVisit {
    pub(crate) visit: Visit,
    /// By which what the phone shows is listed.
    pub(crate) credential: Uuid,
    pub(crate) stopped_at: Option<Timestamp>,
}

impl FromRequestParts<Arc<Service>> for PhoneVisit {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<PhoneVisit, Problem> {
        // First of all: who sends too much must cost little.
        service.ledger.check_room()?;
        let Nothing {} = query(parts)?;
        let (recognised, stopped_at) = match session::recognise(service, &parts.headers).await {
            Ok(recognised) => (recognised, None),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                let secret = session::secret(&parts.headers).ok_or_else(|| problem.clone())?;
                let stopped = service.access.identify_stopped(secret).await?;
                let stopped = stopped.ok_or(problem)?;
                let recognised = Recognised {
                    identity: stopped.identity,
                    credential: stopped.credential,
                    expires_at: stopped.expires_at,
                    is_program: false,
                };
                (recognised, Some(stopped.stopped_at))
            }
            Err(problem) => return Err(problem),
        };
        Ok(PhoneVisit {
            credential: recognised.credential,
            visit: Visit::of(parts, service, recognised).await?,
            stopped_at,
        })
    }
}
