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
//! | [`Application`](crate::membership::joining::Application) | the invitation's one-time key, or the organisation's root | `praksis/application/1` | 16 Ki |
//! | [`Admittance`](crate::membership::joining::Admittance) | an association's root | `praksis/admittance/1` | 64 Ki |
//! | [`OfficeGrant`](crate::membership::joining::OfficeGrant) | the organisation's root | `praksis/office/1` | 64 Ki |
//!
//! Bodies of statements, by [`Kind`](crate::membership::statement::Kind); others are kept and passed on. *A statement
//! about a scope lives only in that scope*, and is numbered and linked there by each issuer.
//!
//! | kind | body, in [`statement`](crate::membership::statement) | said by | lives in |
//! | --- | --- | --- | --- |
//! | 1, 4 | `MembershipGrant`, `End` | an association's root | the roster |
//! | 2, 5 | `DeviceGrant`, `End` | a root of the organisation | the roster |
//! | 3 | `NodeAddress`; the newest is kept | the device | the roster |
//! | 6 | `Cut` | whoever may sign the End; in a named scope a device of its owner | the scope that it cuts |
//! | 7 | `RootSuccession` | the old root, or a quorum of associations | the roster |
//! | 8, 9 | `OrganisationSuccession`, `CharterAmendment` | a quorum of associations | the roster |
//! | 10, 11, 12 | `AudienceOpen`, `AudienceAdd`, `AudienceEnd` | a device of the audience's owner | the named scope |
//! | 13, 14 | `CoOwnerGrant`, `CoOwnerEnd` | a device of the document's owner | the document's scope |
//! | 15 | `Founding` | a device of the document's owner | the named scope of the joint draft |
//! | 16 | `Withdrawal` | a device that may write, or the owner's root | the document's scope |
//! | 17, 18 | `Receipt`, `Head`; not linked, not compared, the newest is kept | a device | the scope |
//!
//! A [`Ticket`](crate::membership::ticket::Ticket) is a byte (1 invitation, 2 an office's request, 3 its grant,
//! 5 application, 6 admittance) and COSE bytes, or 4 and a list of statements, at most 1 MiB, as base32.
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
//! | standing, half of it | device grant, membership grant if any | `praksis/standing/1` |
//! | audience | owner, nonce | `praksis/audience/1` |
//! | body that several say | kind, body | `praksis/body/1` |
//! | actor of the containers, half of it | see `document/containers.rs` | `praksis/containers/1` |
//! | state | the sorted envelope hashes of the counting heads | `praksis/state/1` |
//! | item of a document, half of it | document, state | `praksis/item/1` |
//! | item of a statement | the first half of its hash | – |
//! | a set | its items, ascending | `praksis/set/1` |
//! | the scopes that two may read | pairs of scope and digest of its set | `praksis/sets/1` |
//! | a frame of a bundle, half of it | checksum of the one before, entries, frame | `praksis/piece/1` |
//!
//! **Changes** are Automerge's own chunks, uncompressed, at most 1 MiB, read by [`scan`](crate::scan) first and known
//! by their SHA-256. Containers of schemas that not everybody knows travel with an empty envelope. Which of them count is a pure function of envelopes and roster: *changes are taken up in
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
//! **Bundles** are files: the eight bytes `praksis` and 1, then frames, each
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | how many statements and documents the piece brings to their end, big-endian |
//! | 16 | checksum: the first half of the hash under `praksis/piece/1` of the checksum of the frame before (16 zeros before the first), the number above, and the rest of the frame |
//! | 5 and more | a [`Piece`](bundle::Piece), framed as messages are; at most 2 MiB, inflated 8 MiB |
//!
//! The first piece is a `Header`, the last an `End`, and whatever was cut off is whole up to its last frame. Of each scope
//! statements come first, the roster's first of all. Of a withdrawn document there is its beginning alone. Lists inside: 1,024 statements,
//! 512 documents, 16,384 items or scopes.
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

pub mod bundle;
pub mod message;
