//! What the transport promises an engine: each question that it asks ends once, in an answer or in the word that none
//! comes. A node that waited for more than that would be silent for ever.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use praksis_protocol::{
    engine::{Input, MessageId},
    time::Timestamp,
};

use super::{NodeId, TIMEOUT, World};

/// Longer than any question may stay open: whoever asks loses its patience before.
const OVERDUE: Duration = TIMEOUT.saturating_mul(2);

/// The questions of engines that are open.
#[derive(Debug, Default)]
pub(super) struct Promises {
    open: BTreeMap<(NodeId, MessageId), Timestamp>,
    by_age: BTreeSet<(Timestamp, NodeId, MessageId)>,
}

impl World {
    /// An engine asks something.
    pub(super) fn promise(&mut self, node: NodeId, question: MessageId) {
        self.promises.open.insert((node, question), self.now);
        self.promises.by_age.insert((self.now, node, question));
    }

    /// A node falls: nobody waits any longer.
    pub(super) fn forget_promises(&mut self, node: NodeId) {
        let all = (node, MessageId(0))..=(node, MessageId(u64::MAX));
        for ((_, question), since) in self.promises.open.extract_if(all, |_, _| true) {
            self.promises.by_age.remove(&(since, node, question));
        }
    }

    /// An input may be the end of a question: it is the only one.
    pub(super) fn keep_promise(&mut self, node: NodeId, input: &Input) {
        let (Input::Answered { question, .. } | Input::Unanswered { question, .. }) = input else { return };
        self.nodes[node.0].asked.remove(question);
        if !is_engines(*question) {
            return;
        }
        match self.promises.open.remove(&(node, *question)) {
            Some(since) => drop(self.promises.by_age.remove(&(since, node, *question))),
            None => self.fail(&format!("{node:?} hears of question {} twice", question.0)),
        }
    }

    /// Whether every question has ended in time.
    pub(super) fn check_promises(&self) {
        if let Some((since, node, question)) = self.promises.by_age.first()
            && self.now.since(*since) > OVERDUE
        {
            self.fail(&format!("{node:?} never hears of question {}", question.0));
        }
    }
}

/// Whether an engine asked it: a liar counts what it asks itself from the top.
pub(super) fn is_engines(question: MessageId) -> bool {
    question.0 <= u64::MAX / 2
}
