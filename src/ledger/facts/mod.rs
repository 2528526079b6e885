//! Loading the facts that a batch of commands needs: the union for the whole batch, one statement per kind.

mod loading;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::decide::{Verdict, decide};
use crate::domain::facts::{Need, Stop};
use crate::domain::{Book, Refusal, Request, VillageCode};
use crate::store::engine::Tx;
use crate::store::error::StoreError;
use crate::store::village;

/// A village's facts with its surrogate key, which a village has once it is opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) id: Option<i64>,
    pub(crate) book: Book,
    /// The last batch that asked for it.
    used_in: u64,
}

/// The facts of the villages that a batch concerns. They are kept from batch to batch; the head of a village tells whether somebody else
/// wrote to it since, and its facts are then loaded anew.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    villages: BTreeMap<VillageCode, Opened>,
    ids: BTreeMap<VillageCode, i64>,
    codes: BTreeMap<i64, VillageCode>,
    batch: u64,
}

/// A period that reaches into a month began at most so many months before it: the longest is a year.
const PERIOD_MONTHS_MOST: i32 = 11;
/// How many rows are kept from batch to batch, a village counting as many: some tens of megabytes.
const ROWS_MAX: usize = 32_768;
/// How many rows a village's own terms, materials and prices count as.
const VILLAGE_ROWS: usize = 32;

/// May the batch write?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// It writes, so villages are locked.
    Write,
    /// It only rehearses.
    Rehearse,
}

impl Facts {
    /// Locks the villages of the requests, and loads what the requests surely need.
    pub(crate) async fn prepare(
        &mut self,
        tx: &mut Tx<'_>,
        requests: &[&Request],
        now: Timestamp,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        self.batch = self.batch.saturating_add(1);
        let codes: BTreeSet<&VillageCode> =
            requests.iter().map(|request| &request.village).collect();
        let may_be_whole = requests
            .iter()
            .all(|request| request.command.is_village_wide());
        self.open_villages(tx, &codes, purpose, may_be_whole)
            .await?;
        for code in codes {
            if let Some(opened) = self.villages.get_mut(code) {
                opened.book.set_now(now);
            }
        }
        let mut needs = BTreeSet::new();
        for request in requests {
            needs.insert((request.village.clone(), Need::Command(request.id)));
            needs.extend(
                request
                    .command
                    .needs()
                    .into_iter()
                    .map(|need| (request.village.clone(), need)),
            );
        }
        self.load(tx, &needs).await
    }

    async fn open_villages(
        &mut self,
        tx: &mut Tx<'_>,
        codes: &BTreeSet<&VillageCode>,
        purpose: Purpose,
        may_be_whole: bool,
    ) -> Result<(), StoreError> {
        let unknown: Vec<VillageCode> = codes
            .iter()
            .filter(|code| !self.ids.contains_key(**code))
            .map(|code| (*code).clone())
            .collect();
        for (code, id) in village::find_ids(tx, &unknown).await? {
            self.know(code, id);
        }
        let ids: Vec<i64> = codes
            .iter()
            .filter_map(|code| self.ids.get(*code))
            .copied()
            .collect();
        let heads = match purpose {
            Purpose::Write => village::lock_heads(tx, &ids).await?,
            Purpose::Rehearse => village::read_heads(tx, &ids).await?,
        };
        let mut fresh = Vec::new();
        for code in codes {
            let id = self.ids.get(*code).copied();
            let head = id.and_then(|id| heads.get(&id));
            let used_in = self.batch;
            let kept = self.villages.get_mut(*code).filter(|kept| {
                kept.id == id
                    && head.is_none_or(|head| kept.book.head() == *head)
                    && (may_be_whole || !kept.book.is_whole())
            });
            if let Some(kept) = kept {
                kept.used_in = used_in;
                continue;
            }
            let book = match head {
                Some(head) => Book::at_head((*code).clone(), *head),
                None => Book::unopened((*code).clone()),
            };
            fresh.extend(id);
            let opened = Opened { id, book, used_in };
            self.villages.insert((*code).clone(), opened);
        }
        self.load_masters(tx, &fresh).await
    }

    fn know(&mut self, code: VillageCode, id: i64) {
        self.codes.insert(id, code.clone());
        self.ids.insert(code, id);
    }

    /// The surrogate key of a village, if it has one yet.
    pub(crate) fn known_id(&self, code: &VillageCode) -> Option<i64> {
        self.ids.get(code).copied()
    }

