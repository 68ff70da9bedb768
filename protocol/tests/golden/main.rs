//! What is signed, hashed or sent, byte for byte. These bytes are a promise: a change that alters a
//! line of `formats.txt` breaks every network there is. New lines may be added.

use std::{collections::BTreeSet, fmt::Write as _};

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use praksis_protocol::{
    envelope::{Envelope, Last, Opening, actor, context, envelope_hash, item, state_digest},
    genesis::{About, Genesis, Kind, Scope},
    id::{
        AudienceId, ChangeHash, DeviceId, Digest, DocumentId, EnvelopeHash, Item, NetworkId, OrgId,
        SessionId, StatementHash,
    },
    membership::{
        charter::{Charter, Parameters},
        joining::{Application, Invitation, JoinReply, JoinRequest, OfficeGrant, Refusal, Ticket},
        statement::{
            Acceptance, Chain, DeviceGrant, Kind as StatementKind, MembershipGrant, NodeAddress, Role,
            statement_item,
        },
    },
    reconcile::{Answer, Ask, BATCH, Edition, Encodings, Salt, set_digest},
    signed::{Verified, encoding::to_vec},
    time::Timestamp,
    wire::message::{Delivery, Hello, Request, Response, SignedChange, Want},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const GOLDEN: &str = include_str!("formats.txt");

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

/// Lines of `name = hexadecimal`.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(self.0, "{name} = {hex}").expect("writing to memory");
    }
}

fn membership(lines: &mut Lines) -> (Charter, Verified<Acceptance>) {
    let charter = Charter {
        version: 1,
        name: "KS (demo)".into(),
        roots: vec![OrgId(public(1))],
        quorum: 1,
        recovery: vec![OrgId(public(9))],
        parameters: Parameters::default(),
        nonce: [7; 16],
    };
    lines.add("charter", &charter.bytes());
    lines.add("network id", charter.network().as_bytes());

    let acceptance = Verified::sign(
        Acceptance { version: 1, number: "310000027".into(), device: DeviceId(public(3)) },
        &key(3),
    );
    lines.add("acceptance", acceptance.bytes());
    let mut chain = Chain::default();
    let grant = DeviceGrant {
        org: OrgId(public(2)),
        device: DeviceId(public(3)),
        slot: 1,
        acceptance: acceptance.bytes().to_vec().into(),
        follows: None,
    };
    let first = chain.issue(&key(2), NetworkId::NONE, StatementKind::DeviceGrant, &grant);
    lines.add("device grant", first.bytes());
    lines.add("device grant hash", &first.hash());
    lines.add("device grant item", statement_item(StatementHash(first.hash())).as_bytes());
    let follows = Some(StatementHash(first.hash()));
    let again = DeviceGrant { slot: 2, follows, ..grant };
    let second = chain.issue(&key(2), NetworkId::NONE, StatementKind::DeviceGrant, &again);
    lines.add("second statement of an issuer", second.bytes());
    let member = MembershipGrant {
        number: "310000027".into(),
        name: "Bergen (demo)".into(),
        org: OrgId(public(2)),
        role: Role::Member,
        from_s: 1_767_225_600,
        until_s: Some(1_798_761_600),
        invitation: Some(StatementHash([4; 32])),
        follows: None,
    };
    let statement =
        Chain::default().issue(&key(1), charter.network(), StatementKind::MembershipGrant, &member);
    lines.add("membership grant", statement.bytes());
    let address = NodeAddress { addresses: vec!["/ip4/192.0.2.1/tcp/7421".into()] };
    let statement = Chain::default().issue(&key(3), charter.network(), StatementKind::NodeAddress, &address);
    lines.add("node address", statement.bytes());
    (charter, acceptance)
}

