//! A household's statement (对账单): every line with its date, what it was, weight, price, amount, and what stood after it.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::fee::IssuedCharge;
use crate::domain::journal::{Flow, Posting};
use crate::domain::pickup::Pickup;
use crate::domain::{
    Account, ChargeKey, DocumentKind, Event, HouseholdNo, MaterialCode, Money, Month, Quantity,
    Refusal, UnitPrice, VillageCode,
};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::statement::Concerning;
use crate::store::{household, statement, village};

/// What a line of a statement tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Credit or a charge from before the book was opened.
    Opening,
    /// A material of a pickup.
    Pickup,
    /// A pickup or receipt taken back.
    Void,
    /// The wrong pickup taken back by its correction.
    CorrectionOut,
    /// A material of the replacement.
    CorrectionIn,
    /// A fee charge.
    Charge,
    /// The waived part of a charge.
    Waiver,
    /// A charge lowered by a move-out.
    CreditedBack,
    /// Credit used for a charge.
    Offset,
    /// Cash paid.
    Cash,
    /// Fee advance used for a charge.
    AdvanceUsed,
    /// Fee advance paid back.
    Refund,
    /// What belongs to a month that is closed: an opening line taken back, a late fact (R-CO-5).
    PriorPeriod,
    /// Credit paid out.
    Payout,
    /// A charge given up by a resolution.
    WriteOff,
    /// What came from or went to another household or village.
    Transfer,
}

impl LineKind {
    /// The stable word of the kind.
    pub fn word(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// A line of a statement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// The number of its entry, by which it can be disputed.
    pub entry: i64,
    /// The date it is booked on.
    pub date: Date,
    /// What it tells.
    pub kind: LineKind,
    /// The number of the pickup or receipt.
    pub document: Option<String>,
    /// The material's code.
    pub material: Option<MaterialCode>,
    /// The material's Chinese and English name.
    pub material_name: Option<(String, String)>,
    /// What was paid for.
    pub quantity: Option<Quantity>,
    /// The price of a kilogram or of `per` pieces, in yuan.
    pub price: Option<String>,
    /// How many pieces the price is for.
    pub per: Option<i64>,
    /// The charge: the first month of its period, and whom it was issued to where that was another household.
    pub period: Option<ChargeKey>,
    /// By how much the pickup is worth more than at the list in force, where the household was paid by an earlier one; on its first line (R-PR-3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_difference: Option<Money>,
    /// What moved, as the household sees it: positive in its favour.
    pub amount: Money,
    /// Credit after the line.
    pub credit: Money,
    /// Fee advance after the line.
    pub advance: Money,
    /// What is still owed after the line.
    pub owed: Money,
    /// Whether it was taken back later; shown struck through (R-CO-6).
    pub is_reversed: bool,
    /// Why it was taken back or corrected.
    pub reason: Option<String>,
}

/// A statement over some months.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Statement {
    /// The village.
    pub village: VillageCode,
    /// Its name.
    pub name: String,
    /// The household.
    pub household_no: HouseholdNo,
    /// The head of the household, unless erased.
    pub head: Option<String>,
    /// Credit before the first line.
    pub credit_opening: Money,
    /// Fee advance before the first line.
    pub advance_opening: Money,
    /// What was owed before the first line.
    pub owed_opening: Money,
    /// The lines, oldest first.
    pub lines: Vec<Line>,
    /// Credit after the last line.
    pub credit_closing: Money,
    /// Fee advance after the last line.
    pub advance_closing: Money,
    /// What is owed after the last line.
    pub owed_closing: Money,
}

impl Ledger {
    /// The statement of a household over the months from `from` to `to`, both included; without them, of all its time.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`], [`Refusal::HouseholdUnknown`].
    pub async fn statement(
        &self,
        code: &VillageCode,
        number: &HouseholdNo,
        (from, to): (Option<Month>, Option<Month>),
    ) -> Result<Statement, Error> {
        let mut tx = self.store.read().await?;
        let (id, village) = find_village(&mut tx, code).await?;
        if household::load(&mut tx, &household::keys([(id, number)]))
            .await?
            .is_empty()
        {
            return Err(Refusal::HouseholdUnknown {
                household_no: number.to_string(),
            }
            .into());
        }
        let head = household::find_head(&mut tx, id, number).await?;
        let entries = statement::list(&mut tx, id, number).await?;
        let materials = village::load_materials(&mut tx, &[id]).await?;
        tx.rollback().await?;
        let mut running = Running {
            household: number,
            standing: Standing::default(),
            lines: Vec::new(),
        };
        for entry in &entries {
            running.add(entry);
        }
        let mut lines = running.lines;
        for line in &mut lines {
            let named = materials
                .iter()
                .find(|(_, code, _)| Some(code) == line.material.as_ref());
            line.material_name =
                named.map(|(_, _, material)| (material.name.clone(), material.name_en.clone()));
        }
        Ok(cut(
            lines,
            (from, to),
            village.name,
            code.clone(),
            number.clone(),
            head,
        ))
    }
}

