//! The program itself, serving in a process of its own, as it is installed: with its own limits and its own clock.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jinfu::clock::{Chance, Clock};
use jinfu::ledger::access::Access;

use crate::Bench;
use crate::database::Database;
use crate::served::{Door, Phones};

/// Phones in all. One may ask ten times a second, and a measurement needs more than a busy machine can answer.
const PHONES: u64 = 2_048;
/// How long the program may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// Enrols the phones that clients of a process need, in a file that no process serves yet.
pub(crate) async fn enrol(database: &Database, villages: u64) -> Arc<Phones> {
    let access = Access::open(&database.url, Clock::System, Chance::System, None);
    let access = access.await.unwrap();
    let phones = Phones::enrol(&access, villages, PHONES.div_ceil(villages)).await;
    access.close().await.unwrap();
    Arc::new(phones)
}

/// A running process; it is killed when this is dropped, so that what it acknowledged must be on disk.
#[derive(Debug)]
pub(crate) struct Serving {
    child: Child,
    pub(crate) door: Door,
    /// Seconds from the start of the process until it was ready.
    pub(crate) ready: f64,
}

impl Serving {
    /// Starts the program on a file of its own with households and no pickup yet.
    pub(crate) fn opened(bench: &Bench) -> (Database, Serving) {
        let database = Database::file_like(bench.books.opened(&bench.runtime));
        let phones = enrol(&database, bench.sizes.villages);
        let serving = Serving::start(&database, &bench.runtime.block_on(phones));
        (database, serving)
    }

    /// Starts the program on a file and waits until it is ready. It takes this machine for a proxy, which speaks for each phone.
    pub(crate) fn start(database: &Database, phones: &Arc<Phones>) -> Serving {
        let address = free_address();
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_jinfu"))
            .args(["--database", &database.url, "serve"])
            .args(["--listen", &address.to_string(), "--proxy", "127.0.0.1"])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut serving = Serving {
            child,
            door: Door {
                address,
                phones: Arc::clone(phones),
            },
            ready: 0.0,
        };
        while !is_ready(address) {
            assert_eq!(serving.child.try_wait().unwrap(), None, "it has ended");
            assert!(begun.elapsed() < PATIENCE, "it is not ready");
            std::thread::sleep(Duration::from_millis(1));
        }
        serving.ready = begun.elapsed().as_secs_f64();
        serving
    }

    /// Megabytes that are resident now.
    pub(crate) fn resident(&self) -> f64 {
        self.megabytes("VmRSS:")
    }

    /// The most megabytes that ever were.
    pub(crate) fn peak(&self) -> f64 {
        self.megabytes("VmHWM:")
    }

    fn megabytes(&self, name: &str) -> f64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<f64>().unwrap() / 1_000.0
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended by itself needs neither.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address that nobody listens at.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// Whether a service says that it is ready.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: books\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
