//! Whole nodes in one process: real sockets on loopback, real stores in temporary folders.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use praksis_node::{
    config::Config,
    driver::{self, Failure, Running, StartError},
    folder::{self, Beginning, Folder},
    handle::{CallError, Handle},
    net::NetError,
    search::Query,
};
use praksis_protocol::{
    engine::{
        Audience, Command, CommandError, Edit, Event, Reply, Status, output::RecordView,
        sharing::DEFAULT_CONTACT,
    },
    genesis::Kind,
    id::DocumentId,
    membership::{statement::Role, ticket::Ticket},
    share::Terms,
    store::Read as _,
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
        timeout(PATIENCE, self.handle().status()).await.expect("an answer").unwrap()
    }

    /// Waits until something is there: asked for first of all, and after each event.
    async fn until<T>(&self, what: &str, mut probe: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let mut events = self.handle().events();
        let mut followed = self.handle().followed();
        let waiting = async {
            loop {
                if let Some(found) = probe(self).await {
                    return found;
                }
                tokio::select! {
                    event = events.recv() => drop(event.unwrap()),
                    done = followed.changed() => done.unwrap(),
                }
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{}: waited for {what}, but: {:#?}", self.dir.display(), self.status().await),
        }
    }

    async fn until_members(&self, count: usize) {
        self.until("members", async |node| (node.status().await.members.len() == count).then_some(())).await;
    }

    /// Level with the other at once.
    async fn until_level(&self, other: &Self) {
        let device = other.handle().device();
        self.until("a level peer", async |node| {
            let peers = node.status().await.peers;
            peers.iter().any(|peer| peer.device == Some(device) && peer.connected && peer.level).then_some(())
        })
        .await;
    }

    async fn invite(&self, number: &str) -> String {
        let reply = self.call(Command::Invite(number.to_owned(), Role::Member, 3600)).await.unwrap();
        let Reply::Ticket(ticket) = reply else { panic!("{reply:?}") };
        ticket
    }

    async fn join(&self, ticket: &str) {
        let mut events = self.handle().events();
        self.call(Command::Join(Ticket::from_text(ticket).unwrap())).await.unwrap();
        let joined = async { while !matches!(events.recv().await.unwrap(), Event::Joined(_)) {} };
        timeout(PATIENCE, joined).await.expect("to be let in");
    }

    /// Waits until both hold the same number of each kind, drafts of one apart; says how many.
    async fn until_same_documents(&self, other: &Self) -> BTreeMap<&'static str, usize> {
        self.until("the same documents", async |node| {
            let (here, there) = (node.status().await.documents, other.status().await.documents);
            (here.get("case") == there.get("case") && here.get("organisation") == Some(&2)).then_some(here)
        })
        .await
    }

    async fn until_cards(&self, count: usize) {
        self.until("cards", async |node| {
            (node.status().await.documents.get("organisation") == Some(&count)).then_some(())
        })
        .await;
    }

    async fn draft(&self, case: Value) -> DocumentId {
        let reply = self.call(Command::Draft(Kind::Case, case)).await.unwrap();
        let Reply::Written { record, .. } = reply else { panic!("{reply:?}") };
        record
    }

    async fn share(&self, record: DocumentId) {
        let today = self.handle().today();
        self.call(Command::Share(record, Terms::on(today), Audience::Network)).await.unwrap();
    }

    async fn show(&self, record: DocumentId) -> Result<RecordView, CallError> {
        let reply = self.call(Command::Show(record, self.handle().today())).await?;
        let Reply::Record(view) = reply else { panic!("{reply:?}") };
        Ok(*view)
    }

    /// Waits until the record reads here as wanted.
    async fn until_shared(&self, record: DocumentId, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until("a shared record", async |node| match node.show(record).await {
            Ok(view) => view.shared.map(|shared| shared.record).filter(&wanted),
            Err(CallError::Refused(CommandError::NotFound)) => None,
            Err(error) => panic!("{error}"),
        })
        .await
    }

    /// Waits until the record is the first that is found for a text.
    async fn until_found(&self, record: DocumentId, text: &str) {
        self.until("a hit", async |node| {
            let index = node.handle().search();
            index.commit().unwrap();
            let hits = index.similar(&Query::text(text)).unwrap().hits;
            (hits.first()?.id == record.to_string()).then_some(())
        })
        .await;
    }

    /// Waits until the node has drafted its default contact.
    async fn until_contact(&self) {
        self.until("a default contact", async |node| {
            node.handle().store().local(DEFAULT_CONTACT).unwrap().map(drop)
        })
        .await;
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

/// An association and a member that stand level.
async fn network(home: &TempDir) -> (Node, Node) {
    let ks = Node::association(home, KS).await;
    let bergen = Node::member(home, BERGEN).await;
    bergen.join(&ks.invite(BERGEN).await).await;
    let began = Instant::now();
    ks.until_members(2).await;
    bergen.until_members(2).await;
    ks.until_level(&bergen).await;
    bergen.until_level(&ks).await;
    println!("level {:?} after having joined", began.elapsed());
    (ks, bergen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_shared_at_one_member_is_read_and_found_at_the_other() {
    let home = TempDir::new().unwrap();
    let (ks, bergen) = network(&home).await;

    let record = bergen.draft(case()).await;
    assert_eq!(ks.show(record).await.unwrap_err(), CallError::Refused(CommandError::NotFound));
    let began = Instant::now();
    bergen.share(record).await;
    println!("shared, durably, after {:?}", began.elapsed());
    let read = ks.until_shared(record, |_| true).await;
    println!("read at the other after {:?}", began.elapsed());
    assert_eq!(read["title"], case()["title"]);
    assert!(ks.show(record).await.unwrap().draft.is_none(), "drafts stay at home");

    ks.until_found(record, "lekkasje i vannledninger").await;
    println!("found at the other after {:?}", began.elapsed());
    ks.until_level(&bergen).await;
    bergen.until_level(&ks).await;
    println!("level after {:?}", began.elapsed());
    assert!(ks.handle().traffic().payload_in > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_were_stopped_hold_everything_and_meet_again() {
    let home = TempDir::new().unwrap();
    let (mut ks, mut bergen) = network(&home).await;
    let record = bergen.draft(case()).await;
    bergen.share(record).await;
    let before = ks.until_shared(record, |_| true).await;
    ks.until_found(record, "lekkasje i vannledninger").await;
    let documents = ks.until_same_documents(&bergen).await;

    bergen.stop().await;
    ks.stop().await;
    ks.start().await;
    bergen.start().await;
    assert_eq!(ks.show(record).await.unwrap().shared.unwrap().record, before);
    assert_eq!(ks.status().await.documents, documents);
    assert_eq!(ks.handle().search().len(), 1, "the index was on disk");

    // Both listen elsewhere now, and one of them has to be told.
    let addresses = ks.running.as_ref().unwrap().listen.clone();
    bergen.call(Command::AddPeer(addresses)).await.unwrap();
    bergen.until_level(&ks).await;
    let title = json!({"title": {"nb": "Smarte vannmålere"}});
    bergen.call(Command::Edit(record, None, Edit::Merge(title.clone()))).await.unwrap();
    bergen.share(record).await;
    ks.until_shared(record, |record| record["title"] == title["title"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_only_knows_the_association_reaches_the_other_members() {
    let home = TempDir::new().unwrap();
    let (ks, bergen) = network(&home).await;
    let record = bergen.draft(case()).await;
    bergen.share(record).await;

    let trondheim = Node::member(&home, TRONDHEIM).await;
    trondheim.join(&ks.invite(TRONDHEIM).await).await;
    trondheim.until_shared(record, |_| true).await;
    trondheim.until_level(&bergen).await;
    bergen.until_level(&trondheim).await;
    for node in [&ks, &bergen, &trondheim] {
        node.until_members(3).await;
        node.until_cards(3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_waits_for_a_member_that_is_away() {
    let home = TempDir::new().unwrap();
    let (mut ks, bergen) = network(&home).await;
    ks.stop().await;
    let record = bergen.draft(case()).await;
    bergen.share(record).await;
    ks.start().await;
    let addresses = bergen.running.as_ref().unwrap().listen.clone();
    ks.call(Command::AddPeer(addresses)).await.unwrap();
    ks.until_shared(record, |_| true).await;
    ks.until_level(&bergen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_is_served_once_and_says_where() {
    let home = TempDir::new().unwrap();
    let mut bergen = Node::member(&home, BERGEN).await;
    let folder = Folder::open(&bergen.dir).unwrap();
    let second = driver::start(folder.clone(), Config::loopback()).await;
    assert!(matches!(second, Err(StartError::Folder(folder::Error::InUse { .. }))));

    let addresses = folder::Addresses {
        http: "127.0.0.1:1".to_owned(),
        listen: bergen.running.as_ref().unwrap().listen.clone(),
        device: bergen.handle().device(),
    };
    folder.write_addresses(&addresses).unwrap();
    assert_eq!(folder.addresses().unwrap(), Some(addresses));
    let handle = bergen.handle().clone();
    bergen.stop().await;
    assert_eq!(folder.addresses().unwrap(), None, "it is not served any more");
    assert_eq!(handle.call(Command::Status).await.unwrap_err(), CallError::Stopped);
    assert!(handle.events().recv().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_office_has_the_drafts_and_the_contact_of_the_first() {
    let home = TempDir::new().unwrap();
    let (_ks, first) = network(&home).await;
    let record = first.draft(case()).await;
    let dir = home.path().join("office");
    let (_, request) = folder::office(&dir, BERGEN).unwrap();
    let second = Node::started(dir).await;
    let early = second.call(Command::Draft(Kind::Case, case())).await.unwrap_err();
    assert_eq!(early, CallError::Refused(CommandError::NotGranted));

    let request = Ticket::from_text(&request).unwrap();
    let reply = first.call(Command::GrantOffice(request)).await.unwrap();
    let Reply::Ticket(grant) = reply else { panic!("{reply:?}") };
    second.join(&grant).await;
    second.until("the first office's draft", async |node| node.show(record).await.ok()?.draft).await;
    second.until_contact().await;
    let contact = |node: &Node| node.handle().store().local(DEFAULT_CONTACT).unwrap();
    assert_eq!(contact(&second), contact(&first));

    let own = second.draft(case()).await;
    second.share(own).await;
    first.until_shared(own, |_| true).await;
    first.until_level(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_stop_is_there_after_it() {
    let home = TempDir::new().unwrap();
    let mut bergen = Node::member(&home, BERGEN).await;
    let writing: Vec<_> = (0..400)
        .map(|_| {
            let handle = bergen.handle().clone();
            tokio::spawn(async move { handle.call(Command::Draft(Kind::Case, case())).await })
        })
        .collect();
    let mut events = bergen.handle().events();
    while !matches!(events.recv().await.unwrap(), Event::RecordChanged(_)) {}
    bergen.stop().await;
    let mut refused = 0;
    let mut records = Vec::new();
    for written in writing {
        match written.await.unwrap() {
            Ok(Reply::Written { record, .. }) => records.push(record),
            Ok(_) => panic!("a draft is answered as written"),
            Err(error) => {
                assert_eq!(error, CallError::Stopped);
                refused += 1;
            }
        }
    }
    let acknowledged = records.len();
    println!("{acknowledged} acknowledged, {refused} not");
    assert!(acknowledged > 0 && refused > 0, "it was stopped in the middle");
    bergen.start().await;
    for record in records {
        assert!(bergen.show(record).await.unwrap().draft.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_stops_the_node() {
    let home = TempDir::new().unwrap();
    let bergen = Node::member(&home, BERGEN).await;
    // A leaf where sled does not sync it: the store takes it for what it is.
    let blobs = bergen.handle().folder().store().join("sled").join("blobs");
    std::fs::write(blobs.join("0"), "a leaf").unwrap();
    let error = bergen.call(Command::Draft(Kind::Case, case())).await.unwrap_err();
    assert_eq!(error, CallError::Stopped);
    let failure = timeout(PATIENCE, bergen.handle().ended()).await.unwrap();
    assert!(matches!(failure, Err(Failure::Store(_))), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said_and_the_folder_is_free_again() {
    let home = TempDir::new().unwrap();
    let ks = Node::association(&home, KS).await;
    let dir = home.path().join(BERGEN);
    let folder = folder::organisation(&dir, &beginning(BERGEN)).unwrap();
    let taken = Config { listen: ks.running.as_ref().unwrap().listen.clone(), ..Config::loopback() };
    let error = driver::start(folder.clone(), taken).await.err().unwrap();
    assert!(matches!(error, StartError::Net(NetError::Listen { .. })), "{error}");
    drop(driver::start(folder, Config::loopback()).await.unwrap());
}
