//! What is signed, hashed or sent, byte for byte. These bytes are a promise: a change that alters a
//! line of `formats.txt` breaks every network there is. New lines may be added.

use std::{collections::BTreeSet, fmt::Write as _};

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use praksis_protocol::{
    envelope::{Envelope, Last, Opening, actor, context, envelope_hash, item, standing, state_digest},
    genesis::{About, Genesis, Kind, Scope},
    id::{
        AudienceId, ChangeHash, DeviceId, Digest, DocumentId, EnvelopeHash, Item, NetworkId, OrgId,
        SessionId, StatementHash,
    },
    membership::{
        charter::{Charter, Parameters},
        joining::{Admittance, Application, Invitation, JoinReply, JoinRequest, OfficeGrant, Refusal},
        statement::{
            Acceptance, AudienceAdd, AudienceEnd, AudienceOpen, Chain, CharterAmendment, CoOwnerEnd,
            CoOwnerGrant, Cut, DeviceGrant, End, Founding, Head, Kind as StatementKind, Known, Mark,
            MembershipGrant, NodeAddress, OrganisationSuccession, Receipt, Removed, Role, RootSuccession,
            Said, Withdrawal, audience_id, body_hash, statement_item,
        },
        ticket::Ticket,
    },
    reconcile::{Answer, Ask, BATCH, Edition, Encodings, Salt, set_digest},
    signed::{Verified, encoding::to_vec},
    time::Timestamp,
    wire::{
        bundle::{Checksum, Header, Piece, VERSION},
        message::{Delivery, Hello, Request, Resolved, Response, SignedChange, Want},
    },
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
            invitation: Some(hash),
            one_time: OrgId(public(5)),
            org: OrgId(public(2)),
            name: "Bergen (demo)".into(),
            device_grant: vec![1, 2, 3].into(),
            card: None,
        },
        &key(5),
    );
    lines.add("application", application.bytes());
    let uninvited = Application {
        invitation: None,
        one_time: OrgId(public(2)),
        card: Some("{\"org\":\"310000027\"}".into()),
        ..Application::clone(&application)
    };
    lines.add("application without an invitation", Verified::sign(uninvited, &key(2)).bytes());
    let admittance = Verified::sign(
        Admittance {
            version: 1,
            network: NetworkId([1; 32]),
            charter: vec![1].into(),
            issuer: OrgId(public(1)),
            org: OrgId(public(2)),
            statements: vec![vec![2].into()],
            admitted_by: DeviceId(public(4)),
            addresses: vec!["/ip4/192.0.2.1/tcp/7421".into()],
        },
        &key(1),
    );
    lines.add("admittance", admittance.bytes());
    lines.add("admittance text", Ticket::Admittance(admittance).to_text().as_bytes());
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
            root: None,
        },
        &key(2),
    );
    lines.add("office grant", office.bytes());
    lines.add("join apply", &JoinRequest::Apply(vec![1, 2].into()).bytes());
    lines.add("join introduce", &JoinRequest::Introduce(vec![vec![1].into()]).bytes());
    lines.add("join welcome", &JoinReply::Welcome(vec![vec![1].into()]).bytes());
    lines.add("join refused", &JoinReply::Refused(Refusal::Expired).bytes());
    lines.add("join ended", &JoinReply::Ended(vec![vec![1].into()]).bytes());
    let end = End { grant: hash, why: Some("Mistet.".into()) };
    lines.add("body of an end with a reason", &to_vec(&end));
}

