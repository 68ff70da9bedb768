//! Messages that are too long in one way or another. What any bytes do to the readers is tried in
//! `tests/tests/outside.rs`.

use praksis_protocol::{
    genesis::Scope,
    id::{DocumentId, EnvelopeHash, Item, OrgId},
    membership::ticket::Ticket,
    wire::message::{
        Delivery, HINTS_LIMIT, ITEMS_LIMIT, Request, Resolved, Response, TELL_LIMIT, WANTS_LIMIT, Want,
    },
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_text_is_no_ticket(text in "\\PC{0,200}") {
        prop_assert!(Ticket::from_text(&text).is_err());
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
            documents: vec![(item, document, OrgId([1; 32])); ITEMS_LIMIT + 1],
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
