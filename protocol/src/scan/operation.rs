//! The operations, read from all columns at once, each checked against those before it.

use std::collections::BTreeMap;

use super::{
    ChangeHeader, MAX_NAME_BYTES, MAX_PREDECESSORS, ScanError,
    columns::Columns,
    reader::Reader,
    run::{Booleans, Deltas, Runs},
    value::{Kind, read_value},
};

/// An operation: the counter, and the actor by its place in the change, 0 for the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OpId {
    counter: u64,
    actor: usize,
}

/// Where in its object an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot<'a> {
    Key(&'a str),
    /// Before the first element.
    Head,
    /// The element that this operation inserted.
    Element(OpId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    MakeMap,
    Set,
    MakeList,
    Delete,
    MakeText,
    Increment,
    Mark,
}

impl Action {
    fn from_number(number: u64) -> Result<Self, ScanError> {
        Ok(match number {
            0 => Self::MakeMap,
            1 => Self::Set,
            2 => Self::MakeList,
            3 => Self::Delete,
            4 => Self::MakeText,
            5 => Self::Increment,
            // 6 makes a table, which nothing can be put into.
            7 => Self::Mark,
            _ => return Err(ScanError::UnknownAction),
        })
    }
}

/// What an object holds, as far as one change shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectKind {
    Map,
    Sequence,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
struct Operation<'a> {
    id: OpId,
    /// `None`: the root.
    object: Option<OpId>,
    slot: Slot<'a>,
    insert: bool,
    action: Action,
    kind: Kind,
    expand: bool,
    mark_name: Option<&'a str>,
}

impl<'a> Operation<'a> {
    /// The slot that it fills: an insertion's own, otherwise the one it names.
    fn fills(&self) -> Slot<'a> {
        if self.insert { Slot::Element(self.id) } else { self.slot }
    }

    /// It begins a mark; the operation after it must end it.
    fn begins_mark(&self) -> bool {
        self.action == Action::Mark && self.mark_name.is_some()
    }

    /// Checks that do not look at other operations.
    fn check_alone(&self) -> Result<(), ScanError> {
        match (self.insert, self.slot) {
            (true, Slot::Key(_)) => return Err(ScanError::InsertWithKey),
            (false, Slot::Head) => return Err(ScanError::ElementHead),
            (true, Slot::Head | Slot::Element(_)) | (false, Slot::Key(_) | Slot::Element(_)) => {}
        }
        if self.action != Action::Mark && (self.expand || self.mark_name.is_some()) {
            return Err(ScanError::MarkForm);
        }
        let (insertable, value_fits) = match self.action {
            Action::MakeMap | Action::MakeList | Action::MakeText => (true, self.kind == Kind::Null),
            Action::Set => (true, true),
            Action::Delete => (!self.insert, self.kind == Kind::Null),
            Action::Increment => (!self.insert, self.kind == Kind::Signed),
            Action::Mark => (self.insert, self.mark_name.is_some() || self.kind == Kind::Null),
        };
        if !insertable {
            return Err(ScanError::InsertAction);
        }
        if value_fits { Ok(()) } else { Err(ScanError::ValueForAction) }
    }
}

/// The operations read so far and what they have shown.
#[derive(Debug)]
pub(super) struct Scope<'h, 'a> {
    header: &'h ChangeHeader,
    operations: Vec<Operation<'a>>,
    /// Objects of earlier changes, by what was done with them here.
    kinds: BTreeMap<OpId, ObjectKind>,
    /// Which actors were referred to; the first is the writer.
    used: Vec<bool>,
    name_bytes: usize,
    predecessors: u32,
}

impl<'h, 'a> Scope<'h, 'a> {
    pub(super) fn new(header: &'h ChangeHeader) -> Self {
        let mut used = vec![false; header.other_actors.len() + 1];
        used[0] = true;
        Self {
            header,
            operations: Vec::with_capacity(header.operations as usize),
            kinds: BTreeMap::new(),
            used,
            name_bytes: 0,
            predecessors: 0,
        }
    }

    /// Reads every operation; all columns must end together.
    pub(super) fn check(mut self, columns: &Columns<'a>) -> Result<(), ScanError> {
        let mut rows = Rows::new(columns);
        for index in 0..self.header.operations {
            let id = OpId { counter: self.header.start_op + u64::from(index), actor: 0 };
            let operation = self.read(id, &mut rows)?;
            operation.check_alone()?;
            self.check_object(&operation)?;
            self.check_mark(&operation)?;
            self.check_predecessors(&operation, &mut rows)?;
            self.operations.push(operation);
        }
        rows.finish()?;
        if self.operations.last().is_some_and(Operation::begins_mark) {
            return Err(ScanError::MarkForm);
        }
        if self.used.contains(&false) { Err(ScanError::ActorUnused) } else { Ok(()) }
    }

