//! `CONNECT` (RFC 9110, section 9.3.6): asks an HTTP proxy for a connection to a host, on a
//! connection with the proxy. The proxy's answer is read byte by byte up to its end: what follows
//! is the host's.

use std::{io, str};

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How long the head of a proxy's answer may be; squid's own limit is 64 KiB for what it takes in,
/// and what it sends is about one.
const HEAD: usize = 8 << 10;

/// How long a name may be, in characters.
const NAME: usize = 253;

/// Why the proxy made no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("cannot reach the proxy {proxy}: {why}")]
    Unreached { proxy: String, why: String },
    #[error("the name to connect to is none")]
    Name,
    #[error("the proxy asks for a login (407): name it as http://user:password@host:port")]
    LoginMissing,
    #[error("the proxy does not take this user name and password (407)")]
    LoginRefused,
    #[error(
        "the proxy takes only logins that this program does not speak, such as NTLM and Kerberos (407): \
         run a local proxy that does (cntlm, px) and name that one"
    )]
    LoginKind,
    #[error("the proxy does not allow this connection (403): it may allow port 443 only")]
    Forbidden,
    #[error("the proxy could not reach the other node ({0})")]
    Gateway(u16),
    #[error("the proxy answered with {0}")]
    Status(u16),
    #[error("the proxy's answer is not HTTP")]
    NotHttp,
    #[error("the proxy's answer goes on for more than {HEAD} bytes")]
    TooLong,
    #[error("the proxy closed the connection without an answer")]
    Closed,
    #[error("the proxy did not answer in time")]
    Stalled,
    #[error("the connection with the proxy broke: {0}")]
    Broken(io::Error),
}

impl ConnectError {
    /// Whether it concerns every dial, and not only this host and port.
    pub(super) fn concerns_all(&self) -> bool {
        match self {
            Self::Unreached { .. }
            | Self::LoginMissing
            | Self::LoginRefused
            | Self::LoginKind
            | Self::NotHttp
            | Self::TooLong
            | Self::Closed
            | Self::Stalled
            | Self::Broken(_) => true,
            Self::Name | Self::Forbidden | Self::Gateway(_) | Self::Status(_) => false,
        }
    }
}

/// Asks for a connection. Whoever calls limits the time.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    host: &str,
    port: u16,
    authorization: Option<&str>,
) -> Result<S, ConnectError> {
    let request = request(host, port, authorization)?;
    socket.write_all(request.as_bytes()).await.map_err(ConnectError::Broken)?;
    socket.flush().await.map_err(ConnectError::Broken)?;
    let head = head(&mut socket).await?;
    judge(&head, authorization.is_some())?;
    Ok(socket)
}

fn request(host: &str, port: u16, authorization: Option<&str>) -> Result<String, ConnectError> {
    // A name comes from another's statement, and could otherwise carry lines of its own.
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || host.len() > NAME || !host.chars().all(is_name) {
        return Err(ConnectError::Name);
    }
    let at = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let login = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let agent = concat!("praksis/", env!("CARGO_PKG_VERSION"));
    Ok(format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: {agent}\r\n{login}\r\n"))
}

/// Everything up to the first empty line.
async fn head<S: AsyncRead + Unpin>(socket: &mut S) -> Result<Vec<u8>, ConnectError> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() == HEAD {
            return Err(ConnectError::TooLong);
        }
        // What is no HTTP may never come to an empty line.
        if head.len() == 5 && head != b"HTTP/" {
            return Err(ConnectError::NotHttp);
        }
        match socket.read(&mut byte).await {
            Ok(0) => return Err(ConnectError::Closed),
            Ok(_) => head.push(byte[0]),
            Err(error) => return Err(ConnectError::Broken(error)),
        }
    }
    Ok(head)
}

