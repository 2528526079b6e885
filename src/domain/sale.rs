//! Sales (销售) to buyers (收购商): stock leaves by the village's own weight, income is on the buyer's ticket (R-SA-3); what buyers pay.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Direction, Entry, Flow, Posting, StockMovement};
use crate::domain::projection::Stock;
use crate::domain::reversal::DocumentVoided;
use crate::domain::stock::check_quantity;
use crate::domain::weight::value_of;
use crate::domain::{
    BuyerCode, DocumentNo, Event, MaterialCode, Money, Month, Quantity, Refusal, Unit, UnitPrice,
};

/// What is sold of one material.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SaleLine {
    /// The material.
    pub material: MaterialCode,
    /// What left the station, as the village weighed it.
    pub own: Quantity,
    /// What the buyer's ticket says.
    pub ticket: Quantity,
    /// Li per kilogram or per `per` pieces, as on the ticket.
    pub price_li: i64,
    /// How many pieces the price is for; 1 for a weight.
    pub per: i64,
}

/// A line of a sale with what it brought in and what it cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SoldLine {
    /// The material.
    pub material: MaterialCode,
    /// What left the station, as the village weighed it.
    pub own: Quantity,
    /// What the buyer's ticket says.
    pub ticket: Quantity,
    /// Li per kilogram or per `per` pieces.
    pub price_li: i64,
    /// How many pieces the price is for.
    pub per: i64,
    /// The ticket's amount, rounded once (R-NU-2).
    pub income: Money,
    /// What was sold had cost so much, at moving average (R-SA-2).
    pub cost: Money,
}

/// A sale with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sale {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub sale_no: DocumentNo,
    /// When it left the station.
    pub sold_at: Timestamp,
    /// Who bought it.
    pub buyer: BuyerCode,
    /// Its lines, at least one.
    pub lines: Vec<SoldLine>,
}

impl Sale {
    /// Its postings and movements: Dr 1131, Cr 5011 the ticket's amount; Dr 5401, Cr 1405 the cost, with the own quantity.
    pub fn booked(&self) -> (Vec<Posting>, Vec<StockMovement>) {
        let (mut postings, mut movements) = (Vec::new(), Vec::new());
        for line in &self.lines {
            let of = |account: Account| account.of(line.material.as_str());
            let buyer = Account::BuyerReceivable.of(self.buyer.as_str());
            let pairs = [
                (buyer, of(Account::ScrapSales), line.income),
                (
                    of(Account::CostOfScrap),
                    of(Account::RecyclablesStock),
                    line.cost,
                ),
            ];
            let positive = pairs
                .into_iter()
                .filter(|(_, _, amount)| amount.is_positive());
            postings
                .extend(positive.map(|(debit, credit, amount)| {
                    Posting::new(debit, credit, amount, Flow::Sale)
                }));
            movements.push(StockMovement {
                account: Account::RecyclablesStock,
                material: line.material.clone(),
                collector: None,
                direction: Direction::Out,
                quantity: line.own,
                value: line.cost,
                flow: Flow::Sale,
            });
        }
        (postings, movements)
    }
}

/// Records a sale.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecordSale {
    /// When it left the station.
    pub sold_at: Timestamp,
    /// Who bought it.
    pub buyer: BuyerCode,
    /// What was sold.
    pub lines: Vec<SaleLine>,
}

impl RecordSale {
    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let number = Need::last_number(DocumentKind::Sale, self.sold_at);
        vec![Need::Stock, number]
    }

    /// Books the sale whole: income on the ticket, cost of the own quantity at moving average (R-SA-2, R-SA-3). Lines of one material are
    /// issued one after the other.
    ///
    /// # Errors
    /// [`Refusal::NoLines`], [`Refusal::MaterialUnknown`], [`Refusal::WrongUnit`], [`Refusal::OutOfRange`], [`Refusal::PerIsForPieces`],
    /// [`Refusal::StockTooSmall`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("sold_at", self.sold_at)?;
        if self.lines.is_empty() {
            return Err(Refusal::NoLines.into());
        }
        let mut left: BTreeMap<&MaterialCode, Stock> = BTreeMap::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let income = line.income(book)?;
            let there = book.stock(Account::RecyclablesStock, &line.material)?;
            let stock = left.entry(&line.material).or_insert(there);
            let cost = stock.cost_of(&line.material, line.own)?;
            stock.add((line.own.count().saturating_neg(), -cost));
            lines.push(SoldLine {
                material: line.material.clone(),
                own: line.own,
                ticket: line.ticket,
                price_li: line.price_li,
                per: line.per,
                income,
                cost,
            });
        }
        let sale = Sale {
            sale_no: book.next_number(DocumentKind::Sale, self.sold_at)?,
            sold_at: self.sold_at,
            buyer: self.buyer.clone(),
            lines,
        };
        let (postings, movements) = sale.booked();
        let mut decision = Decision::on(self.sold_at, Event::SaleRecorded(sale));
        decision.postings = postings;
        decision.movements = movements;
        Ok(decision)
    }
}

