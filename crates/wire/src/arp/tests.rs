use core::net::Ipv4Addr;

use alloc::vec::Vec;
use proptest::prelude::*;

use super::{ArpError, ArpKind, ArpPacket, PACKET_LEN};
use crate::ethernet::MacAddress;

const OURS: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const THEIRS: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

fn request() -> ArpPacket {
    ArpPacket::request(THEIRS, Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1))
}

#[test]
fn every_field_stands_where_the_rfc_puts_it() {
    assert_eq!(
        request().to_bytes(),
        [
            0, 1, 0x08, 0x00, 6, 4, 0, 1, // Ethernet, IPv4, address lengths, request
            2, 0, 0, 0, 0, 2, 10, 0, 0, 2, // sender
            0, 0, 0, 0, 0, 0, 10, 0, 0, 1, // target
        ]
    );
}

#[test]
fn a_reply_turns_the_request_around() {
    let reply = request().reply(OURS);
    assert_eq!(
        reply,
        ArpPacket {
            kind: ArpKind::Reply,
            sender_mac: OURS,
            sender: Ipv4Addr::new(10, 0, 0, 1),
            target_mac: THEIRS,
            target: Ipv4Addr::new(10, 0, 0, 2),
        }
    );
    let padded: Vec<u8> = reply.to_bytes().into_iter().chain([0; 18]).collect();
    assert_eq!(ArpPacket::parse(&padded), Ok(reply));
}

#[test]
fn what_is_not_ipv4_over_ethernet_is_refused() {
    let bytes = request().to_bytes();
    for cut in 0..PACKET_LEN {
        assert_eq!(ArpPacket::parse(&bytes[..cut]), Err(ArpError::Truncated), "{cut}");
    }
    for (at, value, error) in [
        (1, 6, ArpError::NotIpv4OverEthernet),
        (3, 1, ArpError::NotIpv4OverEthernet),
        (4, 5, ArpError::NotIpv4OverEthernet),
        (5, 200, ArpError::Truncated),
        (7, 3, ArpError::Operation),
    ] {
        let mut bytes = bytes;
        bytes[at] = value;
        assert_eq!(ArpPacket::parse(&bytes), Err(error), "octet {at}");
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        reply in any::<bool>(),
        macs in any::<([u8; 6], [u8; 6])>(),
        addresses in any::<(Ipv4Addr, Ipv4Addr)>(),
    ) {
        let packet = ArpPacket {
            kind: if reply { ArpKind::Reply } else { ArpKind::Request },
            sender_mac: MacAddress(macs.0),
            sender: addresses.0,
            target_mac: MacAddress(macs.1),
            target: addresses.1,
        };
        prop_assert_eq!(ArpPacket::parse(&packet.to_bytes()), Ok(packet));
    }

    #[test]
    fn any_octets_are_a_packet_or_an_error(bytes in proptest::collection::vec(0u8..10, 0..60)) {
        let _ = ArpPacket::parse(&bytes);
    }
}
