//! A liar whose signatures hold and whose statements nobody has given it the right to make.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use minicbor::Encode;
use praksis_protocol::{
    engine::{Class, setup},
    envelope::standing,
    genesis::Scope,
    id::{AudienceId, Digest, EnvelopeHash, Item, NetworkId, OrgId, SessionId, StatementHash},
    membership::{
        charter::Parameters,
        issuing::last_said,
        statement::{
            AudienceAdd, AudienceOpen, Chain, CharterAmendment, CoOwnerEnd, CoOwnerGrant, Cut, DeviceGrant,
            End, Fact, Halves, Head, Kind, Known, Mark, MembershipGrant, NodeAddress, OrganisationSuccession,
            Receipt, Role, RootSuccession, Said, Statement, Withdrawal, audience_id,
        },
    },
    reconcile::{Answer, Ask},
    signed::Verified,
    wire::message::{Hello, RESPONSE_TARGET, Request, Response},
};
use rand::RngExt as _;

use crate::{
    rogue::{Member, Raw},
    sim::{Habit, NodeId, Say, Turn},
};

/// Says what others alone may say, numbers what it says twice, and spreads it like anything else.
pub struct Usurping {
    /// The id of an audience that it is not in: the most that a spy could know.
    overheard: Option<AudienceId>,
    said: BTreeMap<Item, Known>,
}

/// What a liar says with, and about whom.
struct Words<'a> {
    member: &'a Member,
    chains: BTreeMap<(OrgId, Scope), Chain>,
    said: Vec<Verified<Statement>>,
}

impl Words<'_> {
    fn say<B: Encode<()>>(&mut self, key: &SigningKey, scope: Scope, kind: Kind, body: &B) -> StatementHash {
        let issuer = OrgId(key.verifying_key().to_bytes());
        let member = self.member;
        let chain = self.chains.entry((issuer, scope)).or_insert_with(|| Chain {
            scope: (scope != Scope::Roster).then_some(scope),
            standing: None,
            last: last_said(issuer, scope, &member.statements),
        });
        let is_device = issuer.0 == member.id().0;
        let under = standing(member.grant, Some(member.membership));
        chain.standing = (is_device && scope != Scope::Roster && !matches!(kind, Kind::Receipt | Kind::Head))
            .then_some(under);
        let network = if kind == Kind::DeviceGrant { NetworkId::NONE } else { member.network };
        let statement = if matches!(kind, Kind::Receipt | Kind::Head) {
            chain.replace(key, network, kind, body, 1 << 40)
        } else {
            chain.issue(key, network, kind, body)
        };
        let hash = StatementHash(statement.hash());
        self.said.push(statement);
        hash
    }
}

/// The grant of somebody else's device.
fn another_device(member: &Member, victim: OrgId) -> Option<(&Known, &DeviceGrant)> {
    member.statements.iter().find_map(|known| match &known.fact {
        Fact::Device(grant, _) if grant.org == victim => Some((known, grant)),
        _ => None,
    })
}

fn membership_of(member: &Member, victim: OrgId) -> Option<StatementHash> {
    let of_victim = |known: &&Known| matches!(&known.fact, Fact::Membership(grant) if grant.org == victim);
    member.statements.iter().find(of_victim).map(|known| known.hash)
}

