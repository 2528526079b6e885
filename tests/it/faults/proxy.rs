//! A proxy in front of the test server's socket that cuts a connection, or falls silent, at a chosen byte.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// What happens at a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Both ends are told that the connection is gone.
    Cut,
    /// Nobody is told anything: not a byte goes through this connection any more.
    Silence,
    /// So for every connection, and those that are made later.
    Blackout,
}

/// How many bytes go each way before something happens; counted anew after each fault.
#[derive(Debug, Default)]
struct Plan {
    to_server: usize,
    to_client: usize,
    /// The next faults, the last one first.
    faults: Vec<(Fault, Direction, usize)>,
    is_dark: bool,
}

impl Plan {
    /// Counts bytes that came, and tells how many of them go on and which fault then happens.
    fn pass(&mut self, direction: Direction, bytes: usize) -> (usize, Option<Fault>) {
        if self.is_dark {
            return (0, Some(Fault::Blackout));
        }
        let counter = match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        };
        let before = *counter;
        *counter += bytes;
        match self.faults.last() {
            Some((fault, of, at)) if *of == direction && before + bytes > *at => {
                let (fault, at) = (*fault, *at);
                self.faults.pop();
                (self.to_server, self.to_client) = (0, 0);
                self.is_dark = fault == Fault::Blackout;
                (at.saturating_sub(before), Some(fault))
            }
            _ => (bytes, None),
        }
    }
}

/// A running proxy.
pub(super) struct Proxy {
    folder: TempDir,
    plan: Arc<Mutex<Plan>>,
    /// Changes when silent connections are found out to be dead, as a server finds out by its probes.
    probe: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of the server whose socket is in a folder.
    pub(super) fn start(server: &Path) -> Proxy {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(socket(folder.path())).unwrap();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (server, shared) = (socket(server), Arc::clone(&plan));
        let (probe, probed) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&server).await else {
                    continue;
                };
                let plan = Arc::clone(&shared);
                connections.spawn(connect(client, server, plan, probed.clone()));
            }
        });
        Proxy {
            folder,
            plan,
            probe,
            accepting,
        }
    }

    /// Where clients find the proxy's socket.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets faults happen, one after the other. What was silent until now is cut, and a blackout ends.
    pub(super) fn arm(&self, faults: &[(Fault, Direction, usize)]) {
        *self.plan.lock().unwrap() = Plan {
            faults: faults.iter().rev().copied().collect(),
            ..Plan::default()
        };
        self.probe.send_modify(|probes| *probes += 1);
    }

    /// How many bytes went each way since it was armed or a fault happened.
    pub(super) fn counted(&self) -> (usize, usize) {
        let plan = self.plan.lock().unwrap();
        (plan.to_server, plan.to_client)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

async fn connect(
    client: UnixStream,
    server: UnixStream,
    plan: Arc<Mutex<Plan>>,
    probed: watch::Receiver<u64>,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (cut, is_cut) = watch::channel(false);
    let up = pump(
        (Direction::ToServer, from_client, to_server),
        &plan,
        (&cut, is_cut.clone()),
        probed.clone(),
    );
    let down = pump(
        (Direction::ToClient, from_server, to_client),
        &plan,
        (&cut, is_cut),
        probed,
    );
    tokio::join!(up, down);
}

/// Carries bytes one way until either end goes or the connection is cut.
async fn pump(
    (direction, mut from, mut to): (Direction, OwnedReadHalf, OwnedWriteHalf),
    plan: &Mutex<Plan>,
    (cut, mut is_cut): (&watch::Sender<bool>, watch::Receiver<bool>),
    mut probed: watch::Receiver<u64>,
) {
    let mut buffer = vec![0; 16_384];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            _ = is_cut.wait_for(|is_cut| *is_cut) => return,
        };
        if read == 0 {
            cut.send_replace(true);
            return;
        }
        let (passed, fault) = plan.lock().unwrap().pass(direction, read);
        if to.write_all(&buffer[..passed]).await.is_err() {
            cut.send_replace(true);
            return;
        }
        match fault {
            None => {}
            Some(Fault::Cut) => {
                cut.send_replace(true);
                return;
            }
            // The sockets stay open and nothing comes of it until somebody probes.
            Some(Fault::Silence | Fault::Blackout) => {
                probed.mark_unchanged();
                drop(probed.changed().await);
                cut.send_replace(true);
                return;
            }
        }
    }
}
