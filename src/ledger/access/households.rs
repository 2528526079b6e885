//! Households sign in with two things: a phone that their card was bound to, and the PIN. Collectors enrol their phone with a code.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::authority::Identity;
use crate::domain::{CollectorCode, HouseholdNo, Refusal, Role, VillageCode};
use crate::ledger::access::hasher::Of;
use crate::ledger::access::secret::{card_mark, digest, draw_pin};
use crate::ledger::access::sessions::{SESSION, collector_identity, household_identity, instant};
use crate::ledger::access::{Access, AccessError, Deed, Secret, SignedIn};
use crate::store::access::{self, CredentialRow, Taken};
use crate::store::one_time::{self, OneTimeRow};
use crate::store::{household, village as villages};

/// A card waits so long to be used.
const CARD: SignedDuration = SignedDuration::from_hours(90 * 24);
/// An enrolment code waits so long.
const ENROLMENT: SignedDuration = SignedDuration::from_hours(24);
/// A phone stays bound so long.
const PHONE: SignedDuration = SignedDuration::from_hours(365 * 24);
/// So many wrong PINs in a row, and the phone takes a new card.
const PINS_MOST: i64 = 10;

/// A phone of a collector that was stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoppedPhone {
    /// Whose it was.
    pub identity: Identity,
    /// By which it is listed.
    pub credential: Uuid,
    /// When it was stopped.
    pub stopped_at: Timestamp,
    /// Until when it is recognised at all.
    pub expires_at: Timestamp,
}

/// The card of a household, as it is printed once.
#[derive(Clone, Debug)]
pub struct Card {
    /// What the printed code says.
    pub secret: Secret,
    /// The PIN, for the household's eyes.
    pub pin: Secret,
}

impl Access {
    /// Makes a card and a PIN for a household. Its earlier cards, PIN and phones work no more.
    ///
    /// # Errors
    /// [`AccessError::PepperMissing`]; [`Refusal::VillageUnknown`], [`Refusal::HouseholdUnknown`].
    pub async fn issue_card(
        &self,
        by: Deed<'_>,
        village: &VillageCode,
        number: &HouseholdNo,
    ) -> Result<Card, AccessError> {
        self.check_household(village, number).await?;
        let (secret, pin) = (Secret::short(&self.chance), draw_pin(&self.chance));
        let hash = self.hasher.hash(Of::Pin, &pin).await?;
        let mark = card_mark(secret.reveal());
        let expires_at = self.now().checked_add(CARD).unwrap_or(self.now());
        let row = OneTimeRow {
            digest: digest(secret.reveal()).to_vec(),
            kind: "card".to_owned(),
            village_code: village.to_string(),
            household_no: Some(number.to_string()),
            collector: None,
            expires_at: expires_at.as_microsecond(),
        };
        self.write(async |tx| {
            let (village, number) = (village.as_str(), number.as_str());
            one_time::delete_cards(tx, village, number).await?;
            access::take_back(tx, Taken::Household(village, number)).await?;
            let mark = (mark.as_str(), self.now().as_microsecond());
            one_time::set_pin(tx, village, number, &hash, mark).await?;
            one_time::insert(tx, &row).await?;
            self.note_in(tx, by).await
        })
        .await?;
        self.forget_seen();
        let pin = Secret::told(pin);
        Ok(Card { secret, pin })
    }

    async fn check_household(
        &self,
        village: &VillageCode,
        number: &HouseholdNo,
    ) -> Result<(), AccessError> {
        let mut tx = self.read().await?;
        let id = self.village_id(&mut tx, village).await?;
        let found = household::load(&mut tx, &household::keys([(id, number)])).await?;
        tx.rollback().await?;
        if found.is_empty() {
            let household_no = number.to_string();
            return Err(Refusal::HouseholdUnknown { household_no }.into());
        }
        Ok(())
    }

    async fn village_id(
        &self,
        tx: &mut crate::store::engine::Tx<'_>,
        village: &VillageCode,
    ) -> Result<i64, AccessError> {
        let ids = villages::find_ids(tx, std::slice::from_ref(village)).await?;
        let unknown = || Refusal::VillageUnknown {
            village: village.clone(),
        };
        let id = ids.first().map(|(_, id)| *id).ok_or_else(unknown)?;
        Ok(id)
    }

