//! What every command is given: the folder, the language, and where its words go.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use praksis_node::{
    client::{Client, ClientError, Progress},
    key::KeyError,
    locale::{self, Argument},
    platform,
};
use praksis_protocol::language::Language;
use serde_json::Value;

use crate::{args::Args, failure::Failure, init::command, refused};

pub(crate) struct Context {
    /// The node's folder.
    pub(crate) dir: PathBuf,
    /// Whether the folder was named, or is the platform's.
    pub(crate) dir_given: bool,
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// The language of people's words.
    pub(crate) language: Language,
}

impl Context {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let language = args.language();
        let Some(dir) = args.dir.clone().or_else(platform::default_folder) else {
            let hint = locale::text(language, "dir-unknown-hint", &[]);
            return Err(Failure::misuse(locale::text(language, "dir-unknown", &[]), hint));
        };
        Ok(Self { dir, dir_given: args.dir.is_some(), json: args.json, language })
    }

    /// The node that serves the folder.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let client = Client::open(&self.dir).map_err(|error| self.failed(error))?;
        Ok(client.in_language(self.language.code()))
    }

    /// A message in the language asked for.
    pub(crate) fn text(&self, key: &str, arguments: &[(&'static str, Argument<'_>)]) -> String {
        locale::text(self.language, key, arguments)
    }

    /// A failure told by the messages `key` and `key-hint`.
    pub(crate) fn failure(
        &self,
        kind: &str,
        key: &str,
        arguments: &[(&'static str, Argument<'_>)],
    ) -> Failure {
        let hint = locale::find(self.language, &format!("{key}-hint"), arguments);
        Failure::new(kind, self.text(key, arguments), hint.unwrap_or_default())
    }

    /// A key or the token that cannot be used.
    pub(crate) fn key_failure(&self, error: &KeyError) -> Failure {
        match error {
            KeyError::Exposed { path, mend } => {
                let file = path.display().to_string();
                let arguments = [("file", file.into()), ("command", mend.as_str().into())];
                self.failure("not_allowed", "key-exposed", &arguments)
            }
            KeyError::NotAKey { .. } | KeyError::Io { .. } => {
                self.failure("storage", "folder-failed", &[("why", error.to_string().into())])
            }
        }
    }

    /// What the node, or the way to it, answered instead of a result.
    pub(crate) fn failed(&self, error: ClientError) -> Failure {
        match &error {
            ClientError::NoNode { dir } => {
                let run = command(self, "run");
                let dir = dir.display().to_string();
                self.failure("no_node", "no-node", &[("dir", dir.into()), ("command", run.into())])
            }
            ClientError::Refused(problem) => refused::failure(self, problem),
            ClientError::Folder { .. }
            | ClientError::Http { .. }
            | ClientError::Answer { .. }
            | ClientError::Output { .. }
            | ClientError::CutShort => Failure::new(error.kind(), error.to_string(), error.hint()),
        }
    }

    /// Prints a result: the JSON as it came, or the words.
    pub(crate) fn show(&self, value: &Value, words: impl FnOnce() -> String) -> Result<(), Failure> {
        let text = if self.json { value.to_string() } else { words() };
        self.print(&text)
    }

    /// Prints a line, or several. Whoever reads may have had enough: that is no failure.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
                "storage",
                self.text("cannot-print", &[("why", error.to_string().into())]),
                "",
            )),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// A word beside the result, on standard error and for people only.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            // Nothing rests on it.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// Asks a person at the terminal; yes in any of our languages is yes.
    pub(crate) fn agreed(&self, question: &str) -> Result<bool, Failure> {
        let mut answer = String::new();
        let asked = write!(io::stderr().lock(), "{question} ");
        asked.and_then(|()| io::stdin().read_line(&mut answer)).map_err(|error| {
            let why = error.to_string();
            self.failure("storage", "file-unreadable", &[("file", "-".into()), ("why", why.into())])
        })?;
        Ok(["j", "ja", "y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }

    /// A bar for long work: on a terminal, and only there.
    pub(crate) fn progress(&self, key: &str) -> Bar {
        if self.json || !io::stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len} {eta}")
            .expect("the template is right")
            .progress_chars("━╸─");
        Bar(ProgressBar::new(0).with_style(style).with_message(self.text(key, &[])))
    }

    /// A sign of life while nobody knows how long it takes.
    pub(crate) fn waiting(&self, key: &str) -> Bar {
        if self.json || !io::stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(self.text(key, &[]));
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar(bar)
    }
}

/// How far long work has come.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn set(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
