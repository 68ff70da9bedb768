//! What an End takes away, and what it leaves.

use praksis_protocol::{
    genesis::{Genesis, Kind as DocumentKind, Scope},
    id::{AudienceId, EnvelopeHash, OrgId, StatementHash},
    membership::{
        issuing::{Ending, Endings, countersign, end, signers},
        roster::{Act, Verdict},
        statement::{
            AudienceAdd, AudienceEnd, AudienceOpen, CUT_LIMIT, Chain, CharterAmendment, CoOwnerEnd,
            CoOwnerGrant, Cut, DeviceGrant, End, Fact, Halves, Kind, MembershipGrant, OrganisationSuccession,
            Removed, RootSuccession, Withdrawal, audience_id,
        },
        ticket::Ticket,
    },
};

use crate::{
    cast::*,
    scribe::{World, Written, at_home, written},
};

fn case_in(world: &World, owner: u8, scope: Scope) -> Genesis {
    let draft = Genesis::draft(DocumentKind::Case, org(owner), [owner; 32]);
    Genesis::shared(&draft, world.charter.network(), scope)
}

fn shared(world: &World, owner: u8) -> Genesis {
    case_in(world, owner, Scope::Network)
}

fn grant_of(world: &World, of: u8) -> StatementHash {
    world.roster().device(device(of)).unwrap().grant
}

#[test]
fn a_revoked_device_that_keeps_writing_counts_up_to_its_cut() {
    let mut world = World::with(&[BERGEN]);
    let case = shared(&world, BERGEN);
    let [before, last, after] = [1, 2, 3].map(|n| world.write(20, Scope::Network, n));
    let grant = grant_of(&world, 20);
    assert!([&before, &last, &after].iter().all(|it| world.counts(it, &case).is_yes()));
    let ended = world.end_device(BERGEN, grant);
    assert_eq!(world.roster().may(device(20), Act::Read, Scope::Network, &[]), Verdict::Ended);
    assert_eq!(world.roster().standing(device(20), Scope::Network), None);
    let verdicts = [&before, &last, &after].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes; 3], "without its Cut an End has not come, as to what counts");
    world.cut(BERGEN, ended, 20, Scope::Network, &[&before, &last]);
    let verdicts = [&before, &last, &after].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes, Verdict::Yes, Verdict::PastCut]);
    // New words under an old number, in a document where the true ones do not stand: nothing.
    let dated_back = Written { hash: EnvelopeHash([99; 32]), ..before };
    assert_eq!(world.counts(&dated_back, &case), Verdict::PastCut);
    // The drafts have a cut of their own.
    let draft = Genesis::draft(DocumentKind::Case, org(BERGEN), [1; 32]);
    let home = written(20, at_home(grant), 1);
    let stolen = written(20, at_home(grant), 2);
    world.cut(BERGEN, ended, 20, draft.scope, &[&home]);
    assert_eq!([&home, &stolen].map(|it| world.counts(it, &draft)), [Verdict::Yes, Verdict::PastCut]);
}

#[test]
fn a_cut_by_somebody_who_could_not_have_ended_it_is_nothing() {
    let mut world = World::with(&[BERGEN, BAERUM]);
    let case = shared(&world, BERGEN);
    let wrote = world.write(20, Scope::Network, 5);
    let grant = grant_of(&world, 20);
    let forged = world.end_device(BAERUM, grant);
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes, "an End by another's root is nothing");
    let ended = world.end_device(BERGEN, grant);
    for (issuer, end) in [(BAERUM, ended), (KS, ended), (BAERUM, forged), (20, ended)] {
        world.cut(issuer, end, 20, Scope::Network, &[]);
    }
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    world.cut(BERGEN, ended, 20, Scope::Network, &[]);
    for (issuer, end) in [(BAERUM, ended), (KS, ended), (BAERUM, forged), (20, ended)] {
        world.cut(issuer, end, 20, Scope::Network, &[&wrote]);
    }
    assert_eq!(world.counts(&wrote, &case), Verdict::PastCut);
}

