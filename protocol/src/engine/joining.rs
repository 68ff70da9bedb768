//! Coming into a network with an invitation.

use std::time::Duration;

use minicbor::bytes::ByteVec;

use super::{
    CommandError, Engine, Event, Output, Reply, RequestId, Resting, Wake,
    asking::Question,
    setup::CHARTER,
    statements::{put, read_all},
};
use crate::{
    id::{DeviceId, OrgId, StatementHash},
    membership::{
        charter::Charter,
        joining::{Admittance, Application, CARD_LIMIT, Invitation, JoinReply, JoinRequest},
        ticket::Ticket,
    },
    signed::Verified,
    store::{Batch, Put, Read, StoreError},
    time::Timestamp,
};

const JOINING: &str = "joining";
/// How long to wait before asking again.
const APPLY_AGAIN: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Joining {
    /// The invitation that we try to use.
    ours: Option<Verified<Invitation>>,
    /// When to ask again.
    again: Option<Timestamp>,
}

impl Joining {
    pub(super) fn open(store: &impl Read) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "invitation".into() };
        let ours = match store.local(JOINING)? {
            Some(bytes) => Some(Verified::trusted(&bytes).map_err(|_| damaged())?),
            None => None,
        };
        Ok(Self { ours, again: Some(Timestamp::default()) })
    }

    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        self.ours.as_ref()?;
        Some((self.again?, "join"))
    }
}

impl Engine {
    /// Uses an invitation, an admittance or an office's grant.
    pub(super) fn join(&mut self, request: RequestId, ticket: Ticket) -> Result<(), StoreError> {
        match ticket {
            Ticket::Invitation(invitation) => self.join_network(request, invitation),
            Ticket::Office(grant) => self.join_organisation(request, &grant),
            Ticket::Admittance(admittance) => self.join_admitted(request, &admittance),
            Ticket::Request(_) | Ticket::Statements(_) | Ticket::Application(_) => {
                self.reply(request, Err(CommandError::BadTicket))
            }
        }
        Ok(())
    }

    fn join_network(&mut self, request: RequestId, invitation: Verified<Invitation>) {
        let network = self.charter.as_ref().map(Charter::network);
        let Ok(charter) = Charter::read(&invitation.charter) else {
            return self.reply(request, Err(CommandError::BadTicket));
        };
        let refusal = if invitation.number != self.identity.number {
            Some(CommandError::NotForUs)
        } else if network.is_some_and(|network| network == invitation.network) {
            // Joined already, perhaps with this very invitation: nothing to do.
            self.reply(request, Ok(Reply::Joining));
            let joined = Event::Joined(invitation.network);
            return self.outputs.push_back(Output::Announce(joined));
        } else if network.is_some() {
            Some(CommandError::InNetwork)
        } else if self.keys.root.is_none() {
            Some(CommandError::NoRoot)
        } else if charter.network() != invitation.network {
            // Whether its issuer vouches for members by now is seen from the grant that comes of it.
            Some(CommandError::BadTicket)
        } else if self.now.seconds() > invitation.expires_s {
            Some(CommandError::Expired)
        } else {
            None
        };
        if let Some(error) = refusal {
            return self.reply(request, Err(error));
        }
        let batch = vec![Put::Local(JOINING.into(), Some(invitation.bytes().to_vec()))];
        let outputs = vec![Output::Reply(request, Ok(Reply::Joining))];
        self.joining.ours = Some(invitation);
        self.joining.again = Some(self.now);
        self.commit(batch, Resting { outputs, ..Resting::default() });
    }

    /// Asks to be admitted without an invitation: a ticket for whoever decides.
    pub(super) fn apply(&mut self, request: RequestId, card: Option<String>) {
        let reply = self.application(card);
        let ticket = reply.map(|application| Reply::Ticket(Ticket::Application(application).to_text()));
        self.reply(request, ticket);
    }

