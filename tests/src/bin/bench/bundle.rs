//! `bench bundle --docs 1000,10000`: what a bundle costs to write and to read.
//!
//! Two offices of one organisation, each the real `praksis` over a folder of its own, and nothing between them but files.
//! One takes in so many cases; then, a row each:
//!
//! - **write**: everything that it holds, into a file;
//! - **read**: that file, at an office that holds none of it;
//! - **again**: the same file once more, when all of it is known;
//! - **since**: written again without what stands in the first, after one case more.
//!
//! Seconds from the start of the command to its end, the size of the file, and memory: what the node has resident
//! before, the most that it has meanwhile, and the most that the command has (looked at every few milliseconds).
//! Memory is told where the system tells it (Linux).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use praksis_protocol::id::DocumentId;
use praksis_tests::process::{Process, peak_kb};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, time::interval};

use crate::{Result, sync::Make};

/// Whose offices they are.
const ORG: &str = "310000027";
/// How often the memory of a command is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// Prints the table for each of the counts, such as `1000,10000`.
pub(crate) async fn run(counts: &str) -> Result<()> {
    println!(
        "{:>7} {:>6}  {:>8} {:>11} {:>8}  {:>8} {:>8} {:>8}",
        "docs", "what", "s", "bytes", "docs/s", "node MB", "peak MB", "cmd MB"
    );
    for count in counts.split(',') {
        table(count.parse()?).await?;
    }
    Ok(())
}

async fn table(count: usize) -> Result<()> {
    let first =
        Office::new(&["--name", "Bergen", "--contact", "innkjop@prove.example", "--association"]).await?;
    let second = Office::new(&["--office"]).await?;
    let request = second.home.path().join("request");
    fs::write(&request, second.word.as_bytes())?;
    let grant = first.home.path().join("grant");
    first.ask(&["org", "device", "add", text(&request), "--out", text(&grant)]).await?;
    second.ask(&["join", text(&grant)]).await?;
    first.take_in(0..count).await?;

    let (all, more) = (first.home.path().join("all"), first.home.path().join("more"));
    first.row(count, "write", &all, &["bundle", "write", text(&all), "--all"]).await?;
    let read = second.row(count, "read", &all, &["bundle", "read", text(&all)]).await?;
    let is_whole =
        read["complete"] == true && read["waiting"] == 0 && read["refused"] == serde_json::json!({});
    if !is_whole || read["new"].as_u64() < u64::try_from(count).ok() {
        return Err(format!("not all of it was read: {read}").into());
    }
    second.row(count, "again", &all, &["bundle", "read", text(&all)]).await?;
    first.take_in(count..count + 1).await?;
    let since = ["bundle", "write", text(&more), "--all", "--since", text(&all)];
    let written = first.row(count, "since", &more, &since).await?;
    if written["entries"] != 1 {
        return Err(format!("one case is new: {written}").into());
    }
    Ok(())
}

/// A node as a process of its own.
struct Office {
    process: Process,
    /// Outlives the process.
    home: TempDir,
    /// What `init` printed last: of an office, what it asks with.
    word: String,
}

impl Office {
    async fn new(options: &[&str]) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let made = praksis(&home)?.args(["init", "--org", ORG]).args(options).output().await?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        let word = String::from_utf8(made.stdout)?.lines().last().unwrap_or_default().to_owned();
        let mut command = praksis(&home)?.into_std();
        // Nobody is at documentation addresses: what is announced cannot be dialled.
        command.args(["run", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0"]);
        command.args(["--announce", "/ip4/192.0.2.1/tcp/9"]).env("RUST_LOG", "error");
        let mut process = Process::start(&mut command);
        process.line();
        Ok(Self { process, home, word })
    }

    /// Runs a command against it, to its end.
    async fn ask(&self, arguments: &[&str]) -> Result<(Value, Option<u64>)> {
        let mut command = praksis(&self.home)?;
        command.arg("--json").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn()?;
        let (id, mut looks, mut peak) = (child.id(), interval(LOOK), None);
        let mut ended = Box::pin(child.wait_with_output());
        let output = loop {
            tokio::select! {
                output = &mut ended => break output?,
                _ = looks.tick() => peak = id.and_then(peak_kb).or(peak),
            }
        };
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok((serde_json::from_slice(&output.stdout)?, peak))
    }

    /// Runs a command against it and prints what that took.
    async fn row(&self, count: usize, what: &str, file: &Path, arguments: &[&str]) -> Result<Value> {
        let node = self.process.id();
        let before = self.process.resident_bytes().map(|bytes| bytes / 1024);
        // The most from now on; where the system forgets nothing, it is the most so far.
        let _ = fs::write(format!("/proc/{node}/clear_refs"), "5");
        let began = Instant::now();
        let (answer, command) = self.ask(arguments).await?;
        let seconds = began.elapsed().as_secs_f64();
        let mb = |kb: Option<u64>| kb.map_or_else(|| "-".to_owned(), |kb| (kb / 1024).to_string());
        println!(
            "{count:>7} {what:>6}  {seconds:>8.3} {:>11} {:>8.0}  {:>8} {:>8} {:>8}",
            fs::metadata(file)?.len(),
            count as f64 / seconds,
            mb(before),
            mb(peak_kb(node)),
            mb(command),
        );
        Ok(answer)
    }

    /// Takes in the cases with these numbers.
    async fn take_in(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let count = numbers.len();
        let file = self.home.path().join("cases.jsonl");
        let mut contact = self.ask(&["contact", "list"]).await?.0;
        let contact: DocumentId = serde_json::from_value(contact["items"][0]["id"].take())?;
        let lines: Vec<String> =
            numbers.map(|number| Make::Short.case(number, 0, contact).to_string()).collect();
        fs::write(&file, lines.join("\n"))?;
        let (answer, _) = self.ask(&["import", text(&file)]).await?;
        if answer["imported"] == count { Ok(()) } else { Err(format!("not taken in: {answer}").into()) }
    }
}

/// The program that was built beside this one, on a folder.
fn praksis(home: &TempDir) -> Result<Command> {
    let program: PathBuf = std::env::current_exe()?.with_file_name("praksis");
    if !program.exists() {
        return Err(format!("{} is not there: build it with -p praksis", program.display()).into());
    }
    let mut command = Command::new(program);
    command.env("PRAKSIS_DIR", home.path().join("node")).stdin(Stdio::null());
    Ok(command)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders are named in plain letters")
}
