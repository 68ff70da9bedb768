//! The thread that makes batches durable: all that waits with one fsync.

use std::{io, sync::mpsc, thread};

use praksis_protocol::{
    engine::BatchId,
    store::{Batch, Store},
};
use tokio::sync::mpsc::UnboundedSender;

use super::machine::Completion;

/// Most batches in one commit: what a reader may have to wait for.
const GROUP: usize = 512;

/// Starts the thread. It ends when the engine lets go of the sender, after what was sent before, or
/// when the store has failed.
pub(super) fn start(
    store: impl Store + Send + 'static,
    completed: UnboundedSender<Completion>,
) -> io::Result<mpsc::Sender<(BatchId, Batch)>> {
    let (sender, batches) = mpsc::channel();
    thread::Builder::new()
        .name("praksis-committer".to_owned())
        .spawn(move || commit(&store, &batches, &completed))?;
    Ok(sender)
}

fn commit(
    store: &impl Store,
    waiting: &mpsc::Receiver<(BatchId, Batch)>,
    completed: &UnboundedSender<Completion>,
) {
    while let Ok(first) = waiting.recv() {
        let rest = waiting.try_iter().take(GROUP - 1);
        let (ids, batches): (Vec<BatchId>, Vec<Batch>) = std::iter::once(first).chain(rest).unzip();
        let completions = match store.commit(&batches) {
            Ok(()) => ids.into_iter().map(Completion::Durable).collect(),
            Err(error) => vec![Completion::Failed(error)],
        };
        for completion in completions {
            let failed = matches!(completion, Completion::Failed(_));
            if completed.send(completion).is_err() || failed {
                return;
            }
        }
    }
}
