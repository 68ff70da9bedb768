//! What somebody at this node wants, one arm each.

use rand_core::Rng;

use super::{
    Command, CommandError, Edit, Engine, Memory, Output, Reply, RequestId, Resting,
    index::RecordCounts,
    lanes::Task,
    output::{MemberStatus, PeerStatus, RecordRef, Status},
    pace::Pace,
};
use crate::{
    document::Form,
    genesis::{About, Genesis, Scope},
    id::DocumentId,
    membership::roster::Device,
    personal,
    share::Refused,
    store::{Put, Read, StoreError},
};

/// Most records in one reply.
const RECORDS_LIMIT: usize = 1000;
/// Most candidates for the beginning of an id.
const CANDIDATES: usize = 10;

impl Engine {
    pub(super) fn command(
        &mut self,
        request: RequestId,
        command: Command,
        store: &impl Read,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        match command {
            Command::Draft(kind, record) => {
                let Some(owner) = self.identity.org.filter(|_| kind.is_drafted()) else {
                    self.reply(request, Err(CommandError::NotGranted));
                    return Ok(());
                };
                let mut nonce = [0; 32];
                rng.fill_bytes(&mut nonce);
                let genesis = Genesis::draft(kind, owner, nonce);
                self.write(request, genesis, None, Edit::Replace(record), store, rng)
            }
            Command::DraftJointly(kind, record, co_owners) => {
                self.draft_jointly(request, kind, record, co_owners, store, rng)
            }
            Command::CoOwn(id, org, may_write) => self.co_own(request, id, org, may_write, store),
            Command::EndPlace(audience, org) => self.end_place(request, audience, org, store),
            Command::Edit(id, at, edit) => match self.draft_of(id) {
                Ok(genesis) => self.write(request, genesis, at, edit, store, rng),
                Err(error) => {
                    self.reply(request, Err(error));
                    Ok(())
                }
            },
            Command::Share(id, terms, audience) => self.share(request, id, terms, audience, store, rng),
            Command::Withdraw(id, why, now) => self.withdraw(request, id, why, now),
            Command::Roster => {
                let roster = self.statements.roster().clone();
                self.reply(request, Ok(Reply::Roster(roster)));
                Ok(())
            }
            Command::AsRoot(root, command) => {
                let kept = self.keys.root.replace(*root);
                let done = self.command(request, *command, store, rng);
                self.keys.root = kept;
                done
            }
            Command::Hold(root) => {
                self.keys.root = root.map(|root| *root);
                self.reply(request, Ok(Reply::Done));
                Ok(())
            }
            Command::Say(saying) => self.administer(request, saying, store),
            Command::TakeIn(ticket) => self.take_in_ticket(request, ticket),
            Command::Why(id) => self.why(request, id, store),
            Command::Show(id, today) => self.show(request, id, today, store),
            Command::Direct(kind, about, record) => {
                let network = self.statements.roster().network();
                let (Some(owner), Some(network)) = (self.identity.org, network) else {
                    self.reply(request, Err(CommandError::NoNetwork));
                    return Ok(());
                };
                // It is in the network at once; nobody is asked what to let through.
                let found = record.as_object().map(|record| personal::search(kind, record, true));
                if let Some(found) = found.filter(|found| !found.is_empty()) {
                    let refused = Box::new(Refused { found, ..Refused::default() });
                    self.reply(request, Err(CommandError::NotShareable(refused)));
                    return Ok(());
                }
                // A word on what not everybody reads is read by the same.
                let scope = match &about {
                    About::Subject(subject) => self.index.row(*subject).map(|row| row.genesis.scope),
                    About::Itself | About::Year(_) => None,
                };
                let scope = scope.unwrap_or(Scope::Network);
                let genesis = Genesis::direct(kind, owner, network, scope, &about);
                self.write(request, genesis, None, Edit::Replace(record), store, rng)
            }
            Command::Records(kind, after, limit) => {
                let limit = limit.clamp(1, RECORDS_LIMIT);
                let mut rest = self.index.records_after(kind, after).peekable();
                let mut records: Vec<RecordRef> = rest.by_ref().take(limit).collect();
                let last = records.last().map(|record| record.record);
                // The next page begins after an id: whoever claims the same one comes too.
                records.extend(std::iter::from_fn(|| rest.next_if(|record| Some(record.record) == last)));
                let next = last.filter(|_| rest.peek().is_some());
                drop(rest);
                self.reply(request, Ok(Reply::Records(records, next)));
                Ok(())
            }
            Command::Find(beginning) => {
                let found = self.index.find(&beginning, CANDIDATES);
                self.reply(request, Ok(Reply::Records(found, None)));
                Ok(())
            }
            Command::History(id, form) => {
                let document = self.index.record(id).and_then(|record| match form {
                    Form::Draft => record.draft,
                    Form::Shared => record.shared,
                });
                match document.and_then(|document| self.index.row(document)) {
                    Some(row) => self.line_up(row.genesis, Task::History { request }, store, rng),
                    None => {
                        self.reply(request, Err(CommandError::NotFound));
                        Ok(())
                    }
                }
            }
            Command::Invite(number, role, valid_s) => {
                self.invite(request, number, role, valid_s, rng);
                Ok(())
            }
            Command::Join(ticket) => self.join(request, ticket),
            Command::Apply(card) => {
                self.apply(request, card);
                Ok(())
            }
            Command::AskIn(card, places) => {
                self.ask_in(request, card, places);
                Ok(())
            }
            Command::Applicants => {
                let waiting = self.waiting_applicants();
                self.reply(request, Ok(Reply::Applicants(waiting)));
                Ok(())
            }
            Command::Decline(org, why) => {
                self.decline(request, org, why);
                Ok(())
            }
            Command::Admit(ticket, role) => {
                self.admit(request, &ticket, role);
                Ok(())
            }
            Command::GrantOffice(ticket) => self.grant_office(request, ticket),
            Command::AddPeer(addresses) => {
                self.add_bootstraps(&addresses);
                self.reply(request, Ok(Reply::Done));
                Ok(())
            }
            Command::Sync => {
                for device in self.connected_friends() {
                    self.say_hello(device);
                }
                self.reply(request, Ok(Reply::Done));
                Ok(())
            }
            Command::Status => {
                let status = self.status();
                self.reply(request, Ok(Reply::Status(Box::new(status))));
                Ok(())
            }
            Command::Carry(carry) => self.carry(request, carry, store, rng),
            Command::Remember(memories) => {
                let put = |Memory { of, name, value }| match of {
                    Some(document) => Put::Memory(document, name, value),
                    None => Put::Local(format!("node/{name}"), value),
                };
                let outputs = vec![Output::Reply(request, Ok(Reply::Done))];
                self.commit(
                    memories.into_iter().map(put).collect(),
                    Resting { outputs, ..Resting::default() },
                );
                Ok(())
            }
        }
    }

