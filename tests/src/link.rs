//! A link between nodes on this machine that can be cut: what goes through it is passed on both ways.
//!
//! A node that is told the link's address, and whose own is known to nobody else, has no other way.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// An address for nodes that nobody is to dial: port 9 discards, and nobody listens there.
pub const NOWHERE: &str = "/ip4/127.0.0.1/tcp/9";

/// See the module. It ends when it is dropped.
pub struct Link {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    accepted_us: Arc<AtomicU64>,
    passed: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Where the far end listens now.
    to: Option<SocketAddr>,
    whole: bool,
    /// How often it has been cut: one who looks only later is to see that, too.
    cuts: u64,
}

impl Link {
    /// A link that leads nowhere yet.
    ///
    /// # Errors
    /// What the system says.
    pub async fn new() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let link = Self {
            address: listener.local_addr()?,
            state: Arc::new(watch::Sender::new(State { to: None, whole: true, cuts: 0 })),
            accepted_us: Arc::default(),
            passed: Arc::default(),
        };
        let (mut state, accepted_us, passed) =
            (link.state.subscribe(), link.accepted_us.clone(), link.passed.clone());
        tokio::spawn(async move {
            loop {
                let near = tokio::select! {
                    near = listener.accept() => near,
                    gone = state.wait_for(|_| false) => { let _ = gone; return },
                };
                let (Ok((near, _)), State { to: Some(to), whole: true, cuts }) = (near, *state.borrow())
                else {
                    continue;
                };
                accepted_us.store(now_us(), Ordering::Relaxed);
                let mut state = state.clone();
                // Also when the link is gone.
                let cut = async move { drop(state.wait_for(|state| state.cuts > cuts).await) };
                tokio::spawn(pass_on(near, to, cut, passed.clone()));
            }
        });
        Ok(link)
    }

    /// The near end, to be dialled.
    pub fn address(&self) -> String {
        format!("/ip4/{}/tcp/{}", self.address.ip(), self.address.port())
    }

    /// Leads to a node that listens there.
    ///
    /// # Panics
    /// When it is no address of TCP on this machine.
    pub fn lead_to(&self, address: &str) {
        let port = address.split('/').nth(4).and_then(|port| port.parse().ok()).expect("/ip4/../tcp/PORT");
        self.state.send_modify(|state| state.to = Some(SocketAddr::from(([127, 0, 0, 1], port))));
    }

    /// Ends the connections that there are, and takes no new ones.
    pub fn cut(&self) {
        self.state.send_modify(|state| {
            state.whole = false;
            state.cuts += 1;
        });
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.whole = true);
    }

    /// When the last connection began, microseconds since 1970.
    pub fn accepted_us(&self) -> u64 {
        self.accepted_us.load(Ordering::Relaxed)
    }

    /// Bytes that went through, both ways.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }
}

/// Microseconds since 1970: the same for all processes of this machine.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Passes everything on, until an end is closed or the link is `cut`.
async fn pass_on(near: TcpStream, to: SocketAddr, cut: impl Future<Output = ()>, passed: Arc<AtomicU64>) {
    let Ok(far) = TcpStream::connect(to).await else { return };
    // What a node sends at once is to arrive at once.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let both = async { tokio::join!(copy(near_in, far_out, &passed), copy(far_in, near_out, &passed)) };
    tokio::select! {
        _ = both => {}
        () = cut => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, passed: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        passed.fetch_add(length as u64, Ordering::Relaxed);
    }
}