/// The lines between two months, with what stood before the first of them.
fn cut(
    lines: Vec<Line>,
    (from, to): (Option<Month>, Option<Month>),
    name: String,
    village: VillageCode,
    household_no: HouseholdNo,
    head: Option<String>,
) -> Statement {
    let month = |line: &Line| Month::of(line.date);
    let before = lines
        .iter()
        .rfind(|line| from.is_some_and(|from| month(line) < from));
    let opening = before.map(Standing::after).unwrap_or_default();
    let is_inside = |line: &Line| {
        from.is_none_or(|from| month(line) >= from) && to.is_none_or(|to| month(line) <= to)
    };
    let lines: Vec<Line> = lines.into_iter().filter(is_inside).collect();
    let closing = lines.last().map_or(opening, Standing::after);
    Statement {
        village,
        name,
        household_no,
        head,
        credit_opening: opening.credit,
        advance_opening: opening.advance,
        owed_opening: opening.owed,
        lines,
        credit_closing: closing.credit,
        advance_closing: closing.advance,
        owed_closing: closing.owed,
    }
}

/// What a household has and owes at one point of its statement.
#[derive(Clone, Copy, Default)]
struct Standing {
    credit: Money,
    advance: Money,
    owed: Money,
}

impl Standing {
    fn after(line: &Line) -> Standing {
        Standing {
            credit: line.credit,
            advance: line.advance,
            owed: line.owed,
        }
    }
}

/// A statement as it is built up line by line.
struct Running<'e> {
    household: &'e HouseholdNo,
    standing: Standing,
    lines: Vec<Line>,
}

