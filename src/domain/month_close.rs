//! The states of a month (账期, R-PD): open, closed, reviewed, signed, published; a closed month takes no entry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Month;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::{Decision, Flow};
use crate::domain::month::business_date;
use crate::domain::seal::Hash;

/// How far a month has come (R-PD-1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthState {
    /// It takes entries.
    Open,
    /// Closed by the clerk after the checks.
    Closed,
    /// Reviewed by the supervisor.
    Reviewed,
    /// Signed by the township.
    Signed,
    /// Published in the village.
    Published,
}

impl MonthState {
    /// Every state, in order.
    pub const ALL: &'static [MonthState] = &[
        MonthState::Open,
        MonthState::Closed,
        MonthState::Reviewed,
        MonthState::Signed,
        MonthState::Published,
    ];

    /// The word used in the database.
    pub const fn word(self) -> &'static str {
        match self {
            MonthState::Open => "open",
            MonthState::Closed => "closed",
            MonthState::Reviewed => "reviewed",
            MonthState::Signed => "signed",
            MonthState::Published => "published",
        }
    }

    /// The state with that word.
    pub fn from_word(word: &str) -> Option<MonthState> {
        MonthState::ALL
            .iter()
            .copied()
            .find(|state| state.word() == word)
    }
}

/// Where a month of a village stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MonthStanding {
    /// Its state.
    pub state: MonthState,
    /// How often it was closed.
    pub version: i64,
    /// The hash of the last entry booked in it; none if nothing was.
    pub last_hash: Option<Hash>,
    /// The seal of its last close (R-PD-6); none while it was never closed.
    pub seal: Option<Hash>,
    /// Who closed it, as the journal writes it; none while it is open.
    pub closed_by: Option<String>,
    /// Who reviewed it.
    pub reviewed_by: Option<String>,
    /// Who signed it.
    pub signed_by: Option<String>,
}

impl Default for MonthStanding {
    fn default() -> MonthStanding {
        MonthStanding {
            state: MonthState::Open,
            version: 0,
            last_hash: None,
            seal: None,
            closed_by: None,
            reviewed_by: None,
            signed_by: None,
        }
    }
}

impl Book {
    /// Where a month stands; one of which nothing is known is open.
    pub fn month_standing(&self, month: Month) -> MonthStanding {
        self.months.get(&month).cloned().unwrap_or_default()
    }

    /// Whether a month takes no entry any more. Months close in order, so neither does any before the last one that is closed, that of the
    /// opening lines among them.
    pub fn is_closed(&self, month: Month) -> bool {
        self.last_closed().is_some_and(|last| month <= last)
    }

    /// The last month that is closed.
    pub fn last_closed(&self) -> Option<Month> {
        let closed = |(month, standing): (&Month, &MonthStanding)| {
            (standing.state != MonthState::Open).then_some(*month)
        };
        self.months.iter().rev().find_map(closed)
    }

    /// The first month after a closed one that takes entries: months close in order, so all after it are open as well.
    pub(crate) fn first_open(&self) -> Option<Month> {
        self.last_closed().map(Month::next)
    }

    /// Books in the first open month what falls into a closed one; what moved money or material then carries the month of its fact and
    /// stands in the report's own column (R-CO-5, R-PD-4). A month that has not ended cannot be closed, so the month of now is always open.
    pub(crate) fn place(&self, decision: &mut Decision) {
        let month = Month::of(decision.booked_on);
        let moves = !decision.postings.is_empty() || !decision.movements.is_empty();
        if let Some(open) = self.first_open().filter(|_| self.is_closed(month)) {
            let today = business_date(self.now);
            decision.booked_on = today.min(open.last_day()).max(open.first_day());
            if moves {
                decision.origin_month.get_or_insert(month);
            }
        }
        if decision.origin_month.is_none() {
            return;
        }
        decision.move_to_earlier_month();
    }

    /// What the event of a decision tells alone, as it is booked where the decision stands: with the flows of an earlier month where it carries
    /// one, and with what it leaves behind in stock (R-SA-2).
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn booked_again(&self, decision: &Decision) -> Result<Option<Decision>, Stop> {
        let Some((postings, movements)) = decision.event.booked() else {
            return Ok(None);
        };
        let mut again = Decision {
            postings,
            movements,
            ..decision.clone()
        };
        self.settle_residue(&mut again)?;
        if again.origin_month.is_some() {
            again.move_to_earlier_month();
        }
        self.settle_households(&mut again)?;
        Ok(Some(again))
    }

    /// Notes what an entry does to its month.
    pub(crate) fn change_month(&mut self, month: Month, change: impl FnOnce(&mut MonthStanding)) {
        change(self.months.entry(month).or_default());
        self.projections.months.insert(month);
    }

    /// The months of the book, by month.
    pub fn months(&self) -> &BTreeMap<Month, MonthStanding> {
        &self.months
    }
}

impl Decision {
    /// Gives what moved the flows of a fact that is booked in a later month.
    fn move_to_earlier_month(&mut self) {
        let is_reversal = self.reverses.is_some();
        for flow in self
            .postings
            .iter_mut()
            .map(|posting| &mut posting.flow)
            .chain(self.movements.iter_mut().map(|movement| &mut movement.flow))
        {
            *flow = of_an_earlier_month(*flow, is_reversal);
        }
    }
}

/// The flow of a fact that is booked in a later month. Advance that is used and charges that are open keep theirs: a charge knows by them what
/// has become of it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other flows stay what they are unless they are taken back"
)]
const fn of_an_earlier_month(flow: Flow, is_reversal: bool) -> Flow {
    match flow {
        Flow::Opening | Flow::AdvanceUsed | Flow::Charge | Flow::Loss | Flow::Gain => flow,
        Flow::Pickup | Flow::Void | Flow::Correction | Flow::Cash | Flow::CreditedBack => {
            Flow::PriorPeriod
        }
        _ if is_reversal => Flow::PriorPeriod,
        _ => flow,
    }
}
