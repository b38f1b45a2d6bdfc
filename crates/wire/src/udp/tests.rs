use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

use super::{CHECKSUM_OFFSET, HEADER_LEN, UdpDatagram, UdpError};
use crate::checksum::PseudoHeader;
use crate::ip::IpProtocol;
use crate::ip::tests::{v4_header, v6_header};

fn over_v4() -> PseudoHeader {
    v4_header(IpProtocol::UDP).pseudo_header(0)
}

fn over_v6() -> PseudoHeader {
    v6_header(IpProtocol::UDP).pseudo_header(0)
}

fn datagram(payload: &[u8]) -> UdpDatagram {
    UdpDatagram { source_port: 0x1234, destination_port: 53, payload: Bytes::copy_from_slice(payload) }
}

fn written(datagram: &UdpDatagram, pseudo_header: &PseudoHeader) -> Vec<u8> {
    let mut bytes = vec![0xaa; HEADER_LEN];
    datagram.write_header(pseudo_header, &mut bytes);
    bytes.extend(&datagram.payload);
    bytes
}

#[test]
fn every_field_stands_where_the_rfc_puts_it() {
    let bytes = written(&datagram(b"text"), &over_v4());
    assert_eq!(bytes[..CHECKSUM_OFFSET], [0x12, 0x34, 0, 53, 0, 12]);
    assert_eq!(bytes[HEADER_LEN..], *b"text");
}

#[test]
fn no_checksum_is_good_over_v4_and_bad_over_v6() {
    let mut bytes = written(&datagram(b"text"), &over_v4());
    bytes[CHECKSUM_OFFSET..HEADER_LEN].fill(0);
    let bytes = Bytes::from(bytes);
    assert_eq!(UdpDatagram::parse(bytes.clone(), Some(&over_v4())), Ok(datagram(b"text")));
    assert_eq!(UdpDatagram::parse(bytes.clone(), Some(&over_v6())), Err(UdpError::Checksum));
    assert_eq!(UdpDatagram::parse(bytes, None), Ok(datagram(b"text")));
}

#[test]
fn a_checksum_that_comes_out_as_zero_is_sent_as_all_ones() {
    // The payload is the checksum of the rest: together they sum to zero.
    let bytes = written(&datagram(&[0, 0]), &over_v4());
    let payload = &bytes[CHECKSUM_OFFSET..HEADER_LEN];
    let bytes = written(&datagram(payload), &over_v4());
    assert_eq!(bytes[CHECKSUM_OFFSET..HEADER_LEN], [0xff, 0xff]);
    assert!(UdpDatagram::parse(bytes.into(), Some(&over_v4())).is_ok());
}

#[test]
fn a_length_that_cannot_be_is_refused_and_a_short_one_cuts() {
    let mut bytes = written(&datagram(b"text"), &over_v4());
    for (length, outcome) in [
        (0, Err(UdpError::Length)),
        (7, Err(UdpError::Length)),
        (10, Ok(datagram(b"te"))),
        (13, Err(UdpError::Truncated)),
    ] {
        bytes[5] = length;
        assert_eq!(UdpDatagram::parse(bytes.clone().into(), None), outcome, "{length}");
    }
    assert_eq!(UdpDatagram::parse(Bytes::from_static(&[0; 7]), None), Err(UdpError::Truncated));
}

#[test]
fn a_datagram_too_long_for_its_field_reaches_to_the_end() {
    let datagram = datagram(&[7; 70_000]);
    let bytes = written(&datagram, &over_v6());
    assert_eq!(bytes[4..6], [0, 0]);
    assert_eq!(UdpDatagram::parse(bytes.into(), Some(&over_v6())), Ok(datagram));
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        source_port in any::<u16>(),
        destination_port in any::<u16>(),
        payload in proptest::collection::vec(any::<u8>(), 0..100),
        damage in any::<(prop::sample::Index, u8)>(),
    ) {
        let datagram = UdpDatagram { source_port, destination_port, payload: payload.into() };
        for pseudo_header in [over_v4(), over_v6()] {
            let mut bytes = written(&datagram, &pseudo_header);
            let read = UdpDatagram::parse(bytes.clone().into(), Some(&pseudo_header));
            prop_assert_eq!(read.as_ref(), Ok(&datagram));
            let (mut at, bit) = (damage.0.index(bytes.len()), damage.1 % 8);
            if (CHECKSUM_OFFSET..HEADER_LEN).contains(&at) {
                // A checksum of one bit would become zero: none at all, which is no error over IPv4.
                at -= CHECKSUM_OFFSET;
            }
            bytes[at] ^= 1 << bit;
            let intact = UdpDatagram::parse(bytes.into(), Some(&pseudo_header)).as_ref() == Ok(&datagram);
            prop_assert!(!intact);
        }
    }

    #[test]
    fn any_octets_are_a_datagram_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = UdpDatagram::parse(bytes.clone().into(), None);
        let _ = UdpDatagram::parse(bytes.into(), Some(&over_v6()));
    }
}
