use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

use super::{Ecn, Fragment, IpError, IpHeader, IpPacket, IpProtocol, V4_HEADER_LEN, V6_HEADER_LEN};
use crate::checksum::Checksum;

pub(crate) fn v4_header(protocol: IpProtocol) -> IpHeader {
    IpHeader::new(Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::new(198, 51, 100, 2).into(), protocol)
}

pub(crate) fn v6_header(protocol: IpProtocol) -> IpHeader {
    let address = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into();
    IpHeader::new(address(1), address(2), protocol)
}

pub(crate) fn written(header: &IpHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; header.len()];
    assert_eq!(header.write(payload.len(), &mut bytes), header.len());
    bytes.extend(payload);
    bytes
}

fn v4_with_options(options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = written(&v4_header(IpProtocol::TCP), &[options, payload].concat());
    bytes[0] = 0x45 + (options.len() / 4) as u8;
    bytes
}

fn v4_fragment(field: u16, payload: &[u8]) -> Result<IpPacket, IpError> {
    let mut bytes = written(&v4_header(IpProtocol::UDP), payload);
    bytes[4..6].copy_from_slice(&[0xbe, 0xef]);
    bytes[6..8].copy_from_slice(&field.to_be_bytes());
    IpPacket::parse(bytes.into(), true)
}

fn v6(first: u8, payload: &[u8]) -> Result<IpPacket, IpError> {
    IpPacket::parse(written(&v6_header(IpProtocol(first)), payload).into(), false)
}

#[test]
fn every_v4_field_stands_where_the_rfc_puts_it() {
    let header = IpHeader { ecn: Ecn::Ect0, dscp: 46, identification: 0x1234, ..v4_header(IpProtocol::TCP) };
    let bytes = written(&header, b"text");
    assert_eq!(
        bytes,
        [
            0x45, 0xba, 0x00, 0x18, // version, DSCP and ECN, total length
            0x12, 0x34, 0x40, 0x00, // identification, don't fragment
            0x40, 0x06, 0x3b, 0xbb, // TTL, protocol, checksum
            192, 0, 2, 1, 198, 51, 100, 2, b't', b'e', b'x', b't'
        ]
    );
    let mut checksum = Checksum::new();
    checksum.add(&bytes[..V4_HEADER_LEN]);
    assert_eq!(checksum.finish(), 0);
}

#[test]
fn every_v6_field_stands_where_the_rfc_puts_it() {
    let header = IpHeader { ecn: Ecn::Ce, dscp: 46, flow_label: 0xabcde, ..v6_header(IpProtocol::TCP) };
    let bytes = written(&header, b"text");
    assert_eq!(bytes[..8], [0x6b, 0xba, 0xbc, 0xde, 0x00, 0x04, 0x06, 0x40]);
    let source = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let destination = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    assert_eq!(bytes[8..24], source);
    assert_eq!(bytes[24..40], destination);
    assert_eq!(bytes[40..], *b"text");
}

#[test]
fn link_padding_is_cut_off() {
    for header in [v4_header(IpProtocol::TCP), v6_header(IpProtocol::TCP)] {
        let mut bytes = written(&header, b"text");
        bytes.extend([0; 6]);
        let packet = IpPacket::parse(bytes.into(), false).unwrap();
        assert_eq!(packet.payload, "text");
        assert_eq!(packet.header_len, header.len());
        assert_eq!(packet.pseudo_header(), header.pseudo_header(4));
    }
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let mut bytes = written(&v4_header(IpProtocol::TCP), b"text");
    bytes[0] = 0x44;
    assert_eq!(IpPacket::parse(bytes.clone().into(), true), Err(IpError::HeaderLength));
    bytes[0] = 0x4f;
    assert_eq!(IpPacket::parse(bytes.clone().into(), true), Err(IpError::Truncated));
    bytes[0] = 0x45;
    for (total_len, error) in
        [(19, IpError::HeaderLength), (0, IpError::HeaderLength), (25, IpError::Truncated)]
    {
        bytes[3] = total_len;
        assert_eq!(IpPacket::parse(bytes.clone().into(), true), Err(error));
    }
    bytes[0] = 0x55;
    assert_eq!(IpPacket::parse(bytes.into(), true), Err(IpError::Version));
    assert_eq!(IpPacket::parse(Bytes::new(), true), Err(IpError::Truncated));
}

