//! How much of what an ended device wrote counts, scope by scope.
//!
//! An End and its Cut are two statements at least, and come in any order. What one party signs together takes effect
//! together: as to what counts, an End has not come before all of its Cut is there. So nothing vanishes for the moment
//! between the two, and whoever keeps back a Cut gains no more than by keeping back the End as well. (What an ended
//! device *may* do is another question: it is let in nowhere from the End on.)
//!
//! Where another than who ended it says how much counts, in an audience that is not its organisation's, nobody knows
//! when the Cut comes: until then all that the device did there is held.

use std::collections::{BTreeMap, BTreeSet};

use super::{book::Book, verdict::Verdict};
use crate::{
    genesis::Scope,
    id::{AudienceId, DeviceId, EnvelopeHash, OrgId, StatementHash},
    membership::statement::{Cut, Halves, half},
};

/// What of one device counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Kept {
    envelopes: BTreeSet<Halves>,
    said: BTreeSet<StatementHash>,
}

impl Kept {
    fn covers(&self, deed: Deed) -> bool {
        match deed {
            Deed::Envelope(hash) => self.envelopes.iter().any(|halves| halves.contains(half(hash))),
            Deed::Statement(hash) | Deed::Grave(hash) => self.said.contains(&hash),
        }
    }
}

/// All pages for one End and scope, of all devices that it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Pages {
    kept: BTreeMap<DeviceId, Kept>,
    /// By issuer: the pages that have come, and how many there are.
    come: BTreeMap<OrgId, (BTreeSet<(DeviceId, Halves)>, u32)>,
}

impl Pages {
    fn covers(&self, device: DeviceId, deed: Deed) -> bool {
        self.kept.get(&device).is_some_and(|kept| kept.covers(deed))
    }

    /// Whether somebody has said all.
    fn is_cut(&self) -> bool {
        self.come.values().any(is_whole)
    }

    /// Whether everybody who has begun has said all.
    fn is_settled(&self) -> bool {
        self.come.values().all(is_whole)
    }
}

fn is_whole((come, pages): &(BTreeSet<(DeviceId, Halves)>, u32)) -> bool {
    come.len() >= *pages as usize
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pages: BTreeMap<(StatementHash, Scope), Pages>,
    owners: BTreeMap<AudienceId, OrgId>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Envelope(EnvelopeHash),
    Statement(StatementHash),
    /// A statement that waits for every Cut: a withdrawal, since what is erased does not come back; and a Cut, since
    /// what one takes away must not have decided about another.
    Grave(StatementHash),
}

/// Who says how much counts of what has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cutter {
    /// Whoever ended it, together with the End.
    Same,
    /// Another, whenever it hears of the End.
    Other,
}

impl Cuts {
    /// None yet; `owners` are those of all audiences.
    pub(super) fn begun(owners: BTreeMap<AudienceId, OrgId>) -> Self {
        Self { pages: BTreeMap::new(), owners }
    }

    /// Who cuts in a scope what a root has ended of this organisation's: its own root a device, the association its
    /// membership.
    pub(super) fn cutters(&self, org: OrgId, scope: Scope) -> (Cutter, Cutter) {
        match scope {
            Scope::Roster | Scope::Organisation(_) | Scope::Network => (Cutter::Same, Cutter::Same),
            Scope::Named(audience) if self.owners.get(&audience) == Some(&org) => {
                (Cutter::Same, Cutter::Other)
            }
            Scope::Named(_) => (Cutter::Other, Cutter::Other),
        }
    }

    /// Unites a page with those before it.
    pub(super) fn add(&mut self, cut: &Cut, issuer: OrgId, scope: Scope, book: &Book<'_>) {
        let page = self.pages.entry((cut.end, scope)).or_default();
        let (come, pages) = page.come.entry(issuer).or_default();
        come.insert((cut.device, cut.envelopes.clone()));
        *pages = cut.pages.max(*pages);
        let kept = page.kept.entry(cut.device).or_default();
        book.add_up_to(cut.said, OrgId(cut.device.0), scope, &mut kept.said);
        kept.envelopes.insert(cut.envelopes.clone());
    }

    /// Whether something counts although all this has ended; `ends` are those of one thing, any of which may say so.
    pub(super) fn judge(
        &self,
        (ends, cutter): (&[StatementHash], Cutter),
        device: DeviceId,
        scope: Scope,
        deed: Deed,
    ) -> Verdict {
        let is_grave = matches!(deed, Deed::Grave(_));
        let mut verdict = Verdict::Yes;
        for end in ends {
            let pages = self.pages.get(&(*end, scope));
            let past = match pages {
                Some(pages) if pages.covers(device, deed) => return Verdict::Yes,
                Some(pages) if pages.is_cut() && pages.is_settled() => Verdict::PastCut,
                Some(pages) if pages.is_cut() => Verdict::CutAwaited,
                Some(_) | None if is_grave || cutter == Cutter::Other => Verdict::CutAwaited,
                Some(_) | None => continue,
            };
            // Another End may still say that it counts.
            verdict = if verdict.is_yes() { past } else { verdict.min(past) };
        }
        verdict
    }
}
