use praksis_protocol::{
    genesis::Scope,
    id::{DeviceId, DocumentId, Item, NetworkId, OrgId},
    wire::message::{Delivery, SignedChange},
};
use proptest::prelude::*;

use super::*;
use crate::net::MessageLimit;

fn header(entries: u64) -> Piece {
    Piece::Header(Header {
        version: VERSION,
        network: NetworkId([1; 32]),
        writer: DeviceId([2; 32]),
        reader: Some(OrgId([3; 32])),
        scopes: vec![Scope::Roster, Scope::Network],
        written_s: 1_767_225_600,
        entries,
    })
}

fn written(pieces: &[Piece]) -> Vec<u8> {
    let mut writer = Writer::default();
    pieces.iter().flat_map(|piece| writer.piece(piece).unwrap()).collect()
}

fn any_piece() -> impl Strategy<Value = Piece> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..600);
    let change = (bytes(), bytes())
        .prop_map(|(envelope, change)| SignedChange { envelope: envelope.into(), change: change.into() });
    let delivery = (bytes(), proptest::collection::vec(change, 0..3), any::<bool>())
        .prop_map(|(genesis, changes, complete)| Delivery { genesis: genesis.into(), changes, complete });
    let document = (any::<[u8; 16]>().prop_map(Item), delivery);
    prop_oneof![
        proptest::collection::vec(bytes(), 0..4).prop_map(|statements| {
            Piece::Statements(Scope::Roster, statements.into_iter().map(Into::into).collect())
        }),
        proptest::collection::vec(document, 0..4).prop_map(|it| Piece::Documents(Scope::Network, it)),
        proptest::collection::vec(any::<[u8; 16]>().prop_map(Item), 0..9)
            .prop_map(|items| Piece::Held(Scope::Organisation(OrgId([9; 32])), items)),
    ]
}

proptest! {
    #[test]
    fn every_bundle_is_read_as_it_was_written_in_whatever_parts_it_comes(
        middle in proptest::collection::vec(any_piece(), 0..6), part in 1..700_usize,
    ) {
        let whole: Vec<Piece> =
            std::iter::once(header(7)).chain(middle).chain(std::iter::once(Piece::End)).collect();
        let bytes = written(&whole);
        prop_assert_eq!(pieces(&bytes).unwrap(), whole.clone());
        let (mut reader, mut read) = (Reader::default(), Vec::new());
        for part in bytes.chunks(part) {
            reader.push(part);
            while let Some(sealed) = reader.next().unwrap() {
                read.push(sealed.open().unwrap());
            }
        }
        prop_assert_eq!(read, whole);
        prop_assert!(!reader.is_within());
    }

    #[test]
    fn one_that_was_cut_off_is_whole_up_to_its_last_frame(cut in 8..400_usize) {
        let whole = [header(1), Piece::Held(Scope::Network, vec![Item([4; 16]); 5]), Piece::End];
        let bytes = written(&whole);
        let read = pieces(&bytes[..cut.min(bytes.len())]);
        let read = read.or_else(|error| if error == BundleError::NotABundle { Ok(vec![]) } else { Err(error) });
        prop_assert_eq!(&read.clone().unwrap()[..], &whole[..read.unwrap().len()]);
    }

    #[test]
    fn a_bit_that_flipped_is_noticed(at in any::<proptest::sample::Index>(), bit in 0..8_u8) {
        let whole = [header(0), Piece::Held(Scope::Network, vec![Item([4; 16]); 5]), Piece::End];
        let mut bytes = written(&whole);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // A length that promises more is waited for.
        prop_assert!(pieces(&bytes).is_ok_and(|read| read.len() < 3) || pieces(&bytes).is_err());
    }
}

#[test]
fn frames_cannot_be_put_otherwise_and_nothing_follows_the_end() {
    let held = |byte| Piece::Held(Scope::Network, vec![Item([byte; 16])]);
    let mut writer = Writer::default();
    let frames: Vec<Vec<u8>> =
        [header(0), held(1), held(2), Piece::End].iter().map(|piece| writer.piece(piece).unwrap()).collect();
    let joined = |order: &[usize]| order.iter().flat_map(|at| frames[*at].clone()).collect::<Vec<u8>>();
    assert!(pieces(&joined(&[0, 1, 2, 3])).is_ok());
    assert_eq!(pieces(&joined(&[0, 2, 1, 3])), Err(BundleError::Damaged(1)));
    assert_eq!(pieces(&joined(&[0, 1, 3])), Err(BundleError::Damaged(2)));

    assert_eq!(pieces(&written(&[header(0), Piece::End, held(1)])), Err(BundleError::OutOfPlace(2)));
    assert_eq!(pieces(&written(&[held(1), Piece::End])), Err(BundleError::OutOfPlace(0)));
    assert_eq!(pieces(&written(&[header(0), header(0)])), Err(BundleError::OutOfPlace(1)));
    assert_eq!(pieces(b"praksis\x02 and more"), Err(BundleError::NotABundle));
}

#[test]
fn a_length_over_the_limit_is_refused_before_it_is_waited_for() {
    let mut bytes = written(&[header(0)]);
    let length = MAGIC.len() + SEAL + 1;
    bytes[length..length + 4].copy_from_slice(&[0xff; 4]);
    assert_eq!(pieces(&bytes[..length + 4]), Err(BundleError::TooLarge(0)));
}

#[test]
fn a_document_that_goes_on_counts_once() {
    let part = |complete| {
        let delivery = Delivery { genesis: vec![].into(), changes: vec![], complete };
        Piece::Documents(
            Scope::Network,
            vec![(Item(DocumentId([5; 32]).0[..16].try_into().unwrap()), delivery)],
        )
    };
    assert_eq!([part(false).entries(), part(true).entries()], [0, 1]);
    assert_eq!([part(false).items().len(), part(true).items().len()], [0, 1]);
}

#[test]
fn what_inflates_without_end_is_refused_at_the_limit_and_once_is_all_that_is_inflated() {
    let sealed = |frame: Vec<u8>| {
        let checksum = Checksum::default().next(0, &frame);
        [&MAGIC[..], &0_u32.to_be_bytes(), &checksum.0, &frame].concat()
    };
    let generous = MessageLimit { wire: SYNC_MESSAGE.wire, inflated: 64 << 20 };
    let bomb = write_frame(&vec![0; 32 << 20], generous).unwrap();
    assert!(bomb.len() < 64 << 10, "32 MiB in {} bytes", bomb.len());
    assert_eq!(pieces(&sealed(bomb.clone())), Err(BundleError::DoesNotInflate(0)));
    let nested = write_frame(&bomb, SYNC_MESSAGE).unwrap();
    assert!(matches!(pieces(&sealed(nested)), Err(BundleError::Shape(0, _))));
    let nested = write_frame(&written(&[header(0), Piece::End]), SYNC_MESSAGE).unwrap();
    assert!(matches!(pieces(&sealed(nested)), Err(BundleError::Shape(0, _))));
}
