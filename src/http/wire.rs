//! A client's socket as the HTTP parser sees it: watches for heads with two lengths, for clients that do not read, and parts politely.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// How long a client gets to read the last answer before its connection is dropped.
const PARTING: Duration = Duration::from_secs(1);
/// The part of a header line that is looked at: enough for the two names and for any length that is not absurd.
const LINE: usize = 64;

/// Set once the chunked request of a connection also named a length; there is at most one, since it is the last of its connection.
#[derive(Clone, Default, Debug)]
pub(super) struct TwoLengths(Arc<AtomicBool>);

impl TwoLengths {
    pub(super) fn were_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The socket of one connection.
pub(super) struct Wire {
    socket: TcpStream,
    heads: Heads,
    /// How long a write may stand still.
    patience: Duration,
    /// When the write that stands still is given up.
    given_up: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, patience: Duration) -> Wire {
        Wire {
            socket,
            heads: Heads::default(),
            patience,
            given_up: None,
        }
    }

    pub(super) fn two_lengths(&self) -> TwoLengths {
        self.heads.two_lengths.clone()
    }

    pub(super) async fn part(self) {
        part(self.socket).await;
    }

    /// Passes on what a write came to, unless it has stood still for too long: a client that does not read must not hold its place.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.given_up = None;
            return written;
        }
        let patience = self.patience;
        let given_up = self
            .given_up
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(given_up.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Ends a connection so that the client can still read the last answer: a socket that is closed with unread bytes resets it away.
pub(super) async fn part(mut socket: TcpStream) {
    let farewell = async {
        std::future::poll_fn(|context| Pin::new(&mut socket).poll_shutdown(context)).await?;
        let mut rest = vec![0; 4096];
        loop {
            socket.readable().await?;
            match socket.try_read(&mut rest) {
                Ok(0) => return io::Result::Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    };
    // Whoever is still sending, or gone, has had the answer offered.
    drop(timeout(PARTING, farewell).await);
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        if let Some(read) = buffer.filled().get(before..) {
            self.heads.read(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// Reads along the heads of a connection's requests. hyper takes a request with a length and chunks by its chunks, as it may, and hides
/// the length; it is refused here instead, since nobody sends one who does not hope that two readers disagree.
#[derive(Default)]
struct Heads {
    expected: Expected,
    line: Vec<u8>,
    has_begun: bool,
    length: Option<u64>,
    is_chunked: bool,
    two_lengths: TwoLengths,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Default)]
enum Expected {
    #[default]
    Head,
    /// A body of which so many bytes are still to come.
    Body(u64),
    /// Chunks: the rest of the connection is not looked at, since no further request is taken from it.
    Chunks,
}

impl Heads {
    fn read(&mut self, mut bytes: &[u8]) {
        while let Some((&first, after)) = bytes.split_first() {
            match self.expected {
                Expected::Chunks => return,
                Expected::Head => {
                    self.take(first);
                    bytes = after;
                }
                Expected::Body(left) => {
                    let here = usize::try_from(left).map_or(bytes.len(), |n| n.min(bytes.len()));
                    bytes = bytes.get(here..).unwrap_or_default();
                    let left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                    self.expected = match left {
                        0 => Expected::Head,
                        _ => Expected::Body(left),
                    };
                }
            }
        }
    }

    fn take(&mut self, byte: u8) {
        if byte != b'\n' {
            if self.line.len() < LINE {
                self.line.push(byte);
            }
            return;
        }
        let mut kept = std::mem::take(&mut self.line);
        let line = kept.strip_suffix(b"\r").unwrap_or(&kept);
        match (line.is_empty(), self.has_begun) {
            // Blank lines before the request line are allowed.
            (true, false) => {}
            (true, true) => self.end_head(),
            (false, false) => self.has_begun = true,
            (false, true) => self.take_header(line),
        }
        kept.clear();
        self.line = kept;
    }

    fn take_header(&mut self, line: &[u8]) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            // What is no number is hyper's to refuse.
            self.length = Some(length.unwrap_or(0));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        }
    }

    fn end_head(&mut self) {
        let length = self.length.take();
        self.has_begun = false;
        self.expected = match (self.is_chunked, length) {
            (true, length) => {
                let both = length.is_some();
                self.two_lengths.0.store(both, Ordering::Relaxed);
                Expected::Chunks
            }
            (false, None | Some(0)) => Expected::Head,
            (false, Some(length)) => Expected::Body(length),
        };
    }
}
