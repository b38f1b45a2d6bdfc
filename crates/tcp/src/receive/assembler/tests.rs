use alloc::vec::Vec;

use bytes::Bytes;
use synfin_wire::{SeqNumber, tcp::SackRange};

use super::{Assembler, FREE_PIECES, Full, LEAST_CHARGE, Popped};
use crate::receive::cost::Cost;

const BASE: u32 = u32::MAX - 40;

fn seq(offset: u32) -> SeqNumber {
    SeqNumber::new(BASE) + offset
}

fn text(from: u32, to: u32) -> Bytes {
    (from..to).map(|i| i as u8).collect::<Vec<_>>().into()
}

fn insert(assembler: &mut Assembler, from: u32, to: u32) -> (u32, u32) {
    let cost = Cost::of_segment(to - from, 0);
    let held = assembler.insert(seq(from), text(from, to), cost, 0).expect("room");
    let SackRange { start, end } = held.run;
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
    while let Some(Popped { bytes, .. }) = assembler.pop(seq(position)) {
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
    assembler.insert(seq(5), Bytes::from_static(&[0xff; 20]), Cost::default(), 0).expect("room");
    let read: Vec<u8> =
        core::iter::successors(assembler.pop(seq(5)).map(|popped| (5, popped.bytes)), |(at, bytes)| {
            let next = at + bytes.len() as u32;
            assembler.pop(seq(next)).map(|popped| (next, popped.bytes))
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
    let cost = Cost::of_segment(1, 0);
    assert_eq!(assembler.insert(seq(beyond), text(0, 1), cost, 0), Err(Full));
    // As long as the receive buffer has room for what they cost there may be more.
    let most = (FREE_PIECES + 1) * LEAST_CHARGE;
    assert!(assembler.insert(seq(beyond), text(0, 1), cost, most).is_ok());
    assert_eq!(assembler.insert(seq(beyond + 2), text(0, 1), cost, most), Err(Full));
    let mut joined = Assembler::default();
    for i in 0..FREE_PIECES as u32 {
        insert(&mut joined, i + 1, i + 2);
    }
    let next = joined.insert(seq(FREE_PIECES as u32 + 1), text(0, 1), cost, joined.charge() + 1);
    assert_eq!(next, Err(Full), "they share memory in the accounts alone");
}

#[test]
fn a_short_segment_has_room_behind_the_one_before() {
    let mut assembler = Assembler::default();
    insert(&mut assembler, 1, 101);
    assert_eq!(assembler.charge(), 832);
    insert(&mut assembler, 101, 153);
    assert_eq!(assembler.charge(), 832);
    insert(&mut assembler, 153, 154);
    assert_eq!(assembler.charge(), 1664);
    let popped =
        [1, 101, 153].map(|at| assembler.pop(seq(at)).map(|popped| (popped.whole, popped.cost.room)));
    assert_eq!(popped, [Some((152, 0)), Some((0, 0)), Some((1, 151))]);
    assert_eq!(assembler.charge(), 0);
}

#[test]
fn a_segment_takes_the_place_of_those_that_it_has_all_of() {
    let mut assembler = Assembler::default();
    for from in [1, 153, 305] {
        insert(&mut assembler, from, from + 152);
    }
    assert_eq!(assembler.charge(), 3 * 832);
    insert(&mut assembler, 1, 305);
    assert_eq!(assembler.charge(), 1280 + 832);
    insert(&mut assembler, 305, 457);
    assert_eq!(assembler.charge(), 1280 + 832, "all of it is in one");
    insert(&mut assembler, 1, 1001);
    assert_eq!(assembler.charge(), 2304);
    let whole = assembler.pop(seq(1)).map(|popped| popped.whole);
    assert_eq!(whole, Some(1000), "it is paid for with its first octet");
}

#[test]
fn a_run_is_copied_together_where_that_saves_memory() {
    let mut assembler = Assembler::default();
    for from in [1, 101, 201, 301] {
        insert(&mut assembler, from, from + 100);
    }
    insert(&mut assembler, 1000, 1100);
    assert_eq!(assembler.charge(), 5 * 832);
    assembler.collapse(|_, _| true, 40_000);
    assert_eq!(assembler.charge(), 1280 + 832, "what stands alone stays");
    let mut apart = Assembler::default();
    for i in 0..20 {
        insert(&mut apart, 200 * i + 1, 200 * i + 101);
    }
    insert(&mut apart, 5000, 5100);
    insert(&mut apart, 5100, 5200);
    let before = apart.charge();
    apart.collapse(|_, _| true, 40_000);
    assert_eq!(apart.charge(), before, "the few that would be saved are not worth a walk past all of these");
}

#[test]
fn what_lies_furthest_off_is_let_go_first() {
    let mut assembler = Assembler::default();
    for i in 0..10 {
        insert(&mut assembler, 200 * i + 1, 200 * i + 101);
    }
    assert!(!assembler.renege(seq(1802), 1000, |_| false), "nothing lies beyond that");
    assert!(assembler.renege(seq(1), 1000, |left| left <= 7 * 832));
    assert_eq!(assembler.charge(), 6 * 832, "two at a time");
    assert!(assembler.renege(seq(601), 1000, |_| false));
    assert_eq!(assembler.reach(seq(0)), 501);
}

#[test]
fn a_short_piece_does_not_keep_the_devices_buffer_alive() {
    let device = Bytes::from(alloc::vec![7; 65_536]);
    let mut assembler = Assembler::default();
    assembler.insert(seq(10), device.slice(..100), Cost::default(), 0).expect("room");
    assert!(device.is_unique());
}
