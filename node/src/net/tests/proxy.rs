//! An HTTP proxy for the tests: one that works, and ones that do not.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::super::Proxy;

/// What it does with whoever connects.
#[derive(Clone)]
pub(super) enum Manner {
    /// Connects everybody with one address, whatever host was asked for: it is the only one who can
    /// resolve names. Asks for the login, if there is one.
    Forward { to: SocketAddr, login: Option<&'static str> },
    /// Says this, and holds the line.
    Say(Vec<u8>),
    /// Hangs up.
    HangUp,
}

pub(super) struct TestProxy {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { at: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = Arc::clone(&proxy.asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, manner.clone(), Arc::clone(&asked)));
            }
        });
        proxy
    }

    /// As a node is told of it.
    pub(super) fn with_login(&self, login: &str) -> Option<Proxy> {
        Some(Proxy::parse(&format!("http://{login}{}", self.at), "").unwrap())
    }

    pub(super) fn address(&self) -> Option<Proxy> {
        self.with_login("")
    }

    /// The first line of each request.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, manner: Manner, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = socket.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    asked.lock().unwrap().push(head.lines().next().unwrap().to_owned());
    match manner {
        Manner::Forward { login: Some(login), .. }
            if !head.contains(&format!("\r\nProxy-Authorization: {login}\r\n")) =>
        {
            let refusal = b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
            socket.write_all(refusal).await.unwrap();
        }
        Manner::Forward { to, .. } => {
            let mut host = TcpStream::connect(to).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            // Whichever side breaks off.
            let _ = copy_bidirectional(&mut socket, &mut host).await;
        }
        Manner::Say(bytes) => {
            // The other side hangs up when it has heard enough.
            let _ = socket.write_all(&bytes).await;
            let _ = socket.read_u8().await;
        }
        Manner::HangUp => {}
    }
}