#[test]
fn re_admission_revives_no_old_session() {
    let mut world = World::with(&[BERGEN]);
    let case = shared(&world, BERGEN);
    let [kept, stolen] = [1, 2].map(|n| world.write(20, Scope::Network, n));
    let (first, rival) = (grant_of(&world, 20), world.device(BERGEN, 20, 2, None));
    let under_rival = written(
        20,
        praksis_protocol::envelope::standing(rival, Some(world.roster().member(org(BERGEN)).unwrap().grant)),
        2,
    );
    assert_eq!(world.counts(&under_rival, &case), Verdict::Yes, "a rival grant lets count what it let write");
    let ended = world.end_device(BERGEN, first);
    assert_eq!(world.roster().device(device(20)), None, "no older or rival grant brings it back");
    world.cut(BERGEN, ended, 20, Scope::Network, &[&kept]);
    let again = world.device(BERGEN, 20, 1, Some(ended));
    assert_eq!(world.roster().device(device(20)).unwrap().grant, again);
    let fresh = world.write(20, Scope::Network, 2);
    let verdicts = [&kept, &stolen, &under_rival, &fresh].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes, Verdict::PastCut, Verdict::PastCut, Verdict::Yes]);
    // Ended again, and what names only the first End stays out.
    world.end_device(BERGEN, again);
    world.device(BERGEN, 20, 3, Some(ended));
    assert_eq!(world.roster().device(device(20)), None);
}

#[test]
fn an_ended_member_is_out_until_a_grant_names_the_end() {
    let mut world = World::with(&[BERGEN]);
    let case = shared(&world, BERGEN);
    let wrote = world.write(20, Scope::Network, 1);
    let grant = world.roster().member(org(BERGEN)).unwrap().grant;
    let ended = world.root_says(KS, Kind::MembershipEnd, &End::of(grant));
    world.member(BERGEN, None);
    assert_eq!(world.roster().member(org(BERGEN)), None);
    assert_eq!(world.roster().may(device(20), Act::Read, Scope::Network, &[]), Verdict::Ended);
    let home = Scope::Organisation(org(BERGEN));
    assert_eq!(world.roster().may(device(20), Act::Read, home, &[]), Verdict::Yes, "its drafts are its own");
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    world.cut(KS, ended, 20, Scope::Network, &[&wrote]);
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    // What it makes its own afterwards was not there to be named.
    let grant_after = world.device(BERGEN, 29, 9, None);
    let after = written(29, praksis_protocol::envelope::standing(grant_after, Some(grant)), 1);
    assert_eq!(world.counts(&after, &case), Verdict::PastCut);
    let again = world.member(BERGEN, Some(ended));
    assert_eq!(world.roster().member(org(BERGEN)).unwrap().grant, again);
    assert_eq!(world.counts(&world.write(20, Scope::Network, 9), &case), Verdict::Yes);
    let past = written(20, wrote.envelope.standing, 2);
    assert_eq!(world.counts(&past, &case), Verdict::PastCut);
}

fn withdraw(world: &mut World, of: u8, case: &Genesis) {
    let why = "Rullet tilbake".to_owned();
    world.device_says(of, case.scope, Kind::Withdrawal, &Withdrawal { document: case.document(), why });
}

