//! The real binary: nodes in folders of their own, and what it prints.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const KS: &str = "310000043";
pub(crate) const BERGEN: &str = "310000027";
pub(crate) const TRONDHEIM: &str = "310000019";
pub(crate) const BAERUM: &str = "310000035";

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the binary answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// The JSON on standard output, of a command that succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error on standard error, of a command that failed.
    pub(crate) fn error(&self) -> Value {
        let last = self.err.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        error["error"].clone()
    }

    pub(crate) fn kind(&self) -> String {
        self.error()["kind"].as_str().unwrap_or_default().to_owned()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the binary prints UTF-8");
        Self {
            status: output.status.code().expect("no signal ended it"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// The binary, untouched by the environment of whoever runs the tests.
pub(crate) fn praksis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_praksis"));
    for name in ["PRAKSIS_DIR", "VISUAL", "EDITOR", "RUST_LOG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"]
        .into_iter()
        .chain(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"])
    {
        command.env_remove(name);
    }
    command.env("LANG", "nb_NO.UTF-8").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Answer {
    praksis().args(arguments).output().expect("the binary runs").into()
}

/// A folder with a node, and the process that serves it.
pub(crate) struct Node {
    home: TempDir,
    process: Option<Child>,
}

impl Node {
    /// A folder without a node.
    pub(crate) fn nowhere() -> Self {
        Self { home: TempDir::new().expect("a folder"), process: None }
    }

    /// A node that was made and is not served.
    pub(crate) fn made(number: &str, more: &[&str]) -> Self {
        let node = Self::nowhere();
        let made = node.run(
            &[&["init", "--org", number, "--name", number, "--contact", "innkjop@prove.example"], more]
                .concat(),
        );
        assert_eq!(made.status, 0, "{made:?}");
        node
    }

    /// A node that is served.
    pub(crate) fn served(number: &str, more: &[&str]) -> Self {
        let mut node = Self::made(number, more);
        node.serve();
        node
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("node")
    }

    /// Serves the folder; comes back when it is ready.
    pub(crate) fn serve(&mut self) -> Value {
        self.serve_with(&[])
    }

    /// As [`serve`](Self::serve), with more options.
    pub(crate) fn serve_with(&mut self, more: &[&str]) -> Value {
        let mut process = praksis()
            .args(["run", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--dir"])
            .arg(self.dir())
            .args(more)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let out = process.stdout.as_mut().expect("it was asked for");
        BufReader::new(out).read_line(&mut line).expect("a line");
        self.process = Some(process);
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        ready["ready"].clone()
    }

    /// Asks the process to stop as the system does, and gives its exit status.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let mut process = self.process.take().expect("it is served");
        let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        process.wait().expect("it ends").code()
    }

    /// Ends the process at once, as a power cut does.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it is served");
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
    }

    /// Memory of the process that serves, where the system says so.
    pub(crate) fn resident_mb(&self) -> u64 {
        let process = self.process.as_ref().expect("it is served");
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
    }

    /// Comes into the network of an association.
    pub(crate) fn joins(&self, association: &Self, number: &str) {
        let invitation = association.json(&["invite", "--org", number]).json();
        self.json(&["join", invitation["invitation"].as_str().expect("one string")]).json();
    }

    /// Runs a command on this folder, as a person does.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.command(arguments).output().expect("the binary runs").into()
    }

    /// Runs a command on this folder, as a program does.
    pub(crate) fn json(&self, arguments: &[&str]) -> Answer {
        self.run(&[arguments, &["--json"]].concat())
    }

    /// As [`json`](Self::json); a command that goes on and on is ended, and gives nothing.
    pub(crate) fn json_at_last(&self, arguments: &[&str]) -> Option<Answer> {
        let mut command = self.command(&[arguments, &["--json"]].concat());
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let number = process.id().to_string();
        let (sender, ended) = mpsc::channel();
        let waiting = thread::spawn(move || {
            // Whoever waits may have given up.
            let _ = sender.send(process.wait_with_output().expect("it ends"));
        });
        let answer = ended.recv_timeout(PATIENCE / 4).ok().map(Answer::from);
        if answer.is_none() {
            Command::new("kill").args(["-KILL", &number]).status().expect("kill runs");
        }
        waiting.join().expect("it waits");
        answer
    }

    /// Runs a command that is told something on standard input.
    pub(crate) fn told(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary runs");
        let mut stdin = process.stdin.take().expect("it was asked for");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        process.wait_with_output().expect("it ends").into()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = praksis();
        command.args(arguments).arg("--dir").arg(self.dir());
        command
    }

    /// A file beside the node's folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, content).expect("the folder can be written");
        path.display().to_string()
    }

    /// Asks until there is what is asked for.
    pub(crate) fn until_found(&self, arguments: &[&str]) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.json(arguments);
            if answer.status == 0 {
                return answer.json();
            }
            assert_eq!(answer.kind(), "not_found", "{answer:?}");
            assert!(began.elapsed() < PATIENCE, "{arguments:?}: {answer:?}");
        }
    }

    /// Asks until the answer is the one waited for: what others write arrives by itself.
    pub(crate) fn until(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.json(arguments).json();
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "{arguments:?}: {answer}");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself; the test has said what it had to say.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A case that can be shared.
pub(crate) const CASE: &str = r#"
title = "Digital vannmåler med lekkasjevarsling"
need = "Kommunen taper en tredel av drikkevannet i lekkasjer som ingen ser."
sector = ["water_waste_energy"]
phase = "need"
"#;
