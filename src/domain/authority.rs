//! Who may do what: every command and every question states its roles here, and nowhere else.
//!
//! A foreign village looks as if it were not there; what is there but not for a role is forbidden. Rules between people (own kin, four eyes)
//! belong to the commands themselves.

use crate::domain::report::region::RegionPrefix;
use crate::domain::settlement::CashTaker;
use crate::domain::{Actor, CollectorCode, Command, HouseholdNo, Role, VillageCode};

/// How far an account reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Every village of the database.
    Everywhere,
    /// The villages whose code starts so; twelve digits are one village (rules, section 3).
    Region(RegionPrefix),
    /// One household.
    Household(VillageCode, HouseholdNo),
}

impl Scope {
    /// Whether the village is within reach.
    pub fn has_village(&self, village: &VillageCode) -> bool {
        match self {
            Scope::Everywhere => true,
            Scope::Region(prefix) => village.as_str().starts_with(prefix.as_str()),
            Scope::Household(own, _) => own == village,
        }
    }

    /// Whether every village of the region is within reach.
    pub fn has_region(&self, region: &RegionPrefix) -> bool {
        match self {
            Scope::Everywhere => true,
            Scope::Region(prefix) => region.as_str().starts_with(prefix.as_str()),
            Scope::Household(..) => false,
        }
    }

    /// Whether the household is within reach; its village is.
    pub fn has_household(&self, household: &HouseholdNo) -> bool {
        match self {
            Scope::Everywhere | Scope::Region(_) => true,
            Scope::Household(_, own) => own == household,
        }
    }
}

/// Somebody who was recognised: what may be asked and commanded follows from it alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The account's name as it stands in the journal; a household's is its number.
    pub account: String,
    /// In which role.
    pub role: Role,
    /// How far it reaches.
    pub scope: Scope,
    /// Which collector it is, where it is one.
    pub collector: Option<CollectorCode>,
    /// Whether it may change the books; a token may be for reading only.
    pub may_write: bool,
}

impl Identity {
    /// Who stands in the journal: a collector under the code that stands on pickups (R-CO-2).
    pub fn actor(&self) -> Actor {
        let code = self.collector.as_ref().map(CollectorCode::as_str);
        Actor::new(self.role, code.unwrap_or(&self.account))
    }
}

/// How much of personal details is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// All of them.
    Whole,
    /// Names masked, categories of waivers left out.
    Masked,
}

