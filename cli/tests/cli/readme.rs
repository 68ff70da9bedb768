//! What the documents say is done: every command in their `sh` blocks, in order, in one scratch folder.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use tempfile::TempDir;

use crate::praksis::{Answer, PATIENCE, praksis};

/// The blocks of one language, each with the line that it begins at.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<(usize, Vec<&'a str>)> {
    let mut found: Vec<(usize, Vec<&str>)> = vec![];
    let mut open = false;
    for (number, line) in document.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(name) if !open && name == language => found.push((number + 2, vec![])),
            Some(_) if open => {}
            Some(_) | None => {
                if open && let Some((_, lines)) = found.last_mut() {
                    lines.push(line);
                }
            }
        }
        if let Some(name) = line.strip_prefix("```") {
            open = !open && name == language;
        }
    }
    found
}

/// A person who follows a document.
struct Reader {
    home: TempDir,
    path: String,
    /// What stands in the document, and what it is here: free ports, what was printed before.
    here: BTreeMap<&'static str, String>,
    serving: Vec<Child>,
}

impl Reader {
    fn new() -> Self {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_praksis"));
        let folder = binary.parent().expect("it is in a folder").display().to_string();
        let path = format!("{folder}:{}", env::var("PATH").unwrap_or_default());
        // Held together, so that they differ.
        let ports: Vec<TcpListener> =
            (0..4).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let here = ["7420", "7421", "7430", "7431"]
            .into_iter()
            .zip(&ports)
            .map(|(port, free)| (port, free.local_addr().expect("it is bound").port().to_string()));
        Self { home: TempDir::new().expect("a folder"), path, here: here.collect(), serving: vec![] }
    }

    fn shell(&self, line: &str) -> Command {
        let mut command = praksis();
        let environment: Vec<_> =
            command.get_envs().map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned))).collect();
        command = Command::new("sh");
        for (name, value) in environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["-c", line]).env("PATH", &self.path).env("RUST_LOG", "error").stdin(Stdio::null());
        command.env("PRAKSIS_DIR", "bergen"); // as the officer's page says, once
        command.current_dir(self.home.path());
        command
    }

    fn follow(&mut self, line: &str) {
        let mut line = line.to_owned();
        for (there, here) in &self.here {
            line = line.replace(there, here);
        }
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if words.get(1) == Some(&"--dir") {
            words.drain(1..3);
        }
        match words[..] {
            [] | ["cargo", "test" | "build", ..] => {}
            ["cargo", "run", "--release", "--", "demo"] => {
                let told = self.run("env -u PRAKSIS_DIR praksis demo --exit");
                assert!(told.out.lines().count() > 5, "{told:?}");
            }
            ["praksis", "run", ..] => self.serve(&line),
            ["praksis", "similar", ..] => self.until_similar(&line),
            ["praksis", ..] => {
                let told = self.run(&line);
                let word = told.out.split_whitespace().find(|word| word.len() >= 52);
                let name = match words[1..] {
                    ["invite", ..] => "INVITATION",
                    ["member", "requests"] => "ADDRESS",
                    ["case", "new", ..] => "ID",
                    _ => return,
                };
                let word = word.unwrap_or_else(|| panic!("{line} prints no {name}: {told:?}"));
                self.here.insert(name, word.to_owned());
            }
            ["curl" | "printf" | "sed" | "chmod", ..] => drop(self.run(&line)),
            _ => panic!("nobody has said how this is tried: {line}"),
        }
    }

    fn run(&self, line: &str) -> Answer {
        let told: Answer = self.shell(line).output().expect("the shell runs").into();
        assert_eq!(told.status, 0, "{line}: {told:?}");
        told
    }

    /// Serves, and goes on when the node says that it is ready.
    fn serve(&mut self, line: &str) {
        let mut child = self
            .shell(&format!("exec {line} --json"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the shell runs");
        let mut ready = String::new();
        let out = child.stdout.as_mut().expect("it was asked for");
        BufReader::new(out).read_line(&mut ready).expect("a line");
        self.serving.push(child);
        assert!(ready.starts_with("{\"ready\""), "{line}: {ready}");
    }

    /// What another node shared arrives by itself.
    fn until_similar(&self, line: &str) {
        let began = Instant::now();
        while !self.run(line).out.starts_with("1. ") {
            assert!(began.elapsed() < PATIENCE, "{line} finds nothing: {:?}", self.run(line));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in &mut self.serving {
            // It may have ended by itself; the test has said what it had to say.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn has_curl() -> bool {
    Command::new("curl").arg("--version").output().is_ok_and(|told| told.status.success())
}

#[test]
fn every_command_in_the_documents_works_as_it_stands_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
    let mut followed = 0;
    // The officer and the programmer begin where the README ends.
    for read in [&["README.md", "cli/OFFICER.md", "node/API.md"][..], &["node/README.md"]] {
        let mut reader = Reader::new();
        // A machine that tests need not have the program that the interface is shown with.
        for name in read.iter().filter(|name| **name != "node/API.md" || has_curl()) {
            let document = fs::read_to_string(root.join(name)).expect("it is there");
            for (_, lines) in blocks(&document, "json") {
                fs::write(reader.home.path().join("case.json"), lines.join("\n"))
                    .expect("the folder can be written");
            }
            for (number, lines) in blocks(&document, "sh") {
                for (offset, line) in lines.iter().enumerate() {
                    println!("{name}:{}: {line}", number + offset);
                    reader.follow(line);
                    followed += 1;
                }
            }
        }
    }
    assert!(followed >= 30, "{followed} commands");
}
