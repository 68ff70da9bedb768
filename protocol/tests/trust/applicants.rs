//! At the door without an invitation: who asks waits until somebody decides, and learns nothing of the others.

use ed25519_dalek::SigningKey;
use praksis_protocol::{
    engine::{
        Class, Command, CommandError, Input, MessageId, Reply,
        applicants::{APPLICANTS_LIMIT, Applicant},
        setup,
    },
    id::{DeviceId, OrgId},
    membership::{
        joining::{Admittance, Application, CARD_LIMIT, JoinReply, JoinRequest, Refusal},
        statement::{Fact, Known},
    },
    signed::Verified,
    store::{Put, Read as _, Store as _, memory::MemoryStore},
};

use crate::{
    cast::*,
    desk::Desk,
    joining::{admit, uninvited},
};

const DAY_MS: u64 = 24 * 3_600_000;

fn said(application: &Verified<Application>) -> Vec<u8> {
    JoinRequest::Apply(application.bytes().to_vec().into()).bytes()
}

fn asks(desk: &mut Desk, application: &Verified<Application>, from: u8) -> JoinReply {
    let answer = desk.ask(from, Class::Join, said(application)).unwrap();
    JoinReply::read(&answer).unwrap()
}

fn waiting(desk: &mut Desk) -> Vec<Applicant> {
    let Reply::Applicants(waiting) = desk.ok(Command::Applicants) else { panic!("no applicants") };
    waiting
}

fn decline(desk: &mut Desk, of: u8, why: Option<&str>) -> Result<(), CommandError> {
    let request = desk.command(Command::Decline(org(of), why.map(str::to_owned)));
    desk.replies.remove(&request).unwrap().map(drop)
}

/// The membership that an admittance brings.
fn membership(reply: &JoinReply, of: u8) -> Known {
    let JoinReply::Admitted(bytes) = reply else { panic!("{reply:?}") };
    let admittance = Verified::<Admittance>::read(bytes).unwrap();
    let mut known = admittance.statements.iter().map(|bytes| Known::read(bytes).unwrap());
    known.find(|known| matches!(&known.fact, Fact::Membership(it) if it.org == org(of))).unwrap()
}

#[test]
fn who_asks_waits_and_is_admitted_by_whoever_decides_and_by_nobody_else() {
    let mut desk = Desk::association(&[]);
    let asked = uninvited(BERGEN, 20);
    assert_eq!(asks(&mut desk, &asked, 20), JoinReply::Waiting);
    assert_eq!(asks(&mut desk, &asked, 20), JoinReply::Waiting, "it goes on asking");
    assert_eq!(desk.status().members.len(), 1, "nobody has decided");

    let mut desk = desk.restart();
    let [applicant] = &waiting(&mut desk)[..] else { panic!("one waits") };
    assert_eq!((&applicant.application, applicant.device), (&asked, device(20)));
    assert_eq!((applicant.number.as_str(), applicant.is_taken), (number(BERGEN).as_str(), false));
    assert_eq!(desk.status().applicants, 1);
    admit(&mut desk, &asked).unwrap();
    assert_eq!((waiting(&mut desk), desk.status().members.len()), (vec![], 2));

    let first = membership(&asks(&mut desk, &asked, 20), BERGEN);
    let mut desk = desk.restart();
    assert_eq!(membership(&asks(&mut desk, &asked, 20), BERGEN), first, "the same grant again");
    assert_eq!(desk.status().members.len(), 2);
}

#[test]
fn a_root_that_is_kept_elsewhere_admits_and_the_node_goes_on_saying_so() {
    let mut desk = Desk::association(&[]);
    desk.ok(Command::Hold(None));
    let asked = uninvited(BERGEN, 20);
    assert_eq!(asks(&mut desk, &asked, 20), JoinReply::Waiting);
    assert_eq!(admit(&mut desk, &asked), Err(CommandError::NoRoot));
    desk.ok(Command::Hold(Some(Box::new(key(KS)))));
    admit(&mut desk, &asked).unwrap();
    desk.ok(Command::Hold(None));
    let first = membership(&asks(&mut desk, &asked, 20), BERGEN);
    let mut desk = desk.restart();
    desk.ok(Command::Hold(None));
    assert_eq!(membership(&asks(&mut desk, &asked, 20), BERGEN), first);
}

