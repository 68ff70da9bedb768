//! The containers of a kind: one Automerge change per schema version, the same bytes on every node.
//!
//! Two offices that first fill `summary.nn` apart would otherwise make two texts, and one of them
//! would be hidden. The changes have no envelope: every node computes them and compares.
//!
//! Of a kind and form the first such change differs from document to document in its actor alone. It is
//! made once, and then written with other actors: a first sync needs it for each of its documents.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Form, RawChange};
use crate::{
    id::{ActorBytes, DocumentId},
    scan::change_hash,
    shape::{Field, Keys, LANGUAGES, Shape},
    signed::encoding,
};
use automerge::{
    ActorId, Automerge, AutomergeError, Change, ObjId, ObjType, ROOT, TextEncoding,
    transaction::{CommitOptions, Transactable},
};

/// Domain tag of the containers' actor.
const TAG: &str = "praksis/containers/1";

/// Whom the containers of a schema version come from: hash of [document, "genesis", schema].
pub fn containers_actor(document: DocumentId, schema: u16) -> ActorBytes {
    let hash = encoding::hash(TAG, &(document, "genesis", schema));
    ActorBytes(std::array::from_fn(|i| hash[i]))
}

/// The changes that make the containers of schema versions 1 to `schema`, each depending on the one
/// before. A version that adds no container has none.
pub fn containers(document: DocumentId, schema: u16, form: Form, fields: &'static [Field]) -> Vec<RawChange> {
    match first_alone(document, schema, form, fields) {
        Some(first) => first.into_iter().collect(),
        None => build_each(document, schema, form, fields).1,
    }
}

/// A change without operations on the containers alone: an owner's first word in a document that others will publish.
pub fn founding(
    document: DocumentId,
    schema: u16,
    form: Form,
    fields: &'static [Field],
    actor: ActorBytes,
    time: i64,
) -> RawChange {
    let (mut doc, _) = build(document, schema, form, fields);
    doc.set_actor(ActorId::from(&actor.0));
    let hash = doc.empty_commit(CommitOptions::default().with_time(time));
    RawChange::of(&doc, &hash, 0)
}

/// The newest schema version that `fields` speak of.
pub(super) fn newest(fields: &[Field]) -> u16 {
    fn of(shape: &Shape) -> u16 {
        match shape {
            Shape::Register | Shape::Text | Shape::Set => 1,
            Shape::List(fields) | Shape::Group(fields) => newest(fields),
            Shape::Map(inner, _) => of(inner),
        }
    }
    fields.iter().map(|field| field.since.max(of(&field.shape))).max().unwrap_or(1)
}

/// An Automerge document that holds the containers alone, and their changes.
pub(super) fn build(
    document: DocumentId,
    schema: u16,
    form: Form,
    fields: &'static [Field],
) -> (Automerge, Vec<RawChange>) {
    let Some(first) = first_alone(document, schema, form, fields) else {
        return build_each(document, schema, form, fields);
    };
    let mut doc = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
    doc.set_actor(ActorId::from(&containers_actor(document, 1).0));
    let change = first.as_ref().map(|first| Change::try_from(first.bytes.as_slice()));
    doc.apply_changes(change.map(|change| change.expect("it is ours"))).expect("it rests on nothing");
    (doc, first.into_iter().collect())
}

/// Makes them one after the other.
fn build_each(
    document: DocumentId,
    schema: u16,
    form: Form,
    fields: &'static [Field],
) -> (Automerge, Vec<RawChange>) {
    let mut doc = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
    let mut changes = Vec::new();
    for version in 1..=schema {
        let actor = containers_actor(document, version);
        doc.set_actor(ActorId::from(&actor.0));
        let mut tx = doc.transaction();
        add_version(&mut tx, &ROOT, fields, form, version).expect("the containers before are ours");
        let (hash, _) = tx.commit_with(CommitOptions::default().with_time(0));
        changes.extend(hash.map(|hash| RawChange::of(&doc, &hash, 0)));
    }
    (doc, changes)
}

/// Where the actor stands in a change without dependencies, behind the contents' length: after the number of
/// dependencies, none, and its own length.
const ACTOR_AFTER_LENGTH: usize = 2;

/// The change of the first schema for a document, none where it has no containers; unless later schemas
/// have some of their own.
fn first_alone(
    document: DocumentId,
    schema: u16,
    form: Form,
    fields: &'static [Field],
) -> Option<Option<RawChange>> {
    /// By where the fields stand, which is for ever.
    type Made = BTreeMap<(usize, usize, Form), Option<Arc<RawChange>>>;
    static MADE: Mutex<Made> = Mutex::new(BTreeMap::new());
    if schema != 1 {
        return None;
    }
    let key = (fields.as_ptr().addr(), fields.len(), form);
    let mut all = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || build_each(DocumentId([0; 32]), 1, form, fields).1.pop().map(Arc::new);
    let made = all.entry(key).or_insert_with(make).clone();
    drop(all);
    Some(made.map(|made| with_actor(&made, containers_actor(document, 1))))
}

