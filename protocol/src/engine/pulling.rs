//! Bringing this node level with one peer: statements first, then what documents differ, then these.
//!
//! One question at a time is under way for each peer, and the next documents are asked for when the
//! ones before are durable: what a peer can make us hold is bounded by one answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::Rng;

use super::{Engine, MessageId, Resting, Source, index::Index, statements::put};
use crate::{
    genesis::{Genesis, Scope},
    id::{DeviceId, DocumentId, Item},
    reconcile::{Answer, Comparison, Step},
    store::{Read, StoreError},
    wire::message::{Delivery, HAVE_LIMIT, ITEMS_LIMIT, Request, Response, WANTS_LIMIT, Want},
};

/// Documents that are asked for at once.
const FETCH_AT_ONCE: usize = 256;
/// Most questions of one pull; with full answers these are a gigabyte, the rest comes with the next hello.
const QUESTIONS_LIMIT: usize = 1024;

/// A document in a state that a peer has and we lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fetch {
    pub(super) document: DocumentId,
    pub(super) item: Item,
}

/// A step still to be done.
#[derive(Debug)]
enum Next {
    /// Compare the sets of a scope.
    Compare(Scope),
    /// Compare those scopes of documents that both may read by then.
    CompareDocuments,
    /// Ask for statements.
    Statements(Vec<Item>),
    /// Ask which documents are behind items.
    Resolve(Scope, Vec<Item>),
    /// Ask for documents.
    Fetch(Scope, Vec<Fetch>),
}

/// What a question was about.
#[derive(Debug)]
pub(super) enum Question {
    Hello,
    Changed,
    Introduce,
    Apply,
    Pull(Pulling),
}

/// The step that a pull waits on.
#[derive(Debug)]
pub(super) enum Pulling {
    Compare(Scope, Comparison),
    Statements,
    Resolve(Scope),
    Fetch(Scope, BTreeMap<DocumentId, Item>),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pull {
    steps: VecDeque<Next>,
    asking: bool,
    /// Documents whose admission is under way.
    admitting: usize,
    /// Whether anything new came of it.
    gained: bool,
    /// Whether another comparison was asked for meanwhile.
    again: Option<bool>,
    /// Questions asked so far: a peer whose answers lead nowhere is given up.
    questions: usize,
}

impl Engine {
    /// Begins to pull from a peer whose digests differ; `roster` says whether statements do.
    pub(super) fn begin_pull(&mut self, device: DeviceId, roster: bool) {
        let peer = self.peers.by_device.entry(device).or_default();
        if let Some(pull) = &mut peer.pull {
            pull.again = Some(roster || pull.again == Some(true));
            return;
        }
        let mut steps = VecDeque::new();
        if roster {
            steps.push_back(Next::Compare(Scope::Roster));
        }
        steps.push_back(Next::CompareDocuments);
        peer.pull = Some(Pull { steps, ..Pull::default() });
    }

    /// Fetches documents that a peer told of.
    pub(super) fn fetch(&mut self, device: DeviceId, scope: Scope, fetches: Vec<Fetch>) {
        let peer = self.peers.by_device.entry(device).or_default();
        peer.pull.get_or_insert_default().steps.push_back(Next::Fetch(scope, fetches));
    }

    /// Takes the next step of every pull that waits for nothing.
    pub(super) fn tend_pulls(&mut self) {
        for device in self.connected_friends() {
            self.step(device);
        }
    }

