//! Questions to peers, and where their answers go.

use rand_core::Rng;

use super::{Class, Engine, MessageId, Output, peers::Peer, pull::Pulling};
use crate::{
    id::DeviceId,
    membership::joining::JoinRequest,
    store::{Read, StoreError},
    wire::message::{Hello, Request, Response},
};

/// What a question was about.
#[derive(Debug)]
pub(super) enum Question {
    /// Where we said that we stand.
    Hello(Hello),
    Changed,
    /// To be told again what is new.
    Graft,
    Tell,
    Introduce,
    Apply,
    /// To be admitted without an invitation.
    AskIn,
    Pull(Pulling),
}

impl Peer {
    /// Whether a question of ours is open: of most kinds one at a time is.
    pub(super) fn awaits(&self, kind: fn(&Question) -> bool) -> bool {
        self.questions.values().any(kind)
    }
}

impl Engine {
    pub(super) fn ask(&mut self, device: DeviceId, request: &Request, question: Question) {
        let id = MessageId(self.number());
        self.outputs.push_back(Output::Ask(device, id, Class::Sync, request.bytes()));
        self.peers.by_device.meet(device).questions.insert(id, question);
    }

    pub(super) fn ask_join(&mut self, device: DeviceId, request: &JoinRequest, question: Question) {
        let id = MessageId(self.number());
        self.outputs.push_back(Output::Ask(device, id, Class::Join, request.bytes()));
        self.peers.by_device.meet(device).questions.insert(id, question);
    }

    /// At somebody's door as a guest: ask to join, or show that we are a member.
    pub(super) fn knock(&mut self, device: DeviceId) {
        if self.apply_to(device) || self.ask_in_at(device) {
            return;
        }
        let Some(org) = self.identity.org else { return };
        let proof: Vec<_> = self
            .statements
            .proof(org, self.device())
            .into_iter()
            .map(|known| known.statement.bytes().to_vec().into())
            .collect();
        let peer = self.peers.by_device.meet(device);
        if proof.is_empty() || std::mem::replace(&mut peer.introduced, true) {
            return;
        }
        self.ask_join(device, &JoinRequest::Introduce(proof), Question::Introduce);
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
        let Some(peer) = self.peers.by_device.get_mut(&from) else { return Ok(()) };
        let Some(question) = peer.questions.remove(&question) else { return Ok(()) };
        match question {
            Question::Apply | Question::Introduce => {
                self.join_answered(from, bytes);
                Ok(())
            }
            Question::AskIn => {
                self.ask_in_answered(from, bytes, rng);
                Ok(())
            }
            Question::Hello(said) => self.hello_answered(from, said, bytes),
            Question::Changed => {
                self.hints_answered(from, bytes);
                Ok(())
            }
            Question::Tell | Question::Graft => Ok(()),
            Question::Pull(pulling) => {
                if let Some(pull) = &mut peer.pull {
                    pull.asking = false;
                }
                match Response::read(bytes) {
                    Ok(response) => self.pull_answered(from, pulling, response, store, rng),
                    Err(error) => {
                        self.blame(from, error.name());
                        self.pull_failed(from);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Something we asked will not be answered.
    pub(super) fn unanswered(
        &mut self,
        from: DeviceId,
        question: MessageId,
        not_offered: bool,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let now = self.now;
        let Some(peer) = self.peers.by_device.get_mut(&from) else { return Ok(()) };
        let Some(question) = peer.questions.remove(&question) else { return Ok(()) };
        match question {
            Question::Hello(_) => {
                if not_offered {
                    self.knock(from);
                } else {
                    peer.hello_again(now);
                }
            }
            Question::Changed => {
                peer.hello_soon(now);
            }
            Question::Tell => {
                peer.told.clear();
                peer.notices_heard = false;
                peer.hello_soon(now);
            }
            Question::Introduce | Question::Graft => {}
            Question::Apply => self.application_unanswered(),
            Question::AskIn => self.ask_in_unanswered(from, rng),
            Question::Pull(_) => {
                peer.hello_again(now);
                self.pull_failed(from);
            }
        }
        Ok(())
    }
}
