//! A node that is opened beside what another holds is the node that it would be by itself.

use praksis_protocol::{
    engine::{Class, Command, Engine, Held, Input, Keys, MessageId, Output, RequestId, setup},
    genesis::Scope,
    id::{EnvelopeHash, SessionId},
    membership::statement::{Chain, Head, Kind, Known, NodeAddress},
    store::{Put, Read as _, Store as _, memory::MemoryStore},
    time::Timestamp,
    wire::message::Request,
};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{cast::*, desk::put, fold, scribe::World};

const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// Bergen's store, with these statements.
fn store(world: &World, statements: &[Known]) -> MemoryStore {
    let own = setup::organisation(&key(BERGEN), &key(20), &number(BERGEN), "Bergen");
    let mut batch: Vec<Put> = own.into_iter().filter(|put| matches!(put, Put::Local(..))).collect();
    batch.push(Put::Local("charter".into(), Some(world.charter.bytes())));
    batch.extend(statements.iter().map(put));
    let store = MemoryStore::default();
    store.commit(&[batch]).unwrap();
    store
}

/// What a node makes of its beginning, of a peer that comes and asks, and of a question by its people; then what its
/// store holds.
fn shows(mut engine: Engine, store: &MemoryStore) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut shown = Vec::new();
    let items =
        store.statements().unwrap().iter().map(|(_, bytes)| Known::read(bytes).unwrap().item()).collect();
    let resolve = Request::Resolve(Scope::Roster, items).bytes();
    let mut inputs = vec![
        Input::Tick,
        Input::Connected { device: device(30), address: "/memory/3".into(), outbound: true },
        Input::Asked { from: device(30), question: MessageId(1), class: Class::Sync, bytes: resolve },
        Input::Command(RequestId(1), Command::Status),
    ];
    inputs.reverse();
    while let Some(input) = inputs.pop() {
        engine.handle(NOW, input, store, &mut rng);
        while let Some(output) = engine.poll_output() {
            shown.push(format!("{output:?}"));
            if let Output::Commit(batch, puts) = output {
                store.commit(&[puts]).unwrap();
                inputs.push(Input::Durable(batch));
            }
        }
    }
    shown.push(format!("{:?} {:?}", engine.poll_timeout(), store.statements().unwrap()));
    shown
}

/// Addresses and heads that take the place of earlier ones, beside all else that may be said.
fn said() -> impl Strategy<Value = World> {
    (fold::world(), prop::collection::vec((0..3u8, 1..4u64, any::<bool>()), 0..8)).prop_map(
        |(mut world, replaced)| {
            for (by, number, is_head) in replaced {
                let speaker = [20, 21, 30][usize::from(by)];
                let network = world.charter.network();
                let standing = world.roster().standing(device(speaker), Scope::Network);
                let statement = if is_head && standing.is_some() {
                    let chain = Chain { scope: Some(Scope::Network), standing, ..Chain::default() };
                    let (session, envelope) = (SessionId([1; 16]), EnvelopeHash([2; 32]));
                    let head = Head { session, sequence: number, envelope, time_s: NOW.seconds() };
                    chain.replace(&key(speaker), network, Kind::Head, &head, number)
                } else {
                    let addresses = vec![format!("/memory/{number}")];
                    world.root_says(speaker, Kind::NodeAddress, &NodeAddress { addresses });
                    continue;
                };
                world.said.push(known(&statement));
            }
            world
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_opened_beside_another_is_what_it_would_be_by_itself(
        world in said(),
        here in prop::collection::vec(prop::bool::weighted(0.8), 64),
        there in prop::collection::vec(prop::bool::weighted(0.8), 64),
        has_charter in prop::bool::weighted(0.9),
    ) {
        let part = |kept: &[bool]| -> Vec<Known> {
            let all = world.said.iter().enumerate();
            all.filter(|(at, _)| kept.get(*at) != Some(&false)).map(|(_, known)| known.clone()).collect()
        };
        let other = store(&world, &part(&there));
        if !has_charter {
            other.commit(&[vec![Put::Local("charter".into(), None)]]).unwrap();
        }
        let held = Held::read(&other).unwrap();
        let keys = Keys { device: key(20), root: Some(key(BERGEN)) };
        let (own, beside) = (store(&world, &part(&here)), store(&world, &part(&here)));
        let by_itself = Engine::open(keys.clone(), &own, NOW).unwrap();
        let by_itself = shows(by_itself, &own);
        let opened = Engine::open_beside(&held, keys, &beside, NOW).unwrap();
        prop_assert_eq!(shows(opened, &beside), by_itself);
    }
}
