//! Taking what waits for the writer, with those who will be here in a moment.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};

/// From how many at once on the next ones are worth waiting for: fewer are answered sooner one batch after the other.
const BUSY_FROM: usize = 16;
/// How long they are waited for at most.
const PATIENCE: Duration = Duration::from_millis(1);
/// Over how many batches it is remembered how many asked at once.
const MEMORY: usize = 8;

/// What takes the next batch. Whoever is answered often asks again at once; without waiting for them, those who ask together come into two batches that
/// wait for each other.
#[derive(Debug)]
pub(crate) struct Gathering {
    batch_max: usize,
    /// How many were in the last batch.
    last: usize,
    /// How many asked at once lately: those of each batch and those who waited when it was done.
    lately: VecDeque<usize>,
}

impl Gathering {
    /// Of at most so many at once.
    pub(crate) fn new(batch_max: usize) -> Gathering {
        Gathering {
            batch_max,
            last: 0,
            lately: VecDeque::with_capacity(MEMORY),
        }
    }

    /// Takes what waits, once there is something: nothing if every sender is gone.
    pub(crate) async fn take<T>(&mut self, queue: &mut Receiver<T>) -> Vec<T> {
        self.remember(self.last.saturating_add(queue.len()));
        let mut taken = Vec::with_capacity(self.batch_max);
        queue.recv_many(&mut taken, self.batch_max).await;
        if self.last >= BUSY_FROM && !taken.is_empty() {
            let wanted = self.lately.iter().copied().max().unwrap_or_default();
            // The wait is over when it is over; what came until then is taken either way.
            let until = Instant::now() + PATIENCE;
            drop(timeout_at(until, fill(&mut taken, wanted.min(self.batch_max), queue)).await);
        }
        self.last = taken.len();
        taken
    }

    fn remember(&mut self, at_once: usize) {
        if self.lately.len() == MEMORY {
            self.lately.pop_front();
        }
        self.lately.push_back(at_once);
    }
}

async fn fill<T>(taken: &mut Vec<T>, wanted: usize, queue: &mut Receiver<T>) {
    while taken.len() < wanted {
        let room = wanted - taken.len();
        if queue.recv_many(taken, room).await == 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{Sender, channel};

    use super::*;

    async fn send(sender: &Sender<usize>, count: usize) {
        for number in 0..count {
            sender.send(number).await.unwrap();
        }
    }

    fn on<T>(test: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(test)
    }

    /// Takes a batch of so many that wait, and then one of which only the first of 20 is there at once.
    async fn taken_after(waiting: usize) -> usize {
        let (sender, mut queue) = channel(64);
        let mut gathering = Gathering::new(64);
        send(&sender, waiting).await;
        assert_eq!(gathering.take(&mut queue).await.len(), waiting);
        send(&sender, 1).await;
        let others = tokio::spawn(async move { send(&sender, 19).await });
        let taken = gathering.take(&mut queue).await;
        others.await.unwrap();
        taken.len()
    }

    #[test]
    fn those_who_asked_together_are_taken_together_again() {
        assert_eq!(on(taken_after(20)), 20);
    }

    #[test]
    fn nobody_is_waited_for_after_a_few() {
        assert_eq!(on(taken_after(15)), 1);
    }

    #[test]
    fn who_does_not_come_is_not_waited_for_longer() {
        on(async {
            let (sender, mut queue) = channel(64);
            let mut gathering = Gathering::new(64);
            send(&sender, 20).await;
            gathering.take(&mut queue).await;
            send(&sender, 3).await;
            assert_eq!(gathering.take(&mut queue).await.len(), 3);
            drop(sender);
            assert!(gathering.take(&mut queue).await.is_empty());
        });
    }
}
