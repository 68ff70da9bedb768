//! `bench sync --docs 1000,10000,100000`: what it costs to bring two nodes level.
//!
//! Two nodes as processes of their own, over a link on loopback and with real stores in temporary folders.
//! One writes and shares while the other is away. Then, for each number and make of documents:
//!
//! - **first**: the other's first sync, from the link's first connection until the last document is durable, and until
//!   both have agreed that they are level (digests are compared a fifth of a second after the last change);
//! - **d**: the link is cut, d documents are changed, and from the next connection until level;
//! - **start**: the other is started again, from its first instruction until it answers;
//! - **again**: a first sync once more, of the documents as they have become;
//! - **cut**, **kill to**, **kill fr**, **full**: the same disturbed half-way, and how many bytes more than undisturbed it
//!   took. The disk is full until the node has stopped, and there is room when it is started again; only an
//!   administrator may mount a disk for that.
//!
//! Time, CPU of each process, our payload and all bytes, both ways together, messages, and memory.

mod disk;
mod documents;
mod figures;
mod node;

use std::{path::Path, process::Stdio};

use praksis_protocol::id::DocumentId;
use praksis_tests::{
    auditor::copy_folder,
    link::{Link, NOWHERE, now_us},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::Result;
use disk::Disk;
use figures::Figures;
pub(crate) use {documents::Make, figures::resident_kb, node::run as run_node};

/// How many documents are changed between two connections.
const CHANGED: [usize; 4] = [0, 1, 100, 1000];

/// Prints the table for each of the counts, such as `1000,10000`; of the long make alone those up to 10,000.
pub(crate) async fn run(counts: &str, makes: Option<&str>) -> Result<()> {
    println!(
        "{:>6} {:>6} {:>6}  {:>8} {:>8}  {:>9} {:>9}  {:>10} {:>10} {:>5}  {:>6} {:>6}",
        "docs",
        "make",
        "what",
        "all s",
        "level s",
        "cpu to",
        "cpu from",
        "payload",
        "all bytes",
        "msgs",
        "MB to",
        "MB fr"
    );
    for count in counts.split(',') {
        for make in Make::ALL.into_iter().filter(|make| makes.is_none_or(|name| name == make.name())) {
            Table { count: count.parse()?, make }.print().await?;
        }
    }
    Ok(())
}

/// The documents that the table is about, as JSON, one on a line: for a program that is to be compared.
pub(crate) fn print_documents(count: usize, make: &str) -> Result<()> {
    let make = Make::read(make)?;
    let contact = DocumentId([7; 32]);
    for number in 0..count {
        println!("{}", make.case(number, 0, contact));
    }
    Ok(())
}

struct Table {
    count: usize,
    make: Make,
}

impl Table {
    async fn print(&self) -> Result<()> {
        let home = tempfile::tempdir()?;
        let (from_dir, to_dir) = (home.path().join("from"), home.path().join("to"));
        node::make(&from_dir, "310000027", true)?;
        node::make(&to_dir, "310000043", false)?;
        let link = Link::new().await?;
        let mut from = Node::start(&from_dir, &link.address()).await?;
        link.lead_to(&from.listen);
        let mut to = Node::start(&to_dir, NOWHERE).await?;
        // Its own card and contact are documents too.
        from.ask(&format!("widen {}", self.count + 100)).await?;
        let ticket = from.ask("invite 310000043").await?;
        to.ask(&format!("join {}", ticket.as_str().ok_or("no ticket")?)).await?;
        // Level once, so that each knows where the other is.
        to.ask("level 0 0").await?;
        to.stop().await?;
        let joined = home.path().join("joined");
        copy_folder(&to_dir, &joined);
        let (count, make) = (self.count, self.make.name());
        let written = from.ask(&format!("write {count} {make}")).await?;
        let seconds = |field: &str| written[field].as_f64().unwrap_or_default() / 1e6;
        eprintln!(
            "# {count} {make}: drafted in {:.1} s, shared in {:.1} s",
            seconds("draft_us"),
            seconds("share_us")
        );

        let before = (Figures::default(), from.figures().await?);
        let mut to = Node::start(&to_dir, NOWHERE).await?;
        self.row("first", &mut to, &mut from, before, 0, &link).await?;
        for (round, changed) in CHANGED.into_iter().filter(|changed| *changed <= count).enumerate() {
            link.cut();
            from.ask(&format!("change {changed} {} {make}", round + 1)).await?;
            let before = (to.figures().await?, from.figures().await?);
            let after_us = now_us();
            link.mend();
            self.row(&format!("d={changed}"), &mut to, &mut from, before, after_us, &link).await?;
        }
        link.cut();
        to.stop().await?;
        let began_us = now_us();
        let mut to = Node::start(&to_dir, NOWHERE).await?;
        let (ready, figures) = (to.ready_us - began_us, to.figures().await?);
        println!(
            "{count:>6} {make:>6} {:>6}  {:>8.3} {:>8}  {:>9.3} {:>9}  {:>10} {:>10} {:>5}  {:>6} {:>6}",
            "start",
            ready as f64 / 1e6,
            "",
            figures.cpu_ms as f64 / 1e3,
            "",
            "",
            "",
            "",
            figures.resident_kb / 1024,
            ""
        );
        to.stop().await?;
        link.mend();
        let mut undisturbed = None;
        for how in Disturbance::ALL {
            let mount = home.path().join(how.name().replace(' ', "-"));
            let disk = matches!(how, Disturbance::Full).then(|| Disk::mount(&mount)).transpose();
            let disk = match disk {
                Ok(disk) => disk,
                Err(why) => {
                    eprintln!("# full: left out: {why}");
                    continue;
                }
            };
            let dir = mount.join("node");
            copy_folder(&joined, &dir);
            let (passed, began_us) = (link.passed(), now_us());
            let mut to = Node::start(&dir, NOWHERE).await?;
            let held = to.ask(&format!("hold {}", count / 2)).await?;
            match how {
                Disturbance::None => {}
                Disturbance::Cut => {
                    link.cut();
                    link.mend();
                }
                Disturbance::KillTo => {
                    to.child.kill().await?;
                    to = Node::start(&dir, NOWHERE).await?;
                }
                Disturbance::Full => {
                    let disk = disk.as_ref().ok_or("no disk")?;
                    disk.fill()?;
                    // It ends while it is waited for, unless all was there before the disk was full.
                    if to.ask(&format!("level {count} {began_us}")).await.is_ok() {
                        eprintln!("# full: left out: all of it was there already");
                        to.stop().await?;
                        continue;
                    }
                    to.child.wait().await?;
                    disk.clear()?;
                    to = Node::start(&dir, NOWHERE).await?;
                }
                Disturbance::KillFrom => {
                    from.child.kill().await?;
                    from = Node::start(&from_dir, &link.address()).await?;
                    link.lead_to(&from.listen);
                }
            }
            let kept = if matches!(how, Disturbance::KillTo | Disturbance::Full) {
                to.held
            } else {
                held.as_u64().unwrap_or_default()
            };
            to.ask(&format!("level {count} {}", now_us())).await?;
            let (all, took) = (link.passed() - passed, now_us() - began_us);
            let more = (all as f64 / *undisturbed.get_or_insert(all) as f64 - 1.0) * 100.0;
            println!(
                "{count:>6} {make:>6} {:>7} {:>17.3}  {:>31} {all:>10}  {more:+.1} %, from {kept} on",
                how.name(),
                took as f64 / 1e6,
                ""
            );
            to.stop().await?;
        }
        from.stop().await
    }

    /// Waits until both are level, and says what it took.
    async fn row(
        &self,
        what: &str,
        to: &mut Node,
        from: &mut Node,
        before: (Figures, Figures),
        after_us: u64,
        link: &Link,
    ) -> Result<()> {
        let level = to.ask(&format!("level {} {after_us}", self.count)).await?;
        let figures = (to.figures().await? - before.0, from.figures().await? - before.1);
        let began_us = link.accepted_us();
        let since = |field: &str| {
            let at_us = level[field].as_u64().filter(|at| *at >= began_us);
            at_us.map_or("-".into(), |at_us| format!("{:.3}", (at_us - began_us) as f64 / 1e6))
        };
        println!(
            "{:>6} {:>6} {what:>6}  {:>8} {:>8}  {:>9.3} {:>9.3}  {:>10} {:>10} {:>5}  {:>6} {:>6}",
            self.count,
            self.make.name(),
            since("changed_us"),
            since("level_us"),
            cpu_s(&figures.0),
            cpu_s(&figures.1),
            figures.1.payload_in + figures.1.payload_out,
            figures.1.socket_in + figures.1.socket_out,
            figures.1.messages,
            figures.0.resident_kb / 1024,
            figures.1.resident_kb / 1024,
        );
        Ok(())
    }
}

/// What is exact of it is of use where little was done.
fn cpu_s(figures: &Figures) -> f64 {
    if figures.cpu_ms > 1000 { figures.cpu_ms as f64 / 1e3 } else { figures.cpu_us as f64 / 1e6 }
}

/// What happens half-way through a first sync.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    None,
    Cut,
    KillTo,
    KillFrom,
    Full,
}

