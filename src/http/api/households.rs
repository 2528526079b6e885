//! Households: looked up, registered, changed by effective date, moved out, merged, split.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::authority::{Question, View};
use crate::domain::cash_custody::Custodian;
use crate::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use crate::domain::merge::MergeHouseholds;
use crate::domain::move_out::{MoveOut, RefundAdvance};
use crate::domain::number::parse_whole;
use crate::domain::split::{SplitHousehold, SplitPart};
use crate::domain::{Command, HouseholdKind, HouseholdNo, Money, Month, Refusal};
use crate::http::extract::{Asked, Body, Order, Visit};
use crate::http::listing::{Listing, Page};
use crate::http::problem::Problem;
use crate::http::receipt::{Receipt, in_line};
use crate::http::written::{
    AmountOrNothing, AmountText, ChargeText, DayText, GroupText, HouseholdText, InstantText,
    NoLess, Plain, PlainText, Written, maybe,
};
use crate::ledger::directory::HouseholdRecord;
use crate::ledger::statement::Statement;
use crate::text::masking::mask_name;

/// A household as it stands today.
#[derive(Serialize, ToSchema)]
pub(crate) struct HouseholdAnswer {
    household_no: String,
    group: String,
    /// The head of the household; masked for whom it is enough to recognise it; none once it was erased.
    head: Option<String>,
    /// The categories of its waiver; only for the clerk and itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    waivers: Option<Vec<String>>,
    headcount: i64,
    /// `resident` or `non_registered`.
    kind: &'static str,
    /// The percent of its fee that is waived.
    waived_percent: i64,
    vacant_since: Option<String>,
    save_up: bool,
    moved_in: Option<String>,
    moved_out: Option<String>,
    /// The household that it was merged into.
    merged_into: Option<String>,
    /// Credit in yuan, below nothing if it is to be made good.
    credit: String,
    /// The part of the credit that payouts hold.
    on_hold: String,
    /// What is still owed, in yuan.
    owed: String,
    /// Fee advance, in yuan.
    advance: String,
    /// What a change names in `If-Match`.
    revision: String,
}

impl HouseholdAnswer {
    fn new(record: HouseholdRecord, view: View) -> HouseholdAnswer {
        let (head, waivers) = match view {
            View::Whole => (record.head, Some(record.waivers)),
            View::Masked => (record.head.as_deref().map(mask_name), None),
        };
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        HouseholdAnswer {
            household_no: record.household_no.to_string(),
            group: record.group.to_string(),
            head,
            waivers,
            headcount: record.terms.headcount,
            kind: record.terms.kind.word(),
            waived_percent: record.terms.waived_percent,
            vacant_since: day(record.terms.vacant_since),
            save_up: record.terms.save_up,
            moved_in: day(record.moved_in),
            moved_out: day(record.moved_out),
            merged_into: record.merged_into.map(|number| number.to_string()),
            credit: record.credit.to_string(),
            on_hold: record.on_hold.to_string(),
            owed: record.fees_open.to_string(),
            advance: record.advance.to_string(),
            revision: record.revision,
        }
    }
}

/// The households of a village, by number.
#[utoipa::path(get, path = "/villages/{village}/households", tag = "households", params(Page), responses((status = 200, body = Listing<HouseholdAnswer>)))]
pub(crate) async fn list(
    Asked(visit, page): Asked<Page>,
) -> Result<Listing<HouseholdAnswer>, Problem> {
    let village = visit.village()?;
    let view = visit.asks(Question::Households(&village)).await?;
    let filter = format!("households {village}");
    let after = page.after(&filter)?;
    let after = after
        .map(|text| HouseholdNo::parse("cursor", &text))
        .transpose()?;
    let ledger = &visit.service.ledger;
    let rows = ledger
        .households(&village, after.as_ref(), page.rows())
        .await?;
    let rows = rows
        .into_iter()
        .map(|row| HouseholdAnswer::new(row, view))
        .collect();
    let key = |row: &HouseholdAnswer| row.household_no.clone();
    Ok(Listing::page(rows, &page, &filter, key))
}