    fn read(&mut self, id: OpId, rows: &mut Rows<'a>) -> Result<Operation<'a>, ScanError> {
        let object = match (rows.object_actor.next()?, rows.object_counter.next()?) {
            (None, None) => None,
            (Some(_), Some(0)) => return Err(ScanError::ObjectZero),
            (Some(actor), Some(counter)) => Some(self.refer(id, actor, counter)?),
            (Some(_), None) | (None, Some(_)) => return Err(ScanError::ObjectHalf),
        };
        let slot = match (rows.key.next()?, rows.element_actor.next()?, rows.element_counter.next()?) {
            (Some(key), None, None) => Slot::Key(key),
            (None, None, Some(0)) => Slot::Head,
            (None, Some(actor), Some(counter)) if counter > 0 => {
                Slot::Element(self.refer(id, actor, counter)?)
            }
            _ => return Err(ScanError::KeyForm),
        };
        let insert = rows.insert.next()?;
        let action = Action::from_number(rows.action.next_value()?)?;
        let kind = read_value(rows.value_meta.next_value()?, &mut rows.value)?;
        let expand = rows.expand.next()?;
        let mark_name = rows.mark_name.next()?;

        let key_bytes = if let Slot::Key(key) = slot { key.len() } else { 0 };
        self.name_bytes += key_bytes + mark_name.map_or(0, str::len);
        if self.name_bytes > MAX_NAME_BYTES {
            return Err(ScanError::NamesTooLarge);
        }
        Ok(Operation { id, object, slot, insert, action, kind, expand, mark_name })
    }

    /// A reference made by the operation `from`: to an actor that is listed, and to what came before.
    fn refer(&mut self, from: OpId, actor: u64, counter: u64) -> Result<OpId, ScanError> {
        let actor = usize::try_from(actor).map_err(|_| ScanError::ActorIndex)?;
        *self.used.get_mut(actor).ok_or(ScanError::ActorIndex)? = true;
        // Counters of a change begin above those of all changes it rests on.
        let end = if actor == 0 { from.counter } else { self.header.start_op };
        if counter == 0 || counter >= end {
            return Err(ScanError::FutureReference);
        }
        if counter < self.header.start_op && self.header.deps.is_empty() {
            return Err(ScanError::DanglingReference);
        }
        Ok(OpId { counter, actor })
    }

    /// The operation that a reference names, if it stands in this change.
    fn local(&self, id: OpId) -> Option<&Operation<'a>> {
        let index = id.counter.checked_sub(self.header.start_op)?;
        self.operations.get(usize::try_from(index).ok()?)
    }