    fn step(&mut self, device: DeviceId) {
        let scopes = self.common_scopes(device);
        let now = self.now;
        loop {
            let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
            let Some(pull) = &mut peer.pull else { return };
            if pull.asking || pull.admitting > 0 {
                return;
            }
            let Some(step) = pull.steps.pop_front() else {
                let Pull { gained, again, .. } = std::mem::take(pull);
                peer.pull = None;
                peer.pull_ended(gained, now);
                if gained || again.is_some() {
                    peer.hello_soon(now);
                }
                return;
            };
            let (request, pulling) = match step {
                Next::CompareDocuments => {
                    let steps = scopes.iter().rev();
                    steps.for_each(|scope| pull.steps.push_front(Next::Compare(*scope)));
                    continue;
                }
                Next::Compare(scope) => {
                    let (comparison, ask) = Comparison::begin();
                    (Request::Compare(scope, ask), Pulling::Compare(scope, comparison))
                }
                Next::Statements(mut items) => {
                    let rest = items.split_off(items.len().min(ITEMS_LIMIT));
                    if !rest.is_empty() {
                        pull.steps.push_front(Next::Statements(rest));
                    }
                    (Request::Statements(items), Pulling::Statements)
                }
                Next::Resolve(scope, mut items) => {
                    let rest = items.split_off(items.len().min(ITEMS_LIMIT));
                    if !rest.is_empty() {
                        pull.steps.push_front(Next::Resolve(scope, rest));
                    }
                    (Request::Resolve(scope, items), Pulling::Resolve(scope))
                }
                Next::Fetch(scope, mut fetches) => {
                    let rest = fetches.split_off(fetches.len().min(FETCH_AT_ONCE));
                    if !rest.is_empty() {
                        pull.steps.push_front(Next::Fetch(scope, rest));
                    }
                    fetches.retain(|fetch| !self.index.items(scope).contains(&fetch.item));
                    if fetches.is_empty() {
                        continue;
                    }
                    let wants = fetches.iter().map(|fetch| want(&self.index, fetch.document)).collect();
                    let items = fetches.into_iter().map(|fetch| (fetch.document, fetch.item)).collect();
                    (Request::Pull(scope, wants), Pulling::Fetch(scope, items))
                }
            };
            pull.asking = true;
            pull.questions += 1;
            if pull.questions > QUESTIONS_LIMIT {
                *self.refused.entry("leads_nowhere".to_owned()).or_default() += 1;
                self.pull_failed(device);
                return;
            }
            self.ask(device, &request, Question::Pull(pulling));
            return;
        }
    }

    /// A peer answers.
    pub(super) fn answered(
        &mut self,
        from: DeviceId,
        question: MessageId,
        bytes: &[u8],
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let peer = self.peers.by_device.get_mut(&from);
        let Some(question) = peer.and_then(|peer| peer.questions.remove(&question)) else { return Ok(()) };
        match question {
            Question::Apply | Question::Introduce => self.join_answered(from, bytes),
            Question::Hello => match Response::read(bytes) {
                Ok(Response::Hello(theirs)) => {
                    self.hello_answered(from, theirs);
                    Ok(())
                }
                Ok(Response::Refused) => {
                    // It takes us for somebody it does not know.
                    if let Some(peer) = self.peers.by_device.get_mut(&from) {
                        peer.hello_asked = false;
                    }
                    self.knock(from);
                    Ok(())
                }
                Ok(_) | Err(_) => self.refuse("answer"),
            },
            Question::Changed => {
                self.hints_heard(from);
                Ok(())
            }
            Question::Pull(pulling) => {
                if let Some(pull) = self.pull_of(from) {
                    pull.asking = false;
                }
                match Response::read(bytes) {
                    Ok(response) => self.pull_answered(from, pulling, response, store, rng),
                    Err(error) => {
                        self.refuse(error.name())?;
                        self.pull_failed(from);
                        Ok(())
                    }
                }
            }
        }
    }

    fn pull_answered(
        &mut self,
        from: DeviceId,
        pulling: Pulling,
        response: Response,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        match (pulling, response) {
            (Pulling::Compare(scope, comparison), Response::Compared(answer)) => {
                self.compared(from, scope, comparison, &answer)
            }
            (Pulling::Statements, Response::Statements(statements)) => {
                let received = statements.iter().map(|bytes| bytes.as_slice());
                let gained = self.take_statements(received)?;
                if let Some(pull) = self.pull_of(from) {
                    pull.gained |= gained;
                }
                Ok(())
            }
            (Pulling::Resolve(scope), Response::Resolved(pairs)) => {
                let fetches =
                    pairs.into_iter().map(|(item, document)| Fetch { document, item }).collect::<Vec<_>>();
                if let Some(pull) = self.pull_of(from)
                    && !fetches.is_empty()
                {
                    pull.steps.push_front(Next::Fetch(scope, fetches));
                }
                Ok(())
            }
            (Pulling::Fetch(scope, items), Response::Documents(deliveries)) => {
                self.delivered(from, scope, items, deliveries, store, rng)
            }
            (Pulling::Compare(..) | Pulling::Statements | Pulling::Resolve(_) | Pulling::Fetch(..), _) => {
                self.refuse("answer")?;
                self.pull_failed(from);
                Ok(())
            }
        }
    }