#[test]
fn the_v4_checksum_is_verified_unless_trusted() {
    let mut bytes = written(&v4_header(IpProtocol::TCP), b"text");
    bytes[10] ^= 1;
    assert_eq!(IpPacket::parse(bytes.clone().into(), false), Err(IpError::Checksum));
    assert!(IpPacket::parse(bytes.into(), true).is_ok());
}

#[test]
fn v4_options_are_passed_over_when_well_formed() {
    // MUST-50: router alert, NOP, end, and rubbish behind the end.
    let packet = IpPacket::parse(v4_with_options(&[148, 4, 0, 0, 1, 0, 9, 9], b"x").into(), true).unwrap();
    assert_eq!((packet.header_len, packet.payload), (28, Bytes::from_static(b"x")));
    for bad in [[7, 1, 0, 0], [7, 0, 0, 0], [7, 5, 0, 0], [1, 1, 1, 7]] {
        let bytes = v4_with_options(&bad, b"x");
        assert_eq!(IpPacket::parse(bytes.into(), true), Err(IpError::HeaderLength), "{bad:?}");
    }
}

#[test]
fn a_super_segment_with_a_length_of_zero_reaches_to_the_end() {
    for header in [v4_header(IpProtocol::TCP), v6_header(IpProtocol::TCP)] {
        let payload = vec![7; 65_536];
        let bytes = written(&header, &payload);
        assert_eq!(bytes[if header.is_v4() { 2..4 } else { 4..6 }], [0, 0]);
        assert_eq!(IpPacket::parse(bytes.into(), false).unwrap().payload, payload);
    }
    // In a buffer that a length field could describe, zero is no more than that.
    assert!(v6(59, b"").unwrap().payload.is_empty());
}

#[test]
fn a_v4_fragment_says_where_it_belongs() {
    let fragment = v4_fragment(0x2000 | 185, &[0; 16]).unwrap().header.fragment;
    assert_eq!(fragment, Some(Fragment { identification: 0xbeef, offset: 1480, more: true }));
    assert_eq!(v4_fragment(0x4000, &[0; 3]).unwrap().header.fragment, None);
    for (field, len) in [(0x2000, 0), (0x2000, 12), (1, 0), (0x1fff, 8), (0x3fff, 8)] {
        assert_eq!(v4_fragment(field, &vec![0; len]), Err(IpError::Fragment), "{field:#x} {len}");
    }
    assert!(v4_fragment(0x1fff, &[0; 7]).is_ok());
}

