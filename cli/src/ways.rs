//! How `run` is told of the network it stands in: certificates, a proxy, relays.

use std::{env, fmt, path::PathBuf, str::FromStr};

use praksis_node::net::{Proxy, Tls, Ways, exceptions};

use crate::{context::Context, failure::Failure};

/// Instead of a proxy's address: none, whatever the environment says.
const NO_PROXY: &str = "none";

/// Ways to other nodes, beside the plain ones.
#[derive(Debug, clap::Args)]
pub(crate) struct WayArgs {
    /// Own certificate and those that vouch for it (PEM), to listen at /tcp/443/tls/ws
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Authorities to trust beside the known ones (PEM), where the network inspects TLS
    #[arg(long, value_name = "FILE")]
    extra_ca: Option<PathBuf>,
    /// HTTP proxy to go out through, as http://user:password@host:port; "none" for none. By default
    /// what HTTPS_PROXY or ALL_PROXY names; NO_PROXY excepts
    #[arg(long, value_name = "URL")]
    proxy: Option<Hidden>,
    /// Be a relay: members who cannot be reached are reached through this node
    #[arg(long)]
    relay: bool,
    /// Be reached through the relays among the members that this node is connected to
    #[arg(long)]
    relayed: bool,
}

/// What may hold a password.
#[derive(Clone)]
struct Hidden(String);

impl FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl WayArgs {
    /// Reads what they name.
    pub(crate) fn ways(self, announce: Vec<String>, context: &Context) -> Result<Ways, Failure> {
        let own = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        let tls = Tls::read(own, self.extra_ca.as_deref())
            .map_err(|error| context.failure("misuse", "run-tls", &[("why", error.to_string().into())]))?;
        let proxy = proxy(self.proxy.as_ref(), context)?;
        Ok(Ways { tls, proxy, relay: self.relay, relayed: self.relayed, announce })
    }
}

fn proxy(option: Option<&Hidden>, context: &Context) -> Result<Option<Proxy>, Failure> {
    let variable = |name: &str| env::var(name).ok();
    let read = match option {
        Some(Hidden(text)) if text == NO_PROXY => Ok(None),
        Some(Hidden(text)) => {
            Proxy::parse(text, &exceptions(variable)).map(Some).map_err(|error| ("--proxy", error))
        }
        None => Proxy::from_environment(variable),
    };
    read.map_err(|(place, error)| {
        let arguments = [("place", place.into()), ("why", error.to_string().into())];
        context.failure("misuse", "run-proxy", &arguments)
    })
}
