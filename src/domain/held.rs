//! Held pickups (待核对): weighings that a clerk looks at before they are booked (R-PK-3 to 5, R-PK-7, R-PR-2, R-PR-3). They stand in no total.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::command::PrivateDetails;
use crate::domain::document::DocumentKind;
use crate::domain::facts::{Book, Need, Stop};
use crate::domain::journal::{Decision, Direction, Flow};
use crate::domain::month::{business_date, months_before, written_time};
use crate::domain::number::half_up;
use crate::domain::pickup::{Pickup, RecordPickup, WeighedLine};
use crate::domain::recent_lines::{EarlierLine, USUAL_MONTHS, nearest_rank_99};
use crate::domain::register::{RegisterKind, Registered};
use crate::domain::{
    CollectorCode, DocumentNo, Event, HouseholdNo, MaterialCode, Money, Month, Quantity, Refusal,
    Role, Unit,
};

/// Why a pickup is held, with what it was compared with. The sentences are in `text/*.ftl` under `word-held-<code>`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum HoldReason {
    /// A line is heavier than any usual one (R-PK-3).
    HeavyLine {
        /// The material.
        material: MaterialCode,
        /// What was weighed, net.
        quantity: Quantity,
        /// The heaviest that is not held.
        most: Quantity,
    },
    /// A line is far above what the household usually brings of the material (R-PK-3).
    UnusualLine {
        /// The material.
        material: MaterialCode,
        /// What was weighed or counted, net.
        quantity: Quantity,
        /// The 99th percentile of the twelve months before.
        usual: Quantity,
        /// So many times as much is not held.
        times: i64,
    },
    /// The pickup is worth more than any usual one (R-PK-3).
    LargePickup {
        /// What it is worth.
        amount: Money,
        /// The most that is not held.
        most: Money,
    },
    /// Another device sent nearly the same not long before or after (R-PK-4).
    PossibleDuplicate {
        /// The material.
        material: MaterialCode,
        /// The pickup that is recorded already.
        pickup_no: DocumentNo,
    },
    /// The collector weighs for his own household or close kin's (R-PK-5).
    OwnHousehold {
        /// The collector.
        collector: CollectorCode,
    },
    /// The list that the phone showed was replaced too long ago (R-PR-3).
    ToldPriceTooOld {
        /// The list, by the instant it took effect.
        told_list: Timestamp,
        /// When the next one took effect.
        replaced_at: Timestamp,
    },
    /// The list that the phone says it showed was never in force before the pickup (R-PR-3).
    ToldPriceUnknown {
        /// The list, by the instant it is said to have taken effect.
        told_list: Timestamp,
    },
    /// A material cannot be priced (R-PR-2).
    NotPriced {
        /// The material.
        material: MaterialCode,
        /// The list that lacks it; none if no list was in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_list: Option<Timestamp>,
    },
    /// The phone told the household another amount than its list gives: its prices are not those of the list, or it miscounts.
    ToldAmountDiffers {
        /// What was told.
        told: Money,
        /// What it is worth.
        amount: Money,
    },
    /// The phone gives a number that no household has: a new house, or one that was typed wrong (R-PK-7).
    HouseholdUnknown {
        /// The number.
        household_no: HouseholdNo,
    },
    /// The household had moved out before that day.
    MovedOut {
        /// The household.
        household_no: HouseholdNo,
        /// The day it moved out.
        moved_out: Date,
    },
    /// The phone that brings it was stopped since it was made.
    PhoneStopped {
        /// When.
        stopped_at: Timestamp,
    },
}

impl HoldReason {
    /// The facts of its sentence by name, its code among them; instants as people of the village write them.
    pub fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut facts = match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(facts)) => facts,
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        for name in ["told_list", "replaced_at", "price_list", "stopped_at"] {
            let at = facts.get(name).and_then(|value| value.as_str());
            if let Some(at) = at.and_then(|text| text.parse::<Timestamp>().ok()) {
                facts.insert(name.to_owned(), written_time(at).into());
            }
        }
        facts
    }
}

/// A pickup that was held: the command as it came, without free text, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PickupHeld {
    /// The command.
    #[serde(flatten)]
    pub pickup: RecordPickup,
    /// Why, at least one reason.
    pub reasons: Vec<HoldReason>,
}

