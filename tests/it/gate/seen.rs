//! What the service shows of itself, to whom, and that no person is in it.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use jinfu::config::LogFormat;
use jinfu::http::client::{ClientAddress, Passage};
use jinfu::http::figures::{Figures, Writer};
use jinfu::http::health;
use jinfu::http::serve::Limits;
use jinfu::telemetry;
use serde_json::Value;
use tower::ServiceExt as _;
use tracing_subscriber::EnvFilter;

use crate::faults::variable;
use crate::gate::{Service, figure, get_of, post_of, until};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    /// A log of everything, kept here.
    fn log(&self, format: LogFormat) -> tracing::Dispatch {
        let kept = self.clone();
        telemetry::log(format, EnvFilter::new("trace"), move || kept.clone())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn the_log_names_each_request_and_no_person() {
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let kept = Kept::default();
        let log = kept.log(format);
        let default = tracing::dispatcher::set_default(&log);
        let service = Service::start(Limits::default());
        let personal = "Cookie: __Host-sid=secret-one\r\nSec-Fetch-Site: same-origin\r\nUser-Agent: phone-of-wang\r\nX-Forwarded-For: 198.51.100.77\r\n";
        let request = get_of("/households/XH-0042?name=%E7%8E%8B&phone=13812345678");
        let request = request.replace("\r\n\r\n", &format!("\r\n{personal}\r\n"));
        let mut client = service.client().await;
        let answer = client.ask(&request).await;
        assert_eq!(answer.status, 204);
        let id = answer.header("x-request-id").unwrap().to_owned();
        let token = "Authorization: Bearer secret-two\r\n";
        let nowhere = client.ask(&post_of("/XH-0043", token, "王小明")).await;
        assert_eq!(nowhere.status, 404);
        assert_eq!(client.ask(&get_of("/panic")).await.status, 500);
        assert_eq!(client.ask("NONSENSE XH-0044\r\n\r\n").await.status, 400);
        drop(default);
        let text = kept.text();
        for personal in [
            "XH-00",
            "%E7",
            "13812345678",
            "secret",
            "wang",
            "198.51",
            "127.0.0.1",
            "王",
        ] {
            assert!(!text.contains(personal), "{personal} is in {text}");
        }
        let lines: Vec<&str> = text.lines().collect();
        let line = lines
            .iter()
            .find(|line| line.contains(&id) && line.contains("answered"))
            .unwrap();
        for said in ["/households/{number}", "GET", "204", "ms"] {
            assert!(line.contains(said), "{said} is not in {line}");
        }
        assert!(
            lines
                .iter()
                .any(|line| line.contains("(none)") && line.contains("404"))
        );
        let panicked = lines.iter().find(|line| line.contains("panicked")).unwrap();
        assert!(panicked.contains("/panic") && panicked.contains("ERROR"));
        if format == LogFormat::Json {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
            assert_eq!(line["fields"]["status"], 204);
            assert_eq!(line["span"]["id"], id.as_str());
        }
    }
}

/// A process that logs as the program does, and panics.
#[test]
#[ignore = "a process that another test starts"]
fn child() {
    if variable("GATE_CHILD").is_some() {
        telemetry::start(LogFormat::Json);
        let household = "XH-0042";
        let panicked = std::thread::spawn(move || panic!("{household}\nis missing")).join();
        assert!(panicked.is_err());
        let panicked = std::thread::spawn(|| panic!("a fixed text")).join();
        assert!(panicked.is_err());
    }
}

#[test]
fn a_panic_is_logged_by_its_place_and_not_by_its_words() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "gate::seen::child"])
        .env("GATE_CHILD", "1")
        .output()
        .unwrap();
    assert!(child.status.success());
    let text = String::from_utf8(child.stderr).unwrap();
    assert!(!text.contains("XH-0042"), "{text}");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 2, "{text}");
    for event in &events {
        assert_eq!(event["level"], "ERROR");
        let place = event["fields"]["place"].as_str().unwrap();
        assert!(place.starts_with("tests/it/gate/seen.rs:"), "{place}");
    }
    assert_eq!(events[0]["fields"].get("text"), None);
    assert_eq!(events[1]["fields"]["text"], "a fixed text");
}

