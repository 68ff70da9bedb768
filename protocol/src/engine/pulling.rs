//! Bringing this node level with one peer: statements first, then what documents differ, then these.
//!
//! What there is to do stands in a [`Pull`].

use std::collections::VecDeque;

use rand_core::Rng;

use super::{
    Engine,
    asking::Question,
    hints::HINTS_MAX,
    index::Index,
    peers::Peer,
    pull::{Asked, Awaits, FETCH_AT_ONCE, Fetch, Next, Pull, Pulling},
};
use crate::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item},
    reconcile::{Answer, Comparison, Step},
    store::{Read, StoreError},
    wire::message::{HAVE_LIMIT, ITEMS_LIMIT, Request, Response, Want},
};

/// Most questions of one pull: enough for four hundred thousand documents, the rest comes with the next hello.
const QUESTIONS_LIMIT: usize = 4096;
/// Comparisons under way at once: each holds its own marks of our set, 4 MB for 100,000 items.
const COMPARISONS_LIMIT: usize = 8;
/// Most items of a peer that are kept in mind because what came for them led nowhere.
const DOUBTED_LIMIT: usize = 64 * 1024;
/// The name under which a peer's answers are counted that promise more and never bring it.
const LEADS_NOWHERE: &str = "leads_nowhere";
/// Most steps that lie ahead in one pull.
const STEPS_LIMIT: usize = 64;

impl Peer {
    pub(super) fn is_comparing(&self) -> bool {
        self.awaits(|question| matches!(question, Question::Pull(Pulling::Compare(..))))
    }
}

