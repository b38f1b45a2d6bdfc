use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use synfin_wire::ip::{Fragment, IpHeader, IpPacket};
use synfin_wire::{Ecn, Instant, IpProtocol};

use super::{PATIENCE, PIECE_OVERHEAD, Reassembled, Reassembler};
use crate::counters::PacketDrop;

const NOW: Instant = Instant::from_millis(1000);

fn header(v4: bool) -> IpHeader {
    let (source, destination) = if v4 { ("10.0.0.1", "10.0.0.2") } else { ("fd00::1", "fd00::2") };
    IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), IpProtocol::UDP)
}

fn insert(
    reassembler: &mut Reassembler,
    v4: bool,
    identification: u32,
    range: std::ops::Range<usize>,
    more: bool,
) -> Reassembled {
    let fragment = Fragment { identification, offset: range.start as u16, more };
    let payload: Bytes = range.map(|octet| octet as u8).collect();
    let header = IpHeader { fragment: Some(fragment), ..header(v4) };
    reassembler.insert(&IpPacket { header, header_len: header.len(), payload }, fragment, NOW)
}

fn new() -> Reassembler {
    Reassembler::new(&[1; 32], 1 << 20)
}

#[track_caller]
fn assert_whole(reassembled: Reassembled, v4: bool, len: usize) {
    let Reassembled::Whole(packet) = reassembled else { panic!("{reassembled:?}") };
    assert_eq!(packet.header, header(v4));
    assert_eq!(packet.payload, (0..len).map(|octet| octet as u8).collect::<Vec<_>>());
}

#[track_caller]
fn assert_overlap(reassembled: &Reassembled) {
    assert!(matches!(reassembled, Reassembled::Dropped(PacketDrop::FragmentOverlap)), "{reassembled:?}");
}

#[test]
fn fragments_in_any_order_make_the_datagram_and_leave_nothing() {
    for v4 in [true, false] {
        let mut reassembler = new();
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let ranges = [0..16, 16..40, 40..45];
            for (count, index) in order.into_iter().enumerate() {
                let outcome = insert(&mut reassembler, v4, 7, ranges[index].clone(), index < 2);
                match count {
                    2 => assert_whole(outcome, v4, 45),
                    _ => assert!(matches!(outcome, Reassembled::Waiting)),
                }
            }
            assert_eq!((reassembler.octets, reassembler.by_key.len()), (0, 0));
        }
    }
}

#[test]
fn a_duplicate_does_no_harm_and_an_overlap_ends_the_datagram() {
    let mut reassembler = new();
    let _ = insert(&mut reassembler, true, 7, 0..16, true);
    assert!(matches!(insert(&mut reassembler, true, 7, 0..16, true), Reassembled::Waiting));
    assert_whole(insert(&mut reassembler, true, 7, 16..20, false), true, 20);
    for overlapping in [0..8, 8..24, 8..16, 0..24] {
        let _ = insert(&mut reassembler, false, 8, 0..16, true);
        assert_overlap(&insert(&mut reassembler, false, 8, overlapping, true));
        assert_eq!(reassembler.octets, 0);
    }
}

#[test]
fn no_fragment_lies_beyond_the_last_and_there_is_one_last() {
    let mut reassembler = new();
    let _ = insert(&mut reassembler, true, 7, 16..20, false);
    assert_overlap(&insert(&mut reassembler, true, 7, 24..32, true));
    let _ = insert(&mut reassembler, true, 7, 16..20, false);
    assert_overlap(&insert(&mut reassembler, true, 7, 8..12, false));
    let _ = insert(&mut reassembler, true, 7, 16..32, true);
    assert_overlap(&insert(&mut reassembler, true, 7, 8..12, false));
}

#[test]
fn datagrams_are_told_apart() {
    let mut reassembler = new();
    let _ = insert(&mut reassembler, true, 1, 0..16, true);
    assert!(matches!(insert(&mut reassembler, true, 2, 16..20, false), Reassembled::Waiting));
    assert!(matches!(insert(&mut reassembler, false, 1, 16..20, false), Reassembled::Waiting));
    assert_whole(insert(&mut reassembler, true, 1, 16..20, false), true, 20);
}