#[test]
fn what_a_stolen_device_withdrew_comes_back_with_its_end() {
    let mut world = World::with(&[BERGEN]);
    world.device(BERGEN, 21, 2, None);
    let (honest, stolen) = (shared(&world, BERGEN), Genesis { nonce: [9; 32], ..shared(&world, BERGEN) });
    withdraw(&mut world, 20, &honest);
    let last = world.last(20, Some(Scope::Network));
    withdraw(&mut world, 20, &stolen);
    let withdrawn = world.roster().withdrawn(&stolen).unwrap();
    assert!(!withdrawn.at_once && !withdrawn.cut_awaited && withdrawn.why == "Rullet tilbake");
    let grant = grant_of(&world, 20);
    let ended = world.end_device(BERGEN, grant);
    // Until it is said how much counts, both stay hidden, and nothing may be erased.
    assert!([&honest, &stolen].iter().all(|case| world.roster().withdrawn(case).unwrap().cut_awaited));
    let cut = Cut { end: ended, device: device(20), envelopes: Halves::default(), said: last, pages: 1 };
    world.root_says_in(BERGEN, Scope::Network, Kind::Cut, &cut);
    let roster = world.roster();
    assert!(roster.withdrawn(&stolen).is_none(), "past the cut");
    assert!(!roster.withdrawn(&honest).unwrap().cut_awaited);
    // The thief dates back: the number is within the cut, and no link leads to it.
    let mut back = world.clone();
    let fork = Chain { last: None, ..back.chain(20, Some(Scope::Network)) };
    back.set_chain(20, fork);
    let body = Withdrawal { document: stolen.document(), why: String::new() };
    let standing =
        praksis_protocol::envelope::standing(grant, Some(roster.member(org(BERGEN)).unwrap().grant));
    back.say(20, (Some(Scope::Network), Some(standing)), Kind::Withdrawal, &body);
    assert!(back.roster().withdrawn(&stolen).is_none());
}

#[test]
fn two_devices_or_the_root_withdraw_at_once_and_nobody_else_withdraws_at_all() {
    let mut world = World::with(&[BERGEN, BAERUM]);
    world.device(BERGEN, 21, 2, None);
    let case = shared(&world, BERGEN);
    withdraw(&mut world, 30, &case);
    world.root_says_in(
        BAERUM,
        Scope::Network,
        Kind::Withdrawal,
        &Withdrawal { document: case.document(), why: String::new() },
    );
    assert_eq!(world.roster().withdrawn(&case), None);
    withdraw(&mut world, 20, &case);
    withdraw(&mut world, 20, &case);
    assert!(!world.roster().withdrawn(&case).unwrap().at_once);
    let mut by_root = world.clone();
    let body = Withdrawal { document: case.document(), why: String::new() };
    by_root.root_says_in(BERGEN, Scope::Network, Kind::Withdrawal, &body);
    assert!(by_root.roster().withdrawn(&case).unwrap().at_once);
    withdraw(&mut world, 21, &case);
    assert!(world.roster().withdrawn(&case).unwrap().at_once);
}

#[test]
fn a_stolen_root_is_replaced_by_the_associations_before_it_can_replace_itself() {
    let mut world = World::with(&[BERGEN]);
    let last = world.last(BERGEN, None);
    // The thief makes a device, names a root of his own, and dates another device back.
    let thieves = world.device(BERGEN, 29, 9, None);
    let succession = RootSuccession {
        org: org(BERGEN),
        old: org(BERGEN),
        new: org(8),
        last: world.last(BERGEN, None),
        last_network: None,
        last_organisation: None,
    };
    world.root_says(BERGEN, Kind::RootSuccession, &succession);
    assert_eq!(world.roster().root_of(org(BERGEN)), org(8));
    let rescue = RootSuccession { new: org(7), last, ..succession };
    let network = world.charter.network();
    let mut chain = world.chain(KS, None);
    world.said.push(known(&chain.issue(&key(KS), network, Kind::RootSuccession, &rescue)));
    world.set_chain(KS, chain);
    let roster = world.roster();
    assert_eq!(roster.root_of(org(BERGEN)), org(7));
    assert_eq!(roster.org_of_root(org(7)), org(BERGEN));
    assert!(roster.device(device(20)).is_some(), "what was rightly said stands");
    assert_eq!(roster.device(device(29)), None, "what the thief said is nothing");
    world.set_chain(BERGEN, Chain::default());
    world.device(BERGEN, 28, 8, None);
    assert_eq!(world.roster().device(device(28)), None, "nor what he dates back");
    // The new root speaks for the same organisation, and can end what the old one granted.
    let body = DeviceGrant { org: org(BERGEN), ..device_body(BERGEN, 27, 7, BERGEN) };
    world.root_says(7, Kind::DeviceGrant, &body);
    let grant = grant_of(&world, 20);
    world.root_says(7, Kind::DeviceEnd, &End::of(grant));
    world.root_says(7, Kind::DeviceEnd, &End::of(thieves));
    let roster = world.roster();
    assert_eq!(roster.device(device(27)).unwrap().org, org(BERGEN));
    assert_eq!(roster.device(device(20)), None);
}