#[test]
fn nothing_is_confirmed_before_it_would_survive() {
    let mut desk = Desk::association(&[]);
    let asked = uninvited(BERGEN, 20);
    desk.is_slow = true;
    assert_eq!(desk.ask(20, Class::Join, said(&asked)), None);
    assert_eq!(desk.ask(20, Class::Join, said(&asked)), None, "nor when it asks again");
    let mut desk = desk.restart();
    assert_eq!(waiting(&mut desk), []);
    assert_eq!(asks(&mut desk, &asked, 20), JoinReply::Waiting);
    // What was decided and not written was not decided.
    desk.is_slow = true;
    let declined = desk.command(Command::Decline(org(BERGEN), None));
    assert!(!desk.replies.contains_key(&declined));
    assert_eq!(desk.ask(20, Class::Join, said(&asked)), None);
    let mut desk = desk.restart();
    assert_eq!(asks(&mut desk, &asked, 20), JoinReply::Waiting);
}

#[test]
fn who_is_declined_is_told_why_and_may_ask_otherwise() {
    let mut desk = Desk::association(&[]);
    let asked = uninvited(BERGEN, 20);
    assert_eq!(decline(&mut desk, BERGEN, None), Err(CommandError::NoSuchApplicant(org(BERGEN))));
    asks(&mut desk, &asked, 20);
    decline(&mut desk, BERGEN, Some("Bruk det hele navnet.")).unwrap();
    assert_eq!(waiting(&mut desk), []);
    let mut desk = desk.restart();
    let declined = JoinReply::Declined(Some("Bruk det hele navnet.".into()));
    assert_eq!(asks(&mut desk, &asked, 20), declined);
    let better = Application { name: "Bergen kommune".into(), ..Application::clone(&asked) };
    let better = Verified::sign(better, &key(BERGEN));
    assert_eq!(asks(&mut desk, &better, 20), JoinReply::Waiting);
    assert_eq!(waiting(&mut desk).len(), 1);
    // Who changes its mind admits by the first one too.
    decline(&mut desk, BERGEN, None).unwrap();
    admit(&mut desk, &asked).unwrap();
    membership(&asks(&mut desk, &better, 20), BERGEN);
}

#[test]
fn one_is_kept_for_each_root_and_its_last_word_stands() {
    let mut desk = Desk::association(&[]);
    let first = uninvited(BERGEN, 20);
    asks(&mut desk, &first, 20);
    let since_s = waiting(&mut desk)[0].since_s;
    let carded = Application { card: Some("{}".into()), ..Application::clone(&first) };
    let carded = Verified::sign(carded, &key(BERGEN));
    assert_eq!(asks(&mut desk, &carded, 20), JoinReply::Waiting);
    assert_eq!(waiting(&mut desk)[0].application, first, "not written as often as it may be said");
    desk.now.0 += 60_000;
    assert_eq!(asks(&mut desk, &carded, 20), JoinReply::Waiting);
    let [applicant] = &waiting(&mut desk)[..] else { panic!("one waits") };
    assert_eq!((&applicant.application, applicant.since_s), (&carded, since_s));
}

#[test]
fn who_asks_learns_nothing_of_members_or_of_others_who_wait() {
    let mut desk = Desk::association(&[BERGEN]);
    // Its number is a member's, and another's who waits: it is told what everybody is told.
    let claims = |of: u8, from: u8, number_of: u8| {
        let device_grant = grant(of, 1, from, 1, number_of).statement.bytes().to_vec().into();
        Verified::sign(Application { device_grant, ..Application::clone(&uninvited(of, from)) }, &key(of))
    };
    let (one, other) = (claims(BAERUM, 30, BERGEN), claims(4, 40, BERGEN));
    assert_eq!(asks(&mut desk, &one, 30), JoinReply::Waiting);
    assert_eq!(asks(&mut desk, &other, 40), JoinReply::Waiting);
    let waiting = waiting(&mut desk);
    assert!(waiting.len() == 2 && waiting.iter().all(|applicant| applicant.is_taken));
    assert_eq!(admit(&mut desk, &one), Err(CommandError::Taken));
}