/// All that the member could say and has no right to.
fn usurped(member: &Member, overheard: Option<AudienceId>) -> Vec<Verified<Statement>> {
    let (device, root, own) = (&member.device, &member.root, member.org());
    let document = member.theirs[0].0.document();
    let victim = member.theirs[0].0.owner;
    let (roster, network) = (Scope::Roster, Scope::Network);
    let mut words = Words { member, chains: BTreeMap::new(), said: Vec::new() };
    let withdrawal = Withdrawal { document, why: "Borte".into() };
    words.say(device, network, Kind::Withdrawal, &withdrawal);
    words.say(root, network, Kind::Withdrawal, &withdrawal);
    let grant = CoOwnerGrant { document, org: own, follows: None };
    words.say(device, network, Kind::CoOwnerGrant, &grant);
    words.say(device, network, Kind::CoOwnerEnd, &CoOwnerEnd { document, org: victim, grant: None });
    if let (Some((grant, theirs)), Some(membership)) =
        (another_device(member, victim), membership_of(member, victim))
    {
        words.say(root, roster, Kind::MembershipEnd, &End::of(membership));
        let end = words.say(root, roster, Kind::DeviceEnd, &End::of(grant.hash));
        let cut =
            |end| Cut { end, device: theirs.device, envelopes: Halves::default(), said: None, pages: 1 };
        for scope in [roster, network] {
            words.say(root, scope, Kind::Cut, &cut(end));
        }
        words.say(device, network, Kind::Cut, &cut(end));
        // Another's device becomes ours, with the word that it gave to somebody else.
        let stolen = DeviceGrant { org: own, slot: 2, follows: None, ..theirs.clone() };
        words.say(root, roster, Kind::DeviceGrant, &stolen);
    }
    let new = OrgId(SigningKey::from_bytes(&[66; 32]).verifying_key().to_bytes());
    let succession = RootSuccession {
        org: victim,
        old: victim,
        new,
        last: None,
        last_network: None,
        last_organisation: None,
    };
    words.say(root, roster, Kind::RootSuccession, &succession);
    let merged = OrganisationSuccession { predecessor: victim, heir: own };
    words.say(root, roster, Kind::OrganisationSuccession, &merged);
    let amendment = CharterAmendment {
        previous: Digest(member.network.0),
        roots: vec![own],
        quorum: 1,
        recovery: Vec::new(),
        parameters: Parameters { purge_delay_s: 0, quota_documents: 0, quota_bytes: 0 },
        removed: Vec::new(),
    };
    words.say(root, roster, Kind::CharterAmendment, &amendment);
    let vouched = MembershipGrant {
        number: "310000051".to_owned(),
        name: "Ingen".to_owned(),
        org: new,
        role: Role::Association,
        from_s: 0,
        until_s: None,
        invitation: None,
        follows: None,
    };
    words.say(root, roster, Kind::MembershipGrant, &vouched);
    // One device in three slots, another in a slot that is taken.
    let number = member.statements.iter().find_map(|known| match &known.fact {
        Fact::Device(grant, accepted) if grant.org == own => Some(accepted.number.clone()),
        _ => None,
    });
    for (slot, key) in [(2, device), (3, device), (1, &SigningKey::from_bytes(&[67; 32]))] {
        let accepted = setup::acceptance(key, number.as_deref().unwrap_or("310000051"));
        let acceptance = accepted.bytes().to_vec().into();
        let grant = DeviceGrant { org: own, device: accepted.device, slot, acceptance, follows: None };
        words.say(root, roster, Kind::DeviceGrant, &grant);
    }
    // Where it is not: in the place of another.
    words.say(device, roster, Kind::NodeAddress, &NodeAddress { addresses: vec!["/sim/1".to_owned()] });
    let nonce = [68; 32];
    let claimed = Scope::Named(audience_id(victim, nonce));
    let open = AudienceOpen { owner: victim, nonce, name: "Ikke vår".into() };
    words.say(device, claimed, Kind::AudienceOpen, &open);
    for named in overheard.map(Scope::Named).into_iter().chain([claimed]) {
        words.say(device, named, Kind::AudienceAdd, &AudienceAdd { org: own, follows: None });
        words.say(device, named, Kind::Withdrawal, &withdrawal);
    }
    let marks = vec![Mark { issuer: OrgId(victim.0), hidden: 1 << 50, purged: 1 << 50 }];
    words.say(device, network, Kind::Receipt, &Receipt { owner: victim, marks });
    let (session, envelope) = (SessionId([9; 16]), EnvelopeHash([9; 32]));
    words.say(device, network, Kind::Head, &Head { session, sequence: 1 << 50, envelope, time_s: u64::MAX });
    let mut said = words.said;
    said.extend(unknown(member));
    said
}

