//! Voids that a phone sends before their pickup has come, or before a clerk has decided about it: they are kept, and decided in the batch that books
//! the pickup, so that it lands voided. Nothing else waits for anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::decide::Outcome;
use crate::domain::pickup::VoidPickup;
use crate::domain::{Command, DocumentNo, Event, Refusal, Request, VillageCode, seal};
use crate::ledger::Error;
use crate::ledger::batch::key;
use crate::ledger::facts::Facts;
use crate::ledger::refused::{Asked, Keeping, SWEEP_ROWS};
use crate::store::awaited::{self, AwaitedVoid};
use crate::store::engine::Tx;
use crate::store::error::StoreError;

/// For how long a void waits: as long as a phone is heard that brings its pickup.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The voids that wait for the pickups of a batch, and those that begin or end waiting in it.
#[derive(Default)]
pub(crate) struct AwaitedVoids {
    waiting: BTreeMap<(VillageCode, Uuid), AwaitedVoid>,
    fresh: BTreeSet<(VillageCode, Uuid)>,
    gone: Vec<(i64, Uuid)>,
}

impl AwaitedVoids {
    /// Loads what waits for the pickups that a batch may book, whichever door they come through, and what waits beside its voids and under their ids;
    /// nothing where there are none. Only of what is copied from paper no phone has a void.
    pub(crate) async fn load(
        tx: &mut Tx<'_>,
        facts: &Facts,
        batch: &[&Asked],
    ) -> Result<AwaitedVoids, StoreError> {
        let (mut pickups, mut ids) = (Vec::new(), Vec::new());
        for asked in batch {
            let Some(village_id) = facts.known_id(&asked.request.village) else {
                continue;
            };
            if let Some(number) = may_book(&asked.request.command) {
                pickups.push((village_id, number.clone()));
            }
            if asked.keeping == Keeping::VoidsToo {
                ids.push((village_id, asked.request.id));
                if let Command::VoidPickup(command) = &asked.request.command {
                    pickups.push((village_id, command.pickup_no.clone()));
                }
            }
        }
        let found = awaited::find(tx, &pickups, &ids).await?;
        let mut voids = AwaitedVoids::default();
        for void in found {
            if let Some(village) = facts.code_of(void.village_id) {
                let named = (village.clone(), void.command_id);
                voids.waiting.insert(named, void);
            }
        }
        Ok(voids)
    }

    /// What is answered to a command whose id is that of a void with other content that waits (R-PK-6).
    pub(crate) fn answer(&self, facts: &Facts, asked: &Asked) -> Option<Error> {
        let void = self.waiting.get(&key(&asked.request))?;
        let is_same = void.fingerprint == fingerprint(&asked.request)
            && matches!(&asked.request.command, Command::VoidPickup(command) if command.reason == void.reason);
        if is_same || facts.has_accepted(&asked.request) {
            return None;
        }
        let differing = "content".to_owned();
        Some(Refusal::IdUsedForOtherContent { differing }.into())
    }

    /// Keeps a void that was refused only because of what is not there yet; false if it is not one that waits. For each pickup one of each person waits,
    /// the first: a second would void nothing more.
    pub(crate) fn keep(
        &mut self,
        facts: &Facts,
        asked: &Asked,
        refusal: &Refusal,
        at: Timestamp,
    ) -> bool {
        let (request, named) = (&asked.request, key(&asked.request));
        let Command::VoidPickup(command) = &request.command else {
            return false;
        };
        if asked.keeping != Keeping::VoidsToo || !refusal.lets_a_void_wait() {
            return false;
        }
        let Some(village_id) = facts.known_id(&request.village) else {
            return false;
        };
        if self.waiting.contains_key(&named) {
            return true;
        }
        let is_second = self.waiting.iter().any(|((of, _), void)| {
            *of == request.village
                && void.pickup_no == command.pickup_no
                && void.actor == request.actor
        });
        if is_second {
            return false;
        }
        self.fresh.insert(named.clone());
        let void = AwaitedVoid {
            village_id,
            command_id: request.id,
            fingerprint: fingerprint(request),
            pickup_no: command.pickup_no.clone(),
            actor: request.actor.clone(),
            voided_at: command.voided_at,
            phone: command.phone.clone(),
            reason: command.reason.clone(),
            kept_at: at,
        };
        self.waiting.insert(named, void);
        true
    }

    /// The voids that what was recorded lets decide, those that have waited longest first.
    pub(crate) fn due(&self, village: &VillageCode, outcome: &Outcome) -> Vec<Asked> {
        let Outcome::Recorded(recorded) = outcome else {
            return Vec::new();
        };
        let Some(number) = settled(&recorded.event) else {
            return Vec::new();
        };
        let mut due: Vec<&AwaitedVoid> = self
            .waiting
            .iter()
            .filter(|((of, _), void)| of == village && void.pickup_no == *number)
            .map(|(_, void)| void)
            .collect();
        due.sort_by_key(|void| (void.kept_at, void.command_id));
        let asked = |void: &AwaitedVoid| Asked {
            request: Request {
                village: village.clone(),
                id: void.command_id,
                actor: void.actor.clone(),
                command: Command::VoidPickup(VoidPickup {
                    pickup_no: void.pickup_no.clone(),
                    voided_at: void.voided_at,
                    phone: void.phone.clone(),
                    reason: void.reason.clone(),
                }),
            },
            keeping: Keeping::Refusals,
        };
        due.into_iter().map(asked).collect()
    }

    /// Notes that a command waits no more, if it did.
    pub(crate) fn end(&mut self, request: &Request) {
        let named = key(request);
        let Some(void) = self.waiting.remove(&named) else {
            return;
        };
        if !self.fresh.remove(&named) {
            self.gone.push((void.village_id, void.command_id));
        }
    }

    /// Whether there is something to write.
    pub(crate) fn are_changed(&self) -> bool {
        !self.fresh.is_empty() || !self.gone.is_empty()
    }

    /// Writes what began and ended waiting.
    pub(crate) async fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if !self.fresh.is_empty() {
            let fresh = self.fresh.iter();
            awaited::keep(tx, fresh.filter_map(|named| self.waiting.get(named))).await?;
        }
        for gone in &self.gone {
            awaited::take_away(tx, *gone).await?;
        }
        Ok(())
    }
}

/// Forgets the voids whose pickup never came.
pub(crate) async fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    awaited::forget(tx, before, SWEEP_ROWS).await
}

/// The number of the pickup that a command may book.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other commands book no pickup that a phone made"
)]
const fn may_book(command: &Command) -> Option<&DocumentNo> {
    match command {
        Command::RecordPickup(command) if !command.is_paper => Some(&command.pickup_no),
        Command::ResolveHeld(command) => Some(&command.pickup_no),
        _ => None,
    }
}

/// The number of the pickup that is booked now, or of which it is decided that it is not.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other events book no pickup that a phone made"
)]
const fn settled(event: &Event) -> Option<&DocumentNo> {
    match event {
        Event::PickupRecorded(pickup) => Some(&pickup.pickup_no),
        Event::HeldResolved(event) => Some(&event.pickup_no),
        _ => None,
    }
}

fn fingerprint(request: &Request) -> seal::Hash {
    seal::fingerprint(&request.command.to_json())
}