/// A first change as another actor would have made it.
fn with_actor(made: &RawChange, actor: ActorBytes) -> RawChange {
    let mut bytes = made.bytes.clone();
    // Magic bytes, checksum and type, then a length whose last byte alone is below 128.
    let length_ends = 9 + bytes[9..].iter().take_while(|byte| **byte >= 128).count() + 1;
    let at = length_ends + ACTOR_AFTER_LENGTH;
    bytes[at..at + actor.0.len()].copy_from_slice(&actor.0);
    let hash = change_hash(&bytes);
    bytes[4..8].copy_from_slice(&hash.0[..4]);
    RawChange { hash, bytes, actor, ..made.clone() }
}

/// What holds a field, when it is more than a register.
pub(super) fn container(shape: &Shape, form: Form) -> Option<ObjType> {
    match (shape, form) {
        (Shape::Register, Form::Draft | Form::Shared) | (Shape::Text, Form::Shared) => None,
        (Shape::Text, Form::Draft) => Some(ObjType::Text),
        (Shape::Set | Shape::List(_) | Shape::Map(..) | Shape::Group(_), Form::Draft | Form::Shared) => {
            Some(ObjType::Map)
        }
    }
}

/// Makes the containers of `fields` inside `parent`, all that this node knows.
pub(super) fn make_all<T: Transactable>(
    tx: &mut T,
    parent: &ObjId,
    fields: &[Field],
    form: Form,
) -> Result<(), AutomergeError> {
    by_name(fields).into_iter().try_for_each(|field| make(tx, parent, field.name, &field.shape, form))
}

/// How many operations [`make_all`] takes.
pub(super) fn count_all(fields: &[Field], form: Form) -> usize {
    fields.iter().map(|field| count(&field.shape, form)).sum()
}

/// Makes what a shape needs at `parent[key]`, with everything inside it.
pub(super) fn make<T: Transactable>(
    tx: &mut T,
    parent: &ObjId,
    key: &str,
    shape: &Shape,
    form: Form,
) -> Result<(), AutomergeError> {
    let Some(kind) = container(shape, form) else { return Ok(()) };
    let made = tx.put_object(parent, key, kind)?;
    match shape {
        Shape::Register | Shape::Text | Shape::Set | Shape::List(_) => Ok(()),
        Shape::Map(inner, Keys::Language) => {
            LANGUAGES.iter().try_for_each(|language| make(tx, &made, language, inner, form))
        }
        Shape::Map(_, Keys::OneOf(_)) => Ok(()),
        Shape::Group(fields) => make_all(tx, &made, fields, form),
    }
}

/// How many operations [`make`] takes.
pub(super) fn count(shape: &Shape, form: Form) -> usize {
    let inside = match shape {
        Shape::Register | Shape::Text | Shape::Set | Shape::List(_) | Shape::Map(_, Keys::OneOf(_)) => 0,
        Shape::Map(inner, Keys::Language) => LANGUAGES.len() * count(inner, form),
        Shape::Group(fields) => count_all(fields, form),
    };
    container(shape, form).map_or(0, |_| 1 + inside)
}

/// Adds what `version` brought: new fields whole, new members inside the groups that were there.
/// Items of lists are made by whoever adds them, with all containers of that writer's version.
fn add_version<T: Transactable>(
    tx: &mut T,
    parent: &ObjId,
    fields: &[Field],
    form: Form,
    version: u16,
) -> Result<(), AutomergeError> {
    for field in by_name(fields) {
        if field.since == version {
            make_since(tx, parent, field, form, version)?;
        } else if let (true, Shape::Group(inner)) = (field.since < version, &field.shape)
            && let Some((_, group)) = tx.get(parent, field.name)?
        {
            add_version(tx, &group, inner, form, version)?;
        }
    }
    Ok(())
}

/// A field that `version` brought, without the members that a later version added to its group.
fn make_since<T: Transactable>(
    tx: &mut T,
    parent: &ObjId,
    field: &Field,
    form: Form,
    version: u16,
) -> Result<(), AutomergeError> {
    let Shape::Group(inner) = &field.shape else {
        return make(tx, parent, field.name, &field.shape, form);
    };
    let group = tx.put_object(parent, field.name, ObjType::Map)?;
    by_name(inner)
        .into_iter()
        .filter(|member| member.since <= version)
        .try_for_each(|member| make_since(tx, &group, member, form, version))
}

/// Fields in an order of their own: declaring them in another must not change a byte.
fn by_name(fields: &[Field]) -> Vec<&Field> {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|field| field.name);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesis::Kind;

    #[test]
    fn what_is_written_with_another_actor_is_what_automerge_makes() {
        for kind in Kind::ALL {
            for form in [Form::Draft, Form::Shared] {
                for byte in [0, 1, 0x7f, 0xff] {
                    let document = DocumentId([byte; 32]);
                    let (made, changes) = build_each(document, 1, form, kind.record());
                    let (written, first) = build(document, 1, form, kind.record());
                    assert_eq!(first, changes, "{kind:?} {form:?}");
                    assert_eq!(written.save(), made.save());
                    assert_eq!(containers(document, 1, form, kind.record()), changes);
                }
            }
        }
    }
}
