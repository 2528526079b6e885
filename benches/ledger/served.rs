//! The service as clients reach it: over TCP, through the real accept loop and the real routes, from phones that are enrolled.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jinfu::clock::{Chance, Clock};
use jinfu::domain::{CollectorCode, Request, VillageCode};
use jinfu::http::serve::{Limits, Rate, listen};
use jinfu::http::{self, Service};
use jinfu::ledger::Ledger;
use jinfu::ledger::access::{Access, Deed};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Phone;
use crate::villages::{collector, village};

/// The phones of collectors by village; a pickup is sent from one of its village, each in turn.
#[derive(Debug)]
pub(crate) struct Phones {
    of_village: BTreeMap<VillageCode, Vec<Phone>>,
    next: AtomicUsize,
}

impl Phones {
    /// Enrols so many phones in each village, as collectors do who scan the clerk's code.
    pub(crate) async fn enrol(access: &Access, villages: u64, each: u64) -> Phones {
        let mut of_village = BTreeMap::new();
        for index in 0..villages {
            let code = village(index);
            let collector = CollectorCode::parse("collector", collector(index)).unwrap();
            let mut phones = Vec::new();
            for number in 0..each {
                let by = Deed {
                    actor: "system:bench",
                    action: "issue_enrolment",
                    village: Some(&code),
                    subject: None,
                    is_allowed: true,
                    trace_id: "-",
                };
                let enrolment = access.issue_enrolment(by, &code, &collector).await;
                let enrolment = enrolment.unwrap();
                let signed_in = access.enrol(enrolment.reveal(), "bench", "-").await;
                let place = (index * each + number) as u32;
                phones.push(Phone {
                    secret: signed_in.unwrap().secret.reveal().to_owned(),
                    // One of the private network 10.0.0.0/8.
                    address: Ipv4Addr::from_bits((10 << 24) + 1 + place),
                });
            }
            of_village.insert(code, phones);
        }
        Phones {
            of_village,
            next: AtomicUsize::new(0),
        }
    }

    /// A phone that may send this pickup.
    pub(crate) fn of(&self, request: &Request) -> &Phone {
        let phones = &self.of_village[&request.village];
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &phones[next % phones.len()]
    }
}

/// Where a service is, and who may ask it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) phones: Arc<Phones>,
}

/// A service in this process.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) door: Door,
    service: Arc<Service>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<()>>,
}

impl Served {
    /// Serves opened books, with a phone in each village.
    pub(crate) async fn start(ledger: Ledger, database: &str, villages: u64) -> Served {
        let clock = Clock::fixed(ledger.clock().now());
        let access = Access::open(database, clock, Chance::System, None);
        let access = access.await.unwrap();
        let phones = Arc::new(Phones::enrol(&access, villages, 1).await);
        let service = Arc::new(Service::new(ledger, access));
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&service);
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            http::run(&served, listener, unhurried(), stopped).await
        });
        Served {
            door: Door { address, phones },
            service,
            stop,
            ended,
        }
    }

    /// Stops and closes the books; the clients are gone.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        let service = Arc::into_inner(self.service).unwrap();
        service.close().await.unwrap();
    }
}

/// The limits of the service, but for how much one address and one phone may ask: few of each stand for many here.
fn unhurried() -> Limits {
    let rate = Rate {
        per_second: 1_000_000,
        burst: 1_000_000,
    };
    Limits {
        rate_per_address: rate,
        rate_per_credential: rate,
        proxies: vec![Ipv4Addr::LOCALHOST.into()],
        ..Limits::default()
    }
}
