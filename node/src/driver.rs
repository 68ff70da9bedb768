//! Runs the protocol's engine: libp2p, sled and search around it.
//!
//! ```text
//!            net events, commands, timers
//!                        v
//!   workers --done--> engine --Work--> workers (2 threads)
//!   committer --durable--^  |--Commit--> committer (1 thread; all that waits in one fsync)
//!                           |--Ask, Answer, Dial ..--> forwarder --> net
//!                           '--Reply, Announce--> whoever asked, whoever listens
//! ```
//!
//! The engine has a thread of its own and waits for nothing but what comes in. **What it gives out
//! never makes it wait**, so nothing can wait in a circle; what comes in is bounded instead: net takes
//! [`REQUESTS_PER_DEVICE`](crate::net::REQUESTS_PER_DEVICE) unanswered requests of each device, and at
//! most [`COMMANDS`] commands are under way.

mod beginning;
mod committer;
mod forwarder;
mod machine;
mod workers;

use std::{
    any::Any,
    convert::Infallible,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, RwLock},
    thread,
    time::Instant,
};

use praksis_protocol::{
    engine::Engine,
    id::DeviceId,
    membership::statement::{Fact, Known},
    store::{Batch, Read as _, Store as _, StoreError},
};
use tokio::{
    runtime,
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinHandle,
};

use self::machine::{Inlets, Machine};
pub(crate) use self::workers::WORKER;
use crate::{
    clock::Clock,
    config::Config,
    cpv_list,
    figures::Figures,
    folder::{self, Folder, Lock},
    handle::{Handle, Shared},
    job::index::Indexer,
    net::{self, NetError},
    search::{self, Index},
    storage::{self, SledStore},
};

/// Commands under way; more wait their turn.
pub const COMMANDS: usize = 256;

