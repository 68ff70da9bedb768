//! A record under the id of another's. Nothing is wrong with it: whoever asks for that id is asked which is meant.

use std::path::Path;

use praksis_node::{bundle::Writer, folder::Folder, storage::SledStore};
use praksis_protocol::{
    genesis::{Genesis, Scope},
    id::{DocumentId, Item},
    wire::{
        bundle::{Header, Piece, VERSION},
        message::Delivery,
    },
};

use super::Member;

/// A bundle with a case of the member in a folder that no node serves, under the record id of somebody else's case;
/// and that id.
#[expect(clippy::unwrap_used, reason = "a rogue that cannot begin should say so")]
pub fn claim(folder: &Path, title: &str) -> (DocumentId, Vec<u8>) {
    let folder = Folder::open(folder).unwrap();
    let member = Member::of(&folder.keys().unwrap(), &SledStore::open(&folder.store()).unwrap()).unwrap();
    let theirs = &member.theirs[0].0;
    let genesis = Genesis { owner: member.org(), ..theirs.clone() };
    let changes = vec![member.first(&genesis, &genesis, title)];
    let header = Header {
        version: VERSION,
        network: member.network,
        writer: member.id(),
        reader: None,
        scopes: vec![Scope::Network],
        written_s: 0,
        entries: 1,
    };
    let delivery = Delivery { genesis: genesis.bytes().into(), changes, complete: true };
    let pieces = [
        Piece::Header(header),
        Piece::Documents(Scope::Network, vec![(Item([7; 16]), delivery)]),
        Piece::End,
    ];
    let mut writer = Writer::default();
    (theirs.record_id(), pieces.iter().flat_map(|piece| writer.piece(piece).unwrap()).collect())
}