#[test]
fn v6_extension_headers_are_passed_over() {
    let mut bytes = vec![60, 0, 5, 2, 0, 0, 1, 0]; // hop-by-hop: router alert, PadN
    bytes.extend([43, 1, 0x1e, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // destination: unknown, Pad1
    bytes.extend([44, 0, 0, 0, 0, 0, 0, 0]); // routing, at its end
    bytes.extend([6, 0, 0, 0, 1, 2, 3, 4]); // atomic fragment
    bytes.extend(b"text");
    let packet = v6(0, &bytes).unwrap();
    assert_eq!(packet.header.protocol, IpProtocol::TCP);
    assert_eq!(packet.header.fragment, None);
    assert_eq!((packet.header_len, packet.payload), (40 + 40, Bytes::from_static(b"text")));
}

#[test]
fn a_v6_extension_header_that_must_be_understood_is_refused() {
    let refused: [(u8, &[u8]); 7] = [
        (60, &[0, 0, 1, 4, 0, 0, 0, 0]),    // hop-by-hop behind another
        (60, &[6, 0, 0x40, 4, 0, 0, 0, 0]), // an option not to be skipped
        (60, &[6, 0, 1, 5, 0, 0, 0, 0]),    // an option beyond the header
        (60, &[6, 0, 0, 0, 0, 0, 0, 1]),    // an option with no length
        (43, &[6, 0, 0, 1, 0, 0, 0, 0]),    // a route that goes on
        (0, &[6, 1, 1, 4, 0, 0, 0, 0]),     // a header beyond the packet
        (44, &[6, 0, 0, 0, 0, 0, 0]),       // half a fragment header
    ];
    for (first, bytes) in refused {
        assert_eq!(v6(first, bytes), Err(IpError::ExtensionHeader), "{first}: {bytes:?}");
    }
}

#[test]
fn eight_extension_headers_pass_and_nine_do_not() {
    let chain = |count: usize| {
        let mut bytes = [60, 0, 1, 4, 0, 0, 0, 0].repeat(count);
        bytes[(count - 1) * 8] = 17;
        v6(60, &bytes).map(|packet| packet.header.protocol)
    };
    assert_eq!(chain(8), Ok(IpProtocol::UDP));
    assert_eq!(chain(9), Err(IpError::ExtensionHeader));
}

#[test]
fn v6_fragments_become_the_packet_that_they_were() {
    // The fragmentable part begins with a destination options header.
    let part = [&[17, 0, 1, 4, 0, 0, 0, 0][..], b"01234567", b"89"].concat();
    let first = v6(44, &[&[60, 0, 0, 1, 0, 0, 0, 9][..], &part[..16]].concat()).unwrap();
    let last = v6(44, &[&[60, 0, 0, 16, 0, 0, 0, 9][..], &part[16..]].concat()).unwrap();
    assert_eq!(first.header.fragment, Some(Fragment { identification: 9, offset: 0, more: true }));
    assert_eq!(last.header.fragment, Some(Fragment { identification: 9, offset: 16, more: false }));

    let whole = [first.payload, last.payload].concat();
    let packet = IpPacket::reassembled(&first.header, whole.into()).unwrap();
    assert_eq!(packet.header, v6_header(IpProtocol::UDP));
    assert_eq!(packet.payload, "0123456789");

    for (field, len) in [(1, 0), (1, 4), (8, 0), (0xfff8, 8)] {
        let header = [17, 0, (field >> 8) as u8, field as u8, 0, 0, 0, 9];
        assert_eq!(v6(44, &[&header[..], &vec![0; len]].concat()), Err(IpError::Fragment), "{field:#x}");
    }
}

#[test]
fn a_fragment_of_a_fragment_is_refused() {
    let inner = [44, 0, 0, 1, 0, 0, 0, 9, 17, 0, 0, 1, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    let outer = v6(44, &inner).unwrap();
    assert_eq!(outer.header.protocol, IpProtocol(44));
    assert_eq!(IpPacket::reassembled(&outer.header, outer.payload), Err(IpError::Fragment));
}

#[test]
#[should_panic(expected = "a fragment has a header of its own")]
fn a_fragment_is_never_written() {
    let fragment = Some(Fragment { identification: 1, offset: 8, more: false });
    written(&IpHeader { fragment, ..v4_header(IpProtocol::UDP) }, b"");
}

prop_compose! {
    pub(crate) fn any_header()(
        addresses in prop_oneof![
            any::<(Ipv4Addr, Ipv4Addr)>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b))),
            any::<(Ipv6Addr, Ipv6Addr)>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b))),
        ],
        protocol in prop_oneof![Just(IpProtocol::TCP), Just(IpProtocol::UDP), Just(IpProtocol(200))],
        hop_limit in any::<u8>(),
        dscp in 0u8..64,
        ecn in (0u8..4).prop_map(Ecn::from_bits),
        flow_label in 0u32..1 << 20,
        dont_fragment in any::<bool>(),
        identification in any::<u16>(),
    ) -> IpHeader {
        let (source, destination) = addresses;
        let header = IpHeader { hop_limit, dscp, ecn, ..IpHeader::new(source, destination, protocol) };
        if source.is_ipv4() {
            IpHeader { dont_fragment, identification, ..header }
        } else {
            IpHeader { flow_label, ..header }
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        header in any_header(),
        payload in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let packet = IpPacket::parse(written(&header, &payload).into(), false).unwrap();
        let header_len = header.len();
        prop_assert_eq!(packet, IpPacket { header, payload: payload.into(), header_len });
    }

    #[test]
    fn a_packet_cut_short_is_refused(header in any_header(), len in 0usize..50, cut in any::<prop::sample::Index>()) {
        let bytes = written(&header, &vec![0; len]);
        let cut = cut.index(bytes.len());
        prop_assert_eq!(IpPacket::parse(Bytes::copy_from_slice(&bytes[..cut]), false), Err(IpError::Truncated));
    }

    #[test]
    fn any_octets_are_a_packet_or_an_error(
        version in prop_oneof![Just(0x45u8), Just(0x4f), Just(0x60), any::<u8>()],
        next in prop_oneof![Just(0u8), Just(43), Just(44), Just(60)],
        mut bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(60), Just(44), any::<u8>()], 1..200),
    ) {
        bytes[0] = version;
        if version == 0x60 && bytes.len() > V6_HEADER_LEN {
            let payload_len = bytes.len() - V6_HEADER_LEN;
            bytes[4..7].copy_from_slice(&[0, payload_len as u8, next]);
        }
        let len = bytes.len();
        if let Ok(packet) = IpPacket::parse(bytes.into(), true) {
            prop_assert!(packet.header_len + packet.payload.len() <= len);
        }
    }
}