impl RecordPickup {
    /// Whether the household was told another amount.
    pub(crate) fn told_otherwise(&self, amount: Money) -> Option<HoldReason> {
        let told = self.phone.as_ref()?.told_amount?;
        (told != amount).then_some(HoldReason::ToldAmountDiffers { told, amount })
    }

    /// The household that it is booked for, by its present number. What a phone brings is lost if it is refused, so it is held where there is none, or
    /// none that still lives there.
    pub(crate) fn whose(&self, book: &Book) -> Result<(HouseholdNo, Option<HoldReason>), Stop> {
        // What is on paper is booked whatever speaks against it, so that its household must be there.
        let may_lack = self.phone.is_some() && !self.is_paper;
        let found = match book.resolve(&self.household_no) {
            Err(Stop::Refused(Refusal::HouseholdUnknown { .. })) if may_lack => {
                let household_no = self.household_no.clone();
                let reason = HoldReason::HouseholdUnknown { household_no };
                return Ok((self.household_no.clone(), Some(reason)));
            }
            found => found?,
        };
        let left = book.known_household(&found)?.moved_out;
        let left =
            left.filter(|&day| self.phone.is_some() && day < business_date(self.occurred_at));
        let reason = left.map(|moved_out| HoldReason::MovedOut {
            household_no: found.clone(),
            moved_out,
        });
        Ok((found, reason))
    }

    /// Whether its phone was stopped before it came.
    pub(crate) fn after_a_stop(&self) -> Option<HoldReason> {
        let stopped_at = self.phone.as_ref()?.stopped_at?;
        Some(HoldReason::PhoneStopped { stopped_at })
    }
}

impl PickupHeld {
    /// Holds a command.
    pub(crate) fn new(command: &RecordPickup, reasons: Vec<HoldReason>) -> PickupHeld {
        let mut pickup = command.clone();
        for line in &mut pickup.lines {
            line.deduction_reason.clear();
        }
        PickupHeld { pickup, reasons }
    }

    /// Whether no household had its number when it came.
    pub fn lacks_household(&self) -> bool {
        let is_lack = |reason: &HoldReason| matches!(reason, HoldReason::HouseholdUnknown { .. });
        self.reasons.iter().any(is_lack)
    }
}

/// What a clerk decides about a held pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldDecision {
    /// It is recorded as it came, at the price the household was told, else at that day's (R-PK-7).
    AsItIs,
    /// It is recorded at that day's price, whatever the household was told.
    AtNewPrice,
    /// It is recorded for another household.
    ToHousehold(HouseholdNo),
    /// It is not recorded; its number stays taken.
    Reject,
}

/// What the register of held pickups keeps, by the number of the pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeldPickup {
    /// The command and why it was held.
    #[serde(flatten)]
    pub held: PickupHeld,
    /// What was decided; none while it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<HeldDecision>,
}

impl Registered for HeldPickup {
    const KIND: RegisterKind = RegisterKind::HeldPickup;

    fn household(&self) -> Option<&HouseholdNo> {
        Some(&self.held.pickup.household_no)
    }

    fn month(&self) -> Month {
        Month::at(self.held.pickup.occurred_at)
    }

    fn is_open(&self) -> bool {
        self.decision.is_none()
    }
}

/// Decides about a held pickup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ResolveHeld {
    /// The held pickup.
    pub pickup_no: DocumentNo,
    /// What is done with it.
    pub decision: HeldDecision,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Why. Free text, kept apart.
    #[serde(skip)]
    pub reason: String,
}

/// A held pickup that was decided about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeldResolved {
    /// The pickup.
    pub pickup_no: DocumentNo,
    /// Whose it is, or would have been.
    pub household_no: HouseholdNo,
    /// What was done with it.
    pub decision: HeldDecision,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The pickup as it was recorded; none if it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Pickup>,
}

impl ResolveHeld {
    /// What is kept apart from the journal.
    pub fn private(&self) -> PrivateDetails {
        PrivateDetails::reason(&self.reason)
    }

