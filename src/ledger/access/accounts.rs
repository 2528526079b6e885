//! Accounts of people: a name, a role, how far it reaches, a password.

use jiff::Timestamp;

use crate::domain::authority::Scope;
use crate::domain::report::region::RegionPrefix;
use crate::domain::{CollectorCode, Role, plain_text};
use crate::ledger::access::hasher::Of;
use crate::ledger::access::{Access, AccessError, Deed};
use crate::store::access::{self, AccountRow, Taken};

/// How long a password is, in characters.
const PASSWORD: (usize, usize) = (12, 128);

/// Parts that nearly every guessed password here has: the first of them that is left of a password after its digits and marks are taken away
/// must not be all of it.
const GUESSED: &str = include_str!("guessed_passwords.txt");

/// An account that is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Its name: it stands in the journal, so it is no name of a person.
    pub name: String,
    /// In which role.
    pub role: Role,
    /// How far it reaches: everywhere or a region.
    pub scope: Scope,
    /// Which collector it is; only where the role is that.
    pub collector: Option<CollectorCode>,
}

/// An account as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountRecord {
    /// Its name.
    pub name: String,
    /// In which role.
    pub role: Role,
    /// How far it reaches: `*`, or the first digits of villages' codes.
    pub scope: String,
    /// Which collector it is.
    pub collector: Option<String>,
    /// Whether it is not let in any more.
    pub is_disabled: bool,
    /// Since when it is there.
    pub created_at: Timestamp,
}

impl Access {
    /// Makes an account.
    ///
    /// # Errors
    /// [`AccessError::NameTaken`], [`AccessError::PasswordLength`], [`AccessError::PasswordCommon`], [`AccessError::ScopeTooWide`],
    /// [`AccessError::CollectorNeedsVillage`], [`AccessError::RoleHasNoAccount`]; a name that is no plain text.
    pub async fn add_account(
        &self,
        by: Deed<'_>,
        account: &NewAccount,
        password: Option<&str>,
    ) -> Result<(), AccessError> {
        let name = plain_text("name", &account.name, 64)?;
        let scope = scope_of(account)?;
        let password_hash = match password {
            Some(password) => {
                check_password(&name, password)?;
                Some(self.hasher.hash(Of::Password, password).await?)
            }
            None => None,
        };
        let row = AccountRow {
            name: name.clone(),
            role: account.role.word().to_owned(),
            scope,
            collector: account.collector.as_ref().map(ToString::to_string),
            password_hash,
            is_disabled: 0,
            created_at: self.now().as_microsecond(),
        };
        self.write(async |tx| {
            if !access::insert_account(tx, &row).await? {
                return Err(AccessError::NameTaken { name });
            }
            self.note_in(tx, by).await
        })
        .await
    }

    /// The accounts behind a name, in the order of names.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn accounts(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, AccessError> {
        let mut tx = self.read().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = access::list_accounts(&mut tx, after, limit).await?;
        tx.rollback().await?;
        rows.into_iter().map(record).collect()
    }

    /// Lets an account in no more, or again. Its sessions end and its tokens are taken back: one that is let in again begins anew.
    ///
    /// # Errors
    /// [`AccessError::UserUnknown`].
    pub async fn disable(
        &self,
        by: Deed<'_>,
        name: &str,
        is_disabled: bool,
    ) -> Result<(), AccessError> {
        self.write(async |tx| {
            if !access::set_disabled(tx, known(name)?, is_disabled).await? {
                return Err(unknown(name));
            }
            access::take_back(tx, Taken::Account(name)).await?;
            self.note_in(tx, by).await
        })
        .await?;
        self.forget_seen();
        Ok(())
    }

    /// Sets the password of an account, and ends its sessions.
    ///
    /// # Errors
    /// [`AccessError::UserUnknown`], [`AccessError::PasswordLength`], [`AccessError::PasswordCommon`].
    pub async fn set_password(
        &self,
        by: Deed<'_>,
        name: &str,
        password: &str,
    ) -> Result<(), AccessError> {
        check_password(name, password)?;
        let hash = self.hasher.hash(Of::Password, password).await?;
        self.write(async |tx| {
            if !access::set_password(tx, known(name)?, &hash).await? {
                return Err(unknown(name));
            }
            access::take_back(tx, Taken::Sessions(name)).await?;
            self.note_in(tx, by).await
        })
        .await?;
        self.forget_seen();
        Ok(())
    }
}