    /// Binds a phone to the household of a card, which is used up by that. The phone alone opens nothing.
    ///
    /// # Errors
    /// [`AccessError::CardUnknown`].
    pub async fn bind_card(&self, card: &str, trace_id: &str) -> Result<Secret, AccessError> {
        let card = digest(card);
        let now = self.now().as_microsecond();
        self.write(async |tx| {
            let used = one_time::take(tx, &card, "card").await?;
            let Some(used) = used.filter(|row| row.expires_at > now) else {
                return Err(AccessError::CardUnknown);
            };
            let village = VillageCode::parse("village", &used.village_code)?;
            let number = used.household_no.unwrap_or_default();
            let identity = household_identity(village.clone(), &number)?;
            let deed = household_deed(&village, &number, "bind_card", true, trace_id);
            self.note_in(tx, deed).await?;
            let row = CredentialRow {
                village_code: Some(used.village_code),
                household_no: Some(number.clone()),
                ..self.credential("device", PHONE)
            };
            let given = self.give_out(tx, row, identity).await?;
            Ok(given.secret)
        })
        .await
    }

    /// Signs a household in on a phone that its card was bound to. Wrong PINs are counted on the phone, so that a stranger with another one cannot
    /// lock the household out.
    ///
    /// # Errors
    /// [`AccessError::WrongPin`], also where the phone is bound to nothing; [`AccessError::TriedTooOften`], [`AccessError::PhoneBlocked`],
    /// [`AccessError::TooManySignIns`], [`AccessError::PepperMissing`].
    pub async fn sign_in_household(
        &self,
        phone: &str,
        pin: &str,
        trace_id: &str,
    ) -> Result<SignedIn, AccessError> {
        if !self.hasher.has_pepper() {
            return Err(AccessError::PepperMissing);
        }
        let place = self.hasher.place()?;
        let phone = digest(phone);
        let (village, number, hash) = self.count_pin(&phone).await?;
        let is_right = self.hasher.is(place, Of::Pin, pin, hash.as_deref()).await?;
        let code = VillageCode::parse("village", &village)?;
        let deed = household_deed(&code, &number, "sign_in", is_right, trace_id);
        if !is_right {
            self.note_failure(deed).await?;
            return Err(AccessError::WrongPin);
        }
        let identity = household_identity(code.clone(), &number)?;
        self.write(async |tx| {
            // The card may have been replaced while the PIN was checked.
            let bound = access::find_credential(tx, &phone).await?;
            if bound.is_none() || one_time::find_pin(tx, &village, &number).await? != hash {
                return Err(AccessError::WrongPin);
            }
            access::set_failures(tx, &phone, 0, 0).await?;
            self.note_in(tx, deed).await?;
            let row = CredentialRow {
                village_code: Some(village.clone()),
                household_no: Some(number.clone()),
                ..self.credential("household", SESSION)
            };
            self.give_out(tx, row, identity.clone()).await
        })
        .await
    }

    /// Counts a PIN before it is tried, and tells whose it would be. A phone that is bound to nothing is told so at once: there is nothing to guess.
    async fn count_pin(
        &self,
        phone: &[u8; 32],
    ) -> Result<(String, String, Option<String>), AccessError> {
        let now = self.now();
        self.write(async |tx| {
            let bound = access::find_credential(tx, phone).await?;
            let bound =
                bound.filter(|row| row.kind == "device" && row.expires_at > now.as_microsecond());
            let Some(bound) = bound else {
                return Err(AccessError::WrongPin);
            };
            if bound.failures >= PINS_MOST {
                return Err(AccessError::PhoneBlocked);
            }
            let village = bound.village_code.unwrap_or_default();
            let code = VillageCode::parse("village", &village)?;
            let counted = (bound.failures, bound.blocked_until);
            let (failures, until) = self.next_failure(Some(&code), counted)?;
            access::set_failures(tx, phone, failures, until).await?;
            let number = bound.household_no.unwrap_or_default();
            let hash = one_time::find_pin(tx, &village, &number).await?;
            Ok((village, number, hash))
        })
        .await
    }

