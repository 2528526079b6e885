//! Sessions: somebody signs in, is recognised by a secret, and signs out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::authority::{Identity, Scope};
use crate::domain::seal::Hash;
use crate::domain::{CollectorCode, HouseholdNo, Role, VillageCode, plain_text};
use crate::ledger::access::accounts::scope;
use crate::ledger::access::hasher::Of;
use crate::ledger::access::secret::digest;
use crate::ledger::access::throttle::PAUSE_MOST;
use crate::ledger::access::{Access, AccessError, Deed, Secret};
use crate::store::access::{self, AccountRow, CredentialRow, Taken};
use crate::store::engine::Tx;
use crate::store::one_time;

/// A session ends so long after it began.
pub(super) const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after so long without a sign of life.
const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// A sign of life is written down at most so often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// So long somebody who was recognised is not looked up again; another server may let him go on for as long after he was signed out.
const RECALL: SignedDuration = SignedDuration::from_secs(5);
/// How many are recalled at once.
const RECALLED_MOST: usize = 10_000;
/// How often what has expired is removed.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Somebody who signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What the client shows from now on.
    pub secret: Secret,
    /// Who it is.
    pub identity: Identity,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Somebody who was recognised by a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recognised {
    /// Who it is.
    pub identity: Identity,
    /// By which the secret is listed and taken back.
    pub credential: Uuid,
    /// When the secret stops working at the latest.
    pub expires_at: Timestamp,
    /// Whether it is the token of a program.
    pub is_program: bool,
}

/// Somebody who was recognised lately, and until when that is believed.
#[derive(Clone, Debug)]
struct Seen {
    recognised: Recognised,
    until: Timestamp,
}

/// Those who were recognised lately.
#[derive(Debug, Default)]
pub(super) struct Lately {
    seen: HashMap<[u8; 32], Seen>,
    round: u64,
}

impl Access {
    /// Signs an account in. Wrong names and wrong passwords are answered alike, after the same work.
    ///
    /// # Errors
    /// [`AccessError::WrongSignIn`], [`AccessError::TriedTooOften`], [`AccessError::TooManySignIns`].
    pub async fn sign_in(
        &self,
        (name, password): (&str, &str),
        address: IpAddr,
        trace_id: &str,
    ) -> Result<SignedIn, AccessError> {
        let place = self.hasher.place()?;
        // What can be no name is treated as a name that nobody has.
        let name = plain_text("name", name, 64).unwrap_or_default();
        let address = address.to_string();
        self.count_address(&address)?;
        let account = self.count_attempt(&name, &address).await?;
        let hash = account
            .as_ref()
            .and_then(|row| row.password_hash.as_deref());
        let is_right = self.hasher.is(place, Of::Password, password, hash).await?;
        // A name that nobody has may be a password that was typed in the wrong place.
        let claimed = account.as_ref().map_or("", |row| row.name.as_str());
        let actor = format!("?:{claimed}");
        let account = account.filter(|row| is_right && row.is_disabled == 0);
        let Some(account) = account else {
            let deed = Deed {
                actor: &actor,
                action: "sign_in",
                village: None,
                subject: None,
                is_allowed: false,
                trace_id,
            };
            self.note_failure(deed).await?;
            return Err(AccessError::WrongSignIn);
        };
        let identity = identity_of(&account)?;
        self.write(async |tx| {
            // It may have been disabled, or given another password, while this one was checked.
            if access::find_account(tx, &name).await?.as_ref() != Some(&account) {
                return Err(AccessError::WrongSignIn);
            }
            let failed_as = key_of(&name);
            one_time::set_failures(tx, (&failed_as, &address), 0, 0).await?;
            self.note_in(tx, signed_in(&identity, trace_id)).await?;
            let row = self.credential("session", SESSION);
            let row = CredentialRow {
                account: Some(account.name.clone()),
                ..row
            };
            self.give_out(tx, row, identity.clone()).await
        })
        .await
    }

    /// Counts an attempt before it is made, so that many at once are not one, and loads the account.
    async fn count_attempt(
        &self,
        name: &str,
        address: &str,
    ) -> Result<Option<AccountRow>, AccessError> {
        let now = self.now();
        self.write(async |tx| {
            self.sweep(tx, now).await?;
            let key = key_of(name);
            let found = one_time::find_failures(tx, &key, address).await?;
            let (failures, blocked_until) = self.next_failure(None, found)?;
            one_time::set_failures(tx, (&key, address), failures, blocked_until).await?;
            Ok(access::find_account(tx, name).await?)
        })
        .await
    }

