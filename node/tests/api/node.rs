//! A node in a folder of its own, served.

use std::{path::Path, time::Duration};

use praksis_node::{
    api,
    client::{Client, ClientError, Problem},
    config::Config,
    driver,
    folder::{self, Addresses, Beginning, Folder},
    handle::Handle,
};
use praksis_protocol::engine::Event;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{broadcast, oneshot},
    task::JoinHandle,
};

pub(crate) const TRONDHEIM: &str = "310000019";
pub(crate) const BERGEN: &str = "310000027";
pub(crate) const KS: &str = "310000043";

/// A running node; it goes when this does.
pub(crate) struct Node {
    pub(crate) client: Client,
    pub(crate) handle: Handle,
    dir: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

fn beginning(number: &str, name: &str) -> Beginning {
    let object = |value: Value| -> Map<String, Value> { value.as_object().cloned().expect("an object") };
    Beginning {
        number: number.to_owned(),
        name: name.to_owned(),
        card: object(json!({"schema_version": 1, "org": number, "name": name, "language": "nn"})),
        contact: Some(object(
            json!({"schema_version": 1, "role": "Innkjøp", "mailbox": "innkjop@example.no"}),
        )),
    }
}

impl Node {
    /// An association with a network of its own.
    pub(crate) async fn association() -> Self {
        Self::made(|path| folder::association(path, &beginning(KS, "KS (test)"))).await
    }

    /// A municipality that is in no network yet.
    pub(crate) async fn municipality(number: &str, name: &str) -> Self {
        Self::made(|path| folder::organisation(path, &beginning(number, name))).await
    }

    async fn made(make: impl FnOnce(&Path) -> Result<Folder, folder::Error>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = make(&dir.path().join("node")).unwrap();
        Self::serve(dir, folder).await
    }

    /// A second office, and its request.
    pub(crate) async fn office(number: &str) -> (Self, String) {
        let dir = tempfile::tempdir().unwrap();
        let (folder, request) = folder::office(&dir.path().join("node"), number).unwrap();
        (Self::serve(dir, folder).await, request)
    }

    pub(crate) async fn serve(dir: TempDir, folder: Folder) -> Self {
        let running = driver::start(folder.clone(), Config::loopback()).await.unwrap();
        let listener = api::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let http = listener.local_addr().unwrap().to_string();
        let device = running.handle.device();
        folder.write_addresses(&Addresses { http, listen: running.listen, device }).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let token = folder.token().unwrap();
        let serving = api::serve(listener, running.handle.clone(), token, async move {
            let _ = stopped.await;
        });
        let served = tokio::spawn(serving);
        let client = Client::open(folder.path()).unwrap();
        Self { client, handle: running.handle, dir, stop, served }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("node")
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.handle.stop().await.unwrap();
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        self.dir
    }

    /// A draft that lacks nothing.
    pub(crate) async fn case(&self, title: &str) -> String {
        self.client.create("case", &complete(title)).await.unwrap()
    }

    /// The heads of a record.
    /// Waits until so many records can be found.
    pub(crate) async fn until_indexed(&self, records: u64) {
        let mut followed = self.handle.followed();
        loop {
            self.handle.search().commit().unwrap();
            if self.handle.search().len() >= records {
                return;
            }
            followed.changed().await.unwrap();
        }
    }

    pub(crate) async fn heads(&self, id: &str) -> Vec<String> {
        strings(&self.client.show("case", id).await.unwrap()["heads"])
    }
}

/// A case that lacks nothing but a contact, which the organisation has.
pub(crate) fn complete(title: &str) -> Value {
    json!({
        "title": {"nb": title},
        "need": "Hjemmeboende skal kunne varsle når de faller.",
        "sector": ["health_care"],
        "phase": "need",
        "content_lang": "nb",
    })
}

/// The problem that a refused request came to.
pub(crate) fn problem<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Problem {
    match result {
        Err(ClientError::Refused(problem)) => *problem,
        other => panic!("expected a problem, got {other:?}"),
    }
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Waits for something to happen.
pub(crate) async fn heard(events: &mut broadcast::Receiver<Event>, what: impl Fn(&Event) -> bool) {
    let wait = async { while !what(&events.recv().await.expect("the node runs")) {} };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it happens in time");
}