    /// Makes a code with which a collector enrols a phone, once, within a day.
    ///
    /// # Errors
    /// [`Refusal::VillageUnknown`].
    pub async fn issue_enrolment(
        &self,
        by: Deed<'_>,
        village: &VillageCode,
        collector: &CollectorCode,
    ) -> Result<Secret, AccessError> {
        let mut tx = self.read().await?;
        self.village_id(&mut tx, village).await?;
        tx.rollback().await?;
        let secret = Secret::short(&self.chance);
        let expires_at = self.now().checked_add(ENROLMENT).unwrap_or(self.now());
        let row = OneTimeRow {
            digest: digest(secret.reveal()).to_vec(),
            kind: "enrolment".to_owned(),
            village_code: village.to_string(),
            household_no: None,
            collector: Some(collector.to_string()),
            expires_at: expires_at.as_microsecond(),
        };
        self.write(async |tx| {
            one_time::insert(tx, &row).await?;
            self.note_in(tx, by).await
        })
        .await?;
        Ok(secret)
    }

    /// Stops the phones of a collector: one was lost, or he works no more. What they made before is still taken, and a clerk looks at it.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn end_phones(
        &self,
        by: Deed<'_>,
        village: &VillageCode,
        collector: &CollectorCode,
    ) -> Result<(), AccessError> {
        self.write(async |tx| {
            let at = self.now().as_microsecond();
            access::stop_phones(tx, (village.as_str(), collector.as_str()), at).await?;
            self.note_in(tx, by).await
        })
        .await?;
        self.forget_seen();
        Ok(())
    }

    /// The stopped phone that a secret was given to, if it was given to one.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn identify_stopped(
        &self,
        secret: &str,
    ) -> Result<Option<StoppedPhone>, AccessError> {
        let mut tx = self.read().await?;
        let found = access::find_stopped(&mut tx, &digest(secret)).await?;
        tx.rollback().await?;
        let now = self.now().as_microsecond();
        let Some(row) = found.filter(|row| row.expires_at > now) else {
            return Ok(None);
        };
        let village = VillageCode::parse("village", &row.village_code)?;
        Ok(Some(StoppedPhone {
            credential: row.public_id,
            identity: collector_identity(&village, &row.collector)?,
            stopped_at: instant(row.stopped_at),
            expires_at: instant(row.expires_at),
        }))
    }

    /// Enrols a collector's phone with a code, which is used up by that.
    ///
    /// # Errors
    /// [`AccessError::EnrolmentUnknown`].
    pub async fn enrol(
        &self,
        code: &str,
        label: &str,
        trace_id: &str,
    ) -> Result<SignedIn, AccessError> {
        let code = digest(code);
        let now = self.now().as_microsecond();
        let label: String = label
            .chars()
            .filter(|char| !char.is_control())
            .take(64)
            .collect();
        self.write(async |tx| {
            let used = one_time::take(tx, &code, "enrolment").await?;
            let Some(used) = used.filter(|row| row.expires_at > now) else {
                return Err(AccessError::EnrolmentUnknown);
            };
            let village = VillageCode::parse("village", &used.village_code)?;
            let collector = used.collector.unwrap_or_default();
            let identity = collector_identity(&village, &collector)?;
            let deed = Deed {
                actor: &format!("{}:{collector}", Role::Collector.word()),
                action: "enrol",
                village: Some(&village),
                subject: None,
                is_allowed: true,
                trace_id,
            };
            self.note_in(tx, deed).await?;
            let row = CredentialRow {
                village_code: Some(used.village_code.clone()),
                collector: Some(collector.clone()),
                label,
                ..self.credential("phone", PHONE)
            };
            self.give_out(tx, row, identity).await
        })
        .await
    }
}

fn household_deed<'a>(
    village: &'a VillageCode,
    number: &'a str,
    action: &'static str,
    is_allowed: bool,
    trace_id: &'a str,
) -> Deed<'a> {
    Deed {
        actor: Role::Household.word(),
        action,
        village: Some(village),
        subject: Some(number),
        is_allowed,
        trace_id,
    }
}
