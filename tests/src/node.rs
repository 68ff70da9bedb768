//! A whole node in this process: real sockets on loopback, a real store in a folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::path::{Path, PathBuf};

use praksis_node::{
    api,
    client::{Client, TOKEN_FILE},
    config::Config,
    driver::{self, Running},
    folder::{self, Beginning, Folder},
    handle::{CallError, Handle},
};
use praksis_protocol::{
    engine::{Audience, Command, Event, Reply, Status, output::RecordView},
    genesis::Kind,
    id::{DeviceId, DocumentId},
    membership::{statement::Role, ticket::Ticket},
    share::Terms,
};
use serde_json::{Map, Value, json};
use tokio::{sync::broadcast::error::RecvError, time::timeout};

use crate::process::PATIENCE;

/// See the module.
pub struct Node {
    /// Its folder.
    pub dir: PathBuf,
    running: Option<Running>,
}

impl Node {
    /// Makes an association, which founds a network, and starts its node.
    pub async fn association(dir: &Path, number: &str) -> Self {
        folder::association(dir, &beginning(number)).unwrap();
        Self::start(dir).await
    }

    /// Makes an organisation and starts its node.
    pub async fn organisation(dir: &Path, number: &str) -> Self {
        folder::organisation(dir, &beginning(number)).unwrap();
        Self::start(dir).await
    }

    /// Makes a second office of an organisation, granted by its first, and starts its node.
    pub async fn office(dir: &Path, number: &str, first: &Self) -> Self {
        let (_, request) = folder::office(dir, number).unwrap();
        let office = Self::start(dir).await;
        let request = Ticket::from_text(&request).unwrap();
        let Reply::Ticket(grant) = first.call(Command::GrantOffice(request)).await.unwrap() else {
            panic!("no grant")
        };
        office.join(&grant).await;
        office
    }

    /// Starts the node of a folder.
    pub async fn start(dir: &Path) -> Self {
        let running = driver::start(Folder::open(dir).unwrap(), Config::loopback()).await.unwrap();
        Self { dir: dir.to_owned(), running: Some(running) }
    }

    /// Stops it in order.
    pub async fn stop(mut self) {
        self.running.take().unwrap().handle.stop().await.unwrap();
    }

    /// To speak to it.
    pub fn handle(&self) -> &Handle {
        &self.running.as_ref().unwrap().handle
    }

    /// Its device.
    pub fn device(&self) -> DeviceId {
        self.handle().device()
    }

    /// Where it listens.
    pub fn listen(&self) -> Vec<String> {
        self.running.as_ref().unwrap().listen.clone()
    }

    /// Gives a command and waits for its answer.
    pub async fn call(&self, command: Command) -> Result<Reply, CallError> {
        timeout(PATIENCE, self.handle().call(command)).await.expect("an answer")
    }

    /// Where it stands.
    pub async fn status(&self) -> Status {
        match self.call(Command::Status).await.unwrap() {
            Reply::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    /// How often something was refused under this name.
    pub async fn refused(&self, reason: &str) -> u64 {
        self.status().await.refused.get(reason).copied().unwrap_or_default()
    }

    /// Waits until something is there: asked for first of all, and after each event.
    pub async fn until<T>(&self, what: &str, mut probe: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let mut events = self.handle().events();
        let waiting = async {
            loop {
                if let Some(found) = probe(self).await {
                    return found;
                }
                match events.recv().await {
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("{}: the node stopped", self.dir.display()),
                }
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{}: waited for {what}, but: {:#?}", self.dir.display(), self.status().await),
        }
    }

    /// Waits until it stands level with another, as far as it knows.
    pub async fn until_level(&self, other: &Self) {
        let device = other.device();
        self.until("a level peer", async |node| {
            let peers = node.status().await.peers;
            peers.iter().any(|peer| peer.device == Some(device) && peer.connected && peer.level).then_some(())
        })
        .await;
    }

    /// An invitation for an organisation.
    pub async fn invite(&self, number: &str, valid_s: u64) -> String {
        match self.call(Command::Invite(number.to_owned(), Role::Member, valid_s)).await.unwrap() {
            Reply::Ticket(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    /// Uses an invitation or a grant, and waits until it has worked.
    pub async fn join(&self, ticket: &str) {
        let mut events = self.handle().events();
        self.call(Command::Join(Ticket::from_text(ticket).unwrap())).await.unwrap();
        let joined = async { while !matches!(events.recv().await.unwrap(), Event::Joined(_)) {} };
        timeout(PATIENCE, joined).await.expect("to be let in");
    }

    /// Serves its interface until it stops; a client of that.
    pub async fn serve(&self) -> Client {
        let listener = api::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let token = std::fs::read_to_string(self.dir.join(TOKEN_FILE)).unwrap().trim().to_owned();
        let (handle, ending) = (self.handle().clone(), self.handle().clone());
        let client = Client::new(&address, &token).unwrap();
        let stop = async move { drop(ending.ended().await) };
        tokio::spawn(async move { api::serve(listener, handle, token, stop).await });
        client
    }

    /// Waits until its index holds this many records.
    pub async fn until_indexed(&self, records: u64) {
        let mut followed = self.handle().followed();
        let index = self.handle().search().clone();
        let waiting = async {
            loop {
                let committing = index.clone();
                tokio::task::spawn_blocking(move || committing.commit()).await.unwrap().unwrap();
                if index.len() >= records {
                    return;
                }
                followed.changed().await.expect("the node runs");
            }
        };
        timeout(PATIENCE, waiting).await.expect("an index");
    }

    /// Drafts a case.
    pub async fn draft(&self, case: Value) -> DocumentId {
        match self.call(Command::Draft(Kind::Case, case)).await.unwrap() {
            Reply::Written { record, .. } => record,
            other => panic!("{other:?}"),
        }
    }

    /// Shares a draft with the network.
    pub async fn share(&self, record: DocumentId) {
        self.call(Command::Share(record, Terms::on(self.handle().today()), Audience::Network)).await.unwrap();
    }

    /// A record, if it is there.
    pub async fn show(&self, record: DocumentId) -> Option<RecordView> {
        match self.call(Command::Show(record, self.handle().today())).await.ok()? {
            Reply::Record(view) => Some(*view),
            other => panic!("{other:?}"),
        }
    }
}

/// An organisation with a default contact.
pub fn beginning(number: &str) -> Beginning {
    let object = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    let name = format!("Organisation {number}");
    Beginning {
        number: number.to_owned(),
        name: name.clone(),
        card: object(json!({"org": number, "name": name})),
        contact: Some(object(json!({"role": "Innkjøp", "mailbox": "innkjop@example.no"}))),
    }
}
