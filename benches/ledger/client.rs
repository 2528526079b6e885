//! A client of the service: one connection, one request at a time. It shares the machine with what it measures, so it reads no more than it must.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use jinfu::domain::pickup::WeighedLine;
use jinfu::domain::{Command, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// A phone as the service sees it: what it shows, and the address that a proxy names for it.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) secret: String,
    pub(crate) address: Ipv4Addr,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to ask again.
    pub(crate) says_when: bool,
    /// Whether the service closes the connection.
    pub(crate) closes: bool,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether a pickup was refused as a service must that has too much to do.
    pub(crate) fn is_polite_refusal(&self) -> bool {
        matches!(self.status, 429 | 503) && self.says_when
    }
}

impl Client {
    /// Connects from an address of this machine.
    pub(crate) async fn connect(to: SocketAddr, from: Ipv4Addr) -> io::Result<Client> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        let unread = Vec::with_capacity(2_048);
        Ok(Client { stream, unread })
    }

    /// Sends bytes that are no whole request.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        // Whoever is turned away before all is sent still finds an answer.
        drop(self.send(request).await);
        self.answer().await
    }

    /// Waits for an answer; the end of the connection is an error.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        loop {
            if let Some((answer, length)) = read(&self.unread) {
                self.unread.drain(..length);
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The answer that some bytes begin with, and its length; none if it is not whole.
fn read(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut answer = Answer {
        status: std::str::from_utf8(&bytes[9..12]).unwrap().parse().unwrap(),
        says_when: false,
        closes: false,
        body: Vec::new(),
    };
    let mut length = 0;
    // The service writes names in lower case.
    for line in bytes[..head].split(|byte| *byte == b'\n') {
        if let Some(digits) = line.strip_prefix(b"content-length: ") {
            let digits = std::str::from_utf8(digits.trim_ascii()).unwrap();
            length = digits.parse().unwrap();
        }
        answer.says_when |= line.starts_with(b"retry-after: ");
        answer.closes |= line.starts_with(b"connection: close");
    }
    let body = head + 4;
    answer.body.extend(bytes.get(body..body + length)?);
    Some((answer, body + length))
}

/// A pickup as a request.
pub(crate) fn record(request: &Request, phone: &Phone) -> Vec<u8> {
    let path = format!("/api/v1/villages/{}/pickups", request.village);
    post(&path, &request.id.to_string(), phone, &body_of(request))
}

/// Pickups of one village as one request.
pub(crate) fn record_many(requests: &[Request], phone: &Phone) -> Vec<u8> {
    let first = &requests[0];
    let path = format!("/api/v1/villages/{}/pickups/batch", first.village);
    let item =
        |request: &Request| format!(r#"{{"id":"{}","pickup":{}}}"#, request.id, body_of(request));
    let items: Vec<String> = requests.iter().map(item).collect();
    let body = format!(r#"{{"items":[{}]}}"#, items.join(","));
    post(&path, &first.id.to_string(), phone, &body)
}

fn post(path: &str, key: &str, phone: &Phone, body: &str) -> Vec<u8> {
    let Phone { secret, address } = phone;
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: books\r\nauthorization: Bearer {secret}\r\nidempotency-key: {key}\r\nx-forwarded-for: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The body of a pickup; nothing in it needs escaping.
fn body_of(request: &Request) -> String {
    let Command::RecordPickup(pickup) = &request.command else {
        panic!("only pickups are sent");
    };
    let lines: Vec<String> = pickup.lines.iter().map(line_of).collect();
    format!(
        r#"{{"pickup_no":"{}","occurred_at":"{}","household_no":"{}","collector":"{}","confirmation":"card","lines":[{}]}}"#,
        pickup.pickup_no,
        pickup.occurred_at,
        pickup.household_no,
        pickup.collector,
        lines.join(","),
    )
}

fn line_of(line: &WeighedLine) -> String {
    let reason = match line.deduction_reason.as_str() {
        "" => String::new(),
        reason => format!(r#","deduction_reason":"{reason}""#),
    };
    format!(
        r#"{{"material":"{}","unit":"kg","gross":"{}","tare":"{}","deduction":{}{reason}}}"#,
        line.material, line.gross, line.tare, line.deduction,
    )
}
