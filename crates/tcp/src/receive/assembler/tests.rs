use alloc::vec::Vec;

use bytes::Bytes;
use synfin_wire::{SeqNumber, tcp::SackRange};

use super::{Assembler, FREE_PIECES, Full, charge};

const BASE: u32 = u32::MAX - 40;

fn seq(offset: u32) -> SeqNumber {
    SeqNumber::new(BASE) + offset
}

fn text(from: u32, to: u32) -> Bytes {
    (from..to).map(|i| i as u8).collect::<Vec<_>>().into()
}

fn insert(assembler: &mut Assembler, from: u32, to: u32) -> (u32, u32) {
    let SackRange { start, end } = assembler.insert(seq(from), text(from, to), 0).expect("room");
    assembler.check_invariants(seq(0));
    (start.octets_since(seq(0)), end.octets_since(seq(0)))
}

#[test]
fn overlaps_are_cut_and_runs_grow_together() {
    let mut assembler = Assembler::default();
    assert_eq!(insert(&mut assembler, 10, 20), (10, 20));
    assert_eq!(insert(&mut assembler, 30, 40), (30, 40));
    assert_eq!(insert(&mut assembler, 15, 35), (10, 40));
    assert_eq!(insert(&mut assembler, 5, 100), (5, 100));
    assert_eq!(insert(&mut assembler, 50, 60), (5, 100));
    assert!(assembler.pop(seq(4)).is_none());
    let mut position = 5;
    while let Some(bytes) = assembler.pop(seq(position)) {
        assert_eq!(bytes, text(position, position + bytes.len() as u32));
        position += bytes.len() as u32;
    }
    assert_eq!(position, 100);
    assert!(assembler.is_empty());
}

#[test]
fn octets_that_came_first_stay() {
    let mut assembler = Assembler::default();
    insert(&mut assembler, 10, 20);
    assembler.insert(seq(5), Bytes::from_static(&[0xff; 20]), 0).expect("room");
    let read: Vec<u8> = core::iter::successors(assembler.pop(seq(5)).map(|b| (5, b)), |(at, bytes)| {
        let next = at + bytes.len() as u32;
        assembler.pop(seq(next)).map(|b| (next, b))
    })
    .flat_map(|(_, bytes)| bytes.to_vec())
    .collect();
    assert_eq!(read[..5], [0xff; 5]);
    assert_eq!(read[5..15], text(10, 20)[..]);
    assert_eq!(read[15..], [0xff; 5]);
}

#[test]
fn single_octets_with_gaps_cannot_grow_the_queue_without_bound() {
    let mut assembler = Assembler::default();
    for i in 0..FREE_PIECES as u32 {
        insert(&mut assembler, 2 * i + 1, 2 * i + 2);
        if i % 512 != 0 {
            continue;
        }
        assembler.check_invariants(seq(0));
    }
    let beyond = 2 * FREE_PIECES as u32 + 1;
    assert_eq!(assembler.insert(seq(beyond), text(0, 1), 0), Err(Full));
    // As long as the receive buffer has room for what they cost there may be more.
    let most = (FREE_PIECES + 1) * charge(1);
    assert!(assembler.insert(seq(beyond), text(0, 1), most).is_ok());
    assert_eq!(assembler.insert(seq(beyond + 2), text(0, 1), most), Err(Full));
}

#[test]
fn a_short_piece_does_not_keep_the_devices_buffer_alive() {
    let device = Bytes::from(alloc::vec![7; 65_536]);
    let mut assembler = Assembler::default();
    assembler.insert(seq(10), device.slice(..100), 0).expect("room");
    assert!(device.is_unique());
}
