//! Disputes (异议): a household objects to a pickup or a line of its statement, and is answered within some days: upheld, once what was wrong is put
//! right, or rejected.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::Decision;
use crate::domain::month::business_date;
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{DocumentNo, Event, HouseholdNo, Month, Refusal};

/// Something of a household that stands in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A pickup, by its number.
    Pickup(DocumentNo),
    /// A line of the statement, by the number of its entry.
    Entry(i64),
}

impl About {
    /// What has to be known to look it up for a household.
    pub fn need(&self, household: &HouseholdNo) -> Need {
        match self {
            About::Pickup(number) => Need::Document(DocumentKind::Pickup, number.clone()),
            About::Entry(seq) => Need::HouseholdEntry(household.clone(), *seq),
        }
    }

    /// How people name it.
    pub fn name(&self) -> String {
        match self {
            About::Pickup(number) => number.to_string(),
            About::Entry(seq) => seq.to_string(),
        }
    }

    /// Its entry, if it is the household's.
    fn entry_of(&self, book: &Book, household: &HouseholdNo) -> Result<i64, Stop> {
        let seq = match self {
            About::Pickup(number) => match book.document(DocumentKind::Pickup, number)? {
                Some(document) => {
                    (document.event.household() == Some(household)).then_some(document.seq)
                }
                None => {
                    return Err(Refusal::DocumentUnknown {
                        number: number.to_string(),
                    }
                    .into());
                }
            },
            About::Entry(seq) => book.concerns(household, *seq)?.then_some(*seq),
        };
        seq.ok_or_else(|| {
            Refusal::NotOfHousehold {
                number: self.name(),
                household_no: household.to_string(),
            }
            .into()
        })
    }
}

/// How a dispute was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeDecision {
    /// The household is right, and what was wrong has been put right.
    Upheld,
    /// It stays as it is.
    Rejected,
}

/// An answer, as it stands in the register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DisputeAnswer {
    /// The month of the books in which it was answered.
    pub month: Month,
    /// The day.
    pub answered_on: Date,
    /// How.
    pub decision: DisputeDecision,
}

/// A dispute, as it stands in the register under its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dispute {
    /// The month of the books in which it was opened.
    pub month: Month,
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// What it is about.
    pub about: About,
    /// The day it was opened.
    pub opened_on: Date,
    /// The last day for an answer.
    pub due: Date,
    /// The answer, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<DisputeAnswer>,
}

impl Registered for Dispute {
    const KIND: RegisterKind = RegisterKind::Dispute;

    fn household(&self) -> Option<&HouseholdNo> {
        Some(&self.household_no)
    }

    fn month(&self) -> Month {
        self.month
    }

    fn is_open(&self) -> bool {
        self.answer.is_none()
    }
}

impl Dispute {
    /// Whether it was opened by the end of a month and not answered by then.
    pub fn is_open_after(&self, month: Month) -> bool {
        let answered = self.answer.as_ref().map(|answer| answer.month);
        self.month <= month && answered.is_none_or(|answered| answered > month)
    }

    /// Whether it should have been answered before a day.
    pub fn is_overdue_on(&self, day: Date) -> bool {
        self.due < day
    }
}

/// Opens a dispute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenDispute {
    /// Who objects.
    pub household_no: HouseholdNo,
    /// To what.
    pub about: About,
    /// When.
    pub opened_at: Timestamp,
    /// What the household says. Free text, kept apart.
    #[serde(skip)]
    pub text: String,
}

/// A dispute that was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DisputeOpened {
    /// Its number.
    pub number: DocumentNo,
    /// Who objects.
    pub household_no: HouseholdNo,
    /// To what.
    pub about: About,
    /// When.
    pub opened_at: Timestamp,
    /// The last day for an answer.
    pub due: Date,
}

impl OpenDispute {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        let year = business_date(self.opened_at).year();
        vec![
            Need::Household(self.household_no.clone()),
            self.about.need(&self.household_no),
            Need::LastNumber(DocumentKind::Dispute, year),
        ]
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        details.put("text", &self.text);
        details
    }

    /// Opens the dispute under the next number of its year, to be answered within the days that the village has set.
    ///
    /// # Errors
    /// [`Refusal::HouseholdUnknown`], [`Refusal::DocumentUnknown`], [`Refusal::NotOfHousehold`], [`Refusal::InTheFuture`],
    /// [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("opened_at", self.opened_at)?;
        book.known_household(&self.household_no)?;
        self.about.entry_of(book, &self.household_no)?;
        let days = jiff::Span::new().days(book.settings().dispute_days);
        let opened = DisputeOpened {
            number: book.next_number(DocumentKind::Dispute, self.opened_at)?,
            household_no: self.household_no.clone(),
            about: self.about.clone(),
            opened_at: self.opened_at,
            due: business_date(self.opened_at).saturating_add(days),
        };
        Ok(Decision::on(self.opened_at, Event::DisputeOpened(opened)))
    }
}