    /// The facts it surely needs.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let number = self.pickup_no.to_string();
        let mut needs = vec![
            Need::PriceLists,
            Need::Stock,
            Need::Register(RegisterKind::HeldPickup, number),
            Need::Document(DocumentKind::Pickup, self.pickup_no.clone()),
        ];
        if let HeldDecision::ToHousehold(household) = &self.decision {
            needs.push(Need::Household(household.clone()));
        }
        needs
    }

    /// Records the pickup at its `occurred_at` and that day's price, or rejects it (R-PK-7).
    ///
    /// # Errors
    /// [`Refusal::OnlyClerkResolves`], [`Refusal::DocumentUnknown`], [`Refusal::NotHeld`], [`Refusal::HeldResolvedAlready`],
    /// [`Refusal::Empty`] for a rejection without a reason, [`Refusal::HouseholdUnknown`], [`Refusal::NoPriceListThen`],
    /// [`Refusal::MaterialNotPriced`], [`Refusal::InTheFuture`], [`Refusal::BeforeOpening`].
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.check_time("decided_at", self.decided_at)?;
        let number = || self.pickup_no.to_string();
        if !matches!(book.actor().role, Role::Clerk | Role::Administrator) {
            return Err(Refusal::OnlyClerkResolves { number: number() }.into());
        }
        let row = book.registered::<HeldPickup>(self.pickup_no.as_str())?;
        let Some(row) = row else {
            let document = book.document(DocumentKind::Pickup, &self.pickup_no)?;
            let refusal = match document {
                Some(_) => Refusal::NotHeld { number: number() },
                None => Refusal::DocumentUnknown { number: number() },
            };
            return Err(refusal.into());
        };
        if !row.is_open() {
            return Err(Refusal::HeldResolvedAlready { number: number() }.into());
        }
        let held = &row.held.pickup;
        let recorded = match &self.decision {
            HeldDecision::AsItIs => Some(held.release(book, &held.household_no, held.told_list)?),
            HeldDecision::AtNewPrice => Some(held.release(book, &held.household_no, None)?),
            HeldDecision::ToHousehold(household) => {
                Some(held.release(book, household, held.told_list)?)
            }
            HeldDecision::Reject if self.reason.trim().is_empty() => {
                return Err(Refusal::Empty { field: "reason" }.into());
            }
            HeldDecision::Reject => None,
        };
        let household_no = recorded.as_ref().map(|pickup| &pickup.household_no);
        let resolved = HeldResolved {
            pickup_no: self.pickup_no.clone(),
            household_no: household_no.unwrap_or(&held.household_no).clone(),
            decision: self.decision.clone(),
            decided_at: self.decided_at,
            recorded: recorded.clone(),
        };
        let at = recorded.as_ref().map(|pickup| pickup.occurred_at);
        let mut decision = Decision::on(
            at.unwrap_or(self.decided_at),
            Event::HeldResolved(Box::new(resolved)),
        );
        if let Some(pickup) = &recorded {
            pickup.book_into(&mut decision, Direction::In, Flow::Pickup);
            book.settle_residue(&mut decision)?;
        }
        Ok(decision)
    }
}

impl Book {
    /// Notes a pickup that was recorded at once.
    pub(crate) fn apply_pickup(&mut self, pickup: &Pickup, month: Month) {
        self.count_pickup(pickup, month);
        self.apply_device(pickup.device.as_deref(), &pickup.pickup_no, month);
    }

    /// Notes a pickup that was held.
    pub(crate) fn apply_held(&mut self, event: &PickupHeld, month: Month) {
        let pickup = &event.pickup;
        let row = HeldPickup {
            held: event.clone(),
            decision: None,
        };
        self.register(pickup.pickup_no.as_str(), &row);
        self.apply_device(pickup.device.as_deref(), &pickup.pickup_no, month);
    }

    /// Notes what was decided about a held pickup.
    pub(crate) fn apply_resolved(&mut self, event: &HeldResolved, month: Month) {
        self.change_row::<HeldPickup>(event.pickup_no.as_str(), |row| {
            row.decision = Some(event.decision.clone());
        });
        if let Some(pickup) = &event.recorded {
            self.count_pickup(pickup, month);
        }
    }

    fn count_pickup(&mut self, pickup: &Pickup, month: Month) {
        let (household, collector) = (pickup.household_no.clone(), pickup.collector.clone());
        let pickups = &mut self.projections.pickup_months;
        let count = pickups.entry((month, household, collector)).or_default();
        *count = count.saturating_add(1);
        self.apply_pickup_door(pickup);
    }

