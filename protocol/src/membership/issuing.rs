//! What administrators sign: pure functions over what a store holds, for a node or for a machine without a network.
//!
//! What several roots have to say in the same words goes from one to the next as a file: a
//! [`Ticket`](super::ticket::Ticket) of statements. Each reads what stands there, [countersigns](countersign) it,
//! and hands on both.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;

use super::{
    charter::Parameters,
    roster::Roster,
    statement::{CUT_LIMIT, Chain, CharterAmendment, Cut, End, Fact, Kind, Known, Removed, Said, Statement},
};
use crate::{
    envelope::Envelope,
    genesis::Scope,
    id::{DeviceId, EnvelopeHash, NetworkId, OrgId, StatementHash},
    signed::{Verified, encoding::to_vec},
};

/// The last of a device in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The device.
    pub device: DeviceId,
    /// What it wrote, sorted.
    pub envelopes: Vec<EnvelopeHash>,
    /// The last that it said there.
    pub said: Option<Said>,
}

/// How much of its devices counts where an organisation, or one of them, has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endings {
    /// Whose devices they are.
    pub org: OrgId,
    /// All that it has or had.
    pub devices: Vec<Ending>,
}

impl Ending {
    /// Of a device, from what of it counts in a scope: envelopes and linked statements of any device may be among them.
    pub fn of<'a>(
        device: DeviceId,
        scope: Scope,
        envelopes: impl IntoIterator<Item = (EnvelopeHash, &'a Envelope)>,
        statements: impl IntoIterator<Item = &'a Known>,
    ) -> Self {
        let own = envelopes.into_iter().filter(|(_, envelope)| envelope.device == device);
        let own: BTreeSet<EnvelopeHash> = own.map(|(hash, _)| hash).collect();
        let said = last_said(OrgId(device.0), scope, statements);
        Self { device, envelopes: own.into_iter().collect(), said }
    }

    fn pages(&self, end: StatementHash) -> Vec<Cut> {
        let page = |envelopes: &[EnvelopeHash]| Cut {
            end,
            device: self.device,
            envelopes: envelopes.iter().copied().collect(),
            said: self.said,
            pages: 0,
        };
        match self.envelopes.is_empty() {
            true => vec![page(&[])],
            false => self.envelopes.chunks(CUT_LIMIT).map(page).collect(),
        }
    }
}

impl Endings {
    /// The pages of the Cut for an End in one scope; one at least, so that it is known that there are no more.
    pub fn cuts(&self, end: StatementHash) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = self.devices.iter().flat_map(|device| device.pages(end)).collect();
        if cuts.is_empty() {
            // Its root's key is no device's.
            let nobody = Ending { device: DeviceId(self.org.0), envelopes: Vec::new(), said: None };
            cuts = nobody.pages(end);
        }
        let pages = u32::try_from(cuts.len()).expect("each page has its own number, and there are fewer");
        cuts.iter_mut().for_each(|cut| cut.pages = pages);
        cuts
    }
}

/// The last linked statement of an issuer in a scope: where its chain goes on, and where a cut may be.
pub fn last_said<'a>(
    issuer: OrgId,
    scope: Scope,
    statements: impl IntoIterator<Item = &'a Known>,
) -> Option<Said> {
    let own = statements.into_iter().filter(|known| {
        known.is_compared() && known.statement.issuer == issuer && known.statement.home() == scope
    });
    own.map(Known::said).max_by_key(|said| (said.number, std::cmp::Reverse(said.hash)))
}

/// What a root says where it ends a grant: the End, then for each scope that it may cut the pages of each device.
///
/// `scopes`: the root's chain there, the network that statements there name, and how its devices end there.
pub fn end(
    key: &SigningKey,
    kind: Kind,
    network: NetworkId,
    grant: StatementHash,
    chain: &mut Chain,
    scopes: &mut [(Chain, NetworkId, Endings)],
) -> Vec<Verified<Statement>> {
    let mut said = vec![chain.issue(key, network, kind, &End::of(grant))];
    let end = StatementHash(said[0].hash());
    for (chain, network, endings) in scopes {
        for cut in endings.cuts(end) {
            said.push(chain.issue(key, *network, Kind::Cut, &cut));
        }
    }
    said
}

/// The next amendment, to be signed by a quorum; `last` says what of a root that goes still stands, in the roster and
/// in the network. `None` without a charter.
pub fn amendment(
    roster: &Roster,
    mut roots: Vec<OrgId>,
    quorum: u8,
    mut recovery: Vec<OrgId>,
    parameters: Parameters,
    last: impl Fn(OrgId) -> (Option<Said>, Option<Said>),
) -> Option<CharterAmendment> {
    roots.sort_unstable();
    recovery.sort_unstable();
    let removed = roster.roots().filter(|root| !roots.contains(root)).map(|root| {
        let (last, last_network) = last(root);
        Removed { root, last, last_network }
    });
    let (previous, removed) = (roster.newest_amendment()?, removed.collect());
    Some(CharterAmendment { previous, roots, quorum, recovery, parameters, removed })
}

/// The same words by another key, for what holds when several have said it; `None` for anything else.
pub fn countersign(known: &Known, key: &SigningKey, chain: &mut Chain) -> Option<Verified<Statement>> {
    let kind = Kind::from_number(known.statement.kind)?;
    let together =
        matches!(known.fact, Fact::RootSuccession(_) | Fact::OrganisationSuccession(_) | Fact::Amendment(_));
    together.then(|| chain.issue_bytes(key, known.statement.network, kind, known.statement.body.to_vec()))
}

/// How many have said what a statement says: to tell whether a quorum is reached.
pub fn signers<'a>(known: &Known, statements: impl IntoIterator<Item = &'a Known>) -> Vec<OrgId> {
    let body = |known: &Known| (known.statement.kind, known.statement.network, to_vec(&known.statement.body));
    let same = statements.into_iter().filter(|other| body(other) == body(known));
    let mut signers: Vec<_> =
        same.map(|other| other.statement.issuer).chain([known.statement.issuer]).collect();
    signers.sort_unstable();
    signers.dedup();
    signers
}
