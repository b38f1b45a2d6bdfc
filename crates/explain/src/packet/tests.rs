use std::net::SocketAddr;

use synfin_wire::icmp::Unreachable;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::tcp::SackRange;
use synfin_wire::{Ecn, Flags, IcmpMessage, IpHeader, IpProtocol, SeqNumber, TcpOptions};

use self::build::{ETHERNET, RAW, ether_type, ethernet, frame, header, packet, saying, segment, v4, v6};
use super::{ChecksumSeen, Dissected, Dissector, IcmpKind, Malformed, NotTcp, glance};
use crate::capture::{Frame, LinkType};

pub(crate) mod build;
mod links;

/// What the frame is, when it is no segment.
fn other(frame: &Frame<'_>) -> NotTcp {
    match Dissector::new().dissect(frame) {
        Dissected::Other(reason) => reason,
        dissected => panic!("{dissected:?}"),
    }
}

/// That the frame has the segment of [`saying`] in it, all of it.
fn assert_says(link: u16, bytes: &[u8], ip: &IpHeader, text: &[u8]) {
    let mut dissector = Dissector::new();
    let Dissected::Tcp(packet) = dissector.dissect(&frame(link, bytes)) else {
        panic!("link type {link}: {:?}", Dissector::new().dissect(&frame(link, bytes)));
    };
    assert_eq!(packet.source, SocketAddr::new(ip.source, 40_000));
    assert_eq!(packet.destination, SocketAddr::new(ip.destination, 443));
    assert_eq!(packet.header, header(Flags::PSH | Flags::ACK));
    assert_eq!((packet.text, packet.len), (text, text.len() as u32));
    assert_eq!(packet.checksum, ChecksumSeen::Right);
    assert_eq!((packet.hop_limit, packet.identification), (57, if ip.is_v4() { 0xabcd } else { 0 }));
    assert_eq!((packet.frame, packet.interface, packet.comment.as_deref()), (7, 3, Some("by hand")));
}

#[test]
fn both_families_are_read() {
    for ip in [v4(), v6()] {
        assert_says(RAW, &saying(&ip, b"hello"), &ip, b"hello");
        assert_says(ETHERNET, &ethernet(ether_type(&ip), &saying(&ip, b"hello")), &ip, b"hello");
    }
}

#[test]
fn what_the_link_adds_behind_is_no_text() {
    for ip in [v4(), v6()] {
        let padded = [saying(&ip, b""), vec![0xee; 30]].concat();
        assert_says(ETHERNET, &ethernet(ether_type(&ip), &padded), &ip, b"");
    }
}

#[test]
fn ecn_is_read() {
    for ip in [v4(), v6()] {
        let bytes = saying(&IpHeader { ecn: Ecn::Ce, dscp: 46, ..ip }, b"");
        let mut dissector = Dissector::new();
        assert_eq!(dissector.dissect(&frame(RAW, &bytes)).into_tcp().unwrap().ecn, Ecn::Ce);
    }
}

/// However much of a frame was captured, what is there comes out.
#[test]
fn a_frame_may_be_cut_anywhere() {
    for ip in [v4(), v6()] {
        let bytes = ethernet(ether_type(&ip), &saying(&ip, b"hello"));
        let headers = 14 + ip.len();
        for len in 0..bytes.len() {
            let cut =
                Frame { bytes: &bytes[..len], original_len: bytes.len() as u32, ..frame(ETHERNET, &bytes) };
            let mut dissector = Dissector::new();
            match dissector.dissect(&cut) {
                Dissected::Other(reason) => assert_eq!((reason, len < headers + 20), (NotTcp::Cut, true)),
                Dissected::Tcp(packet) => {
                    assert!(len >= headers + 20);
                    let text = len.saturating_sub(headers + 32);
                    assert_eq!((packet.text, packet.len), (&b"hello"[..text], 5));
                    assert_eq!(packet.header.options.timestamps.is_some(), len >= headers + 32);
                    assert_eq!(packet.header.seq, SeqNumber::new(0xffff_fffe));
                    assert_eq!(packet.checksum, ChecksumSeen::Unknown);
                }
                Dissected::Icmp(error) => panic!("{error:?}"),
            }
            let short = frame(ETHERNET, &bytes[..len]);
            if len < headers + 20 {
                assert_eq!(other(&short), NotTcp::Malformed(Malformed::Short));
            }
        }
    }
}

