use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synfin_wire::ip::IpHeader;
use synfin_wire::{Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use super::*;
use crate::{Offload, Segmentation, SegmentationKind};

const V4: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(10, 0, 2, 100)), IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2))];
const V6: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 0x100)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 2)),
];

fn tcp_header(flags: Flags) -> TcpHeader {
    TcpHeader {
        source_port: 40_000,
        destination_port: 80,
        seq: SeqNumber::new(0xffff_ff00),
        ack: SeqNumber::new(7),
        flags,
        reserved: 0,
        window: 512,
        urgent_pointer: 0,
        options: TcpOptions { timestamps: Some(Timestamps { value: 1, echo: 2 }), ..TcpOptions::default() },
    }
}

/// A packet with a partial checksum, as the kernel hands it over.
fn super_segment(
    medium: Medium,
    [source, destination]: [IpAddr; 2],
    flags: Flags,
    payload: &[u8],
    size: u16,
) -> PacketIn {
    let mut ip = IpHeader::new(source, destination, IpProtocol::TCP);
    ip.identification = if source.is_ipv4() { 0xfffe } else { 0 };
    let mut tcp = [0; 60];
    let tcp_len = tcp_header(flags).write(&mut tcp);
    let length = (tcp_len + payload.len()) as u32;
    let pseudo_header = PseudoHeader { source, destination, protocol: IpProtocol::TCP, length };
    let partial = Checksum::with_pseudo_header(&pseudo_header).partial();
    tcp[TCP_CHECKSUM..TCP_CHECKSUM + 2].copy_from_slice(&partial.to_be_bytes());

    let mut bytes = vec![0xee; medium.header_len()];
    let mut ip_bytes = [0; 40];
    let ip_len = ip.write(length as usize, &mut ip_bytes);
    bytes.extend_from_slice(&ip_bytes[..ip_len]);
    let start = bytes.len() as u16;
    bytes.extend_from_slice(&tcp[..tcp_len]);
    bytes.extend_from_slice(payload);
    let kind = if source.is_ipv4() { SegmentationKind::Tcp4 } else { SegmentationKind::Tcp6 };
    let segmentation =
        Segmentation { kind, size, header_len: start + tcp_len as u16, ecn: flags.contains(Flags::CWR) };
    let offload = Offload {
        checksum: ChecksumOffload::Partial { start, offset: TCP_CHECKSUM as u16 },
        segmentation: (size > 0).then_some(segmentation),
    };
    PacketIn { bytes: bytes.into(), offload }
}

/// Parses with every checksum verified.
fn parse(medium: Medium, packet: &Bytes) -> (IpHeader, Segment) {
    let ip = IpPacket::parse(packet.slice(medium.header_len()..), false).unwrap();
    assert_eq!(ip.header_len + ip.payload.len() + medium.header_len(), packet.len());
    (ip.header, Segment::parse(ip.payload.clone(), Some(&ip.pseudo_header())).unwrap())
}

#[test]
fn a_super_segment_becomes_the_segments_it_stands_for() {
    let payload: Vec<u8> = (0..3_500_u32).map(|n| n as u8).collect();
    let flags = Flags::ACK | Flags::PSH | Flags::FIN | Flags::CWR;
    for medium in [Medium::Ip, Medium::Ethernet] {
        for addresses in [V4, V6] {
            let packet = super_segment(medium, addresses, flags, &payload, 1000);
            let packets = split(&packet, medium, 1500).unwrap();
            assert_eq!(packets.len(), 4);
            let mut delivered = Vec::new();
            for (index, bytes) in packets.enumerate() {
                assert_eq!(bytes[..medium.header_len()], packet.bytes[..medium.header_len()]);
                let (ip, segment) = parse(medium, &bytes);
                let first_id = if addresses == V4 { 0xfffe_u16 } else { 0 };
                let step = if addresses == V4 { index as u16 } else { 0 };
                assert_eq!(ip.identification, first_id.wrapping_add(step));
                let expected = match index {
                    0 => Flags::ACK | Flags::CWR,
                    3 => Flags::ACK | Flags::PSH | Flags::FIN,
                    _ => Flags::ACK,
                };
                let seq = SeqNumber::new(0xffff_ff00) + delivered.len() as u32;
                assert_eq!(segment.header, TcpHeader { seq, ..tcp_header(expected) });
                delivered.extend_from_slice(&segment.payload);
            }
            assert_eq!(delivered, payload);
        }
    }
}