fn joining(lines: &mut Lines, charter: &Charter, acceptance: Verified<Acceptance>) {
    let invitation = Verified::sign(
        Invitation {
            version: 1,
            network: charter.network(),
            charter: charter.bytes().into(),
            issuer: OrgId(public(1)),
            number: "310000027".into(),
            role: Role::Partner,
            seed: [5; 32],
            devices: vec![DeviceId(public(6))],
            addresses: vec!["/dns4/ks.example/tcp/7421".into()],
            expires_s: 1_767_225_600,
        },
        &key(1),
    );
    lines.add("invitation", invitation.bytes());
    let hash = StatementHash(invitation.hash());
    lines.add("invitation text", Ticket::Invitation(invitation).to_text().as_bytes());
    lines.add("office request text", Ticket::Request(acceptance).to_text().as_bytes());
    let application = Verified::sign(
        Application {
            version: 1,
            invitation: hash,
            one_time: OrgId(public(5)),
            org: OrgId(public(2)),
            name: "Bergen (demo)".into(),
            device_grant: vec![1, 2, 3].into(),
        },
        &key(5),
    );
    lines.add("application", application.bytes());
    let office = Verified::sign(
        OfficeGrant {
            version: 1,
            org: OrgId(public(2)),
            name: "Bergen (demo)".into(),
            charter: Some(vec![1].into()),
            statements: vec![vec![2].into()],
            device: DeviceId(public(3)),
            granted_by: DeviceId(public(4)),
            addresses: vec!["/ip4/192.0.2.1/tcp/7421".into()],
        },
        &key(2),
    );
    lines.add("office grant", office.bytes());
    lines.add("join apply", &JoinRequest::Apply(vec![1, 2].into()).bytes());
    lines.add("join introduce", &JoinRequest::Introduce(vec![vec![1].into()]).bytes());
    lines.add("join welcome", &JoinReply::Welcome(vec![vec![1].into()]).bytes());
    lines.add("join refused", &JoinReply::Refused(Refusal::Expired).bytes());
}

fn documents(lines: &mut Lines, network: NetworkId) -> Genesis {
    let owner = OrgId(public(2));
    let draft = Genesis::draft(Kind::Case, owner, [8; 32]);
    let shared = Genesis::shared(&draft, network, Scope::Network);
    let named = Genesis::shared(&draft, network, Scope::Named(AudienceId([6; 32])));
    let joint = Genesis { co_owners: vec![OrgId([1; 32]), OrgId([2; 32])], ..draft.clone() };
    let direct = |kind, about| Genesis::direct(kind, owner, network, Scope::Network, &about);
    for (name, genesis) in [
        ("draft", &draft),
        ("shared", &shared),
        ("shared with an audience", &named),
        ("jointly owned", &joint),
        ("card", &direct(Kind::Organisation, About::Itself)),
        ("year", &direct(Kind::OrgYear, About::Year(2026))),
        ("response", &direct(Kind::Response, About::Subject(shared.document()))),
    ] {
        lines.add(&format!("genesis {name}"), &genesis.bytes());
        lines.add(&format!("document id {name}"), genesis.document().as_bytes());
    }
    shared
}

fn envelopes(lines: &mut Lines, genesis: &Genesis) {
    let (device, session) = (DeviceId(public(3)), SessionId([9; 16]));
    let last = Last { session: SessionId([1; 16]), sequence: 12, envelope: EnvelopeHash([2; 32]) };
    let first = Verified::sign(
        Envelope {
            version: 1,
            device,
            session,
            branch: 0,
            sequence: 1,
            previous: None,
            change: ChangeHash([3; 32]),
            context: context(genesis),
            opening: Some(Opening { grant: StatementHash([4; 32]), last: Some(last) }),
        },
        &key(3),
    );
    lines.add("envelope first", first.bytes());
    lines.add("envelope first hash", envelope_hash(&first).as_bytes());
    let second = Verified::sign(
        Envelope {
            branch: 1,
            sequence: 2,
            previous: Some(envelope_hash(&first)),
            opening: None,
            ..Envelope::clone(&first)
        },
        &key(3),
    );
    lines.add("envelope second", second.bytes());
    lines.add("last of a session", &to_vec(&last));
    lines.add("context", context(genesis).as_bytes());
    lines.add("actor", actor(device, genesis.document(), session, 1).as_bytes());
    let state = state_digest(&mut vec![envelope_hash(&second), envelope_hash(&first)]);
    lines.add("state digest", state.as_bytes());
    lines.add("item", item(genesis.document(), state).as_bytes());
    let items = BTreeSet::from([Item([1; 16]), Item([2; 16])]);
    lines.add("set digest", set_digest(&items).as_bytes());
    lines.add("set digest of nothing", set_digest(&BTreeSet::new()).as_bytes());
}

