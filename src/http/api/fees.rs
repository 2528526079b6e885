//! Fee policies, write-offs of charges, and opening lines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::fee::{AdoptFeePolicy, Basis, FeePolicy, FeeTerms, PeriodLength};
use crate::domain::number::parse_whole;
use crate::domain::opening::{OpeningLine, RecordOpening, VoidOpening};
use crate::domain::write_off::WriteOff;
use crate::domain::{Account, Command, Quantity, Refusal, WrittenUnit};
use crate::http::api::documents::VoidBody;
use crate::http::api::pickups::UnitBody;
use crate::http::extract::{Body, Order, Visit};
use crate::http::listing::Listing;
use crate::http::problem::Problem;
use crate::http::receipt::Receipt;
use crate::http::written::{
    AmountOrNothing, AmountText, ChargeText, FigureText, HouseholdText, InstantText, MaterialText,
    MonthText, NoLess, Plain, PlainText, SignedAmount, maybe,
};

/// What the fee is charged by.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BasisBody {
    /// By household.
    Household,
    /// By head.
    Head,
    /// No fee here.
    None,
}

/// How long a period is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeriodBody {
    Month,
    Quarter,
    HalfYear,
    Year,
}

/// The terms of a sanitation fee (R-FE-1).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeBody {
    basis: BasisBody,
    /// For a household or a head, and a period.
    amount: AmountOrNothing,
    period: PeriodBody,
    /// The percent that a vacant household pays.
    #[schema(minimum = 0, maximum = 100)]
    vacant_percent: Option<i64>,
    /// What a household pays that is not registered here; as everyone where it is not named.
    non_registered_amount: Option<AmountOrNothing>,
    /// The resolution that it rests on.
    resolution: Option<PlainText>,
}

impl FeeBody {
    pub(crate) fn terms(&self) -> Result<FeeTerms, Refusal> {
        let percent = self.vacant_percent.unwrap_or(100).to_string();
        let amount = maybe(self.non_registered_amount.as_ref(), "non_registered_amount")?;
        let resolution = maybe(self.resolution.as_ref(), "resolution")?;
        Ok(FeeTerms {
            basis: match self.basis {
                BasisBody::Household => Basis::Household,
                BasisBody::Head => Basis::Head,
                BasisBody::None => Basis::None,
            },
            amount: self.amount.read("amount")?.0,
            period: match self.period {
                PeriodBody::Month => PeriodLength::Month,
                PeriodBody::Quarter => PeriodLength::Quarter,
                PeriodBody::HalfYear => PeriodLength::HalfYear,
                PeriodBody::Year => PeriodLength::Year,
            },
            vacant_percent: parse_whole("vacant_percent", &percent, 0, 100)?,
            non_registered_amount: amount.map(|NoLess(amount)| amount),
            resolution: resolution.map_or(String::new(), |Plain(text)| text),
        })
    }
}

/// A policy and the first month that it can hold for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    effective_from: MonthText,
    terms: FeeBody,
}

/// A fee policy.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyAnswer {
    version: i64,
    effective_from: String,
    #[schema(value_type = Object)]
    terms: FeeTerms,
}

impl From<FeePolicy> for PolicyAnswer {
    fn from(policy: FeePolicy) -> PolicyAnswer {
        PolicyAnswer {
            version: policy.version,
            effective_from: policy.effective_from.to_string(),
            terms: policy.terms,
        }
    }
}

/// The fee policies of a village, oldest first.
#[utoipa::path(get, path = "/villages/{village}/fee-policies", tag = "fees", responses((status = 200, body = Listing<PolicyAnswer>)))]
pub(crate) async fn policies(visit: Visit) -> Result<Listing<PolicyAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Village(&village)).await?;
    let policies = visit.service.ledger.fee_policies(&village).await?;
    Ok(Listing::whole(
        policies.into_iter().map(PolicyAnswer::from).collect(),
    ))
}

