//! Where the writer works: on a thread of its own. It waits for the database many times in a batch, and each time would stand in line behind the
//! requests that have come in, if it shared the threads that read them.

use tokio::runtime::{Builder, Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};

use crate::ledger::writer::{Waiting, WriterTask};
use crate::ledger::{Error, Limits, Trouble, rebuild};
use crate::store::Writer;
use crate::store::error::StoreError;
use crate::store::migrate::Address;

/// How the writer ended, once it has.
pub(super) type Ending = oneshot::Receiver<Result<(), StoreError>>;

/// Opens a database for writing and lets a writer work on what comes in, until nobody can ask it any more. Where the caller has one thread for
/// everything, the writer takes turns on it.
///
/// # Errors
/// As [`rebuild::open_writer`].
pub(super) async fn start(
    address: Address,
    limits: Limits,
    task: impl FnOnce(Writer) -> WriterTask + Send + 'static,
    queue: mpsc::Receiver<Waiting>,
) -> Result<Ending, Error> {
    let (opened, opening) = oneshot::channel();
    let (ended, ending) = oneshot::channel();
    let mut runtime = Builder::new_current_thread();
    runtime.enable_time();
    if matches!(address, Address::Postgres(_)) {
        // Without sockets to watch, a thread is woken at half the price.
        runtime.enable_io();
    }
    let work = async move {
        match rebuild::open_writer(address, limits).await {
            Ok(writer) => {
                drop(opened.send(Ok(())));
                drop(ended.send(task(writer).run(queue).await));
            }
            Err(error) => drop(opened.send(Err(error))),
        }
    };
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        tokio::spawn(work);
    } else {
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let started = thread.spawn(move || match runtime.build() {
            Ok(runtime) => runtime.block_on(work),
            Err(error) => tracing::error!(%error, "the writer's thread has no runtime"),
        });
        started.map_err(StoreError::from)?;
    }
    opening.await.unwrap_or_else(|_| Err(gone()))?;
    Ok(ending)
}

/// What is said of a writer that went without a word.
pub(super) fn gone() -> Error {
    Error::Unavailable(Trouble::Failed {
        reason: "the writer went without a word".to_owned(),
    })
}
