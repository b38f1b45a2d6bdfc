use core::net::Ipv6Addr;

use alloc::vec::Vec;
use proptest::prelude::*;

use super::{NdpMessage, solicited_node};
use crate::ethernet::MacAddress;
use crate::icmp::{IcmpError, IcmpMessage, RawMessage};
use crate::ip::IpPacket;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);
const OURS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0x12, 0x3456);
const THEIRS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xab, 0xcdef);

fn solicitation(source_link: Option<MacAddress>) -> NdpMessage {
    NdpMessage::NeighborSolicitation { target: OURS, source_link }
}

fn advertisement(solicited: bool) -> NdpMessage {
    NdpMessage::NeighborAdvertisement {
        router: false,
        solicited,
        overrides: true,
        target: OURS,
        target_link: Some(MAC),
    }
}

fn received(
    message: &IcmpMessage,
    source: Ipv6Addr,
    destination: Ipv6Addr,
) -> Result<IcmpMessage, IcmpError> {
    let bytes = message.to_packet(source.into(), destination.into());
    let mut packet = IpPacket::parse(bytes, false).unwrap();
    packet.header.hop_limit = 255;
    IcmpMessage::parse(&packet)
}

fn read(message: NdpMessage, source: Ipv6Addr, destination: Ipv6Addr) -> Result<IcmpMessage, IcmpError> {
    received(&IcmpMessage::Neighbor(message), source, destination)
}

/// A solicitation for our address with `options` behind it.
fn with_options(options: &[u8]) -> Result<IcmpMessage, IcmpError> {
    let body: Vec<u8> = OURS.octets().into_iter().chain(options.iter().copied()).collect();
    let raw = RawMessage { kind: 135, code: 0, rest: [0; 4], body: body.into() };
    received(&IcmpMessage::Other(raw), THEIRS, solicited_node(OURS))
}

#[test]
fn every_field_stands_where_the_rfc_puts_it() {
    let bytes = IcmpMessage::Neighbor(solicitation(Some(MAC))).to_bytes(THEIRS.into(), OURS.into());
    assert_eq!(bytes[..2], [135, 0]);
    assert_eq!(bytes[4..8], [0; 4]);
    assert_eq!(bytes[8..24], OURS.octets());
    assert_eq!(bytes[24..], [1, 1, 2, 0, 0, 0, 0, 9]);

    let bytes = IcmpMessage::Neighbor(advertisement(true)).to_bytes(OURS.into(), THEIRS.into());
    assert_eq!(bytes[..2], [136, 0]);
    assert_eq!(bytes[4..8], [0x60, 0, 0, 0]);
    assert_eq!(bytes[24..], [2, 1, 2, 0, 0, 0, 0, 9]);
}

#[test]
fn a_message_that_crossed_a_router_is_refused() {
    let bytes = IcmpMessage::Neighbor(solicitation(None)).to_packet(THEIRS.into(), OURS.into());
    let mut packet = IpPacket::parse(bytes, false).unwrap();
    assert_eq!(packet.header.hop_limit, 255);
    assert!(IcmpMessage::parse(&packet).is_ok());
    packet.header.hop_limit = 254;
    assert_eq!(IcmpMessage::parse(&packet), Err(IcmpError::Neighbor));
}

#[test]
fn a_probe_asks_all_and_names_no_sender() {
    let group = solicited_node(OURS);
    let nobody = Ipv6Addr::UNSPECIFIED;
    assert!(read(solicitation(None), nobody, group).is_ok());
    assert_eq!(read(solicitation(None), nobody, OURS), Err(IcmpError::Neighbor));
    assert_eq!(read(solicitation(Some(MAC)), nobody, group), Err(IcmpError::Neighbor));
}

#[test]
fn an_advertisement_to_all_answers_nobody() {
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    assert!(read(advertisement(false), OURS, all_nodes).is_ok());
    assert_eq!(read(advertisement(true), OURS, all_nodes), Err(IcmpError::Neighbor));
}

#[test]
fn a_group_is_nobodys_address() {
    let message = NdpMessage::NeighborSolicitation { target: solicited_node(OURS), source_link: None };
    assert_eq!(read(message, THEIRS, OURS), Err(IcmpError::Neighbor));
}

#[test]
fn unknown_options_are_passed_over_and_empty_ones_refused() {
    let known = Ok(IcmpMessage::Neighbor(solicitation(Some(MAC))));
    assert_eq!(with_options(&[14, 1, 1, 2, 3, 4, 5, 6, 1, 1, 2, 0, 0, 0, 0, 9]), known);
    assert_eq!(with_options(&[]), Ok(IcmpMessage::Neighbor(solicitation(None))));
    let long_address = [1, 2, 2, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    assert_eq!(with_options(&long_address), Ok(IcmpMessage::Neighbor(solicitation(None))));
    for bad in [&[1, 0, 2, 0, 0, 0, 0, 9][..], &[1, 2, 2, 0, 0, 0, 0, 9], &[1]] {
        assert_eq!(with_options(bad), Err(IcmpError::Neighbor), "{bad:?}");
    }
}

#[test]
fn the_group_of_an_address_is_its_last_24_bits() {
    let group = solicited_node(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x12ab, 0xcdef));
    assert_eq!(group, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xffab, 0xcdef));
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        flags in any::<[bool; 4]>(),
        target in any::<Ipv6Addr>().prop_filter("no group", |target| !target.is_multicast()),
        link in any::<Option<[u8; 6]>>(),
    ) {
        let [solicit, router, solicited, overrides] = flags;
        let link = link.map(MacAddress);
        let message = if solicit {
            NdpMessage::NeighborSolicitation { target, source_link: link }
        } else {
            NdpMessage::NeighborAdvertisement { router, solicited, overrides, target, target_link: link }
        };
        prop_assert_eq!(read(message, THEIRS, OURS), Ok(IcmpMessage::Neighbor(message)));
    }

    #[test]
    fn any_options_are_read_or_refused(options in proptest::collection::vec(0u8..6, 0..50)) {
        let _ = with_options(&options);
    }
}
