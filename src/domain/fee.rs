//! Sanitation fees (卫生费): policies, charges and waivers (R-FE-1 to R-FE-5).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::facts::{Book, Stop};
use crate::domain::household::Household;
use crate::domain::journal::{Decision, Flow, Posting};
use crate::domain::month::{self, Month, is_long_vacant};
use crate::domain::number::half_up;
use crate::domain::settlement::apply_advance;
use crate::domain::{ChargeKey, Event, HouseholdKind, HouseholdNo, Money, Refusal};

/// What the fee is counted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// One amount per household.
    Household,
    /// One amount per head.
    Head,
    /// No fee here: it is in the water bill, and credit is only paid out.
    None,
}

/// How long a fee period is; periods are aligned to the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodLength {
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Six months.
    HalfYear,
    /// Twelve months.
    Year,
}

impl PeriodLength {
    /// How many months it has.
    pub const fn months(self) -> i32 {
        match self {
            PeriodLength::Month => 1,
            PeriodLength::Quarter => 3,
            PeriodLength::HalfYear => 6,
            PeriodLength::Year => 12,
        }
    }

    /// The first month of the period that a month belongs to.
    pub fn first_of(self, month: Month) -> Month {
        let into_period = month.index().rem_euclid(self.months());
        month.plus(into_period.saturating_neg())
    }
}

/// What a village charges (R-FE-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeTerms {
    /// What the fee is counted by.
    pub basis: Basis,
    /// The amount per household or head and period.
    pub amount: Money,
    /// How long a period is.
    pub period: PeriodLength,
    /// The percent that a long-vacant household pays, 0 to 100 (R-FE-4).
    pub vacant_percent: i64,
    /// What a household from elsewhere pays per period, whatever its headcount; none: as everyone.
    pub non_registered_amount: Option<Money>,
    /// The resolution that the policy rests on; may be empty.
    pub resolution: String,
}

impl FeeTerms {
    /// Checks the bounds of the terms.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for a percent outside 0 to 100 or a negative amount.
    pub fn check(&self) -> Result<(), Refusal> {
        let out_of_range = |field, value: String, most: &str| Refusal::OutOfRange {
            field,
            value,
            least: "0".to_owned(),
            most: most.to_owned(),
        };
        if !(0..=100).contains(&self.vacant_percent) {
            return Err(out_of_range(
                "vacant_percent",
                self.vacant_percent.to_string(),
                "100",
            ));
        }
        let amounts = [Some(self.amount), self.non_registered_amount];
        let highest = 100_000_000;
        match amounts
            .into_iter()
            .flatten()
            .find(|amount| !(0..=highest).contains(&amount.fen()))
        {
            Some(amount) => Err(out_of_range("amount", amount.to_string(), "1000000.00")),
            None => Ok(()),
        }
    }
}

/// A fee policy from a month on; the latest that has begun is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeePolicy {
    /// 1 for the policy of the opening, then 2, 3 …
    pub version: i64,
    /// The first month it holds for.
    pub effective_from: Month,
    /// What is charged.
    pub terms: FeeTerms,
}

/// Adopts a fee policy from the next period on (R-FE-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdoptFeePolicy {
    /// The first month it holds for: the first of a period, before and after the change.
    pub effective_from: Month,
    /// What is charged.
    #[serde(flatten)]
    pub terms: FeeTerms,
}

impl AdoptFeePolicy {
    /// Adopts the policy; charges that were issued stay as they are.
    ///
    /// # Errors
    /// [`Refusal::PolicyNotFromNextPeriod`] unless the month begins a period of both policies and nobody is charged for it yet.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        self.terms.check()?;
        let village = book.village()?;
        book.whole_village(self.effective_from)?;
        let refusal = || Refusal::PolicyNotFromNextPeriod {
            effective_from: self.effective_from,
        };
        let before = book.policies().last().ok_or_else(refusal)?;
        let begins =
            |length: PeriodLength| length.first_of(self.effective_from) == self.effective_from;
        let is_later = self.effective_from > before.effective_from
            && self.effective_from > village.opening_month;
        let is_charged = book.accounts().any(|(_, account)| {
            account
                .charges
                .range(ChargeKey::own(self.effective_from)..)
                .any(|(_, charge)| charge.gross.is_positive())
        });
        if !is_later || is_charged || !begins(before.terms.period) || !begins(self.terms.period) {
            return Err(refusal().into());
        }
        let occurred_at =
            book.within_books(month::start_of_day(self.effective_from.first_day()))?;
        Ok(Decision::on(
            occurred_at,
            Event::FeePolicyAdopted(self.clone()),
        ))
    }
}

