//! What a member of the network could say that is not so: each lie once, with the name that it is
//! refused under.

use std::{path::Path, sync::LazyLock};

use ed25519_dalek::SigningKey;
use praksis_node::{folder::Folder, storage::SledStore};
use praksis_protocol::{
    admission::state::{Record, Row},
    document::Author,
    engine::{Keys, setup},
    envelope::{Envelope, Opening as SessionOpening, actor, context, standing},
    genesis::{Genesis, Kind, Scope},
    id::{
        ActorBytes, ChangeHash, DeviceId, Digest, DocumentId, Item, NetworkId, OrgId, SessionId,
        StatementHash,
    },
    membership::statement::{Chain, Fact, Kind as StatementKind, Known, MembershipGrant, Role, Said},
    reconcile::{Answer, Ask, Edition, Salt},
    scan::scan,
    signed::{Verified, encoding::from_slice},
    store::Read,
    wire::message::{Delivery, Hello, Request, Resolved, Response, SignedChange, Want},
};
use serde_json::json;

use super::Raw;
use crate::sim::cast::case;

/// Nothing hashes to this.
const NOWHERE: Item = Item([9; 16]);
/// Nor to this.
const NOWHERE_ELSE: [u8; 32] = [9; 32];

/// What a liar answers to a question; `None` where it answers honestly.
pub(crate) type Answering = Box<dyn Fn(&Request) -> Option<Raw> + Send>;

/// A lie: how it begins, and what each question that follows is answered.
pub struct Lie {
    /// Its name.
    pub name: &'static str,
    /// The name that it is refused under; empty where nothing is refused, and nothing gained.
    pub reason: &'static str,
    /// The message that it begins with; its answer does not matter.
    pub opening: Raw,
    /// Whether the opening is the lie itself.
    pub is_question: bool,
    /// The document that it says to have, by whatever way it is asked: whoever has lied before is not listened to, and
    /// is found out by comparing all the same.
    pub behind: Option<DocumentId>,
    /// The answer to a pull, a comparison or a question for statements; honest ones otherwise.
    pub answer: Answering,
}

/// Whether an answer was the lie or what anybody would have said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The lie.
    Lie(Raw),
    /// What leads on to it.
    Truth(Raw),
}

impl Lie {
    /// Answers a question.
    pub fn answer(&self, question: &Raw) -> Told {
        let request = question.payload().and_then(|payload| Request::read(&payload).ok());
        let Some(request) = request else { return Told::Truth(response(&Response::Refused)) };
        if let Some(raw) = (self.answer)(&request) {
            return Told::Lie(raw);
        }
        Told::Truth(response(&match request {
            Request::Hello(theirs) if self.behind.is_some() => {
                Response::Hello(Hello { documents: Digest(NOWHERE_ELSE), ..theirs })
            }
            Request::Hello(theirs) => Response::Hello(theirs),
            Request::Compare(..) => Response::Compared(Answer::Page(vec![NOWHERE], false)),
            Request::Resolve(..) => {
                let behind = self.behind.map(|document| (NOWHERE, document, OrgId(NOWHERE_ELSE)));
                Response::Resolved(Resolved {
                    documents: behind.into_iter().collect(),
                    statements: vec![],
                    complete: true,
                })
            }
            Request::Pull(..) => Response::Documents(vec![]),
            Request::Changed(..) | Request::Tell(_) => Response::Heard,
        }))
    }
}

fn response(response: &Response) -> Raw {
    Raw::message(&response.bytes())
}

/// What a member holds: its own keys, and what the network shared with it.
pub(crate) struct Member {
    pub(crate) device: SigningKey,
    pub(crate) root: SigningKey,
    pub(crate) network: NetworkId,
    pub(crate) grant: StatementHash,
    pub(crate) membership: StatementHash,
    pub(crate) statements: Vec<Known>,
    /// Somebody else's case, and another.
    pub(crate) theirs: [(Genesis, Vec<SignedChange>); 2],
}

impl Member {
    /// The session that it signs in.
    pub(crate) const SESSION: SessionId = SessionId([6; 16]);

