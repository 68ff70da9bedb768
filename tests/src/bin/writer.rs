//! A node that writes as fast as it can and says what was acknowledged: `writer DIR FIRST`.
//!
//! After `ready` each line is one acknowledgement, printed when the node's answer has come:
//! `draft RECORD NUMBER` or `shared RECORD NUMBER`. Numbers begin at FIRST. It goes on until it is
//! killed, or until standard input ends.

use std::{
    collections::VecDeque,
    error::Error,
    io::Write as _,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use praksis_node::{
    config::Config,
    driver,
    folder::Folder,
    handle::{CallError, Handle},
};
use praksis_protocol::{
    engine::{Command, Edit, Reply},
    genesis::Kind,
    id::DocumentId,
    share::Terms,
};
use praksis_tests::sentence;

/// People who write at once.
const WRITERS: usize = 8;
/// After so many records the ones that are there are written again.
const RECORDS: usize = 160;

/// What the writers have in common.
struct Desk {
    handle: Handle,
    /// Records that nobody is writing now.
    free: Mutex<VecDeque<DocumentId>>,
    next: AtomicU64,
    records: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, first] = &arguments[..] else { return Err("usage: writer DIR FIRST".into()) };
    let folder = Folder::open(Path::new(dir))?;
    let running = driver::start(folder, Config::loopback()).await?;
    let handle = running.handle;
    let Reply::Records(held, _) = handle.call(Command::Records(Some(Kind::Case), None, 1000)).await? else {
        return Err("no records".into());
    };
    let records = AtomicU64::new(held.len() as u64);
    let free = Mutex::new(held.into_iter().map(|record| record.record).collect());
    let desk = Arc::new(Desk { handle: handle.clone(), free, next: AtomicU64::new(first.parse()?), records });
    say("ready");
    for _ in 0..WRITERS {
        let desk = desk.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = desk.write().await {
                    say(&format!("error {error}"));
                    return;
                }
            }
        });
    }
    tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin())).await??;
    handle.stop().await?;
    Ok(())
}

impl Desk {
    /// Writes a new record or one that is there, and shares every third.
    async fn write(&self) -> Result<(), CallError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let command = match self.take() {
            Some(record) => Command::Edit(record, None, Edit::Replace(sentence::case(number))),
            None => Command::Draft(Kind::Case, sentence::case(number)),
        };
        let Reply::Written { record, .. } = self.handle.call(command).await? else {
            unreachable!("a write is answered as such")
        };
        say(&format!("draft {record} {number}"));
        if number.is_multiple_of(3) {
            self.handle
                .call(Command::Share(
                    record,
                    Terms::on(self.handle.today()),
                    praksis_protocol::engine::Audience::Network,
                ))
                .await?;
            say(&format!("shared {record} {number}"));
        }
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push_back(record);
        Ok(())
    }

    /// A record to write again, when there are enough.
    fn take(&self) -> Option<DocumentId> {
        if self.records.load(Ordering::Relaxed) < RECORDS as u64 {
            self.records.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// One line, out of this process when it returns.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever read it may be gone; then this process is next.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