#[test]
fn an_event_is_one_line_whatever_is_in_it() {
    let forged = "a name\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[31m";
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let kept = Kept::default();
        tracing::dispatcher::with_default(&kept.log(format), || {
            tracing::warn!(shown = %forged, "first {forged}");
            tracing::warn!("second");
        });
        let text = kept.text();
        assert_eq!(text.lines().count(), 2, "{text}");
        let controls = text.trim_end().chars().filter(|char| char.is_control());
        assert_eq!(controls.count(), 1, "{text}");
        assert!(text.ends_with('\n') && text.contains("forged"));
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let service = Service::start(Limits::default());
    let mut client = service.client().await;
    for number in 0..3 {
        let path = format!("/households/XH-{number}");
        assert_eq!(client.ask(&get_of(&path)).await.status, 204);
        assert_eq!(
            client.ask(&get_of(&format!("/no/{number}"))).await.status,
            404
        );
        let brew = get_of("/fine").replace("GET", &format!("BREW{number}"));
        assert_eq!(client.ask(&brew).await.status, 405);
    }
    for (labels, count) in [
        (
            "route=\"/households/{number}\",method=\"GET\",status=\"204\"",
            3,
        ),
        ("route=\"(none)\",method=\"GET\",status=\"404\"", 3),
        ("route=\"/fine\",method=\"other\",status=\"405\"", 3),
    ] {
        let name = format!("jinfu_requests_total{{{labels}}}");
        assert_eq!(figure(&service.figures, &name), count, "{name}");
    }
    let durations = "jinfu_request_duration_seconds_count{route=\"(none)\",method=\"GET\"}";
    assert_eq!(figure(&service.figures, durations), 3);
    assert_eq!(service.connections(), 1);
    // A client that goes away is counted as well.
    client.send(get_of("/wait")).await;
    service.arrived.notified().await;
    drop(client);
    let left = "jinfu_requests_total{route=\"/wait\",method=\"GET\",status=\"none\"}";
    until("the lost one", async || figure(&service.figures, left) == 1).await;
}

#[tokio::test]
async fn the_figures_are_for_the_machine_itself() {
    let service = Service::start(Limits::default());
    service.figures.refused("month-closed");
    let answer = service.ask(&get_of("/metrics")).await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert!(
        answer
            .body
            .contains("jinfu_refusals_total{code=\"month-closed\"} 1")
    );
    assert!(answer.body.ends_with("# EOF\n"));
    // Through a proxy on this machine, configured or not, it is somebody else.
    for header in [
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "Via: 1.1 proxy",
    ] {
        let request = get_of("/metrics").replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
        let answer = service.ask(&request).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{header}");
    }
    for (address, status) in [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("192.0.2.7", 404),
        ("10.0.0.1", 404),
        ("2001:db8::1", 404),
    ] {
        let mut request = Request::get("/metrics").body(Body::empty()).unwrap();
        let address = ClientAddress(address.parse().unwrap());
        request.extensions_mut().insert(address);
        request.extensions_mut().insert(Passage::default());
        let router = health::routes(async || true, Figures::default());
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{address:?}");
    }
}

#[test]
fn the_figures_of_the_writer_are_read_when_asked_for() {
    let figures = Figures::default();
    let writer = |batches| Writer {
        queue_depth: 7,
        batches,
        commands: 300,
        commit_time: Duration::from_millis(1500),
    };
    figures.set_writer(writer(10));
    assert_eq!(figure(&figures, "jinfu_writer_batches_total"), 10);
    let batches = Arc::new(Mutex::new(20));
    let read = Arc::clone(&batches);
    figures.read_writer(move || writer(*read.lock().unwrap()));
    assert_eq!(figure(&figures, "jinfu_writer_batches_total"), 20);
    *batches.lock().unwrap() = 21;
    assert_eq!(figure(&figures, "jinfu_writer_batches_total"), 21);
    assert_eq!(figure(&figures, "jinfu_writer_queue_depth"), 7);
    assert_eq!(figure(&figures, "jinfu_writer_commands_total"), 300);
    let text = figures.encode();
    assert!(
        text.contains("jinfu_writer_commit_seconds_total 1.5\n"),
        "{text}"
    );
}

#[test]
fn codes_cannot_fill_the_memory() {
    let figures = Figures::default();
    for number in 0..1000 {
        figures.refused(&format!("code-{number}"));
        figures.refused("code-0");
    }
    let text = figures.encode();
    let codes = text
        .lines()
        .filter(|line| line.starts_with("jinfu_refusals_total{"));
    assert_eq!(codes.count(), 257);
    assert_eq!(
        figure(&figures, "jinfu_refusals_total{code=\"code-0\"}"),
        1001
    );
    assert_eq!(
        figure(&figures, "jinfu_refusals_total{code=\"other\"}"),
        744
    );
}

#[tokio::test]
async fn readiness_is_asked_each_time_and_liveness_is_not() {
    let ready = Arc::new(Mutex::new(true));
    let asked = Arc::clone(&ready);
    let is_ready = move || {
        let is_ready = *asked.lock().unwrap();
        async move { is_ready }
    };
    let router = health::routes(is_ready, Figures::default());
    for (is_ready, expected) in [(true, 200), (false, 503), (true, 200)] {
        *ready.lock().unwrap() = is_ready;
        assert_eq!(status(&router, "/readyz").await, expected);
        assert_eq!(status(&router, "/healthz").await, 200);
    }
    let stuck = health::routes(std::future::pending::<bool>, Figures::default());
    assert_eq!(status(&stuck, "/readyz").await, 503);
}

async fn status(router: &Router, path: &str) -> u16 {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    answer.status().as_u16()
}