/// Adopts a fee policy from the start of a period that is not charged yet (R-FE-1).
#[utoipa::path(post, path = "/villages/{village}/fee-policies", tag = "fees", request_body = PolicyBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn adopt(order: Order, Body(body): Body<PolicyBody>) -> Result<Receipt, Problem> {
    let terms = body
        .terms
        .terms()
        .map_err(|refusal| Problem::from(refusal).within("/terms"))?;
    let command = AdoptFeePolicy {
        effective_from: body.effective_from.read("effective_from")?,
        terms,
    };
    order.submit(Command::AdoptFeePolicy(command)).await
}

/// A charge that is given up, and the resolution that says so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteOffBody {
    charge: ChargeText,
    resolution: PlainText,
    written_off_at: InstantText,
}

/// Gives up what is open of a charge (R-ST-6).
#[utoipa::path(post, path = "/villages/{village}/households/{household}/write-offs", tag = "fees", request_body = WriteOffBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn write_off(
    order: Order,
    Body(body): Body<WriteOffBody>,
) -> Result<Receipt, Problem> {
    let Plain(resolution) = body.resolution.read("resolution")?;
    let command = WriteOff {
        household_no: order.visit.household()?,
        charge: body.charge.read("charge")?,
        resolution,
        written_off_at: body.written_off_at.read("written_off_at")?,
    };
    order.submit(Command::WriteOff(command)).await
}

/// What stood in the books before the opening month.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OpeningBody {
    /// Credit of a household.
    Credit {
        household_no: HouseholdText,
        amount: AmountText,
    },
    /// An open charge.
    Charge {
        household_no: HouseholdText,
        period: MonthText,
        amount: AmountText,
    },
    /// Material in stock.
    Stock {
        material: MaterialText,
        amount: AmountOrNothing,
        quantity: FigureText,
        unit: UnitBody,
    },
    /// The balance of an account, debit positive.
    Account {
        /// Its code, four digits.
        account: String,
        /// Whose it is, where it has a subject.
        #[serde(default)]
        subject: String,
        amount: SignedAmount,
    },
}

impl OpeningBody {
    fn line(&self) -> Result<OpeningLine, Refusal> {
        Ok(match self {
            OpeningBody::Credit {
                household_no,
                amount,
            } => OpeningLine::Credit {
                household_no: household_no.read("household_no")?,
                amount: amount.read("amount")?,
            },
            OpeningBody::Charge {
                household_no,
                period,
                amount,
            } => OpeningLine::Charge {
                household_no: household_no.read("household_no")?,
                period: period.read("period")?,
                amount: amount.read("amount")?,
            },
            OpeningBody::Stock {
                material,
                amount,
                quantity,
                unit,
            } => OpeningLine::Stock {
                material: material.read("material")?,
                amount: amount.read("amount")?.0,
                quantity: Quantity::parse_stock(
                    "quantity",
                    quantity.as_str(),
                    WrittenUnit::from(*unit),
                )?,
            },
            OpeningBody::Account {
                account,
                subject,
                amount,
            } => OpeningLine::Account {
                account: Account::from_code(account).ok_or_else(|| Refusal::AccountUnknown {
                    account: account.chars().take(40).collect(),
                })?,
                subject: subject.clone(),
                amount: amount.read("amount")?.0,
            },
        })
    }
}

/// Records an opening line.
#[utoipa::path(post, path = "/villages/{village}/openings", tag = "villages", request_body = OpeningBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn record_opening(
    order: Order,
    Body(body): Body<OpeningBody>,
) -> Result<Receipt, Problem> {
    let line = body.line()?;
    order
        .submit(Command::RecordOpening(RecordOpening { line }))
        .await
}

/// Voids an opening line.
#[utoipa::path(post, path = "/villages/{village}/openings/{number}/void", tag = "villages", request_body = VoidBody, responses((status = 201, body = Receipt)))]
pub(crate) async fn void_opening(
    order: Order,
    Body(body): Body<VoidBody>,
) -> Result<Receipt, Problem> {
    let command = VoidOpening {
        number: order.visit.number()?,
        voided_at: body.voided_at()?,
        reason: body.reason()?,
    };
    order.submit(Command::VoidOpening(command)).await
}
