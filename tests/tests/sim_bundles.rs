//! Bundles: what nodes that nothing connects learn of each other from files, and what nobody learns from them.

use std::{collections::BTreeSet, time::Duration};

use praksis_protocol::{
    engine::{Audience, Command, CommandError, Edit, Reply, Saying, bundles::Reader, ended::Over},
    genesis::{Kind, Scope},
    id::DocumentId,
    share::Terms,
    store::Read as _,
    wire::bundle::{Header, Piece},
};
use praksis_tests::sim::{
    NodeId, World,
    cast::{case, shareable},
};
use proptest::prelude::*;
use serde_json::json;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// KS, Bergen, Bærum and Trondheim, who know of each other and have no line to anybody.
fn islands(world: &mut World) -> [NodeId; 4] {
    world.founded(4, 0).try_into().expect("four")
}

/// What all pieces but the header say, whatever frames they come in.
fn bytes(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(Piece::bytes).collect()
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

fn scopes(pieces: &[Piece]) -> BTreeSet<Scope> {
    let of = |piece: &Piece| match piece {
        Piece::Statements(scope, _) | Piece::Documents(scope, _) | Piece::Held(scope, _) => vec![*scope],
        Piece::Header(header) => header.scopes.clone(),
        Piece::End => vec![],
    };
    pieces.iter().flat_map(of).collect()
}

fn joint(world: &mut World, node: NodeId, with: NodeId, title: &str) -> DocumentId {
    let with = [world.org(with)].into_iter().collect();
    match world.ok(node, Command::DraftJointly(Kind::Case, case(title), with)) {
        Reply::Written { record, .. } => record,
        other => world.fail(&format!("not written: {other:?}")),
    }
}

/// Bundles for everybody, Bærum, Trondheim and Bergen's own, of a Bergen that has a case for each of them; and, if
/// told to, has something with Bærum of which nobody else is to know.
fn of_bergen(is_secretive: bool) -> [Vec<Piece>; 4] {
    let mut world = World::new(1);
    let [_, bergen, baerum, trondheim] = islands(&mut world);
    let [open, third, secret] =
        ["For alle", "For Trondheim", "For Baerum"].map(|title| shareable(&mut world, bergen, title));
    world.share(bergen, open);
    world.share_with(bergen, third, &[trondheim]);
    let written = world.now() + HOUR;
    if is_secretive {
        world.share_with(bergen, secret, &[baerum]);
        joint(&mut world, bergen, baerum, "Felles med Baerum");
    }
    world.run_for(written.since(world.now()));
    let readers = [None, Some(baerum), Some(trondheim), Some(bergen)];
    readers.map(|reader| {
        let pieces = match reader {
            None => world.write_bundle(bergen, Reader::Members),
            Some(reader) if reader == bergen => world.write_bundle(bergen, Reader::Own),
            Some(reader) => world.bundle_for(bergen, reader),
        };
        // Writing takes a moment; all are written at the same one.
        let Some(Piece::Header(header)) = pieces.first() else { panic!("no header") };
        let header = Piece::Header(Header { written_s: 0, ..header.clone() });
        [vec![header], pieces[1..].to_vec()].concat()
    })
}

#[test]
fn each_reader_gets_what_is_for_it_and_nobody_learns_of_an_audience_that_is_not_theirs() {
    let [everybody, baerum, trondheim, own] = of_bergen(true);
    let titles = ["For alle", "For Trondheim", "For Baerum", "Felles med Baerum"];
    let told = |pieces: &[Piece]| titles.map(|title| holds(&bytes(pieces), title));
    assert_eq!(told(&everybody), [true, false, false, false]);
    assert_eq!(told(&trondheim), [true, true, false, false]);
    assert_eq!(told(&baerum), [true, false, true, true]);
    assert_eq!(told(&own), [true; 4]);
    let is_named = |scope: &&Scope| matches!(scope, Scope::Named(_));
    let is_draft = |scope: &&Scope| matches!(scope, Scope::Organisation(_));
    let counts = [&everybody, &baerum, &trondheim, &own].map(|pieces| {
        let scopes = scopes(pieces);
        (scopes.iter().filter(is_named).count(), scopes.iter().filter(is_draft).count())
    });
    assert_eq!(counts, [(0, 0), (2, 0), (1, 0), (3, 1)]);

    // Not even from a size, a number or a digest: to the byte.
    let [everybody_else, _, trondheim_else, _] = of_bergen(false);
    assert_eq!(everybody, everybody_else);
    assert_eq!(trondheim, trondheim_else);
}

#[test]
fn a_bundle_for_somebody_else_tells_its_reader_nothing() {
    let mut world = World::new(2);
    let [_, bergen, baerum, trondheim] = islands(&mut world);
    let record = shareable(&mut world, bergen, "For Baerum");
    world.share_with(bergen, record, &[baerum]);
    let stick = world.bundle_for(bergen, baerum);
    let sets = world.status(trondheim).sets.len();
    let taken = world.read_bundle(trondheim, &stick);
    assert!(taken.new == 0 && taken.again, "{taken:?}");
    assert!(world.show(trondheim, record).is_none());
    assert_eq!(world.status(trondheim).sets.len(), sets, "no set of the audience");
    assert!(world.status(trondheim).refused["other_scope"] > 0);
    // What it writes itself does not pass it on.
    let own = world.write_bundle(trondheim, Reader::Own);
    assert!(!holds(&bytes(&own), "For Baerum"));
    assert!(scopes(&own).iter().all(|scope| !matches!(scope, Scope::Named(_))));
}

#[test]
fn one_whose_place_has_ended_hears_that_from_the_next_bundle_and_nothing_else_of_it() {
    let mut world = World::new(3);
    let [_, bergen, baerum, trondheim] = islands(&mut world);
    let record = shareable(&mut world, bergen, "Mens vi var sammen");
    world.share_with(bergen, record, &[baerum, trondheim]);
    let stick = world.bundle_for(bergen, baerum);
    assert!(!world.read_bundle(baerum, &stick).again);
    let Some(Scope::Named(audience)) = scopes(&stick).pop_last() else { panic!("no audience") };
    let is_in = |world: &mut World, node: NodeId| {
        let Reply::Roster(roster) = world.ok(node, Command::Roster) else { world.fail("no roster") };
        roster.audience(audience).is_some_and(|held| held.members.contains(&world.org(node)))
    };
    assert!(is_in(&mut world, baerum));

    let org = world.org(baerum);
    world.ok(bergen, Command::EndPlace(audience, org));
    world.edit(bergen, record, None, json!({"help_wanted": "Etter Baerum"}));
    world.share_with(bergen, record, &[trondheim]);
    let next = world.bundle_for(bergen, baerum);
    assert!(!holds(&bytes(&next), "Mens vi var sammen") && !holds(&bytes(&next), "Etter Baerum"));
    let Some(Piece::Header(header)) = next.first() else { panic!("no header") };
    assert!(!header.scopes.contains(&Scope::Named(audience)), "no documents of it are to be expected");
    world.read_bundle(baerum, &next);
    assert!(!is_in(&mut world, baerum), "it knows that it has left");
    // The others go on, and the old bundle changes nothing.
    world.read_bundle(baerum, &stick);
    assert!(!is_in(&mut world, baerum));
    let stick = world.bundle_for(bergen, trondheim);
    assert!(!world.read_bundle(trondheim, &stick).again);
    assert_eq!(world.shared_view(trondheim, record).record["help_wanted"], "Etter Baerum");
}

/// Whether a node's disk holds any words of these documents.
fn holds_words(world: &World, node: NodeId, documents: &[DocumentId]) -> bool {
    let store = world.backup(node);
    documents
        .iter()
        .any(|it| !store.changes(*it).expect("reads").is_empty() || store.view(*it).expect("reads").is_some())
}

#[test]
fn a_withdrawal_is_carried_without_the_words_and_no_old_bundle_undoes_it() {
    for now in [false, true] {
        let mut world = World::new(4);
        let [ks, bergen, baerum, trondheim] = islands(&mut world);
        let record = shareable(&mut world, bergen, "Skulle ikke ut");
        world.share(bergen, record);
        let old = world.write_bundle(bergen, Reader::Members);
        assert!(holds(&bytes(&old), "Skulle ikke ut"));
        for reader in [baerum, ks] {
            assert!(!world.read_bundle(reader, &old).again);
        }
        let shares = world.show(baerum, record).expect("it has come").reference.shares;
        let documents: Vec<DocumentId> = shares.into_values().collect();
        world.ok(bergen, Command::Withdraw(record, "Feil tall".into(), now));

        let new = world.write_bundle(bergen, Reader::Members);
        assert!(!holds(&bytes(&new), "Skulle ikke ut"));
        // One who hears of it late writes the old words for others, who know better.
        let late = world.write_bundle(ks, Reader::Members);
        for reader in [baerum, trondheim] {
            let taken = world.read_bundle(reader, &new);
            assert!(taken.new > 0 && !taken.again, "{taken:?}");
            assert!(world.show(reader, record).is_none(), "hidden at once");
        }
        world.run_for(DAY + HOUR);
        for reader in [baerum, trondheim] {
            assert!(!holds_words(&world, reader, &documents), "erased");
            for again in [&old, &late, &new, &old] {
                world.read_bundle(reader, again);
            }
            assert!(world.show(reader, record).is_none());
            assert!(!holds_words(&world, reader, &documents), "and nothing is back");
        }
        // What Bærum writes tells KS, which was the last to know.
        let on = world.write_bundle(baerum, Reader::Members);
        assert!(!holds(&bytes(&on), "Skulle ikke ut"));
        world.read_bundle(ks, &on);
        assert!(world.show(ks, record).is_none());
        world.run_for(DAY + HOUR);
        assert!(!holds_words(&world, ks, &documents));
    }
}

#[test]
fn of_a_device_that_was_ended_what_counted_counts_whoever_carries_it() {
    let mut world = World::new(5);
    let [_, town_hall, baerum, _] = islands(&mut world);
    let harbour = world.office(town_hall, "Bergen havn");
    let stick = world.write_bundle(town_hall, Reader::Own);
    world.read_bundle(harbour, &stick);
    let record = shareable(&mut world, harbour, "Fra havna");
    world.share(harbour, record);
    let before = world.write_bundle(harbour, Reader::Own);
    world.read_bundle(town_hall, &before);

    let device = world.device(harbour);
    world.say(town_hall, Saying::EndDevice { device, lost_s: None, why: None });
    world.edit(harbour, record, None, json!({"title": {"nb": "Tyvens ord"}}));
    world.share(harbour, record);
    let after = world.write_bundle(harbour, Reader::Members);
    let ended = world.write_bundle(town_hall, Reader::Members);
    // In either order: heard before the thief's bundle, or after it.
    let trondheim = NodeId(3);
    for (reader, order) in [(baerum, [&ended, &after]), (trondheim, [&after, &ended])] {
        for bundle in order {
            world.read_bundle(reader, bundle);
        }
        assert_eq!(world.shared_view(reader, record).record["title"]["nb"], "Fra havna");
    }
}

#[test]
fn of_a_member_whose_membership_has_ended_what_counted_counts_and_it_learns_of_it() {
    let mut world = World::new(6);
    let [ks, bergen, baerum, trondheim] = islands(&mut world);
    let record = shareable(&mut world, bergen, "Fra et medlem");
    world.share(bergen, record);
    let before = world.write_bundle(bergen, Reader::Members);
    world.read_bundle(ks, &before);
    let org = world.org(bergen);
    world.say(ks, Saying::EndMembership { org, why: None });
    world.edit(bergen, record, None, json!({"title": {"nb": "Etterpå"}}));
    world.share(bergen, record);
    let after = world.write_bundle(bergen, Reader::Members);
    let ended = world.write_bundle(ks, Reader::Members);
    for (reader, order) in [(baerum, [&ended, &after]), (trondheim, [&after, &ended])] {
        for bundle in order {
            world.read_bundle(reader, bundle);
        }
        assert_eq!(world.shared_view(reader, record).record["title"]["nb"], "Fra et medlem");
    }
    // To itself there is nothing left to write, but it hears why.
    world.read_bundle(bergen, &ended);
    let refused = world.call(bergen, Command::Edit(record, None, Edit::Merge(json!({"phase": "organise"}))));
    let share = Command::Share(record, Terms::on(world.today()), Audience::Network);
    let shared = world.call(bergen, share).expect_err("no member");
    assert!(refused.is_ok(), "its drafts are its own");
    assert_eq!(shared, CommandError::Ended(Over::Membership));
    assert!(scopes(&world.write_bundle(bergen, Reader::Members)).iter().eq([&Scope::Roster]));
}

#[test]
fn a_bundle_for_a_node_of_no_network_holds_no_documents() {
    let mut world = World::new(7);
    let alone = world.organisation("Alene");
    let record = world.draft(alone, Kind::Case, case("Kladd"));
    let everybody = world.write_bundle(alone, Reader::Members);
    assert!(!holds(&bytes(&everybody), "Kladd"));
    let own = world.write_bundle(alone, Reader::Own);
    assert!(holds(&bytes(&own), "Kladd"), "{record}");
}

/// Alters something in a piece, as somebody could who makes the checksums fit.
fn spoil(piece: &mut Piece, at: prop::sample::Index, how: u8) {
    let flip = |bytes: &mut Vec<u8>| {
        let place = at.index(bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 1 << (how % 8);
        }
    };
    match piece {
        Piece::Statements(_, statements) => {
            let one = at.index(statements.len());
            flip(&mut statements[one]);
        }
        Piece::Documents(scope, documents) => {
            let one = at.index(documents.len());
            let (item, delivery) = &mut documents[one];
            let change = at.index(delivery.changes.len().max(1));
            match (how / 8 % 7, delivery.changes.get_mut(change)) {
                (0, _) => item.0[0] ^= 1,
                (1, _) => flip(&mut delivery.genesis),
                (2, Some(change)) => flip(&mut change.envelope),
                (3, Some(change)) => flip(&mut change.change),
                (4, Some(_)) => drop(delivery.changes.remove(change)),
                (5, _) => *scope = Scope::Roster,
                (_, _) => delivery.changes.reverse(),
            }
        }
        Piece::Header(header) => header.scopes.clear(),
        Piece::Held(..) | Piece::End => *piece = Piece::End,
    }
}

/// What happens in a network of which Trondheim hears by files alone. Numbers name nodes, records and bundles, as far as
/// there are so many.
#[derive(Debug, Clone)]
enum Step {
    /// A node shares a new case: with all, or with one other.
    Share(usize, Option<usize>),
    /// The owner of a case changes it and shares it again.
    Change(usize),
    Withdraw(usize),
    /// One of the others writes a bundle for Trondheim.
    Write(usize),
    /// Trondheim writes one for the others.
    Answer,
    /// A bundle is read by whom it was written for, up to a piece.
    Read(usize, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize, proptest::option::of(0..4_usize)).prop_map(|(node, with)| Step::Share(node, with)),
        3 => (0..8_usize).prop_map(Step::Change),
        1 => (0..8_usize).prop_map(Step::Withdraw),
        3 => (0..3_usize).prop_map(Step::Write),
        2 => Just(Step::Answer),
        4 => (0..8_usize, any::<prop::sample::Index>()).prop_map(|(bundle, upto)| Step::Read(bundle, upto)),
    ]
}