/// Three associations, two of which decide, and a recovery key.
fn three() -> World {
    let mut roots = vec![org(KS), org(5), org(6)];
    roots.sort();
    let charter = praksis_protocol::membership::charter::Charter {
        roots,
        quorum: 2,
        recovery: vec![org(9)],
        ..charter()
    };
    World::under(charter, &[BERGEN])
}

fn without_5(world: &World) -> CharterAmendment {
    let mut roots = vec![org(KS), org(6)];
    roots.sort();
    CharterAmendment {
        previous: world.roster().newest_amendment().unwrap(),
        roots,
        quorum: 2,
        recovery: vec![],
        parameters: praksis_protocol::membership::charter::Parameters {
            purge_delay_s: 1,
            ..Default::default()
        },
        removed: vec![Removed { root: org(5), last: world.last(5, None), last_network: None }],
    }
}

#[test]
fn a_stolen_association_root_is_removed_by_the_others_and_what_it_had_said_stands() {
    let mut world = three();
    let body = MembershipGrant { ..membership_body(BAERUM, BAERUM) };
    world.root_says(5, Kind::MembershipGrant, &body);
    let amendment = without_5(&world);
    world.root_says(5, Kind::MembershipGrant, &membership_body(8, 8));
    assert!(world.roster().member(org(8)).is_some());
    world.root_says(KS, Kind::CharterAmendment, &amendment);
    assert_eq!(world.roster().parameters().purge_delay_s, 24 * 3600, "one of two is not enough");
    world.root_says(7, Kind::CharterAmendment, &amendment);
    assert_eq!(world.roster().parameters().purge_delay_s, 24 * 3600, "nor is anybody else");
    world.root_says(9, Kind::CharterAmendment, &amendment);
    let roster = world.roster();
    assert_eq!(
        (roster.parameters().purge_delay_s, roster.roots().count()),
        (1, 2),
        "the recovery key counts"
    );
    assert!(roster.member(org(BAERUM)).is_some());
    assert_eq!(roster.member(org(8)), None, "said after the last that stands");
    world.set_chain(5, Chain::default());
    world.root_says(5, Kind::MembershipGrant, &membership_body(8, 8));
    assert_eq!(world.roster().member(org(8)), None, "dated back");
    // It cannot be brought back, and not by itself.
    let mut back = CharterAmendment { removed: vec![], ..without_5(&world) };
    back.roots.push(org(5));
    back.roots.sort();
    for by in [5, KS, 6] {
        world.root_says(by, Kind::CharterAmendment, &back);
    }
    assert_eq!(world.roster().roots().count(), 2);
}

#[test]
fn an_amendment_goes_from_root_to_root_as_one_word() {
    let mut world = three();
    let amendment = without_5(&world);
    world.root_says(KS, Kind::CharterAmendment, &amendment);
    let word = Ticket::Statements(vec![world.said.last().unwrap().clone()]).to_text();
    // Elsewhere, without a network.
    let Ticket::Statements(mut known) = Ticket::from_text(&word).unwrap() else { panic!("statements") };
    let signed = countersign(&known[0], &key(6), &mut Chain::default()).unwrap();
    known.push(crate::cast::known(&signed));
    assert_eq!(signers(&known[0], &known).len(), 2);
    let word = Ticket::Statements(known).to_text();
    let Ticket::Statements(known) = Ticket::from_text(&word).unwrap() else { panic!("statements") };
    world.said.extend(known);
    assert_eq!(world.roster().roots().count(), 2);
    let grant = world.said.iter().find(|known| matches!(known.fact, Fact::Membership(_))).unwrap();
    assert!(countersign(grant, &key(6), &mut Chain::default()).is_none(), "a grant is one root's own word");
    let mut damaged = word.into_bytes();
    damaged[99] = if damaged[99] == b'a' { b'b' } else { b'a' };
    assert!(Ticket::from_text(std::str::from_utf8(&damaged).unwrap()).is_err());
}