/// One statement of every kind that the roster and the scopes have besides those above.
fn trust(lines: &mut Lines, network: NetworkId) {
    let (root, nonce) = (OrgId(public(2)), [6; 32]);
    let (hash, document) = (StatementHash([4; 32]), DocumentId([3; 32]));
    let said = Some(Said { number: 7, hash });
    let last = Last { session: SessionId([1; 16]), sequence: 12, envelope: EnvelopeHash([2; 32]) };
    let audience = audience_id(root, nonce);
    lines.add("audience id", audience.as_bytes());
    let standing = standing(hash, Some(StatementHash([5; 32])));
    lines.add("standing", standing.as_bytes());
    let mut roster = Chain::default();
    let mut network_scope = Chain { scope: Some(Scope::Network), ..Chain::default() };
    let mut named = Chain { scope: Some(Scope::Named(audience)), standing: Some(standing), last: None };
    let (vouching, own, device) = (key(1), key(2), key(3));
    let mut add = |name: &str, chain: &mut Chain, key: &SigningKey, kind, body: &dyn Fn() -> Vec<u8>| {
        lines.add(name, chain.issue_bytes(key, network, kind, body()).bytes());
    };
    let end = || to_vec(&End::of(hash));
    add("membership end", &mut roster, &vouching, StatementKind::MembershipEnd, &end);
    add("device end", &mut roster, &own, StatementKind::DeviceEnd, &end);
    let cut = Cut {
        end: hash,
        device: DeviceId(public(3)),
        envelopes: [last.envelope].into_iter().collect(),
        said,
        pages: 1,
    };
    add("cut", &mut network_scope, &own, StatementKind::Cut, &|| to_vec(&cut));
    let (old, new) = (root, OrgId(public(8)));
    let succession =
        RootSuccession { org: root, old, new, last: said, last_network: said, last_organisation: None };
    add("root succession", &mut roster, &own, StatementKind::RootSuccession, &|| to_vec(&succession));
    let merger = OrganisationSuccession { predecessor: root, heir: OrgId(public(4)) };
    add("merger", &mut roster, &vouching, StatementKind::OrganisationSuccession, &|| to_vec(&merger));
    let amendment = CharterAmendment {
        previous: Digest(network.0),
        roots: vec![OrgId(public(4))],
        quorum: 1,
        recovery: vec![],
        parameters: Parameters::default(),
        removed: vec![Removed { root: OrgId(public(1)), last: said, last_network: None }],
    };
    add("amendment", &mut roster, &vouching, StatementKind::CharterAmendment, &|| to_vec(&amendment));
    let open = AudienceOpen { owner: root, nonce, name: "Vannpumper".into() };
    add("audience open", &mut named, &device, StatementKind::AudienceOpen, &|| to_vec(&open));
    let org = OrgId(public(4));
    let adds = AudienceAdd { org, follows: Some(hash) };
    add("audience add", &mut named, &device, StatementKind::AudienceAdd, &|| to_vec(&adds));
    let ends = AudienceEnd { add: hash };
    add("audience end", &mut named, &device, StatementKind::AudienceEnd, &|| to_vec(&ends));
    let co_owner = CoOwnerGrant { document, org, follows: None };
    add("co-owner grant", &mut named, &device, StatementKind::CoOwnerGrant, &|| to_vec(&co_owner));
    let ends = CoOwnerEnd { document, org, grant: None };
    add("co-owner end", &mut named, &device, StatementKind::CoOwnerEnd, &|| to_vec(&ends));
    let first = Founding { genesis: vec![1].into(), envelope: vec![2].into(), change: vec![3].into() };
    add("founding", &mut named, &device, StatementKind::Founding, &|| to_vec(&first));
    let withdrawal = Withdrawal { document, why: "Feil dokument".into() };
    add("withdrawal", &mut named, &device, StatementKind::Withdrawal, &|| to_vec(&withdrawal));
    let receipt = Receipt { owner: root, marks: vec![Mark { issuer: org, hidden: 4, purged: 3 }] };
    let receipt = network_scope.replace(&device, network, StatementKind::Receipt, &receipt, 5);
    lines.add("receipt", receipt.bytes());
    let head = Head { session: last.session, sequence: 12, envelope: last.envelope, time_s: 1_767_225_600 };
    let head = network_scope.replace(&device, network, StatementKind::Head, &head, 6);
    lines.add("head", head.bytes());
    let statements = Ticket::Statements(vec![Known::read(receipt.bytes()).expect("it is one")]);
    lines.add("statements text", statements.to_text().as_bytes());
    lines.add("body hash", body_hash(9, &to_vec(&amendment)).as_bytes());
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
            standing: standing(StatementHash([4; 32]), Some(StatementHash([5; 32]))),
            opening: Some(Opening { last: Some(last) }),
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
    let hello =
        Hello { version: 1, network, roster: Digest([1; 32]), documents: Digest([2; 32]), notices: 3 };
    let (document, scope) = (DocumentId([3; 32]), Scope::Network);
    let want = Want { document, have: vec![EnvelopeHash([4; 32])] };
    let change = SignedChange { envelope: vec![1].into(), change: vec![2].into() };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes: vec![change], complete: true };
    let resolved = Resolved {
        documents: vec![(Item([8; 16]), document, OrgId([7; 32]))],
        statements: vec![ByteVec::from(vec![1])],
        complete: true,
    };
    let pages: [(&str, Vec<u8>); 15] = [
        ("ask hello", Request::Hello(hello).bytes()),
        ("ask compare", Request::Compare(Scope::Roster, Ask::List(Some(Item([5; 16])))).bytes()),
        (
            "ask compare past",
            Request::Compare(scope, Ask::ListPast(Item([5; 16]), Item([6; 16]), Digest([7; 32]))).bytes(),
        ),
        ("ask resolve", Request::Resolve(Scope::Organisation(OrgId([7; 32])), vec![Item([8; 16])]).bytes()),
        ("ask pull", Request::Pull(scope, vec![want]).bytes()),
        ("ask changed", Request::Changed(scope, vec![(document, Item([9; 16]))]).bytes()),
        ("ask to hear", Request::Tell(vec![ByteVec::from(vec![1])]).bytes()),
        ("say hello", Response::Hello(hello).bytes()),
        ("say compared", Response::Compared(Answer::Page(vec![Item([5; 16])], false)).bytes()),
        ("say resolved", Response::Resolved(resolved).bytes()),
        ("say documents", Response::Documents(vec![delivery]).bytes()),
        ("say heard", Response::Heard.bytes()),
        ("say refused", Response::Refused.bytes()),
        ("say level", Response::Level(3).bytes()),
        ("say heard before", Response::HeardBefore.bytes()),
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

fn bundles(lines: &mut Lines, network: NetworkId, genesis: &Genesis) {
    let header = Header {
        version: VERSION,
        network,
        writer: DeviceId(public(3)),
        reader: Some(OrgId(public(2))),
        scopes: vec![Scope::Roster, Scope::Network],
        written_s: 1_767_225_600,
        entries: 2,
    };
    let change = SignedChange { envelope: vec![1].into(), change: vec![2].into() };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes: vec![change], complete: true };
    let pieces = [
        ("bundle header", Piece::Header(header)),
        ("bundle statements", Piece::Statements(Scope::Roster, vec![vec![1].into()])),
        ("bundle documents", Piece::Documents(Scope::Network, vec![(Item([3; 16]), delivery)])),
        ("bundle held", Piece::Held(Scope::Network, vec![Item([4; 16])])),
        ("bundle end", Piece::End),
    ];
    let mut checksum = Checksum::default();
    for (name, piece) in pieces {
        lines.add(name, &piece.bytes());
        checksum = checksum.next(piece.entries(), &piece.bytes());
    }
    lines.add("checksum over all of these", &checksum.0);
}

/// What a guest is answered that has no invitation.
fn applicants(lines: &mut Lines) {
    lines.add("join waiting", &JoinReply::Waiting.bytes());
    lines.add("join admitted", &JoinReply::Admitted(vec![1, 2].into()).bytes());
    lines.add("join declined", &JoinReply::Declined(Some("Ukjent.".into())).bytes());
    lines.add("join declined without a reason", &JoinReply::Declined(None).bytes());
    lines.add("join refused at last", &JoinReply::Refused(Refusal::Full).bytes());
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
    trust(&mut lines, charter.network());
    bundles(&mut lines, charter.network(), &shared);
    applicants(&mut lines);
    for (now, golden) in lines.0.lines().zip(GOLDEN.lines()) {
        assert_eq!(now, golden);
    }
    assert_eq!(lines.0.lines().count(), GOLDEN.lines().count(), "all of it:\n{}", lines.0);
}
