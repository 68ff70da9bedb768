//! What peers send, and what is handed from one to another.

use ed25519_dalek::SigningKey;
use praksis_protocol::{
    admission::state::{Row, View},
    engine::setup::acceptance,
    envelope::Envelope,
    genesis::{About, Genesis, Kind, Scope},
    id::{AudienceId, BASE32, Digest, EnvelopeHash, Item, OrgId, Standing, StatementHash},
    membership::{
        charter::Charter,
        joining::{Admittance, Application, Invitation, JoinReply, JoinRequest, OfficeGrant, Refusal},
        statement::{Acceptance, Known, Role, Statement},
        ticket::Ticket,
    },
    reconcile::{Answer, Ask, Edition, Salt},
    signed::{Payload, Verified, encoding::to_vec},
    wire::{
        bundle::{Header, Piece, VERSION},
        message::{Delivery, Hello, Request, Resolved, Response, Want},
    },
};
use serde_json::json;

use crate::{
    Entry,
    cast::{BERGEN, KS, Writer, charter, device, key, org, shared_case, statements},
    same,
};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        name: "request",
        read: |bytes| same(bytes, Request::read(bytes).ok().map(|it| it.bytes())),
        examples: requests,
    },
    Entry {
        name: "response",
        read: |bytes| same(bytes, Response::read(bytes).ok().map(|it| it.bytes())),
        examples: responses,
    },
    Entry {
        name: "bundle's piece",
        read: |bytes| same(bytes, Piece::read(bytes).ok().map(|it| it.bytes())),
        examples: || pieces().iter().map(Piece::bytes).collect(),
    },
    Entry {
        name: "join request",
        read: |bytes| same(bytes, JoinRequest::read(bytes).map(|it| it.bytes())),
        examples: || {
            let introduce =
                statements().iter().map(|known| known.statement.bytes().to_vec().into()).collect();
            vec![
                JoinRequest::Apply(application().bytes().to_vec().into()).bytes(),
                JoinRequest::Introduce(introduce).bytes(),
            ]
        },
    },
    Entry {
        name: "join reply",
        read: |bytes| same(bytes, JoinReply::read(bytes).map(|it| it.bytes())),
        examples: || {
            let welcome = vec![vec![1].into(), vec![2, 3].into()];
            let ended = JoinReply::Ended(vec![statements()[0].statement.bytes().to_vec().into()]);
            let refused = JoinReply::Refused(Refusal::Expired);
            let admitted = JoinReply::Admitted(admittance().bytes().to_vec().into());
            let declined = JoinReply::Declined(Some("Ukjent.".into()));
            let all = [JoinReply::Welcome(welcome), refused, ended, JoinReply::Waiting, admitted, declined];
            all.iter().map(JoinReply::bytes).collect()
        },
    },
    Entry {
        name: "statement",
        read: |bytes| same(bytes, Known::read(bytes).ok().map(|it| it.statement.bytes().to_vec())),
        examples: || statements().iter().map(|known| known.statement.bytes().to_vec()).collect(),
    },
    // A stranger's signature holds too; what it is put under must not matter.
    Entry { name: "statement's body", read: body, examples: bodies },
    Entry { name: "envelope", read: signed::<Envelope>, examples: envelopes },
    Entry {
        name: "invitation",
        read: signed::<Invitation>,
        examples: || vec![invitation().bytes().to_vec()],
    },
    Entry {
        name: "application",
        read: signed::<Application>,
        examples: || vec![application().bytes().to_vec(), uninvited().bytes().to_vec()],
    },
    Entry {
        name: "admittance",
        read: signed::<Admittance>,
        examples: || vec![admittance().bytes().to_vec()],
    },
    Entry {
        name: "acceptance",
        read: signed::<Acceptance>,
        examples: || vec![acceptance(&key(20), "310000027").bytes().to_vec()],
    },
    Entry { name: "office grant", read: signed::<OfficeGrant>, examples: || vec![office().bytes().to_vec()] },
    Entry {
        name: "ticket",
        read: |bytes| {
            let ticket = Ticket::from_text(&BASE32.encode(bytes)).ok();
            same(bytes, ticket.map(|it| BASE32.decode(it.to_text().as_bytes()).expect("we wrote it")))
        },
        examples: || {
            let tickets = [
                Ticket::Invitation(invitation()),
                Ticket::Request(acceptance(&key(20), "310000027")),
                Ticket::Office(office()),
                Ticket::Application(uninvited()),
                Ticket::Admittance(admittance()),
            ];
            let bytes = |ticket: &Ticket| BASE32.decode(ticket.to_text().as_bytes()).expect("we wrote it");
            tickets.iter().map(bytes).collect()
        },
    },
    Entry {
        name: "genesis",
        read: |bytes| same(bytes, Genesis::read(bytes).ok().map(|it| it.bytes())),
        examples: || {
            let network = charter().network();
            let card =
                Genesis::direct(Kind::Organisation, org(BERGEN), network, Scope::Network, &About::Itself);
            let draft = Genesis::draft(Kind::Case, org(BERGEN), [5; 32]);
            vec![draft.bytes(), shared_case().bytes(), card.bytes()]
        },
    },
    Entry {
        name: "charter",
        read: |bytes| same(bytes, Charter::read(bytes).ok().map(|it| it.bytes())),
        examples: || vec![charter().bytes()],
    },
    // Rows and views are our own, from our own store, so any spelling will do.
    Entry {
        name: "row",
        read: |bytes| {
            minicbor::decode::<Row>(bytes).is_ok_and(|row| {
                assert_eq!(minicbor::decode::<Row>(&to_vec(&row)).expect("reads back"), row);
                true
            })
        },
        examples: || {
            vec![to_vec(&Row {
                genesis: shared_case(),
                heads: vec![EnvelopeHash([6; 32])],
                updated_s: -5,
                gone: None,
                bytes: 700,
            })]
        },
    },
    Entry {
        name: "view",
        read: |bytes| View::read(bytes).is_some(),
        examples: || {
            let incoming = Writer::new(20).write(&[], json!({"title": {"nb": "Vann"}}));
            let admission = praksis_protocol::admission::Admission {
                genesis: shared_case(),
                held: vec![],
                incoming,
                roster: crate::cast::roster(),
            };
            let state = praksis_protocol::admission::admit(&admission).state.expect("it counts");
            vec![state.view.bytes()]
        },
    },
];

