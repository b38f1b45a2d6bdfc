use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

use super::{Echo, IcmpError, IcmpMessage, QuotedPacket, RawMessage, Unreachable, may_report, quote};
use crate::ip::tests::{v4_header, v6_header, written};
use crate::ip::{Fragment, IpHeader, IpPacket, IpProtocol};
use crate::seq::SeqNumber;

fn families() -> [IpHeader; 2] {
    [v4_header(IpProtocol::TCP), v6_header(IpProtocol::TCP)]
}

/// The octets of the message as it goes from `header`'s destination back to its source.
fn sent_back(message: &IcmpMessage, header: &IpHeader) -> Bytes {
    message.to_bytes(header.destination, header.source)
}

/// Writes the message into a packet of `header`'s family and reads it again.
fn round_trip(message: &IcmpMessage, header: &IpHeader) -> IcmpMessage {
    let packet = IpPacket::parse(message.to_packet(header.destination, header.source), false).unwrap();
    assert_eq!(packet.payload, sent_back(message, header));
    IcmpMessage::parse(&packet).unwrap()
}

fn unreachable(reason: Unreachable, quote: Bytes) -> IcmpMessage {
    IcmpMessage::DestinationUnreachable { reason, quote }
}

fn echo() -> Echo {
    Echo { identifier: 0x1234, sequence: 0x5678, payload: Bytes::from_static(b"abc") }
}

fn segment() -> &'static [u8] {
    &[0x12, 0x34, 0x01, 0xbb, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0]
}

/// The message as etherparse, which is not ours, reads it.
fn as_read_by_another(message: &IcmpMessage, header: &IpHeader) -> alloc::string::String {
    let bytes = sent_back(message, header);
    match header.source {
        IpAddr::V4(_) => {
            let slice = etherparse::Icmpv4Slice::from_slice(&bytes).unwrap();
            alloc::format!("{:?}", slice.icmp_type())
        }
        IpAddr::V6(_) => {
            let slice = etherparse::Icmpv6Slice::from_slice(&bytes).unwrap();
            let [source, destination] = [header.destination, header.source].map(|address| match address {
                IpAddr::V6(address) => address.octets(),
                IpAddr::V4(_) => unreachable!(),
            });
            assert!(slice.is_checksum_valid(source, destination));
            alloc::format!("{:?}", slice.icmp_type())
        }
    }
}

#[test]
fn another_parser_reads_every_error_as_meant() {
    let quote = Bytes::from_static(&[0; 28]);
    let v4 = v4_header(IpProtocol::TCP);
    let v6 = v6_header(IpProtocol::TCP);
    for (reason, over_v4, over_v6) in [
        (Unreachable::Network, "DestinationUnreachable(Network)", "DestinationUnreachable(NoRoute)"),
        (Unreachable::Host, "DestinationUnreachable(Host)", "DestinationUnreachable(Address)"),
        (
            Unreachable::Protocol,
            "DestinationUnreachable(Protocol)",
            "ParameterProblem(ParameterProblemHeader { code: UnrecognizedNextHeader, pointer: 6 })",
        ),
        (Unreachable::Port, "DestinationUnreachable(Port)", "DestinationUnreachable(Port)"),
        (
            Unreachable::Prohibited,
            "DestinationUnreachable(FilterProhibited)",
            "DestinationUnreachable(Prohibited)",
        ),
    ] {
        let message = unreachable(reason, quote.clone());
        assert_eq!(as_read_by_another(&message, &v4), over_v4);
        assert_eq!(as_read_by_another(&message, &v6), over_v6);
    }
    let too_big = IcmpMessage::PacketTooBig { mtu: 1400, quote: quote.clone() };
    assert_eq!(
        as_read_by_another(&too_big, &v4),
        "DestinationUnreachable(FragmentationNeeded { next_hop_mtu: 1400 })"
    );
    assert_eq!(as_read_by_another(&too_big, &v6), "PacketTooBig { mtu: 1400 }");
    let late = IcmpMessage::HopLimitExceeded { quote: quote.clone() };
    assert_eq!(as_read_by_another(&late, &v4), "TimeExceeded(TtlExceededInTransit)");
    assert_eq!(as_read_by_another(&late, &v6), "TimeExceeded(HopLimitExceeded)");
    let incomplete = IcmpMessage::ReassemblyTimeExceeded { quote };
    assert_eq!(as_read_by_another(&incomplete, &v4), "TimeExceeded(FragmentReassemblyTimeExceeded)");
    assert_eq!(as_read_by_another(&incomplete, &v6), "TimeExceeded(FragmentReassemblyTimeExceeded)");
}