impl SaleLine {
    /// The ticket's amount, after the line was checked.
    fn income(&self, book: &Book) -> Result<Money, Refusal> {
        let unit = check_quantity(book, &self.material, "own", self.own, 1)?;
        check_quantity(book, &self.material, "ticket", self.ticket, 1)?;
        if unit == Unit::Kg && self.per != 1 {
            return Err(Refusal::PerIsForPieces {
                material: self.material.to_string(),
            });
        }
        let price = UnitPrice::new(self.price_li, self.per);
        price.check()?;
        let income = value_of(self.ticket, price)?;
        check_amount("ticket", income)?;
        Ok(income)
    }
}

/// Refuses an amount that is more than can be entered.
pub(crate) fn check_amount(field: &'static str, amount: Money) -> Result<(), Refusal> {
    let most = Money::from_fen(crate::domain::money::MOST);
    if amount <= most {
        return Ok(());
    }
    Err(Refusal::OutOfRange {
        field,
        value: amount.to_string(),
        least: Money::ZERO.to_string(),
        most: most.to_string(),
    })
}

/// A buyer pays what he owes, by bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BuyerPays {
    /// Who.
    pub buyer: BuyerCode,
    /// How much.
    pub amount: Money,
    /// When.
    pub paid_at: Timestamp,
}

/// A payment of a buyer with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BuyerPayment {
    /// `YYYY-NNNNNN`, gapless per village and year.
    pub payment_no: DocumentNo,
    /// What was paid.
    #[serde(flatten)]
    pub paid: BuyerPays,
}

impl BuyerPayment {
    /// Its posting: Dr 1002, Cr 1131.
    pub fn postings(&self) -> Vec<Posting> {
        let buyer = Account::BuyerReceivable.of(self.paid.buyer.as_str());
        vec![Posting::new(
            Account::Bank.alone(),
            buyer,
            self.paid.amount,
            Flow::BuyerPaid,
        )]
    }
}

impl BuyerPays {
    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let buyer = Account::BuyerReceivable.of(self.buyer.as_str());
        let number = Need::last_number(DocumentKind::BuyerPayment, self.paid_at);
        vec![Need::Balance(buyer), number]
    }

    /// Books the payment, of no more than the buyer owes.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`], [`Refusal::BuyerOwesLess`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("paid_at", self.paid_at)?;
        if !self.amount.is_positive() {
            return Err(Refusal::OutOfRange {
                field: "amount",
                value: self.amount.to_string(),
                least: "0.01".to_owned(),
                most: Money::from_fen(crate::domain::money::MOST).to_string(),
            }
            .into());
        }
        let owed = book.balance(&Account::BuyerReceivable.of(self.buyer.as_str()))?;
        if self.amount > owed {
            return Err(Refusal::BuyerOwesLess {
                buyer: self.buyer.to_string(),
                owed,
                asked: self.amount,
            }
            .into());
        }
        let payment = BuyerPayment {
            payment_no: book.next_number(DocumentKind::BuyerPayment, self.paid_at)?,
            paid: self.clone(),
        };
        let postings = payment.postings();
        let mut decision = Decision::on(self.paid_at, Event::BuyerPaid(payment));
        decision.postings = postings;
        Ok(decision)
    }
}

/// What was sold of a material in a month, net of voids: own quantity and ticket in grams or pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SaleMonth {
    /// As the village weighed it.
    pub own: i64,
    /// As the buyers' tickets say.
    pub ticket: i64,
    /// The tickets' amounts.
    pub income: Money,
}

impl SaleMonth {
    /// Adds a change.
    pub fn add(&mut self, change: SaleMonth) {
        self.own = self.own.saturating_add(change.own);
        self.ticket = self.ticket.saturating_add(change.ticket);
        self.income += change.income;
    }
}

impl Book {
    /// Notes that a document was voided: a sale that is taken back as a fact of an earlier month leaves what was sold in this one as it is.
    pub(crate) fn apply_sale_void(&mut self, entry: &Entry, event: &DocumentVoided) {
        let document = self.document(event.kind, &event.number).ok().flatten();
        let Some(Event::SaleRecorded(sale)) = document.map(|document| document.event.clone())
        else {
            return;
        };
        if entry.decision.origin_month.is_none() {
            self.apply_sale(entry.month(), &sale, true);
        }
    }

    /// Notes a sale, or with `is_void` one taken back, in the month of the books.
    pub(crate) fn apply_sale(&mut self, month: Month, sale: &Sale, is_void: bool) {
        for line in &sale.lines {
            let signed = |count: i64| {
                if is_void {
                    count.saturating_neg()
                } else {
                    count
                }
            };
            let key = (month, line.material.clone());
            let sums = self.projections.sale_months.entry(key).or_default();
            sums.add(SaleMonth {
                own: signed(line.own.count()),
                ticket: signed(line.ticket.count()),
                income: if is_void { -line.income } else { line.income },
            });
        }
    }
}