/// Something signed: its shape is read before its signature.
fn signed<T: Payload>(bytes: &[u8]) -> bool {
    same(bytes, Verified::<T>::read(bytes).ok().map(|it| it.bytes().to_vec()))
}

/// A statement's body of the kind that the first byte says, under a signature that holds and in each place
/// where a kind can live.
fn body(bytes: &[u8]) -> bool {
    let Some((kind, body)) = bytes.split_first() else { return false };
    let places = [None, Some(Scope::Network), Some(Scope::Organisation(org(KS))), Some(NAMED)];
    let standings = [None, Some(Standing([1; 16]))];
    let mut is_read = false;
    for (scope, standing) in places.into_iter().flat_map(|scope| standings.map(|standing| (scope, standing)))
    {
        let statement = Statement {
            version: 1,
            kind: u16::from(*kind),
            network: charter().network(),
            issuer: org(KS),
            number: 1,
            previous: None,
            body: body.to_vec().into(),
            scope,
            standing,
        };
        let signed = Verified::sign(statement, &key(KS));
        let read = Known::read(signed.bytes()).ok();
        is_read |= same(signed.bytes(), read.map(|it| it.statement.bytes().to_vec()));
    }
    is_read
}

/// A named audience's scope.
const NAMED: Scope = Scope::Named(AudienceId([8; 32]));

fn bodies() -> Vec<Vec<u8>> {
    let of = |known: &Known| [&[known.statement.kind as u8], known.statement.body.as_slice()].concat();
    statements().iter().map(of).collect()
}

fn envelopes() -> Vec<Vec<u8>> {
    let mut writer = Writer::new(20);
    let mut all = writer.write(&[], json!({"title": {"nb": "Vann"}}));
    all.extend(writer.write(&all.clone(), json!({"phase": "need"})));
    all.iter().map(|change| change.envelope.to_vec()).collect()
}

fn invitation() -> Verified<Invitation> {
    let invitation = Invitation {
        version: 1,
        network: charter().network(),
        charter: charter().bytes().into(),
        issuer: org(KS),
        number: "310000027".into(),
        role: Role::Member,
        seed: [9; 32],
        devices: vec![device(10)],
        addresses: vec!["/ip4/127.0.0.1/tcp/7421".into()],
        expires_s: 1_800_000_000,
    };
    Verified::sign(invitation, &key(KS))
}