#[test]
fn an_echo_comes_back_as_it_went() {
    for header in families() {
        let IcmpMessage::EchoRequest(request) = round_trip(&IcmpMessage::EchoRequest(echo()), &header) else {
            panic!("no echo request");
        };
        assert_eq!(request, echo());
        let reply = IcmpMessage::EchoReply(request);
        assert_eq!(round_trip(&reply, &header), reply);
    }
    let bytes = sent_back(&IcmpMessage::EchoReply(echo()), &v4_header(IpProtocol::TCP));
    assert_eq!(bytes[..2], [0, 0]);
    assert_eq!(bytes[4..], [0x12, 0x34, 0x56, 0x78, b'a', b'b', b'c']);
}

#[test]
fn damage_and_foreign_packets_are_told_apart() {
    for header in families() {
        let bytes = IcmpMessage::EchoRequest(echo()).to_packet(header.source, header.destination);
        let good = IpPacket::parse(bytes, false).unwrap();

        let mut payload = good.payload.to_vec();
        payload[5] ^= 1;
        let damaged = IpPacket { payload: payload.into(), ..good.clone() };
        assert_eq!(IcmpMessage::parse(&damaged), Err(IcmpError::Checksum));

        for len in 0..8 {
            let cut = IpPacket { payload: good.payload.slice(..len), ..good.clone() };
            assert_eq!(IcmpMessage::parse(&cut), Err(IcmpError::Truncated));
        }
        let other = if header.is_v4() { IpProtocol::ICMPV6 } else { IpProtocol::ICMP };
        for protocol in [other, IpProtocol::TCP] {
            let foreign = IpPacket { header: IpHeader { protocol, ..good.header }, ..good.clone() };
            assert_eq!(IcmpMessage::parse(&foreign), Err(IcmpError::Protocol));
        }
    }
}

#[test]
fn an_error_names_the_segment_that_it_is_about() {
    for header in families() {
        let offending = Bytes::from(written(&header, segment()));
        let message = round_trip(&unreachable(Unreachable::Host, quote(&offending)), &header);
        let expected = QuotedPacket {
            source: header.source,
            destination: header.destination,
            protocol: IpProtocol::TCP,
            source_port: 0x1234,
            destination_port: 443,
            seq: Some(SeqNumber::new(0xdead_beef)),
        };
        let quoted = message.quote().unwrap();
        assert_eq!(QuotedPacket::parse(quoted), Some(expected));
        let eight_octets = &quoted[..header.len() + 8];
        assert_eq!(QuotedPacket::parse(eight_octets), Some(expected));
        for len in 0..header.len() + 8 {
            let cut = QuotedPacket::parse(&quoted[..len]);
            let without_seq = QuotedPacket { seq: None, ..expected };
            assert_eq!(cut, (len >= header.len() + 4).then_some(without_seq), "{len}");
        }
    }
}

#[test]
fn a_quote_is_read_behind_options_and_extension_headers() {
    let mut v4 = written(&v4_header(IpProtocol::UDP), &[1, 1, 1, 0]);
    v4[0] = 0x46;
    v4.extend(segment());
    let quoted = QuotedPacket::parse(&v4).unwrap();
    assert_eq!((quoted.source_port, quoted.seq), (0x1234, None));
    v4[7] = 1;
    assert_eq!(QuotedPacket::parse(&v4), None, "a later fragment has no ports");

    let mut v6 = written(&v6_header(IpProtocol(60)), &[44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 9]);
    v6.extend(segment());
    assert_eq!(QuotedPacket::parse(&v6).unwrap().seq, Some(SeqNumber::new(0xdead_beef)));
    v6[51] = 8;
    assert_eq!(QuotedPacket::parse(&v6), None, "a later fragment has no ports");
}

