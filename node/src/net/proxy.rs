//! The HTTP proxy that a network lets out through, as people name it: an option, or the usual
//! environment variables. Its password is shown nowhere.

use std::{fmt, net::IpAddr};

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The variables that name a proxy, the first that is set.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables that name what is reached without it.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy that takes `CONNECT`.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: Host,
    port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
    direct: Vec<Direct>,
}

/// What is reached without the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Direct {
    Everything,
    /// A name and those under it, in lower case.
    Domain(String),
    /// An address and how many bits of it count.
    Network(IpAddr, u8),
}

/// Why a proxy cannot be used. None of them repeats what was written: a password may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a URL.
    #[error("cannot read the proxy: expected http://host:port or http://user:password@host:port")]
    NotAUrl,
    /// A proxy of another kind.
    #[error(
        "the proxy must begin with http:// : proxies of other kinds, such as https or socks, are not spoken"
    )]
    Scheme,
    /// A user name that HTTP cannot carry.
    #[error("the proxy's user name holds a colon, which a basic login cannot carry")]
    UserName,
}

impl Proxy {
    /// Reads `http://user:password@host:port`; special characters of both are written as `%40`.
    /// `exceptions` is what `NO_PROXY` holds: names, with those under them, addresses, networks
    /// such as `10.0.0.0/8`, or `*`, divided by commas. This machine is always among them.
    ///
    /// # Errors
    /// See [`ProxyError`].
    pub fn parse(text: &str, exceptions: &str) -> Result<Self, ProxyError> {
        // As curl does it: a proxy without a scheme is an HTTP proxy.
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|_| ProxyError::NotAUrl)?;
        if url.scheme() != "http" {
            return Err(ProxyError::Scheme);
        }
        let host = url.host().ok_or(ProxyError::NotAUrl)?.to_owned();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::NotAUrl);
        }
        let port = url.port_or_known_default().ok_or(ProxyError::NotAUrl)?;
        let authorization = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(basic(user, password.unwrap_or_default())?),
        };
        let direct = exceptions.split(',').filter_map(exception).collect();
        Ok(Self { host, port, authorization, direct })
    }

    /// What the environment names, if it names one; `variable` reads a variable. The error comes
    /// with the variable's name.
    ///
    /// # Errors
    /// See [`ProxyError`].
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, (&'static str, ProxyError)> {
        let set = |name: &&'static str| {
            let value = variable(name)?;
            (!value.is_empty()).then_some((*name, value))
        };
        let Some((name, text)) = VARIABLES.iter().find_map(set) else { return Ok(None) };
        Self::parse(&text, &exceptions(variable)).map(Some).map_err(|error| (name, error))
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Where it is, as a multiaddress.
    pub(super) fn address(&self) -> String {
        let port = self.port;
        match &self.host {
            Host::Domain(name) => format!("/dns/{name}/tcp/{port}"),
            Host::Ipv4(ip) => format!("/ip4/{ip}/tcp/{port}"),
            Host::Ipv6(ip) => format!("/ip6/{ip}/tcp/{port}"),
        }
    }

    /// Whether connections to the host, a name or an address, go through it.
    pub(super) fn stands_before(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let ip = host.parse::<IpAddr>().ok();
        let here = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
        !here && !self.direct.iter().any(|direct| direct.covers(&host, ip))
    }
}

/// What the environment excepts from any proxy.
pub fn exceptions(variable: impl Fn(&str) -> Option<String>) -> String {
    EXCEPTIONS.iter().find_map(|name| variable(name)).unwrap_or_default()
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.authorization.is_some() { "with a login" } else { "without a login" };
        write!(f, "Proxy({self}, {login}, direct: {:?})", self.direct)
    }
}

