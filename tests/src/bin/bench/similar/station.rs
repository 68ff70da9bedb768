//! A node of its own, served, with cases brought in through its interface.

use std::{collections::HashMap, path::Path};

use praksis_node::{api, client::Client, handle::Handle};
use praksis_protocol::cpv::Cpv;
use praksis_tests::node::Node;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use super::data::Document;
use crate::Result;

/// Letters of the longest title, and of the longest text, that the interface takes.
const TITLE_MAX: usize = 200;
const TEXT_MAX: usize = 20_000;

pub(crate) struct Station {
    client: Client,
    node: Node,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    _dir: TempDir,
}

impl Station {
    pub(crate) async fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let node = Node::organisation(&dir.path().join("node"), "310000019").await;
        let listener = api::bind("127.0.0.1:0".parse()?).await?;
        let address = listener.local_addr()?.to_string();
        let token = node.handle().folder().token()?;
        let client = Client::new(&address, &token)?;
        let (stop, stopped) = oneshot::channel();
        let serving = api::serve(listener, node.handle().clone(), token, async move {
            // Whether told to or abandoned, it ends.
            let _ = stopped.await;
        });
        Ok(Self { client, node, stop, served: tokio::spawn(serving), _dir: dir })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.node.handle()
    }

    /// Imports documents as cases; the benchmark's name of each, by record id.
    pub(crate) async fn load(&self, documents: &[Document]) -> Result<HashMap<String, String>> {
        let lines: Vec<String> = documents.iter().map(|document| case(document).to_string()).collect();
        let done = self.client.import("corpus.jsonl", lines.join("\n").into_bytes(), |_| {}).await?;
        if done.imported != documents.len() as u64 {
            return Err(format!("of {} documents: {done:?}", documents.len()).into());
        }
        let mut followed = self.handle().followed();
        loop {
            self.handle().search().commit()?;
            if self.handle().search().len() == done.imported {
                break;
            }
            followed.changed().await?;
        }
        self.handle().search().settle()?;
        let mut exported = Vec::new();
        self.client.export("lines", None, &mut exported).await?;
        let mut names = HashMap::new();
        for line in exported.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line)?;
            let name = line["case"]["external_ids"][0]["value"].as_str().ok_or("a case without its name")?;
            names.insert(line["id"].as_str().ok_or("a case without id")?.to_owned(), name.to_owned());
        }
        Ok(names)
    }

    /// Imports a CPV list.
    pub(crate) async fn vocabulary(&self, file: &Path) -> Result<()> {
        self.client.import_vocabulary(std::fs::read(file)?).await?;
        Ok(())
    }

    pub(crate) async fn stop(self) -> Result<()> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        self.served.await??;
        self.node.stop().await;
        Ok(())
    }
}

/// A document as a case. What the domain knows no CPV division of is left out.
fn case(document: &Document) -> Value {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let mut case = json!({
        "content_lang": document.lang,
        "external_ids": [{"scheme": "archive", "value": document.id}],
    });
    let text = document.text.trim();
    let title = document.title.replace('\n', " ");
    if !title.trim().is_empty() {
        case["title"] = json!({&document.lang: cut(title.trim(), TITLE_MAX)});
    }
    if !text.is_empty() {
        case["need"] = cut(text, TEXT_MAX).into();
    }
    let cpv: Vec<&String> = document.cpv.iter().filter(|code| code.parse::<Cpv>().is_ok()).collect();
    if let Some((main, rest)) = cpv.split_first() {
        case["cpv_main"] = main.as_str().into();
        if !rest.is_empty() {
            case["cpv_additional"] = json!(rest);
        }
    }
    case
}
