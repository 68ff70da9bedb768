//! Coming into a network, letting others in, and granting a second office.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode, bytes::ByteVec};
use rand_core::Rng;

use super::{
    CommandError, Engine, Event, MessageId, Output, Reply, RequestId, Resting, Wake,
    pulling::Question,
    setup::{CHARTER, IDENTITY},
    statements::put,
};
use crate::{
    id::{DeviceId, NetworkId, OrgId, StatementHash},
    membership::{
        charter::Charter,
        joining::{Application, Invitation, JoinReply, JoinRequest, OfficeGrant, Refusal, Ticket},
        statement::{Acceptance, DeviceGrant, Fact, Kind, Known, MembershipGrant, NAME_LIMIT, Role, SLOTS},
    },
    signed::{Verified, encoding::to_vec},
    store::{Batch, Put, Read, StoreError},
    time::Timestamp,
};

const INVITATIONS: &str = "invitation/";
const JOINING: &str = "joining";
/// How long to wait before asking again.
const APPLY_AGAIN_MS: u64 = 5_000;

/// An invitation that this node issued, and who used it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Issued {
    #[n(0)]
    invitation: ByteVec,
    #[n(1)]
    used: Option<Used>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Used {
    #[n(0)]
    org: OrgId,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    grant: StatementHash,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Joining {
    /// The invitation that we try to use.
    ours: Option<Verified<Invitation>>,
    issued: BTreeMap<StatementHash, Issued>,
    /// When to ask again.
    again: Option<Timestamp>,
}

impl Joining {
    pub(super) fn open(store: &impl Read) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "invitation".into() };
        let mut issued = BTreeMap::new();
        for (name, bytes) in store.locals(INVITATIONS)? {
            let hash = name[INVITATIONS.len()..].parse().map_err(|_| damaged())?;
            issued.insert(hash, minicbor::decode(&bytes).map_err(|_| damaged())?);
        }
        let ours = match store.local(JOINING)? {
            Some(bytes) => Some(Verified::trusted(&bytes).map_err(|_| damaged())?),
            None => None,
        };
        Ok(Self { ours, issued, again: Some(Timestamp::default()) })
    }

    pub(super) fn next_wake(&self) -> Option<(Timestamp, Wake)> {
        self.ours.as_ref()?;
        Some((self.again?, "join"))
    }

    /// Invitations that nobody has used.
    pub(super) fn open_invitations(&self) -> usize {
        self.issued.values().filter(|issued| issued.used.is_none()).count()
    }
}

impl Engine {
    /// Signs an invitation.
    pub(super) fn invite(
        &mut self,
        request: RequestId,
        number: String,
        role: Role,
        valid_s: u64,
        rng: &mut impl Rng,
    ) {
        let (Some(root), Some(charter)) = (&self.keys.root, &self.charter) else {
            return self.reply(request, Err(CommandError::NoRoot));
        };
        let issuer = OrgId(root.verifying_key().to_bytes());
        if !charter.roots.contains(&issuer) {
            return self.reply(request, Err(CommandError::NoRoot));
        }
        if self.statements.roster().member_by_number(&number).is_some() {
            return self.reply(request, Err(CommandError::Taken));
        }
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let invitation = Verified::sign(
            Invitation {
                version: 1,
                network: charter.network(),
                charter: charter.bytes().into(),
                issuer,
                number,
                role,
                seed,
                devices: vec![self.device()],
                addresses: self.addresses.clone(),
                expires_s: self.now.seconds().saturating_add(valid_s),
            },
            root,
        );
        let hash = StatementHash(invitation.hash());
        let issued = Issued { invitation: invitation.bytes().to_vec().into(), used: None };
        let batch = vec![put_issued(hash, &issued)];
        self.joining.issued.insert(hash, issued);
        let reply = Reply::Ticket(Ticket::Invitation(invitation).to_text());
        let outputs = vec![Output::Reply(request, Ok(reply))];
        self.commit(batch, Resting { outputs, ..Resting::default() });
    }