impl Running<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    fn add(&mut self, entry: &Concerning) {
        // What was booked on a number that is an alias by now is told by what was carried over.
        let is_own = entry.event.household() == Some(self.household);
        match &entry.event {
            Event::PickupRecorded(pickup) if is_own => {
                self.pickup(entry, pickup, LineKind::Pickup);
                self.carried(entry);
            }
            // Of what is held or was rejected a statement knows nothing (R-PK-7).
            Event::HeldResolved(event) => {
                if let Some(pickup) = event.recorded.as_ref().filter(|_| is_own) {
                    self.pickup(entry, pickup, LineKind::Pickup);
                }
                self.carried(entry);
            }
            Event::PickupVoided(event) if is_own => {
                self.taken_back(
                    entry,
                    &event.pickup_no.to_string(),
                    event.amount,
                    LineKind::Void,
                );
                self.carried(entry);
            }
            Event::PickupCorrected(event) if is_own => {
                self.taken_back(
                    entry,
                    &event.pickup_no.to_string(),
                    event.amount_before,
                    LineKind::CorrectionOut,
                );
                self.pickup(entry, &event.replacement, LineKind::CorrectionIn);
                self.carried(entry);
            }
            Event::FeesCharged(event) => {
                let household = self.household;
                let own = |charge: &&IssuedCharge| charge.household_no == *household;
                for charge in event.charges.iter().filter(own) {
                    self.charge(entry, charge);
                }
                let is_later = |posting: &&Posting| posting.flow != Flow::Charge;
                for posting in entry.postings.iter().filter(is_later) {
                    self.posting(entry, posting);
                }
            }
            _ => entry
                .postings
                .iter()
                .for_each(|posting| self.posting(entry, posting)),
        }
    }

    /// What was carried over to the household that a merged one is now.
    fn carried(&mut self, entry: &Concerning) {
        let is_carried = |posting: &&Posting| posting.flow == Flow::Transfer;
        for posting in entry.postings.iter().filter(is_carried) {
            self.posting(entry, posting);
        }
    }

    /// A line of that kind, with what stands after it.
    fn line(&self, entry: &Concerning, kind: LineKind, amount: Money) -> Line {
        Line {
            entry: entry.seq,
            date: entry.booked_on,
            kind,
            document: None,
            material: None,
            material_name: None,
            quantity: None,
            price: None,
            per: None,
            period: None,
            told_difference: None,
            amount,
            credit: self.standing.credit,
            advance: self.standing.advance,
            owed: self.standing.owed,
            is_reversed: entry.reversed_by.is_some(),
            reason: None,
        }
    }

    fn pickup(&mut self, entry: &Concerning, pickup: &Pickup, kind: LineKind) {
        let difference = Some(pickup.told_difference).filter(|amount| !amount.is_zero());
        for (index, weighed) in pickup.lines.iter().enumerate() {
            self.standing.credit += weighed.amount;
            self.lines.push(Line {
                document: Some(pickup.pickup_no.to_string()),
                material: Some(weighed.material.clone()),
                quantity: Some(weighed.net),
                price: Some(UnitPrice::new(weighed.price_li, weighed.per).to_string()),
                per: Some(weighed.per),
                told_difference: difference.filter(|_| index == 0),
                ..self.line(entry, kind, weighed.amount)
            });
        }
    }

    fn taken_back(&mut self, entry: &Concerning, document: &str, amount: Money, kind: LineKind) {
        self.standing.credit -= amount;
        self.lines.push(Line {
            document: Some(document.to_owned()),
            reason: entry.reason.clone(),
            is_reversed: false,
            ..self.line(entry, kind, -amount)
        });
    }

    /// The gross charge, then what is waived of it: the household sees both, though only the net was ever owed.
    fn charge(&mut self, entry: &Concerning, charge: &IssuedCharge) {
        for (kind, amount) in [
            (LineKind::Charge, -charge.gross),
            (LineKind::Waiver, charge.waived),
        ] {
            if !amount.is_zero() {
                self.standing.owed -= amount;
                self.lines.push(Line {
                    period: Some(charge.period.into()),
                    ..self.line(entry, kind, amount)
                });
            }
        }
    }

    /// One line for a posting; positive in the household's favour.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    fn posting(&mut self, entry: &Concerning, posting: &Posting) {
        let mut moved = Money::ZERO;
        for (side, amount) in posting.sides() {
            if side.subject != self.household.as_str() {
                continue;
            }
            match side.account {
                Account::HouseholdCredit => self.standing.credit -= amount,
                Account::FeeAdvance => self.standing.advance -= amount,
                Account::FeeReceivable => self.standing.owed += amount,
                _ => continue,
            }
            moved -= amount;
        }
        // Credit or advance used for a charge leaves the household as it was: the line tells how much was used.
        let amount = if moved.is_zero() {
            posting.amount
        } else {
            moved
        };
        let is_cash_out = posting.credit.account == Account::CashOnHand
            || posting.credit.account == Account::CashInTransit;
        let kind = match posting.flow {
            Flow::Charge => LineKind::Charge,
            Flow::Opening => LineKind::Opening,
            Flow::CreditedBack => LineKind::CreditedBack,
            Flow::Offset => LineKind::Offset,
            Flow::Cash if is_cash_out => LineKind::Void,
            Flow::Cash => LineKind::Cash,
            Flow::AdvanceUsed => LineKind::AdvanceUsed,
            Flow::Refund => LineKind::Refund,
            Flow::PriorPeriod => LineKind::PriorPeriod,
            Flow::Pickup => LineKind::Pickup,
            Flow::Void | Flow::Correction => LineKind::Void,
            Flow::Payout if moved.is_positive() => LineKind::Void,
            Flow::Payout => LineKind::Payout,
            Flow::WriteOff if posting.credit.account == Account::FeeWriteOff => LineKind::Void,
            Flow::WriteOff => LineKind::WriteOff,
            Flow::Transfer => LineKind::Transfer,
            // These never concern a household.
            Flow::Sale
            | Flow::BuyerPaid
            | Flow::Intake
            | Flow::Loss
            | Flow::Gain
            | Flow::FundReceived
            | Flow::FundSpent
            | Flow::FundReleased
            | Flow::PayEarned
            | Flow::PayPaid
            | Flow::HandIn
            | Flow::Deposit => return,
        };
        let document = entry.event.document();
        let document = document.or_else(|| entry.event.reversed_document());
        let document = document.filter(|(kind, _)| *kind != DocumentKind::Opening);
        let document = document.map(|(_, number)| number.to_string());
        let charge = posting.charge.as_ref();
        let charge = charge.map(|charge| charge.held_by(self.household));
        let line = self.line(entry, kind, amount);
        self.lines.push(Line {
            document,
            period: charge,
            reason: entry.reason.clone(),
            ..line
        });
    }
}
