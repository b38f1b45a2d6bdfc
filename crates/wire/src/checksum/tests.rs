use core::net::{Ipv4Addr, Ipv6Addr};

use alloc::vec::Vec;
use proptest::prelude::*;

use super::{Checksum, PseudoHeader};
use crate::ip::IpProtocol;

/// RFC 1071 section 1 to the letter: 16-bit words, an odd octet padded, carries added back.
fn reference(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn sum_of(bytes: &[u8]) -> u16 {
    let mut checksum = Checksum::new();
    checksum.add(bytes);
    checksum.partial()
}

#[test]
fn every_length_and_offset_agrees_with_the_reference() {
    let bytes: Vec<u8> = (0..400u32).map(|i| (i * 151 + 7) as u8).collect();
    for from in 0..16 {
        for to in from..bytes.len() {
            assert_eq!(sum_of(&bytes[from..to]), reference(&bytes[from..to]), "{from}..{to}");
        }
    }
}

#[test]
fn what_is_copied_sums_like_what_is_not() {
    let bytes: Vec<u8> = (0..700u32).map(|i| (i * 151 + 7) as u8).collect();
    for to in 0..bytes.len() {
        let (mut checksum, mut copy) = (Checksum::new(), [0xaa; 700]);
        checksum.add(&bytes[..3]);
        checksum.add_copied(&bytes[..to], &mut copy[..to]);
        assert_eq!(checksum.partial(), reference(&[&bytes[..3], &bytes[..to]].concat()), "{to}");
        assert_eq!(copy[..to], bytes[..to], "{to}");
    }
}

#[test]
fn the_largest_carries_are_kept() {
    let bytes = [0xff; 200_001];
    assert_eq!(sum_of(&bytes), reference(&bytes));
    assert_eq!(sum_of(&[0; 64]), 0);
}

#[test]
fn a_packet_with_its_checksum_sums_to_zero() {
    let mut bytes =
        [0x45, 0x00, 0x00, 0x54, 0x9a, 0xbc, 0x40, 0x00, 0x40, 0x06, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let mut checksum = Checksum::new();
    checksum.add(&bytes);
    bytes[10..12].copy_from_slice(&checksum.finish().to_be_bytes());
    let mut verified = Checksum::new();
    verified.add(&bytes);
    assert_eq!(verified.finish(), 0);
}

#[test]
fn a_pseudo_header_counts_as_its_octets_do() {
    let v4 = PseudoHeader {
        source: Ipv4Addr::new(192, 0, 2, 1).into(),
        destination: Ipv4Addr::new(198, 51, 100, 77).into(),
        protocol: IpProtocol::TCP,
        length: 1480,
    };
    let octets = [192, 0, 2, 1, 198, 51, 100, 77, 0, 6, 0x05, 0xc8];
    assert_eq!(Checksum::with_pseudo_header(&v4).partial(), reference(&octets));

    let source = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let destination = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0xfe, 0, 0, 2);
    let v6 = PseudoHeader {
        source: source.into(),
        destination: destination.into(),
        protocol: IpProtocol::UDP,
        length: 0x0001_2345,
    };
    let mut octets = Vec::new();
    octets.extend(source.octets());
    octets.extend(destination.octets());
    octets.extend([0x00, 0x01, 0x23, 0x45, 0, 0, 0, 17]);
    assert_eq!(Checksum::with_pseudo_header(&v6).partial(), reference(&octets));
}

proptest! {
    #[test]
    fn pieces_sum_like_the_whole(
        bytes in proptest::collection::vec(any::<u8>(), 0..3000),
        mut cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut at: Vec<usize> = cuts.drain(..).map(|cut| cut.index(bytes.len() + 1)).collect();
        at.sort_unstable();
        let mut checksum = Checksum::new();
        let mut from = 0;
        for to in at.into_iter().chain([bytes.len()]) {
            checksum.add(&bytes[from..to]);
            from = to;
        }
        prop_assert_eq!(checksum.partial(), reference(&bytes));
    }
}