/// tcpdump once kept 68 octets of a frame: a report ends there before its ranges, whose number the header's length tells.
#[test]
fn a_report_that_is_cut_off_tells_how_many_ranges_it_had() {
    let range = |start| SackRange { start: SeqNumber::new(start), end: SeqNumber::new(start + 10) };
    for ranges in 0..4 {
        let mut header = header(Flags::ACK);
        header.options.sack = (0..ranges).map(|index| range(100 + 20 * index)).collect();
        let bytes = ethernet(ether_type(&v4()), &packet(&v4(), &segment(&v4(), &header, b"")));
        for len in 14 + 20 + 32..=bytes.len() {
            let cut =
                Frame { bytes: &bytes[..len], original_len: bytes.len() as u32, ..frame(ETHERNET, &bytes) };
            let mut dissector = Dissector::new();
            let packet = dissector.dissect(&cut).into_tcp().expect("it is TCP");
            assert_eq!(packet.header.options.sack.len() + usize::from(packet.ranges_cut), ranges as usize);
        }
    }
}

/// What has a length of zero reaches to the end of the frame: the sender's hardware is to cut it up.
#[test]
fn a_length_of_zero_is_that_of_the_frame() {
    for (ip, field) in [(v4(), 2), (v6(), 4)] {
        for len in [3000, 150_000] {
            let text = vec![b'x'; len];
            let mut bytes = saying(&ip, &text);
            bytes[field..field + 2].fill(0);
            assert_says(RAW, &bytes, &ip, &text);
            let cut = Frame { original_len: bytes.len() as u32, ..frame(RAW, &bytes[..100]) };
            let mut dissector = Dissector::new();
            let packet = dissector.dissect(&cut).into_tcp().unwrap();
            assert_eq!((packet.len, packet.checksum), (len as u32, ChecksumSeen::Unknown));
        }
    }
}

#[test]
fn a_jumbogram_says_its_length() {
    let ip = v6();
    let text = vec![b'x'; 100_000];
    let inner = segment(&ip, &header(Flags::PSH | Flags::ACK), &text);
    let len = (inner.len() as u32 + 8).to_be_bytes();
    let options = [&[6, 0, 0xc2, 4][..], &len].concat();
    let mut bytes = packet(&IpHeader { protocol: IpProtocol(0), ..ip }, &[options, inner].concat());
    bytes[4..6].fill(0);
    assert_says(RAW, &[bytes, vec![0xee; 9]].concat(), &ip, &text);
}

