//! Any bytes at all: nothing panics, and what is read is what would be written.

use std::cell::Cell;

use praksis_protocol::{
    admission::state::Row,
    genesis::{About, Genesis, Kind, Scope},
    id::{BASE32, Digest, DocumentId, EnvelopeHash, Item},
    membership::{
        charter::Charter,
        joining::{JoinReply, JoinRequest, Ticket},
        statement::Known,
    },
    reconcile::{Answer, Ask},
    signed::encoding::to_vec,
    wire::message::{
        Delivery, HINTS_LIMIT, Hello, ITEMS_LIMIT, Request, Resolved, Response, SignedChange, TELL_LIMIT,
        WANTS_LIMIT, Want,
    },
};
use proptest::{prelude::*, sample::Index};

use crate::cast::*;

/// One honest example of everything that is read from outside.
fn examples() -> Vec<Vec<u8>> {
    let genesis = Genesis::draft(Kind::Case, org(BERGEN), [5; 32]);
    let shared = Genesis::shared(&genesis, charter().network(), Scope::Network);
    let card =
        Genesis::direct(Kind::Organisation, org(BERGEN), charter().network(), Scope::Network, &About::Itself);
    let (document, item) = (genesis.document(), Item([4; 16]));
    let hello = Hello {
        version: 1,
        network: charter().network(),
        roster: Digest([1; 32]),
        documents: Digest([2; 32]),
    };
    let change = SignedChange { envelope: vec![1, 2].into(), change: vec![3; 40].into() };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes: vec![change], complete: true };
    let want = Want { document, have: vec![EnvelopeHash([6; 32])] };
    let scope = Scope::Organisation(org(BERGEN));
    let resolved = Resolved {
        documents: vec![(item, document)],
        statements: vec![vec![1, 2, 3].into()],
        complete: true,
    };
    vec![
        Request::Hello(hello).bytes(),
        Request::Compare(Scope::Network, Ask::List(Some(item))).bytes(),
        Request::Resolve(scope, vec![item]).bytes(),
        Request::Pull(scope, vec![want]).bytes(),
        Request::Changed(scope, vec![(document, item)]).bytes(),
        Request::Tell(vec![vec![1, 2, 3].into()]).bytes(),
        Response::Hello(hello).bytes(),
        Response::Compared(Answer::Page(vec![item], true)).bytes(),
        Response::Resolved(resolved).bytes(),
        Response::Documents(vec![delivery]).bytes(),
        Response::Heard.bytes(),
        Response::Refused.bytes(),
        JoinRequest::Apply(vec![1, 2, 3].into()).bytes(),
        JoinRequest::Introduce(vec![vec![1].into(), vec![2].into()]).bytes(),
        JoinReply::Welcome(vec![vec![1].into()]).bytes(),
        membership(KS, 1, BERGEN, BERGEN).statement.bytes().to_vec(),
        grant(BERGEN, 1, 20, 1, BERGEN).statement.bytes().to_vec(),
        address(20, 2, "/sim/1").statement.bytes().to_vec(),
        genesis.bytes(),
        shared.bytes(),
        card.bytes(),
        charter().bytes(),
        to_vec(&Row { genesis, heads: vec![EnvelopeHash([6; 32])], updated_s: -5, gone: None }),
    ]
}

/// Every reader over the same bytes; how many took them.
fn read_all(bytes: &[u8]) -> usize {
    let read = Cell::new(0);
    let same = |written: Option<Vec<u8>>| {
        if let Some(written) = written {
            assert_eq!(written, bytes);
            read.set(read.get() + 1);
        }
    };
    same(Request::read(bytes).ok().map(|it| it.bytes()));
    same(Response::read(bytes).ok().map(|it| it.bytes()));
    same(JoinRequest::read(bytes).map(|it| it.bytes()));
    same(JoinReply::read(bytes).map(|it| it.bytes()));
    same(Known::read(bytes).ok().map(|it| it.statement.bytes().to_vec()));
    same(Genesis::read(bytes).ok().map(|it| it.bytes()));
    same(Charter::read(bytes).ok().map(|it| it.bytes()));
    // Rows are our own, so any spelling will do.
    if let Ok(row) = minicbor::decode::<Row>(bytes) {
        assert_eq!(minicbor::decode::<Row>(&to_vec(&row)).unwrap(), row);
        read.set(read.get() + 1);
    }
    let text = BASE32.encode(bytes);
    same(Ticket::from_text(&text).ok().map(|it| BASE32.decode(it.to_text().as_bytes()).unwrap()));
    read.get()
}

#[test]
fn the_examples_are_read() {
    for example in examples() {
        assert!(read_all(&example) > 0, "{example:02x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read_as_they_are_written(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn tampered_messages_are_refused_or_read_as_they_are_written(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>(), 0..3u8), 1..4),
    ) {
        let examples = examples();
        let mut bytes = which.get(&examples).clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        read_all(&bytes);
    }

    #[test]
    fn any_text_is_no_ticket(text in "\\PC{0,200}") {
        prop_assert!(Ticket::from_text(&text).is_err());
    }
}

#[test]
fn lists_that_promise_more_than_there_is_cost_nothing() {
    // An array of 2^60 items, announced in nine bytes, at each place where a list may stand.
    for head in [0x9b, 0xbb, 0x5b] {
        for example in examples() {
            for at in 0..example.len() {
                let mut bytes = example[..at].to_vec();
                bytes.extend([head, 0x10, 0, 0, 0, 0, 0, 0, 0]);
                read_all(&bytes);
            }
        }
    }
}

#[test]
fn messages_with_too_many_of_anything_are_refused_by_name() {
    let (item, document) = (Item([4; 16]), DocumentId([5; 32]));
    let want = |heads| Want { document, have: vec![EnvelopeHash([6; 32]); heads] };
    let too_many = [
        Request::Resolve(Scope::Network, vec![item; ITEMS_LIMIT + 1]),
        Request::Pull(Scope::Network, vec![want(0); WANTS_LIMIT + 1]),
        Request::Pull(Scope::Network, vec![want(praksis_protocol::wire::message::HAVE_LIMIT + 1)]),
        Request::Changed(Scope::Network, vec![(document, item); HINTS_LIMIT + 1]),
        Request::Tell(vec![vec![].into(); TELL_LIMIT + 1]),
    ];
    for request in too_many {
        assert_eq!(Request::read(&request.bytes()).unwrap_err().name(), "message_too_many");
    }
    let delivery = Delivery { genesis: vec![].into(), changes: vec![], complete: true };
    let too_many = [
        Response::Resolved(Resolved {
            statements: vec![vec![].into(); ITEMS_LIMIT + 1],
            documents: vec![],
            complete: true,
        }),
        Response::Resolved(Resolved {
            documents: vec![(item, document); ITEMS_LIMIT + 1],
            statements: vec![],
            complete: true,
        }),
        Response::Documents(vec![delivery; WANTS_LIMIT + 1]),
    ];
    for response in too_many {
        assert_eq!(Response::read(&response.bytes()).unwrap_err().name(), "message_too_many");
    }
    let most = Request::Resolve(Scope::Roster, vec![item; ITEMS_LIMIT]);
    assert_eq!(Request::read(&most.bytes()), Ok(most));
}
