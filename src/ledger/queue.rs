//! Commands on their way to the writer: given to it with or without waiting for room, and answered later.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::domain::Request;
use crate::ledger::figures::WriterFigures;
use crate::ledger::refused::{Asked, Keeping};
use crate::ledger::writer::{Answer, Waiting};
use crate::ledger::{Error, Ledger, Trouble};

/// How long a command waits for its turn that a person waits for: until then the other side has given up, or asks again.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// A command that was given to the writer and is not answered yet.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Answer>);

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    /// As [`Ledger::submit`]; a writer that stopped leaves the outcome unknown.
    pub async fn answer(self) -> Answer {
        let unknown = || Trouble::OutcomeUnknown {
            reason: "the writer has stopped".to_owned(),
        };
        self.0
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable(unknown())))
    }
}

impl Ledger {
    /// Gives a command to the writer and waits for the answer. An answer `Ok` means: committed, on disk, chained, exactly once.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason; [`Error::Unavailable`], where [`Trouble::OutcomeUnknown`] means: ask again with the same id.
    pub async fn submit(&self, request: Request) -> Answer {
        self.enqueue(request).await?.answer().await
    }

    /// Gives a command to the writer; the answer comes later. Commands are decided in the order in which they are given. Where 4,096 wait already,
    /// this waits for room: it is for whoever has a file to bring in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the books are open for reading only, [`Trouble::WriterStopped`] if the writer has stopped.
    pub async fn enqueue(&self, request: Request) -> Result<Pending, Error> {
        let (waiting, pending) = waiting(request, Keeping::Nothing, None);
        let sent = self.queue()?.send(waiting).await;
        sent.map_err(|_| self.stop())?;
        Ok(pending)
    }

    /// As [`Ledger::submit`], but refuses at once where too many wait to be answered soon: it is for a person who waits at a screen, and who hears the
    /// same again if a refusal is kept.
    ///
    /// # Errors
    /// As [`Ledger::submit`], and [`Trouble::QueueFull`]; [`Error::RefusedBefore`] if the same command was refused in the last 30 days and that
    /// was kept.
    pub async fn try_submit(&self, request: Request, keeping: Keeping) -> Answer {
        self.check_room().map_err(Error::Unavailable)?;
        self.try_enqueue(request, keeping)?.answer().await
    }

    /// As [`Ledger::enqueue`], but never waits for room, and not for its turn longer than five seconds: it is answered then that nothing was booked.
    /// Whoever brings several looks for room before the first, so that they come in together.
    ///
    /// # Errors
    /// As [`Ledger::enqueue`], and [`Trouble::QueueFull`] where 4,096 commands wait; the answer may be that as well.
    pub fn try_enqueue(&self, request: Request, keeping: Keeping) -> Result<Pending, Error> {
        let until = self.clock.now().checked_add(PATIENCE).ok();
        let (waiting, pending) = waiting(request, keeping, until);
        match self.queue()?.try_send(waiting) {
            Ok(()) => Ok(pending),
            Err(TrySendError::Full(_)) => Err(Error::Unavailable(Trouble::QueueFull)),
            Err(TrySendError::Closed(_)) => Err(self.stop()),
        }
    }

    /// How many commands wait for the writer, those of the batch that it works on left out; at most 4,096.
    pub fn queue_depth(&self) -> usize {
        let queue = self.queue.as_ref();
        queue.map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Makes sure that no more commands wait than are answered soon: asked before the body of a further one is read, which would be in vain.
    ///
    /// # Errors
    /// [`Trouble::QueueFull`].
    pub fn check_room(&self) -> Result<(), Trouble> {
        if self.queue_depth() >= self.figures.room.get() {
            return Err(Trouble::QueueFull);
        }
        Ok(())
    }

    /// What the writer did since the books were opened.
    pub fn figures(&self) -> &WriterFigures {
        &self.figures
    }

    fn queue(&self) -> Result<&mpsc::Sender<Waiting>, Error> {
        self.queue.as_ref().ok_or_else(|| {
            Error::Unavailable(Trouble::Failed {
                reason: "the books are open for reading only".to_owned(),
            })
        })
    }
}

/// A command as it waits, and where its answer will be.
fn waiting(request: Request, keeping: Keeping, until: Option<Timestamp>) -> (Waiting, Pending) {
    let (answer, receiver) = oneshot::channel();
    let asked = Asked { request, keeping };
    let waiting = Waiting {
        asked,
        until,
        answer,
    };
    (waiting, Pending(receiver))
}