    /// Uses an invitation or an office's grant.
    pub(super) fn join(&mut self, request: RequestId, ticket: Ticket) -> Result<(), StoreError> {
        match ticket {
            Ticket::Invitation(invitation) => self.join_network(request, invitation),
            Ticket::Office(grant) => self.join_organisation(request, &grant),
            Ticket::Request(_) => self.reply(request, Err(CommandError::BadTicket)),
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
        } else if charter.network() != invitation.network || !charter.roots.contains(&invitation.issuer) {
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

    /// While a join is under way: reach the association's nodes, and ask those that are reached.
    pub(super) fn tend_joining(&mut self) {
        let Some(invitation) = &self.joining.ours else { return };
        if self.joining.again.is_some_and(|again| again > self.now) {
            return;
        }
        self.joining.again = Some(Timestamp(self.now.0 + APPLY_AGAIN_MS));
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
        let waiting = |peer: &super::peers::Peer| {
            peer.questions.values().any(|question| matches!(question, Question::Apply))
        };
        if self.peers.by_device.get(&device).is_some_and(waiting) {
            return true;
        }
        let key = invitation.key();
        let application = Verified::sign(
            Application {
                version: 1,
                invitation: StatementHash(invitation.hash()),
                one_time: OrgId(key.verifying_key().to_bytes()),
                org,
                name: self.identity.name.clone(),
                device_grant: grant.statement.bytes().to_vec().into(),
            },
            &key,
        );
        let request = JoinRequest::Apply(application.bytes().to_vec().into());
        self.ask_join(device, &request, Question::Apply);
        true
    }

    pub(super) fn application_unanswered(&mut self) {
        self.joining.again = Some(Timestamp(self.now.0 + APPLY_AGAIN_MS));
    }

    /// A guest asks.
    pub(super) fn asked_to_join(
        &mut self,
        from: DeviceId,
        question: MessageId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let outcome = match JoinRequest::read(bytes) {
            Some(JoinRequest::Apply(application)) => self.admit_applicant(from, &application),
            Some(JoinRequest::Introduce(statements)) => self.meet(from, &statements),
            None => Err(Refusal::Malformed),
        };
        match outcome {
            Ok((batch, statements)) => {
                let mut welcome: Vec<ByteVec> = match self.identity.org {
                    Some(org) => self.statements.proof(org, self.device()),
                    None => Vec::new(),
                }
                .into_iter()
                .map(|known| known.statement.bytes().to_vec().into())
                .collect();
                let of_guest = |known: &&Known| matches!(known.fact, Fact::Membership(_));
                let granted = statements.iter().filter(of_guest);
                welcome.extend(granted.map(|known| known.statement.bytes().to_vec().into()));
                let answer = Output::Answer(question, JoinReply::Welcome(welcome).bytes());
                self.commit(batch, Resting { outputs: vec![answer], statements, ..Resting::default() });
            }
            Err(refusal) => {
                self.refuse(refusal.name())?;
                self.outputs.push_back(Output::Answer(question, JoinReply::Refused(refusal).bytes()));
            }
        }
        Ok(())
    }

    /// Somebody holds an invitation of ours: the grant, the same for the same request again.
    fn admit_applicant(
        &mut self,
        from: DeviceId,
        application: &[u8],
    ) -> Result<(Batch, Vec<Known>), Refusal> {
        let application = Verified::<Application>::read(application).map_err(|_| Refusal::Malformed)?;
        let Some(root) = self.keys.root.clone() else { return Err(Refusal::NotHere) };
        let issued =
            self.joining.issued.get(&application.invitation).ok_or(Refusal::UnknownInvitation)?.clone();
        let invitation =
            Verified::<Invitation>::trusted(&issued.invitation).map_err(|_| Refusal::UnknownInvitation)?;
        if invitation.key().verifying_key().to_bytes() != application.one_time.0 || application.version != 1 {
            return Err(Refusal::UnknownInvitation);
        }
        let device_grant = Known::read(&application.device_grant).map_err(|_| Refusal::Malformed)?;
        let rightful = match &device_grant.fact {
            Fact::Device(grant, acceptance) => {
                grant.org == application.org
                    && device_grant.statement.issuer == application.org
                    && grant.device == from
                    && acceptance.number == invitation.number
            }
            Fact::Membership(_) | Fact::Address(_) | Fact::Unknown => false,
        };
        let named = !application.name.is_empty() && application.name.chars().count() <= NAME_LIMIT;
        if !rightful || !named {
            return Err(Refusal::Malformed);
        }
        if let Some(used) = &issued.used {
            let same = used.org == application.org && used.device == from;
            let grant = self.statements.get(used.grant).filter(|_| same).ok_or(Refusal::Used)?.clone();
            return Ok((Vec::new(), vec![grant]));
        }
        if self.now.seconds() > invitation.expires_s {
            return Err(Refusal::Expired);
        }
        if self.statements.roster().member_by_number(&invitation.number).is_some() {
            return Err(Refusal::NumberTaken);
        }
        let membership = MembershipGrant {
            number: invitation.number.clone(),
            name: application.name.clone(),
            org: application.org,
            role: invitation.role,
            from_s: self.now.seconds(),
            until_s: None,
            invitation: Some(application.invitation),
            follows: None,
        };
        let mut chain = self.statements.chain(OrgId(root.verifying_key().to_bytes()));
        let statement = chain.issue(&root, invitation.network, Kind::MembershipGrant, &membership);
        let granted =
            Known { hash: StatementHash(statement.hash()), statement, fact: Fact::Membership(membership) };
        let used = Some(Used { org: application.org, device: from, grant: granted.hash });
        let issued = Issued { used, ..issued };
        let batch = vec![put_issued(application.invitation, &issued), put(&device_grant), put(&granted)];
        self.joining.issued.insert(application.invitation, issued);
        // Known at once, not only when durable: a second application must find the number taken.
        self.statements.insert(granted.clone());
        self.statements.fold(self.charter.as_ref());
        Ok((batch, vec![device_grant, granted]))
    }

    /// A guest shows that it is a member we have not heard of.
    fn meet(&mut self, from: DeviceId, statements: &[ByteVec]) -> Result<(Batch, Vec<Known>), Refusal> {
        let received = statements.iter().map(|bytes| bytes.as_slice());
        let (new, _) = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        let roster = self.statements.roster_with(self.charter.as_ref(), &new);
        let own = roster.device(from).is_some_and(|granted| Some(granted.org) == self.identity.org);
        if !own && roster.member_of(from).is_none() {
            return Err(Refusal::NotMember);
        }
        Ok((new.iter().map(put).collect(), new))
    }

    /// An answer to what we asked as a guest.
    pub(super) fn join_answered(&mut self, from: DeviceId, bytes: &[u8]) -> Result<(), StoreError> {
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
                self.refuse("join_refused")
            }
            None => self.refuse("answer"),
        }
    }

