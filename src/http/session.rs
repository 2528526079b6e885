//! Who is who: the session of a browser's cookie or the token of a program, and the record of who read and was refused what.
use axum::http::HeaderMap;

use crate::domain::VillageCode;
use crate::domain::authority::{Denied, Identity, Question, View};
use crate::http::extract::Visit;
use crate::http::problem::Problem;
use crate::http::state::Service;

pub(crate) async fn recognise(_: &Service, _: &HeaderMap) -> Result<Identity, Problem> {
    Err(Problem::not_found())
}
pub(crate) async fn note_reading(
    _: &Visit,
    _: Question<'_>,
    _: Result<View, Denied>,
) -> Result<(), Problem> {
    Ok(())
}
pub(crate) async fn note_refused(_: &Visit, _: &VillageCode) -> Result<(), Problem> {
    Ok(())
}
