//! Hashes of passwords and PINs: argon2id, two at a time, and no more in line than can be served.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ledger::Trouble;
use crate::ledger::access::error::AccessError;

/// Memory of one hash in KiB, passes over it, and lanes: the least that OWASP recommends.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// How many are hashed at a time: the ledger needs the processor as well.
const AT_ONCE: usize = 2;
/// How many more may wait.
const IN_LINE: usize = 16;

/// What is hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    /// A password of an account.
    Password,
    /// A PIN of a household, with the pepper.
    Pin,
}

/// A place in line, given back when it is dropped.
pub(super) struct Place(OwnedSemaphorePermit);

/// Hashes and checks.
pub(super) struct Hasher {
    pepper: Option<Arc<[u8]>>,
    working: Arc<Semaphore>,
    line: Arc<Semaphore>,
    count: Arc<AtomicU64>,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

impl Hasher {
    pub(super) fn new(pepper: Option<Vec<u8>>) -> Hasher {
        Hasher {
            pepper: pepper.map(Arc::from),
            working: Arc::new(Semaphore::new(AT_ONCE)),
            line: Arc::new(Semaphore::new(AT_ONCE + IN_LINE)),
            count: Arc::default(),
        }
    }

    /// How many hashes were made.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether PINs can be hashed.
    pub(super) const fn has_pepper(&self) -> bool {
        self.pepper.is_some()
    }

    /// A place in line: it is taken before an attempt is counted, so that a crowd at the door uses up nobody's attempts.
    ///
    /// # Errors
    /// [`AccessError::TooManySignIns`].
    pub(super) fn place(&self) -> Result<Place, AccessError> {
        let place = Arc::clone(&self.line).try_acquire_owned();
        place.map(Place).map_err(|_| AccessError::TooManySignIns)
    }

    /// Hashes a text with a salt of its own.
    ///
    /// # Errors
    /// [`AccessError::TooManySignIns`], [`AccessError::PepperMissing`].
    pub(super) async fn hash(&self, of: Of, text: &str) -> Result<String, AccessError> {
        let text = text.to_owned();
        let hashed = self.work(self.place()?, of, move |argon| {
            argon
                .hash_password(text.as_bytes())
                .map(|hash| hash.to_string())
        });
        hashed.await?.map_err(|error| failed(&error.to_string()))
    }

    /// Whether a text is the one that was hashed. Without a hash the same work is done, and the answer is no.
    ///
    /// # Errors
    /// [`AccessError::PepperMissing`].
    pub(super) async fn is(
        &self,
        place: Place,
        of: Of,
        text: &str,
        hash: Option<&str>,
    ) -> Result<bool, AccessError> {
        let (text, hash) = (text.to_owned(), hash.map(str::to_owned));
        self.work(place, of, move |argon| {
            let Some(hash) = hash else {
                // The hash is not looked at: what counts is that it was made.
                drop(argon.hash_password(text.as_bytes()));
                return false;
            };
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon.verify_password(text.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        Place(place): Place,
        of: Of,
        work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        let pepper = match of {
            Of::Password => None,
            Of::Pin => Some(self.pepper.clone().ok_or(AccessError::PepperMissing)?),
        };
        let turn = Arc::clone(&self.working).acquire_owned().await;
        let turn = turn.map_err(|_| AccessError::TooManySignIns)?;
        self.count.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let done = argon(pepper.as_deref()).map(|argon| work(&argon));
            drop((turn, place));
            done
        });
        match done.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(failed(&error.to_string())),
            Err(error) => Err(failed(&error.to_string())),
        }
    }
}

fn argon(pepper: Option<&[u8]>) -> argon2::Result<Argon2<'_>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    match pepper {
        Some(pepper) => {
            Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        }
        None => Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)),
    }
}

fn failed(reason: &str) -> AccessError {
    AccessError::Unavailable(Trouble::Failed {
        reason: reason.to_owned(),
    })
}
