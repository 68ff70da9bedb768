//! Networks in which some members lie, and an oracle that watches all of it.
//!
//! One network follows from one number: who lies and how, the weather, what the honest ones write, share
//! with some, withdraw, and who falls or has a wrong clock meanwhile. See `oracle` for what must hold.

mod boasting;
mod noise;
mod oracle;
mod owning;
mod sets;
mod telling;
mod twins;
mod usurping;

use std::{collections::BTreeMap, time::Duration};

use praksis_protocol::{
    engine::{Command, Reply, Saying},
    id::{AudienceId, DocumentId},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

pub use self::{
    boasting::Boasting,
    noise::{Flooding, Garbled, Mute, Replaying, Slow},
    oracle::{Fact, Oracle},
    owning::{Deaf, Owning, Plain},
    sets::{Poisoning, Withholding},
    telling::Telling,
    twins::Twins,
    usurping::Usurping,
};
use crate::sim::{
    Habit, NodeId, Weather, World,
    cast::{case, contact},
};

/// Nodes that can be dialled: the association, two honest members, the rest are liars.
const HONEST_HUBS: usize = 3;
/// How long liars make things up.
const LYING: Duration = Duration::from_secs(300);
/// How long honest nodes may take to agree after that.
const PATIENCE: Duration = Duration::from_secs(3600);
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The ways of lying, by name.
pub const HABITS: [&str; 14] = [
    "telling",
    "usurping",
    "twins",
    "poisoning",
    "withholding",
    "garbled",
    "replaying",
    "flooding",
    "slow",
    "mute",
    "hoarding",
    "ended",
    "cloned",
    "boasting",
];

/// What came of one network.
#[derive(Debug, Clone)]
pub struct Report {
    /// How each liar lied.
    pub habits: Vec<&'static str>,
    /// From the end of the making up until the honest nodes agreed.
    pub converged: Duration,
    /// What honest nodes refused, by name.
    pub refused: BTreeMap<String, u64>,
    /// The most changes that waited at one honest node.
    pub waiting: usize,
    /// Messages of everybody.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

fn habit(name: &str, overheard: Option<AudienceId>) -> Box<dyn Habit> {
    match name {
        "telling" => Box::new(Telling::default()),
        "usurping" => Box::new(Usurping::overhearing(overheard)),
        "twins" => Box::new(Twins::default()),
        "poisoning" => Box::new(Poisoning),
        "withholding" => Box::new(Withholding),
        "garbled" => Box::new(Garbled),
        "replaying" => Box::new(Replaying::default()),
        "flooding" => Box::new(Flooding),
        "slow" => Box::new(Slow),
        "boasting" => Box::new(Boasting::default()),
        "hoarding" | "cloned" => Box::new(Plain),
        "ended" => Box::new(Deaf),
        _ => Box::new(Mute),
    }
}

/// Lets one network live, and fails with its seed when anything is not as it must be.
pub fn run(seed: u64, size: usize, liars: usize) -> Report {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(seed);
    world.again = format!("cargo run -p praksis-tests --bin bench -- liars --networks 1 --seed {seed}");
    let nodes = world.founded(size, HONEST_HUBS + liars);
    let liars = nodes[HONEST_HUBS..HONEST_HUBS + liars].to_vec();
    let honest: Vec<NodeId> = nodes.iter().copied().filter(|node| !liars.contains(node)).collect();
    nodes.iter().for_each(|node| world.start(*node));
    let oracle = Oracle::new(honest.clone(), nodes.clone());

    // Each network has its own three ways of lying; all of them come about equally often.
    let habits: Vec<&'static str> = (0..liars.len())
        .map(|at| HABITS[(seed as usize + at * 3 + (seed as usize / 10) * at) % HABITS.len()])
        .collect();

    let writers = [honest[1], honest[4], honest[5]];
    let mut facts = Vec::new();
    for (number, writer) in writers.into_iter().enumerate() {
        facts.push(write(&mut world, writer, &format!("Sak {seed} {number}"), &[]));
    }
    // Its writer and its reader meet at a hub that is in it too.
    let audience = [honest[1], honest[5]];
    let secret = write(&mut world, honest[4], &format!("Fortrolig {seed}"), &audience);
    let overheard = oracle.audience_of(&world, &secret);
    let others = [honest[0], honest[1]];
    let owning = liars.iter().zip(&habits);
    let owning: Vec<(NodeId, Owning)> = owning
        .filter_map(|(liar, habit)| Some((*liar, Owning::begin(&mut world, habit, *liar, others)?)))
        .collect();
    oracle.agree(&mut world, PATIENCE);

    // From here on they lie.
    for (liar, name) in liars.iter().zip(&habits) {
        let every = Duration::from_millis(dice.random_range(2_000..9_000));
        world.corrupt(*liar, habit(name, overheard), every, LYING);
    }
    if seed % 3 == 1 {
        world.weather = Weather::foul();
    }
    let began = world.now();
    disturb(&mut world, &mut dice, &honest, &liars);
    owning.iter().for_each(|(liar, owning)| owning.lose(&mut world, *liar, others));
    for (number, fact) in facts.iter_mut().enumerate() {
        world.run_for(Duration::from_secs(dice.random_range(5..40)));
        owning.iter().for_each(|(liar, owning)| owning.write_on(&mut world, *liar, &format!("Ord {number}")));
        edit(&mut world, fact, &format!("Endret {seed}"));
    }
    let withdrawn = &mut facts[2];
    world.ok(withdrawn.writer, Command::Withdraw(withdrawn.record, "Feil tall".into(), false));
    withdrawn.is_withdrawn = true;
    facts.push(secret);
    edit(&mut world, facts.last_mut().expect("just pushed"), &format!("Fortrolig endring {seed}"));
    world.run_for((began + LYING).since(world.now()));
    world.weather = Weather::fair();

    let ended = world.now();
    oracle.agree(&mut world, PATIENCE);
    let converged = world.now().since(ended);
    oracle.check(&mut world, &facts);
    owning.iter().for_each(|(_, owning)| owning.check(&mut world, others));
    let (refused, waiting) = oracle.refusals(&mut world);
    Report { habits, converged, refused, waiting, messages: world.messages, bytes: world.bytes }
}

/// Writes a case with its contact and shares both: with the network, or with the organisations of some nodes.
fn write(world: &mut World, writer: NodeId, title: &str, with: &[NodeId]) -> Fact {
    let contact = contact(world, writer);
    let mut record = case(title);
    record["contact"] = contact.to_string().into();
    let record = world.draft(writer, praksis_protocol::genesis::Kind::Case, record);
    share(world, writer, record, with);
    let readers = with.iter().copied().chain([writer]).collect();
    Fact {
        record,
        writer,
        readers: (!with.is_empty()).then_some(readers),
        title: title.to_owned(),
        help_wanted: None,
        is_withdrawn: false,
    }
}

fn share(world: &mut World, writer: NodeId, record: DocumentId, with: &[NodeId]) {
    if with.is_empty() {
        world.share(writer, record);
    } else {
        world.share_with(writer, record, with);
    }
}

fn edit(world: &mut World, fact: &mut Fact, text: &str) {
    world.edit(fact.writer, fact.record, None, json!({"help_wanted": text}));
    let with: Vec<NodeId> =
        fact.readers.iter().flatten().copied().filter(|node| *node != fact.writer).collect();
    share(world, fact.writer, fact.record, &with);
    fact.help_wanted = Some(text.to_owned());
}

/// What else goes wrong: falls, clocks, partitions, a liar whose membership is ended.
fn disturb(world: &mut World, dice: &mut ChaCha8Rng, honest: &[NodeId], liars: &[NodeId]) {
    let leaf = honest[dice.random_range(7..honest.len())];
    match dice.random_range(0..5) {
        0 => {
            world.crash(leaf);
            world.run_for(Duration::from_secs(60));
            world.start(leaf);
        }
        1 => world.skew(leaf, dice.random_range(-9..10) * DAY_MS),
        2 => world.skew(honest[4], dice.random_range(-9..10) * DAY_MS),
        3 => {
            let (some, others) = honest.split_at(honest.len() / 2);
            world.part(some, others);
            world.run_for(Duration::from_secs(90));
            world.heal();
        }
        _ => {
            let org = world.org(liars[0]);
            let ended = world.ok(honest[0], Command::Say(Saying::EndMembership { org, why: None }));
            assert!(matches!(ended, Reply::Ticket(_)), "the association says so");
        }
    }
}