    /// `None` while it knows of fewer than two cases of others.
    #[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
    pub(crate) fn of(keys: &Keys, store: &impl Read) -> Option<Self> {
        let id = DeviceId(keys.device.verifying_key().to_bytes());
        let statements: Vec<Known> =
            store.statements().unwrap().iter().map(|(_, bytes)| Known::read(bytes).unwrap()).collect();
        let own = |known: &&Known| matches!(&known.fact, Fact::Device(grant, _) if grant.device == id);
        let root = keys.root.clone().unwrap();
        let own_org = OrgId(root.verifying_key().to_bytes());
        let vouched = |known: &&Known| matches!(&known.fact, Fact::Membership(grant) if grant.org == own_org);
        let mut theirs = store.rows().unwrap().into_iter().filter_map(|(document, bytes)| {
            let row: Row = from_slice(&bytes, 64 * 1024).unwrap();
            let is_case = row.genesis.kind() == Some(Kind::Case) && row.genesis.scope == Scope::Network;
            let is_there = is_case && row.genesis.owner != own_org && !row.is_hidden();
            is_there.then(|| (row.genesis, held(store, document)))
        });
        Some(Self {
            network: setup::charter(store).unwrap().unwrap().network(),
            grant: statements.iter().find(own).unwrap().hash,
            membership: statements.iter().find(vouched).unwrap().hash,
            theirs: [theirs.next()?, theirs.next()?],
            statements,
            device: keys.device.clone(),
            root,
        })
    }

    pub(crate) fn id(&self) -> DeviceId {
        DeviceId(self.device.verifying_key().to_bytes())
    }

    pub(crate) fn org(&self) -> OrgId {
        OrgId(self.root.verifying_key().to_bytes())
    }

    /// A document of the rogue's own, in which it may write.
    pub(crate) fn own(&self) -> Genesis {
        let draft = Genesis::draft(Kind::Case, self.org(), [5; 32]);
        Genesis::shared(&draft, self.network, Scope::Network)
    }

    /// The rogue's signature under a change, in a place.
    pub(crate) fn sign(&self, place: &Genesis, change: ChangeHash) -> Vec<u8> {
        let envelope = Envelope {
            version: 1,
            device: self.id(),
            session: Self::SESSION,
            branch: 0,
            sequence: 1,
            previous: None,
            change,
            context: context(place),
            standing: standing(self.grant, Some(self.membership)),
            opening: Some(SessionOpening { last: None }),
        };
        Verified::sign(envelope, &self.device).bytes().to_vec()
    }

    pub(crate) fn signed(&self, place: &Genesis, change: Vec<u8>) -> SignedChange {
        let hash = praksis_protocol::scan::change_hash(&change);
        SignedChange { envelope: self.sign(place, hash).into(), change: change.into() }
    }

    /// A first change of the document `place`, with what a document like `shape` could hold.
    pub(crate) fn first(&self, shape: &Genesis, place: &Genesis, title: &str) -> SignedChange {
        let record = Record::of(shape).expect("a kind that is known");
        let mut replica = record.replica();
        let mut content = case(title);
        content["title"] = json!({"nb": title});
        let own = actor(self.id(), place.document(), Self::SESSION, 0);
        let author = Author { actor: &|_| own, first_branch: 0, time: 0 };
        let heads = replica.heads();
        let made = replica.share(&heads, &content, &author).expect("a case").remove(0);
        self.signed(place, made.bytes)
    }

    /// A change of somebody's case that continues what stands there, under an actor.
    #[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
    fn change(&self, actor: ActorBytes) -> Vec<u8> {
        let (genesis, held) = &self.theirs[0];
        let mut replica = Record::of(genesis).unwrap().replica();
        // What other liars put there may not fit.
        for change in held {
            drop(replica.apply(&[change.change.as_slice()]));
        }
        let mut record = replica.read().record;
        record["title"] = json!({"nb": "Overtatt"});
        let author = Author { actor: &|_| actor, first_branch: 0, time: 0 };
        let heads = replica.heads();
        replica.share(&heads, &record, &author).unwrap().remove(0).bytes
    }
}

#[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
fn held(store: &impl Read, document: DocumentId) -> Vec<SignedChange> {
    let changes = store.changes(document).unwrap();
    let envelopes = store.envelopes(document).unwrap().into_iter();
    envelopes
        .map(|(_, bytes)| {
            let change = Verified::<Envelope>::read(&bytes).unwrap().change;
            let chunk = changes.iter().find(|(hash, _)| *hash == change).unwrap().1.clone();
            SignedChange { envelope: bytes.into(), change: chunk.into() }
        })
        .collect()
}

/// Tells of a document and delivers this.
fn delivered(name: &'static str, reason: &'static str, genesis: &Genesis, change: SignedChange) -> Lie {
    delivery(name, reason, genesis.document(), genesis.bytes(), vec![change], true)
}

fn delivery(
    name: &'static str,
    reason: &'static str,
    document: DocumentId,
    genesis: Vec<u8>,
    changes: Vec<SignedChange>,
    complete: bool,
) -> Lie {
    let documents = Response::Documents(vec![Delivery { genesis: genesis.into(), changes, complete }]);
    pulled(name, reason, document, response(&documents))
}

