//! Each way that a connection may take.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use data_encoding::BASE64;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tempfile::TempDir;

use super::{
    super::{
        Class, Config, Limits, NetError, Proxy, SYNC_MESSAGE, Tls, TlsError, Ways,
        harness::{Node, meet, meet_at},
        start,
    },
    proxy::{Manner, TestProxy},
};

/// A name that no resolver knows.
const KS: &str = "ks.invalid";

/// A certificate of an own authority, as files.
struct Files {
    _folder: TempDir,
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = authority.self_signed(&authority_key).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), KS.to_owned()];
        let own = rcgen::CertificateParams::new(names).unwrap();
        let own = own.signed_by(&key, &authority, &authority_key).unwrap();
        Self {
            certificate: at("chain.pem", own.pem() + &authority.pem()),
            key: at("key.pem", key.serialize_pem()),
            authority: at("ca.pem", authority.pem()),
            _folder: folder,
        }
    }

    fn serving(&self) -> Ways {
        let tls = Tls::read(Some((&self.certificate, &self.key)), None).unwrap();
        Ways { tls, ..Ways::default() }
    }

    fn trusting(&self, proxy: Option<Proxy>) -> Ways {
        Ways { tls: Tls::read(None, Some(&self.authority)).unwrap(), proxy, ..Ways::default() }
    }
}

/// Where a node listens, beneath TLS and WebSocket.
fn socket(node: &Node) -> SocketAddr {
    let parts: Vec<&str> = node.address.split('/').collect();
    format!("{}:{}", parts[2], parts[4]).parse().unwrap()
}

/// Both ways, the largest message that there is, and nothing in it that could be compressed away.
async fn carries_everything(one: &mut Node, other: &mut Node) {
    let mut large = vec![0; SYNC_MESSAGE.wire - 1024];
    StdRng::seed_from_u64(1).fill_bytes(&mut large);
    one.ask(other.device, 1, Class::Sync, &large).await;
    other.echo().await;
    assert!(one.ended(1).await.unwrap() == large);
    other.ask(one.device, 2, Class::Sync, b"and you").await;
    one.echo().await;
    assert_eq!(other.ended(2).await.unwrap(), b"and you");
}

#[tokio::test]
async fn members_meet_by_quic() {
    let quic = "/ip4/127.0.0.1/udp/0/quic-v1";
    let mut ks = Node::at(quic, 1, Limits::default(), Ways::default()).await;
    let mut bergen = Node::at(quic, 2, Limits::default(), Ways::default()).await;
    assert!(ks.address.starts_with("/ip4/127.0.0.1/udp/") && ks.address.ends_with("/quic-v1"));
    meet(&mut bergen, &mut ks).await;
    carries_everything(&mut bergen, &mut ks).await;
    let (traffic, wire) = (bergen.net.traffic(), SYNC_MESSAGE.wire as u64 - 1024);
    assert!(traffic.socket_out > wire && traffic.socket_in > wire, "{traffic:?}");
}

#[tokio::test]
async fn members_meet_by_websocket() {
    let mut ks = Node::at("/ip4/127.0.0.1/tcp/0/ws", 1, Limits::default(), Ways::default()).await;
    let mut bergen = Node::start(2).await;
    meet(&mut bergen, &mut ks).await;
    carries_everything(&mut bergen, &mut ks).await;
}

#[tokio::test]
async fn members_meet_by_websocket_over_tls() {
    let files = Files::new();
    let mut ks = Node::at("/ip4/127.0.0.1/tcp/0/tls/ws", 1, Limits::default(), files.serving()).await;
    let port = socket(&ks).port();
    let mut bergen = Node::by(2, files.trusting(None)).await;
    meet_at(&mut bergen, &mut ks, &format!("/dns4/localhost/tcp/{port}/tls/ws")).await;
    carries_everything(&mut bergen, &mut ks).await;
    let mut oslo = Node::by(3, files.trusting(None)).await;
    meet_at(&mut oslo, &mut ks, &format!("/ip4/127.0.0.1/tcp/{port}/wss")).await;
}

