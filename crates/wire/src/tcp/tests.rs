use core::net::{IpAddr, Ipv4Addr};

use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::Bytes;
use proptest::prelude::*;

use super::options::tests::any_options;
use super::{CHECKSUM_OFFSET, Flags, MAX_HEADER_LEN, Segment, SegmentError, TcpHeader, TcpOptions};
use crate::checksum::{Checksum, PseudoHeader};
use crate::ip::IpProtocol;
use crate::seq::SeqNumber;

fn header() -> TcpHeader {
    TcpHeader {
        source_port: 0x1234,
        destination_port: 443,
        seq: SeqNumber::new(0xfffe_fdfc),
        ack: SeqNumber::new(7),
        flags: Flags::PSH | Flags::ACK,
        reserved: 0,
        window: 0xabcd,
        urgent_pointer: 0x0102,
        options: TcpOptions { mss: Some(1460), ..TcpOptions::default() },
    }
}

fn pseudo_header(length: usize) -> PseudoHeader {
    let address = |last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
    PseudoHeader {
        source: address(1),
        destination: address(2),
        protocol: IpProtocol::TCP,
        length: length as u32,
    }
}

fn written(header: &TcpHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xaa; MAX_HEADER_LEN];
    let len = header.write(&mut bytes);
    assert_eq!(len, header.len());
    bytes.truncate(len);
    bytes.extend(payload);
    bytes
}

fn with_checksum(header: &TcpHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = written(header, payload);
    let mut checksum = Checksum::with_pseudo_header(&pseudo_header(bytes.len()));
    checksum.add(&bytes);
    bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&checksum.finish().to_be_bytes());
    bytes
}

#[test]
fn every_field_stands_where_the_rfc_puts_it() {
    assert_eq!(
        written(&header(), b"x"),
        [
            0x12, 0x34, 0x01, 0xbb, // ports
            0xff, 0xfe, 0xfd, 0xfc, // sequence number
            0x00, 0x00, 0x00, 0x07, // acknowledgment number
            0x60, 0x18, 0xab, 0xcd, // offset, flags, window
            0x00, 0x00, 0x01, 0x02, // checksum, urgent pointer
            0x02, 0x04, 0x05, 0xb4, // maximum segment size
            b'x',
        ]
    );
}

#[test]
fn the_checksum_is_verified_only_when_asked_for() {
    let good = with_checksum(&header(), b"text");
    let pseudo_header = pseudo_header(good.len());
    let segment = Segment::parse(good.clone().into(), Some(&pseudo_header)).unwrap();
    assert_eq!(segment, Segment { header: header(), payload: Bytes::from_static(b"text") });
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x04;
        assert!(Segment::parse(bad.into(), Some(&pseudo_header)).is_err(), "octet {at}");
    }
    let mut bad = good;
    bad[CHECKSUM_OFFSET] ^= 0xff;
    assert_eq!(Segment::parse(bad.clone().into(), Some(&pseudo_header)), Err(SegmentError::Checksum));
    assert!(Segment::parse(bad.into(), None).is_ok());
}

#[test]
fn a_data_offset_outside_the_segment_is_refused() {
    let mut bytes = written(&header(), b"");
    bytes[12] = 0x40;
    assert_eq!(Segment::parse(bytes.clone().into(), None), Err(SegmentError::DataOffset));
    bytes[12] = 0x70;
    assert_eq!(Segment::parse(bytes.into(), None), Err(SegmentError::Truncated));
    assert_eq!(Segment::parse(Bytes::new(), None), Err(SegmentError::Truncated));
}

#[test]
fn syn_and_fin_take_a_sequence_number_each() {
    let mut segment = Segment { header: header(), payload: Bytes::from_static(b"abc") };
    assert_eq!(segment.sequence_length(), 3);
    segment.header.flags = Flags::SYN | Flags::FIN;
    assert_eq!(segment.sequence_length(), 5);
    assert_eq!(segment.end(), segment.header.seq + 5);
}

#[test]
fn flags_are_named_as_people_write_them() {
    assert_eq!(format!("{:?} {:?}", Flags::ACK | Flags::SYN, Flags::NONE), "SYN,ACK NONE");
}

#[test]
fn the_payload_is_a_slice_of_the_buffer() {
    let bytes = Bytes::from(written(&header(), b"payload"));
    let payload = Segment::parse(bytes.clone(), None).unwrap().payload;
    assert_eq!(payload.as_ptr(), bytes[header().len()..].as_ptr());
}

prop_compose! {
    fn any_header()(
        ports in any::<(u16, u16)>(),
        numbers in any::<(u32, u32)>(),
        flags in 0u16..0x200,
        reserved in 0u8..8,
        sizes in any::<(u16, u16)>(),
        options in any_options(),
    ) -> TcpHeader {
        TcpHeader {
            source_port: ports.0,
            destination_port: ports.1,
            seq: SeqNumber::new(numbers.0),
            ack: SeqNumber::new(numbers.1),
            flags: Flags::from_bits(flags),
            reserved,
            window: sizes.0,
            urgent_pointer: sizes.1,
            options,
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        header in any_header(),
        payload in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let bytes = with_checksum(&header, &payload);
        let segment = Segment::parse(bytes.clone().into(), Some(&pseudo_header(bytes.len())));
        prop_assert_eq!(segment, Ok(Segment { header, payload: payload.into() }));
    }

    #[test]
    fn a_segment_cut_short_is_an_error_or_loses_payload_only(header in any_header(), cut in 0usize..70) {
        let bytes = written(&header, &[0; 10]);
        let cut = cut.min(bytes.len());
        match Segment::parse(Bytes::copy_from_slice(&bytes[..cut]), None) {
            Ok(segment) => prop_assert_eq!(segment.header, header),
            Err(error) => prop_assert!(error == SegmentError::Truncated && cut < header.len()),
        }
    }

    #[test]
    fn any_octets_are_a_segment_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Segment::parse(bytes.into(), None);
    }
}

#[test]
fn the_front_of_a_segment_tells_what_it_can() {
    let bytes = with_checksum(&header(), b"text");
    let whole = Segment::parse(Bytes::copy_from_slice(&bytes), None).unwrap();
    for len in 0..bytes.len() {
        let front = TcpHeader::parse_prefix(&bytes[..len]);
        match len {
            0..20 => assert_eq!(front, Err(SegmentError::Truncated)),
            20..24 => {
                let without_options = TcpHeader { options: TcpOptions::default(), ..whole.header.clone() };
                assert_eq!(front, Ok((without_options, 24)));
            }
            _ => assert_eq!(front, Ok((whole.header.clone(), 24))),
        }
    }
    let mut short = bytes;
    short[12] = 4 << 4;
    assert_eq!(TcpHeader::parse_prefix(&short), Err(SegmentError::DataOffset));
}
