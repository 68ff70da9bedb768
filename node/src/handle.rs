//! What everything else in this program holds of a running node.

use std::sync::{Arc, RwLock};

use praksis_protocol::{
    date::Day,
    engine::{Command, CommandError, Event, Reply, Status},
    id::DeviceId,
    time::Timestamp,
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{
    clock,
    cpv_list::CpvList,
    driver::Failure,
    figures::Figures,
    folder::Folder,
    net::{Net, Traffic},
    search::Index,
    storage::SledStore,
};

/// A running node. Clones are handles of the same one; it goes on without any.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) device: DeviceId,
    pub(crate) commands: mpsc::Sender<Asked>,
    pub(crate) store: SledStore,
    pub(crate) index: Arc<Index>,
    pub(crate) cpv_list: RwLock<CpvList>,
    pub(crate) followed: watch::Sender<()>,
    pub(crate) events: broadcast::WeakSender<Event>,
    pub(crate) net: Net,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) ended: watch::Receiver<Option<Result<(), Failure>>>,
}

/// A command on its way to the engine, with the way back for the answer.
pub(crate) type Asked = (Command, oneshot::Sender<Result<Reply, CommandError>>);

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The node has stopped, and what became of the command is not known.
    #[error("the node has stopped")]
    Stopped,
}

impl Handle {
    /// Gives a command and waits for its answer; what the answer says is durable.
    ///
    /// # Errors
    /// When it was refused, or the node stopped before it could answer.
    pub async fn call(&self, command: Command) -> Result<Reply, CallError> {
        let (answer, answered) = oneshot::channel();
        self.0.commands.send((command, answer)).await.map_err(|_| CallError::Stopped)?;
        Ok(answered.await.map_err(|_| CallError::Stopped)??)
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// When it has stopped.
    pub async fn status(&self) -> Result<Status, CallError> {
        let reply = self.call(Command::Status).await?;
        let Reply::Status(status) = reply else { unreachable!("a status is answered with one") };
        Ok(*status)
    }

    /// What happens from now on. Whoever does not keep up is told that it missed something. Ends when
    /// the node does.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        match self.0.events.upgrade() {
            Some(events) => events.subscribe(),
            None => broadcast::channel(1).1,
        }
    }

    /// The store, to read views and local things from. Never written to: that is the engine's.
    pub fn store(&self) -> &SledStore {
        &self.0.store
    }

    /// The index of similar records. Its methods block.
    pub fn search(&self) -> &Arc<Index> {
        &self.0.index
    }

    /// Changes whenever the node has followed up on events by itself: told the index (whose commit makes
    /// that visible at once), chosen a default contact, written its card.
    pub fn followed(&self) -> watch::Receiver<()> {
        self.0.followed.subscribe()
    }

    /// The node's folder.
    pub fn folder(&self) -> &Folder {
        &self.0.folder
    }

    /// The node's device.
    pub fn device(&self) -> DeviceId {
        self.0.device
    }

    /// Bytes in and out since the start.
    pub fn traffic(&self) -> Traffic {
        self.0.net.traffic()
    }

    /// What is measured around the engine.
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// Now, by this machine's clock.
    pub fn now(&self) -> Timestamp {
        clock::now()
    }

    /// The day it is in Oslo.
    pub fn today(&self) -> Day {
        clock::today()
    }

    /// Asks the node to stop, and waits until everything is on disk.
    ///
    /// # Errors
    /// When it had failed.
    pub async fn stop(&self) -> Result<(), Failure> {
        self.0.stop.send_replace(true);
        self.ended().await
    }

    /// Waits until the node has ended, asked or not.
    ///
    /// # Errors
    /// When it failed.
    pub async fn ended(&self) -> Result<(), Failure> {
        let mut ended = self.0.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(result) => result.clone().expect("what was waited for"),
            Err(_) => Err(Failure::Panicked("its supervisor".to_owned())),
        }
    }
}
