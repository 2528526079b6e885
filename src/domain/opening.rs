//! Opening lines (期初): what a village had and owed when its book was opened, each booked against 3190 before the first month.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::{Account, AccountRef};
use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::{Decision, Direction, Flow, Posting, StockMovement};
use crate::domain::move_out::advance_to_open_charges;
use crate::domain::write_off::take_back_write_off;
use crate::domain::{
    ChargeKey, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal,
};

/// One opening line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum OpeningLine {
    /// Credit a household had earned and not used.
    Credit {
        /// Whose.
        household_no: HouseholdNo,
        /// More than nothing.
        amount: Money,
    },
    /// A fee charge that was still open.
    Charge {
        /// Whose.
        household_no: HouseholdNo,
        /// The first month of its period, before the opening month.
        period: Month,
        /// What was still open.
        amount: Money,
    },
    /// Material in stock.
    Stock {
        /// The material.
        material: MaterialCode,
        /// What it cost; may be nothing.
        amount: Money,
        /// How much of it.
        quantity: Quantity,
    },
    /// The balance of any other account.
    Account {
        /// The account.
        account: Account,
        /// Its subject; may be empty.
        subject: String,
        /// Debit positive, credit negative.
        amount: Money,
    },
}

impl OpeningLine {
    /// The line's own number: what it is the opening of.
    ///
    /// # Errors
    /// Those of [`DocumentNo::parse`].
    pub fn number(&self) -> Result<DocumentNo, Refusal> {
        let number = match self {
            OpeningLine::Credit { household_no, .. } => format!("credit/{household_no}"),
            OpeningLine::Charge {
                household_no,
                period,
                ..
            } => format!("charge/{household_no}/{period}"),
            OpeningLine::Stock { material, .. } => format!("stock/{material}"),
            OpeningLine::Account {
                account, subject, ..
            } => format!("{}/{subject}", account.code()),
        };
        DocumentNo::parse("number", &number)
    }

    /// The household it concerns.
    pub fn household(&self) -> Option<HouseholdNo> {
        match self {
            OpeningLine::Credit { household_no, .. } | OpeningLine::Charge { household_no, .. } => {
                Some(household_no.clone())
            }
            OpeningLine::Account {
                account, subject, ..
            } if account.is_by_household() => HouseholdNo::parse("subject", subject).ok(),
            OpeningLine::Stock { .. } | OpeningLine::Account { .. } => None,
        }
    }

    /// The account and the amount it opens with, debit positive.
    fn side(&self) -> (AccountRef, Money) {
        match self {
            OpeningLine::Credit {
                household_no,
                amount,
            } => (Account::HouseholdCredit.of(household_no.as_str()), -*amount),
            OpeningLine::Charge {
                household_no,
                amount,
                ..
            } => (Account::FeeReceivable.of(household_no.as_str()), *amount),
            OpeningLine::Stock {
                material, amount, ..
            } => (Account::RecyclablesStock.of(material.as_str()), *amount),
            OpeningLine::Account {
                account,
                subject,
                amount,
            } => (account.of(subject), *amount),
        }
    }
}

/// A posting between an account and 3190: the account receives `amount`, debit positive. None for nothing.
fn against_clearing(side: AccountRef, amount: Money, flow: Flow) -> Option<Posting> {
    let clearing = Account::OpeningClearing.alone();
    if amount.is_positive() {
        Some(Posting::new(side, clearing, amount, flow))
    } else if amount.is_negative() {
        Some(Posting::new(clearing, side, -amount, flow))
    } else {
        None
    }
}

/// Records an opening line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordOpening {
    /// The line.
    #[serde(flatten)]
    pub line: OpeningLine,
}

/// An opening line that was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpeningRecorded {
    /// What it is the opening of.
    pub number: DocumentNo,
    /// The line.
    #[serde(flatten)]
    pub line: OpeningLine,
}

