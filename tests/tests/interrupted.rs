//! A first sync that is interrupted goes on where it was: two processes, killed or parted half-way.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use praksis_node::folder::{self, Beginning};
use praksis_tests::{
    auditor::copy_folder,
    link::{Link, NOWHERE, now_us},
    process::Process,
};
use serde_json::Value;

const DOCUMENTS: usize = 800;

/// What may come twice, of all bytes: the answers that are under way or not yet durable, at most three, and the list of
/// what is there. Whoever began again would read half of it twice.
const TWICE_PERCENT: u64 = 40;

/// One node has written, and another has joined it and was stopped.
struct Pair {
    link: Link,
    from_dir: PathBuf,
    from: Process,
    /// The folder of the other, copied for each first sync.
    joined: PathBuf,
}

impl Pair {
    async fn new(home: &Path) -> Self {
        let (from_dir, joined) = (home.join("from"), home.join("joined"));
        let beginning = |number: &str| Beginning {
            number: number.into(),
            name: number.into(),
            card: serde_json::Map::new(),
            contact: None,
        };
        folder::association(&from_dir, &beginning("310000027")).expect("a folder");
        folder::organisation(&joined, &beginning("310000043")).expect("a folder");
        let link = Link::new().await.expect("a link");
        let mut from = node(&from_dir, &link.address());
        link.lead_to(&listen(&mut from));
        let mut to = node(&joined, NOWHERE);
        listen(&mut to);
        let ticket = ask(&mut from, "invite 310000043");
        ask(&mut to, &format!("join {}", ticket.as_str().expect("a ticket")));
        ask(&mut to, "level 0 0");
        to.until_end();
        ask(&mut from, &format!("write {DOCUMENTS} short"));
        Self { link, from_dir, from, joined }
    }

    /// Brings a node that has nothing level, and disturbs it half-way; all bytes that went over the link.
    fn first_sync(&mut self, name: &str, disturb: impl FnOnce(&mut Self, Process, &Path) -> Process) -> u64 {
        let dir = self.joined.with_file_name(name);
        copy_folder(&self.joined, &dir);
        let before = self.link.passed();
        let mut to = node(&dir, NOWHERE);
        listen(&mut to);
        let held = ask(&mut to, &format!("hold {}", DOCUMENTS / 2)).as_u64().expect("a number");
        assert!(held < DOCUMENTS as u64 * 9 / 10, "{name}: too late, it holds {held}");
        let disturbed_us = now_us();
        let mut to = disturb(self, to, &dir);
        ask(&mut to, &format!("level {DOCUMENTS} {disturbed_us}"));
        to.until_end();
        self.link.passed() - before
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_that_is_interrupted_goes_on_where_it_was() {
    let home = tempfile::tempdir().expect("a folder");
    let mut pair = Pair::new(home.path()).await;
    let undisturbed = pair.first_sync("undisturbed", |_, to, _| to);
    let reader_killed = pair.first_sync("reader", |_, mut to, dir| {
        to.kill();
        let mut to = node(dir, NOWHERE);
        listen(&mut to);
        to
    });
    let parted = pair.first_sync("parted", |pair, to, _| {
        pair.link.cut();
        pair.link.mend();
        to
    });
    let writer_killed = pair.first_sync("writer", |pair, to, _| {
        pair.from.kill();
        pair.from = node(&pair.from_dir, &pair.link.address());
        pair.link.lead_to(&listen(&mut pair.from));
        to
    });
    for (what, bytes) in
        [("the reader killed", reader_killed), ("parted", parted), ("the writer killed", writer_killed)]
    {
        let most = undisturbed + undisturbed * TWICE_PERCENT / 100;
        assert!(bytes <= most, "{what}: {bytes} bytes, undisturbed {undisturbed}");
    }
}

fn node(dir: &Path, announce: &str) -> Process {
    Process::start(Command::new(env!("CARGO_BIN_EXE_bench")).arg("node").arg(dir).arg(announce))
}

/// Where a node listens, once it is ready.
fn listen(node: &mut Process) -> String {
    let ready: Value = serde_json::from_str(&node.line()).expect("JSON");
    ready["ready"].as_str().expect("an address").to_owned()
}

fn ask(node: &mut Process, line: &str) -> Value {
    node.say(line);
    serde_json::from_str(&node.line()).expect("JSON")
}