    /// Keys in maps, elements in sequences, and elements only where they were inserted.
    fn check_object(&mut self, operation: &Operation<'a>) -> Result<(), ScanError> {
        let kind = match operation.slot {
            Slot::Key(_) => ObjectKind::Map,
            Slot::Head | Slot::Element(_) => ObjectKind::Sequence,
        };
        let known = match operation.object {
            None => ObjectKind::Map,
            Some(object) => match self.local(object).map(|made| made.action) {
                Some(Action::MakeMap) => ObjectKind::Map,
                Some(Action::MakeList | Action::MakeText) => ObjectKind::Sequence,
                Some(Action::Set | Action::Delete | Action::Increment | Action::Mark) => {
                    return Err(ScanError::ObjectNotMade);
                }
                None => *self.kinds.entry(object).or_insert(kind),
            },
        };
        if known != kind {
            return Err(ScanError::ObjectKind);
        }
        let Slot::Element(element) = operation.slot else { return Ok(()) };
        match self.local(element) {
            Some(inserted) if !inserted.insert || inserted.object != operation.object => {
                Err(ScanError::ElementNotInserted)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A mark's beginning and its end are written one after the other, in one object.
    fn check_mark(&self, operation: &Operation<'a>) -> Result<(), ScanError> {
        let begun = self.operations.last().filter(|before| before.begins_mark());
        let ends_mark = operation.action == Action::Mark && operation.mark_name.is_none();
        let fits = match begun {
            Some(begun) => ends_mark && begun.object == operation.object,
            None => !ends_mark,
        };
        if fits { Ok(()) } else { Err(ScanError::MarkForm) }
    }

    fn check_predecessors(
        &mut self,
        operation: &Operation<'a>,
        rows: &mut Rows<'a>,
    ) -> Result<(), ScanError> {
        let count = rows.predecessor_count.next_value()?;
        let total = u64::from(self.predecessors).saturating_add(count);
        if total > u64::from(MAX_PREDECESSORS) {
            return Err(ScanError::TooManyPredecessors);
        }
        self.predecessors = u32::try_from(total).map_err(|_| ScanError::TooManyPredecessors)?;
        if operation.insert && count > 0 {
            return Err(ScanError::InsertWithPredecessor);
        }
        if matches!(operation.action, Action::Delete | Action::Increment) && count == 0 {
            return Err(ScanError::PredecessorMissing);
        }
        let mut before = None;
        for _ in 0..count {
            let (actor, counter) = rows.next_predecessor()?;
            let predecessor = self.refer(operation.id, actor, counter)?;
            if before.is_some_and(|before| self.order(before) >= self.order(predecessor)) {
                return Err(ScanError::PredecessorsNotAscending);
            }
            self.check_predecessor(operation, predecessor)?;
            before = Some(predecessor);
        }
        Ok(())
    }

    /// What is replaced stands at the same place and holds something that can be replaced.
    fn check_predecessor(&self, operation: &Operation<'a>, predecessor: OpId) -> Result<(), ScanError> {
        let Some(replaced) = self.local(predecessor) else { return Ok(()) };
        let holds_value = match replaced.action {
            Action::MakeMap | Action::MakeList | Action::MakeText | Action::Set => true,
            Action::Delete | Action::Increment | Action::Mark => false,
        };
        let same_place = replaced.object == operation.object && replaced.fills() == operation.fills();
        if holds_value && same_place { Ok(()) } else { Err(ScanError::PredecessorElsewhere) }
    }

    /// Automerge's order of operations: counter, then actor by its bytes.
    fn order(&self, id: OpId) -> (u64, &[u8]) {
        let actor = match id.actor.checked_sub(1) {
            None => &self.header.actor,
            Some(other) => &self.header.other_actors[other],
        };
        (id.counter, actor.as_bytes())
    }
}

/// The columns, read side by side.
#[derive(Debug)]
struct Rows<'a> {
    object_actor: Runs<'a, u64>,
    object_counter: Runs<'a, u64>,
    element_actor: Runs<'a, u64>,
    element_counter: Deltas<'a>,
    key: Runs<'a, &'a str>,
    insert: Booleans<'a>,
    action: Runs<'a, u64>,
    value_meta: Runs<'a, u64>,
    value: Reader<'a>,
    predecessor_count: Runs<'a, u64>,
    predecessor_actor: Runs<'a, u64>,
    predecessor_counter: Deltas<'a>,
    expand: Booleans<'a>,
    mark_name: Runs<'a, &'a str>,
}

impl<'a> Rows<'a> {
    fn new(columns: &Columns<'a>) -> Self {
        Self {
            object_actor: Runs::new(columns.object_actor),
            object_counter: Runs::new(columns.object_counter),
            element_actor: Runs::new(columns.element_actor),
            element_counter: Deltas::new(columns.element_counter),
            key: Runs::new(columns.key),
            insert: Booleans::new(columns.insert),
            action: Runs::new(columns.action),
            value_meta: Runs::new(columns.value_meta),
            value: Reader::new(columns.value.unwrap_or_default()),
            predecessor_count: Runs::new(columns.predecessor_count),
            predecessor_actor: Runs::new(columns.predecessor_actor),
            predecessor_counter: Deltas::new(columns.predecessor_counter),
            expand: Booleans::new(columns.expand),
            mark_name: Runs::new(columns.mark_name),
        }
    }

    fn next_predecessor(&mut self) -> Result<(u64, u64), ScanError> {
        let actor = self.predecessor_actor.next_value()?;
        let counter = self.predecessor_counter.next()?.ok_or(ScanError::ValueMissing)?;
        Ok((actor, counter))
    }

    fn finish(self) -> Result<(), ScanError> {
        self.object_actor.finish()?;
        self.object_counter.finish()?;
        self.element_actor.finish()?;
        self.element_counter.finish()?;
        self.key.finish()?;
        self.insert.finish(false)?;
        self.action.finish()?;
        self.value_meta.finish()?;
        self.predecessor_count.finish()?;
        self.predecessor_actor.finish()?;
        self.predecessor_counter.finish()?;
        self.expand.finish(true)?;
        self.mark_name.finish()?;
        if self.value.is_empty() { Ok(()) } else { Err(ScanError::ValueLength) }
    }
}