#[test]
fn what_takes_too_long_is_given_up() {
    let mut reassembler = new();
    let _ = insert(&mut reassembler, true, 7, 0..16, true);
    assert_eq!(reassembler.poll_timeout(), Some(NOW + PATIENCE));
    assert!(reassembler.next_overdue(NOW + (PATIENCE - Duration::from_nanos(1))).is_none());
    let first = reassembler.next_overdue(NOW + PATIENCE).unwrap().unwrap();
    assert_eq!((first.payload.len(), first.header.fragment.unwrap().offset), (16, 0));
    assert_eq!((reassembler.poll_timeout(), reassembler.octets), (None, 0));
    assert!(matches!(insert(&mut reassembler, true, 7, 16..20, false), Reassembled::Waiting));
}

#[test]
fn the_oldest_gives_way_when_there_is_no_room() {
    let mut reassembler = Reassembler::new(&[1; 32], 4 * (PIECE_OVERHEAD + 8));
    for identification in 0..100 {
        let _ = insert(&mut reassembler, true, identification, 0..8, true);
        assert!(reassembler.octets <= reassembler.limit);
    }
    assert_eq!(reassembler.datagrams.len(), 4);
    assert_whole(insert(&mut reassembler, true, 99, 8..9, false), true, 9);
    let huge = insert(&mut reassembler, true, 200, 0..2048, true);
    assert!(matches!(huge, Reassembled::Dropped(PacketDrop::ReassemblyFull)));
}

proptest! {
    /// Whatever fragments come, memory is bounded and accounted for.
    #[test]
    fn hostile_fragments_stay_within_the_bound(
        fragments in prop::collection::vec((any::<bool>(), 0..4u32, 0..64usize, 1..8usize, any::<bool>()), 0..300),
    ) {
        let mut reassembler = Reassembler::new(&[1; 32], 2000);
        for (v4, identification, start, len, more) in fragments {
            let _ = insert(&mut reassembler, v4, identification, start * 8..(start + len) * 8, more);
            prop_assert!(reassembler.octets <= 2000);
            prop_assert_eq!(reassembler.by_key.len(), reassembler.datagrams.len());
            let held: usize = reassembler.datagrams.values().map(|partial| partial.held).sum();
            prop_assert_eq!(held, reassembler.octets);
        }
        while reassembler.next_overdue(NOW + PATIENCE).is_some() {}
        prop_assert_eq!(reassembler.octets, 0);
    }
}

/// RFC 3168 section 5.3.
#[test]
fn a_fragment_that_was_marked_marks_the_datagram() {
    let marked = |bits: [Ecn; 2]| {
        let mut reassembler = new();
        let mut last = Reassembled::Waiting;
        for (range, ecn) in [0..16, 16..20].into_iter().zip(bits) {
            let fragment = Fragment { identification: 7, offset: range.start as u16, more: range.end < 20 };
            let header = IpHeader { fragment: Some(fragment), ecn, ..header(true) };
            let packet = IpPacket { header, header_len: header.len(), payload: vec![0; range.len()].into() };
            last = reassembler.insert(&packet, fragment, NOW);
        }
        match last {
            Reassembled::Whole(packet) => Some(packet.header.ecn),
            _ => None,
        }
    };
    assert_eq!(marked([Ecn::Ect0, Ecn::Ce]), Some(Ecn::Ce));
    assert_eq!(marked([Ecn::Ce, Ecn::Ect1]), Some(Ecn::Ce));
    assert_eq!(marked([Ecn::Ect0, Ecn::Ect0]), Some(Ecn::Ect0));
    assert_eq!(marked([Ecn::NotEct, Ecn::Ce]), None);
    assert_eq!(marked([Ecn::Ce, Ecn::NotEct]), None);
}
