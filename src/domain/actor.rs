//! Who acts (经手人): a role and a name, as they stand in the journal. Four eyes are two names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Refusal, plain_text};

/// What somebody may do is asked of the role; what two people must do is asked of the names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 住户: looks up its own account, objects, asks for a payout.
    Household,
    /// 回收员: weighs at the door.
    Collector,
    /// 村会计、文书: keeps prices, fees, corrections and the close.
    Clerk,
    /// 村务监督委员: reviews the month.
    Supervisor,
    /// 镇审核员: signs the month.
    Official,
    /// 管理员: keeps the installation.
    Administrator,
    /// The program itself: imports and what falls due.
    System,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Role] = &[
        Role::Household,
        Role::Collector,
        Role::Clerk,
        Role::Supervisor,
        Role::Official,
        Role::Administrator,
        Role::System,
    ];

    /// The word that stands in the journal.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Household => "household",
            Role::Collector => "collector",
            Role::Clerk => "clerk",
            Role::Supervisor => "supervisor",
            Role::Official => "official",
            Role::Administrator => "administrator",
            Role::System => "system",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// [`Refusal::UnknownWord`].
    pub fn parse(field: &'static str, text: &str) -> Result<Role, Refusal> {
        let found = Role::ALL.iter().find(|role| role.word() == text.trim());
        found.copied().ok_or_else(|| Refusal::UnknownWord {
            field,
            value: text.chars().take(40).collect(),
            allowed: "household, collector, clerk, supervisor, official, administrator",
        })
    }
}

/// Somebody who gives a command: the account name, not the name of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// In which role.
    pub role: Role,
    /// Under which account name; empty where a role has one holder who is not named.
    pub name: String,
}

impl Actor {
    /// Somebody under a name that is known to be plain.
    pub fn new(role: Role, name: &str) -> Actor {
        Actor {
            role,
            name: name.to_owned(),
        }
    }

    /// Somebody under a name that was typed.
    ///
    /// # Errors
    /// As [`plain_text`].
    pub fn parse(field: &'static str, role: Role, name: &str) -> Result<Actor, Refusal> {
        let name = plain_text(field, name, 64)?;
        Ok(Actor { role, name })
    }

    /// Whether the one who stands in the journal as `written` is the same person: an account keeps its name when its role changes.
    pub fn is(&self, written: &str) -> bool {
        let (role, name) = written.split_once(':').unwrap_or((written, ""));
        // A household's number and a collector's code are no names of accounts.
        let is_account =
            |role: &str| ![Role::Household.word(), Role::Collector.word()].contains(&role);
        let are_accounts = is_account(role) && is_account(self.role.word());
        if !are_accounts || self.name.is_empty() || name.is_empty() {
            return self.to_string() == written;
        }
        self.name == name
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.word())?;
        if self.name.is_empty() {
            return Ok(());
        }
        write!(f, ":{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_account_in_another_role_is_the_same_person() {
        let li = Actor::new(Role::Supervisor, "li");
        assert!(li.is("clerk:li"));
        assert!(!li.is("clerk:wang"));
        assert!(!li.is("supervisor"));
        assert!(!li.is("collector:li") && !li.is("household:li"));
        assert!(Actor::new(Role::Collector, "C1").is("collector:C1"));
        assert!(Actor::new(Role::Clerk, "").is("clerk"));
    }
}
