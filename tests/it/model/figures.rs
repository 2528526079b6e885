//! What the reference model can be asked, and the laws its figures keep after every step.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::book::{Charge, Household, MonthFigures, Receipt, Setup};
use super::model::Model;
use super::steps::{Month, Step, month_name};

impl Model {
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Numbers of all registered households, in order.
    pub(crate) fn households(&self) -> Vec<&str> {
        self.book.households.keys().map(String::as_str).collect()
    }

    /// A household's credit, below zero only after a void or correction (R-CO-4); 0 if unknown.
    pub(crate) fn credit(&self, no: &str) -> i64 {
        self.book.households.get(no).map_or(0, Household::credit)
    }

    /// A household's fee advance (R-ST-1); 0 if unknown.
    pub(crate) fn advance(&self, no: &str) -> i64 {
        self.book
            .households
            .get(no)
            .map_or(0, |household| household.advance)
    }

    /// What a household owes; 0 if unknown.
    pub(crate) fn open_total(&self, no: &str) -> i64 {
        self.book
            .households
            .get(no)
            .map_or(0, Household::open_total)
    }

    /// Whether a household has paid its latest charge and owes an older one (R-FE-6 applies advance there).
    pub(crate) fn owes_old_only(&self, no: &str) -> bool {
        let latest = |household: &Household| household.charges.values().next_back().cloned();
        let paid = self.book.households.get(no).and_then(latest);
        self.open_total(no) > 0 && paid.is_some_and(|charge| charge.open == 0 && charge.net() > 0)
    }

    /// All charges of a household by the first month of their period; none if unknown.
    pub(crate) fn charges(&self, no: &str) -> BTreeMap<Month, Charge> {
        self.book
            .households
            .get(no)
            .map_or_else(BTreeMap::new, |household| household.charges.clone())
    }

    /// First month of the period, gross and waived as issued, and what is still open, oldest first.
    pub(crate) fn open_charges(&self, no: &str) -> Vec<(String, i64, i64, i64)> {
        let charges = self
            .charges(no)
            .into_iter()
            .filter(|(_, charge)| charge.open > 0);
        charges
            .map(|(period, charge)| (month_name(period), charge.gross, charge.waived, charge.open))
            .collect()
    }

    /// Quantity (grams or pieces) and value in fen of a material in stock.
    pub(crate) fn stock(&self, material: &str) -> (i64, i64) {
        self.book.stock.get(material).copied().unwrap_or_default()
    }

    /// Receipts that stand, less advance refunded.
    pub(crate) fn cash_on_hand(&self) -> i64 {
        self.book.cash_on_hand
    }