#[test]
fn after_a_merger_the_heir_writes_what_the_predecessor_owned() {
    let mut world = World::with(&[BERGEN, BAERUM]);
    let case = shared(&world, BAERUM);
    let by_heir = world.write(20, Scope::Network, 1);
    assert_eq!(world.counts(&by_heir, &case), Verdict::NotOwner);
    let merger = OrganisationSuccession { predecessor: org(BAERUM), heir: org(BERGEN) };
    world.root_says(BERGEN, Kind::OrganisationSuccession, &merger);
    assert_eq!(world.roster().heir(org(BAERUM)), None, "nobody makes himself an heir");
    world.root_says(KS, Kind::OrganisationSuccession, &merger);
    let roster = world.roster();
    assert_eq!(roster.heir(org(BAERUM)), Some(org(BERGEN)));
    assert_eq!(roster.writers(&case), [org(BAERUM)], "it is still there");
    assert_eq!(world.counts(&by_heir, &case), Verdict::Yes);
    let grant = roster.member(org(BAERUM)).unwrap().grant;
    world.root_says(KS, Kind::MembershipEnd, &End::of(grant));
    let roster = world.roster();
    assert_eq!(roster.writers(&case), [org(BERGEN)]);
    let number = number(BAERUM);
    assert_eq!(roster.member_by_number(&number).unwrap().membership.org, org(BERGEN));
    // And back: nobody becomes his own heir.
    let back = OrganisationSuccession { predecessor: org(BERGEN), heir: org(BAERUM) };
    world.root_says(KS, Kind::OrganisationSuccession, &back);
    let roster = world.roster();
    let heirs = [roster.heir(org(BERGEN)), roster.heir(org(BAERUM))];
    assert_eq!(heirs.iter().flatten().count(), 1);
}

fn open(world: &mut World, owner: u8) -> AudienceId {
    let (owner_id, nonce) = (org(owner), [owner; 32]);
    let id = audience_id(owner_id, nonce);
    let body = AudienceOpen { owner: owner_id, nonce, name: "Vannpumper".into() };
    world.device_says(10 * owner, Scope::Named(id), Kind::AudienceOpen, &body);
    id
}

#[test]
fn an_audience_is_who_its_owner_says() {
    let mut world = World::with(&[BERGEN, BAERUM, 4]);
    let id = open(&mut world, BERGEN);
    let scope = Scope::Named(id);
    let add = AudienceAdd { org: org(BAERUM), follows: None };
    let members = |world: &World| world.roster().audience(id).unwrap().members.clone();
    let is_in = |world: &World, of: u8| members(world).contains(&org(of));
    world.device_says(30, scope, Kind::AudienceAdd, &add);
    assert!(!is_in(&world, BAERUM) && is_in(&world, BERGEN), "nobody adds himself");
    let added = world.device_says(20, scope, Kind::AudienceAdd, &add);
    assert!(is_in(&world, BAERUM));
    let case = case_in(&world, BAERUM, scope);
    let [wrote, past] = [1, 2].map(|n| world.write(30, scope, n));
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    let outsider = case_in(&world, 4, scope);
    assert_eq!(world.counts(&world.write(40, scope, 1), &outsider), Verdict::NotInAudience);
    assert_eq!(world.roster().may(device(40), Act::Read, scope, &[]), Verdict::NotInAudience);
    let nowhere = Scope::Named(AudienceId([7; 32]));
    assert_eq!(world.roster().may(device(40), Act::Read, nowhere, &[]), Verdict::NotInAudience);

    let ended = world.device_says(20, scope, Kind::AudienceEnd, &AudienceEnd { add: added });
    world.device_says(20, scope, Kind::AudienceAdd, &add);
    assert!(!is_in(&world, BAERUM), "an Add that does not name the End");
    let cut = Cut {
        end: ended,
        device: device(30),
        envelopes: [wrote.hash].into_iter().collect(),
        said: None,
        pages: 1,
    };
    let nothing = Cut { envelopes: Halves::default(), ..cut.clone() };
    world.device_says(30, scope, Kind::Cut, &nothing);
    assert_eq!([&wrote, &past].map(|it| world.counts(it, &case)), [Verdict::Yes; 2], "not the owner's");
    world.device_says(20, scope, Kind::Cut, &cut);
    assert_eq!([&wrote, &past].map(|it| world.counts(it, &case)), [Verdict::Yes, Verdict::PastCut]);
    world.device_says(20, scope, Kind::AudienceAdd, &AudienceAdd { org: org(BAERUM), follows: Some(ended) });
    assert!(is_in(&world, BAERUM));
    let fresh = written(30, world.roster().rights(&case).standing(device(30)).unwrap(), 3);
    let verdicts = [&wrote, &past, &fresh].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes, Verdict::PastCut, Verdict::Yes], "what was past the cut stays out");
}