/// A name that may be of an account. What holds control characters is none, and a server would not even take it.
pub(super) fn known(name: &str) -> Result<&str, AccessError> {
    let is_text = !name.chars().any(char::is_control);
    is_text.then_some(name).ok_or_else(|| unknown(name))
}

pub(super) fn unknown(name: &str) -> AccessError {
    AccessError::UserUnknown {
        name: name
            .chars()
            .filter(|char| !char.is_control())
            .take(64)
            .collect(),
    }
}

pub(super) fn record(row: AccountRow) -> Result<AccountRecord, AccessError> {
    Ok(AccountRecord {
        role: Role::parse("role", &row.role)?,
        name: row.name,
        scope: row.scope,
        collector: row.collector,
        is_disabled: row.is_disabled == 1,
        created_at: Timestamp::from_microsecond(row.created_at).unwrap_or_default(),
    })
}

/// The scope as it is kept, if it fits the role.
fn scope_of(account: &NewAccount) -> Result<String, AccessError> {
    let digits = match &account.scope {
        Scope::Everywhere => "*",
        Scope::Region(prefix) => prefix.as_str(),
        Scope::Household(..) => return Err(no_account(account.role)),
    };
    let too_wide = || AccessError::ScopeTooWide {
        scope: digits.to_owned(),
    };
    match account.role {
        Role::Household | Role::System => Err(no_account(account.role)),
        Role::Administrator | Role::Official => Ok(digits.to_owned()),
        Role::Clerk | Role::Supervisor if digits.len() == 12 => Ok(digits.to_owned()),
        Role::Clerk | Role::Supervisor => Err(too_wide()),
        Role::Collector if digits.len() == 12 && account.collector.is_some() => {
            Ok(digits.to_owned())
        }
        Role::Collector => Err(AccessError::CollectorNeedsVillage),
    }
}

const fn no_account(role: Role) -> AccessError {
    AccessError::RoleHasNoAccount { role: role.word() }
}

/// The scope that is kept, as a value.
pub(super) fn scope(text: &str) -> Result<Scope, AccessError> {
    match text {
        "*" => Ok(Scope::Everywhere),
        digits => Ok(Scope::Region(RegionPrefix::parse("scope", digits)?)),
    }
}

/// Makes sure that a password is long enough and not among those that are tried first.
fn check_password(name: &str, password: &str) -> Result<(), AccessError> {
    let (least, most) = PASSWORD;
    if !(least..=most).contains(&password.chars().count()) {
        return Err(AccessError::PasswordLength { least, most });
    }
    let lower = password.to_lowercase();
    let bare: String = lower.chars().filter(|char| char.is_alphabetic()).collect();
    let mut rest = bare.clone();
    let name = name.to_lowercase();
    let name: String = name.chars().filter(|char| char.is_alphabetic()).collect();
    // The name goes first: it may hold guessed words itself.
    for part in std::iter::once(name.as_str())
        .chain(GUESSED.lines())
        .filter(|part| !part.is_empty())
    {
        rest = rest.replace(part, "");
    }
    let different: std::collections::BTreeSet<char> = lower.chars().collect();
    // What consists of guessed words and digits only, or of a few characters over and over, is tried first.
    if rest.chars().count() < 4 && bare.chars().count() > 0 && rest.len() < bare.len()
        || different.len() < 5
        || bare.is_empty()
    {
        return Err(AccessError::PasswordCommon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        for guessed in [
            "password1234",
            "Password!2024",
            "qwertyuiop12",
            "jinfucun2025",
            "123456789012",
            "aaaaaaaaaaaa",
            "woaini520520",
            "wang-clerk-1",
            "yangjiaqiao1",
            "xiangtan2025!",
            "admin1234567",
        ] {
            let refused = check_password("wang-clerk", guessed);
            assert_eq!(refused, Err(AccessError::PasswordCommon), "{guessed}");
        }
        for good in [
            "correct horse battery",
            "塘边 三棵柳树 七只白鸭",
            "xK9#pT2vLq8m",
        ] {
            assert_eq!(check_password("wang", good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_password_has_twelve_to_128_characters() {
        let refused = Err(AccessError::PasswordLength {
            least: 12,
            most: 128,
        });
        assert_eq!(check_password("wang", "xK9#pT2vLq8"), refused);
        assert_eq!(check_password("wang", &"xK9#pT2vLq8m".repeat(11)), refused);
    }
}