#[test]
fn over_v6_an_unknown_protocol_is_pointed_at() {
    let header = v6_header(IpProtocol(60));
    let offending = Bytes::from(written(&header, &[60, 0, 1, 4, 0, 0, 0, 0, 99, 0, 1, 4, 0, 0, 0, 0]));
    let message = round_trip(&unreachable(Unreachable::Protocol, quote(&offending)), &header);
    assert_eq!(message, IcmpMessage::ParameterProblem { code: 1, pointer: 48, quote: offending });
}

#[test]
fn an_error_is_no_longer_than_its_family_allows() {
    for (header, longest) in families().into_iter().zip([576, 1280]) {
        let offending = Bytes::from(written(&header, &[7; 2000]));
        let message = unreachable(Unreachable::Port, quote(&offending));
        assert_eq!(message.to_packet(header.destination, header.source).len(), longest);
    }
    assert!(quote(&Bytes::new()).is_empty());
}

#[test]
fn codes_of_one_meaning_have_one_name() {
    let kinds = |header: &IpHeader, kind: u8, codes: &[u8]| -> Vec<IcmpMessage> {
        let raw = |code| RawMessage { kind, code, rest: [0; 4], body: Bytes::new() };
        codes.iter().map(|code| round_trip(&IcmpMessage::Other(raw(*code)), header)).collect()
    };
    let all = |reason, count| vec![unreachable(reason, Bytes::new()); count];
    let [v4, v6] = families();
    assert_eq!(kinds(&v4, 3, &[0, 6, 11]), all(Unreachable::Network, 3));
    assert_eq!(kinds(&v4, 3, &[1, 7, 8, 12]), all(Unreachable::Host, 4));
    assert_eq!(kinds(&v4, 3, &[9, 10, 13]), all(Unreachable::Prohibited, 3));
    assert_eq!(kinds(&v4, 3, &[5]), all(Unreachable::SourceRoute, 1));
    assert_eq!(kinds(&v4, 3, &[15]), all(Unreachable::Other(15), 1));
    assert_eq!(kinds(&v6, 1, &[1, 5, 6]), all(Unreachable::Prohibited, 3));
    assert_eq!(kinds(&v6, 1, &[2]), all(Unreachable::Other(2), 1));
    let quench = IcmpMessage::SourceQuench { quote: Bytes::new() };
    assert_eq!(kinds(&v4, 4, &[0]), [quench]);
    assert!(matches!(kinds(&v4, 13, &[0])[0], IcmpMessage::Other(_)));
}

#[test]
fn errors_are_not_answered_with_errors() {
    let mut packets = Vec::new();
    for header in families() {
        let bytes = |message: IcmpMessage| message.to_packet(header.source, header.destination);
        let packet = |bytes| IpPacket::parse(bytes, false).unwrap();
        let error = packet(bytes(unreachable(Unreachable::Port, Bytes::new())));
        assert!(!may_report(&error));
        assert!(may_report(&packet(bytes(IcmpMessage::EchoRequest(echo())))));
        packets.push(packet(written(&header, segment()).into()));
    }
    for packet in packets {
        let with = |change: &dyn Fn(&mut IpHeader)| {
            let mut packet = packet.clone();
            change(&mut packet.header);
            may_report(&packet)
        };
        let fragment = |offset| Some(Fragment { identification: 1, offset, more: true });
        let [group, nobody]: [IpAddr; 2] = if packet.header.is_v4() {
            [Ipv4Addr::new(224, 0, 0, 1).into(), Ipv4Addr::UNSPECIFIED.into()]
        } else {
            [Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(), Ipv6Addr::UNSPECIFIED.into()]
        };
        assert!(with(&|_| {}));
        assert!(with(&|header| header.fragment = fragment(0)));
        assert!(!with(&|header| header.fragment = fragment(8)));
        assert!(!with(&|header| header.destination = group));
        assert!(!with(&|header| header.source = group));
        assert!(!with(&|header| header.source = nobody));
    }
}