    /// What we ask with when nobody has invited us.
    pub(super) fn application(&self, card: Option<String>) -> Result<Verified<Application>, CommandError> {
        let root = self.keys.root.as_ref().ok_or(CommandError::NoRoot)?;
        let org = OrgId(root.verifying_key().to_bytes());
        if self.identity.org != Some(org) {
            return Err(CommandError::NoRoot);
        }
        let roster = self.statements.roster();
        if roster.member(org).is_some() {
            return Err(CommandError::InNetwork);
        }
        let own_grant = roster.device(self.device()).and_then(|granted| self.statements.get(granted.grant));
        let grant = own_grant.ok_or(CommandError::NotGranted)?;
        let application = Application {
            version: 1,
            invitation: None,
            one_time: org,
            org,
            name: self.identity.name.clone(),
            device_grant: grant.statement.bytes().to_vec().into(),
            card: card.filter(|card| card.len() <= CARD_LIMIT),
        };
        Ok(Verified::sign(application, root))
    }

    /// An association has admitted us as we asked.
    fn join_admitted(&mut self, request: RequestId, admittance: &Verified<Admittance>) {
        match self.take_admittance(admittance, None) {
            Ok((batch, mut resting)) => {
                resting.outputs.insert(0, Output::Reply(request, Ok(Reply::Joining)));
                self.commit(batch, resting);
            }
            Err(error) => self.reply(request, Err(error)),
        }
    }

    /// What follows from being admitted, by a file or `from` a device, if we are: what is to be written, and what rests
    /// on that.
    pub(super) fn take_admittance(
        &mut self,
        admittance: &Verified<Admittance>,
        from: Option<DeviceId>,
    ) -> Result<(Batch, Resting), CommandError> {
        let network = self.charter.as_ref().map(Charter::network);
        if self.identity.org != Some(admittance.org) {
            return Err(CommandError::NotForUs);
        }
        if network.is_some_and(|network| network != admittance.network) {
            return Err(CommandError::InNetwork);
        }
        let charter = Charter::read(&admittance.charter).ok();
        let charter = charter.filter(|charter| charter.network() == admittance.network);
        let charter = charter.ok_or(CommandError::BadTicket)?;
        let (received, _) = read_all(&admittance.statements);
        let new = self.statements.take(received, Some(&charter), self.identity.org);
        let roster = self.statements.roster_with(Some(&charter), &new);
        let member = roster.member(admittance.org).map(|member| &member.membership.number);
        if member != Some(&self.identity.number) || !roster.roots().any(|root| root == admittance.issuer) {
            return Err(CommandError::BadTicket);
        }
        let mut batch: Batch = new.iter().map(put).collect();
        batch.push(Put::Local(CHARTER.into(), Some(charter.bytes())));
        batch.push(Put::Local(JOINING.into(), None));
        batch.push(self.ask_nobody(from));
        self.joining.ours = None;
        let outputs = vec![Output::Announce(Event::Joined(charter.network()))];
        self.add_addresses(admittance.admitted_by, &admittance.addresses);
        Ok((batch, Resting { outputs, statements: new, joined: true, ..Resting::default() }))
    }

    /// While a join is under way: reach the association's nodes, and ask those that are reached.
    pub(super) fn tend_joining(&mut self) {
        let Some(invitation) = &self.joining.ours else { return };
        if self.joining.again.is_some_and(|again| again > self.now) {
            return;
        }
        self.joining.again = Some(self.now + APPLY_AGAIN);
        let (devices, addresses) = (invitation.devices.clone(), invitation.addresses.clone());
        for device in devices {
            if self.peers.by_device.get(&device).is_some_and(|peer| peer.connected) {
                self.apply_to(device);
            } else {
                self.add_addresses(device, &addresses);
            }
        }
    }

