//! Parses the command line, runs it, and maps the outcome to an exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    jinfu::telemetry::start();
    jinfu::cli::run(std::env::args_os()).await
}
