//! What counts does not depend on the order in which it came.

use praksis_protocol::{admission::counting::missing, engine::Edit, wire::message::SignedChange};
use proptest::{prelude::*, sample::Index};
use serde_json::json;

use crate::cast::{BAERUM, BERGEN, Device, Node, org, shared_case};

/// Both tell each other what the other lacks until they have the same, as the engine does.
fn meet(a: &mut Node, b: &mut Node) {
    let digest = |node: &Node| node.state.as_ref().map(|state| state.digest);
    for _ in 0..20 {
        if digest(a) == digest(b) {
            return;
        }
        pull(a, b);
        pull(b, a);
    }
    panic!("never level: {:?} and {:?}", digest(a), digest(b));
}

fn pull(to: &mut Node, from: &Node) {
    let have = to.state.as_ref().map(|state| state.heads.clone()).unwrap_or_default();
    to.take(&missing(from.held.clone(), &have));
}

fn text(n: usize) -> Edit {
    Edit::Merge(json!({"help_wanted": format!("Setning {n}.")}))
}

#[test]
fn of_twins_the_same_one_counts_in_either_order_of_arrival() {
    let mut first = Node::new(shared_case());
    let begun = Device::new(20).merge(&mut first, json!({"need": "Pumper."}));
    let mut machine = Device::new(21);
    let mut copy = machine.clone();
    let one = machine.merge(&mut first.clone(), json!({"phase": "need"}));
    let other = copy.merge(&mut first.clone(), json!({"phase": "organise"}));

    let mut second = Node::new(shared_case());
    second.take(&[begun]);
    let mut refused = Vec::new();
    for (node, order) in [(&mut first, [&one, &other]), (&mut second, [&other, &one])] {
        for change in order {
            refused.extend(node.refusals(std::slice::from_ref(change)));
        }
    }
    assert_eq!(first.state, second.state);
    assert_eq!(first.view().conflicts, vec![], "only one of them counts");
    assert_eq!(refused, ["envelope_twin"], "where the one that counts was there before");
}

#[test]
fn two_runs_of_a_machine_that_was_copied_become_one() {
    // Each copy goes on writing in the same session, so every number is used twice.
    for length in 1..6 {
        let mut ours = Node::new(shared_case());
        Device::new(20).merge(&mut ours, json!({"need": "Pumper."}));
        let mut theirs = ours.clone();
        let (mut machine, mut copy) = (Device::new(21), Device::new(21));
        for n in 0..length {
            machine.merge(&mut ours, json!({"help_wanted": format!("Her {n}.")}));
            copy.merge(&mut theirs, json!({"help_wanted": format!("Der {n}.")}));
        }
        meet(&mut ours, &mut theirs);
        assert_eq!(ours.view(), theirs.view(), "{length}");
        // And they go on from there together.
        Device::new(20).session_of(99).merge(&mut ours, json!({"phase": "organise"}));
        meet(&mut ours, &mut theirs);
        assert_eq!(ours.view().record["phase"], "organise");
        assert_eq!(ours.view(), theirs.view());
    }
}

#[test]
fn what_waits_or_is_refused_decides_nothing() {
    let mut node = Node::new(shared_case());
    Device::new(20).merge(&mut node, json!({"need": "Pumper."}));
    let (mut machine, mut copy) = (Device::new(21), Device::new(21));
    let mut elsewhere = node.clone();
    for n in 0..4 {
        machine.merge(&mut node, json!({"help_wanted": format!("Her {n}.")}));
        copy.merge(&mut elsewhere, json!({"help_wanted": format!("Der {n}.")}));
    }
    node.take(&elsewhere.held);
    let after = node.state.clone();
    node.waiting.clear();
    node.take(&[]);
    assert_eq!(node.state, after, "computed again from what is stored");
}

#[test]
fn a_change_that_was_signed_twice_counts_once_everywhere() {
    let mut first = Node::new(shared_case());
    let mut office = Device::new(20);
    office.merge(&mut first, json!({"need": "Pumper."}));
    let mut second = first.clone();
    let change = office.write(&first, text(1)).remove(0);
    let again = {
        // The same change under the next number.
        let hash = praksis_protocol::scan::scan(&change.change).unwrap().hash;
        let envelope = office.envelope(&first.genesis, hash, 0);
        office.sign(envelope, &change.change)
    };
    first.take(std::slice::from_ref(&change));
    second.take(std::slice::from_ref(&again));
    meet(&mut first, &mut second);
    assert_eq!(first.state, second.state);
    // One that holds both still gives the one that counts.
    let mut third = Node::new(shared_case());
    meet(&mut third, &mut first);
    meet(&mut third, &mut second);
}

