//! Who made a change, as something anybody can check.
//!
//! An envelope holds only hashes, so it may outlive the change that it signs. A device numbers and
//! links its envelopes within a *session*, random for each start and scope: gaps, rollbacks and
//! replays show. The Automerge actor of a change follows from device, document, session and branch,
//! so nobody can write under another's.
//!
//! Two envelopes with one number are evidence that anybody can check, and punish nobody by themselves: changes
//! are taken up in (start_op, envelope hash) order, and of two with one number the first that can count
//! does ([`counting`](crate::admission::counting)).

use minicbor::{Decode, Encode};

use crate::{
    genesis::Genesis,
    id::{
        ActorBytes, ChangeHash, DeviceId, Digest, DocumentId, EnvelopeHash, Item, SessionId, Standing,
        StatementHash,
    },
    signed::{Payload, Verified, encoding::hash},
};

/// Most bytes of an envelope.
pub const ENVELOPE_LIMIT: usize = 1024;

/// One change, signed by the device that made it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Envelope {
    /// Version of this shape: 1.
    #[n(0)]
    pub version: u8,
    /// The device that signs.
    #[n(1)]
    pub device: DeviceId,
    /// Its session in this scope.
    #[n(2)]
    pub session: SessionId,
    /// 0 at first; the next one for a write at heads that do not cover the actor's last change.
    #[n(3)]
    pub branch: u32,
    /// Counts the session's envelopes, from 1.
    #[n(4)]
    pub sequence: u64,
    /// The envelope before this one in the session; absent for the first.
    #[n(5)]
    pub previous: Option<EnvelopeHash>,
    /// The change.
    #[n(6)]
    pub change: ChangeHash,
    /// Hash of network, scope and document.
    #[n(7)]
    pub context: Digest,
    /// What the device wrote it under: see [`standing`].
    #[n(8)]
    pub standing: Standing,
    /// In the first envelope of a session.
    #[n(9)]
    pub opening: Option<Opening>,
}

/// How a session begins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Opening {
    /// The last envelope that the device remembers in this scope.
    #[n(0)]
    pub last: Option<Last>,
}

/// Where a device was when it last wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Last {
    /// The session.
    #[n(0)]
    pub session: SessionId,
    /// The number within it.
    #[n(1)]
    pub sequence: u64,
    /// The envelope.
    #[n(2)]
    pub envelope: EnvelopeHash,
}

impl Payload for Envelope {
    const LIMIT: usize = ENVELOPE_LIMIT;

    fn tag(&self) -> String {
        "praksis/envelope/1".into()
    }

    fn signer(&self) -> [u8; 32] {
        self.device.0
    }
}

impl Envelope {
    /// The actor that the change must be written under.
    pub fn actor(&self, document: DocumentId) -> ActorBytes {
        actor(self.device, document, self.session, self.branch)
    }

    /// Whether number, link and opening agree with each other.
    pub fn is_well_linked(&self) -> bool {
        let first = self.sequence == 1;
        self.sequence > 0 && first == self.previous.is_none() && first == self.opening.is_some()
    }
}

/// The hash by which an envelope is known.
pub fn envelope_hash(envelope: &Verified<Envelope>) -> EnvelopeHash {
    EnvelopeHash(envelope.hash())
}

/// The Automerge actor of a device in a document, session and branch: 16 bytes.
pub fn actor(device: DeviceId, document: DocumentId, session: SessionId, branch: u32) -> ActorBytes {
    let whole = hash("praksis/actor/1", &(device, document, session, branch));
    ActorBytes(whole[..16].try_into().expect("half of 32 bytes"))
}

/// What a device writes under: its own grant, and its organisation's membership in the network and in named
/// scopes; none in an organisation's own scope, where work begins before joining.
pub fn standing(device: StatementHash, membership: Option<StatementHash>) -> Standing {
    let whole = hash("praksis/standing/1", &(device, membership));
    Standing(whole[..16].try_into().expect("half of 32 bytes"))
}

/// What a device writes under in a document or an audience in which its organisation was given a place again after an
/// End: what it would otherwise write under, and the grant in the document or the Add in the audience, or both.
pub fn standing_again(
    first: Standing,
    in_document: Option<StatementHash>,
    in_audience: Option<StatementHash>,
) -> Standing {
    let whole = hash("praksis/standing/2", &(first, in_document, in_audience));
    Standing(whole[..16].try_into().expect("half of 32 bytes"))
}

/// What ties an envelope to its place.
pub fn context(genesis: &Genesis) -> Digest {
    Digest(hash("praksis/context/1", &(genesis.network, genesis.scope, genesis.document())))
}

/// A document's state: the hash of the sorted envelope hashes of its counting heads.
pub fn state_digest(heads: &mut Vec<EnvelopeHash>) -> Digest {
    heads.sort_unstable();
    heads.dedup();
    Digest(hash("praksis/state/1", heads))
}

/// The element that a scope's set has for a document in a state.
pub fn item(document: DocumentId, state: Digest) -> Item {
    let whole = hash("praksis/item/1", &(document, state));
    Item(whole[..16].try_into().expect("half of 32 bytes"))
}
