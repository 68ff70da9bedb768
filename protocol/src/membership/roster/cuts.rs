//! How much of what an ended device wrote counts, scope by scope.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{book::Book, verdict::Verdict};
use crate::{
    envelope::Envelope,
    genesis::Scope,
    id::{DeviceId, EnvelopeHash, OrgId, SessionId, StatementHash},
    membership::statement::Cut,
};

/// All pages for one End, device and scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Page {
    sessions: BTreeMap<SessionId, (u64, EnvelopeHash)>,
    said: BTreeSet<StatementHash>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pages: BTreeMap<(StatementHash, DeviceId, Scope), Page>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed<'a> {
    Envelope(EnvelopeHash, &'a Envelope),
    Statement(StatementHash),
}

impl Page {
    fn covers(&self, deed: Deed<'_>) -> bool {
        match deed {
            Deed::Envelope(hash, envelope) => {
                self.sessions.get(&envelope.session).is_some_and(|(sequence, last)| {
                    envelope.sequence < *sequence || (envelope.sequence == *sequence && hash == *last)
                })
            }
            Deed::Statement(hash) => self.said.contains(&hash),
        }
    }
}

impl Cuts {
    /// Unites a page with those before it: of two words on one session the longer, then the smaller hash.
    pub(super) fn add(&mut self, cut: &Cut, scope: Scope, book: &Book<'_>) {
        let page = self.pages.entry((cut.end, cut.device, scope)).or_default();
        book.add_up_to(cut.said, OrgId(cut.device.0), scope, &mut page.said);
        for last in &cut.sessions {
            let new = (last.sequence, last.envelope);
            match page.sessions.entry(last.session) {
                Entry::Vacant(entry) => drop(entry.insert(new)),
                Entry::Occupied(mut entry) => {
                    let held = *entry.get();
                    if (held.0, new.1) < (new.0, held.1) {
                        entry.insert(new);
                    }
                }
            }
        }
    }

    /// Whether something counts although all this has ended; `ends` are those of one thing, any of which may say so.
    pub(super) fn judge(
        &self,
        ends: &[StatementHash],
        device: DeviceId,
        scope: Scope,
        deed: Deed<'_>,
    ) -> Verdict {
        let mut verdict = if ends.is_empty() { Verdict::Yes } else { Verdict::PastCut };
        for end in ends {
            match self.pages.get(&(*end, device, scope)) {
                Some(page) if page.covers(deed) => return Verdict::Yes,
                Some(_) => {}
                None => verdict = Verdict::CutAwaited,
            }
        }
        verdict
    }
}