/// The figures a charge was priced with, kept so that it can be priced again when the household moves out (R-FE-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChargeBasis {
    /// The amount per unit and period.
    pub unit_amount: Money,
    /// Heads, or 1.
    pub units: i64,
    /// The percent that is charged because of absence; 100 if nobody is away.
    pub vacancy_percent: i64,
    /// The percent that is waived.
    pub waived_percent: i64,
    /// Months of the period.
    pub period_months: i64,
    /// Months of the period that are charged (R-FE-3).
    pub liable_months: i64,
    /// The version of the policy; 0 for a charge from before the opening.
    pub policy_version: i64,
}

impl ChargeBasis {
    /// Gross and waived amount, each rounded once (R-FE-3, R-FE-5).
    ///
    /// # Errors
    /// As [`half_up`].
    pub fn price(&self) -> Result<(Money, Money), Refusal> {
        let divisor = self.period_months.saturating_mul(100);
        let factors = [
            self.unit_amount.fen(),
            self.units,
            self.liable_months,
            self.vacancy_percent,
        ];
        let gross = Money::from_fen(half_up(&factors, divisor)?);
        Ok((gross, gross.percent(self.waived_percent)?))
    }
}

/// A charge as it is issued.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IssuedCharge {
    /// Who is charged.
    pub household_no: HouseholdNo,
    /// The first month of the period.
    pub period: Month,
    /// Before the waiver.
    pub gross: Money,
    /// The part that is waived.
    pub waived: Money,
    /// How it was priced.
    #[serde(flatten)]
    pub basis: ChargeBasis,
}

/// Issues the charges of a month (R-FE-2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChargeFees {
    /// The month.
    pub month: Month,
}

/// The charges that a run issued.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeesCharged {
    /// The month of the run.
    pub month: Month,
    /// The charges.
    pub charges: Vec<IssuedCharge>,
}

/// A month of a run must have begun and must not lie before the opening.
///
/// # Errors
/// [`Refusal::BeforeOpening`], [`Refusal::MonthNotBegun`], [`Refusal::MonthClosed`].
pub(crate) fn check_run_month(book: &Book, month: Month) -> Result<(), Stop> {
    let opening_month = book.village()?.opening_month;
    if month < opening_month {
        return Err(Refusal::BeforeOpening {
            at: month.to_string(),
            opening_month,
        }
        .into());
    }
    if month > Month::at(book.now()) {
        return Err(Refusal::MonthNotBegun { month }.into());
    }
    if book.is_closed(month) {
        return Err(Refusal::MonthClosed { month }.into());
    }
    Ok(())
}

/// Whether a month is one that runs can still be made of.
pub(crate) fn may_run(book: &Book, month: Month) -> Result<bool, Refusal> {
    Ok(month >= book.village()?.opening_month && !book.is_closed(month))
}

impl ChargeFees {
    /// Issues what is missing for the month and nothing else; fee advance is used at once (R-FE-2, R-ST-2). Nothing missing leaves no entry.
    ///
    /// # Errors
    /// [`Refusal::BeforeOpening`], [`Refusal::MonthNotBegun`], [`Refusal::MonthClosed`], [`Refusal::EarlierRunMissing`].
    pub fn decide(&self, book: &Book) -> Result<Option<Decision>, Stop> {
        check_run_month(book, self.month)?;
        let before = self.month.previous();
        book.whole_village(before)?;
        if may_run(book, before)? && !due_charges(book, before)?.is_empty() {
            return Err(Refusal::EarlierRunMissing { month: before }.into());
        }
        let charges = due_charges(book, self.month)?;
        if charges.is_empty() {
            return Ok(None);
        }
        let mut postings = Vec::new();
        for charge in &charges {
            postings.extend(charge_postings(charge));
            let mut advance = book.account(&charge.household_no)?.advance;
            let open = [(charge.period.into(), charge.gross - charge.waived)];
            postings.extend(apply_advance(&charge.household_no, &mut advance, open));
        }
        let event = Event::FeesCharged(FeesCharged {
            month: self.month,
            charges,
        });
        let mut decision = Decision::on(self.month.last_instant().min(book.now()), event);
        decision.postings = postings;
        Ok(Some(decision))
    }
}

