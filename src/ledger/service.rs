//! What can be asked about the service at the door: schedules with the next visit, rounds with their coverage, disputes.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::dispute::Dispute;
use crate::domain::month::business_date;
use crate::domain::register::{RegisterKind, Registered as _};
use crate::domain::round::Round;
use crate::domain::schedule::{Schedule, SetSchedule};
use crate::domain::{DocumentKind, Group, Month, VillageCode, natural_order};
use crate::ledger::{Error, Ledger, find_village};
use crate::store::{document, register};

/// When a group is visited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GroupSchedule {
    /// What was set.
    #[serde(flatten)]
    pub set: SetSchedule,
    /// The visit that is under way or comes next (R-PK-9); none if the group is not visited.
    pub next_visit: Option<Date>,
}

/// A round with its figures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the columns of the register")]
pub struct RoundStanding {
    pub round_no: String,
    pub held_on: Date,
    pub group: Group,
    pub collector: String,
    pub planned: i64,
    pub visited: i64,
    pub is_closed: bool,
}

/// A dispute with its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DisputeStanding {
    /// Its number.
    pub number: String,
    /// Whether it should have been answered before today.
    pub is_overdue: bool,
    /// What is known of it.
    #[serde(flatten)]
    pub dispute: Dispute,
    /// What the household says, unless it was erased.
    pub text: Option<String>,
}

impl Ledger {
    /// The schedules of the groups that are visited, in natural order.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn schedules(&self, code: &VillageCode) -> Result<Vec<GroupSchedule>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let rows = register::load_open(&mut tx, &[(id, RegisterKind::Schedule)]).await?;
        tx.rollback().await?;
        let now = self.clock().now();
        let mut found: Vec<GroupSchedule> = register::read::<Schedule>(rows)?
            .into_iter()
            .map(|(_, row)| GroupSchedule {
                next_visit: row.set.visit_from(now),
                set: row.set,
            })
            .collect();
        found.sort_by(|left, right| left.set.group.cmp(&right.set.group));
        Ok(found)
    }

    /// The rounds of a month, by day and number.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn rounds(
        &self,
        code: &VillageCode,
        month: Month,
    ) -> Result<Vec<RoundStanding>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let wanted = [(id, RegisterKind::Round)];
        let rows = register::load_month(&mut tx, &wanted, &month.to_string()).await?;
        tx.rollback().await?;
        let mut found: Vec<RoundStanding> = register::read::<Round>(rows)?
            .into_iter()
            .map(|(round_no, row)| RoundStanding {
                round_no,
                held_on: row.held_on,
                visited: row.doors_visited(),
                is_closed: !row.is_open(),
                group: row.group,
                collector: row.collector.to_string(),
                planned: row.planned,
            })
            .collect();
        found.sort_by(|left, right| {
            let by_day = left.held_on.cmp(&right.held_on);
            by_day.then_with(|| natural_order(&left.round_no, &right.round_no))
        });
        Ok(found)
    }

    /// The disputes without an answer, in the order of their numbers; with a month, those opened in it, whether answered or not.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::VillageUnknown`], [`Error::Unavailable`].
    pub async fn disputes(
        &self,
        code: &VillageCode,
        month: Option<Month>,
    ) -> Result<Vec<DisputeStanding>, Error> {
        let mut tx = self.store.read().await?;
        let (id, _) = find_village(&mut tx, code).await?;
        let wanted = [(id, RegisterKind::Dispute)];
        let rows = match month {
            Some(month) => register::load_month(&mut tx, &wanted, &month.to_string()).await?,
            None => register::load_open(&mut tx, &wanted).await?,
        };
        let found = register::read::<Dispute>(rows)?;
        let numbers = found.iter().map(|(number, _)| number.as_str());
        let mut details =
            document::load_details(&mut tx, id, DocumentKind::Dispute, numbers).await?;
        tx.rollback().await?;
        let today = business_date(self.clock().now());
        let mut found: Vec<DisputeStanding> = found
            .into_iter()
            .map(|(number, dispute)| DisputeStanding {
                text: details
                    .remove(&number)
                    .and_then(|mut details| details.remove("text")),
                number,
                is_overdue: dispute.is_open() && dispute.is_overdue_on(today),
                dispute,
            })
            .collect();
        found.sort_by(|left, right| natural_order(&left.number, &right.number));
        Ok(found)
    }
}