#[test]
fn what_is_no_request_is_refused_by_name_and_not_kept() {
    let mut desk = Desk::association(&[]);
    let good = uninvited(BERGEN, 20);
    let of = |application: Application| Verified::sign(application, &key(BERGEN));
    let whole = Application::clone(&good);
    let large = [good.bytes(), &[0; 16 * 1024]].concat();
    let mut damaged = good.bytes().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let others = uninvited(BAERUM, 30).device_grant.clone();
    let raw = |bytes: Vec<u8>| JoinRequest::Apply(bytes.into()).bytes();
    let table = [
        (20, raw(large), Refusal::TooLarge),
        (20, raw(vec![0xff; 40]), Refusal::Malformed),
        (20, raw(damaged), Refusal::Signature),
        (20, said(&of(Application { device_grant: others, ..whole.clone() })), Refusal::Malformed),
        (20, said(&of(Application { name: String::new(), ..whole.clone() })), Refusal::Malformed),
        // What would be told to a terminal, and could not be signed.
        (20, said(&of(Application { name: "Bergen\u{1b}[2J".into(), ..whole.clone() })), Refusal::Malformed),
        (20, said(&of(Application { card: Some("x".repeat(CARD_LIMIT + 1)), ..whole })), Refusal::Malformed),
        // A true one, in the hands of another.
        (30, said(&good), Refusal::NotOwn),
    ];
    for (from, bytes, refusal) in table {
        let before = desk.refused(refusal.name());
        let answer = desk.ask(from, Class::Join, bytes).unwrap();
        assert_eq!(JoinReply::read(&answer), Some(JoinReply::Refused(refusal)));
        assert_eq!(desk.refused(refusal.name()), before + 1, "{refusal:?}");
    }
    assert_eq!(waiting(&mut desk), []);
    assert_eq!(desk.store.locals("applicant/").unwrap(), []);
}

/// An organisation of its own, with its device.
fn stranger(n: u16) -> (Verified<Application>, DeviceId) {
    let seed = |kind: u8| {
        let mut seed = [kind; 32];
        seed[..2].copy_from_slice(&n.to_be_bytes());
        SigningKey::from_bytes(&seed)
    };
    let (root, own) = (seed(101), seed(102));
    let org = OrgId(root.verifying_key().to_bytes());
    let made = setup::organisation(&root, &own, "310000027", "Bergen");
    let granted = made.into_iter().find_map(|put| {
        let Put::Statement(_, bytes) = put else { return None };
        Some(bytes)
    });
    let application = Application {
        version: 1,
        invitation: None,
        one_time: org,
        org,
        name: "Bergen".into(),
        device_grant: granted.unwrap().into(),
        card: None,
    };
    (Verified::sign(application, &root), DeviceId(own.verifying_key().to_bytes()))
}