    /// Removes what has expired, now and then.
    async fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AccessError> {
        let is_due = {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP_EVERY);
            if is_due {
                *swept = Some(now);
            }
            is_due
        };
        if is_due {
            let micros = now.as_microsecond();
            let failed = micros.saturating_sub(PAUSE_MOST.saturating_mul(2_000_000));
            one_time::forget(tx, micros, failed).await?;
            access::take_back(tx, Taken::Expired(micros)).await?;
        }
        Ok(())
    }

    /// A row for a secret that is given out now and works for so long.
    pub(super) fn credential(&self, kind: &str, lasts: SignedDuration) -> CredentialRow {
        let now = self.now();
        let ends = now.checked_add(lasts).unwrap_or(Timestamp::MAX);
        CredentialRow {
            digest: Vec::new(),
            kind: kind.to_owned(),
            public_id: Uuid::from_bytes(self.chance.salt()),
            account: None,
            village_code: None,
            household_no: None,
            collector: None,
            scope: None,
            label: String::new(),
            may_write: 1,
            created_at: now.as_microsecond(),
            expires_at: ends.as_microsecond(),
            seen_at: now.as_microsecond(),
            failures: 0,
            blocked_until: 0,
        }
    }

    /// Makes a secret, keeps its digest, and gives it out.
    pub(super) async fn give_out(
        &self,
        tx: &mut Tx<'_>,
        row: CredentialRow,
        identity: Identity,
    ) -> Result<SignedIn, AccessError> {
        let secret = Secret::long(&self.chance);
        let row = CredentialRow {
            digest: digest(secret.reveal()).to_vec(),
            ..row
        };
        access::insert_credential(tx, &row).await?;
        Ok(SignedIn {
            secret,
            identity,
            expires_at: instant(row.expires_at),
        })
    }

    /// Who a secret stands for; nobody if it was never given out, has expired, was taken back, or belongs to an account that is disabled.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn identify(&self, secret: &str) -> Result<Option<Recognised>, AccessError> {
        let digest = digest(secret);
        let now = self.now();
        let (recalled, round) = self.recall(digest, now);
        if recalled.is_some() {
            return Ok(recalled);
        }
        let mut tx = self.read().await?;
        let found = access::find_credential(&mut tx, &digest).await?;
        let account = match found.as_ref().and_then(|row| row.account.as_deref()) {
            Some(name) => access::find_account(&mut tx, name).await?,
            None => None,
        };
        tx.rollback().await?;
        let Some(row) = found.filter(|row| works(row, now)) else {
            return Ok(None);
        };
        let Some(identity) = identity(&row, account.as_ref())? else {
            return Ok(None);
        };
        let since_seen = now.duration_since(instant(row.seen_at));
        if since_seen >= SEEN_EVERY {
            let seen = self
                .write(async |tx| Ok(access::see(tx, &digest, now.as_microsecond()).await?))
                .await;
            if let Err(error) = seen {
                tracing::warn!(?error, "a sign of life was not written down");
            }
        }
        let recognised = Recognised {
            identity,
            credential: row.public_id,
            expires_at: instant(row.expires_at),
            is_program: row.kind == "token",
        };
        self.remember(digest, &recognised, now, round);
        Ok(Some(recognised))
    }

    /// Who was recognised lately, and in which round: one ends whenever something is taken back.
    fn recall(&self, digest: [u8; 32], now: Timestamp) -> (Option<Recognised>, u64) {
        let lately = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lately.seen.get(&digest).filter(|seen| now < seen.until);
        (found.map(|seen| seen.recognised.clone()), lately.round)
    }

    fn remember(&self, digest: [u8; 32], recognised: &Recognised, now: Timestamp, round: u64) {
        let mut lately = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What was taken back since it was looked up must not be recalled.
        if lately.round != round {
            return;
        }
        let seen = &mut lately.seen;
        if seen.len() >= RECALLED_MOST {
            seen.clear();
        }
        let until = now.checked_add(RECALL).unwrap_or(now);
        let until = until.min(recognised.expires_at);
        let recognised = recognised.clone();
        seen.insert(digest, Seen { recognised, until });
    }

    /// Forgets who was recognised lately: something was taken back.
    pub(super) fn forget_seen(&self) {
        let mut lately = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        lately.seen.clear();
        lately.round = lately.round.wrapping_add(1);
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn sign_out(&self, secret: &str) -> Result<(), AccessError> {
        let digest = digest(secret);
        self.write(async |tx| {
            access::take_back(tx, Taken::Digest(&digest)).await?;
            Ok(())
        })
        .await?;
        self.forget_seen();
        Ok(())
    }

    /// Ends every session of whoever it is: of an account, or those that a household's phones opened.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn sign_out_everywhere(&self, identity: &Identity) -> Result<(), AccessError> {
        self.write(async |tx| {
            let taken = match &identity.scope {
                Scope::Household(village, number) => {
                    Taken::HouseholdSessions(village.as_str(), number.as_str())
                }
                Scope::Everywhere | Scope::Region(_) => Taken::Sessions(&identity.account),
            };
            access::take_back(tx, taken).await?;
            Ok(())
        })
        .await?;
        self.forget_seen();
        Ok(())
    }
}