impl Direct {
    fn covers(&self, host: &str, ip: Option<IpAddr>) -> bool {
        match self {
            Self::Everything => true,
            Self::Domain(name) => {
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Self::Network(network, bits) => match (network, ip) {
                (IpAddr::V4(network), Some(IpAddr::V4(ip))) => {
                    let shift = 32_u32.saturating_sub((*bits).into());
                    network.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
                }
                (IpAddr::V6(network), Some(IpAddr::V6(ip))) => {
                    let shift = 128_u32.saturating_sub((*bits).into());
                    network.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
                }
                (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
            },
        }
    }
}

/// One of the exceptions; `None` for what is empty. A port is taken for no part of a name.
fn exception(text: &str) -> Option<Direct> {
    let text = text.trim().trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    if text == "*" {
        return Some(Direct::Everything);
    }
    let (address, bits) = text.split_once('/').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    if let Ok(ip) = address.trim_matches(['[', ']']).parse::<IpAddr>() {
        let all = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(all), |bits| bits.parse().ok()).filter(|bits| *bits <= all)?;
        return Some(Direct::Network(ip, bits));
    }
    let name = text.split(':').next().unwrap_or_default();
    (!name.is_empty()).then(|| Direct::Domain(name.to_owned()))
}

/// RFC 7617.
fn basic(user: &str, password: &str) -> Result<String, ProxyError> {
    let user: Vec<u8> = percent_decode_str(user).collect();
    if user.contains(&b':') {
        return Err(ProxyError::UserName);
    }
    let login: Vec<u8> = [user, percent_decode_str(password).collect()].join(&b':');
    Ok(format!("Basic {}", BASE64.encode(&login)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_and_shown_nowhere() {
        let proxy = Proxy::parse("http://ola:p%40ss:ord@proxy.kommune.no:3128", "").unwrap();
        assert_eq!(proxy.authorization().unwrap(), format!("Basic {}", BASE64.encode(b"ola:p@ss:ord")));
        assert_eq!(proxy.address(), "/dns/proxy.kommune.no/tcp/3128");
        assert_eq!(proxy.to_string(), "proxy.kommune.no:3128");
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("ola") && !shown.contains(&BASE64.encode(b"ola:p@ss:ord")), "{shown}");
    }

    #[test]
    fn a_proxy_is_written_in_several_ways() {
        for (text, address) in [
            ("http://10.0.0.1:8080/", "/ip4/10.0.0.1/tcp/8080"),
            ("http://[2001:db8::1]:3128", "/ip6/2001:db8::1/tcp/3128"),
            ("http://proxy", "/dns/proxy/tcp/80"),
            ("proxy:3128", "/dns/proxy/tcp/3128"),
        ] {
            let proxy = Proxy::parse(text, "").unwrap();
            assert_eq!((proxy.address().as_str(), proxy.authorization()), (address, None));
        }
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_repeating_it() {
        for (text, error) in [
            ("https://ola:hemmelig@proxy:443", ProxyError::Scheme),
            ("socks5://proxy:1080", ProxyError::Scheme),
            ("http://", ProxyError::NotAUrl),
            ("http://proxy:99999", ProxyError::NotAUrl),
            ("http://proxy:3128/path", ProxyError::NotAUrl),
            ("http://o%3Ala:hemmelig@proxy:1", ProxyError::UserName),
            ("", ProxyError::NotAUrl),
        ] {
            let refused = Proxy::parse(text, "").unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("hemmelig"));
        }
    }

    #[test]
    fn exceptions_are_names_addresses_and_networks() {
        let proxy = Proxy::parse(
            "http://proxy:1",
            "intern.no, .bergen.kommune.no,10.0.0.0/8,2001:db8::/32,*.helse.no,192.0.2.7",
        )
        .unwrap();
        for (host, proxied) in [
            ("ks.no", true),
            ("intern.no", false),
            ("node.INTERN.no.", false),
            ("notintern.no", true),
            ("bergen.kommune.no", false),
            ("a.b.bergen.kommune.no", false),
            ("x.helse.no", false),
            ("10.200.1.1", false),
            ("11.0.0.1", true),
            ("192.0.2.7", false),
            ("192.0.2.8", true),
            ("2001:db8:1::1", false),
            ("2001:db9::1", true),
            ("localhost", false),
            ("127.0.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(proxy.stands_before(host), proxied, "{host}");
        }
        assert!(!Proxy::parse("http://proxy:1", "*").unwrap().stands_before("ks.no"));
        assert!(!Proxy::parse("http://proxy:1", "0.0.0.0/0").unwrap().stands_before("192.0.2.1"));
        assert!(Proxy::parse("http://proxy:1", "10.0.0.0/99").unwrap().stands_before("10.0.0.1"));
    }

    #[test]
    fn the_environment_names_a_proxy() {
        let environment = |set: &'static [(&str, &str)]| {
            move |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        let read = |set| Proxy::from_environment(environment(set));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("HTTPS_PROXY", "")]), Ok(None));
        let proxy = read(&[("https_proxy", "http://p:1"), ("NO_PROXY", "ks.no")]).unwrap().unwrap();
        assert_eq!((proxy.to_string().as_str(), proxy.stands_before("ks.no")), ("p:1", false));
        assert_eq!(read(&[("ALL_PROXY", "socks5://p:1")]), Err(("ALL_PROXY", ProxyError::Scheme)));
    }
}