impl RecordOpening {
    /// Books the line on the last day of the month before the opening month. A line that was voided may be recorded again.
    ///
    /// # Errors
    /// [`Refusal::DocumentNoTaken`], [`Refusal::HouseholdUnknown`], [`Refusal::HouseholdMerged`], [`Refusal::MaterialUnknown`],
    /// [`Refusal::WrongUnit`], [`Refusal::AccountUnknown`], [`Refusal::OpeningChargeNotBefore`], [`Refusal::OutOfRange`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let opening_month = book.village()?.opening_month;
        let number = self.line.number()?;
        if book
            .document(DocumentKind::Opening, &number)?
            .is_some_and(|document| document.reversed_by.is_none())
        {
            return Err(Refusal::DocumentNoTaken {
                number: number.to_string(),
            }
            .into());
        }
        if let Some(household) = self.line.household() {
            book.unmerged_household(&household)?;
            book.account(&household)?;
        }
        let (side, amount) = self.line.side();
        self.check(book, opening_month, amount)?;
        let before = opening_month.previous();
        let event = Event::OpeningRecorded(OpeningRecorded {
            number,
            line: self.line.clone(),
        });
        let mut decision = Decision::on(before.last_instant(), event);
        decision.postings.extend(
            against_clearing(side, amount, Flow::Opening).map(|posting| self.with_period(posting)),
        );
        decision
            .movements
            .extend(self.movement(Direction::In, Flow::Opening));
        Ok(decision)
    }

    fn check(&self, book: &Book, opening_month: Month, amount: Money) -> Result<(), Refusal> {
        let mut is_owed = false;
        let is_nothing = match &self.line {
            OpeningLine::Credit { amount, .. } | OpeningLine::Charge { amount, .. } => {
                !amount.is_positive()
            }
            OpeningLine::Stock {
                material,
                amount,
                quantity,
            } => {
                let known = book.material(material);
                let known = known.ok_or_else(|| Refusal::MaterialUnknown {
                    material: material.to_string(),
                })?;
                if known.unit != quantity.unit() {
                    return Err(Refusal::WrongUnit {
                        material: material.to_string(),
                        unit: known.unit.word(),
                    });
                }
                quantity.count() <= 0 || amount.is_negative()
            }
            OpeningLine::Account {
                account,
                subject,
                amount,
            } => {
                let has_own_kind = matches!(
                    account,
                    Account::HouseholdCredit
                        | Account::FeeReceivable
                        | Account::RecyclablesStock
                        | Account::GoodsInTransit
                        | Account::OpeningClearing
                );
                if has_own_kind || (account.is_by_household() && subject.is_empty()) {
                    return Err(Refusal::AccountUnknown {
                        account: account.code().to_owned(),
                    });
                }
                // Fee advance is what the village owes a household.
                is_owed = account.is_by_household();
                amount.is_zero() || (is_owed && amount.is_positive())
            }
        };
        let is_too_much = amount.fen().unsigned_abs() > crate::domain::money::MOST.unsigned_abs();
        if is_nothing || is_too_much {
            let bounds = [1, crate::domain::money::MOST].map(Money::from_fen);
            let [least, most] = if is_owed {
                [-bounds[1], -bounds[0]]
            } else {
                bounds
            };
            return Err(Refusal::OutOfRange {
                field: "amount",
                value: amount.to_string(),
                least: least.to_string(),
                most: most.to_string(),
            });
        }
        self.check_period(opening_month)
    }

    /// Makes sure that a charge is of a period before the opening month.
    fn check_period(&self, opening_month: Month) -> Result<(), Refusal> {
        match &self.line {
            OpeningLine::Charge { period, .. } if *period >= opening_month => {
                Err(Refusal::OpeningChargeNotBefore {
                    period: *period,
                    opening_month,
                })
            }
            OpeningLine::Charge { .. }
            | OpeningLine::Credit { .. }
            | OpeningLine::Stock { .. }
            | OpeningLine::Account { .. } => Ok(()),
        }
    }

    fn with_period(&self, posting: Posting) -> Posting {
        match &self.line {
            OpeningLine::Charge { period, .. } => posting.on_charge(*period),
            OpeningLine::Credit { .. }
            | OpeningLine::Stock { .. }
            | OpeningLine::Account { .. } => posting,
        }
    }

    fn movement(&self, direction: Direction, flow: Flow) -> Option<StockMovement> {
        let OpeningLine::Stock {
            material,
            amount,
            quantity,
        } = &self.line
        else {
            return None;
        };
        Some(StockMovement {
            account: Account::RecyclablesStock,
            material: material.clone(),
            collector: None,
            direction,
            quantity: *quantity,
            value: *amount,
            flow,
        })
    }
}

/// Voids an opening line (R-CO-7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VoidOpening {
    /// What it is the opening of, e.g. `credit/03-017`.
    pub number: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// An opening line that was voided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpeningVoided {
    /// What it was the opening of.
    pub number: DocumentNo,
    /// When it was voided.
    pub voided_at: Timestamp,
    /// The line.
    #[serde(flatten)]
    pub line: OpeningLine,
    /// Payouts on hold whose cover it took away, newest first (R-CO-4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_payouts: Vec<DocumentNo>,
}