    /// Asks an admitting node for membership; says whether that is what we want of it.
    pub(super) fn apply_to(&mut self, device: DeviceId) -> bool {
        let Some(invitation) = self.joining.ours.clone() else { return false };
        let Some(org) = self.identity.org.filter(|_| invitation.devices.contains(&device)) else {
            return false;
        };
        let own_grant = self.statements.roster().device(self.device()).map(|granted| granted.grant);
        let Some(grant) = own_grant.and_then(|hash| self.statements.get(hash)) else { return false };
        let peer = self.peers.by_device.get(&device);
        if peer.is_some_and(|peer| peer.awaits(|question| matches!(question, Question::Apply))) {
            return true;
        }
        let key = invitation.key();
        let application = Verified::sign(
            Application {
                version: 1,
                invitation: Some(StatementHash(invitation.hash())),
                one_time: OrgId(key.verifying_key().to_bytes()),
                org,
                name: self.identity.name.clone(),
                device_grant: grant.statement.bytes().to_vec().into(),
                card: None,
            },
            &key,
        );
        let request = JoinRequest::Apply(application.bytes().to_vec().into());
        self.ask_join(device, &request, Question::Apply);
        true
    }

    pub(super) fn application_unanswered(&mut self) {
        self.joining.again = Some(self.now + APPLY_AGAIN);
    }

    /// An answer to what we asked as a guest.
    pub(super) fn join_answered(&mut self, from: DeviceId, bytes: &[u8]) {
        match JoinReply::read(bytes) {
            Some(JoinReply::Welcome(statements)) => self.welcomed(from, &statements),
            Some(JoinReply::Refused(refusal)) => {
                if self.joining.ours.is_some() {
                    self.outputs.push_back(Output::Announce(Event::JoinRefused(refusal)));
                }
                // Asking again would get the same answer.
                if refusal.is_final() && self.joining.ours.take().is_some() {
                    self.commit(vec![Put::Local(JOINING.into(), None)], Resting::default());
                }
                self.refuse("join_refused");
            }
            Some(JoinReply::Ended(statements)) => self.heard_own_end(&statements),
            // Answers to another question.
            Some(JoinReply::Waiting | JoinReply::Admitted(_) | JoinReply::Declined(_)) | None => {
                self.refuse("answer")
            }
        }
    }

    fn welcomed(&mut self, from: DeviceId, statements: &[ByteVec]) {
        let invited = self.joining.ours.as_ref().filter(|invitation| invitation.devices.contains(&from));
        let charter = match invited {
            Some(invitation) => Charter::read(&invitation.charter).ok(),
            None => self.charter.clone(),
        };
        let joining = invited.is_some();
        let received = self.read_statements(statements);
        let new = self.statements.take(received, charter.as_ref(), self.identity.org);
        let mut batch: Batch = new.iter().map(put).collect();
        let mut outputs = Vec::new();
        if let Some(charter) = charter.as_ref().filter(|_| joining) {
            let roster = self.statements.roster_with(Some(charter), &new);
            if self.identity.org.is_none_or(|org| roster.member(org).is_none()) {
                self.refuse("welcome_without_grant");
                return;
            }
            batch.push(Put::Local(CHARTER.into(), Some(charter.bytes())));
            batch.push(Put::Local(JOINING.into(), None));
            batch.push(self.ask_nobody(Some(from)));
            outputs.push(Output::Announce(Event::Joined(charter.network())));
            self.joining.ours = None;
        }
        // Whoever is let in by nobody but itself is not met again: it would welcome us every time.
        let roster = self.statements.roster_with(charter.as_ref(), &new);
        let own = roster.device(from).is_some_and(|granted| Some(granted.org) == self.identity.org);
        if !joining && !own && !roster.lets_in(from, self.now) {
            self.refuse("not_member");
            return;
        }
        // Both take each other for members on a new connection.
        self.peers.by_device.meet(from).welcomed = true;
        outputs.push(Output::Disconnect(from));
        self.commit(batch, Resting { outputs, statements: new, joined: joining, ..Resting::default() });
    }
}