/// Tells of a document and answers this when it is asked for.
fn pulled(name: &'static str, reason: &'static str, document: DocumentId, answer: Raw) -> Lie {
    let hint = Request::Changed(Scope::Network, vec![(document, NOWHERE)]);
    Lie {
        name,
        reason,
        opening: Raw::message(&hint.bytes()),
        is_question: false,
        behind: Some(document),
        answer: Box::new(move |request| matches!(request, Request::Pull(..)).then(|| answer.clone())),
    }
}

/// Asks something that is not to be asked.
fn asked(name: &'static str, reason: &'static str, question: Raw) -> Lie {
    Lie { name, reason, opening: question, is_question: true, behind: None, answer: Box::new(|_| None) }
}

/// Says that the statements differ, and goes on like this.
fn differing(
    name: &'static str,
    reason: &'static str,
    network: NetworkId,
    answer: impl Fn(&Request) -> Option<Response> + Send + 'static,
) -> Lie {
    let answer = Box::new(move |request: &Request| answer(request).map(|answer| response(&answer)));
    let nowhere = Digest(NOWHERE_ELSE);
    let hello = Hello { version: 1, network, roster: nowhere, documents: nowhere, notices: 0 };
    let opening = Raw::message(&Request::Hello(hello).bytes());
    Lie { name, reason, opening, is_question: false, behind: None, answer }
}

/// All lies of the member in a folder that no node serves.
#[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
pub fn lies(folder: &Path) -> Vec<Lie> {
    let folder = Folder::open(folder).unwrap();
    lies_of(&folder.keys().unwrap(), &SledStore::open(&folder.store()).unwrap()).unwrap()
}

