use alloc::format;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{Ipv4Addr, Ipv6Addr};
use proptest::prelude::*;

use super::{EtherType, EthernetError, EthernetFrame, EthernetHeader, HEADER_LEN, MacAddress};

const HEADER: EthernetHeader = EthernetHeader {
    destination: MacAddress([2, 0, 0, 0, 0, 9]),
    source: MacAddress([2, 0, 0, 0, 0, 0xab]),
    ether_type: EtherType::IPV6,
};

fn written(header: &EthernetHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [0xaa; HEADER_LEN].to_vec();
    header.write(&mut bytes);
    bytes.extend(payload);
    bytes
}

#[test]
fn a_frame_is_receiver_sender_type_and_payload() {
    let bytes = written(&HEADER, b"x");
    assert_eq!(bytes, [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 0xab, 0x86, 0xdd, b'x']);
    let frame = EthernetFrame::parse(bytes.into()).unwrap();
    assert_eq!(frame, EthernetFrame { header: HEADER, payload: Bytes::from_static(b"x") });
}

#[test]
fn one_vlan_tag_is_passed_over() {
    let bytes = written(&EthernetHeader { ether_type: EtherType::VLAN, ..HEADER }, &[0, 7, 0x08, 0x06, b'x']);
    for cut in HEADER_LEN..HEADER_LEN + 4 {
        let cut = Bytes::copy_from_slice(&bytes[..cut]);
        assert_eq!(EthernetFrame::parse(cut), Err(EthernetError::Truncated));
    }
    let frame = EthernetFrame::parse(bytes.into()).unwrap();
    assert_eq!(frame.header, EthernetHeader { ether_type: EtherType::ARP, ..HEADER });
    assert_eq!(frame.payload, "x");
}

#[test]
fn a_length_is_no_ether_type() {
    let bytes = written(&EthernetHeader { ether_type: EtherType(0x05dc), ..HEADER }, b"x");
    assert_eq!(EthernetFrame::parse(bytes.into()), Err(EthernetError::Length));
}

#[test]
fn multicast_groups_have_addresses_of_their_own() {
    let v4 = MacAddress::for_multicast(Ipv4Addr::new(239, 129, 2, 3).into());
    assert_eq!(format!("{v4}"), "01:00:5e:01:02:03");
    let v6 = MacAddress::for_multicast(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff12, 0x3456).into());
    assert_eq!(format!("{v6:?}"), "33:33:ff:12:34:56");
    assert!(v4.is_multicast() && v6.is_multicast() && MacAddress::BROADCAST.is_multicast());
    assert!(!HEADER.source.is_multicast());
}

proptest! {
    #[test]
    fn any_octets_are_a_frame_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        match EthernetFrame::parse(bytes.clone().into()) {
            Ok(frame) if bytes.len() == HEADER_LEN + frame.payload.len() => {
                prop_assert_eq!(written(&frame.header, &frame.payload), bytes);
            }
            Ok(frame) => prop_assert_eq!(bytes.len(), HEADER_LEN + 4 + frame.payload.len()),
            Err(_) => {}
        }
    }
}