    /// What of a pickup makes a clerk look at it before it is booked, apart from its prices.
    ///
    /// # Errors
    /// [`Stop::Missing`].
    pub(crate) fn doubts(
        &self,
        pickup: &RecordPickup,
        nets: &[Quantity],
    ) -> Result<Vec<HoldReason>, Stop> {
        let settings = self.settings();
        let mut reasons = Vec::new();
        for (line, net) in pickup.lines.iter().zip(nets) {
            let most = Quantity::grams(settings.line_most_g);
            if net.unit() == Unit::Kg && net.count() > most.count() {
                reasons.push(HoldReason::HeavyLine {
                    material: line.material.clone(),
                    quantity: *net,
                    most,
                });
            }
            reasons.extend(self.unusual(pickup, line, *net)?);
            reasons.extend(self.duplicate(pickup, line, *net)?);
        }
        if self.is_kin(&pickup.collector, &pickup.household_no)? {
            reasons.push(HoldReason::OwnHousehold {
                collector: pickup.collector.clone(),
            });
        }
        Ok(reasons)
    }

    /// Whether a line is far above what the household brought of the material in the twelve months before (R-PK-3).
    fn unusual(
        &self,
        pickup: &RecordPickup,
        line: &WeighedLine,
        net: Quantity,
    ) -> Result<Option<HoldReason>, Stop> {
        let settings = self.settings();
        let pair = (pickup.household_no.clone(), line.material.clone());
        let at = pickup.occurred_at;
        let since = months_before(at, USUAL_MONTHS);
        let earlier = self.earlier_lines(&pair, (since, at))?;
        let earlier: Vec<i64> = earlier
            .into_iter()
            .filter(|((weighed_at, ..), _)| *weighed_at < at)
            .map(|(_, line)| line.quantity)
            .collect();
        let lines = i64::try_from(earlier.len()).unwrap_or(i64::MAX);
        if lines < settings.usual_lines_least {
            return Ok(None);
        }
        let times = settings.usual_multiple;
        let usual = nearest_rank_99(earlier)
            .filter(|usual| net.count() > usual.saturating_mul(times))
            .map(|usual| Quantity::new(net.unit(), usual));
        Ok(usual.map(|usual| HoldReason::UnusualLine {
            material: line.material.clone(),
            quantity: net,
            usual,
            times,
        }))
    }

    /// The recorded pickup of another device that a line may be entered twice with (R-PK-4): the one nearest in time.
    fn duplicate(
        &self,
        pickup: &RecordPickup,
        line: &WeighedLine,
        net: Quantity,
    ) -> Result<Option<HoldReason>, Stop> {
        let settings = self.settings();
        let pair = (pickup.household_no.clone(), line.material.clone());
        let apart = SignedDuration::from_mins(settings.duplicate_minutes);
        let (first, last) = (
            pickup.occurred_at.saturating_sub(apart),
            pickup.occurred_at.saturating_add(apart),
        );
        let first = first.unwrap_or(Timestamp::MIN);
        let last = last.unwrap_or(Timestamp::MAX);
        let mut nearest: Option<(SignedDuration, &EarlierLine)> = None;
        for ((weighed_at, ..), earlier) in self.earlier_lines(&pair, (first, last))? {
            if earlier.source == pickup.source() || !self.is_alike(earlier, net)? {
                continue;
            }
            let apart = weighed_at.duration_since(pickup.occurred_at).abs();
            if nearest.is_none_or(|(least, _)| apart < least) {
                nearest = Some((apart, earlier));
            }
        }
        Ok(nearest.map(|(_, earlier)| HoldReason::PossibleDuplicate {
            material: line.material.clone(),
            pickup_no: earlier.pickup_no.clone(),
        }))
    }

    /// Whether a quantity is as good as that of an earlier line: within 100 g or 2 % of it, or the same number of pieces.
    fn is_alike(&self, earlier: &EarlierLine, net: Quantity) -> Result<bool, Refusal> {
        let settings = self.settings();
        let apart = earlier
            .quantity
            .saturating_sub(net.count())
            .saturating_abs();
        if net.unit() == Unit::Piece {
            return Ok(apart == 0);
        }
        let share = half_up(&[earlier.quantity, settings.duplicate_percent], 100)?;
        Ok(apart <= settings.duplicate_g.max(share))
    }
}