/// Kinds of a later version, two of each number, in every scope that there is.
fn unknown(member: &Member) -> impl Iterator<Item = Verified<Statement>> {
    let issuer = OrgId(member.id().0);
    let scopes = [None, Some(Scope::Network), Some(Scope::Organisation(member.theirs[0].0.owner))];
    scopes.into_iter().flat_map(move |scope| {
        let last = last_said(issuer, scope.unwrap_or(Scope::Roster), &member.statements);
        [b"one".as_slice(), b"another"].map(|body| {
            let statement = Statement {
                version: 1,
                kind: 4242,
                network: member.network,
                issuer,
                number: last.map_or(1, |last: Said| last.number + 1),
                previous: last.map(|last| last.hash),
                body: body.to_vec().into(),
                scope,
                standing: None,
            };
            Verified::sign(statement, &member.device)
        })
    })
}

impl Usurping {
    /// Knows the id of an audience that it is not in.
    pub fn overhearing(overheard: Option<AudienceId>) -> Self {
        Self { overheard, said: BTreeMap::new() }
    }

    fn of_scope(&self, scope: Scope) -> impl Iterator<Item = &Known> {
        self.said.values().filter(move |known| known.scope() == scope)
    }
}

impl Habit for Usurping {
    fn answer(&mut self, _: &mut Turn<'_>, _: NodeId, question: &[u8], honest: Vec<u8>) -> Say {
        let (Ok(question), Ok(answer)) = (Request::read(question), Response::read(&honest)) else {
            return Say::message(&honest);
        };
        let answer = match (question, answer) {
            (Request::Hello(_), Response::Hello(ours)) if !self.said.is_empty() => {
                Response::Hello(Hello { roster: Digest([1; 32]), documents: Digest([2; 32]), ..ours })
            }
            (Request::Hello(theirs), Response::Level(notices)) if !self.said.is_empty() => {
                Response::Hello(Hello {
                    roster: Digest([1; 32]),
                    documents: Digest([2; 32]),
                    notices,
                    ..theirs
                })
            }
            // The whole list, with what it has made up.
            (Request::Compare(scope, ask), Response::Compared(Answer::Page(mut items, more))) => {
                if !more && !matches!(ask, Ask::More(..)) {
                    items.extend(self.of_scope(scope).map(Known::item));
                    items.sort_unstable();
                    items.dedup();
                }
                Response::Compared(Answer::Page(items, more))
            }
            (Request::Compare(scope, Ask::Begin(..)), _) => {
                let mut items: Vec<Item> = self.of_scope(scope).map(Known::item).collect();
                items.sort_unstable();
                Response::Compared(Answer::Page(items, false))
            }
            (Request::Resolve(_, items), Response::Resolved(mut resolved)) => {
                let mut room = RESPONSE_TARGET;
                for known in items.iter().filter_map(|item| self.said.get(item)) {
                    room = room.saturating_sub(known.statement.bytes().len());
                    if room > 0 {
                        resolved.statements.push(known.statement.bytes().to_vec().into());
                    }
                }
                Response::Resolved(resolved)
            }
            (_, answer) => answer,
        };
        Say::message(&answer.bytes())
    }

    fn invent(&mut self, turn: &mut Turn<'_>) -> Vec<(NodeId, Class, Raw)> {
        if self.said.is_empty() {
            let Some(member) = Member::of(turn.keys, turn.store) else { return Vec::new() };
            let said = usurped(&member, self.overheard).into_iter().map(|statement| {
                let known =
                    Known::check(statement).expect("its shape is right; only the right to it is not there");
                (known.item(), known)
            });
            self.said = said.collect();
        }
        let Some(peer) = turn.peer() else { return Vec::new() };
        let hello = Hello {
            version: 1,
            network: setup::charter(turn.store).ok().flatten().map_or(NetworkId::NONE, |it| it.network()),
            roster: Digest(turn.bytes()),
            documents: Digest(turn.bytes()),
            notices: 0,
        };
        let all: Vec<&Known> = self.said.values().collect();
        let some = (0..8).map(|_| all[turn.rng.random_range(0..all.len())].statement.bytes().to_vec().into());
        let tell = Request::Tell(some.collect());
        let peek = self.overheard.map(|audience| {
            let ask = Ask::List(None);
            Request::Compare(Scope::Named(audience), ask)
        });
        let requests = [Request::Hello(hello), tell].into_iter().chain(peek);
        requests.map(|request| (peer, Class::Sync, Raw::message(&request.bytes()))).collect()
    }
}
