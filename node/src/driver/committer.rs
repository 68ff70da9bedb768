//! The thread that makes batches durable: all that waits with one fsync.

use std::{
    convert::Infallible,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use praksis_protocol::{
    engine::BatchId,
    store::{Batch, StoreError},
};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::machine::Completion;

/// Most batches in one commit: what a reader may have to wait for.
const GROUP: usize = 512;

/// How often the store is tidied while there is much to do.
const TIDY_EVERY: Duration = Duration::from_secs(2);
/// After how much quiet it is tidied. More than once: it works on by itself for some seconds after much was written.
const QUIET: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)];

/// The thread's ends.
pub(super) struct Committer {
    /// Takes what is to be made durable.
    pub(super) batches: mpsc::Sender<(BatchId, Batch)>,
    /// Ends, with nothing sent, when the thread has let go of the store: before that nobody can open it again.
    pub(super) ended: oneshot::Receiver<Infallible>,
}

/// Starts the thread, which hands what waits to the store. It ends when the engine lets go of the sender, after what was
/// sent before. When the store has failed it says so once and commits nothing more; it stays, so that an engine that
/// has not heard of it yet finds no thread gone and gives the store's own reason.
pub(super) fn start(
    store: impl Fn(&[Batch]) -> Result<(), StoreError> + Send + 'static,
    tidy: impl Fn() + Send + 'static,
    completed: UnboundedSender<Completion>,
) -> io::Result<Committer> {
    let (sender, batches) = mpsc::channel();
    let (running, ended) = oneshot::channel();
    thread::Builder::new().name("praksis-committer".to_owned()).spawn(move || {
        // Dropped last, also when it panics.
        let _running = running;
        let (store, tidy) = (store, tidy);
        commit(&store, &tidy, &batches, &completed);
    })?;
    Ok(Committer { batches: sender, ended })
}

fn commit(
    store: &impl Fn(&[Batch]) -> Result<(), StoreError>,
    tidy: &impl Fn(),
    waiting: &mpsc::Receiver<(BatchId, Batch)>,
    completed: &UnboundedSender<Completion>,
) {
    let (mut asked, mut tidied) = (Instant::now(), Instant::now());
    while let Some(first) = next(waiting, tidy) {
        // It was quiet: that has tidied it.
        if asked.elapsed() > QUIET[0] {
            tidied = Instant::now();
        }
        let rest = waiting.try_iter().take(GROUP - 1);
        let (ids, batches): (Vec<BatchId>, Vec<Batch>) = std::iter::once(first).chain(rest).unzip();
        let completions = match store(&batches) {
            Ok(()) => ids.into_iter().map(Completion::Durable).collect(),
            Err(error) => vec![Completion::Failed(error)],
        };
        for completion in completions {
            let failed = matches!(completion, Completion::Failed(_));
            if completed.send(completion).is_err() {
                return;
            }
            if failed {
                return waiting.iter().for_each(drop);
            }
        }
        if tidied.elapsed() > TIDY_EVERY {
            tidy();
            tidied = Instant::now();
        }
        asked = Instant::now();
    }
}

/// What comes next; the store is tidied while nothing does. None when the engine has let go of the sender.
fn next<T>(waiting: &mpsc::Receiver<T>, tidy: &impl Fn()) -> Option<T> {
    for quiet in QUIET {
        match waiting.recv_timeout(quiet) {
            Ok(first) => return Some(first),
            Err(RecvTimeoutError::Timeout) => tidy(),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    waiting.recv().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc::sync_channel};

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn what_waits_is_committed_together_and_after_a_failure_nothing_more() {
        let (groups, group) = sync_channel(1);
        let (end, ends) = sync_channel(1);
        let (completed, mut completions) = unbounded_channel();
        // Tells how many batches a commit has, and waits to be told how it ends.
        let store = move |batches: &[Batch]| {
            groups.send(batches.len()).expect("the test listens");
            ends.recv().expect("the test decides")
        };
        let Committer { batches, .. } = start(store, || {}, completed).expect("a thread");
        let give = |number| batches.send((BatchId(number), vec![]));
        let mut durable = || match completions.blocking_recv() {
            Some(Completion::Durable(BatchId(number))) => Some(number),
            Some(Completion::Done(..) | Completion::Failed(_)) | None => None,
        };

        give(1).expect("it runs");
        assert_eq!(group.recv(), Ok(1));
        (2..=6).for_each(|number| give(number).expect("it runs"));
        end.send(Ok(())).expect("it waits");
        assert_eq!(durable(), Some(1));
        assert_eq!(group.recv(), Ok(5), "all that came meanwhile, with one fsync");
        give(7).expect("it runs");
        end.send(Ok(())).expect("it waits");
        assert_eq!([durable(), durable(), durable(), durable(), durable()], [2, 3, 4, 5, 6].map(Some));
        assert_eq!(group.recv(), Ok(1));
        let failure = StoreError::Io { doing: "committing".into(), why: "the disk is gone".into() };
        end.send(Err(failure)).expect("it waits");
        assert!(matches!(completions.blocking_recv(), Some(Completion::Failed(_))));
        give(8).expect("whoever has not heard of the failure is not told that the thread is gone");
        drop(batches);
        assert!(completions.blocking_recv().is_none(), "nothing was committed, and the thread has ended");
    }

    #[test]
    fn the_store_is_tidied_when_nothing_more_comes() {
        let (tidied, tidy) = sync_channel(9);
        let (completed, mut completions) = unbounded_channel();
        let written = move |_: &[Batch]| Ok(());
        let tidy_it = move || tidied.send(()).expect("the test listens");
        let Committer { batches, .. } = start(written, tidy_it, completed).expect("a thread");
        batches.send((BatchId(1), vec![])).expect("it runs");
        assert!(completions.blocking_recv().is_some());
        tidy.recv().expect("it is tidied");
        drop(batches);
        assert!(completions.blocking_recv().is_none());
    }

    #[test]
    fn its_end_is_told_when_nothing_holds_the_store_any_more() {
        let (held, keeps) = (Arc::new(()), Arc::new(()));
        let (in_store, in_tidy) = (held.clone(), keeps.clone());
        let (completed, _completions) = unbounded_channel();
        let store = move |_: &[Batch]| {
            let _ = &in_store;
            Ok(())
        };
        let tidy = move || drop(in_tidy.clone());
        let Committer { batches, ended } = start(store, tidy, completed).expect("a thread");
        drop(batches);
        assert!(ended.blocking_recv().is_err(), "nothing is ever sent");
        assert_eq!((Arc::strong_count(&held), Arc::strong_count(&keeps)), (1, 1));
    }
}