    fn welcomed(&mut self, from: DeviceId, statements: &[ByteVec]) -> Result<(), StoreError> {
        let invited = self.joining.ours.as_ref().filter(|invitation| invitation.devices.contains(&from));
        let charter = match invited {
            Some(invitation) => Charter::read(&invitation.charter).ok(),
            None => self.charter.clone(),
        };
        let joining = invited.is_some();
        let received = statements.iter().map(|bytes| bytes.as_slice());
        let (new, refused) = self.statements.take(received, charter.as_ref(), self.identity.org);
        for error in refused {
            self.refuse(error.name())?;
        }
        let mut batch: Batch = new.iter().map(put).collect();
        let mut outputs = Vec::new();
        if let Some(charter) = charter.as_ref().filter(|_| joining) {
            let roster = self.statements.roster_with(Some(charter), &new);
            if self.identity.org.is_none_or(|org| roster.member(org).is_none()) {
                return self.refuse("welcome_without_grant");
            }
            batch.push(Put::Local(CHARTER.into(), Some(charter.bytes())));
            batch.push(Put::Local(JOINING.into(), None));
            outputs.push(Output::Announce(Event::Joined(charter.network())));
            self.joining.ours = None;
        }
        // Both take each other for members on a new connection.
        self.peers.by_device.entry(from).or_default().welcomed = true;
        outputs.push(Output::Disconnect(from));
        self.commit(batch, Resting { outputs, statements: new, joined: joining, ..Resting::default() });
        Ok(())
    }