/// Answers a dispute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AnswerDispute {
    /// The dispute.
    pub number: DocumentNo,
    /// How it is answered.
    pub decision: DisputeDecision,
    /// What put it right: a pickup by the number of its replacement, or by its own where it was voided; anything else by its entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<About>,
    /// When.
    pub answered_at: Timestamp,
    /// What the household is told. Free text, kept apart.
    #[serde(skip)]
    pub text: String,
}

/// A dispute that was answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DisputeAnswered {
    /// The dispute.
    pub number: DocumentNo,
    /// Whose it is.
    pub household_no: HouseholdNo,
    /// How it was answered.
    pub decision: DisputeDecision,
    /// What put it right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<About>,
    /// When.
    pub answered_at: Timestamp,
}

impl AnswerDispute {
    /// The facts it surely needs.
    pub fn needs(&self) -> Vec<Need> {
        vec![Need::Register(
            RegisterKind::Dispute,
            self.number.to_string(),
        )]
    }

    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        let mut details = PrivateDetails::default();
        details.put("text", &self.text);
        details
    }

    /// Answers the dispute, once. It is upheld only when what was wrong has been put right; until then it stays open.
    ///
    /// # Errors
    /// [`Refusal::DocumentUnknown`], [`Refusal::DisputeAnsweredAlready`], [`Refusal::AnsweredBeforeOpened`],
    /// [`Refusal::CorrectionMissing`], [`Refusal::NotItsCorrection`], [`Refusal::NotOfHousehold`], [`Refusal::InTheFuture`],
    /// [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("answered_at", self.answered_at)?;
        let dispute: Dispute = book.known_row(self.number.as_str())?;
        let number = || self.number.to_string();
        if dispute.answer.is_some() {
            return Err(Refusal::DisputeAnsweredAlready { number: number() }.into());
        }
        if business_date(self.answered_at) < dispute.opened_on {
            return Err(Refusal::AnsweredBeforeOpened {
                number: number(),
                opened_on: dispute.opened_on,
            }
            .into());
        }
        match (self.decision, &self.corrected_by) {
            (DisputeDecision::Upheld, Some(remedy)) => check_remedy(book, &dispute, remedy)?,
            (DisputeDecision::Upheld, None) => {
                return Err(Refusal::CorrectionMissing { number: number() }.into());
            }
            (DisputeDecision::Rejected, Some(remedy)) => {
                return Err(not_its_correction(&dispute, remedy));
            }
            (DisputeDecision::Rejected, None) => {}
        }
        let answered = DisputeAnswered {
            number: self.number.clone(),
            household_no: dispute.household_no,
            decision: self.decision,
            corrected_by: self.corrected_by.clone(),
            answered_at: self.answered_at,
        };
        let event = Event::DisputeAnswered(answered);
        Ok(Decision::on(self.answered_at, event))
    }
}

fn not_its_correction(dispute: &Dispute, remedy: &About) -> Stop {
    Refusal::NotItsCorrection {
        number: dispute.about.name(),
        corrected_by: remedy.name(),
    }
    .into()
}

/// Makes sure that a disputed pickup was reversed by what is named, and that a disputed line has a later entry of the same household.
fn check_remedy(book: &Book, dispute: &Dispute, remedy: &About) -> Result<(), Stop> {
    let household = &dispute.household_no;
    let disputed = dispute.about.entry_of(book, household)?;
    let is_remedied = match &dispute.about {
        About::Pickup(number) => {
            let document = book.document(DocumentKind::Pickup, number)?;
            let reversed_by = document.and_then(|document| document.reversed_by);
            // A voided pickup has no other number than its own, and a void no number at all.
            let is_void = *remedy == dispute.about;
            let named = if is_void {
                reversed_by
            } else {
                Some(remedy.entry_of(book, household)?)
            };
            reversed_by.is_some() && named == reversed_by
        }
        About::Entry(_) => remedy.entry_of(book, household)? > disputed,
    };
    if is_remedied {
        Ok(())
    } else {
        Err(not_its_correction(dispute, remedy))
    }
}

impl Book {
    /// Whether an entry concerns a household.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub fn concerns(&self, household: &HouseholdNo, seq: i64) -> Result<bool, Stop> {
        let key = (household.clone(), seq);
        // What this batch decided is not in the store yet.
        if self.projections.household_entries.contains(&key) {
            return Ok(true);
        }
        let need = || Need::HouseholdEntry(household.clone(), seq);
        Ok(self.household_entries.get(&key, need)?.is_some())
    }

    pub(crate) fn apply_dispute(&mut self, opened: &DisputeOpened, month: Month) {
        let row = Dispute {
            month,
            household_no: opened.household_no.clone(),
            about: opened.about.clone(),
            opened_on: business_date(opened.opened_at),
            due: opened.due,
            answer: None,
        };
        self.register(opened.number.as_str(), &row);
    }

    pub(crate) fn apply_dispute_answer(&mut self, answered: &DisputeAnswered, month: Month) {
        let answer = DisputeAnswer {
            month,
            answered_on: business_date(answered.answered_at),
            decision: answered.decision,
        };
        self.change_row(answered.number.as_str(), |row: &mut Dispute| {
            row.answer = Some(answer);
        });
    }
}
