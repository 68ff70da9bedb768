//! What `init` left for the running node: the default contact, and the organisation's card.
//!
//! Each is done once and known to be done by what the store holds, so a stop in between does no harm.

use praksis_protocol::{
    engine::{Command, CommandError, Event, Memory, Reply, output::RecordRef, sharing::DEFAULT_CONTACT},
    genesis::{About, Kind},
    id::OrgId,
    store::{Read as _, StoreError},
};
use serde_json::Value;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    folder::{CARD, CONTACT, PENDING_CONTACT},
    handle::{CallError, Handle},
};

/// Most records that are looked through for the own card.
const CARDS: usize = 1000;

/// Why it was not done; it is tried again at the next occasion.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the node does not take it: {0}")]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what init left in {0} is not JSON")]
    NotJson(&'static str),
}

/// Sees to both whenever something happens that they may have waited for.
pub(super) async fn follow(handle: Handle, mut events: broadcast::Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(Event::Joined(_)) | Err(RecvError::Lagged(_)) => attempt(&handle).await,
            Ok(Event::RecordChanged(record)) => {
                if record.kind == Some(Kind::Contact) && record.draft.is_some() {
                    attempt(&handle).await;
                }
            }
            Ok(
                Event::RecordGone(..)
                | Event::RosterChanged
                | Event::LetGo(..)
                | Event::JoinRefused(_)
                | Event::Asking
                | Event::Ended(_)
                | Event::Level(..)
                | Event::Failed(_),
            ) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Does what can be done now.
pub(super) async fn attempt(handle: &Handle) {
    for (what, result) in [("contact", contact(handle).await), ("card", card(handle).await)] {
        match result {
            Ok(()) | Err(Error::Call(CallError::Stopped)) => {}
            Err(error) => tracing::warn!(%error, what, "could not complete what init began"),
        }
    }
    handle.0.followed.send_replace(());
}

/// Drafts the default contact; on a second office, takes over the one that the first drafted.
async fn contact(handle: &Handle) -> Result<(), Error> {
    if handle.store().local(DEFAULT_CONTACT)?.is_some() {
        return Ok(());
    }
    let drafts = records(handle, Kind::Contact).await?.into_iter().find(|record| record.draft.is_some());
    let id = match (drafts, read(CONTACT, handle.store().memory(PENDING_CONTACT, CONTACT)?)?) {
        (Some(record), _) => record.record,
        (None, Some(contact)) => {
            let reply = handle.call(Command::Draft(Kind::Contact, contact)).await?;
            let Reply::Written { record, .. } = reply else { unreachable!("a draft is answered as written") };
            record
        }
        (None, None) => return Ok(()),
    };
    let default = Some(id.to_string().into_bytes());
    let memories = vec![
        Memory { of: None, name: own_name(DEFAULT_CONTACT), value: default },
        Memory { of: Some(PENDING_CONTACT), name: CONTACT.to_owned(), value: None },
    ];
    handle.call(Command::Remember(memories)).await?;
    Ok(())
}

/// Writes the card into the network that the organisation is in.
async fn card(handle: &Handle) -> Result<(), Error> {
    let Some(card) = read(CARD, handle.store().local(CARD)?)? else { return Ok(()) };
    let status = handle.status().await?;
    let own: Option<OrgId> = status.network.and(status.org);
    let Some(own) = own else { return Ok(()) };
    let cards = records(handle, Kind::Organisation).await?;
    if !cards.iter().any(|record| record.owner == own) {
        match handle.call(Command::Direct(Kind::Organisation, About::Itself, card)).await {
            // Not in the network yet: the event that says so is on its way.
            Ok(_) | Err(CallError::Refused(CommandError::NoNetwork)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn records(handle: &Handle, kind: Kind) -> Result<Vec<RecordRef>, Error> {
    let reply = handle.call(Command::Records(Some(kind), None, CARDS)).await?;
    let Reply::Records(records, _) = reply else { unreachable!("records are answered with records") };
    Ok(records)
}

fn read(name: &'static str, bytes: Option<Vec<u8>>) -> Result<Option<Value>, Error> {
    bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(|_| Error::NotJson(name))).transpose()
}

/// A local thing's name as the engine is told it: it puts `node/` before it.
fn own_name(name: &str) -> String {
    name.trim_start_matches("node/").to_owned()
}