/// Under which name failures are counted: what somebody typed is not kept as it is, since it may be a password in the wrong place.
fn key_of(name: &str) -> String {
    Hash(digest(name)).to_string()
}

/// The record of a sign-in that succeeded.
fn signed_in<'a>(identity: &'a Identity, trace_id: &'a str) -> Deed<'a> {
    Deed {
        actor: &identity.account,
        action: "sign_in",
        village: None,
        subject: None,
        is_allowed: true,
        trace_id,
    }
}

pub(super) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

/// Whether a secret of that row still works. Sessions end when nobody uses them; what a program or a phone has does not.
fn works(row: &CredentialRow, now: Timestamp) -> bool {
    let is_session = matches!(row.kind.as_str(), "session" | "household");
    let idle = now.duration_since(instant(row.seen_at));
    instant(row.expires_at) > now && (!is_session || idle < IDLE)
}

pub(super) fn identity_of(account: &AccountRow) -> Result<Identity, AccessError> {
    let collector = account.collector.as_deref();
    let collector = collector.map(|code| CollectorCode::parse("collector", code));
    Ok(Identity {
        account: account.name.clone(),
        role: Role::parse("role", &account.role)?,
        scope: scope(&account.scope)?,
        collector: collector.transpose()?,
        may_write: true,
    })
}

/// Who a row stands for; nobody where the account is gone or disabled. A phone that a card was bound to stands for nobody without the PIN.
fn identity(
    row: &CredentialRow,
    account: Option<&AccountRow>,
) -> Result<Option<Identity>, AccessError> {
    if let Some(account) = account.filter(|account| account.is_disabled == 0) {
        let mut identity = identity_of(account)?;
        if let Some(narrower) = &row.scope {
            identity.scope = scope(narrower)?;
        }
        identity.may_write = row.may_write == 1;
        return Ok(Some(identity));
    }
    let Some(village) = row.village_code.as_deref() else {
        return Ok(None);
    };
    let village = VillageCode::parse("village", village)?;
    match (row.kind.as_str(), &row.household_no, &row.collector) {
        ("household", Some(number), None) => household_identity(village, number).map(Some),
        ("phone", None, Some(code)) => collector_identity(&village, code).map(Some),
        _ => Ok(None),
    }
}

/// A household as it acts: under its number, in its own matters.
pub(super) fn household_identity(
    village: VillageCode,
    number: &str,
) -> Result<Identity, AccessError> {
    let number = HouseholdNo::parse("household", number)?;
    Ok(Identity {
        account: number.to_string(),
        role: Role::Household,
        scope: Scope::Household(village, number),
        collector: None,
        may_write: true,
    })
}

/// A collector as he acts from his phone: under his code, in one village.
pub(super) fn collector_identity(
    village: &VillageCode,
    code: &str,
) -> Result<Identity, AccessError> {
    let code = CollectorCode::parse("collector", code)?;
    Ok(Identity {
        account: code.to_string(),
        role: Role::Collector,
        scope: scope(village.as_str())?,
        collector: Some(code),
        may_write: true,
    })
}