    fn compared(
        &mut self,
        from: DeviceId,
        scope: Scope,
        mut comparison: Comparison,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        match comparison.answered(answer, self.index.items(scope)) {
            Ok(Step::Ask(ask)) => {
                if let Some(pull) = self.pull_of(from) {
                    pull.asking = true;
                }
                let pulling = Pulling::Compare(scope, comparison);
                self.ask(from, &Request::Compare(scope, ask), Question::Pull(pulling));
            }
            Ok(Step::Done(items)) => {
                let items: Vec<Item> = items.into_iter().collect();
                if let Some(pull) = self.pull_of(from)
                    && !items.is_empty()
                {
                    pull.steps.push_front(match scope {
                        Scope::Roster => Next::Statements(items),
                        Scope::Organisation(_) | Scope::Network | Scope::Named(_) => {
                            Next::Resolve(scope, items)
                        }
                    });
                }
            }
            Err(_) => {
                self.refuse("answer")?;
                self.pull_failed(from);
            }
        }
        Ok(())
    }

    /// Documents came: each goes to its lane; those that had no room are asked for again.
    fn delivered(
        &mut self,
        from: DeviceId,
        scope: Scope,
        mut items: BTreeMap<DocumentId, Item>,
        deliveries: Vec<Delivery>,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        for delivery in deliveries {
            let genesis = match Genesis::read(&delivery.genesis) {
                Ok(genesis) if genesis.scope == scope && self.is_our_network(&genesis) => genesis,
                Ok(_) => {
                    self.refuse("genesis_place")?;
                    continue;
                }
                Err(_) => {
                    self.refuse("genesis")?;
                    continue;
                }
            };
            let document = genesis.document();
            let Some(item) = items.remove(&document) else {
                self.refuse("not_asked_for")?;
                continue;
            };
            if !seen.insert(document) || delivery.changes.is_empty() {
                continue;
            }
            if let Some(pull) = self.pull_of(from) {
                pull.admitting += 1;
            }
            let source = Source { peer: from, item: Some(item), more: !delivery.complete };
            self.take_in(genesis, delivery.changes, source, store, rng)?;
        }
        // What had no room comes next; an answer with none of them says that the peer has none.
        if let Some(pull) = self.pull_of(from)
            && !seen.is_empty()
            && !items.is_empty()
        {
            let rest = items.into_iter().map(|(document, item)| Fetch { document, item });
            pull.steps.push_front(Next::Fetch(scope, rest.collect()));
        }
        Ok(())
    }

    fn is_our_network(&self, genesis: &Genesis) -> bool {
        genesis.is_draft() || Some(genesis.network) == self.statements.roster().network()
    }

    /// What a pull brought of a document is durable; what had no room of it comes next.
    pub(super) fn pulled(&mut self, source: Source, scope: Scope, document: DocumentId) {
        let Some(pull) = self.pull_of(source.peer) else { return };
        pull.admitting = pull.admitting.saturating_sub(1);
        pull.gained = true;
        if let Some(item) = source.item.filter(|_| source.more) {
            pull.steps.push_front(Next::Fetch(scope, vec![Fetch { document, item }]));
        }
    }

    /// What a pull brought of a document is nothing new. The peer's word that it has more is worth
    /// nothing then: it would be asked the same again.
    pub(super) fn pulled_in_vain(&mut self, source: Source) {
        let Some(pull) = self.pull_of(source.peer) else { return };
        pull.admitting = pull.admitting.saturating_sub(1);
        if source.more {
            *self.refused.entry("leads_nowhere".to_owned()).or_default() += 1;
        }
    }

    /// Gives a pull up; the next hello begins another.
    pub(super) fn pull_failed(&mut self, device: DeviceId) {
        if let Some(peer) = self.peers.by_device.get_mut(&device) {
            peer.pull = None;
        }
    }

    fn pull_of(&mut self, device: DeviceId) -> Option<&mut Pull> {
        self.peers.by_device.get_mut(&device)?.pull.as_mut()
    }

    /// Verifies statements and stores what is new; says whether anything was.
    pub(super) fn take_statements<'a>(
        &mut self,
        received: impl Iterator<Item = &'a [u8]>,
    ) -> Result<bool, StoreError> {
        let (new, refused) = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        for error in refused {
            self.refuse(error.name())?;
        }
        if new.is_empty() {
            return Ok(false);
        }
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { statements: new, ..Resting::default() });
        Ok(true)
    }
}

fn want(index: &Index, document: DocumentId) -> Want {
    let heads = index.row(document).map(|row| row.heads.as_slice()).unwrap_or_default();
    Want { document, have: heads.iter().take(HAVE_LIMIT).copied().collect() }
}

const _: () = assert!(FETCH_AT_ONCE <= WANTS_LIMIT, "one request carries what is fetched at once");