#[test]
fn whoever_names_himself_co_owner_gets_nothing_into_anothers_name() {
    let genesis = praksis_protocol::genesis::Genesis { co_owners: vec![org(BAERUM)], ..shared_case() };
    let mut node = Node::new(genesis);
    let mut rogue = Device::new(30);
    let change = rogue.forge(&node, |tx| {
        automerge::transaction::Transactable::put(tx, automerge::ROOT, "phase", "need").unwrap();
    });
    assert_eq!(node.refusals(&[change]), ["owner_absent"]);
    assert!(node.state.is_none(), "no such document");

    // Where the owner has begun, the co-owner writes.
    Device::new(20).merge(&mut node, json!({"need": "Pumper."}));
    Device::new(31).merge(&mut node, json!({"phase": "need"}));
    assert_eq!(node.view().record["phase"], "need");
    assert_eq!(node.genesis.owner, org(BERGEN));
}

/// A step of a random history: who writes where, and how.
#[derive(Debug, Clone)]
enum Step {
    /// A device writes on what a node has.
    Write { device: usize, node: usize },
    /// A device's machine is put back to where it was some writes ago.
    Back { device: usize, to: Index },
    /// A node gets some of what there is.
    Deliver { node: usize, which: Vec<Index> },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..3usize, 0..3usize).prop_map(|(device, node)| Step::Write { device, node }),
        1 => (0..3usize, any::<Index>()).prop_map(|(device, to)| Step::Back { device, to }),
        3 => (0..3usize, prop::collection::vec(any::<Index>(), 1..5))
            .prop_map(|(node, which)| Step::Deliver { node, which }),
    ];
    prop::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nodes_that_give_each_other_what_they_lack_end_alike(
        steps in steps(),
        shuffles in prop::collection::vec(any::<Index>(), 40),
        groups in prop::collection::vec(1..6usize, 40),
    ) {
        let mut nodes = vec![Node::new(shared_case()); 3];
        let mut all: Vec<SignedChange> = Vec::new();
        let mut devices: Vec<Vec<Device>> = [20, 21, 20]
            .iter()
            .enumerate()
            .map(|(n, seed)| vec![Device::new(*seed).session_of(n as u8)])
            .collect();
        for (n, step) in steps.iter().enumerate() {
            match step {
                Step::Write { device, node } => {
                    let mut machine = devices[*device].last().unwrap().clone();
                    let changes = machine.write(&nodes[*node], text(n));
                    devices[*device].push(machine);
                    nodes[*node].take(&changes);
                    all.extend(changes);
                }
                Step::Back { device, to } => {
                    let past = to.get(&devices[*device]).clone();
                    devices[*device].push(past);
                }
                Step::Deliver { node, which } if !all.is_empty() => {
                    let some: Vec<_> = which.iter().map(|index| index.get(&all).clone()).collect();
                    nodes[*node].take(&some);
                }
                Step::Deliver { .. } => {}
            }
        }
        // One more gets everything, in any order and grouping, some of it twice.
        let mut shuffled = all.clone();
        for (n, index) in shuffles.iter().enumerate().take(shuffled.len()) {
            let other = index.index(shuffled.len());
            shuffled.swap(n, other);
        }
        let mut late = Node::new(shared_case());
        let mut rest = shuffled.as_slice();
        for size in groups.iter().cycle() {
            let (some, others) = rest.split_at((*size).min(rest.len()));
            late.take(some);
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        nodes.push(late);
        for _ in 0..2 {
            for a in 0..nodes.len() {
                for b in 0..a {
                    let (left, right) = nodes.split_at_mut(a);
                    meet(&mut left[b], &mut right[0]);
                }
            }
        }
        for node in &nodes[1..] {
            prop_assert_eq!(&node.state, &nodes[0].state);
        }
        // What stands is what the stored envelopes and changes say, without what waited.
        for node in &mut nodes {
            let state = node.state.clone();
            node.waiting.clear();
            node.take(&[]);
            prop_assert_eq!(&node.state, &state);
        }
    }
}
