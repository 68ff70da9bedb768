//! What lies ahead and is under way while this node is brought level with one peer.
//!
//! One question at a time is under way for each peer. The next documents are asked for while those before are
//! admitted, as long as few enough of these wait ([`ADMITTING_LIMIT`]): what a peer can make us hold is bounded by two
//! answers. Whatever else a step needs to know, it waits until all that came is durable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    genesis::Scope,
    id::{DocumentId, EnvelopeHash, Item, OrgId},
    reconcile::{Ask, Comparison},
    wire::message::WANTS_LIMIT,
};

/// Documents that are asked for at once: what is lost when the link breaks stays a small part of a first sync.
pub(super) const FETCH_AT_ONCE: usize = 128;
/// With more documents than this whose admission is under way, the next are not asked for yet: as many as one answer
/// brings keep the workers busy while the next one is on its way.
const ADMITTING_LIMIT: usize = FETCH_AT_ONCE;

const _: () = assert!(FETCH_AT_ONCE <= WANTS_LIMIT, "one request carries what is fetched at once");

/// A document in a state that a peer has and we lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fetch {
    pub(super) document: DocumentId,
    pub(super) item: Item,
    /// Whose it is, as the peer says; a hint does not tell.
    pub(super) owner: Option<OrgId>,
    /// Whether to ask for all of it, whatever we have: what we lack may stand below heads that both have.
    pub(super) whole: bool,
}

/// A document that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) fetch: Fetch,
    /// The heads that we had then.
    pub(super) had: Vec<EnvelopeHash>,
    /// Whether all that was asked for has come.
    pub(super) complete: bool,
}

/// A step still to be done.
#[derive(Debug)]
pub(super) enum Next {
    /// Compare the sets of a scope.
    Compare(Scope),
    /// Go on with a comparison.
    GoOn(Scope, Comparison, Ask),
    /// Compare those scopes of documents that both may read by then.
    CompareDocuments,
    /// Ask which documents and statements are behind items.
    Resolve(Scope, Vec<Item>),
    /// Ask for documents.
    Fetch(Scope, Vec<Fetch>),
}

/// The step that a pull waits on.
#[derive(Debug)]
pub(super) enum Pulling {
    Compare(Scope, Comparison),
    Resolve(Scope, BTreeSet<Item>),
    Fetch(Scope, BTreeMap<DocumentId, Asked>),
}

/// What is under way with one peer.
#[derive(Debug, Default)]
pub(super) struct Pull {
    pub(super) steps: VecDeque<Next>,
    pub(super) asking: bool,
    /// Batches of statements that are being written.
    pub(super) writing: usize,
    /// Documents whose admission is under way.
    pub(super) admitting: BTreeMap<DocumentId, (Scope, Asked)>,
    /// Documents that were admitted or refused, and may not be all we need.
    pub(super) came: Vec<(Scope, Asked)>,
    /// Whether anything new came of it.
    pub(super) gained: bool,
    /// Whether another comparison was asked for meanwhile.
    pub(super) again: bool,
    /// Whether sets were compared, so that all that differed should be here in the end.
    pub(super) compared: bool,
    /// What the peer lacked when sets were compared.
    pub(super) they_lack: Vec<(Scope, Item)>,
    /// Questions asked so far: a peer whose answers lead nowhere is given up.
    pub(super) questions: usize,
}

/// What a pull waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    /// Its next step can be taken.
    Nothing,
    /// Room for another comparison.
    Room,
    /// An answer, or that what came is durable.
    Answer,
}

impl Pull {
    /// What it waits for.
    pub(super) fn awaits(&self) -> Awaits {
        if self.asking || self.writing > 0 {
            return Awaits::Answer;
        }
        if !self.came.is_empty() {
            return Awaits::Nothing;
        }
        match self.steps.front() {
            _ if !self.may_go_on() => Awaits::Answer,
            Some(Next::Compare(_)) => Awaits::Room,
            Some(Next::GoOn(..) | Next::CompareDocuments | Next::Resolve(..) | Next::Fetch(..)) | None => {
                Awaits::Nothing
            }
        }
    }

    /// Whether the next step may be taken while documents are being admitted.
    pub(super) fn may_go_on(&self) -> bool {
        match self.steps.front() {
            Some(Next::Fetch(..) | Next::Resolve(..) | Next::GoOn(..)) => {
                self.admitting.len() <= ADMITTING_LIMIT
            }
            // What is compared, and whether all is done, is known when all of it is there.
            Some(Next::Compare(_) | Next::CompareDocuments) | None => self.admitting.is_empty(),
        }
    }
}