/// Events that a slow listener may be behind.
const EVENTS: usize = 4096;

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its folder.
    #[error(transparent)]
    Folder(#[from] folder::Error),
    /// Its store cannot be opened.
    #[error(transparent)]
    Store(#[from] storage::Error),
    /// What the store holds cannot be read.
    #[error(transparent)]
    Contents(#[from] StoreError),
    /// Where it should listen.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The search index.
    #[error(transparent)]
    Search(#[from] search::Error),
    /// The imported CPV list.
    #[error(transparent)]
    CpvList(#[from] cpv_list::Error),
    /// The system gave no thread.
    #[error("could not start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// Why a node ended that nobody asked to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// After this what the disk holds is not known: start again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mistake in this program.
    #[error("a part of the node panicked: {0}")]
    Panicked(String),
    /// The network's task ended.
    #[error("the network has stopped")]
    Network,
}

/// A node that runs.
pub struct Running {
    /// To speak to it.
    pub handle: Handle,
    /// Where it listens, without wildcards and port 0.
    pub listen: Vec<String>,
}

/// Starts the node of a folder. It runs until [`Handle::stop`], or until it fails.
///
/// # Errors
/// See [`StartError`]; nothing runs then.
pub async fn start(folder: Folder, config: Config) -> Result<Running, StartError> {
    let lock = folder.lock()?;
    folder.remove_addresses()?;
    // Asked before the store is opened: a folder that others can read is refused whole.
    folder.guard()?;
    let opening = folder.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let store = SledStore::open(&opening.store())?;
        let index = Index::open(&opening.index())?.into_index();
        Ok::<_, StartError>((store, Arc::new(index)))
    });
    let (store, index) = opened.await.map_err(|panic| StartError::Thread(panic.into()))??;
    finish_rotation(&folder, &store)?;
    let keys = folder.keys()?;
    let device = DeviceId(keys.device.verifying_key().to_bytes());
    let mut clock = Clock::new();
    let mut engine = Engine::open(keys.clone(), &store, clock.now())?;
    engine.take_at_most(config.quota);
    let announce = config.ways.announce.clone();
    let net_config =
        net::Config { key: keys.device, listen: config.listen, ways: config.ways, limits: config.limits };
    let network = net::start(net_config).await?;

    let (completed, completions) = mpsc::unbounded_channel();
    let (commands, asked) = mpsc::channel(COMMANDS);
    let (stop, stopping) = watch::channel(false);
    let (over, ended) = watch::channel(None);
    let events = broadcast::Sender::new(EVENTS);
    let to_net = forwarder::start(network.net.clone());
    let jobs = workers::start(&completed).map_err(StartError::Thread)?;
    let (written, figures) = (store.clone(), Arc::new(Figures::default()));
    let measured = figures.clone();
    let commit = move |batches: &[Batch]| {
        let began = Instant::now();
        let committed = written.commit(batches);
        measured.committed(batches.len(), began.elapsed());
        committed
    };
    let kept = store.clone();
    let tidy = move || {
        if let Err(error) = kept.let_go() {
            tracing::warn!(%error, "what was read stays in memory");
        }
    };
    let committer = committer::start(commit, tidy, completed).map_err(StartError::Thread)?;

    let shared = Shared {
        folder: folder.clone(),
        device,
        commands,
        store: store.clone(),
        index,
        cpv_list: RwLock::default(),
        followed: watch::Sender::new(()),
        events: events.downgrade(),
        net: network.net,
        figures: figures.clone(),
        stop,
        ended,
    };
    let handle = Handle(Arc::new(shared));
    let remembering = handle.clone();
    let remembered = tokio::task::spawn_blocking(move || cpv_list::remember(&remembering)).await;
    remembered.map_err(|panic| StartError::Thread(panic.into()))??;
    let indexer = Indexer::start(handle.clone()).map_err(StartError::Thread)?;
    let happening = handle.events();
    let machine =
        Machine::new(engine, store, clock, to_net, jobs, committer.batches, events, announce, figures);
    let inlets = Inlets { completions, asked, events: network.events, stopping };
    let first = machine::First { listening: network.listening.clone(), peers: config.peers };
    let result = on_a_thread("praksis-engine", machine.run(inlets, first)).map_err(StartError::Thread)?;
    // Whoever is told that the node serves finds what `init` asked for.
    beginning::attempt(&handle).await;
    let beginning = tokio::spawn(beginning::follow(handle.clone(), happening));
    tokio::spawn(supervise(folder, lock, result, [network.task, beginning], indexer, committer.ended, over));
    Ok(Running { handle, listen: network.listening })
}

/// A new root that was said to speak, and did not take the place of the old one before the node stopped.
fn finish_rotation(folder: &Folder, store: &SledStore) -> Result<(), StartError> {
    let Some(next) = folder.next_root_made()? else { return Ok(()) };
    let speaks =
        store.statements()?.iter().any(|(_, bytes)| match Known::read(bytes).map(|known| known.fact) {
            Ok(Fact::RootSuccession(succession)) => succession.new == next,
            Ok(_) | Err(_) => false,
        });
    if speaks {
        folder.take_next_root()?;
    }
    Ok(())
}

/// What is to be done when the engine has ended, in this order.
async fn supervise(
    folder: Folder,
    lock: Lock,
    result: oneshot::Receiver<Result<(), Failure>>,
    tasks: [JoinHandle<()>; 2],
    indexer: Indexer,
    committed: oneshot::Receiver<Infallible>,
    over: watch::Sender<Option<Result<(), Failure>>>,
) {
    let result = result.await.unwrap_or_else(|_| Err(Failure::Panicked("the engine's thread".to_owned())));
    if let Err(failure) = &result {
        tracing::error!(%failure, "the node stops");
    }
    // The engine's end let go of the way to the net and of the events: these end by themselves.
    for task in tasks {
        if task.await.is_err() {
            tracing::error!("a task of the node panicked");
        }
    }
    indexer.ended().await;
    // Nothing is sent: its end is waited for. Whoever hears that the node has stopped may start it again.
    let Err(_) = committed.await;
    if let Err(error) = folder.remove_addresses() {
        tracing::warn!(%error, "the addresses stay behind");
    }
    drop(lock);
    over.send_replace(Some(result));
}

/// Drives a future on a thread and a runtime that nothing else uses: it may block for reads and for
/// computing, and when the caller's runtime ends before it, it notices by its channels.
fn on_a_thread(
    name: &str,
    future: impl Future<Output = Result<(), Failure>> + Send + 'static,
) -> io::Result<oneshot::Receiver<Result<(), Failure>>> {
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
        let result = result.unwrap_or_else(|panic| Err(Failure::Panicked(panic_text(&*panic))));
        // Nobody waits any more when the whole program ends.
        let _ = sender.send(result);
    })?;
    Ok(receiver)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no text").to_owned()
}
