//! What nodes say to each other, as bytes; and, in one place, every format there is.
//!
//! Everything is deterministic CBOR (RFC 8949 §4.2) in one spelling, read by size, then shape, then
//! meaning: [`encoding`](crate::signed::encoding). What is signed or hashed is a map from small integers, the
//! `#[n(..)]` of its fields, in which absent fields are left out; parts of a message are arrays in the same order
//! but for [`Hello`](message::Hello), and a choice is `[number, [fields]]`. A number is never used for
//! something else. Keys, hashes and most ids are byte strings of 32, items, actors, sessions and list items' ids of 16.
//!
//! **Signed**: COSE_Sign1 with Ed25519, the tag as external_aad; known by the hash of the COSE bytes under the
//! same tag ([`signed`](crate::signed)).
//!
//! | what | signed by | tag | most bytes |
//! | --- | --- | --- | --- |
//! | [`Statement`](crate::membership::statement::Statement) of kind K | an issuer: a root, or a device about itself | `praksis/statement/K/1` | 16 Ki |
//! | [`Acceptance`](crate::membership::statement::Acceptance) | the device | `praksis/acceptance/1` | 1 Ki |
//! | [`Envelope`](crate::envelope::Envelope) | the device | `praksis/envelope/1` | 1 Ki |
//! | [`Invitation`](crate::membership::joining::Invitation) | an association's root | `praksis/invitation/1` | 64 Ki |
//! | [`Application`](crate::membership::joining::Application) | the invitation's one-time key | `praksis/application/1` | 64 Ki |
//! | [`OfficeGrant`](crate::membership::joining::OfficeGrant) | the organisation's root | `praksis/office/1` | 64 Ki |
//!
//! Bodies of statements, by kind: 1 [`MembershipGrant`](crate::membership::statement::MembershipGrant),
//! 2 [`DeviceGrant`](crate::membership::statement::DeviceGrant),
//! 3 [`NodeAddress`](crate::membership::statement::NodeAddress); others are kept and passed on. A
//! [`Ticket`](crate::membership::joining::Ticket) is a byte (1 invitation, 2 request, 3 grant) and COSE bytes, as base32.
//!
//! **Hashed**: BLAKE3 in key-derivation mode, the tag as its context, over a canonical array or map.
//!
//! | id | of | tag |
//! | --- | --- | --- |
//! | network | the [`Charter`](crate::membership::charter::Charter), at most 8 KiB | `praksis/charter/1` |
//! | document | the [`Genesis`](crate::genesis::Genesis), at most 4 KiB | `praksis/document/1` |
//! | nonce of what is shared | record, scope | `praksis/shared/1` |
//! | nonce of a direct kind | what it is about | `praksis/about/1` |
//! | context of an envelope | network, scope, document | `praksis/context/1` |
//! | actor, half of it | device, document, session, branch | `praksis/actor/1` |
//! | actor of the containers, half of it | see `document/containers.rs` | `praksis/containers/1` |
//! | state | the sorted envelope hashes of the counting heads | `praksis/state/1` |
//! | item of a document, half of it | document, state | `praksis/item/1` |
//! | item of a statement | the first half of its hash | – |
//! | a set | its items, ascending | `praksis/set/1` |
//! | the scopes that two may read | pairs of scope and digest of its set | `praksis/sets/1` |
//!
//! **Changes** are Automerge's own chunks, uncompressed, at most 1 MiB, read by [`scan`](crate::scan) first and known
//! by their SHA-256. Which of them count is a pure function of envelopes and roster: *changes are taken up in
//! (start_op, envelope hash) order; of two with one number the first that can count does*
//! ([`counting`](crate::admission::counting)).
//!
//! **Sent**: one request and one response a stream, framed as encoding (0 plain, 1 zstd), length (32 bits,
//! big-endian), payload.
//!
//! | protocol | says | most bytes, sent and inflated |
//! | --- | --- | --- |
//! | `/praksis/sync/1` | [`Request`](message::Request), [`Response`](message::Response) | 2 MiB, 8 MiB |
//! | `/praksis/join/1` | [`JoinRequest`](crate::membership::joining::JoinRequest), [`JoinReply`](crate::membership::joining::JoinReply) | 64 KiB, 64 KiB |
//!
//! Lists inside: 1,024 items or statements, 512 documents, 256 heads of one, 64 hints ([`message`]), 8,192 items
//! or 1,024 coded symbols of a comparison ([`reconcile`](crate::reconcile)).
//!
//! **Coded symbols** travel as one byte string. A symbol with index *j* of a set of *n* items, of which *c* map to it:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1–4 | c - ⌊2 n / (j + 2)⌋, zigzag, LEB128 in its shortest form |
//! | 16 | exclusive or of the items |
//! | 6 | exclusive or of the last six bytes of their second words, big-endian |
//!
//! An item's two 64-bit words are its SipHash-2-4 with 128 bits under the salt. The first is the state of SplitMix64, from which the
//! item's indices are drawn: 0, then after *i* the smallest *j* with (j + 1)(j + 2) r > (i + 1)(i + 2) 2²⁸, where *r* is one
//! more than the first 28 bits of the next output.
//!
//! **The golden bytes** of all of it stand in `protocol/tests/golden/formats.txt`, those of every kind's containers in
//! `protocol/src/document/kinds.txt`, of written records in `golden.txt` beside it. A line never changes; new ones may come.

pub mod message;