fn judge(head: &[u8], with_login: bool) -> Result<(), ConnectError> {
    let head = str::from_utf8(head).map_err(|_| ConnectError::NotHttp)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(status).ok_or(ConnectError::NotHttp)?;
    match status {
        200..=299 => Ok(()),
        403 => Err(ConnectError::Forbidden),
        407 if !lines.any(offers_basic) => Err(ConnectError::LoginKind),
        407 if with_login => Err(ConnectError::LoginRefused),
        407 => Err(ConnectError::LoginMissing),
        502..=504 => Err(ConnectError::Gateway(status)),
        other => Err(ConnectError::Status(other)),
    }
}

/// `HTTP/1.1 200 whatever it says`.
fn status(line: &str) -> Option<u16> {
    let mut words = line.split(' ');
    let is_http = matches!(words.next(), Some("HTTP/1.1" | "HTTP/1.0"));
    let status = words.next().filter(|word| word.len() == 3)?;
    is_http.then(|| status.parse().ok()).flatten()
}

/// `Proxy-Authenticate: NTLM, Basic realm="x"`, or a line for each.
fn offers_basic(line: &str) -> bool {
    let Some((name, value)) = line.split_once(':') else { return false };
    name.eq_ignore_ascii_case("proxy-authenticate")
        && value
            .split(',')
            .filter_map(|offer| offer.split_whitespace().next())
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"))
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, io::Cursor};

    use super::*;

    fn answered(bytes: &[u8], login: Option<&str>) -> Result<Vec<u8>, ConnectError> {
        let mut answer = Cursor::new(bytes.to_vec());
        let head = block_on(head(&mut answer))?;
        judge(&head, login.is_some())?;
        Ok(bytes[head.len()..].to_vec())
    }

    #[test]
    fn what_follows_the_answer_is_the_hosts() {
        let answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nfrom the host";
        assert_eq!(answered(answer, None).unwrap(), b"from the host");
        assert_eq!(answered(b"HTTP/1.0 200 OK\n\nrest", None).unwrap(), b"rest");
    }

    #[test]
    fn a_request_is_whole_and_carries_no_lines_of_others() {
        let asked = request("ks.no", 443, Some("Basic eA==")).unwrap();
        assert!(asked.starts_with("CONNECT ks.no:443 HTTP/1.1\r\nHost: ks.no:443\r\n"));
        assert!(asked.ends_with("\r\nProxy-Authorization: Basic eA==\r\n\r\n"));
        assert!(request("2001:db8::1", 443, None).unwrap().starts_with("CONNECT [2001:db8::1]:443 "));
        for name in ["", "ks.no\r\nX: y", "ks no", "bærum.no", &"a".repeat(254)] {
            assert!(matches!(request(name, 443, None), Err(ConnectError::Name)), "{name}");
        }
    }

    #[test]
    fn each_refusal_has_its_own_words() {
        let with = Some("Basic eA==");
        let basic =
            b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nproxy-authenticate: BASIC realm=\"x\"\r\n\r\n";
        let ntlm = b"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
        assert!(matches!(answered(basic, None), Err(ConnectError::LoginMissing)));
        assert!(matches!(answered(basic, with), Err(ConnectError::LoginRefused)));
        assert!(matches!(answered(ntlm, with), Err(ConnectError::LoginKind)));
        assert!(matches!(answered(b"HTTP/1.1 403 Forbidden\r\n\r\n", None), Err(ConnectError::Forbidden)));
        assert!(matches!(answered(b"HTTP/1.1 502 Bad\r\n\r\n", None), Err(ConnectError::Gateway(502))));
        assert!(matches!(answered(b"HTTP/1.1 302 Found\r\n\r\n", None), Err(ConnectError::Status(302))));
        assert!(matches!(answered(b"HTTP/1.1 200 OK\r\nhalf", None), Err(ConnectError::Closed)));
        for garbage in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"HTTP/3 200 OK\r\n\r\n",
            b"HTTP/1.1 2000 O\r\n\r\n",
            b"HTTP/\xff\n\n",
        ] {
            assert!(matches!(answered(garbage, None), Err(ConnectError::NotHttp)));
        }
        let long = [b"HTTP/1.1 200 OK\r\nX: ", &[b'x'; HEAD][..]].concat();
        assert!(matches!(answered(&long, None), Err(ConnectError::TooLong)));
    }
}