#[tokio::test]
async fn who_does_not_trust_the_certificate_says_so() {
    let files = Files::new();
    let ks = Node::at("/ip4/127.0.0.1/tcp/0/tls/ws", 1, Limits::default(), files.serving()).await;
    let mut bergen = Node::start(2).await;
    bergen.dial(&ks).await;
    assert!(bergen.dial_failed().await.contains("UnknownIssuer"));
    let proxy = TestProxy::start(Manner::Forward { to: socket(&ks), login: None }).await;
    let mut oslo = Node::by(3, files.trusting(proxy.address())).await;
    oslo.dial_at(&["/dns4/another.invalid/tcp/443/tls/ws"], None).await;
    let why = oslo.dial_failed().await;
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn members_meet_through_a_proxy_that_resolves_the_name() {
    let files = Files::new();
    let mut ks = Node::at("/ip4/127.0.0.1/tcp/0/tls/ws", 1, Limits::default(), files.serving()).await;
    let login = format!("Basic {}", BASE64.encode(b"ola:p@ss"));
    for (seed, login, given) in [(2, None, ""), (3, Some(login), "ola:p%40ss@")] {
        let login: Option<&'static str> = login.map(|login: String| &*login.leak());
        let proxy = TestProxy::start(Manner::Forward { to: socket(&ks), login }).await;
        let mut bergen = Node::by(seed, files.trusting(proxy.with_login(given))).await;
        meet_at(&mut bergen, &mut ks, &format!("/dns4/{KS}/tcp/443/tls/ws")).await;
        carries_everything(&mut bergen, &mut ks).await;
        assert_eq!(proxy.asked(), [format!("CONNECT {KS}:443 HTTP/1.1")]);
    }
}

#[tokio::test]
async fn a_guest_joins_and_plain_tcp_goes_through_a_proxy_too() {
    let mut ks = Node::start(1).await;
    let proxy = TestProxy::start(Manner::Forward { to: socket(&ks), login: None }).await;
    let mut joiner = Node::by(2, Ways { proxy: proxy.address(), ..Ways::default() }).await;
    joiner.dial_at(&[&format!("/dns4/{KS}/tcp/7421")], Some(ks.device)).await;
    joiner.ask_when_connected(&ks, 1).await;
    assert_eq!(ks.echo().await, Class::Join);
    assert_eq!(joiner.ended(1).await.unwrap(), b"may I");
    assert_eq!(proxy.asked(), [format!("CONNECT {KS}:7421 HTTP/1.1")]);
}

#[tokio::test]
async fn what_a_proxy_refuses_is_told() {
    let asks = |offers: &str| format!("HTTP/1.1 407 No\r\n{offers}\r\n").into_bytes();
    let ntlm = asks("Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n");
    let basic = asks("Proxy-Authenticate: Basic realm=\"x\"\r\n");
    let endless = [b"HTTP/1.1 200 OK\r\nX-Filler: ", &[b'x'; 1 << 20][..]].concat();
    for (manner, login, told) in [
        (Manner::Say(basic.clone()), "", "asks for a login (407)"),
        (Manner::Say(basic), "ola:feil@", "does not take this user name and password (407)"),
        (Manner::Say(ntlm), "ola:feil@", "NTLM and Kerberos (407)"),
        (Manner::Say(b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec()), "", "does not allow this connection (403)"),
        (
            Manner::Say(b"HTTP/1.1 502 Bad Gateway\r\n\r\n".to_vec()),
            "",
            "could not reach the other node (502)",
        ),
        (Manner::Say(b"HTTP/1.1 500 Oh\r\n\r\n".to_vec()), "", "answered with 500"),
        (Manner::Say(b"220 mail.kommune.no ESMTP\r\n".to_vec()), "", "not HTTP"),
        (Manner::Say(endless), "", "goes on for more than 8192 bytes"),
        (Manner::Say(b"HTTP/1.1 20".to_vec()), "", "did not answer in time"),
        (Manner::Say(vec![]), "", "did not answer in time"),
        (Manner::HangUp, "", "closed the connection without an answer"),
    ] {
        let proxy = TestProxy::start(manner).await;
        let limits = Limits { proxy_timeout: Duration::from_millis(300), ..Limits::default() };
        let ways = Ways { proxy: proxy.with_login(login), ..Ways::default() };
        let mut bergen = Node::at("/ip4/127.0.0.1/tcp/0", 2, limits, ways).await;
        for address in [format!("/dns4/{KS}/tcp/443/tls/ws"), format!("/dns4/{KS}/tcp/7421")] {
            bergen.dial_at(&[&address], None).await;
            let why = bergen.dial_failed().await;
            assert!(why.contains(told) && !why.contains("feil"), "{why}, and not {told}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_and_what_needs_none_is_dialled() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Some(Proxy::parse(&format!("http://{gone}"), "").unwrap());
    let mut bergen = Node::by(2, Ways { proxy, ..Ways::default() }).await;
    bergen.dial_at(&["/dns4/ks.invalid/tcp/443/tls/ws"], None).await;
    let why = bergen.dial_failed().await;
    assert!(why.contains(&format!("cannot reach the proxy {gone}")) && why.contains("refused"), "{why}");
    bergen.dial_at(&["/dns4/ks.invalid/udp/7421/quic-v1"], None).await;
    assert!(bergen.dial_failed().await.contains("QUIC does not go through an HTTP proxy"));
    let mut here = Node::start(1).await;
    meet(&mut bergen, &mut here).await;
}

#[tokio::test]
async fn to_listen_over_tls_takes_a_certificate() {
    let node = Node::start(1).await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[2; 32]);
    let listen = vec!["/ip4/127.0.0.1/tcp/0/tls/ws".to_owned()];
    let config = Config { key, listen, ways: Ways::default(), limits: Limits::default() };
    assert!(matches!(start(config).await, Err(NetError::NoCertificate { .. })));
    drop(node);
}

#[test]
fn certificates_that_cannot_be_used_name_the_option() {
    let (files, other) = (Files::new(), Files::new());
    let read = |certificate, key, authority| match (certificate, authority) {
        (Some(certificate), _) => Tls::read(Some((certificate, key)), None),
        (None, authority) => Tls::read(None, authority),
    };
    let missing = files.key.with_file_name("missing.pem");
    for (result, told) in [
        (read(Some(&missing), &files.key, None), "--tls-cert"),
        (read(Some(&files.key), &files.key, None), "--tls-cert"),
        (read(Some(&files.certificate), &missing, None), "--tls-key"),
        (read(Some(&files.certificate), &files.certificate, None), "--tls-key"),
        (read(Some(&files.certificate), &other.key, None), "--tls-cert and --tls-key"),
        (read(None, &files.key, Some(&missing)), "--extra-ca"),
        (read(None, &files.key, Some(&files.key)), "--extra-ca"),
    ] {
        let error: TlsError = result.unwrap_err();
        assert!(error.to_string().starts_with(told), "{error}");
    }
}
