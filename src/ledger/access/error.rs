//! Why somebody is not let in, or an account not made. The sentences are in `text/*.ftl` under `access-<code>`.

use serde::Serialize;

use crate::domain::Refusal;
use crate::ledger::{Error, Trouble};
use crate::store::error::StoreError;

/// An error about accounts and sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each variant is a sentence; its fields are the facts that the sentence names"
)]
pub enum AccessError {
    /// Name and password do not belong together; whether there is such a name is not told.
    WrongSignIn,
    /// The PIN is wrong, or this phone is not bound to a card.
    WrongPin,
    /// Too many wrong PINs on this phone: it takes a new card.
    PhoneBlocked,
    /// The phone was stopped, and brings nothing that it made before.
    PhoneStopped,
    /// Too many failures: try again later.
    TriedTooOften { seconds: i64 },
    /// Too many people sign in at once.
    TooManySignIns,
    /// The card was used before, has expired, or never was.
    CardUnknown,
    /// The enrolment code was used before, has expired, or never was.
    EnrolmentUnknown,
    /// Another account has that name.
    NameTaken { name: String },
    /// There is no such account.
    UserUnknown { name: String },
    /// The account has no such token.
    TokenUnknown { name: String },
    /// A password has 12 to 128 characters.
    PasswordLength { least: usize, most: usize },
    /// The password is among the commonest, or made of words that everybody guesses here.
    PasswordCommon,
    /// The account would reach further than it can.
    ScopeTooWide { scope: String },
    /// A collector's account is of one village, and names the collector.
    CollectorNeedsVillage,
    /// Households sign in with cards.
    RoleHasNoAccount { role: &'static str },
    /// There is no pepper, so PINs can neither be made nor checked.
    PepperMissing,
    /// It would expire before now, or too late.
    ExpiryOutOfRange { most_days: i64 },
    /// What was written cannot be read.
    #[serde(skip)]
    Refused(Box<Refusal>),
    /// The database could not do it.
    #[serde(skip)]
    Unavailable(Trouble),
}

impl AccessError {
    /// The error by name: its code and its facts.
    pub fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(facts)) => facts,
            Ok(_) | Err(_) => serde_json::Map::new(),
        }
    }
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> AccessError {
        Error::from(error).into()
    }
}

impl From<Refusal> for AccessError {
    fn from(refusal: Refusal) -> AccessError {
        AccessError::Refused(Box::new(refusal))
    }
}

impl From<Trouble> for AccessError {
    fn from(trouble: Trouble) -> AccessError {
        AccessError::Unavailable(trouble)
    }
}

impl From<Error> for AccessError {
    fn from(error: Error) -> AccessError {
        match error {
            Error::Refused(refusal) | Error::Waits(refusal) => AccessError::Refused(refusal),
            Error::Unavailable(trouble) => AccessError::Unavailable(trouble),
            Error::RefusedBefore(_) => AccessError::Unavailable(Trouble::Failed {
                reason: "accounts keep no refusals".to_owned(),
            }),
        }
    }
}
