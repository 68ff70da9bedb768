//! Liars that need no lies but their own documents: one that hoards, one that is ended and does not hear of it, one whose
//! folder is put back.

use praksis_protocol::{
    engine::{Audience, Command, Edit, Reply, Saying},
    genesis::Kind,
    id::DocumentId,
    membership::{
        charter::Parameters,
        statement::{Fact, Known},
    },
    share::Terms,
    store::memory::MemoryStore,
    wire::message::Response,
};
use serde_json::json;

use super::write;
use crate::sim::{
    Habit, NodeId, World,
    cast::{case, contact},
};

/// Documents that each member may place with others where somebody hoards.
const QUOTA: u64 = 10;
/// Cases that a hoarder shares, each with a contact.
const HOARD: usize = 7;

/// Speaks as an honest node does.
pub struct Plain;

impl Habit for Plain {}

/// Does not hear that it has lost any right.
pub struct Deaf;

impl Habit for Deaf {
    fn hear(&mut self, _: NodeId, bytes: &[u8]) -> bool {
        let Ok(Response::Resolved(resolved)) = Response::read(bytes) else { return true };
        let takes_away = |bytes: &[u8]| {
            let ends = |known: Known| {
                matches!(known.fact, Fact::MembershipEnd(_) | Fact::CoOwnerEnd(_) | Fact::Cut(_))
            };
            Known::read(bytes).is_ok_and(ends)
        };
        !resolved.statements.iter().any(|bytes| takes_away(bytes))
    }
}

/// What such a liar has begun before it lies.
pub enum Owning {
    /// More than others take.
    Hoard,
    /// A case of its own, and a joint draft of an honest node with it.
    Ended(DocumentId, DocumentId),
    /// A case of its own, and its folder as it was then.
    Cloned(DocumentId, Box<MemoryStore>),
}

impl Owning {
    /// Begins while everybody is honest still; nothing for liars of other kinds.
    pub fn begin(
        world: &mut World,
        habit: &str,
        liar: NodeId,
        [association, partner]: [NodeId; 2],
    ) -> Option<Self> {
        match habit {
            "hoarding" => {
                let root = world.org(association);
                let parameters = Parameters { quota_documents: QUOTA, ..Parameters::default() };
                let amend = Saying::Amend { roots: vec![root], quorum: 1, recovery: Vec::new(), parameters };
                world.ok(association, Command::Say(amend));
                (0..HOARD).for_each(|n| drop(write(world, liar, &format!("Hamstret {n}"), &[])));
                Some(Self::Hoard)
            }
            "ended" => {
                let own = write(world, liar, "Før slutten", &[]).record;
                let contact = contact(world, partner);
                let mut joint = case("Felles");
                joint["contact"] = contact.to_string().into();
                let with = [world.org(liar)].into();
                let Reply::Written { record, .. } =
                    world.ok(partner, Command::DraftJointly(Kind::Case, joint, with))
                else {
                    world.fail("no joint draft")
                };
                Some(Self::Ended(own, record))
            }
            "cloned" => {
                let own = write(world, liar, "Før kopien", &[]).record;
                Some(Self::Cloned(own, Box::new(world.backup(liar))))
            }
            _ => None,
        }
    }

    /// Loses what it has, where it does.
    pub fn lose(&self, world: &mut World, liar: NodeId, [association, partner]: [NodeId; 2]) {
        let org = world.org(liar);
        match self {
            Self::Hoard => {}
            Self::Ended(_, joint) => {
                world.ok(partner, Command::CoOwn(*joint, org, false));
                // It may have been ended already, for another reason.
                let _ = world.call(association, Command::Say(Saying::EndMembership { org, why: None }));
            }
            Self::Cloned(own, folder) => {
                rewrite(world, liar, *own, "Skrevet før den gikk tilbake");
                world.restore(liar, folder.copy());
            }
        }
    }

    /// Writes on as if nothing were.
    pub fn write_on(&self, world: &mut World, liar: NodeId, words: &str) {
        match self {
            Self::Hoard => {}
            Self::Ended(own, joint) => {
                rewrite(world, liar, *own, words);
                world.command(liar, Command::Edit(*joint, None, Edit::Merge(json!({"result": words}))));
            }
            Self::Cloned(own, _) => rewrite(world, liar, *own, words),
        }
    }

    /// Nothing of what it wrote after it had left stands with the honest partner.
    pub fn check(&self, world: &mut World, [_, partner]: [NodeId; 2]) {
        let Self::Ended(_, joint) = self else { return };
        let draft = world.draft_view(partner, *joint).record;
        if draft["title"]["nb"] != "Felles" || !draft["result"].is_null() {
            world.fail(&format!("one who left has written in a joint draft: {draft}"));
        }
    }
}

/// Changes a case and shares it, whether or not its node lets it.
fn rewrite(world: &mut World, node: NodeId, record: DocumentId, words: &str) {
    world.command(node, Command::Edit(record, None, Edit::Merge(json!({"help_wanted": words}))));
    world.command(node, Command::Share(record, Terms::on(world.today()), Audience::Network));
}