    /// Grants the device of a second office.
    pub(super) fn grant_office(&mut self, request: RequestId, ticket: Ticket) -> Result<(), StoreError> {
        let Ticket::Request(acceptance) = ticket else {
            self.reply(request, Err(CommandError::BadTicket));
            return Ok(());
        };
        let Some(root) = self.keys.root.clone() else {
            self.reply(request, Err(CommandError::NoRoot));
            return Ok(());
        };
        if acceptance.number != self.identity.number {
            self.reply(request, Err(CommandError::NotForUs));
            return Ok(());
        }
        let org = OrgId(root.verifying_key().to_bytes());
        let roster = self.statements.roster().clone();
        let mut new = Vec::new();
        let known = roster.device(acceptance.device);
        if known.is_some_and(|device| device.org != org) {
            self.reply(request, Err(CommandError::Taken));
            return Ok(());
        }
        if known.is_none() {
            let taken =
                |slot: &u8| roster.devices().any(|(_, device)| device.org == org && device.slot == *slot);
            let Some(slot) = (1..=SLOTS).find(|slot| !taken(slot)) else {
                self.reply(request, Err(CommandError::Taken));
                return Ok(());
            };
            let granted = self.issue_device_grant(&root, org, &acceptance, slot);
            // Known at once, not only when durable: the next grant takes another number and slot.
            self.statements.insert(granted.clone());
            self.statements.fold(self.charter.as_ref());
            new.push(granted);
        }
        let of_ours = self.statements.of_organisation(org).into_iter();
        let charter = self.charter.as_ref();
        let statements = of_ours.map(|known| known.statement.bytes().to_vec().into()).collect();
        let grant = Verified::sign(
            OfficeGrant {
                version: 1,
                org,
                name: self.identity.name.clone(),
                charter: charter.map(|charter| charter.bytes().into()),
                statements,
                device: acceptance.device,
                addresses: self.addresses.clone(),
                granted_by: self.device(),
            },
            &root,
        );
        let reply = Reply::Ticket(Ticket::Office(grant).to_text());
        let outputs = vec![Output::Reply(request, Ok(reply))];
        let batch = new.iter().map(put).collect();
        self.commit(batch, Resting { outputs, statements: new, ..Resting::default() });
        Ok(())
    }

    fn issue_device_grant(
        &self,
        root: &ed25519_dalek::SigningKey,
        org: OrgId,
        acceptance: &Verified<Acceptance>,
        slot: u8,
    ) -> Known {
        let grant = DeviceGrant {
            org,
            device: acceptance.device,
            slot,
            acceptance: acceptance.bytes().to_vec().into(),
            follows: None,
        };
        let statement = self.statements.chain(org).issue(root, NetworkId::NONE, Kind::DeviceGrant, &grant);
        let hash = StatementHash(statement.hash());
        Known { hash, statement, fact: Fact::Device(grant, Acceptance::clone(acceptance)) }
    }

    /// This office has been granted: who we are, and who the others are.
    fn join_organisation(&mut self, request: RequestId, grant: &Verified<OfficeGrant>) {
        if grant.device != self.device() {
            return self.reply(request, Err(CommandError::NotForUs));
        }
        if self.identity.org.is_some_and(|org| org != grant.org) {
            return self.reply(request, Err(CommandError::InNetwork));
        }
        let charter = match &grant.charter {
            Some(bytes) => match Charter::read(bytes) {
                Ok(charter) => Some(charter),
                Err(_) => return self.reply(request, Err(CommandError::BadTicket)),
            },
            None => None,
        };
        let received = grant.statements.iter().map(|bytes| bytes.as_slice());
        let (new, _) = self.statements.take(received, charter.as_ref(), Some(grant.org));
        let roster = self.statements.roster_with(charter.as_ref(), &new);
        let granted = roster.device(self.device());
        if granted.is_none_or(|device| device.org != grant.org || device.number != self.identity.number) {
            return self.reply(request, Err(CommandError::BadTicket));
        }
        let identity = super::Identity {
            org: Some(grant.org),
            number: self.identity.number.clone(),
            name: grant.name.clone(),
        };
        let mut batch: Batch = new.iter().map(put).collect();
        batch.push(Put::Local(IDENTITY.into(), Some(to_vec(&identity))));
        let mut outputs = vec![Output::Reply(request, Ok(Reply::Joining))];
        if let Some(charter) = charter {
            batch.push(Put::Local(CHARTER.into(), Some(charter.bytes())));
            outputs.push(Output::Announce(Event::Joined(charter.network())));
        } else {
            outputs.push(Output::Announce(Event::Joined(NetworkId::NONE)));
        }
        self.add_addresses(grant.granted_by, &grant.addresses);
        self.commit(batch, Resting { outputs, statements: new, joined: true, ..Resting::default() });
    }

    /// Signs something that this device says of itself.
    pub(super) fn issue_as_device<B: Encode<()>>(&mut self, network: NetworkId, kind: Kind, body: &B) {
        let key = self.keys.device.clone();
        let mut chain = self.statements.chain(OrgId(key.verifying_key().to_bytes()));
        let statement = chain.issue(&key, network, kind, body);
        let known = Known::read(statement.bytes()).expect("what we sign reads back");
        self.commit(vec![put(&known)], Resting { statements: vec![known], ..Resting::default() });
    }
}

fn put_issued(hash: StatementHash, issued: &Issued) -> Put {
    Put::Local(format!("{INVITATIONS}{hash}"), Some(to_vec(issued)))
}