    /// The village of a surrogate key.
    pub(crate) fn code_of(&self, id: i64) -> Option<&VillageCode> {
        self.codes.get(&id)
    }

    /// Whether the id of a request of the batch is in the journal.
    pub(crate) fn has_accepted(&self, request: &Request) -> bool {
        let opened = self.villages.get(&request.village);
        opened.is_some_and(|opened| matches!(opened.book.accepted(request.id), Ok(Some(_))))
    }

    pub(super) fn by_id(&mut self, id: i64) -> Option<&mut Book> {
        let opened = self.villages.get_mut(self.codes.get(&id)?)?;
        Some(&mut opened.book)
    }

    /// Decides a request, loading what turns out to be missing.
    pub(crate) async fn decide(
        &mut self,
        tx: &mut Tx<'_>,
        request: &Request,
        salt: [u8; 16],
    ) -> Result<Result<Verdict, Refusal>, StoreError> {
        let mut asked = BTreeSet::new();
        loop {
            let Some(opened) = self.villages.get_mut(&request.village) else {
                return Ok(Err(Refusal::VillageUnknown {
                    village: request.village.clone(),
                }));
            };
            match decide(&mut opened.book, request, salt) {
                Ok(verdict) => return Ok(Ok(verdict)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Missing(need)) => {
                    let need = (request.village.clone(), need);
                    if !asked.insert(need.clone()) {
                        return Err(StoreError::Engine(format!(
                            "{:?} was loaded and is still missing",
                            need.1
                        )));
                    }
                    self.load(tx, &BTreeSet::from([need])).await?;
                }
            }
        }
    }

    /// The surrogate key of a village, given to it now if the batch opened it.
    pub(crate) async fn id_of(
        &mut self,
        tx: &mut Tx<'_>,
        code: &VillageCode,
    ) -> Result<i64, StoreError> {
        let Some(opened) = self.villages.get_mut(code) else {
            return Err(StoreError::Engine(
                "an entry of a village that was not opened".to_owned(),
            ));
        };
        if let Some(id) = opened.id {
            return Ok(id);
        }
        // Several villages may be opened in one batch, before the first is written.
        let in_batch = self
            .codes
            .last_key_value()
            .map_or(1, |(id, _)| id.saturating_add(1));
        let id = village::next_id(tx).await?.max(in_batch);
        opened.id = Some(id);
        self.know(code.clone(), id);
        Ok(id)
    }

    /// The books of the villages in the order of their codes, with their surrogate keys.
    pub(crate) fn books<'f>(
        &'f mut self,
        codes: &BTreeSet<&VillageCode>,
    ) -> Vec<(i64, &'f mut Book)> {
        let wanted = self
            .villages
            .iter_mut()
            .filter(|(code, _)| codes.contains(code));
        wanted
            .filter_map(|(_, opened)| opened.id.map(|id| (id, &mut opened.book)))
            .collect()
    }

    /// Keeps, after a commit, what the next batch can use.
    pub(crate) fn settle<'r>(&mut self, requests: impl Iterator<Item = &'r Request>) {
        for request in requests {
            if let Some(opened) = self.villages.get_mut(&request.village) {
                opened.book.forget_passing_facts();
            }
        }
        // Somebody else may open a village that this batch found unopened, and nothing of it was worth keeping.
        self.villages.retain(|_, opened| opened.id.is_some());
        self.shrink();
    }

    /// Forgets the villages that were asked for longest ago until half the room is free.
    fn shrink(&mut self) {
        let rows = |opened: &Opened| opened.book.rows().saturating_add(VILLAGE_ROWS);
        let mut kept: usize = self.villages.values().map(rows).sum();
        if kept <= ROWS_MAX {
            return;
        }
        let mut by_use: Vec<(u64, VillageCode)> = self
            .villages
            .iter()
            .map(|(code, opened)| (opened.used_in, code.clone()))
            .collect();
        by_use.sort();
        for (_, code) in by_use {
            if kept <= ROWS_MAX / 2 {
                break;
            }
            let forgotten = self.villages.remove(&code);
            kept -= forgotten.as_ref().map_or(0, rows);
        }
    }

    /// Forgets everything: what was decided was not written.
    pub(crate) fn forget(&mut self) {
        *self = Facts::default();
    }
}
