//! The same documents between two repositories of samod, over channels in memory.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use automerge::{Automerge, AutomergeError, ObjId, ObjType, ROOT, transaction::Transactable};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _, channel::mpsc, future::BoxFuture};
use samod::{AcceptorHandle, BackoffConfig, DialError, Dialer, DialerHandle, DocHandle, Repo, Transport};
use serde_json::{Map, Value};
use url::Url;

use crate::{Result, table::Row};

/// How long a step is waited for.
const PATIENCE: Duration = Duration::from_secs(400);

/// First sync of these documents, then what differs after 0, 1, 100 and 1,000 changes.
pub(crate) async fn run(records: &[Map<String, Value>]) -> Result<Vec<Row>> {
    let count = records.len();
    let from = Repo::build_tokio().with_peer_id("from".into()).load().await;
    let to = Repo::build_tokio().with_peer_id("to".into()).load().await;
    let mut documents = Vec::new();
    for record in records {
        documents.push(from.create(written(record)?).await?);
    }
    let line =
        Line { acceptor: from.make_acceptor(Url::parse("samod-channel://from")?)?, passed: Arc::default() };
    let mut rows = Vec::new();
    let mut held = Vec::new();
    let (changes, patience) = ([None, Some(0), Some(1), Some(100), Some(1000)], PATIENCE);
    for (round, changed) in changes.into_iter().enumerate() {
        let changed = changed.filter(|changed| *changed <= count);
        if round > 0 && changed.is_none() {
            continue;
        }
        for (number, document) in documents.iter().enumerate().take(changed.unwrap_or(0)) {
            document.with_document(|document| change(document, number, round))?;
        }
        line.passed.store(0, Ordering::Relaxed);
        let began = Instant::now();
        let dialled = to.dial(BackoffConfig::default(), Arc::new(line.clone()))?;
        let done = tokio::time::timeout(patience, level(&to, &dialled, &documents, &mut held)).await;
        let seconds = done.is_ok().then(|| began.elapsed().as_secs_f64());
        if let Ok(done) = done {
            done?;
        }
        let what = changed.map_or("first".to_owned(), |changed| format!("d={changed}"));
        eprintln!("# samod {what}: {seconds:?} s, {} bytes", line.passed.load(Ordering::Relaxed));
        rows.push(Row { what, seconds, bytes: line.passed.load(Ordering::Relaxed) });
        if seconds.is_none() {
            break;
        }
        dialled.close();
        let (mut connected, mut changes) = to.connected_peers();
        while !connected.is_empty() {
            connected = changes.next().await.ok_or("the repository has stopped")?;
        }
    }
    from.stop().await;
    to.stop().await;
    Ok(rows)
}

/// Until the one that dials holds every document, and every change of it.
async fn level(
    to: &Repo,
    dialled: &DialerHandle<Infallible>,
    documents: &[DocHandle],
    held: &mut Vec<DocHandle>,
) -> Result<()> {
    dialled.established().await.map_err(|_| "no connection")?;
    if held.is_empty() {
        for document in documents {
            held.push(to.find(document.document_id().clone()).await?.ok_or("a document is not found")?);
        }
    }
    let connection = dialled.connection_id().ok_or("no connection")?;
    for (ours, theirs) in held.iter().zip(documents) {
        ours.we_have_their_changes(connection).await;
        let heads = |handle: &DocHandle| handle.with_document(|document| document.get_heads());
        if heads(ours) != heads(theirs) {
            return Err("it says that it holds what it does not".into());
        }
    }
    Ok(())
}

fn written(record: &Map<String, Value>) -> Result<Automerge> {
    let mut document = Automerge::new();
    let done = document.transact(|change| put_map(change, &ROOT, record));
    done.map_err(|failure| failure.error)?;
    Ok(document)
}

/// One text differs, as in our own run.
fn change(document: &mut Automerge, number: usize, round: usize) -> Result<()> {
    let need = format!(
        "Behov {number}.{round}: vi oppdager for sent at en pumpe har stoppet, og kjører ut for ofte."
    );
    document.transact(|change| change.put(ROOT, "need", need)).map_err(|failure| failure.error)?;
    Ok(())
}

fn put_map(
    to: &mut impl Transactable,
    at: &ObjId,
    map: &Map<String, Value>,
) -> std::result::Result<(), AutomergeError> {
    for (key, value) in map {
        match value {
            Value::Object(inner) => {
                let inner_at = to.put_object(at, key.as_str(), ObjType::Map)?;
                put_map(to, &inner_at, inner)?;
            }
            Value::Array(items) => {
                let list = to.put_object(at, key.as_str(), ObjType::List)?;
                for (index, item) in items.iter().enumerate() {
                    to.insert(&list, index, item.as_str().unwrap_or_default())?;
                }
            }
            Value::String(text) => to.put(at, key.as_str(), text.as_str())?,
            Value::Number(number) => to.put(at, key.as_str(), number.as_i64().unwrap_or_default())?,
            Value::Bool(truth) => to.put(at, key.as_str(), *truth)?,
            Value::Null => {}
        }
    }
    Ok(())
}

/// A way to the other that counts what goes over it, both ways.
#[derive(Clone)]
struct Line {
    acceptor: AcceptorHandle,
    passed: Arc<AtomicU64>,
}

impl Dialer for Line {
    type Error = Infallible;

    fn url(&self) -> Url {
        Url::parse("channel://from").expect("a URL")
    }

    fn connect(&self) -> BoxFuture<'static, std::result::Result<Transport, DialError<Infallible>>> {
        let Self { acceptor, passed } = self.clone();
        async move {
            let (near, from_near) = mpsc::unbounded::<Vec<u8>>();
            let (far, from_far) = mpsc::unbounded::<Vec<u8>>();
            let counted = |receiver: mpsc::UnboundedReceiver<Vec<u8>>| {
                let passed = passed.clone();
                receiver.map(move |bytes| {
                    passed.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    Ok::<_, Infallible>(bytes)
                })
            };
            let far = far.sink_map_err(std::io::Error::other);
            acceptor.accept(Transport::new(counted(from_near), far)).map_err(DialError::transient)?;
            Ok(Transport::new(counted(from_far), near.sink_map_err(std::io::Error::other)))
        }
        .boxed()
    }
}
