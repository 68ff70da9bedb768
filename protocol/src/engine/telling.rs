//! Telling peers what they did not ask for, because they cannot know to ask: a named audience that they
//! are in, receipts for what is withdrawn, heads.
//!
//! Nothing rests on it being heard: what is not heard is told again on the next connection.

use minicbor::bytes::ByteVec;

use super::{Engine, asking::Question, peers::Peer};
use crate::{
    genesis::Scope,
    id::{DeviceId, StatementHash},
    membership::statement::{Fact, Known, Role},
    signed::encoding::hash,
    store::StoreError,
    wire::message::{Request, TELL_LIMIT},
};

/// The name under which statements are counted that are told and should have been asked for.
const NOT_FOR_TELLING: &str = "statement_untold";

impl Engine {
    /// A peer does not stand where we do: it may lack an audience that it is in.
    pub(super) fn tell_audiences(&mut self, device: DeviceId) {
        let Some(theirs) = self.statements.roster().device(device).map(|granted| granted.org) else { return };
        let news: Vec<StatementHash> = self.audience_news(theirs).iter().map(|known| known.hash).collect();
        self.tell_later(device, news);
    }

    /// All receipts and heads that a peer should be told, but for those that it has been told.
    pub(super) fn tell_notices(&mut self, device: DeviceId) {
        let notices = self.told_by(self.device(), device);
        self.tell_later(device, notices);
    }

    /// What we say on this connection that we hold of a peer's notices. Said once and for all: when others' heads are
    /// believed hangs on what we share with them alone, and would tell an outsider the pace of a named audience.
    pub(super) fn notices_on_this_connection(&mut self, device: DeviceId) -> u64 {
        if let Some(said) = self.peers.by_device.get(&device).and_then(|peer| peer.notices_said) {
            return said;
        }
        let notices = self.notices(self.device(), device);
        if let Some(peer) = self.peers.by_device.get_mut(&device).filter(|peer| peer.connected) {
            peer.notices_said = Some(notices);
        }
        notices
    }

    /// A peer says what it holds of our notices: once on each connection, it is told the rest.
    pub(super) fn heard_what_it_holds(&mut self, device: DeviceId, theirs: u64) {
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
        if !std::mem::replace(&mut peer.notices_heard, true) && theirs != self.notices(device, self.device())
        {
            self.tell_notices(device);
        }
    }

    /// What we hold of the notices that `teller` tells `to`, in short: one of the two is this node.
    fn notices(&self, to: DeviceId, teller: DeviceId) -> u64 {
        let mut held = self.told_by(teller, to);
        held.sort_unstable();
        let whole = hash("praksis/notices/1", &held);
        u64::from_be_bytes(*whole.first_chunk().expect("a hash has more than eight bytes"))
    }

    fn told_by(&self, teller: DeviceId, to: DeviceId) -> Vec<StatementHash> {
        let other = if to == self.device() { teller } else { to };
        let scopes = self.common_scopes(other);
        let notices = self.statements.notices();
        let notices = notices.filter(|known| scopes.contains(&known.scope()));
        notices.filter(|known| self.is_told(known, teller, to)).map(|known| known.hash).collect()
    }

    /// New notices, to whom they concern.
    pub(super) fn spread(&mut self, notices: &[Known]) {
        let own = self.device();
        if notices
            .iter()
            .any(|known| matches!(known.fact, Fact::Head(_)) && known.statement.issuer.0 != own.0)
        {
            self.heads_came();
        }
        for device in self.connected_friends() {
            let is_due = |known: &&Known| {
                !matches!(known.fact, Fact::Head(_)) || known.statement.issuer.0 == self.device().0
            };
            let news = notices.iter().filter(|known| self.notice_concerns(device, known)).filter(is_due);
            let news = news.map(|known| known.hash).collect();
            self.tell_later(device, news);
        }
    }

    /// Whether a receipt or a head is passed on to a peer.
    fn notice_concerns(&self, device: DeviceId, known: &Known) -> bool {
        self.may_see(device, known.scope()) && self.is_told(known, self.device(), device)
    }

    /// Whether one device tells another a receipt or a head, of a scope that both may read.
    fn is_told(&self, known: &Known, teller: DeviceId, to: DeviceId) -> bool {
        let issuer = DeviceId(known.statement.issuer.0);
        if issuer == to {
            return false;
        }
        let Fact::Receipt(receipt) = &known.fact else { return matches!(known.fact, Fact::Head(_)) };
        let roster = self.statements.roster();
        let is_owners = roster.device(to).is_some_and(|granted| granted.org == receipt.owner);
        let passes_on =
            roster.member_of(to).is_some_and(|member| member.membership.role == Role::Association);
        is_owners || (passes_on && issuer == teller)
    }

    fn tell_later(&mut self, device: DeviceId, news: Vec<StatementHash>) {
        let Some(peer) = self.peers.by_device.get_mut(&device).filter(|peer| peer.connected) else { return };
        for hash in news {
            if peer.told.insert(hash) {
                peer.to_tell.insert(hash);
            }
        }
    }

    /// Sends the next statements once the ones before were heard.
    pub(super) fn tell_next(&mut self, device: DeviceId) {
        let has_some = |peer: &&Peer| peer.connected && !peer.to_tell.is_empty();
        let Some(peer) = self.peers.by_device.get(&device).filter(has_some) else { return };
        if peer.awaits(|question| matches!(question, Question::Tell)) {
            return;
        }
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
        let mut statements: Vec<ByteVec> = Vec::new();
        while statements.len() < TELL_LIMIT
            && let Some(hash) = peer.to_tell.pop_first()
        {
            // What another has replaced meanwhile is not told.
            if let Some(known) = self.statements.get(hash) {
                statements.push(known.statement.bytes().to_vec().into());
            }
        }
        if !statements.is_empty() {
            self.ask(device, &Request::Tell(statements), Question::Tell);
        }
    }

    /// A peer tells statements that nobody asked for.
    pub(super) fn told(&mut self, from: DeviceId, statements: &[ByteVec]) -> Result<(), StoreError> {
        let known = self.read_statements(statements);
        let (mut heard, mut heads) = (Vec::new(), Vec::new());
        for one in known {
            let is_notice = matches!(one.fact, Fact::Receipt(_) | Fact::Head(_));
            let is_news = matches!(
                one.fact,
                Fact::AudienceOpen(_)
                    | Fact::AudienceAdd(_)
                    | Fact::AudienceEnd(_)
                    | Fact::CoOwnerEnd(_)
                    | Fact::Cut(_)
            );
            let fits = match one.scope() {
                Scope::Named(_) if is_news => true,
                scope @ (Scope::Organisation(_) | Scope::Network | Scope::Named(_)) => {
                    is_notice && self.may_see(from, scope)
                }
                Scope::Roster => false,
            };
            if !fits {
                self.refuse(NOT_FOR_TELLING);
            } else if matches!(one.fact, Fact::Head(_)) {
                heads.push(one);
            } else {
                heard.push(one);
            }
        }
        self.heard_heads(from, heads);
        let heard = self.without_too_many(heard);
        self.take_statements(heard, None)
    }
}