#[test]
fn in_a_named_scope_the_owners_other_device_cuts_what_a_stolen_one_wrote() {
    let mut world = World::with(&[BERGEN, BAERUM]);
    world.device(BERGEN, 21, 2, None);
    let scope = Scope::Named(open(&mut world, BERGEN));
    let last = world.last(20, Some(scope));
    world.device_says(20, scope, Kind::AudienceAdd, &AudienceAdd { org: org(BAERUM), follows: None });
    let Scope::Named(id) = scope else { unreachable!() };
    let case = case_in(&world, BERGEN, scope);
    let wrote = world.write(20, scope, 1);
    let grant = grant_of(&world, 20);
    let ended = world.end_device(BERGEN, grant);
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes, "its owner cuts as it ends");
    let cut = Cut {
        end: ended,
        device: device(20),
        envelopes: [wrote.hash].into_iter().collect(),
        said: last,
        pages: 1,
    };
    world.device_says(21, scope, Kind::Cut, &cut);
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    let audience = world.roster().audience(id).unwrap().clone();
    assert_eq!(audience.name, "Vannpumper", "opened before the theft");
    assert!(!audience.members.contains(&org(BAERUM)), "added after it");
}

#[test]
fn a_co_owner_writes_from_its_grant_to_its_cut() {
    let mut world = World::with(&[BERGEN, BAERUM, 4]);
    let case = Genesis { co_owners: vec![org(4)], ..shared(&world, BERGEN) };
    let document = case.document();
    let (granted, theirs) = (world.write(30, Scope::Network, 1), world.write(40, Scope::Network, 1));
    let verdicts = |world: &World| [&granted, &theirs].map(|it| world.counts(it, &case));
    assert_eq!(verdicts(&world), [Verdict::NotOwner, Verdict::Yes]);
    let body = CoOwnerGrant { document, org: org(BAERUM), follows: None };
    world.device_says(30, Scope::Network, Kind::CoOwnerGrant, &body);
    assert_eq!(world.counts(&granted, &case), Verdict::NotOwner, "only the owner grants");
    let grant = world.device_says(20, Scope::Network, Kind::CoOwnerGrant, &body);
    assert_eq!(verdicts(&world), [Verdict::Yes, Verdict::Yes]);
    let now = |world: &World| {
        let mut writers: Vec<OrgId> = world.roster().writers(&case)[1..].to_vec();
        writers.sort();
        writers
    };
    let mut both = vec![org(BAERUM), org(4)];
    both.sort();
    assert_eq!(now(&world), both);
    let of = |org, grant| CoOwnerEnd { document, org, grant };
    let ended = world.device_says(20, Scope::Network, Kind::CoOwnerEnd, &of(org(4), None));
    world.device_says(20, Scope::Network, Kind::CoOwnerEnd, &of(org(BAERUM), Some(grant)));
    assert_eq!(now(&world), []);
    assert_eq!(verdicts(&world), [Verdict::Yes, Verdict::Yes], "no Cut has come yet");
    let cut = Cut {
        end: ended,
        device: device(40),
        envelopes: [theirs.hash].into_iter().collect(),
        said: None,
        pages: 1,
    };
    world.device_says(20, Scope::Network, Kind::Cut, &cut);
    assert_eq!(verdicts(&world), [Verdict::Yes, Verdict::Yes]);
    let past = Written { hash: EnvelopeHash([8; 32]), ..theirs.clone() };
    assert_eq!(world.counts(&past, &case), Verdict::PastCut);
    let again = CoOwnerGrant { document, org: org(4), follows: Some(ended) };
    world.device_says(20, Scope::Network, Kind::CoOwnerGrant, &again);
    assert_eq!(now(&world), [org(4)]);
    // What it wrote past the cut stays out; what it writes from now on counts, and is no other document's.
    assert_eq!([&theirs, &past].map(|it| world.counts(it, &case)), [Verdict::Yes, Verdict::PastCut]);
    let fresh = written(40, world.roster().rights(&case).standing(device(40)).unwrap(), 5);
    assert_eq!(world.counts(&fresh, &case), Verdict::Yes);
    let other = Genesis { nonce: [7; 32], ..case.clone() };
    assert_eq!(world.counts(&fresh, &other), Verdict::UnknownStanding);
    // Once more out and in: each time has its own cut.
    let grant = world.said.last().unwrap().hash;
    let ended = world.device_says(20, Scope::Network, Kind::CoOwnerEnd, &of(org(4), Some(grant)));
    let cut = Cut { end: ended, envelopes: [fresh.hash].into_iter().collect(), ..cut };
    world.device_says(20, Scope::Network, Kind::Cut, &cut);
    let late = Written { hash: EnvelopeHash([6; 32]), ..fresh.clone() };
    let again = CoOwnerGrant { document, org: org(4), follows: Some(ended) };
    world.device_says(20, Scope::Network, Kind::CoOwnerGrant, &again);
    let verdicts = [&theirs, &past, &fresh, &late].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes, Verdict::PastCut, Verdict::Yes, Verdict::PastCut]);
}

