//! Starts the logs, runs the command line, and ends with its exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// Requests are read by one thread and written to the books by another, with many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jinfu::telemetry::start(jinfu::config::log_format());
    jinfu::cli::run(std::env::args_os())
}