impl VoidOpening {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Reverses the line in the first month that takes entries, as an adjustment of an earlier period (R-CO-5, R-CO-7): a line that is recorded
    /// instead stands no later, so that 3190 is nothing at the end of every month. What was paid on an opening charge becomes fee advance, as in
    /// R-FE-6.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::AlreadyReversed`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("voided_at", self.voided_at)?;
        let document = book.live_document(DocumentKind::Opening, &self.number)?;
        let Event::OpeningRecorded(recorded) = &document.event else {
            return Err(Refusal::DocumentUnknown {
                number: self.number.to_string(),
            }
            .into());
        };
        let line = recorded.line.clone();
        let (side, amount) = line.side();
        let mut postings = Vec::new();
        match &line {
            OpeningLine::Charge {
                household_no,
                period,
                ..
            } => {
                postings.extend(void_charge(book, household_no, *period, amount)?);
            }
            OpeningLine::Credit { .. }
            | OpeningLine::Stock { .. }
            | OpeningLine::Account { .. } => {
                postings.extend(against_clearing(side, -amount, Flow::PriorPeriod));
            }
        }
        if let Some(household) = line.household() {
            check_advance_is_there(book, &household, &line)?;
        }
        let movement =
            RecordOpening { line: line.clone() }.movement(Direction::Out, Flow::PriorPeriod);
        let event = Event::OpeningVoided(OpeningVoided {
            number: self.number.clone(),
            voided_at: self.voided_at,
            line,
            cancelled_payouts: Vec::new(),
        });
        let mut decision = Decision::on(self.voided_at, event);
        let opening_month = book.village()?.opening_month;
        let open = book.first_open().unwrap_or(opening_month);
        decision.booked_on = decision.booked_on.min(open.last_day());
        decision.origin_month = Some(opening_month.previous());
        decision.reverses = Some(document.seq);
        decision.postings = postings;
        decision.movements.extend(movement);
        book.settle_residue(&mut decision)?;
        Ok(decision)
    }
}

/// Fee advance that was used since cannot be taken back.
fn check_advance_is_there(
    book: &Book,
    household: &HouseholdNo,
    line: &OpeningLine,
) -> Result<(), Stop> {
    let household = &book.resolve(household)?;
    let available = book.account(household)?.advance;
    match line {
        OpeningLine::Account {
            account: Account::FeeAdvance,
            amount,
            ..
        } if available < -*amount => {
            let household_no = household.to_string();
            Err(Refusal::AdvanceTooSmall {
                household_no,
                available,
                asked: -*amount,
            }
            .into())
        }
        OpeningLine::Account { .. }
        | OpeningLine::Credit { .. }
        | OpeningLine::Charge { .. }
        | OpeningLine::Stock { .. } => Ok(()),
    }
}

/// Takes an opening charge back from the household that it is with: what is open of it, and what was paid on it as fee advance, which is applied at once to other charges.
fn void_charge(
    book: &Book,
    household: &HouseholdNo,
    period: Month,
    amount: Money,
) -> Result<Vec<Posting>, Stop> {
    let holder = book.resolve(household)?;
    let key = ChargeKey::own(period).stated(household).held_by(&holder);
    let side = |account: Account| account.of(holder.as_str());
    let mut account = book.account(&holder)?.clone();
    // What was written off was never paid: it is taken back first, so that it does not become advance.
    let restored = account
        .charges
        .get_mut(&key)
        .and_then(|charge| take_back_write_off(&holder, &key, charge, charge.written_off));
    let charge = account.charges.get(&key);
    let (gross, open) = charge.map_or((amount, Money::ZERO), |charge| (charge.gross, charge.open));
    if gross != amount {
        return Err(Refusal::ChargeElsewhere {
            household_no: holder.to_string(),
            charge: key.to_string(),
        }
        .into());
    }
    let paid = amount - open;
    account.advance += paid;
    account.charges.remove(&key);
    let mut postings: Vec<Posting> = [(Account::FeeReceivable, open), (Account::FeeAdvance, paid)]
        .into_iter()
        .filter_map(|(account, amount)| against_clearing(side(account), -amount, Flow::PriorPeriod))
        .map(|posting| posting.on_charge(key.clone()))
        .chain(restored)
        .collect();
    postings.extend(advance_to_open_charges(&holder, &mut account));
    Ok(postings)
}
