//! `jinfu serve`: the service on the books, until it is told to stop.
#![expect(clippy::print_stderr, reason = "a command line prints")]

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Failure, Session, UNAVAILABLE, pepper};
use crate::clock::{Chance, Clock};
use crate::config;
use crate::http::serve::Limits;
use crate::http::{self, Service};
use crate::ledger::Ledger;
use crate::ledger::access::Access;

#[derive(Args)]
pub(super) struct ServeOptions {
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[arg(long)]
    migrate: bool,
    #[arg(long, value_name = "ADDRESS")]
    proxy: Vec<IpAddr>,
    #[arg(long, value_name = "FILE", env = config::PEPPER_VARIABLE)]
    pepper_file: Option<PathBuf>,
}

pub(super) async fn run(session: &Session, options: ServeOptions) -> Result<(), Failure> {
    if options.migrate {
        Ledger::migrate(&session.database, None).await?;
    }
    let pepper = pepper::load(session, options.pepper_file.as_deref())?;
    let ledger = session.writing().await?;
    let access = Access::open(&session.database, Clock::System, Chance::System, pepper).await?;
    if access
        .accounts("", 1)
        .await
        .is_ok_and(|found| found.is_empty())
    {
        eprintln!("{}", session.texts.say("serve-no-accounts"));
    }
    let limits = Limits {
        proxies: options.proxy,
        ..Limits::default()
    };
    let listener = bind(session, options.listen)?;
    serve(session, listener, limits, Service::new(ledger, access)).await
}

/// Takes an address and port.
pub(super) fn bind(session: &Session, listen: SocketAddr) -> Result<TcpListener, Failure> {
    http::serve::listen(listen).map_err(|error| {
        let facts = [
            ("address", listen.to_string()),
            ("reason", error.to_string()),
        ];
        let sentence = session.texts.tell("serve-not-listening", &facts);
        Failure::Sentence(UNAVAILABLE, sentence)
    })
}

/// Where a listener can be reached.
pub(super) fn address_of(listener: &TcpListener) -> String {
    let address = listener.local_addr();
    address.map_or_else(|_| String::new(), |address| format!("http://{address}"))
}

/// Serves until the process is told to stop, or the writer has stopped for good.
pub(super) async fn serve(
    session: &Session,
    listener: TcpListener,
    limits: Limits,
    service: Service,
) -> Result<(), Failure> {
    let facts = [("address", address_of(&listener))];
    eprintln!("{}", session.texts.tell("serving", &facts));
    let service = Arc::new(service);
    let stopping = Arc::clone(&service);
    let served = http::run(&service, listener, limits, async move {
        tokio::select! {
            () = told_to_stop() => {}
            stopped = stopping.ledger.stopped() => tracing::error!(%stopped, "the service ends"),
        }
    })
    .await;
    if let Err(error) = served {
        tracing::warn!(%error, "not everything that was accepted is answered");
    }
    // A connection that was cut off may still hold it; what was answered is committed all the same.
    if let Some(service) = Arc::into_inner(service) {
        service.close().await?;
    }
    eprintln!("{}", session.texts.say("served"));
    Ok(())
}

async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
