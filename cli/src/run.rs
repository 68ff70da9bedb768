//! `run`: serves a folder until a signal.

use std::net::SocketAddr;

use clap::ValueEnum;
use praksis_node::{
    api::{self, ServeError},
    config::{Config, LISTEN, is_address},
    driver::{self, Running, StartError},
    folder::{Addresses, Folder},
    handle::Handle,
    net::NetError,
    platform, telemetry,
};
use praksis_protocol::engine::Quota;
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    context::Context,
    failure::Failure,
    init::{command, folder_failure},
    ways::WayArgs,
};

/// Run the node, until a signal
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where other nodes reach this one; port 0 takes a free one
    #[arg(long, value_name = "MULTIADDR", default_values = LISTEN, value_parser = address)]
    listen: Vec<String>,
    /// What others are told to dial, where that differs from where the node listens
    #[arg(long, value_name = "MULTIADDR", value_parser = address)]
    announce: Vec<String>,
    /// Where programs of this machine reach the node; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420")]
    http: SocketAddr,
    /// A node to dial, whoever is there
    #[arg(long, value_name = "MULTIADDR", value_parser = address)]
    peer: Vec<String>,
    #[command(flatten)]
    ways: WayArgs,
    /// Take at most so many documents of each other organisation into each scope
    #[arg(long, value_name = "N")]
    quota_documents: Option<u64>,
    /// Take at most so many bytes of each other organisation into each scope
    #[arg(long, value_name = "N")]
    quota_bytes: Option<u64>,
    /// How log lines on standard error look
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What is logged, in the language of RUST_LOG
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

fn address(text: &str) -> Result<String, String> {
    let expected = "expected a multiaddress with a port, such as /dns4/node.kommune.no/tcp/7421";
    is_address(text).then(|| text.to_owned()).ok_or_else(|| expected.to_owned())
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let format = match args.log_format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    telemetry::init(format, args.log.as_deref())
        .map_err(|error| context.failure("misuse", "run-log", &[("why", error.to_string().into())]))?;
    let folder = Folder::open(&context.dir).map_err(|error| folder_failure(context, &error))?;
    // Told first: whoever holds the folder may hold the ports too.
    folder.lock().map(drop).map_err(|error| folder_failure(context, &error))?;
    // A key or token that others can read is told before anything is opened.
    folder.guard().map_err(|error| folder_failure(context, &error))?;
    let ways = args.ways.ways(args.announce, context)?;
    let quota = Quota {
        documents: args.quota_documents.unwrap_or(Quota::CHARTER.documents),
        bytes: args.quota_bytes.unwrap_or(Quota::CHARTER.bytes),
    };
    let config = Config { listen: args.listen, ways, peers: args.peer, quota, ..Config::default() };
    let listener = api::bind(args.http).await.map_err(|error| http_failure(context, &error))?;
    let running =
        Box::pin(driver::start(folder, config)).await.map_err(|error| start_failure(context, &error))?;
    let (handle, listen) = (running.handle.clone(), running.listen.clone());
    let service = Service::start(running, listener, context)?;

    let http = service.http.to_string();
    let ready = json!({"ready": {"http": http, "listen": listen, "device": handle.device()}});
    context.show(&ready, || {
        let arguments = [("http", http.as_str().into()), ("listen", listen.join(" ").into())];
        context.text("run-ready", &arguments)
    })?;
    tokio::select! {
        asked = platform::asked_to_stop() => {
            asked.map_err(|error| context.failure("storage", "run-signal", &[("why", error.to_string().into())]))?;
        }
        ended = handle.ended() => ended.map_err(|error| ended_failure(context, &error))?,
    }
    service.stop(context).await
}

/// A node with its HTTP interface.
pub(crate) struct Service {
    /// Where programs of this machine reach it.
    pub(crate) http: SocketAddr,
    running: Running,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// Serves a running node, and says so in its folder.
    pub(crate) fn start(running: Running, listener: TcpListener, context: &Context) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            context.failure("storage", "folder-failed", &[("why", error.to_string().into())])
        };
        let folder = running.handle.folder().clone();
        let token = folder.token().map_err(|error| folder_failure(context, &error))?;
        let http = listener.local_addr().map_err(|error| failed(&error))?;
        let (stop, mut stopping) = watch::channel(false);
        let until = async move {
            // The sender going away means the same.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let handle = running.handle.clone();
        let serving = tokio::spawn(api::serve(listener, handle, token, until));
        let device = running.handle.device();
        let addresses = Addresses { http: http.to_string(), listen: running.listen.clone(), device };
        folder.write_addresses(&addresses).map_err(|error| folder_failure(context, &error))?;
        Ok(Self { http, running, stop, serving })
    }

    /// To speak to the node itself.
    pub(crate) fn handle(&self) -> &Handle {
        &self.running.handle
    }

    /// Stops the node: no new requests, then whatever is under way, then the disk.
    pub(crate) async fn stop(self, context: &Context) -> Result<(), Failure> {
        self.stop.send_replace(true);
        self.running.handle.stop().await.map_err(|error| ended_failure(context, &error))?;
        // An answer that waits for what will not come any more is let go.
        self.serving.abort();
        Ok(())
    }
}

/// A node that did not start.
pub(crate) fn start_failure(context: &Context, error: &StartError) -> Failure {
    match error {
        StartError::Folder(error) => folder_failure(context, error),
        StartError::Net(error) => net_failure(context, error),
        StartError::Store(_)
        | StartError::Contents(_)
        | StartError::Search(_)
        | StartError::CpvList(_)
        | StartError::Thread(_) => {
            context.failure("storage", "folder-failed", &[("why", error.to_string().into())])
        }
    }
}

fn net_failure(context: &Context, error: &NetError) -> Failure {
    let why = [("why", error.to_string().into())];
    match error {
        NetError::Address { .. } | NetError::Unsupported { .. } => {
            context.failure("misuse", "run-listen-address", &why)
        }
        NetError::NoCertificate { .. } => context.failure("misuse", "run-tls-missing", &why),
        NetError::Announce { .. } => context.failure("misuse", "run-announce", &why),
        NetError::Listen { .. } => context.failure("busy", "run-listen", &why),
    }
}

fn http_failure(context: &Context, error: &ServeError) -> Failure {
    let address = |address: &SocketAddr| [("address", address.to_string().into())];
    match error {
        ServeError::NotLoopback(at) => context.failure("misuse", "run-not-loopback", &address(at)),
        ServeError::Taken(at) => context.failure("busy", "run-http-taken", &address(at)),
        ServeError::Io { .. } => context.failure("storage", "run-http", &[("why", error.to_string().into())]),
    }
}

fn ended_failure(context: &Context, error: &driver::Failure) -> Failure {
    let arguments = [("why", error.to_string().into()), ("command", command(context, "run").into())];
    context.failure("storage", "run-ended", &arguments)
}