impl Disturbance {
    const ALL: [Self; 5] = [Self::None, Self::Cut, Self::KillTo, Self::KillFrom, Self::Full];

    fn name(self) -> &'static str {
        match self {
            Self::None => "again",
            Self::Cut => "cut",
            Self::KillTo => "kill to",
            Self::KillFrom => "kill fr",
            Self::Full => "full",
        }
    }
}

/// A node as a process of its own.
struct Node {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    listen: String,
    ready_us: u64,
    /// Documents of the network that it held then.
    held: u64,
}

impl Node {
    async fn start(dir: &Path, announce: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("node").arg(dir).arg(announce);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdin = child.stdin.take().ok_or("no input")?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut node = Self { child, stdin, lines, listen: String::new(), ready_us: 0, held: 0 };
        let ready = node.line().await?;
        node.listen = ready["ready"].as_str().ok_or("not ready")?.to_owned();
        node.ready_us = ready["at_us"].as_u64().ok_or("not ready")?;
        node.held = ready["documents"].as_u64().ok_or("not ready")?;
        Ok(node)
    }

    async fn ask(&mut self, line: &str) -> Result<Value> {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await?;
        self.stdin.flush().await?;
        self.line().await
    }

    async fn line(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.lines.next_line().await?.ok_or("the node ended")?)?)
    }

    async fn figures(&mut self) -> Result<Figures> {
        Ok(serde_json::from_value(self.ask("figures").await?)?)
    }

    async fn stop(mut self) -> Result<()> {
        drop(self.stdin);
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(format!("the node ended: {status}").into()) }
    }
}
