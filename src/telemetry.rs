//! Logs, on stderr, one line for each event, in UTC; `RUST_LOG` says how much.

use std::io::{self, Write};
use std::panic::PanicHookInfo;

use tracing::{Dispatch, dispatcher};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// How much is logged where `RUST_LOG` does not say: what is wrong, and each request.
const FILTER: &str = "warn,jinfu::http=info";
/// Never logged, whatever `RUST_LOG` says: the layer that judges origins logs the paths of requests, and households' numbers are in them.
const SILENCED: &str = "tower_http::csrf=off";

/// Starts logging, of panics too. A second start, as in tests, changes nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    if dispatcher::set_global_default(log(format, filter, io::stderr)).is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// A log that writes its lines to `writer`; to be made the default of the process or of a thread.
pub fn log<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = match SILENCED.parse() {
        Ok(silenced) => filter.add_directive(silenced),
        Err(_) => filter,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(OneLine(writer));
    match format {
        LogFormat::Pretty => builder.finish().into(),
        LogFormat::Json => builder.json().finish().into(),
    }
}

/// Says where the program panicked. A text that was put together may hold anything, names too, so only fixed ones are shown.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>();
    let place = panic.location().map(ToString::to_string);
    tracing::error!(text, place, "panic");
}

/// Keeps each event on one line, whatever text is in it: a logged value must not look like a line of its own.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = Event<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Event(self.0.make_writer())
    }
}

/// Writes one event, which comes in one piece and ends with its line feed.
struct Event<W>(W);

impl<W: Write> Write for Event<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line = Vec::with_capacity(event.len());
        for byte in text {
            match byte {
                0..32 | 127 => line.extend(byte.escape_ascii()),
                _ => line.push(*byte),
            }
        }
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