/// Dr 1122 net, Dr 5002 waived, Cr 5001 gross.
fn charge_postings(charge: &IssuedCharge) -> impl Iterator<Item = Posting> {
    let household = &charge.household_no;
    let side = |account: Account| account.of(household.as_str());
    let net = charge.gross - charge.waived;
    let receivable = Posting::new(
        side(Account::FeeReceivable),
        side(Account::FeeIncome),
        net,
        Flow::Charge,
    );
    let waiver = Posting::new(
        side(Account::FeeWaiver),
        side(Account::FeeIncome),
        charge.waived,
        Flow::Charge,
    );
    [receivable, waiver]
        .map(|posting| posting.on_charge(charge.period))
        .into_iter()
        .filter(|posting| posting.amount.is_positive())
}

/// The charges that the run of a month would issue: for each household that has none for the period (R-FE-2).
///
/// # Errors
/// [`Stop::Missing`] if the village is not loaded whole.
pub(crate) fn due_charges(book: &Book, month: Month) -> Result<Vec<IssuedCharge>, Stop> {
    let Some(policy) = book
        .policies()
        .iter()
        .rev()
        .find(|policy| policy.effective_from <= month)
    else {
        return Ok(Vec::new());
    };
    let period = policy.terms.period.first_of(month);
    // What is open of a period that began before the opening stands in the opening itself.
    if policy.terms.basis == Basis::None || period < book.village()?.opening_month {
        return Ok(Vec::new());
    }
    let key = ChargeKey::own(period);
    let mut due = Vec::new();
    let households = book.households();
    for (household_no, household) in
        households.filter(|(_, household)| household.merged_into.is_none())
    {
        let is_charged = book.account(household_no)?.charges.contains_key(&key);
        if !is_charged && let Some(charge) = due_charge(household_no, household, policy, month)? {
            due.push(charge);
        }
    }
    Ok(due)
}

/// The charge of one household that has none, if the run of the month issues one (R-FE-2 to 5).
fn due_charge(
    household_no: &HouseholdNo,
    household: &Household,
    policy: &FeePolicy,
    month: Month,
) -> Result<Option<IssuedCharge>, Refusal> {
    let terms = &policy.terms;
    let period = terms.period.first_of(month);
    // A move dated after the month is not known to its run.
    let moved_in = household.moved_in;
    if moved_in.is_some_and(|day| day > month.last_day()) {
        return Ok(None);
    }
    let moved_in_inside = moved_in.filter(|day| *day >= period.first_day());
    if month != period && moved_in_inside.is_none() {
        return Ok(None);
    }
    let moved_out = household.moved_out.filter(|day| *day <= month.last_day());
    let day = moved_in_inside.unwrap_or_else(|| period.first_day());
    let Some(attributes) = household.terms_on(day) else {
        return Ok(None);
    };
    let is_vacant = attributes
        .vacant_since
        .is_some_and(|since| is_long_vacant(since, day));
    let own_amount = terms
        .non_registered_amount
        .filter(|_| attributes.kind == HouseholdKind::NonRegistered);
    let basis = ChargeBasis {
        unit_amount: own_amount.unwrap_or(terms.amount),
        units: if own_amount.is_none() && terms.basis == Basis::Head {
            attributes.headcount
        } else {
            1
        },
        vacancy_percent: if is_vacant { terms.vacant_percent } else { 100 },
        waived_percent: attributes.waived_percent,
        period_months: i64::from(terms.period.months()),
        liable_months: liable_months(period, terms.period.months(), moved_in, moved_out),
        policy_version: policy.version,
    };
    let (gross, waived) = basis.price()?;
    let charge = IssuedCharge {
        household_no: household_no.clone(),
        period,
        gross,
        waived,
        basis,
    };
    Ok(gross.is_positive().then_some(charge))
}

/// A month is liable if the household had moved in on or before its 15th and had not moved out on or before its 15th (R-FE-3).
pub(crate) fn liable_months(
    period: Month,
    months: i32,
    moved_in: Option<Date>,
    moved_out: Option<Date>,
) -> i64 {
    let is_liable = |month: &Month| {
        moved_in.is_none_or(|day| day <= month.fifteenth())
            && moved_out.is_none_or(|day| day > month.fifteenth())
    };
    let last = period.plus(months.saturating_sub(1));
    i64::try_from(period.through(last).filter(is_liable).count()).unwrap_or(0)
}
