//! Starts the logs, runs the command line, and ends with its exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    jinfu::telemetry::start(jinfu::config::log_format());
    jinfu::cli::run(std::env::args_os())
}
