//! Disputes (异议): opened on a pickup or a line of the statement, answered within days.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::domain::authority::Question;
use crate::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use crate::domain::{Command, Month, Refusal, plain_text};
use crate::http::extract::{Asked, Body, Order};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{HouseholdText, InstantText, NumberText};
use crate::ledger::service::DisputeStanding;

/// Which disputes are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OpenedIn {
    /// Those opened in this month, `YYYY-MM`, answered or not; those that wait for an answer where none is named.
    month: Option<String>,
}

/// The disputes of a village.
#[utoipa::path(get, path = "/villages/{village}/disputes", tag = "disputes", params(OpenedIn), responses((status = 200, body = Listing<DisputeStanding>)))]
pub(crate) async fn list(
    Asked(visit, asked): Asked<OpenedIn>,
) -> Result<Listing<DisputeStanding>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Office(&village)).await?;
    let month = asked.month.map(|text| Month::parse("month", &text));
    let ledger = &visit.service.ledger;
    Ok(Listing::whole(
        ledger.disputes(&village, month.transpose()?).await?,
    ))
}

/// What is disputed: a pickup, or a line of the statement by the number of its entry.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AboutBody {
    /// A pickup, by its number.
    Pickup(NumberText),
    /// An entry, by its number in the journal.
    Entry(i64),
}

impl AboutBody {
    fn about(&self, field: &'static str) -> Result<About, Refusal> {
        Ok(match self {
            AboutBody::Pickup(number) => About::Pickup(number.read(field)?),
            AboutBody::Entry(seq) => About::Entry(*seq),
        })
    }
}

/// What a household objects to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeBody {
    household_no: HouseholdText,
    about: AboutBody,
    opened_at: InstantText,
    /// In the household's words; kept apart from the journal.
    #[schema(max_length = 500)]
    text: String,
}

/// Opens a dispute.
#[utoipa::path(post, path = "/villages/{village}/disputes", tag = "disputes", request_body = DisputeBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn open(order: Order, Body(body): Body<DisputeBody>) -> Result<Receipt, Problem> {
    let command = OpenDispute {
        household_no: body.household_no.read("household_no")?,
        about: body.about.about("about")?,
        opened_at: body.opened_at.read("opened_at")?,
        text: plain_text("text", &body.text, 500)?,
    };
    order.submit(Command::OpenDispute(command)).await
}

/// How a dispute ends.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictBody {
    /// The household is right; what puts it right is named.
    Upheld,
    /// It is not.
    Rejected,
}

/// The answer to a dispute.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    decision: VerdictBody,
    /// What put it right: a void or correction.
    corrected_by: Option<AboutBody>,
    answered_at: InstantText,
    #[schema(max_length = 500)]
    text: String,
}

/// Answers a dispute, once.
#[utoipa::path(post, path = "/villages/{village}/disputes/{number}/answer", tag = "disputes", request_body = AnswerBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn answer(order: Order, Body(body): Body<AnswerBody>) -> Result<Receipt, Problem> {
    let corrected_by = body.corrected_by.as_ref();
    let command = AnswerDispute {
        number: order.visit.number()?,
        decision: match body.decision {
            VerdictBody::Upheld => DisputeDecision::Upheld,
            VerdictBody::Rejected => DisputeDecision::Rejected,
        },
        corrected_by: corrected_by
            .map(|about| about.about("corrected_by"))
            .transpose()?,
        answered_at: body.answered_at.read("answered_at")?,
        text: plain_text("text", &body.text, 500)?,
    };
    order.submit(Command::AnswerDispute(command)).await
}
