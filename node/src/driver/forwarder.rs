//! Between the engine, which never waits, and the net's bounded queue.

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::net::{Net, NetCommand};

/// More than this many commands waiting says that the net does not keep up.
const MANY: usize = 1024;

/// Starts forwarding. When the engine lets go of the sender, the net is told to stop after what was
/// sent before.
///
/// The queue needs no bound of its own: every command in it answers a request, is a question, or dials;
/// requests are bounded by the net for each device, the others by the engine.
pub(super) fn start(net: Net) -> UnboundedSender<NetCommand> {
    let (sender, mut commands) = unbounded_channel();
    tokio::spawn(async move {
        let mut warned = false;
        while let Some(command) = commands.recv().await {
            let many = commands.len() > MANY;
            if many && !warned {
                tracing::warn!(waiting = commands.len(), "the network does not keep up");
            }
            warned = many;
            if net.send(command).await.is_err() {
                return;
            }
        }
        // It may have stopped by itself.
        let _ = net.send(NetCommand::Stop).await;
    });
    sender
}