/// One household, with the revision as `ETag`.
#[utoipa::path(get, path = "/villages/{village}/households/{household}", tag = "households", responses((status = 200, body = HouseholdAnswer)))]
pub(crate) async fn find(visit: Visit) -> Result<Response, Problem> {
    let (village, number) = (visit.village()?, visit.household()?);
    let view = visit.asks(Question::Household(&village, &number)).await?;
    let record = visit.service.ledger.household(&village, &number).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", record.revision));
    let mut response = Json(HouseholdAnswer::new(record, view)).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The months that a statement covers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Months {
    /// The first month, `YYYY-MM`.
    from: Option<String>,
    /// The last month, `YYYY-MM`.
    to: Option<String>,
}

/// The statement of a household, with running balances.
#[utoipa::path(get, path = "/villages/{village}/households/{household}/statement", tag = "households", params(Months), responses((status = 200, body = Statement)))]
pub(crate) async fn statement(
    Asked(visit, months): Asked<Months>,
) -> Result<Json<Statement>, Problem> {
    let (village, number) = (visit.village()?, visit.household()?);
    let view = visit.asks(Question::Household(&village, &number)).await?;
    let month =
        |field, text: Option<String>| text.map(|text| Month::parse(field, &text)).transpose();
    let months = (month("from", months.from)?, month("to", months.to)?);
    let mut statement = visit
        .service
        .ledger
        .statement(&village, &number, months)
        .await?;
    if view == View::Masked {
        statement.head = statement.head.as_deref().map(mask_name);
    }
    Ok(Json(statement))
}

/// A household that is registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HouseholdBody {
    household_no: HouseholdText,
    group: GroupText,
    /// The head of the household; kept apart from the journal.
    head: Option<PlainText>,
    #[schema(minimum = 1, maximum = 99)]
    headcount: i64,
    #[serde(default)]
    kind: KindBody,
    /// Categories of waivers; kept apart from the journal.
    #[serde(default)]
    waivers: Vec<PlainText>,
    /// The day it moved in; none if it was always there.
    moved_in: Option<DayText>,
    vacant_since: Option<DayText>,
    #[serde(default)]
    save_up: bool,
}

/// How a household belongs to the village.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindBody {
    /// 常住.
    #[default]
    Resident,
    /// 非本村户籍.
    NonRegistered,
}

impl From<KindBody> for HouseholdKind {
    fn from(body: KindBody) -> HouseholdKind {
        match body {
            KindBody::Resident => HouseholdKind::Resident,
            KindBody::NonRegistered => HouseholdKind::NonRegistered,
        }
    }
}

pub(crate) fn headcount(people: i64) -> Result<i64, Refusal> {
    parse_whole("headcount", &people.to_string(), 1, 99)
}

fn plain(written: &[PlainText], field: &'static str) -> Result<Vec<String>, Refusal> {
    let texts = written.iter();
    texts
        .map(|text| text.read(field).map(|Plain(text)| text))
        .collect()
}

impl HouseholdBody {
    pub(crate) fn household(&self) -> Result<RegisterHousehold, Refusal> {
        let head = maybe(self.head.as_ref(), "head")?;
        Ok(RegisterHousehold {
            household_no: self.household_no.read("household_no")?,
            group: self.group.read("group")?,
            headcount: headcount(self.headcount)?,
            kind: self.kind.into(),
            moved_in: maybe(self.moved_in.as_ref(), "moved_in")?,
            vacant_since: maybe(self.vacant_since.as_ref(), "vacant_since")?,
            save_up: self.save_up,
            head: head.map_or(String::new(), |Plain(head)| head),
            waivers: plain(&self.waivers, "waivers")?,
        })
    }
}

/// Registers a household. Numbers are never reused.
#[utoipa::path(post, path = "/villages/{village}/households", tag = "households", request_body = HouseholdBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn register(
    order: Order,
    Body(body): Body<HouseholdBody>,
) -> Result<Receipt, Problem> {
    order
        .submit(Command::RegisterHousehold(body.household()?))
        .await
}

/// What changes of a household, and from which day on; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    effective_from: DayText,
    group: Option<GroupText>,
    #[schema(minimum = 1, maximum = 99)]
    headcount: Option<i64>,
    kind: Option<KindBody>,
    /// Since when everybody is away.
    vacant_since: Option<DayText>,
    /// Whether everybody is back.
    #[serde(default)]
    back: bool,
    save_up: Option<bool>,
    head: Option<PlainText>,
    waivers: Option<Vec<PlainText>>,
}

impl ChangeBody {
    fn change(&self, order: &Order) -> Result<ChangeHousehold, Problem> {
        let head = maybe(self.head.as_ref(), "head")?;
        let waivers = self.waivers.as_deref().map(|texts| plain(texts, "waivers"));
        let vacancy = match (
            maybe(self.vacant_since.as_ref(), "vacant_since")?,
            self.back,
        ) {
            (Some(since), _) => VacancyChange::AwaySince(since),
            (None, true) => VacancyChange::Back,
            (None, false) => VacancyChange::Unchanged,
        };
        Ok(ChangeHousehold {
            household_no: order.visit.household()?,
            effective_from: self.effective_from.read("effective_from")?,
            group: maybe(self.group.as_ref(), "group")?,
            headcount: self.headcount.map(headcount).transpose()?,
            kind: self.kind.map(HouseholdKind::from),
            vacancy,
            save_up: self.save_up,
            head: head.map(|Plain(head)| head),
            waivers: waivers.transpose()?,
            expected: order.expected()?,
        })
    }
}