    /// The draft that an id of a record, a draft or a shared document leads to.
    pub(super) fn draft_of(&self, id: DocumentId) -> Result<Genesis, CommandError> {
        let record = self.index.record(id).ok_or(CommandError::NotFound)?;
        let draft = record.draft.ok_or(CommandError::NotOwner)?;
        self.index.row(draft).map(|row| row.genesis).ok_or(CommandError::NotFound)
    }

    fn status(&self) -> Status {
        let roster = self.statements.roster();
        let own = self.device();
        let RecordCounts { by_kind: documents, shared } = self.index.counted().clone();
        let members = roster
            .members()
            .map(|(org, member)| MemberStatus {
                org: *org,
                number: member.membership.number.clone(),
                name: member.membership.name.clone(),
                role: member.membership.role,
                devices: roster
                    .devices()
                    .filter(|(_, device)| device.org == *org)
                    .map(|(id, Device { slot, .. })| (*id, *slot))
                    .collect(),
            })
            .collect();
        let mut peers: Vec<PeerStatus> = self
            .peers
            .by_device
            .iter()
            .filter(|(device, peer)| peer.connected || roster.device(**device).is_some())
            .map(|(device, peer)| PeerStatus {
                device: Some(*device),
                org: roster.device(*device).map(|granted| granted.org),
                connected: peer.connected,
                address: peer.address.clone(),
                level: peer.is_level(),
                last_level: peer.last_level(),
                pace: peer.pace,
                lacking: peer.lacking(),
                score: peer.score(self.now),
            })
            .collect();
        peers.extend(self.peers.unreached().map(|address| PeerStatus {
            device: None,
            org: None,
            connected: false,
            address: Some(address.to_owned()),
            level: false,
            last_level: None,
            pace: Pace::default(),
            lacking: 0,
            score: 0,
        }));
        Status {
            org: self.identity.org,
            number: self.identity.number.clone(),
            name: self.identity.name.clone(),
            device: own,
            slot: roster.device(own).map(|device| device.slot),
            network: roster.network(),
            ended: self.ended(),
            documents,
            shared,
            members,
            peers,
            refused: self.refused.clone(),
            waiting: self.quarantine.len(),
            alarms: roster.alarms.iter().copied().collect(),
            addresses: self.addresses.clone(),
            invitations: self.invitations.open_count(),
            applicants: self.applicants_waiting(),
            asking: self.applying.asking().cloned(),
            sets: self.index.sizes(),
            compared: self.compared,
            pace: self.pace,
            now: self.now,
        }
    }
}