/// Why somebody may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// Out of reach: it looks as if it were not there.
    NotFound,
    /// Not for this role.
    Forbidden,
}

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question<'a> {
    /// What everybody in a village may know of it: materials, prices, policy, schedule, collection points.
    Village(&'a VillageCode),
    /// The households of a village.
    Households(&'a VillageCode),
    /// One household: what it is, its statement, its disputes and payouts.
    Household(&'a VillageCode, &'a HouseholdNo),
    /// The rounds and pickups of a village.
    Rounds(&'a VillageCode),
    /// What a collector's phone takes along on its round: households by number with their names masked, prices, states of months, pickups of the day.
    Phone(&'a VillageCode),
    /// The desk of the office: what is held, disputed, in custody, in transit, requested.
    Office(&'a VillageCode),
    /// The books: months, reports, journal.
    Books(&'a VillageCode),
    /// The report of a region.
    Region(&'a RegionPrefix),
    /// The accounts of people.
    Accounts,
    /// Who read and did what.
    Audit,
}

use Role::{Administrator, Clerk, Collector, Household, Official, Supervisor};

impl Question<'_> {
    /// The roles that see the whole, and those that see it masked.
    const fn roles(&self) -> (&'static [Role], &'static [Role]) {
        match self {
            Question::Village(_) => (
                &[
                    Household,
                    Collector,
                    Clerk,
                    Supervisor,
                    Official,
                    Administrator,
                ],
                &[],
            ),
            Question::Households(_) => (&[Clerk], &[Collector, Supervisor, Official]),
            Question::Household(..) => (&[Household, Clerk], &[Supervisor, Official]),
            Question::Rounds(_) => (&[Collector, Clerk, Supervisor, Official], &[]),
            Question::Phone(_) => (&[], &[Collector]),
            Question::Office(_) => (&[Clerk], &[Supervisor, Official]),
            Question::Books(_) => (&[Clerk, Supervisor, Official], &[]),
            Question::Region(_) => (&[Official], &[]),
            Question::Accounts | Question::Audit => (&[Administrator], &[]),
        }
    }

    fn is_within(&self, scope: &Scope) -> bool {
        match self {
            Question::Village(village)
            | Question::Households(village)
            | Question::Rounds(village)
            | Question::Phone(village)
            | Question::Office(village)
            | Question::Books(village) => scope.has_village(village),
            Question::Household(village, household) => {
                scope.has_village(village) && scope.has_household(household)
            }
            Question::Region(region) => scope.has_region(region),
            // Whoever could make accounts could make one that reaches further.
            Question::Accounts | Question::Audit => *scope == Scope::Everywhere,
        }
    }
}

impl Identity {
    /// Whether this may be asked, and how much is shown.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_ask(&self, question: Question<'_>) -> Result<View, Denied> {
        if !question.is_within(&self.scope) {
            return Err(Denied::NotFound);
        }
        let (whole, masked) = question.roles();
        if whole.contains(&self.role) {
            Ok(View::Whole)
        } else if masked.contains(&self.role) {
            Ok(View::Masked)
        } else {
            Err(Denied::Forbidden)
        }
    }

    /// Whether cards of households and codes for collectors' phones may be given out in that village.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_keep(&self, village: &VillageCode) -> Result<(), Denied> {
        match self.role {
            _ if !self.scope.has_village(village) => Err(Denied::NotFound),
            Clerk => Ok(()),
            Household | Collector | Supervisor | Official | Administrator | Role::System => {
                Err(Denied::Forbidden)
            }
        }
    }

    /// Whether what a phone made before it was stopped may still be brought: pickups only, and a clerk decides about each (R-PK-7). What would take
    /// something back is the clerk's own.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_bring_late(&self, village: &VillageCode, command: &Command) -> Result<(), Denied> {
        self.may_command(village, command)?;
        let Command::RecordPickup(pickup) = command else {
            return Err(Denied::Forbidden);
        };
        let stopped_at = pickup.phone.as_ref().and_then(|note| note.stopped_at);
        let was_before = stopped_at.is_some_and(|stopped_at| pickup.occurred_at <= stopped_at);
        if was_before {
            Ok(())
        } else {
            Err(Denied::Forbidden)
        }
    }

    /// Whether this may be commanded in that village.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_command(&self, village: &VillageCode, command: &Command) -> Result<(), Denied> {
        if !self.scope.has_village(village) {
            return Err(Denied::NotFound);
        }
        let is_own = || match self.role {
            Collector => {
                let own = self.collector.as_ref();
                own.is_some_and(|own| is_in_name_of(own, command))
            }
            Household => concerned(command).is_some_and(|named| self.scope.has_household(named)),
            Clerk | Supervisor | Official | Administrator | Role::System => true,
        };
        if !roles_for(command).contains(&self.role) {
            return Err(Denied::Forbidden);
        }
        match (is_own(), self.role) {
            (true, _) if self.may_write => Ok(()),
            (false, Household) => Err(Denied::NotFound),
            (true | false, _) => Err(Denied::Forbidden),
        }
    }
}

/// The roles that may give a command. The program itself gives its commands without asking.
pub const fn roles_for(command: &Command) -> &'static [Role] {
    match command {
        Command::OpenVillage(_) => &[Administrator, Official],
        Command::RecordPickup(_)
        | Command::VoidPickup(_)
        | Command::CorrectPickup(_)
        | Command::ReceiveCash(_)
        | Command::OpenRound(_)
        | Command::RecordStop(_)
        | Command::CloseRound(_)
        | Command::RecordTrip(_) => &[Collector, Clerk],
        Command::OpenDispute(_) | Command::RequestPayout(_) => &[Household, Clerk],
        Command::ApprovePayout(_) => &[Clerk, Supervisor, Official],
        Command::ReviewMonth(_) => &[Supervisor],
        Command::SignMonth(_) => &[Official],
        Command::PublishMonth(_) | Command::ReopenMonth(_) => &[Clerk, Official],
        Command::ReturnMonth(_) => &[Supervisor, Official],
        Command::ChangeSettings(_)
        | Command::RegisterMaterial(_)
        | Command::PublishPriceList(_)
        | Command::AdoptFeePolicy(_)
        | Command::RegisterHousehold(_)
        | Command::ChangeHousehold(_)
        | Command::MoveOut(_)
        | Command::MergeHouseholds(_)
        | Command::SplitHousehold(_)
        | Command::DepartHousehold(_)
        | Command::ArriveHousehold(_)
        | Command::RefundAdvance(_)
        | Command::RecordOpening(_)
        | Command::VoidOpening(_)
        | Command::ResolveHeld(_)
        | Command::RegisterCollector(_)
        | Command::VoidCash(_)
        | Command::RecordSale(_)
        | Command::BuyerPays(_)
        | Command::CountStock(_)
        | Command::RecordIntake(_)
        | Command::ReceiveFund(_)
        | Command::SpendFund(_)
        | Command::EarnPay(_)
        | Command::PayCollector(_)
        | Command::HandIn(_)
        | Command::Deposit(_)
        | Command::WriteOff(_)
        | Command::VoidDocument(_)
        | Command::ChargeFees(_)
        | Command::OffsetCredit(_)
        | Command::SetSchedule(_)
        | Command::RegisterCollectionPoint(_)
        | Command::AnswerDispute(_)
        | Command::PayPayout(_)
        | Command::CancelPayout(_)
        | Command::ExpirePayouts(_)
        | Command::CloseMonth(_) => &[Clerk],
    }
}

/// Whether a collector's command is in the collector's own name; what names nobody is his own by another rule (R-CO-2, the round's collector).
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others name no collector that a collector could be"
)]
fn is_in_name_of(own: &CollectorCode, command: &Command) -> bool {
    match command {
        Command::RecordPickup(command) => command.collector == *own,
        Command::OpenRound(command) => command.collector == *own,
        Command::RecordStop(command) => command.collector == *own,
        Command::ReceiveCash(command) => command.taken_by == CashTaker::Collector(own.clone()),
        _ => true,
    }
}

/// The household that a household's command is about.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a household gives no other command"
)]
const fn concerned(command: &Command) -> Option<&HouseholdNo> {
    match command {
        Command::OpenDispute(command) => Some(&command.household_no),
        Command::RequestPayout(command) => Some(&command.household_no),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_of_a_region_makes_no_accounts() {
        let mut identity = Identity {
            account: "root".to_owned(),
            role: Administrator,
            scope: Scope::Everywhere,
            collector: None,
            may_write: true,
        };
        assert_eq!(identity.may_ask(Question::Accounts), Ok(View::Whole));
        let county = RegionPrefix::parse("scope", "430302").expect("six digits");
        identity.scope = Scope::Region(county);
        for question in [Question::Accounts, Question::Audit] {
            assert_eq!(identity.may_ask(question), Err(Denied::NotFound));
        }
    }
}
