//! Whole nodes in one process: real sockets on loopback, real stores in temporary folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use praksis_node::{
    config::Config,
    driver::{self, Running},
    folder::{self, Beginning, Folder},
    handle::{CallError, Handle},
    search::Query,
};
use praksis_protocol::{
    engine::{Command, CommandError, Event, Reply, Status, output::RecordView},
    genesis::Kind,
    id::DocumentId,
    membership::{joining::Ticket, statement::Role},
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

const KS: &str = "310000043";
const BERGEN: &str = "310000027";
const TRONDHEIM: &str = "310000019";

/// Longer than anything here takes; what is waited for is an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node in a folder of its own.
struct Node {
    dir: PathBuf,
    running: Option<Running>,
}

impl Node {
    async fn association(home: &TempDir, number: &str) -> Self {
        let dir = home.path().join(number);
        folder::association(&dir, &beginning(number)).unwrap();
        Self::started(dir).await
    }

    async fn member(home: &TempDir, number: &str) -> Self {
        let dir = home.path().join(number);
        folder::organisation(&dir, &beginning(number)).unwrap();
        Self::started(dir).await
    }

    async fn started(dir: PathBuf) -> Self {
        let mut node = Self { dir, running: None };
        node.start().await;
        node
    }

    async fn start(&mut self) {
        let folder = Folder::open(&self.dir).unwrap();
        let began = Instant::now();
        self.running = Some(driver::start(folder, Config::loopback()).await.unwrap());
        println!("{} serves after {:?}", self.dir.file_name().unwrap().display(), began.elapsed());
    }

    async fn stop(&mut self) {
        self.running.take().unwrap().handle.stop().await.unwrap();
    }

    fn handle(&self) -> &Handle {
        &self.running.as_ref().unwrap().handle
    }

    async fn call(&self, command: Command) -> Result<Reply, CallError> {
        timeout(PATIENCE, self.handle().call(command)).await.expect("an answer")
    }

    async fn status(&self) -> Status {
        match self.call(Command::Status).await.unwrap() {
            Reply::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the node's status is as wanted: asked after each event, and first of all.
    async fn until<T>(&self, what: &str, mut wanted: impl FnMut(&Status) -> Option<T>) -> T {
        let mut events = self.handle().events();
        let waiting = async {
            loop {
                if let Some(found) = wanted(&self.status().await) {
                    return found;
                }
                events.recv().await.unwrap();
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{}: waited for {what}, but: {:#?}", self.dir.display(), self.status().await),
        }
    }

    async fn until_members(&self, count: usize) {
        self.until("members", |status| (status.members.len() == count).then_some(())).await;
    }

    /// Level with so many peers at once.
    async fn until_level(&self, count: usize) {
        self.until("level peers", |status| {
            let level = status.peers.iter().filter(|peer| peer.connected && peer.level).count();
            (level == count && status.peers.iter().all(|peer| peer.level)).then_some(())
        })
        .await;
    }

    async fn invite(&self, number: &str) -> String {
        match self.call(Command::Invite(number.to_owned(), Role::Member, 3600)).await.unwrap() {
            Reply::Ticket(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    async fn join(&self, ticket: &str) {
        let mut events = self.handle().events();
        self.call(Command::Join(Ticket::from_text(ticket).unwrap())).await.unwrap();
        let joined = async {
            while !matches!(events.recv().await.unwrap(), Event::Joined(_)) {}
        };
        timeout(PATIENCE, joined).await.expect("to be let in");
    }

    async fn draft(&self, case: Value) -> DocumentId {
        match self.call(Command::Draft(Kind::Case, case)).await.unwrap() {
            Reply::Written { record, .. } => record,
            other => panic!("{other:?}"),
        }
    }

    async fn share(&self, record: DocumentId) {
        let today = self.handle().today();
        self.call(Command::Share(record, today)).await.unwrap();
    }

    async fn show(&self, record: DocumentId) -> Result<RecordView, CallError> {
        match self.call(Command::Show(record, self.handle().today())).await? {
            Reply::Record(view) => Ok(*view),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the record reads here as shared.
    async fn until_shared(&self, record: DocumentId) -> Value {
        let mut events = self.handle().events();
        let waiting = async {
            loop {
                match self.show(record).await {
                    Ok(view) if view.shared.is_some() => return view.shared.unwrap().record,
                    Ok(_) | Err(CallError::Refused(CommandError::NotFound)) => {}
                    Err(error) => panic!("{error}"),
                }
                events.recv().await.unwrap();
            }
        };
        timeout(PATIENCE, waiting).await.expect("the record to arrive")
    }

    /// Waits until the node has drafted its default contact.
    async fn until_contact(&self) {
        self.until("a default contact", |status| status.documents.get("contact").map(|_| ())).await;
    }
}

fn beginning(number: &str) -> Beginning {
    let object = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    Beginning {
        number: number.to_owned(),
        name: format!("Organisation {number}"),
        card: object(json!({"org": number, "name": format!("Organisation {number}")})),
        contact: Some(object(json!({"role": "Innkjøp", "mailbox": "innkjop@example.no"}))),
    }
}

fn case() -> Value {
    json!({
        "title": {"nb": "Digital vannmåler med lekkasjevarsling"},
        "content_lang": "nb",
        "need": "Kommunen taper en tredel av drikkevannet i lekkasjer som ingen ser.",
        "sector": ["water_waste_energy"],
        "phase": "need",
        "keywords": ["vannmåler"],
    })
}

fn searched(node: &Node, text: &str) -> Vec<String> {
    let index = node.handle().search();
    index.commit().unwrap();
    let found = index.similar(&Query::text(text)).unwrap();
    found.hits.into_iter().map(|hit| hit.id).collect()
}

/// An association and a member that stand level.
async fn network(home: &TempDir) -> (Node, Node) {
    let ks = Node::association(home, KS).await;
    let bergen = Node::member(home, BERGEN).await;
    bergen.join(&ks.invite(BERGEN).await).await;
    ks.until_members(2).await;
    bergen.until_members(2).await;
    ks.until_level(1).await;
    bergen.until_level(1).await;
    (ks, bergen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_shared_at_one_member_is_read_and_found_at_the_other() {
    let home = TempDir::new().unwrap();
    let (ks, bergen) = network(&home).await;

    bergen.until_contact().await;
    let record = bergen.draft(case()).await;
    assert_eq!(ks.show(record).await.unwrap_err(), CallError::Refused(CommandError::NotFound));
    let began = Instant::now();
    bergen.share(record).await;
    println!("shared, durably, after {:?}", began.elapsed());
    let read = ks.until_shared(record).await;
    println!("read at the other after {:?}", began.elapsed());
    assert_eq!(read["title"], case()["title"]);

    ks.until_found(record, "lekkasje i vannledninger").await;
    println!("found at the other after {:?}", began.elapsed());
    ks.until_level(1).await;
    bergen.until_level(1).await;
    println!("level after {:?}", began.elapsed());
    assert!(ks.handle().traffic().payload_in > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_were_stopped_hold_everything_and_meet_again() {
    let home = TempDir::new().unwrap();
    let (mut ks, mut bergen) = network(&home).await;
    bergen.until_contact().await;
    let record = bergen.draft(case()).await;
    bergen.share(record).await;
    let before = ks.until_shared(record).await;
    bergen.until_level(1).await;

    bergen.stop().await;
    ks.stop().await;
    ks.start().await;
    bergen.start().await;

    let ports_are_new = "both listen elsewhere now, and only this tells one of them";
    let addresses = ks.running.as_ref().expect(ports_are_new).listen.clone();
    bergen.call(Command::AddPeer(addresses)).await.unwrap();
    ks.until_level(1).await;
    bergen.until_level(1).await;
    assert_eq!(ks.show(record).await.unwrap().shared.unwrap().record, before);
    assert_eq!(ks.status().await.documents, bergen.status().await.documents);
    // The index was on disk when they stopped: nothing is read again.
    ks.until_found(record, "lekkasje i vannledninger").await;

    let title = json!({"title": {"nb": "Smarte vannmålere"}});
    bergen.call(Command::Edit(record, None, Edit::Merge(title))).await.unwrap();
    bergen.share(record).await;
    ks.until("the new title", |_| None::<()>.or(None)).await;
}