/// Changes a household from a day on. `If-Match` names the revision that the change builds on.
#[utoipa::path(post, path = "/villages/{village}/households/{household}/changes", tag = "households", params(("If-Match" = String, Header, description = "The household's revision")), request_body = ChangeBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn change(order: Order, Body(body): Body<ChangeBody>) -> Result<Receipt, Problem> {
    let command = body.change(&order)?;
    order.submit(Command::ChangeHousehold(command)).await
}

/// The day a household moves out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveOutBody {
    moved_out: DayText,
}

/// Moves a household out: its charges are priced again with the move known (R-FE-6).
#[utoipa::path(post, path = "/villages/{village}/households/{household}/move-out", tag = "households", request_body = MoveOutBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn move_out(
    order: Order,
    Body(body): Body<MoveOutBody>,
) -> Result<Receipt, Problem> {
    let command = MoveOut {
        household_no: order.visit.household()?,
        moved_out: body.moved_out.read("moved_out")?,
    };
    order.submit(Command::MoveOut(command)).await
}

/// Fee advance that is paid back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundBody {
    amount: AmountText,
    paid_at: InstantText,
    /// Whether the bank pays it, and not the cash box.
    #[serde(default)]
    from_bank: bool,
    /// Whose cash box, where there are several.
    custodian: Option<PlainText>,
}

/// Pays fee advance back to a household.
#[utoipa::path(post, path = "/villages/{village}/households/{household}/refunds", tag = "households", request_body = RefundBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn refund(order: Order, Body(body): Body<RefundBody>) -> Result<Receipt, Problem> {
    let custodian = body.custodian.as_ref().map(Written::as_str);
    let custodian = custodian.map(|name| Custodian::parse("custodian", Some(name)));
    let command = RefundAdvance {
        household_no: order.visit.household()?,
        amount: body.amount.read("amount")?,
        paid_at: body.paid_at.read("paid_at")?,
        from_bank: body.from_bank,
        custodian: custodian.transpose()?,
    };
    order.submit(Command::RefundAdvance(command)).await
}

/// The household that takes another one in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    into: HouseholdText,
    on: DayText,
    reason: PlainText,
}

/// Makes two households one: this one's credit, advance and open charges go to the other (R-HH-1).
#[utoipa::path(post, path = "/villages/{village}/households/{household}/merge", tag = "households", request_body = MergeBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn merge(order: Order, Body(body): Body<MergeBody>) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let command = MergeHouseholds {
        from: order.visit.household()?,
        into: body.into.read("into")?,
        on: body.on.read("on")?,
        reason,
    };
    order.submit(Command::MergeHouseholds(command)).await
}

/// A household that a split makes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartBody {
    household_no: HouseholdText,
    /// Its group; that of the original where none is named.
    group: Option<GroupText>,
    #[schema(minimum = 1, maximum = 99)]
    headcount: i64,
    kind: Option<KindBody>,
    /// Its share of the credit, in percent.
    #[schema(minimum = 0, maximum = 100)]
    share: i64,
    /// Fee advance that goes with it.
    advance: Option<AmountOrNothing>,
    /// Open charges that go with it.
    #[serde(default)]
    charges: Vec<ChargeText>,
}

impl PartBody {
    fn part(&self) -> Result<SplitPart, Refusal> {
        let advance = maybe(self.advance.as_ref(), "advance")?;
        let charges = self.charges.iter();
        Ok(SplitPart {
            household_no: self.household_no.read("household_no")?,
            group: maybe(self.group.as_ref(), "group")?,
            headcount: headcount(self.headcount)?,
            kind: self.kind.map(HouseholdKind::from),
            share: parse_whole("share", &self.share.to_string(), 0, 100)?,
            advance: advance.map_or(Money::ZERO, |NoLess(advance)| advance),
            charges: charges
                .map(|charge| charge.read("charges"))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// How a household is split.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    on: DayText,
    #[schema(min_items = 1, max_items = 10)]
    parts: Vec<PartBody>,
    reason: PlainText,
}

/// Splits a household by agreed shares of its credit; the remainder stays with the original (R-HH-2).
#[utoipa::path(post, path = "/villages/{village}/households/{household}/split", tag = "households", request_body = SplitBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn split(order: Order, Body(body): Body<SplitBody>) -> Result<Receipt, Problem> {
    let Plain(reason) = body.reason.read("reason")?;
    let parts = body.parts.iter().enumerate();
    let parts = parts.map(|(index, part)| part.part().map_err(in_line("parts", index)));
    let command = SplitHousehold {
        household_no: order.visit.household()?,
        on: body.on.read("on")?,
        parts: parts.collect::<Result<_, _>>()?,
        reason,
    };
    order.submit(Command::SplitHousehold(command)).await
}
