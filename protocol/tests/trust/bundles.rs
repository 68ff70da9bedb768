//! Bundles whose pieces come in small parts, without what they rest on, or from somebody who floods.

use minicbor::bytes::ByteVec;
use praksis_protocol::{
    engine::{
        Command, Reply,
        bundles::{Carried, Carry, Entry, Reader, Taken},
    },
    genesis::{Genesis, Kind, Scope},
    id::{AudienceId, DocumentId, Item},
    membership::statement::Known,
    wire::{bundle::Piece, message::Delivery},
};

use crate::{cast::*, desk::Desk};

fn carry(desk: &mut Desk, carry: Carry) -> Carried {
    let Reply::Carried(carried) = desk.ok(Command::Carry(carry)) else { unreachable!() };
    carried
}

fn plan(desk: &mut Desk, reader: Reader) -> Vec<(Scope, Vec<Entry>)> {
    let Carried::Plan(_, plan) = carry(desk, Carry::Plan(reader)) else { unreachable!() };
    plan
}

fn load(desk: &mut Desk, scope: Scope, entries: &[Entry]) -> Vec<Piece> {
    let Carried::Pieces(pieces, loaded) = carry(desk, Carry::Load(scope, entries.to_vec())) else {
        unreachable!()
    };
    assert_eq!(loaded, entries.len());
    pieces
}

pub(crate) fn take(desk: &mut Desk, piece: Piece) -> Taken {
    let Carried::Taken(taken) = carry(desk, Carry::Take(Box::new(piece))) else { unreachable!() };
    taken
}

pub(crate) fn statements(scope: Scope, known: &[Known]) -> Piece {
    let bytes = |known: &Known| ByteVec::from(known.statement.bytes().to_vec());
    Piece::Statements(scope, known.iter().map(bytes).collect())
}

#[test]
fn however_small_its_pieces_are_no_member_waits_for_one_that_comes_later() {
    let members: Vec<u8> = (2..20).collect();
    let (mut writer, mut reader) = (Desk::association(&members), Desk::association(&[]));
    let plan = plan(&mut writer, Reader::Members);
    let (scope, entries) = &plan[0];
    assert_eq!((*scope, entries.len()), (Scope::Roster, 2 + 2 * members.len()));
    let mut came = 0;
    for entry in entries {
        for piece in load(&mut writer, *scope, std::slice::from_ref(entry)) {
            let taken = take(&mut reader, piece);
            assert_eq!((taken.waiting, taken.again), (0, false), "after {came}");
            came += taken.new;
        }
    }
    assert_eq!(came, 2 * members.len());
    assert_eq!(reader.status().members.len(), writer.status().members.len());
}

#[test]
fn what_is_not_for_us_yet_is_refused_and_worth_another_reading() {
    let mut desk = Desk::association(&[BERGEN]);
    let scope = Scope::Named(AudienceId([5; 32]));
    let genesis = Genesis {
        version: 1,
        network: desk.network(),
        owner: org(BERGEN),
        scope,
        kind: Kind::Case as u16,
        record: None,
        co_owners: vec![],
        nonce: [1; 32],
    };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes: vec![], complete: true };
    let item = Item(DocumentId([5; 32]).0[..16].try_into().unwrap());
    let taken = take(&mut desk, Piece::Documents(scope, vec![(item, delivery)]));
    assert_eq!(taken, Taken { new: 0, waiting: 0, again: true });
    assert_eq!(desk.refused("other_scope"), 1);
}
