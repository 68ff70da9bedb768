//! How much of what an ended device wrote counts, scope by scope.

use std::collections::{BTreeMap, BTreeSet};

use super::{book::Book, verdict::Verdict};
use crate::{
    genesis::Scope,
    id::{DeviceId, EnvelopeHash, OrgId, StatementHash},
    membership::statement::{Cut, Halves, half},
};

/// All pages for one End, device and scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Page {
    envelopes: BTreeSet<Halves>,
    said: BTreeSet<StatementHash>,
    /// By issuer: the pages that have come, and how many there are.
    come: BTreeMap<OrgId, (BTreeSet<Halves>, u32)>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pages: BTreeMap<(StatementHash, DeviceId, Scope), Page>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Envelope(EnvelopeHash),
    Statement(StatementHash),
}

impl Page {
    fn covers(&self, deed: Deed) -> bool {
        match deed {
            Deed::Envelope(hash) => self.envelopes.iter().any(|halves| halves.contains(half(hash))),
            Deed::Statement(hash) => self.said.contains(&hash),
        }
    }

    /// Whether every page of everybody who has begun has come.
    fn is_whole(&self) -> bool {
        self.come.values().all(|(come, pages)| come.len() >= *pages as usize)
    }
}

impl Cuts {
    /// Unites a page with those before it.
    pub(super) fn add(&mut self, cut: &Cut, issuer: OrgId, scope: Scope, book: &Book<'_>) {
        let page = self.pages.entry((cut.end, cut.device, scope)).or_default();
        let (come, pages) = page.come.entry(issuer).or_default();
        come.insert(cut.envelopes.clone());
        *pages = cut.pages.max(*pages);
        book.add_up_to(cut.said, OrgId(cut.device.0), scope, &mut page.said);
        page.envelopes.insert(cut.envelopes.clone());
    }

    /// Whether something counts although all this has ended; `ends` are those of one thing, any of which may say so.
    pub(super) fn judge(
        &self,
        ends: &[StatementHash],
        device: DeviceId,
        scope: Scope,
        deed: Deed,
    ) -> Verdict {
        let mut verdict = if ends.is_empty() { Verdict::Yes } else { Verdict::PastCut };
        for end in ends {
            match self.pages.get(&(*end, device, scope)) {
                Some(page) if page.covers(deed) => return Verdict::Yes,
                Some(page) if page.is_whole() => {}
                Some(_) | None => verdict = Verdict::CutAwaited,
            }
        }
        verdict
    }
}