fn messages(lines: &mut Lines, network: NetworkId, genesis: &Genesis) {
    let hello = Hello { version: 1, network, roster: Digest([1; 32]), documents: Digest([2; 32]) };
    let (document, scope) = (DocumentId([3; 32]), Scope::Network);
    let want = Want { document, have: vec![EnvelopeHash([4; 32])] };
    let change = SignedChange { envelope: vec![1].into(), change: vec![2].into() };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes: vec![change], complete: true };
    let pages: [(&str, Vec<u8>); 13] = [
        ("ask hello", Request::Hello(hello).bytes()),
        ("ask compare", Request::Compare(Scope::Roster, Ask::List(Some(Item([5; 16])))).bytes()),
        ("ask statements", Request::Statements(vec![Item([6; 16])]).bytes()),
        ("ask resolve", Request::Resolve(Scope::Organisation(OrgId([7; 32])), vec![Item([8; 16])]).bytes()),
        ("ask pull", Request::Pull(scope, vec![want]).bytes()),
        ("ask changed", Request::Changed(scope, vec![(document, Item([9; 16]))]).bytes()),
        ("say hello", Response::Hello(hello).bytes()),
        ("say compared", Response::Compared(Answer::Page(vec![Item([5; 16])], false)).bytes()),
        ("say statements", Response::Statements(vec![ByteVec::from(vec![1])]).bytes()),
        ("say resolved", Response::Resolved(vec![(Item([8; 16]), document)]).bytes()),
        ("say documents", Response::Documents(vec![delivery]).bytes()),
        ("say heard", Response::Heard.bytes()),
        ("say refused", Response::Refused.bytes()),
    ];
    for (name, bytes) in pages {
        lines.add(name, &bytes);
    }
}

/// What a node answers that has `count` items, under one salt, to the first question and to those that follow.
fn symbols(count: u32, batches: &[u32]) -> Vec<Answer> {
    let item = |n: u32| Item(blake3::hash(&n.to_be_bytes()).as_bytes()[..16].try_into().expect("16"));
    let items: BTreeSet<Item> = (0..count).map(item).collect();
    let mut encodings = Encodings::default();
    let mut rng = ChaCha8Rng::from_seed([8; 32]);
    let mut ask = Ask::Begin(count, batches[0], None);
    let mut answers = Vec::new();
    for next in batches[1..].iter().chain([&0]) {
        let digest = set_digest(&items);
        let answer = encodings.answer(Scope::Network, &items, digest, &ask, Timestamp(0), &mut rng);
        let Answer::Symbols(edition, from, ..) = answer else { panic!("{answer:?}") };
        ask = Ask::More(edition, from + ask.symbols(), *next);
        answers.push(answer);
    }
    answers
}

fn sketches(lines: &mut Lines) {
    let edition = Edition { salt: Salt([3; 16]), state: [4; 8] };
    let asks = [
        ("ask first symbols", Ask::Begin(100_000, 2, None)),
        ("ask symbols under another salt", Ask::Begin(100_000, 64, Some(edition.salt))),
        ("ask more symbols", Ask::More(edition, 64, 16)),
    ];
    for (name, ask) in asks {
        lines.add(name, &Request::Compare(Scope::Network, ask).bytes());
    }
    let few = symbols(20, &[2, 4, 8]);
    for (name, answer) in
        ["say symbols 0 of 20", "say symbols 2 of 20", "say symbols 6 of 20"].iter().zip(few)
    {
        lines.add(name, &Response::Compared(answer).bytes());
    }
    // The walks of a thousand items, as far as a long comparison goes.
    let mut hasher = blake3::Hasher::new();
    for answer in symbols(1_000, &[BATCH; 64]) {
        let Answer::Symbols(.., bytes) = answer else { panic!("{answer:?}") };
        hasher.update(&bytes);
    }
    lines.add("symbols 0 to 65536 of 1000, BLAKE3", hasher.finalize().as_bytes());
}

#[test]
fn the_formats_are_what_they_were() {
    let mut lines = Lines::default();
    let (charter, acceptance) = membership(&mut lines);
    joining(&mut lines, &charter, acceptance);
    let shared = documents(&mut lines, charter.network());
    envelopes(&mut lines, &shared);
    messages(&mut lines, charter.network(), &shared);
    sketches(&mut lines);
    for (now, golden) in lines.0.lines().zip(GOLDEN.lines()) {
        assert_eq!(now, golden);
    }
    assert_eq!(lines.0.lines().count(), GOLDEN.lines().count(), "all of it:\n{}", lines.0);
}
