//! Writing a bundle, a page of the store at a time.

use std::collections::{BTreeSet, VecDeque};

use praksis_protocol::{
    engine::bundles::{Carried, Carry, Entry, Reader},
    genesis::Scope,
    id::Item,
    wire::bundle::{HELD_LIMIT, Piece},
};

use super::{Api, ApiError, BundleError, Chunks, carry, record, refused};
use crate::bundle;

/// Most items of a bundle that another is written after: 64 MB in memory.
const HELD_MAX: usize = 2_000_000;
/// Entries handed to the engine at a time: more than the smallest fill a page.
const AT_ONCE: usize = 1024;

/// What is in a bundle, by its items; nothing if the body is empty. One that was cut off counts as far as it goes.
pub(super) async fn held(api: &Api, mut body: Chunks) -> Result<BTreeSet<(Scope, Item)>, ApiError> {
    let (mut reader, mut held) = (bundle::Reader::default(), BTreeSet::new());
    while let Some(bytes) = body.next().await? {
        reader.push(&bytes);
        loop {
            let items = match reader.next() {
                Ok(None) => break,
                Ok(Some(sealed)) => sealed.open().map(|piece| piece.items()),
                Err(error) => Err(error),
            };
            match items {
                Ok(items) => held.extend(items),
                Err(error) => {
                    body.drain().await;
                    return Err(refused(api, error).await);
                }
            }
            if held.len() > HELD_MAX {
                body.drain().await;
                return Err(refused(api, BundleError::TooMany).await);
            }
        }
    }
    Ok(held)
}

/// A bundle that is being written.
pub(super) struct Writing {
    api: Api,
    frames: bundle::Writer,
    ready: VecDeque<Piece>,
    rest: VecDeque<(Scope, VecDeque<Entry>)>,
    over: bool,
}

impl Writing {
    /// Plans what is in it, without what the reader holds.
    pub(super) async fn begin(
        api: Api,
        reader: Reader,
        held: BTreeSet<(Scope, Item)>,
    ) -> Result<Self, ApiError> {
        let Carried::Plan(mut header, plan) = carry(&api, Carry::Plan(reader)).await? else {
            return Err(record::unexpected());
        };
        let (mut rest, mut left_out) = (VecDeque::new(), Vec::new());
        for (scope, entries) in plan {
            let (known, new): (Vec<Entry>, Vec<Entry>) =
                entries.into_iter().partition(|entry| held.contains(&(scope, entry.item)));
            let known: Vec<Item> = known.into_iter().map(|entry| entry.item).collect();
            left_out.extend(known.chunks(HELD_LIMIT).map(|items| Piece::Held(scope, items.to_vec())));
            rest.push_back((scope, VecDeque::from(new)));
        }
        header.entries = rest.iter().map(|(_, entries)| entries.len() as u64).sum();
        let ready = std::iter::once(Piece::Header(header)).chain(left_out).collect();
        Ok(Self { api, frames: bundle::Writer::default(), ready, rest, over: false })
    }

    /// The next frame; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        while self.ready.is_empty() {
            let Some((scope, entries)) = self.rest.front_mut() else {
                if std::mem::replace(&mut self.over, true) {
                    return Ok(None);
                }
                self.ready.push_back(Piece::End);
                break;
            };
            let page: Vec<Entry> = entries.iter().take(AT_ONCE).copied().collect();
            if page.is_empty() {
                self.rest.pop_front();
                continue;
            }
            let Carried::Pieces(pieces, loaded) = carry(&self.api, Carry::Load(*scope, page)).await? else {
                return Err(record::unexpected());
            };
            entries.drain(..loaded);
            self.ready.extend(pieces);
        }
        let Some(piece) = self.ready.pop_front() else { return Ok(None) };
        let frame = self.frames.piece(&piece);
        frame.map(Some).map_err(|_| ApiError::Busy("a piece of the bundle is too large".to_owned()))
    }
}
