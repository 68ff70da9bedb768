//! Letting others in: invitations, those who use them, and members we have not heard of.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode, bytes::ByteVec};
use rand_core::Rng;

use super::{
    CommandError, Engine, MessageId, Output, Reply, RequestId, Resting,
    applicants::Decision,
    statements::{put, read_all},
};
use crate::{
    genesis::Scope,
    id::{DeviceId, NetworkId, OrgId, StatementHash},
    membership::{
        charter::Charter,
        joining::{Admittance, Application, Invitation, JoinReply, JoinRequest, Refusal},
        roster::Verdict,
        statement::{Fact, Kind, Known, MembershipGrant, Role},
        ticket::Ticket,
    },
    signed::{Verified, encoding::to_vec},
    store::{Batch, Put, Read, StoreError},
};

const INVITATIONS: &str = "invitation/";

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

/// Every invitation that this node issued.
#[derive(Debug, Default)]
pub(super) struct Invitations {
    issued: BTreeMap<StatementHash, Issued>,
}

impl Invitations {
    pub(super) fn open(store: &impl Read) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "invitation".into() };
        let mut issued = BTreeMap::new();
        for (name, bytes) in store.locals(INVITATIONS)? {
            let hash = name[INVITATIONS.len()..].parse().map_err(|_| damaged())?;
            issued.insert(hash, minicbor::decode(&bytes).map_err(|_| damaged())?);
        }
        Ok(Self { issued })
    }

    /// Invitations that nobody has used.
    pub(super) fn open_count(&self) -> usize {
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
        let Some((root, charter)) = self.vouching() else {
            return self.reply(request, Err(CommandError::NoRoot));
        };
        let issuer = OrgId(root.verifying_key().to_bytes());
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
        self.invitations.issued.insert(hash, issued);
        let reply = Reply::Ticket(Ticket::Invitation(invitation).to_text());
        let outputs = vec![Output::Reply(request, Ok(reply))];
        self.commit(batch, Resting { outputs, ..Resting::default() });
    }

    /// A guest asks.
    pub(super) fn asked_to_join(
        &mut self,
        from: DeviceId,
        question: MessageId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let outcome = match JoinRequest::read(bytes) {
            Some(JoinRequest::Apply(application)) => match Application::heard(&application) {
                Ok(application) if application.invitation.is_none() => {
                    self.hear_applicant(from, question, application);
                    return Ok(());
                }
                Ok(application) => self.admit_invited(from, &application),
                Err(refusal) => Err(refusal),
            },
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
            Err(Refusal::NotMember)
                if let told = self.told_to_ended(from)
                    && !told.is_empty() =>
            {
                self.refuse(Verdict::Ended.name());
                self.outputs.push_back(Output::Answer(question, JoinReply::Ended(told).bytes()));
            }
            Err(refusal) => {
                self.refuse(refusal.name());
                self.outputs.push_back(Output::Answer(question, JoinReply::Refused(refusal).bytes()));
            }
        }
        Ok(())
    }

    /// Somebody holds an invitation of ours: the grant, the same for the same request again.
    fn admit_invited(
        &mut self,
        from: DeviceId,
        application: &Verified<Application>,
    ) -> Result<(Batch, Vec<Known>), Refusal> {
        let Some(root) = self.keys.root.clone() else { return Err(Refusal::NotHere) };
        let hash = application.invitation.ok_or(Refusal::UnknownInvitation)?;
        let issued = self.invitations.issued.get(&hash).ok_or(Refusal::UnknownInvitation)?.clone();
        let invitation =
            Verified::<Invitation>::trusted(&issued.invitation).map_err(|_| Refusal::UnknownInvitation)?;
        if invitation.key().verifying_key().to_bytes() != application.one_time.0 || application.version != 1 {
            return Err(Refusal::UnknownInvitation);
        }
        let device_grant = Known::read(&application.device_grant).map_err(|_| Refusal::Malformed)?;
        let rightful = matches!(&device_grant.fact, Fact::Device(grant, acceptance)
            if grant.org == application.org
                && device_grant.statement.issuer == application.org
                && grant.device == from
                && acceptance.number == invitation.number);
        if !rightful || !application.is_bounded() {
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
        let (number, role) = (invitation.number.clone(), invitation.role);
        let granted = self.grant_membership(&root, number, role, application);
        let used = Some(Used { org: application.org, device: from, grant: granted.hash });
        let issued = Issued { used, ..issued };
        let batch = vec![put_issued(hash, &issued), put(&device_grant), put(&granted)];
        self.invitations.issued.insert(hash, issued);
        Ok((batch, vec![device_grant, granted]))
    }

    /// Admits an organisation that asks without an invitation, and gives what it joins with.
    pub(super) fn admit(&mut self, request: RequestId, ticket: &Ticket, role: Role) {
        let Ticket::Application(application) = ticket else {
            return self.reply(request, Err(CommandError::BadTicket));
        };
        let Some((device_grant, number)) = application.asks_itself() else {
            return self.reply(request, Err(CommandError::BadTicket));
        };
        let Some((root, charter)) = self.vouching().map(|(root, charter)| (root.clone(), charter.clone()))
        else {
            return self.reply(request, Err(CommandError::NoRoot));
        };
        let org = application.org;
        let roster = self.statements.roster().clone();
        let mut new = Vec::new();
        match roster.member_by_number(&number) {
            Some(member) if member.membership.org == org => {}
            Some(_) => return self.reply(request, Err(CommandError::Taken)),
            None if roster.member(org).is_some() => {
                return self.reply(request, Err(CommandError::Taken));
            }
            None => {
                self.statements.insert(device_grant.clone());
                let granted = self.grant_membership(&root, number, role, application);
                new.extend([device_grant, granted]);
            }
        }
        let admittance = self.admittance(&root, &charter, org);
        let mut batch: Batch = new.iter().map(put).collect();
        // Should it have asked over a connection, it gets the same there.
        batch.extend(self.decide(org, Decision::Admitted(admittance.bytes().to_vec().into())));
        let reply = Reply::Ticket(Ticket::Admittance(admittance).to_text());
        let outputs = vec![Output::Reply(request, Ok(reply))];
        self.commit(batch, Resting { outputs, statements: new, ..Resting::default() });
    }

    /// The root that is kept here, if it is one of the association's now, and the charter.
    pub(super) fn vouching(&self) -> Option<(&SigningKey, &Charter)> {
        let (root, charter) = (self.keys.root.as_ref()?, self.charter.as_ref()?);
        let issuer = OrgId(root.verifying_key().to_bytes());
        self.statements.roster().roots().any(|root| root == issuer).then_some((root, charter))
    }

    /// What an organisation joins with that we have admitted.
    pub(super) fn admittance(
        &self,
        root: &SigningKey,
        charter: &Charter,
        org: OrgId,
    ) -> Verified<Admittance> {
        let own = self.identity.org.map(|own| self.statements.proof(own, self.device())).unwrap_or_default();
        let statements = own.into_iter().chain(self.statements.of_organisation(org));
        let mut seen = BTreeSet::new();
        let statements = statements.filter(|known| seen.insert(known.hash));
        let admittance = Admittance {
            version: 1,
            network: charter.network(),
            charter: charter.bytes().into(),
            issuer: OrgId(root.verifying_key().to_bytes()),
            org,
            statements: statements.map(|known| known.statement.bytes().to_vec().into()).collect(),
            admitted_by: self.device(),
            addresses: self.addresses.clone(),
        };
        Verified::sign(admittance, root)
    }

    /// Vouches for an organisation as it applies.
    fn grant_membership(
        &mut self,
        root: &SigningKey,
        number: String,
        role: Role,
        application: &Application,
    ) -> Known {
        let membership = MembershipGrant {
            number,
            name: application.name.clone(),
            org: application.org,
            role,
            from_s: self.now.seconds(),
            until_s: None,
            invitation: application.invitation,
            follows: self.last_membership_end(application.org),
        };
        let network = self.statements.roster().network().unwrap_or(NetworkId::NONE);
        let mut chain = self.statements.chain(OrgId(root.verifying_key().to_bytes()), Scope::Roster);
        let statement = chain.issue(root, network, Kind::MembershipGrant, &membership);
        let granted =
            Known { hash: StatementHash(statement.hash()), statement, fact: Fact::Membership(membership) };
        // Known at once, not only when durable: a second application must find the number taken.
        self.statements.insert(granted.clone());
        self.statements.fold(self.charter.as_ref());
        granted
    }

    /// A guest shows that it is a member we have not heard of.
    fn meet(&mut self, from: DeviceId, statements: &[ByteVec]) -> Result<(Batch, Vec<Known>), Refusal> {
        let (received, _) = read_all(statements);
        let new = self.statements.take(received, self.charter.as_ref(), self.identity.org);
        let roster = self.statements.roster_with(self.charter.as_ref(), &new);
        let own = roster.device(from).is_some_and(|granted| Some(granted.org) == self.identity.org);
        if !own && roster.member_of(from).is_none() {
            return Err(Refusal::NotMember);
        }
        Ok((new.iter().map(put).collect(), new))
    }
}

fn put_issued(hash: StatementHash, issued: &Issued) -> Put {
    Put::Local(format!("{INVITATIONS}{hash}"), Some(to_vec(issued)))
}
