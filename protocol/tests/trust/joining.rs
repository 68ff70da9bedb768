//! At the door: what guests get, and invitations.

use praksis_protocol::{
    engine::{Class, Command, CommandError, Reply, Saying, setup::acceptance},
    genesis::Scope,
    id::{Digest, DocumentId, Item, OrgId, StatementHash},
    membership::{
        joining::{Admittance, Application, CARD_LIMIT, Invitation, JoinReply, JoinRequest, Refusal},
        statement::{Fact, Known, Role},
        ticket::Ticket,
    },
    reconcile::Ask,
    signed::Verified,
    store::Read as _,
    wire::message::{Hello, Request, Response, Want},
};

use crate::{
    cast::*,
    desk::{Desk, in_network},
};

fn invitation(ticket: Ticket) -> Verified<Invitation> {
    let Ticket::Invitation(invitation) = ticket else { panic!("{ticket:?}") };
    invitation
}

/// What an organisation that holds an invitation sends, from its device.
fn application(invitation: &Verified<Invitation>, of: u8, from: u8, number_of: u8) -> Vec<u8> {
    let application = Application {
        version: 1,
        invitation: Some(StatementHash(invitation.hash())),
        one_time: OrgId(invitation.key().verifying_key().to_bytes()),
        org: org(of),
        name: format!("Organisation {of}"),
        device_grant: grant(of, 1, from, 1, number_of).statement.bytes().to_vec().into(),
        card: None,
    };
    let signed = Verified::sign(application, &invitation.key());
    JoinRequest::Apply(signed.bytes().to_vec().into()).bytes()
}

fn apply(desk: &mut Desk, invitation: &Verified<Invitation>, of: u8, from: u8) -> Result<Known, Refusal> {
    let number_of = if invitation.number == number(of) { of } else { BERGEN };
    let answer = desk.ask(from, Class::Join, application(invitation, of, from, number_of)).unwrap();
    match JoinReply::read(&answer).unwrap() {
        JoinReply::Welcome(statements) => {
            let mut known = statements.iter().map(|bytes| Known::read(bytes).unwrap());
            let ours = |known: &Known| matches!(&known.fact, Fact::Membership(grant) if grant.org == org(of));
            Ok(known.rfind(ours).expect("the grant is in the welcome"))
        }
        JoinReply::Refused(refusal) => Err(refusal),
        JoinReply::Ended(_) => panic!("nobody has ended it"),
        other @ (JoinReply::Waiting | JoinReply::Admitted(_) | JoinReply::Declined(_)) => {
            panic!("it has an invitation: {other:?}")
        }
    }
}

#[test]
fn a_guest_gets_join_replies_and_nothing_else() {
    let mut desk = Desk::association(&[BERGEN]);
    let before = (desk.store.statements().unwrap(), desk.store.rows().unwrap());
    desk.visited(50);
    let hello = Hello {
        version: 1,
        network: desk.network(),
        roster: Digest([0; 32]),
        documents: Digest([0; 32]),
        notices: 0,
    };
    let item = Item([0; 16]);
    let requests = [
        Request::Hello(hello),
        Request::Compare(Scope::Roster, Ask::List(None)),
        Request::Compare(Scope::Network, Ask::List(None)),
        Request::Resolve(Scope::Roster, vec![item]),
        Request::Tell(vec![vec![1].into()]),
        Request::Resolve(Scope::Network, vec![item]),
        Request::Pull(Scope::Network, vec![Want { document: DocumentId([0; 32]), have: vec![] }]),
        Request::Changed(Scope::Network, vec![(DocumentId([0; 32]), item)]),
    ];
    for request in &requests {
        assert_eq!(desk.request(50, request), Response::Refused);
    }
    assert_eq!(desk.refused("not_member"), requests.len() as u64);
    let refused = |desk: &mut Desk, bytes| {
        let answer = desk.ask(50, Class::Join, bytes).unwrap();
        JoinReply::read(&answer).unwrap()
    };
    assert_eq!(refused(&mut desk, vec![0xff; 100]), JoinReply::Refused(Refusal::Malformed));
    // True statements of others prove nothing about who shows them, and are not taken from him.
    let true_ones = [in_network(desk.network(), 9, BAERUM), grant(BAERUM, 1, 30, 1, BAERUM)];
    let shown = true_ones.iter().map(|known| known.statement.bytes().to_vec().into()).collect();
    let introduced = refused(&mut desk, JoinRequest::Introduce(shown).bytes());
    assert_eq!(introduced, JoinReply::Refused(Refusal::NotMember));
    assert!(desk.asked.is_empty(), "nothing is said to a guest that he did not ask");
    assert_eq!((desk.store.statements().unwrap(), desk.store.rows().unwrap()), before);
}

