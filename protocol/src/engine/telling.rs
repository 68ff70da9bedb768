//! Telling peers what they did not ask for, because they cannot know to ask: a named audience that they
//! are in, receipts for what is withdrawn, heads.
//!
//! Nothing rests on it being heard: what is not heard is told again on the next connection.

use minicbor::bytes::ByteVec;

use super::{Engine, asking::Question, statements::read_all};
use crate::{
    genesis::Scope,
    id::{DeviceId, StatementHash},
    membership::statement::{Fact, Known, Role},
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

    /// A peer that has just come is told everything once.
    pub(super) fn tell_notices_once(&mut self, device: DeviceId) {
        let peer = self.peers.by_device.entry(device).or_default();
        if !std::mem::replace(&mut peer.told_all, true) {
            self.tell_notices(device);
        }
    }

    /// All receipts and heads that concern a peer, but for those that it has been told.
    pub(super) fn tell_notices(&mut self, device: DeviceId) {
        let notices = self.statements.all().filter(|known| self.notice_concerns(device, known));
        let notices = notices.map(|known| known.hash).collect();
        self.tell_later(device, notices);
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
        let issuer = DeviceId(known.statement.issuer.0);
        if issuer == device || !self.may_see(device, known.scope()) {
            return false;
        }
        let Fact::Receipt(receipt) = &known.fact else { return matches!(known.fact, Fact::Head(_)) };
        let roster = self.statements.roster();
        let is_owners = roster.device(device).is_some_and(|granted| granted.org == receipt.owner);
        let passes_on =
            roster.member_of(device).is_some_and(|member| member.membership.role == Role::Association);
        is_owners || (passes_on && issuer == self.device())
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
        let Some(peer) = self.peers.by_device.get_mut(&device) else { return };
        if !peer.connected || peer.tell_asked || peer.to_tell.is_empty() {
            return;
        }
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
            peer.tell_asked = true;
            self.ask(device, &Request::Tell(statements), Question::Tell);
        }
    }

    /// A peer tells statements that nobody asked for.
    pub(super) fn told(&mut self, from: DeviceId, statements: &[ByteVec]) -> Result<(), StoreError> {
        let (known, refused) = read_all(statements.iter().map(|bytes| bytes.as_slice()));
        for error in refused {
            self.refuse(error.name())?;
        }
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
                self.refuse(NOT_FOR_TELLING)?;
            } else if matches!(one.fact, Fact::Head(_)) {
                heads.push(one);
            } else {
                heard.push(one);
            }
        }
        self.heard_heads(from, heads);
        self.take_statements(heard, None)
    }
}