#[test]
fn no_more_wait_than_are_kept_and_those_that_fall_silent_are_forgotten() {
    let mut desk = Desk::association(&[]);
    let mut last = 0;
    let mut ask = |desk: &mut Desk, n: usize| {
        let (application, from) = stranger(u16::try_from(n).unwrap());
        last += 1;
        let question = MessageId(5_000_000 + last);
        desk.handle(Input::Asked { from, question, class: Class::Join, bytes: said(&application) });
        JoinReply::read(&desk.answers.remove(&question).unwrap()).unwrap()
    };
    for n in 0..APPLICANTS_LIMIT {
        assert_eq!(ask(&mut desk, n), JoinReply::Waiting);
    }
    assert_eq!(ask(&mut desk, APPLICANTS_LIMIT), JoinReply::Refused(Refusal::Full));
    assert_eq!(ask(&mut desk, 3), JoinReply::Waiting, "who waits already goes on waiting");
    assert_eq!(desk.refused("requests_full"), 1);
    let one = waiting(&mut desk)[0].application.org;
    desk.ok(Command::Decline(one, None));
    assert_eq!(ask(&mut desk, APPLICANTS_LIMIT), JoinReply::Waiting, "somebody has decided on one");

    // All but one say nothing any more. The engine asks to be woken in time, after a restart too.
    desk.now.0 += 29 * DAY_MS;
    assert_eq!(ask(&mut desk, 3), JoinReply::Waiting);
    let mut desk = desk.restart();
    let until = desk.now.0 + DAY_MS + 1000;
    while let Some((at, _)) = desk.engine.poll_timeout().filter(|(at, _)| at.0 <= until) {
        desk.now = desk.now.max(at);
        desk.handle(Input::Tick);
    }
    let waiting = waiting(&mut desk);
    let (three, _) = stranger(3);
    assert_eq!(waiting.iter().map(|it| &it.application).collect::<Vec<_>>(), [&three]);
    assert_eq!(desk.store.locals("applicant/").unwrap().len(), 1);
}

#[test]
fn a_node_of_no_association_keeps_no_requests() {
    let store = MemoryStore::default();
    let member = [setup::organisation(&key(BERGEN), &key(10), &number(BERGEN), "Bergen")];
    store.commit(&member).unwrap();
    let mut desk = Desk::of_organisation(store, BERGEN);
    let answer = asks(&mut desk, &uninvited(BAERUM, 30), 30);
    assert_eq!(answer, JoinReply::Refused(Refusal::NotHere));
    assert_eq!((waiting(&mut desk), desk.refused("join_not_here")), (vec![], 1));
}

#[test]
fn only_whom_we_asked_can_admit_us() {
    let store = MemoryStore::default();
    store.commit(&[setup::organisation(&key(BERGEN), &key(10), &number(BERGEN), "Bergen")]).unwrap();
    let mut desk = Desk::of_organisation(store, BERGEN);
    let mut ks = Desk::association(&[]);
    let places = [(device(50), vec!["/sim/50".to_owned()])].into_iter().collect();
    desk.ok(Command::AskIn(None, places));
    desk.connect(50);
    let (to, question, class, bytes) = desk.asked.pop_back().unwrap();
    assert_eq!((to, class), (device(50), Class::Join));
    let Some(JoinRequest::Apply(application)) = JoinRequest::read(&bytes) else { panic!("it asks") };
    let application = Application::heard(&application).unwrap();
    // An admittance for another organisation, whole as it is, does not let us in.
    let others = admit(&mut ks, &uninvited(BAERUM, 30)).unwrap();
    let answer = JoinReply::Admitted(others.bytes().to_vec().into()).bytes();
    desk.handle(Input::Answered { from: to, question, bytes: answer });
    assert_eq!((desk.status().network, desk.refused("welcome_without_grant")), (None, 1));
    // Ours, from a device that was not asked anything.
    let ours = admit(&mut ks, &application).unwrap();
    let answer = JoinReply::Admitted(ours.bytes().to_vec().into()).bytes();
    desk.handle(Input::Answered { from: device(51), question, bytes: answer.clone() });
    desk.handle(Input::Answered { from: to, question, bytes: answer.clone() });
    assert_eq!(desk.status().network, None, "neither was a question asked, nor is that one open any longer");
    // From the one that is asked again, in its time.
    desk.handle(Input::Disconnected { device: device(50) });
    let again = desk.engine.poll_timeout().unwrap().0;
    assert!(again > desk.now);
    desk.now = again;
    desk.handle(Input::Tick);
    desk.connect(50);
    let (to, question, ..) = desk.asked.pop_back().unwrap();
    desk.handle(Input::Answered { from: to, question, bytes: answer });
    let status = desk.status();
    assert_eq!((status.network, status.asking), (Some(ks.network()), None));
}