#[test]
fn a_member_that_is_not_known_yet_shows_that_it_is_one() {
    let mut desk = Desk::association(&[]);
    let proof = [in_network(desk.network(), 3, BERGEN), grant(BERGEN, 1, 20, 1, BERGEN)];
    let shown = proof.iter().map(|known| known.statement.bytes().to_vec().into()).collect();
    let answer = desk.ask(20, Class::Join, JoinRequest::Introduce(shown).bytes()).unwrap();
    assert!(matches!(JoinReply::read(&answer), Some(JoinReply::Welcome(_))));
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn an_invitation_used_again_by_the_same_joiner_gives_the_same_grant() {
    let mut desk = Desk::association(&[]);
    let invited = invitation(desk.invite(BERGEN, 3600));
    let first = apply(&mut desk, &invited, BERGEN, 20).unwrap();
    desk.now.0 += 7_200_000;
    assert_eq!(apply(&mut desk, &invited, BERGEN, 20), Ok(first.clone()), "even when it has expired since");
    let mut desk = desk.restart();
    assert_eq!(apply(&mut desk, &invited, BERGEN, 20), Ok(first));
    assert_eq!(desk.status().members.len(), 2);
    assert!(desk.status().alarms.is_empty());
}

#[test]
fn an_invitation_used_by_another_is_refused() {
    let mut desk = Desk::association(&[]);
    let invited = invitation(desk.invite(BERGEN, 3600));
    apply(&mut desk, &invited, BERGEN, 20).unwrap();
    assert_eq!(apply(&mut desk, &invited, BERGEN, 21), Err(Refusal::Used), "another device");
    assert_eq!(apply(&mut desk, &invited, BAERUM, 30), Err(Refusal::Used), "another root");
    assert_eq!(desk.refused("invitation_used"), 2);
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn an_invitation_that_cannot_be_used() {
    let mut desk = Desk::association(&[]);
    let invited = invitation(desk.invite(BERGEN, 3600));
    // Somebody else's device grant, and one for another number.
    let not_theirs = desk.ask(21, Class::Join, application(&invited, BERGEN, 20, BERGEN)).unwrap();
    assert_eq!(JoinReply::read(&not_theirs), Some(JoinReply::Refused(Refusal::Malformed)));
    let other_number = desk.ask(20, Class::Join, application(&invited, BERGEN, 20, BAERUM)).unwrap();
    assert_eq!(JoinReply::read(&other_number), Some(JoinReply::Refused(Refusal::Malformed)));
    // An invitation that was never issued here.
    let forged = Invitation { issuer: org(50), ..Invitation::clone(&invited) };
    let forged = Verified::sign(forged, &key(50));
    assert_eq!(apply(&mut desk, &forged, BERGEN, 20), Err(Refusal::UnknownInvitation));
    // Another key than the invitation's.
    let guessed = Invitation { seed: [0; 32], ..Invitation::clone(&invited) };
    let guessed = Verified::sign(guessed, &key(KS));
    assert_eq!(apply(&mut desk, &guessed, BERGEN, 20), Err(Refusal::UnknownInvitation));
    // Two for one number: the second comes too late.
    let second = invitation(desk.invite(BERGEN, 3600));
    desk.now.0 += 3_601_000;
    assert_eq!(apply(&mut desk, &invited, BERGEN, 20), Err(Refusal::Expired));
    desk.now.0 -= 3_601_000;
    assert_eq!(apply(&mut desk, &second, BERGEN, 20), Err(Refusal::Expired), "a clock put back helps nobody");
    let third = invitation(desk.invite(BERGEN, 3600));
    let fourth = invitation(desk.invite(BERGEN, 3600));
    apply(&mut desk, &third, BERGEN, 20).unwrap();
    assert_eq!(apply(&mut desk, &fourth, BAERUM, 30), Err(Refusal::NumberTaken));
    for name in ["join_malformed", "invitation_unknown", "invitation_expired", "number_taken"] {
        assert!(desk.refused(name) > 0, "{name}");
    }
}

#[test]
fn a_crash_between_grant_and_reply_grants_once() {
    for is_written in [false, true] {
        let mut desk = Desk::association(&[]);
        let invited = invitation(desk.invite(BERGEN, 3600));
        desk.is_slow = true;
        let answer = desk.ask(20, Class::Join, application(&invited, BERGEN, 20, BERGEN));
        assert_eq!(answer, None, "nothing is said before it would survive");
        if is_written {
            for (_, batch) in desk.unwritten.drain(..) {
                praksis_protocol::store::Store::commit(&desk.store, &[batch]).unwrap();
            }
        }
        let mut desk = desk.restart();
        let granted = apply(&mut desk, &invited, BERGEN, 20).unwrap();
        let mut desk = desk.restart();
        assert_eq!(apply(&mut desk, &invited, BERGEN, 20), Ok(granted));
        let statements = desk.store.statements().unwrap();
        let known = statements.iter().map(|(_, bytes)| Known::read(bytes).unwrap());
        let answers = known
            .filter(|known| matches!(&known.fact, Fact::Membership(grant) if grant.invitation.is_some()));
        assert_eq!(answers.count(), 1, "written: {is_written}");
        assert!(desk.status().alarms.is_empty());
    }
}

#[test]
fn two_applications_at_once_for_one_number_make_one_member() {
    let mut desk = Desk::association(&[]);
    let (one, other) = (invitation(desk.invite(BERGEN, 3600)), invitation(desk.invite(BERGEN, 3600)));
    desk.is_slow = true;
    assert_eq!(desk.ask(20, Class::Join, application(&one, BERGEN, 20, BERGEN)), None);
    let second = desk.ask(30, Class::Join, application(&other, BAERUM, 30, BERGEN)).unwrap();
    assert_eq!(JoinReply::read(&second), Some(JoinReply::Refused(Refusal::NumberTaken)));
    desk.write_all();
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn two_offices_granted_at_once_both_have_a_place() {
    let mut desk = Desk::association(&[]);
    desk.is_slow = true;
    let requests = [60, 61]
        .map(|seed| desk.command(Command::GrantOffice(Ticket::Request(acceptance(&key(seed), &number(KS))))));
    desk.write_all();
    for request in requests {
        assert!(matches!(desk.replies.remove(&request), Some(Ok(Reply::Ticket(_)))));
    }
    let status = desk.status();
    let slots: Vec<u8> = status.members[0].devices.iter().map(|(_, slot)| *slot).collect();
    assert_eq!(slots.len(), 3, "the first and both offices");
    assert_eq!(slots.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{slots:?}");
}

#[test]
fn another_organisations_device_gets_no_office_here() {
    let mut desk = Desk::association(&[BERGEN]);
    let ticket = Ticket::Request(acceptance(&key(20), &number(BERGEN)));
    let refused = desk.command(Command::GrantOffice(ticket));
    assert_eq!(desk.replies.remove(&refused).unwrap().unwrap_err(), CommandError::NotForUs);
    assert_eq!(desk.status().members.iter().map(|member| member.devices.len()).sum::<usize>(), 2);
}

/// What an organisation hands in that nobody has invited.
pub(crate) fn uninvited(of: u8, from: u8) -> Verified<Application> {
    let application = Application {
        version: 1,
        invitation: None,
        one_time: org(of),
        org: org(of),
        name: format!("Organisation {of}"),
        device_grant: grant(of, 1, from, 1, of).statement.bytes().to_vec().into(),
        card: None,
    };
    Verified::sign(application, &key(of))
}

pub(crate) fn admit(
    desk: &mut Desk,
    application: &Verified<Application>,
) -> Result<Verified<Admittance>, CommandError> {
    let command = Command::Admit(Ticket::Application(application.clone()), Role::Member);
    let request = desk.command(command);
    let Reply::Ticket(text) = desk.replies.remove(&request).unwrap()? else { panic!("no ticket") };
    match Ticket::from_text(&text) {
        Ok(Ticket::Admittance(admittance)) => Ok(admittance),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_organisation_that_asks_uninvited_is_admitted_by_whoever_decides_and_by_nobody_else() {
    let mut desk = Desk::association(&[]);
    let asked = uninvited(BERGEN, 20);
    let first = admit(&mut desk, &asked).unwrap();
    let grants = |admittance: &Admittance| {
        let known = admittance.statements.iter().map(|bytes| Known::read(bytes).unwrap());
        known.filter(|known| matches!(&known.fact, Fact::Membership(it) if it.org == org(BERGEN))).count()
    };
    assert_eq!((first.org, grants(&first)), (org(BERGEN), 1));
    assert_eq!(desk.status().members.len(), 2);
    let mut desk = desk.restart();
    assert_eq!(admit(&mut desk, &asked).unwrap().statements, first.statements, "the same grant again");
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn an_uninvited_request_that_does_not_fit_together_or_claims_a_number_is_refused() {
    let mut desk = Desk::association(&[BERGEN]);
    let of = |application: Application, signer: u8| Verified::sign(application, &key(signer));
    let whole = Application::clone(&uninvited(BAERUM, 30));
    let invited = Application { invitation: Some(StatementHash([1; 32])), ..whole.clone() };
    let others = uninvited(BERGEN, 20).device_grant.clone();
    let other_device = Application { device_grant: others, ..whole.clone() };
    let nameless = Application { name: String::new(), ..whole.clone() };
    let carded = Application { card: Some("x".repeat(CARD_LIMIT + 1)), ..whole };
    for bad in [invited, other_device, nameless, carded] {
        assert_eq!(admit(&mut desk, &of(bad, BAERUM)), Err(CommandError::BadTicket));
    }
    // Another root under the number that Bergen has.
    let claimed = Application {
        device_grant: grant(BAERUM, 1, 30, 1, BERGEN).statement.bytes().to_vec().into(),
        ..Application::clone(&uninvited(BAERUM, 30))
    };
    assert_eq!(admit(&mut desk, &of(claimed, BAERUM)), Err(CommandError::Taken));
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn a_membership_that_runs_out_is_shut_out_at_that_moment() {
    let until_s = 1_767_225_600 + 3600;
    let mut desk = Desk::with_a_guest_member(BERGEN, until_s);
    desk.connect(20);
    let hello = Request::Hello(Hello {
        version: 1,
        network: desk.network(),
        roster: Digest([1; 32]),
        documents: Digest([2; 32]),
        notices: 0,
    });
    assert!(matches!(desk.request(20, &hello), Response::Hello(_)));
    // Nothing else happens: the engine has asked to be woken in time.
    let mut peer = |request| match request {
        Request::Hello(ours) => Response::Hello(ours),
        Request::Compare(..)
        | Request::Resolve(..)
        | Request::Pull(..)
        | Request::Changed(..)
        | Request::Tell(_) => Response::Heard,
    };
    desk.run_for(3_599_000, &mut peer);
    assert_eq!(desk.expelled, []);
    desk.run_for(2_000, &mut peer);
    assert_eq!(desk.expelled, [device(20)]);
    assert_eq!(desk.request(20, &hello), Response::Refused);
    assert_eq!(desk.refused("not_member"), 1);
}

#[test]
fn an_ended_device_that_knocks_is_told_what_ended_it_and_nothing_else() {
    let mut desk = Desk::association(&[BERGEN, BAERUM]);
    let why = Some("Flyttet.".to_owned());
    desk.ok(Command::Say(Saying::EndMembership { org: org(BERGEN), why: why.clone() }));
    let knocks = |desk: &mut Desk, of: u8, from: u8| {
        let shown =
            [grant(of, 1, from, 1, of)].iter().map(|it| it.statement.bytes().to_vec().into()).collect();
        let answer = desk.ask(from, Class::Join, JoinRequest::Introduce(shown).bytes()).unwrap();
        JoinReply::read(&answer).unwrap()
    };
    let JoinReply::Ended(told) = knocks(&mut desk, BERGEN, 20) else { panic!("it is not told") };
    let told: Vec<Known> = told.iter().map(|bytes| Known::read(bytes).unwrap()).collect();
    let [end] = told.as_slice() else { panic!("{told:?}") };
    assert!(matches!(&end.fact, Fact::MembershipEnd(end) if end.why == why));
    assert_eq!(desk.refused("ended"), 1);
    // Nobody else is told, whatever he shows.
    assert_eq!(knocks(&mut desk, BERGEN, 50), JoinReply::Refused(Refusal::NotMember));
    assert_eq!(desk.request(20, &Request::Resolve(Scope::Roster, vec![Item([0; 16])])), Response::Refused);
}