#[test]
fn segments_never_exceed_the_mtu() {
    let packet = super_segment(Medium::Ip, V4, Flags::ACK, &[5; 10_000], 9000);
    let lengths: Vec<usize> = split(&packet, Medium::Ip, 1500).unwrap().map(|packet| packet.len()).collect();
    assert_eq!(lengths, [1500, 1500, 1500, 1500, 1500, 1500, 10_000 - 6 * 1448 + 52]);
    assert_eq!(split(&packet, Medium::Ip, 52).unwrap_err(), SegmentError::Mtu);
}

#[test]
fn flags_stand_together_when_there_is_one_segment() {
    let flags = Flags::ACK | Flags::PSH | Flags::FIN | Flags::CWR;
    for payload in [&b""[..], b"short"] {
        let packets: Vec<Bytes> =
            split(&super_segment(Medium::Ip, V4, flags, payload, 1000), Medium::Ip, 1500).unwrap().collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(parse(Medium::Ip, &packets[0]).1.header.flags, flags);
    }
}

#[test]
fn what_is_no_super_segment_gets_its_checksum_alone() {
    for payload in [&b"even"[..], b"odd"] {
        let packet = super_segment(Medium::Ethernet, V6, Flags::ACK, payload, 0);
        let packets: Vec<Bytes> = split(&packet, Medium::Ethernet, 1500).unwrap().collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(parse(Medium::Ethernet, &packets[0]).1.payload, payload);
    }
    let complete = PacketIn { bytes: Bytes::from_static(b"anything"), offload: Offload::default() };
    let packets: Vec<Bytes> = split(&complete, Medium::Ip, 4).unwrap().collect();
    assert_eq!(packets, [&b"anything"[..]]);
}

#[test]
fn a_checksum_that_comes_to_zero_is_all_ones_in_udp_alone() {
    for (offset, expected) in [(6, 0xffff_u16), (16, 0)] {
        let mut packet = [0xff_u8; 20];
        packet[usize::from(offset)..][..2].fill(0);
        complete_checksum(&mut packet, ChecksumOffload::Partial { start: 0, offset }).unwrap();
        assert_eq!(packet[usize::from(offset)..][..2], expected.to_be_bytes());
    }
}

#[test]
fn hostile_packets_are_errors_and_never_panic() {
    let outside = |start, offset| ChecksumOffload::Partial { start, offset };
    for (start, offset) in [(0, 9), (9, 0), (65_535, 65_535), (0, 65_535)] {
        assert_eq!(complete_checksum(&mut [0; 10], outside(start, offset)), Err(SegmentError::Checksum));
    }
    for medium in [Medium::Ip, Medium::Ethernet] {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, b"payload", 3);
            for length in 0..whole.bytes.len() {
                let packet = PacketIn { bytes: whole.bytes.slice(..length), ..whole };
                assert_eq!(split(&packet, medium, 1500).unwrap_err(), SegmentError::NotTcp);
            }
            for at in 0..whole.bytes.len() {
                for value in 0..=255 {
                    let mut bytes = whole.bytes.to_vec();
                    bytes[at] = value;
                    let packet = PacketIn { bytes: bytes.into(), ..whole };
                    if let Ok(packets) = split(&packet, medium, 1500) {
                        assert!(packets.map(|packet| packet.len()).sum::<usize>() > 0);
                    }
                }
            }
        }
    }
}