impl Engine {
    /// Begins to pull from a peer whose digests differ; `roster` says whether statements do.
    pub(super) fn begin_pull(&mut self, device: DeviceId, roster: bool) {
        let peer = self.peers.by_device.meet(device);
        if let Some(pull) = &mut peer.pull {
            pull.again = true;
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
        let peer = self.peers.by_device.meet(device);
        let pull = peer.pull.get_or_insert_default();
        if pull.steps.len() < STEPS_LIMIT {
            pull.steps.push_back(Next::Fetch(scope, fetches));
        } else {
            // Comparing digests finds the rest.
            pull.again = true;
        }
    }

    /// Asks what is behind items that a peer told of.
    pub(super) fn ask_behind(&mut self, device: DeviceId, scope: Scope, items: Vec<Item>) {
        let peer = self.peers.by_device.meet(device);
        let pull = peer.pull.get_or_insert_default();
        if pull.steps.len() < STEPS_LIMIT {
            pull.steps.push_back(Next::Resolve(scope, items));
        } else {
            pull.again = true;
        }
    }

    /// Takes the next step of every pull that waits for nothing.
    pub(super) fn tend_pulls(&mut self) {
        let mut room = COMPARISONS_LIMIT.saturating_sub(self.peers.by_device.comparing());
        let mut pulls = self.peers.by_device.ready(room > 0);
        // In turn, so that peers who stall do not keep the others from it.
        let last = self.peers.last_compared;
        let turn = pulls.partition_point(|device| last.is_some_and(|last| *device <= last));
        pulls.rotate_left(turn);
        for device in pulls {
            let pull = self.peers.by_device.get(&device).and_then(|peer| peer.pull.as_ref());
            if pull.is_some_and(|pull| room > 0 || pull.awaits() != Awaits::Room) && self.is_friend(device) {
                self.step(device, &mut room);
            }
        }
    }

    /// Takes the next step of a pull; `room` is for comparisons that may begin.
    fn step(&mut self, device: DeviceId, room: &mut usize) {
        let scopes = self.common_scopes(device);
        let now = self.now;
        loop {
            let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
            let Some(pull) = &mut peer.pull else { return };
            if pull.asking || pull.writing > 0 {
                return;
            }
            for (scope, asked) in std::mem::take(&mut pull.came) {
                let waits = self.quarantine.waiting(asked.fetch.document).for_grant > 0;
                let more = !asked.complete && !waits && !self.index.items(scope).contains(&asked.fetch.item);
                match again(&self.index, scope, asked) {
                    // Mostly the peer is behind and is fetching it from us: the next hello tells.
                    Some(Fetch { item, whole: true, .. }) => {
                        pull.again = true;
                        if more {
                            *self.refused.entry(LEADS_NOWHERE.to_owned()).or_default() += 1;
                        }
                        if peer.doubted.len() < DOUBTED_LIMIT {
                            peer.doubted.insert(item);
                        }
                    }
                    Some(fetch) => pull.steps.push_back(Next::Fetch(scope, vec![fetch])),
                    // The peer has more than it gives.
                    None if more => *self.refused.entry(LEADS_NOWHERE.to_owned()).or_default() += 1,
                    None => {}
                }
            }
            if !pull.may_go_on() {
                return;
            }
            if let Some(Next::Fetch(scope, fetches)) = pull.steps.front_mut() {
                // There was room when it was found; by now there may be none.
                let (scope, fetches) = (*scope, std::mem::take(fetches));
                let fetches = self.with_room(device, scope, fetches);
                let pull = self.pull_of(device);
                if let Some(Next::Fetch(_, front)) = pull.and_then(|pull| pull.steps.front_mut()) {
                    *front = fetches;
                }
            }
            let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
            let Some(pull) = &mut peer.pull else { return };
            let Some(step) = pull.steps.pop_front() else {
                let Pull { gained, again, compared, mut they_lack, .. } = std::mem::take(pull);
                peer.pull = None;
                peer.pull_ended(gained, now);
                if gained && compared {
                    peer.hello_by(now);
                } else if gained || again {
                    peer.hello_soon(now);
                }
                // What is still so is not merely behind. Of more than this, and of statements, which come before
                // documents, the peer learns by comparing.
                they_lack.retain(|(scope, item)| self.index.items(*scope).contains(item));
                let hints: Option<Vec<_>> = they_lack
                    .into_iter()
                    .map(|(scope, item)| Some(((scope, self.index.resolve(scope, item)?), item)))
                    .collect();
                peer.hints.extend(hints.filter(|hints| hints.len() <= HINTS_MAX).into_iter().flatten());
                return;
            };
            let (request, pulling) = match step {
                Next::CompareDocuments => {
                    let steps = scopes.iter().rev();
                    steps.for_each(|scope| pull.steps.push_front(Next::Compare(*scope)));
                    continue;
                }
                Next::Compare(scope) if *room == 0 => {
                    pull.steps.push_front(Next::Compare(scope));
                    return;
                }
                Next::Compare(scope) => {
                    *room -= 1;
                    self.peers.last_compared = Some(device);
                    let (comparison, ask) = Comparison::begin(self.index.items(scope), now);
                    (Request::Compare(scope, ask), Pulling::Compare(scope, comparison))
                }
                Next::GoOn(scope, comparison, ask) => {
                    (Request::Compare(scope, ask), Pulling::Compare(scope, comparison))
                }
                Next::Resolve(scope, mut items) => {
                    let rest = items.split_off(items.len().min(ITEMS_LIMIT));
                    if !rest.is_empty() {
                        pull.steps.push_front(Next::Resolve(scope, rest));
                    }
                    let asked = items.iter().copied().collect();
                    (Request::Resolve(scope, items), Pulling::Resolve(scope, asked))
                }
                Next::Fetch(scope, mut fetches) => {
                    let rest = fetches.split_off(fetches.len().min(FETCH_AT_ONCE));
                    if !rest.is_empty() {
                        pull.steps.push_front(Next::Fetch(scope, rest));
                    }
                    let ours = self.index.items(scope);
                    fetches.retain(|fetch| !ours.contains(&fetch.item));
                    // Of these another state has come already; comparing digests afterwards tells what is lacking.
                    let asked = fetches.len();
                    fetches.retain(|fetch| !pull.admitting.contains_key(&fetch.document));
                    pull.again |= fetches.len() < asked;
                    if fetches.is_empty() {
                        continue;
                    }
                    let wants = fetches.iter().map(|fetch| want(&self.index, fetch)).collect();
                    let asked = |fetch: Fetch| {
                        let had = self.index.heads(fetch.document);
                        (fetch.document, Asked { fetch, had, complete: false })
                    };
                    let asked = fetches.into_iter().map(asked).collect();
                    (Request::Pull(scope, wants), Pulling::Fetch(scope, asked))
                }
            };
            pull.asking = true;
            pull.questions += 1;
            if pull.questions > QUESTIONS_LIMIT {
                *self.refused.entry(LEADS_NOWHERE.to_owned()).or_default() += 1;
                self.pull_failed(device);
                return;
            }
            self.ask(device, &request, Question::Pull(pulling));
            return;
        }
    }

    pub(super) fn pull_answered(
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
            (Pulling::Resolve(scope, asked), Response::Resolved(resolved)) => {
                self.resolved(from, scope, asked, resolved)
            }
            (Pulling::Fetch(scope, asked), Response::Documents(deliveries)) => {
                self.delivered(from, scope, asked, deliveries, store, rng)
            }
            (Pulling::Compare(Scope::Named(_), _), Response::Refused) => {
                // It has not heard of this audience yet, or we have not heard that it ended.
                Ok(())
            }
            (Pulling::Compare(..) | Pulling::Resolve(..) | Pulling::Fetch(..), Response::Refused) => {
                // Our place there is not known to it yet, or no longer.
                self.refuse("answer");
                self.pull_failed(from);
                Ok(())
            }
            (Pulling::Compare(..) | Pulling::Resolve(..) | Pulling::Fetch(..), _) => {
                self.blame(from, "answer");
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
        let step = comparison.answered(answer, self.index.items(scope), self.now, &mut self.compared);
        if let Ok(Step::Stalled(_)) = &step {
            self.refuse("sketch_stalled");
        }
        match step {
            Ok(Step::Ask(ask) | Step::Stalled(ask)) => {
                if let Some(pull) = self.pull_of(from) {
                    pull.asking = true;
                    pull.questions += 1;
                    if pull.questions > QUESTIONS_LIMIT {
                        self.pull_failed(from);
                        self.refuse(LEADS_NOWHERE);
                        return Ok(());
                    }
                }
                let pulling = Pulling::Compare(scope, comparison);
                self.ask(from, &Request::Compare(scope, ask), Question::Pull(pulling));
            }
            Ok(Step::Found(found, ask)) => {
                let items = self.not_left_out(from, scope, found);
                if let Some(pull) = self.pull_of(from) {
                    pull.steps.push_front(Next::GoOn(scope, comparison, ask));
                    if !items.is_empty() {
                        pull.steps.push_front(Next::Resolve(scope, items));
                    }
                }
            }
            Ok(Step::Done(found)) => {
                let items = self.not_left_out(from, scope, found);
                if let Some(pull) = self.pull_of(from) {
                    pull.compared = true;
                    pull.they_lack.extend(comparison.ours_only().into_iter().map(|item| (scope, item)));
                    if !items.is_empty() {
                        pull.steps.push_front(Next::Resolve(scope, items));
                    }
                }
            }
            Err(nonsense) => {
                self.blame(from, nonsense.name());
                self.pull_failed(from);
            }
        }
        Ok(())
    }

    /// The admission of a document is through.
    pub(super) fn pulled(&mut self, peer: DeviceId, document: DocumentId, gained: bool) {
        if let Some(pull) = self.pull_of(peer) {
            pull.came.extend(pull.admitting.remove(&document));
            pull.gained |= gained;
        }
    }

    /// Statements of a pull are written.
    pub(super) fn pulled_statements(&mut self, peer: DeviceId) {
        if let Some(pull) = self.pull_of(peer) {
            pull.writing = pull.writing.saturating_sub(1);
            pull.gained = true;
        }
    }

    /// Gives a pull up; the next hello begins another.
    pub(super) fn pull_failed(&mut self, device: DeviceId) {
        if let Some(peer) = self.peers.by_device.get_mut(&device) {
            peer.pull = None;
        }
    }

    pub(super) fn pull_of(&mut self, device: DeviceId) -> Option<&mut Pull> {
        self.peers.by_device.get_mut(&device)?.pull.as_mut()
    }
}

fn want(index: &Index, fetch: &Fetch) -> Want {
    let mut have = if fetch.whole { Vec::new() } else { index.heads(fetch.document) };
    have.truncate(HAVE_LIMIT);
    Want { document: fetch.document, have }
}

/// Whether to ask again for a document that came: for the rest of it as long as it leads on, for the
/// whole of it once when it led nowhere.
fn again(index: &Index, scope: Scope, asked: Asked) -> Option<Fetch> {
    let Asked { fetch, had, complete } = asked;
    let leads_on = index.heads(fetch.document) != had;
    if index.items(scope).contains(&fetch.item) || (leads_on && complete) {
        return None;
    }
    if leads_on {
        return Some(Fetch { whole: false, ..fetch });
    }
    (!fetch.whole && !had.is_empty()).then_some(Fetch { whole: true, ..fetch })
}