#[test]
fn under_one_number_an_end_stands_before_a_grant() {
    let mut world = World::with(&[BERGEN]);
    let grant = grant_of(&world, 20);
    let (before, wrote) = (world.chain(BERGEN, None), world.write(20, Scope::Network, 1));
    world.device(BERGEN, 21, 2, None);
    assert!(world.roster().device(device(21)).is_some());
    world.set_chain(BERGEN, before);
    let end = world.end_device(BERGEN, grant);
    let roster = world.roster();
    assert_eq!((roster.device(device(20)), roster.device(device(21))), (None, None));
    world.cut(BERGEN, end, 20, Scope::Network, &[]);
    assert_eq!(world.counts(&wrote, &shared(&world, BERGEN)), Verdict::PastCut);
}

#[test]
fn a_device_that_wrote_thousands_is_cut_in_pages_that_are_one() {
    let world = World::with(&[BERGEN]);
    let case = shared(&world, BERGEN);
    let wrote: Vec<_> = (0..2_000u16)
        .map(|number| {
            let mut it = world.write(20, Scope::Network, 3);
            it.hash.0[..2].copy_from_slice(&number.to_be_bytes());
            it
        })
        .collect();
    let written = wrote.iter().map(|it| (it.hash, &it.envelope));
    let ending = Ending::of(device(20), Scope::Network, written, &world.said);
    assert_eq!(ending.envelopes.len(), 2_000);
    let endings = Endings { org: org(BERGEN), devices: vec![ending] };
    let mut other = wrote[0].clone();
    other.hash = EnvelopeHash([0xee; 32]);
    let grant = grant_of(&world, 20);
    let (mut chain, network) = (world.chain(BERGEN, None), world.charter.network());
    let in_network = Chain { scope: Some(Scope::Network), ..Chain::default() };
    let said = end(
        &key(BERGEN),
        Kind::DeviceEnd,
        praksis_protocol::id::NetworkId::NONE,
        grant,
        &mut chain,
        &mut [(in_network, network, endings)],
    );
    assert_eq!(said.len(), 1 + 2_000usize.div_ceil(CUT_LIMIT));
    // Page by page, the End first or last: what counted and is named counts all the while, and what is not named
    // counts no longer once all pages and the End are there.
    for pages in [said.iter().collect::<Vec<_>>(), said.iter().rev().collect()] {
        let mut world = world.clone();
        for page in pages {
            assert!(world.counts(&other, &case).is_yes(), "after {} statements", world.said.len());
            world.said.push(known(page));
            assert!(wrote.iter().all(|it| world.counts(it, &case).is_yes()));
        }
        assert_eq!(world.counts(&other, &case), Verdict::PastCut);
    }
}

