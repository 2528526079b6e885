//! Who may sign in to the demo: an account for each role, a code for a collector's phone, a household's card and PIN.

use crate::cli::demo::township::{Place, TOWNSHIP, official};
use crate::clock::Chance;
use crate::domain::authority::Scope;
use crate::domain::report::region::RegionPrefix;
use crate::domain::{HouseholdNo, Role, VillageCode};
use crate::ledger::access::{Access, AccessError, Deed, NewAccount};

/// How somebody signs in.
pub(super) struct SignIn {
    pub(super) role: Role,
    /// The village's name; empty where it is not of one.
    pub(super) village: &'static str,
    /// The account; of a household its number, of a collector his code.
    pub(super) name: String,
    /// A password, a code for a phone, or a card and its PIN.
    pub(super) secret: String,
}

/// The household whose statement the demo names.
const HOUSEHOLD: &str = "01-003";
/// Letters and digits that are told apart on paper: 32 of them, so that each bears five bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Makes the accounts, the code and the card.
pub(super) async fn sign_ins(
    access: &Access,
    places: &[Place],
) -> Result<Vec<SignIn>, AccessError> {
    let township = RegionPrefix::parse("scope", TOWNSHIP)?;
    let mut made = vec![
        account(access, Role::Administrator, "admin", Scope::Everywhere, "").await?,
        account(
            access,
            Role::Official,
            &official().name,
            Scope::Region(township),
            "",
        )
        .await?,
    ];
    for place in places {
        for actor in [&place.clerk, &place.supervisor] {
            let scope = Scope::Region(RegionPrefix::parse("scope", place.code.as_str())?);
            made.push(account(access, actor.role, &actor.name, scope, place.name).await?);
        }
    }
    let Some(place) = places.first() else {
        return Ok(made);
    };
    if let Some(collector) = place.collector(0) {
        let deed = deed("issue_enrolment", Some(&place.code), collector.as_str());
        let code = access.issue_enrolment(deed, &place.code, collector).await?;
        made.push(SignIn {
            role: Role::Collector,
            village: place.name,
            name: collector.to_string(),
            secret: code.reveal().to_owned(),
        });
    }
    let household = HouseholdNo::parse("household_no", HOUSEHOLD)?;
    let deed = deed("issue_card", Some(&place.code), household.as_str());
    let card = access.issue_card(deed, &place.code, &household).await?;
    made.push(SignIn {
        role: Role::Household,
        village: place.name,
        name: household.to_string(),
        secret: format!("{} / {}", card.secret.reveal(), card.pin.reveal()),
    });
    Ok(made)
}

async fn account(
    access: &Access,
    role: Role,
    name: &str,
    scope: Scope,
    village: &'static str,
) -> Result<SignIn, AccessError> {
    let account = NewAccount {
        name: name.to_owned(),
        role,
        scope,
        collector: None,
    };
    let secret = password(&Chance::System);
    let deed = deed("add_account", None, name);
    access.add_account(deed, &account, Some(&secret)).await?;
    Ok(SignIn {
        role,
        village,
        name: account.name,
        secret,
    })
}

fn deed<'a>(action: &'static str, village: Option<&'a VillageCode>, subject: &'a str) -> Deed<'a> {
    Deed {
        actor: Role::System.word(),
        action,
        village,
        subject: Some(subject),
        is_allowed: true,
        trace_id: "demo",
    }
}

/// Four groups of four letters and digits: eighty bits.
fn password(chance: &Chance) -> String {
    let drawn = [chance.salt(), chance.salt()].concat();
    // Some bits of a drawn id say which kind of id it is; the last bytes of each are all chance.
    let drawn = drawn.chunks(16).flat_map(|id| id.iter().skip(9));
    let drawn: Vec<u8> = drawn
        .copied()
        .chain(chance.salt().into_iter().skip(9))
        .collect();
    let letters: Vec<char> = drawn
        .iter()
        .take(16)
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(String::from_iter).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_differ() {
        let chance = Chance::seeded(1);
        let drawn = [password(&chance), password(&chance)];
        assert_ne!(drawn.first(), drawn.last());
        assert!(drawn.iter().all(|password| password.chars().count() == 19));
    }
}
