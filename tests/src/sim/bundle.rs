//! Bundles that are carried from one node to another, in the pieces that a file holds one after the other.

use std::time::Duration;

use praksis_protocol::{
    engine::{
        Command, Reply,
        bundles::{Carried, Carry, Reader, Taken},
    },
    wire::bundle::Piece,
};

use super::{NodeId, World};

/// Longer than a write takes, with one that follows from it.
const SETTLING: Duration = Duration::from_secs(1);

impl World {
    fn carry(&mut self, id: NodeId, carry: Carry) -> Carried {
        match self.ok(id, Command::Carry(carry)) {
            Reply::Carried(carried) => carried,
            other => self.fail(&format!("not carried: {other:?}")),
        }
    }

    /// What a node writes for a reader, once all that it was told to share is written: a contact may be a moment later
    /// than the record that names it.
    pub fn write_bundle(&mut self, id: NodeId, reader: Reader) -> Vec<Piece> {
        self.run_for(SETTLING);
        let Carried::Plan(header, plan) = self.carry(id, Carry::Plan(reader)) else { self.fail("no plan") };
        let mut pieces = vec![Piece::Header(header)];
        for (scope, mut entries) in plan {
            while !entries.is_empty() {
                let Carried::Pieces(more, loaded) = self.carry(id, Carry::Load(scope, entries.clone()))
                else {
                    self.fail("no pieces")
                };
                assert!(loaded > 0, "each page holds something");
                entries.drain(..loaded);
                pieces.extend(more);
            }
        }
        pieces.push(Piece::End);
        pieces
    }

    /// What a node writes for the organisation of another.
    pub fn bundle_for(&mut self, id: NodeId, reader: NodeId) -> Vec<Piece> {
        let number = self.nodes[reader.0].number.clone();
        self.write_bundle(id, Reader::Member(number))
    }

    /// A node reads so much of a bundle; what all of it has brought.
    pub fn read_bundle(&mut self, id: NodeId, pieces: &[Piece]) -> Taken {
        let mut all = Taken::default();
        for piece in pieces {
            let Carried::Taken(taken) = self.carry(id, Carry::Take(Box::new(piece.clone()))) else {
                self.fail("nothing taken")
            };
            all.new += taken.new;
            all.waiting += taken.waiting;
            all.again |= taken.again;
        }
        all
    }
}