fn application() -> Verified<Application> {
    let one_time = SigningKey::from_bytes(&[9; 32]);
    let application = Application {
        version: 1,
        invitation: Some(StatementHash(invitation().hash())),
        one_time: OrgId(one_time.verifying_key().to_bytes()),
        org: org(BERGEN),
        name: "Bergen (test)".into(),
        device_grant: statements()[1].statement.bytes().to_vec().into(),
        card: None,
    };
    Verified::sign(application, &one_time)
}

fn uninvited() -> Verified<Application> {
    let application = Application {
        invitation: None,
        one_time: org(BERGEN),
        card: Some("{\"org\":\"310000027\"}".into()),
        ..Application::clone(&application())
    };
    Verified::sign(application, &key(BERGEN))
}

fn admittance() -> Verified<Admittance> {
    let admittance = Admittance {
        version: 1,
        network: charter().network(),
        charter: charter().bytes().into(),
        issuer: org(KS),
        org: org(BERGEN),
        statements: statements().iter().map(|known| known.statement.bytes().to_vec().into()).collect(),
        admitted_by: device(10),
        addresses: vec!["/ip4/127.0.0.1/tcp/7421".into()],
    };
    Verified::sign(admittance, &key(KS))
}

fn office() -> Verified<OfficeGrant> {
    let grant = OfficeGrant {
        version: 1,
        org: org(BERGEN),
        name: "Bergen (test)".into(),
        charter: Some(charter().bytes().into()),
        statements: statements().iter().map(|known| known.statement.bytes().to_vec().into()).collect(),
        device: device(21),
        granted_by: device(20),
        addresses: vec![],
        root: None,
    };
    Verified::sign(grant, &key(BERGEN))
}

fn hello() -> Hello {
    Hello {
        version: 1,
        network: charter().network(),
        roster: Digest([1; 32]),
        documents: Digest([2; 32]),
        notices: 3,
    }
}

const EDITION: Edition = Edition { salt: Salt([3; 16]), state: [4; 8] };

fn requests() -> Vec<Vec<u8>> {
    let (document, item) = (shared_case().document(), Item([4; 16]));
    let scope = Scope::Organisation(org(BERGEN));
    let all = [
        Request::Hello(hello()),
        Request::Compare(Scope::Network, Ask::List(Some(item))),
        Request::Compare(Scope::Network, Ask::ListPast(item, Item([9; 16]), Digest([5; 32]))),
        Request::Compare(Scope::Network, Ask::Begin(100_000, 2, Some(EDITION.salt))),
        Request::Compare(Scope::Network, Ask::More(EDITION, 64, 16)),
        Request::Resolve(scope, vec![item]),
        Request::Pull(scope, vec![Want { document, have: vec![EnvelopeHash([6; 32])] }]),
        Request::Changed(scope, vec![(document, item)]),
        Request::Tell(vec![vec![1, 2, 3].into()]),
    ];
    all.iter().map(Request::bytes).collect()
}

fn responses() -> Vec<Vec<u8>> {
    let (genesis, item) = (shared_case(), Item([4; 16]));
    let changes = Writer::new(20).write(&[], json!({"title": {"nb": "Vann"}}));
    let delivery = Delivery { genesis: genesis.bytes().into(), changes, complete: true };
    let all = [
        Response::Hello(hello()),
        Response::Compared(Answer::Page(vec![item], true)),
        Response::Compared(Answer::Symbols(EDITION, 0, 100_000, vec![3; 60].into())),
        Response::Resolved(Resolved {
            documents: vec![(item, genesis.document(), genesis.owner)],
            statements: vec![vec![1, 2, 3].into()],
            complete: true,
        }),
        Response::Documents(vec![delivery]),
        Response::Heard,
        Response::Refused,
        Response::Level(3),
        Response::HeardBefore,
    ];
    all.iter().map(Response::bytes).collect()
}

/// A bundle's pieces, without its end.
pub(crate) fn pieces() -> Vec<Piece> {
    let header = Header {
        version: VERSION,
        network: charter().network(),
        writer: device(20),
        reader: Some(org(BERGEN)),
        scopes: vec![Scope::Roster, Scope::Network],
        written_s: 1_767_225_600,
        entries: 2,
    };
    let roster = statements().iter().map(|known| known.statement.bytes().to_vec().into()).collect();
    let delivery = Delivery { genesis: shared_case().bytes().into(), changes: vec![], complete: true };
    vec![
        Piece::Header(header),
        Piece::Statements(Scope::Roster, roster),
        Piece::Documents(Scope::Network, vec![(Item([7; 16]), delivery)]),
        Piece::Held(Scope::Network, vec![Item([8; 16])]),
    ]
}