#[test]
fn extension_headers_are_passed_over() {
    let ip = v6();
    let inner = segment(&ip, &header(Flags::PSH | Flags::ACK), b"hello");
    // Each without its first octet, which names the next.
    let extensions: [(u8, &[u8]); 7] = [
        (0, &[0, 5, 2, 0, 0, 0, 0]),
        (43, &[0, 4, 0, 0, 0, 0, 0]),
        (44, &[0, 0, 0, 1, 2, 3, 4]),
        (51, &[4, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
        (60, &[1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (135, &[0, 0, 0, 0, 0, 0, 0]),
        (139, &[0, 0, 0, 0, 0, 0, 0]),
    ];
    let mut chain = Vec::new();
    for (index, (_, octets)) in extensions.iter().enumerate() {
        chain.push(extensions.get(index + 1).map_or(6, |&(kind, _)| kind));
        chain.extend(*octets);
    }
    let whole = packet(&IpHeader { protocol: IpProtocol(0), ..ip }, &[chain.clone(), inner.clone()].concat());
    assert_says(RAW, &whole, &ip, b"hello");
    for len in 40..40 + chain.len() {
        let cut = Frame { original_len: whole.len() as u32, ..frame(RAW, &whole[..len]) };
        assert_eq!(other(&cut), NotTcp::Cut, "{len}");
    }

    // As a packet that ends within them by its own length.
    let mut short = packet(&IpHeader { protocol: IpProtocol(0), ..ip }, &chain);
    short[5] = 12;
    assert_eq!(other(&frame(RAW, &short)), NotTcp::Malformed(Malformed::ExtensionHeader));

    let many = packet(&IpHeader { protocol: IpProtocol(60), ..ip }, &[60, 0, 1, 4, 0, 0, 0, 0].repeat(20));
    assert_eq!(other(&frame(RAW, &many)), NotTcp::Malformed(Malformed::TooDeep));
}

#[test]
fn an_authentication_header_over_ipv4_is_passed_over() {
    let ip = v4();
    let inner = segment(&ip, &header(Flags::PSH | Flags::ACK), b"hello");
    let authentication = [6, 4, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    let bytes = packet(&IpHeader { protocol: IpProtocol(51), ..ip }, &[&authentication[..], &inner].concat());
    assert_says(RAW, &bytes, &ip, b"hello");
}

#[test]
fn a_source_route_leaves_the_checksum_unknown() {
    let ip = v6();
    let inner = segment(&ip, &header(Flags::ACK), b"");
    let routing = [&[6, 2, 0, 1, 0, 0, 0, 0][..], &[0x20; 16]].concat();
    let bytes = packet(&IpHeader { protocol: IpProtocol(43), ..ip }, &[routing, inner].concat());
    let checksum = |bytes: &[u8]| Dissector::new().dissect(&frame(RAW, bytes)).into_tcp().unwrap().checksum;
    assert_eq!(checksum(&bytes), ChecksumSeen::Unknown);

    let ip = v4();
    let with_options = |options: &[u8]| {
        let inner = segment(&ip, &header(Flags::ACK), b"");
        let mut bytes = packet(&ip, &[options, &inner].concat());
        bytes[0] = 0x45 + (options.len() / 4) as u8;
        bytes
    };
    assert_eq!(checksum(&with_options(&[1, 131, 7, 4, 10, 0, 0, 1])), ChecksumSeen::Unknown);
    assert_eq!(checksum(&with_options(&[1, 131, 7, 8, 10, 0, 0, 1])), ChecksumSeen::Right);
    assert_eq!(checksum(&with_options(&[7, 7, 4, 0, 0, 0, 0, 0])), ChecksumSeen::Right);
    assert_eq!(checksum(&with_options(&[7, 99, 4, 0])), ChecksumSeen::Right);
}

#[test]
fn checksums_are_judged() {
    for ip in [v4(), v6()] {
        let at = ip.len() + CHECKSUM_OFFSET;
        let judge = |bytes: &[u8]| Dissector::new().dissect(&frame(RAW, bytes)).into_tcp().unwrap().checksum;
        for text in [&b"hello"[..], b""] {
            let mut bytes = saying(&ip, text);
            let len = (bytes.len() - ip.len()) as u32;
            assert_eq!(judge(&bytes), ChecksumSeen::Right);
            for length in [len, 0] {
                let sum =
                    synfin_wire::checksum::Checksum::with_pseudo_header(&ip.pseudo_header(length)).partial();
                bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
                assert_eq!(judge(&bytes), ChecksumSeen::Partial);
            }
            bytes[at] ^= 0x10;
            assert_eq!(judge(&bytes), ChecksumSeen::Wrong);
            let mut dissector = Dissector::new().verify_checksums(false);
            let trusted = dissector.dissect(&frame(RAW, &bytes)).into_tcp().unwrap();
            assert_eq!(trusted.checksum, ChecksumSeen::Unknown);
        }
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    let malformed = |bytes: &[u8], what| {
        assert_eq!(other(&frame(RAW, bytes)), NotTcp::Malformed(what), "{bytes:x?}");
    };
    let good = saying(&v4(), b"hello");
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    malformed(b"", Malformed::Short);
    malformed(&with(0, 0x75), Malformed::IpVersion(7));
    malformed(&with(0, 0x44), Malformed::IpHeaderLength);
    malformed(&with(3, 19), Malformed::IpTotalLength);
    malformed(&with(3, 39), Malformed::TcpHeaderLength);
    malformed(&with(20 + 12, 0x40), Malformed::TcpHeaderLength);
    malformed(&with(20 + 12, 0xf0), Malformed::TcpHeaderLength);
    // A fragment that is not a multiple of eight octets long.
    malformed(&with(6, 0x20), Malformed::Fragment);
    for reason in [
        NotTcp::Cut,
        NotTcp::FragmentWaiting,
        NotTcp::FragmentDropped,
        NotTcp::Link(147),
        NotTcp::NotIp(0x88cc),
        NotTcp::Protocol(132),
        NotTcp::Malformed(Malformed::IpVersion(7)),
        NotTcp::Malformed(Malformed::TcpHeaderLength),
    ] {
        assert!(reason.to_string().len() > 20, "{reason}");
    }
}

#[test]
fn other_protocols_are_named() {
    for (protocol, ip) in [(17, v4()), (132, v4()), (50, v6()), (59, v6()), (58, v6()), (1, v4())] {
        let bytes = packet(&IpHeader { protocol: IpProtocol(protocol), ..ip }, &[0; 20]);
        assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(protocol));
    }
    assert_eq!(other(&frame(ETHERNET, &ethernet([0x08, 0x06], &[0; 46]))).to_string(), "not IP but ARP");
    let unknown = other(&frame(147, b"anything"));
    assert_eq!(unknown, NotTcp::Link(147));
    assert!(unknown.to_string().contains("link type 147 are not known"));
}

/// Two segments of each combination of the flags, one each way.
#[test]
fn every_pair_of_flags_is_read() {
    for (first, second) in (0..64).flat_map(|first| (0..64).map(move |second| (first, second))) {
        for ip in [v4(), v6()] {
            let answer = IpHeader { source: ip.destination, destination: ip.source, ..ip };
            let mut dissector = Dissector::new();
            for (ip, bits) in [(ip, first), (answer, second)] {
                let header = header(Flags::from_bits(bits));
                let bytes = ethernet(ether_type(&ip), &packet(&ip, &segment(&ip, &header, b"data")));
                let packet = dissector.dissect(&frame(ETHERNET, &bytes)).into_tcp().unwrap();
                assert_eq!((packet.source.ip(), packet.destination.ip()), (ip.source, ip.destination));
                assert_eq!(packet.header, header);
                assert_eq!(packet.text, b"data");
                let takes = 4 + u32::from(bits & 0x02 != 0) + u32::from(bits & 0x01 != 0);
                assert_eq!(packet.sequence_length(), takes);
                assert_eq!(packet.checksum, ChecksumSeen::Right);
            }
        }
    }
}

#[test]
fn reserved_bits_and_unknown_options_are_no_fault() {
    let ip = v4();
    let mut header = header(Flags::AE | Flags::SYN);
    header.reserved = 0b101;
    header.options = TcpOptions { mss: Some(1460), ..TcpOptions::default() };
    let mut bytes = packet(&ip, &segment(&ip, &header, b""));
    let mut dissector = Dissector::new();
    assert_eq!(dissector.dissect(&frame(RAW, &bytes)).into_tcp().unwrap().header, header);
    bytes[40] = 200; // the MSS becomes an option that nobody knows
    let packet = dissector.dissect(&frame(RAW, &bytes)).into_tcp().unwrap();
    assert_eq!((packet.header.options, packet.checksum), (TcpOptions::default(), ChecksumSeen::Wrong));
}

#[test]
fn errors_about_segments_are_told() {
    for ip in [v4(), v6()] {
        let quote = saying(&ip, b"hello");
        let kinds = |quote: &[u8]| {
            let quote = bytes::Bytes::copy_from_slice(quote);
            let reason = Unreachable::Port;
            [
                (
                    IcmpMessage::DestinationUnreachable { reason, quote: quote.clone() },
                    IcmpKind::Unreachable(reason),
                ),
                (
                    IcmpMessage::PacketTooBig { mtu: 1400, quote: quote.clone() },
                    IcmpKind::TooBig { mtu: 1400 },
                ),
                (IcmpMessage::HopLimitExceeded { quote: quote.clone() }, IcmpKind::HopLimitExceeded),
                (
                    IcmpMessage::ReassemblyTimeExceeded { quote: quote.clone() },
                    IcmpKind::ReassemblyTimeExceeded,
                ),
                (
                    IcmpMessage::ParameterProblem { code: 0, pointer: 9, quote },
                    IcmpKind::ParameterProblem { code: 0, pointer: 9 },
                ),
            ]
        };
        for (message, kind) in kinds(&quote) {
            let bytes = message.to_packet(ip.destination, ip.source);
            let Dissected::Icmp(error) = Dissector::new().dissect(&frame(RAW, &bytes)) else {
                panic!("{message:?}");
            };
            assert_eq!((error.kind, error.reporter), (kind, ip.destination));
            let about = (SocketAddr::new(ip.source, 40_000), SocketAddr::new(ip.destination, 443));
            assert_eq!((error.about, error.seq), (about, Some(SeqNumber::new(0xffff_fffe))));
            assert_eq!((error.frame, error.interface), (7, 3));
        }
        // Cut behind the ports, and before them.
        for (len, seq) in [(8, Some(SeqNumber::new(0xffff_fffe))), (7, None), (4, None)] {
            let (message, _) = &kinds(&quote[..ip.len() + len])[0];
            let bytes = message.to_packet(ip.destination, ip.source);
            let Dissected::Icmp(error) = Dissector::new().dissect(&frame(RAW, &bytes)) else {
                panic!("{len}")
            };
            assert_eq!(error.seq, seq);
        }
        let (message, _) = &kinds(&quote[..ip.len() + 3])[0];
        let protocol = if ip.is_v4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let bytes = message.to_packet(ip.destination, ip.source);
        assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(protocol.0));
        // About a datagram of UDP.
        let (message, _) = &kinds(&packet(&IpHeader { protocol: IpProtocol::UDP, ..ip }, &[0; 20]))[0];
        let bytes = message.to_packet(ip.destination, ip.source);
        assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(protocol.0));
    }
}

#[test]
fn link_types_have_a_name() {
    assert_eq!(LinkType(1).to_string(), "1 (Ethernet)");
    assert_eq!(LinkType(147).to_string(), "147");
}

#[test]
fn a_glance_sees_the_same_ends_or_none() {
    let mut dissector = Dissector::new();
    for ip in [v4(), v6()] {
        let plain = ethernet(ether_type(&ip), &saying(&ip, b"text"));
        let ends = glance::ends(&frame(ETHERNET, &plain)).unwrap();
        let packet = dissector.dissect(&frame(ETHERNET, &plain)).into_tcp().unwrap();
        assert_eq!(ends, (packet.source, packet.destination));
        // Whatever a damaged frame looks like, a glance that sees ends sees those of a second look.
        for at in 12..plain.len().min(60) {
            for value in 0..=255 {
                let mut damaged = plain.clone();
                damaged[at] = value;
                let damaged = frame(ETHERNET, &damaged);
                let Some(ends) = glance::ends(&damaged) else { continue };
                if let Some(packet) = dissector.dissect(&damaged).into_tcp() {
                    assert_eq!(ends, (packet.source, packet.destination), "octet {at} is {value}");
                }
            }
        }
        for len in 0..plain.len() {
            let cut = Frame { original_len: plain.len() as u32, ..frame(ETHERNET, &plain[..len]) };
            assert!(glance::ends(&cut).is_none_or(|seen| seen == ends));
        }
    }
}

/// A right checksum tells the sum of the text, and a header that differs does not change it.
#[test]
fn the_same_text_has_the_same_print() {
    for ip in [v4(), v6()] {
        let print =
            |bytes: &[u8]| Dissector::new().dissect(&frame(RAW, bytes)).into_tcp().expect("a segment").print;
        let (one, other) = (print(&saying(&ip, b"hello, world!")), print(&saying(&ip, b"hello, wurld!")));
        assert_eq!(one, print(&saying(&IpHeader { ecn: Ecn::Ce, ..ip }, b"hello, world!")));
        assert_eq!(one.front, Some(u64::from_be_bytes(*b"hello, w")));
        assert_eq!(one.front, other.front);
        assert!(one.contradicts(other, true));
        assert!(!one.contradicts(other, false));
        assert_eq!(print(&saying(&ip, b"")), super::Print::default());
        assert_eq!(print(&saying(&ip, b"short")).front, None);
    }
}
