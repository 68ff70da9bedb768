//! Programs of this project as processes of their own: what they print, and their end.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything that a test waits for takes; what is waited for is a line or the end.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts it. What it says on standard error is the test's own.
    ///
    /// # Panics
    /// When the system does not start it.
    pub fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("it was asked for");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Says something to it.
    ///
    /// # Panics
    /// When it has ended.
    pub fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("it was asked for");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("it listens");
    }

    /// The next line, waited for.
    ///
    /// # Panics
    /// When none comes.
    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no line within {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended: {:?}", self.child.wait()),
        }
    }

    /// The next line until a moment, if it prints one.
    pub fn line_until(&self, moment: Instant) -> Option<String> {
        self.lines.recv_timeout(moment.saturating_duration_since(Instant::now())).ok()
    }

    /// All that it prints until it ends by itself, and well.
    ///
    /// # Panics
    /// When it fails, or goes on for too long.
    pub fn until_end(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        let mut lines = vec![];
        while let Some(line) = self.line_until(deadline) {
            lines.push(line);
        }
        assert!(Instant::now() < deadline, "it goes on, after {lines:#?}");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}, after {lines:#?}");
        lines
    }

    /// Memory that it has resident, in bytes, where the system says so.
    pub fn resident_bytes(&self) -> Option<u64> {
        memory_kb(self.id(), "VmRSS:").map(|kb| kb * 1024)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once (SIGKILL where there are signals); returns what it had printed and nobody had read.
    ///
    /// # Panics
    /// When the system does not end it.
    pub fn kill(&mut self) -> Vec<String> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        // The reader ends with the pipe.
        self.lines.iter().collect()
    }
}

/// The most memory that a process has had resident, in KiB, where the system says so.
pub fn peak_kb(process: u32) -> Option<u64> {
    memory_kb(process, "VmHWM:")
}

fn memory_kb(process: u32, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
