//! The text of a PDF, read in a process of its own.
//!
//! The reader panics, recurses and inflates as the file tells it to. So the program runs itself again, under a name that
//! people are not shown, with limits on memory and time; what becomes of that process hurts nobody. It is given the file on
//! standard input and prints one line of JSON at its end: `{"text"}` or `{"problem"}`. Where the system cannot bound
//! a process's memory (Windows), time and the file's size bound it alone.

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use pdf_extract::{OutputError, PlainTextOutput};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

use super::{Error, FILE_LIMIT, TEXT_LIMIT};
use crate::platform;

/// Memory of the reader, in bytes: of the largest file that is read, sixteen times.
const MEMORY: u64 = 512 * 1024 * 1024;
/// Time on the processor, in seconds. A report of a hundred pages takes one.
const PROCESSOR_S: u64 = 10;
/// Time by the clock: on a busy machine the reader waits its turn.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of the reader's answer: each character may be written as an escape of six.
const ANSWER: u64 = 8 * TEXT_LIMIT as u64;
/// Fewer letters in the whole file than this are marks on scanned pages.
const LETTERS: usize = 20;

/// How the program runs itself as the reader.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The program.
    pub program: PathBuf,
    /// What makes it call [`child`].
    pub arguments: Vec<OsString>,
    /// How long it may take: [`PATIENCE`].
    pub patience: Duration,
}

impl Reader {
    /// The text of a PDF.
    ///
    /// # Errors
    /// When there is none, or the reader did not come to an end within its limits.
    pub async fn text(&self, bytes: Vec<u8>) -> Result<String, Error> {
        let failed = |error: io::Error| Error::NoReader(error.to_string());
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let mut input = child.stdin.take().expect("it was asked for");
        let mut output = child.stdout.take().expect("it was asked for").take(ANSWER);
        let mut answer = Vec::new();
        let talking = async {
            // A reader that has ended reads no further; what it said tells why.
            let told = async {
                let _ = input.write_all(&bytes).await;
                drop(input);
            };
            let (_, heard) = tokio::join!(told, output.read_to_end(&mut answer));
            heard?;
            child.wait().await
        };
        let ended = tokio::time::timeout(self.patience, talking).await.map_err(|_| Error::TooHeavy)?;
        if !ended.map_err(failed)?.success() {
            return Err(Error::TooHeavy);
        }
        understand(&answer)
    }
}

/// What the reader said at its end.
fn understand(answer: &[u8]) -> Result<String, Error> {
    let damaged = |why: &str| Error::Damaged { format: "PDF", why: why.to_owned() };
    let last = answer.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let answer: Value = serde_json::from_slice(last).map_err(|_| damaged("the reader said nothing"))?;
    match (answer["text"].as_str(), answer["problem"].as_str()) {
        (Some(text), _) if text.chars().filter(|c| c.is_alphabetic()).count() < LETTERS => Err(Error::NoText),
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some("encrypted")) => Err(Error::Encrypted),
        (None, problem) => Err(damaged(problem.unwrap_or("the reader said nothing"))),
    }
}

/// What the reader's process does: bounds itself, reads standard input and prints its answer.
///
/// # Errors
/// When the limits cannot be set, or nobody listens.
pub fn child() -> io::Result<()> {
    platform::bound_this_process(MEMORY, PROCESSOR_S)?;
    let mut bytes = Vec::new();
    io::stdin().lock().take(FILE_LIMIT as u64).read_to_end(&mut bytes)?;
    panic::set_hook(Box::new(|_| {}));
    let read = panic::catch_unwind(AssertUnwindSafe(|| extract(&bytes)));
    let answer = match read {
        Ok(Ok(text)) => json!({"text": text}),
        Ok(Err(problem)) => json!({"problem": problem}),
        Err(_) => json!({"problem": "the reader gave up on it"}),
    };
    // A line of its own, whatever the reader printed before.
    writeln!(io::stdout().lock(), "\n{answer}")
}

fn extract(bytes: &[u8]) -> Result<String, String> {
    let mut document = pdf_extract::Document::load_mem(bytes).map_err(|error| error.to_string())?;
    // Many a file only says what may be done with it, and opens for everybody.
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err("encrypted".to_owned());
    }
    let mut text = Bounded(Vec::new());
    let read = pdf_extract::output_doc(&document, &mut PlainTextOutput::new(&mut text as &mut dyn io::Write));
    match read {
        Err(_) if text.is_full() => {}
        Ok(()) => {}
        Err(OutputError::PdfError(_)) if text.0.is_empty() => {
            return Err("its pages cannot be read".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    }
    let text = String::from_utf8_lossy(&text.0);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    Ok(paragraphs.map(|lines| lines.join("\n")).collect::<Vec<_>>().join("\n\n"))
}

/// Takes text until it has enough.
struct Bounded(Vec<u8>);

impl Bounded {
    fn is_full(&self) -> bool {
        self.0.len() >= TEXT_LIMIT
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full() {
            return Err(io::Error::other("enough"));
        }
        let taken = bytes.len().min(TEXT_LIMIT - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
