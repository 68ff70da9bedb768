//! Logs on standard error: text for people, JSON for machines. No content and no names above debug.

use std::{io, panic, thread};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// What is logged unless `RUST_LOG` or `--log` says otherwise.
const DEFAULT: &str = "info,libp2p=warn,tantivy=warn,sled=warn";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a filter.
    #[error("cannot read the log filter {filter}: {why}")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// Logging has begun already.
    #[error("logging has begun already")]
    Begun,
}

/// Begins logging. The filter is `RUST_LOG`'s language; without one, `RUST_LOG` itself is read.
///
/// # Errors
/// When the filter is none, or logging has begun already.
pub fn init(format: Format, filter: Option<&str>) -> Result<(), Error> {
    let filter = match (filter, std::env::var("RUST_LOG")) {
        (Some(given), _) => given.to_owned(),
        (None, Ok(given)) if !given.is_empty() => given,
        (None, _) => DEFAULT.to_owned(),
    };
    let filter = EnvFilter::try_new(&filter)
        .map_err(|error| Error::Filter { filter: filter.clone(), why: error.to_string() })?;
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::IsTerminal::is_terminal(&io::stderr()));
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        Format::Text => registry.with(lines).try_init(),
        Format::Json => registry.with(lines.json()).try_init(),
    }
    .map_err(|_| Error::Begun)?;
    log_panics();
    Ok(())
}

/// A panic becomes a line of the log. What a peer sent may make a worker panic: whoever catches that
/// says what it means, so here it is a detail.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("no text");
        let name = thread::current().name().unwrap_or("unnamed").to_owned();
        if name == crate::driver::WORKER {
            tracing::debug!(place, text, "a job panicked");
        } else {
            tracing::error!(place, text, thread = name, "panicked");
        }
    }));
}