    pub(crate) fn receipts_in(&self, year: i16) -> i64 {
        self.book
            .receipts_in
            .get(&year)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn receipt(&self, number: &str) -> Option<&Receipt> {
        self.book.receipts.get(number)
    }

    /// Whether a pickup is recorded and neither voided nor replaced.
    pub(crate) fn can_reverse(&self, number: &str) -> bool {
        self.book
            .pickups
            .get(number)
            .is_some_and(|pickup| !pickup.reversed)
    }

    /// Household, time and amount of a recorded pickup.
    pub(crate) fn find_pickup(&self, number: &str) -> Option<(&str, DateTime, i64)> {
        let pickup = self.book.pickups.get(number)?;
        let fen = pickup.lines.iter().map(|line| line.fen).sum();
        Some((&pickup.household, pickup.at, fen))
    }

    /// When the list published for the latest time takes effect.
    pub(crate) fn last_prices(&self) -> Option<DateTime> {
        self.book.prices.keys().next_back().copied()
    }

    /// The step with this index, which is its command id.
    pub(crate) fn step_at(&self, index: usize) -> Option<&Step> {
        self.log.get(index)
    }

    /// Whether something was booked under this command id.
    pub(crate) fn was_accepted(&self, index: usize) -> bool {
        self.accepted.contains(&index)
    }

    /// Opening, movements and closing of a month, as booked (`credit_rolls_forward`, `fees_roll_forward`).
    pub(crate) fn month(&self, month: Month) -> MonthFigures {
        let mut figures = self.book.months.get(&month).cloned().unwrap_or_default();
        for (_, earlier) in self.book.months.range(..month) {
            figures.credit.opening += earlier.credit.moved();
            figures.fees.opening += earlier.fees.moved();
        }
        figures.credit.closing = figures.credit.opening + figures.credit.moved();
        figures.fees.closing = figures.fees.opening + figures.fees.moved();
        figures
    }

    /// Panics if a law is broken that must hold after every step.
    pub(crate) fn check_local_laws(&self) {
        for (no, household) in &self.book.households {
            let open = household.open_total();
            let advance = household.advance;
            assert!(advance >= 0, "household {no}: advance {advance} below zero");
            assert!(
                advance == 0 || open == 0,
                "household {no}: advance {advance} beside open {open}"
            );
            let credit = household.credit();
            assert!(
                credit >= 0 || household.reversed,
                "household {no}: credit {credit} without a reversal"
            );
            for (period, charge) in &household.charges {
                let name = month_name(*period);
                let (open, net) = (charge.open, charge.net());
                assert!(
                    (0..=net).contains(&open),
                    "household {no}, charge {name}: open {open} of net {net}"
                );
                assert!(
                    charge.from_advance >= 0,
                    "household {no}, charge {name}: paid below zero"
                );
            }
        }
        self.check_months();
        self.check_receipts();
        self.check_advance();
    }

    /// Months roll forward into what the households have now; offset has two equal sides (section 13).
    fn check_months(&self) {
        let (mut credit, mut fees, mut by_pickups) = (0, 0, 0);
        for (month, moved) in &self.book.months {
            let name = month_name(*month);
            let figures = self.month(*month);
            assert_eq!(figures.credit.opening, credit, "{name}: credit opening");
            assert_eq!(figures.fees.opening, fees, "{name}: fees opening");
            assert_eq!(
                moved.credit.offset, moved.fees.offset,
                "{name}: offset has two sides"
            );
            assert!(
                moved.fees.cash <= 0,
                "{name}: more cash given back than taken"
            );
            (credit, fees) = (figures.credit.closing, figures.fees.closing);
            by_pickups += moved.credit.moved() - moved.credit.offset;
        }
        let households = self.book.households.values();
        let all_credit = households.clone().map(Household::credit).sum::<i64>();
        let all_open = households.map(Household::open_total).sum::<i64>();
        assert_eq!(
            credit, all_credit,
            "credit of the households is the last closing"
        );
        assert_eq!(fees, all_open, "open charges are the last closing");
        let value = self.book.stock.values().map(|stock| stock.1).sum::<i64>();
        assert_eq!(by_pickups, value, "stock value is the credit given for it");
        for (material, (quantity, value)) in &self.book.stock {
            assert!(
                *quantity >= 0 && *value >= 0,
                "{material}: stock below zero"
            );
            assert!(
                *quantity > 0 || *value == 0,
                "{material}: value {value} without quantity"
            );
        }
    }

    /// Receipt numbers of a year run from 1 without a gap (R-ST-1, `numbers_are_gapless`).
    fn check_receipts(&self) {
        let mut count = 0;
        for (year, receipts) in &self.book.receipts_in {
            let mut numbers = self
                .book
                .receipts
                .range(format!("{year:04}-")..format!("{year:04}."));
            let last = numbers.next_back().map(|(number, _)| number.clone());
            assert_eq!(
                last,
                Some(format!("{year:04}-{receipts:06}")),
                "last receipt of {year}"
            );
            count += receipts;
        }
        assert_eq!(
            count,
            self.book.receipts.len() as i64,
            "receipts are gapless"
        );
    }

    /// Fee advance is what was paid or credited back and neither applied nor refunded.
    fn check_advance(&self) {
        let households = self.book.households.values();
        let advance = households.map(|household| household.advance).sum::<i64>();
        let months = self.book.months.values();
        let applied = months
            .map(|moved| moved.fees.cash + moved.fees.advance_used)
            .sum::<i64>();
        let expected = self.book.cash_on_hand + self.book.credited_to_advance + applied;
        assert_eq!(advance, expected, "fee advance of the village");
    }
}
