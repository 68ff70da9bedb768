//! How a node begins: what `init` puts into an empty store, and reading it back.

use ed25519_dalek::SigningKey;
use rand_core::Rng;

use super::Identity;
use crate::{
    id::{DeviceId, NetworkId, OrgId, StatementHash},
    membership::{
        charter::{Charter, Parameters},
        statement::{Acceptance, Chain, DeviceGrant, Kind, MembershipGrant, Role, Statement},
    },
    signed::{
        Verified,
        encoding::{from_slice, to_vec},
    },
    store::{Batch, Put, Read, StoreError},
    time::Timestamp,
};

pub(crate) const IDENTITY: &str = "identity";
pub(crate) const CHARTER: &str = "charter";

/// A device's word that it belongs to the organisation of this number.
pub fn acceptance(device: &SigningKey, number: &str) -> Verified<Acceptance> {
    let id = DeviceId(device.verifying_key().to_bytes());
    Verified::sign(Acceptance { version: 1, number: number.to_owned(), device: id }, device)
}

/// An organisation's first device: its identity and its own grant in slot 1.
pub fn organisation(root: &SigningKey, device: &SigningKey, number: &str, name: &str) -> Batch {
    let mut chain = Chain::default();
    vec![put_identity(root, number, name), statement(&own_grant(&mut chain, root, device, number))]
}

/// An association: an organisation that also founds a network and vouches for itself.
///
/// `recovery` are public keys kept offline that can replace a lost root.
pub fn association(
    root: &SigningKey,
    device: &SigningKey,
    number: &str,
    name: &str,
    recovery: Vec<OrgId>,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Batch {
    let org = OrgId(root.verifying_key().to_bytes());
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let charter = Charter {
        version: 1,
        name: name.to_owned(),
        roots: vec![org],
        quorum: 1,
        recovery,
        parameters: Parameters::default(),
        nonce,
    };
    let mut chain = Chain::default();
    let device_grant = own_grant(&mut chain, root, device, number);
    let membership = MembershipGrant {
        number: number.to_owned(),
        name: name.to_owned(),
        org,
        role: Role::Association,
        from_s: now.seconds(),
        until_s: None,
        invitation: None,
        follows: None,
    };
    let membership = chain.issue(root, charter.network(), Kind::MembershipGrant, &membership);
    vec![
        put_identity(root, number, name),
        Put::Local(CHARTER.into(), Some(charter.bytes())),
        statement(&device_grant),
        statement(&membership),
    ]
}

/// A second office: knows its organisation by number only, until it is granted.
pub fn office(number: &str) -> Batch {
    let identity = Identity { org: None, number: number.to_owned(), name: String::new() };
    vec![Put::Local(IDENTITY.into(), Some(to_vec(&identity)))]
}

fn put_identity(root: &SigningKey, number: &str, name: &str) -> Put {
    let org = Some(OrgId(root.verifying_key().to_bytes()));
    let identity = Identity { org, number: number.to_owned(), name: name.to_owned() };
    Put::Local(IDENTITY.into(), Some(to_vec(&identity)))
}

fn own_grant(chain: &mut Chain, root: &SigningKey, device: &SigningKey, number: &str) -> Verified<Statement> {
    let accepted = acceptance(device, number);
    let grant = DeviceGrant {
        org: OrgId(root.verifying_key().to_bytes()),
        device: accepted.device,
        slot: 1,
        acceptance: accepted.bytes().to_vec().into(),
        follows: None,
    };
    chain.issue(root, NetworkId::NONE, Kind::DeviceGrant, &grant)
}

fn statement(statement: &Verified<Statement>) -> Put {
    Put::Statement(StatementHash(statement.hash()), statement.bytes().to_vec())
}

/// Whose node the store belongs to.
pub fn identity(store: &impl Read) -> Result<Identity, StoreError> {
    let damaged = || StoreError::Damaged { what: "identity".into() };
    from_slice(&store.local(IDENTITY)?.ok_or_else(damaged)?, 4096).map_err(|_| damaged())
}

/// The network's charter, once there is one.
pub fn charter(store: &impl Read) -> Result<Option<Charter>, StoreError> {
    let Some(bytes) = store.local(CHARTER)? else { return Ok(None) };
    Charter::read(&bytes).map(Some).map_err(|_| StoreError::Damaged { what: "charter".into() })
}
