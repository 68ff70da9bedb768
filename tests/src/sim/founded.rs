//! Networks that stand from the beginning: everybody has joined, and knows it.
//!
//! The same keys and statements for every network of a size, so that thousands of networks cost no signatures.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use ed25519_dalek::SigningKey;
use praksis_protocol::{
    engine::{Held, Keys, setup},
    id::{NetworkId, OrgId, StatementHash},
    membership::{
        charter::{Charter, Parameters},
        statement::{Chain, DeviceGrant, Kind, MembershipGrant, NodeAddress, Role, Statement},
    },
    signed::Verified,
    store::{Batch, Put, Store as _, memory::MemoryStore},
};

use super::{BEGINNING, NodeId, World};

/// What all networks of a size begin with.
struct Founding {
    /// Number, keys, and what each has for itself.
    members: Vec<(String, Keys, Batch)>,
    /// What everybody has, charter and statements, and what is held of it.
    store: MemoryStore,
    held: Arc<Held>,
}

/// By the number of members and of those that can be dialled.
type Foundings = BTreeMap<(usize, usize), Arc<Founding>>;

/// Made once for all seeds.
static FOUNDINGS: LazyLock<Mutex<Foundings>> = LazyLock::new(Mutex::default);

impl World {
    /// The first nodes of a world: an association and its members, of whom the first `hubs` can be dialled.
    pub fn founded(&mut self, size: usize, hubs: usize) -> Vec<NodeId> {
        assert!(self.nodes.is_empty(), "they are the first");
        let founding = {
            let mut foundings = FOUNDINGS.lock().unwrap_or_else(PoisonError::into_inner);
            foundings.entry((size, hubs)).or_insert_with(|| Arc::new(Founding::new(size, hubs))).clone()
        };
        let mut nodes = Vec::new();
        for (at, (number, keys, own)) in founding.members.iter().enumerate() {
            let beginning = (founding.store.copy(), Some(founding.held.clone()));
            let (keys, own) = (keys.clone(), own.clone());
            nodes.push(self.put_over(beginning, &name(at), number, keys, own, at < hubs));
        }
        nodes
    }
}

fn name(at: usize) -> String {
    if at == 0 { "KS".to_owned() } else { format!("Kommune {at}") }
}

fn key(what: u8, at: usize) -> SigningKey {
    let mut seed = [what; 32];
    seed[..8].copy_from_slice(&(at as u64).to_le_bytes());
    SigningKey::from_bytes(&seed)
}

fn org(root: &SigningKey) -> OrgId {
    OrgId(root.verifying_key().to_bytes())
}

impl Founding {
    fn new(size: usize, hubs: usize) -> Self {
        let numbers: Vec<String> = (1..).filter_map(number).take(size).collect();
        let ks = key(1, 0);
        let charter = Charter {
            version: 1,
            name: name(0),
            roots: vec![org(&ks)],
            quorum: 1,
            recovery: vec![org(&key(3, 0))],
            parameters: Parameters::default(),
            nonce: [7; 16],
        };
        let network = charter.network();
        let mut common = vec![Put::Local("charter".into(), Some(charter.bytes()))];
        let mut of_ks = Chain::default();
        let mut members = Vec::new();
        for (at, number) in numbers.into_iter().enumerate() {
            let (root, device) = (key(1, at), key(2, at));
            let mut own = Chain::default();
            let chain = if at == 0 { &mut of_ks } else { &mut own };
            common.push(statement(&device_grant(chain, &root, &device, &number)));
            let membership = MembershipGrant {
                number: number.clone(),
                name: name(at),
                org: org(&root),
                role: if at == 0 { Role::Association } else { Role::Member },
                from_s: BEGINNING.seconds(),
                until_s: None,
                invitation: None,
                follows: None,
            };
            common.push(statement(&of_ks.issue(&ks, network, Kind::MembershipGrant, &membership)));
            if at < hubs {
                let address = NodeAddress { addresses: vec![format!("/sim/{at}")] };
                common.push(statement(&Chain::default().issue(
                    &device,
                    network,
                    Kind::NodeAddress,
                    &address,
                )));
            }
            // Whose it is; its own grant is among what everybody has.
            let own = setup::organisation(&root, &device, &number, &name(at));
            let own = own.into_iter().filter(|put| matches!(put, Put::Local(..))).collect();
            members.push((number, Keys { device, root: Some(root) }, own));
        }
        let store = MemoryStore::default();
        store.commit(&[common]).expect("memory does not fail");
        let held = Held::read(&store).expect("all of it was just signed");
        Self { members, store, held: Arc::new(held) }
    }
}

fn device_grant(
    chain: &mut Chain,
    root: &SigningKey,
    device: &SigningKey,
    number: &str,
) -> Verified<Statement> {
    let accepted = setup::acceptance(device, number);
    let acceptance = accepted.bytes().to_vec().into();
    let grant = DeviceGrant { org: org(root), device: accepted.device, slot: 1, acceptance, follows: None };
    chain.issue(root, NetworkId::NONE, Kind::DeviceGrant, &grant)
}

fn statement(statement: &Verified<Statement>) -> Put {
    Put::Statement(StatementHash(statement.hash()), statement.bytes().to_vec())
}

/// A made-up organisation number, if there is one with these digits.
pub(super) fn number(digits: u64) -> Option<String> {
    const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
    let digits = format!("{}", 31_000_000 + digits);
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = (11 - sum % 11) % 11;
    (check < 10).then(|| format!("{digits}{check}"))
}