#[test]
#[should_panic(expected = "IPv4 only")]
fn source_quench_does_not_exist_over_v6() {
    let _ = sent_back(&IcmpMessage::SourceQuench { quote: Bytes::new() }, &v6_header(IpProtocol::TCP));
}

fn any_octets(len: usize) -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..len).prop_map(Bytes::from)
}

fn any_message() -> impl Strategy<Value = IcmpMessage> {
    let echo = || {
        (any::<u16>(), any::<u16>(), any_octets(40)).prop_map(|(identifier, sequence, payload)| Echo {
            identifier,
            sequence,
            payload,
        })
    };
    let reason = prop_oneof![
        Just(Unreachable::Network),
        Just(Unreachable::Host),
        Just(Unreachable::Port),
        Just(Unreachable::Prohibited),
        (20u8..).prop_map(Unreachable::Other),
    ];
    prop_oneof![
        echo().prop_map(IcmpMessage::EchoRequest),
        echo().prop_map(IcmpMessage::EchoReply),
        (reason, any_octets(40)).prop_map(|(reason, quote)| unreachable(reason, quote)),
        (any::<u16>(), any_octets(40))
            .prop_map(|(mtu, quote)| IcmpMessage::PacketTooBig { mtu: mtu.into(), quote }),
        any_octets(40).prop_map(|quote| IcmpMessage::HopLimitExceeded { quote }),
        any_octets(40).prop_map(|quote| IcmpMessage::ReassemblyTimeExceeded { quote }),
        (any::<u8>(), any::<u8>(), any_octets(40)).prop_map(|(code, pointer, quote)| {
            IcmpMessage::ParameterProblem { code, pointer: pointer.into(), quote }
        }),
        (200u8.., any::<u8>(), any::<[u8; 4]>(), any_octets(40))
            .prop_map(|(kind, code, rest, body)| IcmpMessage::Other(RawMessage { kind, code, rest, body })),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(message in any_message()) {
        for header in families() {
            prop_assert_eq!(round_trip(&message, &header), message.clone());
        }
    }

    #[test]
    fn any_numbers_are_a_message_or_an_error(
        kind in 0u8..140,
        code in 0u8..16,
        rest in any::<[u8; 4]>(),
        body in any_octets(60),
    ) {
        let raw = IcmpMessage::Other(RawMessage { kind, code, rest, body });
        for header in families() {
            let bytes = raw.to_packet(header.source, header.destination);
            let mut packet = IpPacket::parse(bytes, false).unwrap();
            packet.header.hop_limit = 255;
            if let Ok(message) = IcmpMessage::parse(&packet) {
                let again = IcmpMessage::parse(&IpPacket {
                    payload: message.to_bytes(header.source, header.destination),
                    ..packet
                });
                prop_assert_eq!(again, Ok(message));
            }
        }
    }

    #[test]
    fn any_octets_are_a_quote_or_none(
        version in prop_oneof![Just(0x45u8), Just(0x60)],
        mut octets in proptest::collection::vec(prop_oneof![Just(0u8), Just(60), any::<u8>()], 1..100),
    ) {
        octets[0] = version;
        let _ = QuotedPacket::parse(&octets);
        let message = unreachable(Unreachable::Protocol, quote(&octets.into()));
        for header in families() {
            round_trip(&message, &header);
        }
    }
}

#[test]
fn the_front_of_a_message_tells_what_it_can() {
    for header in families() {
        let quoted: Bytes = [written(&header, segment()), vec![0; 20]].concat().into();
        let bytes =
            unreachable(Unreachable::Port, quoted.clone()).to_packet(header.destination, header.source);
        let whole = IpPacket::parse(bytes, false).unwrap();
        for len in 0..whole.payload.len() {
            let front = IpPacket { payload: whole.payload.slice(..len), ..whole.clone() };
            let message = IcmpMessage::parse_prefix(&front);
            if len < 8 {
                assert_eq!(message, Err(IcmpError::Truncated));
            } else {
                assert_eq!(message, Ok(unreachable(Unreachable::Port, quoted.slice(..len - 8))));
            }
        }
    }
}
