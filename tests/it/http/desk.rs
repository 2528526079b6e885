//! The service in process, with villages in two townships and somebody of every role, as tests ask it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use jinfu::clock::{Chance, Clock};
use jinfu::domain::authority::Scope;
use jinfu::domain::report::region::RegionPrefix;
use jinfu::domain::{CollectorCode, HouseholdNo, Role, VillageCode};
use jinfu::http::Service;
use jinfu::http::serve::{Limits, Rate, listen};
use jinfu::ledger::access::{Access, Deed, NewAccount, NewToken};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::described;
use crate::harness::Database;

/// The village that most of it is about.
pub(crate) const HERE: &str = "430302101201";
/// Another of the same township.
pub(crate) const NEXT: &str = "430302101202";
/// One of another township.
pub(crate) const FAR: &str = "430302102201";
/// When it is.
const NOW: &str = "2025-09-20T12:00:00+08:00";

/// The service, and what everybody shows.
pub(crate) struct Desk {
    pub(crate) service: Arc<Service>,
    router: Router,
    tokens: BTreeMap<&'static str, String>,
}

/// What was answered.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    /// The code of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A request that is put together.
pub(crate) struct Call {
    method: String,
    path: String,
    who: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Call {
        Call {
            method: method.to_owned(),
            path: format!("/api/v1{path}"),
            who: None,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A page beside the interface.
    pub(crate) fn at(path: &str) -> Call {
        Call {
            path: path.to_owned(),
            ..Call::get("")
        }
    }

    pub(crate) fn get(path: &str) -> Call {
        Call::new("GET", path)
    }

    /// A command under a new key.
    pub(crate) fn post(path: &str, body: &Value) -> Call {
        Call::new("POST", path)
            .json(body)
            .key(&Uuid::now_v7().to_string())
    }

    /// Somebody of the desk.
    pub(crate) fn by(mut self, who: &str) -> Call {
        self.who = Some(who.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Call {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(mut self, key: &str) -> Call {
        self.headers.retain(|(name, _)| name != "idempotency-key");
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: &Value) -> Call {
        self.bytes(&serde_json::to_vec(body).unwrap())
    }

    /// A body as it is, which says that it is JSON.
    pub(crate) fn bytes(mut self, body: &[u8]) -> Call {
        self.body = body.to_vec();
        self.header("content-type", "application/json")
    }
}

impl Desk {
    /// Opens the service on an empty database, with villages, people and a price list.
    pub(crate) async fn open(database: &Database) -> Desk {
        Desk::open_at(database, NOW).await
    }

    pub(crate) async fn open_at(database: &Database, now: &str) -> Desk {
        let ledger = database.open(now, 5).await;
        let clock = Clock::fixed(now.parse().unwrap());
        let pepper = Some(vec![7; 32]);
        let access = Access::open(&database.url, clock, Chance::System, pepper)
            .await
            .unwrap();
        let service = Arc::new(Service::new(ledger, access));
        let mut desk = Desk {
            router: jinfu::http::router(&service, &unhurried()),
            service,
            tokens: BTreeMap::new(),
        };
        desk.let_everybody_in().await;
        desk.open_villages().await;
        desk.give_out_phones().await;
        desk
    }

    async fn let_everybody_in(&mut self) {
        let accounts = [
            ("administrator", Role::Administrator, "*"),
            ("official", Role::Official, "430302101"),
            ("clerk", Role::Clerk, HERE),
            ("supervisor", Role::Supervisor, HERE),
            ("clerk of next", Role::Clerk, NEXT),
            ("clerk of far", Role::Clerk, FAR),
            ("official of far", Role::Official, "430302102"),
        ];
        let access = &self.service.access;
        for (name, role, scope) in accounts {
            let scope = match scope {
                "*" => Scope::Everywhere,
                digits => Scope::Region(RegionPrefix::parse("scope", digits).unwrap()),
            };
            let account = NewAccount {
                name: name.to_owned(),
                role,
                scope,
                collector: None,
            };
            access.add_account(deed(), &account, None).await.unwrap();
            let mut token = NewToken {
                scope: None,
                days: 30,
                may_write: true,
                label: "test".to_owned(),
            };
            let secret = access.issue_token(deed(), name, &token).await.unwrap();
            self.tokens.insert(name, secret.reveal().to_owned());
            if name == "clerk" {
                token.may_write = false;
                let secret = access.issue_token(deed(), name, &token).await.unwrap();
                self.tokens.insert("reader", secret.reveal().to_owned());
            }
        }
    }

    async fn open_villages(&self) {
        let village = json!({
            "name": "金福村", "township": "杨嘉桥镇", "opening_month": "2025-08",
            "fee": {"basis": "household", "amount": "10.00", "period": "month"},
        });
        for (code, clerk) in [
            (HERE, "clerk"),
            (NEXT, "clerk of next"),
            (FAR, "clerk of far"),
        ] {
            self.must(Call::post(&format!("/villages/{code}"), &village).by("administrator"))
                .await;
            let path = |rest: &str| format!("/villages/{code}/{rest}");
            let material =
                json!({"code": "ZB", "name": "纸板", "name_en": "cardboard", "unit": "kg"});
            self.must(Call::post(&path("materials"), &material).by(clerk))
                .await;
            let prices = json!({
                "effective_from": "2025-08-01T00:00:00+08:00",
                "lines": [{"material": "ZB", "price": "0.90"}],
            });
            self.must(Call::post(&path("price-lists"), &prices).by(clerk))
                .await;
            for number in ["03-017", "03-018"] {
                let household = json!({
                    "household_no": number, "group": "03", "headcount": 3, "head": "王小明", "waivers": [],
                });
                self.must(Call::post(&path("households"), &household).by(clerk))
                    .await;
            }
        }
    }

    /// A household's phone and a collector's, in the village that it is about.
    pub(crate) async fn give_out_phones(&mut self) {
        let access = &self.service.access;
        let village = VillageCode::parse("village", HERE).unwrap();
        let number = HouseholdNo::parse("household", "03-017").unwrap();
        let card = access.issue_card(deed(), &village, &number).await.unwrap();
        let phone = access.bind_card(card.secret.reveal(), "-").await.unwrap();
        let pin = card.pin.reveal();
        let signed = access
            .sign_in_household(phone.reveal(), pin, "-")
            .await
            .unwrap();
        let collector = CollectorCode::parse("collector", "C1").unwrap();
        let code = access
            .issue_enrolment(deed(), &village, &collector)
            .await
            .unwrap();
        let enrolled = access.enrol(code.reveal(), "phone", "-").await.unwrap();
        self.tokens
            .insert("household", signed.secret.reveal().to_owned());
        self.tokens
            .insert("collector", enrolled.secret.reveal().to_owned());
    }

    /// What somebody shows.
    pub(crate) fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    /// Sends a request and waits for the answer, which must be one that is described.
    pub(crate) async fn send(&self, call: Call) -> Reply {
        let (method, path) = (call.method.clone(), call.path.clone());
        let mut request = Request::builder()
            .method(call.method.as_str())
            .uri(call.path);
        if let Some(who) = &call.who {
            let bearer = format!("Bearer {}", self.token(who));
            request = request.header(header::AUTHORIZATION, bearer);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request
            .header(header::HOST, "books")
            .body(Body::from(call.body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        };
        described::check(&method, &path, reply.status, &reply.body);
        reply
    }

    /// Sends a request that must be done.
    pub(crate) async fn must(&self, call: Call) -> Value {
        let path = call.path.clone();
        let reply = self.send(call).await;
        assert!(
            (200..300).contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            reply.body
        );
        reply.body
    }

    /// Serves what it has on a port of its own as well.
    pub(crate) fn serve(&self) -> Served {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let service = Arc::clone(&self.service);
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            jinfu::http::run(&service, listener, unhurried(), stopped).await
        });
        Served {
            address,
            stop,
            ended,
        }
    }

    /// Closes the books, which must be whole.
    pub(crate) async fn close(self, database: Database) {
        let Desk {
            service, router, ..
        } = self;
        drop(router);
        crate::harness::verify(&service.ledger).await;
        Arc::into_inner(service).unwrap().close().await.unwrap();
        database.discard().await;
    }
}

/// The service on a port of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Answers what was accepted and ends.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

/// The limits of the service, but for how often somebody may ask: tests ask faster than people.
fn unhurried() -> Limits {
    let rate = Rate {
        per_second: 1_000_000,
        burst: 1_000_000,
    };
    Limits {
        rate_per_address: rate,
        rate_per_credential: rate,
        ..Limits::default()
    }
}

fn deed() -> Deed<'static> {
    Deed {
        actor: "system:test",
        action: "set_up",
        village: None,
        subject: None,
        is_allowed: true,
        trace_id: "-",
    }
}
