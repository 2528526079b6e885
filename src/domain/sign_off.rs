//! What becomes of a closed month (R-PD-1, R-PD-5): reviewed, signed, published, returned, opened again; no two of the three hands are one person's.

use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::facts::{Book, Stop};
use crate::domain::journal::{Decision, Entry};
use crate::domain::month_close::{MonthStanding, MonthState};
use crate::domain::{Event, Month, Refusal, Role};

/// Reviews a closed month (村务监督委员会审核).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReviewMonth {
    /// The month.
    pub month: Month,
}

/// Signs a reviewed month (镇签收).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignMonth {
    /// The month.
    pub month: Month,
}

/// Publishes a signed month (公示).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublishMonth {
    /// The month.
    pub month: Month,
}

/// Returns a month that is closed or reviewed (退回): it is open again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReturnMonth {
    /// The month.
    pub month: Month,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// Opens a closed month again (反结账).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReopenMonth {
    /// The month.
    pub month: Month,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A month whose state changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MonthMoved {
    /// The month.
    pub month: Month,
    /// Which close of it.
    pub version: i64,
    /// The state it was in.
    pub before: MonthState,
}

impl ReviewMonth {
    /// Takes the month from closed to reviewed, by another person than closed it.
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`], [`Refusal::BeforeOpening`], [`Refusal::MonthStands`], [`Refusal::SamePerson`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_role(&[Role::Supervisor])?;
        let standing = book.check_state(self.month, &[MonthState::Closed])?;
        book.check_other_person(standing.closed_by.as_deref())?;
        Ok(moved(book, self.month, &standing, Event::MonthReviewed))
    }
}

impl SignMonth {
    /// Takes the month from reviewed to signed, by another person than closed or reviewed it.
    ///
    /// # Errors
    /// As [`ReviewMonth::decide`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_role(&[Role::Official])?;
        let standing = book.check_state(self.month, &[MonthState::Reviewed])?;
        book.check_other_person(standing.closed_by.as_deref())?;
        book.check_other_person(standing.reviewed_by.as_deref())?;
        Ok(moved(book, self.month, &standing, Event::MonthSigned))
    }
}

impl PublishMonth {
    /// Takes the month from signed to published.
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`], [`Refusal::BeforeOpening`], [`Refusal::MonthStands`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_role(&[Role::Clerk, Role::Official])?;
        let standing = book.check_state(self.month, &[MonthState::Signed])?;
        Ok(moved(book, self.month, &standing, Event::MonthPublished))
    }
}

impl ReturnMonth {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Opens a month that is closed or reviewed, if none after it is closed.
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`], [`Refusal::BeforeOpening`], [`Refusal::MonthStands`], [`Refusal::LaterMonthClosed`], [`Refusal::Empty`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_role(&[Role::Supervisor, Role::Official])?;
        let states = [MonthState::Closed, MonthState::Reviewed];
        let standing = book.check_state(self.month, &states)?;
        book.check_latest_closed(self.month)?;
        check_reason(&self.reason)?;
        Ok(moved(book, self.month, &standing, Event::MonthReturned))
    }
}

impl ReopenMonth {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// Opens the latest closed month: before it is signed the clerk, after that only the township (R-PD-5).
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`], [`Refusal::BeforeOpening`], [`Refusal::MonthStands`], [`Refusal::LaterMonthClosed`], [`Refusal::Empty`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        let states = [
            MonthState::Closed,
            MonthState::Reviewed,
            MonthState::Signed,
            MonthState::Published,
        ];
        let standing = book.check_state(self.month, &states)?;
        let role = if standing.state >= MonthState::Signed {
            Role::Official
        } else {
            Role::Clerk
        };
        book.check_role(&[role])?;
        book.check_latest_closed(self.month)?;
        check_reason(&self.reason)?;
        Ok(moved(book, self.month, &standing, Event::MonthReopened))
    }
}

fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::Empty { field: "reason" });
    }
    Ok(())
}

fn moved(
    book: &Book,
    month: Month,
    standing: &MonthStanding,
    event: fn(MonthMoved) -> Event,
) -> Decision {
    let moved = MonthMoved {
        month,
        version: standing.version,
        before: standing.state,
    };
    Decision::on(book.now(), event(moved))
}

impl Book {
    /// Makes sure that who gives the command has one of the roles.
    ///
    /// # Errors
    /// [`Refusal::RoleMayNot`].
    pub(crate) fn check_role(&self, roles: &[Role]) -> Result<(), Refusal> {
        let role = self.actor().role;
        if roles.contains(&role) {
            return Ok(());
        }
        let allowed: Vec<&str> = roles.iter().map(|role| role.word()).collect();
        Err(Refusal::RoleMayNot {
            role: role.word(),
            allowed: allowed.join(", "),
        })
    }

    /// Where a month stands, which must be in one of the states.
    ///
    /// # Errors
    /// [`Refusal::BeforeOpening`], [`Refusal::MonthStands`].
    pub(crate) fn check_state(
        &self,
        month: Month,
        states: &[MonthState],
    ) -> Result<MonthStanding, Refusal> {
        let opening_month = self.village()?.opening_month;
        if month < opening_month {
            return Err(Refusal::BeforeOpening {
                at: month.to_string(),
                opening_month,
            });
        }
        let standing = self.month_standing(month);
        if states.contains(&standing.state) {
            return Ok(standing);
        }
        let needed: Vec<&str> = states.iter().map(|state| state.word()).collect();
        Err(Refusal::MonthStands {
            month,
            state: standing.state.word(),
            needed: needed.join(", "),
        })
    }

    /// Makes sure that who gives the command is another person than the one in the journal.
    ///
    /// # Errors
    /// [`Refusal::SamePerson`].
    pub(crate) fn check_other_person(&self, written: Option<&str>) -> Result<(), Refusal> {
        match written.filter(|written| self.actor().is(written)) {
            None => Ok(()),
            Some(written) => Err(Refusal::SamePerson {
                person: written.to_owned(),
            }),
        }
    }

    fn check_latest_closed(&self, month: Month) -> Result<(), Refusal> {
        match self.last_closed().filter(|latest| *latest > month) {
            None => Ok(()),
            Some(latest) => Err(Refusal::LaterMonthClosed { month, latest }),
        }
    }

    /// Notes what became of a month.
    pub(crate) fn apply_sign_off(&mut self, entry: &Entry) {
        let actor = || Some(entry.actor.clone());
        let event = &entry.decision.event;
        let Some((moved, state)) = event.moved_month() else {
            return;
        };
        self.change_month(moved.month, |standing| {
            standing.state = state;
            match state {
                MonthState::Reviewed => standing.reviewed_by = actor(),
                MonthState::Signed => standing.signed_by = actor(),
                MonthState::Open => {
                    standing.closed_by = None;
                    standing.reviewed_by = None;
                    standing.signed_by = None;
                }
                MonthState::Closed | MonthState::Published => {}
            }
        });
    }
}

impl Event {
    /// The month whose state it changed after the close, and the state it has since.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing here"
    )]
    pub const fn moved_month(&self) -> Option<(&MonthMoved, MonthState)> {
        match self {
            Event::MonthReviewed(moved) => Some((moved, MonthState::Reviewed)),
            Event::MonthSigned(moved) => Some((moved, MonthState::Signed)),
            Event::MonthPublished(moved) => Some((moved, MonthState::Published)),
            Event::MonthReturned(moved) | Event::MonthReopened(moved) => {
                Some((moved, MonthState::Open))
            }
            _ => None,
        }
    }

    /// Whether it lets a month take entries again, which the database must know before the next entry comes.
    pub const fn opens_month(&self) -> bool {
        matches!(self, Event::MonthReturned(_) | Event::MonthReopened(_))
    }
}