#[test]
fn of_an_ended_member_without_devices_nothing_counts() {
    let mut world = World::with(&[BERGEN]);
    let grant = world.member(4, None);
    let end = world.root_says(KS, Kind::MembershipEnd, &End::of(grant));
    for cut in (Endings { org: org(4), devices: Vec::new() }).cuts(end) {
        world.root_says_in(KS, Scope::Network, Kind::Cut, &cut);
    }
    let device = world.device(4, 40, 1, None);
    let wrote = written(40, praksis_protocol::envelope::standing(device, Some(grant)), 1);
    assert_eq!(world.counts(&wrote, &shared(&world, 4)), Verdict::PastCut);
}

#[test]
fn in_anothers_audience_what_has_ended_is_held_until_its_owner_says_how_much_counts() {
    let mut world = World::with(&[BERGEN, BAERUM]);
    let scope = Scope::Named(open(&mut world, BERGEN));
    world.device_says(20, scope, Kind::AudienceAdd, &AudienceAdd { org: org(BAERUM), follows: None });
    let case = case_in(&world, BAERUM, scope);
    let wrote = world.write(30, scope, 1);
    let grant = grant_of(&world, 30);
    let ended = world.end_device(BAERUM, grant);
    assert_eq!(world.counts(&wrote, &case), Verdict::CutAwaited);
    let endings = |envelopes: &[&Written]| {
        let envelopes = envelopes.iter().map(|it| it.hash).collect();
        Endings { org: org(BAERUM), devices: vec![Ending { device: device(30), envelopes, said: None }] }
    };
    for cut in endings(&[&wrote]).cuts(ended) {
        world.device_says(20, scope, Kind::Cut, &cut);
    }
    assert_eq!(world.counts(&wrote, &case), Verdict::Yes);
    let stolen = written(30, wrote.envelope.standing, 2);
    assert_eq!(world.counts(&stolen, &case), Verdict::PastCut);
}

/// Two Ends of one device, one of which never gets its Cut: it adds nothing to the other.
#[test]
fn an_end_without_a_cut_revives_nothing_that_another_took() {
    let mut world = World::with(&[BERGEN]);
    let case = shared(&world, BERGEN);
    let [kept, stolen] = [1, 2].map(|n| world.write(20, Scope::Network, n));
    let membership = world.roster().member(org(BERGEN)).unwrap().grant;
    let end = |world: &mut World, why: &str| {
        let end = End { grant: membership, why: Some(why.into()) };
        world.root_says(KS, Kind::MembershipEnd, &end)
    };
    let first = end(&mut world, "Utmeldt");
    world.cut(KS, first, 20, Scope::Network, &[&kept]);
    end(&mut world, "Utmeldt igjen");
    let verdicts = [&kept, &stolen].map(|it| world.counts(it, &case));
    assert_eq!(verdicts, [Verdict::Yes, Verdict::PastCut]);
}