/// All lies of a member that has these keys and knows what the store holds; `None` while it knows of fewer than
/// two cases of others.
#[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
pub fn lies_of(keys: &Keys, store: &impl Read) -> Option<Vec<Lie>> {
    let member = Member::of(keys, store)?;
    let [(one, one_held), (other, _)] = member.theirs.clone();
    let own = member.own();
    let genuine = one_held[0].clone();
    let victim = scan(&genuine.change).unwrap().actor;
    let own_actor = actor(member.id(), one.document(), Member::SESSION, 0);
    let network = member.network;
    let ghost = DocumentId([8; 32]);

    let mut stolen_name = genuine.clone();
    *stolen_name.envelope.last_mut().unwrap() ^= 1;
    let other_change = SignedChange {
        envelope: member.sign(&one, ChangeHash([1; 32])).into(),
        change: member.change(own_actor).into(),
    };
    let elsewhere = Genesis { network: NetworkId([3; 32]), ..own.clone() };
    static ZEROS: LazyLock<Vec<u8>> =
        LazyLock::new(|| zstd::bulk::compress(&vec![0; 64 << 20], 3).expect("memory is there"));
    let statement = member.statements.iter().find(|known| known.statement.issuer != member.org()).unwrap();
    let mut forged = statement.statement.bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let self_made = {
        let mut chain = Chain::after(Some(Said { number: 7, hash: StatementHash([7; 32]) }));
        let grant = MembershipGrant {
            number: "310000051".to_owned(),
            name: "Ingen".to_owned(),
            org: OrgId(SigningKey::from_bytes(&[4; 32]).verifying_key().to_bytes()),
            role: Role::Association,
            from_s: 0,
            until_s: None,
            invitation: None,
            follows: None,
        };
        chain.issue(&member.root, member.network, StatementKind::MembershipGrant, &grant).bytes().to_vec()
    };
    let statements = |bytes: Vec<u8>| {
        move |request: &Request| match request {
            Request::Compare(Scope::Roster, _) => {
                let item = Known::read(&bytes).map_or(NOWHERE, |known| known.item());
                Some(Response::Compared(Answer::Page(vec![item], false)))
            }
            Request::Resolve(Scope::Roster, _) => Some(Response::Resolved(Resolved {
                statements: vec![bytes.clone().into()],
                complete: true,
                ..Resolved::default()
            })),
            _ => None,
        }
    };
    let home = Scope::Organisation(one.owner);
    let peek = Request::Pull(home, vec![Want { document: one.record_id(), have: vec![] }]);
    let pages = |page: Answer| {
        move |request: &Request| match request {
            Request::Compare(..) => Some(Response::Compared(page.clone())),
            _ => None,
        }
    };
    let edition = Edition { salt: Salt([5; 16]), state: [5; 8] };
    // As many as could be expected of 500 items, and what they sum up to is nothing that is.
    let garbage = move |request: &Request| match request {
        Request::Compare(_, Ask::List(_) | Ask::ListPast(..)) => {
            Some(Response::Compared(Answer::Page(vec![], false)))
        }
        Request::Compare(_, ask @ (Ask::Begin(..) | Ask::More(..))) => {
            let from = if let Ask::More(_, from, _) = ask { *from } else { 0 };
            let symbol = [&[0][..], &[7; 22]].concat();
            let bytes = symbol.repeat(ask.symbols() as usize);
            Some(Response::Compared(Answer::Symbols(edition, from, 500, bytes.into())))
        }
        _ => None,
    };

    Some(vec![
        delivered("another's actor", "other_actor", &one, member.signed(&one, member.change(victim))),
        delivered("another's document", "not_owner", &one, member.signed(&one, member.change(own_actor))),
        delivered("another's name", "envelope_signature", &one, stolen_name),
        delivered("another place", "envelope_context", &other, genuine.clone()),
        delivered("another change", "other_change", &one, other_change),
        delivered(
            "a bomb of operations",
            "TooManyOperations",
            &own,
            member.signed(&own, bomb(actor(member.id(), own.document(), Member::SESSION, 0))),
        ),
        pulled("a bomb of zeros", "inflates_too_large", ghost, Raw::framed(1, &ZEROS)),
        pulled("half an answer", "truncated_message", ghost, Raw::message(b"hello").cut(7)),
        pulled("an answer without sense", "message_shape", ghost, Raw::message(b"hello")),
        pulled("an answer to something else", "answer", ghost, response(&Response::Heard)),
        delivery("what nobody asked for", "not_asked_for", ghost, own.bytes(), vec![genuine.clone()], true),
        delivery("a document without beginning", "genesis", ghost, b"hello".to_vec(), vec![], true),
        delivery("a document of another network", "genesis_place", ghost, elsewhere.bytes(), vec![], true),
        delivery("never all of it", "leads_nowhere", one.document(), one.bytes(), vec![genuine], false),
        pulled("a document that does not exist", "", ghost, response(&Response::Documents(vec![]))),
        asked("half a question", "truncated_message", Raw::message(b"hello").cut(7)),
        asked("a question without sense", "message_shape", Raw::message(b"hello")),
        asked("another's drafts", "other_scope", Raw::message(&peek.bytes())),
        differing("a list without end", "answer", network, pages(Answer::Page(vec![], true))),
        differing(
            "a list out of order",
            "answer",
            network,
            pages(Answer::Page(vec![NOWHERE, Item([1; 16])], false)),
        ),
        differing(
            "symbols cut short",
            "symbols",
            network,
            pages(Answer::Symbols(edition, 0, 1, vec![0; 22].into())),
        ),
        differing("symbols of nothing that is", "sketch_stalled", network, garbage),
        differing("a forged statement", "statement_signature", network, statements(forged)),
        differing("a member by its own word", "", network, statements(self_made)),
    ])
}

/// Ten million operations in a small change (columns of runs), with the checksum that it must have.
fn bomb(actor: ActorBytes) -> Vec<u8> {
    const COUNT: usize = 10_000_000;
    let run = |value: &[u8]| [&signed(COUNT)[..], value].concat();
    let columns: [(u8, Vec<u8>); 5] = [
        (0x15, run(&[1, b'a'])), // key
        (0x34, unsigned(COUNT)), // insert: never
        (0x42, run(&[1])),       // action: put
        (0x56, run(&[0])),       // value: none
        (0x70, run(&[0])),       // predecessors: none
    ];
    let mut body = vec![0, 16];
    body.extend(actor.0);
    body.extend([1, 1, 0, 0, 0, columns.len() as u8]);
    for (number, data) in &columns {
        body.extend([*number, data.len() as u8]);
    }
    body.extend(columns.iter().flat_map(|(_, data)| data));
    let hashed = [&[1], &unsigned(body.len())[..], &body].concat();
    // The chunk's own hash begins with its checksum.
    let unsealed = [&[0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0], &hashed[..]].concat();
    let checksum = praksis_protocol::scan::change_hash(&unsealed).0;
    [&[0x85, 0x6f, 0x4a, 0x83], &checksum[..4], &hashed].concat()
}

fn unsigned(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number > 0x7f {
        bytes.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A positive count needs a bit more: its sign.
fn signed(number: usize) -> Vec<u8> {
    let mut bytes = unsigned(number);
    let last = bytes.last_mut().expect("a number has a byte");
    if *last & 0x40 != 0 {
        *last |= 0x80;
        bytes.push(0);
    }
    bytes
}
