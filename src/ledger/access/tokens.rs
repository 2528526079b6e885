//! Tokens for programs: they reach no further than their account, may be for reading only, and end on a day.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::authority::Scope;
use crate::ledger::access::accounts::{known, record, scope, unknown};
use crate::ledger::access::{Access, AccessError, Deed, Secret};
use crate::store::access::{self, CredentialRow, Taken};

/// A token lasts a year at most.
const DAYS_MOST: i64 = 366;

/// A token that is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// How far it reaches; as its account where it is not said.
    pub scope: Option<Scope>,
    /// For how many days.
    pub days: i64,
    /// Whether it may change the books.
    pub may_write: bool,
    /// What it is for.
    pub label: String,
}

/// A token as it is listed; its secret is known to nobody but whoever has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenRecord {
    /// By which it is taken back.
    pub id: Uuid,
    /// What it is for.
    pub label: String,
    /// How far it reaches, where that is not as far as its account.
    pub scope: Option<String>,
    /// Whether it may change the books.
    pub may_write: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
}

impl Access {
    /// Makes a token for an account.
    ///
    /// # Errors
    /// [`AccessError::UserUnknown`], [`AccessError::ScopeTooWide`], [`AccessError::ExpiryOutOfRange`].
    pub async fn issue_token(
        &self,
        by: Deed<'_>,
        account: &str,
        token: &NewToken,
    ) -> Result<Secret, AccessError> {
        if !(1..=DAYS_MOST).contains(&token.days) {
            let most_days = DAYS_MOST;
            return Err(AccessError::ExpiryOutOfRange { most_days });
        }
        let label: String = token
            .label
            .chars()
            .filter(|char| !char.is_control())
            .take(64)
            .collect();
        let lasts = SignedDuration::from_hours(token.days.saturating_mul(24));
        self.write(async |tx| {
            let found = access::find_account(tx, known(account)?).await?;
            let row = found.ok_or_else(|| unknown(account))?;
            let own = scope(&row.scope)?;
            let narrower = token.scope.as_ref().map(|narrower| within(&own, narrower));
            let credential = CredentialRow {
                account: Some(row.name.clone()),
                scope: narrower.transpose()?,
                label: label.clone(),
                may_write: i64::from(token.may_write),
                ..self.credential("token", lasts)
            };
            let identity = super::sessions::identity_of(&row)?;
            self.note_in(tx, by).await?;
            let given = self.give_out(tx, credential, identity).await?;
            Ok(given.secret)
        })
        .await
    }

    /// The tokens of an account, oldest first.
    ///
    /// # Errors
    /// [`AccessError::UserUnknown`].
    pub async fn tokens(&self, account: &str) -> Result<Vec<TokenRecord>, AccessError> {
        let account = known(account)?;
        let mut tx = self.read().await?;
        let found = access::find_account(&mut tx, account).await?;
        let row = found.ok_or_else(|| unknown(account))?;
        let account = record(row)?;
        let rows = access::list_tokens(&mut tx, &account.name).await?;
        tx.rollback().await?;
        let instant = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
        let token = |row: CredentialRow| TokenRecord {
            id: row.public_id,
            label: row.label,
            scope: row.scope,
            may_write: row.may_write == 1,
            created_at: instant(row.created_at),
            expires_at: instant(row.expires_at),
            seen_at: instant(row.seen_at),
        };
        Ok(rows.into_iter().map(token).collect())
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// [`AccessError::TokenUnknown`].
    pub async fn revoke_token(
        &self,
        by: Deed<'_>,
        account: &str,
        id: Uuid,
    ) -> Result<(), AccessError> {
        self.write(async |tx| {
            if access::take_back(tx, Taken::Token(known(account)?, id)).await? == 0 {
                return Err(AccessError::TokenUnknown {
                    name: account.chars().take(64).collect(),
                });
            }
            self.note_in(tx, by).await
        })
        .await?;
        self.forget_seen();
        Ok(())
    }
}

/// The narrower scope as it is kept, if it is within the account's own.
fn within(own: &Scope, narrower: &Scope) -> Result<String, AccessError> {
    let text = match narrower {
        Scope::Everywhere | Scope::Household(..) => "*".to_owned(),
        Scope::Region(prefix) => prefix.to_string(),
    };
    match (own, narrower) {
        (Scope::Everywhere, Scope::Everywhere | Scope::Region(_)) => Ok(text),
        (Scope::Region(_), Scope::Region(prefix)) if own.has_region(prefix) => Ok(text),
        _ => Err(AccessError::ScopeTooWide { scope: text }),
    }
}