/// A case that was shared: whose it is, its id, and with whom.
type Shared = (NodeId, DocumentId, Option<NodeId>);

fn share_again(world: &mut World, (node, record, with): Shared) {
    match with {
        None => {
            world.share(node, record);
        }
        Some(with) => world.share_with(node, record, &[with]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_somebody_alters_in_a_bundle_the_true_one_mends_it(
        spoiled in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        falls in any::<bool>(),
    ) {
        let mut world = World::new(8);
        let [_, bergen, _, trondheim] = islands(&mut world);
        let records: Vec<_> = (0..3).map(|n| shareable(&mut world, bergen, &format!("Sak {n}"))).collect();
        world.share(bergen, records[0]);
        world.share(bergen, records[1]);
        world.edit(bergen, records[1], None, json!({"help_wanted": "Mer"}));
        world.share(bergen, records[1]);
        world.share_with(bergen, records[2], &[trondheim]);
        let stick = world.bundle_for(bergen, trondheim);
        let mut altered = stick.clone();
        for (piece, at, how) in spoiled {
            let piece = piece.index(altered.len());
            spoil(&mut altered[piece], at, how);
        }
        world.read_bundle(trondheim, &altered);
        if falls {
            world.crash(trondheim);
            world.start(trondheim);
        }
        world.read_bundle(trondheim, &stick);
        prop_assert_eq!(world.waiting(trondheim), 0);
        world.run_until("both hold the same", HOUR, |world| world.are_level(&[bergen, trondheim]));
        for record in records {
            let [theirs, here] = [bergen, trondheim].map(|node| world.shared_view(node, record).record);
            prop_assert_eq!(theirs, here);
        }
    }

    #[test]
    fn read_in_any_order_twice_and_cut_off_anywhere_bundles_make_a_node_what_connections_would(
        steps in proptest::collection::vec(step(), 4..16),
        order in Just((0..64).collect::<Vec<usize>>()).prop_shuffle(),
        seed in 0..1000_u64,
    ) {
        let mut world = World::new(seed);
        let nodes: [NodeId; 4] = world.founded(4, 4).try_into().expect("four");
        let [others @ .., trondheim] = nodes;
        world.part(&[trondheim], &others);
        let mut cases: Vec<Shared> = Vec::new();
        let mut bundles: Vec<(NodeId, Vec<Piece>)> = Vec::new();
        for step in steps {
            match step {
                Step::Share(node, with) => {
                    let (node, with) = (nodes[node], with.map(|with| nodes[with]).filter(|with| *with != nodes[node]));
                    let record = shareable(&mut world, node, "Sak");
                    cases.push((node, record, with));
                    share_again(&mut world, (node, record, with));
                }
                Step::Change(case) => {
                    if let Some((node, record, with)) = cases.get(case).copied() {
                        world.edit(node, record, None, json!({"help_wanted": format!("{:?}", world.now())}));
                        share_again(&mut world, (node, record, with));
                    }
                }
                Step::Withdraw(case) => {
                    if case < cases.len() {
                        let (node, record, _) = cases.remove(case);
                        world.ok(node, Command::Withdraw(record, "Feil".into(), false));
                    }
                }
                Step::Write(node) => {
                    let pieces = world.bundle_for(others[node], trondheim);
                    bundles.push((trondheim, pieces));
                }
                Step::Answer => {
                    for other in others {
                        let pieces = world.bundle_for(trondheim, other);
                        bundles.push((other, pieces));
                    }
                }
                Step::Read(bundle, upto) => {
                    if let Some((reader, pieces)) = bundles.get(bundle) {
                        world.read_bundle(*reader, &pieces[..upto.index(pieces.len() + 1)]);
                    }
                }
            }
        }
        world.run_until("the others are level", HOUR, |world| world.are_level(&others));
        for other in others {
            let there = world.bundle_for(other, trondheim);
            let back = world.bundle_for(trondheim, other);
            bundles.extend([(trondheim, there), (other, back)]);
        }
        // All of them, twice, in whatever order; the last ones are as old as the first when they are read.
        let mut order: Vec<usize> = order.into_iter().filter(|at| *at < bundles.len()).collect();
        order.extend(order.clone());
        for at in order {
            let (reader, pieces) = &bundles[at];
            world.read_bundle(*reader, pieces);
        }
        world.run_until("all hold the same", HOUR, |world| world.are_level(&nodes));
        prop_assert_eq!(world.waiting(trondheim), 0);
        prop_assert!(!world.connected(trondheim, others[0]), "all of it came in files");
        for (owner, record, with) in cases {
            for reader in with.map_or(nodes.to_vec(), |with| vec![with]) {
                let [theirs, here] = [owner, reader].map(|node| world.shared_view(node, record).record);
                prop_assert_eq!(theirs, here);
            }
        }
    }
}
